/* cache.c - see cache.h. Entries are counted, so that an answer may go on using one that was pushed
 * out. The least recently used go first. */
#include "query/cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/uuid.h"

#define SLOTS 1024
#define SECOND CLOCK_SECOND
#define HOURS(n) ((n) * 3600 * SECOND)

struct kept {
    struct query_entry entry; /* first: callers hold its address */
    atomic_uint refs;
    struct kept *chain;       /* in its slot */
    struct kept *newer, *older;
    size_t size;
};

struct query_flight {
    char key[CACHE_KEY];
    struct query_flight *next;
    unsigned refs; /* leader and followers */
    bool landed, abandoned;
    int rc;
    struct err err;
    struct kept *result; /* with a reference of its own */
};

struct query_cache {
    pthread_mutex_t lock; /* guards everything here, and flights */
    pthread_cond_t landed;
    struct kept *slots[SLOTS];
    struct kept *newest, *oldest;
    size_t size;
    struct query_flight *flights;
};

struct query_cache *query_cache_new(void)
{
    struct query_cache *c = calloc(1, sizeof(*c));
    pthread_condattr_t monotonic;
    BUG_ON(!c);
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&c->landed, &monotonic);
    return c;
}

void query_entry_unref(struct query_entry *entry)
{
    struct kept *k = (struct kept *)entry;
    if (!k || atomic_fetch_sub(&k->refs, 1) > 1)
        return;
    buf_release(&k->entry.result.results);
    buf_release(&k->entry.result.members);
    free(k);
}

/* -------------------------------------------------------------------------- what is kept */

