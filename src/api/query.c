/* query.c - questions over the API: run a query node, download its rows as a file, look at background
 * work, cancel it. What the nodes mean is query/'s. */
#include <stdio.h>

#include "api/internal.h"
#include "http/stream.h"
#include "query/legacy.h"
#include "query/query.h"

#define NAME_MAX_CHARS 128

static int misfit(struct err *e, const char *where, const char *what)
{
    err_set(e, ERR_INVALID, NULL, "1 validation error for QueryRequest\n%s\n  %s", where, what);
    snprintf(e->code, sizeof(e->code), "parse_error");
    return e->kind;
}

static int check_request(struct req *r, struct err *e)
{
    const struct json *query = json_get(r->body, "query");
    const struct json *name = json_get(r->body, "name"), *limit = json_get(r->body,
                                                                           "limit_context");
    if (!json_is(r->body, JSON_OBJECT))
        return misfit(e, "QueryRequest", "Input should be a valid dictionary");
    if (!query)
        return misfit(e, "query", "Field required");
    if (name && name->type != JSON_NULL && name->type != JSON_STRING)
        return misfit(e, "name", "Input should be a valid string");
    if (json_is(name, JSON_STRING) && str_utf8_len(name->text) > NAME_MAX_CHARS)
        return misfit(e, "name", "String should have at most 128 characters");
    if (limit && limit->type != JSON_NULL && !str_eqz(limit->text, "posthog_ai"))
        return misfit(e, "limit_context", "Input should be 'posthog_ai'");
    return 0;
}

/* [Q] A request that asks for the cache only computes all the same when the cache is stale. */
static enum query_refresh mode_of(struct req *r)
{
    enum query_refresh mode = query_refresh_of(json_get(r->body, "refresh"),
                                               json_get(r->body, "async"));
    return mode == QUERY_CACHE_ONLY ? QUERY_BLOCKING : mode;
}

/* The query with what the request lays over it. */
static int overridden(struct req *r, const struct json **out, struct err *e)
{
    *out = json_get(r->body, "query");
    int rc = query_with_filters(r->arena, *out, json_get(r->body, "filters_override"), out, e);
    if (rc == 0)
        rc = query_with_variables(r->arena, *out, json_get(r->body, "variables_override"), out, e);
    return rc;
}

/* -------------------------------------------------------------------------- downloads */

static const struct format {
    const char *name;
    enum query_format format;
    const char *type, *file;
} formats[] = {
    { "csv", QUERY_CSV, "text/csv; charset=utf-8", "attachment; filename=\"query.csv\"" },
    { "ndjson", QUERY_NDJSON, "application/x-ndjson", "attachment; filename=\"query.ndjson\"" },
    { "parquet", QUERY_PARQUET, "application/vnd.apache.parquet",
      "attachment; filename=\"query.parquet\"" },
};

/* ?format=; *out NULL: the answer is the usual one. */
static int read_format(struct req *r, const struct format **out, struct err *e)
{
    str name = http_query_of(r->http, "format");
    *out = NULL;
    if (!name.n || str_eqz(name, "json"))
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(formats) && !*out; i++)
        if (str_eqz(name, formats[i].name))
            *out = &formats[i];
    return *out ? 0 : err_set(e, ERR_INVALID, "format",
                              "Must be one of json, csv, ndjson, parquet.");
}

struct download {
    struct req *r;
    const struct format *format;
    struct http_stream *stream; /* NULL: nothing was sent */
};

/* The reply begins with the first piece, so that what fails before it is answered as an error. */
static int send_piece(void *context, str piece, struct err *e)
{
    struct download *d = context;
    if (!d->stream) {
        d->r->http->status = 200;
        d->r->http->content_type = d->format->type;
        http_reply_header(d->r->http, "Content-Disposition", d->format->file);
        d->stream = http_stream_begin(d->r->http);
    }
    return http_stream_put(d->stream, piece, e);
}

static int download(struct req *r, const struct query_scope *scope, const struct json *node,
                    const struct format *format, struct err *e)
{
    struct download d = { r, format, NULL };
    int rc = query_download(scope, node, format->format, send_piece, &d, e);
    if (rc == 0 && !d.stream) /* no rows, and nothing but rows in the file */
        rc = send_piece(&d, STR(""), e);
    if (d.stream)
        http_stream_end(d.stream, rc == 0);
    return rc;
}

/* -------------------------------------------------------------------------- handlers */

