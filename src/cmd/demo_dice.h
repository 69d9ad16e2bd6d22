/* demo_dice.h - the demo's random numbers: the same seed, the same throws, on every machine. */
#pragma once

#include <math.h>

#include "base/str.h"

struct dice {
    uint64_t state;
};

/* SplitMix64. */
static inline uint64_t dice_next(struct dice *d)
{
    uint64_t z = (d->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Dice of their own for one part of the story: they do not move when another part throws more. */
static inline struct dice dice_of(uint64_t seed, uint64_t part)
{
    struct dice d = { seed * 0x2545f4914f6cdd1du + part };
    d.state = dice_next(&d);
    return d;
}

/* [0, 1) */
static inline double dice_unit(struct dice *d)
{
    return (double)(dice_next(d) >> 11) * 0x1p-53;
}

static inline bool dice_chance(struct dice *d, double p)
{
    return dice_unit(d) < p;
}

/* 0 to n - 1 */
static inline int dice_below(struct dice *d, int n)
{
    return (int)(dice_unit(d) * n);
}

static inline int dice_between(struct dice *d, int least, int most)
{
    return least + dice_below(d, most - least + 1);
}

static inline double dice_exponential(struct dice *d, double mean)
{
    return -mean * log(1 - dice_unit(d));
}
