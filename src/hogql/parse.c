/* parse.c - the doors of the parser, its tokens, and the texts of its errors. */
#include "hogql/parse.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"

#define QUOTE_MAX 300 /* bytes of the statement that an error quotes */

/* -------------------------------------------------------------------------- tokens */

void parse_advance(struct parser *p)
{
    p->last = p->cur.end;
    if (p->have_ahead) {
        p->cur = p->ahead;
        p->have_ahead = false;
        return;
    }
    p->cur = lex_next(p->src, p->cur.end, p->e);
}

struct token parse_peek(struct parser *p)
{
    if (!p->have_ahead) {
        struct err keep = ERR_INIT; /* reported when the token becomes the current one */
        p->ahead = lex_next(p->src, p->cur.end, &keep);
        if (p->ahead.type == TOK_BAD)
            return p->ahead; /* not kept: reading it again fills p->e */
        p->have_ahead = true;
    }
    return p->ahead;
}

void parse_seek(struct parser *p, uint32_t pos)
{
    p->have_ahead = false;
    p->last = pos;
    p->cur = lex_next(p->src, pos, p->e);
}

bool parse_accept(struct parser *p, enum tok t)
{
    if (p->cur.type != t)
        return false;
    parse_advance(p);
    return true;
}

bool parse_accept_kw(struct parser *p, enum kw kw)
{
    if (p->cur.kw != kw)
        return false;
    parse_advance(p);
    return true;
}

bool parse_expect(struct parser *p, enum tok t, const char *what)
{
    if (parse_accept(p, t))
        return true;
    parse_mismatch(p, what);
    return false;
}

bool parse_expect_kw(struct parser *p, enum kw kw)
{
    if (parse_accept_kw(p, kw))
        return true;
    parse_mismatch(p, lex_kw_name(kw));
    return false;
}

str parse_text(const struct parser *p, struct token t)
{
    return str_slice(p->src, t.start, t.end);
}

/* -------------------------------------------------------------------------- errors */

static struct hogql_node *fail(struct parser *p, uint32_t pos, const char *fmt, va_list ap)
{
    char message[sizeof(p->e->message)];
    vsnprintf(message, sizeof(message), fmt, ap);
    err_set(p->e, ERR_INVALID, NULL, "%s", message);
    p->e->pos = (int)pos;
    return NULL;
}

struct hogql_node *parse_fail(struct parser *p, uint32_t pos, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fail(p, pos, fmt, ap);
    va_end(ap);
    return NULL;
}

struct hogql_node *parse_refuse(struct parser *p, uint32_t pos, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fail(p, pos, fmt, ap);
    va_end(ap);
    p->final = true;
    return NULL;
}

/* The statement up to and with the current token; only its end when that is long. */
struct hogql_node *parse_no_way(struct parser *p)
{
    if (parse_is(p, TOK_BAD))
        return NULL; /* the lexer has said why */
    uint32_t from = p->statement, to = p->cur.end;
    if (to - from > QUOTE_MAX)
        from = p->cur.start < to ? p->cur.start : to;
    if (to - from > QUOTE_MAX)
        to = from + QUOTE_MAX;
    str text = str_slice(p->src, from, to);
    return parse_fail(p, p->cur.start, "no viable alternative at input '" STR_FMT "'",
                      STR_ARG(text));
}

struct hogql_node *parse_mismatch(struct parser *p, const char *expected)
{
    if (parse_is(p, TOK_BAD))
        return NULL;
    static const char names[][8] = { "EOF", "SELECT", "WITH" };
    bool symbol = true;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        symbol = symbol && strcmp(expected, names[i]) != 0;
    const char *quote = symbol && !(expected[0] >= 'A' && expected[0] <= 'Z') &&
                                expected[0] != '{' && expected[0] != '<' ? "'" : "";
    str text = parse_text(p, p->cur);
    if (parse_is(p, TOK_END))
        text = STR("<EOF>");
    if (text.n > QUOTE_MAX)
        text.n = QUOTE_MAX;
    return parse_fail(p, p->cur.start, "mismatched input '" STR_FMT "' expecting %s%s%s",
                      STR_ARG(text), quote, expected, quote);
}

/* -------------------------------------------------------------------------- names and nodes */

bool parse_name(struct parser *p, str *out)
{
    if (parse_is(p, TOK_NAME) && parse_is_name(&p->cur)) {
        *out = parse_text(p, p->cur);
    } else if (parse_is(p, TOK_QUOTED)) {
        if (!lex_unquote(p->arena, parse_text(p, p->cur), out)) {
            parse_no_way(p);
            return false;
        }
    } else {
        parse_no_way(p);
        return false;
    }
    parse_advance(p);
    return true;
}

