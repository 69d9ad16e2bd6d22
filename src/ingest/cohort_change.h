/* cohort_change.h - members of static cohorts: the metadata store changes, and what the event store has to
 * be told is noted with it, in one transaction, which is the caller's. */
#pragma once

#include "model/cohort.h"

/* Makes these persons members (or no longer). *changed: how many were not (or were). */
int cohort_change_members(struct db *d, struct arena *a, const struct cohort *c,
                          const struct person *persons, size_t n, bool member, int64_t *changed,
                          struct err *e);
/* The cohorts of `from` become those of `to`, who it is from now on. */
int cohort_change_merged(struct db *d, struct arena *a, const struct person *from,
                         const struct person *to, struct err *e);
/* The person is deleted. */
int cohort_change_deleted(struct db *d, struct arena *a, const struct person *p, struct err *e);
