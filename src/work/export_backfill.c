/* export_backfill.c - the job of a backfill: it looks where the data begin, then starts run after run, each
 * when the one before has ended. A run that fails does not stop the rest. */
#include "base/clock.h"
#include "base/log.h"
#include "base/tz.h"
#include "base/uuid.h"
#include "export/stored.h"
#include "model/access.h"
#include "model/export_backfill.h"
#include "model/export_run.h"
#include "sched/timetable.h"
#include "work/internal.h"

struct filling {
    struct export_worker *w;
    const struct job *job;
    struct arena *arena;
    struct export_backfill backfill;
    struct batch_export export;
    struct project project;
};

static struct timetable table_of(const struct filling *f)
{
    struct timetable t;
    int64_t offset = f->export.offset == INT64_MIN ? 0 : f->export.offset;
    BUG_ON(!timetable_of(f->export.interval, tz_find(f->export.timezone), offset, &t));
    return t;
}

/* 1: it goes on; 0: it has ended, or its export is gone. */
static int load(struct filling *f, struct db *d, str ref, struct err *e)
{
    int rc = export_backfill_find(d, f->arena, STR_NULL, ref, &f->backfill, e);
    if (rc > 0 && !export_backfill_open(&f->backfill))
        return 0;
    if (rc > 0)
        rc = batch_export_find(d, f->arena, 0, f->backfill.export_id, &f->export, e);
    if (rc > 0)
        rc = project_find(d, f->arena, f->backfill.project_id, &f->project, e);
    return rc;
}

static int end_with(struct filling *f, struct db *d, const char *status, int64_t total, struct err *e)
{
    f->backfill.status = str_of(status);
    f->backfill.total = total;
    f->backfill.finished_at = f->backfill.last_updated_at = clock_now_us();
    return export_backfill_update(d, &f->backfill, e);
}

static bool gone(void *job)
{
    return job_cancelled(job);
}

/* How many rows there are, and since when. */
static int estimate(struct filling *f, struct query_export_size *size, struct err *e)
{
    const struct export_destination *destination;
    struct json *config, *filters = NULL;
    struct query_scope scope = {
        .service = f->w->cfg.queries, .arena = f->arena, .team_id = f->project.id,
        .timezone = f->project.timezone, .week_start = f->project.week_start_day,
        .test_account_filters = f->project.test_account_filters,
        .display_names = f->project.display_names, .id = STR_NULL, .background = true,
        .gone = gone, .gone_context = (void *)f->job,
    };
    struct db *d = store_take(f->w->cfg.store);
    int rc = export_stored_open(d, f->arena, f->w->cfg.seal, &f->export, &destination, &config, e);
    store_give(d);
    if (rc == 0 && f->export.filters.p)
        rc = json_parse(f->arena, f->export.filters, &filters, e);
    if (rc < 0)
        return rc;
    struct query_export x = { .model = f->export.model, .from = f->backfill.start_at,
                              .to = f->backfill.end_at, .by_time = !f->backfill.by_arrival,
                              .filters = filters,
                              .include = json_get(config, "include_events"),
                              .exclude = json_get(config, "exclude_events") };
    return query_export_count(&scope, &x, size, e);
}

static int begin(struct filling *f, struct err *e)
{
    struct query_export_size size;
    struct timetable t = table_of(f);
    bool counted = !str_eqz(f->export.model, "hogql"); /* a query may give other rows for each interval */
    int rc = counted ? estimate(f, &size, e) : 0;
    if (rc < 0)
        return rc;
    if (!counted)
        size = (struct query_export_size){ INT64_MIN, 0, INT64_MIN };
    struct db *d = store_take(f->w->cfg.store);
    if (!size.rows) {
        rc = end_with(f, d, "Completed", 0, e);
    } else {
        int64_t first = counted ? timetable_floor(&t, size.earliest) : INT64_MIN;
        if (f->backfill.start_at != INT64_MIN && !f->backfill.by_arrival &&
            first > f->backfill.start_at)
            f->backfill.adjusted_start_at = first;
        f->backfill.status = STR("Running");
        f->backfill.total = size.rows;
        f->backfill.last_updated_at = clock_now_us();
        rc = export_backfill_update(d, &f->backfill, e);
    }
    store_give(d);
    return rc < 0 ? rc : 0;
}

