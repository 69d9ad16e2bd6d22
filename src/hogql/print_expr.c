/* print_expr.c - expressions as ClickHouse SQL: always calls, so that no precedence matters. */
#include <stdio.h>

#include "base/clock.h"
#include "hogql/lex.h"
#include "hogql/print.h"

/* -------------------------------------------------------------------------- words */

void sql_string(struct sql *p, str s)
{
    static const char hex[] = "0123456789abcdef";
    buf_char(&p->b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\'' || c == '\\')
            buf_char(&p->b, '\\');
        if (c >= ' ' && c != 0x7F) {
            buf_char(&p->b, (char)c);
        } else {
            char escaped[] = { '\\', 'x', hex[c >> 4], hex[c & 15] };
            buf_add(&p->b, escaped, sizeof(escaped));
        }
    }
    buf_char(&p->b, '\'');
}

/* Words that the engine may read as something else, the keywords of this language apart. */
static bool taken(str s, enum kw kw)
{
    static const char *const words[] = { "exists", "format", "global", "settings", "explain" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq_nocase(s, str_of(words[i])))
            return true;
    return kw && kw != KW_TIMESTAMP && kw != KW_KEY && kw != KW_DATE && kw != KW_ID &&
           kw != KW_NAME;
}

/* Bare when it is a plain word that means nothing else; else in backticks. */
void sql_name(struct sql *p, str s)
{
    struct err ignored = ERR_INIT;
    bool plain = s.n && ((unsigned)((s.p[0] | 32) - 'a') < 26 || s.p[0] == '_');
    struct token t = plain ? lex_next(s, 0, &ignored) : (struct token){ .type = TOK_BAD };
    if (t.type == TOK_NAME && t.end == s.n && !taken(s, t.kw)) {
        buf_str(&p->b, s);
        return;
    }
    buf_char(&p->b, '`');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '`' || s.p[i] == '\\')
            buf_char(&p->b, '\\');
        if (s.p[i] == '\0')
            buf_z(&p->b, "\\0");
        else
            buf_char(&p->b, s.p[i]);
    }
    buf_char(&p->b, '`');
}

void sql_zone(struct sql *p)
{
    sql_string(p, p->c->timezone.n ? p->c->timezone : STR("UTC"));
}

/* -------------------------------------------------------------------------- constants */

static void instant(struct sql *p, int64_t us)
{
    char text[CLOCK_TEXT];
    bool zone = p->c->timezone.n && !str_eqz(p->c->timezone, "UTC");
    clock_text_sql(us, text);
    buf_printf(&p->b, "%stoDateTime64('%s', 6, 'UTC')", zone ? "toTimeZone(" : "", text);
    if (zone) {
        buf_z(&p->b, ", ");
        sql_zone(p);
        buf_char(&p->b, ')');
    }
}

static void constant(struct sql *p, const struct hogql_node *n)
{
    char text[CLOCK_TEXT];
    switch ((enum hogql_constant)n->op) {
    case HOGQL_NULL:
        buf_z(&p->b, "NULL");
        break;
    case HOGQL_BOOL:
        buf_char(&p->b, n->integer ? '1' : '0');
        break;
    case HOGQL_INT:
        if (n->text.n) /* digits only: the parser made it */
            buf_str(&p->b, n->text);
        else
            buf_printf(&p->b, "%lld", (long long)n->integer);
        break;
    case HOGQL_FLOAT:
        hogql_float_text(&p->b, n->real);
        break;
    case HOGQL_STRING:
        sql_string(p, n->text);
        break;
    case HOGQL_UUID:
        buf_z(&p->b, "toUUIDOrNull(");
        sql_string(p, n->text);
        buf_char(&p->b, ')');
        break;
    case HOGQL_DATE:
        clock_text_sql(n->integer * 86400 * CLOCK_SECOND, text);
        buf_printf(&p->b, "toDate('%.10s')", text);
        break;
    case HOGQL_DATETIME:
        instant(p, n->integer);
        break;
    }
}

