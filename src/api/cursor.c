/* cursor.c - see cursor.h. A cursor's text is a direction, the number and the id: "n1700000000-<id>". */
#include "api/cursor.h"

int cursor_of(struct req *r, struct cursor *out, struct err *e)
{
    str text = http_query_of(r->http, "cursor");
    *out = (struct cursor){ .at = INT64_MIN, .id = STR_NULL };
    if (!text.n)
        return 0;
    ptrdiff_t dash = text.n > 2 ? str_find_char(str_slice(text, 2, text.n), '-') : -1;
    bool good = dash > 0 && (text.p[0] == 'n' || text.p[0] == 'p') &&
                str_to_i64(str_slice(text, 1, (size_t)dash + 2), &out->at);
    if (!good)
        return err_set(e, ERR_NOT_FOUND, NULL, "Invalid cursor");
    out->back = text.p[0] == 'p';
    out->id = str_slice(text, (size_t)dash + 3, text.n);
    return 0;
}

static void write_link(struct req *r, struct json_writer *w, const char *key, char direction,
                       const struct cursor *place)
{
    json_key(w, key);
    if (!place) {
        json_null(w);
        return;
    }
    str text = arena_printf(r->arena, "%c%lld-" STR_FMT, direction, (long long)place->at,
                            STR_ARG(place->id));
    json_str(w, page_url(r, http_query_with(r->http, "cursor", text.p)));
}

struct json_writer cursor_open(struct req *r, const struct cursor *c, bool more,
                               const struct cursor *first, const struct cursor *last)
{
    struct json_writer w = reply_json(r, 200);
    bool begun = c->at != INT64_MIN;
    json_open(&w, '{');
    write_link(r, &w, "next", 'n', last && (more || c->back) ? last : NULL);
    write_link(r, &w, "previous", 'p', first && begun && (more || !c->back) ? first : NULL);
    json_key(&w, "results");
    json_open(&w, '[');
    return w;
}
