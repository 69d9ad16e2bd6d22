/* routes.c - see routes.h. The order of checks is api_run's, top to bottom. */
#include "api/routes.h"

#include <stdio.h>

#include "api/internal.h"
#include "api/match.h"
#include "api/throttle.h"
#include "api/traffic.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "model/scope.h"

static const struct route *const tables[] = {
    access_control_routes,
    action_routes,
    export_step_routes, /* "test" is no id */
    batch_export_routes,
    export_backfill_routes,
    export_run_routes,
    capture_routes,
    capture_v1_routes,
    cohort_routes,
    collaborator_routes,
    conversation_routes,
    conversation_queue_routes,
    core_memory_routes,
    dashboard_routes,
    dashboard_stream_routes,
    dashboard_tag_routes,
    dashboard_template_routes,
    event_definition_routes,
    event_routes,
    flags_routes,
    health_routes,
    history_routes,
    insight_routes,
    insight_variable_routes,
    integration_routes,
    member_routes,
    model_request_routes,
    model_setting_routes,
    organization_routes,
    page_routes,
    person_routes,
    personal_api_key_routes,
    project_routes,
    property_definition_routes,
    query_routes,
    remote_config_routes,
    schema_routes,
    sdk_routes,
    session_routes,
    shared_routes,
    sharing_routes,
    template_use_routes,
    token_routes,
    tile_routes,
    user_routes,
    version_routes,
};

const struct route *route_at(size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (const struct route *row = tables[i]; row->method; row++)
            if (!n--)
                return row;
    return NULL;
}

struct traffic *api_traffic_new(void)
{
    return traffic_new(tables, ARRAY_LEN(tables));
}

struct route_index *api_index_new(void)
{
    return route_index_new(tables, ARRAY_LEN(tables));
}

/* Paths from before projects had one: the caller's current project is meant. */
static const struct {
    str flat;
    const char *resource;
} flat_paths[] = {
    { STR_INIT("/api/event"), "events" },        { STR_INIT("/api/person"), "persons" },
    { STR_INIT("/api/action"), "actions" },      { STR_INIT("/api/cohort"), "cohorts" },
    { STR_INIT("/api/insight"), "insights" },    { STR_INIT("/api/dashboard"), "dashboards" },
    { STR_INIT("/api/annotation"), "annotations" },
    { STR_INIT("/api/feature_flag"), "feature_flags" },
    { STR_INIT("/flags/definitions"), "feature_flags/local_evaluation" },
};

/* The path with its project, in the arena; STR_NULL when it is none of those. */
static str with_project(struct arena *a, str path)
{
    for (size_t i = 0; i < ARRAY_LEN(flat_paths); i++) {
        str flat = flat_paths[i].flat;
        if (!str_starts(path, flat) || (path.n > flat.n && path.p[flat.n] != '/'))
            continue;
        return arena_printf(a, "/api/projects/@current/%s" STR_FMT, flat_paths[i].resource,
                            STR_ARG(str_slice(path, flat.n, path.n)));
    }
    return STR_NULL;
}

int api_check_routes(struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (const struct route *row = tables[i]; row->method; row++)
            if (row->access == ACCESS_NONE_DECLARED ||
                (row->access == ACCESS_SCOPE) != (row->scope != NULL) ||
                (row->scope && !scope_valid(str_of(row->scope))))
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
    if (str_eqz(r->path, "/s/") || str_eqz(r->path, "/s"))
        return LIMIT_BODY_RECORDING;
    return str_starts(r->path, STR("/i/v1/")) ? LIMIT_BODY_CAPTURE_V1 : LIMIT_BODY_API;
}

bool api_inline(struct http_request *r)
{
    struct route_match m;
    const struct api *api = r->context;
    const struct route *other, *row = route_find(api->index, r->method, r->path, &m, &other);
    return row && row->inline_run;
}

/* -------------------------------------------------------------------------- the run */

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

/* Says which methods the path has. */
static void reply_allow(struct req *r)
{
    static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
    struct buf b = BUF_INIT(128);
    struct route_match m;
    const struct route *other;
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (route_find(r->api->index, str_of(methods[i]), r->full_path, &m, &other))
            buf_printf(&b, "%s, %s", methods[i], i ? "" : "HEAD, ");
    buf_z(&b, "OPTIONS");
    http_reply_header(r->http, "Allow", arena_str(r->arena, buf_view(&b)).p);
    buf_release(&b);
}

