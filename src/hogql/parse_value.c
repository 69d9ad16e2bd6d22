/* parse_value.c - what an expression begins with: literals, names, parentheses, lists. */
#include "hogql/parse.h"

#include <stdlib.h>

#define CHAIN_MAX 64 /* names in one dotted chain */

/* -------------------------------------------------------------------------- numbers */

static struct hogql_node *big_number(struct parser *p, str text)
{
    struct hogql_node *n = hogql_int(p->arena, 0);
    while (text.n > 1 && text.p[0] == '0')
        text = str_slice(text, 1, text.n);
    int64_t value;
    if (str_to_i64(text, &value))
        n->integer = value;
    else
        n->text = text;
    return n;
}

/* 0x… and 0b… without a point or an exponent. False: they pass 64 bits. */
static bool based_number(str text, unsigned base, uint64_t *out)
{
    uint64_t v = 0;
    for (size_t i = 2; i < text.n; i++) {
        unsigned c = (unsigned char)text.p[i] | 32; /* leaves digits as they are */
        unsigned digit = c >= 'a' ? c - 'a' + 10 : c - '0';
        if (v > (UINT64_MAX - digit) / base)
            return false;
        v = v * base + digit;
    }
    *out = v;
    return true;
}

/* inf and nan are numbers too. */
bool parse_at_number(const struct parser *p)
{
    return parse_is(p, TOK_NUMBER) || parse_is_kw(p, KW_INF) || parse_is_kw(p, KW_INFINITY) ||
           parse_is_kw(p, KW_NAN);
}

struct hogql_node *parse_number(struct parser *p)
{
    str text = parse_text(p, p->cur);
    char second = text.n > 1 ? (char)(text.p[1] | 32) : '\0';
    bool hex = second == 'x';
    bool whole = true;
    uint64_t value;
    if (p->cur.kw)
        whole = false;
    for (size_t i = 0; i < text.n && whole; i++)
        whole = text.p[i] != '.' && (hex ? (text.p[i] | 32) != 'p' : (text.p[i] | 32) != 'e');
    if (whole && (hex || second == 'b')) {
        if (!based_number(text, hex ? 16 : 2, &value))
            return parse_no_way(p);
        text = arena_printf(p->arena, "%llu", (unsigned long long)value);
    }
    uint32_t start = p->cur.start;
    struct hogql_node *n;
    if (whole) {
        n = big_number(p, text);
    } else {
        double v = strtod(arena_z(p->arena, text), NULL);
        n = hogql_float(p->arena, v);
    }
    parse_advance(p);
    return parse_done(p, n, start);
}

/* -------------------------------------------------------------------------- lists */

static struct hogql_node *list_before(struct parser *p, enum tok closing, bool order)
{
    struct hogql_node *list = hogql_list(p->arena, HOGQL_LIST);
    uint32_t start = p->cur.start;
    while (!parse_is(p, closing) && !(order && parse_at_two(p, KW_ORDER, KW_BY))) {
        struct hogql_node *item = parse_expr(p, LEVEL_LOOSEST);
        if (!item)
            return NULL;
        hogql_add(p->arena, list, item);
        if (!parse_accept(p, TOK_COMMA))
            break;
    }
    return parse_done(p, list, start);
}

struct hogql_node *parse_list(struct parser *p, enum tok closing)
{
    return list_before(p, closing, false);
}

struct hogql_node *parse_arguments(struct parser *p)
{
    return list_before(p, TOK_RPAREN, true);
}

bool parse_reserved_alias(struct parser *p, struct token t)
{
    static const char *const words[] = { "true", "false", "null", "team_id" };
    str text = parse_text(p, t);
    if (t.type != TOK_NAME)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (!str_eq_nocase(text, str_of(words[i])))
            continue;
        parse_refuse(p, t.start, "\"" STR_FMT "\" cannot be an alias or identifier, as it's a "
                                 "reserved keyword", STR_ARG(text));
        return true;
    }
    return false;
}

/* -------------------------------------------------------------------------- lambdas */

