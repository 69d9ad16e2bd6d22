/* lex.c - see lex.h. */
#include "hogql/lex.h"

struct word {
    const char *name;
    unsigned char n, uses;
};

static const struct word words[] = {
    { "", 0, LEX_NAME | LEX_COLUMN_ALIAS | LEX_TABLE_ALIAS | LEX_TYPE },
#define N LEX_NAME
#define C LEX_COLUMN_ALIAS
#define T LEX_TABLE_ALIAS
#define Y LEX_TYPE
#define KW(name, uses) { #name, sizeof(#name) - 1, uses },
#include "hogql/keywords.def"
#undef KW
#undef N
#undef C
#undef T
#undef Y
};

#define WORD_MAX 12u /* letters of the longest keyword */

bool lex_kw_may_be(enum kw kw, enum lex_use use)
{
    return words[kw].uses & use;
}

const char *lex_kw_name(enum kw kw)
{
    return words[kw].name;
}

static bool is_alpha(unsigned char c)
{
    return (unsigned)((c | 32) - 'a') < 26 || c == '_' || c == '$';
}

static bool is_digit(unsigned char c)
{
    return (unsigned)(c - '0') < 10;
}

static bool is_name(unsigned char c)
{
    return is_alpha(c) || is_digit(c);
}

bool lex_is_name(char c)
{
    return is_name((unsigned char)c);
}

static bool is_hex(unsigned char c)
{
    return is_digit(c) || (unsigned)((c | 32) - 'a') < 6;
}

