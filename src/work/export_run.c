/* export_run.c - the job of one run: the interval carried over, the outcome stored and told. */
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "export/key.h"
#include "export/stored.h"
#include "model/access.h"
#include "model/batch_export.h"
#include "model/export_backfill.h"
#include "model/export_log.h"
#include "model/export_run.h"
#include "work/internal.h"

#define HOUR (3600 * CLOCK_SECOND)
#define FAILURES 10 /* of the last runs, after which an export is paused */

struct attempt {
    struct export_worker *w;
    const struct job *job;
    struct arena *arena;
    struct export_run run;
    struct batch_export export;
    struct project project;
    const struct export_destination *destination;
    struct json *config, *filters, *modifiers;
    bool by_time; /* it carries what happened in its interval, not what arrived */
};

/* By interval: how long failures may go on that could pass, and how many of the last runs are looked at
 * for those that cannot. */
static const struct {
    const char *interval;
    int64_t patience;
    int64_t window;
} habits[] = {
    { "hour", 6 * HOUR, 24 },        { "day", 24 * HOUR, 7 },
    { "week", 72 * HOUR, 4 },        { "every 5 minutes", HOUR / 3, 12 },
    { "every 15 minutes", HOUR / 3, 4 },
};

static int habit_of(const struct attempt *t)
{
    for (size_t i = 0; i < ARRAY_LEN(habits); i++)
        if (str_eqz(t->export.interval, habits[i].interval))
            return (int)i;
    return 0;
}

/* -------------------------------------------------------------------------- what it says */

static int say(struct attempt *t, struct db *d, const char *level, struct err *e, const char *fmt,
               ...) __attribute__((format(printf, 5, 6)));

/* A line of the export's log, "Batch export for range S - E" and what fmt says. */
static int say(struct attempt *t, struct db *d, const char *level, struct err *e, const char *fmt,
               ...)
{
    char text[3000];
    va_list ap;
    str start = export_time(t->arena, t->run.start_at, "START");
    str end = export_time(t->arena, t->run.end_at, "END");
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    struct export_log line = {
        .run_id = t->run.id, .at = clock_now_us(), .level = str_of(level),
        .message = arena_printf(t->arena, "Batch export for range " STR_FMT " - " STR_FMT " %s",
                                STR_ARG(start), STR_ARG(end), text),
    };
    return export_log_insert(d, t->export.id, &line, e);
}

/* -------------------------------------------------------------------------- begin */

/* 1: to be done; 0: it has ended, or its export or project is gone. */
static int load(struct attempt *t, struct db *d, str ref, struct err *e)
{
    int rc = export_run_find(d, t->arena, STR_NULL, ref, &t->run, e);
    if (rc > 0 && !export_run_open(&t->run))
        return 0;
    if (rc > 0)
        rc = batch_export_find(d, t->arena, 0, t->run.export_id, &t->export, e);
    if (rc > 0)
        rc = project_find(d, t->arena, t->run.project_id, &t->project, e);
    struct export_backfill backfill;
    if (rc > 0 && t->run.backfill_id.p) {
        rc = export_backfill_find(d, t->arena, STR_NULL, t->run.backfill_id, &backfill, e);
        t->by_time = rc > 0 && !backfill.by_arrival;
    }
    return rc;
}

static int open_settings(struct attempt *t, struct db *d, struct err *e)
{
    int rc = export_stored_open(d, t->arena, t->w->cfg.seal, &t->export, &t->destination, &t->config,
                                e);
    if (rc == 0 && t->export.filters.p)
        rc = json_parse(t->arena, t->export.filters, &t->filters, e);
    if (rc == 0 && t->export.hogql_modifiers.p)
        rc = json_parse(t->arena, t->export.hogql_modifiers, &t->modifiers, e);
    return rc;
}

static int mark_running(struct attempt *t, struct db *d, struct err *e)
{
    t->run.status = STR("Running");
    t->run.last_updated_at = clock_now_us();
    return export_run_update(d, &t->run, e);
}