/* The end of the run that begins there; INT64_MIN: there is none any more. */
static int64_t next_end(const struct filling *f, int64_t start)
{
    struct timetable t = table_of(f);
    bool first = f->backfill.next_at == INT64_MIN;
    if (f->backfill.start_at == INT64_MIN || f->backfill.by_arrival)
        return first ? f->backfill.end_at : INT64_MIN;
    int64_t end = t.step ? start + t.step : timetable_after(&t, start);
    return end <= f->backfill.end_at ? end : INT64_MIN;
}

static int start_next(struct filling *f, struct db *d, struct err *e)
{
    char id[UUID_TEXT];
    const struct export_backfill *b = &f->backfill;
    int64_t now = clock_now_us(), start = b->next_at != INT64_MIN             ? b->next_at
                                          : b->adjusted_start_at != INT64_MIN ? b->adjusted_start_at
                                                                              : b->start_at;
    int64_t end = next_end(f, start), ended, open, rows;
    if (end == INT64_MIN) {
        int rc = export_backfill_progress(d, f->arena, b->id, &ended, &open, &rows, e);
        return rc < 0 ? rc : end_with(f, d, "Completed", rows, e);
    }
    uuid_text(uuid_v7(), id);
    struct export_run run = { .id = arena_str(f->arena, str_of(id)), .export_id = b->export_id,
                              .project_id = b->project_id, .backfill_id = b->id,
                              .status = STR("Starting"), .start_at = start, .end_at = end,
                              .created_at = now, .last_updated_at = now };
    f->backfill.next_at = end;
    f->backfill.last_updated_at = now;
    int rc = export_backfill_update(d, &f->backfill, e);
    return rc <= 0 ? rc : export_run_begin(d, &run, e);
}

/* Starts the next run when none is under way. */
static int go_on(struct filling *f, struct err *e)
{
    int64_t ended, open, rows;
    struct db *d = store_take(f->w->cfg.store);
    int rc = export_backfill_progress(d, f->arena, f->backfill.id, &ended, &open, &rows, e);
    if (rc == 0 && !open) {
        rc = db_begin(d, e);
        if (rc == 0)
            rc = start_next(f, d, e);
        if (rc >= 0)
            rc = db_commit(d, e);
        else
            db_rollback(d);
    }
    store_give(d);
    return rc;
}

static int fail(struct filling *f, const struct err *why, struct err *e)
{
    log_warn("a backfill of an export failed", "backfill", f->backfill.id.p, "error",
             err_message(why));
    struct db *d = store_take(f->w->cfg.store);
    int rc = end_with(f, d, "Failed", INT64_MIN, e);
    store_give(d);
    return rc;
}

enum job_outcome export_backfill_job(void *context, const struct job *job, str ref, int64_t tries)
{
    struct export_worker *w = context;
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct filling f = { .w = w, .job = job, .arena = a };
    struct err e = ERR_INIT;
    (void)tries;
    if (!olap_ready(w->cfg.olap))
        return JOB_WAIT;
    struct db *d = store_take(w->cfg.store);
    int rc = load(&f, d, ref, &e);
    store_give(d);
    if (rc == 0)
        return JOB_DONE;
    if (rc > 0)
        rc = str_eqz(f.backfill.status, "Starting") ? begin(&f, &e) : go_on(&f, &e);
    if (job_cancelled(job))
        return job_stopping(job) ? JOB_WAIT : JOB_DONE;
    if (rc >= 0)
        return JOB_WAIT; /* it is looked at again soon */
    bool later = e.kind == ERR_UNAVAILABLE || e.kind == ERR_TIMEOUT || e.kind == ERR_INTERNAL;
    struct err why = e;
    if (e.kind == ERR_INTERNAL)
        log_error("a backfill cannot be worked on", "error", err_message(&e), "detail", e.detail);
    return later || fail(&f, &why, &e) < 0 ? JOB_AGAIN : JOB_DONE;
}
