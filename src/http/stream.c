/* stream.c - see stream.h. The connection is suspended while there is nothing to send: MHD would ask
 * again and again. Whoever changes that resumes it, under the lock, so that a connection that was told
 * to wait is told only once. */
#include "http/stream.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"

#define BLOCK (64u * 1024)
#define STOP_SECONDS 5 /* that a reply has when the server stops */

struct http_stream {
    struct MHD_Connection *connection;
    const atomic_bool *stopping;
    int64_t stop_at; /* clock_mono_us; 0: the server does not stop */
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t room;
    struct buf b;
    size_t sent; /* bytes of b */
    bool waiting; /* the connection is suspended until there is something */
    bool ended, broken, left;
    int owners;
};

struct http_stream *http_stream_new(struct MHD_Connection *c, const atomic_bool *stopping)
{
    struct http_stream *s = calloc(1, sizeof(*s));
    pthread_condattr_t monotonic;
    BUG_ON(!s);
    s->connection = c;
    s->stopping = stopping;
    s->owners = 2;
    s->b = BUF_INIT(2 * LIMIT_STREAM);
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->room, &monotonic);
    return s;
}

static void wake(struct http_stream *s)
{
    if (!s->waiting || s->left)
        return;
    s->waiting = false;
    MHD_resume_connection(s->connection);
}

/* Under the lock. A client that only shut down its sending side counts as gone too. */
static bool gone(struct http_stream *s)
{
    char byte;
    const union MHD_ConnectionInfo *info;
    if (atomic_load(s->stopping) && !s->stop_at)
        s->stop_at = clock_mono_us() + STOP_SECONDS * CLOCK_SECOND;
    if (s->left || (s->stop_at && clock_mono_us() > s->stop_at))
        return true;
    info = MHD_get_connection_info(s->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    ssize_t n = info ? recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) : 0;
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

bool http_stream_left(struct http_stream *s)
{
    pthread_mutex_lock(&s->lock);
    bool left = gone(s);
    pthread_mutex_unlock(&s->lock);
    return left;
}

/* Waits a second at most for the reader to take something. */
static void wait_for_room(struct http_stream *s)
{
    int64_t until = clock_mono_us() + CLOCK_SECOND;
    struct timespec at = { until / CLOCK_SECOND, until % CLOCK_SECOND * 1000 };
    pthread_cond_timedwait(&s->room, &s->lock, &at);
}

static void put(struct http_stream *s, str piece)
{
    if (s->sent == s->b.n) {
        buf_reset(&s->b);
        s->sent = 0;
    } else if (s->sent > LIMIT_STREAM) { /* never more than the buffer's second half moves */
        memmove(s->b.p, s->b.p + s->sent, s->b.n - s->sent);
        s->b.n -= s->sent;
        s->sent = 0;
    }
    buf_str(&s->b, piece);
    wake(s);
}

int http_stream_put(struct http_stream *s, str piece, struct err *e)
{
    bool left = false;
    pthread_mutex_lock(&s->lock);
    while (piece.n && !left) {
        size_t unsent = s->b.n - s->sent;
        size_t n = LIMIT_STREAM - unsent < piece.n ? LIMIT_STREAM - unsent : piece.n;
        left = s->left;
        if (n && !left) {
            put(s, str_slice(piece, 0, n));
            piece = str_slice(piece, n, piece.n);
        } else if (!left) {
            wait_for_room(s);
            left = s->b.n - s->sent == LIMIT_STREAM && gone(s);
        }
    }
    pthread_mutex_unlock(&s->lock);
    if (!left)
        return 0;
    err_set(e, ERR_UNAVAILABLE, NULL, "The client left.");
    snprintf(e->code, sizeof(e->code), "client_left");
    return e->kind;
}

void http_stream_end(struct http_stream *s, bool whole)
{
    pthread_mutex_lock(&s->lock);
    s->ended = true;
    s->broken = !whole;
    wake(s);
    pthread_mutex_unlock(&s->lock);
}

bool http_stream_ended(struct http_stream *s)
{
    pthread_mutex_lock(&s->lock);
    bool ended = s->ended;
    pthread_mutex_unlock(&s->lock);
    return ended;
}

static ssize_t on_read(void *cls, uint64_t pos, char *out, size_t max)
{
    struct http_stream *s = cls;
    ssize_t n = 0;
    (void)pos;
    pthread_mutex_lock(&s->lock);
    size_t there = s->b.n - s->sent;
    if (there) {
        n = (ssize_t)(there < max ? there : max);
        memcpy(out, s->b.p + s->sent, (size_t)n);
        s->sent += (size_t)n;
        pthread_cond_signal(&s->room);
    } else if (s->ended) {
        n = s->broken ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        s->waiting = true;
        MHD_suspend_connection(s->connection);
    }
    pthread_mutex_unlock(&s->lock);
    return n;
}

struct MHD_Response *http_stream_response(struct http_stream *s)
{
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_read, s, NULL);
}

void http_stream_leave(struct http_stream *s)
{
    pthread_mutex_lock(&s->lock);
    s->left = true;
    pthread_cond_signal(&s->room);
    pthread_mutex_unlock(&s->lock);
}

bool http_stream_unref(struct http_stream *s)
{
    pthread_mutex_lock(&s->lock);
    bool last = --s->owners == 0;
    pthread_mutex_unlock(&s->lock);
    if (!last)
        return false;
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->room);
    buf_release(&s->b);
    free(s);
    return true;
}
