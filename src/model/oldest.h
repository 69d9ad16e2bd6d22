/* oldest.h - the one a command means that names none: ids of the oldest organization and of
 * its first owner. 1 found, 0 there is none, negative an error. */
#pragma once

#include "store/store.h"

int organization_oldest(struct db *d, struct arena *a, str *id, struct err *e);
/* The member of the highest level who joined first. */
int owner_oldest(struct db *d, struct arena *a, str organization_id, int64_t *user_id,
                 struct err *e);
