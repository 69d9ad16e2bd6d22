/* retention.h - what the parts of RetentionQuery share: the request as it was understood
 * (retention.c), its statement (retention_sql.c), the rows that come out (retention_result.c). */
#pragma once

#include "query/breakdown.h"
#include "query/insight.h"

enum retention_type {
    RETENTION_RECURRING,  /* an actor starts in each interval with a target event */
    RETENTION_FIRST_TIME, /* in that of its first target event that passes the filters */
    RETENTION_FIRST_EVER, /* in that of its first target event, if it passes the filters */
};

/* What is told of those who come back beside their number: of a property of the events. */
enum retention_aggregation {
    RETENTION_COUNT, /* nothing */
    RETENTION_SUM,
    RETENTION_AVG, /* for each actor */
};

struct retention {
    struct query_insight q;
    enum retention_type type;
    struct query_entity target, returning;
    const char *word; /* "Day" */
    bool cumulative;  /* value k: came back in interval k or later */
    bool windows;     /* intervals of fixed length from each start, not of the calendar */
    int64_t least;    /* events that make a return */
    enum retention_aggregation aggregation;
    struct hogql_node *value; /* of an event, 0 when it has none; unless RETENTION_COUNT */
    struct query_breakdown breakdown;
    struct query_dates dates; /* the whole range */
    int64_t *buckets;         /* where each of the n intervals begins: n rows */
    size_t n;
    int64_t *widths; /* intervals in each of values 1 to values_n - 1 */
    size_t values_n; /* of a row */
    int64_t reach;   /* the last interval after the start that a value holds */
};

/* Columns of the statement: start (the row), k (the value), actors, total (of the property; 0 when
 * none is asked for), and with a breakdown label. With cumulative, k is the last value of each
 * actor. */
int retention_statement(struct retention *r, struct hogql_node **out, struct err *e);

/* The actors of a row: actor_id, and appearances, the values that each counts in, from 0. value: of the
 * breakdown; NULL: any. */
int retention_actors(struct retention *r, int64_t row, const struct json *value,
                     struct hogql_node **out, struct err *e);

/* Rows of the statement to the answer's "results". *more: there were values past the limit. */
int retention_write_results(struct retention *r, const struct json *rows, struct buf *out,
                            bool *more, struct err *e);
