/* lines.c - see lines.h. */
#include "export/lines.h"

#include "base/clock.h"
#include "base/limits.h"
#include "json/write.h"

void lines_init(struct lines *l, struct arena *a, const struct record_reader *r)
{
    *l = (struct lines){ BUF_INIT(LIMIT_BODY_API), arena_alloc(a, (r->n + 1) * sizeof(size_t)) };
    for (size_t i = 0; i < r->n; i++) {
        struct json_writer w = JSON_WRITER(&l->keys);
        l->key_at[i] = l->keys.n;
        buf_char(&l->keys, i ? ',' : '{');
        json_str(&w, r->columns[i].name);
        buf_char(&l->keys, ':');
    }
    l->key_at[r->n] = l->keys.n;
}

void lines_release(struct lines *l)
{
    buf_release(&l->keys);
}

static char *two(char *to, int v)
{
    to[0] = (char)('0' + v / 10);
    to[1] = (char)('0' + v % 10);
    return to + 2;
}

void lines_time(int64_t us, struct buf *out)
{
    char text[CLOCK_TEXT], *to = text;
    int64_t seconds = us / CLOCK_SECOND - (us % CLOCK_SECOND < 0);
    int64_t days = seconds / 86400 - (seconds % 86400 < 0);
    int rest = (int)(seconds - days * 86400), micro = (int)(us - seconds * CLOCK_SECOND);
    int year, month, day;
    clock_civil(days, &year, &month, &day);
    if (year < 0 || year > 9999) { /* nothing that JSON's readers know as a time */
        buf_z(out, "null");
        return;
    }
    *to++ = '"';
    to = two(two(to, year / 100), year % 100);
    *to++ = '-';
    to = two(to, month);
    *to++ = '-';
    to = two(to, day);
    *to++ = 'T';
    to = two(to, rest / 3600);
    *to++ = ':';
    to = two(to, rest / 60 % 60);
    *to++ = ':';
    to = two(to, rest % 60);
    if (micro) {
        *to++ = '.';
        to = two(two(two(to, micro / 10000), micro / 100 % 100), micro % 100);
    }
    buf_add(out, text, (size_t)(to - text));
    buf_z(out, "+00:00\"");
}

static void texts(const struct record_value *v, struct buf *out)
{
    struct json_writer w = JSON_WRITER(out);
    size_t at = 0;
    str member;
    json_open(&w, '[');
    while (record_member(v, &at, &member))
        json_str(&w, member);
    json_close(&w, ']');
}

void lines_value(const struct record_column *c, const struct record_value *v, struct buf *out)
{
    struct json_writer w = JSON_WRITER(out);
    char id[36];
    if (v->null || (c->json && !v->text.n)) {
        buf_z(out, "null");
        return;
    }
    switch (c->kind) {
    case RECORD_TEXT:
        if (c->json)
            buf_str(out, v->text);
        else
            json_str(&w, v->text);
        return;
    case RECORD_INT:
        json_i64(&w, v->i);
        return;
    case RECORD_UINT:
        buf_printf(out, "%llu", (unsigned long long)v->u);
        return;
    case RECORD_FLOAT:
        json_f64(&w, v->f);
        return;
    case RECORD_BOOL:
        json_bool(&w, v->u != 0);
        return;
    case RECORD_TIME:
        lines_time(v->i, out);
        return;
    case RECORD_UUID:
        record_uuid_text(v->uuid, id);
        json_str(&w, (str){ id, sizeof(id) });
        return;
    case RECORD_TEXTS:
        texts(v, out);
        return;
    }
}

void lines_add(const struct lines *l, const struct record_reader *r, const struct record_value *values,
               struct buf *out)
{
    for (size_t i = 0; i < r->n; i++) {
        buf_add(out, l->keys.p + l->key_at[i], l->key_at[i + 1] - l->key_at[i]);
        lines_value(&r->columns[i], &values[i], out);
    }
    buf_add(out, "}\n", 2);
}
