/* action.h - named sets of events of a project. Deleting is soft: the row stays, so that what names it
 * by id goes on; its name is free for another. */
#pragma once

#include "store/store.h"

struct action {
    int64_t id, project_id;
    str name, description;
    str tags;  /* JSON list of texts */
    str steps; /* JSON list of objects */
    bool post_to_slack, deleted;
    str slack_message_format;
    int64_t pinned_at; /* INT64_MIN: not pinned */
    str folder;        /* STR_NULL: none */
    int64_t created_at, created_by, updated_at; /* created_by 0: that user is gone */
};

/* insert sets id. Both are ERR_UNIQUE when another live action has the name. */
int action_insert(struct db *d, struct action *in, struct err *e);
int action_update(struct db *d, const struct action *in, struct err *e);
/* 1 found, 0 not. By id deleted ones too, by name live ones only. */
int action_find(struct db *d, struct arena *a, int64_t project_id, int64_t id, struct action *out,
                struct err *e);
int action_find_name(struct db *d, struct arena *a, int64_t project_id, str name,
                     struct action *out, struct err *e);
/* Another number after every change to the project's actions. */
int action_stamp(struct db *d, struct arena *a, int64_t project_id, int64_t *out, struct err *e);
/* Live ones: pinned first, then by name. search: part of the name or description, folded to lower
 * case; STR_NULL: all. */
int action_count(struct db *d, struct arena *a, int64_t project_id, str search, int64_t *out,
                 struct err *e);
int action_page(struct db *d, struct arena *a, int64_t project_id, str search, int64_t limit,
                int64_t offset, struct action **out, size_t *n, struct err *e);