/* Names, separated by commas, one comma more allowed, from the byte `pos` on. Then the token behind:
 * not that of a list too long to be parameters. */
static struct token behind_names(struct parser *p, uint32_t pos, uint32_t *count)
{
    struct err ignored = ERR_INIT;
    struct token t = lex_next(p->src, pos, &ignored);
    while (parse_is_name(&t) && *count < CHAIN_MAX) {
        ++*count;
        t = lex_next(p->src, t.end, &ignored);
        if (t.type != TOK_COMMA)
            break;
        t = lex_next(p->src, t.end, &ignored);
    }
    return t;
}

/* At x -> or x, y -> or (x, y) -> */
static bool at_lambda(struct parser *p)
{
    struct err ignored = ERR_INIT;
    uint32_t count = 0;
    if (parse_is_name(&p->cur)) {
        enum tok next = parse_peek(p).type;
        return next == TOK_ARROW ||
               (next == TOK_COMMA && behind_names(p, p->cur.start, &count).type == TOK_ARROW);
    }
    if (!parse_is(p, TOK_LPAREN))
        return false;
    struct token t = behind_names(p, p->cur.end, &count);
    return t.type == TOK_RPAREN && lex_next(p->src, t.end, &ignored).type == TOK_ARROW;
}

/* A body in braces is an expression; as a block of statements it belongs to programs. */
static bool at_block(struct parser *p)
{
    static const enum kw words[] = { KW_LET, KW_RETURN, KW_THROW, KW_TRY, KW_WHILE, KW_FUN, KW_FN };
    if (!parse_is(p, TOK_LBRACE))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (parse_peek(p).kw == words[i])
            return true;
    return false;
}

/* The parameters up to `last`, and the body behind it. */
static struct hogql_node *lambda(struct parser *p, enum tok last, uint32_t start)
{
    struct hogql_node *l = hogql_new(p->arena, HOGQL_LAMBDA, 1);
    uint32_t n = 0;
    (void)behind_names(p, p->cur.start, &n);
    str *names = arena_alloc(p->arena, (n ? n : 1) * sizeof(*names));
    for (uint32_t i = 0; i < n; i++) {
        if (!parse_name(p, &names[i]))
            return NULL;
        parse_accept(p, TOK_COMMA);
    }
    if (last == TOK_RPAREN)
        parse_advance(p);
    if (!parse_expect(p, last == TOK_COLON ? TOK_COLON : TOK_ARROW, last == TOK_COLON ? ":" : "->"))
        return NULL;
    if (at_block(p))
        return parse_refuse(p, p->cur.start, "You can not use blocks in HogQL");
    l->names = names;
    l->names_n = n;
    l->kids[0] = p->depth == p->before_as ? parse_before_as(p) : parse_expr(p, LEVEL_LOOSEST);
    return l->kids[0] ? parse_done(p, l, start) : NULL;
}

/* lambda x, y: e */
static struct hogql_node *word_lambda(struct parser *p)
{
    uint32_t start = p->cur.start, count = 0;
    if (behind_names(p, p->cur.end, &count).type != TOK_COLON || !count)
        return parse_no_way(p);
    parse_advance(p);
    return lambda(p, TOK_COLON, start);
}

/* -------------------------------------------------------------------------- parentheses, stars */

/* expression AS name, … */
static struct hogql_node *replacements(struct parser *p)
{
    struct hogql_node *list = hogql_list(p->arena, HOGQL_LIST);
    uint32_t start = p->cur.start;
    do {
        if (list->n && parse_is(p, TOK_RPAREN))
            break;
        uint32_t at = p->cur.start;
        struct hogql_node *x = parse_before_as(p);
        struct hogql_node *alias = x ? hogql_alias(p->arena, x, STR_NULL) : NULL;
        if (!alias || !parse_expect_kw(p, KW_AS) || !parse_name(p, &alias->text) ||
            !(alias = parse_done(p, alias, at)))
            return NULL;
        hogql_add(p->arena, list, alias);
    } while (parse_accept(p, TOK_COMMA));
    return parse_done(p, list, start);
}

