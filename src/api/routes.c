/* routes.c - see routes.h. The order of checks is api_run's, top to bottom. */
#include "api/routes.h"

#include <stdio.h>

#include "api/internal.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

static const struct route *const tables[] = {
    capture_routes,
    capture_v1_routes,
    collaborator_routes,
    dashboard_routes,
    health_routes,
    organization_routes,
    personal_api_key_routes,
    project_routes,
    session_routes,
    user_routes,
};

static bool is_param(str part)
{
    return part.n && part.p[0] == ':';
}

static bool family_equal(str pattern, str part)
{
    return str_eq(pattern, part) ||
           (str_eqz(pattern, "projects") && str_eqz(part, "environments"));
}

/* Path parameters as they stand in the path; resolved later. */
struct match {
    str project, organization, id, sub_id;
};

static void keep_param(struct match *m, str name, str value)
{
    if (str_eqz(name, ":project"))
        m->project = value;
    else if (str_eqz(name, ":organization"))
        m->organization = value;
    else if (str_eqz(name, ":id"))
        m->id = value;
    else
        m->sub_id = value;
}

static str without_slash(str path)
{
    return path.n > 1 && path.p[path.n - 1] == '/' ? str_slice(path, 0, path.n - 1) : path;
}

static bool path_matches(const struct route *row, str path, struct match *m)
{
    str pattern = without_slash(str_of(row->path));
    *m = (struct match){ 0 };
    path = without_slash(path);
    bool project_row = str_find(pattern, STR("/:project")) >= 0;
    while (pattern.p && path.p) {
        str want = str_split(&pattern, '/'), part = str_split(&path, '/');
        if (is_param(want) && part.n)
            keep_param(m, want, part);
        else if (project_row ? !family_equal(want, part) : !str_eq(want, part))
            return false;
    }
    return !pattern.p && !path.p;
}

/* The row for the path; *other: a row for the path with another method. */
static const struct route *find(str method, str path, struct match *m, const struct route **other)
{
    *other = NULL;
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (const struct route *row = tables[i]; row->method; row++) {
            if (!path_matches(row, path, m))
                continue;
            if (str_eqz(method, row->method))
                return row;
            *other = row;
        }
    return NULL;
}

int api_check_routes(struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (const struct route *row = tables[i]; row->method; row++)
            if (row->access == ACCESS_NONE_DECLARED ||
                (row->access == ACCESS_SCOPE) != (row->scope != NULL))
                return err_set(e, ERR_INVALID, NULL, "route %s %s declares no access",
                               row->method, row->path);
    return 0;
}

void api_describe_routes(struct buf *out)
{
    static const char *const names[] = { "", "public", "capture", "token", "user", "session",
                                         "scope" };
    struct json_writer w = JSON_WRITER(out);
    json_open(&w, '[');
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (const struct route *row = tables[i]; row->method; row++) {
            json_open(&w, '{');
            json_key(&w, "method");
            json_z(&w, row->method);
            json_key(&w, "path");
            json_z(&w, row->path);
            json_key(&w, "access");
            json_z(&w, row->scope ? row->scope : names[row->access]);
            json_close(&w, '}');
        }
    json_close(&w, ']');
}

size_t api_limit(struct http_request *r)
{
    return str_starts(r->path, STR("/i/v1/")) ? LIMIT_BODY_CAPTURE_V1 : LIMIT_BODY_API;
}

bool api_inline(struct http_request *r)
{
    struct match m;
    const struct route *other, *row = find(r->method, r->path, &m, &other);
    return row && row->inline_run;
}

/* -------------------------------------------------------------------------- credentials */

/* The first key found, and the name of its place; STR_NULL when the request has none. */
static str key_in_request(struct req *r, const char **place)
{
    str header = http_header_of(r->http, "Authorization");
    if (header.n > 7 && str_eq_nocase(str_slice(header, 0, 7), STR("Bearer "))) {
        *place = "Authorization header";
        return str_trim(str_slice(header, 7, header.n));
    }
    str body = json_get_text(r->body, "personal_api_key");
    *place = "body";
    if (body.p)
        return body;
    *place = "query string";
    return http_query_of(r->http, "personal_api_key");
}

