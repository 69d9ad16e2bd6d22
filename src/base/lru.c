/* lru.c - see lru.h. A table of chains, and a ring in the order of use through the same entries. */
#include "base/lru.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"

#define CHAINS 1024 /* a power of two */

struct lru_entry {
    struct lru_entry *chain;
    struct lru_entry *newer, *older; /* the ring; the head stands between newest and oldest */
    atomic_uint holders;             /* the table is one */
    uint64_t hash;
    int64_t version;
    size_t key_n, text_n;
    char data[]; /* key, then text */
};

struct lru {
    pthread_mutex_t lock; /* guards everything but entries' data */
    struct lru_entry head; /* of the ring */
    struct lru_entry *chains[CHAINS];
    size_t used, max;
};

struct lru *lru_new(size_t max)
{
    struct lru *l = calloc(1, sizeof(*l));
    BUG_ON(!l);
    pthread_mutex_init(&l->lock, NULL);
    l->head.newer = l->head.older = &l->head;
    l->max = max;
    return l;
}

void lru_release(void *entry)
{
    struct lru_entry *e = entry;
    if (atomic_fetch_sub(&e->holders, 1) == 1)
        free(e);
}

str lru_text(const struct lru_entry *e)
{
    return (str){ e->data + e->key_n, e->text_n };
}

static uint64_t hash_of(str key)
{
    uint64_t h = 0xCBF29CE484222325u;
    for (size_t i = 0; i < key.n; i++)
        h = (h ^ (unsigned char)key.p[i]) * 0x100000001B3u;
    return h ^ h >> 29;
}

static size_t weight(const struct lru_entry *e)
{
    return sizeof(*e) + e->key_n + e->text_n;
}

static struct lru_entry **find(struct lru *l, uint64_t hash, str key)
{
    struct lru_entry **at = &l->chains[hash & (CHAINS - 1)];
    while (*at && ((*at)->hash != hash || !str_eq((str){ (*at)->data, (*at)->key_n }, key)))
        at = &(*at)->chain;
    return at;
}

static void unring(struct lru_entry *e)
{
    e->newer->older = e->older;
    e->older->newer = e->newer;
}

static void make_newest(struct lru *l, struct lru_entry *e)
{
    e->older = l->head.older;
    e->newer = &l->head;
    l->head.older->newer = e;
    l->head.older = e;
}

static void drop(struct lru *l, struct lru_entry **at)
{
    struct lru_entry *e = *at;
    *at = e->chain;
    unring(e);
    l->used -= weight(e);
    lru_release(e);
}

void lru_free(struct lru *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < CHAINS; i++)
        while (l->chains[i])
            drop(l, &l->chains[i]);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

struct lru_entry *lru_get(struct lru *l, str key, int64_t version)
{
    uint64_t hash = hash_of(key);
    pthread_mutex_lock(&l->lock);
    struct lru_entry *e = *find(l, hash, key);
    if (e && e->version != version)
        e = NULL;
    if (e) {
        unring(e);
        make_newest(l, e);
        atomic_fetch_add(&e->holders, 1);
    }
    pthread_mutex_unlock(&l->lock);
    return e;
}

void lru_put(struct lru *l, str key, int64_t version, str text)
{
    uint64_t hash = hash_of(key);
    size_t size = sizeof(struct lru_entry) + key.n + text.n;
    if (size > l->max / 4) /* one text shall not push all others out */
        return;
    struct lru_entry *e = malloc(size);
    BUG_ON(!e);
    *e = (struct lru_entry){ .hash = hash, .version = version, .key_n = key.n, .text_n = text.n };
    atomic_init(&e->holders, 1);
    memcpy(e->data, key.p, key.n);
    memcpy(e->data + key.n, text.p, text.n);
    pthread_mutex_lock(&l->lock);
    struct lru_entry **at = find(l, hash, key);
    if (*at)
        drop(l, at);
    while (l->used + size > l->max) {
        struct lru_entry *oldest = l->head.newer;
        drop(l, find(l, oldest->hash, (str){ oldest->data, oldest->key_n }));
    }
    e->chain = l->chains[hash & (CHAINS - 1)];
    l->chains[hash & (CHAINS - 1)] = e;
    make_newest(l, e);
    l->used += size;
    pthread_mutex_unlock(&l->lock);
}
