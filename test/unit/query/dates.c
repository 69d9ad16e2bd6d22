/* Tests query/dates.c: the words, rounding, buckets over changes of clocks, the period before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "query/dates.h"

static int64_t at(const char *text)
{
    int64_t us = 0;
    assert_true(clock_parse(str_of(text), &us));
    return us;
}

static struct query_calendar calendar(const char *zone, const char *now)
{
    return (struct query_calendar){ tz_find(str_of(zone)), at(now), 0 };
}

static void check(int64_t got, const char *want)
{
    char text[CLOCK_TEXT];
    clock_text(got, text);
    assert_string_equal(text, want);
}

static void reads_words(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *word, *at;
    } rows[] = { /* now is Wednesday 2026-03-31 10:30:15.5 in UTC */
        { "UTC", "-7d", "2026-03-24T10:30:15.500000Z" },
        { "UTC", "7d", "2026-03-24T10:30:15.500000Z" },
        { "UTC", "-1m", "2026-02-28T10:30:15.500000Z" },
        { "UTC", "-1q", "2025-12-30T10:30:15.500000Z" },
        { "UTC", "-1y", "2025-03-31T10:30:15.500000Z" },
        { "UTC", "-30M", "2026-03-31T10:00:15.500000Z" },
        { "UTC", "-30s", "2026-03-31T10:29:45.500000Z" },
        { "UTC", "dStart", "2026-03-31T00:00:00Z" },
        { "UTC", "-1dEnd", "2026-03-30T23:59:59.999999Z" },
        { "UTC", "hStart", "2026-03-31T10:00:00Z" },
        { "UTC", "hEnd", "2026-03-31T10:59:59.999999Z" },
        { "UTC", "mStart", "2026-03-01T10:30:15.500000Z" },
        { "UTC", "-1mEnd", "2026-02-28T10:30:15.500000Z" },
        { "UTC", "yStart", "2026-01-01T10:30:15.500000Z" },
        { "UTC", "wStart", "2026-03-31T10:30:15.500000Z" },
        { "UTC", "nonce", "2026-03-31T10:30:15.500000Z" },
        { "UTC", "", "2026-03-31T10:30:15.500000Z" },
        { "UTC", "about -2d ago", "2026-03-29T10:30:15.500000Z" },
        { "UTC", "-999999y", "1970-01-01T00:00:00Z" },
        { "UTC", "2021-1-1", "2021-01-01T00:00:00Z" },
        { "UTC", "2021-02-03T04:05", "2021-02-03T04:05:00Z" },
        { "UTC", "2021-02-03 04:05:06.25", "2021-02-03T04:05:06.250000Z" },
        { "UTC", "2021-02-03T04:05:06+02:00", "2021-02-03T02:05:06Z" },
        { "Europe/Berlin", "2026-01-20", "2026-01-19T23:00:00Z" },
        { "Europe/Berlin", "2026-07-20T12:00:00", "2026-07-20T10:00:00Z" },
        { "Europe/Berlin", "2026-07-20T12:00:00Z", "2026-07-20T12:00:00Z" },
        { "Europe/Berlin", "-3d", "2026-03-28T11:30:15.500000Z" }, /* the same time on the wall */
        { "Europe/Berlin", "-72h", "2026-03-28T10:30:15.500000Z" },
        { "Europe/Berlin", "dStart", "2026-03-30T22:00:00Z" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct query_calendar c = calendar(rows[i].zone, "2026-03-31T10:30:15.5Z");
        check(query_date_parse(&c, str_of(rows[i].word)).at, rows[i].at);
    }
    struct query_calendar c = calendar("UTC", "2026-03-31T10:30:15.5Z");
    assert_true(query_date_parse(&c, STR("all")).all);
}

