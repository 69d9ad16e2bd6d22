/* print_call.c - calls: templates of functions.def, and the functions with code of their own. */
#include "hogql/print.h"

static const struct hogql_node *arg(const struct hogql_node *n, uint32_t i)
{
    const struct hogql_node *args = n->kids[CALL_ARGS];
    return i < args->n ? args->kids[i] : NULL;
}

static uint32_t arg_count(const struct hogql_node *n)
{
    return n->kids[CALL_ARGS]->n;
}

/* The zone comes last when the caller left its place free. */
static bool zone_wanted(const struct hogql_node *n, const struct function *f)
{
    int count = (int)arg_count(n);
    return f->flags & TZ && (f->most == 0 || count < f->most);
}

/* -------------------------------------------------------------------------- templates */

static void all_arguments(struct sql *p, const struct hogql_node *n, const struct function *f)
{
    sql_list(p, n->kids[CALL_ARGS]);
    if (!zone_wanted(n, f))
        return;
    if (arg_count(n))
        buf_z(&p->b, ", ");
    sql_zone(p);
}

static void template(struct sql *p, const struct hogql_node *n, const struct function *f)
{
    for (const char *t = f->target; *t; t++) {
        if (*t != '$' || !t[1] || !strchr("*123456789", t[1])) {
            buf_char(&p->b, *t);
            continue;
        }
        t++;
        if (*t == '*') {
            all_arguments(p, n, f);
            continue;
        }
        uint32_t i = (uint32_t)(*t - '1');
        if (arg(n, i))
            sql_expr(p, arg(n, i));
        else
            sql_zone(p);
    }
}

static void plain(struct sql *p, const struct hogql_node *n, const struct function *f,
                  const char *name)
{
    buf_z(&p->b, name);
    if (n->kids[CALL_PARAMS]) {
        buf_char(&p->b, '(');
        sql_list(p, n->kids[CALL_PARAMS]);
        buf_char(&p->b, ')');
    }
    buf_z(&p->b, n->flags & HOGQL_DISTINCT ? "(DISTINCT " : "(");
    all_arguments(p, n, f);
    buf_char(&p->b, ')');
}

/* Of a text that may be null the engine makes no list: it is read as no list then. */
static void json_list(struct sql *p, const struct hogql_node *n, const struct function *f)
{
    const struct hogql_node *x = arg(n, 0), *type = arg(n, arg_count(n) - 1);
    bool extract = strcmp(f->name, "JSONExtract") == 0;
    bool list = !extract || (type->kind == HOGQL_CONSTANT && type->op == HOGQL_STRING &&
                             (str_starts(type->text, STR("Array(")) ||
                              str_starts(type->text, STR("Map("))));
    if (!list || !resolve_type(x).nullable) {
        plain(p, n, f, f->name);
        return;
    }
    buf_printf(&p->b, "%s(ifNull(", f->name);
    sql_expr(p, x);
    buf_z(&p->b, ", '')");
    for (uint32_t i = 1; i < arg_count(n); i++) {
        buf_z(&p->b, ", ");
        sql_expr(p, arg(n, i));
    }
    buf_char(&p->b, ')');
}

/* -------------------------------------------------------------------------- dates */

static bool is_constant(const struct hogql_node *n, enum hogql_constant type)
{
    return n->kind == HOGQL_CONSTANT && n->op == type;
}

static bool is_time(const struct hogql_node *n)
{
    enum hogql_base base = resolve_type(n).base;
    return base == TYPE_DATE || base == TYPE_DATETIME || base == TYPE_INT;
}

/* What cannot be told from its type is read as a text. */
static void as_text(struct sql *p, const struct hogql_node *n)
{
    bool text = resolve_type(n).base == TYPE_STRING || resolve_type(n).base == TYPE_JSON;
    if (!text)
        buf_z(&p->b, "toString(");
    sql_expr(p, n);
    if (!text)
        buf_char(&p->b, ')');
}

