/* jobs.c - see jobs.h. */
#include "sched/jobs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/uuid.h"

#define LEASE (30 * CLOCK_SECOND)
#define RENEW_MS 10000
#define LOOK_MS 5000 /* between looks when nobody wakes us: another process may have added work */
#define WAIT (200 * 1000LL)
#define FIRST_PAUSE CLOCK_SECOND
#define LONGEST_PAUSE (3600 * CLOCK_SECOND)

struct job {
    struct jobs *of;
    int64_t id; /* 0: the worker has none */
    char kind[32];
    str ref;
    atomic_bool cancelled;
};

struct jobs {
    struct store *store;
    const struct job_kind *kinds;
    int workers_n;
    pthread_t *workers, keeper;
    struct job *running; /* one for each worker */
    char owner[UUID_TEXT];
    pthread_mutex_t lock; /* of the ids in running, woken */
    pthread_cond_t changed;
    unsigned woken; /* counts */
    atomic_bool stopping;
};

struct leased {
    int64_t id, tries;
    str kind, ref;
};

/* -------------------------------------------------------------------------- the table */

int job_add(struct db *d, const char *kind, str ref, str queue, struct err *e)
{
    int64_t now = clock_real_us();
    return db_run(d, e,
                  "INSERT OR IGNORE INTO job (kind, ref, queue, due, tries, added)"
                  " VALUES (?, ?, ?, ?, 0, ?)",
                  "sssii", str_of(kind), ref, queue, now, now);
}

int job_remove(struct db *d, const char *kind, str ref, struct err *e)
{
    return db_run(d, e, "DELETE FROM job WHERE kind = ? AND ref = ?", "ss", str_of(kind), ref);
}

#define FREE "(owner IS NULL OR leased < ?1)"

/* 1 found, 0 none is due; *next: when to look again. */
static int find_due(struct db *d, struct arena *a, int64_t now, struct leased *out, int64_t *next,
                    struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT id, tries, kind, ref, due FROM job WHERE " FREE
                     " AND queue NOT IN (SELECT queue FROM job WHERE owner IS NOT NULL"
                     " AND leased >= ?1) ORDER BY due, id LIMIT 1",
                     "i", now);
    *next = INT64_MAX;
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    *next = stmt_i64(st, 4);
    *out = (struct leased){ stmt_i64(st, 0), stmt_i64(st, 1), stmt_str(st, a, 2),
                            stmt_str(st, a, 3) };
    stmt_end(st);
    return *next <= now;
}

static int lease(struct jobs *j, struct arena *a, struct leased *out, int64_t *next, struct err *e)
{
    struct db *d = store_take(j->store);
    int64_t now = clock_real_us();
    int rc = find_due(d, a, now, out, next, e); /* reading first: mostly there is nothing */
    if (rc > 0 && (rc = db_begin(d, e)) == 0)
        rc = find_due(d, a, now, out, next, e);
    int found = rc;
    if (found > 0)
        rc = db_run(d, e, "UPDATE job SET owner = ?, leased = ? WHERE id = ?", "sii",
                    str_of(j->owner), now + LEASE, out->id);
    if (found > 0 && rc == 0)
        rc = db_commit(d, e);
    else
        db_rollback(d);
    store_give(d);
    return rc < 0 ? rc : found > 0;
}

static int64_t pause_after(int64_t tries)
{
    int64_t pause = FIRST_PAUSE;
    while (tries-- > 0 && pause < LONGEST_PAUSE)
        pause *= 2;
    return pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE;
}

static int settle(struct jobs *j, const struct leased *job, enum job_outcome outcome, bool stopping,
                  struct err *e)
{
    struct db *d = store_take(j->store);
    int64_t now = clock_real_us();
    bool failed = outcome == JOB_AGAIN && !stopping;
    int rc = outcome == JOB_DONE
                 ? db_run(d, e, "DELETE FROM job WHERE id = ?", "i", job->id)
                 : db_run(d, e,
                          "UPDATE job SET owner = NULL, leased = NULL, tries = ?, due = ?"
                          " WHERE id = ? AND owner = ?",
                          "iiis", job->tries + failed,
                          failed ? now + pause_after(job->tries) : now + WAIT, job->id,
                          str_of(j->owner));
    store_give(d);
    return rc;
}

