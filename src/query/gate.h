/* gate.h - who may work in the event store, and who may wait for it. Places are few; projects take turns
 * at them, so that the slow queries of one keep no other waiting. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct query_gate;

struct query_gate *query_gate_new(void);
/* Nobody is in it any more. */
void query_gate_free(struct query_gate *g);

/* Callers at a connection that wait for a result: bounded, in all and of a project, so that threads are
 * left for all else. ERR_THROTTLED when there are too many; after 0 comes query_gate_dismiss. */
int query_gate_admit(struct query_gate *g, int64_t team_id, struct err *e);
void query_gate_dismiss(struct query_gate *g, int64_t team_id);

/* Waits for a place. The next free one is for the project that has the fewest, of two for the one that
 * waits longer; one project never has all. ERR_THROTTLED after `seconds`; ERR_UNAVAILABLE with code
 * client_left when gone says so. After 0 comes query_gate_leave. */
int query_gate_enter(struct query_gate *g, int64_t team_id, int seconds,
                     bool (*gone)(void *context), void *context, struct err *e);
void query_gate_leave(struct query_gate *g, int64_t team_id);

/* How many work in the event store, and how many wait for a place. */
void query_gate_counts(struct query_gate *g, unsigned *running, unsigned *waiting);
