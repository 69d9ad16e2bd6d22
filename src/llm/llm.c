/* llm.c - see llm.h: the request over HTTP, its retries, and what it falls back to.
 *
 * Each request runs on its caller's thread, which asks between waits whether anybody still wants the
 * reply. A status of 200 proves nothing: errors may come within. A stream that ends without saying so is
 * broken off, unless a reason for its end was there already. */
#include "llm/llm.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "http/reach.h"
#include "llm/plain.h"
#include "llm/sse.h"
#include "llm/wire.h"

#define CONNECT_SECONDS 10L
#define TRIES 3
#define PAUSE_MS 200      /* before the second try; four times as long before the third */
#define PAUSE_MOST 20000  /* ms that a server may ask us to wait */
#define LOOK_MS 200       /* between looks whether anybody waits */

struct llm {
    struct llm_config cfg;
    const struct wire_dialect *dialect;
    char *url, *model, *key, *ca_file, *proxy;
    bool azure;
    atomic_bool without_usage, without_tools, without_stream;
};

static char *copy(const char *z)
{
    char *c = z ? strdup(z) : NULL;
    BUG_ON(z && !c);
    return c;
}

/* The whole address; one that names the endpoint already stays as it is. */
static char *address_of(const struct llm_config *cfg)
{
    bool anthropic = cfg->dialect == LLM_ANTHROPIC;
    const char *end = anthropic ? "/messages" : "/chat/completions";
    str url = str_of(cfg->url);
    char *out;
    while (url.n && url.p[url.n - 1] == '/')
        url.n--;
    if (str_find(url, str_of(end)) >= 0)
        return copy(cfg->url);
    bool versioned = str_ends(url, STR("/v1"));
    int n = asprintf(&out, STR_FMT "%s%s", STR_ARG(url), anthropic && !versioned ? "/v1" : "", end);
    BUG_ON(n < 0);
    return out;
}

int llm_new(const struct llm_config *cfg, struct llm **out, struct err *e)
{
    if (!str_starts(str_of(cfg->url), STR("http://")) &&
        !str_starts(str_of(cfg->url), STR("https://")))
        return err_set(e, ERR_INVALID, "llm-url", "--llm-url must begin with http:// or https://");
    struct llm *l = calloc(1, sizeof(*l));
    BUG_ON(!l);
    l->cfg = *cfg;
    l->dialect = cfg->dialect == LLM_ANTHROPIC ? &wire_anthropic : &wire_openai;
    l->url = address_of(cfg);
    l->model = copy(cfg->model);
    l->key = copy(cfg->key);
    l->ca_file = copy(cfg->ca_file);
    l->proxy = copy(cfg->proxy);
    l->azure = strstr(l->url, "/openai/deployments/") || strstr(l->url, ".azure.com/");
    *out = l;
    return 0;
}

void llm_free(struct llm *l)
{
    if (!l)
        return;
    if (l->key)
        explicit_bzero(l->key, strlen(l->key));
    free(l->url);
    free(l->model);
    free(l->key);
    free(l->ca_file);
    free(l->proxy);
    free(l);
}

const char *llm_model(const struct llm *l)
{
    return l->model;
}

/* -------------------------------------------------------------------------- one try */

struct attempt {
    struct llm *l;
    const struct llm_request *q;
    struct arena *arena; /* of what the caller is shown */
    struct arena *scratch;
    struct wire wire;
    struct sse sse;
    struct buf whole; /* a body that is no stream */
    CURL *h;
    bool begun, streamed, done, flooded;
    long status;
    char refused[256];      /* why the address was not connected to */
    int64_t retry_after_ms; /* -1: not told */
    int64_t heard;          /* clock_mono_us, when it last said something */
    bool silent;            /* it was waited for as long as may be: not again */
};

