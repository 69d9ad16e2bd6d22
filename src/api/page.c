/* page.c - the web page: its index for every address that is a view of it, and its files.
 *
 * The files are built from web/ and lie in the program (tools/mkembed). A view's address is a row
 * here and a row of web/src/router.ts; what is in neither is the API's 404. */
#include "api/page.h"

#include "http/static.h"

/* Made by tools/mkembed, sorted by name. */
extern const struct static_file page_files[];
extern const size_t page_file_count;

/* The page loads and talks to nothing but this server, runs no text as script, is shown in no
 * frame but by a link that was made for everyone. Markup from text tiles goes through one sanitiser,
 * the only named policy. */
#define POLICY(frames)                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "      \
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "           \
    "frame-ancestors " frames "; require-trusted-types-for 'script'; trusted-types dompurify"

static const struct static_file *file_named(str name)
{
    return static_find(page_files, page_file_count, name);
}

static int page_index(struct req *r, struct err *e)
{
    const struct static_file *f = file_named(STR("index.html"));
    (void)e;
    BUG_ON(!f);
    http_reply_header(r->http, "Content-Security-Policy", POLICY("'none'"));
    http_reply_header(r->http, "X-Frame-Options", "DENY");
    http_reply_header(r->http, "Referrer-Policy", "same-origin");
    static_reply(r->http, f);
    return 0;
}

int page_reply_shared(struct req *r, int status)
{
    const struct static_file *f = file_named(STR("index.html"));
    BUG_ON(!f);
    http_reply_header(r->http, "Content-Security-Policy", POLICY("*"));
    http_reply_header(r->http, "Referrer-Policy", "no-referrer"); /* the address is a secret */
    http_reply_header(r->http, "X-Content-Type-Options", "nosniff");
    r->http->content_type = f->type;
    r->http->status = status;
    r->http->fixed = f->body[STATIC_IDENTITY];
    return 0;
}

static int page_asset(struct req *r, struct err *e)
{
    const struct static_file *f = file_named(r->id);
    if (!f || !f->immutable) /* the index is served with its policy only */
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    static_reply(r->http, f);
    return 0;
}

const struct route page_routes[] = {
    { "GET", "/", page_index, ACCESS_PUBLIC, NULL, 0, true },
    { "GET", "/login", page_index, ACCESS_PUBLIC, NULL, 0, true },
    { "GET", "/dashboards", page_index, ACCESS_PUBLIC, NULL, 0, true },
    { "GET", "/dashboard", page_index, ACCESS_PUBLIC, NULL, 0, true },
    { "GET", "/dashboard/:id", page_index, ACCESS_PUBLIC, NULL, 0, true },
    { "GET", "/activity", page_index, ACCESS_PUBLIC, NULL, 0, true },
    { "GET", "/chat", page_index, ACCESS_PUBLIC, NULL, 0, true },
    { "GET", "/chat/:id", page_index, ACCESS_PUBLIC, NULL, 0, true },
    { "GET", "/chats", page_index, ACCESS_PUBLIC, NULL, 0, true },
    { "GET", "/assets/:id", page_asset, ACCESS_PUBLIC, NULL, 0, true },
    { 0 },
};
