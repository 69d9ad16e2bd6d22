/* Tests base/clock.c: civil dates and text forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"

static void prints_and_parses_back(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "2026-01-20T13:00:01.123456Z", "2026-01-20T13:00:01.123456Z" },
        { "2026-01-20T13:00:01Z", "2026-01-20T13:00:01Z" },
        { "2026-01-20 13:00:01+02", "2026-01-20T11:00:01Z" },
        { "2026-01-20T13:00:01-0530", "2026-01-20T18:30:01Z" },
        { "2024-02-29", "2024-02-29T00:00:00Z" },
        { "1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500000Z" },
        { "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t us = 0;
        char text[CLOCK_TEXT];
        assert_true(clock_parse(str_of(rows[i].in), &us));
        clock_text(us, text);
        assert_string_equal(text, rows[i].out);
    }
}

static void refuses_what_is_no_time(void **state)
{
    (void)state;
    static const char *const rows[] = { "", "x", "2023-02-29", "2026-13-01", "2026-01-20T25:00:00Z",
                                        "2026-01-20T13:00:01Zx", "2026-01-20T13", "20260120" };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t us = 7;
        assert_false(clock_parse(str_of(rows[i]), &us));
        assert_int_equal(us, 7);
    }
}

static void days_and_back(void **state)
{
    (void)state;
    for (int64_t day = -800000; day < 800000; day += 37) {
        int y, m, d;
        clock_civil(day, &y, &m, &d);
        assert_int_equal(clock_days(y, m, d), day);
    }
    assert_int_equal(clock_days(1970, 1, 1), 0);
    assert_int_equal(clock_days(2000, 3, 1), 11017);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_and_parses_back),
        cmocka_unit_test(refuses_what_is_no_time),
        cmocka_unit_test(days_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
