/* export_backfill.h - runs of a batch export over a span of the past, one interval after the other. */
#pragma once

#include "store/store.h"

struct export_backfill {
    str id, export_id; /* uuids */
    int64_t project_id;
    int64_t start_at, end_at;  /* start INT64_MIN: the beginning */
    int64_t adjusted_start_at; /* where the data begin, when that is later; INT64_MIN: not known */
    str status;                /* as of runs */
    int64_t total;             /* rows; INT64_MIN: not known */
    int64_t next_at;           /* start of the next of its runs; INT64_MIN: none was started */
    bool by_arrival;           /* what arrived in an interval, else what happened in it */
    int64_t created_at, finished_at, last_updated_at;
};

int export_backfill_insert(struct db *d, const struct export_backfill *in, struct err *e);
/* 1 found, 0 not. export_id STR_NULL: of any. */
int export_backfill_find(struct db *d, struct arena *a, str export_id, str id,
                         struct export_backfill *out, struct err *e);
/* Starting or Running. */
bool export_backfill_open(const struct export_backfill *b);
/* Takes status, what is known of its rows, next_at and dates; only while it is open. 1 changed, 0 not. */
int export_backfill_update(struct db *d, const struct export_backfill *in, struct err *e);
/* Of a project, those that are open. */
int export_backfill_count_open(struct db *d, struct arena *a, int64_t project_id, int64_t *out,
                               struct err *e);
int export_backfill_cancel_all(struct db *d, str export_id, int64_t now, struct err *e);
/* Its runs: those that ended well or failed, those that are open, and the rows of those that ended well. */
int export_backfill_progress(struct db *d, struct arena *a, str id, int64_t *ended, int64_t *open,
                             int64_t *rows, struct err *e);

struct export_backfill_filter {
    str export_id;
    bool by_start, ascending;
    int64_t before_at; /* what comes behind this place in the order; INT64_MIN: the first page */
    str before_id;
};
int export_backfill_page(struct db *d, struct arena *a, const struct export_backfill_filter *f,
                         int64_t limit, struct export_backfill **out, size_t *n, struct err *e);
