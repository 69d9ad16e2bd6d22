/* sharing.h - dashboards and insights shown to everyone who has their link: whether, how, by which
 * links and after which passwords.
 *
 * A link's token is looked up by its hash; beside it stands the token itself, sealed, for those who may
 * share to see it again. An object has one link that is handed out, and the ones before it work for
 * a while. */
#pragma once

#include "store/store.h"

struct sharing {
    int64_t id;         /* 0: not stored */
    int64_t project_id;
    int64_t dashboard_id, insight_id; /* one of them; the other is 0 */
    bool enabled, password_required;
    str settings;       /* JSON object; STR_NULL: none */
    str sealed;         /* the token that is handed out */
    str token_hash;     /* of the token that found it, hex; STR_NULL: found by its object */
    int64_t created_at; /* INT64_MIN: not stored */
};

struct sharing_password {
    int64_t id, sharing_id;
    str hash;          /* Argon2id */
    str note;          /* STR_NULL: none */
    str creator_email; /* STR_NULL: that user is gone */
    int64_t created_at, created_by;
};

/* By the dashboard or insight that `of` names; 1 found, 0 not. */
int sharing_find(struct db *d, struct arena *a, const struct sharing *of, struct sharing *out,
                 struct err *e);
/* By a link's token that works: shared, not expired; 1 found, 0 not. */
int sharing_find_token(struct db *d, struct arena *a, str token, struct sharing *out,
                       struct err *e);
/* Sets id and created_at; its token is given with sharing_set_token. */
int sharing_insert(struct db *d, struct sharing *in, struct err *e);
/* enabled, settings, password_required. */
int sharing_update(struct db *d, const struct sharing *in, struct err *e);
/* Hands out another token; the one before works for `grace` microseconds more, 0: all links so far
 * end at once. In a transaction. */
int sharing_set_token(struct db *d, const struct sharing *in, str token, str sealed, int64_t grace,
                      struct err *e);

/* Sets id and created_at. */
int sharing_password_insert(struct db *d, struct sharing_password *in, struct err *e);
/* Those in force, oldest first. */
int sharing_password_list(struct db *d, struct arena *a, int64_t sharing_id,
                          struct sharing_password **out, size_t *n, struct err *e);
/* 1 when it was in force, 0 when there is none. */
int sharing_password_withdraw(struct db *d, int64_t sharing_id, int64_t id, struct err *e);
