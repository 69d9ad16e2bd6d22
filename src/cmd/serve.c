/* serve.c - the server, from its parts; and the list of its routes. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "api/metrics.h"
#include "api/routes.h"
#include "api/throttle.h"
#include "api/match.h"
#include "api/traffic.h"
#include "assistant/assistant.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/version.h"
#include "cmd/account.h"
#include "cmd/cmd.h"
#include "cmd/control.h"
#include "cmd/folder.h"
#include "cmd/model.h"
#include "engine/child.h"
#include "export/exporter.h"
#include "http/reach.h"
#include "ingest/flush.h"
#include "ingest/journal.h"
#include "olap/olap.h"
#include "store/seal.h"
#include "work/cohort.h"
#include "work/export.h"

/* The parts of a running server, started top down and ended bottom up. */
struct running {
    int lock; /* of the folder; 0: not held */
    int query_seconds;
    struct store *store;
    struct olap *olap;
    struct engine_child *engine;
    struct journal *journal;
    struct flusher *flusher;
    struct query_service *queries;
    struct exporter *exporter;
    struct llm *llm; /* NULL: none is named */
    struct reach *reach; /* of models that projects name */
    struct assistant *assistant;
    struct cohort_worker *cohorts;
    struct export_worker *exports;
    struct seal *seal;
    struct throttle *throttle; /* NULL: keys are not limited */
    struct lru *pages;
    struct http_server *http;
    struct control *control;
    struct traffic *traffic;
    struct route_index *index;
    struct http_server *metrics;
    const char *host, *metrics_host; /* of the addresses that are served */
};

/* The engine answers: make its tables, then let queries through. */
static bool engine_up(void *cls)
{
    struct olap *o = cls;
    struct err e = ERR_INIT;
    if (olap_prepare(o, &e) < 0) {
        if (e.kind != ERR_UNAVAILABLE)
            log_error("cannot prepare the event store", "error", e.message, "detail", e.detail);
        return false;
    }
    olap_set_ready(o, true);
    return true;
}

static bool engine_alive(void *cls)
{
    return olap_alive(cls);
}

static void engine_down(void *cls)
{
    olap_set_ready(cls, false);
}

static int start_engine(struct running *r, struct arena *a, const struct options *o,
                        struct err *e)
{
    str path = arena_printf(a, "%s/engine.sock", o->data);
    r->olap = olap_new(path.p, NULL);
    struct engine_child_config cfg = { .program = o->engine_program, .data = o->data,
                                       .library = o->library, .memory = o->engine_memory,
                                       .listen = o->engine_listen,
                                       .up = engine_up, .alive = engine_alive,
                                       .down = engine_down,
                                       .context = r->olap };
    return engine_child_start(&cfg, &r->engine, e);
}

static int start_flusher(struct running *r, struct arena *a, const struct options *o,
                         struct err *e)
{
    struct flush_config cfg = { r->journal, r->store, r->olap,
                                arena_printf(a, "%s/rejected.rows", o->data).p };
    return flusher_start(&cfg, &r->flusher, e);
}

static int start_exporter(struct running *r, struct arena *a, const struct options *o,
                          struct err *e)
{
    struct exporter_config cfg = { o->allow_private, folder_path(a, o->data, "exports").p,
                                   folder_path(a, o->data, "spool").p };
    int rc = seal_open(folder_path(a, o->data, "secrets.key").p, &r->seal, e);
    return rc < 0 ? rc : exporter_start(&cfg, &r->exporter, e);
}

static int start_assistant(struct running *r, struct arena *a, const struct options *o,
                           struct api *api, struct err *e)
{
    struct assistant_config cfg = { .store = r->store, .call = api_call, .context = api,
                                    .seal = r->seal };
    int rc = model_context(o, &cfg.context_tokens, e);
    if (rc == 0)
        rc = model_seconds(o, &cfg.llm_seconds, e);
    if (rc == 0)
        rc = reach_new(o->allow_private, &r->reach, e);
    cfg.reach = r->reach;
    if (rc == 0)
        rc = model_start(a, o, &r->llm, e);
    cfg.llm = r->llm;
    return rc < 0 ? rc : assistant_start(&cfg, &r->assistant, e);
}

/* -------------------------------------------------------------------------- the folder's socket */

static void write_url(char *out, size_t n, const char *host, const struct http_server *s)
{
    snprintf(out, n, "http://%s:%d", host, s ? http_server_port(s) : 0);
}

