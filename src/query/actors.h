/* actors.h - who is behind a number of an insight: the seam between ActorsQuery and the insights.
 *
 * An insight kind that can name its actors has one row in the table `insights` of actors_source.c and
 * one function of type query_actors_fn, declared here, defined beside the insight. It makes a SELECT
 * with
 *   - a column actor_id: a person's UUID or a group's key, one row for each actor, never empty;
 *   - any other columns, which `select` of the ActorsQuery may name. Usual are event_count and
 *     event_distinct_ids, and matching_events when recordings are asked for.
 * All the rest (order, search, filters, pages, persons as objects) is done above it, so the number
 * of rows is the number of actors. What of the click the kind does not know it ignores, unless the
 * answer would be other people than those counted: then it is ERR_INVALID, naming the field. */
#pragma once

#include "query/internal.h"

/* What was clicked on. */
struct query_click {
    const struct json *insight; /* the insight's node */
    const struct json *node;    /* InsightActorsQuery, FunnelsActorsQuery …, for their own fields */
    const struct json *day;     /* a bucket: text; of stickiness a number; NULL: all */
    str status;                 /* of lifecycle; STR_NULL */
    int64_t interval;           /* of retention, from 0; -1: none */
    int64_t series;             /* index, 0 when it is not given */
    const struct json *breakdown; /* a value as the insight's result has it; NULL: any */
    bool previous;              /* compare: the period before */
    bool recordings;            /* includeRecordings: wants matching_events */
};

struct query_actors {
    struct hogql_node *select; /* a SELECT or a SET */
    int64_t group_index;       /* actors are groups of this type; -1: persons */
    str id;                    /* name of the id column; STR_NULL: actor_id */
};

typedef int (*query_actors_fn)(struct query_job *j, const struct query_click *click,
                               struct query_actors *out, struct err *e);

/* The bucket that the click's day is the beginning of, or lies in; without a day *at is n. */
int query_click_bucket(struct query_job *j, const struct query_click *click,
                       const struct query_dates *d, const int64_t *buckets, size_t n, size_t *at,
                       struct err *e);
/* The click's value of the breakdown, NULL: any; an error when the insight cannot have it. */
struct query_breakdown;
int query_click_breakdown(const struct query_click *click, const struct query_breakdown *b,
                          const struct json **out, struct err *e);
/* An error when the click is on a period that the insight, of that many periods, does not have, or
 * (of a kind without breakdowns) on a value. */
int query_click_period(const struct query_click *click, unsigned periods, struct err *e);
int query_click_no_value(const struct query_click *click, struct err *e);
/* `series`, checked. */
int query_click_series(const struct query_click *click, size_t n, struct err *e);

/* The actors that a `source` names: InsightActorsQuery and its like, or a HogQLQuery with an id
 * column. out->id is always set. */
int query_actors_source(struct query_job *j, const struct json *source, struct query_actors *out,
                        struct err *e);
/* The names of the SELECT's columns, as far as they have one; STR_NULL for others. *n of them. */
str *query_column_names(struct arena *a, const struct hogql_node *select, size_t *n);

/* funnels_actors.c */
int query_actors_funnels(struct query_job *j, const struct query_click *click,
                         struct query_actors *out, struct err *e);
int query_actors_lifecycle(struct query_job *j, const struct query_click *click,
                           struct query_actors *out, struct err *e);
int query_actors_paths(struct query_job *j, const struct query_click *click,
                       struct query_actors *out, struct err *e);
int query_actors_retention(struct query_job *j, const struct query_click *click,
                           struct query_actors *out, struct err *e);
int query_actors_stickiness(struct query_job *j, const struct query_click *click,
                            struct query_actors *out, struct err *e);
/* trends_actors.c */
int query_actors_trends(struct query_job *j, const struct query_click *click,
                        struct query_actors *out, struct err *e);
