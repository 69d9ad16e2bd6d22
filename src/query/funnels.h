/* funnels.h - what the parts of FunnelsQuery share: the request as it was understood (funnels.c),
 * its statement (funnels_sql.c), what the actors' events come to (funnels_count.c), and the JSON of
 * that (funnels_result.c).
 *
 * The engine filters events, tells which steps each is, and puts an actor's together; how far the
 * actor came is found here, one actor at a time as the answer streams by (funnels_walk.h). */
#pragma once

#include "query/breakdown.h"
#include "query/entity.h"
#include "query/funnels_times.h"
#include "query/funnels_walk.h"
#include "query/insight.h"

#define FUNNEL_TIMES_MOST (1u << 20) /* conversion times kept for a median */

enum funnel_viz { FUNNEL_VIZ_STEPS, FUNNEL_VIZ_TIMES, FUNNEL_VIZ_TRENDS };

/* Which of an actor's events tells the value of the breakdown. */
enum funnel_attribution {
    FUNNEL_FIRST_TOUCH,
    FUNNEL_LAST_TOUCH,
    FUNNEL_ALL_EVENTS, /* each value is a funnel of its own, of the events that have it */
    FUNNEL_STEP,       /* the event that took this step */
};

/* Events that must not come between two steps, from 0. */
struct funnel_exclusion {
    struct query_entity entity;
    int64_t from, to;
};

struct funnel_cohort {
    int64_t id; /* 0: everybody */
    str name;
};

struct funnel {
    struct query_insight q;
    struct query_entity *steps;
    struct funnel_exclusion *exclusions;
    size_t exclusions_n;
    struct funnel_rules rules;
    enum funnel_viz viz;
    int64_t from_step, to_step; /* from 0; of times and trends */
    int64_t bins;               /* 0: as many as the conversions make sensible */
    struct query_dates dates;
    int64_t *buckets; /* of trends */
    size_t buckets_n;
    struct query_breakdown breakdown;
    struct funnel_cohort *cohorts; /* the breakdown, when it is by cohort */
    size_t cohorts_n;
    enum funnel_attribution attribution;
    int64_t attribution_step;
    struct hogql_node *actor;
    bool by_hogql; /* the actor is an expression */
    struct funnel_people *people; /* NULL: only counts are wanted */
    /* How the statement writes an event: see funnel_statement. */
    unsigned bits;
    uint32_t excluded; /* the steps, from 0, that have an exclusion's bit */
    bool wide;
};

/* People behind a number: whom is asked for, and who was found. */
struct funnel_people {
    uint32_t with, without; /* steps taken, and steps not taken */
    uint32_t furthest;      /* bit k - 1: whose furthest step, from 1, is k; 0: any */
    int64_t bucket;         /* of trends: the bucket's first instant */
    bool dropped;           /* of trends: those who did not convert, not those who did */
    struct funnel_person {
        str id;
        const struct funnel_value *value;
    } *found;
    size_t n, bytes; /* bytes: of the ids */
};

/* A value of the breakdown, or all there is. */
struct funnel_value {
    str *label; /* the parts of the value, "" for none; NULL: the values beyond the limit */
    const struct funnel_cohort *cohort; /* NULL: the value is no cohort */
    size_t label_n;
    unsigned steps;
    bool shown; /* within the limit; of use to those who look for people */
    uint32_t index;
    uint64_t asked; /* the last actor of whom it was a candidate */
    uint64_t *counts;            /* actors that took each step */
    struct funnel_times *times;  /* to each step, from the one before that cannot be skipped */
    uint32_t *entered, *converted; /* of trends, by bucket: reached from_step, to_step */
};

/* Everything is the arena's, as the struct must be: at its end it gives back the times. */
struct funnel_counts {
    unsigned steps;
    struct funnel_value **values;
    size_t n;
    struct funnel_value *beyond; /* of the values there was no memory for; NULL: none */
    struct funnel_times whole;   /* FUNNEL_VIZ_TIMES: from from_step to to_step */
};

/* Decodes the request. */
int funnel_read(struct query_job *j, const struct json *node, struct funnel *out, struct err *e);

/* Does the answer come in parts, by value? */
static inline bool funnel_is_split(const struct funnel *f)
{
    return f->breakdown.expression || f->cohorts_n;
}

/* The breakdown filter of type "cohort", and its bits of an event as 64 bits. */
int funnel_read_cohorts(struct funnel *f, const struct json *breakdown, struct err *e);
struct hogql_node *funnel_cohort_bits(struct funnel *f);

/* Columns: actor (when people are asked for); label (as far as the attribution is the engine's
 * work); an array of events, each a number of 64 bits, or 128 when `wide`: below which steps it is,
 * then which exclusions, in `bits` bits, and above the microseconds since dates.from; an array of
 * their values (as far as the attribution is ours), or of their cohorts. */
int funnel_statement(struct funnel *f, struct hogql_node **out, struct err *e);
/* Does the statement have a column of values, one for each event? */
static inline bool funnel_has_values(const struct funnel *f)
{
    return f->breakdown.expression && f->attribution >= FUNNEL_ALL_EVENTS;
}

/* In the arena of the job, all counts 0, without a label. */
struct funnel_value *funnel_value_new(struct funnel *f);
/* Less than, equal to or greater than 0, byte by byte; no label is the least. */
int funnel_compare_labels(const struct funnel_value *x, const struct funnel_value *y);

/* Runs the statement. */
int funnel_count(struct funnel *f, const struct hogql_node *select, struct funnel_counts *out,
                 struct err *e);

/* The values that are shown come first in counts->values, in order: how many. Those beyond the
 * limit are added up in counts->beyond. */
size_t funnel_limit_values(struct funnel *f, struct funnel_counts *counts);
/* The answer's "results". */
int funnel_write(struct funnel *f, struct funnel_counts *counts, struct buf *out, struct err *e);
