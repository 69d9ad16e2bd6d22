/* print.c - queries as ClickHouse SQL. See print.h; the guard on the team is in print_table.c. */
#include "hogql/print.h"

#include "base/limits.h"

void sql_fail(struct sql *p, const struct hogql_node *at, const char *text)
{
    if (p->rc < 0)
        return;
    p->rc = err_set(p->e, ERR_INVALID, NULL, "%s", text);
    if (at && at->end > at->start)
        p->e->pos = (int)at->start;
}

/* -------------------------------------------------------------------------- parts */

static void clause(struct sql *p, const char *word, const struct hogql_node *n)
{
    if (!n)
        return;
    buf_z(&p->b, word);
    if (n->kind == HOGQL_LIST)
        sql_list(p, n);
    else
        sql_expr(p, n);
}

void sql_order_list(struct sql *p, const struct hogql_node *list)
{
    static const char *const fill[] = { NULL, " FROM ", " TO ", " STEP " };
    for (uint32_t i = 0; i < list->n; i++) {
        const struct hogql_node *o = list->kids[i];
        if (i)
            buf_z(&p->b, ", ");
        sql_expr(p, o->kids[ORDER_EXPR]);
        buf_z(&p->b, o->flags & HOGQL_DESC ? " DESC" : " ASC");
        if (o->op)
            buf_z(&p->b, o->op == 1 ? " NULLS FIRST" : " NULLS LAST");
        if (o->flags & HOGQL_FILL)
            buf_z(&p->b, " WITH FILL");
        for (int slot = ORDER_FROM; slot < ORDER_N; slot++)
            clause(p, fill[slot], o->kids[slot]);
    }
}

static void bound(struct sql *p, const struct hogql_node *n)
{
    if (n->op == 'c') {
        buf_z(&p->b, "CURRENT ROW");
        return;
    }
    if (n->kids[0])
        sql_expr(p, n->kids[0]);
    else
        buf_z(&p->b, "UNBOUNDED");
    buf_z(&p->b, n->op == 'p' ? " PRECEDING" : " FOLLOWING");
}

void sql_window(struct sql *p, const struct hogql_node *w, const char *default_frame)
{
    if (!(w->flags & HOGQL_SUBQUERY)) {
        sql_name(p, w->text);
        return;
    }
    buf_char(&p->b, '(');
    clause(p, "PARTITION BY ", w->kids[WINDOW_PARTITION]);
    if (w->kids[WINDOW_ORDER]) {
        buf_z(&p->b, " ORDER BY ");
        sql_order_list(p, w->kids[WINDOW_ORDER]);
    }
    if (w->kids[WINDOW_FROM]) {
        buf_z(&p->b, str_eqz(w->names[0], "ROWS") ? " ROWS " : " RANGE ");
        if (w->kids[WINDOW_TO])
            buf_z(&p->b, "BETWEEN ");
        bound(p, w->kids[WINDOW_FROM]);
        if (w->kids[WINDOW_TO]) {
            buf_z(&p->b, " AND ");
            bound(p, w->kids[WINDOW_TO]);
        }
    } else if (default_frame) {
        buf_printf(&p->b, " %s", default_frame);
    }
    buf_char(&p->b, ')');
}

static void with(struct sql *p, const struct hogql_node *ctes)
{
    bool any = false;
    for (uint32_t i = 0; ctes && i < ctes->n; i++) {
        const struct hogql_node *c = ctes->kids[i];
        if (!(c->flags & HOGQL_SUBQUERY))
            continue; /* put in its places already */
        buf_z(&p->b, any ? ", " : "WITH ");
        any = true;
        sql_name(p, c->meaning->name);
        buf_z(&p->b, " AS (");
        sql_query(p, c->kids[0], false);
        buf_char(&p->b, ')');
    }
    if (any)
        buf_char(&p->b, ' ');
}

static void group(struct sql *p, const struct hogql_node *g)
{
    if (!g)
        return;
    buf_z(&p->b, " GROUP BY ");
    switch ((enum hogql_grouping)g->op) {
    case HOGQL_GROUP_PLAIN:
        sql_list(p, g);
        break;
    case HOGQL_GROUP_ALL:
        buf_z(&p->b, "ALL");
        break;
    case HOGQL_GROUP_CUBE: case HOGQL_GROUP_ROLLUP:
        buf_z(&p->b, g->op == HOGQL_GROUP_CUBE ? "CUBE(" : "ROLLUP(");
        sql_list(p, g);
        buf_char(&p->b, ')');
        break;
    case HOGQL_GROUP_SETS:
        buf_z(&p->b, "GROUPING SETS (");
        for (uint32_t i = 0; i < g->n; i++) {
            buf_z(&p->b, i ? ", (" : "(");
            sql_list(p, g->kids[i]);
            buf_char(&p->b, ')');
        }
        buf_char(&p->b, ')');
        break;
    }
}

