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

struct hogql_node *parse_list(struct parser *p, enum tok closing)
{
    struct hogql_node *list = hogql_list(p->arena, HOGQL_LIST);
    uint32_t start = p->cur.start;
    while (!parse_is(p, closing)) {
        struct hogql_node *item = parse_aliased(p);
        if (!item)
            return NULL;
        hogql_add(p->arena, list, item);
        if (!parse_accept(p, TOK_COMMA))
            break;
    }
    return parse_done(p, list, start);
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
        parse_fail(p, t.start, "\"" STR_FMT "\" cannot be an alias or identifier, as it's a "
                               "reserved keyword", STR_ARG(text));
        return true;
    }
    return false;
}

struct hogql_node *parse_aliased(struct parser *p)
{
    uint32_t start = p->cur.start;
    if ((parse_is(p, TOK_NAME) || parse_is(p, TOK_QUOTED)) &&
        parse_peek(p).type == TOK_ASSIGN) {
        struct hogql_node *named = hogql_new(p->arena, HOGQL_NAMED, 1);
        if (!parse_name(p, &named->text))
            return NULL;
        parse_advance(p);
        named->kids[0] = parse_expr(p, LEVEL_LOOSEST);
        return named->kids[0] ? parse_done(p, named, start) : NULL;
    }
    struct hogql_node *n = parse_expr(p, LEVEL_LOOSEST);
    while (n && parse_is_kw(p, KW_AS)) {
        struct hogql_node *alias = hogql_alias(p->arena, n, STR_NULL);
        parse_advance(p);
        if (parse_is_kw(p, KW_NULL))
            return parse_no_way(p);
        if (parse_reserved_alias(p, p->cur))
            return NULL;
        if (parse_is(p, TOK_STRING)) {
            if (!lex_unquote(p->arena, parse_text(p, p->cur), &alias->text))
                return parse_no_way(p);
            parse_advance(p);
        } else if (!parse_name(p, &alias->text)) {
            return NULL;
        }
        n = parse_done(p, alias, start);
    }
    return n;
}

/* -------------------------------------------------------------------------- parentheses, stars */

static struct hogql_node *lambda(struct parser *p, struct hogql_node *params, uint32_t start)
{
    uint32_t n = params->kind == HOGQL_FIELD ? 1 : params->n;
    if (params->kind != HOGQL_FIELD && params->kind != HOGQL_TUPLE)
        return parse_no_way(p);
    str *names = arena_alloc(p->arena, (n ? n : 1) * sizeof(*names));
    for (uint32_t i = 0; i < n; i++) {
        struct hogql_node *f = params->kind == HOGQL_FIELD ? params : params->kids[i];
        if (f->kind != HOGQL_FIELD || f->names_n != 1)
            return parse_no_way(p);
        names[i] = f->names[0];
    }
    struct hogql_node *l = hogql_new(p->arena, HOGQL_LAMBDA, 1);
    l->names = names;
    l->names_n = n;
    l->kids[0] = parse_expr(p, LEVEL_LOOSEST);
    return l->kids[0] ? parse_done(p, l, start) : NULL;
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
        s->kids[STAR_REPLACE] = parse_list(p, TOK_RPAREN);
        if (!s->kids[STAR_REPLACE] || !parse_expect(p, TOK_RPAREN, ")"))
            return NULL;
        for (uint32_t i = 0; i < s->kids[STAR_REPLACE]->n; i++)
            if (s->kids[STAR_REPLACE]->kids[i]->kind != HOGQL_ALIAS)
                return parse_no_way(p);
    }
    return parse_done(p, s, start);
}

/* May the current word begin a query here, or is it a field? */
static bool begins_query(struct parser *p)
{
    if (!parse_may_start_query(p))
        return false;
    enum tok next = parse_peek(p).type;
    return next != TOK_RPAREN && next != TOK_COMMA && next != TOK_DOT && next != TOK_END &&
           next != TOK_ARROW;
}

static struct hogql_node *tuple_rest(struct parser *p, struct hogql_node *first, uint32_t start)
{
    struct hogql_node *t = hogql_list(p->arena, HOGQL_TUPLE);
    hogql_add(p->arena, t, first);
    while (parse_accept(p, TOK_COMMA) && !parse_is(p, TOK_RPAREN)) {
        struct hogql_node *item = parse_aliased(p);
        if (!item)
            return NULL;
        hogql_add(p->arena, t, item);
    }
    return parse_expect(p, TOK_RPAREN, ")") ? parse_done(p, t, start) : NULL;
}

