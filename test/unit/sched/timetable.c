/* timetable.c - intervals by the hour and by the clock on the wall, over changes of clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/tz.h"
#include "sched/timetable.h"

#define HOUR (3600 * CLOCK_SECOND)

static int64_t at(const char *text)
{
    int64_t us;
    assert_true(clock_parse(str_of(text), &us));
    return us;
}

static struct timetable table(const char *interval, const char *zone, int64_t offset)
{
    struct timetable t;
    assert_true(timetable_of(str_of(interval), tz_find(str_of(zone)), offset, &t));
    return t;
}

/* Every interval of a year: none missing, none twice, each as the wall says. */
static void a_year(void **state)
{
    static const char *const zones[] = { "America/New_York", "Europe/Berlin", "Australia/Lord_Howe",
                                         "UTC" };
    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (int hour = 0; hour < 24; hour++) {
            struct timetable t = table("day", zones[i], hour * 3600);
            int64_t from = timetable_floor(&t, at("2026-01-01T12:00:00Z")), b = from;
            int short_days = 0, long_days = 0;
            for (int day = 0; day < 365; day++) {
                int64_t next = timetable_after(&t, b);
                int64_t length = next - b;
                short_days += length < 24 * HOUR;
                long_days += length > 24 * HOUR;
                assert_true(length >= 23 * HOUR && length <= 25 * HOUR);
                assert_int_equal(timetable_before(&t, next), b);
                assert_int_equal(timetable_floor(&t, next - 1), b);
                assert_int_equal(timetable_floor(&t, b), b);
                for (int64_t inside = b; inside < next; inside += HOUR / 2)
                    assert_int_equal(timetable_floor(&t, inside), b);
                b = next;
            }
            assert_int_equal(short_days, long_days);
            if (i < 2)
                assert_true(short_days >= 1);
            int64_t wall = tz_local(t.tz, b) - tz_local(t.tz, from);
            assert_int_equal(wall, 365 * 24 * HOUR);
        }
}

static void places(void **state)
{
    struct timetable t = table("day", "America/New_York", 2 * 3600);
    (void)state;
    /* 2 o'clock does not exist on that day: 3 o'clock it is. */
    assert_int_equal(timetable_floor(&t, at("2026-03-08T12:00:00Z")), at("2026-03-08T07:00:00Z"));
    assert_int_equal(timetable_after(&t, at("2026-03-08T07:00:00Z")), at("2026-03-09T06:00:00Z"));
    /* 1 o'clock is there twice: the first is meant. */
    t = table("day", "America/New_York", 3600);
    assert_int_equal(timetable_floor(&t, at("2026-11-01T06:30:00Z")), at("2026-11-01T05:00:00Z"));
    t = table("week", "UTC", 86400 + 5 * 3600);
    assert_int_equal(timetable_floor(&t, at("2026-01-07T00:00:00Z")), at("2026-01-05T05:00:00Z"));
    assert_int_equal(timetable_floor(&t, at("2026-01-05T04:59:59Z")), at("2025-12-29T05:00:00Z"));
    t = table("week", "US/Pacific", 0);
    assert_int_equal(timetable_floor(&t, at("2026-03-10T00:00:00Z")), at("2026-03-08T08:00:00Z"));
    assert_int_equal(timetable_after(&t, at("2026-03-08T08:00:00Z")), at("2026-03-15T07:00:00Z"));
    t = table("hour", "UTC", 0);
    assert_int_equal(timetable_floor(&t, at("1969-12-31T23:30:00Z")), at("1969-12-31T23:00:00Z"));
    assert_int_equal(timetable_before(&t, at("2026-01-01T00:00:00Z")), at("2025-12-31T23:00:00Z"));
    t = table("every 15 minutes", "UTC", 0);
    assert_int_equal(timetable_after(&t, at("2026-01-01T00:00:00Z")), at("2026-01-01T00:15:00Z"));
    assert_false(timetable_of(STR("year"), NULL, 0, &t));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_year), cmocka_unit_test(places) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
