/* deliver.h - tells the event store of changes that wait for it (model/event_store_change.h). */
#pragma once

#include "olap/olap.h"
#include "store/store.h"

/* All that wait, oldest first, up to the first that fails. `stored` says how far the journal is in the
 * event store: deletions that need more stay; INT64_MIN leaves them all. Holds no connection while
 * the event store works. Any thread; what two deliver at once is told twice, which does no harm. */
int deliver_changes(struct store *s, struct olap *o, int64_t stored, struct err *e);
