/* Tests base/tz.c: offsets of real zones, gaps and repeated hours, rules for the far future. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/tz.h"

static void knows_offsets(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *at;
        int offset;
    } rows[] = {
        { "UTC", "2026-07-01T00:00:00Z", 0 },
        { "Europe/Berlin", "2026-01-20T12:00:00Z", 3600 },
        { "Europe/Berlin", "2026-07-20T12:00:00Z", 7200 },
        { "Europe/Berlin", "2026-03-29T00:59:59Z", 3600 },
        { "Europe/Berlin", "2026-03-29T01:00:00Z", 7200 },
        { "Europe/Berlin", "2126-07-20T12:00:00Z", 7200 }, /* by the rule */
        { "America/New_York", "2150-12-20T12:00:00Z", -18000 },
        { "Australia/Sydney", "2200-01-20T12:00:00Z", 39600 }, /* summer over the new year */
        { "Asia/Kolkata", "2026-01-20T12:00:00Z", 19800 },
        { "Asia/Tehran", "2026-07-20T12:00:00Z", 12600 },
        { "America/Sao_Paulo", "2018-12-01T00:00:00Z", -7200 },
        { "Europe/Berlin", "1890-01-01T00:00:00Z", 3208 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t us;
        const struct tz *z = tz_find(str_of(rows[i].zone));
        assert_non_null(z);
        assert_true(clock_parse(str_of(rows[i].at), &us));
        assert_int_equal(tz_offset(z, us), rows[i].offset);
    }
}

static void turns_local_times_back(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *local, *at;
    } rows[] = {
        { "Europe/Berlin", "2026-01-20T00:00:00Z", "2026-01-19T23:00:00Z" },
        { "Europe/Berlin", "2026-03-29T02:30:00Z", "2026-03-29T01:30:00Z" }, /* a gap */
        { "Europe/Berlin", "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z" }, /* twice */
        { "America/Sao_Paulo", "2018-11-04T00:00:00Z", "2018-11-04T03:00:00Z" }, /* no midnight */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t local, at;
        assert_true(clock_parse(str_of(rows[i].local), &local));
        assert_true(clock_parse(str_of(rows[i].at), &at));
        assert_int_equal(tz_instant(tz_find(str_of(rows[i].zone)), local), at);
    }
}

static void refuses_names(void **state)
{
    (void)state;
    static const char *const bad[] = { "", "Mars/Base", "../passwd", "/etc/passwd", "Europe",
                                       "zone.tab" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_null(tz_find(str_of(bad[i])));
    assert_ptr_equal(tz_find(STR("UTC")), tz_find(STR("UTC")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_offsets),
        cmocka_unit_test(turns_local_times_back),
        cmocka_unit_test(refuses_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
