/* olap.h - the client of the event store: ClickHouse's HTTP interface over libcurl.
 *
 * The other end is the engine child, on a unix socket, or a ClickHouse server: the requests are the
 * same. Any thread; a call blocks, up to its time limit. While the store is away, calls fail at once
 * with ERR_UNAVAILABLE. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/metrics.h"

struct olap;

struct olap_query {
    str sql;
    str data;            /* rows of an INSERT; STR_NULL: none */
    const char *format;  /* of the answer, when the statement names none; NULL: JSONCompact */
    const char *settings; /* "&name=value", of this statement; NULL: none */
    const char *into;    /* sql is a SELECT whose rows go into that table, "name (columns)"; or NULL */
    bool change;         /* may change data; others run read-only */
    int seconds;         /* time limit; 0: 60 */
    const char *tag;     /* for olap_cancel; NULL: cannot be cancelled */
    bool while_preparing; /* also before olap_set_ready */
    bool (*gone)(void *context); /* asked about once a second; true ends the statement. NULL: never */
    void *gone_context;
    /* Takes the answer piece by piece while it is made, instead of a buffer; a negative answer, with
     * e filled, ends the statement and is its outcome. NULL: the buffer. */
    int (*take)(void *context, str piece, struct err *e);
    void *take_context;
};

/* socket: path of the engine's socket, or NULL; url: "http://host:8123/". */
struct olap *olap_new(const char *socket, const char *url);
void olap_free(struct olap *o);

bool olap_ready(const struct olap *o);
void olap_set_ready(struct olap *o, bool ready);
/* Waits until the store is ready. False: `ms` passed before. */
bool olap_wait_ready(struct olap *o, int ms);

/* Asks the other end whether it is there; false: no answer within three seconds. */
bool olap_alive(struct olap *o);

/* Appends the answer to out (NULL: dropped). Failures of the statement are ERR_INVALID with
 * ClickHouse's message, its lower-case name in err.code; time and memory limits ERR_TIMEOUT. */
int olap_run(struct olap *o, const struct olap_query *q, struct buf *out, struct err *e);
/* How far the running statements with that tag are; all 0 when none runs. */
struct olap_progress {
    int64_t rows, bytes, rows_total; /* read so far; rows_total: what there is to read, about */
    double seconds;
    int64_t cpu_us;
};
int olap_progress(struct olap *o, struct arena *a, const char *tag, struct olap_progress *out,
                  struct err *e);
/* Ends the running statements with that tag; returns without waiting for them. */
void olap_cancel(struct olap *o, const char *tag);

struct olap_counts {
    const struct histogram *reads, *writes; /* of all statements sent; they live as long as o */
    int64_t failures;
};
void olap_counts(const struct olap *o, struct olap_counts *out);

/* Where members of dynamic cohorts go: for `into`. */
extern const char olap_cohort_people[];
/* From now on that version of a cohort's members is the one in force; older ones than it and the one
 * before are dropped. */
int olap_cohort_use(struct olap *o, int64_t team_id, int64_t cohort_id, int64_t version,
                    int64_t before, struct err *e);

/* Creates what the store lacks of hoglet's tables (olap/schema/). */
int olap_prepare(struct olap *o, struct err *e);

/* 'text', escaped, for an SQL statement. */
void olap_add_quoted(struct buf *b, str s);
