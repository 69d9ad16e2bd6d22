/* capture_v1.c - events from SDKs, the v1 route: strict headers, an answer per event.
 *
 * Accepted events are journalled in the v0 form, so that one path leads on from there. */
#include <stdio.h>
#include <stdlib.h>

#include "api/internal.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "ingest/decode.h"
#include "ingest/payload.h"

struct v1 {
    struct req *r;
    str token, sdk, sdk_version; /* sdk: STR_NULL when malformed */
    int64_t sent_at;
    struct json *body;
    bool internal; /* capture_internal */
    const struct json *batch;
    struct buf events; /* the v0 form of what was accepted */
    struct json_writer out;
    size_t accepted;
};

static int fail(struct err *e, enum err_kind kind, const char *tag, const char *text)
{
    err_set(e, kind, NULL, "%s", text);
    snprintf(e->code, sizeof(e->code), "%s", tag);
    return e->kind;
}

/* -------------------------------------------------------------------------- replies */

static void write_error(struct http_request *h, int status, const char *tag, const char *text)
{
    struct json_writer w = JSON_WRITER(&h->reply);
    h->status = status;
    json_open(&w, '{');
    json_key(&w, "error");
    json_z(&w, tag);
    json_key(&w, "error_description");
    json_z(&w, text);
    json_key(&w, "error_uri");
    json_z(&w, "https://posthog.com/docs/api");
    json_close(&w, '}');
    if (status == 408 || status >= 500)
        http_reply_header(h, "Retry-After", "1");
}

static void refuse_v1(struct http_request *h)
{
    write_error(h, 503, "service_unavailable", "cannot store events right now");
}

/* -------------------------------------------------------------------------- headers */

static int check_present(struct v1 *v, struct err *e)
{
    static const char *const names[] = { "Content-Type", "User-Agent", "PostHog-Sdk-Info",
                                         "PostHog-Attempt", "PostHog-Request-Id",
                                         "PostHog-Request-Timestamp" };
    struct buf missing = BUF_INIT(512);
    if (!http_header_of(v->r->http, "Authorization").p)
        return fail(e, ERR_AUTH_FAILED, "missing_authorization", "Authorization header is missing");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (!http_header_of(v->r->http, names[i]).p)
            buf_printf(&missing, "%s%s", missing.n ? ", " : "missing required headers: ", names[i]);
    buf_char(&missing, '\0');
    int rc = missing.n > 1 ? fail(e, ERR_INVALID, "missing_required_headers", missing.p) : 0;
    buf_release(&missing);
    return rc;
}

static int check_token(struct v1 *v, struct err *e)
{
    str text = http_header_of(v->r->http, "Authorization");
    str scheme = str_split(&text, ' ');
    struct err why = ERR_INIT;
    if (!str_eq_nocase(scheme, STR("Bearer")) || !text.p)
        return fail(e, ERR_INVALID, "invalid_header_value", "Authorization must be a Bearer token");
    v->token = str_trim(text);
    if (payload_check_token(v->token, &why) < 0)
        return fail(e, ERR_AUTH_FAILED, "invalid_api_token", why.message);
    return 0;
}

static void split_sdk(struct v1 *v)
{
    str info = http_header_of(v->r->http, "PostHog-Sdk-Info");
    for (size_t i = info.n; i-- > 0;)
        if (info.p[i] == '/') {
            str name = str_slice(info, 0, i), version = str_slice(info, i + 1, info.n);
            if (name.n && version.n && name.n <= 200 && version.n <= 200) {
                v->sdk = name;
                v->sdk_version = version;
            }
            return;
        }
}

static bool is_json_type(str type)
{
    str name = str_trim(str_split(&type, ';'));
    return str_eq_nocase(name, STR("application/json"));
}

/* A date, a time of day and a zone, where other places are content with less. */
static bool rfc3339(str s, int64_t *us)
{
    if (s.n < 20 || (s.p[10] != 'T' && s.p[10] != 't' && s.p[10] != ' '))
        return false;
    char last = s.p[s.n - 1], sign = s.p[s.n - 6];
    bool zone = last == 'Z' || last == 'z' || ((sign == '+' || sign == '-') && s.p[s.n - 3] == ':');
    return zone && clock_parse(s, us);
}