/* 1: go on, 0: it is over, negative: e says why it cannot be done; *own: that is of our doing, not of the
 * export's settings. */
static int begin(struct attempt *t, str ref, bool *own, struct err *e)
{
    struct db *d = store_take(t->w->cfg.store);
    int rc = load(t, d, ref, e);
    *own = rc < 0;
    if (rc > 0) {
        rc = mark_running(t, d, e);
        *own = rc < 0;
    }
    if (rc > 0) {
        rc = open_settings(t, d, e);
        rc = rc < 0 ? rc : 1;
    }
    store_give(d);
    return rc;
}

static bool gone(void *job)
{
    return job_cancelled(job);
}

static int carry(struct attempt *t, struct export_result *result, struct err *e)
{
    struct query_scope scope = {
        .service = t->w->cfg.queries, .arena = t->arena, .team_id = t->project.id,
        .timezone = t->project.timezone, .week_start = t->project.week_start_day,
        .test_account_filters = t->project.test_account_filters,
        .display_names = t->project.display_names, .id = STR_NULL, .background = true,
        .gone = gone, .gone_context = (void *)t->job,
    };
    struct export_task task = { .destination = t->destination, .config = t->config, .scope = &scope,
                                .model = t->export.model, .start = t->run.start_at,
                                .end = t->run.end_at, .by_time = t->by_time,
                                .filters = t->filters,
                                .hogql_query = t->export.hogql_query,
                                .modifiers = t->modifiers };
    return exporter_run(t->w->cfg.exporter, &task, result, e);
}

/* -------------------------------------------------------------------------- end */

static int pause_export(struct attempt *t, struct db *d, int64_t failures, struct err *e)
{
    t->export.paused = true;
    t->export.last_paused_at = t->export.last_updated_at = clock_now_us();
    int rc = batch_export_update(d, &t->export, e);
    if (rc == 0)
        rc = export_backfill_cancel_all(d, t->export.id, clock_now_us(), e);
    if (rc == 0)
        rc = say(t, d, "WARNING", e, "was the last of %lld that failed; the export is paused",
                 (long long)failures);
    log_warn("an export was paused after failures", "export", t->export.id.p);
    return rc;
}

/* Too many failures: it would go on for ever. */
static int look_at_failures(struct attempt *t, struct db *d, struct err *e)
{
    int64_t window = habits[habit_of(t)].window, failures;
    int rc = export_run_failures(d, t->arena, t->export.id, window, &failures, e);
    if (rc < 0 || failures < (window < FAILURES ? window : FAILURES))
        return rc;
    rc = batch_export_find(d, t->arena, 0, t->export.id, &t->export, e); /* as it is by now */
    return rc <= 0 || t->export.paused ? (rc < 0 ? rc : 0) : pause_export(t, d, failures, e);
}

static str error_text(struct attempt *t, const struct err *why)
{
    str text = arena_str(t->arena, str_of(err_message(why)));
    return text;
}

static int put_success(struct attempt *t, struct db *d, const struct export_result *r, struct err *e)
{
    t->run.records = r->rows;
    t->run.total = r->rows_read;
    t->run.bytes = r->bytes;
    t->run.checksum = r->checksum;
    t->run.files = r->files;
    t->run.error = STR_NULL;
    int rc = export_run_update(d, &t->run, e);
    if (rc > 0 && !r->rows_read)
        rc = say(t, d, "INFO", e, "finished early as there is no data matching specified filters");
    else if (rc > 0)
        rc = say(t, d, "INFO", e, "finished successfully with %lld records exported",
                 (long long)r->rows);
    return rc < 0 ? rc : 0;
}

static int put_failure(struct attempt *t, struct db *d, const struct err *why, bool final,
                       struct err *e)
{
    t->run.error = error_text(t, why);
    int rc = export_run_update(d, &t->run, e);
    if (rc <= 0)
        return rc;
    if (!final)
        return say(t, d, "WARNING", e, "failed and is tried again: %s", err_message(why));
    rc = say(t, d, "ERROR", e, "failed with a non-recoverable error: %s", err_message(why));
    return rc < 0 || !str_eqz(t->run.status, "Failed") ? rc : look_at_failures(t, d, e);
}