static void rounds(void **state)
{
    (void)state;
    static const struct {
        enum query_interval interval;
        const char *from, *to;
        bool keep;
        const char *first, *last;
    } rows[] = {
        { INTERVAL_DAY, "", "", false, "2026-03-23T23:00:00Z", "2026-03-31T21:59:59.999999Z" },
        { INTERVAL_DAY, "-48h", "", false, "2026-03-29T10:00:00Z", "2026-03-31T21:59:59.999999Z" },
        { INTERVAL_DAY, "mStart", "", false, "2026-02-28T23:00:00Z", "2026-03-31T21:59:59.999999Z" },
        { INTERVAL_HOUR, "-2h", "", false, "2026-03-31T08:00:00Z", "2026-03-31T10:59:59.999999Z" },
        { INTERVAL_HOUR, "2026-01-09", "2026-01-09", false, "2026-01-08T23:00:00Z",
          "2026-01-08T23:00:00Z" },
        { INTERVAL_MINUTE, "-3M", "", false, "2026-03-31T10:27:15.500000Z",
          "2026-03-31T10:30:59.999999Z" },
        { INTERVAL_DAY, "2026-01-09", "2026-01-10", false, "2026-01-08T23:00:00Z",
          "2026-01-10T22:59:59.999999Z" },
        { INTERVAL_DAY, "2026-01-09T05:00:00", "2026-01-10T06:00:00", true, "2026-01-09T04:00:00Z",
          "2026-01-10T05:00:00Z" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct query_calendar c = calendar("Europe/Berlin", "2026-03-31T10:30:15.5Z");
        struct query_dates d;
        query_dates_resolve(&c, str_of(rows[i].from), str_of(rows[i].to), rows[i].keep,
                            rows[i].interval, 0, &d);
        check(d.from, rows[i].first);
        check(d.to, rows[i].last);
    }
}

struct expected {
    const char *zone, *from, *to;
    enum query_interval interval;
    int week_start;
    size_t n;
    const char *first_day, *last_day, *last_label;
};

static void makes_buckets(void **state)
{
    (void)state;
    static const struct expected rows[] = {
        { "UTC", "-7d", "", INTERVAL_DAY, 0, 8, "2026-03-24", "2026-03-31", "31-Mar-2026" },
        { "Europe/Berlin", "2026-03-28", "2026-03-30", INTERVAL_DAY, 0, 3, "2026-03-28",
          "2026-03-30", "30-Mar-2026" },
        { "Europe/Berlin", "2026-03-29", "2026-03-29T23:00:00", INTERVAL_HOUR, 0, 23,
          "2026-03-29 00:00:00", "2026-03-29 23:00:00", "29-Mar 23:00" },
        { "Europe/Berlin", "2026-10-25", "2026-10-25T23:00:00", INTERVAL_HOUR, 0, 25,
          "2026-10-25 00:00:00", "2026-10-25 23:00:00", "25-Oct 23:00" },
        { "UTC", "2026-01-20", "2026-02-01", INTERVAL_WEEK, 0, 3, "2026-01-18", "2026-02-01",
          "1-Feb-2026" },
        { "UTC", "2026-01-20", "2026-02-01", INTERVAL_WEEK, 1, 2, "2026-01-19", "2026-01-26",
          "26-Jan-2026" },
        { "America/Sao_Paulo", "2018-11-03", "2018-11-05", INTERVAL_DAY, 0, 3, "2018-11-03",
          "2018-11-05", "5-Nov-2018" },
        { "UTC", "2025-12-31", "2026-03-01", INTERVAL_MONTH, 0, 4, "2025-12-01", "2026-03-01",
          "1-Mar-2026" },
        { "UTC", "-3M", "", INTERVAL_MINUTE, 0, 4, "2026-03-31 10:27:00", "2026-03-31 10:30:00",
          "31-Mar 10:30" },
        { "UTC", "2026-03-02", "2026-03-01", INTERVAL_DAY, 0, 1, "2026-03-02", "2026-03-02",
          "2-Mar-2026" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *a _cleanup_(arena_freep) = arena_new();
        struct err e = ERR_INIT;
        struct query_calendar c = calendar(rows[i].zone, "2026-03-31T10:30:15.5Z");
        struct query_dates d;
        int64_t *buckets;
        size_t n;
        c.week_start = rows[i].week_start;
        query_dates_resolve(&c, str_of(rows[i].from), str_of(rows[i].to), false, rows[i].interval,
                            0, &d);
        assert_int_equal(query_dates_buckets(&d, a, &buckets, &n, &e), 0);
        assert_int_equal(n, rows[i].n);
        assert_string_equal(query_dates_day(&d, a, buckets[0]).p, rows[i].first_day);
        assert_string_equal(query_dates_day(&d, a, buckets[n - 1]).p, rows[i].last_day);
        assert_string_equal(query_dates_label(&d, a, buckets[n - 1]).p, rows[i].last_label);
        assert_int_equal(query_dates_step(&d, buckets[n - 1], 1 - (int64_t)n), buckets[0]);
        assert_int_equal(query_dates_step(&d, buckets[0], (int64_t)n - 1), buckets[n - 1]);
    }
}

static void bounds_buckets(void **state)
{
    (void)state;
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct err e = ERR_INIT;
    struct query_calendar c = calendar("UTC", "2026-03-31T10:30:15.5Z");
    struct query_dates d;
    int64_t *buckets;
    size_t n;
    query_dates_resolve(&c, STR("-1y"), STR_NULL, false, INTERVAL_MINUTE, 0, &d);
    assert_int_equal(query_dates_buckets(&d, a, &buckets, &n, &e), ERR_INVALID);
}

static void goes_back(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *compare;
        enum query_interval interval;
        const char *first, *last;
    } rows[] = {
        { "2026-01-09", "2026-01-15", "", INTERVAL_DAY, "2026-01-02T00:00:00Z",
          "2026-01-08T23:59:59.999999Z" },
        { "-7d", "", "", INTERVAL_DAY, "2026-03-17T00:00:00Z", "2026-03-24T23:59:59.999999Z" },
        { "-8d", "", "", INTERVAL_DAY, "2026-03-14T00:00:00Z", "2026-03-22T23:59:59.999999Z" },
        { "-7d", "", "-1w", INTERVAL_DAY, "2026-03-17T00:00:00Z", "2026-03-24T23:59:59.999999Z" },
        { "-7d", "", "-1m", INTERVAL_DAY, "2026-02-24T00:00:00Z", "2026-02-28T23:59:59.999999Z" },
        { "-2h", "", "", INTERVAL_HOUR, "2026-03-31T05:00:00Z", "2026-03-31T07:59:59.999999Z" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct query_calendar c = calendar("UTC", "2026-03-31T10:30:15.5Z");
        struct query_dates d, p;
        query_dates_resolve(&c, str_of(rows[i].from), str_of(rows[i].to), false, rows[i].interval,
                            0, &d);
        query_dates_previous(&d, str_of(rows[i].compare), &p);
        check(p.from, rows[i].first);
        check(p.to, rows[i].last);
    }
}

static void writes_times(void **state)
{
    (void)state;
    char text[QUERY_TIME_TEXT];
    query_time_text(tz_find(STR("UTC")), at("2026-01-20T13:00:00Z"), text);
    assert_string_equal(text, "2026-01-20T13:00:00Z");
    query_time_text(tz_find(STR("America/New_York")), at("2026-01-20T13:00:00.5Z"), text);
    assert_string_equal(text, "2026-01-20T08:00:00.500000-05:00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_words),    cmocka_unit_test(rounds),
        cmocka_unit_test(makes_buckets),  cmocka_unit_test(bounds_buckets),
        cmocka_unit_test(goes_back),      cmocka_unit_test(writes_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