static void show_so_far(struct attempt *t)
{
    struct llm_reply r = { .text = buf_view(&t->wire.text) };
    struct llm_call calls[WIRE_CALLS];
    if (!t->q->grown || !t->wire.touched)
        return;
    t->wire.touched = false;
    for (size_t i = 0; i < t->wire.calls_n; i++) {
        struct wire_call *c = &t->wire.calls[i];
        if (c->id[0] && c->name[0])
            calls[r.calls_n++] = (struct llm_call){ str_of(c->id), str_of(c->name), STR("{}"),
                                                    false };
    }
    r.calls = calls;
    if (t->wire.thinking.n) {
        struct buf b = BUF_INIT(LIMIT_MODEL_REPLY * 2);
        struct json_writer w = JSON_WRITER(&b);
        json_open(&w, '[');
        json_open(&w, '{');
        json_key(&w, "type");
        json_z(&w, "thinking");
        json_key(&w, "thinking");
        json_str(&w, buf_view(&t->wire.thinking));
        json_close(&w, '}');
        json_close(&w, ']');
        r.thinking = buf_view(&b);
        t->q->grown(t->q->context, &r);
        buf_release(&b);
        return;
    }
    t->q->grown(t->q->context, &r);
}

static void on_event(void *context, str event, str data)
{
    struct attempt *t = context;
    struct err ignored = ERR_INIT; /* a frame that is no JSON says nothing */
    struct json *v;
    if (str_eqz(data, "[DONE]")) {
        t->done = true;
        return;
    }
    arena_reset(t->scratch);
    if (json_parse(t->scratch, data, &v, &ignored) == 0)
        t->l->dialect->take(&t->wire, t->scratch, event, v);
    else if (str_eqz(event, "error"))
        snprintf(t->wire.error, sizeof(t->wire.error), STR_FMT, STR_ARG(data));
    if (str_eqz(event, "error"))
        t->wire.failed = true;
}

static size_t on_body(char *p, size_t size, size_t n, void *cls)
{
    struct attempt *t = cls;
    n *= size;
    t->heard = clock_mono_us();
    if (!t->begun) {
        const char *type = NULL;
        t->begun = true;
        curl_easy_getinfo(t->h, CURLINFO_RESPONSE_CODE, &t->status);
        curl_easy_getinfo(t->h, CURLINFO_CONTENT_TYPE, &type);
        t->streamed = t->status == 200 && !(type && strstr(type, "json"));
    }
    if (!t->streamed) {
        buf_add(&t->whole, p, n);
        return t->whole.full ? 0 : n;
    }
    if (!sse_add(&t->sse, p, n) || t->wire.text.full || t->wire.thinking.full) {
        t->flooded = true;
        return 0;
    }
    show_so_far(t);
    return n;
}

static size_t on_header(char *p, size_t size, size_t n, void *cls)
{
    struct attempt *t = cls;
    str value = { p, size * n }, name = str_split(&value, ':');
    double seconds;
    if (!value.p)
        return size * n;
    value = str_trim(value);
    if (str_eq_nocase(name, STR("retry-after-ms")) && str_to_f64(value, &seconds))
        t->retry_after_ms = seconds < PAUSE_MOST ? (int64_t)seconds : PAUSE_MOST;
    else if (str_eq_nocase(name, STR("retry-after")) && t->retry_after_ms < 0 &&
             str_to_f64(value, &seconds))
        t->retry_after_ms = seconds < PAUSE_MOST / 1000 ? (int64_t)(seconds * 1000) : PAUSE_MOST;
    return size * n;
}

static struct curl_slist *headers_of(const struct llm *l)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    struct buf b = BUF_INIT(LIMIT_SECRET + 64);
    list = curl_slist_append(list, "Content-Type: application/json");
    list = curl_slist_append(list, "Accept: text/event-stream, application/json");
    if (l->cfg.dialect == LLM_ANTHROPIC)
        list = curl_slist_append(list, "anthropic-version: 2023-06-01");
    if (l->key && *l->key) {
        buf_printf(&b, "%s%s", l->azure ? "api-key: "
                               : l->cfg.dialect == LLM_ANTHROPIC ? "x-api-key: "
                                                                 : "Authorization: Bearer ",
                   l->key);
        buf_char(&b, '\0');
        list = curl_slist_append(list, b.p);
        explicit_bzero(b.p, b.n);
    }
    buf_release(&b);
    return list;
}