/* ( … ): a subquery, a star, a tuple, the parameters of a lambda, or an expression. */
static struct hogql_node *parenthesised(struct parser *p)
{
    uint32_t start = p->cur.start;
    struct hogql_node *n;
    parse_advance(p);
    if (begins_query(p)) {
        n = parse_statement(p);
        return n && parse_expect(p, TOK_RPAREN, ")") ? n : NULL;
    }
    if (parse_is(p, TOK_STAR)) {
        struct parser before = *p;
        n = star(p, NULL, 0, start, true);
        if (!n || parse_accept(p, TOK_RPAREN))
            return n ? parse_done(p, n, start) : NULL;
        *p = before; /* it is the first operand of an expression */
    }
    if (parse_is(p, TOK_RPAREN)) {
        parse_advance(p);
        if (!parse_is(p, TOK_ARROW))
            return parse_no_way(p);
        n = hogql_list(p->arena, HOGQL_TUPLE);
    } else {
        n = parse_aliased(p);
        if (n && (n->kind == HOGQL_SELECT || n->kind == HOGQL_SET))
            n = parse_set_rest(p, n, true, start);
        if (!n)
            return NULL;
        if (parse_is(p, TOK_COMMA))
            n = tuple_rest(p, n, start);
        else if (!parse_expect(p, TOK_RPAREN, ")"))
            return NULL;
        if (!n)
            return NULL;
    }
    if (parse_is(p, TOK_ARROW)) {
        parse_advance(p);
        return lambda(p, n, start);
    }
    return n;
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

/* { … }: a placeholder, or a dict. */
static struct hogql_node *braces(struct parser *p)
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

/* lambda x, y: e */
static struct hogql_node *word_lambda(struct parser *p)
{
    uint32_t start = p->cur.start;
    struct hogql_node *params = hogql_list(p->arena, HOGQL_TUPLE);
    parse_advance(p);
    while (!parse_is(p, TOK_COLON)) {
        str *name = arena_new_of(p->arena, str);
        if (!parse_name(p, name))
            return NULL;
        hogql_add(p->arena, params, hogql_field_of(p->arena, name, 1));
        if (!parse_accept(p, TOK_COMMA))
            break;
    }
    return parse_expect(p, TOK_COLON, ":") ? lambda(p, params, start) : NULL;
}

static struct hogql_node *literal(struct parser *p, struct hogql_node *n)
{
    uint32_t start = p->cur.start;
    parse_advance(p);
    return parse_done(p, n, start);
}

bool parse_begins_value(struct token t)
{
    switch (t.type) {
    case TOK_STRING: case TOK_NUMBER: case TOK_QUOTED: case TOK_LPAREN: case TOK_LBRACE:
    case TOK_TEMPLATE:
        return true;
    case TOK_NAME:
        return t.kw == KW_NONE || t.kw == KW_CASE || t.kw == KW_NULL || t.kw == KW_CAST ||
               t.kw == KW_WHEN || t.kw == KW_IF || t.kw == KW_NOT;
    default:
        return false;
    }
}

/* The forms that begin with a keyword. *is: it was one of them. */
static struct hogql_node *keyword_form(struct parser *p, bool *is)
{
    struct token next = parse_peek(p);
    bool call = next.type == TOK_LPAREN;
    *is = true;
    switch (p->cur.kw) {
    case KW_NULL:
        return literal(p, hogql_null(p->arena));
    case KW_INF: case KW_INFINITY: case KW_NAN:
        if (!call && next.type != TOK_DOT)
            return parse_number(p);
        break;
    case KW_CASE:
        if (parse_begins_value(next))
            return parse_case(p);
        break;
    case KW_CAST: case KW_TRY_CAST:
        if (call)
            return parse_cast(p);
        break;
    case KW_INTERVAL:
        if (parse_begins_value(next) || next.type == TOK_DASH)
            return parse_interval(p);
        break;
    case KW_TRIM:
        if (call)
            return parse_trim(p);
        break;
    case KW_DATE: case KW_TIMESTAMP:
        if (next.type == TOK_STRING)
            return parse_fail(p, p->cur.start, "Unsupported rule: ColumnExpr%s",
                              p->cur.kw == KW_DATE ? "Date" : "Timestamp");
        break;
    case KW_ARRAY:
        if (next.type == TOK_LBRACKET) {
            uint32_t start = p->cur.start;
            parse_advance(p);
            return array(p, start);
        }
        break;
    case KW_COLUMNS:
        if (call)
            return columns(p);
        break;
    case KW_LAMBDA:
        if (next.type == TOK_NAME || next.type == TOK_COLON)
            return word_lambda(p);
        break;
    default:
        break;
    }
    *is = false;
    return NULL;
}

static struct hogql_node *name(struct parser *p)
{
    uint32_t start = p->cur.start;
    bool plain = parse_is(p, TOK_NAME), is = false;
    if (plain) {
        struct hogql_node *n = keyword_form(p, &is);
        if (is)
            return n;
        str text = parse_text(p, p->cur);
        enum tok next = parse_peek(p).type;
        bool yes = str_eq_nocase(text, STR("true"));
        if ((yes || str_eq_nocase(text, STR("false"))) && next != TOK_DOT && next != TOK_LPAREN)
            return literal(p, hogql_bool(p->arena, yes));
    }
    str chain[CHAIN_MAX];
    uint32_t n = 0;
    if (!parse_name(p, &chain[n++]))
        return NULL;
    if (parse_is(p, TOK_LPAREN))
        return parse_call(p, chain[0], start);
    while (parse_is(p, TOK_DOT)) {
        enum tok next = parse_peek(p).type;
        if (next != TOK_NAME && next != TOK_QUOTED && next != TOK_STAR)
            break;
        parse_advance(p);
        if (parse_is(p, TOK_STAR))
            break;
        if (n == CHAIN_MAX)
            return parse_fail(p, start, "The query is nested too deeply: at most %d names in a "
                                        "chain", CHAIN_MAX);
        if (!parse_name(p, &chain[n++]))
            return NULL;
    }
    str *names = arena_alloc(p->arena, n * sizeof(*names));
    memcpy(names, chain, n * sizeof(*names));
    if (parse_is(p, TOK_STAR) && p->src.p[p->last - 1] == '.')
        return star(p, names, n, start, false);
    struct hogql_node *f = parse_done(p, hogql_field_of(p->arena, names, n), start);
    if (n == 1 && parse_is(p, TOK_ARROW)) {
        parse_advance(p);
        return lambda(p, f, start);
    }
    return f;
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
        return braces(p);
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
        if (p->cur.end < p->src.n && (unsigned)((p->src.p[p->cur.end] | 32) - 'a') < 26)
            return parse_tag(p);
        return parse_no_way(p);
    default:
        return parse_no_way(p);
    }
}
