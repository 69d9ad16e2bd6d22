/* str.h - a run of bytes by pointer and length, passed by value.
 *
 * A str never owns what it points at; the comment where one is stored says who does. It is not
 * NUL-terminated and may hold NULs. An absent value is STR_NULL (p == NULL), an empty one has
 * a pointer and n == 0. Text is UTF-8 unless said otherwise. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const char *p;
    size_t n;
} str;

/* STR("literal"): a str over a string literal; STR_FMT/STR_ARG: for printf.
 * STR_ARG evaluates its argument more than once: give it a name, not a call that does work. */
#define STR(lit) ((str){ (lit), sizeof(lit) - 1 })
#define STR_INIT(lit) { (lit), sizeof(lit) - 1 }
#define STR_NULL ((str){ NULL, 0 })
#define STR_FMT "%.*s"
#define STR_ARG(s) ((int)(s).n), ((s).p ? (s).p : "")

static inline str str_of(const char *z)
{
    return (str){ z, z ? strlen(z) : 0 };
}

static inline str str_slice(str s, size_t from, size_t to)
{
    return (str){ s.p + from, to - from };
}

static inline bool str_eq(str a, str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_eqz(str a, const char *z)
{
    return str_eq(a, str_of(z));
}

/* Byte by byte; of two where one begins with the other the shorter is first. Below 0, 0, above 0. */
int str_compare(str a, str b);
/* The same for qsort, over a list of str. */
int str_by_bytes(const void *a, const void *b);
/* ASCII case is ignored; other bytes must be equal. */
bool str_eq_nocase(str a, str b);
bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
/* The offset of needle, or -1. */
ptrdiff_t str_find(str s, str needle);
ptrdiff_t str_find_char(str s, char c);
/* Without blanks (space, tab, CR, LF, VT, FF) at both ends. */
str str_trim(str s);
/* Cuts *rest at the first sep and returns what stood before it; *rest becomes STR_NULL after
 * the last part. */
str str_split(str *rest, char sep);
/* true, 1, yes, on, t, y and their opposites, in any case. False: *out untouched. */
bool str_to_bool(str s, bool *out);
/* Decimal with optional '-', nothing else around it, within int64. False: *out untouched. */
bool str_to_i64(str s, int64_t *out);
/* A JSON-like number (also "1.", ".5"), the whole of s. False: *out untouched. */
bool str_to_f64(str s, double *out);
/* Number of Unicode code points in valid UTF-8. */
size_t str_utf8_len(str s);
/* The longest prefix of at most max code points. */
str str_utf8_prefix(str s, size_t max);
/* Strict: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool str_utf8_valid(str s);