/* The address is known here, and nothing was sent yet. */
static curl_socket_t open_socket(void *cls, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct attempt *t = cls;
    (void)purpose;
    if (t->l->cfg.reach && !reach_allows(t->l->cfg.reach, &to->addr)) {
        reach_refusal(&to->addr, t->refused, sizeof(t->refused));
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static void set_up(struct attempt *t, str body, struct curl_slist *headers)
{
    CURL *h = t->h;
    struct llm *l = t->l;
    curl_easy_setopt(h, CURLOPT_URL, l->url);
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_PROXY, l->proxy ? l->proxy : "");
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_BUFFERSIZE, 4096L); /* there may be a thousand of these */
    curl_easy_setopt(h, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, body.p);
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
    if (l->ca_file)
        curl_easy_setopt(h, CURLOPT_CAINFO, l->ca_file);
    curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(h, CURLOPT_HEADERDATA, t);
}

static bool gone(const struct llm_request *q)
{
    return q->gone && q->gone(q->context);
}

/* CURLE_ABORTED_BY_CALLBACK: nobody waits any more. CURLE_OPERATION_TIMEDOUT, silent: nothing was said for
 * too long, however long the reply may be all in all. */
static CURLcode perform(struct attempt *t)
{
    CURLM *m = curl_multi_init();
    CURLcode code = CURLE_OK;
    int running = 1, left;
    BUG_ON(!m);
    t->heard = clock_mono_us();
    curl_multi_add_handle(m, t->h);
    while (running && code == CURLE_OK) {
        curl_multi_perform(m, &running);
        t->silent = running && clock_mono_us() - t->heard > t->l->cfg.seconds * CLOCK_SECOND;
        if (running && gone(t->q))
            code = CURLE_ABORTED_BY_CALLBACK;
        else if (t->silent)
            code = CURLE_OPERATION_TIMEDOUT;
        else if (running)
            curl_multi_poll(m, NULL, 0, LOOK_MS, NULL);
    }
    for (CURLMsg *msg; code == CURLE_OK && (msg = curl_multi_info_read(m, &left));)
        if (msg->msg == CURLMSG_DONE)
            code = msg->data.result;
    curl_multi_remove_handle(m, t->h);
    curl_multi_cleanup(m);
    return code;
}

/* -------------------------------------------------------------------------- what became of it */

