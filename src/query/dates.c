/* dates.c - see dates.h. Days, weeks, months and years are counted on the clock of the wall; hours,
 * minutes and seconds are lengths of time. */
#include "query/dates.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"

#define MINUTE (60 * CLOCK_SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const char *const interval_names[] = { "", "minute", "hour", "day", "week", "month" };

bool query_interval_of(str word, enum query_interval *out)
{
    for (size_t i = 1; i < ARRAY_LEN(interval_names); i++)
        if (str_eq_nocase(word, str_of(interval_names[i]))) {
            *out = (enum query_interval)i;
            return true;
        }
    return false;
}

const char *query_interval_name(enum query_interval interval)
{
    return interval_names[interval];
}

/* -------------------------------------------------------------------------- the wall's calendar */

/* Floors towards the past, also before 1970. */
static int64_t floor_to(int64_t v, int64_t unit)
{
    int64_t rest = v % unit;
    return v - (rest < 0 ? rest + unit : rest);
}

struct wall {
    int year, month, day;
    int64_t time; /* microseconds of the day */
};

static struct wall wall_of(int64_t local)
{
    struct wall w;
    int64_t midnight = floor_to(local, DAY);
    clock_civil(midnight / DAY, &w.year, &w.month, &w.day);
    w.time = local - midnight;
    return w;
}

static int month_days(int year, int month)
{
    int64_t next = month == 12 ? clock_days(year + 1, 1, 1) : clock_days(year, month + 1, 1);
    return (int)(next - clock_days(year, month, 1));
}

/* A day past the month's end is its last day. */
static int64_t local_of(struct wall w)
{
    int last = month_days(w.year, w.month);
    return clock_days(w.year, w.month, w.day < last ? w.day : last) * DAY + w.time;
}

static int64_t add_months(int64_t local, int64_t n)
{
    struct wall w = wall_of(local);
    int64_t months = (int64_t)w.year * 12 + w.month - 1 + n;
    if (months < 12)
        months = 12;
    w.year = (int)(months / 12);
    w.month = (int)(months % 12) + 1;
    return local_of(w);
}

/* -------------------------------------------------------------------------- words */

static bool digits(str *s, size_t most, int *out)
{
    size_t n = 0;
    int v = 0;
    while (n < s->n && n < most && s->p[n] >= '0' && s->p[n] <= '9')
        v = v * 10 + (s->p[n++] - '0');
    *s = str_slice(*s, n, s->n);
    *out = v;
    return n > 0;
}

static bool take(str *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    *s = str_slice(*s, 1, s->n);
    return true;
}

/* 13:00, 13:00:01, 13:00:01.123456 */
static bool read_time(str *s, int64_t *out)
{
    int h, m, sec = 0;
    int64_t us = 0, place = CLOCK_SECOND;
    if (!digits(s, 2, &h) || !take(s, ':') || !digits(s, 2, &m) ||
        (take(s, ':') && !digits(s, 2, &sec)) || h > 23 || m > 59 || sec > 59)
        return false;
    if (take(s, '.'))
        while (s->n && s->p[0] >= '0' && s->p[0] <= '9') {
            place /= 10;
            us += (s->p[0] - '0') * place;
            *s = str_slice(*s, 1, s->n);
        }
    *out = h * HOUR + m * MINUTE + sec * CLOCK_SECOND + us;
    return true;
}

/* Z, +01:00, +0100, +01; false: something else. */
static bool read_offset(str *s, int64_t *out)
{
    int h, m = 0;
    *out = 0;
    if (take(s, 'Z') || take(s, 'z'))
        return true;
    bool minus = take(s, '-');
    if (!minus && !take(s, '+'))
        return false;
    if (!digits(s, 2, &h))
        return false;
    take(s, ':');
    digits(s, 2, &m);
    *out = (h * HOUR + m * MINUTE) * (minus ? -1 : 1);
    return true;
}

