/* chdb.h - libchdb, loaded at run time: a ClickHouse server inside this process, by its C interface.
 *
 * Only the engine process loads it. A path has one owner: a second process on it fails. A handle runs
 * one statement at a time and has settings of its own; with an open stream it answers other queries
 * with nothing, so whoever takes a handle keeps it until the stream has ended. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct chdb; /* the loaded library and its handles */
struct chdb_handle;

/* A setting or a bound parameter of a query. */
struct chdb_pair {
    str name, value;
    struct chdb_pair *next;
};

struct chdb_config {
    const char *library; /* NULL: looked for beside the program and in /usr/lib/hoglet */
    const char *path;    /* folder of the data */
    int64_t memory;      /* bytes all queries may use together; 0: half of the machine's */
};

/* Where the library is, or should be; given NULL: looked for. In the arena. */
const char *chdb_find_library(struct arena *a, const char *given);

int chdb_open(const struct chdb_config *cfg, struct chdb **out, struct err *e);
void chdb_close(struct chdb *c);

/* Waits for a free handle. Those for reading refuse every change, by the setting `readonly`, so a
 * reader never waits for writers. Any thread. */
struct chdb_handle *chdb_take(struct chdb *c, bool reader);
void chdb_give(struct chdb_handle *h);

/* Makes these the handle's settings, beside the defaults; others it had are dropped. */
int chdb_settings(struct chdb_handle *h, const struct chdb_pair *settings, struct err *e);

/* A result, read chunk by chunk. 1 a chunk that lives until the next call, 0 the end. Errors carry
 * ClickHouse's text in the message; chdb_code finds its number. */
int chdb_query_open(struct chdb_handle *h, str sql, str format, const struct chdb_pair *params,
                    struct err *e);
int chdb_query_next(struct chdb_handle *h, str *chunk, struct err *e);
/* Ends a query before its end, or after it; harmless without one. */
void chdb_query_end(struct chdb_handle *h);

/* INSERT with a body, handed over in pieces; nothing is stored when it is cancelled or fails. */
int chdb_insert_open(struct chdb_handle *h, str sql, str format, const struct chdb_pair *params,
                     struct err *e);
int chdb_insert_add(struct chdb_handle *h, str data, struct err *e);
int chdb_insert_end(struct chdb_handle *h, struct err *e);
void chdb_insert_cancel(struct chdb_handle *h);

/* 62 from "Code: 62. DB::Exception: …"; 1002 (unknown) when the text has none. */
int chdb_code(const char *message);
