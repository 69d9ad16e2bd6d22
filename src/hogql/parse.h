/* parse.h - what the parser's files share. Other folders use hogql.h.
 *
 * By recursive descent, with operator precedence for expressions. Every function returns a node, or
 * NULL with p->e filled. The depth of the descent and the height of the tree are bounded, so that
 * whatever walks the tree may recurse. */
#pragma once

#include "hogql/hogql.h"
#include "hogql/lex.h"

struct parser {
    struct arena *arena;
    str src;
    struct token cur, ahead;
    bool have_ahead;
    int depth;          /* of the descent */
    uint32_t depth_max; /* of the descent, and of the tree */
    uint32_t last;      /* end of the token before cur */
    uint32_t statement; /* where the statement begins: messages quote from there */
    struct err *e;
};

/* How tightly operators bind; a level takes all that binds tighter. */
enum level {
    LEVEL_LOOSEST, LEVEL_TERNARY, LEVEL_OR, LEVEL_AND, LEVEL_NOT, LEVEL_BETWEEN, LEVEL_NULLISH,
    LEVEL_DISTINCT, LEVEL_COMPARE, LEVEL_ADD, LEVEL_MULTIPLY, LEVEL_UNARY,
};

/* parse.c: tokens */
void parse_advance(struct parser *p);
struct token parse_peek(struct parser *p);
/* Goes on at a byte offset: after a piece that was not read as tokens. */
void parse_seek(struct parser *p, uint32_t pos);
static inline bool parse_is(const struct parser *p, enum tok t)
{
    return p->cur.type == t;
}
static inline bool parse_is_kw(const struct parser *p, enum kw kw)
{
    return p->cur.kw == kw;
}
bool parse_accept(struct parser *p, enum tok t);
bool parse_accept_kw(struct parser *p, enum kw kw);
/* False with an error when it is something else. */
bool parse_expect(struct parser *p, enum tok t, const char *what);
bool parse_expect_kw(struct parser *p, enum kw kw);
str parse_text(const struct parser *p, struct token t);
/* Errors; always NULL. At the current token: "no viable alternative", "mismatched input". */
struct hogql_node *parse_fail(struct parser *p, uint32_t pos, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
struct hogql_node *parse_no_way(struct parser *p);
struct hogql_node *parse_mismatch(struct parser *p, const char *expected);
/* A plain or quoted name, any keyword among them. */
bool parse_name(struct parser *p, str *out);
/* names "," … with an opening parenthesis consumed; up to and with the closing one. */
bool parse_names(struct parser *p, const str **out, uint32_t *n);
/* Ends a node: its source, its height against the limit. */
struct hogql_node *parse_done(struct parser *p, struct hogql_node *n, uint32_t start);
bool parse_enter(struct parser *p);
static inline void parse_leave(struct parser *p)
{
    p->depth--;
}
bool parse_may_start_query(struct parser *p);

/* parse_expr.c */
struct hogql_node *parse_expr(struct parser *p, enum level level);

/* parse_value.c */
struct hogql_node *parse_primary(struct parser *p);
/* With "AS alias" behind it. */
struct hogql_node *parse_aliased(struct parser *p);
/* "," separated, one comma more allowed, up to the closing token. */
struct hogql_node *parse_list(struct parser *p, enum tok closing);
/* Is the token a word that no alias may be? Then the error is set. */
bool parse_reserved_alias(struct parser *p, struct token t);
/* Does the token begin what a value may not be followed by? Then a keyword before it is syntax. */
bool parse_begins_value(struct token t);
struct hogql_node *parse_number(struct parser *p);

/* parse_call.c */
struct hogql_node *parse_call(struct parser *p, str name, uint32_t start);
struct hogql_node *parse_case(struct parser *p);
struct hogql_node *parse_cast(struct parser *p);
struct hogql_node *parse_interval(struct parser *p);
struct hogql_node *parse_trim(struct parser *p);
struct hogql_node *parse_template(struct parser *p);
struct hogql_node *parse_tag(struct parser *p);
struct hogql_node *parse_window(struct parser *p, str name);

/* parse_select.c */
struct hogql_node *parse_statement(struct parser *p);
struct hogql_node *parse_order_list(struct parser *p);
/* Goes on behind an operand that was read: UNION …, ORDER BY, LIMIT. */
struct hogql_node *parse_set_rest(struct parser *p, struct hogql_node *first, bool wrapped,
                                  uint32_t start);

/* parse_from.c */
struct hogql_node *parse_from(struct parser *p);