/* The answer to a node that helps an editor has no envelope. */
static int help(struct req *r, const struct query_scope *scope, const struct json *node,
                struct err *e)
{
    struct buf answer = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer to = JSON_WRITER(&answer);
    int rc = query_help(scope, node, &to, e);
    if (rc == 0) {
        struct json_writer w = reply_json(r, 200);
        json_raw(&w, buf_view(&answer));
    }
    buf_release(&answer);
    return rc;
}

static int query_create(struct req *r, struct err *e)
{
    const struct json *node;
    const struct format *format = NULL;
    struct query_answer answer;
    struct query_scope scope = req_query_scope(r);
    int rc = check_request(r, e);
    if (rc == 0)
        rc = read_format(r, &format, e);
    if (rc == 0)
        rc = overridden(r, &node, e);
    if (rc < 0)
        return rc;
    if (r->id.p && !str_eq(r->id, json_get_text(node, "kind")))
        return err_set(e, ERR_INVALID, NULL, "The kind in the path is not the query's kind.");
    scope.id = json_get_text(r->body, "client_query_id");
    scope.name = json_get_text(r->body, "name");
    req_give_db(r);
    if (format)
        return download(r, &scope, node, format, e);
    if (query_is_helper(node))
        return help(r, &scope, node, e);
    rc = query_run(&scope, node, mode_of(r), &answer, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, answer.complete ? 200 : 202);
    json_open(&w, '{');
    query_write_answer(&w, &answer);
    json_close(&w, '}');
    return 0;
}

static int query_fetch(struct req *r, struct err *e)
{
    str status;
    bool complete;
    int failed;
    bool progress = str_eqz(http_query_of(r->http, "show_progress"), "true") ||
                    str_eqz(http_query_of(r->http, "showProgress"), "true");
    if (!query_status(r->api->queries, r->arena, r->project.id, r->id, progress, &status,
                      &complete, &failed))
        return err_set(e, ERR_NOT_FOUND, NULL, "Query " STR_FMT " not found for team %lld",
                       STR_ARG(r->id), (long long)r->project.id);
    struct json_writer w = reply_json(r, failed ? failed : complete ? 200 : 202);
    json_open(&w, '{');
    json_key(&w, "query_status");
    json_raw(&w, status);
    json_close(&w, '}');
    return 0;
}

static int query_remove(struct req *r, struct err *e)
{
    bool waiting_only = str_eqz(http_query_of(r->http, "dequeue_only"), "true");
    if (!query_cancel(r->api->queries, r->project.id, r->id, waiting_only))
        return err_set(e, ERR_NOT_FOUND, NULL, "Query " STR_FMT " not found for team %lld",
                       STR_ARG(r->id), (long long)r->project.id);
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "message");
    json_z(&w, "The query was cancelled.");
    json_close(&w, '}');
    return 0;
}

/* What the log has of the query with that id; nothing is no error. */
static int query_log(struct req *r, struct err *e)
{
    struct buf b = BUF_INIT(64 * 1024);
    (void)e;
    query_log_of(r->api->queries, r->project.id, r->id, &b);
    struct json_writer w = reply_json(r, 200);
    json_raw(&w, buf_view(&b));
    buf_release(&b);
    return 0;
}

static int query_check_auth(struct req *r, struct err *e)
{
    (void)e;
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "user");
    json_z(&w, "ok");
    json_close(&w, '}');
    return 0;
}

static int query_upgrade_node(struct req *r, struct err *e)
{
    const struct json *query = json_get(r->body, "query");
    if (!json_is(query, JSON_OBJECT))
        return misfit(e, "query", query ? "Input should be a valid dictionary" : "Field required");
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "query");
    json_tree(&w, query_upgrade(r->arena, query));
    json_close(&w, '}');
    return 0;
}

const struct route query_routes[] = {
    { "POST", "/api/projects/:project/query/", query_create, ACCESS_SCOPE, "query:read" },
    { "POST", "/api/projects/:project/query/check_auth_for_async/", query_check_auth,
      ACCESS_SCOPE, "query:read" },
    { "POST", "/api/projects/:project/query/upgrade/", query_upgrade_node, ACCESS_SCOPE,
      "query:read" },
    { "POST", "/api/projects/:project/query/:id/", query_create, ACCESS_SCOPE, "query:read" },
    { "GET", "/api/projects/:project/query/:id/", query_fetch, ACCESS_SCOPE, "query:read" },
    { "GET", "/api/projects/:project/query/:id/log/", query_log, ACCESS_SCOPE, "query:read" },
    { "DELETE", "/api/projects/:project/query/:id/", query_remove, ACCESS_SCOPE, "query:read" },
    { 0 },
};
