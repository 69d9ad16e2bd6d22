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
    uint32_t again;     /* bytes read in vain so far */
    bool final;         /* the error stands, however else the text may be read */
    int before_as;      /* depth of an expression that "AS" ends, lambda bodies and all */
    bool limit;         /* within LIMIT, where a percent sign may end the expression */
    struct err *e;
    struct err *far; /* of a form that was given up: the one furthest on */
};

/* How tightly operators bind; a level takes all that binds tighter. LOOSEST takes "AS alias" behind
 * and "name :=" before an expression. */
enum level {
    LEVEL_LOOSEST, LEVEL_TERNARY, LEVEL_OR, LEVEL_AND, LEVEL_NOT, LEVEL_BETWEEN, LEVEL_NULLISH,
    LEVEL_SPACESHIP, LEVEL_DISTINCT, LEVEL_COMPARE, LEVEL_ADD, LEVEL_MULTIPLY, LEVEL_UNARY,
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
/* At two keywords: GROUP BY, IGNORE NULLS. */
static inline bool parse_at_two(struct parser *p, enum kw first, enum kw second)
{
    return p->cur.kw == first && parse_peek(p).kw == second;
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
/* Such an error that no other reading of the text changes. */
struct hogql_node *parse_refuse(struct parser *p, uint32_t pos, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
struct hogql_node *parse_no_way(struct parser *p);
struct hogql_node *parse_mismatch(struct parser *p, const char *expected);
/* Reads by `form`; when that fails, from the same place by `otherwise`: for words that begin a form
 * and are names too. When the text fails in the end, of all errors the one furthest on is told. */
typedef struct hogql_node *parse_rule(struct parser *p);
struct hogql_node *parse_either(struct parser *p, parse_rule *form, parse_rule *otherwise);
/* May the token be a name? A plain one, a keyword where it is no syntax, or a quoted one. */
static inline bool parse_is_name(const struct token *t)
{
    return t->type == TOK_QUOTED || (t->type == TOK_NAME && lex_kw_may_be(t->kw, LEX_NAME));
}
/* Such a name. */
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
/* An expression behind which AS belongs to what surrounds it. */
struct hogql_node *parse_before_as(struct parser *p);
/* At "<" with a name right behind it, where a value may stand. */
bool parse_at_tag(const struct parser *p, struct token t);

/* parse_value.c */
struct hogql_node *parse_primary(struct parser *p);
/* "," separated, one comma more allowed, up to the closing token. */
struct hogql_node *parse_list(struct parser *p, enum tok closing);
/* The same up to ")" or ORDER BY. */
struct hogql_node *parse_arguments(struct parser *p);
/* Is the token a word that no alias may be? Then the error is set. */
bool parse_reserved_alias(struct parser *p, struct token t);
/* { … }: a placeholder or a dict. */
struct hogql_node *parse_braces(struct parser *p);
bool parse_at_number(const struct parser *p);
struct hogql_node *parse_number(struct parser *p);

/* parse_call.c */
struct hogql_node *parse_call(struct parser *p, str name, uint32_t start);
struct hogql_node *parse_case(struct parser *p);
struct hogql_node *parse_cast(struct parser *p);
struct hogql_node *parse_interval(struct parser *p);
struct hogql_node *parse_trim(struct parser *p);
/* A type in lower case: decimal(10, 2), nullable(string). */
bool parse_type(struct parser *p, str *out);
struct hogql_node *parse_template(struct parser *p);
/* The whole text as a template, without quotes. */
struct hogql_node *parse_whole_template(struct parser *p);
struct hogql_node *parse_tag(struct parser *p);
struct hogql_node *parse_window(struct parser *p, str name);

/* parse_select.c */
struct hogql_node *parse_statement(struct parser *p);
struct hogql_node *parse_order_list(struct parser *p);
/* At UNION, INTERSECT or EXCEPT? */
bool parse_at_set(const struct parser *p);
/* Goes on behind an operand that was read: UNION …, ORDER BY, LIMIT. */
struct hogql_node *parse_set_rest(struct parser *p, struct hogql_node *first, bool wrapped,
                                  uint32_t start);

/* parse_from.c */
struct hogql_node *parse_from(struct parser *p);
