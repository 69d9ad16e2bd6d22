/* parse_from.c - FROM: tables, joins, samples, pivots. */
#include "hogql/parse.h"

static struct hogql_node *source(struct parser *p);

/* -------------------------------------------------------------------------- tables */

static struct hogql_node *values(struct parser *p, uint32_t start)
{
    struct hogql_node *v = hogql_list(p->arena, HOGQL_VALUES);
    parse_advance(p);
    do {
        if (!parse_expect(p, TOK_LPAREN, "("))
            return NULL;
        struct hogql_node *row = parse_list(p, TOK_RPAREN);
        if (!row || !parse_expect(p, TOK_RPAREN, ")"))
            return NULL;
        hogql_add(p->arena, v, row);
    } while (parse_accept(p, TOK_COMMA));
    return parse_expect(p, TOK_RPAREN, ")") ? parse_done(p, v, start) : NULL;
}

static struct hogql_node *closed_query(struct parser *p)
{
    struct hogql_node *n = parse_statement(p);
    return n && parse_expect(p, TOK_RPAREN, ")") ? n : NULL;
}

static struct hogql_node *closed_join(struct parser *p)
{
    struct hogql_node *n = parse_from(p);
    return n && parse_expect(p, TOK_RPAREN, ")") ? n : NULL;
}

static struct hogql_node *closed_tag(struct parser *p)
{
    struct hogql_node *n = parse_tag(p);
    return n && parse_expect(p, TOK_RPAREN, ")") ? n : NULL;
}

static struct hogql_node *in_parentheses(struct parser *p)
{
    uint32_t start = p->cur.start;
    parse_advance(p);
    if (parse_is_kw(p, KW_VALUES) && parse_peek(p).type == TOK_LPAREN)
        return values(p, start);
    if (parse_is(p, TOK_LT))
        return parse_either(p, closed_tag, closed_join);
    /* either ((SELECT …) UNION …) or ((a JOIN b …) JOIN c …), ({x}) or ({x} AS y) */
    bool either = parse_may_start_query(p) || parse_is(p, TOK_LPAREN) || parse_is(p, TOK_LBRACE);
    return either ? parse_either(p, closed_query, closed_join) : closed_join(p);
}

/* name { "." name } [ "(" args ")" ] */
static bool named_table(struct parser *p, struct hogql_node *join)
{
    str chain[16];
    uint32_t n = 0, start = p->cur.start;
    do {
        if (n == ARRAY_LEN(chain)) {
            parse_no_way(p);
            return false;
        }
        if (!parse_name(p, &chain[n++]))
            return false;
    } while (parse_accept(p, TOK_DOT));
    str *names = arena_alloc(p->arena, n * sizeof(*names));
    memcpy(names, chain, n * sizeof(*names));
    join->kids[JOIN_SOURCE] = parse_done(p, hogql_field_of(p->arena, names, n), start);
    if (!parse_accept(p, TOK_LPAREN))
        return join->kids[JOIN_SOURCE] != NULL;
    join->kids[JOIN_ARGS] = parse_list(p, TOK_RPAREN);
    return join->kids[JOIN_ARGS] && parse_expect(p, TOK_RPAREN, ")");
}

/* *whole: it was a join in parentheses, which takes no alias, FINAL or SAMPLE. */
static bool table(struct parser *p, struct hogql_node *join, bool *whole)
{
    *whole = false;
    if (parse_is(p, TOK_LPAREN)) {
        struct hogql_node *n = in_parentheses(p);
        if (n && n->kind == HOGQL_LIST && n->n == 1) /* (t) is t */
            *join = *n->kids[0];
        else
            join->kids[JOIN_SOURCE] = n;
        *whole = n && n->kind == HOGQL_LIST;
        return n != NULL;
    }
    if (parse_is(p, TOK_LBRACE)) {
        struct hogql_node *n = parse_braces(p);
        if (n && n->kind != HOGQL_PLACEHOLDER)
            n = parse_no_way(p);
        return (join->kids[JOIN_SOURCE] = n) != NULL;
    }
    if (parse_is(p, TOK_LT))
        return (join->kids[JOIN_SOURCE] = parse_tag(p)) != NULL;
    return named_table(p, join);
}

