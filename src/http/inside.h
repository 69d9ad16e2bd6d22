/* inside.h - a request that the server makes of itself: the same handlers, no connection. Its parameters
 * are given as they are, without encoding; it has no headers. */
#pragma once

#include "http/server.h"

struct http_pair {
    const char *name; /* NULL ends a list */
    str value;
};

struct http_inside {
    struct http_request request; /* its arena and context are the caller's */
    const struct http_pair *query;
    bool (*gone)(void *context); /* whether nobody waits any more; NULL: never */
    void *gone_context;
    const void *who; /* for the owner of the handlers: who asks */
    struct inside_wait *wait;
};

/* The request within, or NULL: it came over a connection. */
struct http_inside *http_inside_of(struct http_request *r);

/* path: the whole one. body: copied. Then run, http_inside_wait, look at the reply, and release. */
void http_inside_init(struct http_inside *i, struct arena *a, const char *method, str path,
                      const struct http_pair *query, str body, void *context);
/* Until a handler that replies later has. */
void http_inside_wait(struct http_inside *i);
void http_inside_release(struct http_inside *i);

/* What http_suspend and http_resume do for it. */
void http_inside_suspend(struct http_inside *i);
void http_inside_resume(struct http_inside *i);