int jobs_oldest(struct jobs *j, const char *kind, int64_t *out, struct err *e)
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct stmt *st;
    struct db *d = store_take(j->store);
    int rc = db_open(d, a, &st, e, "SELECT coalesce(min(added), 0) FROM job WHERE kind = ?", "s",
                     str_of(kind));
    if (rc == 0)
        rc = stmt_step(st, e);
    if (rc > 0) {
        *out = stmt_i64(st, 0);
        stmt_end(st);
    }
    store_give(d);
    return rc < 0 ? rc : 0;
}

/* -------------------------------------------------------------------------- workers */

bool job_cancelled(const struct job *job)
{
    return atomic_load(&job->cancelled) || atomic_load(&job->of->stopping);
}

bool job_stopping(const struct job *job)
{
    return atomic_load(&job->of->stopping);
}

static void wait_until(struct jobs *j, int64_t next, unsigned seen)
{
    int64_t now = clock_real_us(), us = LOOK_MS * 1000LL;
    if (next != INT64_MAX && next - now < us)
        us = next - now > 1000 ? next - now : 1000;
    int64_t until = clock_mono_us() + us;
    struct timespec at = { until / CLOCK_SECOND, until % CLOCK_SECOND * 1000 };
    pthread_mutex_lock(&j->lock);
    while (!atomic_load(&j->stopping) && j->woken == seen && clock_mono_us() < until)
        pthread_cond_timedwait(&j->changed, &j->lock, &at);
    pthread_mutex_unlock(&j->lock);
}

static void set_running(struct jobs *j, struct job *job, const struct leased *l)
{
    pthread_mutex_lock(&j->lock);
    job->id = l ? l->id : 0;
    job->ref = l ? l->ref : STR_NULL;
    snprintf(job->kind, sizeof(job->kind), STR_FMT, STR_ARG(l ? l->kind : STR("")));
    atomic_store(&job->cancelled, false);
    pthread_mutex_unlock(&j->lock);
}

static enum job_outcome run_one(struct jobs *j, struct job *job, const struct leased *l)
{
    for (const struct job_kind *k = j->kinds; k->name; k++)
        if (str_eqz(l->kind, k->name)) {
            set_running(j, job, l);
            enum job_outcome outcome = k->run(k->context, job, l->ref, l->tries);
            set_running(j, job, NULL);
            return outcome;
        }
    log_error("a job of an unknown kind was dropped", "ref", l->ref.p);
    return JOB_DONE;
}

static void *work(void *cls)
{
    struct job *job = cls;
    struct jobs *j = job->of;
    struct arena *a = arena_new();
    while (!atomic_load(&j->stopping)) {
        struct err e = ERR_INIT;
        struct leased l;
        int64_t next;
        pthread_mutex_lock(&j->lock);
        unsigned seen = j->woken;
        pthread_mutex_unlock(&j->lock);
        arena_reset(a);
        int rc = lease(j, a, &l, &next, &e);
        if (rc > 0) {
            enum job_outcome outcome = run_one(j, job, &l);
            rc = settle(j, &l, outcome, atomic_load(&j->stopping), &e);
            jobs_wake(j); /* its queue is free */
        } else {
            wait_until(j, rc < 0 ? clock_real_us() + CLOCK_SECOND : next, seen);
        }
        if (rc < 0)
            log_error("cannot work on the list of jobs", "error", err_message(&e), "detail",
                      e.detail);
    }
    arena_free(a);
    return NULL;
}

/* -------------------------------------------------------------------------- leases */

