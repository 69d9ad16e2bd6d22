/* resolve_type.c - of which type a call is, and whether it may be null: the printer puts a value in the
 * place of a comparison's null, and leaves comparisons that cannot be null to the indexes. */
#include "hogql/resolve.h"

static struct hogql_type argument_type(const struct hogql_node *args, uint32_t i)
{
    if (i < args->n)
        return resolve_type(args->kids[i]);
    return (struct hogql_type){ TYPE_UNKNOWN, true };
}

static enum hogql_base base_of(const struct function *f, const struct hogql_node *args)
{
    uint32_t at = f->type == TYPE_ARG_1 ? 0 : f->type == TYPE_ARG_2 ? 1 : args->n - 1;
    if (f->type != TYPE_ARG_1 && f->type != TYPE_ARG_2 && f->type != TYPE_ARG_LAST)
        return f->type;
    enum hogql_base base = argument_type(args, at).base;
    if (base == TYPE_NULL && args->n > 1) /* ifNull(NULL, x), if(c, NULL, x) */
        return argument_type(args, args->n - 1).base;
    if (base == TYPE_INTERVAL && args->n > 1) /* an interval and a time, in either order */
        return argument_type(args, at == 0 ? args->n - 1 : 0).base;
    return base;
}

/* Do the starts of such spans have a time of day? The engine gives a date for weeks and longer. */
static enum hogql_base start_base(const struct hogql_node *n, const struct function *f)
{
    static const char *const days[] = { "week", "month", "quarter", "year" };
    static const char *const intervals[] = { "toIntervalWeek", "toIntervalMonth",
                                             "toIntervalQuarter", "toIntervalYear" };
    const struct hogql_node *args = n->kids[CALL_ARGS];
    bool interval = strcmp(f->name, "toStartOfInterval") == 0;
    const struct hogql_node *unit = args->kids[interval ? 1 : 0];
    if (interval ? unit->kind != HOGQL_CALL
                 : unit->kind != HOGQL_CONSTANT || unit->op != HOGQL_STRING)
        return TYPE_UNKNOWN;
    for (size_t i = 0; i < ARRAY_LEN(days); i++)
        if (str_eq_nocase(unit->text, str_of(interval ? intervals[i] : days[i])))
            return TYPE_DATE;
    return TYPE_DATETIME;
}

bool resolve_is_day(const struct hogql_node *n)
{
    static const char shape[] = "0000-00-00";
    static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int part[3] = { 0 }, at = 0;
    if (n->kind != HOGQL_CONSTANT || n->op != HOGQL_STRING || n->text.n != sizeof(shape) - 1)
        return false;
    for (size_t i = 0; i < n->text.n; i++) {
        char c = n->text.p[i];
        if (shape[i] == '0' ? c < '0' || c > '9' : c != '-')
            return false;
        if (c == '-')
            at++;
        else
            part[at] = part[at] * 10 + (c - '0');
    }
    return part[0] >= 1970 && part[0] < 2149 && part[1] >= 1 && part[1] <= 12 && part[2] >= 1 &&
           part[2] <= days[part[1] - 1];
}

/* Of toDate and toDateTime: what is no time becomes null, a constant that is none an error. */
static bool date_may_be_null(const struct hogql_node *x, bool date)
{
    struct hogql_type t = resolve_type(x);
    bool text = x->kind == HOGQL_CONSTANT && x->op == HOGQL_STRING;
    bool number = t.base == TYPE_INT || (t.base == TYPE_FLOAT && !date);
    if (text)
        return date && !resolve_is_day(x);
    return t.nullable || !(t.base == TYPE_DATE || t.base == TYPE_DATETIME || number);
}

static bool may_be_null(const struct hogql_node *n, const struct function *f)
{
    const struct hogql_node *args = n->kids[CALL_ARGS];
    bool any = false, all = args->n > 0;
    for (uint32_t i = 0; i < args->n; i++) {
        bool nullable = resolve_type(args->kids[i]).nullable;
        any = any || nullable;
        all = all && nullable;
    }
    if (f->special == SPECIAL_TO_DATE || (f->special == SPECIAL_TO_DATETIME && args->n == 1))
        return date_may_be_null(args->kids[0], f->special == SPECIAL_TO_DATE);
    if (f->special == SPECIAL_TO_DATETIME)
        return true;
    if (f->flags & NEVER_NULL)
        return false;
    if (f->flags & (MAYBE_NULL | WINDOW))
        return true;
    if (strcmp(f->name, "coalesce") == 0)
        return all;
    if (strcmp(f->name, "ifNull") == 0)
        return argument_type(args, 1).nullable;
    return any || f->type == TYPE_UNKNOWN;
}

struct hogql_type resolve_call_type(const struct hogql_node *n, const struct function *f)
{
    struct hogql_type t = { base_of(f, n->kids[CALL_ARGS]), false };
    if (f->special == SPECIAL_START)
        t.base = start_base(n, f);
    /* arrays and the like cannot be null */
    if (t.base != TYPE_ARRAY && t.base != TYPE_TUPLE && t.base != TYPE_MAP)
        t.nullable = may_be_null(n, f);
    return t;
}
