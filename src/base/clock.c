/* clock.c - see clock.h. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t shift;

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec / 1000;
}

int64_t clock_real_us(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_now_us(void)
{
    return clock_real_us() + shift;
}

int64_t clock_mono_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void clock_start_at(int64_t us)
{
    shift = us - clock_real_us();
}

/* Howard Hinnant's civil-date arithmetic: years start in March, eras are 400 years. */
int64_t clock_days(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void clock_civil(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

struct parts {
    int y, mo, d, h, mi, s, us;
};

static struct parts parts_of(int64_t us)
{
    struct parts t;
    int64_t day_us = 86400 * CLOCK_SECOND;
    int64_t days = us / day_us, rest = us % day_us;
    if (rest < 0) {
        rest += day_us;
        days--;
    }
    clock_civil(days, &t.y, &t.mo, &t.d);
    t.us = (int)(rest % CLOCK_SECOND);
    int64_t secs = rest / CLOCK_SECOND;
    t.h = (int)(secs / 3600);
    t.mi = (int)(secs / 60 % 60);
    t.s = (int)(secs % 60);
    return t;
}

/* v in n digits, then c. */
static char *put(char *out, int v, int n, char c)
{
    for (int i = n - 1; i >= 0; i--, v /= 10)
        out[i] = (char)('0' + v % 10);
    out[n] = c;
    return out + n + 1;
}

void clock_text(int64_t us, char out[CLOCK_TEXT])
{
    struct parts t = parts_of(us);
    char *p = put(out, t.y, 4, '-');
    p = put(p, t.mo, 2, '-');
    p = put(p, t.d, 2, 'T');
    p = put(p, t.h, 2, ':');
    p = put(p, t.mi, 2, ':');
    p = put(p, t.s, 2, t.us ? '.' : 'Z');
    if (t.us)
        p = put(p, t.us, 6, 'Z');
    *p = '\0';
}

void clock_text_sql(int64_t us, char out[CLOCK_TEXT])
{
    struct parts t = parts_of(us);
    snprintf(out, CLOCK_TEXT, "%04d-%02d-%02d %02d:%02d:%02d.%06d", t.y, t.mo, t.d, t.h, t.mi, t.s,
             t.us);
}

/* Takes between min and max digits from *s. */
static bool digits(str *s, size_t min, size_t max, int *out)
{
    size_t n = 0;
    int v = 0;
    while (n < max && n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
        v = v * 10 + (s->p[n++] - '0');
    if (n < min)
        return false;
    *s = str_slice(*s, n, s->n);
    *out = v;
    return true;
}

static bool take(str *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    *s = str_slice(*s, 1, s->n);
    return true;
}

/* .5, .123456, .123456789: microseconds, the rest cut off. */
static bool fraction(str *s, int *us)
{
    size_t n = 0;
    int v = 0, scale = 100000;
    for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++, scale /= 10)
        v += (s->p[n] - '0') * scale;
    *us = v;
    *s = str_slice(*s, n, s->n);
    return n > 0;
}

/* Z, +02, +02:00, +0200; the offset in seconds. Nothing left means UTC. */
static bool zone(str *s, int *offset)
{
    *offset = 0;
    if (!s->n || take(s, 'Z') || take(s, 'z'))
        return s->n == 0;
    int sign = take(s, '+') ? 1 : take(s, '-') ? -1 : 0;
    int h, m = 0;
    if (!sign || !digits(s, 2, 2, &h))
        return false;
    if (s->n && ((void)take(s, ':'), !digits(s, 2, 2, &m)))
        return false;
    *offset = sign * (h * 3600 + m * 60);
    return s->n == 0 && h <= 23 && m <= 59;
}

bool clock_parse(str s, int64_t *us)
{
    struct parts t = { 0 };
    int offset = 0;
    bool neg = take(&s, '-');
    if (!digits(&s, 4, 6, &t.y) || !take(&s, '-') || !digits(&s, 1, 2, &t.mo) || !take(&s, '-') ||
        !digits(&s, 1, 2, &t.d))
        return false;
    if (s.n) {
        if (!take(&s, 'T') && !take(&s, 't') && !take(&s, ' '))
            return false;
        if (!digits(&s, 2, 2, &t.h) || !take(&s, ':') || !digits(&s, 2, 2, &t.mi))
            return false;
        if (take(&s, ':')) {
            if (!digits(&s, 2, 2, &t.s))
                return false;
            if (take(&s, '.') && !fraction(&s, &t.us))
                return false;
        }
        if (!zone(&s, &offset))
            return false;
    }
    static const int month_days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    if (t.mo < 1 || t.mo > 12 || t.d < 1 || t.d > month_days[t.mo - 1] || t.h > 23 || t.mi > 59 ||
        t.s > 60)
        return false;
    bool leap = t.y % 4 == 0 && (t.y % 100 != 0 || t.y % 400 == 0);
    if (t.mo == 2 && t.d == 29 && !leap)
        return false;
    int64_t secs = clock_days(neg ? -t.y : t.y, t.mo, t.d) * 86400 + t.h * 3600 + t.mi * 60 + t.s;
    int64_t at;
    if (__builtin_mul_overflow(secs - offset, CLOCK_SECOND, &at) ||
        __builtin_add_overflow(at, (int64_t)t.us, &at))
        return false; /* some 290,000 years away */
    *us = at;
    return true;
}