/* -------------------------------------------------------------------------- alias, sample */

/* [AS] name [(columns)], again and again: the last counts. */
static bool alias(struct parser *p, struct hogql_node *join, const str **names, uint32_t *n)
{
    *n = 0;
    for (;;) {
        bool as = parse_accept_kw(p, KW_AS);
        bool name = parse_is(p, TOK_QUOTED) ||
                    (parse_is(p, TOK_NAME) && lex_kw_may_be(p->cur.kw, LEX_TABLE_ALIAS));
        if (!as && !name)
            return true;
        *n = 0;
        if (parse_reserved_alias(p, p->cur) || !parse_name(p, &join->text))
            return false;
        if (parse_accept(p, TOK_LPAREN) && !parse_names(p, names, n))
            return false;
    }
}

/* number ["/" number], or a placeholder */
static struct hogql_node *ratio(struct parser *p)
{
    uint32_t start = p->cur.start;
    struct hogql_node *n, *below;
    if (parse_is(p, TOK_LBRACE)) {
        n = parse_braces(p);
        return n && n->kind != HOGQL_PLACEHOLDER ? parse_no_way(p) : n;
    }
    n = parse_at_number(p) ? parse_number(p) : parse_no_way(p);
    if (!n || !parse_accept(p, TOK_SLASH))
        return n;
    below = parse_at_number(p) ? parse_number(p) : parse_no_way(p);
    return below ? parse_done(p, hogql_arithmetic(p->arena, '/', n, below), start) : NULL;
}

static bool sample(struct parser *p, struct hogql_node *join)
{
    uint32_t start = p->cur.start;
    if (!parse_is_kw(p, KW_SAMPLE))
        return true;
    parse_advance(p);
    struct hogql_node *s = hogql_new(p->arena, HOGQL_SAMPLE, 2);
    if (!(s->kids[0] = ratio(p)))
        return false;
    if (parse_accept(p, TOK_PERCENT))
        s->flags |= HOGQL_PERCENT;
    struct token next = parse_peek(p);
    if (parse_is_kw(p, KW_OFFSET) && (next.type == TOK_NUMBER || next.type == TOK_LBRACE)) {
        parse_advance(p);
        if (!(s->kids[1] = ratio(p)))
            return false;
    }
    return (join->kids[JOIN_SAMPLE] = parse_done(p, s, start)) != NULL;
}

/* -------------------------------------------------------------------------- PIVOT, UNPIVOT */

/* name IN ( … ), again and again. */
static struct hogql_node *pivot_columns(struct parser *p, bool many)
{
    struct hogql_node *list = hogql_list(p->arena, HOGQL_LIST);
    uint32_t start = p->cur.start;
    do {
        uint32_t at = p->cur.start;
        struct hogql_node *column = parse_expr(p, LEVEL_ADD), *in;
        if (!column || !parse_expect_kw(p, KW_IN) || !parse_expect(p, TOK_LPAREN, "("))
            return NULL;
        struct hogql_node *members = parse_list(p, TOK_RPAREN);
        if (!members || !parse_expect(p, TOK_RPAREN, ")"))
            return NULL;
        members->kind = HOGQL_TUPLE;
        in = parse_done(p, hogql_compare(p->arena, HOGQL_IN, column, members), at);
        if (!in)
            return NULL;
        hogql_add(p->arena, list, in);
    } while (many && (parse_is(p, TOK_NAME) || parse_is(p, TOK_QUOTED)) &&
             !parse_is_kw(p, KW_GROUP));
    return parse_done(p, list, start);
}

