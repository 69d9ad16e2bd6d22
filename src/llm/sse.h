/* sse.h - server-sent events out of bytes as they come, cut anywhere. */
#pragma once

#include "base/buf.h"

struct sse {
    struct buf line, data;
    char event[64];
    bool cr; /* the last byte was CR: an LF now belongs to it */
    bool some; /* data holds a line already */
    /* One event; data as UTF-8 lines joined by LF. Comments and empty ones are not told. */
    void (*take)(void *context, str event, str data);
    void *context;
};

void sse_init(struct sse *s, void (*take)(void *context, str event, str data), void *context);
/* False: a line or an event is longer than it may be. */
bool sse_add(struct sse *s, const char *p, size_t n);
/* The end: what stands without its blank line is an event, too. */
void sse_end(struct sse *s);
void sse_release(struct sse *s);
