/* when.c - see when.h. A point is a day or a calendar stretch (a week, a month); a preposition before it
 * and a second point behind it make the stretch that is meant. What rolls with the clock ("the last 30
 * days") keeps the query's relative form, so that a saved insight goes on rolling. */
#include "assistant/when.h"

#include "base/clock.h"

#define DAY_US (86400 * CLOCK_SECOND)
#define COUNT_MAX 5000 /* units back */

struct point {
    int64_t first, last;
    str from, to;  /* relative words, STR_NULL: the dates as they are */
    str name;      /* "last week"; STR_NULL: the dates say it */
    enum unit unit;
};

static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July",
                                      "August", "September", "October", "November", "December" };

/* -------------------------------------------------------------------------- days */

static int weekday(int64_t day)
{
    return (int)(((day + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday; 0 Monday */
}

static int64_t month_begin(int year, int month, int plus)
{
    int n = year * 12 + month - 1 + plus;
    return clock_days(n / 12, n % 12 + 1, 1);
}

static int64_t unit_begin(const struct when_calendar *c, int64_t day, enum unit unit, int plus)
{
    int year, month, dom;
    clock_civil(day, &year, &month, &dom);
    switch (unit) {
    case UNIT_WEEK:
        return day - (weekday(day) + (c->week_start ? 0 : 1)) % 7 + 7 * plus;
    case UNIT_MONTH:
        return month_begin(year, month, plus);
    case UNIT_QUARTER:
        return month_begin(year, (month - 1) / 3 * 3 + 1, plus * 3);
    case UNIT_YEAR:
        return month_begin(year, 1, plus * 12);
    default:
        return day + plus;
    }
}

struct when_calendar when_calendar_of(const struct planner_project *p)
{
    int64_t local = tz_local(p->tz, p->now);
    return (struct when_calendar){ (local >= 0 ? local : local - DAY_US + 1) / DAY_US, p->week_start };
}

str when_day_text(struct arena *a, int64_t day)
{
    int year, month, dom;
    clock_civil(day, &year, &month, &dom);
    return arena_printf(a, "%d %s %d", dom, months[month - 1], year);
}

str when_days_text(struct arena *a, int64_t first, int64_t last)
{
    int y1, m1, d1, y2, m2, d2;
    if (first == last)
        return when_day_text(a, first);
    clock_civil(first, &y1, &m1, &d1);
    clock_civil(last, &y2, &m2, &d2);
    str end = when_day_text(a, last);
    if (y1 != y2)
        return arena_printf(a, "%d %s %d to " STR_FMT, d1, months[m1 - 1], y1, STR_ARG(end));
    if (m1 != m2)
        return arena_printf(a, "%d %s to " STR_FMT, d1, months[m1 - 1], STR_ARG(end));
    return arena_printf(a, "%d to " STR_FMT, d1, STR_ARG(end));
}

static str iso(struct arena *a, int64_t day)
{
    int year, month, dom;
    clock_civil(day, &year, &month, &dom);
    return arena_printf(a, "%04d-%02d-%02d", year, month, dom);
}

/* -------------------------------------------------------------------------- points */

static size_t skip_small(const struct words *w, size_t i)
{
    while (i < w->n && !w->list[i].used && (str_eqz(w->list[i].text, "the") || words_role(w, i, ROLE_OF, NULL)))
        i++;
    return i;
}

static bool whole_number(const struct words *w, size_t i, int least, int most, int *out)
{
    double v;
    if (!words_number(w, i, &v) || v < least || v > most || v != (int)v)
        return false;
    *out = (int)v;
    return true;
}

static bool is_year(const struct words *w, size_t i, int *year)
{
    return i < w->n && w->list[i].number && !w->list[i].ordinal && !w->list[i].money &&
           w->list[i].end - w->list[i].at == 4 && whole_number(w, i, 1990, 2100, year);
}

static bool joined(const struct words *w, size_t i)
{
    return i + 1 < w->n && w->list[i + 1].at == w->list[i].end + 1 &&
           w->question.p[w->list[i].end] == '-';
}

static bool valid_day(int year, int month, int dom, int64_t *day)
{
    int y, m, d;
    if (month < 1 || month > 12 || dom < 1 || dom > 31)
        return false;
    *day = clock_days(year, month, dom);
    clock_civil(*day, &y, &m, &d);
    return y == year && m == month && d == dom;
}

/* 2026-05-03 */
static size_t read_iso(const struct words *w, size_t i, struct point *out)
{
    int year, month, dom;
    if (!is_year(w, i, &year) || !joined(w, i) || !joined(w, i + 1) ||
        !whole_number(w, i + 1, 1, 12, &month) || !whole_number(w, i + 2, 1, 31, &dom) ||
        !valid_day(year, month, dom, &out->first))
        return 0;
    out->last = out->first;
    out->unit = UNIT_DAY;
    return 3;
}

/* The most recent such day that has come. */
static bool recent_day(const struct when_calendar *c, int month, int dom, int64_t *day)
{
    int year, m, d;
    clock_civil(c->today, &year, &m, &d);
    for (int back = 0; back < 8; back++) /* 29 February is rare */
        if (valid_day(year - back, month, dom, day) && *day <= c->today)
            return true;
    return false;
}

static bool capital(const struct words *w, size_t i)
{
    return w->list[i].raw.n && w->list[i].raw.p[0] >= 'A' && w->list[i].raw.p[0] <= 'Z';
}

/* "may" and "march" are other words, too. */
static bool month_here(const struct words *w, size_t i, int *month)
{
    static const enum role before[] = { ROLE_IN, ROLE_SINCE, ROLE_OF, ROLE_BETWEEN, ROLE_AND, ROLE_UNTIL,
                                        ROLE_FROM, ROLE_TO, ROLE_THIS, ROLE_LAST, ROLE_BEFORE,
                                        ROLE_AFTER, ROLE_VERSUS };
    if (!words_role(w, i, ROLE_MONTH, month))
        return false;
    int ignored;
    if (capital(w, i) || is_year(w, i + 1, &ignored) || whole_number(w, i + 1, 1, 31, &ignored))
        return true;
    if (i && w->list[i - 1].number)
        return true;
    for (size_t k = 0; i && k < ARRAY_LEN(before); k++)
        if (words_role(w, i - 1, before[k], NULL))
            return true;
    return false;
}

static size_t finish_day(const struct when_calendar *c, const struct words *w, size_t i, size_t n, int month,
                         int dom, struct point *out)
{
    int year;
    size_t k = i + n;
    if (k < w->n && str_eqz(w->list[k].text, ",") && is_year(w, k + 1, &year))
        k++;
    bool named = is_year(w, k, &year);
    if (named ? !valid_day(year, month, dom, &out->first) : !recent_day(c, month, dom, &out->first))
        return 0;
    out->last = out->first;
    out->unit = UNIT_DAY;
    return named ? k + 1 - i : n;
}

/* "3 May", "the 3rd of May 2026", "May 3", "May 2026", "May". */
static size_t read_month(const struct when_calendar *c, const struct words *w, size_t i, struct point *out)
{
    int month, dom, year, now_year, now_month, d;
    size_t at = i;
    if (whole_number(w, i, 1, 31, &dom)) {
        at = skip_small(w, i + 1);
        return month_here(w, at, &month) ? finish_day(c, w, i, at + 1 - i, month, dom, out) : 0;
    }
    bool last = words_role(w, i, ROLE_LAST, NULL) == 1;
    at += last || words_role(w, i, ROLE_THIS, NULL) == 1;
    if (!month_here(w, at, &month))
        return 0;
    bool year_next = is_year(w, at + 1, &year);
    if (!year_next && at == i && whole_number(w, at + 1, 1, 31, &dom)) {
        size_t n = finish_day(c, w, i, 2, month, dom, out);
        if (n)
            return n;
    }
    clock_civil(c->today, &now_year, &now_month, &d);
    if (!year_next)
        year = now_year - (month > now_month || (last && month == now_month));
    out->first = clock_days(year, month, 1);
    out->last = month_begin(year, month, 1) - 1;
    out->unit = UNIT_MONTH;
    return at + 1 + year_next - i;
}

static size_t read_weekday(const struct when_calendar *c, const struct words *w, size_t i, struct point *out)
{
    int day;
    size_t last = words_role(w, i, ROLE_LAST, NULL);
    size_t n = last ? last : words_role(w, i, ROLE_THIS, NULL);
    if (!words_role(w, i + n, ROLE_WEEKDAY, &day) || (!n && !capital(w, i) && w->list[i].text.n < 6))
        return 0;
    int back = (weekday(c->today) - day + 7) % 7;
    out->first = out->last = c->today - (last && !back ? 7 : back);
    out->unit = UNIT_DAY;
    return n + 1;
}

static size_t read_weekend(const struct when_calendar *c, const struct words *w, size_t i, struct point *out)
{
    size_t last = words_role(w, i, ROLE_LAST, NULL);
    size_t n = last ? last : words_role(w, i, ROLE_THIS, NULL);
    if (!words_role(w, i + n, ROLE_WEEKEND, NULL))
        return 0;
    int today = weekday(c->today);
    int64_t saturday = c->today - (today + 2) % 7; /* of the weekend that is or was */
    out->first = last && today >= 5 ? saturday - 7 : saturday;
    out->last = out->first + 1;
    out->unit = UNIT_DAY;
    return n + 1;
}

static size_t read_quarter(const struct when_calendar *c, const struct words *w, size_t i, struct point *out)
{
    int quarter, year, month, d, named;
    size_t n = words_role(w, i, ROLE_QUARTER, &quarter);
    if (!n)
        return 0;
    clock_civil(c->today, &year, &month, &d);
    size_t at = skip_small(w, i + n);
    if (is_year(w, at, &named)) {
        year = named;
        n = at + 1 - i;
    } else if ((quarter - 1) * 3 + 1 > month) {
        year--;
    }
    out->first = clock_days(year, quarter * 3 - 2, 1);
    out->last = month_begin(year, quarter * 3 - 2, 3) - 1;
    out->unit = UNIT_QUARTER;
    return n;
}

static const char *unit_name(enum unit unit)
{
    static const char *const names[] = { "minute", "hour", "day", "week", "month", "quarter", "year" };
    return names[unit];
}

/* Words of the query language for a calendar's day or month, which roll on. */
static void relative_words(struct point *p, enum unit unit, int back)
{
    if (unit == UNIT_DAY) {
        p->from = back ? STR("-1dStart") : STR("dStart");
        p->to = back ? STR("-1dEnd") : STR_NULL;
    } else if (unit == UNIT_MONTH) {
        p->from = back ? STR("-1mStart") : STR("mStart");
        p->to = back ? STR("-1mEnd") : STR_NULL;
    } else if (unit == UNIT_YEAR && !back) {
        p->from = STR("yStart");
    }
}

/* "this week", "last month", "year to date" */
static size_t read_unit(const struct when_calendar *c, const struct words *w, size_t i, struct point *out)
{
    int unit, back = 0;
    size_t n = words_role(w, i, ROLE_TO_DATE, &unit);
    if (!n) {
        back = words_role(w, i, ROLE_LAST, NULL) != 0;
        n = back ? words_role(w, i, ROLE_LAST, NULL) : words_role(w, i, ROLE_THIS, NULL);
        if (!n || !words_role(w, i + n, ROLE_UNIT, &unit) || unit < UNIT_DAY)
            return 0;
        n++;
    }
    out->first = unit_begin(c, c->today, (enum unit)unit, -back);
    out->last = unit_begin(c, c->today, (enum unit)unit, 1 - back) - 1;
    out->unit = (enum unit)unit;
    out->name = arena_printf(w->arena, "%s %s", back ? "last" : "this", unit_name(out->unit));
    relative_words(out, out->unit, back);
    return n;
}

/* "3 days ago", "a week ago" */
static size_t read_ago(const struct when_calendar *c, const struct words *w, size_t i, struct point *out)
{
    int count = 1, unit;
    bool article = i < w->n && str_eqz(w->list[i].text, "a");
    if (!article && !whole_number(w, i, 1, COUNT_MAX, &count))
        return 0;
    if (!words_role(w, i + 1, ROLE_UNIT, &unit) || unit < UNIT_DAY || !words_role(w, i + 2, ROLE_AGO, NULL))
        return 0;
    out->first = unit_begin(c, c->today, (enum unit)unit, -count);
    out->last = unit_begin(c, c->today, (enum unit)unit, 1 - count) - 1;
    out->unit = (enum unit)unit;
    return 3;
}

static size_t read_day(const struct when_calendar *c, const struct words *w, size_t i, struct point *out)
{
    int back;
    size_t n = words_role(w, i, ROLE_DAY, &back);
    if (!n)
        return 0;
    out->first = out->last = c->today - back;
    out->unit = UNIT_DAY;
    if (back < 2) {
        relative_words(out, UNIT_DAY, back);
        out->name = back ? STR("yesterday") : STR("today");
    }
    return n;
}

static size_t read_point(const struct when_calendar *c, const struct words *w, size_t i, struct point *out)
{
    static size_t (*const readers[])(const struct when_calendar *, const struct words *, size_t,
                                     struct point *) = { read_day, read_month, read_weekday, read_weekend,
                                                         read_quarter, read_unit, read_ago };
    size_t at = skip_small(w, i), n = 0;
    *out = (struct point){ 0 };
    if (at >= w->n || w->list[at].used)
        return 0;
    n = read_iso(w, at, out);
    for (size_t k = 0; !n && k < ARRAY_LEN(readers); k++)
        n = readers[k](c, w, at, out);
    return n ? at - i + n : 0;
}

/* -------------------------------------------------------------------------- stretches */

static void set_days(struct when *out, struct arena *a, const struct when_calendar *c, int64_t first,
                     int64_t last)
{
    out->given = true;
    out->first = first;
    out->last = last < c->today ? last : c->today;
    if (out->last < out->first)
        out->last = out->first;
    out->from = iso(a, first);
    out->to = last < c->today ? iso(a, last) : STR_NULL;
    out->text = when_days_text(a, out->first, out->last);
}

static void set_point(struct when *out, struct arena *a, const struct when_calendar *c, const struct point *p)
{
    set_days(out, a, c, p->first, p->last);
    out->unit = p->unit;
    out->count = 1;
    if (p->from.p) {
        out->from = p->from;
        out->to = p->to;
    }
    if (p->name.p)
        out->text = arena_printf(a, STR_FMT " (" STR_FMT ")", STR_ARG(p->name), STR_ARG(out->text));
}

static void set_all(struct when *out, const struct when_calendar *c)
{
    *out = (struct when){ .given = true, .all = true, .first = INT64_MIN, .last = c->today,
                          .from = STR("all"), .text = STR("all time") };
}

/* The last n units, up to now. */
static void set_rolling(struct when *out, struct arena *a, const struct when_calendar *c, int n,
                        enum unit unit)
{
    static const char letters[] = { 'M', 'h', 'd', 'w', 'm', 'm', 'y' };
    int year, month, dom, count = unit == UNIT_QUARTER ? n * 3 : n;
    *out = (struct when){ .given = true, .unit = unit, .count = n, .last = c->today,
                          .hours = unit < UNIT_DAY };
    out->from = arena_printf(a, "-%d%c", count, letters[unit]);
    out->text = n == 1 ? arena_printf(a, "the last %s", unit_name(unit))
                       : arena_printf(a, "the last %d %ss", n, unit_name(unit));
    clock_civil(c->today, &year, &month, &dom);
    if (unit < UNIT_DAY)
        out->first = c->today - (unit == UNIT_HOUR ? n / 24 + 1 : 1);
    else if (unit <= UNIT_WEEK)
        out->first = c->today - (int64_t)n * (unit == UNIT_WEEK ? 7 : 1);
    else
        out->first = c->today - (int64_t)(unit == UNIT_YEAR ? n * 12 : count) * 365 / 12;
}

/* "the last 30 days", "past week" */
static size_t read_rolling(const struct when_calendar *c, const struct words *w, size_t i, struct when *out)
{
    int n = 1, unit;
    size_t at = skip_small(w, i);
    size_t past = words_role(w, at, ROLE_PAST, NULL);
    size_t took = past ? past : words_role(w, at, ROLE_LAST, NULL);
    if (!took)
        took = words_role(w, at, ROLE_THIS, NULL) && whole_number(w, at + 1, 2, COUNT_MAX, &n);
    if (!took)
        return 0;
    at += took;
    bool counted = whole_number(w, at, 1, COUNT_MAX, &n);
    at += counted;
    bool finer = words_role(w, at, ROLE_UNIT, &unit) && unit < UNIT_DAY;
    /* "the last week" is the one before; without a number only "past" rolls. */
    bool rolls = counted || finer || (past && !str_ends(words_text(w, at - took, at), STR("last")));
    if (!words_role(w, at, ROLE_UNIT, &unit) || !rolls)
        return 0;
    set_rolling(out, w->arena, c, n, (enum unit)unit);
    return at + 1 - i;
}

static size_t read_pair(const struct when_calendar *c, const struct words *w, size_t i, struct when *out)
{
    struct point from, to;
    size_t between = words_role(w, i, ROLE_BETWEEN, NULL);
    size_t lead = between ? between : words_role(w, i, ROLE_FROM, NULL);
    size_t n = read_point(c, w, i + lead, &from);
    int month, dom;
    size_t bare = 0;
    if (!n && whole_number(w, skip_small(w, i + lead), 1, 31, &dom)) /* "3 to 9 June" */
        n = bare = skip_small(w, i + lead) + 1 - (i + lead);
    if (!n)
        return 0;
    size_t at = i + lead + n;
    size_t link = between ? words_role(w, at, ROLE_AND, NULL) : words_role(w, at, ROLE_TO, NULL);
    link = link ? link : words_role(w, at, ROLE_UNTIL, NULL);
    bool dash = !link && at < w->n && w->list[at].at > w->list[at - 1].end &&
                str_find_char(str_slice(w->question, w->list[at - 1].end, w->list[at].at), '-') >= 0;
    if (!link && !dash)
        return 0;
    size_t m = read_point(c, w, at + link, &to);
    if (!m)
        return 0;
    if (bare) {
        int year, d;
        clock_civil(to.last, &year, &month, &d);
        if (to.unit != UNIT_DAY || !valid_day(year, month, dom, &from.first))
            return 0;
    }
    int year, d1, m1;
    clock_civil(from.first, &year, &m1, &d1);
    if (from.first > to.last && (from.name.p || to.name.p)) /* "this month to last month" compares */
        return 0;
    if (from.first > to.last && !valid_day(year - 1, m1, d1, &from.first)) /* of the year before */
        return 0;
    set_days(out, w->arena, c, from.first, to.last);
    return at + link + m - i;
}

static size_t read_open(const struct when_calendar *c, const struct words *w, size_t i, struct when *out)
{
    struct point p;
    size_t since = words_role(w, i, ROLE_SINCE, NULL), after = words_role(w, i, ROLE_AFTER, NULL);
    size_t until = words_role(w, i, ROLE_UNTIL, NULL), before = words_role(w, i, ROLE_BEFORE, NULL);
    size_t lead = since ? since : after ? after : until ? until : before;
    if (!lead)
        return 0;
    lead += words_role(w, i + lead, ROLE_IN, NULL);
    size_t n = read_point(c, w, i + lead, &p);
    int year;
    if (!n && is_year(w, i + lead, &year)) {
        p = (struct point){ clock_days(year, 1, 1), clock_days(year, 12, 31), .unit = UNIT_YEAR };
        n = 1;
    }
    if (!n)
        return 0;
    if (since || after) {
        set_days(out, w->arena, c, since ? p.first : p.last + 1, c->today);
        str day = when_day_text(w->arena, out->first);
        out->text = arena_printf(w->arena, "since " STR_FMT, STR_ARG(day));
        if (out->first > c->today)
            return 0;
    } else {
        int64_t last = until ? p.last : p.first - 1;
        set_all(out, c);
        out->last = last < c->today ? last : c->today;
        out->to = iso(w->arena, out->last);
        str day = when_day_text(w->arena, out->last);
        out->text = arena_printf(w->arena, "up to " STR_FMT, STR_ARG(day));
    }
    return lead + n;
}

static size_t read_plain(const struct when_calendar *c, const struct words *w, size_t i, struct when *out)
{
    struct point p;
    int year;
    size_t lead = words_role(w, i, ROLE_IN, NULL);
    if (!lead && str_eqz(w->list[i].text, "for"))
        lead = 1;
    if (!lead && words_role(w, i, ROLE_FROM, NULL))
        lead = 1;
    size_t n = read_point(c, w, i + lead, &p);
    if (!n && lead && is_year(w, i + lead, &year)) {
        p = (struct point){ clock_days(year, 1, 1), clock_days(year, 12, 31), .unit = UNIT_YEAR };
        n = 1;
    }
    if (!n || p.first > c->today)
        return 0;
    set_point(out, w->arena, c, &p);
    return lead + n;
}

size_t when_read(const struct when_calendar *c, const struct words *w, size_t i, struct when *out)
{
    size_t n;
    *out = (struct when){ 0 };
    if (w->list[i].used || w->list[i].quoted)
        return 0;
    if ((n = words_role(w, i, ROLE_EVER, NULL))) {
        set_all(out, c);
        return n;
    }
    if ((n = read_pair(c, w, i, out)) || (n = read_open(c, w, i, out)))
        return n;
    size_t lead = words_role(w, i, ROLE_IN, NULL);
    if (!lead)
        lead = words_role(w, i, ROLE_SINCE, NULL);
    if (!lead && (str_eqz(w->list[i].text, "for") || words_role(w, i, ROLE_FROM, NULL)))
        lead = 1;
    if ((n = read_rolling(c, w, i + lead, out)))
        return lead + n;
    return read_plain(c, w, i, out);
}

/* -------------------------------------------------------------------------- made from others */

struct when when_default(const struct when_calendar *c, struct arena *a, int days)
{
    struct when out;
    set_rolling(&out, a, c, days, UNIT_DAY);
    out.given = false;
    return out;
}

struct when when_before(struct arena *a, const struct when *w)
{
    struct when out = *w;
    int64_t n = w->last - w->first + 1;
    out.last = w->first - 1;
    out.first = w->first - n;
    out.from = iso(a, out.first);
    out.to = iso(a, out.last);
    out.text = when_days_text(a, out.first, out.last);
    return out;
}
