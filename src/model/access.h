/* access.h - who is calling and what belongs to whom: users, organizations, memberships, projects,
 * personal API keys, sessions. Rows in, rows out; the checks are the router's. Everything returned
 * lives in the arena. */
#pragma once

#include "store/store.h"

enum { LEVEL_MEMBER = 1, LEVEL_ADMIN = 8, LEVEL_OWNER = 15 };

struct user {
    int64_t id;
    str uuid, distinct_id, email, first_name, last_name, password_hash;
    bool active;
    int64_t date_joined;
    str organization_id; /* current; STR_NULL when none */
    int64_t project_id;  /* current; 0 when none */
};

struct organization {
    str id, name, slug;
    int64_t created_at, updated_at;
    bool members_can_use_keys;
    int level; /* the asking user's, 0 when no member */
};

struct project {
    int64_t id;
    str uuid, organization_id, name, api_token, timezone;
    int64_t created_at, updated_at;
};

struct key {
    str id, label, mask;
    str scopes, teams, organizations; /* JSON lists */
    int64_t user_id, created_at, last_used_at, last_rolled_at;
};

/* Inserts; ids, slugs, tokens are made here. A taken email is ERR_UNIQUE. */
int organization_insert(struct db *d, struct arena *a, str name, struct organization *out,
                        struct err *e);
int project_insert(struct db *d, struct arena *a, str organization_id, str name,
                   struct project *out, struct err *e);
/* password STR_NULL: cannot log in. Argon2id takes 64 MiB and a tenth of a second. */
int user_insert(struct db *d, struct arena *a, str email, str password, struct user *out,
                struct err *e);
int membership_insert(struct db *d, str organization_id, int64_t user_id, int level,
                      struct err *e);
int user_set_current(struct db *d, int64_t user_id, str organization_id, int64_t project_id,
                     struct err *e);
/* *value is the only time the key is seen in clear. */
int key_insert(struct db *d, struct arena *a, int64_t user_id, str label, str scopes, str teams,
               str organizations, struct key *out, str *value, struct err *e);
int key_roll(struct db *d, struct arena *a, str id, int64_t user_id, str *value, struct err *e);

/* find: 1 found, 0 not there, negative an error. */
int user_find(struct db *d, struct arena *a, int64_t id, struct user *out, struct err *e);
int user_find_email(struct db *d, struct arena *a, str email, struct user *out, struct err *e);
int user_find_uuid(struct db *d, struct arena *a, str uuid, struct user *out, struct err *e);
int organization_find(struct db *d, struct arena *a, str id, int64_t user_id,
                      struct organization *out, struct err *e);
int project_find(struct db *d, struct arena *a, int64_t id, struct project *out, struct err *e);
/* By the key in clear; refreshes last_used_at at most once an hour. */
int key_find(struct db *d, struct arena *a, str value, struct key *out, struct err *e);

/* Lists by the user's memberships, oldest first; *n items in the arena. */
int organization_list(struct db *d, struct arena *a, int64_t user_id, struct organization **out,
                      size_t *n, struct err *e);
/* organization_id STR_NULL: of all the user's organizations. */
int project_list(struct db *d, struct arena *a, int64_t user_id, str organization_id,
                 struct project **out, size_t *n, struct err *e);
int key_list(struct db *d, struct arena *a, int64_t user_id, struct key **out, size_t *n,
             struct err *e);
int key_delete(struct db *d, str id, int64_t user_id, struct err *e); /* ERR_NOT_FOUND */

/* u may be all zero: then false, after the same time. Any thread; one check at a time. */
bool password_ok(const struct user *u, str password);
/* A new session: cookie and CSRF token, in clear. */
int session_insert(struct db *d, struct arena *a, int64_t user_id, str *cookie, str *csrf,
                   struct err *e);
int session_find(struct db *d, struct arena *a, str cookie, int64_t *user_id, str *csrf,
                 struct err *e);
int session_delete(struct db *d, str cookie, struct err *e);