/* 0: no time; 1: to the second; 2: with a fraction. */
static int time_shape(str s)
{
    static const char shape[] = "0000-00-00 00:00:00";
    size_t i = 0;
    for (; i < s.n && i < sizeof(shape) - 1; i++) {
        bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        if (shape[i] == '0' ? !digit : s.p[i] != shape[i])
            return 0;
    }
    if (i == s.n)
        return i == 10 || i == 19 ? 1 : 0;
    if (s.p[i++] != '.' || i == s.n || s.n - i > 6)
        return 0;
    for (; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return 0;
    return 2;
}

bool sql_is_time(str text)
{
    return time_shape(text) > 0;
}

void sql_time(struct sql *p, str text)
{
    int shape = time_shape(text);
    buf_z(&p->b, shape == 1 ? "toDateTime(" : shape ? "toDateTime64("
                                                    : "parseDateTime64BestEffort(");
    sql_string(p, text);
    buf_z(&p->b, shape == 1 ? ", " : ", 6, ");
    sql_zone(p);
    buf_char(&p->b, ')');
}

/* -------------------------------------------------------------------------- JSON */

static void steps(struct sql *p, const struct step *path, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        buf_z(&p->b, ", ");
        if (path[i].key.p)
            sql_string(p, path[i].key);
        else
            buf_printf(&p->b, "%lld", (long long)path[i].place);
    }
    buf_char(&p->b, ')');
}

void sql_json_path(struct sql *p, sql_part_fn *base, const void *cls, const struct step *path,
                   uint32_t n)
{
    buf_z(&p->b, "if(equals(JSONType(");
    base(p, cls);
    steps(p, path, n);
    buf_z(&p->b, ", 'String'), JSONExtractString(");
    base(p, cls);
    steps(p, path, n);
    buf_z(&p->b, ", nullIf(nullIf(JSONExtractRaw(");
    base(p, cls);
    steps(p, path, n);
    buf_z(&p->b, ", ''), 'null'))");
}

static void node_text(struct sql *p, const void *cls)
{
    sql_expr(p, cls);
}

/* -------------------------------------------------------------------------- names */

static void output_text(struct sql *p, const void *cls)
{
    const struct hogql_meaning *m = cls;
    if (m->source->sql_alias.n) {
        sql_name(p, m->source->sql_alias);
        buf_char(&p->b, '.');
    }
    sql_name(p, m->name);
}

static void field(struct sql *p, const struct hogql_node *n)
{
    const struct hogql_meaning *m = n->meaning;
    switch (m->kind) {
    case MEANS_COLUMN:
        if (m->zoned)
            buf_z(&p->b, "toTimeZone(");
        sql_name(p, m->source->sql_alias);
        buf_char(&p->b, '.');
        sql_name(p, m->column->name);
        if (m->zoned) {
            buf_z(&p->b, ", ");
            sql_zone(p);
            buf_char(&p->b, ')');
        }
        break;
    case MEANS_OUTPUT:
        if (m->path_n)
            sql_json_path(p, output_text, m, m->path, m->path_n);
        else
            output_text(p, m);
        break;
    default:
        sql_name(p, m->name);
        break;
    }
}

/* -------------------------------------------------------------------------- the rest */

void sql_list(struct sql *p, const struct hogql_node *list)
{
    for (uint32_t i = 0; list && i < list->n; i++) {
        if (i)
            buf_z(&p->b, ", ");
        sql_expr(p, list->kids[i]);
    }
}

void sql_number(struct sql *p, const struct hogql_node *n)
{
    bool cast = resolve_type(n).base == TYPE_STRING;
    if (cast)
        buf_z(&p->b, "accurateCastOrNull(");
    sql_expr(p, n);
    if (cast)
        buf_z(&p->b, ", 'Float64')");
}

static void arithmetic(struct sql *p, const struct hogql_node *n)
{
    const char *name = n->op == '+' ? "plus" : n->op == '-' ? "minus" : n->op == '*' ? "multiply"
                       : n->op == '/' ? "divide" : "modulo";
    buf_printf(&p->b, "%s(", name);
    sql_number(p, n->kids[0]);
    buf_z(&p->b, ", ");
    sql_number(p, n->kids[1]);
    buf_char(&p->b, ')');
}

