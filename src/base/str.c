/* str.c - see str.h. */
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>

static unsigned char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : (unsigned char)c;
}

static bool blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

int str_compare(str a, str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

int str_by_bytes(const void *a, const void *b)
{
    return str_compare(*(const str *)a, *(const str *)b);
}

bool str_eq_nocase(str a, str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

bool str_starts(str s, str prefix)
{
    return s.n >= prefix.n && str_eq(str_slice(s, 0, prefix.n), prefix);
}

bool str_ends(str s, str suffix)
{
    return s.n >= suffix.n && str_eq(str_slice(s, s.n - suffix.n, s.n), suffix);
}

ptrdiff_t str_find(str s, str needle)
{
    if (needle.n == 0)
        return 0;
    if (s.n < needle.n)
        return -1;
    const char *hit = memmem(s.p, s.n, needle.p, needle.n);
    return hit ? hit - s.p : -1;
}

ptrdiff_t str_find_char(str s, char c)
{
    const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;
    return hit ? hit - s.p : -1;
}

str str_trim(str s)
{
    while (s.n && blank(s.p[0]))
        s = str_slice(s, 1, s.n);
    while (s.n && blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

str str_split(str *rest, char sep)
{
    ptrdiff_t at = str_find_char(*rest, sep);
    if (at < 0) {
        str all = *rest;
        *rest = STR_NULL;
        return all;
    }
    str part = str_slice(*rest, 0, (size_t)at);
    *rest = str_slice(*rest, (size_t)at + 1, rest->n);
    return part;
}

bool str_to_bool(str s, bool *out)
{
    static const char *const words[2][6] = { { "false", "0", "no", "off", "f", "n" },
                                             { "true", "1", "yes", "on", "t", "y" } };
    for (int value = 0; value < 2; value++)
        for (size_t i = 0; i < 6; i++)
            if (str_eq_nocase(s, str_of(words[value][i]))) {
                *out = value;
                return true;
            }
    return false;
}

bool str_to_i64(str s, int64_t *out)
{
    bool neg = s.n && s.p[0] == '-';
    size_t i = neg;
    uint64_t v = 0, max = neg ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    if (i == s.n)
        return false;
    for (; i < s.n; i++) {
        unsigned d = (unsigned char)s.p[i] - '0';
        if (d > 9 || v > (max - d) / 10)
            return false;
        v = v * 10 + d;
    }
    *out = neg ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

bool str_to_f64(str s, double *out)
{
    char text[64];
    if (s.n == 0 || s.n >= sizeof(text))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!strchr("0123456789+-.eE", s.p[i]) || s.p[i] == '\0')
            return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    char *end;
    double v = strtod(text, &end);
    if (end != text + s.n)
        return false;
    *out = v;
    return true;
}

size_t str_utf8_len(str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

str str_utf8_prefix(str s, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)s.p[i] & 0xC0) != 0x80 && n++ == max)
            return str_slice(s, 0, i);
    return s;
}

/* The length of the sequence that starts with lead, 0 when none does. */
static size_t utf8_width(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if ((lead & 0xF0) == 0xE0)
        return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

bool str_utf8_valid(str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    for (size_t i = 0; i < s.n;) {
        size_t w = utf8_width(p[i]);
        if (w == 0 || w > s.n - i)
            return false;
        for (size_t k = 1; k < w; k++)
            if ((p[i + k] & 0xC0) != 0x80)
                return false;
        if ((p[i] == 0xE0 && p[i + 1] < 0xA0) || (p[i] == 0xED && p[i + 1] > 0x9F) ||
            (p[i] == 0xF0 && p[i + 1] < 0x90) || (p[i] == 0xF4 && p[i + 1] > 0x8F))
            return false;
        i += w;
    }
    return true;
}