/* What commands want to know of a running server. */
static void write_status(void *cls, struct buf *out)
{
    const struct running *r = cls;
    struct json_writer w = JSON_WRITER(out);
    struct flush_counts counts;
    char url[300], metrics[300];
    flusher_counts(r->flusher, &counts);
    write_url(url, sizeof(url), r->host, r->http);
    write_url(metrics, sizeof(metrics), r->metrics_host, r->metrics);
    json_open(&w, '{');
    json_key(&w, "version");
    json_z(&w, HOGLET_VERSION);
    json_key(&w, "pid");
    json_i64(&w, getpid());
    json_key(&w, "url");
    json_z(&w, url);
    json_key(&w, "metrics_url");
    json_z(&w, r->metrics ? metrics : NULL);
    json_key(&w, "now");
    json_time(&w, clock_now_us());
    json_key(&w, "engine_ready");
    json_bool(&w, olap_ready(r->olap));
    json_key(&w, "journal_behind");
    json_i64(&w, counts.behind);
    json_key(&w, "events_stored");
    json_i64(&w, counts.events);
    json_close(&w, '}');
}

static int run_change(void *cls, struct arena *a, const char *name, str settings, struct buf *out,
                      struct err *e)
{
    const struct running *r = cls;
    struct options o = { 0 };
    struct json *v;
    int rc = json_parse(a, settings, &v, e);
    if (rc == 0)
        rc = options_parse(&o, a, v, e);
    return rc < 0 ? rc : account_change(r->store, a, name, &o, out, e);
}

static int start_control(struct running *r, const struct options *o, struct err *e)
{
    struct control_config cfg = { .data = o->data, .context = r, .status = write_status,
                                  .change = run_change };
    return control_start(&cfg, &r->control, e);
}

/* -------------------------------------------------------------------------- metrics */

static size_t no_body(struct http_request *h)
{
    (void)h;
    return 0;
}

static bool always_inline(struct http_request *h)
{
    (void)h;
    return true;
}

static void reply_metrics(struct http_request *h)
{
    bool found = str_eqz(h->path, "/metrics");
    h->status = found ? 200 : 404;
    h->content_type = "text/plain; version=0.0.4; charset=utf-8";
    if (found)
        api_write_metrics(h->context, &h->reply);
    else
        buf_z(&h->reply, "There is only /metrics here.\n");
}

/* A place of their own, so that what the public can reach tells nothing. */
static int start_metrics(struct running *r, const struct options *o, struct api *api,
                         struct err *e)
{
    struct http_config cfg = { .listen = o->metrics_listen, .limit = no_body,
                               .inline_run = always_inline, .run = reply_metrics,
                               .context = api };
    if (strcmp(o->metrics_listen, "off") == 0)
        return 0;
    int rc = http_server_start(&cfg, &r->metrics, e);
    if (rc == 0 || options_origin(o, "metrics-listen") != FROM_DEFAULT)
        return rc;
    log_warn("metrics are not served", "error", e->message); /* nobody asked for that place */
    return 0;
}

/* -------------------------------------------------------------------------- start and end */

static void end_all(struct running *r)
{
    if (r->control)
        control_stop(r->control);
    if (r->metrics)
        http_server_stop(r->metrics);
    assistant_end_runs(r->assistant); /* before the server: their readers follow them */
    if (r->http)
        http_server_stop(r->http);
    assistant_free(r->assistant);
    llm_free(r->llm);
    reach_free(r->reach);
    export_worker_stop(r->exports);
    if (r->cohorts)
        cohort_worker_stop(r->cohorts);
    lru_free(r->pages);
    traffic_free(r->traffic);
    route_index_free(r->index);
    query_service_free(r->queries);
    exporter_stop(r->exporter);
    seal_free(r->seal);
    throttle_free(r->throttle);
    if (r->flusher)
        flusher_stop(r->flusher);
    if (r->journal)
        journal_close(r->journal);
    if (r->engine)
        engine_child_stop(r->engine);
    if (r->olap)
        olap_free(r->olap);
    if (r->store)
        store_free(r->store);
    if (r->lock)
        close(r->lock);
}

/* Waits a little: a server that was killed while it started its engine holds the lock until that child
 * is another program, and one that was told to end needs a moment. */
static int wait_for_folder(const char *dir, int *fd, struct err *e)
{
    const struct timespec pause = { 0, 20 * 1000000L };
    int rc = folder_lock(dir, fd, e);
    for (int tries = 100; rc == 0 && tries; tries--) {
        nanosleep(&pause, NULL);
        rc = folder_lock(dir, fd, e);
    }
    return rc;
}

static int open_folder(struct running *r, struct arena *a, const struct options *o, struct err *e)
{
    int rc = folder_check(a, o->data, e);
    if (rc == 0)
        rc = wait_for_folder(o->data, &r->lock, e);
    if (rc == 0)
        return err_set(e, ERR_INVALID, "data", "another hoglet has %s", o->data);
    return rc < 0 ? rc : store_open(folder_path(a, o->data, "meta.db").p, false, &r->store, e);
}

static const char *host_of(struct arena *a, const char *listen)
{
    const char *colon = strrchr(listen, ':');
    return colon ? arena_z(a, (str){ listen, (size_t)(colon - listen) }) : "";
}

static void say_ready(const struct running *r)
{
    char url[300];
    write_url(url, sizeof(url), r->host, r->http);
    printf("hoglet is ready at %s\n", url);
    fflush(stdout);
}

