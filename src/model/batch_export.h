/* batch_export.h - exports that carry a project's rows to a destination at intervals. Deleted ones stay,
 * for their runs, and are not found. */
#pragma once

#include "store/store.h"

struct batch_export {
    str id; /* uuid */
    int64_t project_id;
    str name, model, destination;
    str config;             /* JSON object: settings that may be shown */
    str secrets;            /* sealed (store/seal.h) */
    int64_t integration_id; /* 0: none */
    str interval, timezone;
    int64_t offset; /* seconds; INT64_MIN: the default */
    bool paused;
    int64_t start_at, end_at; /* INT64_MIN: no bound */
    str filters, hogql_query, hogql_modifiers, primary_key, version_key; /* JSON but for the query;
                                                                            STR_NULL: none */
    str incremental_mode;
    str schema;
    int64_t created_at, last_updated_at, last_paused_at;
    int64_t modified_by; /* 0: that user is gone */
    int64_t next_at;     /* end of the next interval to be run; INT64_MIN: none */
};

/* id is the caller's. */
int batch_export_insert(struct db *d, const struct batch_export *in, struct err *e);
/* All but id, project, model, destination and created_at. */
int batch_export_update(struct db *d, const struct batch_export *in, struct err *e);
/* 1 deleted, 0 there was none. */
int batch_export_delete(struct db *d, int64_t project_id, str id, int64_t now, struct err *e);
/* 1 found, 0 not. project_id 0: of any. */
int batch_export_find(struct db *d, struct arena *a, int64_t project_id, str id,
                      struct batch_export *out, struct err *e);
int batch_export_count(struct db *d, struct arena *a, int64_t project_id, int64_t *out,
                       struct err *e);
/* Newest first. */
int batch_export_page(struct db *d, struct arena *a, int64_t project_id, int64_t limit,
                      int64_t offset, struct batch_export **out, size_t *n, struct err *e);
/* One whose next interval has ended by then: 1 found, 0 none. */
int batch_export_find_due(struct db *d, struct arena *a, int64_t now, struct batch_export *out,
                          struct err *e);
/* When the next of them is due; INT64_MAX: none. */
int batch_export_next_due(struct db *d, struct arena *a, int64_t *out, struct err *e);
int batch_export_set_next(struct db *d, str id, int64_t next_at, struct err *e);