static int authenticate_key(struct req *r, str value, const char *place, struct err *e)
{
    int rc = key_find(r->db, r->arena, value, &r->key, e);
    if (rc > 0)
        rc = user_find(r->db, r->arena, r->key.user_id, &r->user, e);
    if (rc < 0)
        return rc;
    if (rc == 0 || !r->user.active)
        return err_set(e, ERR_AUTH_FAILED, NULL,
                       "Personal API key found in request %s is invalid.", place);
    r->credential = CREDENTIAL_KEY;
    return 0;
}

static bool unsafe_method(str method)
{
    return !str_eqz(method, "GET") && !str_eqz(method, "HEAD") && !str_eqz(method, "OPTIONS");
}

static int authenticate_session(struct req *r, str cookie, struct err *e)
{
    int64_t user_id = 0;
    str csrf = STR_NULL;
    int rc = session_find(r->db, r->arena, cookie, &user_id, &csrf, e);
    if (rc > 0)
        rc = user_find(r->db, r->arena, user_id, &r->user, e);
    if (rc < 0)
        return rc;
    if (rc == 0 || !r->user.active)
        return err_set(e, ERR_NOT_AUTHENTICATED, NULL, NULL);
    if (unsafe_method(r->http->method) &&
        !str_eq(http_header_of(r->http, "X-CSRFToken"), csrf))
        return err_set(e, ERR_DENIED, NULL, "CSRF Failed: CSRF token missing or incorrect.");
    r->credential = CREDENTIAL_SESSION;
    return 0;
}

static int authenticate(struct req *r, struct err *e)
{
    const char *place;
    str key = key_in_request(r, &place);
    if (key.p)
        return authenticate_key(r, key, place, e);
    str cookie = http_cookie_of(r->http, "sessionid");
    if (cookie.p)
        return authenticate_session(r, cookie, e);
    return err_set(e, ERR_NOT_AUTHENTICATED, NULL, NULL);
}

/* -------------------------------------------------------------------------- authorisation */

static struct json *list_of(struct req *r, str text)
{
    struct err ignored = ERR_INIT;
    struct json *v;
    BUG_ON(json_parse(r->arena, text, &v, &ignored) < 0); /* we wrote it */
    return v;
}

static bool list_has(const struct json *list, str value)
{
    for (const struct json *m = list->head; m; m = m->next)
        if (str_eq(m->text, value))
            return true;
    return false;
}

static int check_scope(struct req *r, struct err *e)
{
    const struct route *row = r->route;
    if (r->credential != CREDENTIAL_KEY || row->access == ACCESS_USER)
        return 0;
    if (row->access == ACCESS_SESSION)
        return err_set(e, ERR_DENIED, NULL,
                       "This action does not support personal API key access");
    struct json *scopes = list_of(r, r->key.scopes);
    str want = str_of(row->scope);
    if (list_has(scopes, STR("*")) || list_has(scopes, want))
        return 0;
    ptrdiff_t colon = str_find_char(want, ':');
    str write = arena_printf(r->arena, "%.*s:write", (int)colon, want.p);
    if (str_ends(want, STR(":read")) && list_has(scopes, write))
        return 0;
    return err_set(e, ERR_DENIED, NULL, "API key missing required scope '%s'", row->scope);
}

static int load_project(struct req *r, str text, struct err *e)
{
    int64_t id = 0;
    if (str_eqz(text, "@current"))
        id = r->user.project_id;
    else if (!str_to_i64(text, &id))
        id = 0;
    int rc = id > 0 ? project_find(r->db, r->arena, id, &r->project, e) : 0;
    if (rc < 0)
        return rc;
    if (rc == 0)
        return err_set(e, ERR_NOT_FOUND, NULL, "Project not found.");
    rc = organization_find(r->db, r->arena, r->project.organization_id, r->user.id,
                           &r->organization, e);
    if (rc < 0)
        return rc;
    if (!r->organization.level)
        return err_set(e, ERR_DENIED, NULL, "You don't have access to the project.");
    return 0;
}

