/* people.h - what the events of a batch do to persons and groups, and who each event belongs to.
 *
 * A working set over the metadata of one transaction; rows for the event store's tables of persons
 * gather in buffers as it goes. */
#pragma once

#include "base/map.h"
#include "ingest/event.h"
#include "model/person.h"

struct people {
    struct arena *arena;
    struct db *db;
    bool resolve_only; /* the batch's changes are stored already: look up, change nothing */
    int64_t now;
    struct map ids;     /* "team:distinct id" -> struct id_slot */
    struct map persons; /* "row id" -> struct who */
    struct map types;   /* "team:group type" -> int index + 1 */
    struct map groups;  /* "team:index:key" -> struct group */
    struct who *first;  /* all persons seen */
    struct buf person_rows, id_rows, override_rows, group_rows;
};

void people_begin(struct people *p, struct arena *a, struct db *d, bool resolve_only);
/* Fills the event's person and groups, or marks it dropped. */
int people_apply(struct people *p, struct event *ev, struct err *e);
/* Stores the persons that changed. */
int people_finish(struct people *p, struct err *e);
void people_release(struct people *p);

/* Where a distinct id's person gets its uuid from. */
struct uuid people_uuid(int64_t team_id, str distinct_id);
