/* lines.h - rows as JSON lines: an object each. */
#pragma once

#include "export/record.h"

struct lines {
    struct buf keys; /* what stands before each value */
    size_t *key_at;  /* places in keys, one more than there are columns */
};

void lines_init(struct lines *l, struct arena *a, const struct record_reader *r);
void lines_release(struct lines *l);
/* Appends a line. */
void lines_add(const struct lines *l, const struct record_reader *r, const struct record_value *values,
               struct buf *out);
/* A value alone, as JSON. */
void lines_value(const struct record_column *c, const struct record_value *v, struct buf *out);
/* 2026-01-20T13:00:01.5+00:00; microseconds when not zero. */
void lines_time(int64_t us, struct buf *out);