static void renew(struct jobs *j, struct job *job, int64_t id)
{
    struct err e = ERR_INIT;
    struct db *d = store_take(j->store);
    int rc = db_run(d, &e, "UPDATE job SET leased = ? WHERE id = ? AND owner = ?", "iis",
                    clock_real_us() + LEASE, id, str_of(j->owner));
    bool lost = rc == 0 && db_changes(d) == 0;
    store_give(d);
    pthread_mutex_lock(&j->lock);
    if (lost && job->id == id) /* it was removed, or another has it */
        atomic_store(&job->cancelled, true);
    pthread_mutex_unlock(&j->lock);
}

static void *keep(void *cls)
{
    struct jobs *j = cls;
    while (!atomic_load(&j->stopping)) {
        for (int i = 0; i < j->workers_n; i++) {
            pthread_mutex_lock(&j->lock);
            int64_t id = j->running[i].id;
            pthread_mutex_unlock(&j->lock);
            if (id)
                renew(j, &j->running[i], id);
        }
        int64_t until = clock_mono_us() + RENEW_MS * 1000LL;
        struct timespec at = { until / CLOCK_SECOND, until % CLOCK_SECOND * 1000 };
        pthread_mutex_lock(&j->lock);
        while (!atomic_load(&j->stopping) && clock_mono_us() < until)
            pthread_cond_timedwait(&j->changed, &j->lock, &at);
        pthread_mutex_unlock(&j->lock);
    }
    return NULL;
}

/* -------------------------------------------------------------------------- start and end */

static int take_over(struct jobs *j, struct err *e)
{
    struct db *d = store_take(j->store);
    int rc = db_run(d, e, "UPDATE job SET owner = NULL, leased = NULL WHERE owner IS NOT NULL", "");
    store_give(d);
    return rc;
}

int jobs_start(struct store *s, const struct job_kind *kinds, int workers, bool alone,
               struct jobs **out, struct err *e)
{
    struct jobs *j = calloc(1, sizeof(*j));
    pthread_condattr_t steady;
    BUG_ON(!j);
    j->store = s;
    j->kinds = kinds;
    j->workers_n = workers;
    int rc = alone ? take_over(j, e) : 0;
    if (rc < 0) {
        free(j);
        return rc;
    }
    uuid_text(uuid_v4(), j->owner);
    pthread_mutex_init(&j->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&j->changed, &steady);
    pthread_condattr_destroy(&steady);
    j->workers = calloc((size_t)workers, sizeof(*j->workers));
    j->running = calloc((size_t)workers, sizeof(*j->running));
    BUG_ON(!j->workers || !j->running);
    for (int i = 0; i < workers; i++) {
        j->running[i].of = j;
        BUG_ON(pthread_create(&j->workers[i], NULL, work, &j->running[i]));
    }
    BUG_ON(pthread_create(&j->keeper, NULL, keep, j));
    *out = j;
    return 0;
}

void jobs_stop(struct jobs *j)
{
    if (!j)
        return;
    atomic_store(&j->stopping, true);
    jobs_wake(j);
    for (int i = 0; i < j->workers_n; i++)
        pthread_join(j->workers[i], NULL);
    pthread_join(j->keeper, NULL);
    pthread_cond_destroy(&j->changed);
    pthread_mutex_destroy(&j->lock);
    free(j->workers);
    free(j->running);
    free(j);
}

void jobs_wake(struct jobs *j)
{
    pthread_mutex_lock(&j->lock);
    j->woken++;
    pthread_cond_broadcast(&j->changed);
    pthread_mutex_unlock(&j->lock);
}

void jobs_cancel(struct jobs *j, const char *kind, str ref)
{
    pthread_mutex_lock(&j->lock);
    for (int i = 0; i < j->workers_n; i++)
        if (j->running[i].id && str_eqz(str_of(j->running[i].kind), kind) &&
            str_eq(j->running[i].ref, ref))
            atomic_store(&j->running[i].cancelled, true);
    pthread_mutex_unlock(&j->lock);
}
