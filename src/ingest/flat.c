/* flat.c - see flat.h. The forms are those of ClickHouse's JSONExtractRaw. */
#include "ingest/flat.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "base/limits.h"
#include "olap/property.h"

/* -------------------------------------------------------------------------- numbers */

#define NUMBER_TEXT 40

/* The fewest digits that read as v again, without a point, and the place of the point among them. */
static int shortest(double v, char digits[NUMBER_TEXT], int *point)
{
    char text[NUMBER_TEXT];
    int first = fabs(v) < DBL_MIN ? 1 : 15; /* 15 hold unless v has less than all its bits */
    for (int precision = first; precision <= 17; precision++) {
        double back;
        snprintf(text, sizeof(text), "%.*e", precision - 1, fabs(v));
        if (str_to_f64(str_of(text), &back) && back == fabs(v))
            break;
    }
    int n = 0;
    const char *p = text;
    for (; *p && *p != 'e'; p++)
        if (*p != '.')
            digits[n++] = *p;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    int64_t exponent = 0;
    if (*p)
        str_to_i64(str_of(p[1] == '+' ? p + 2 : p + 1), &exponent);
    *point = (int)exponent + 1;
    return n;
}

/* Plain digits up to 21 of them, then with an exponent. */
static void real(struct buf *b, double v)
{
    char digits[NUMBER_TEXT];
    int point, n = shortest(v, digits, &point);
    if (v < 0)
        buf_char(b, '-');
    if (v == 0) { /* of either sign */
        buf_char(b, '0');
    } else if (point > 21 || point < -5) {
        buf_char(b, digits[0]);
        if (n > 1)
            buf_printf(b, ".%.*s", n - 1, digits + 1);
        buf_printf(b, "e%d", point - 1);
    } else if (point <= 0) {
        buf_printf(b, "0.%.*s%.*s", -point, "00000", n, digits);
    } else {
        for (int i = 0; i < point; i++)
            buf_char(b, i < n ? digits[i] : '0');
        if (n > point)
            buf_printf(b, ".%.*s", n - point, digits + point);
    }
}

static bool is_real(str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '.' || text.p[i] == 'e' || text.p[i] == 'E')
            return true;
    return false;
}

/* Can the store read it out of a JSON text? */
static bool readable(str text)
{
    static const char most[] = "18446744073709551615"; /* of 64 bits without a sign */
    double v;
    int64_t i;
    if (is_real(text))
        return str_to_f64(text, &v) && isfinite(v);
    return str_to_i64(text, &i) || (text.p[0] != '-' && text.n == sizeof(most) - 1 &&
                                    memcmp(text.p, most, text.n) <= 0);
}

static void number(struct buf *b, str text)
{
    double v;
    if (is_real(text) && str_to_f64(text, &v) && isfinite(v))
        real(b, v);
    else
        buf_str(b, str_eqz(text, "-0") ? STR("0") : text);
}

/* -------------------------------------------------------------------------- lists and objects */

/* Bytes that stand for themselves. */
static size_t plain(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && (unsigned char)p[i] >= ' ' && p[i] != '"' && p[i] != '\\' && p[i] != '\xE2')
        i++;
    return i;
}

static void string(struct buf *b, str s)
{
    static const char escaped[] = { '\b', '\f', '\n', '\r', '\t', '"', '\\' };
    static const char letters[] = { 'b', 'f', 'n', 'r', 't', '"', '\\' };
    buf_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        size_t n = plain(s.p + i, s.n - i);
        buf_add(b, s.p + i, n);
        i += n;
        if (i == s.n)
            break;
        unsigned char c = (unsigned char)s.p[i];
        const char *at = memchr(escaped, c, sizeof(escaped));
        bool separator = c == 0xE2 && i + 2 < s.n && s.p[i + 1] == '\x80' &&
                         (s.p[i + 2] == '\xA8' || s.p[i + 2] == '\xA9');
        if (at) {
            buf_char(b, '\\');
            buf_char(b, letters[at - escaped]);
        } else if (c < ' ') {
            buf_printf(b, "\\u%04X", c);
        } else if (separator) { /* U+2028, U+2029: the store escapes them */
            buf_z(b, s.p[i + 2] == '\xA8' ? "\\u2028" : "\\u2029");
            i += 2;
        } else {
            buf_char(b, (char)c);
        }
    }
    buf_char(b, '"');
}

static void member_number(struct buf *b, str text)
{
    if (text.n < 19 && !is_real(text)) { /* most of them */
        number(b, text);
        return;
    }
    struct buf written = BUF_INIT(LIMIT_EVENT);
    number(&written, text);
    if (readable(buf_view(&written)))
        buf_str(b, buf_view(&written));
    else
        string(b, buf_view(&written));
    buf_release(&written);
}

static void value(struct buf *b, const struct json *v)
{
    switch (v->type) {
    case JSON_NULL:
        buf_z(b, "null");
        return;
    case JSON_BOOL:
        buf_z(b, v->boolean ? "true" : "false");
        return;
    case JSON_STRING:
        string(b, v->text);
        return;
    case JSON_NUMBER:
        member_number(b, v->text);
        return;
    case JSON_ARRAY: case JSON_OBJECT:
        buf_char(b, v->type == JSON_ARRAY ? '[' : '{');
        for (const struct json *m = v->head; m; m = m->next) {
            if (m != v->head)
                buf_char(b, ',');
            if (v->type == JSON_OBJECT) {
                string(b, m->key);
                buf_char(b, ':');
            }
            value(b, m);
        }
        buf_char(b, v->type == JSON_ARRAY ? ']' : '}');
    }
}

/* -------------------------------------------------------------------------- properties */

static void key(struct json_writer *w, str name)
{
    if (name.n && str_find_char(name, '.') < 0 && str_find_char(name, '%') < 0) {
        json_key_str(w, name);
        return;
    }
    struct buf text = BUF_INIT(LIMIT_EVENT * 4);
    olap_property_key(&text, name);
    json_key_str(w, buf_view(&text));
    buf_release(&text);
}

void flat_write(struct json_writer *w, const struct json *v)
{
    struct buf text = BUF_INIT(LIMIT_EVENT * 2);
    json_open(w, '{');
    for (const struct json *m = v ? v->head : NULL; m; m = m->next) {
        if (m->type == JSON_NULL)
            continue;
        key(w, m->key);
        if (m->type == JSON_STRING) {
            json_str(w, m->text);
            continue;
        }
        buf_reset(&text);
        if (m->type == JSON_NUMBER)
            number(&text, m->text);
        else
            value(&text, m);
        json_str(w, buf_view(&text));
    }
    json_close(w, '}');
    buf_release(&text);
}