static void access(struct sql *p, const struct hogql_node *n)
{
    const struct hogql_node *index = n->kids[1];
    struct hogql_type t = resolve_type(n->kids[0]);
    bool constant_index = index->kind == HOGQL_CONSTANT;
    if ((t.base == TYPE_STRING || t.base == TYPE_JSON) && constant_index &&
        (index->op == HOGQL_STRING || (index->op == HOGQL_INT && !index->text.n))) {
        struct step one = { index->op == HOGQL_STRING ? index->text : STR_NULL, index->integer };
        sql_json_path(p, node_text, n->kids[0], &one, 1);
        return;
    }
    buf_z(&p->b, t.base == TYPE_TUPLE ? "tupleElement(" : "arrayElement(");
    sql_expr(p, n->kids[0]);
    buf_z(&p->b, ", ");
    sql_expr(p, index);
    buf_char(&p->b, ')');
}

/* [i:j] holds what stands at i to j. */
static void slice(struct sql *p, const struct hogql_node *n)
{
    buf_z(&p->b, "arraySlice(");
    sql_expr(p, n->kids[0]);
    buf_z(&p->b, ", ");
    if (n->kids[1])
        sql_expr(p, n->kids[1]);
    else
        buf_char(&p->b, '1');
    if (n->kids[2]) {
        buf_z(&p->b, ", plus(minus(");
        sql_expr(p, n->kids[2]);
        buf_z(&p->b, ", ");
        if (n->kids[1])
            sql_expr(p, n->kids[1]);
        else
            buf_char(&p->b, '1');
        buf_z(&p->b, "), 1)");
    }
    buf_char(&p->b, ')');
}

static void lambda(struct sql *p, const struct hogql_node *n)
{
    buf_char(&p->b, '(');
    for (uint32_t i = 0; i < n->names_n; i++) {
        if (i)
            buf_z(&p->b, ", ");
        sql_name(p, n->names[i]);
    }
    buf_z(&p->b, ") -> ");
    sql_expr(p, n->kids[0]);
}

static void enclosed(struct sql *p, const char *open, const struct hogql_node *n, const char *close)
{
    buf_z(&p->b, open);
    sql_list(p, n);
    buf_z(&p->b, close);
}

static void alias(struct sql *p, const struct hogql_node *n)
{
    buf_char(&p->b, '(');
    sql_expr(p, n->kids[0]);
    buf_z(&p->b, " AS ");
    sql_name(p, n->text);
    buf_char(&p->b, ')');
}

static void dispatch(struct sql *p, const struct hogql_node *n)
{
    switch (n->kind) {
    case HOGQL_CONSTANT:
        constant(p, n);
        break;
    case HOGQL_FIELD:
        field(p, n);
        break;
    case HOGQL_CALL:
        sql_call(p, n);
        break;
    case HOGQL_AND: case HOGQL_OR: case HOGQL_NOT:
        sql_logic(p, n);
        break;
    case HOGQL_COMPARE:
        sql_compare(p, n);
        break;
    case HOGQL_BETWEEN:
        sql_between(p, n);
        break;
    case HOGQL_ARITHMETIC:
        arithmetic(p, n);
        break;
    case HOGQL_ARRAY:
        enclosed(p, "[", n, "]");
        break;
    case HOGQL_TUPLE:
        enclosed(p, "tuple(", n, ")");
        break;
    case HOGQL_ACCESS:
        access(p, n);
        break;
    case HOGQL_TUPLE_ACCESS:
        buf_z(&p->b, "tupleElement(");
        sql_expr(p, n->kids[0]);
        buf_printf(&p->b, ", %lld)", (long long)n->integer);
        break;
    case HOGQL_SLICE:
        slice(p, n);
        break;
    case HOGQL_LAMBDA:
        lambda(p, n);
        break;
    case HOGQL_ALIAS:
        alias(p, n);
        break;
    case HOGQL_NAMED:
        sql_expr(p, n->kids[0]);
        break;
    case HOGQL_SELECT: case HOGQL_SET:
        buf_char(&p->b, '(');
        sql_query(p, n, false);
        buf_char(&p->b, ')');
        break;
    default:
        sql_fail(p, n, "This expression cannot stand here");
        break;
    }
}

void sql_expr(struct sql *p, const struct hogql_node *n)
{
    if (p->b.full || p->rc < 0) /* some forms print an operand twice: stop multiplying */
        return;
    dispatch(p, n);
}
