/* complete_scan.h - text as tokens with their brackets matched, as far as they are: for completion. */
#pragma once

#include "hogql/complete.h"
#include "hogql/lex.h"

struct complete_token {
    struct token t;
    uint32_t inner, after; /* of an opening bracket: the token that its inside ends before, the one
                              behind all of it; an open end is the end, or where it must be */
};

struct complete_scan {
    struct hogql_context *c;
    str text;
    struct complete_token *t;
    uint32_t n;
    uint32_t at;       /* the first token at or behind the place; none is the word there */
    bool in_text;      /* the place is in a text, in a template's or in a comment */
    uint32_t names;    /* made so far */
    struct complete_source *ctes;
    struct complete_name *columns; /* WITH expression AS name */
};

/* start, end: bytes of the word at the place, which is left out. */
void complete_scan(struct complete_scan *s, struct hogql_context *c, str text, uint32_t start,
                   uint32_t end, bool template);

static inline bool complete_is(const struct complete_scan *s, uint32_t i, enum tok type)
{
    return i < s->n && s->t[i].t.type == type;
}
static inline bool complete_is_kw(const struct complete_scan *s, uint32_t i, enum kw kw)
{
    return i < s->n && s->t[i].t.kw == kw;
}
/* A name, plain or quoted; keywords too. */
static inline bool complete_is_word(const struct complete_scan *s, uint32_t i)
{
    return complete_is(s, i, TOK_NAME) || complete_is(s, i, TOK_QUOTED);
}
static inline bool complete_is_point(const struct complete_scan *s, uint32_t i)
{
    return complete_is(s, i, TOK_DOT) || complete_is(s, i, TOK_NULL_DOT);
}
/* SELECT or WITH. */
static inline bool complete_is_query(const struct complete_scan *s, uint32_t i)
{
    return complete_is_kw(s, i, KW_SELECT) || complete_is_kw(s, i, KW_WITH);
}
/* The token behind that one: behind all of a bracket. */
static inline uint32_t complete_next(const struct complete_scan *s, uint32_t i)
{
    return s->t[i].after > i ? s->t[i].after : i + 1;
}
/* The name that a word says. */
str complete_word(const struct complete_scan *s, uint32_t i);
/* FROM, where it begins a clause. */
bool complete_is_from(const struct complete_scan *s, uint32_t i);
/* The first token at or behind i, outside of brackets, that begins a clause of a SELECT; `to` if none. */
uint32_t complete_clause(const struct complete_scan *s, uint32_t i, uint32_t to);
/* The same for UNION, INTERSECT, EXCEPT. */
uint32_t complete_set(const struct complete_scan *s, uint32_t i, uint32_t to);
