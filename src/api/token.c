/* token.c - projects named by their public token, as SDKs name them: finding them, and the lists an
 * SDK asks for that way. A project has no surveys, early access features or web experiments, so
 * those lists are empty; an SDK that gets no list asks again and again.
 *
 * A token opens nothing: it says which project is meant. */
#include <stdio.h>

#include "api/internal.h"
#include "ingest/decode.h"

int token_project(struct req *r, str token, struct err *e)
{
    int rc = token.n ? project_find_token(r->db, r->arena, token, &r->project, e) : 0;
    if (rc)
        return rc < 0 ? rc : 0;
    err_set(e, ERR_AUTH_FAILED, NULL,
            token.n ? "Project API key invalid. You can find your project API key in your project "
                      "settings."
                    : "API key not provided. You can find your project API key in your project "
                      "settings.");
    snprintf(e->code, sizeof(e->code), "%s", token.n ? "invalid_api_key" : "missing_api_key");
    return e->kind;
}

int token_text(struct req *r, str *json, struct err *e)
{
    struct capture_raw raw = {
        .body = buf_view(&r->http->body),
        .content_type = http_header_of(r->http, "Content-Type"),
        .content_encoding = http_header_of(r->http, "Content-Encoding"),
        .data = http_query_of(r->http, "data"),
        .compression = http_query_of(r->http, "compression"),
    };
    if (r->http->too_large)
        return err_set(e, ERR_TOO_LARGE, NULL, "request body is too large");
    return capture_decode(r->arena, &raw, json, e);
}

int token_body(struct req *r, struct err *e)
{
    str json;
    int rc = token_text(r, &json, e);
    if (rc == 0)
        rc = json_parse(r->arena, json, &r->body, e);
    if (rc == 0 && r->body->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, NULL, "The body is not an object.");
    return rc;
}

static int reply_no_items(struct req *r, const char *list, struct err *e)
{
    int rc = token_project(r, http_query_of(r->http, "token"), e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, list);
    json_open(&w, '[');
    json_close(&w, ']');
    json_close(&w, '}');
    return 0;
}

static int token_surveys(struct req *r, struct err *e)
{
    return reply_no_items(r, "surveys", e);
}

static int token_early_access_features(struct req *r, struct err *e)
{
    return reply_no_items(r, "earlyAccessFeatures", e);
}

static int token_web_experiments(struct req *r, struct err *e)
{
    return reply_no_items(r, "experiments", e);
}

const struct route token_routes[] = {
    { "GET", "/api/surveys/", token_surveys, ACCESS_TOKEN },
    { "GET", "/api/early_access_features/", token_early_access_features, ACCESS_TOKEN },
    { "GET", "/api/web_experiments/", token_web_experiments, ACCESS_TOKEN },
    { 0 },
};