/* OPTIONS of a path that needs credentials: what it is, to callers that may read it. */
static int describe(struct req *r)
{
    static const char *const types[] = { "application/json", "application/x-www-form-urlencoded",
                                         "multipart/form-data" };
    struct json_writer w = reply_json(r, 200);
    reply_allow(r);
    json_open(&w, '{');
    json_key(&w, "name");
    json_z(&w, r->route->path);
    json_key(&w, "description");
    json_z(&w, "");
    json_key(&w, "renders");
    json_open(&w, '[');
    json_z(&w, types[0]);
    json_close(&w, ']');
    json_key(&w, "parses");
    json_open(&w, '[');
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        json_z(&w, types[i]);
    json_close(&w, ']');
    json_close(&w, '}');
    return 0;
}

/* Finds the row; r->route is then it, or NULL and the result another row of the path or NULL. */
static const struct route *match_route(struct req *r)
{
    struct route_match m = { 0 };
    const struct route *other;
    r->full_path = r->http->path;
    r->route = route_find(r->api->index, r->http->method, r->full_path, &m, &other);
    if (!other) {
        str path = with_project(r->arena, r->http->path);
        if (path.p) {
            r->flat = true;
            r->full_path = path;
            r->route = route_find(r->api->index, r->http->method, path, &m, &other);
        }
    }
    r->path_project = m.project;
    r->path_organization = m.organization;
    r->id = m.id;
    r->sub_id = m.sub_id;
    return other;
}

/* The scope that reading what the row is about needs. */
static str read_scope(struct req *r)
{
    str scope = str_of(r->route->scope);
    ptrdiff_t colon = str_find_char(scope, ':');
    return colon < 0 ? scope : arena_printf(r->arena, "%.*s:read", (int)colon, scope.p);
}

/* A method the path has not: callers we do not know learn nothing about it. */
static int other_method(struct req *r, const struct route *other, struct err *e)
{
    bool options = str_eqz(r->http->method, "OPTIONS");
    if (by_token(other) && options)
        return preflight(r);
    r->route = other;
    int rc = by_token(other) || other->access == ACCESS_PUBLIC ? 0 : req_authenticate(r, e);
    if (rc == 0 && options && other->access != ACCESS_PUBLIC && !by_token(other))
        rc = req_authorise(r, read_scope(r), e);
    if (rc < 0)
        return rc;
    if (options)
        return describe(r);
    reply_allow(r);
    return err_set(e, ERR_METHOD, NULL, "Method \"%s\" not allowed.", r->http->method.p);
}

static enum throttle_class class_of(const struct req *r)
{
    static const struct {
        const char *scope, *method, *part; /* NULL: any */
        enum throttle_class class;
    } classes[] = {
        { "person", "DELETE", NULL, THROTTLE_PERSON_DELETE },
        { "person", "POST", "/bulk_delete/", THROTTLE_PERSON_DELETE },
        { "feature_flag", NULL, "/local_evaluation", THROTTLE_FLAGS },
        { "query", NULL, "/events", THROTTLE_READS },
        { "query", NULL, NULL, THROTTLE_QUERY },
        { "person", NULL, NULL, THROTTLE_READS },
        { "insight", NULL, NULL, THROTTLE_READS },
    };
    const struct route *row = r->route;
    str path = str_of(row->path), scope = str_of(row->scope), object = str_split(&scope, ':');
    for (size_t i = 0; i < ARRAY_LEN(classes); i++)
        if (str_eqz(object, classes[i].scope) &&
            (!classes[i].method || strcmp(classes[i].method, row->method) == 0) &&
            (!classes[i].part || str_find(path, str_of(classes[i].part)) >= 0))
            return classes[i].class;
    return THROTTLE_DEFAULT;
}

static bool asks_assistant(const struct req *r)
{
    return strcmp(r->route->method, "POST") == 0 &&
           str_ends(str_of(r->route->path), STR("/conversations/"));
}

/* By user, with a key or a session alike; a request that is not valid counts too. */
static int check_questions(struct req *r, struct err *e)
{
    bool research = str_eqz(json_get_text(r->body, "agent_mode"), "research");
    str who = arena_printf(r->arena, "user %lld", (long long)r->user.id);
    int64_t wait = throttle_wait(r->api->throttle, who, research ? THROTTLE_RESEARCH : THROTTLE_AI);
    if (!wait)
        return 0;
    str seconds = arena_printf(r->arena, "%lld", (long long)wait);
    str when = wait < 60     ? arena_printf(r->arena, "in %lld seconds", (long long)wait)
               : wait < 3600 ? arena_printf(r->arena, "in %lld minutes", (long long)wait / 60)
                             : STR("later today");
    http_reply_header(r->http, "Retry-After", seconds.p);
    return err_set(e, ERR_THROTTLED, NULL,
                   "%s. Please try again " STR_FMT ". Expected available in " STR_FMT " seconds.",
                   research ? "Research mode is in beta, and its usage limit is reached"
                            : "The PostHog AI usage limit is reached",
                   STR_ARG(when), STR_ARG(seconds));
}