/* At "*": EXCLUDE, and REPLACE where it may stand. */
static struct hogql_node *star(struct parser *p, const str *names, uint32_t n, uint32_t start,
                               bool replace)
{
    struct hogql_node *s = hogql_new(p->arena, HOGQL_STAR, STAR_N);
    s->names = names;
    s->names_n = n;
    parse_advance(p);
    if (parse_is_kw(p, KW_EXCLUDE) && parse_peek(p).type == TOK_LPAREN) {
        struct hogql_node *list = hogql_list(p->arena, HOGQL_LIST);
        parse_advance(p);
        parse_advance(p);
        const str *fields;
        uint32_t fields_n;
        if (!parse_names(p, &fields, &fields_n))
            return NULL;
        for (uint32_t i = 0; i < fields_n; i++)
            hogql_add(p->arena, list, hogql_field_of(p->arena, &fields[i], 1));
        s->kids[STAR_EXCLUDE] = list;
    }
    if (replace && parse_is_kw(p, KW_REPLACE)) {
        parse_advance(p);
        if (!parse_expect(p, TOK_LPAREN, "("))
            return NULL;
        s->kids[STAR_REPLACE] = replacements(p);
        if (!s->kids[STAR_REPLACE] || !parse_expect(p, TOK_RPAREN, ")"))
            return NULL;
    }
    return parse_done(p, s, start);
}

static struct hogql_node *tuple_rest(struct parser *p, struct hogql_node *first, uint32_t start)
{
    struct hogql_node *t = hogql_list(p->arena, HOGQL_TUPLE);
    hogql_add(p->arena, t, first);
    while (parse_accept(p, TOK_COMMA) && !parse_is(p, TOK_RPAREN)) {
        struct hogql_node *item = parse_expr(p, LEVEL_LOOSEST);
        if (!item)
            return NULL;
        hogql_add(p->arena, t, item);
    }
    return parse_expect(p, TOK_RPAREN, ")") ? parse_done(p, t, start) : NULL;
}

/* The rules below stand behind the opening parenthesis and read the closing one. */

static struct hogql_node *closed(struct parser *p, struct hogql_node *n)
{
    return n && parse_expect(p, TOK_RPAREN, ")") ? n : NULL;
}

static struct hogql_node *subquery(struct parser *p)
{
    return closed(p, parse_statement(p));
}

static struct hogql_node *replaced_star(struct parser *p)
{
    uint32_t start = p->cur.start;
    return closed(p, star(p, NULL, 0, start, true));
}

static bool at_query_rest(struct parser *p)
{
    return parse_at_set(p) || parse_is_kw(p, KW_LIMIT) || parse_is_kw(p, KW_OFFSET) ||
           parse_at_two(p, KW_ORDER, KW_BY);
}

/* An expression, a tuple, or a query that begins with more parentheses or with a placeholder. */
static struct hogql_node *expression(struct parser *p)
{
    uint32_t start = p->last - 1;
    struct hogql_node *n = parse_expr(p, LEVEL_LOOSEST);
    if (n && (n->kind == HOGQL_SELECT || n->kind == HOGQL_SET ||
              (n->kind == HOGQL_PLACEHOLDER && at_query_rest(p))))
        n = parse_set_rest(p, n, true, start);
    if (!n || !parse_is(p, TOK_COMMA))
        return closed(p, n);
    return tuple_rest(p, n, start);
}

static struct hogql_node *parenthesised(struct parser *p)
{
    parse_advance(p);
    if (parse_may_start_query(p))
        return parse_either(p, subquery, expression);
    if (parse_is(p, TOK_STAR))
        return parse_either(p, replaced_star, expression);
    return expression(p);
}

static struct hogql_node *array(struct parser *p, uint32_t start)
{
    parse_advance(p);
    struct hogql_node *n = parse_list(p, TOK_RBRACKET);
    if (!n || !parse_expect(p, TOK_RBRACKET, "]"))
        return NULL;
    n->kind = HOGQL_ARRAY;
    return parse_done(p, n, start);
}

