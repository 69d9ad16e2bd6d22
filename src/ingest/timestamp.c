/* timestamp.c - see timestamp.h. */
#include "ingest/timestamp.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"

#define SKEW_IGNORED (150 * CLOCK_SECOND) /* so much is taken for delay on the network */
#define FUTURE (23 * 3600 * CLOCK_SECOND)
#define OFFSET_MAX (10000LL * 366 * 86400 * 1000) /* ms: 10000 years */

static bool month_of(const char *name, int *month)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++)
        if (strncmp(names + 3 * i, name, 3) == 0) {
            *month = i + 1;
            return true;
        }
    return false;
}

/* A date and a time of day, in the one form clock_parse checks. */
static bool from_parts(int y, int mo, int d, int h, int mi, int s, const char *zone, int64_t *us)
{
    char text[64];
    snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d%s", y, mo, d, h, mi, s, zone);
    return clock_parse(str_of(text), us);
}

/* "Fri, 02 Jan 2026 03:04:05 +0200", the day's name optional. */
static bool parse_rfc2822(const char *z, int64_t *us)
{
    char month[4], zone[8] = "";
    int d, y, h, mi, s = 0, mo, n = 0;
    const char *comma = strchr(z, ',');
    if (comma)
        z = comma + 1;
    if (sscanf(z, " %2d %3s %4d %2d:%2d%n", &d, month, &y, &h, &mi, &n) < 5 || !n)
        return false;
    z += n;
    if (*z == ':' && sscanf(z, ":%2d%n", &s, &n) == 1)
        z += n;
    if (sscanf(z, " %7s", zone) < 1 || !month_of(month, &mo))
        return false;
    if (!strcmp(zone, "GMT") || !strcmp(zone, "UTC") || !strcmp(zone, "UT"))
        memcpy(zone, "Z", 2);
    return from_parts(y, mo, d, h, mi, s, zone, us);
}

static bool parse_slashes(const char *z, int64_t *us)
{
    int a, b, c, h = 0, mi = 0, s = 0, n = 0;
    if (sscanf(z, "%4d/%2d/%4d%n", &a, &b, &c, &n) < 3)
        return false;
    if (z[n] && sscanf(z + n, " %2d:%2d:%2d", &h, &mi, &s) < 2)
        return false;
    return a > 31 ? from_parts(a, b, c, h, mi, s, "Z", us) : from_parts(c, a, b, h, mi, s, "Z", us);
}

static bool parse_digits(str s, int64_t *us)
{
    int64_t n;
    if (!str_to_i64(s, &n) || n < 0)
        return false;
    if (n < 100000000000) /* seconds up to the year 5138 */
        *us = n * CLOCK_SECOND;
    else if (n < 100000000000000)
        *us = n * 1000;
    else
        return false;
    return true;
}

bool event_time_parse(str s, int64_t *us)
{
    char z[64];
    s = str_trim(s);
    if (!s.n || s.n >= sizeof(z))
        return false;
    memcpy(z, s.p, s.n);
    z[s.n] = '\0';
    return clock_parse(s, us) || parse_digits(s, us) || parse_slashes(z, us) ||
           parse_rfc2822(z, us);
}

/* What of the measured skew is the clock's error. */
static int64_t excess(int64_t skew)
{
    if (skew > SKEW_IGNORED)
        return skew - SKEW_IGNORED;
    return skew < -SKEW_IGNORED ? skew + SKEW_IGNORED : 0;
}

/* Offsets of more years than there are count as so many. */
static int64_t before(int64_t now, int64_t offset_ms)
{
    int64_t ms = offset_ms > OFFSET_MAX ? OFFSET_MAX : offset_ms;
    return now - (ms < -OFFSET_MAX ? -OFFSET_MAX : ms) * 1000;
}

int64_t event_timestamp(const struct event_clock *c, str text, int64_t offset_ms)
{
    int64_t ts = c->now, said;
    if (text.p && event_time_parse(text, &said)) {
        ts = said;
        if (c->sent_at != INT64_MIN && !c->ignore_sent_at)
            ts -= excess(c->sent_at - c->now);
    }
    if (offset_ms != INT64_MIN)
        ts = before(c->now, offset_ms);
    if (ts > c->now + FUTURE && !c->allow_future)
        ts = c->now;
    return ts < clock_days(0, 1, 1) * 86400 * CLOCK_SECOND ? 0 : ts;
}
