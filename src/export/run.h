/* run.h - one interval carried to a destination: what runs have in common, and how each kind of
 * destination takes the rows.
 *
 * Rows go from the event store into files on the server's disk (spool.h), and from there to the
 * destination. Doing it again gives the same names and the same rows: what was there is replaced.
 *
 * Errors: ERR_UNAVAILABLE, ERR_TIMEOUT and ERR_INTERNAL may pass by themselves, the run is to be tried
 * again; all others are the user's to mend. Their messages are for users. */
#pragma once

#include "export/destination.h"
#include "export/spool.h"
#include "query/export.h"

struct export_task {
    const struct export_destination *destination;
    const struct json *config;       /* complete */
    const struct query_scope *scope; /* its arena is the run's; gone: it was cancelled */
    str model;
    str hogql_query;              /* of model hogql, and */
    const struct json *modifiers; /* NULL: none */
    int64_t start, end; /* of the interval; start INT64_MIN: the beginning */
    bool by_time;       /* a backfill */
    const struct json *filters; /* NULL: none */
};

struct export_result {
    int64_t rows_read, rows, bytes;
    str checksum; /* hex of SHA-256; STR_NULL: there was nothing to write */
    str files;    /* JSON list of {"key","bytes","rows","sha256"}; STR_NULL: none */
};

/* A run under way. */
struct carrier {
    struct exporter *exporter;
    const struct export_task *task;
    struct arena *arena;
    struct outgoing *outgoing;
    const struct reach *reach;
    const char *local_dir;
    const char *spool_dir;
    struct export_result result;
};

struct export_run_kind {
    int (*carry)(struct carrier *c, struct err *e);
    /* NULL: the model cannot go there. An empty list: those of the model's query. */
    const struct query_export_column *(*columns)(str model);
    /* Of kinds that take files: writes one, replacing what has that name. */
    int (*put)(struct carrier *c, str key, str content, struct err *e);
    /* Reads it back, piece by piece. ERR_NOT_FOUND. */
    int (*get)(struct carrier *c, str key, query_take_fn take, void *context, struct err *e);
    bool always_manifest; /* also when there is one file only */
};

/* The rows of the run, as export_task says. */
struct query_export carrier_query(const struct carrier *c, const struct query_export_column *columns);
/* query_export_rows and _count of the run. Runs read in turns, few at a time: these wait for one. */
int carrier_rows(struct carrier *c, const struct query_export *x, const char *format,
                 const char *settings, query_take_fn take, void *context, struct err *e);
int carrier_count(struct carrier *c, const struct query_export *x, struct query_export_size *out,
                  struct err *e);
/* Has the run been cancelled, or the server been told to end? Fills e. */
int carrier_check(const struct carrier *c, struct err *e);

extern const struct export_run_kind export_s3_run, export_local_run, export_azure_run,
    export_postgres_run, export_clickhouse_run, export_noop_run;

/* files.c */
int export_files(struct carrier *c, struct err *e);
/* columns.c; NULL: files have no such model */
const struct query_export_column *export_file_columns(str model);
const struct query_export_column *export_azure_columns(str model);
