/* export.c - see export.h. */
#include "work/export.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "model/export_backfill.h"
#include "model/export_run.h"
#include "work/internal.h"

int export_run_begin(struct db *d, const struct export_run *run, struct err *e)
{
    int rc = export_run_insert(d, run, e);
    return rc <= 0 ? rc : job_add(d, EXPORT_RUN_JOB, run->id, run->export_id, e);
}

int export_backfill_begin(struct db *d, struct arena *a, const struct export_backfill *b,
                          struct err *e)
{
    int rc = export_backfill_insert(d, b, e);
    str queue = arena_printf(a, "backfill " STR_FMT, STR_ARG(b->id)); /* beside its export's runs */
    return rc < 0 ? rc : job_add(d, EXPORT_BACKFILL_JOB, b->id, queue, e);
}

int export_worker_start(const struct export_worker_config *cfg, struct export_worker **out,
                        struct err *e)
{
    struct export_worker *w = calloc(1, sizeof(*w));
    BUG_ON(!w);
    w->kinds[0] = (struct job_kind){ EXPORT_RUN_JOB, export_run_job, w };
    w->kinds[1] = (struct job_kind){ EXPORT_BACKFILL_JOB, export_backfill_job, w };
    w->cfg = *cfg;
    int rc = jobs_start(cfg->store, w->kinds, LIMIT_EXPORTS_RUNNING, true, &w->jobs, e);
    if (rc == 0)
        rc = export_timetable_start(w, &w->timetable, e);
    if (rc < 0) {
        export_worker_stop(w);
        return rc;
    }
    *out = w;
    return 0;
}

void export_worker_stop(struct export_worker *w)
{
    if (!w)
        return;
    export_timetable_stop(w->timetable);
    jobs_stop(w->jobs);
    free(w);
}

void export_worker_wake(struct export_worker *w)
{
    export_timetable_wake(w->timetable);
    jobs_wake(w->jobs);
}

void export_worker_counts(struct export_worker *w, struct export_counts *out)
{
    struct err ignored = ERR_INIT; /* what cannot be read is not shown */
    int64_t oldest = 0;
    (void)jobs_oldest(w->jobs, EXPORT_RUN_JOB, &oldest, &ignored);
    *out = (struct export_counts){
        .completed = atomic_load(&w->completed), .failed = atomic_load(&w->failed),
        .tries = atomic_load(&w->tries), .rows = atomic_load(&w->rows),
        .bytes = atomic_load(&w->bytes), .waiting = oldest ? clock_real_us() - oldest : 0,
    };
}

void export_worker_cancel(struct export_worker *w, str run_id)
{
    jobs_cancel(w->jobs, EXPORT_RUN_JOB, run_id);
}