static struct kept **slot_of(struct query_cache *c, const char *key)
{
    uint32_t h = 2166136261u;
    for (const char *p = key; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    return &c->slots[h % SLOTS];
}

static void unlink_use(struct query_cache *c, struct kept *k)
{
    *(k->newer ? &k->newer->older : &c->newest) = k->older;
    *(k->older ? &k->older->newer : &c->oldest) = k->newer;
}

static void link_newest(struct query_cache *c, struct kept *k)
{
    k->newer = NULL;
    k->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = k;
    c->newest = k;
}

static void drop(struct query_cache *c, struct kept *k)
{
    struct kept **at = slot_of(c, k->entry.key);
    while (*at != k)
        at = &(*at)->chain;
    *at = k->chain;
    unlink_use(c, k);
    c->size -= k->size;
    query_entry_unref(&k->entry);
}

static struct kept *lookup(struct query_cache *c, const char *key)
{
    struct kept *k = *slot_of(c, key);
    while (k && strcmp(k->entry.key, key) != 0)
        k = k->chain;
    return k;
}

static void keep(struct query_cache *c, struct kept *k)
{
    struct kept *old = lookup(c, k->entry.key), **slot = slot_of(c, k->entry.key);
    if (old)
        drop(c, old);
    if (k->size > LIMIT_QUERY_CACHE / 4)
        return;
    while (c->oldest && c->size + k->size > LIMIT_QUERY_CACHE)
        drop(c, c->oldest);
    atomic_fetch_add(&k->refs, 1);
    k->chain = *slot;
    *slot = k;
    link_newest(c, k);
    c->size += k->size;
}

void query_cache_free(struct query_cache *c)
{
    while (c->oldest)
        drop(c, c->oldest);
    free(c);
}

struct query_entry *query_cache_find(struct query_cache *c, const char *key)
{
    pthread_mutex_lock(&c->lock);
    struct kept *k = lookup(c, key);
    if (k) {
        atomic_fetch_add(&k->refs, 1);
        unlink_use(c, k);
        link_newest(c, k);
    }
    pthread_mutex_unlock(&c->lock);
    return k ? &k->entry : NULL;
}

/* -------------------------------------------------------------------------- flights */

struct query_flight *query_cache_join(struct query_cache *c, const char *key, bool *lead)
{
    pthread_mutex_lock(&c->lock);
    struct query_flight *f = c->flights;
    while (f && strcmp(f->key, key) != 0)
        f = f->next;
    *lead = !f;
    if (!f) {
        f = calloc(1, sizeof(*f));
        BUG_ON(!f);
        snprintf(f->key, sizeof(f->key), "%s", key);
        f->next = c->flights;
        c->flights = f;
    }
    f->refs++;
    pthread_mutex_unlock(&c->lock);
    return f;
}

bool query_flight_shared(struct query_cache *c, struct query_flight *f)
{
    pthread_mutex_lock(&c->lock);
    bool shared = f->refs > 1;
    pthread_mutex_unlock(&c->lock);
    return shared;
}

static void leave(struct query_flight *f)
{
    if (--f->refs)
        return;
    if (f->result)
        query_entry_unref(&f->result->entry);
    free(f);
}

static struct kept *keep_new(struct query_flight *f, struct query_result *result)
{
    struct kept *k = calloc(1, sizeof(*k));
    BUG_ON(!k);
    k->entry.result = *result;
    *result = (struct query_result){ 0 };
    buf_trim(&k->entry.result.results); /* it may stay for long */
    buf_trim(&k->entry.result.members);
    k->entry.refreshed = clock_now_us();
    memcpy(k->entry.key, f->key, sizeof(f->key));
    k->size = sizeof(*k) + k->entry.result.results.cap + k->entry.result.members.cap;
    atomic_init(&k->refs, 2); /* the flight's and the caller's */
    return k;
}

void query_cache_land(struct query_cache *c, struct query_flight *f, int rc,
                      struct query_result *result, struct err *e, struct query_entry **entry)
{
    struct kept *k = rc < 0 ? NULL : keep_new(f, result);
    pthread_mutex_lock(&c->lock);
    struct query_flight **at = &c->flights;
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    f->landed = true;
    f->rc = rc;
    f->result = k;
    if (rc < 0) {
        f->err = *e;
        f->abandoned = str_eqz(str_of(e->code), "client_left");
    } else {
        keep(c, k);
        *entry = &k->entry;
    }
    pthread_cond_broadcast(&c->landed);
    leave(f);
    pthread_mutex_unlock(&c->lock);
}

static void wait_a_second(struct query_cache *c)
{
    int64_t until = clock_mono_us() + SECOND;
    struct timespec at = { until / SECOND, until % SECOND * 1000 };
    pthread_cond_timedwait(&c->landed, &c->lock, &at);
}

int query_cache_follow(struct query_cache *c, struct query_flight *f, const struct query_scope *s,
                       struct query_entry **entry, struct err *e)
{
    int rc = 0;
    pthread_mutex_lock(&c->lock);
    while (!f->landed && rc == 0) {
        wait_a_second(c);
        if (!f->landed && s->gone && s->gone(s->gone_context))
            rc = err_set(e, ERR_UNAVAILABLE, NULL, "The client left.");
    }
    if (rc == 0 && f->abandoned) {
        rc = 1;
    } else if (rc == 0 && f->rc < 0) {
        *e = f->err;
        rc = f->rc;
    } else if (rc == 0) {
        atomic_fetch_add(&f->result->refs, 1);
        *entry = &f->result->entry;
    }
    leave(f);
    pthread_mutex_unlock(&c->lock);
    return rc;
}

/* -------------------------------------------------------------------------- ages */

int64_t query_stale_at(const struct query_entry *entry, bool lazy)
{
    static const struct {
        int64_t normal, lazy;
    } ages[] = {
        [INTERVAL_NONE] = { HOURS(6), HOURS(12) },
        [INTERVAL_MINUTE] = { 300 * SECOND, 900 * SECOND },
        [INTERVAL_HOUR] = { HOURS(1), HOURS(2) },
        [INTERVAL_DAY] = { HOURS(6), HOURS(12) },
        [INTERVAL_WEEK] = { HOURS(24), HOURS(24) },
        [INTERVAL_MONTH] = { HOURS(48), HOURS(48) },
    };
    const struct query_result *r = &entry->result;
    if (r->date_to < entry->refreshed - 10 * SECOND) /* of a time that is over */
        return INT64_MAX;
    return entry->refreshed + (lazy ? ages[r->interval].lazy : ages[r->interval].normal);
}

/* -------------------------------------------------------------------------- keys */

static int by_key(const void *x, const void *y)
{
    const struct json *const *a = x, *const *b = y;
    return str_compare((*a)->key, (*b)->key);
}

/* Members that change nothing in the results. */
static bool ignored(str key, int depth)
{
    static const char *const names[] = { "response", "tags", "version", "name" };
    for (size_t i = 0; depth == 0 && i < ARRAY_LEN(names); i++)
        if (str_eqz(key, names[i]))
            return true;
    return false;
}

/* One text for one meaning: members in order, without nulls. */
static void canonical(struct arena *a, struct json_writer *w, const struct json *v, int depth)
{
    if (v->type != JSON_OBJECT && v->type != JSON_ARRAY) {
        json_tree(w, v);
        return;
    }
    const struct json **list = arena_alloc(a, (v->count + 1) * sizeof(*list));
    size_t n = 0;
    for (const struct json *m = v->head; m; m = m->next)
        if (v->type == JSON_ARRAY || (m->type != JSON_NULL && !ignored(m->key, depth)))
            list[n++] = m;
    if (v->type == JSON_OBJECT && n)
        qsort(list, n, sizeof(*list), by_key);
    json_open(w, v->type == JSON_ARRAY ? '[' : '{');
    for (size_t i = 0; i < n; i++) {
        if (v->type == JSON_OBJECT)
            json_key_str(w, list[i]->key);
        canonical(a, w, list[i], depth + 1);
    }
    json_close(w, v->type == JSON_ARRAY ? ']' : '}');
}

void query_cache_key(const struct query_scope *s, const struct json *node, str stamp,
                     char out[CACHE_KEY])
{
    char hash[65];
    struct buf b = BUF_INIT(LIMIT_BODY_API * 8);
    buf_printf(&b, "%lld %d " STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT " ",
               (long long)s->team_id,
               s->week_start, STR_ARG(s->timezone), STR_ARG(s->test_account_filters),
               STR_ARG(s->display_names), STR_ARG(s->path_cleaning), STR_ARG(stamp));
    struct json_writer w = JSON_WRITER(&b);
    canonical(s->arena, &w, node, 0);
    sha256_hex(buf_view(&b), hash);
    buf_release(&b);
    snprintf(out, CACHE_KEY, "cache_%lld_%.32s", (long long)s->team_id, hash);
}
