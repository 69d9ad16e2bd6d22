/* export.h - batch exports at work: a thread that starts runs by the timetable, and workers that carry them
 * over. */
#pragma once

#include "export/exporter.h"
#include "ingest/flush.h"
#include "store/seal.h"

struct export_worker;

struct export_worker_config {
    struct store *store;
    struct olap *olap;
    struct query_service *queries;
    struct exporter *exporter;
    const struct seal *seal;
    struct flusher *flusher;
};

int export_worker_start(const struct export_worker_config *cfg, struct export_worker **out,
                        struct err *e);
/* Runs under way end without an outcome: they are done again after the next start. NULL is allowed. */
void export_worker_stop(struct export_worker *w);
/* An export or its runs changed: the transaction is over. Any thread. */
void export_worker_wake(struct export_worker *w);
/* The run was cancelled: whoever works on it is to end. Any thread. */
void export_worker_cancel(struct export_worker *w, str run_id);

struct export_counts { /* since the start */
    int64_t completed, failed, tries; /* runs that ended, and attempts that are made again */
    int64_t rows, bytes;
    int64_t waiting; /* how long the oldest run that has not ended is due, us; now */
};
void export_worker_counts(struct export_worker *w, struct export_counts *out);

struct export_run;
/* Stores a new run and the work to do it, within the caller's transaction. 0 too when the timetable had
 * it already. */
int export_run_begin(struct db *d, const struct export_run *run, struct err *e);

struct export_backfill;
/* The same for a backfill. */
int export_backfill_begin(struct db *d, struct arena *a, const struct export_backfill *b,
                          struct err *e);
