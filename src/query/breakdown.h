/* breakdown.h - the breakdown filter: by what rows are split, how many values are shown, what stands
 * for "no value" and "all other values". */
#pragma once

#include "query/internal.h"

#define BREAKDOWN_NONE "$$_posthog_breakdown_null_$$"
#define BREAKDOWN_OTHER "$$_posthog_breakdown_other_$$"
#define BREAKDOWNS_MAX 3

/* One property that rows are split by. */
struct query_breakdown_part {
    str type, key;
    int64_t group;
    bool url;     /* addresses without what trails */
    int64_t bins; /* numbers in that many ranges of equal width; 0: values as they are */
    struct hogql_node *number; /* with bins: the value as a number */
};

/* One of the cohorts that rows are split by. */
struct query_breakdown_cohort {
    int64_t id; /* 0: all users */
    str name;
};

struct query_breakdown {
    struct hogql_node *expression; /* text, or a list of texts; never null. NULL: no breakdown */
    bool list;                     /* `breakdowns`: values are lists */
    size_t n;
    struct query_breakdown_part parts[BREAKDOWNS_MAX];
    struct query_breakdown_cohort *cohorts; /* NULL: split by other things */
    size_t cohorts_n;
    int64_t limit;
    bool hide_other;
    const struct json *node; /* the filter, to be echoed; NULL: none */
};

int query_breakdown_read(struct query_job *j, const struct json *node, struct query_breakdown *out,
                         struct err *e);
/* The same for a breakdown by cohorts; *is: it was one, else nothing is read. Only for what counts each
 * event, or actor, once for each value. */
int query_breakdown_read_cohorts(struct query_job *j, const struct json *node,
                                 struct query_breakdown *out, bool *is, struct err *e);
/* The one that a value (an id, "all") means; NULL: none of them. */
const struct query_breakdown_cohort *query_breakdown_cohort_of(const struct query_breakdown *b,
                                                               const struct json *value);
/* Its value in rows; that the event's person is in it, NULL: everybody is. */
struct hogql_node *query_breakdown_cohort_value(struct arena *a,
                                                const struct query_breakdown_cohort *c);
struct hogql_node *query_breakdown_in_cohort(struct arena *a,
                                             const struct query_breakdown_cohort *c);
/* Whether a part has bins: then the range of its numbers must be known. */
bool query_breakdown_has_bins(const struct query_breakdown *b);
/* 400 for kinds that have no ranges of numbers. */
int query_breakdown_refuse_bins(const struct query_breakdown *b, const char *kind, struct err *e);
/* Makes the expression anew, with the least and the greatest number of each part that has bins; NAN:
 * there is no number. */
int query_breakdown_set_bins(struct query_job *j, struct query_breakdown *b, const double *least,
                             const double *greatest, struct err *e);
/* BREAKDOWN_NONE or BREAKDOWN_OTHER in the form of a value. */
struct hogql_node *query_breakdown_label(struct arena *a, const struct query_breakdown *b,
                                         const char *label);
/* 0 a value, 1 none, 2 all others. */
int query_breakdown_rank(const struct query_breakdown *b, const struct json *value);
/* A value that a result has, as the expression gives it; and whether it can be one. */
struct hogql_node *query_breakdown_value(struct arena *a, const struct query_breakdown *b,
                                         const struct json *value);
bool query_breakdown_fits(const struct query_breakdown *b, const struct json *value);
/* "Chrome", "Chrome::Mac". */
str query_breakdown_text(struct arena *a, const struct json *value);
/* Values in order: less than, equal to, greater than 0. */
int query_breakdown_compare(const struct json *x, const struct json *y);