static int load_organization(struct req *r, str text, struct err *e)
{
    str id = str_eqz(text, "@current") ? r->user.organization_id : text;
    int rc = id.p ? organization_find(r->db, r->arena, id, r->user.id, &r->organization, e) : 0;
    if (rc < 0)
        return rc;
    if (rc == 0 || !r->organization.level)
        return err_set(e, ERR_NOT_FOUND, NULL, "Organization not found.");
    return 0;
}

/* Keys narrowed to projects or organizations, and organizations that allow keys to admins only. */
static int check_narrowing(struct req *r, struct err *e)
{
    if (r->credential != CREDENTIAL_KEY || r->route->access == ACCESS_USER)
        return 0;
    struct json *teams = list_of(r, r->key.teams);
    struct json *organizations = list_of(r, r->key.organizations);
    str id = arena_printf(r->arena, "%lld", (long long)r->project.id);
    if (teams->head && !r->project.id)
        return err_set(e, ERR_DENIED, NULL, "API keys with scoped projects are only supported on "
                                            "project-based endpoints.");
    if (teams->head && !list_has(teams, id))
        return err_set(e, ERR_DENIED, NULL,
                       "API key does not have access to the requested project: ID %lld.",
                       (long long)r->project.id);
    if (organizations->head && r->organization.id.p &&
        !list_has(organizations, r->organization.id))
        return err_set(e, ERR_DENIED, NULL,
                       "API key does not have access to the requested organization: ID %s.",
                       r->organization.id.p);
    if (r->organization.id.p && !r->organization.members_can_use_keys &&
        r->organization.level < LEVEL_ADMIN)
        return err_set(e, ERR_DENIED, NULL,
                       "Organization '%s' does not allow using personal API keys. "
                       "Ask an organization admin.",
                       r->organization.name.p);
    return 0;
}

static int authorise(struct req *r, const struct match *m, struct err *e)
{
    int rc = check_scope(r, e);
    if (rc == 0 && m->project.p)
        rc = load_project(r, m->project, e);
    if (rc == 0 && m->organization.p)
        rc = load_organization(r, m->organization, e);
    if (rc == 0)
        rc = check_narrowing(r, e);
    if (rc == 0 && r->organization.id.p && r->organization.level < r->route->level)
        return err_set(e, ERR_DENIED, NULL, "Your organization access level is insufficient.");
    return rc;
}

/* -------------------------------------------------------------------------- the run */

static int decode(struct req *r, struct err *e)
{
    if (r->http->too_large)
        return err_set(e, ERR_TOO_LARGE, NULL, NULL);
    if (!r->http->body.n)
        return 0;
    str type = http_header_of(r->http, "Content-Type");
    if (type.n && !str_starts(type, STR("application/json")))
        return err_set(e, ERR_MEDIA_TYPE, NULL, "Unsupported media type \"%s\" in request.",
                       type.p);
    return json_parse(r->arena, buf_view(&r->http->body), &r->body, e);
}

static bool by_token(const struct route *row)
{
    return row->access == ACCESS_CAPTURE || row->access == ACCESS_TOKEN;
}

/* A browser asks before a script of another origin may call. */
static int preflight(struct req *r)
{
    reply_cors(r);
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "status");
    json_z(&w, "Ok");
    json_close(&w, '}');
    return 0;
}

