/* cache.h - results by key: those that were computed, bounded in memory, and those being computed, so
 * that the same query asked for twice at a time runs once. Any thread. */
#pragma once

#include "query/internal.h"

#define CACHE_KEY 80 /* bytes of a key with its NUL */

struct query_cache;

/* A result that never changes again. Whoever was given one drops it with query_entry_unref. */
struct query_entry {
    struct query_result result;
    int64_t refreshed; /* clock_now_us when it was computed */
    char key[CACHE_KEY];
};

struct query_cache *query_cache_new(void);
void query_cache_free(struct query_cache *c);

/* "cache_2_<hash>": the project, its zone and the node, whatever the order of its members. stamp: of what
 * else the answer depends on. */
void query_cache_key(const struct query_scope *s, const struct json *node, str stamp,
                     char out[CACHE_KEY]);

/* The entry kept under the key, or NULL. */
struct query_entry *query_cache_find(struct query_cache *c, const char *key);
void query_entry_unref(struct query_entry *entry);

/* One computation under way. */
struct query_flight;

/* Joins the computation of the key, or begins it. *lead: the caller computes and must call
 * query_cache_land. */
struct query_flight *query_cache_join(struct query_cache *c, const char *key, bool *lead);
/* Others wait for the flight: its leader goes on when its own client has left. */
bool query_flight_shared(struct query_cache *c, struct query_flight *f);
/* Ends it: with a result, which is taken over and may be kept, or with the error in e (rc < 0).
 * *entry is the caller's. Drops the flight. */
void query_cache_land(struct query_cache *c, struct query_flight *f, int rc,
                      struct query_result *result, struct err *e, struct query_entry **entry);
/* Waits for the leader. 0 with an entry; its error; or 1: the leader gave up because its own
 * client left, begin anew. Ends early with an error when gone says so. Drops the flight. */
int query_cache_follow(struct query_cache *c, struct query_flight *f, const struct query_scope *s,
                       struct query_entry **entry, struct err *e);

/* When an entry becomes stale: INT64_MAX never. */
int64_t query_stale_at(const struct query_entry *entry, bool lazy);
