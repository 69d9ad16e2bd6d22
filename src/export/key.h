/* key.h - the names of the files that exports write: made of the interval alone, so that the same interval
 * gives the same names each time. */
#pragma once

#include "base/arena.h"

struct export_key {
    str prefix;        /* perhaps with {year}, {table} … */
    str table;         /* the model */
    int64_t start, end; /* of the interval; start INT64_MIN: none */
    const char *extension; /* "jsonl.gz" */
};

/* The name of part n; n < 0: there is one file only. */
str export_key(struct arena *a, const struct export_key *k, int64_t n);
str export_manifest_key(struct arena *a, const struct export_key *k);
/* 2026-01-20T13:00:00+00:00, or `none` for INT64_MIN. */
str export_time(struct arena *a, int64_t us, const char *none);
