/* event_store_change.h - what the event store has yet to be told of changes made here: written with the
 * change, in its transaction, and gone once the event store has it. Telling it twice does no harm. */
#pragma once

#include "store/store.h"

enum change_kind {
    CHANGE_PERSONS = 1,       /* rows of persons */
    CHANGE_IDS = 2,           /* rows of person_distinct_ids */
    CHANGE_OVERRIDES = 3,     /* rows of person_overrides */
    CHANGE_DELETE_EVENTS = 4, /* a JSON list of distinct ids: their events, up to `before` */
    CHANGE_DELETE_PROJECT = 5, /* all rows of the project */
    CHANGE_MEMBERS = 6,       /* rows of static_cohort_people */
};

struct change {
    int64_t id, team_id;
    enum change_kind kind;
    str data;
    int64_t created_at; /* events received later stay */
    int64_t position;   /* of the journal's end then: what stands before it must be stored first */
};

int change_add(struct db *d, const struct change *c, struct err *e);
/* The first one after `id`; 1 found, 0 there is none. */
int change_next(struct db *d, struct arena *a, int64_t id, struct change *out, struct err *e);
int change_done(struct db *d, int64_t id, struct err *e);
