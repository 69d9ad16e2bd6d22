/* shared.c - what everyone sees who has the link of something shared: the page that draws it, its data
 * as JSON, a picture; and what is asked before, when it has a password. Who may share is
 * api/sharing.c. */
#include "api/dashboard_view.h"
#include "api/insight_view.h"
#include "api/page.h"
#include "api/picture.h"
#include "api/share.h"

enum form { FORM_PAGE, FORM_JSON, FORM_PICTURE, FORM_NONE };

struct asked {
    enum form form;
    enum picture as; /* FORM_PICTURE */
    str token;       /* of the link */
};

/* The link's token, and in which form it is asked for: by what it ends in, or by ?format=. */
static struct asked read_address(struct req *r)
{
    str format = http_query_of(r->http, "format");
    struct asked out = { .token = r->id };
    size_t dot = out.token.n;
    while (dot && out.token.p[dot - 1] != '.')
        dot--;
    if (dot) {
        format = str_slice(out.token, dot, out.token.n);
        out.token.n = dot - 1;
    }
    out.as = picture_named(format);
    out.form = out.as                        ? FORM_PICTURE
               : str_eqz(format, "json")     ? FORM_JSON
               : dot || format.n             ? FORM_NONE
                                             : FORM_PAGE;
    r->needs_results = out.form == FORM_PICTURE;
    return out;
}

static void reply_headers(struct req *r)
{
    http_reply_header(r->http, "Cache-Control", "private, no-store");
    http_reply_header(r->http, "X-Robots-Tag", "noindex");
}

/* -------------------------------------------------------------------------- as JSON */

static void write_frame(struct json_writer *w, const char *type, str token)
{
    json_key(w, "type");
    json_z(w, type);
    json_key(w, "accessToken");
    json_str(w, token);
}

static void write_settings(struct req *r, struct json_writer *w)
{
    static const char *const flags[] = { "whitelabel", "noHeader", "legend", "detailed",
                                         "showInspector", "hideExtraDetails" };
    str theme = json_get_text(r->share_settings, "theme");
    json_key(w, "themes");
    json_raw(w, STR("[]"));
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (share_setting(r, flags[i])) {
            json_key(w, flags[i]);
            json_bool(w, true);
        }
    if (theme.n) {
        json_key(w, "theme");
        json_str(w, theme);
    }
    json_key(w, "timezone");
    json_str(w, r->project.timezone);
}

/* "embed" where it stands in another page. */
static const char *type_of(struct req *r)
{
    bool embed = str_starts(r->http->path, STR("/embedded/")) ||
                 http_query_of(r->http, "embedded").p;
    return embed ? "embed" : "scene";
}

static int reply_locked(struct req *r, str token)
{
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    write_frame(&w, "unlock", token);
    json_close(&w, '}');
    return 0;
}

static int load_dashboard(struct req *r, struct dashboard *d, struct err *e)
{
    str id = arena_printf(r->arena, "%lld", (long long)r->shared->dashboard_id);
    int rc = dashboard_load(r, id, d, e);
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc == 0)
        rc = dashboard_seen(r->db, d, 0, e);
    return rc < 0 ? rc : db_commit(r->db, e);
}

static int load_insight(struct req *r, struct insight *i, struct err *e)
{
    str id = arena_printf(r->arena, "%lld", (long long)r->shared->insight_id);
    int rc = insight_find(r->db, r->arena, r->project.id, id, i, e);
    if (rc == 0 || (rc > 0 && i->deleted))
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    return rc < 0 ? rc : 0;
}

