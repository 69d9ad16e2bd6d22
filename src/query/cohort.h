/* cohort.h - cohorts as sets of persons. */
#pragma once

#include "model/cohort.h"
#include "query/internal.h"

/* What the filters say, on the table of persons; never NULL. */
int query_cohort_condition(struct query_job *j, const struct cohort *c, struct hogql_node **out,
                           struct err *e);
/* A SELECT of the members' ids, one column. */
int query_cohort_members(struct query_job *j, const struct cohort *c, struct hogql_node **out,
                         struct err *e);
/* 1 found, 0 the project has none of that id, or it is deleted. */
int query_find_cohort(struct query_job *j, int64_t id, struct cohort *out, struct err *e);
/* For hogql_context.cohort: cls is the job; *out NULL when there is no such cohort, ERR_INVALID when
 * there are several of the name. */
int query_cohort_named(void *cls, int64_t id, str name, struct hogql_node **out, struct err *e);
