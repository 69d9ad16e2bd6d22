/* person_change.h - persons changed by people, not by events: properties set and removed, ids taken
 * apart, deletion. Each works inside the caller's transaction and notes there what the event store
 * has to be told (model/event_store_change.h); ingest/deliver.h tells it. */
#pragma once

#include "ingest/journal.h"
#include "model/person.h"

/* set: an object laid over the properties, or NULL; unset: a name removed, or STR_NULL. */
int person_change_properties(struct db *d, struct arena *a, struct person *p,
                             const struct json *set, str unset, struct err *e);
/* Each distinct id but main_id gets a person of its own. main_id STR_NULL: the first stays, and the
 * person loses its properties, for it is unknown whose they are. ERR_INVALID: not one of its ids. */
int person_change_split(struct db *d, struct arena *a, struct person *p, str main_id,
                        struct err *e);
int person_change_delete(struct db *d, struct arena *a, const struct person *p, struct err *e);
/* The events of all its ids, also those in the journal; later ones stay. */
int person_change_delete_events(struct db *d, struct arena *a, struct journal *j,
                                const struct person *p, struct err *e);
/* All the event store has of the project. */
int project_change_delete(struct db *d, struct journal *j, int64_t team_id, struct err *e);