static int reply_dashboard(struct req *r, const struct asked *asked, struct err *e)
{
    struct dashboard d;
    struct dashboard_view v;
    int rc = load_dashboard(r, &d, e);
    if (rc == 0 && asked->as)
        return picture_reply_dashboard(r, asked->as, &d, e);
    if (rc == 0)
        rc = dashboard_view_load(r, &d, &v, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    write_frame(&w, type_of(r), asked->token);
    json_key(&w, "dashboard");
    dashboard_write(r, &w, &d, v.filters, v.variables, &v.tiles);
    write_settings(r, &w);
    json_close(&w, '}');
    return 0;
}

static int reply_insight(struct req *r, const struct asked *asked, struct err *e)
{
    struct insight i;
    struct insight_view v = { .row = &i };
    int rc = load_insight(r, &i, e);
    if (rc == 0)
        rc = insight_view_prepare(r, &v, 1, e);
    if (rc < 0)
        return rc;
    insight_view_compute(r, &v, 1, insight_refresh(r), 0);
    if (asked->as)
        return picture_reply_insight(r, asked->as, &v, e);
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    write_frame(&w, type_of(r), asked->token);
    json_key(&w, "insight");
    insight_view_write(r, &w, &v, false);
    write_settings(r, &w);
    json_close(&w, '}');
    return 0;
}

/* -------------------------------------------------------------------------- handlers */

/* Is what it shows still there? */
static int check_there(struct req *r, struct err *e)
{
    struct dashboard d;
    struct insight i;
    str id = arena_printf(r->arena, "%lld", (long long)r->shared->dashboard_id);
    return r->shared->insight_id ? load_insight(r, &i, e) : dashboard_load(r, id, &d, e);
}

static int shared_fetch(struct req *r, struct err *e)
{
    struct asked asked = read_address(r);
    int rc = asked.form == FORM_NONE ? err_set(e, ERR_NOT_FOUND, NULL, NULL)
                                     : share_open(r, asked.token, e);
    if (rc == 0)
        rc = check_there(r, e);
    reply_headers(r);
    if (asked.form == FORM_PAGE && (rc == 0 || rc == ERR_NOT_FOUND))
        return page_reply_shared(r, rc == 0 ? 200 : 404);
    if (rc == 0)
        rc = share_unlocked(r, e);
    if (rc == 0 && asked.form == FORM_PICTURE)
        return err_set(e, ERR_NOT_AUTHENTICATED, NULL, NULL);
    if (rc <= 0)
        return rc < 0 ? rc : reply_locked(r, asked.token);
    return r->shared->insight_id ? reply_insight(r, &asked, e) : reply_dashboard(r, &asked, e);
}

static int reply_wrong(struct req *r)
{
    struct json_writer w = reply_json(r, 401);
    json_raw(&w, STR("{\"error\":\"Incorrect password\"}"));
    return 0;
}

static int shared_unlock(struct req *r, struct err *e)
{
    str password = json_get_text(r->body, "password"), kept;
    struct asked asked = read_address(r); /* the path becomes the cookie's: nothing odd at its end */
    int rc = asked.form == FORM_NONE ? err_set(e, ERR_NOT_FOUND, NULL, NULL)
                                     : share_open(r, asked.token, e);
    if (rc == 0)
        rc = check_there(r, e);
    reply_headers(r);
    if (rc == 0 && !r->shared->password_required)
        return err_set(e, ERR_METHOD, NULL, "Method \"POST\" not allowed.");
    if (rc == 0)
        rc = share_unlock(r, password.p ? password : STR(""), &kept, e);
    if (rc < 0)
        return rc;
    if (!kept.p)
        return reply_wrong(r);
    str path = str_slice(r->http->path, 0, r->http->path.n);
    if (str_ends(path, STR("/")))
        path.n--;
    str cookie = arena_printf(r->arena,
                              "posthog_sharing_token=" STR_FMT "; Path=" STR_FMT
                              "; Max-Age=86400; HttpOnly; SameSite=Lax%s",
                              STR_ARG(kept), STR_ARG(path), r->api->secure ? "; Secure" : "");
    http_reply_header(r->http, "Set-Cookie", cookie.p);
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "shareToken");
    json_str(&w, kept);
    json_close(&w, '}');
    return 0;
}

const struct route shared_routes[] = {
    { "GET", "/shared/:id", shared_fetch, ACCESS_PUBLIC, NULL, 0 },
    { "POST", "/shared/:id", shared_unlock, ACCESS_PUBLIC, NULL, 0 },
    { "GET", "/shared_dashboard/:id", shared_fetch, ACCESS_PUBLIC, NULL, 0 },
    { "POST", "/shared_dashboard/:id", shared_unlock, ACCESS_PUBLIC, NULL, 0 },
    { "GET", "/embedded/:id", shared_fetch, ACCESS_PUBLIC, NULL, 0 },
    { "POST", "/embedded/:id", shared_unlock, ACCESS_PUBLIC, NULL, 0 },
    { 0 },
};
