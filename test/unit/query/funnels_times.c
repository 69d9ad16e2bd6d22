/* Tests query/funnels_times.c: means and medians against sorting, samples when there is no room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "query/funnels_times.h"

static int by_size(const void *x, const void *y)
{
    const int64_t *a = x, *b = y;
    return *a < *b ? -1 : *a > *b;
}

static void is_as_by_sorting(void **state)
{
    (void)state;
    uint32_t seed = 3;
    for (size_t n = 1; n < 200; n++) {
        struct funnel_times t = { 0 };
        struct funnel_budget budget = { 1 << 20 };
        int64_t all[200];
        double sum = 0;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            all[i] = n % 3 ? seed >> 8 : seed >> 29; /* many equal ones, too */
            sum += (double)all[i];
            funnel_times_add(&t, all[i], SIZE_MAX, &budget);
        }
        qsort(all, n, sizeof(*all), by_size);
        double median = (double)(all[(n - 1) / 2] + all[n / 2]) / 2e6;
        assert_true(fabs(funnel_times_mean(&t) - sum / (double)n / 1e6) < 1e-9);
        assert_true(fabs(funnel_times_median(&t) - median) < 1e-9);
        funnel_times_release(&t);
    }
}

static void joins(void **state)
{
    (void)state;
    struct funnel_times x = { 0 }, y = { 0 };
    struct funnel_budget budget = { 1 << 20 };
    for (int64_t i = 1; i <= 100; i++)
        funnel_times_add(i % 2 ? &x : &y, i * 1000000, SIZE_MAX, &budget);
    funnel_times_join(&x, &y, SIZE_MAX, &budget);
    assert_int_equal(x.seen, 100);
    assert_true(funnel_times_mean(&x) == 50.5 && funnel_times_median(&x) == 50.5);
    funnel_times_release(&x);
    funnel_times_release(&y);
}

static void samples_without_room(void **state)
{
    (void)state;
    struct funnel_times most = { 0 }, poor = { 0 };
    struct funnel_budget enough = { 1 << 20 }, little = { 100 };
    for (int64_t i = 1; i <= 100000; i++) {
        funnel_times_add(&most, i * 1000, 1000, &enough);
        funnel_times_add(&poor, i * 1000, SIZE_MAX, &little);
    }
    assert_int_equal(most.n, 1000);
    assert_int_equal(most.seen, 100000);
    assert_true(fabs(funnel_times_mean(&most) - 50.0005) < 1e-9); /* exact all the same */
    assert_true(fabs(funnel_times_median(&most) - 50) < 5);
    assert_true(poor.n >= 8 && poor.n <= 16);
    assert_true(fabs(funnel_times_mean(&poor) - 50.0005) < 1e-9);
    funnel_times_release(&most);
    funnel_times_release(&poor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_as_by_sorting),
        cmocka_unit_test(joins),
        cmocka_unit_test(samples_without_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
