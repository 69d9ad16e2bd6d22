/* list.c - lists in pages: limit and offset, and the addresses of the pages beside this one. */
#include <stdio.h>

#include "api/internal.h"
#include "base/limits.h"

struct page page_of(struct req *r)
{
    struct page page = { LIMIT_PAGE_DEFAULT, 0, false };
    int64_t v;
    if (str_to_i64(http_query_of(r->http, "limit"), &v) && v > 0)
        page.limit = v < LIMIT_PAGE ? v : LIMIT_PAGE;
    if (str_to_i64(http_query_of(r->http, "offset"), &v) && v > 0)
        page.offset = v < LIMIT_OFFSET ? v : LIMIT_OFFSET;
    return page;
}

int page_numbered(struct req *r, int64_t size, int64_t count, struct page *out, struct err *e)
{
    str text = http_query_of(r->http, "page");
    int64_t n = 1, pages = count ? (count + size - 1) / size : 1;
    if (str_eqz(text, "last"))
        n = pages;
    else if (text.p && (!str_to_i64(text, &n) || n < 1 || n > pages))
        return err_set(e, ERR_NOT_FOUND, NULL, "Invalid page.");
    *out = (struct page){ size, (n - 1) * size, true };
    return 0;
}

str page_url(struct req *r, str query)
{
    str host = http_header_of(r->http, "Host"), proto = http_header_of(r->http,
                                                                       "X-Forwarded-Proto");
    str base = r->api->public_url ? str_of(r->api->public_url)
                                  : arena_printf(r->arena, "%s://" STR_FMT,
                                                 str_eqz(proto, "https") ? "https" : "http",
                                                 STR_ARG(host));
    return arena_printf(r->arena, STR_FMT STR_FMT "?" STR_FMT, STR_ARG(base),
                        STR_ARG(r->http->path), STR_ARG(query));
}

/* The request's own address with another page; the first one leaves it out. */
static void write_number_url(struct req *r, struct json_writer *w, int64_t n)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)n);
    json_str(w, page_url(r, http_query_with(r->http, "page", n > 1 ? text : NULL)));
}

/* The same with another offset; 0 leaves it out. */
static void write_page_url(struct req *r, struct json_writer *w, struct page page, int64_t offset)
{
    char text[24];
    if (page.numbered) {
        write_number_url(r, w, offset / page.limit + 1);
        return;
    }
    snprintf(text, sizeof(text), "%lld", (long long)offset);
    str query = http_query_with(r->http, "offset", offset ? text : NULL);
    bool has_limit = http_query_of(r->http, "limit").p != NULL;
    str limit = has_limit ? STR("") : arena_printf(r->arena, "limit=%lld%s",
                                                   (long long)page.limit, query.n ? "&" : "");
    json_str(w, page_url(r, arena_printf(r->arena, STR_FMT STR_FMT, STR_ARG(limit),
                                         STR_ARG(query))));
}

struct json_writer page_open_uncounted(struct req *r, struct page page, int64_t count, bool more)
{
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    if (count >= 0) {
        json_key(&w, "count");
        json_i64(&w, count);
    }
    json_key(&w, "next");
    if (more)
        write_page_url(r, &w, page, page.offset + page.limit);
    else
        json_null(&w);
    json_key(&w, "previous");
    if (page.offset > 0)
        write_page_url(r, &w, page, page.offset > page.limit ? page.offset - page.limit : 0);
    else
        json_null(&w);
    json_key(&w, "results");
    json_open(&w, '[');
    return w;
}

struct json_writer page_open(struct req *r, struct page page, int64_t count)
{
    bool more = page.offset < count && count - page.offset > page.limit;
    return page_open_uncounted(r, page, count, more);
}

void page_close(struct json_writer *w)
{
    json_close(w, ']');
    json_close(w, '}');
}
