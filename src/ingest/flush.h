/* flush.h - the two threads that carry the journal into persons and the event store, batch by batch.
 *
 * One prepares a batch (ingest/batch.h) while the other inserts the one before: the rows go to the
 * event store with a token made of the batch's place in the journal, so that a repeated insert
 * stores nothing twice; then the mark moves. Batches are inserted in order, and at most two are
 * under way. Killed anywhere, the same batches are done again: what was committed is looked up. */
#pragma once

#include "ingest/journal.h"
#include "olap/olap.h"
#include "store/store.h"

struct flusher;

struct flush_config {
    struct journal *journal;
    struct store *store;
    struct olap *olap;
    const char *rejects; /* file that rows go to which the event store refuses */
};

struct flush_counts {
    int64_t events, batches; /* stored since the start */
    int64_t rejected;        /* events the event store refused */
    int64_t unknown;         /* events of tokens that no project has */
    int64_t diverted;        /* events of kinds that are not kept */
    int64_t behind;          /* bytes of the journal not yet stored */
    int64_t oldest;          /* receipt of the oldest record not yet stored, us; 0: none is known */
};

int flusher_start(const struct flush_config *cfg, struct flusher **out, struct err *e);
/* Ends after the batches under way, or at once when the event store is away. */
void flusher_stop(struct flusher *f);
/* Is that instant past, and everything stored and to be read that was stamped before it (inserted_at)? */
bool flusher_settled(const struct flusher *f, int64_t us);
void flusher_counts(struct flusher *f, struct flush_counts *out);
