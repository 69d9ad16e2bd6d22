/* export_timetable.c - starts a run of a batch export when an interval of its timetable has ended. What ended
 * while no server ran is made up for: every interval is run, each once. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/tz.h"
#include "base/uuid.h"
#include "model/batch_export.h"
#include "model/export_run.h"
#include "sched/timetable.h"
#include "work/internal.h"

#define LOOK (60 * CLOCK_SECOND) /* between looks when nobody wakes us */

struct export_timetable {
    struct export_worker *of;
    pthread_t thread;
    pthread_mutex_t lock; /* guards woken */
    pthread_cond_t changed;
    bool woken;
    atomic_bool stopping;
};

/* The run of the interval that ended, and the end of the next. */
static int fire(struct db *d, struct arena *a, const struct batch_export *x, struct err *e)
{
    struct timetable t;
    char id[UUID_TEXT];
    int64_t end = x->next_at, now = clock_now_us();
    BUG_ON(!timetable_of(x->interval, tz_find(x->timezone), x->offset == INT64_MIN ? 0 : x->offset,
                         &t));
    bool over = x->end_at != INT64_MIN && end > x->end_at;
    bool early = x->start_at != INT64_MIN && end < x->start_at;
    uuid_text(uuid_v7(), id);
    struct export_run run = { .id = arena_str(a, str_of(id)), .export_id = x->id,
                              .project_id = x->project_id, .status = STR("Starting"),
                              .start_at = timetable_before(&t, end), .end_at = end,
                              .created_at = now, .last_updated_at = now };
    int rc = over || early ? 0 : export_run_begin(d, &run, e);
    int64_t next = over ? INT64_MIN : timetable_after(&t, end);
    return rc < 0 ? rc : batch_export_set_next(d, x->id, next, e);
}

/* 1: one was started, 0: none is due before *next. */
static int round_once(struct export_timetable *t, struct arena *a, int64_t *next, struct err *e)
{
    struct batch_export x;
    struct db *d = store_take(t->of->cfg.store);
    int64_t now = clock_now_us();
    int rc = batch_export_next_due(d, a, next, e);
    if (rc == 0 && *next <= now && (rc = db_begin(d, e)) == 0) {
        rc = batch_export_find_due(d, a, now, &x, e);
        if (rc > 0) {
            rc = fire(d, a, &x, e);
            rc = rc < 0 ? rc : db_commit(d, e);
            rc = rc < 0 ? rc : 1;
        }
        if (rc <= 0)
            db_rollback(d);
    }
    store_give(d);
    return rc;
}

static void wait_until(struct export_timetable *t, int64_t next)
{
    int64_t now = clock_now_us();
    int64_t us = next != INT64_MAX && next - now < LOOK ? next - now : LOOK;
    int64_t until = clock_mono_us() + (us > 1000 ? us : 1000);
    struct timespec at = { until / CLOCK_SECOND, until % CLOCK_SECOND * 1000 };
    pthread_mutex_lock(&t->lock);
    while (!t->woken && !atomic_load(&t->stopping) && clock_mono_us() < until)
        pthread_cond_timedwait(&t->changed, &t->lock, &at);
    t->woken = false;
    pthread_mutex_unlock(&t->lock);
}

static void *run(void *cls)
{
    struct export_timetable *t = cls;
    struct arena *a = arena_new();
    while (!atomic_load(&t->stopping)) {
        struct err e = ERR_INIT;
        int64_t next = INT64_MAX;
        arena_reset(a);
        int rc = round_once(t, a, &next, &e);
        if (rc < 0) {
            log_error("cannot start the runs of exports", "error", err_message(&e), "detail",
                      e.detail);
            next = clock_now_us() + CLOCK_SECOND;
        }
        if (rc > 0)
            jobs_wake(t->of->jobs);
        else
            wait_until(t, next);
    }
    arena_free(a);
    return NULL;
}

int export_timetable_start(struct export_worker *w, struct export_timetable **out, struct err *e)
{
    struct export_timetable *t = calloc(1, sizeof(*t));
    pthread_condattr_t steady;
    BUG_ON(!t);
    t->of = w;
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&t->changed, &steady);
    pthread_condattr_destroy(&steady);
    int failed = pthread_create(&t->thread, NULL, run, t);
    if (failed) {
        free(t);
        return err_internal(e, "cannot run the timetable of exports: %s", strerror(failed));
    }
    *out = t;
    return 0;
}

void export_timetable_stop(struct export_timetable *t)
{
    if (!t)
        return;
    atomic_store(&t->stopping, true);
    export_timetable_wake(t);
    pthread_join(t->thread, NULL);
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

void export_timetable_wake(struct export_timetable *t)
{
    pthread_mutex_lock(&t->lock);
    t->woken = true;
    pthread_cond_signal(&t->changed);
    pthread_mutex_unlock(&t->lock);
}
