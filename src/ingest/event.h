/* event.h - one event as it will be stored, made from what a client sent. */
#pragma once

#include "base/uuid.h"
#include "ingest/journal.h"
#include "json/parse.h"

enum person_mode { PERSON_FULL, PERSON_PROPERTYLESS, PERSON_FORCE_UPGRADE };

struct event {
    int64_t team_id;
    struct uuid uuid;
    str name, distinct_id;
    int64_t timestamp, created_at; /* us */
    struct json *properties;       /* ours to change */
    str elements_chain;
    bool personless;               /* $process_person_profile is false */
    /* What people_apply finds out. */
    bool dropped;
    struct uuid person_id;
    int64_t person_created_at; /* us */
    enum person_mode person_mode;
    const struct json *person_properties; /* object; NULL: none */
    str groups[5];
    int group_index; /* of the group that a $groupidentify is about, -1 when it is not kept */
    struct event *next;
};

/* place and nth name the event's place in the journal: an event without uuid gets one made of them,
 * the same each time the batch is read. The result lives as long as the record and the arena. */
struct event *event_make(struct arena *a, int64_t team_id, const struct journal_record *record,
                         int64_t sent_at, int64_t place, size_t nth, const struct json *sent);