static int check_throttle(struct req *r, struct err *e)
{
    if (r->api->throttle && asks_assistant(r))
        return check_questions(r, e);
    if (!r->api->throttle || r->credential != CREDENTIAL_KEY)
        return 0;
    char text[24];
    enum throttle_class class = class_of(r);
    int64_t wait = throttle_wait(r->api->throttle, r->key.id, class);
    bool sql = class == THROTTLE_QUERY &&
               str_eqz(json_get_text(json_get(r->body, "query"), "kind"), "HogQLQuery");
    if (!wait && sql)
        wait = throttle_wait(r->api->throttle, r->key.id, THROTTLE_SQL);
    if (!wait)
        return 0;
    snprintf(text, sizeof(text), "%lld", (long long)wait);
    http_reply_header(r->http, "Retry-After", text);
    return err_set(e, ERR_THROTTLED, NULL,
                   "Request was throttled. Expected available in %s seconds.", text);
}

static int checked_call(struct req *r, struct err *e)
{
    const struct route *other = match_route(r);
    if (!other)
        return err_set(e, ERR_NOT_FOUND, NULL, "Endpoint not found.");
    if (!r->route)
        return other_method(r, other, e);
    if (by_token(r->route)) { /* these decode their bodies themselves */
        reply_cors(r);
        return r->route->call(r, e);
    }
    /* The body is decoded before credentials are looked for because it may hold the key; a body
     * that does not parse is reported only to a caller we know. */
    struct err bad_body = ERR_INIT;
    int decoded = req_decode(r, &bad_body);
    if (r->route->access != ACCESS_PUBLIC) {
        int rc = req_authenticate(r, e);
        if (rc == 0)
            rc = req_authorise(r, str_of(r->route->scope), e);
        if (rc == 0)
            rc = check_throttle(r, e);
        if (rc < 0)
            return rc;
    }
    if (decoded < 0) {
        *e = bad_body;
        return decoded;
    }
    if (r->body && r->body->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, NULL,
                       "Invalid data. Expected a dictionary, but got %s.",
                       r->body->type == JSON_ARRAY ? "list" : "a scalar");
    return r->route->call(r, e);
}

static void reply_error(struct req *r, const struct err *e)
{
    struct http_request *h = r->http;
    buf_reset(&h->reply);
    h->content_type = "application/json";
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
    enum log_level level = h->status >= 500 && h->status != 503 ? LOG_ERROR : LOG_DEBUG;
    if (!log_has(level))
        return;
    snprintf(status, sizeof(status), "%d", h->status);
    snprintf(ms, sizeof(ms), "%.3f", (double)(clock_mono_us() - h->started) / 1000);
    log_event(level, "request", "id", h->id,
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
    struct err ignored = ERR_INIT; /* without one, each read sees its own moment */
    if (r->db)
        return;
    r->db = store_take(r->api->store);
    (void)db_snapshot(r->db, &ignored);
}

static bool peer_gone(void *http)
{
    return http_peer_gone(http);
}

struct query_scope req_query_scope(struct req *r)
{
    return (struct query_scope){
        .service = r->api->queries, .arena = r->arena, .team_id = r->project.id,
        .timezone = r->project.timezone, .week_start = r->project.week_start_day,
        .test_account_filters = r->project.test_account_filters,
        .display_names = r->project.display_names,
        .path_cleaning = r->project.path_cleaning, .id = STR_NULL,
        .gone = peer_gone, .gone_context = r->http,
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
    if (rc < 0 && h->stream)
        log_warn("a reply was broken off", "id", h->id, "error",
                 e.detail[0] ? e.detail : err_message(&e));
    else if (rc < 0)
        reply_error(&r, &e);
    log_request(&r, &e);
    traffic_count(api->traffic, r.route, h->status, clock_mono_us() - h->started, 0);
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

int refuse_delete(struct req *r, struct err *e)
{
    (void)e;
    r->http->status = 405;
    return 0;
}

struct json_writer reply_json(struct req *r, int status)
{
    r->http->status = status;
    return JSON_WRITER(&r->http->reply);
}

int reply_bare(struct req *r, int status, const char *key, str text)
{
    struct json_writer w = reply_json(r, status);
    json_open(&w, '{');
    json_key(&w, key);
    json_str(&w, text);
    json_close(&w, '}');
    return 0;
}
