/* serve.c - the server, from its parts; and the list of its routes. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "api/routes.h"
#include "base/clock.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "engine/child.h"
#include "ingest/flush.h"
#include "ingest/journal.h"
#include "olap/olap.h"

/* The parts of a running server, started top down and ended bottom up. */
struct running {
    struct store *store;
    struct olap *olap;
    struct engine_child *engine;
    struct journal *journal;
    struct flusher *flusher;
    struct query_service *queries;
    struct http_server *http;
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
                                       .up = engine_up, .down = engine_down,
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

static void end_all(struct running *r)
{
    if (r->http)
        http_server_stop(r->http);
    query_service_free(r->queries);
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
}

static void say_ready(const char *listen, int port)
{
    const char *colon = strrchr(listen, ':');
    printf("hoglet is ready at http://%.*s:%d\n", (int)(colon - listen), listen, port);
    fflush(stdout);
}

static int start_all(struct running *r, struct arena *a, const struct options *o, struct api *api,
                     struct err *e)
{
    const char *listen = o->listen ? o->listen : "127.0.0.1:8000";
    int rc = open_store(a, o, &r->store, e);
    if (rc == 0)
        rc = start_engine(r, a, o, e);
    if (rc == 0)
        rc = journal_open(arena_printf(a, "%s/journal", o->data).p, &r->journal, e);
    if (rc == 0)
        rc = start_flusher(r, a, o, e);
    if (rc < 0)
        return rc;
    r->queries = query_service_new(r->olap, r->store);
    *api = (struct api){ .store = r->store, .olap = r->olap, .journal = r->journal,
                         .queries = r->queries, .public_url = o->public_url,
                         .secure = o->public_url && strncmp(o->public_url, "https://", 8) == 0 };
    struct http_config cfg = { .listen = listen, .workers = 8, .queue = 1024, .limit = api_limit,
                               .inline_run = api_inline, .run = api_run, .context = api };
    rc = http_server_start(&cfg, &r->http, e);
    if (rc < 0)
        return rc;
    if (!olap_wait_ready(r->olap, 30000))
        log_warn("the engine is not ready yet; capture works, queries answer 503");
    say_ready(listen, http_server_port(r->http));
    return 0;
}

int cmd_serve(struct arena *a, const struct options *o, struct err *e)
{
    int64_t start, memory;
    int got;
    sigset_t stop;
    struct api api;
    struct running r = { 0 };
    if (o->clock && !clock_parse(str_of(o->clock), &start))
        return err_set(e, ERR_INVALID, "clock", "--clock must be a time like "
                                                "2020-01-20T12:00:00Z");
    if (o->clock)
        clock_start_at(start);
    if (o->log_debug)
        log_set_level(LOG_DEBUG);
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL); /* before threads start: they inherit it */
    signal(SIGPIPE, SIG_IGN);
    int rc = options_bytes(o->engine_memory, "engine-memory", &memory, e);
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
