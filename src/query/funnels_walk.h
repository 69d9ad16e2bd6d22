/* funnels_walk.h - how far one actor came in a funnel, from the actor's events. No SQL, no JSON.
 *
 * Steps and exclusions are sets of bits: bit 0 is the first step. An exclusion's bit k says that
 * the event must not stand between step k - 1 and step k (from 0), so bit 0 is never set. Times are
 * microseconds. A walker is used by one thread at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define FUNNEL_STEPS_MAX 30

enum funnel_order { FUNNEL_ORDERED, FUNNEL_STRICT, FUNNEL_UNORDERED };

struct funnel_event {
    int64_t at;
    uint32_t steps, exclusions;
    uint32_t value; /* of the breakdown; the caller's numbering */
};

struct funnel_rules {
    enum funnel_order order;
    unsigned n;        /* steps */
    int64_t window;    /* from the first step to the last; hit exactly is inside */
    uint32_t optional; /* steps that may be skipped */
    int value_step;    /* this step, from 0, is only taken by events of the wanted value; -1: all
                        * may be taken by any event */
};

/* The furthest way. Without order, times are those of the events as they come, and the steps are
 * counted: the first n bits. */
struct funnel_path {
    uint32_t steps; /* those taken; 0: none, or an exclusion spoiled the way */
    int64_t start;
    int64_t times[FUNNEL_STEPS_MAX]; /* of the steps taken */
};

struct funnel_walker;

/* Lives in the arena. */
struct funnel_walker *funnel_walker_new(struct arena *a, const struct funnel_rules *rules);

/* In order of time; events of one instant in any order. */
void funnel_sort(struct funnel_event *events, size_t n);

/* events: sorted. Ways begin at or after `from` and before `to`. `value` is the wanted one of
 * rules.value_step. */
void funnel_walk(struct funnel_walker *w, const struct funnel_event *events, size_t n,
                 uint32_t value, int64_t from, int64_t to, struct funnel_path *out);

/* The furthest step taken, from 1; 0: none. */
static inline unsigned funnel_reached(const struct funnel_path *path)
{
    return path->steps ? 32u - (unsigned)__builtin_clz(path->steps) : 0;
}
