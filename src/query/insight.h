/* insight.h - what LifecycleQuery, StickinessQuery and RetentionQuery share: whom they count, in
 * which buckets of time, how the events are asked for, and how buckets are written. And samples,
 * which all insights have: every event of a fixed part of the distinct ids. */
#pragma once

#include "query/entity.h"
#include "query/internal.h"

#define INSIGHT_BITS 62 /* intervals that fit into the bits of a number */

struct query_insight {
    struct query_job *j;
    const struct json *node;
    struct hogql_node *filter; /* properties and test accounts of the whole query; NULL: none */
    int64_t group_index;       /* actors are groups of this type; -1: persons */
    double sample;             /* part of the actors that is looked at, (0, 1] */
};

int query_insight_read(struct query_job *j, const struct json *node, struct query_insight *out,
                       struct err *e);
/* 400 when the node asks for a breakdown, or to be compared, and its kind has none. */
int query_insight_refuse_breakdown(const struct query_insight *q, const char *kind,
                                   struct err *e);
int query_insight_refuse_compare(const struct query_insight *q, const char *kind, struct err *e);

/* The column that tells actors apart: person_id, $group_0. */
struct hogql_node *query_insight_actor(const struct query_insight *q);
/* Events between the instants, both included, that pass `more` (NULL: all) and have an actor. From
 * INT64_MIN: from the beginning. */
struct hogql_node *query_insight_where(const struct query_insight *q, int64_t from, int64_t to,
                                       struct hogql_node *more);
/* The entity's events that pass its properties: event = … AND …; NULL: all. */
struct hogql_node *query_insight_entity(const struct query_insight *q,
                                        const struct query_entity *en);
/* The text as a tree; what it reads FROM events is the sample. */
int query_insight_select(const struct query_insight *q, const char *text,
                         const struct hogql_placeholder *ph, struct hogql_node **out,
                         struct err *e);
/* samplingFactor: the part of the actors that is looked at; 1 when the node has none. */
int query_read_sample(const struct json *node, double *out, struct err *e);
/* What the statement reads FROM events is that part of them; part 1: no change. */
void query_add_sample(struct arena *a, double part, struct hogql_node **select);
/* What a count in the sample stands for. */
int64_t query_insight_scaled(const struct query_insight *q, int64_t count);

/* The number of the bucket that `time` is in, counted from the bucket that begins at `origin`.
 * Right only for times that are not before it. */
int query_insight_bucket(const struct query_insight *q, const struct query_dates *d,
                         int64_t origin, struct hogql_node *time, struct hogql_node **out,
                         struct err *e);
/* "labels" and "days" of buckets. */
void query_insight_write_buckets(const struct query_insight *q, struct json_writer *w,
                                 const struct query_dates *d, const int64_t *buckets, size_t n);
/* The members beside "results": hogql (select may be NULL), hasMore if there is more, the range,
 * and what all kinds have. */
void query_insight_finish(const struct query_insight *q, const struct hogql_node *select,
                          const struct query_dates *d, struct query_result *out);
