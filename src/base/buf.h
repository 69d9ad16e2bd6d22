/* buf.h - a growing byte buffer with a maximum.
 *
 * Growing past the maximum sets `full`, keeps what was there, and drops what follows: a writer
 * appends without checking and looks at `full` once, at the end. Memory is from malloc. */
#pragma once

#include "base/str.h"

struct buf {
    char *p;
    size_t n, cap;
    size_t max; /* bytes; never more than this is held */
    bool full;  /* something was dropped */
};

#define BUF_INIT(max_) ((struct buf){ .max = (max_) })

void buf_release(struct buf *b);
void buf_reset(struct buf *b);
/* Gives back memory that the content does not need. */
void buf_trim(struct buf *b);
/* Room for n more bytes at b->p + b->n, or NULL when that passes the maximum. */
char *buf_room(struct buf *b, size_t n);
/* Percent-encoded as a part of a URL: all but A-Z a-z 0-9 - . _ ~; '/' stays too when it is a path. */
void buf_url(struct buf *b, str s, bool path);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline void buf_add(struct buf *b, const void *p, size_t n)
{
    if (!n)
        return;
    char *to = n <= b->cap - b->n && !b->full ? b->p + b->n : buf_room(b, n);
    if (!to)
        return;
    memcpy(to, p, n);
    b->n += n;
}

static inline void buf_str(struct buf *b, str s)
{
    buf_add(b, s.p, s.n);
}

static inline void buf_z(struct buf *b, const char *z)
{
    buf_add(b, z, strlen(z));
}

static inline void buf_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

static inline str buf_view(const struct buf *b)
{
    return (str){ b->p ? b->p : "", b->n };
}
