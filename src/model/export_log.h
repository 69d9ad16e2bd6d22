/* export_log.h - what runs of batch exports say, for their users to read. The newest of each export are
 * kept. */
#pragma once

#include "store/store.h"

struct export_log {
    str run_id;
    int64_t at;
    str level; /* "INFO", "WARNING", "ERROR" */
    str message;
};

int export_log_insert(struct db *d, str export_id, const struct export_log *in, struct err *e);

struct export_log_filter {
    str export_id, run_id; /* run STR_NULL: all */
    int64_t after, before; /* exclusive */
    str levels;            /* JSON list; STR_NULL: all */
    str search;            /* LIKE pattern; STR_NULL: all */
};
/* Newest first. */
int export_log_page(struct db *d, struct arena *a, const struct export_log_filter *f, int64_t limit,
                    int64_t offset, struct export_log **out, size_t *n, struct err *e);
int export_log_count(struct db *d, struct arena *a, const struct export_log_filter *f, int64_t *out,
                     struct err *e);