static int checked_call(struct req *r, struct err *e)
{
    struct match m;
    const struct route *other;
    r->route = find(r->http->method, r->http->path, &m, &other);
    if (!r->route && other && by_token(other) && str_eqz(r->http->method, "OPTIONS"))
        return preflight(r);
    if (!r->route && other)
        return err_set(e, ERR_METHOD, NULL, "Method \"%s\" not allowed.", r->http->method.p);
    if (!r->route)
        return err_set(e, ERR_NOT_FOUND, NULL, "Endpoint not found.");
    r->id = m.id;
    r->sub_id = m.sub_id;
    if (by_token(r->route)) { /* these decode their bodies themselves */
        reply_cors(r);
        return r->route->call(r, e);
    }
    /* The body is decoded before credentials are looked for because it may hold the key; a body
     * that does not parse is reported only to a caller we know. */
    struct err bad_body = ERR_INIT;
    int decoded = decode(r, &bad_body);
    if (r->route->access != ACCESS_PUBLIC) {
        int rc = authenticate(r, e);
        if (rc == 0)
            rc = authorise(r, &m, e);
        if (rc < 0)
            return rc;
    }
    if (decoded < 0) {
        *e = bad_body;
        return decoded;
    }
    return r->route->call(r, e);
}

static void reply_error(struct req *r, const struct err *e)
{
    struct http_request *h = r->http;
    buf_reset(&h->reply);
    struct json_writer w = reply_json(r, err_status(e));
    json_open(&w, '{');
    json_key(&w, "type");
    json_z(&w, err_type(e));
    json_key(&w, "code");
    json_z(&w, err_code(e));
    json_key(&w, "detail");
    json_z(&w, err_message(e));
    json_key(&w, "attr");
    json_z(&w, e->attr[0] ? e->attr : NULL);
    json_close(&w, '}');
    if (h->status == 401)
        http_reply_header(h, "WWW-Authenticate", "Bearer");
    if (h->status == 503)
        http_reply_header(h, "Retry-After", "1");
}

static void log_request(const struct req *r, const struct err *e)
{
    char status[12], ms[24];
    const struct http_request *h = r->http;
    snprintf(status, sizeof(status), "%d", h->status);
    snprintf(ms, sizeof(ms), "%.3f", (double)(clock_mono_us() - h->started) / 1000);
    log_event(h->status >= 500 && h->status != 503 ? LOG_ERROR : LOG_DEBUG, "request", "id", h->id,
              "method", h->method.p, "route", r->route ? r->route->path : "", "status", status,
              "ms", ms, "error", e->detail, NULL);
}

void req_give_db(struct req *r)
{
    if (!r->db)
        return;
    db_rollback(r->db);
    store_give(TAKE(r->db));
}

void req_take_db(struct req *r)
{
    if (!r->db)
        r->db = store_take(r->api->store);
}

static bool peer_gone(void *http)
{
    return http_peer_gone(http);
}

struct query_scope req_query_scope(struct req *r)
{
    return (struct query_scope){
        .service = r->api->queries, .arena = r->arena, .team_id = r->project.id,
        .timezone = r->project.timezone, .id = STR_NULL,
        .by_key = r->credential == CREDENTIAL_KEY, .gone = peer_gone, .gone_context = r->http,
    };
}

void api_run(struct http_request *h)
{
    const struct api *api = h->context;
    struct req r = { .http = h, .arena = h->arena, .api = api };
    struct err e = ERR_INIT;
    if (!api_inline(h))
        req_take_db(&r);
    int rc = checked_call(&r, &e);
    if (r.deferred) /* another thread has the request, and may be done with it */
        return;
    req_give_db(&r);
    if (rc == 0 && h->reply.full)
        rc = err_internal(&e, "reply larger than LIMIT_RESPONSE");
    if (rc < 0)
        reply_error(&r, &e);
    log_request(&r, &e);
}

void reply_cors(struct req *r)
{
    str origin = http_header_of(r->http, "Origin");
    str headers = http_header_of(r->http, "Access-Control-Request-Headers");
    if (!origin.p)
        return;
    http_reply_header(r->http, "Access-Control-Allow-Origin", origin.p);
    http_reply_header(r->http, "Access-Control-Allow-Credentials", "true");
    http_reply_header(r->http, "Access-Control-Allow-Methods", "GET, POST, OPTIONS");
    http_reply_header(r->http, "Vary", "Origin");
    if (headers.p)
        http_reply_header(r->http, "Access-Control-Allow-Headers", headers.p);
}

