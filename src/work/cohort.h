/* cohort.h - the calculation of dynamic cohorts: one thread that computes those that are due, one after the
 * other. Due is what was asked for (model/cohort.h), so also what a restart cut off, and what is old. */
#pragma once

#include "query/query.h"

struct cohort_worker;

int cohort_worker_start(struct store *store, struct olap *olap, struct query_service *queries,
                        struct cohort_worker **out, struct err *e);
/* Ends the statement that runs, and waits. */
void cohort_worker_stop(struct cohort_worker *w);
/* A calculation was asked for: its transaction is over. Any thread. */
void cohort_worker_wake(struct cohort_worker *w);
