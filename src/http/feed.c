/* feed.c - see feed.h. A reader's connection is suspended while there is nothing for it, and resumed by
 * whoever changes that, under the lock: it is told only once. */
#include "http/feed.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"

#define BLOCK 2048u /* bytes sent at a time to a client of HTTP/1.0; others take what fits */

struct piece {
    unsigned refs; /* the feed's and its readers' */
    size_t n;
    char p[];
};

struct reader {
    struct http_feed *feed;
    struct MHD_Connection *connection;
    struct piece *now; /* being sent; NULL: none */
    size_t sent;       /* bytes of it */
    uint64_t at;       /* number of the next lasting piece */
    uint64_t passed;   /* number of the last passing one */
    int64_t last;      /* clock_mono_us when it was sent something */
    bool waiting;      /* suspended */
    struct reader *next, **link;
};

struct http_feed {
    pthread_mutex_t lock; /* guards all below */
    unsigned refs;
    bool ended;
    struct piece **kept; /* a ring of the newest lasting pieces */
    size_t room;
    uint64_t first, end; /* numbers of those */
    struct piece *passing;
    uint64_t passing_number;
    struct reader *readers;
};

struct http_feed *http_feed_new(void)
{
    struct http_feed *f = calloc(1, sizeof(*f));
    BUG_ON(!f);
    pthread_mutex_init(&f->lock, NULL);
    f->refs = 1;
    return f;
}

struct http_feed *http_feed_ref(struct http_feed *f)
{
    pthread_mutex_lock(&f->lock);
    f->refs++;
    pthread_mutex_unlock(&f->lock);
    return f;
}

static struct piece *piece_new(str text)
{
    struct piece *p = malloc(sizeof(*p) + text.n);
    BUG_ON(!p);
    p->refs = 1;
    p->n = text.n;
    memcpy(p->p, text.p, text.n);
    return p;
}

static void piece_unref(struct piece *p)
{
    if (p && --p->refs == 0)
        free(p);
}

void http_feed_unref(struct http_feed *f)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    bool last = --f->refs == 0;
    pthread_mutex_unlock(&f->lock);
    if (!last)
        return;
    for (uint64_t i = f->first; i < f->end; i++)
        piece_unref(f->kept[i % f->room]);
    piece_unref(f->passing);
    free(f->kept);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

/* -------------------------------------------------------------------------- the writer's side */

static void wake_all(struct http_feed *f)
{
    for (struct reader *r = f->readers; r; r = r->next)
        if (r->waiting) {
            r->waiting = false;
            MHD_resume_connection(r->connection);
        }
}

/* Room for one more: twice as much, up to the limit; then the oldest goes. */
static void make_room(struct http_feed *f)
{
    if (f->end - f->first < f->room)
        return;
    if (f->room == LIMIT_FEED_PIECES) {
        piece_unref(f->kept[f->first++ % f->room]);
        return;
    }
    size_t room = f->room ? f->room * 2 : 16;
    room = room < LIMIT_FEED_PIECES ? room : LIMIT_FEED_PIECES;
    struct piece **kept = calloc(room, sizeof(struct piece *));
    BUG_ON(!kept);
    for (uint64_t i = f->first; i < f->end; i++)
        kept[i % room] = f->kept[i % f->room];
    free(f->kept);
    f->kept = kept;
    f->room = room;
}

void http_feed_put(struct http_feed *f, str text, enum feed_piece kind)
{
    struct piece *p = piece_new(text);
    pthread_mutex_lock(&f->lock);
    if (kind != FEED_LASTING)
        piece_unref(TAKE(f->passing));
    if (f->ended) {
        piece_unref(p);
    } else if (kind == FEED_PASSING) {
        f->passing = p;
        f->passing_number++;
    } else {
        make_room(f);
        f->kept[f->end++ % f->room] = p;
    }
    wake_all(f);
    pthread_mutex_unlock(&f->lock);
}

void http_feed_end(struct http_feed *f)
{
    pthread_mutex_lock(&f->lock);
    f->ended = true;
    wake_all(f);
    pthread_mutex_unlock(&f->lock);
}

void http_feed_beat(struct http_feed *f, str text, int64_t idle_us)
{
    int64_t now = clock_mono_us();
    pthread_mutex_lock(&f->lock);
    for (struct reader *r = f->readers; r; r = r->next) {
        if (!r->waiting || now - r->last < idle_us)
            continue;
        r->now = piece_new(text);
        r->sent = 0;
        r->waiting = false;
        MHD_resume_connection(r->connection);
    }
    pthread_mutex_unlock(&f->lock);
}

unsigned http_feed_readers(struct http_feed *f)
{
    unsigned n = 0;
    pthread_mutex_lock(&f->lock);
    for (struct reader *r = f->readers; r; r = r->next)
        n++;
    pthread_mutex_unlock(&f->lock);
    return n;
}

/* -------------------------------------------------------------------------- the readers' side */

/* What comes next for it; NULL: nothing yet. */
static struct piece *next_piece(struct http_feed *f, struct reader *r)
{
    if (r->at < f->first)
        r->at = f->first;
    if (r->at < f->end)
        return f->kept[r->at++ % f->room];
    if (!f->passing || r->passed == f->passing_number)
        return NULL;
    r->passed = f->passing_number;
    return f->passing;
}

static ssize_t send_some(struct http_feed *f, struct reader *r, char *out, size_t max)
{
    if (!r->now && (r->now = next_piece(f, r))) {
        r->now->refs++;
        r->sent = 0;
    }
    if (!r->now && f->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (!r->now) {
        r->waiting = true;
        MHD_suspend_connection(r->connection);
        return 0;
    }
    size_t left = r->now->n - r->sent, n = left < max ? left : max;
    memcpy(out, r->now->p + r->sent, n);
    r->sent += n;
    r->last = clock_mono_us();
    if (n == left) {
        piece_unref(r->now);
        r->now = NULL;
    }
    return (ssize_t)n;
}

static ssize_t on_read(void *cls, uint64_t pos, char *out, size_t max)
{
    struct reader *r = cls;
    (void)pos;
    pthread_mutex_lock(&r->feed->lock);
    ssize_t n = send_some(r->feed, r, out, max);
    pthread_mutex_unlock(&r->feed->lock);
    return n;
}

static void on_free(void *cls)
{
    struct reader *r = cls;
    struct http_feed *f = r->feed;
    pthread_mutex_lock(&f->lock);
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    piece_unref(r->now);
    pthread_mutex_unlock(&f->lock);
    free(r);
    http_feed_unref(f);
}

struct MHD_Response *http_feed_response(struct http_feed *f, struct MHD_Connection *c)
{
    struct reader *r = calloc(1, sizeof(*r));
    BUG_ON(!r);
    *r = (struct reader){ .feed = http_feed_ref(f), .connection = c, .last = clock_mono_us() };
    pthread_mutex_lock(&f->lock);
    r->next = f->readers;
    r->link = &f->readers;
    if (r->next)
        r->next->link = &r->next;
    f->readers = r;
    pthread_mutex_unlock(&f->lock);
    struct MHD_Response *reply =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_read, r, on_free);
    if (!reply)
        on_free(r);
    return reply;
}
