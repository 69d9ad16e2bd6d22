/* flags.c - what SDKs ask about feature flags: their values for a person, and their definitions for
 * SDKs that evaluate them on their own. A project has no flags: every answer holds none.
 *
 * One answer serves all ages of clients: `flags` for those of v=2, `featureFlags` and
 * `featureFlagPayloads` for older ones, and for /decide/ the configuration too. */
#include <stdio.h>

#include "api/internal.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "model/person.h"

/* -------------------------------------------------------------------------- evaluation */

static void write_empty(struct json_writer *w, const char *key, const char *brackets)
{
    json_key(w, key);
    json_open(w, brackets[0]);
    json_close(w, brackets[1]);
}

/* Anything but null, "" or nothing. */
static bool has_distinct_id(const struct json *body)
{
    const struct json *v = json_get(body, "distinct_id");
    if (!v)
        v = json_get(body, "$distinct_id");
    return v && v->type != JSON_NULL && (v->type != JSON_STRING || str_trim(v->text).n);
}

static bool is_true(const struct json *v)
{
    return json_is(v, JSON_BOOL) && v->boolean;
}

/* The project of the body's token, and whose flags are asked for. */
static int read_question(struct req *r, struct err *e)
{
    static const char *const names[] = { "token", "api_key", "$token" };
    str token = STR_NULL;
    int rc = token_body(r, e);
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(names) && !token.p; i++)
        token = json_get_text(r->body, names[i]);
    if (rc == 0)
        rc = token_project(r, str_trim(token), e);
    if (rc == 0 && !has_distinct_id(r->body) && !is_true(json_get(r->body, "disable_flags")))
        return err_set(e, ERR_REQUIRED, "distinct_id", NULL);
    return rc;
}

static struct json_writer open_answer(struct req *r)
{
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "errorsWhileComputingFlags");
    json_bool(&w, false);
    write_empty(&w, "flags", "{}");
    write_empty(&w, "featureFlags", "{}");
    write_empty(&w, "featureFlagPayloads", "{}");
    json_key(&w, "requestId");
    json_z(&w, r->http->id);
    json_key(&w, "evaluatedAt");
    json_i64(&w, clock_now_us() / 1000);
    return w;
}

static int flags_evaluate(struct req *r, struct err *e)
{
    int rc = read_question(r, e);
    if (rc < 0)
        return rc;
    struct json_writer w = open_answer(r);
    str config = http_query_of(r->http, "config");
    if (str_eqz(config, "true") || str_eqz(config, "1"))
        rc = write_remote_config(r, &w, e);
    json_close(&w, '}');
    return rc;
}

/* The predecessor: SDKs of that age read their configuration from it, some from older names. */
static int flags_decide(struct req *r, struct err *e)
{
    int rc = read_question(r, e);
    if (rc < 0)
        return rc;
    struct json_writer w = open_answer(r);
    rc = write_remote_config(r, &w, e);
    json_key(&w, "config");
    json_open(&w, '{');
    json_key(&w, "enable_collect_everything");
    json_bool(&w, true);
    json_close(&w, '}');
    write_empty(&w, "toolbarParams", "{}");
    json_key(&w, "isAuthenticated");
    json_bool(&w, false);
    json_close(&w, '}');
    return rc;
}

/* -------------------------------------------------------------------------- definitions */

static int write_group_types(struct req *r, struct json_writer *w, struct err *e)
{
    str names[GROUP_TYPES];
    char idx[12];
    int rc = group_types(r->db, r->arena, r->project.id, names, e);
    if (rc < 0)
        return rc;
    json_key(w, "group_type_mapping");
    json_open(w, '{');
    for (int i = 0; i < GROUP_TYPES; i++) {
        if (!names[i].p)
            continue;
        snprintf(idx, sizeof(idx), "%d", i);
        json_key(w, idx);
        json_str(w, names[i]);
    }
    json_close(w, '}');
    return 0;
}

/* Pollers ask every half minute: an answer they have is not sent again. */
static void tag_answer(struct req *r)
{
    char tag[72] = "W/\"", hex[65];
    sha256_hex(buf_view(&r->http->reply), hex);
    memcpy(tag + 3, hex, 32);
    memcpy(tag + 35, "\"", 2);
    http_reply_header(r->http, "ETag", tag);
    if (!str_eqz(http_header_of(r->http, "If-None-Match"), tag))
        return;
    buf_reset(&r->http->reply);
    r->http->status = 304;
}

static int flags_definitions(struct req *r, struct err *e)
{
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    write_empty(&w, "flags", "[]");
    int rc = write_group_types(r, &w, e);
    if (rc < 0)
        return rc;
    write_empty(&w, "cohorts", "{}");
    json_close(&w, '}');
    tag_answer(r);
    return 0;
}

const struct route flags_routes[] = {
    { "POST", "/flags/", flags_evaluate, ACCESS_TOKEN },
    { "POST", "/decide/", flags_decide, ACCESS_TOKEN },
    { "GET", "/api/projects/:project/feature_flags/local_evaluation/", flags_definitions,
      ACCESS_SCOPE, "feature_flag:read" },
    { 0 },
};
