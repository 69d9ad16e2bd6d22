/* lex.h - HogQL text to tokens, one at a time, nothing allocated: a token is a slice of the text.
 *
 * Words are not told apart from names here: almost every keyword is a name where a name fits. The
 * parser looks at `kw`. Texts keep their quotes and escapes; lex_unquote resolves them. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum tok {
    TOK_END,
    TOK_NAME,     /* kw: which keyword it also is, or KW_NONE */
    TOK_QUOTED,   /* "name" or `name` */
    TOK_STRING,   /* 'text' */
    TOK_TEMPLATE, /* f' alone: the parser reads on from its end */
    TOK_NUMBER,
    TOK_POSITION, /* #3 */
    TOK_BAD,      /* e is filled */
    /* symbols */
    TOK_LPAREN, TOK_RPAREN, TOK_LBRACKET, TOK_RBRACKET, TOK_LBRACE, TOK_RBRACE, TOK_COMMA, TOK_DOT,
    TOK_SEMICOLON, TOK_COLON, TOK_DOUBLE_COLON, TOK_ASSIGN, TOK_ARROW, TOK_QUERY, TOK_NULLISH,
    TOK_NULL_DOT, TOK_PLUS, TOK_DASH, TOK_STAR, TOK_SLASH, TOK_PERCENT, TOK_CONCAT, TOK_EQ, TOK_NE,
    TOK_LT, TOK_LE, TOK_GT, TOK_GE, TOK_SPACESHIP, TOK_REGEX, TOK_NOT_REGEX, TOK_IREGEX,
    TOK_NOT_IREGEX,
};

enum kw {
    KW_NONE,
#define KW(name, uses) KW_##name,
#include "hogql/keywords.def"
#undef KW
};

/* What a keyword may be besides; a word that is none may be everything. */
enum lex_use { LEX_NAME = 1, LEX_COLUMN_ALIAS = 2, LEX_TABLE_ALIAS = 4, LEX_TYPE = 8 };

struct token {
    enum tok type;
    enum kw kw;
    uint32_t start, end; /* byte offsets */
};

/* The token at or after byte `pos`. */
struct token lex_next(str text, uint32_t pos, struct err *e);
/* The value of a TOK_QUOTED or TOK_STRING slice, quotes included; a slice of it when there is
 * nothing to resolve. False: an escape that does not exist. */
bool lex_unquote(struct arena *a, str quoted, str *out);
/* One backslash escape at s.p[*i] (the backslash), appended to out (up to 4 bytes); *i moves behind
 * it. Of the quotes only `quote` may be escaped. The number of bytes, or -1. */
int lex_escape(str s, size_t *i, char quote, char out[4]);
/* Of the characters a plain name is made of? */
bool lex_is_name(char c);
bool lex_kw_may_be(enum kw kw, enum lex_use use);
const char *lex_kw_name(enum kw kw);