static void to_date(struct sql *p, const struct hogql_node *n)
{
    const struct hogql_node *x = arg(n, 0);
    enum hogql_base base = resolve_type(x).base;
    if (is_time(x) || resolve_is_day(x)) {
        buf_z(&p->b, "toDate(");
        sql_expr(p, x);
        buf_char(&p->b, ')');
    } else if (base == TYPE_UNKNOWN) { /* a text or a time: both read as a date's first ten letters */
        buf_z(&p->b, "toDateOrNull(substring(toString(");
        sql_expr(p, x);
        buf_z(&p->b, "), 1, 10))");
    } else {
        buf_z(&p->b, "toDateOrNull(");
        as_text(p, x);
        buf_char(&p->b, ')');
    }
}

static void zone_or_second(struct sql *p, const struct hogql_node *n)
{
    if (arg(n, 1))
        sql_expr(p, arg(n, 1));
    else
        sql_zone(p);
}

static void to_datetime(struct sql *p, const struct hogql_node *n)
{
    const struct hogql_node *x = arg(n, 0);
    if (is_constant(x, HOGQL_STRING) && !arg(n, 1)) {
        sql_time(p, x->text);
        return;
    }
    bool time = is_time(x) || resolve_type(x).base == TYPE_FLOAT;
    buf_z(&p->b, time ? "toDateTime(" : "parseDateTime64BestEffortOrNull(");
    if (time)
        sql_expr(p, x);
    else
        as_text(p, x);
    buf_z(&p->b, time ? ", " : ", 6, ");
    zone_or_second(p, n);
    buf_char(&p->b, ')');
}

static void to_datetime64(struct sql *p, const struct hogql_node *n)
{
    buf_z(&p->b, "toDateTime64(");
    sql_expr(p, arg(n, 0));
    buf_z(&p->b, ", ");
    if (arg(n, 1))
        sql_expr(p, arg(n, 1));
    else
        buf_char(&p->b, '6');
    buf_z(&p->b, ", ");
    if (arg(n, 2))
        sql_expr(p, arg(n, 2));
    else
        sql_zone(p);
    buf_char(&p->b, ')');
}

static void start_of_week(struct sql *p, const struct hogql_node *n)
{
    buf_z(&p->b, "toStartOfWeek(");
    sql_expr(p, arg(n, 0));
    buf_z(&p->b, ", ");
    if (arg(n, 1))
        sql_expr(p, arg(n, 1));
    else
        buf_char(&p->b, p->c->week_starts_monday ? '3' : '0');
    buf_char(&p->b, ')');
}

static void time_window(struct sql *p, const struct hogql_node *n, const struct function *f)
{
    buf_printf(&p->b, "%s(", f->name);
    if (arg_count(n) > 1) {
        buf_z(&p->b, "toDateTime(");
        sql_expr(p, arg(n, 0));
        buf_z(&p->b, ", 'UTC')");
    } else {
        sql_expr(p, arg(n, 0));
    }
    for (uint32_t i = 1; i < arg_count(n); i++) {
        buf_z(&p->b, ", ");
        sql_expr(p, arg(n, i));
    }
    buf_char(&p->b, ')');
}

/* dateAdd('day', 2, x): the engine wants the unit bare; dateAdd(x, interval) is its own. */
static void date_add(struct sql *p, const struct hogql_node *n, const struct function *f)
{
    static const char *const units[] = { "second", "minute", "hour", "day", "week", "month",
                                         "quarter", "year" };
    const struct hogql_node *unit = arg(n, 0);
    if (arg_count(n) == 2) {
        plain(p, n, f, f->name);
        return;
    }
    size_t i = 0;
    while (i < ARRAY_LEN(units) &&
           !(is_constant(unit, HOGQL_STRING) && str_eq_nocase(unit->text, str_of(units[i]))))
        i++;
    if (i == ARRAY_LEN(units)) {
        sql_fail(p, unit, "The unit must be one of 'second', 'minute', 'hour', 'day', 'week', "
                 "'month', 'quarter', 'year'");
        return;
    }
    buf_printf(&p->b, "%s(%s, ", f->name, units[i]);
    sql_expr(p, arg(n, 1));
    buf_z(&p->b, ", ");
    sql_expr(p, arg(n, 2));
    buf_char(&p->b, ')');
}

/* -------------------------------------------------------------------------- others */