static struct hogql_node *pivot(struct parser *p, struct hogql_node *inner)
{
    struct hogql_node *n = hogql_new(p->arena, HOGQL_PIVOT, PIVOT_N);
    bool un = parse_is_kw(p, KW_UNPIVOT);
    n->flags = un ? HOGQL_UNPIVOT : 0;
    n->kids[PIVOT_SOURCE] = inner;
    parse_advance(p);
    if (un && parse_is_kw(p, KW_INCLUDE)) {
        parse_advance(p);
        if (!parse_expect_kw(p, KW_NULLS))
            return NULL;
        n->flags |= HOGQL_INCLUDE_NULLS;
    }
    if (!parse_expect(p, TOK_LPAREN, "("))
        return NULL;
    struct hogql_node *what = hogql_list(p->arena, HOGQL_LIST);
    do {
        struct hogql_node *x = parse_expr(p, LEVEL_LOOSEST);
        if (!x)
            return NULL;
        hogql_add(p->arena, what, x);
    } while (parse_accept(p, TOK_COMMA));
    n->kids[PIVOT_VALUES] = what;
    if (!parse_expect_kw(p, KW_FOR) || !(n->kids[PIVOT_COLUMNS] = pivot_columns(p, !un)))
        return NULL;
    if (parse_is_kw(p, KW_GROUP) && parse_peek(p).kw == KW_BY) {
        parse_advance(p);
        parse_advance(p);
        if (!(n->kids[PIVOT_GROUP] = parse_list(p, TOK_RPAREN)))
            return NULL;
    }
    return parse_expect(p, TOK_RPAREN, ")") ? parse_done(p, n, inner->start) : NULL;
}

/* -------------------------------------------------------------------------- joins */

static void set_names(struct parser *p, struct hogql_node *join, str op, const str *names,
                      uint32_t n)
{
    str *all = arena_alloc(p->arena, (n + 1) * sizeof(*all));
    all[0] = op;
    for (uint32_t i = 0; i < n; i++)
        all[i + 1] = names[i];
    join->names = all;
    join->names_n = n + 1;
}

static struct hogql_node *source(struct parser *p)
{
    struct hogql_node *join = hogql_new(p->arena, HOGQL_JOIN, JOIN_N);
    uint32_t start = p->cur.start, n = 0;
    const str *names = NULL;
    bool whole;
    if (!table(p, join, &whole) || (!whole && !alias(p, join, &names, &n)))
        return NULL;
    if (!whole && parse_accept_kw(p, KW_FINAL))
        join->flags |= HOGQL_FINAL;
    if (!whole && !sample(p, join))
        return NULL;
    if (!join->names_n)
        set_names(p, join, STR(""), names, n);
    join = parse_done(p, join, start);
    while (join && (parse_is_kw(p, KW_PIVOT) || parse_is_kw(p, KW_UNPIVOT))) {
        struct hogql_node *pivoted = pivot(p, join);
        if (!pivoted)
            return NULL;
        join = hogql_new(p->arena, HOGQL_JOIN, JOIN_N);
        join->kids[JOIN_SOURCE] = pivoted;
        if (!alias(p, join, &names, &n))
            return NULL;
        set_names(p, join, STR(""), names, n);
        join = parse_done(p, join, start);
    }
    return join;
}

/* Does the current word begin a join, "LEFT ARRAY JOIN" apart? */
static bool at_join(struct parser *p)
{
    switch (p->cur.kw) {
    case KW_LEFT: case KW_INNER:
        return parse_peek(p).kw != KW_ARRAY;
    case KW_JOIN: case KW_NATURAL: case KW_ALL: case KW_ANY: case KW_ASOF: case KW_SEMI:
    case KW_ANTI: case KW_RIGHT: case KW_FULL: case KW_CROSS: case KW_POSITIONAL:
        return true;
    default:
        return false;
    }
}

/* Which strictness a side takes; without a side it is that of INNER, or SEMI and ANTI alone. */
static bool strict_fits(enum kw side, enum kw strict)
{
    switch (strict) {
    case KW_ALL: case KW_ANY:
        return true;
    case KW_ASOF:
        return side != KW_FULL;
    case KW_SEMI: case KW_ANTI:
        return side == KW_NONE || side == KW_LEFT || side == KW_RIGHT;
    default:
        return false;
    }
}

static bool is_strictness(enum kw kw)
{
    return kw == KW_ALL || kw == KW_ANY || kw == KW_ASOF || kw == KW_SEMI || kw == KW_ANTI;
}

