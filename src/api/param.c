/* param.c - parameters of the URL, read by type. */
#include "api/internal.h"
#include "base/fold.h"

int param_flag(struct req *r, const char *name, int *out, struct err *e)
{
    bool yes;
    str v = http_query_of(r->http, name);
    *out = -1;
    if (!v.n)
        return 0;
    if (str_to_bool(v, &yes)) {
        *out = yes;
        return 0;
    }
    return err_set(e, ERR_INVALID, name, "Must be a valid boolean.");
}

int param_list(struct req *r, const char *name, str *out, struct err *e)
{
    str v = http_query_of(r->http, name);
    struct json *list;
    struct err bad = ERR_INIT;
    *out = STR_NULL;
    if (!v.n)
        return 0;
    bool good = json_parse(r->arena, v, &list, &bad) == 0 && list->type == JSON_ARRAY;
    for (const struct json *m = good ? list->head : NULL; m && good; m = m->next)
        good = m->type == JSON_STRING;
    if (!good)
        return err_set(e, ERR_INVALID, name, "Must be a JSON list of texts.");
    *out = list->text;
    return 0;
}

static str parts_of(struct arena *a, str text, const char *separators)
{
    struct buf b = BUF_INIT(256 * 1024);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '[');
    for (size_t i = 0, from = 0; i <= text.n; i++) {
        if (i < text.n && !strchr(separators, text.p[i]))
            continue;
        if (i > from)
            json_str(&w, str_slice(text, from, i));
        from = i + 1;
    }
    json_close(&w, ']');
    str out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return out;
}

str param_parts(struct req *r, const char *name)
{
    str v = http_query_of(r->http, name);
    return v.n ? parts_of(r->arena, v, ",") : STR_NULL;
}

str param_words(struct req *r, const char *name)
{
    str v = str_trim(http_query_of(r->http, name));
    if (!v.n || !str_utf8_valid(v))
        return STR_NULL;
    return parts_of(r->arena, fold_lower(r->arena, v), " \t\r\n");
}