bool parse_names(struct parser *p, const str **out, uint32_t *n)
{
    uint32_t room = 4, used = 0;
    str *names = arena_alloc(p->arena, room * sizeof(*names));
    do {
        if (used && parse_is(p, TOK_RPAREN))
            break; /* one comma more */
        if (used == room) {
            str *more = arena_alloc(p->arena, room * 2 * sizeof(*names));
            memcpy(more, names, room * sizeof(*names));
            names = more;
            room *= 2;
        }
        if (!parse_name(p, &names[used++]))
            return false;
    } while (parse_accept(p, TOK_COMMA));
    *out = names;
    *n = used;
    return parse_expect(p, TOK_RPAREN, ")");
}

static struct hogql_node *too_deep(struct parser *p, uint32_t pos)
{
    return parse_refuse(p, pos, "The query is nested too deeply: at most %d levels",
                        LIMIT_HOGQL_DEPTH);
}

struct hogql_node *parse_done(struct parser *p, struct hogql_node *n, uint32_t start)
{
    n->start = start;
    n->end = p->last;
    for (uint32_t i = 0; i < n->n; i++)
        if (n->kids[i] && n->kids[i]->height >= n->height)
            n->height = n->kids[i]->height + 1;
    return n->height > p->depth_max ? too_deep(p, start) : n;
}

struct hogql_node *parse_either(struct parser *p, parse_rule *form, parse_rule *otherwise)
{
    struct parser before = *p;
    struct hogql_node *n = form(p);
    uint32_t again = p->again + (p->cur.end - before.cur.start);
    if (n || p->final || again > LIMIT_HOGQL_RETRY)
        return n;
    if (p->e->pos > p->far->pos)
        *p->far = *p->e;
    *p = before;
    *p->e = ERR_INIT;
    p->again = again;
    return otherwise(p);
}

bool parse_enter(struct parser *p)
{
    if (++p->depth <= (int)p->depth_max)
        return true;
    too_deep(p, p->cur.start);
    return false;
}

bool parse_may_start_query(struct parser *p)
{
    return parse_is_kw(p, KW_SELECT) || parse_is_kw(p, KW_WITH);
}

/* -------------------------------------------------------------------------- placeholders */

static const struct hogql_node *value_of(const struct hogql_node *n,
                                         const struct hogql_placeholder *ph)
{
    const struct hogql_node *f = n->kids[0];
    if (f->kind != HOGQL_FIELD)
        return NULL;
    for (; ph->name; ph++) {
        str rest = str_of(ph->name);
        uint32_t i = 0;
        while (rest.p && i < f->names_n && str_eq(str_split(&rest, '.'), f->names[i]))
            i++;
        if (!rest.p && i == f->names_n)
            return ph->value;
    }
    return NULL;
}

static void splice(struct arena *a, struct hogql_node *list, uint32_t at,
                   const struct hogql_node *value)
{
    struct hogql_node *all = hogql_list(a, HOGQL_LIST);
    for (uint32_t i = 0; i < list->n; i++) {
        if (i != at) {
            hogql_add(a, all, list->kids[i]);
            continue;
        }
        for (uint32_t k = 0; k < value->n; k++)
            hogql_add(a, all, hogql_copy(a, value->kids[k]));
    }
    list->kids = all->kids;
    list->n = all->n;
    list->room = all->room;
}

void hogql_replace(struct arena *a, struct hogql_node **tree, const struct hogql_placeholder *ph)
{
    struct hogql_node *n = *tree;
    if (!n)
        return;
    if (n->kind == HOGQL_PLACEHOLDER) {
        const struct hogql_node *value = value_of(n, ph);
        if (value)
            *tree = hogql_copy(a, value);
        return;
    }
    bool list = n->kind == HOGQL_LIST || n->kind == HOGQL_TUPLE || n->kind == HOGQL_ARRAY ||
                n->kind == HOGQL_GROUP || n->kind == HOGQL_AND || n->kind == HOGQL_OR;
    for (uint32_t i = 0; i < n->n; i++) {
        bool was = n->kids[i] && n->kids[i]->kind == HOGQL_PLACEHOLDER;
        hogql_replace(a, &n->kids[i], ph);
        if (!was || !list || n->kids[i]->kind != HOGQL_LIST)
            continue;
        uint32_t members = n->kids[i]->n;
        splice(a, n, i, n->kids[i]);
        i += members; /* may wrap to i - 1 for an empty list, and on */
        i--;
    }
}

/* -------------------------------------------------------------------------- doors */