/* The words up to JOIN, in one order: side, strictness. OUTER adds nothing. */
static bool join_operator(struct parser *p, str *out)
{
    enum kw side = KW_NONE, strict = KW_NONE;
    if (parse_is_kw(p, KW_CROSS) || parse_is_kw(p, KW_POSITIONAL)) {
        *out = parse_is_kw(p, KW_CROSS) ? STR("CROSS JOIN") : STR("POSITIONAL JOIN");
        parse_advance(p);
        return parse_expect_kw(p, KW_JOIN);
    }
    parse_accept_kw(p, KW_NATURAL);
    if (is_strictness(p->cur.kw)) {
        strict = p->cur.kw;
        parse_advance(p);
    }
    if (parse_is_kw(p, KW_INNER) || parse_is_kw(p, KW_LEFT) || parse_is_kw(p, KW_RIGHT) ||
        parse_is_kw(p, KW_FULL)) {
        side = p->cur.kw;
        parse_advance(p);
        if (side != KW_INNER)
            parse_accept_kw(p, KW_OUTER);
        if (!strict && is_strictness(p->cur.kw)) {
            strict = p->cur.kw;
            parse_advance(p);
        }
    }
    if ((strict && !strict_fits(side, strict)) || !parse_is_kw(p, KW_JOIN)) {
        parse_no_way(p);
        return false;
    }
    parse_advance(p);
    const char *s = lex_kw_name(side), *t = lex_kw_name(strict);
    *out = arena_printf(p->arena, "%s%s%s%sJOIN", s, *s ? " " : "", t, *t ? " " : "");
    return true;
}

/* At ON or USING, rather than USING SAMPLE of the SELECT? */
static bool at_constraint(struct parser *p)
{
    struct err ignored = ERR_INIT;
    if (!parse_is_kw(p, KW_USING) || parse_peek(p).kw != KW_SAMPLE)
        return parse_is_kw(p, KW_ON) || parse_is_kw(p, KW_USING);
    struct token after = lex_next(p->src, parse_peek(p).end, &ignored);
    return after.type != TOK_NUMBER && after.type != TOK_LBRACE;
}

static bool constraint(struct parser *p, struct hogql_node *join)
{
    if (parse_accept_kw(p, KW_ON))
        return (join->kids[JOIN_ON] = parse_expr(p, LEVEL_LOOSEST)) != NULL;
    struct hogql_node *list = hogql_list(p->arena, HOGQL_LIST);
    uint32_t start = p->cur.start;
    parse_advance(p);
    bool wrapped = parse_accept(p, TOK_LPAREN);
    do {
        str *name = arena_new_of(p->arena, str);
        uint32_t at = p->cur.start;
        if (wrapped && list->n && parse_is(p, TOK_RPAREN))
            break;
        if (!parse_name(p, name))
            return false;
        hogql_add(p->arena, list, parse_done(p, hogql_field_of(p->arena, name, 1), at));
    } while (parse_accept(p, TOK_COMMA));
    if (wrapped && !parse_expect(p, TOK_RPAREN, ")"))
        return false;
    join->flags |= HOGQL_USING;
    return (join->kids[JOIN_ON] = parse_done(p, list, start)) != NULL;
}

struct hogql_node *parse_from(struct parser *p)
{
    struct hogql_node *list = hogql_list(p->arena, HOGQL_LIST);
    uint32_t start = p->cur.start;
    if (!parse_enter(p))
        return NULL;
    struct hogql_node *join = source(p);
    if (!join)
        return NULL;
    hogql_add(p->arena, list, join);
    for (;;) {
        str op = STR("CROSS JOIN");
        if (!parse_accept(p, TOK_COMMA)) {
            if (!at_join(p))
                break;
            if (!join_operator(p, &op))
                return NULL;
        }
        if (!(join = source(p)))
            return NULL;
        set_names(p, join, op, join->names + 1, join->names_n - 1);
        hogql_add(p->arena, list, join);
        /* a JOIN b JOIN c ON 1 ON 2: the second is b's */
        for (uint32_t i = list->n - 1; i > 0 && at_constraint(p); i--) {
            struct hogql_node *at = list->kids[i];
            if (at->kids[JOIN_ON])
                break;
            if (str_eqz(at->names[0], "CROSS JOIN"))
                continue;
            if (!constraint(p, at) || !parse_done(p, at, at->start))
                return NULL;
        }
    }
    parse_leave(p);
    return parse_done(p, list, start);
}
