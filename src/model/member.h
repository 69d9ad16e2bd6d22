/* member.h - who belongs to an organization, and as what. */
#pragma once

#include "model/access.h"

/* A membership with its user. */
struct member {
    str id;
    struct user user;
    int level;
    int64_t joined_at, updated_at;
    int64_t last_login; /* when a session of the user began; INT64_MIN: not known */
};

/* 1 found, 0 not. */
int member_find(struct db *d, struct arena *a, str organization_id, str user_uuid,
                struct member *out, struct err *e);
/* By the membership's own id. */
int member_find_id(struct db *d, struct arena *a, str organization_id, str id,
                   struct member *out, struct err *e);
/* Active users, newest first; *n items in the arena, *count all of them. */
int member_list(struct db *d, struct arena *a, str organization_id, int64_t limit, int64_t offset,
                struct member **out, size_t *n, int64_t *count, struct err *e);
int member_count(struct db *d, struct arena *a, str organization_id, int level, int64_t *out,
                 struct err *e);
int member_set_level(struct db *d, struct member *m, int level, struct err *e);
/* Ends the membership; the organization and its projects are no longer the user's current ones. */
int member_delete(struct db *d, str organization_id, const struct member *m, struct err *e);