static void limits(struct sql *p, const struct hogql_node *limit, const struct hogql_node *offset,
                   unsigned flags)
{
    if (limit && flags & HOGQL_PERCENT) {
        double v = limit->op == HOGQL_FLOAT ? limit->real : (double)limit->integer;
        buf_printf(&p->b, " LIMIT %.6g", v / 100);
    } else {
        clause(p, " LIMIT ", limit);
    }
    if (limit && flags & HOGQL_WITH_TIES)
        buf_z(&p->b, " WITH TIES");
    clause(p, " OFFSET ", offset);
}

/* -------------------------------------------------------------------------- SELECT */

/* What the API shows, unless another column has it: names are told apart in SQL. */
static str shown_name(const struct scope *s, const struct output *of)
{
    size_t n = 0;
    for (const struct output *o = s->out.head; o; o = o->next)
        n += str_eq(o->label, of->label) || str_eq(o->name, of->label);
    return n > 1 || !of->label.n ? of->name : of->label;
}

/* The result itself has names only where the query gives them: the rest goes by place. */
static void columns(struct sql *p, const struct hogql_node *list, const struct scope *s, bool top)
{
    const struct output *o = s->out.head;
    for (uint32_t i = 0; i < list->n; i++, o = o ? o->next : NULL) {
        const struct hogql_node *n = list->kids[i];
        bool named = n->kind == HOGQL_ALIAS;
        if (i)
            buf_z(&p->b, ", ");
        sql_expr(p, named ? n->kids[0] : n);
        if (top && !named && !p->c->named)
            continue;
        buf_z(&p->b, " AS ");
        sql_name(p, named ? n->text : top ? shown_name(s, o) : o->name);
    }
}

static void from(struct sql *p, const struct hogql_node *list)
{
    for (uint32_t i = 0; list && i < list->n; i++) {
        const struct hogql_node *j = list->kids[i];
        if (i)
            buf_printf(&p->b, " " STR_FMT " ", STR_ARG(j->names[0]));
        else
            buf_z(&p->b, " FROM ");
        sql_source(p, j->meaning->source);
        if (!j->kids[JOIN_ON])
            continue;
        buf_z(&p->b, " ON ");
        p->in_on = true;
        sql_expr(p, j->kids[JOIN_ON]);
        p->in_on = false;
    }
}

static void array_join(struct sql *p, const struct hogql_node *s)
{
    const struct hogql_node *list = s->kids[SELECT_ARRAY];
    for (uint32_t i = 0; list && i < list->n; i++) {
        buf_z(&p->b, i ? ", " : s->op == HOGQL_LEFT_ARRAY_JOIN ? " LEFT ARRAY JOIN "
                                                               : " ARRAY JOIN ");
        sql_expr(p, list->kids[i]->kids[0]);
        buf_z(&p->b, " AS ");
        sql_name(p, list->kids[i]->text);
    }
}

/* PREWHERE only says where to begin reading; the engine finds that itself. */
static void where(struct sql *p, const struct hogql_node *pre, const struct hogql_node *n)
{
    p->in_where = true;
    if (pre && n) {
        buf_z(&p->b, " WHERE and(");
        sql_expr(p, pre);
        buf_z(&p->b, ", ");
        sql_expr(p, n);
        buf_char(&p->b, ')');
    } else {
        clause(p, " WHERE ", pre ? pre : n);
    }
    p->in_where = false;
}

static void interpolate(struct sql *p, const struct hogql_node *list)
{
    if (!list)
        return;
    buf_z(&p->b, " INTERPOLATE");
    for (uint32_t i = 0; i < list->n; i++) {
        const struct hogql_node *n = list->kids[i];
        buf_z(&p->b, i ? ", " : " (");
        if (n->kind == HOGQL_ALIAS) {
            sql_name(p, n->text);
            buf_z(&p->b, " AS ");
            sql_expr(p, n->kids[0]);
        } else {
            sql_expr(p, n);
        }
    }
    if (list->n)
        buf_char(&p->b, ')');
}

