/* parse_select.c - SELECT, its clauses, and set operations between queries. */
#include "hogql/parse.h"

/* -------------------------------------------------------------------------- ORDER BY */

static bool fill(struct parser *p, struct hogql_node *order)
{
    static const struct {
        enum kw kw;
        int slot;
    } parts[] = { { KW_FROM, ORDER_FROM }, { KW_TO, ORDER_TO }, { KW_STEP, ORDER_STEP } };
    order->flags |= HOGQL_FILL;
    parse_advance(p);
    parse_advance(p);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (parse_accept_kw(p, parts[i].kw) &&
            !(order->kids[parts[i].slot] = parse_expr(p, LEVEL_LOOSEST)))
            return false;
    return true;
}

static struct hogql_node *order_item(struct parser *p)
{
    uint32_t start = p->cur.start;
    struct hogql_node *x = parse_expr(p, LEVEL_LOOSEST);
    if (!x)
        return NULL;
    struct hogql_node *n = hogql_order(p->arena, x, false);
    if (parse_is_kw(p, KW_DESC) || parse_is_kw(p, KW_DESCENDING))
        n->flags = HOGQL_DESC;
    if (n->flags || parse_is_kw(p, KW_ASC) || parse_is_kw(p, KW_ASCENDING))
        parse_advance(p);
    if (parse_accept_kw(p, KW_NULLS)) {
        n->op = parse_is_kw(p, KW_FIRST) ? 1 : 2;
        if (n->op == 2 && !parse_is_kw(p, KW_LAST))
            return parse_mismatch(p, "{FIRST, LAST}");
        parse_advance(p);
    }
    if (parse_accept_kw(p, KW_COLLATE)) {
        if (!parse_is(p, TOK_STRING))
            return parse_no_way(p);
        parse_advance(p); /* has no effect here */
    }
    if (parse_is_kw(p, KW_WITH) && parse_peek(p).kw == KW_FILL && !fill(p, n))
        return NULL;
    return parse_done(p, n, start);
}

struct hogql_node *parse_order_list(struct parser *p)
{
    struct hogql_node *list = hogql_list(p->arena, HOGQL_LIST);
    uint32_t start = p->cur.start;
    do {
        struct hogql_node *item = order_item(p);
        if (!item)
            return NULL;
        hogql_add(p->arena, list, item);
    } while (parse_accept(p, TOK_COMMA));
    return parse_done(p, list, start);
}

static bool interpolate(struct parser *p, struct hogql_node *s)
{
    s->kids[SELECT_INTERPOLATE] = hogql_list(p->arena, HOGQL_LIST);
    if (!parse_accept(p, TOK_LPAREN))
        return true;
    do {
        uint32_t start = p->cur.start;
        str *name = arena_new_of(p->arena, str);
        struct hogql_node *n;
        if (!parse_name(p, name))
            return false;
        n = hogql_field_of(p->arena, name, 1);
        if (parse_accept_kw(p, KW_AS)) {
            struct hogql_node *x = parse_expr(p, LEVEL_LOOSEST);
            if (!x)
                return false;
            n = hogql_alias(p->arena, x, *name);
        }
        if (!(n = parse_done(p, n, start)))
            return false;
        hogql_add(p->arena, s->kids[SELECT_INTERPOLATE], n);
    } while (parse_accept(p, TOK_COMMA));
    return parse_expect(p, TOK_RPAREN, ")");
}

/* -------------------------------------------------------------------------- lists of columns */

/* Does a clause begin at the current token, rather than a field of that name? */
static bool at_clause(struct parser *p)
{
    struct token next = parse_peek(p);
    switch (p->cur.kw) {
    case KW_GROUP: case KW_ORDER:
        return next.kw == KW_BY;
    case KW_FROM: case KW_WHERE: case KW_PREWHERE: case KW_HAVING: case KW_QUALIFY: case KW_LIMIT:
    case KW_OFFSET: case KW_WINDOW: case KW_UNION: case KW_INTERSECT: case KW_EXCEPT:
    case KW_SETTINGS: case KW_SELECT:
        return next.type != TOK_COMMA && next.type != TOK_DOT && next.type != TOK_END &&
               next.type != TOK_RPAREN && next.kw != KW_FROM;
    case KW_WITH:
        return next.type == TOK_NAME;
    default:
        return false;
    }
}