static int check_headers(struct v1 *v, struct err *e)
{
    struct http_request *h = v->r->http;
    struct uuid id;
    int64_t attempt;
    int rc = check_present(v, e);
    if (rc == 0)
        rc = check_token(v, e);
    if (rc < 0)
        return rc;
    if (!is_json_type(http_header_of(h, "Content-Type")))
        return fail(e, ERR_MEDIA_TYPE, "unsupported_content_type",
                    "Content-Type must be application/json");
    str encoding = http_header_of(h, "Content-Encoding");
    static const char *const known[] = { "gzip", "deflate", "br", "zstd", "identity" };
    bool ok = !encoding.p;
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        ok = ok || str_eq_nocase(encoding, str_of(known[i]));
    if (!ok)
        return fail(e, ERR_MEDIA_TYPE, "unsupported_encoding", "unsupported Content-Encoding");
    if (!uuid_parse(http_header_of(h, "PostHog-Request-Id"), &id))
        return fail(e, ERR_INVALID, "invalid_header_value", "PostHog-Request-Id is not a UUID");
    if (!str_to_i64(http_header_of(h, "PostHog-Attempt"), &attempt) || attempt < 1)
        return fail(e, ERR_INVALID, "invalid_header_value", "PostHog-Attempt is not a count");
    if (!rfc3339(http_header_of(h, "PostHog-Request-Timestamp"), &v->sent_at))
        return fail(e, ERR_INVALID, "invalid_header_value",
                    "PostHog-Request-Timestamp is not an RFC 3339 time");
    split_sdk(v);
    return 0;
}

/* -------------------------------------------------------------------------- the batch */

static int check_uuids(struct v1 *v, struct err *e)
{
    struct uuid *seen = arena_alloc(v->r->arena, v->batch->count * sizeof(*seen) + 1);
    size_t n = 0, room = 64;
    while (room < v->batch->count * 2)
        room *= 2;
    size_t *slots = arena_alloc(v->r->arena, room * sizeof(*slots)); /* index + 1 into seen */
    for (const struct json *m = v->batch->head; m; m = m->next, n++) {
        const struct json *text = json_get(m, "uuid");
        if (!str_trim(text->text).n)
            return fail(e, ERR_INVALID, "missing_event_uuid", "an event has an empty uuid");
        if (!uuid_parse(text->text, &seen[n]))
            return fail(e, ERR_INVALID, "invalid_event_uuid", "an event's uuid is not a UUID");
        size_t hash;
        memcpy(&hash, seen[n].b + 8, sizeof(hash));
        size_t at = hash * 0x9e3779b97f4a7c15u >> 20 & (room - 1);
        for (; slots[at]; at = (at + 1) & (room - 1))
            if (memcmp(&seen[slots[at] - 1], &seen[n], sizeof(seen[n])) == 0)
                return fail(e, ERR_INVALID, "duplicate_event_uuid", "a uuid occurs twice");
        slots[at] = n + 1;
    }
    return 0;
}

static int schema_error(struct err *e, const char *text)
{
    return fail(e, ERR_INVALID, "request_parsing_error", text);
}

/* bool, number or one of the words; -1 unset, -2 not understood. */
static int lenient_bool(const struct json *v)
{
    static const char *const words[2][5] = { { "false", "f", "no", "n", "off" },
                                             { "true", "t", "yes", "y", "on" } };
    double number;
    if (!v || v->type == JSON_NULL)
        return -1;
    if (v->type == JSON_BOOL)
        return v->boolean;
    if (v->type == JSON_NUMBER)
        return v->num != 0;
    if (v->type != JSON_STRING)
        return -2;
    str text = str_trim(v->text);
    if (!text.n)
        return -1;
    for (int value = 0; value < 2; value++)
        for (size_t i = 0; i < 5; i++)
            if (str_eq_nocase(text, str_of(words[value][i])))
                return value;
    return str_to_f64(text, &number) ? number != 0 : -2;
}

