/* sdk.c - the browser's client library, for sites that load it by a snippet from the host their
 * events go to; and the parts it fetches by itself when a site switches them on.
 *
 * The files are posthog-js as its package has them (the Makefile names which) and lie in the
 * program. Of parts that are not there the library does without. */
#include "api/internal.h"
#include "http/static.h"

/* Made by the Makefile and tools/mkembed, sorted by name. */
extern const struct static_file sdk_files[];
extern const size_t sdk_file_count;
extern const char sdk_version[];

static int reply_file(struct req *r, str name, bool versioned, struct err *e)
{
    const struct static_file *f = static_find(sdk_files, sdk_file_count, name);
    reply_cors(r); /* the library asks for scripts without the site's cookies: that needs a yes */
    if (!f)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    struct static_file found = *f;
    found.immutable = versioned;
    static_reply(r->http, &found);
    return 0;
}

static int sdk_file(struct req *r, struct err *e)
{
    return reply_file(r, r->id, false, e);
}

static int sdk_file_of_version(struct req *r, struct err *e)
{
    if (!str_eqz(r->id, sdk_version))
        return reply_file(r, STR(""), false, e);
    return reply_file(r, r->sub_id, true, e);
}

const struct route sdk_routes[] = {
    { "GET", "/static/:id", sdk_file, ACCESS_PUBLIC, NULL, 0, true },
    { "GET", "/static/:id/:sub_id", sdk_file_of_version, ACCESS_PUBLIC, NULL, 0, true },
    { 0 },
};