static struct hogql_node *column(struct parser *p)
{
    uint32_t start = p->cur.start;
    struct token first = p->cur;
    if (parse_is_name(&first) && parse_peek(p).type == TOK_COLON) {
        str name;
        if (parse_reserved_alias(p, first) || !parse_name(p, &name))
            return NULL;
        parse_advance(p);
        struct hogql_node *x = parse_expr(p, LEVEL_LOOSEST);
        return x ? parse_done(p, hogql_alias(p->arena, x, name), start) : NULL;
    }
    struct hogql_node *x = parse_expr(p, LEVEL_LOOSEST);
    if (!x)
        return NULL;
    bool names = parse_is(p, TOK_QUOTED) ||
                 (parse_is(p, TOK_NAME) && lex_kw_may_be(p->cur.kw, LEX_COLUMN_ALIAS));
    if (!names)
        return x;
    if (first.kw == KW_FROM && x->kind == HOGQL_FIELD && x->names_n == 1)
        return parse_refuse(p, start, "Cannot use \"from\" before an implicit alias");
    if (parse_reserved_alias(p, p->cur))
        return NULL;
    struct hogql_node *alias = hogql_alias(p->arena, x, STR_NULL);
    if (!parse_name(p, &alias->text))
        return NULL;
    return parse_done(p, alias, start);
}

static struct hogql_node *columns(struct parser *p)
{
    struct hogql_node *list = hogql_list(p->arena, HOGQL_LIST);
    uint32_t start = p->cur.start;
    struct token next = parse_peek(p);
    if (parse_is_kw(p, KW_TOP) && next.type == TOK_NUMBER && p->src.p[next.start] != '.')
        return parse_refuse(p, p->cur.start, "Unsupported: SelectStmt.topClause()");
    do {
        if (list->n && (at_clause(p) || parse_is(p, TOK_END) || parse_is(p, TOK_RPAREN) ||
                        parse_is(p, TOK_SEMICOLON)))
            break;
        struct hogql_node *item = column(p);
        if (!item)
            return NULL;
        hogql_add(p->arena, list, item);
    } while (parse_accept(p, TOK_COMMA));
    return parse_done(p, list, start);
}

/* -------------------------------------------------------------------------- WITH */

/* name [(columns)] [USING KEY (…)] AS [[NOT] MATERIALIZED] (query) */
static struct hogql_node *cte_query(struct parser *p)
{
    uint32_t start = p->cur.start;
    struct hogql_node *n = hogql_new(p->arena, HOGQL_CTE, 1);
    n->flags = HOGQL_SUBQUERY;
    if (!parse_name(p, &n->text) ||
        (parse_accept(p, TOK_LPAREN) && !parse_names(p, &n->names, &n->names_n)))
        return NULL;
    if (parse_accept_kw(p, KW_USING)) { /* of another dialect: without effect */
        const str *keys;
        uint32_t keys_n;
        if (!parse_expect_kw(p, KW_KEY) || !parse_expect(p, TOK_LPAREN, "(") ||
            !parse_names(p, &keys, &keys_n))
            return NULL;
    }
    if (!parse_expect_kw(p, KW_AS))
        return NULL;
    bool negated = parse_accept_kw(p, KW_NOT);
    if (negated || parse_is_kw(p, KW_MATERIALIZED)) {
        n->flags |= negated ? HOGQL_NOT_MATERIALIZED : HOGQL_MATERIALIZED;
        if (!parse_expect_kw(p, KW_MATERIALIZED))
            return NULL;
    }
    if (!parse_expect(p, TOK_LPAREN, "(") || !(n->kids[0] = parse_statement(p)) ||
        !parse_expect(p, TOK_RPAREN, ")"))
        return NULL;
    return parse_done(p, n, start);
}

