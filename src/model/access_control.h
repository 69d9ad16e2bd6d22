/* access_control.h - rules on single objects: for one member, or for everyone who has none. What a
 * caller may do with an object is read with the object. */
#pragma once

#include "store/store.h"

struct access_control {
    int64_t id, project_id, resource_id;
    const char *resource; /* "dashboard" */
    str member_id;        /* of a membership; STR_NULL: everyone who has no rule */
    str level;            /* none, viewer, editor, manager */
    int64_t created_at, updated_at, created_by; /* created_by 0: that user is gone */
};

/* What the user of ?2 may do with the object `alias` is by its rules: theirs, everyone's, 'editor'. */
#define ACCESS_LEVEL_SQL(resource, alias)                                                   \
    "coalesce((SELECT ac.level FROM access_control ac JOIN membership am"                   \
    " ON am.id = ac.member_id WHERE ac.resource = '" resource "' AND ac.resource_id = "     \
    alias ".id AND am.user_id = ?2), (SELECT ac.level FROM access_control ac"               \
    " WHERE ac.resource = '" resource "' AND ac.resource_id = " alias ".id"                 \
    " AND ac.member_id IS NULL), 'editor')"

/* Inserts, or changes the level of the one that is there. */
int access_control_put(struct db *d, const struct access_control *in, struct err *e);
int access_control_delete(struct db *d, const struct access_control *in, struct err *e);
/* The object's, oldest first. */
int access_control_list(struct db *d, struct arena *a, const char *resource, int64_t resource_id,
                        struct access_control **out, size_t *n, struct err *e);
/* Whether any object of that kind is hidden from someone. */
int access_control_hides(struct db *d, struct arena *a, int64_t project_id, const char *resource,
                         bool *out, struct err *e);
