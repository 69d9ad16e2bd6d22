/* cohort.h - what the files of cohorts share: objects are cohort.c's, the members of static ones
 * cohort_member.c's. */
#pragma once

#include "api/internal.h"
#include "model/cohort.h"

/* The project's cohort of the path's :id, deleted ones too; ERR_NOT_FOUND. */
int cohort_load(struct req *r, struct cohort *out, struct err *e);
/* Persons named by a request: id, team_id and uuid of each. */
struct person_set {
    struct person *list;
    size_t n;
};
/* Looks them up; those that are not there are left out. By uuid; the rows of a CSV file by the column
 * that its header names. */
int persons_by_uuid(struct req *r, const struct json *ids, struct person_set *out, struct err *e);
int persons_by_csv(struct req *r, str csv, struct person_set *out, struct err *e);
/* The actors of an ActorsQuery, or those that a HogQLQuery names. */
int persons_by_query(struct req *r, const struct json *query, struct person_set *out,
                     struct err *e);
/* Adds them; within the caller's transaction. */
int cohort_add(struct req *r, const struct cohort *c, const struct person_set *set, struct err *e);

/* Stores it with its members and replies, 201. */
int cohort_make(struct req *r, struct cohort *c, const struct person_set *set, struct err *e);
/* {"results": those of the ids that are live} */
int cohort_write_list(struct req *r, const int64_t *ids, size_t n, struct err *e);

int cohort_add_persons(struct req *r, struct err *e);
int cohort_remove_person(struct req *r, struct err *e);
int cohort_persons(struct req *r, struct err *e);
int cohort_duplicate(struct req *r, struct err *e);
int cohorts_of_person(struct req *r, struct err *e);
