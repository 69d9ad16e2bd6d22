/* print_hogql_query.c - queries as HogQL: the clauses, FROM, sets. See print_hogql.c. */
#include "hogql/print_hogql.h"

/* -------------------------------------------------------------------------- FROM */

static void joins(struct printer *p, const struct hogql_node *from);

static void sample(struct printer *p, const struct hogql_node *s)
{
    buf_z(&p->b, " SAMPLE ");
    text_expr(p, s->kids[0], LEVEL_MULTIPLY);
    if (s->flags & HOGQL_PERCENT)
        buf_z(&p->b, " %");
    if (s->kids[1]) {
        buf_z(&p->b, " OFFSET ");
        text_expr(p, s->kids[1], LEVEL_MULTIPLY);
    }
}

static void join(struct printer *p, const struct hogql_node *j);

static void pivot(struct printer *p, const struct hogql_node *n)
{
    join(p, n->kids[PIVOT_SOURCE]);
    buf_z(&p->b, n->flags & HOGQL_UNPIVOT ? " UNPIVOT " : " PIVOT ");
    if (n->flags & HOGQL_INCLUDE_NULLS)
        buf_z(&p->b, "INCLUDE NULLS ");
    buf_char(&p->b, '(');
    text_list(p, n->kids[PIVOT_VALUES], LEVEL_LOOSEST);
    buf_z(&p->b, " FOR ");
    for (uint32_t i = 0; i < n->kids[PIVOT_COLUMNS]->n; i++) {
        const struct hogql_node *in = n->kids[PIVOT_COLUMNS]->kids[i];
        if (i)
            buf_char(&p->b, ' ');
        text_expr(p, in->kids[0], LEVEL_ADD);
        text_enclosed(p, in->kids[1], " IN (", ")");
    }
    if (n->kids[PIVOT_GROUP]) {
        buf_z(&p->b, " GROUP BY ");
        text_list(p, n->kids[PIVOT_GROUP], LEVEL_LOOSEST);
    }
    buf_char(&p->b, ')');
}

static void source(struct printer *p, const struct hogql_node *n)
{
    switch (n->kind) {
    case HOGQL_PIVOT:
        pivot(p, n);
        break;
    case HOGQL_LIST:
        buf_char(&p->b, '(');
        joins(p, n);
        buf_char(&p->b, ')');
        break;
    case HOGQL_VALUES:
        buf_z(&p->b, "(VALUES ");
        for (uint32_t i = 0; i < n->n; i++)
            text_enclosed(p, n->kids[i], i ? ", (" : "(", ")");
        buf_char(&p->b, ')');
        break;
    default:
        text_expr(p, n, LEVEL_PRIMARY);
        break;
    }
}

static void join(struct printer *p, const struct hogql_node *j)
{
    source(p, j->kids[JOIN_SOURCE]);
    if (j->kids[JOIN_ARGS])
        text_enclosed(p, j->kids[JOIN_ARGS], "(", ")");
    if (j->text.n) {
        buf_z(&p->b, " AS ");
        text_alias(p, j->text);
    }
    if (j->names_n > 1) {
        buf_char(&p->b, '(');
        text_names(p, j->names + 1, j->names_n - 1);
        buf_char(&p->b, ')');
    }
    if (j->flags & HOGQL_FINAL)
        buf_z(&p->b, " FINAL");
    if (j->kids[JOIN_SAMPLE])
        sample(p, j->kids[JOIN_SAMPLE]);
    if (j->flags & HOGQL_USING)
        text_enclosed(p, j->kids[JOIN_ON], " USING (", ")");
    else if (j->kids[JOIN_ON]) {
        buf_z(&p->b, " ON ");
        text_expr(p, j->kids[JOIN_ON], LEVEL_TERNARY);
    }
}

static void joins(struct printer *p, const struct hogql_node *from)
{
    for (uint32_t i = 0; i < from->n; i++) {
        if (i)
            buf_printf(&p->b, " " STR_FMT " ", STR_ARG(from->kids[i]->names[0]));
        join(p, from->kids[i]);
    }
}

/* -------------------------------------------------------------------------- queries */

static void with(struct printer *p, const struct hogql_node *ctes, bool recursive)
{
    if (!ctes)
        return;
    buf_z(&p->b, recursive ? "WITH RECURSIVE " : "WITH ");
    for (uint32_t i = 0; i < ctes->n; i++) {
        const struct hogql_node *c = ctes->kids[i];
        if (i)
            buf_z(&p->b, ", ");
        if (!(c->flags & HOGQL_SUBQUERY)) {
            text_expr(p, c->kids[0], LEVEL_TERNARY);
            buf_z(&p->b, " AS ");
            text_name(p, c->text);
            continue;
        }
        if (c->names_n) {
            text_call_name(p, c->text);
            buf_char(&p->b, '(');
            text_names(p, c->names, c->names_n);
            buf_char(&p->b, ')');
        } else {
            text_name(p, c->text);
        }
        buf_z(&p->b, " AS ");
        if (c->flags & HOGQL_NOT_MATERIALIZED)
            buf_z(&p->b, "NOT ");
        if (c->flags & (HOGQL_NOT_MATERIALIZED | HOGQL_MATERIALIZED))
            buf_z(&p->b, "MATERIALIZED ");
        buf_char(&p->b, '(');
        text_query(p, c->kids[0]);
        buf_char(&p->b, ')');
    }
    buf_char(&p->b, ' ');
}

static void clause(struct printer *p, const struct hogql_node *n, const char *word)
{
    if (!n)
        return;
    buf_z(&p->b, word);
    if (n->kind == HOGQL_LIST)
        text_list(p, n, LEVEL_TERNARY);
    else
        text_expr(p, n, LEVEL_TERNARY);
}