static int start_all(struct running *r, struct arena *a, const struct options *o, struct api *api,
                     struct err *e)
{
    int rc = open_folder(r, a, o, e);
    if (rc == 0)
        rc = start_engine(r, a, o, e);
    if (rc == 0)
        rc = journal_open(arena_printf(a, "%s/journal", o->data).p, &r->journal, e);
    if (rc == 0)
        rc = start_flusher(r, a, o, e);
    if (rc < 0)
        return rc;
    rc = start_exporter(r, a, o, e);
    if (rc < 0)
        return rc;
    r->queries = query_service_new(r->olap, r->store, r->query_seconds);
    rc = cohort_worker_start(r->store, r->olap, r->queries, &r->cohorts, e);
    if (rc < 0)
        return rc;
    rc = start_assistant(r, a, o, api, e);
    if (rc < 0)
        return rc;
    struct export_worker_config exports = { r->store, r->olap, r->queries, r->exporter, r->seal,
                                            r->flusher };
    rc = export_worker_start(&exports, &r->exports, e);
    if (rc < 0)
        return rc;
    r->throttle = strcmp(o->rate_limits, "on") == 0 ? throttle_new() : NULL;
    r->pages = lru_new(LIMIT_LIST_CACHE);
    r->traffic = api_traffic_new();
    r->index = api_index_new();
    *api = (struct api){ .store = r->store, .olap = r->olap, .journal = r->journal,
                         .queries = r->queries, .exporter = r->exporter, .seal = r->seal,
                         .assistant = r->assistant, .cohorts = r->cohorts,
                         .exports = r->exports, .throttle = r->throttle, .pages = r->pages,
                         .flusher = r->flusher, .engine = r->engine,
                         .traffic = r->traffic, .index = r->index, .data = o->data, .started = clock_mono_us(),
                         .public_url = o->public_url,
                         .secure = o->public_url && strncmp(o->public_url, "https://", 8) == 0 };
    struct http_config cfg = { .listen = o->listen, .workers = 32, .queue = 1024, .limit = api_limit,
                               .inline_run = api_inline, .run = api_run, .context = api };
    rc = http_server_start(&cfg, &r->http, e);
    if (rc < 0)
        return rc;
    r->host = host_of(a, o->listen);
    r->metrics_host = host_of(a, o->metrics_listen);
    rc = start_metrics(r, o, api, e);
    if (rc == 0)
        rc = start_control(r, o, e);
    if (rc < 0)
        return rc;
    if (!olap_wait_ready(r->olap, 30000))
        log_warn("the engine is not ready yet; capture works, queries answer 503");
    say_ready(r);
    return 0;
}

static int read_settings(struct running *r, const struct options *o, struct err *e)
{
    int64_t start, memory, seconds;
    if (o->clock && !clock_parse(str_of(o->clock), &start))
        return err_set(e, ERR_INVALID, "clock",
                       "--clock must be a time like 2020-01-20T12:00:00Z");
    if (!strrchr(o->listen, ':'))
        return err_set(e, ERR_INVALID, "listen", "--listen must be HOST:PORT, not %s", o->listen);
    if (strcmp(o->rate_limits, "on") && strcmp(o->rate_limits, "off"))
        return err_set(e, ERR_INVALID, "rate-limits", "--rate-limits is on or off, not %s",
                       o->rate_limits);
    if (!str_to_i64(str_of(o->query_seconds), &seconds) || seconds < 1 || seconds > 3600)
        return err_set(e, ERR_INVALID, "query-seconds",
                       "--query-seconds must be a number from 1 to 3600, not %s",
                       o->query_seconds);
    r->query_seconds = (int)seconds;
    bool json = strcmp(o->log_format, "json") == 0;
    if (!json && strcmp(o->log_format, "logfmt"))
        return err_set(e, ERR_INVALID, "log-format", "--log-format is logfmt or json, not %s",
                       o->log_format);
    if (o->clock)
        clock_start_at(start);
    if (o->log_debug)
        log_set_level(LOG_DEBUG);
    log_set_json(json);
    return options_bytes(o->engine_memory, "engine-memory", &memory, e);
}

int cmd_serve(struct arena *a, const struct options *o, struct err *e)
{
    int got;
    sigset_t stop;
    struct api api;
    struct running r = { 0 };
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL); /* before threads start: they inherit it */
    signal(SIGPIPE, SIG_IGN);
    int rc = read_settings(&r, o, e);
    if (rc == 0)
        rc = api_check_routes(e);
    if (rc == 0)
        rc = start_all(&r, a, o, &api, e);
    if (rc == 0)
        sigwait(&stop, &got);
    end_all(&r);
    return rc;
}

int cmd_routes(struct arena *a, const struct options *o, struct err *e)
{
    struct buf b = BUF_INIT(1 << 20);
    (void)a, (void)o, (void)e;
    api_describe_routes(&b);
    printf("%.*s\n", (int)b.n, b.p);
    buf_release(&b);
    return 0;
}
