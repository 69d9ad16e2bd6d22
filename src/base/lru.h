/* lru.h - texts kept by key, the least recently used given up first. An entry belongs to a version of
 * what it was made from: asked for another version, it is not there. Any thread. */
#pragma once

#include "base/str.h"

struct lru;
struct lru_entry;

/* max: bytes of all texts and keys. */
struct lru *lru_new(size_t max);
/* NULL is allowed. Entries that are held live on until they are released. */
void lru_free(struct lru *l);
/* Held until lru_release; NULL: not there. */
struct lru_entry *lru_get(struct lru *l, str key, int64_t version);
/* Copies both; replaces what was under the key. */
void lru_put(struct lru *l, str key, int64_t version, str text);
str lru_text(const struct lru_entry *e);
void lru_release(void *entry);