static void concat(struct sql *p, const struct hogql_node *n)
{
    buf_z(&p->b, "concat(");
    for (uint32_t i = 0; i < arg_count(n); i++) {
        const struct hogql_node *x = arg(n, i);
        if (i)
            buf_z(&p->b, ", ");
        if (is_constant(x, HOGQL_STRING)) {
            sql_expr(p, x);
        } else if (is_constant(x, HOGQL_NULL)) {
            buf_z(&p->b, "''");
        } else {
            buf_z(&p->b, "ifNull(toString(");
            sql_expr(p, x);
            buf_z(&p->b, "), '')");
        }
    }
    buf_char(&p->b, ')');
}

static void trim(struct sql *p, const struct hogql_node *n, const struct function *f)
{
    static const char *const names[][2] = {
        { "ltrim", "trimLeft" }, { "trimLeft", "trimLeft" }, { "rtrim", "trimRight" },
        { "trimRight", "trimRight" },
    };
    const char *name = "trimBoth";
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(f->name, names[i][0]) == 0)
            name = names[i][1];
    plain(p, n, f, name);
}

static void to_decimal(struct sql *p, const struct hogql_node *n)
{
    buf_z(&p->b, "accurateCastOrNull(");
    sql_expr(p, arg(n, 0));
    buf_printf(&p->b, ", 'Decimal64(%lld)')", (long long)arg(n, 1)->integer);
}

static void recording_button(struct sql *p, const struct hogql_node *n)
{
    buf_z(&p->b, "tuple('__hx_tag', 'RecordingButton', 'sessionId', ");
    sql_expr(p, arg(n, 0));
    if (arg(n, 1)) {
        buf_z(&p->b, ", 'recordingStatus', ");
        sql_expr(p, arg(n, 1));
    }
    buf_char(&p->b, ')');
}

static void lag(struct sql *p, const struct hogql_node *n, const struct function *f)
{
    buf_z(&p->b, strcmp(f->name, "lag") == 0 ? "lagInFrame(toNullable(" : "leadInFrame(toNullable(");
    sql_expr(p, arg(n, 0));
    buf_char(&p->b, ')');
    for (uint32_t i = 1; i < arg_count(n); i++) {
        buf_z(&p->b, ", ");
        sql_expr(p, arg(n, i));
    }
    buf_char(&p->b, ')');
}

static void body(struct sql *p, const struct hogql_node *n, const struct function *f)
{
    switch (f->special) {
    case SPECIAL_CONCAT:
        concat(p, n);
        break;
    case SPECIAL_TO_DATE:
        to_date(p, n);
        break;
    case SPECIAL_TO_DATETIME:
        to_datetime(p, n);
        break;
    case SPECIAL_TO_DATETIME64:
        to_datetime64(p, n);
        break;
    case SPECIAL_TO_DECIMAL:
        to_decimal(p, n);
        break;
    case SPECIAL_START_OF_WEEK:
        start_of_week(p, n);
        break;
    case SPECIAL_LAG:
        lag(p, n, f);
        break;
    case SPECIAL_TRIM:
        trim(p, n, f);
        break;
    case SPECIAL_TIME_WINDOW:
        time_window(p, n, f);
        break;
    case SPECIAL_DATE_ADD:
        date_add(p, n, f);
        break;
    case SPECIAL_JSON_LIST:
        json_list(p, n, f);
        break;
    case SPECIAL_LOOKUP:
        sql_lookup(p, arg(n, 0), f->target);
        break;
    case SPECIAL_RECORDING_BUTTON:
        recording_button(p, n);
        break;
    default:
        if (f->target)
            template(p, n, f);
        else
            plain(p, n, f, f->name);
        break;
    }
}

void sql_call(struct sql *p, const struct hogql_node *n)
{
    const struct function *f = n->meaning->function;
    static const char whole[] = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING";
    body(p, n, f);
    if (n->kids[CALL_FILTER]) {
        buf_z(&p->b, " FILTER (WHERE ");
        sql_expr(p, n->kids[CALL_FILTER]);
        buf_char(&p->b, ')');
    }
    if (n->kids[CALL_WINDOW]) {
        if (f->target)
            sql_fail(p, n, "This aggregation cannot be used with OVER");
        buf_z(&p->b, " OVER ");
        sql_window(p, n->kids[CALL_WINDOW], f->special == SPECIAL_LAG ? whole : NULL);
    }
}