/* The words are in order of ASCII. */
static enum kw keyword(const char *p, size_t n)
{
    char upper[WORD_MAX];
    if (n > WORD_MAX)
        return KW_NONE;
    for (size_t i = 0; i < n; i++)
        upper[i] = (char)((unsigned)((p[i] | 32) - 'a') < 26 ? p[i] & ~32 : p[i]);
    size_t low = 1, high = ARRAY_LEN(words);
    while (low < high) {
        size_t mid = (low + high) / 2;
        size_t least = n < words[mid].n ? n : words[mid].n;
        int order = memcmp(upper, words[mid].name, least);
        if (order == 0)
            order = (int)n - (int)words[mid].n;
        if (order == 0)
            return (enum kw)mid;
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return KW_NONE;
}

/* -------------------------------------------------------------------------- white space */

/* Bytes of the blank at i, 0 when there is none: those of ASCII, all that Unicode calls white space,
 * and the byte-order mark. */
static uint32_t blank(str s, uint32_t i)
{
    static const char blanks[][4] = {
        "\xC2\x85", "\xC2\xA0", "\xE1\x9A\x80", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF",
        "\xE2\x81\x9F", "\xE3\x80\x80", "\xEF\xBB\xBF",
    };
    unsigned char c = (unsigned char)s.p[i];
    if (c == ' ' || (c >= '\t' && c <= '\r'))
        return 1;
    if (c < 0xC2)
        return 0;
    for (size_t k = 0; k < ARRAY_LEN(blanks); k++) {
        uint32_t n = (uint32_t)strlen(blanks[k]);
        if (s.n - i >= n && memcmp(s.p + i, blanks[k], n) == 0)
            return n;
    }
    /* U+2000 to U+200A */
    return s.n - i >= 3 && memcmp(s.p + i, "\xE2\x80", 2) == 0 &&
                   (unsigned char)s.p[i + 2] <= 0x8A
               ? 3
               : 0;
}

static uint32_t line_end(str s, uint32_t i)
{
    const char *hit = memchr(s.p + i, '\n', s.n - i);
    return hit ? (uint32_t)(hit - s.p) : (uint32_t)s.n;
}

/* Behind the comment at i, or i when there is none. */
static uint32_t comment(str s, uint32_t i)
{
    char c = s.p[i], d = i + 1 < s.n ? s.p[i + 1] : '\0';
    if ((c == '-' && d == '-') || (c == '/' && d == '/'))
        return line_end(s, i);
    if (c == '#' && !is_digit((unsigned char)d))
        return line_end(s, i);
    if (c == '/' && d == '*') {
        ptrdiff_t end = str_find(str_slice(s, i + 2, s.n), STR("*/"));
        return end < 0 ? i : i + 4 + (uint32_t)end;
    }
    return i;
}

static uint32_t skip(str s, uint32_t i)
{
    while (i < s.n) {
        uint32_t n = blank(s, i);
        uint32_t after = n ? i + n : comment(s, i);
        if (after == i)
            break;
        i = after;
    }
    return i;
}

/* -------------------------------------------------------------------------- tokens */

static struct token bad(struct token t)
{
    t.type = TOK_BAD;
    return t;
}

static struct token unexpected(str s, struct token t, struct err *e)
{
    unsigned char c = (unsigned char)s.p[t.start];
    uint32_t point = c;
    int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
    if (more && t.start + more < s.n) {
        point = c & (0x3Fu >> more);
        for (int i = 1; i <= more; i++)
            point = point << 6 | ((unsigned char)s.p[t.start + i] & 0x3F);
    }
    if (c > ' ' && c < 0x7F)
        err_set(e, ERR_INVALID, NULL, "Unexpected character '%c' (U+%04X)", c, c);
    else
        err_set(e, ERR_INVALID, NULL, "Unexpected character U+%04X", point);
    e->pos = (int)t.start;
    return bad(t);
}

/* Behind the closing quote; 0 when it is missing. A quote is doubled or escaped within. */
static uint32_t quoted_end(str s, uint32_t i)
{
    char quote = s.p[i++];
    while (i < s.n) {
        if (s.p[i] == '\\') {
            i += 2;
            continue;
        }
        if (s.p[i++] != quote)
            continue;
        if (i == s.n || s.p[i] != quote)
            return i;
        i++;
    }
    return 0;
}

static struct token lex_quoted(str s, struct token t, struct err *e)
{
    t.type = s.p[t.start] == '\'' ? TOK_STRING : TOK_QUOTED;
    t.end = quoted_end(s, t.start);
    return t.end ? t : unexpected(s, t, e);
}

static uint32_t digits(str s, uint32_t i, bool hex)
{
    while (i < s.n && (hex ? is_hex((unsigned char)s.p[i]) : is_digit((unsigned char)s.p[i])))
        i++;
    return i;
}

static struct token bad_number(str s, struct token t, struct err *e)
{
    while (t.end < s.n && is_name((unsigned char)s.p[t.end]))
        t.end++;
    str text = str_slice(s, t.start, t.end);
    char second = text.n > 1 ? (char)(text.p[1] | 32) : '\0';
    if (text.p[0] == '0' && second == 'o' && text.n < 200)
        err_set(e, ERR_INVALID, NULL,
                "HogQL does not support `0o`-prefixed octal integer literals; got `" STR_FMT
                "`. Use a plain decimal literal instead.", STR_ARG(text));
    else
        err_set(e, ERR_INVALID, NULL, "no viable alternative at input '%.*s'",
                text.n < 200 ? (int)text.n : 200, text.p);
    e->pos = (int)t.start;
    return bad(t);
}

/* An exponent (of marker `mark`, in lower case) at i; behind it, or i. */
static uint32_t exponent(str s, uint32_t i, char mark)
{
    if (i >= s.n || (s.p[i] | 32) != mark)
        return i;
    uint32_t k = i + 1;
    if (k < s.n && (s.p[k] == '+' || s.p[k] == '-'))
        k++;
    return k < s.n && is_digit((unsigned char)s.p[k]) ? digits(s, k, false) : i;
}

static struct token lex_number(str s, struct token t, struct err *e)
{
    uint32_t i = t.start;
    char second = i + 1 < s.n ? (char)(s.p[i + 1] | 32) : '\0';
    t.type = TOK_NUMBER;
    t.end = i + 1;
    if (s.p[i] == '0' && second == 'x') {
        uint32_t from = i + 2, to = digits(s, from, true);
        t.end = to;
        if (to > from && to < s.n && s.p[to] == '.')
            t.end = digits(s, to + 1, true);
        if (to > from)
            t.end = exponent(s, t.end, 'p');
        if (to == from)
            return bad_number(s, t, e);
    } else if (s.p[i] == '0' && second == 'b') {
        for (t.end = i + 2; t.end < s.n && (s.p[t.end] == '0' || s.p[t.end] == '1');)
            t.end++;
        if (t.end == i + 2)
            return bad_number(s, t, e);
    } else {
        t.end = digits(s, i, false);
        /* 1.x is a place of a tuple, 1. a number */
        if (t.end < s.n && s.p[t.end] == '.' &&
            !(t.end + 1 < s.n && (is_alpha((unsigned char)s.p[t.end + 1]))))
            t.end = digits(s, t.end + 1, false);
        else if (t.end + 1 < s.n && s.p[t.end] == '.' && (s.p[t.end + 1] | 32) == 'e' &&
                 exponent(s, t.end + 1, 'e') > t.end + 1)
            t.end++;
        t.end = exponent(s, t.end, 'e');
    }
    if (t.end < s.n && is_name((unsigned char)s.p[t.end]))
        return bad_number(s, t, e);
    return t;
}

static const struct symbol {
    char text[4];
    enum tok type;
} symbols[] = {
    /* longest first */
    { "<=>", TOK_SPACESHIP }, { "=~*", TOK_IREGEX }, { "!~*", TOK_NOT_IREGEX },
    { "::", TOK_DOUBLE_COLON }, { ":=", TOK_ASSIGN }, { "->", TOK_ARROW }, { "??", TOK_NULLISH },
    { "?.", TOK_NULL_DOT }, { "||", TOK_CONCAT }, { "==", TOK_EQ }, { "!=", TOK_NE },
    { "<>", TOK_NE }, { "<=", TOK_LE }, { ">=", TOK_GE }, { "=~", TOK_REGEX },
    { "!~", TOK_NOT_REGEX }, { "~*", TOK_IREGEX },
    { "(", TOK_LPAREN }, { ")", TOK_RPAREN }, { "[", TOK_LBRACKET }, { "]", TOK_RBRACKET },
    { "{", TOK_LBRACE }, { "}", TOK_RBRACE }, { ",", TOK_COMMA }, { ".", TOK_DOT },
    { ";", TOK_SEMICOLON }, { ":", TOK_COLON }, { "?", TOK_QUERY }, { "+", TOK_PLUS },
    { "-", TOK_DASH }, { "*", TOK_STAR }, { "/", TOK_SLASH }, { "%", TOK_PERCENT },
    { "=", TOK_EQ }, { "<", TOK_LT }, { ">", TOK_GT }, { "~", TOK_REGEX },
};

static struct token lex_symbol(str s, struct token t, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
        const char *text = symbols[i].text;
        size_t n = strlen(text);
        if (s.p[t.start] != text[0] || s.n - t.start < n || memcmp(s.p + t.start, text, n) != 0)
            continue;
        t.type = symbols[i].type;
        t.end = t.start + (uint32_t)n;
        return t;
    }
    return unexpected(s, t, e);
}

