/* person.h - rows of persons, their distinct ids, groups. The rules of merging are ingest's. */
#pragma once

#include "json/parse.h"
#include "store/store.h"

struct person {
    int64_t id; /* 0: not stored yet */
    int64_t team_id;
    str uuid;
    int64_t created_at;
    struct json *properties; /* object */
    bool identified;
    int64_t version;
};

/* 1 found, 0 not there, negative an error. */
int person_find_by_distinct_id(struct db *d, struct arena *a, int64_t team_id, str distinct_id,
                               struct person *out, struct err *e);
int person_find(struct db *d, struct arena *a, int64_t team_id, int64_t id, struct person *out,
                struct err *e);
int person_find_uuid(struct db *d, struct arena *a, int64_t team_id, str uuid,
                     struct person *out, struct err *e);

/* Inserts (and sets p->id) or updates by id. One that was deleted and comes back begins with the
 * version of its tombstone. */
int person_save(struct db *d, struct arena *a, struct person *p, struct err *e);
#define TOMBSTONE_STEP 100 /* above what a late copy of the row may carry */
/* The row and its distinct ids; tombstones remember their versions + TOMBSTONE_STEP. */
int person_delete(struct db *d, const struct person *p, struct err *e);

struct person_id {
    str distinct_id;
    int64_t version;
};
/* Oldest first; *n items in the arena. limit 0: all. */
int person_ids(struct db *d, struct arena *a, int64_t person_id, int64_t limit,
               struct person_id **out, size_t *n, struct err *e);
/* What to call the person: the first of its properties named in `names` (a JSON list; STR_NULL: email,
 * name, username) that is not empty, else an id, best one that no program made, else the uuid. */
str person_name(struct arena *a, const struct person *p, str names, const struct person_id *ids,
                size_t n);
/* Ids that people chose before those that programs made, which look like UUIDs. */
void person_ids_sort(struct person_id *ids, size_t n);
int person_id_set(struct db *d, int64_t team_id, str distinct_id, int64_t person_id,
                  int64_t version, struct err *e);
/* Raises *version above that of the id's tombstone, if it has one. */
int person_id_revive(struct db *d, struct arena *a, int64_t team_id, str distinct_id,
                     int64_t *version, struct err *e);

/* Newest first; email: exactly, STR_NULL: any. The statement yields rows for person_read. */
int person_page(struct db *d, struct arena *a, int64_t team_id, str email, int64_t limit,
                int64_t offset, struct stmt **out, struct err *e);
int person_count(struct db *d, struct arena *a, int64_t team_id, str email, int64_t *out,
                 struct err *e);
int person_read(struct stmt *st, struct arena *a, struct person *out, struct err *e);

/* Whether any id of the project overrides the person on older events. */
int person_ids_override(struct db *d, struct arena *a, int64_t team_id, bool *out, struct err *e);

int personless_add(struct db *d, int64_t team_id, str distinct_id, struct err *e);
/* 1 the id was used without a person. */
int personless_has(struct db *d, struct arena *a, int64_t team_id, str distinct_id,
                   struct err *e);

/* 1 with *idx, 0 when there is no group type of that name. */
int group_type_find(struct db *d, struct arena *a, int64_t team_id, str name, int *idx,
                    struct err *e);
/* The index of a group type, made on first sight; 1 with *idx, 0 when five others exist. */
int group_type_index(struct db *d, struct arena *a, int64_t team_id, str name, int *idx,
                     struct err *e);

#define GROUP_TYPES 5
/* The names by index; STR_NULL where there is none. */
int group_types(struct db *d, struct arena *a, int64_t team_id, str out[GROUP_TYPES],
                struct err *e);

struct group {
    int64_t team_id;
    int idx;
    str key;
    struct json *properties;
    int64_t created_at, version;
};
int group_find(struct db *d, struct arena *a, int64_t team_id, int idx, str key,
               struct group *out, struct err *e);
int group_save(struct db *d, struct arena *a, const struct group *g, struct err *e);
