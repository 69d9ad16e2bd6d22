/* tz.c - see tz.h. Of a TZif file the 64-bit block is used: the moments at which the offset changes,
 * and for what follows the last of them its footer, a POSIX rule such as CET-1CEST,M3.5.0,M10.5.0/3. */
#include "base/tz.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"

#define FOLDER "/usr/share/zoneinfo/"
#define FILE_MAX 65536
#define NAME_MAX_ 64

/* A day of the year and a time in it: Jn (1 to 365, no 29 February), n (0 to 365) or Mm.w.d. */
struct day_rule {
    char form; /* 'J', 'N', 'M' */
    int month, week, day;
    int seconds;
};

struct tz {
    struct tz *next;
    char name[NAME_MAX_];
    size_t n;
    int64_t *at; /* seconds UTC, ascending */
    int *offset; /* from that moment on */
    int first;   /* offset before at[0] */
    int standard, daylight; /* offsets of the rule */
    bool has_rule, has_daylight;
    struct day_rule begins, ends; /* of daylight time, in local time */
};

static struct tz *known;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards known */

/* -------------------------------------------------------------------------- the rule */

static bool rule_number(str *s, int *out)
{
    size_t n = 0;
    *out = 0;
    while (n < s->n && n < 4 && s->p[n] >= '0' && s->p[n] <= '9')
        *out = *out * 10 + (s->p[n++] - '0');
    *s = str_slice(*s, n, s->n);
    return n > 0;
}

static bool rule_take(str *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    *s = str_slice(*s, 1, s->n);
    return true;
}

/* [+-]h[:mm[:ss]] in seconds. */
static bool rule_time(str *s, int *out)
{
    int h, m = 0, sec = 0;
    bool minus = rule_take(s, '-');
    if (!minus)
        rule_take(s, '+');
    if (!rule_number(s, &h) || (rule_take(s, ':') && !rule_number(s, &m)) ||
        (rule_take(s, ':') && !rule_number(s, &sec)))
        return false;
    *out = (h * 3600 + m * 60 + sec) * (minus ? -1 : 1);
    return true;
}

/* EST, or <+0330>. */
static bool rule_name(str *s)
{
    bool quoted = rule_take(s, '<');
    size_t n = 0;
    while (n < s->n && (quoted ? s->p[n] != '>' : isalpha((unsigned char)s->p[n]) != 0))
        n++;
    *s = str_slice(*s, n, s->n);
    return n > 0 && (!quoted || rule_take(s, '>'));
}

static bool rule_day(str *s, struct day_rule *d)
{
    *d = (struct day_rule){ .form = 'N', .seconds = 7200 };
    if (!rule_take(s, ','))
        return false;
    if (rule_take(s, 'M')) {
        d->form = 'M';
        if (!rule_number(s, &d->month) || !rule_take(s, '.') || !rule_number(s, &d->week) ||
            !rule_take(s, '.') || !rule_number(s, &d->day))
            return false;
    } else {
        if (rule_take(s, 'J'))
            d->form = 'J';
        if (!rule_number(s, &d->day))
            return false;
    }
    return !rule_take(s, '/') || rule_time(s, &d->seconds);
}

static bool read_rule(struct tz *z, str s)
{
    int west;
    if (!rule_name(&s) || !rule_time(&s, &west))
        return false;
    z->standard = -west;
    z->daylight = z->standard + 3600;
    if (!s.n)
        return true;
    if (!rule_name(&s))
        return false;
    if (s.n && s.p[0] != ',') {
        if (!rule_time(&s, &west))
            return false;
        z->daylight = -west;
    }
    z->has_daylight = rule_day(&s, &z->begins) && rule_day(&s, &z->ends);
    return z->has_daylight && !s.n;
}

/* Local seconds since 1970 at which the rule's day comes in that year. */
static int64_t rule_moment(const struct day_rule *d, int year)
{
    int64_t jan = clock_days(year, 1, 1), day;
    if (d->form == 'M') {
        int64_t first = clock_days(year, d->month, 1);
        int64_t end = d->month == 12 ? clock_days(year + 1, 1, 1)
                                     : clock_days(year, d->month + 1, 1);
        int weekday = (int)(((first + 4) % 7 + 7) % 7);
        day = first + (d->day - weekday + 7) % 7 + (d->week - 1) * 7;
        while (day >= end)
            day -= 7;
    } else {
        bool leap = clock_days(year, 3, 1) - jan == 60;
        day = d->form == 'J' ? jan + d->day - 1 + (leap && d->day >= 60) : jan + d->day;
    }
    return day * 86400 + d->seconds;
}

static int rule_offset(const struct tz *z, int64_t seconds)
{
    if (!z->has_daylight)
        return z->standard;
    int year, month, day;
    int64_t local = seconds + z->standard;
    clock_civil((local - (((local % 86400) + 86400) % 86400)) / 86400, &year, &month, &day);
    int64_t from = rule_moment(&z->begins, year) - z->standard;
    int64_t to = rule_moment(&z->ends, year) - z->daylight;
    bool on = from < to ? seconds >= from && seconds < to : seconds >= from || seconds < to;
    return on ? z->daylight : z->standard;
}

/* -------------------------------------------------------------------------- the file */