static int check_schema(struct v1 *v, struct err *e)
{
    static const char *const texts[] = { "event", "uuid", "distinct_id", "timestamp" };
    if (!json_is(json_get(v->body, "created_at"), JSON_STRING))
        return schema_error(e, "created_at is missing");
    int internal = lenient_bool(json_get(v->body, "capture_internal"));
    if (internal == -2 || lenient_bool(json_get(v->body, "historical_migration")) == -2)
        return schema_error(e, "capture_internal or historical_migration is not a boolean");
    v->internal = internal == 1;
    v->batch = json_get(v->body, "batch");
    if (!json_is(v->batch, JSON_ARRAY))
        return schema_error(e, "batch is missing");
    for (const struct json *m = v->batch->head; m; m = m->next)
        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
            if (!json_is(json_get(m, texts[i]), JSON_STRING))
                return schema_error(e, "an event lacks event, uuid, distinct_id or timestamp");
    return 0;
}

static int check_body(struct v1 *v, struct err *e)
{
    struct req *r = v->r;
    struct err why = ERR_INIT;
    str json;
    int64_t created;
    if (r->http->too_large)
        return fail(e, ERR_TOO_LARGE, "payload_too_large", "request body is too large");
    int rc = capture_decode_v1(r->arena, buf_view(&r->http->body),
                               http_header_of(r->http, "Content-Encoding"), &json, e);
    if (rc < 0)
        return rc;
    if (json_parse(r->arena, json, &v->body, &why) < 0)
        return schema_error(e, why.message);
    rc = check_schema(v, e);
    if (rc < 0)
        return rc;
    if (!v->batch->count)
        return fail(e, ERR_INVALID, "empty_batch", "batch holds no event");
    if (!rfc3339(json_get_text(v->body, "created_at"), &created))
        return fail(e, ERR_INVALID, "invalid_batch", "created_at is not an RFC 3339 time");
    return check_uuids(v, e);
}

/* -------------------------------------------------------------------------- events */

static const struct {
    const char *option, *property;
} options[] = {
    { "cookieless_mode", "$cookieless_mode" },
    { "disable_skew_correction", "$ignore_sent_at" },
    { "disable_skew_adjustment", "$ignore_sent_at" },
    { "process_person_profile", "$process_person_profile" },
};

/* Ids that many people would share: their events are stored without a person. */
static bool is_shared_id(str id)
{
    static const char *const ids[] = {
        "0", "00000000-0000-0000-0000-000000000000", "[object object]", "anonymous",
        "anonymous-user", "backend", "distinct_id", "distinctid", "email", "false", "guest", "id",
        "nan", "none", "not_authenticated", "null", "system", "true", "undefined", "user",
    };
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        if (str_eq_nocase(str_trim(id), str_of(ids[i])))
            return true;
    return false;
}

/* Why an event is dropped; NULL: it is not. */
static const char *drop_reason(const struct json *event)
{
    str name = json_get_text(event, "event"), id = json_get_text(event, "distinct_id");
    const struct json *properties = json_get(event, "properties"), *opts = json_get(event, "options");
    int64_t ignored;
    if (!str_trim(name).n)
        return "missing_event_name";
    if (str_utf8_len(name) > LIMIT_EVENT_NAME)
        return "event_name_too_long";
    if (!str_trim(id).n)
        return "missing_distinct_id";
    if (str_utf8_len(id) > LIMIT_DISTINCT_ID)
        return "distinct_id_too_large";
    if (!clock_parse(json_get_text(event, "timestamp"), &ignored))
        return "invalid_event_timestamp";
    if (properties && properties->type != JSON_OBJECT && properties->type != JSON_NULL)
        return "malformed_event_properties";
    if (opts && opts->type != JSON_OBJECT && opts->type != JSON_NULL)
        return "invalid_options";
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (lenient_bool(json_get(opts, options[i].option)) == -2)
            return "invalid_options";
    if (str_eqz(name, "$performance_event"))
        return "dropped_performance_event";
    return event->text.n > LIMIT_EVENT ? "event_too_big" : NULL;
}

static void put(struct json_writer *w, const char *key, str value)
{
    if (!value.p)
        return;
    json_key(w, key);
    json_str(w, value);
}

