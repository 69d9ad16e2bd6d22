/* definition.h - the event names and properties a project has seen. */
#pragma once

#include "store/store.h"

enum property_owner { OWNER_EVENT = 1, OWNER_PERSON = 2, OWNER_GROUP = 3 };

/* Inserts, or moves last_seen_at forward; also for a definition that was made by hand. */
int event_definition_seen(struct db *d, int64_t team_id, str name, int64_t at, struct err *e);
/* Inserts when it is new; a type that was unknown is filled in. property_type STR_NULL: unknown.
 * group_idx -1 unless owner is OWNER_GROUP. */
int property_definition_seen(struct db *d, int64_t team_id, enum property_owner owner,
                             int group_idx, str name, str property_type, struct err *e);
/* The type of a property, STR_NULL while it is unknown; 1 found, 0 not. group_idx as above. */
int property_definition_type(struct db *d, struct arena *a, int64_t team_id,
                             enum property_owner owner, int group_idx, str name, str *out,
                             struct err *e);
int event_property_seen(struct db *d, int64_t team_id, str event, str property, struct err *e);

/* Whether the project has seen any event. */
int event_definition_any(struct db *d, struct arena *a, int64_t team_id, bool *out,
                         struct err *e);

/* What people write on a definition, and who last did; times INT64_MIN and users 0 for none. */
struct definition_note {
    str description, tags; /* tags: a JSON list */
    bool verified, hidden;
    int64_t updated_at, updated_by, verified_at, verified_by;
};

struct event_definition {
    str id, name;
    int64_t created_at, last_seen_at; /* last_seen_at INT64_MIN: never seen */
    int64_t created_by, owner;
    struct definition_note note;
    bool post_to_slack;
    str enforcement_mode, primary_property; /* primary_property STR_NULL: none */
    str default_columns;                    /* JSON list */
};

enum event_kind { EVENT_ANY, EVENT_CUSTOM, EVENT_POSTHOG }; /* PostHog's begin with '$' */

enum event_order {
    EVENT_BY_NAME,
    EVENT_BY_NAME_DOWN,
    EVENT_BY_SEEN,
    EVENT_BY_SEEN_DOWN,
    EVENT_BY_CREATED,
    EVENT_BY_CREATED_DOWN,
};

/* A JSON list that is STR_NULL asks for nothing; a flag of -1 neither. */
struct event_filter {
    int64_t team_id;
    enum event_kind kind;
    bool exclude_hidden;
    int verified;
    str tags;   /* any of them */
    str words;  /* lower-case parts of the name, all of them */
    str labels; /* names that the words match by their label */
};

/* A taken name is ERR_UNIQUE. */
int event_definition_insert(struct db *d, struct arena *a, int64_t team_id,
                            struct event_definition *in, struct err *e);
int event_definition_update(struct db *d, const struct event_definition *in, struct err *e);
int event_definition_delete(struct db *d, str id, struct err *e);
/* 1 found, 0 not. */
int event_definition_find(struct db *d, struct arena *a, int64_t team_id, str id,
                          struct event_definition *out, struct err *e);
int event_definition_count(struct db *d, struct arena *a, const struct event_filter *f,
                           int64_t *out, struct err *e);
/* The statement yields rows for event_definition_read. */
int event_definition_page(struct db *d, struct arena *a, const struct event_filter *f,
                          enum event_order order, int64_t limit, int64_t offset,
                          struct stmt **out, struct err *e);
void event_definition_read(struct stmt *st, struct arena *a, struct event_definition *out);

struct property_definition {
    str id, name, type; /* type STR_NULL: unknown */
    bool numerical;
    int seen; /* on the events of the filter; -1: not asked */
    struct definition_note note;
};

/* As in event_filter. */
struct property_filter {
    int64_t team_id;
    enum property_owner owner;
    int group_idx; /* -1 unless owner is OWNER_GROUP */
    str only, without; /* names */
    str events;        /* `seen` says whether the property came with one of them */
    bool seen_only;
    int numerical, feature_flag; /* feature_flag: names that begin with "$feature/" */
    bool exclude_hidden;
    int verified;
    str words, labels;
};

int property_definition_update(struct db *d, const struct property_definition *in, struct err *e);
int property_definition_delete(struct db *d, str id, struct err *e);
int property_definition_find(struct db *d, struct arena *a, int64_t team_id, str id,
                             struct property_definition *out, struct err *e);
int property_definition_count(struct db *d, struct arena *a, const struct property_filter *f,
                              int64_t *out, struct err *e);
/* Seen ones first, then by name; rows for property_definition_read. */
int property_definition_page(struct db *d, struct arena *a, const struct property_filter *f,
                             int64_t limit, int64_t offset, struct stmt **out, struct err *e);
void property_definition_read(struct stmt *st, struct arena *a, struct property_definition *out);
/* All of a project: property, type (STR_NULL: unknown), owner, group_idx; by name. Hidden ones are left
 * out. At most limit. */
int property_definition_all(struct db *d, struct arena *a, int64_t team_id, int64_t limit,
                            struct stmt **out, struct err *e);
/* Rows (property, event) of a project, by property. */
int event_property_all(struct db *d, struct arena *a, int64_t team_id, struct stmt **out,
                       struct err *e);
/* 1 the property came with the event. */
int event_property_find(struct db *d, struct arena *a, int64_t team_id, str event, str property,
                        struct err *e);
