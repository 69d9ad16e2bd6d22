/* log.h - what was asked: one row for each query that was answered or failed, the newest of a day. Who
 * asked it, its text and its results are not in it. In memory: a restart forgets it. Any thread. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

/* What a run cost. */
struct query_spent {
    int64_t wait_us, engine_us;
    int64_t rows_read, bytes_read; /* in the event store, as far as it says */
};

struct query_log_row {
    int64_t team_id;
    int64_t started, us; /* when, and how long in all */
    struct query_spent spent;
    size_t result_bytes;
    bool cached;   /* no run: from the cache, or shared with one under way */
    char id[520], name[520]; /* client_query_id or one of ours; the caller's label; both cut */
    char kind[40];
    char code[64]; /* of the error; "": none */
};

struct query_log;

struct query_log *query_log_new(void);
void query_log_free(struct query_log *l);

/* As much of the text as a row has room for. */
str query_log_cut(str text);
void query_log_add(struct query_log *l, const struct query_log_row *row);
/* Appends the object of a HogQL answer: "results" with the newest row of that id, or
 * none, "columns", "types". */
void query_log_write(struct query_log *l, int64_t team_id, str id, struct buf *out);
