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
/* The tag of its statements, while it runs; NULL: it does not, or is not there. */
const char *query_background_tag(struct query_background *b, struct arena *a, int64_t team_id,
                                 str id);
/* See query_status and query_cancel in query.h. far: how far it is, or NULL. */
int query_background_status(struct query_background *b, struct arena *a, int64_t team_id, str id,
                            const struct olap_progress *far, str *out, bool *complete,
                            int *failed);
bool query_background_cancel(struct query_background *b, int64_t team_id, str id,
                             bool waiting_only);