static int64_t big_endian(const unsigned char *p, int n)
{
    uint64_t v = p[0] & 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < n; i++)
        v = v << 8 | p[i];
    return (int64_t)v;
}

struct header {
    int64_t utc, standard, leaps, times, types, chars;
};

#define HEADER 44

static bool read_header(str file, size_t at, struct header *h)
{
    if (file.n < at + HEADER || memcmp(file.p + at, "TZif", 4) != 0)
        return false;
    const unsigned char *p = (const unsigned char *)file.p + at + 20;
    *h = (struct header){ big_endian(p, 4),      big_endian(p + 4, 4),  big_endian(p + 8, 4),
                          big_endian(p + 12, 4), big_endian(p + 16, 4), big_endian(p + 20, 4) };
    const int64_t counts[] = { h->utc, h->standard, h->leaps, h->times, h->types, h->chars };
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        if (counts[i] < 0 || counts[i] > FILE_MAX)
            return false;
    return h->types > 0;
}

static size_t body_size(const struct header *h, int width)
{
    return (size_t)(h->times * (width + 1) + h->types * 6 + h->chars + h->leaps * (width + 4) +
                    h->standard + h->utc);
}

static bool read_body(struct tz *z, str file, size_t at, const struct header *h)
{
    const unsigned char *times = (const unsigned char *)file.p + at;
    const unsigned char *kinds = times + h->times * 8, *types = kinds + h->times;
    z->n = (size_t)h->times;
    z->at = calloc(z->n + 1, sizeof(*z->at));
    z->offset = calloc(z->n + 1, sizeof(*z->offset));
    BUG_ON(!z->at || !z->offset);
    z->first = (int)big_endian(types, 4);
    for (size_t i = 0; i < z->n; i++) {
        if (kinds[i] >= h->types)
            return false;
        z->at[i] = big_endian(times + i * 8, 8);
        z->offset[i] = (int)big_endian(types + kinds[i] * 6, 4);
    }
    return true;
}

static bool read_file(struct tz *z, str file)
{
    struct header small, h;
    if (!read_header(file, 0, &small))
        return false;
    size_t at = HEADER + body_size(&small, 4);
    if (!read_header(file, at, &h) || file.n < at + HEADER + body_size(&h, 8) ||
        !read_body(z, file, at + HEADER, &h))
        return false;
    str footer = str_trim(str_slice(file, at + HEADER + body_size(&h, 8), file.n));
    z->has_rule = footer.n && read_rule(z, footer);
    return true;
}

static bool good_name(str name)
{
    if (!name.n || name.n >= NAME_MAX_ || name.p[0] == '/' || str_find(name, STR("..")) >= 0)
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (!isalnum((unsigned char)name.p[i]) && !memchr("_+-/", name.p[i], 4))
            return false;
    return true;
}

static struct tz *load(str name)
{
    struct tz *z = calloc(1, sizeof(*z));
    char path[sizeof(FOLDER) + NAME_MAX_], *data = malloc(FILE_MAX);
    BUG_ON(!z || !data);
    memcpy(z->name, name.p, name.n);
    snprintf(path, sizeof(path), FOLDER "%s", z->name);
    FILE *f = fopen(path, "rbe");
    size_t n = f ? fread(data, 1, FILE_MAX, f) : 0;
    if (f)
        fclose(f);
    bool ok = read_file(z, (str){ data, n });
    free(data);
    if (ok || str_eqz(name, "UTC"))
        return z;
    free(z->at);
    free(z->offset);
    free(z);
    return NULL;
}

const struct tz *tz_find(str name)
{
    struct tz *z;
    if (!good_name(name))
        return NULL;
    pthread_mutex_lock(&lock);
    for (z = known; z && !str_eqz(name, z->name);)
        z = z->next;
    if (!z && (z = load(name))) {
        z->next = known;
        known = z;
    }
    pthread_mutex_unlock(&lock);
    return z;
}

str tz_name(const struct tz *z)
{
    return str_of(z->name);
}

/* -------------------------------------------------------------------------- conversion */

static int64_t to_seconds(int64_t us)
{
    return us >= 0 ? us / CLOCK_SECOND : -((-us + CLOCK_SECOND - 1) / CLOCK_SECOND);
}

int tz_offset(const struct tz *z, int64_t us)
{
    int64_t s = to_seconds(us);
    if (z->has_rule && (!z->n || s >= z->at[z->n - 1]))
        return rule_offset(z, s);
    size_t low = 0, high = z->n; /* the first moment after s */
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (z->at[mid] <= s)
            low = mid + 1;
        else
            high = mid;
    }
    return low ? z->offset[low - 1] : z->first;
}

int64_t tz_local(const struct tz *z, int64_t us)
{
    return us + tz_offset(z, us) * CLOCK_SECOND;
}

int64_t tz_instant(const struct tz *z, int64_t local)
{
    /* The offsets of a day before and after bound every change between them. */
    int before = tz_offset(z, local - 86400 * CLOCK_SECOND);
    int after = tz_offset(z, local + 86400 * CLOCK_SECOND);
    int64_t early = local - before * CLOCK_SECOND, late = local - after * CLOCK_SECOND;
    if (tz_local(z, early) == local)
        return early;
    return tz_local(z, late) == local ? late : early;
}