static void select_query(struct sql *p, const struct hogql_node *s, bool top)
{
    struct hogql_node *const *k = s->kids;
    with(p, k[SELECT_WITH]);
    buf_z(&p->b, s->flags & HOGQL_DISTINCT ? "SELECT DISTINCT " : "SELECT ");
    columns(p, k[SELECT_COLUMNS], s->meaning->scope, top);
    from(p, k[SELECT_FROM]);
    array_join(p, s);
    where(p, k[SELECT_PREWHERE], k[SELECT_WHERE]);
    group(p, k[SELECT_GROUP]);
    clause(p, " HAVING ", k[SELECT_HAVING]);
    for (uint32_t i = 0; k[SELECT_WINDOWS] && i < k[SELECT_WINDOWS]->n; i++) {
        buf_z(&p->b, i ? ", " : " WINDOW ");
        sql_name(p, k[SELECT_WINDOWS]->kids[i]->text);
        buf_z(&p->b, " AS ");
        sql_window(p, k[SELECT_WINDOWS]->kids[i], NULL);
    }
    if (k[SELECT_ORDER]) {
        buf_z(&p->b, " ORDER BY ");
        sql_order_list(p, k[SELECT_ORDER]);
    }
    interpolate(p, k[SELECT_INTERPOLATE]);
    if (k[SELECT_LIMIT_BY]) {
        clause(p, " LIMIT ", k[SELECT_LIMIT_BY_N]);
        clause(p, " OFFSET ", k[SELECT_LIMIT_BY_OFFSET]);
        clause(p, " BY ", k[SELECT_LIMIT_BY]);
    }
    limits(p, k[SELECT_LIMIT], k[SELECT_OFFSET], s->flags);
}

/* -------------------------------------------------------------------------- sets */

/* From left to right: what was read so far is put in parentheses where the engine would begin with
 * a later operator. */
static void operands(struct sql *p, const struct hogql_node *s, uint32_t n)
{
    str op = s->names[n - 1];
    bool same = true;
    for (uint32_t i = 1; i < n; i++)
        same = same && str_eq(s->names[i], op);
    if (n == 1 || same) {
        for (uint32_t i = 0; i < n; i++) {
            if (i)
                buf_printf(&p->b, " " STR_FMT " ", STR_ARG(op));
            buf_char(&p->b, '(');
            sql_query(p, s->kids[SET_FIRST + i], false);
            buf_char(&p->b, ')');
        }
        return;
    }
    uint32_t before = n - 1; /* the operands of the same operator at the end go together */
    while (before > 1 && str_eq(s->names[before - 1], op))
        before--;
    buf_char(&p->b, '(');
    operands(p, s, before);
    buf_char(&p->b, ')');
    for (uint32_t i = before; i < n; i++) {
        buf_printf(&p->b, " " STR_FMT " (", STR_ARG(op));
        sql_query(p, s->kids[SET_FIRST + i], false);
        buf_char(&p->b, ')');
    }
}

static void set_query(struct sql *p, const struct hogql_node *s)
{
    bool whole = s->kids[SET_WITH] || s->kids[SET_ORDER] || s->kids[SET_LIMIT] ||
                 s->kids[SET_OFFSET];
    if (!whole) {
        operands(p, s, s->n - SET_FIRST);
        return;
    }
    with(p, s->kids[SET_WITH]);
    buf_z(&p->b, "SELECT * FROM (");
    operands(p, s, s->n - SET_FIRST);
    buf_char(&p->b, ')');
    if (s->kids[SET_ORDER]) {
        buf_z(&p->b, " ORDER BY ");
        sql_order_list(p, s->kids[SET_ORDER]);
    }
    limits(p, s->kids[SET_LIMIT], s->kids[SET_OFFSET], s->flags);
}

void sql_query(struct sql *p, const struct hogql_node *query, bool top)
{
    bool in_on = p->in_on, in_where = p->in_where;
    p->in_on = p->in_where = false;
    if (query->kind == HOGQL_SELECT)
        select_query(p, query, top);
    else
        set_query(p, query);
    p->in_on = in_on;
    p->in_where = in_where;
}

int print_sql(struct hogql_context *c, const struct hogql_node *query, str *sql, struct err *e)
{
    static const char settings[] =
        " SETTINGS transform_null_in=1, max_ast_elements=4000000,"
        " max_expanded_ast_elements=4000000,"
        " optimize_min_equality_disjunction_chain_length=4294967295";
    struct sql p = { .b = BUF_INIT(LIMIT_HOGQL_SQL), .c = c, .e = e };
    sql_query(&p, query, true);
    buf_z(&p.b, settings);
    if (p.rc == 0 && p.b.full)
        p.rc = err_set(e, ERR_INVALID, NULL, "The query is too large");
    if (p.rc == 0)
        *sql = arena_str(c->arena, buf_view(&p.b));
    buf_release(&p.b);
    return p.rc;
}
