/* static.c - see static.h. */
#include "http/static.h"

static const struct {
    const char *coding, *suffix; /* of Content-Encoding, of the ETag */
} encodings[STATIC_ENCODINGS] = {
    [STATIC_IDENTITY] = { "identity", "" },
    [STATIC_GZIP] = { "gzip", "-gz" },
    [STATIC_BR] = { "br", "-br" },
};

const struct static_file *static_find(const struct static_file *files, size_t n, str name)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = str_compare(str_of(files[mid].name), name);
        if (order == 0)
            return &files[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* "q=0", "q=0.000": the coding is refused. */
static bool is_refused(str params)
{
    while (params.p) {
        str p = str_trim(str_split(&params, ';'));
        double q;
        if (p.n > 2 && str_eq_nocase(str_slice(p, 0, 2), STR("q=")) &&
            str_to_f64(str_slice(p, 2, p.n), &q) && q == 0)
            return true;
    }
    return false;
}

static bool accepts(str accept, const char *coding)
{
    bool any = false;
    while (accept.p) {
        str params = str_split(&accept, ',');
        str name = str_trim(str_split(&params, ';'));
        if (str_eq_nocase(name, str_of(coding)))
            return !is_refused(params);
        if (str_eqz(name, "*"))
            any = !is_refused(params);
    }
    return any;
}

enum static_encoding static_choose(const struct static_file *f, str accept)
{
    enum static_encoding best = STATIC_IDENTITY;
    for (int i = STATIC_GZIP; i < STATIC_ENCODINGS; i++)
        if (f->body[i].p && f->body[i].n < f->body[best].n && accepts(accept, encodings[i].coding))
            best = (enum static_encoding)i;
    return best;
}

/* Weak comparison, as If-None-Match asks for. */
static bool client_has(str list, str etag)
{
    while (list.p) {
        str one = str_trim(str_split(&list, ','));
        if (str_starts(one, STR("W/")))
            one = str_slice(one, 2, one.n);
        if (str_eqz(one, "*") || str_eq(one, etag))
            return true;
    }
    return false;
}

void static_reply(struct http_request *r, const struct static_file *f)
{
    enum static_encoding coding = static_choose(f, http_header_of(r, "Accept-Encoding"));
    str etag = arena_printf(r->arena, "\"%s%s\"", f->hash, encodings[coding].suffix);
    http_reply_header(r, "ETag", etag.p);
    http_reply_header(r, "Vary", "Accept-Encoding");
    http_reply_header(r, "X-Content-Type-Options", "nosniff");
    http_reply_header(r, "Cache-Control",
                      f->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    r->content_type = f->type;
    if (client_has(http_header_of(r, "If-None-Match"), etag)) {
        r->status = 304;
        return;
    }
    if (coding != STATIC_IDENTITY)
        http_reply_header(r, "Content-Encoding", encodings[coding].coding);
    r->status = 200;
    r->fixed = f->body[coding];
}