static void group(struct printer *p, const struct hogql_node *g)
{
    if (!g)
        return;
    buf_z(&p->b, " GROUP BY ");
    switch ((enum hogql_grouping)g->op) {
    case HOGQL_GROUP_PLAIN:
        text_list(p, g, LEVEL_TERNARY);
        break;
    case HOGQL_GROUP_ALL:
        buf_z(&p->b, "ALL");
        break;
    case HOGQL_GROUP_CUBE: case HOGQL_GROUP_ROLLUP:
        buf_z(&p->b, g->op == HOGQL_GROUP_CUBE ? "CUBE(" : "ROLLUP(");
        text_list(p, g, LEVEL_TERNARY);
        buf_char(&p->b, ')');
        break;
    case HOGQL_GROUP_SETS:
        buf_z(&p->b, "GROUPING SETS (");
        for (uint32_t i = 0; i < g->n; i++)
            text_enclosed(p, g->kids[i], i ? ", (" : "(", ")");
        buf_char(&p->b, ')');
        break;
    }
}

static void limits(struct printer *p, const struct hogql_node *limit,
                   const struct hogql_node *offset, unsigned flags)
{
    clause(p, limit, " LIMIT ");
    if (limit && flags & HOGQL_PERCENT)
        buf_z(&p->b, " %");
    if (limit && flags & HOGQL_WITH_TIES)
        buf_z(&p->b, " WITH TIES");
    clause(p, offset, " OFFSET ");
}

static void order_clause(struct printer *p, const struct hogql_node *order)
{
    if (!order)
        return;
    buf_z(&p->b, " ORDER BY ");
    text_order_list(p, order);
}

static void interpolate(struct printer *p, const struct hogql_node *n)
{
    if (!n)
        return;
    buf_z(&p->b, " INTERPOLATE");
    for (uint32_t i = 0; i < n->n; i++) {
        const struct hogql_node *x = n->kids[i];
        buf_z(&p->b, i ? ", " : " (");
        text_name(p, x->kind == HOGQL_ALIAS ? x->text : x->names[0]);
        if (x->kind == HOGQL_ALIAS) {
            buf_z(&p->b, " AS ");
            text_expr(p, x->kids[0], LEVEL_TERNARY);
        }
    }
    if (n->n)
        buf_char(&p->b, ')');
}

static void select_query(struct printer *p, const struct hogql_node *s)
{
    struct hogql_node *const *k = s->kids;
    with(p, k[SELECT_WITH], s->flags & HOGQL_RECURSIVE);
    buf_z(&p->b, s->flags & HOGQL_DISTINCT ? "SELECT DISTINCT " : "SELECT ");
    text_list(p, k[SELECT_COLUMNS], LEVEL_LOOSEST);
    if (k[SELECT_FROM]) {
        buf_z(&p->b, " FROM ");
        joins(p, k[SELECT_FROM]);
    }
    if (k[SELECT_ARRAY]) {
        buf_z(&p->b, s->op == HOGQL_LEFT_ARRAY_JOIN ? " LEFT ARRAY JOIN " : " ARRAY JOIN ");
        text_list(p, k[SELECT_ARRAY], LEVEL_LOOSEST);
    }
    clause(p, k[SELECT_PREWHERE], " PREWHERE ");
    clause(p, k[SELECT_WHERE], " WHERE ");
    group(p, k[SELECT_GROUP]);
    clause(p, k[SELECT_HAVING], " HAVING ");
    clause(p, k[SELECT_QUALIFY], " QUALIFY ");
    for (uint32_t i = 0; k[SELECT_WINDOWS] && i < k[SELECT_WINDOWS]->n; i++) {
        buf_z(&p->b, i ? ", " : " WINDOW ");
        text_name(p, k[SELECT_WINDOWS]->kids[i]->text);
        buf_z(&p->b, " AS ");
        text_window(p, k[SELECT_WINDOWS]->kids[i]);
    }
    order_clause(p, k[SELECT_ORDER]);
    interpolate(p, k[SELECT_INTERPOLATE]);
    if (k[SELECT_LIMIT_BY]) {
        clause(p, k[SELECT_LIMIT_BY_N], " LIMIT ");
        clause(p, k[SELECT_LIMIT_BY_OFFSET], " OFFSET ");
        clause(p, k[SELECT_LIMIT_BY], " BY ");
    }
    limits(p, k[SELECT_LIMIT], k[SELECT_OFFSET], s->flags);
}

static void set(struct printer *p, const struct hogql_node *s)
{
    bool tail = s->kids[SET_ORDER] || s->kids[SET_LIMIT] || s->kids[SET_OFFSET];
    with(p, s->kids[SET_WITH], s->flags & HOGQL_RECURSIVE);
    for (uint32_t i = SET_FIRST; i < s->n; i++) {
        const struct hogql_node *n = s->kids[i];
        bool wrap = n->kind == HOGQL_SET || (tail && i + 1 == s->n) ||
                    (i == SET_FIRST && (s->kids[SET_WITH] || s->n == SET_FIRST + 1));
        if (i > SET_FIRST)
            buf_printf(&p->b, " " STR_FMT " ", STR_ARG(s->names[i - SET_FIRST]));
        if (wrap)
            buf_char(&p->b, '(');
        text_query(p, n);
        if (wrap)
            buf_char(&p->b, ')');
    }
    order_clause(p, s->kids[SET_ORDER]);
    limits(p, s->kids[SET_LIMIT], s->kids[SET_OFFSET], s->flags);
}

void text_query(struct printer *p, const struct hogql_node *n)
{
    if (n->kind == HOGQL_SELECT)
        select_query(p, n);
    else if (n->kind == HOGQL_SET)
        set(p, n);
    else
        text_expr(p, n, LEVEL_PRIMARY);
}
