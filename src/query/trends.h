/* trends.h - what the parts of TrendsQuery share: the request as it was understood (trends.c), its
 * statement (trends_sql.c), and the series that come out (trends_result.c). */
#pragma once

#include "query/breakdown.h"
#include "query/entity.h"
#include "query/formula.h"
#include "query/internal.h"

enum trends_display {
    DISPLAY_SERIES,     /* lines, bars over time */
    DISPLAY_CUMULATIVE, /* each point holds all before it */
    DISPLAY_TOTAL,      /* one number: table, pie, bold number */
};

enum trends_period { PERIOD_CURRENT, PERIOD_PREVIOUS, PERIODS };

struct trends_formula {
    str text;
    str name; /* STR_NULL: "Formula (text)" */
    struct formula *tree;
};

struct trends {
    struct query_job *j;
    const struct json *node;
    struct query_entity *series;
    size_t series_n;
    struct query_breakdown breakdown;
    struct query_dates dates[PERIODS];
    int64_t *buckets[PERIODS];
    size_t buckets_n[PERIODS];
    unsigned periods; /* 2 with compare */
    bool compare_asked;
    enum trends_display display;
    str display_name; /* as written; STR_NULL: none */
    int64_t smoothing;
    struct trends_formula *formulas;
    size_t formulas_n;
    struct hogql_node *filter; /* properties of the whole query; NULL: none */
    int64_t group_index;       /* count groups of this type, not persons; -1 */
    double sample;             /* part of the distinct ids that is looked at, (0, 1] */
    bool *scaled;              /* of each series: its numbers stand for 1 / sample as much */
};

/* One line of the answer: of a series, a period and a breakdown value. */
struct trends_row {
    const struct query_entity *entity; /* NULL: of a formula */
    const struct trends_formula *formula;
    enum trends_period period;
    const struct json *value; /* of the breakdown: string or list; NULL: no breakdown */
    int rank;                 /* 0 a value, 1 none, 2 all others */
    double *data;             /* one for each bucket of the period; one alone in DISPLAY_TOTAL */
    double sum;
    struct trends_row *next;
};

/* Columns of the statement: series, period, value, then bucket (unless DISPLAY_TOTAL), then label
 * (with a breakdown). NULL when no series can match anything. */
int trends_statement(struct trends *t, struct hogql_node **out, struct err *e);
/* One row: min and max of the numbers of each part of the breakdown that has bins. There is a series. */
int trends_bins_statement(struct trends *t, struct hogql_node **out, struct err *e);

/* One number of the answer, or those of a whole series. */
struct trends_point {
    size_t series;
    enum trends_period period;
    int64_t first, last; /* instants of its bucket, of all buckets, of the range; inclusive */
    int64_t newest;      /* the first instant of the last of the buckets */
    const struct json *breakdown; /* the value; NULL: any */
    bool recordings;     /* wants matching_events */
};

/* The request as it was understood; t has its job and node. */
int trends_read(struct trends *t, struct err *e);
/* A SELECT of the actors that a number counts: actor_id, event_count, event_distinct_ids. */
int trends_actors(struct trends *t, const struct trends_point *at, struct hogql_node **out,
                  struct err *e);
/* The type of group that a series counts, -1: persons. */
int64_t trends_group(const struct trends *t, size_t series);

/* Rows of the statement to the answer's "results". *more: there were values past the limit. */
int trends_write_results(struct trends *t, const struct json *rows, struct buf *out, bool *more,
                         struct err *e);
