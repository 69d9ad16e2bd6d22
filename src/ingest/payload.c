/* payload.c - see payload.h. */
#include "ingest/payload.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "json/write.h"

int payload_check_token(str token, struct err *e)
{
    const char *reason = NULL;
    token = str_trim(token);
    if (!token.n)
        reason = "empty";
    else if (token.n > LIMIT_TOKEN)
        reason = "too_long";
    else if (str_starts(token, STR("phx_")))
        reason = "personal_api_key";
    for (size_t i = 0; !reason && i < token.n; i++)
        reason = token.p[i] == '\0' ? "null_byte" : (signed char)token.p[i] < 0 ? "not_ascii" : NULL;
    return reason ? err_set(e, ERR_AUTH_FAILED, NULL, "API key is not valid: %s", reason) : 0;
}

static const struct json *first_of(const struct json *o, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct json *v = json_get(o, names[i]);
        if (v && v->type != JSON_NULL)
            return v;
    }
    return NULL;
}

static str token_of(const struct json *event)
{
    static const char *const names[] = { "token", "$token", "api_key" };
    const struct json *v = first_of(event, names, ARRAY_LEN(names));
    if (!v)
        v = json_get(json_get(event, "properties"), "token");
    return json_is(v, JSON_STRING) ? v->text : STR_NULL;
}

/* -------------------------------------------------------------------------- distinct ids */

str payload_without_nul(struct arena *a, str s)
{
    if (str_find_char(s, '\0') < 0)
        return s;
    struct buf b = BUF_INIT(s.n * 3);
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i])
            buf_char(&b, s.p[i]);
        else
            buf_z(&b, "\xef\xbf\xbd");
    str out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return out;
}

str payload_id(struct arena *a, const struct json *v)
{
    if (!v || v->type == JSON_NULL)
        return STR_NULL;
    if (v->type == JSON_STRING || v->type == JSON_NUMBER)
        return payload_without_nul(a, v->text);
    if (v->type == JSON_BOOL)
        return v->boolean ? STR("true") : STR("false");
    struct buf b = BUF_INIT(LIMIT_EVENT * 2);
    struct json_writer w = JSON_WRITER(&b);
    json_tree(&w, v);
    str out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return out;
}

str payload_distinct_id(struct arena *a, const struct json *event)
{
    static const char *const names[] = { "distinct_id", "$distinct_id" };
    const struct json *v = first_of(event, names, ARRAY_LEN(names));
    if (!v)
        v = json_get(json_get(event, "properties"), "distinct_id");
    str id = payload_id(a, v);
    return str_trim(id).n ? str_utf8_prefix(id, LIMIT_DISTINCT_ID) : STR_NULL;
}

/* -------------------------------------------------------------------------- checks */

static int parse_failed(struct err *e, const char *why)
{
    return err_set(e, ERR_INVALID, NULL, "failed to parse request: %s", why);
}

static int check_shape(const struct json *event, struct err *e)
{
    static const char *const objects[] = { "properties", "$set", "$set_once" };
    if (!json_is(event, JSON_OBJECT))
        return parse_failed(e, "an event is not an object");
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        const struct json *v = json_get(event, objects[i]);
        if (v && v->type != JSON_OBJECT && v->type != JSON_NULL)
            return err_set(e, ERR_INVALID, NULL, "failed to parse request: %s is not an object",
                           objects[i]);
    }
    return 0;
}

static int check_event(struct arena *a, const struct json *event, bool engage, struct err *e)
{
    const struct json *name = json_get(event, "event"), *uuid = json_get(event, "uuid");
    struct uuid ignored;
    int rc = check_shape(event, e);
    if (rc < 0)
        return rc;
    if (!name && !engage)
        return err_set(e, ERR_INVALID, NULL, "non-engage request missing event name attribute");
    if (name && name->type != JSON_STRING)
        return parse_failed(e, "event is not a string");
    if (name && !name->text.n)
        return err_set(e, ERR_INVALID, NULL, "event submitted with an empty event name");
    if (!payload_distinct_id(a, event).p)
        return err_set(e, ERR_INVALID, NULL, "event submitted without a distinct_id");
    if (uuid && uuid->type != JSON_NULL &&
        (uuid->type != JSON_STRING || (uuid->text.n && !uuid_parse(uuid->text, &ignored))))
        return parse_failed(e, "uuid is not a UUID");
    if (event->text.n > LIMIT_EVENT)
        return err_set(e, ERR_TOO_LARGE, NULL, "maximum event size exceeded: %zu bytes",
                       event->text.n);
    return 0;
}

/* All events of a list agree on their token. */
static int common_token(const struct json *events, str *token, struct err *e)
{
    *token = STR_NULL;
    for (const struct json *v = events; v; v = v->next) {
        str one = token_of(v);
        if (!one.p)
            return err_set(e, ERR_AUTH_FAILED, NULL, "event submitted without an api_key");
        if (token->p && !str_eq(*token, one))
            return err_set(e, ERR_AUTH_FAILED, NULL,
                           "batch submitted with inconsistent api_key values");
        *token = one;
    }
    return 0;
}

/* -------------------------------------------------------------------------- shapes */

static bool is_batch(const struct json *v)
{
    return json_is(json_get(v, "batch"), JSON_ARRAY) &&
           (json_get_text(v, "token").p || json_get_text(v, "api_key").p);
}

static void take_batch(const struct json *v, struct payload *out)
{
    const struct json *batch = json_get(v, "batch");
    str token = json_get_text(v, "token"), sent = json_get_text(v, "sent_at");
    out->token = token.p ? token : json_get_text(v, "api_key");
    out->events = batch->head;
    out->n = batch->count;
    if (sent.n < 16 || !clock_parse(sent, &out->sent_at)) /* a date alone is no time */
        out->sent_at = INT64_MIN;
}

int payload_parse(struct arena *a, str text, bool engage, struct payload *out, struct err *e)
{
    struct json *v;
    struct err parse = ERR_INIT;
    *out = (struct payload){ .sent_at = INT64_MIN };
    if (json_parse(a, text, &v, &parse) < 0)
        return parse_failed(e, parse.message);
    bool batch = is_batch(v);
    if (v->type == JSON_ARRAY) {
        out->events = v->head;
        out->n = v->count;
    } else if (batch) {
        take_batch(v, out);
    } else if (v->type == JSON_OBJECT) {
        out->events = v;
        out->n = 1;
    } else {
        return parse_failed(e, "neither an object nor a list");
    }
    if (!out->n)
        return err_set(e, ERR_INVALID, NULL, "request holds no event");
    int rc = 0;
    for (const struct json *event = out->events; event && rc == 0; event = event->next)
        rc = check_event(a, event, engage, e);
    if (rc == 0 && !batch)
        rc = common_token(out->events, &out->token, e);
    if (rc == 0)
        rc = payload_check_token(out->token, e);
    out->token = str_trim(out->token);
    return rc;
}