struct token lex_next(str s, uint32_t pos, struct err *e)
{
    struct token t = { TOK_END, KW_NONE, skip(s, pos), 0 };
    t.end = t.start;
    if (t.start >= s.n)
        return t;
    unsigned char c = (unsigned char)s.p[t.start];
    unsigned char next = t.start + 1 < s.n ? (unsigned char)s.p[t.start + 1] : 0;
    if ((c == 'f' || c == 'F') && next == '\'') {
        t.type = TOK_TEMPLATE;
        t.end = t.start + 2;
        return t;
    }
    if (is_alpha(c)) {
        t.type = TOK_NAME;
        while (t.end < s.n && is_name((unsigned char)s.p[t.end]))
            t.end++;
        t.kw = keyword(s.p + t.start, t.end - t.start);
        return t;
    }
    if (is_digit(c) || (c == '.' && is_digit(next)))
        return lex_number(s, t, e);
    if (c == '\'' || c == '"' || c == '`')
        return lex_quoted(s, t, e);
    if (c == '#') { /* a digit follows, or it were a comment */
        t.type = TOK_POSITION;
        t.end = digits(s, t.start + 1, false);
        return t;
    }
    return lex_symbol(s, t, e);
}

/* -------------------------------------------------------------------------- quoted text */

int lex_escape(str s, size_t *i, char quote, char out[4])
{
    static const char from[] = "bfrntav\\", to[] = "\b\f\r\n\t\a\v\\";
    if (*i + 1 >= s.n)
        return -1;
    char c = s.p[*i + 1];
    const char *hit = c ? strchr(from, c) : NULL;
    if (quote == '`' && c == '\'') {
        memcpy(out, "\\'", 2);
        *i += 2;
        return 2;
    }
    if (hit || (c == quote && quote != '`')) {
        out[0] = hit ? to[hit - from] : quote;
        *i += 2;
        return 1;
    }
    if (c == '0') { /* produces nothing */
        *i += 2;
        return 0;
    }
    /* \xHH stays as it is written */
    if (c == 'x' && *i + 3 < s.n && is_hex((unsigned char)s.p[*i + 2]) &&
        is_hex((unsigned char)s.p[*i + 3])) {
        memcpy(out, s.p + *i, 4);
        *i += 4;
        return 4;
    }
    return -1;
}

bool lex_unquote(struct arena *a, str quoted, str *out)
{
    char quote = quoted.p[0];
    str s = str_slice(quoted, 1, quoted.n - 1);
    if (!memchr(s.p, '\\', s.n) && !memchr(s.p, quote, s.n)) {
        *out = s;
        return true;
    }
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        char bytes[4];
        int got = 1;
        if (s.p[i] == '\\') {
            got = lex_escape(s, &i, quote, bytes);
        } else {
            bytes[0] = s.p[i];
            i += s.p[i] == quote ? 2 : 1;
        }
        if (got < 0)
            return false;
        memcpy(p + n, bytes, (size_t)got);
        n += (size_t)got;
    }
    *out = (str){ p, n };
    return true;
}
