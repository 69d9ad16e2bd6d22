/* batch.h - the journal's records as batches, each applied to persons and definitions and turned into
 * rows of the event store.
 *
 * What a batch changes, where it ends and the rows that follow from the changes are committed
 * together, as its plan. From then on it is the same batch for ever: after a crash each plan that is
 * left is read again, the events looked up without changing anything, until batch_finish forgets it. */
#pragma once

#include "base/buf.h"
#include "ingest/definitions.h"
#include "ingest/journal.h"
#include "store/store.h"

#define BATCH_BYTES (16 << 20) /* of bodies, about: a record is never split */

/* Ready to be inserted. */
struct batch {
    int64_t begin, end; /* its place in the journal */
    int64_t oldest;     /* receipt of its first record, us */
    str persons, ids, overrides, groups; /* rows, RowBinary */
    struct buf rows;                     /* of events */
    size_t n, *row_ends;                 /* offsets in rows, one an event kept */
    size_t unknown;  /* events of tokens that no project has */
    size_t diverted; /* events of kinds that are not kept */
    bool again;      /* planned before the last start: counted then */
    struct arena *arena;
};

/* One thread's. */
struct batcher {
    struct journal *journal;
    struct store *store;
    struct definitions definitions;
    int64_t at;   /* where the next batch begins */
    bool planned; /* plans of the last run may be left */
};

/* Begins at the mark; a mark beyond the journal's end, which somebody took away, is moved to its
 * begin and the plans are dropped. */
int batcher_init(struct batcher *m, struct journal *j, struct store *s, struct err *e);
void batcher_release(struct batcher *m);
/* 1: *out is the next batch, to be released with batch_free. 0: there is none. */
int batcher_next(struct batcher *m, struct batch **out, struct err *e);
/* Its rows are in the event store. Any thread. */
int batch_finish(const struct batch *b, struct store *s, struct err *e);
void batch_free(struct batch *b);
