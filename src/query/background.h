/* background.h - queries that nobody waits for at a connection: started, looked at, cancelled by id.
 * They live in memory: a restart forgets them. Any thread. */
#pragma once

#include "query/query.h"

struct query_background;

struct query_background *query_background_new(struct query_service *s);
/* Cancels and waits. */
void query_background_free(struct query_background *b);

/* Queues the node under the scope's id, or the key when it has none; one of that id that has not
 * ended is not started again. *status: its status object. Too many of them: ERR_THROTTLED. */
int query_background_start(struct query_background *b, const struct query_scope *s,
                           const struct json *node, const char *key, str *status, struct err *e);
/* See query_status and query_cancel in query.h. */
int query_background_status(struct query_background *b, struct arena *a, int64_t team_id, str id,
                            str *out, bool *complete, int *failed);
bool query_background_cancel(struct query_background *b, int64_t team_id, str id,
                             bool waiting_only);