static struct hogql_node *one_order(struct parser *p)
{
    struct hogql_node *list = parse_order_list(p);
    return list && list->n != 1 ? parse_mismatch(p, "<EOF>") : list ? list->kids[0] : NULL;
}

static struct hogql_node *any_expr(struct parser *p)
{
    return parse_expr(p, LEVEL_LOOSEST);
}

static struct hogql_node *statement_and_end(struct parser *p)
{
    struct hogql_node *n = parse_is(p, TOK_LT) ? parse_tag(p) : parse_statement(p);
    if (n)
        parse_accept(p, TOK_SEMICOLON);
    return n;
}

/* All of text by `rule`, nothing may follow. */
static int whole(struct parser *p, struct hogql_node *(*rule)(struct parser *p),
                 struct hogql_node **out)
{
    p->cur = lex_next(p->src, 0, p->e);
    p->statement = p->cur.start;
    struct hogql_node *n = rule(p);
    if (n && !parse_is(p, TOK_END))
        n = parse_mismatch(p, "<EOF>");
    if (!n)
        return p->e->kind ? (int)p->e->kind : err_internal(p->e, "parser without an error");
    *out = n;
    return 0;
}

/* Printed and read again, a tree is the same. Checked in builds that can afford it. */
static void check(struct hogql_node *(*rule)(struct parser *p), const struct hogql_node *tree)
{
#ifndef NDEBUG
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct err e = ERR_INIT;
    struct hogql_node *again = NULL;
    str text = hogql_to_text(a, tree);
    /* A query that is an expression stands in brackets, which are not part of the tree. */
    bool query = tree->kind == HOGQL_SELECT || tree->kind == HOGQL_SET;
    if (query && rule != statement_and_end) {
        char *wrapped = arena_alloc(a, text.n + 2); /* a name in it may hold a NUL */
        wrapped[0] = '(';
        memcpy(wrapped + 1, text.p, text.n);
        wrapped[text.n + 1] = ')';
        text = (str){ wrapped, text.n + 2 };
    }
    struct err far = ERR_INIT;
    struct parser p = { .arena = a, .src = text, .e = &e, .far = &far,
                        .depth_max = 8 * LIMIT_HOGQL_DEPTH };
    BUG_ON(whole(&p, rule, &again) < 0 || !hogql_same(tree, again));
#else
    (void)rule, (void)tree;
#endif
}

static int parse(struct arena *a, str text, struct hogql_node *(*rule)(struct parser *p),
                 const struct hogql_placeholder *ph, struct hogql_node **out, struct err *e)
{
    struct err far = ERR_INIT;
    struct parser p = { .arena = a, .src = text, .e = e, .far = &far,
                        .depth_max = LIMIT_HOGQL_DEPTH };
    *e = ERR_INIT;
    if (text.n > LIMIT_HOGQL_TEXT)
        return err_set(e, ERR_INVALID, NULL, "The query is too long: at most %u bytes",
                       LIMIT_HOGQL_TEXT);
    if (!str_utf8_valid(text))
        return err_set(e, ERR_INVALID, NULL, "The query is not valid UTF-8");
    bool template = rule == parse_whole_template;
    if (rule != statement_and_end && !template && lex_next(text, 0, e).type == TOK_END)
        return err_set(e, ERR_INVALID, NULL, "Empty query");
    int rc = whole(&p, rule, out);
    if (rc < 0 && far.pos >= e->pos && !p.final)
        *e = far;
    if (rc < 0)
        return rc;
    check(template ? any_expr : rule, *out);
    if (ph)
        hogql_replace(a, out, ph);
    return 0;
}

int hogql_parse_select(struct arena *a, str text, const struct hogql_placeholder *ph,
                       struct hogql_node **out, struct err *e)
{
    return parse(a, text, statement_and_end, ph, out, e);
}

int hogql_parse_expr(struct arena *a, str text, const struct hogql_placeholder *ph,
                     struct hogql_node **out, struct err *e)
{
    return parse(a, text, any_expr, ph, out, e);
}

int hogql_parse_order(struct arena *a, str text, const struct hogql_placeholder *ph,
                      struct hogql_node **out, struct err *e)
{
    return parse(a, text, one_order, ph, out, e);
}

int hogql_parse_template(struct arena *a, str text, struct hogql_node **out, struct err *e)
{
    return parse(a, text, parse_whole_template, NULL, out, e);
}

uint32_t hogql_token_end(str text, uint32_t pos)
{
    struct err ignored = ERR_INIT;
    struct token t = lex_next(text, pos, &ignored);
    if (t.type == TOK_BAD) /* one character */
        t.end = t.start + (uint32_t)str_utf8_prefix(str_slice(text, t.start, text.n), 1).n;
    return t.end;
}