static bool parse_iso(const struct query_calendar *c, str s, struct query_date *out)
{
    struct wall w = { 0 };
    int64_t offset = 0;
    if (s.n < 4 || str_find_char(str_slice(s, 0, 4), '-') >= 0 || !digits(&s, 4, &w.year) ||
        !take(&s, '-') || !digits(&s, 2, &w.month) || !take(&s, '-') || !digits(&s, 2, &w.day))
        return false;
    if (w.year < 1 || w.month < 1 || w.month > 12 || w.day < 1 ||
        w.day > month_days(w.year, w.month))
        return false;
    out->date_only = !s.n;
    bool zoned = false;
    if (s.n) {
        if (!take(&s, 'T') && !take(&s, ' '))
            return false;
        if (!read_time(&s, &w.time))
            return false;
        zoned = read_offset(&s, &offset);
        if (s.n)
            return false;
    }
    out->at = zoned ? local_of(w) - offset : tz_instant(c->tz, local_of(w));
    return true;
}

/* Finds [-][digits]unit[Start|End] anywhere in the text. *whole: it is nothing else. */
static bool find_relative(str s, int64_t *count, char *unit, str *position, bool *whole)
{
    for (size_t i = 0; i < s.n; i++) {
        size_t k = i + (s.p[i] == '-');
        int n = 0;
        str rest = str_slice(s, k, s.n);
        *count = digits(&rest, 6, &n) ? n : 0;
        if (!rest.n || !memchr("hdwmqyMs", rest.p[0], 8))
            continue;
        *unit = rest.p[0];
        rest = str_slice(rest, 1, rest.n);
        *position = str_starts(rest, STR("Start"))  ? STR("Start")
                    : str_starts(rest, STR("End")) ? STR("End")
                                                   : STR_NULL;
        *whole = i == 0 && rest.n == position->n;
        return true;
    }
    return *whole = false;
}

static int64_t shift_back(const struct tz *z, int64_t at, int64_t count, char unit)
{
    int64_t local = tz_local(z, at);
    switch (unit) {
    case 'h':
        return at - count * HOUR;
    case 'M':
        return at - count * MINUTE;
    case 's':
        return at - count * CLOCK_SECOND;
    case 'd':
        return tz_instant(z, local - count * DAY);
    case 'w':
        return tz_instant(z, local - count * 7 * DAY);
    case 'q':
        return tz_instant(z, local - count * 13 * 7 * DAY);
    case 'm':
        return tz_instant(z, add_months(local, -count));
    default:
        return tz_instant(z, add_months(local, -count * 12));
    }
}

/* SPEC: wStart, wEnd, qStart, qEnd change nothing, and yEnd only goes to the month's last day. */
static int64_t to_position(const struct tz *z, int64_t at, char unit, bool start)
{
    struct wall w = wall_of(tz_local(z, at));
    if (unit == 'd')
        w.time = start ? 0 : DAY - 1;
    else if (unit == 'h')
        w.time = floor_to(w.time, HOUR) + (start ? 0 : HOUR - 1);
    else if (unit == 'm' || unit == 'y')
        w.day = start ? 1 : 31;
    if (unit == 'y' && start)
        w.month = 1;
    return tz_instant(z, local_of(w));
}

struct query_date query_date_parse(const struct query_calendar *c, str text)
{
    struct query_date d = { .at = c->now, .relative = true };
    str position;
    text = str_trim(text);
    if (str_eqz(text, "all"))
        return (struct query_date){ .all = true, .written = true };
    if (parse_iso(c, text, &d)) {
        d.relative = false;
        d.written = true;
        return d;
    }
    d.date_only = false;
    if (!find_relative(text, &d.count, &d.unit, &position, &d.written))
        return d;
    d.written = d.written || str_eqz(text, "now");
    d.at = shift_back(c->tz, c->now, d.count, d.unit);
    if (position.p)
        d.at = to_position(c->tz, d.at, d.unit, str_eqz(position, "Start"));
    int64_t least = clock_days(1970, 1, 1) * DAY;
    d.at = d.at < least ? least : d.at;
    return d;
}

/* -------------------------------------------------------------------------- ranges */

static int64_t floor_local(const struct tz *z, int64_t at, int64_t unit)
{
    int64_t local = tz_local(z, at), down = floor_to(local, unit);
    /* Within one offset, so that a repeated hour stays the one it is. */
    if (unit <= HOUR)
        return at - (local - down);
    return tz_instant(z, down);
}

