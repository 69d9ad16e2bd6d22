/* traffic.h - counts of the requests answered, by route and status, and of the events captured. Any
 * thread; no locks. */
#pragma once

#include "base/metrics.h"

struct route;

enum { TRAFFIC_CLASSES = 5 }; /* 1xx … 5xx */

/* One row of the route table. */
struct traffic_route {
    const struct route *route; /* NULL: requests that no row matched */
    atomic_llong classes[TRAFFIC_CLASSES];
    struct histogram times;
};

enum refusal { REFUSED_INVALID, REFUSED_TOKEN, REFUSED_TOO_LARGE, REFUSED_UNAVAILABLE, REFUSALS };

struct traffic {
    struct traffic_route *routes; /* table after table, then the one without a row */
    size_t n;
    const struct traffic_table {
        const struct route *first;
        size_t n, base;
    } *tables;
    size_t tables_n;
    atomic_llong events;            /* accepted: on disk and acknowledged */
    atomic_llong refused[REFUSALS]; /* capture requests */
};

/* tables: n of them, each ended by a row without method. */
struct traffic *traffic_new(const struct route *const *tables, size_t n);
void traffic_free(struct traffic *t);
/* row NULL: none matched. events: accepted with it. Capture requests that were refused count as such
 * by their status. */
void traffic_count(struct traffic *t, const struct route *row, int status, int64_t us,
                   int64_t events);