struct hogql_node *parse_braces(struct parser *p)
{
    uint32_t start = p->cur.start;
    struct hogql_node *n = hogql_list(p->arena, HOGQL_DICT);
    parse_advance(p);
    while (!parse_is(p, TOK_RBRACE)) {
        struct hogql_node *key = parse_expr(p, LEVEL_LOOSEST);
        if (!key)
            return NULL;
        if (!n->n && parse_is(p, TOK_RBRACE)) {
            n = hogql_list(p->arena, HOGQL_PLACEHOLDER);
            hogql_add(p->arena, n, key);
            break;
        }
        if (!parse_expect(p, TOK_COLON, ":"))
            return NULL;
        struct hogql_node *value = parse_expr(p, LEVEL_LOOSEST);
        if (!value)
            return NULL;
        hogql_add(p->arena, n, key);
        hogql_add(p->arena, n, value);
        if (!parse_accept(p, TOK_COMMA))
            break;
    }
    return parse_expect(p, TOK_RBRACE, "}") ? parse_done(p, n, start) : NULL;
}

/* -------------------------------------------------------------------------- names */

static struct hogql_node *columns(struct parser *p)
{
    struct hogql_node *n;
    uint32_t start = p->cur.start;
    parse_advance(p);
    parse_advance(p);
    if (parse_is(p, TOK_STRING) && parse_peek(p).type == TOK_RPAREN) {
        n = hogql_list(p->arena, HOGQL_COLUMNS);
        if (!lex_unquote(p->arena, parse_text(p, p->cur), &n->text))
            return parse_no_way(p);
        parse_advance(p);
    } else {
        n = parse_list(p, TOK_RPAREN);
        if (!n || !n->n)
            return n ? parse_no_way(p) : NULL;
        n->kind = HOGQL_COLUMNS;
    }
    return parse_expect(p, TOK_RPAREN, ")") ? parse_done(p, n, start) : NULL;
}

static struct hogql_node *literal(struct parser *p, struct hogql_node *n)
{
    uint32_t start = p->cur.start;
    parse_advance(p);
    return parse_done(p, n, start);
}

static struct hogql_node *word_array(struct parser *p)
{
    uint32_t start = p->cur.start;
    parse_advance(p);
    return array(p, start);
}

/* A field, a call, or a star with a qualifier. */
static struct hogql_node *plain_name(struct parser *p)
{
    uint32_t start = p->cur.start;
    str chain[CHAIN_MAX];
    uint32_t n = 0;
    if (!parse_name(p, &chain[n++]))
        return NULL;
    if (parse_is(p, TOK_LPAREN))
        return parse_call(p, chain[0], start);
    while (parse_is(p, TOK_DOT)) {
        struct token next = parse_peek(p);
        if (!parse_is_name(&next) && next.type != TOK_STAR)
            break;
        parse_advance(p);
        if (parse_is(p, TOK_STAR))
            break;
        if (n == CHAIN_MAX)
            return parse_refuse(p, start, "The query is nested too deeply: at most %d names in a "
                                          "chain", CHAIN_MAX);
        if (!parse_name(p, &chain[n++]))
            return NULL;
    }
    str *names = arena_alloc(p->arena, n * sizeof(*names));
    memcpy(names, chain, n * sizeof(*names));
    if (parse_is(p, TOK_STAR) && p->src.p[p->last - 1] == '.')
        return star(p, names, n, start, false);
    return parse_done(p, hogql_field_of(p->arena, names, n), start);
}

/* What the word at hand begins, besides being a name; NULL: nothing. */
static parse_rule *keyword_form(struct parser *p)
{
    bool call = parse_peek(p).type == TOK_LPAREN;
    switch (p->cur.kw) {
    case KW_CASE:
        return parse_case;
    case KW_INTERVAL:
        return parse_interval;
    case KW_LAMBDA:
        return word_lambda;
    case KW_CAST: case KW_TRY_CAST:
        return call ? parse_cast : NULL;
    case KW_TRIM:
        return call ? parse_trim : NULL;
    case KW_COLUMNS:
        return call ? columns : NULL;
    case KW_ARRAY:
        return parse_peek(p).type == TOK_LBRACKET ? word_array : NULL;
    default:
        return NULL;
    }
}

