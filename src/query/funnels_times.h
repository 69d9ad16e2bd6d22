/* funnels_times.h - how long conversions took, in microseconds: the exact mean, and the times
 * themselves for medians and bins. Past a maximum they are a sample, in which every conversion has
 * the same chance to be. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that all the times of one query may take together. */
struct funnel_budget {
    size_t left;
};

/* Zeroed is empty. p is malloc's. */
struct funnel_times {
    int64_t *p;
    size_t n, room;
    uint64_t seen; /* conversions; n < seen: p is a sample */
    int64_t seconds, micros; /* their sum */
};

/* most: times kept at most, whatever the budget. */
void funnel_times_add(struct funnel_times *t, int64_t us, size_t most,
                      struct funnel_budget *budget);
/* Those of `from`, too. */
void funnel_times_join(struct funnel_times *t, const struct funnel_times *from, size_t most,
                       struct funnel_budget *budget);
void funnel_times_release(struct funnel_times *t);
/* In seconds; not of an empty one. The median changes the order of the times. */
double funnel_times_mean(const struct funnel_times *t);
double funnel_times_median(struct funnel_times *t);
