/* throttle.c - see throttle.h. Counts by windows that begin with a request: a table of fixed size, in
 * which a newcomer takes the place of the one whose window ends first. */
#include "api/throttle.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"

#define SLOTS 8192 /* a power of two */
#define PROBES 8
#define MINUTE 60
#define HOUR 3600
#define DAY 86400

static const struct limit {
    enum throttle_class class;
    int64_t seconds, most;
} limits[] = {
    { THROTTLE_DEFAULT, MINUTE, 480 },       { THROTTLE_DEFAULT, HOUR, 4800 },
    { THROTTLE_READS, MINUTE, 240 },         { THROTTLE_READS, HOUR, 1200 },
    { THROTTLE_QUERY, MINUTE, 240 },         { THROTTLE_QUERY, HOUR, 2400 },
    { THROTTLE_SQL, HOUR, 120 },             { THROTTLE_FLAGS, MINUTE, 600 },
    { THROTTLE_PERSON_DELETE, MINUTE, 480 }, { THROTTLE_PERSON_DELETE, HOUR, 4800 },
    { THROTTLE_AI, MINUTE, 10 },             { THROTTLE_AI, DAY, 100 },
    { THROTTLE_RESEARCH, MINUTE, 3 },        { THROTTLE_RESEARCH, DAY, 10 },
};

struct window {
    uint64_t who;   /* hash of caller and limit; 0: free */
    int64_t end;    /* clock_mono_us */
    int64_t count;
};

struct throttle {
    pthread_mutex_t lock; /* guards windows */
    struct window windows[SLOTS];
};

struct throttle *throttle_new(void)
{
    struct throttle *t = calloc(1, sizeof(*t));
    BUG_ON(!t);
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void throttle_free(struct throttle *t)
{
    if (!t)
        return;
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static uint64_t hash_of(str who, size_t limit)
{
    uint64_t h = 0xcbf29ce484222325u ^ limit;
    for (size_t i = 0; i < who.n; i++)
        h = (h ^ (unsigned char)who.p[i]) * 0x100000001b3u;
    h ^= h >> 29;
    return h ? h : 1;
}

static struct window *window_of(struct throttle *t, uint64_t who, int64_t now, int64_t seconds)
{
    struct window *first = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        struct window *w = &t->windows[(who + i) & (SLOTS - 1)];
        if (w->who == who && w->end > now)
            return w;
        if (!first || w->end < first->end)
            first = w;
    }
    *first = (struct window){ who, now + seconds * CLOCK_SECOND, 0 };
    return first;
}

int64_t throttle_wait(struct throttle *t, str who, enum throttle_class class)
{
    int64_t now = clock_mono_us(), until = 0;
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        if (limits[i].class != class)
            continue;
        struct window *w = window_of(t, hash_of(who, i), now, limits[i].seconds);
        if (w->count >= limits[i].most && w->end > until)
            until = w->end;
        else if (w->count < limits[i].most)
            w->count++;
    }
    pthread_mutex_unlock(&t->lock);
    return until ? (until - now + CLOCK_SECOND - 1) / CLOCK_SECOND : 0;
}
