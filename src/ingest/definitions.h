/* definitions.h - learns event and property definitions from events. Remembers what it has seen, so
 * that a known event costs no write. One thread. */
#pragma once

#include "base/map.h"
#include "ingest/event.h"
#include "model/definition.h"

struct definitions {
    struct arena *arena;
    struct map seen; /* team, what it is about, names -> int64_t, time of the last write */
    int64_t now;     /* of the event that is learned */
};

void definitions_init(struct definitions *s);
void definitions_release(struct definitions *s);
int definitions_learn(struct definitions *s, struct db *d, const struct event *ev, struct err *e);
/* After a transaction that was rolled back: what was remembered is perhaps not stored. */
void definitions_forget(struct definitions *s);
