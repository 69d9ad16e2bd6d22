/* store.h - metadata in SQLite: a folder's meta.db, opened by a small pool of connections.
 *
 * A thread takes a db for as long as it works on one thing and gives it back, which ends the
 * statements still open; their arena must live until then. SQL texts are constants: a connection
 * keeps what it prepared under their addresses. A writer waits for the other one up to the busy
 * timeout. Times are microseconds UTC. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct store;
struct db;
struct stmt;

/* Opens the file, makes it when `create`, and brings its schema up to date; refuses a newer one. */
int store_open(const char *path, bool create, struct store **out, struct err *e);
void store_free(struct store *s);
/* The version of the newest migration. */
int store_newest_schema(void);
struct db *store_take(struct store *s);
void store_give(struct db *d);
/* Connections taken at the moment, and all of them. */
void store_counts(struct store *s, int *busy, int *all);

/* Values are bound by a letter each: i int64_t, s str (STR_NULL: NULL), x str as
 * bytes, t int64_t time (INT64_MIN: NULL), b int as boolean. */
int db_run(struct db *d, struct err *e, const char *sql, const char *types, ...);
/* The statement ends at its last row, by stmt_end, or with store_give. */
int db_open(struct db *d, struct arena *a, struct stmt **out, struct err *e, const char *sql,
            const char *types, ...);
int64_t db_last_id(const struct db *d);
/* Rows the last db_run changed. */
int db_changes(const struct db *d);
/* Until the next write, db_begin or db_rollback, all reads see the store as it is at the first of
 * them, and cost less each. Nothing when a transaction is under way. */
int db_snapshot(struct db *d, struct err *e);
int db_begin(struct db *d, struct err *e);
int db_commit(struct db *d, struct err *e);
void db_rollback(struct db *d);

/* 1 a row, 0 the end (the statement ended), negative an error. */
int stmt_step(struct stmt *st, struct err *e);
void stmt_end(struct stmt *st);
int64_t stmt_i64(struct stmt *st, int col);
bool stmt_bool(struct stmt *st, int col);
int64_t stmt_time(struct stmt *st, int col); /* INT64_MIN for NULL */
bool stmt_null(struct stmt *st, int col);
str stmt_str(struct stmt *st, struct arena *a, int col); /* copied; STR_NULL for NULL */
