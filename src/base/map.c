/* map.c - see map.h. Open addressing; the hash is seeded, so that a client cannot choose keys that
 * collide. */
#include "base/map.h"

#include "base/uuid.h"

static uint64_t seed;

__attribute__((constructor)) static void pick_seed(void)
{
    rand_bytes(&seed, sizeof(seed));
}

static uint64_t hash_of(str s)
{
    uint64_t h = seed ^ s.n;
    size_t i = 0;
    for (; i + 8 <= s.n; i += 8) {
        uint64_t word;
        memcpy(&word, s.p + i, 8);
        h = (h ^ word) * 0x9e3779b97f4a7c15u;
        h ^= h >> 32;
    }
    for (; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    h ^= h >> 29;
    h *= 0xbf58476d1ce4e5b9u;
    return h ^ h >> 32;
}

static struct map_slot *slot_of(const struct map *m, str key, uint64_t hash)
{
    size_t at = hash & (m->room - 1);
    while (m->slots[at].key.p && (m->slots[at].hash != hash || !str_eq(m->slots[at].key, key)))
        at = (at + 1) & (m->room - 1);
    return &m->slots[at];
}

void *map_get(const struct map *m, str key)
{
    if (!m->n)
        return NULL;
    struct map_slot *s = slot_of(m, key, hash_of(key));
    return s->key.p ? s->value : NULL;
}

static void grow(struct map *m)
{
    struct map old = *m;
    m->room = old.room ? old.room * 2 : 64;
    m->slots = arena_alloc(m->arena, m->room * sizeof(*m->slots));
    for (size_t i = 0; i < old.room; i++)
        if (old.slots[i].key.p)
            *slot_of(m, old.slots[i].key, old.slots[i].hash) = old.slots[i];
}

void **map_at(struct map *m, str key)
{
    if (m->n * 2 >= m->room)
        grow(m);
    uint64_t hash = hash_of(key);
    struct map_slot *s = slot_of(m, key, hash);
    if (!s->key.p) {
        *s = (struct map_slot){ hash, key, NULL };
        m->n++;
    }
    return &s->value;
}
