/* print_bound.c - bounds of the time that a condition implies, so that the store's index can be used.
 *
 * toStartOfMonth(timestamp) >= '2026-01-01' says that timestamp is not before that day, but the index
 * is on timestamp's day and knows nothing of months in a time zone. The bounds are printed beside
 * the condition and change no result: they are wider than it, or the same. */
#include "hogql/print.h"

static bool is_event_time(const struct hogql_node *n)
{
    const struct hogql_meaning *m = n->kind == HOGQL_FIELD ? n->meaning : NULL;
    return m && m->kind == MEANS_COLUMN && m->source->table == table_named("events") &&
           !m->column->child && strcmp(m->column->field->name, "timestamp") == 0;
}

/* A day or a time as an instant in the project's zone. */
static void instant(struct sql *p, const struct hogql_node *n)
{
    if (n->kind == HOGQL_CONSTANT && n->op == HOGQL_STRING) {
        sql_time(p, n->text);
    } else if (resolve_type(n).base == TYPE_DATE) {
        buf_z(&p->b, "toDateTime64(");
        sql_expr(p, n);
        buf_z(&p->b, ", 6, ");
        sql_zone(p);
        buf_char(&p->b, ')');
    } else {
        sql_expr(p, n);
    }
}

static void bound(struct sql *p, const char *op, const struct hogql_node *time)
{
    buf_printf(&p->b, ", %s(", op);
    sql_name(p, time->meaning->source->sql_alias);
    buf_char(&p->b, '.');
    sql_name(p, time->meaning->column->name);
    buf_z(&p->b, ", ");
}

bool sql_bounds(struct sql *p, const struct hogql_node *n, bool really)
{
    static const unsigned turned[] = { [HOGQL_EQ] = HOGQL_EQ, [HOGQL_LT] = HOGQL_GT,
                                       [HOGQL_LE] = HOGQL_GE, [HOGQL_GT] = HOGQL_LT,
                                       [HOGQL_GE] = HOGQL_LE };
    if (n->kind != HOGQL_COMPARE || n->op > HOGQL_GE || n->op == HOGQL_NE)
        return false;
    int days = 0;
    const struct hogql_node *time = resolve_start_of(n->kids[0], &days), *value = n->kids[1];
    unsigned op = n->op;
    if (!time) {
        time = resolve_start_of(n->kids[1], &days);
        value = n->kids[0];
        op = turned[op];
    }
    enum hogql_base base = resolve_type(value).base;
    bool text = value->kind == HOGQL_CONSTANT && value->op == HOGQL_STRING;
    if (!time || !is_event_time(time) || !resolve_fixed(value) ||
        !(text ? sql_is_time(value->text) : base == TYPE_DATE || base == TYPE_DATETIME))
        return false;
    if (really && (op == HOGQL_EQ || op == HOGQL_GT || op == HOGQL_GE)) {
        bound(p, "greaterOrEquals", time);
        instant(p, value);
        buf_char(&p->b, ')');
    }
    if (really && (op == HOGQL_EQ || op == HOGQL_LT || op == HOGQL_LE)) {
        bound(p, "less", time);
        buf_z(&p->b, "addDays(");
        instant(p, value);
        buf_printf(&p->b, ", %d))", days);
    }
    return true;
}