/* The outcome in the store. why NULL: it was a success. */
static int finish(struct attempt *t, const char *status, const struct export_result *r,
                  const struct err *why, struct err *e)
{
    struct db *d = store_take(t->w->cfg.store);
    bool final = strcmp(status, "Running") != 0;
    t->run.status = str_of(status);
    t->run.last_updated_at = clock_now_us();
    t->run.finished_at = final ? t->run.last_updated_at : INT64_MIN;
    int rc = db_begin(d, e);
    if (rc == 0)
        rc = why ? put_failure(t, d, why, final, e) : put_success(t, d, r, e);
    if (rc == 0)
        rc = db_commit(d, e);
    store_give(d);
    return rc;
}

static bool may_pass(enum err_kind kind)
{
    return kind == ERR_UNAVAILABLE || kind == ERR_TIMEOUT || kind == ERR_INTERNAL ||
           kind == ERR_THROTTLED;
}

static enum job_outcome attempt(struct attempt *t, str ref, struct err *failure)
{
    struct export_result result = { 0 };
    struct err why = ERR_INIT;
    bool own;
    int rc = begin(t, ref, &own, &why);
    if (rc == 0)
        return JOB_DONE;
    if (own) {
        *failure = why;
        return JOB_AGAIN;
    }
    if (rc > 0)
        rc = carry(t, &result, &why);
    if (job_stopping(t->job))
        return JOB_WAIT;
    if (job_cancelled(t->job)) /* whoever cancelled it said so in the store */
        return JOB_DONE;
    if (rc == 0 && finish(t, "Completed", &result, NULL, failure) < 0)
        return JOB_AGAIN;
    if (rc == 0) {
        atomic_fetch_add(&t->w->completed, 1);
        atomic_fetch_add(&t->w->rows, result.rows);
        atomic_fetch_add(&t->w->bytes, result.bytes);
        return JOB_DONE;
    }
    bool over = clock_now_us() - t->run.created_at > habits[habit_of(t)].patience;
    bool again = may_pass(why.kind) && !over;
    if (why.kind == ERR_INTERNAL)
        log_error("a run of an export failed", "run", ref.p, "error", err_message(&why), "detail",
                  why.detail);
    const char *status = again ? "Running" : may_pass(why.kind) ? "FailedRetryable" : "Failed";
    rc = finish(t, status, NULL, &why, failure);
    atomic_fetch_add(again ? &t->w->tries : &t->w->failed, 1);
    return rc < 0 || again ? JOB_AGAIN : JOB_DONE;
}

/* Can everything be read that arrived before the interval's end? */
static int is_settled(struct export_worker *w, struct arena *a, str ref, struct err *e)
{
    struct export_run run;
    if (!olap_ready(w->cfg.olap))
        return 0;
    struct db *d = store_take(w->cfg.store);
    int rc = export_run_find(d, a, STR_NULL, ref, &run, e);
    store_give(d);
    if (rc <= 0)
        return rc < 0 ? rc : 1;
    return flusher_settled(w->cfg.flusher, run.end_at);
}

enum job_outcome export_run_job(void *context, const struct job *job, str ref, int64_t tries)
{
    struct export_worker *w = context;
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct attempt t = { .w = w, .job = job, .arena = a };
    struct err e = ERR_INIT;
    (void)tries;
    int rc = is_settled(w, a, ref, &e);
    enum job_outcome outcome = rc < 0 ? JOB_AGAIN : rc == 0 ? JOB_WAIT : attempt(&t, ref, &e);
    if (e.kind)
        log_error("a run of an export cannot be worked on", "run", ref.p, "error", err_message(&e),
                  "detail", e.detail);
    return outcome;
}