/* expression AS name: what stands before the last AS is the expression. */
static struct hogql_node *cte_column(struct parser *p)
{
    uint32_t start = p->cur.start;
    struct hogql_node *n = hogql_new(p->arena, HOGQL_CTE, 1);
    struct hogql_node *x = parse_before_as(p);
    if (!x || !parse_expect_kw(p, KW_AS) || !parse_name(p, &n->text))
        return NULL;
    while (parse_accept_kw(p, KW_AS)) {
        x = parse_done(p, hogql_alias(p->arena, x, n->text), start);
        if (!x || !parse_name(p, &n->text))
            return NULL;
    }
    n->kids[0] = x;
    return parse_done(p, n, start);
}

static struct hogql_node *cte(struct parser *p)
{
    return parse_either(p, cte_query, cte_column);
}

/* Behind the comma that may end the list there is none; then a LIST that is empty. */
static struct hogql_node *no_cte(struct parser *p)
{
    if (!parse_is_kw(p, KW_SELECT) && !parse_is(p, TOK_LPAREN))
        return parse_no_way(p);
    return hogql_list(p->arena, HOGQL_LIST);
}

static struct hogql_node *with(struct parser *p, bool *recursive)
{
    struct hogql_node *list = hogql_list(p->arena, HOGQL_LIST);
    uint32_t start = p->cur.start;
    parse_advance(p);
    *recursive = parse_is_kw(p, KW_RECURSIVE) && parse_peek(p).kw != KW_AS;
    if (*recursive)
        parse_advance(p);
    do {
        struct hogql_node *n = list->n ? parse_either(p, cte, no_cte) : cte(p);
        if (!n)
            return NULL;
        if (n->kind == HOGQL_LIST)
            break;
        hogql_add(p->arena, list, n);
    } while (parse_accept(p, TOK_COMMA));
    return parse_done(p, list, start);
}

/* -------------------------------------------------------------------------- GROUP BY, LIMIT */

static bool group_members(struct parser *p, struct hogql_node *g)
{
    do {
        if (g->n && (at_clause(p) || parse_is(p, TOK_END) || parse_is(p, TOK_RPAREN) ||
                     parse_is(p, TOK_SEMICOLON)))
            break;
        struct hogql_node *x = parse_expr(p, LEVEL_LOOSEST);
        if (!x)
            return false;
        hogql_add(p->arena, g, x);
    } while (parse_accept(p, TOK_COMMA));
    return true;
}

static bool grouping_sets(struct parser *p, struct hogql_node *g)
{
    do {
        if (!parse_expect(p, TOK_LPAREN, "("))
            return false;
        struct hogql_node *set = parse_list(p, TOK_RPAREN);
        if (!set || !parse_expect(p, TOK_RPAREN, ")"))
            return false;
        set->kind = HOGQL_TUPLE;
        hogql_add(p->arena, g, set);
    } while (parse_accept(p, TOK_COMMA));
    return true;
}

/* WITH CUBE and WITH ROLLUP behind the list mean what the prefix form means; WITH TOTALS adds a row
 * outside the result and is left out. */
static bool group_suffix(struct parser *p, struct hogql_node *g)
{
    while (parse_is_kw(p, KW_WITH)) {
        enum kw kw = parse_peek(p).kw;
        if (kw != KW_CUBE && kw != KW_ROLLUP && kw != KW_TOTALS)
            break;
        parse_advance(p);
        parse_advance(p);
        if (g && kw != KW_TOTALS && g->op == HOGQL_GROUP_PLAIN)
            g->op = kw == KW_CUBE ? HOGQL_GROUP_CUBE : HOGQL_GROUP_ROLLUP;
    }
    return true;
}

