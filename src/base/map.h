/* map.h - a hash map from text to pointers, in an arena. Keys are not copied. Nothing is removed. */
#pragma once

#include "base/arena.h"

struct map_slot {
    uint64_t hash;
    str key; /* p == NULL: free */
    void *value;
};

struct map {
    struct arena *arena;
    struct map_slot *slots;
    size_t room, n; /* room is a power of two, or 0 */
};

#define MAP_INIT(arena_) ((struct map){ .arena = (arena_) })

/* NULL when absent. */
void *map_get(const struct map *m, str key);
/* The place of the key's value, made (NULL) when absent; valid until the next call. */
void **map_at(struct map *m, str key);
