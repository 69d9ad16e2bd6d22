/* cohort.c - see cohort.h.
 *
 * Each attempt writes under a version of its own, and the version in force changes when all its members
 * are there: what is cut off in the middle is never seen, and is dropped by the next that succeeds. */
#include "work/cohort.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/access.h"
#include "model/cohort.h"

#define AGE (24 * 3600 * CLOCK_SECOND) /* when members are computed anew without being asked */
#define PAUSE_MS 30000                 /* between looks for old ones */
#define AWAY_MS 1000                   /* between tries while the event store is away */

struct cohort_worker {
    struct store *store;
    struct olap *olap;
    struct query_service *queries;
    pthread_t thread;
    pthread_mutex_t lock; /* guards woken */
    pthread_cond_t changed;
    bool woken;
    atomic_bool stopping;
};

static bool stopping(void *cls)
{
    struct cohort_worker *w = cls;
    return atomic_load(&w->stopping);
}

static void wait_for_work(struct cohort_worker *w, int ms)
{
    int64_t until = clock_mono_us() + ms * 1000LL;
    struct timespec at = { until / CLOCK_SECOND, until % CLOCK_SECOND * 1000 };
    pthread_mutex_lock(&w->lock);
    while (!w->woken && !stopping(w) && clock_mono_us() < until)
        pthread_cond_timedwait(&w->changed, &w->lock, &at);
    w->woken = false;
    pthread_mutex_unlock(&w->lock);
}

/* -------------------------------------------------------------------------- one cohort */

/* The next one that is due, its project, and the version this attempt writes. 1 found, 0 none. */
static int begin(struct cohort_worker *w, struct arena *a, struct cohort *c, struct project *p,
                 int64_t *version, struct err *e)
{
    struct db *db = store_take(w->store);
    int rc = cohort_find_due(db, a, clock_now_us() - AGE, c, e);
    int found = rc;
    if (rc > 0)
        rc = db_begin(db, e);
    if (rc == 0 && found > 0)
        rc = cohort_next_version(db, a, c->id, version, e);
    if (rc == 0 && found > 0)
        rc = db_commit(db, e);
    if (rc == 0 && found > 0)
        rc = project_find(db, a, c->project_id, p, e);
    store_give(db);
    if (rc == 0 && found > 0)
        return err_internal(e, "the project of a cohort is gone");
    return rc < 0 ? rc : found;
}

static int request_dependents(struct db *db, struct arena *a, const struct cohort *c,
                              struct err *e)
{
    struct cohort_filter all = { .project_id = c->project_id, .search = STR_NULL };
    struct cohort *list;
    size_t n;
    int rc = cohort_page(db, a, &all, INT64_MAX, 0, &list, &n, e);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        bool refers;
        rc = cohort_refers(a, &list[i], c->id, &refers, e);
        if (rc == 0 && refers)
            rc = cohort_request(db, list[i].id, e);
    }
    return rc;
}

/* Puts the outcome into the metadata store. */
static int finish(struct cohort_worker *w, struct arena *a, const struct cohort *c,
                  const struct cohort_outcome *o, struct err *e)
{
    struct db *db = store_take(w->store);
    int rc = db_begin(db, e);
    if (rc == 0)
        rc = cohort_ended(db, c, o, e);
    if (rc == 0 && o->version)
        rc = request_dependents(db, a, c, e);
    if (rc == 0)
        rc = db_commit(db, e);
    store_give(db);
    return rc;
}

static int compute(struct cohort_worker *w, struct arena *a, const struct cohort *c,
                   const struct project *p, struct cohort_outcome *o, struct err *e)
{
    struct query_scope scope = {
        .service = w->queries, .arena = a, .team_id = p->id, .timezone = p->timezone,
        .week_start = p->week_start_day, .test_account_filters = p->test_account_filters,
        .display_names = p->display_names, .id = STR_NULL, .background = true,
        .gone = stopping, .gone_context = w,
    };
    return query_calculate_cohort(&scope, c, o->version, &o->count, e);
}

/* 1: one was done, well or not; 0: none is due; negative: later. */
static int round_once(struct cohort_worker *w, struct arena *a, struct err *e)
{
    struct cohort c = { 0 };
    struct project p;
    struct cohort_outcome o = { .message = STR_NULL };
    struct err failure = ERR_INIT;
    int rc = begin(w, a, &c, &p, &o.version, e);
    if (rc <= 0)
        return rc;
    rc = compute(w, a, &c, &p, &o, &failure);
    if (stopping(w) || rc == ERR_UNAVAILABLE) { /* it stays due */
        *e = failure;
        return ERR_UNAVAILABLE;
    }
    if (rc < 0) {
        log_warn("cannot calculate a cohort", "error", err_message(&failure), "detail",
                 failure.detail);
        o.version = 0;
        o.message = arena_str(a, str_of(err_message(&failure)));
    }
    rc = finish(w, a, &c, &o, e);
    if (rc == 0 && o.version) /* when it fails, the next version makes up for it */
        (void)olap_cohort_use(w->olap, c.project_id, c.id, o.version, c.version, &failure);
    return rc < 0 ? rc : 1;
}

static void *run(void *cls)
{
    struct cohort_worker *w = cls;
    struct arena *a = arena_new();
    while (!stopping(w)) {
        struct err e = ERR_INIT;
        if (!olap_wait_ready(w->olap, AWAY_MS))
            continue;
        arena_reset(a);
        int rc = round_once(w, a, &e);
        if (rc < 0 && e.kind != ERR_UNAVAILABLE)
            log_error("calculation of cohorts", "error", e.message, "detail", e.detail);
        if (rc <= 0)
            wait_for_work(w, rc < 0 ? AWAY_MS : PAUSE_MS);
    }
    arena_free(a);
    return NULL;
}

/* -------------------------------------------------------------------------- start, stop */

int cohort_worker_start(struct store *store, struct olap *olap, struct query_service *queries,
                        struct cohort_worker **out, struct err *e)
{
    struct cohort_worker *w = calloc(1, sizeof(*w));
    pthread_condattr_t monotonic;
    BUG_ON(!w);
    w->store = store;
    w->olap = olap;
    w->queries = queries;
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &monotonic);
    if (pthread_create(&w->thread, NULL, run, w) != 0) {
        free(w);
        return err_internal(e, "cannot start the thread that calculates cohorts");
    }
    *out = w;
    return 0;
}

void cohort_worker_wake(struct cohort_worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->woken = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void cohort_worker_stop(struct cohort_worker *w)
{
    atomic_store(&w->stopping, true);
    cohort_worker_wake(w);
    pthread_join(w->thread, NULL);
    free(w);
}