struct json_writer reply_json(struct req *r, int status)
{
    r->http->status = status;
    return JSON_WRITER(&r->http->reply);
}

/* -------------------------------------------------------------------------- pages */

struct page page_of(struct req *r)
{
    struct page page = { LIMIT_PAGE_DEFAULT, 0 };
    int64_t v;
    if (str_to_i64(http_query_of(r->http, "limit"), &v) && v > 0)
        page.limit = v;
    if (str_to_i64(http_query_of(r->http, "offset"), &v) && v > 0)
        page.offset = v;
    return page;
}

/* The request's own address with another offset; 0 leaves it out. */
static void write_page_url(struct req *r, struct json_writer *w, struct page page, int64_t offset)
{
    char text[24];
    str host = http_header_of(r->http, "Host"), proto = http_header_of(r->http,
                                                                       "X-Forwarded-Proto");
    snprintf(text, sizeof(text), "%lld", (long long)offset);
    str query = http_query_with(r->http, "offset", offset ? text : NULL);
    bool has_limit = http_query_of(r->http, "limit").p != NULL;
    str base = r->api->public_url ? str_of(r->api->public_url)
                                  : arena_printf(r->arena, "%s://" STR_FMT,
                                                 str_eqz(proto, "https") ? "https" : "http",
                                                 STR_ARG(host));
    str limit = has_limit ? STR("") : arena_printf(r->arena, "limit=%lld%s",
                                                   (long long)page.limit, query.n ? "&" : "");
    str url = arena_printf(r->arena, STR_FMT STR_FMT "?" STR_FMT STR_FMT, STR_ARG(base),
                           STR_ARG(r->http->path), STR_ARG(limit), STR_ARG(query));
    json_str(w, url);
}

struct json_writer page_open(struct req *r, struct page page, int64_t count)
{
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "count");
    json_i64(&w, count);
    json_key(&w, "next");
    if (page.offset < count && count - page.offset > page.limit)
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

void page_close(struct json_writer *w)
{
    json_close(w, ']');
    json_close(w, '}');
}

/* -------------------------------------------------------------------------- body fields */

int body_str(struct req *r, const char *name, size_t max, str *out, struct err *e)
{
    const struct json *v = json_get(r->body, name);
    if (!v)
        return 0;
    if (v->type == JSON_NULL)
        return err_set(e, ERR_NULL_VALUE, name, "This field may not be null.");
    if (v->type != JSON_STRING && v->type != JSON_NUMBER)
        return err_set(e, ERR_INVALID, name, "Not a valid string.");
    str text = str_trim(v->text);
    if (str_find_char(text, '\0') >= 0)
        return err_set(e, ERR_INVALID, name, "Null characters are not allowed.");
    if (str_utf8_len(text) > max)
        return err_set(e, ERR_TOO_LONG, name,
                       "Ensure this field has no more than %zu characters.", max);
    *out = text;
    return 0;
}

int body_bool(struct req *r, const char *name, bool *out, struct err *e)
{
    static const char *const yes[] = { "true", "1", "yes", "on", "t", "y" };
    static const char *const no[] = { "false", "0", "no", "off", "f", "n" };
    const struct json *v = json_get(r->body, name);
    if (!v)
        return 0;
    if (v->type == JSON_NULL)
        return err_set(e, ERR_NULL_VALUE, name, "This field may not be null.");
    if (v->type == JSON_BOOL) {
        *out = v->boolean;
        return 0;
    }
    if (v->type == JSON_STRING || v->type == JSON_NUMBER)
        for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
            bool is_yes = str_eq_nocase(v->text, str_of(yes[i]));
            if (is_yes || str_eq_nocase(v->text, str_of(no[i]))) {
                *out = is_yes;
                return 0;
            }
        }
    return err_set(e, ERR_INVALID, name, "Must be a valid boolean.");
}