/* Properties as sent, then those the v1 form keeps elsewhere: of two, the last counts. */
static void write_properties(struct v1 *v, const struct json *event, bool personless)
{
    struct json_writer *w = &v->out;
    const struct json *opts = json_get(event, "options"), *p = json_get(event, "properties");
    json_key(w, "properties");
    json_open(w, '{');
    for (const struct json *m = json_is(p, JSON_OBJECT) ? p->head : NULL; m; m = m->next) {
        json_key_str(w, m->key);
        json_tree(w, m);
    }
    put(w, "$session_id", json_get_text(event, "session_id"));
    put(w, "$window_id", json_get_text(event, "window_id"));
    put(w, "$product_tour_id", json_get_text(opts, "product_tour_id"));
    put(w, "$lib", v->sdk);
    put(w, "$lib_version", v->sdk_version);
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        int value = lenient_bool(json_get(opts, options[i].option));
        if (value < 0)
            continue;
        json_key(w, options[i].property);
        json_bool(w, value);
    }
    if (v->internal) {
        json_key(w, "capture_internal");
        json_bool(w, true);
    }
    if (personless) {
        json_key(w, "$process_person_profile");
        json_bool(w, false);
    }
    json_close(w, '}');
}

static void write_event(struct v1 *v, const struct json *event, bool personless)
{
    struct json_writer *w = &v->out;
    json_open(w, '{');
    put(w, "event", json_get_text(event, "event"));
    put(w, "uuid", json_get_text(event, "uuid"));
    put(w, "distinct_id", json_get_text(event, "distinct_id"));
    put(w, "timestamp", json_get_text(event, "timestamp"));
    write_properties(v, event, personless);
    json_close(w, '}');
    v->accepted++;
}

static void answer_event(struct v1 *v, struct json_writer *reply, const struct json *event)
{
    const char *dropped = drop_reason(event), *caveat = NULL;
    if (!dropped) {
        bool shared = is_shared_id(json_get_text(event, "distinct_id"));
        caveat = shared ? "person_processing_disabled" : NULL;
        write_event(v, event, shared);
    }
    json_key_str(reply, json_get_text(event, "uuid"));
    json_open(reply, '{');
    json_key(reply, "result");
    json_z(reply, dropped ? "drop" : caveat ? "warning" : "ok");
    if (dropped || caveat) {
        json_key(reply, "details");
        json_z(reply, dropped ? dropped : caveat);
    }
    json_close(reply, '}');
}

static int answer_batch(struct v1 *v, str *events, struct err *e)
{
    struct json_writer reply = reply_json(v->r, 200);
    v->events = BUF_INIT(LIMIT_INFLATED);
    v->out = JSON_WRITER(&v->events);
    json_open(&v->out, '{');
    put(&v->out, "api_key", v->token);
    json_key(&v->out, "batch");
    json_open(&v->out, '[');
    json_open(&reply, '{');
    json_key(&reply, "results");
    json_open(&reply, '{');
    for (const struct json *m = v->batch->head; m; m = m->next)
        answer_event(v, &reply, m);
    json_close(&reply, '}');
    json_close(&reply, '}');
    json_close(&v->out, ']');
    json_close(&v->out, '}');
    bool full = v->events.full;
    if (v->events.p)
        arena_defer(v->r->arena, free, v->events.p);
    *events = buf_view(&v->events);
    return full ? fail(e, ERR_TOO_LARGE, "payload_too_large", "request body is too large") : 0;
}

static int capture_v1(struct req *r, struct err *e)
{
    struct v1 v = { .r = r };
    str request_id = http_header_of(r->http, "PostHog-Request-Id");
    if (request_id.p)
        http_reply_header(r->http, "PostHog-Request-Id", request_id.p);
    int rc = check_headers(&v, e);
    if (rc == 0)
        rc = check_body(&v, e);
    str body = STR_NULL;
    if (rc == 0)
        rc = answer_batch(&v, &body, e);
    r->captured = (int64_t)v.accepted;
    if (rc == 0 && v.accepted)
        rc = capture_store(r, RECORD_V1, v.sent_at, body, refuse_v1, e);
    if (rc < 0) {
        buf_reset(&r->http->reply);
        write_error(r->http, err_status(e), e->code[0] ? e->code : "service_unavailable",
                    err_message(e));
    }
    return 0;
}

const struct route capture_v1_routes[] = {
    { "POST", "/i/v1/analytics/events", capture_v1, ACCESS_CAPTURE, NULL, 0, true },
    { "POST", "/i/v1/ai/events", capture_v1, ACCESS_CAPTURE, NULL, 0, true },
    { 0 },
};
