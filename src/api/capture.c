/* capture.c - events from SDKs, the v0 routes: decode, check, journal, then answer.
 *
 * The server does not know at this point which tokens exist: a well-formed one gets 200. Errors are
 * plain text, which SDKs do not read but people do. */
#include <arpa/inet.h>

#include "api/internal.h"
#include "api/traffic.h"
#include "base/clock.h"
#include "base/limits.h"
#include "ingest/payload.h"

/* -------------------------------------------------------------------------- storing */

struct waiting {
    struct journal_entry entry;
    struct http_request *http;
    struct traffic *traffic;
    const struct route *route;
    int64_t events;
    void (*refuse)(struct http_request *h);
};

static void on_stored(void *context, bool stored)
{
    struct waiting *w = context;
    if (!stored) {
        buf_reset(&w->http->reply);
        w->refuse(w->http);
    }
    traffic_count(w->traffic, w->route, w->http->status, clock_mono_us() - w->http->started,
                  w->events);
    http_resume(w->http);
}

/* The address in "1.2.3.4", "1.2.3.4:5", "::1", "[::1]:5"; STR_NULL: none of those. */
static str address_of(struct arena *a, str text)
{
    unsigned char ignored[16];
    ptrdiff_t colon = str_find_char(text, ':'), close = str_find_char(text, ']');
    bool dots = str_find_char(text, '.') >= 0 && colon != 0;
    if (text.n && text.p[0] == '[' && close > 0)
        text = str_slice(text, 1, (size_t)close);
    else if (dots && colon > 0 && str_find_char(str_slice(text, (size_t)colon + 1, text.n), ':') < 0)
        text = str_slice(text, 0, (size_t)colon);
    if (text.n >= 64)
        return STR_NULL;
    str z = arena_str(a, text);
    bool ok = inet_pton(AF_INET, z.p, ignored) == 1 || inet_pton(AF_INET6, z.p, ignored) == 1;
    return ok ? z : STR_NULL;
}

/* The client's address. A proxy on this machine is believed about whom it speaks for. */
static str client_ip(struct req *r)
{
    str peer = str_of(r->http->peer), first = STR_NULL;
    str forwarded = http_header_of(r->http, "X-Forwarded-For");
    bool local = str_starts(peer, STR("127.")) || str_eqz(peer, "::1");
    if (local && forwarded.p)
        first = address_of(r->arena, str_trim(str_split(&forwarded, ',')));
    return first.p ? first : arena_str(r->arena, peer);
}

int capture_store(struct req *r, enum journal_kind kind, int64_t sent_at, str body,
                  void (*refuse)(struct http_request *h), struct err *e)
{
    struct waiting *w = arena_new_of(r->arena, struct waiting);
    w->http = r->http;
    w->refuse = refuse;
    w->traffic = r->api->traffic;
    w->route = r->route;
    w->events = r->captured;
    w->entry.record = (struct journal_record){ clock_now_us(), sent_at, kind, client_ip(r), body };
    w->entry.done = on_stored;
    w->entry.context = w;
    if (!http_suspend(r->http))
        return err_set(e, ERR_UNAVAILABLE, NULL, "transient error, please retry");
    r->deferred = true;
    journal_append(r->api->journal, &w->entry);
    return 0;
}

/* -------------------------------------------------------------------------- v0 */

static void refuse_v0(struct http_request *h)
{
    h->status = 503;
    h->content_type = "text/plain; charset=utf-8";
    buf_z(&h->reply, "transient error, please retry");
    http_reply_header(h, "Retry-After", "1");
}

static int fail_v0(struct req *r, const struct err *e)
{
    r->http->status = err_status(e);
    r->http->content_type = "text/plain; charset=utf-8";
    buf_z(&r->http->reply, err_message(e));
    if (r->http->status == 503)
        http_reply_header(r->http, "Retry-After", "1");
    return 0;
}

/* The client's clock from the query: milliseconds. 2020 or before: seconds, sent by mistake. */
static int64_t sent_at_of_query(struct req *r)
{
    int64_t ms;
    str text = http_query_of(r->http, "sent_at");
    if (!str_to_i64(text.p ? text : http_query_of(r->http, "_"), &ms))
        return INT64_MIN;
    bool sane = ms > clock_days(2021, 1, 1) * 86400000 && ms < clock_days(9999, 1, 1) * 86400000;
    return sane ? ms * 1000 : INT64_MIN;
}

static int read_v0(struct req *r, bool engage, str *json, struct payload *p, struct err *e)
{
    int rc = token_text(r, json, e);
    return rc < 0 ? rc : payload_parse(r->arena, *json, engage, p, e);
}

static void accept_v0(struct req *r)
{
    r->http->status = str_eqz(http_query_of(r->http, "beacon"), "1") ? 204 : 200;
    if (r->http->status == 200)
        buf_z(&r->http->reply, "{\"status\":\"Ok\"}");
}

static int capture(struct req *r, bool engage)
{
    struct err e = ERR_INIT;
    struct payload p;
    str json;
    int rc = read_v0(r, engage, &json, &p, &e);
    if (rc < 0)
        return fail_v0(r, &e);
    int64_t sent_at = p.sent_at != INT64_MIN ? p.sent_at : sent_at_of_query(r);
    accept_v0(r);
    r->captured = (int64_t)p.n;
    rc = capture_store(r, engage ? RECORD_ENGAGE : RECORD_V0, sent_at, json, refuse_v0, &e);
    if (rc < 0) {
        buf_reset(&r->http->reply);
        return fail_v0(r, &e);
    }
    return 0;
}

static int capture_events(struct req *r, struct err *e)
{
    (void)e;
    return capture(r, false);
}

static int capture_engage(struct req *r, struct err *e)
{
    (void)e;
    return capture(r, true);
}

/* Session recordings are not kept: saying so would make SDKs try again. */
static int capture_recording(struct req *r, struct err *e)
{
    (void)e;
    if (r->http->too_large) {
        err_set(e, ERR_TOO_LARGE, NULL, "request body is too large");
        return fail_v0(r, e);
    }
    accept_v0(r);
    return 0;
}

#define BOTH(path, call)                                        \
    { "POST", path, call, ACCESS_CAPTURE, NULL, 0, true },      \
    { "GET", path, call, ACCESS_CAPTURE, NULL, 0, true }

const struct route capture_routes[] = {
    BOTH("/i/v0/e/", capture_events),
    BOTH("/e/", capture_events),
    BOTH("/capture/", capture_events),
    BOTH("/track/", capture_events),
    BOTH("/batch/", capture_events),
    BOTH("/i/v0/ai/batch/", capture_events),
    BOTH("/engage/", capture_engage),
    BOTH("/s/", capture_recording),
    { 0 },
};