/* true and false, unless more of a name follows. */
static bool at_bool(struct parser *p, bool *yes)
{
    struct err ignored = ERR_INIT;
    str text = parse_text(p, p->cur);
    *yes = str_eq_nocase(text, STR("true"));
    if (!parse_is(p, TOK_NAME) || (!*yes && !str_eq_nocase(text, STR("false"))))
        return false;
    struct token next = parse_peek(p);
    if (next.type != TOK_DOT)
        return next.type != TOK_LPAREN;
    struct token after = lex_next(p->src, next.end, &ignored);
    return !parse_is_name(&after) && after.type != TOK_STAR;
}

static struct hogql_node *name(struct parser *p)
{
    bool yes;
    if (at_bool(p, &yes))
        return literal(p, hogql_bool(p->arena, yes));
    switch (p->cur.kw) {
    case KW_NULL:
        return literal(p, hogql_null(p->arena));
    case KW_INF: case KW_INFINITY: case KW_NAN:
        return parse_number(p);
    case KW_DATE: case KW_TIMESTAMP:
        if (parse_peek(p).type == TOK_STRING)
            return parse_refuse(p, p->cur.start, "Unsupported rule: ColumnExpr%s",
                                p->cur.kw == KW_DATE ? "Date" : "Timestamp");
        break;
    default:
        break;
    }
    parse_rule *form = keyword_form(p);
    return form ? parse_either(p, form, plain_name) : plain_name(p);
}

bool parse_at_tag(const struct parser *p, struct token t)
{
    return t.type == TOK_LT && t.end < p->src.n && lex_is_name(p->src.p[t.end]) &&
           !(p->src.p[t.end] >= '0' && p->src.p[t.end] <= '9');
}

/* At "*": is it that of *COLUMNS(…)? Without the bracket COLUMNS is a name like any other. */
static bool spreads_columns(struct parser *p)
{
    struct err ignored = ERR_INIT;
    struct token next = parse_peek(p);
    return next.kw == KW_COLUMNS && lex_next(p->src, next.end, &ignored).type == TOK_LPAREN;
}

struct hogql_node *parse_primary(struct parser *p)
{
    struct hogql_node *n;
    uint32_t start = p->cur.start;
    if (at_lambda(p)) {
        bool names = parse_accept(p, TOK_LPAREN);
        return lambda(p, names ? TOK_RPAREN : TOK_ARROW, start);
    }
    switch (p->cur.type) {
    case TOK_NUMBER:
        return parse_number(p);
    case TOK_STRING:
        n = hogql_string(p->arena, STR(""));
        if (!lex_unquote(p->arena, parse_text(p, p->cur), &n->text))
            return parse_no_way(p);
        return literal(p, n);
    case TOK_NAME: case TOK_QUOTED:
        return name(p);
    case TOK_LPAREN:
        return parenthesised(p);
    case TOK_LBRACKET:
        return array(p, start);
    case TOK_LBRACE:
        return parse_braces(p);
    case TOK_TEMPLATE:
        return parse_template(p);
    case TOK_STAR:
        if (spreads_columns(p)) {
            n = hogql_new(p->arena, HOGQL_SPREAD, 1);
            parse_advance(p);
            n->kids[0] = parse_primary(p);
            return n->kids[0] ? parse_done(p, n, start) : NULL;
        }
        return star(p, NULL, 0, start, false);
    case TOK_POSITION:
        n = hogql_list(p->arena, HOGQL_POSITION);
        if (!str_to_i64(str_slice(p->src, start + 1, p->cur.end), &n->integer))
            return parse_no_way(p);
        return literal(p, n);
    case TOK_LT:
        return parse_at_tag(p, p->cur) ? parse_tag(p) : parse_no_way(p);
    default:
        return parse_no_way(p);
    }
}
