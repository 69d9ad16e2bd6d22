/* write.c - see write.h. */
#include "json/write.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"

static void before_value(struct json_writer *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->more[w->depth])
        buf_char(w->b, ',');
    w->more[w->depth] = true;
}

void json_open(struct json_writer *w, char bracket)
{
    before_value(w);
    buf_char(w->b, bracket);
    w->depth++;
    BUG_ON(w->depth >= WRITE_DEPTH);
    w->more[w->depth] = false;
}

void json_close(struct json_writer *w, char bracket)
{
    BUG_ON(w->depth == 0 || w->after_key);
    w->depth--;
    buf_char(w->b, bracket);
}

/* The width of the well-formed sequence at s[0], 0 when there is none. */
static size_t sequence(str s)
{
    for (size_t w = 1; w <= 4 && w <= s.n; w++)
        if (str_utf8_valid(str_slice(s, 0, w)))
            return w;
    return 0;
}

/* Most text is copied as it stands: eight bytes at a time are looked at for one that is not plain.
 * Bytes from 0x80 on count as not plain. */
static size_t plain_prefix(const char *p, size_t n)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t v;
        memcpy(&v, p + i, 8);
        uint64_t quote = v ^ (ones * '"'), slash = v ^ (ones * '\\');
        uint64_t found = v | (v - ones * 0x20) | (quote - ones) | (slash - ones);
        if (found & tops)
            break;
    }
    while (i < n && (unsigned char)p[i] >= 0x20 && (unsigned char)p[i] < 0x80 && p[i] != '"' &&
           p[i] != '\\')
        i++;
    return i;
}

static void quoted(struct buf *b, str s)
{
    buf_char(b, '"');
    size_t from = 0;
    for (size_t i = plain_prefix(s.p, s.n); i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        size_t w = c < 0x80 ? 1 : sequence(str_slice(s, i, s.n));
        if (w && c >= 0x20 && c != '"' && c != '\\') {
            i += w;
            i += plain_prefix(s.p + i, s.n - i);
            continue;
        }
        buf_str(b, str_slice(s, from, i));
        if (!w)
            buf_z(b, "\xEF\xBF\xBD");
        else if (c == '"' || c == '\\')
            buf_printf(b, "\\%c", c);
        else if (c == '\n')
            buf_z(b, "\\n");
        else
            buf_printf(b, "\\u%04x", c);
        from = ++i;
    }
    buf_str(b, str_slice(s, from, s.n));
    buf_char(b, '"');
}

void json_key_str(struct json_writer *w, str key)
{
    BUG_ON(w->after_key);
    before_value(w);
    quoted(w->b, key);
    buf_char(w->b, ':');
    w->after_key = true;
}

void json_key(struct json_writer *w, const char *key)
{
    json_key_str(w, str_of(key));
}

void json_str(struct json_writer *w, str s)
{
    if (!s.p) {
        json_null(w);
        return;
    }
    before_value(w);
    quoted(w->b, s);
}

void json_z(struct json_writer *w, const char *z)
{
    json_str(w, str_of(z));
}

void json_i64(struct json_writer *w, int64_t v)
{
    char text[24];
    size_t at = sizeof(text);
    uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do
        text[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (v < 0)
        text[--at] = '-';
    before_value(w);
    buf_add(w->b, text + at, sizeof(text) - at);
}

void json_f64(struct json_writer *w, double v)
{
    if (!isfinite(v)) {
        json_null(w);
        return;
    }
    before_value(w);
    char text[40];
    for (int precision = 15; precision <= 17; precision++) {
        double back;
        snprintf(text, sizeof(text), "%.*g", precision, v);
        if (str_to_f64(str_of(text), &back) && back == v)
            break;
    }
    buf_z(w->b, text);
    if (!strpbrk(text, ".e"))
        buf_z(w->b, ".0");
}

void json_bool(struct json_writer *w, bool v)
{
    json_raw(w, v ? STR("true") : STR("false"));
}

void json_null(struct json_writer *w)
{
    json_raw(w, STR("null"));
}

void json_raw(struct json_writer *w, str json)
{
    before_value(w);
    buf_str(w->b, json);
}

void json_members(struct json_writer *w, str members)
{
    BUG_ON(w->after_key);
    before_value(w);
    buf_str(w->b, members);
}

void json_tree(struct json_writer *w, const struct json *v)
{
    switch (v->type) {
    case JSON_NULL:
        json_null(w);
        return;
    case JSON_BOOL:
        json_bool(w, v->boolean);
        return;
    case JSON_NUMBER:
        json_raw(w, v->text);
        return;
    case JSON_STRING:
        json_str(w, v->text);
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        json_open(w, v->type == JSON_ARRAY ? '[' : '{');
        for (const struct json *m = v->head; m; m = m->next) {
            if (v->type == JSON_OBJECT)
                json_key_str(w, m->key);
            json_tree(w, m);
        }
        json_close(w, v->type == JSON_ARRAY ? ']' : '}');
    }
}

void json_time(struct json_writer *w, int64_t us)
{
    char text[CLOCK_TEXT];
    if (us == INT64_MIN) {
        json_null(w);
        return;
    }
    clock_text(us, text);
    json_z(w, text);
}

void json_put_str(struct json_writer *w, const char *key, str s)
{
    json_key(w, key);
    json_str(w, s);
}

void json_put_z(struct json_writer *w, const char *key, const char *z)
{
    json_key(w, key);
    json_z(w, z);
}

void json_put_i64(struct json_writer *w, const char *key, int64_t v)
{
    json_key(w, key);
    json_i64(w, v);
}

void json_put_id(struct json_writer *w, const char *key, int64_t id)
{
    json_key(w, key);
    if (id)
        json_i64(w, id);
    else
        json_null(w);
}

void json_put_bool(struct json_writer *w, const char *key, bool v)
{
    json_key(w, key);
    json_bool(w, v);
}

void json_put_time(struct json_writer *w, const char *key, int64_t us)
{
    json_key(w, key);
    json_time(w, us);
}

void json_put_raw(struct json_writer *w, const char *key, str json)
{
    json_key(w, key);
    if (json.p)
        json_raw(w, json);
    else
        json_null(w);
}
