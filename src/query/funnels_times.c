/* funnels_times.c - see funnels_times.h. */
#include "query/funnels_times.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"

#define FIRST 8 /* kept whatever the budget */

static bool grow(struct funnel_times *t, size_t most, struct funnel_budget *budget)
{
    size_t room = t->room ? t->room * 2 : FIRST;
    if (room > most)
        room = most;
    size_t more = (room - t->room) * sizeof(*t->p);
    if (room <= t->room || (t->room && more > budget->left))
        return false;
    budget->left -= more < budget->left ? more : budget->left;
    t->p = realloc(t->p, room * sizeof(*t->p));
    BUG_ON(!t->p);
    t->room = room;
    return true;
}

/* A number that looks random and is the same in every run. */
static uint64_t scatter(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static void keep(struct funnel_times *t, int64_t us, size_t most, struct funnel_budget *budget)
{
    t->seen++;
    if (t->n == t->room && (t->n < t->seen - 1 || !grow(t, most, budget))) {
        uint64_t place = scatter(t->seen) % t->seen;
        if (place < t->n)
            t->p[place] = us;
        return;
    }
    t->p[t->n++] = us;
}

void funnel_times_add(struct funnel_times *t, int64_t us, size_t most,
                      struct funnel_budget *budget)
{
    keep(t, us, most, budget);
    t->seconds += us / CLOCK_SECOND;
    t->micros += us % CLOCK_SECOND;
}

void funnel_times_join(struct funnel_times *t, const struct funnel_times *from, size_t most,
                       struct funnel_budget *budget)
{
    uint64_t seen = t->seen + from->seen;
    for (size_t i = 0; i < from->n; i++)
        keep(t, from->p[i], most, budget);
    t->seen = seen;
    t->seconds += from->seconds;
    t->micros += from->micros;
}

void funnel_times_release(struct funnel_times *t)
{
    free(t->p);
    *t = (struct funnel_times){ 0 };
}

double funnel_times_mean(const struct funnel_times *t)
{
    return ((double)t->seconds + (double)t->micros / CLOCK_SECOND) / (double)t->seen;
}

static void swap(int64_t *x, int64_t *y)
{
    int64_t z = *x;
    *x = *y;
    *y = z;
}

/* Puts the k-th smallest in its place, none greater before it and none smaller behind it. */
static int64_t select_nth(int64_t *p, size_t n, size_t k)
{
    size_t low = 0, high = n - 1;
    while (low < high) {
        int64_t pivot = p[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) { /* Hoare's partition */
            while (p[i] < pivot)
                i++;
            while (p[j] > pivot)
                j--;
            if (i >= j)
                break;
            swap(&p[i++], &p[j--]);
        }
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
    return p[k];
}

double funnel_times_median(struct funnel_times *t)
{
    size_t middle = (t->n - 1) / 2;
    int64_t low = select_nth(t->p, t->n, middle), high = low;
    if (t->n % 2 == 0) {
        high = INT64_MAX;
        for (size_t i = middle + 1; i < t->n; i++)
            if (t->p[i] < high)
                high = t->p[i];
    }
    return ((double)low + (double)(high - low) / 2) / CLOCK_SECOND;
}