static bool group_by(struct parser *p, struct hogql_node *s)
{
    struct hogql_node *g = hogql_list(p->arena, HOGQL_GROUP);
    uint32_t start = p->cur.start;
    bool ok;
    parse_advance(p);
    parse_advance(p);
    struct token next = parse_peek(p);
    if (parse_is_kw(p, KW_ALL) && next.type != TOK_LPAREN && next.type != TOK_DOT &&
        next.type != TOK_COMMA) {
        g->op = HOGQL_GROUP_ALL;
        parse_advance(p);
        ok = true;
    } else if ((parse_is_kw(p, KW_CUBE) || parse_is_kw(p, KW_ROLLUP)) &&
               next.type == TOK_LPAREN) {
        g->op = parse_is_kw(p, KW_CUBE) ? HOGQL_GROUP_CUBE : HOGQL_GROUP_ROLLUP;
        parse_advance(p);
        parse_advance(p);
        ok = group_members(p, g) && parse_expect(p, TOK_RPAREN, ")");
    } else if (parse_is_kw(p, KW_GROUPING) && next.kw == KW_SETS) {
        g->op = HOGQL_GROUP_SETS;
        parse_advance(p);
        parse_advance(p);
        ok = parse_expect(p, TOK_LPAREN, "(") && grouping_sets(p, g) &&
             parse_expect(p, TOK_RPAREN, ")");
    } else {
        ok = group_members(p, g);
    }
    s->kids[SELECT_GROUP] = g;
    return ok && group_suffix(p, g) && parse_done(p, g, start);
}

struct limits {
    struct hogql_node *limit, *offset;
    unsigned flags;
};

static bool limit_head(struct parser *p, struct limits *l, bool *comma)
{
    p->limit = true;
    l->limit = parse_expr(p, LEVEL_LOOSEST);
    p->limit = false;
    if (!l->limit)
        return false;
    if (parse_accept(p, TOK_PERCENT))
        l->flags |= HOGQL_PERCENT;
    *comma = parse_accept(p, TOK_COMMA);
    if (*comma && !(l->offset = parse_expr(p, LEVEL_LOOSEST)))
        return false;
    if (parse_is_kw(p, KW_WITH) && parse_peek(p).kw == KW_TIES) {
        parse_advance(p);
        parse_advance(p);
        l->flags |= HOGQL_WITH_TIES;
    }
    if (parse_accept_kw(p, KW_OFFSET) && !(l->offset = parse_expr(p, LEVEL_LOOSEST)))
        return false;
    return true;
}

static bool limit_by(struct parser *p, struct hogql_node *s, const struct limits *one, bool comma)
{
    struct hogql_node *by = hogql_list(p->arena, HOGQL_LIST);
    parse_advance(p);
    if (!group_members(p, by))
        return false;
    /* in this form the comma stands between offset and count */
    s->kids[SELECT_LIMIT_BY] = by;
    s->kids[SELECT_LIMIT_BY_N] = comma ? one->offset : one->limit;
    s->kids[SELECT_LIMIT_BY_OFFSET] = comma ? one->limit : one->offset;
    return true;
}

/* One of LIMIT … and OFFSET …; *any: there was one. Of several the last counts. */
static bool one_limit(struct parser *p, struct limits *l, bool *any, bool *comma)
{
    struct limits one = { 0 };
    *any = true;
    if (parse_accept_kw(p, KW_OFFSET))
        return (l->offset = parse_expr(p, LEVEL_LOOSEST)) != NULL;
    *any = parse_accept_kw(p, KW_LIMIT);
    if (!*any)
        return true;
    if (!limit_head(p, &one, comma))
        return false;
    l->limit = one.limit;
    l->flags = one.flags;
    if (one.offset)
        l->offset = one.offset;
    return true;
}

/* [LIMIT … BY …] and the limits of a SELECT: two, the first of which may be the OFFSET. */
static bool select_limits(struct parser *p, struct limits *l, struct hogql_node *s)
{
    bool any, comma = false;
    if (!one_limit(p, l, &any, &comma))
        return false;
    if (any && parse_is_kw(p, KW_BY)) {
        if (!limit_by(p, s, l, comma))
            return false;
        *l = (struct limits){ 0 };
        if (!one_limit(p, l, &any, &comma))
            return false;
    }
    return !any || one_limit(p, l, &any, &comma);
}

/* -------------------------------------------------------------------------- SELECT */