/* The last microsecond of the day, hour or minute. */
static int64_t ceil_local(const struct tz *z, int64_t at, int64_t unit)
{
    if (unit <= HOUR)
        return floor_local(z, at, unit) + unit - 1;
    return tz_instant(z, floor_to(tz_local(z, at), unit) + unit) - 1;
}

static int64_t round_first(const struct query_dates *d)
{
    if (!d->first.relative || d->interval == INTERVAL_MINUTE)
        return d->first.at;
    bool fine = d->first.unit && memchr("hMs", d->first.unit, 3);
    return floor_local(d->calendar.tz, d->first.at, fine ? HOUR : DAY);
}

static int64_t round_last(const struct query_dates *d)
{
    const struct tz *z = d->calendar.tz;
    switch (d->interval) {
    case INTERVAL_MINUTE:
        return d->last.relative ? ceil_local(z, d->last.at, MINUTE) : d->last.at;
    case INTERVAL_HOUR: /* SPEC: a date alone is taken literally, as its midnight */
        return d->last.date_only ? d->last.at : ceil_local(z, d->last.at, HOUR);
    default:
        return ceil_local(z, d->last.at, DAY);
    }
}

void query_dates_resolve(const struct query_calendar *c, str date_from, str date_to,
                         bool explicit_date, enum query_interval interval, int64_t earliest,
                         struct query_dates *out)
{
    struct query_dates d = { .calendar = *c, .interval = interval };
    d.first = query_date_parse(c, date_from.n ? date_from : STR("-7d"));
    d.last = query_date_parse(c, date_to.n && !str_eqz(date_to, "all") ? date_to : STR(""));
    if (d.first.all)
        d.first.at = earliest;
    d.from = explicit_date ? d.first.at : round_first(&d);
    d.to = explicit_date ? d.last.at : round_last(&d);
    *out = d;
}

void query_dates_previous(const struct query_dates *d, str compare_to, struct query_dates *out)
{
    const struct tz *z = d->calendar.tz;
    struct query_dates p = *d;
    int64_t count;
    char unit;
    str position;
    bool whole;
    if (compare_to.n && find_relative(compare_to, &count, &unit, &position, &whole)) {
        p.from = shift_back(z, d->from, count, unit);
        p.to = shift_back(z, d->to, count, unit);
    } else if (d->interval == INTERVAL_HOUR || d->interval == INTERVAL_MINUTE) {
        int64_t span = d->to - d->from;
        p.from = d->from - span - ((span + 1) % MINUTE == 0); /* an end of the hour: whole hours */
        p.to = p.from + span;
    } else {
        int64_t from = tz_local(z, d->from), span = tz_local(z, d->to) - from;
        int64_t start = floor_to(from - span, DAY) + from - floor_to(from, DAY);
        if (start >= from) /* a part of a day: the day before */
            start = from - DAY;
        if (d->interval == INTERVAL_DAY && d->first.relative && d->first.unit == 'd' &&
            d->first.count && d->first.count % 7 == 0 && !d->last.unit)
            start += DAY;
        p.from = tz_instant(z, start);
        p.to = tz_instant(z, start + span);
    }
    *out = p;
}

/* -------------------------------------------------------------------------- buckets */

static int64_t week_floor(const struct query_dates *d, int64_t local)
{
    int64_t day = floor_to(local, DAY) / DAY;
    int64_t weekday = day + 4 - floor_to(day + 4, 7); /* 0 Sunday */
    return (day - (weekday - d->calendar.week_start + 7) % 7) * DAY;
}

static int64_t month_floor(int64_t local)
{
    struct wall w = wall_of(local);
    return clock_days(w.year, w.month, 1) * DAY;
}

int64_t query_dates_floor(const struct query_dates *d, int64_t at)
{
    const struct tz *z = d->calendar.tz;
    switch (d->interval) {
    case INTERVAL_MINUTE:
        return floor_local(z, at, MINUTE);
    case INTERVAL_HOUR:
        return floor_local(z, at, HOUR);
    case INTERVAL_WEEK:
        return tz_instant(z, week_floor(d, tz_local(z, at)));
    case INTERVAL_MONTH:
        return tz_instant(z, month_floor(tz_local(z, at)));
    default:
        return floor_local(z, at, DAY);
    }
}

