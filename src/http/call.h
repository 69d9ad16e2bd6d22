/* call.h - one HTTP request of our own to a server we know, and its whole answer. Blocks. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct http_call {
    const char *method; /* NULL: GET, or POST with a body */
    const char *url;
    const char *socket; /* path of a unix socket in place of the url's host; NULL: none */
    const char *bearer; /* NULL: none */
    str body;           /* JSON; STR_NULL: none */
    long seconds;       /* patience */
};

/* 1 answered, with any status, the body appended to out; 0 nobody listens there; negative: it was
 * not answered (ERR_UNAVAILABLE). Any thread. */
int http_call(const struct http_call *c, long *status, struct buf *out, struct err *e);