static bool windows(struct parser *p, struct hogql_node *s)
{
    s->kids[SELECT_WINDOWS] = hogql_list(p->arena, HOGQL_LIST);
    do {
        str name;
        if (!parse_name(p, &name) || !parse_expect_kw(p, KW_AS) ||
            !parse_expect(p, TOK_LPAREN, "("))
            return false;
        struct hogql_node *w = parse_window(p, name);
        if (!w)
            return false;
        hogql_add(p->arena, s->kids[SELECT_WINDOWS], w);
    } while (parse_accept(p, TOK_COMMA));
    return true;
}

static bool array_join(struct parser *p, struct hogql_node *s)
{
    bool left = parse_is_kw(p, KW_LEFT);
    enum kw kw = p->cur.kw;
    if (((kw == KW_LEFT || kw == KW_INNER) && parse_peek(p).kw == KW_ARRAY))
        parse_advance(p);
    else if (kw != KW_ARRAY || parse_peek(p).kw != KW_JOIN)
        return true;
    uint32_t at = p->cur.start;
    parse_advance(p);
    if (!parse_expect_kw(p, KW_JOIN))
        return false;
    if (!s->kids[SELECT_FROM]) {
        parse_refuse(p, at, "Using ARRAY JOIN without a FROM clause is not permitted");
        return false;
    }
    struct hogql_node *list = hogql_list(p->arena, HOGQL_LIST);
    do {
        if (list->n && (at_clause(p) || parse_is(p, TOK_END) || parse_is(p, TOK_RPAREN)))
            break;
        struct hogql_node *x = parse_expr(p, LEVEL_LOOSEST);
        if (!x)
            return false;
        hogql_add(p->arena, list, x);
    } while (parse_accept(p, TOK_COMMA));
    for (uint32_t i = 0; i < list->n; i++) {
        if (list->kids[i]->kind == HOGQL_ALIAS)
            continue;
        parse_refuse(p, list->kids[i]->start, "ARRAY JOIN arrays must have an alias");
        return false;
    }
    s->op = left ? HOGQL_LEFT_ARRAY_JOIN : HOGQL_ARRAY_JOIN;
    s->kids[SELECT_ARRAY] = list;
    return true;
}

/* A clause that is a keyword and one expression. */
static bool clause(struct parser *p, struct hogql_node *s, enum kw kw, int slot)
{
    if (!parse_accept_kw(p, kw))
        return true;
    return (s->kids[slot] = parse_expr(p, LEVEL_LOOSEST)) != NULL;
}

/* DISTINCT columns: the flag is set on the list, for select_head. */
static struct hogql_node *distinct_columns(struct parser *p)
{
    parse_advance(p);
    struct hogql_node *list = columns(p);
    if (list)
        list->flags = HOGQL_DISTINCT;
    return list;
}

static bool select_head(struct parser *p, struct hogql_node *s)
{
    struct hogql_node *list;
    if (parse_is_kw(p, KW_DISTINCT))
        list = parse_either(p, distinct_columns, columns);
    else
        list = columns(p);
    if (!list)
        return false;
    s->flags |= list->flags;
    list->flags = 0;
    s->kids[SELECT_COLUMNS] = list;
    return true;
}

static bool sampled(struct parser *p)
{
    if (!parse_is_kw(p, KW_USING) || parse_peek(p).kw != KW_SAMPLE)
        return false;
    parse_refuse(p, p->cur.start, "Unsupported: SelectStmt.sampleClause()");
    return true;
}

/* FROM to HAVING. */
static bool select_middle(struct parser *p, struct hogql_node *s)
{
    if (parse_accept_kw(p, KW_FROM) && !(s->kids[SELECT_FROM] = parse_from(p)))
        return false;
    if (!array_join(p, s) || !clause(p, s, KW_PREWHERE, SELECT_PREWHERE) ||
        !clause(p, s, KW_WHERE, SELECT_WHERE) || sampled(p))
        return false;
    if (parse_is_kw(p, KW_GROUP) && parse_peek(p).kw == KW_BY && !group_by(p, s))
        return false;
    group_suffix(p, s->kids[SELECT_GROUP]);
    return clause(p, s, KW_HAVING, SELECT_HAVING) && clause(p, s, KW_QUALIFY, SELECT_QUALIFY);
}

