/* journal.h - what was acknowledged, on disk: records in segments, appended in groups with one fsync.
 *
 * A position is a byte offset counted over all segments; a segment's file is named by its first
 * position. A torn tail, left by a crash, is cut off when the journal is opened. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct journal;

enum journal_kind { RECORD_V0, RECORD_ENGAGE, RECORD_V1 };

/* One accepted capture request. */
struct journal_record {
    int64_t now;     /* receipt, us */
    int64_t sent_at; /* the client's clock, us; INT64_MIN: unknown */
    enum journal_kind kind;
    str ip;   /* text */
    str body; /* JSON, checked by payload_parse */
};

struct journal_entry {
    struct journal_record record;
    /* Called once, on the journal's thread: the record is durable, or could not be stored. */
    void (*done)(void *context, bool stored);
    void *context;
    struct journal_entry *next; /* the journal's */
};

int journal_open(const char *dir, struct journal **out, struct err *e);
/* Everything appended before is answered first. */
void journal_close(struct journal *j);

/* The entry and what it points at stay until `done`. Any thread; does not block. */
void journal_append(struct journal *j, struct journal_entry *entry);

/* False: the last records could not be written. */
bool journal_writes(struct journal *j);

/* First position kept, and the end of what is durable. */
int64_t journal_begin(struct journal *j);
int64_t journal_end(struct journal *j);
/* Waits until there is something after pos, or ms passed, or the journal closes. */
bool journal_wait(struct journal *j, int64_t pos, int ms);
/* The record at *pos or, past a damaged place, behind it; its texts in the arena; *pos moves behind
 * it. 1 a record, 0 the end. */
int journal_read(struct journal *j, struct arena *a, int64_t *pos, struct journal_record *out,
                 struct err *e);
/* Removes the segments that end before pos. One thread. */
void journal_forget(struct journal *j, int64_t pos);