static bool is_one_of(const char *type, const char *const *types)
{
    for (size_t i = 0; types[i]; i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return false;
}

/* By the error's own type before the status: a type may come with any status, also with 200. */
static enum llm_outcome classify(const struct wire *w, long status)
{
    static const char *const request[] = { "context_length_exceeded", "exceed_context_size_error",
                                           "invalid_request_error", "request_too_large",
                                           "content_filter", NULL };
    static const char *const refused[] = { "invalid_api_key", "authentication_error",
                                           "permission_error", "not_found_error",
                                           "model_not_found", "insufficient_quota",
                                           "billing_error", NULL };
    static const char *const away[] = { "overloaded_error", "rate_limit_error",
                                        "rate_limit_exceeded", "api_error", "timeout_error",
                                        "server_error", NULL };
    if (status == 200 && w->error_status)
        status = (long)w->error_status;
    if (is_one_of(w->error_type, refused))
        return LLM_REFUSED;
    if (is_one_of(w->error_type, request) && status != 401 && status != 403)
        return LLM_REQUEST_REFUSED;
    if (is_one_of(w->error_type, away))
        return LLM_AWAY;
    if (status == 400 || status == 413 || status == 422)
        return LLM_REQUEST_REFUSED;
    if (status >= 400 && status < 500 && status != 408 && status != 409 && status != 429)
        return LLM_REFUSED;
    return LLM_AWAY;
}

static void take_whole_body(struct attempt *t)
{
    struct json *v;
    struct err ignored = ERR_INIT; /* a proxy's page: the status says what it is */
    str body = buf_view(&t->whole);
    if (json_parse(t->scratch, body, &v, &ignored) == 0)
        t->l->dialect->take(&t->wire, t->scratch, STR(""), v);
    else
        snprintf(t->wire.error, sizeof(t->wire.error), STR_FMT, STR_ARG(str_utf8_prefix(body, 200)));
}

static int explain(struct attempt *t, CURLcode code, struct err *e)
{
    if (t->refused[0])
        return err_set(e, ERR_DENIED, NULL, "%s", t->refused);
    if (code != CURLE_OK && !t->flooded)
        return err_set(e, ERR_UNAVAILABLE, NULL, "%s", code == CURLE_OPERATION_TIMEDOUT
                                                           ? "the model was silent for too long"
                                                           : curl_easy_strerror(code));
    if (t->wire.error[0] || t->wire.error_type[0])
        return err_set(e, ERR_UNAVAILABLE, NULL, "%ld %s: %s", t->status, t->wire.error_type,
                       t->wire.error);
    return err_set(e, ERR_UNAVAILABLE, NULL, t->flooded ? "the reply is too long"
                                                        : "the reply broke off (status %ld)",
                   t->status);
}

static enum llm_outcome outcome_of(struct attempt *t, CURLcode code, struct err *e)
{
    if (code == CURLE_ABORTED_BY_CALLBACK && !t->flooded)
        return LLM_GONE;
    if (t->streamed)
        sse_end(&t->sse);
    else if (t->whole.n)
        take_whole_body(t);
    bool ok = t->status == 200 && !t->wire.failed && !t->flooded;
    if (ok && (t->wire.finished || (t->done && code == CURLE_OK)))
        return LLM_DONE;
    explain(t, code, e);
    if (t->refused[0])
        return LLM_REFUSED;
    if (t->flooded)
        return LLM_REQUEST_REFUSED;
    if (code != CURLE_OK && !t->wire.failed)
        return LLM_AWAY;
    return classify(&t->wire, t->status);
}

/* An id of its own for a call whose own is missing or was there before. */
static str call_id(struct arena *a, const struct wire *w, size_t i)
{
    char text[25];
    bool taken = !w->calls[i].id[0];
    for (size_t j = 0; j < i && !taken; j++)
        taken = strcmp(w->calls[j].id, w->calls[i].id) == 0;
    if (!taken)
        return arena_str(a, str_of(w->calls[i].id));
    rand_token(text, 24);
    return arena_printf(a, "call_%s", text);
}

static void take_calls(struct arena *a, struct wire *w, struct llm_reply *out)
{
    struct err ignored = ERR_INIT;
    out->calls = arena_alloc(a, (w->calls_n + 1) * sizeof(*out->calls));
    for (size_t i = 0; i < w->calls_n; i++) {
        struct llm_call *c = &out->calls[out->calls_n++];
        struct json *v;
        str args = str_trim(buf_view(&w->calls[i].args));
        *c = (struct llm_call){ call_id(a, w, i), arena_str(a, str_of(w->calls[i].name)),
                                args.n ? arena_str(a, args) : STR("{}"), false };
        c->broken = json_parse(a, c->args, &v, &ignored) < 0 || v->type != JSON_OBJECT;
    }
}

static void take_reply(struct arena *a, struct wire *w, struct llm_reply *out)
{
    *out = (struct llm_reply){ .text = arena_str(a, buf_view(&w->text)), .cut = w->cut,
                               .tokens_in = w->tokens_in, .tokens_out = w->tokens_out };
    if (w->thinking.n)
        wire_end_thinking(w, false); /* some servers have no proof */
    if (w->blocks.n)
        out->thinking = arena_printf(a, "[" STR_FMT "]", STR_ARG(buf_view(&w->blocks)));
    take_calls(a, w, out);
}

/* *pause: what the server asks us to wait, untouched when it does not; -1: do not try again. */
static enum llm_outcome attempt(struct llm *l, struct arena *a, const struct llm_request *q,
                                str body, struct llm_reply *out, int64_t *pause, struct err *e)
{
    struct attempt t = { .l = l, .q = q, .arena = a, .scratch = arena_new(),
                         .whole = BUF_INIT(LIMIT_MODEL_REPLY), .h = curl_easy_init(),
                         .retry_after_ms = -1 };
    BUG_ON(!t.h);
    wire_init(&t.wire);
    sse_init(&t.sse, on_event, &t);
    struct curl_slist *headers = headers_of(l);
    set_up(&t, body, headers);
    CURLcode code = perform(&t);
    curl_easy_getinfo(t.h, CURLINFO_RESPONSE_CODE, &t.status);
    enum llm_outcome outcome = outcome_of(&t, code, e);
    if (outcome == LLM_DONE)
        take_reply(a, &t.wire, out);
    if (t.retry_after_ms >= 0)
        *pause = t.retry_after_ms;
    if (t.silent)
        *pause = -1;
    curl_easy_cleanup(t.h);
    curl_slist_free_all(headers);
    sse_release(&t.sse);
    wire_release(&t.wire);
    buf_release(&t.whole);
    arena_free(t.scratch);
    return outcome;
}

/* -------------------------------------------------------------------------- tries */

/* True: the server complained of something that can be left out, and from now on it is. */
static bool give_up_something(struct llm *l, const struct llm_request *q, const struct err *e)
{
    static const struct {
        const char *word;
        size_t what;
    } words[] = {
        { "stream_options", offsetof(struct llm, without_usage) },
        { "stream", offsetof(struct llm, without_stream) }, /* "tools with stream", also */
        { "tool", offsetof(struct llm, without_tools) },
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        atomic_bool *off = (atomic_bool *)((char *)l + words[i].what);
        bool tools = off == &l->without_tools;
        if (!strcasestr(e->message, words[i].word) || (tools && !q->tools_n) || atomic_load(off))
            continue;
        atomic_store(off, true);
        return true;
    }
    return false;
}

static bool wait_ms(const struct llm_request *q, int64_t ms)
{
    int64_t until = clock_mono_us() + ms * 1000;
    for (int64_t now; (now = clock_mono_us()) < until;) {
        int64_t left = until - now;
        const struct timespec pause = { 0, (left < LOOK_MS * 1000 ? left : LOOK_MS * 1000) * 1000 };
        if (gone(q))
            return false;
        nanosleep(&pause, NULL);
    }
    return !gone(q);
}

/* False: it is too long. There may be a thousand of these: no larger than they need be. */
static bool write_body(struct llm *l, const struct llm_request *q, struct buf *b)
{
    struct json_writer w = JSON_WRITER(b);
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct llm_request plain = *q;
    struct wire_without without = { atomic_load(&l->without_usage), atomic_load(&l->without_tools),
                                    atomic_load(&l->without_stream) };
    if (without.tools)
        llm_plain_request(a, &plain);
    buf_reset(b);
    l->dialect->body(&w, l->model, &plain, &without);
    buf_trim(b);
    return !b->full;
}

enum llm_outcome llm_run(struct llm *l, struct arena *a, const struct llm_request *q,
                         struct llm_reply *out, struct err *e)
{
    enum llm_outcome outcome = LLM_AWAY;
    int64_t pause = PAUSE_MS;
    struct buf body _cleanup_(buf_release) = BUF_INIT(LIMIT_MODEL_REQUEST);
    for (int tries = 0, changes = 0; tries < TRIES; tries++, pause *= 4) {
        if (!write_body(l, q, &body)) {
            err_set(e, ERR_TOO_LARGE, NULL, "the request is too long");
            return LLM_REQUEST_REFUSED;
        }
        int64_t wait = pause;
        outcome = attempt(l, a, q, buf_view(&body), out, &wait, e);
        out->bytes_out = body.n;
        if (outcome == LLM_DONE) {
            llm_plain_calls(a, q, out);
            return outcome;
        }
        bool refused = outcome == LLM_REQUEST_REFUSED || outcome == LLM_AWAY;
        if (refused && changes < 3 && give_up_something(l, q, e)) {
            changes++;
            tries--;
            continue;
        }
        if (outcome != LLM_AWAY || tries + 1 == TRIES || wait < 0)
            return outcome;
        if (!wait_ms(q, wait + (clock_mono_us() & 127)))
            return LLM_GONE;
    }
    return outcome;
}
