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
    str settings;        /* JSON object */
};

struct organization {
    str id, name, slug;
    int64_t created_at, updated_at;
    bool members_can_use_keys;
    bool public_sharing; /* its members may share with everyone */
    int level; /* the asking user's, 0 when no member */
    str settings; /* JSON object */
};

struct project {
    int64_t id;
    str uuid, organization_id, name, api_token, timezone;
    int64_t created_at, updated_at;
    int week_start_day;       /* 0 Sunday, 1 Monday */
    bool anonymize_ips;       /* addresses of clients are not kept */
    str test_account_filters; /* JSON list of property filters */
    str display_names;        /* JSON list of the properties that name a person; STR_NULL: default */
    str path_cleaning;        /* JSON list of {regex, alias}; STR_NULL: none */
    str settings;             /* JSON object; all of the settings, also those above */
};

struct key {
    str id, label, description, mask;
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
/* name, members_can_use_keys, settings. */
int organization_update(struct db *d, struct organization *o, struct err *e);
/* name, timezone, settings; sets updated_at. Read it again for what follows from the settings. */
int project_update(struct db *d, struct project *p, struct err *e);
/* A new token in place of the old one, which is unknown from then on. */
int project_reset_token(struct db *d, struct arena *a, struct project *p, struct err *e);
/* Gone for everybody, and nobody's current project. Its rows stay. */
int project_delete(struct db *d, int64_t id, struct err *e);
/* email, names, password_hash, settings, the current organization and project. */
int user_update(struct db *d, const struct user *u, struct err *e);
/* Argon2id takes 64 MiB and a tenth of a second. */
int password_hash(struct arena *a, str password, str *out, struct err *e);
int user_set_current(struct db *d, int64_t user_id, str organization_id, int64_t project_id,
                     struct err *e);
/* in: user, label, description and what it reaches. *value is the only time it is seen in clear. */
int key_insert(struct db *d, struct arena *a, const struct key *in, struct key *out, str *value,
               struct err *e);
/* label, description, scopes, teams, organizations. */
int key_update(struct db *d, const struct key *k, struct err *e);
int key_roll(struct db *d, struct arena *a, str id, int64_t user_id, str *value, struct err *e);

/* The columns that user_read takes from a row, of the table `user u`, from column `col` on. */
#define USER_COLUMNS                                                                    \
    "u.id, u.uuid, u.distinct_id, u.email, u.first_name, u.last_name, u.password_hash," \
    " u.is_active, u.date_joined, u.current_organization_id, u.current_project_id, u.settings"
void user_read(struct stmt *st, struct arena *a, int col, struct user *u);

/* find: 1 found, 0 not there, negative an error. */
int user_find(struct db *d, struct arena *a, int64_t id, struct user *out, struct err *e);
int user_find_email(struct db *d, struct arena *a, str email, struct user *out, struct err *e);
/* ids: a JSON list; *n of them in the arena. */
int user_list(struct db *d, struct arena *a, str ids, struct user **out, size_t *n, struct err *e);
int user_find_uuid(struct db *d, struct arena *a, str uuid, struct user *out, struct err *e);
int organization_find(struct db *d, struct arena *a, str id, int64_t user_id,
                      struct organization *out, struct err *e);
int project_find(struct db *d, struct arena *a, int64_t id, struct project *out, struct err *e);
int project_find_token(struct db *d, struct arena *a, str token, struct project *out,
                       struct err *e);
/* By the key in clear; refreshes last_used_at at most once an hour. */
int key_find(struct db *d, struct arena *a, str value, struct key *out, struct err *e);

/* One of the user's own. */
int key_find_id(struct db *d, struct arena *a, str id, int64_t user_id, struct key *out,
                struct err *e);

/* Lists by the user's memberships, oldest first; *n items in the arena. */
int organization_list(struct db *d, struct arena *a, int64_t user_id, struct organization **out,
                      size_t *n, struct err *e);
/* organization_id STR_NULL: of all the user's organizations. */
int project_list(struct db *d, struct arena *a, int64_t user_id, str organization_id,
                 struct project **out, size_t *n, struct err *e);
/* The organization's oldest, for a user whose current one is none; 0 when it has none. */
int project_first_of(struct db *d, struct arena *a, str organization_id, int64_t *out,
                     struct err *e);
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
/* The user's sessions but that one; STR_NULL: all. */
int session_delete_others(struct db *d, int64_t user_id, str cookie, struct err *e);
