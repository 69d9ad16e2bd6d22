/* definition.h - the event names and properties a project has seen. */
#pragma once

#include "store/store.h"

enum property_owner { OWNER_EVENT = 1, OWNER_PERSON = 2, OWNER_GROUP = 3 };

/* Inserts, or moves last_seen_at forward. */
int event_definition_seen(struct db *d, int64_t team_id, str name, int64_t at, struct err *e);
/* Inserts when it is new; a type that was unknown is filled in. property_type STR_NULL: unknown.
 * group_idx -1 unless owner is OWNER_GROUP. */
int property_definition_seen(struct db *d, int64_t team_id, enum property_owner owner,
                             int group_idx, str name, str property_type, struct err *e);
int event_property_seen(struct db *d, int64_t team_id, str event, str property, struct err *e);

/* Whether the project has seen any event. */
int event_definition_any(struct db *d, struct arena *a, int64_t team_id, bool *out,
                         struct err *e);