/* WINDOW to the end. */
static bool select_tail(struct parser *p, struct hogql_node *s)
{
    struct limits l = { 0 };
    if (parse_accept_kw(p, KW_WINDOW) && !windows(p, s))
        return false;
    if (parse_is_kw(p, KW_ORDER) && parse_peek(p).kw == KW_BY) {
        parse_advance(p);
        parse_advance(p);
        if (!(s->kids[SELECT_ORDER] = parse_order_list(p)))
            return false;
        if (parse_accept_kw(p, KW_INTERPOLATE) && !interpolate(p, s))
            return false;
    }
    if (!select_limits(p, &l, s))
        return false;
    s->kids[SELECT_LIMIT] = l.limit;
    s->kids[SELECT_OFFSET] = l.offset;
    s->flags |= l.flags;
    if (parse_is_kw(p, KW_SETTINGS)) {
        parse_refuse(p, p->cur.start, "Unsupported: SelectStmt.settingsClause()");
        return false;
    }
    return true;
}

static struct hogql_node *select_statement(struct parser *p, struct hogql_node *ctes,
                                           bool recursive, uint32_t start)
{
    struct hogql_node *s = hogql_new(p->arena, HOGQL_SELECT, SELECT_N);
    s->kids[SELECT_WITH] = ctes;
    s->flags = recursive ? HOGQL_RECURSIVE : 0;
    parse_advance(p);
    if (!select_head(p, s) || !select_middle(p, s) || !select_tail(p, s))
        return NULL;
    return parse_done(p, s, start);
}

/* -------------------------------------------------------------------------- sets */

static struct hogql_node *no_statement(struct parser *p)
{
    static const char expected[] = "{SELECT, WITH, '{', '(', '<'}";
    enum kw next = parse_peek(p).kw;
    if (parse_is(p, TOK_BAD))
        return NULL;
    if (next != KW_SELECT && next != KW_WITH)
        return parse_mismatch(p, expected);
    return parse_fail(p, p->cur.start, "extraneous input '%.*s' expecting %s",
                      (int)(p->cur.end - p->cur.start > 300 ? 300 : p->cur.end - p->cur.start),
                      p->src.p + p->cur.start, expected);
}

static struct hogql_node *set_node(struct parser *p, struct hogql_node *first)
{
    struct hogql_node *set = hogql_new(p->arena, HOGQL_SET, SET_FIRST);
    hogql_add(p->arena, set, first);
    set->names = arena_new_of(p->arena, str);
    set->names_n = 1;
    return set;
}

static struct hogql_node *operand(struct parser *p, bool *wrapped)
{
    uint32_t start = p->cur.start;
    struct hogql_node *ctes = NULL, *n;
    bool recursive = false;
    *wrapped = false;
    if (parse_is(p, TOK_LBRACE)) {
        n = parse_braces(p);
        *wrapped = true;
        return n && n->kind != HOGQL_PLACEHOLDER ? parse_no_way(p) : n;
    }
    if (parse_is_kw(p, KW_WITH) && !(ctes = with(p, &recursive)))
        return NULL;
    if (parse_is_kw(p, KW_SELECT))
        return select_statement(p, ctes, recursive, start);
    if (!parse_accept(p, TOK_LPAREN))
        return no_statement(p);
    *wrapped = true;
    n = parse_statement(p);
    if (!n || !parse_expect(p, TOK_RPAREN, ")"))
        return NULL;
    if (ctes) {
        n = set_node(p, n);
        n->kids[SET_WITH] = ctes;
        n->flags = recursive ? HOGQL_RECURSIVE : 0;
        n = parse_done(p, n, start);
    }
    return n;
}

bool parse_at_set(const struct parser *p)
{
    return parse_is_kw(p, KW_UNION) || parse_is_kw(p, KW_INTERSECT) || parse_is_kw(p, KW_EXCEPT);
}

