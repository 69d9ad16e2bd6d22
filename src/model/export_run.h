/* export_run.h - the runs of batch exports: one interval carried over once, by the timetable or for a
 * backfill. */
#pragma once

#include "store/store.h"

struct export_run {
    str id, export_id; /* uuids */
    int64_t project_id;
    str backfill_id; /* STR_NULL: by the timetable */
    str status;      /* "Starting", "Running", "Completed", "Failed", "FailedRetryable", "Cancelled" */
    int64_t start_at, end_at;      /* of the interval; start INT64_MIN: the beginning */
    int64_t records, total, bytes; /* INT64_MIN: not known */
    str checksum, files;           /* STR_NULL: none */
    str error;
    int64_t created_at, finished_at, last_updated_at;
};

/* 1 inserted; 0: that interval of the timetable was run already. */
int export_run_insert(struct db *d, const struct export_run *in, struct err *e);
/* 1 found, 0 not. export_id STR_NULL: of any. */
int export_run_find(struct db *d, struct arena *a, str export_id, str id, struct export_run *out,
                    struct err *e);
/* The newest of an export. */
int export_run_latest(struct db *d, struct arena *a, str export_id, int64_t limit,
                      struct export_run **out, size_t *n, struct err *e);

struct export_run_filter {
    str export_id;
    str statuses;      /* JSON list; STR_NULL: any */
    bool by_start;     /* the order, and what the bounds are about: else by creation */
    bool ascending;
    int64_t from, to;  /* created_at between; or start_at from, end_at to */
    int64_t before_at; /* what comes behind this place in the order; INT64_MIN: the first page */
    str before_id;
};
int export_run_page(struct db *d, struct arena *a, const struct export_run_filter *f, int64_t limit,
                    struct export_run **out, size_t *n, struct err *e);

/* Starting or Running: it can still be changed. */
bool export_run_open(const struct export_run *run);
/* Takes status, numbers, error and dates; only while the run is open. 1 changed, 0 not. */
int export_run_update(struct db *d, const struct export_run *in, struct err *e);
/* Ends all open runs of the export (of the backfill, unless STR_NULL) as cancelled. */
int export_run_cancel_all(struct db *d, str export_id, str backfill_id, int64_t now, struct err *e);
/* Ids of open runs of the export (of the backfill, unless STR_NULL). */
int export_run_open_ids(struct db *d, struct arena *a, str export_id, str backfill_id, str **out,
                        size_t *n, struct err *e);
/* Failed ones among the export's last n runs. */
int export_run_failures(struct db *d, struct arena *a, str export_id, int64_t last, int64_t *out,
                        struct err *e);
