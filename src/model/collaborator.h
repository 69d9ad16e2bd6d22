/* collaborator.h - the users a restricted dashboard names as its editors. */
#pragma once

#include "store/store.h"

struct collaborator {
    str id, user_uuid;
    int64_t dashboard_id, user_id, level, added_at, updated_at;
};

/* A user who is listed already is ERR_UNIQUE. Sets id and times. */
int collaborator_insert(struct db *d, struct arena *a, struct collaborator *in, struct err *e);
/* Active users only, oldest first; the statement yields rows for collaborator_read. */
int collaborator_list(struct db *d, struct arena *a, int64_t dashboard_id, struct stmt **out,
                      struct err *e);
void collaborator_read(struct stmt *st, struct arena *a, struct collaborator *out);
/* 1 the user is one, 0 not. */
int collaborator_find(struct db *d, struct arena *a, int64_t dashboard_id, int64_t user_id,
                      struct err *e);
/* By the user's uuid; 1 found, 0 not. */
int collaborator_find_uuid(struct db *d, struct arena *a, int64_t dashboard_id, str user_uuid,
                           struct collaborator *out, struct err *e);
int collaborator_delete(struct db *d, str id, struct err *e);