int64_t query_dates_start(const struct query_dates *d)
{
    if (d->interval == INTERVAL_WEEK)
        return floor_local(d->calendar.tz, d->from, DAY);
    return query_dates_floor(d, d->from);
}

int64_t query_dates_step(const struct query_dates *d, int64_t at, int64_t n)
{
    const struct tz *z = d->calendar.tz;
    switch (d->interval) {
    case INTERVAL_MINUTE:
        return at + n * MINUTE;
    case INTERVAL_HOUR:
        return at + n * HOUR;
    case INTERVAL_WEEK:
        return tz_instant(z, floor_to(tz_local(z, at), DAY) + n * 7 * DAY);
    case INTERVAL_MONTH:
        return tz_instant(z, add_months(month_floor(tz_local(z, at)), n));
    default:
        return tz_instant(z, floor_to(tz_local(z, at), DAY) + n * DAY);
    }
}

int query_dates_buckets(const struct query_dates *d, struct arena *a, int64_t **out, size_t *n,
                        struct err *e)
{
    size_t room = 64, count = 0;
    int64_t *at = arena_alloc(a, room * sizeof(*at));
    for (int64_t t = query_dates_floor(d, d->from); t <= d->to || !count;
         t = query_dates_step(d, t, 1)) {
        if (count == LIMIT_BUCKETS)
            return err_set(e, ERR_INVALID, NULL,
                           "The date range has more than %d intervals: choose a longer interval "
                           "or a shorter range.",
                           LIMIT_BUCKETS);
        if (count == room) {
            int64_t *more = arena_alloc(a, (room *= 2) * sizeof(*at));
            memcpy(more, at, count * sizeof(*at));
            at = more;
        }
        at[count++] = t;
    }
    *out = at;
    *n = count;
    return 0;
}

/* -------------------------------------------------------------------------- texts */

static bool fine(const struct query_dates *d)
{
    return d->interval == INTERVAL_HOUR || d->interval == INTERVAL_MINUTE;
}

str query_dates_day(const struct query_dates *d, struct arena *a, int64_t at)
{
    struct wall w = wall_of(tz_local(d->calendar.tz, at));
    if (!fine(d))
        return arena_printf(a, "%04d-%02d-%02d", w.year, w.month, w.day);
    int minutes = (int)(w.time / MINUTE);
    return arena_printf(a, "%04d-%02d-%02d %02d:%02d:00", w.year, w.month, w.day, minutes / 60,
                        minutes % 60);
}

str query_dates_label(const struct query_dates *d, struct arena *a, int64_t at)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct wall w = wall_of(tz_local(d->calendar.tz, at));
    const char *month = months + 3 * (w.month - 1);
    if (!fine(d))
        return arena_printf(a, "%d-%.3s-%04d", w.day, month, w.year);
    int minutes = (int)(w.time / MINUTE);
    return arena_printf(a, "%d-%.3s %02d:%02d", w.day, month, minutes / 60, minutes % 60);
}

size_t query_time_text(const struct tz *z, int64_t at, char out[QUERY_TIME_TEXT])
{
    int offset = tz_offset(z, at) / 60;
    struct wall w = wall_of(tz_local(z, at));
    int s = (int)(w.time / CLOCK_SECOND), us = (int)(w.time % CLOCK_SECOND);
    int n = snprintf(out, QUERY_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", w.year, w.month, w.day,
                     s / 3600, s / 60 % 60, s % 60);
    if (us)
        n += snprintf(out + n, QUERY_TIME_TEXT - (size_t)n, ".%06d", us);
    if (offset)
        n += snprintf(out + n, QUERY_TIME_TEXT - (size_t)n, "%c%02d:%02d", offset < 0 ? '-' : '+',
                      abs(offset) / 60, abs(offset) % 60);
    else
        n += snprintf(out + n, QUERY_TIME_TEXT - (size_t)n, "Z");
    return (size_t)n;
}
