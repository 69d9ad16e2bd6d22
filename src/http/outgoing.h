/* outgoing.h - HTTP requests to servers that somebody else named. One thread runs all of them at
 * once; whoever asks waits for the answer.
 *
 * Only http and https, no redirects, no proxy; certificates are checked. Where a connection may go
 * says http/reach.h. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "http/reach.h"

struct outgoing;

struct outgoing_header {
    const char *name; /* NULL ends a list */
    str value;
};

struct outgoing_request {
    const char *method;
    const char *url;
    const struct outgoing_header *headers; /* ended by a row without name; NULL: none */
    str body;                              /* STR_NULL: none */
    size_t answer_max;                     /* bytes of the answer's body; more is an error */
    int seconds;                           /* patience, all in all */
    const char *want;                      /* a header of the answer; NULL: none */
    /* Asked about once a second, on the thread of all requests: true gives it up. NULL: never. */
    bool (*gone)(void *context);
    void *gone_context;
};

struct outgoing_answer {
    long status;
    str body;   /* in the arena */
    str header; /* the one wanted; empty when it did not come */
};

/* buf_url, in the arena. */
str outgoing_escape(struct arena *a, str text, bool path);

/* reach must live as long. */
int outgoing_start(const struct reach *reach, struct outgoing **out, struct err *e);
/* After everyone who asks has ended. NULL is allowed. */
void outgoing_stop(struct outgoing *o);
/* An answer of any status: 0. ERR_UNAVAILABLE with a message for the user: there was none; ERR_DENIED:
 * there will be none, the address is closed. Any thread. */
int outgoing_run(struct outgoing *o, struct arena *a, const struct outgoing_request *q,
                 struct outgoing_answer *out, struct err *e);
