/* dates.h - the date words of queries ("-7d", "mStart", "2026-01-20", "all"), the range and the
 * buckets they make, the period before. Instants are microseconds UTC; both ends are inclusive. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/tz.h"
#include "json/parse.h"

enum query_interval {
    INTERVAL_NONE,
    INTERVAL_MINUTE,
    INTERVAL_HOUR,
    INTERVAL_DAY,
    INTERVAL_WEEK,
    INTERVAL_MONTH,
};

/* "minute", "hour", "day", "week", "month", any case. False: another word. */
bool query_interval_of(str word, enum query_interval *out);
const char *query_interval_name(enum query_interval interval);

/* Where and when a date word is read. */
struct query_calendar {
    const struct tz *tz;
    int64_t now;
    int week_start; /* 0 Sunday, 1 Monday */
};

struct query_date {
    int64_t at;
    bool all;       /* "all": the beginning of everything; `at` is not set */
    bool relative;
    bool date_only; /* "2026-01-20": midnight was not written */
    bool written;   /* the whole text is one of the forms, or "now" */
    int64_t count;  /* of a relative date: units back, and the unit's letter */
    char unit;
};

/* Never fails: text in which nothing is found means now. */
struct query_date query_date_parse(const struct query_calendar *c, str text);

struct query_dates {
    struct query_calendar calendar;
    enum query_interval interval;
    int64_t from, to;
    struct query_date first, last; /* as written; relative and so on */
};

/* date_from, date_to: STR_NULL takes the defaults, -7d and now. `earliest` stands in for "all". The
 * ends are rounded to whole days, hours or minutes as the interval asks, unless explicit_date. */
void query_dates_resolve(const struct query_calendar *c, str date_from, str date_to,
                         bool explicit_date, enum query_interval interval, int64_t earliest,
                         struct query_dates *out);
/* The period before; compare_to ("-1w") shifts by that instead, STR_NULL: by the own length. */
void query_dates_previous(const struct query_dates *d, str compare_to, struct query_dates *out);
/* The first instant of the bucket that holds `at`. */
int64_t query_dates_floor(const struct query_dates *d, int64_t at);
/* The first instant of the bucket n places after (negative: before) the one that begins at `at`. */
int64_t query_dates_step(const struct query_dates *d, int64_t at, int64_t n);
/* From when on events count: the first bucket's start; with weeks, the first day's. */
int64_t query_dates_start(const struct query_dates *d);
/* First instants of all buckets, ascending. ERR_INVALID when there are too many. */
int query_dates_buckets(const struct query_dates *d, struct arena *a, int64_t **out, size_t *n,
                        struct err *e);
/* "2026-01-20", with hours and minutes "2026-01-20 13:00:00"; and "20-Jan-2026", "20-Jan 13:00". */
str query_dates_day(const struct query_dates *d, struct arena *a, int64_t at);
str query_dates_label(const struct query_dates *d, struct arena *a, int64_t at);
/* 2026-01-20T13:00:00+01:00; Z for UTC; with six digits when there is a fraction. */
#define QUERY_TIME_TEXT 48
size_t query_time_text(const struct tz *z, int64_t at, char out[QUERY_TIME_TEXT]);
