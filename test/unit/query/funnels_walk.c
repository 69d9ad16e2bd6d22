/* Tests query/funnels_walk.c: how far one actor comes, and that the order of events of one instant does
 * not matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "query/funnels_walk.h"

/* "0:1 5:2 5:3x2": at 0 the first step, at 5 the second, at 5 steps 1 and 2 as bits 3; x2: an exclusion
 * before the step of that bit. */
static size_t read_events(const char *text, struct funnel_event *out)
{
    size_t n = 0;
    for (const char *p = text; *p;) {
        char *end;
        out[n] = (struct funnel_event){ .at = strtoll(p, &end, 10) };
        out[n].steps = (uint32_t)strtoul(end + 1, &end, 10);
        if (*end == 'x')
            out[n].exclusions = (uint32_t)strtoul(end + 1, &end, 10);
        n++;
        p = *end ? end + 1 : end;
    }
    return n;
}

static struct funnel_path walked(struct funnel_rules rules, struct funnel_event *events, size_t n)
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct funnel_path path;
    funnel_sort(events, n);
    funnel_walk(funnel_walker_new(a, &rules), events, n, 0, INT64_MIN, INT64_MAX, &path);
    return path;
}

static void goes_as_far_as_events_allow(void **state)
{
    (void)state;
    static const struct {
        enum funnel_order order;
        unsigned n;
        uint32_t optional;
        const char *events;
        unsigned reached;
        int64_t last; /* when the furthest step was taken */
    } rows[] = {
        { FUNNEL_ORDERED, 3, 0, "0:1 5:2 9:4", 3, 9 },
        { FUNNEL_ORDERED, 3, 0, "0:1 5:4 9:2", 2, 9 },
        { FUNNEL_ORDERED, 3, 0, "0:2 5:4", 0, 0 },
        { FUNNEL_ORDERED, 2, 0, "0:1 10:2", 2, 10 }, /* the window is 10 */
        { FUNNEL_ORDERED, 2, 0, "0:1 11:2", 1, 0 },
        { FUNNEL_ORDERED, 3, 0, "0:4 0:2 0:1", 3, 0 },
        { FUNNEL_ORDERED, 2, 0, "0:3 0:1", 2, 0 },
        { FUNNEL_ORDERED, 3, 0, "0:1 5:3 5:4", 3, 5 }, /* one event is the second step */
        { FUNNEL_ORDERED, 2, 0, "0:1 3:0x2 5:2", 0, 0 },
        { FUNNEL_ORDERED, 2, 0, "0:1 5:0x2 5:2", 2, 5 }, /* at once: does not count */
        { FUNNEL_ORDERED, 2, 0, "0:1 3:0x2 4:1 5:2", 2, 5 },
        { FUNNEL_ORDERED, 3, 2, "0:1 5:4", 3, 5 },
        { FUNNEL_ORDERED, 3, 2, "0:1 5:6", 3, 5 }, /* the further one of an event's steps */
        { FUNNEL_STRICT, 2, 0, "0:1 3:0 5:2", 1, 0 },
        { FUNNEL_STRICT, 2, 0, "0:1 5:0 5:2", 2, 5 },
        { FUNNEL_STRICT, 3, 2, "0:1 5:4", 3, 5 },
        { FUNNEL_UNORDERED, 3, 0, "0:4 3:1 5:2", 3, 5 },
        { FUNNEL_UNORDERED, 3, 0, "0:4 9:1 11:2", 2, 9 },
        { FUNNEL_UNORDERED, 2, 0, "0:3 5:1", 2, 5 }, /* the first is spared for the second step */
        { FUNNEL_UNORDERED, 2, 0, "0:1 3:0x2 5:2", 1, 5 },
        { FUNNEL_UNORDERED, 2, 0, "0:1 3:0x2", 0, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct funnel_event events[8];
        struct funnel_rules rules = { rows[i].order, rows[i].n, 10, rows[i].optional, -1 };
        struct funnel_path path = walked(rules, events, read_events(rows[i].events, events));
        assert_int_equal(funnel_reached(&path), rows[i].reached);
        if (rows[i].reached)
            assert_int_equal(path.times[rows[i].reached - 1], rows[i].last);
    }
}

static uint32_t random_of(uint32_t *seed, uint32_t n)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % n;
}

/* Shuffles what happens at once; everything else about the events stays. */
static void order_at_once_does_not_matter(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < 4000; round++) {
        struct funnel_event events[24], other[24];
        size_t n = 1 + random_of(&seed, 24);
        struct funnel_rules rules = { (enum funnel_order)random_of(&seed, 3),
                                      2 + random_of(&seed, 3), random_of(&seed, 12), 0, -1 };
        if (rules.order != FUNNEL_UNORDERED)
            rules.optional = random_of(&seed, 4) * 2;
        for (size_t i = 0; i < n; i++)
            events[i] = (struct funnel_event){
                .at = random_of(&seed, 12), .steps = random_of(&seed, 1u << rules.n),
                .exclusions = random_of(&seed, 8) ? 0 : 2 * random_of(&seed, 1u << (rules.n - 1))
            };
        for (size_t i = 0; i < n; i++)
            other[i] = events[n - 1 - i];
        struct funnel_path one = walked(rules, events, n), two = walked(rules, other, n);
        assert_int_equal(one.steps, two.steps);
        for (unsigned step = 0; step < rules.n; step++)
            if (one.steps >> step & 1)
                assert_int_equal(one.times[step], two.times[step]);
    }
}

static void begins_only_where_it_may(void **state)
{
    (void)state;
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct funnel_event events[] = { { 0, 1, 0, 0 }, { 5, 1, 0, 0 }, { 8, 2, 0, 0 }, { 9, 1, 0, 0 } };
    for (int order = FUNNEL_ORDERED; order <= FUNNEL_UNORDERED; order++) {
        struct funnel_rules rules = { (enum funnel_order)order, 2, 10, 0, -1 };
        struct funnel_walker *w = funnel_walker_new(a, &rules);
        struct funnel_path path;
        funnel_walk(w, events, ARRAY_LEN(events), 0, 5, 6, &path);
        assert_int_equal(funnel_reached(&path), 2);
        assert_int_equal(path.start, 5);
        funnel_walk(w, events, ARRAY_LEN(events), 0, 9, 10, &path);
        assert_int_equal(funnel_reached(&path), 1);
        funnel_walk(w, events, ARRAY_LEN(events), 0, 10, 20, &path);
        assert_int_equal(funnel_reached(&path), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_as_far_as_events_allow),
        cmocka_unit_test(order_at_once_does_not_matter),
        cmocka_unit_test(begins_only_where_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
