/* cohort.h - sets of persons of a project, and the members of the static ones. Deleting is soft.
 *
 * A calculation is asked for by cohort_request and stays due until it has ended; so one that a restart
 * cut off is due again. */
#pragma once

#include "model/person.h"
#include "store/store.h"

struct cohort {
    int64_t id, project_id;
    str name;        /* STR_NULL allowed */
    str description;
    str groups;      /* JSON list */
    str filters;     /* JSON object; STR_NULL: none */
    str query;       /* JSON object that a static one was made from; STR_NULL: none */
    bool is_static, deleted;
    str folder;      /* STR_NULL: none */
    int64_t created_at, created_by; /* created_by 0: that user is gone */
    int64_t count;   /* INT64_MIN: not known yet */
    int64_t version, last_version; /* 0: none */
    int64_t requested, done;       /* calculations; one is due while they differ */
    int64_t last_calculation;      /* INT64_MIN: never */
    int64_t errors_calculating;
    str last_error_message;        /* STR_NULL: none */
};

struct cohort_filter {
    int64_t project_id;
    int is_static;      /* -1: both */
    int64_t created_by; /* 0: anyone */
    int64_t person_id;  /* static ones this person is in; 0: all */
    str search;         /* part of the name, folded to lower case; STR_NULL: all */
};

/* insert sets id. */
int cohort_insert(struct db *d, struct cohort *in, struct err *e);
/* What people say of it: name, description, groups, filters, deleted, requested. */
int cohort_update(struct db *d, const struct cohort *in, struct err *e);
/* 1 found, 0 not; deleted ones too. */
int cohort_find(struct db *d, struct arena *a, int64_t project_id, int64_t id, struct cohort *out,
                struct err *e);
/* How many live ones have the name, at most 2; the first of them in *out. */
int cohort_find_name(struct db *d, struct arena *a, int64_t project_id, str name,
                     struct cohort *out, struct err *e);
/* Another number after every change to who is in the project's cohorts, or which there are. */
int cohort_stamp(struct db *d, struct arena *a, int64_t project_id, int64_t *out, struct err *e);
/* Live ones, newest first. */
int cohort_count(struct db *d, struct arena *a, const struct cohort_filter *f, int64_t *out,
                 struct err *e);
int cohort_page(struct db *d, struct arena *a, const struct cohort_filter *f, int64_t limit,
                int64_t offset, struct cohort **out, size_t *n, struct err *e);

/* Other cohorts. refers: do its filters name that one? references: all they name, each at least once. */
int cohort_refers(struct arena *a, const struct cohort *c, int64_t id, bool *out, struct err *e);
int cohort_references(struct arena *a, const struct cohort *c, int64_t **out, size_t *n,
                      struct err *e);

/* Calculations of dynamic ones. due: asked for, or not tried since `old`; 1 found, 0 none. */
int cohort_find_due(struct db *d, struct arena *a, int64_t old, struct cohort *out, struct err *e);
int cohort_request(struct db *d, int64_t id, struct err *e);
struct cohort_outcome {
    int64_t version; /* in force from now on; 0: it failed, the one before stays */
    int64_t count;
    str message;     /* of the failure */
};
/* Of the requests that c had, as it was read when it began. */
int cohort_ended(struct db *d, const struct cohort *c, const struct cohort_outcome *o,
                 struct err *e);

/* Members of static cohorts. add and remove: 1 it changed something, 0 it was so, or the person is gone. */
int cohort_member_add(struct db *d, int64_t cohort_id, int64_t person_id, struct err *e);
int cohort_member_remove(struct db *d, int64_t cohort_id, int64_t person_id, struct err *e);
/* The static cohorts that the person is in. */
int cohort_ids_of(struct db *d, struct arena *a, int64_t person_id, int64_t **out, size_t *n,
                  struct err *e);
/* A number above all that the cohort gave before. */
int cohort_next_version(struct db *d, struct arena *a, int64_t cohort_id, int64_t *out,
                        struct err *e);
/* Counts the members of a static cohort anew after `more` were added (negative: removed). */
int cohort_members_changed(struct db *d, int64_t cohort_id, int64_t more, struct err *e);