/* The operator at the current token in its full form; STR_NULL: none. */
static str set_operator(struct parser *p, bool *by_name)
{
    str op = STR_NULL;
    enum kw kw = p->cur.kw;
    if (!parse_at_set(p))
        return op;
    parse_advance(p);
    bool all = parse_accept_kw(p, KW_ALL);
    bool distinct = !all && kw != KW_EXCEPT && parse_accept_kw(p, KW_DISTINCT);
    if (kw == KW_UNION)
        op = all ? STR("UNION ALL") : STR("UNION DISTINCT");
    else if (kw == KW_INTERSECT)
        op = all ? STR("INTERSECT ALL") : distinct ? STR("INTERSECT DISTINCT") : STR("INTERSECT");
    else
        op = all ? STR("EXCEPT ALL") : STR("EXCEPT");
    if (parse_is_kw(p, KW_BY) && parse_peek(p).kw == KW_NAME) {
        parse_advance(p);
        parse_advance(p);
        *by_name = true;
    }
    return op;
}

/* ORDER BY and LIMIT of the whole, when its last operand is in parentheses. */
static struct hogql_node *set_tail(struct parser *p, struct hogql_node *n, uint32_t start)
{
    struct limits l = { 0 };
    struct hogql_node *order = NULL;
    if (parse_is_kw(p, KW_ORDER) && parse_peek(p).kw == KW_BY) {
        parse_advance(p);
        parse_advance(p);
        if (!(order = parse_order_list(p)))
            return NULL;
    }
    bool any, comma;
    if (!one_limit(p, &l, &any, &comma))
        return NULL;
    if (!order && !l.limit && !l.offset)
        return n;
    if (n->kind == HOGQL_SELECT && !order) { /* a lone one: its limit is overwritten */
        if (l.limit) {
            n->kids[SELECT_LIMIT] = l.limit;
            n->flags = (n->flags & ~(unsigned)(HOGQL_PERCENT | HOGQL_WITH_TIES)) | l.flags;
        }
        if (l.offset)
            n->kids[SELECT_OFFSET] = l.offset;
        return parse_done(p, n, start);
    }
    if (n->kind != HOGQL_SET || n->kids[SET_ORDER] || n->kids[SET_LIMIT])
        n = set_node(p, n);
    n->kids[SET_ORDER] = order;
    n->kids[SET_LIMIT] = l.limit;
    n->kids[SET_OFFSET] = l.offset;
    n->flags |= l.flags;
    return parse_done(p, n, start);
}

struct hogql_node *parse_set_rest(struct parser *p, struct hogql_node *first, bool wrapped,
                                  uint32_t start)
{
    struct hogql_node *set = first;
    uint32_t room = 0;
    bool is_set = false;
    for (;;) {
        bool by_name = false;
        str op = set_operator(p, &by_name);
        if (!op.p)
            break;
        struct hogql_node *next = operand(p, &wrapped);
        if (!next)
            return NULL;
        if (!is_set) {
            set = set_node(p, first);
            is_set = true;
            room = 1;
        }
        if (set->names_n == room) {
            str *names = arena_alloc(p->arena, room * 4 * sizeof(*names));
            memcpy(names, set->names, set->names_n * sizeof(*names));
            set->names = names;
            room *= 4;
        }
        ((str *)set->names)[set->names_n++] =
            by_name ? arena_printf(p->arena, STR_FMT " BY NAME", STR_ARG(op)) : op;
        set->flags |= by_name ? HOGQL_BY_NAME : 0;
        hogql_add(p->arena, set, next);
    }
    if (is_set)
        set = parse_done(p, set, start);
    return set && wrapped ? set_tail(p, set, start) : set;
}

struct hogql_node *parse_statement(struct parser *p)
{
    uint32_t start = p->cur.start;
    bool wrapped;
    if (!parse_enter(p))
        return NULL;
    struct hogql_node *n = operand(p, &wrapped);
    if (n)
        n = parse_set_rest(p, n, wrapped, start);
    parse_leave(p);
    return n;
}
