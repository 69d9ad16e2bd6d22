/* number.c - values and buckets as people read them; see chart.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "render/chart.h"

/* 1234567.891 with at most and at least so many decimals: "1,234,567.89". */
static str plain(struct arena *a, double v, int most, int least)
{
    char text[400], out[540];
    size_t n = 0;
    most = most < least ? least : most;
    snprintf(text, sizeof(text), "%.*f", most, v);
    size_t len = strlen(text), whole = strcspn(text, ".");
    while (most > least && len > whole && text[len - 1] == '0') {
        len--;
        most--;
    }
    if (len && text[len - 1] == '.')
        len--;
    bool minus = text[0] == '-';
    for (size_t i = 0; i < len && n + 2 < sizeof(out); i++) {
        if (i > minus && i < whole && (whole - i) % 3 == 0)
            out[n++] = ',';
        out[n++] = text[i];
    }
    return arena_str(a, (str){ out, n });
}

static str shortened(struct arena *a, double v)
{
    static const struct {
        double size;
        const char *unit;
    } units[] = { { 1e12, "T" }, { 1e9, "B" }, { 1e6, "M" }, { 1e3, "K" } };
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (fabs(v) >= units[i].size) {
            str n = plain(a, v / units[i].size, 1, 0);
            return arena_printf(a, STR_FMT "%s", STR_ARG(n), units[i].unit);
        }
    return plain(a, v, 1, 0);
}

str chart_duration(struct arena *a, double seconds)
{
    static const struct {
        int64_t size;
        char unit;
    } units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
    const char *sign = seconds < 0 ? "-" : "";
    double s = fabs(seconds);
    if (!(s <= 1e15)) /* nor a number at all */
        return STR("–");
    if (s == 0)
        return STR("0s");
    if (s < 60) {
        str n = s < 1 ? plain(a, s * 1000, 0, 0) : plain(a, s, 1, 0);
        return arena_printf(a, "%s" STR_FMT "%s", sign, STR_ARG(n), s < 1 ? "ms" : "s");
    }
    int64_t left = llround(s);
    size_t first = 0;
    while (left < units[first].size)
        first++;
    int64_t n = left / units[first].size, rest = left % units[first].size;
    int64_t second = first + 1 < ARRAY_LEN(units) ? rest / units[first + 1].size : 0;
    if (!second)
        return arena_printf(a, "%s%lld%c", sign, (long long)n, units[first].unit);
    return arena_printf(a, "%s%lld%c %lld%c", sign, (long long)n, units[first].unit,
                        (long long)second, units[first + 1].unit);
}

static str digits(struct arena *a, double v, const struct chart_format *f)
{
    int most = f->decimals >= 0 ? f->decimals : 2;
    return plain(a, v, most, f->min_decimals < most ? f->min_decimals : most);
}

static str body(struct arena *a, double v, const struct chart_format *f, bool compact)
{
    str n;
    if (str_eqz(f->name, "duration"))
        return chart_duration(a, v);
    if (str_eqz(f->name, "duration_ms"))
        return chart_duration(a, v / 1000);
    if (str_eqz(f->name, "percentage") || str_eqz(f->name, "percentage_scaled")) {
        n = digits(a, str_eqz(f->name, "percentage") ? v : v * 100, f);
        return arena_printf(a, STR_FMT "%%", STR_ARG(n));
    }
    if (str_eqz(f->name, "currency")) {
        n = compact && fabs(v) >= 10000
                ? shortened(a, v)
                : plain(a, v, f->decimals >= 0 ? f->decimals : 2, v == floor(v) ? 0 : 2);
        return arena_printf(a, "$" STR_FMT, STR_ARG(n));
    }
    if (str_eqz(f->name, "short") || (compact && fabs(v) >= 10000))
        return shortened(a, v);
    return digits(a, v, f);
}

str chart_number(struct arena *a, double v, const struct chart_format *f, bool compact)
{
    if (!isfinite(v))
        return STR("–");
    str n = body(a, v, f, compact);
    return f->prefix.n || f->postfix.n ? arena_printf(a, STR_FMT STR_FMT STR_FMT,
                                                      STR_ARG(f->prefix), STR_ARG(n),
                                                      STR_ARG(f->postfix))
                                       : n;
}

/* Two or four digits at that place; -1. */
static int digits_at(str s, size_t from, size_t n)
{
    int v = 0;
    for (size_t i = from; i < from + n; i++) {
        if (i >= s.n || s.p[i] < '0' || s.p[i] > '9')
            return -1;
        v = v * 10 + s.p[i] - '0';
    }
    return v;
}

str chart_bucket(struct arena *a, str b, str interval)
{
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    int year = digits_at(b, 0, 4), month = digits_at(b, 5, 2), day = digits_at(b, 8, 2);
    int hour = digits_at(b, 11, 2), minute = digits_at(b, 14, 2);
    if (year < 0 || month < 1 || month > 12 || day < 1 || b.p[4] != '-' || b.p[7] != '-')
        return b;
    if (str_eqz(interval, "month"))
        return arena_printf(a, "%s %d", months[month - 1], year);
    bool fine = str_eqz(interval, "hour") || str_eqz(interval, "minute");
    if (fine && hour >= 0 && minute >= 0 && hour + minute > 0)
        return arena_printf(a, "%02d:%02d", hour, minute);
    return arena_printf(a, "%d %s", day, months[month - 1]);
}

void chart_range(const struct chart *c, double *least, double *most)
{
    *least = *most = 0;
    for (size_t i = 0; i < c->name_count; i++) {
        double up = 0, down = 0;
        for (size_t k = 0; k < c->series_count; k++) {
            double v = c->series[k].values[i];
            if (!isfinite(v))
                continue;
            if (c->form != CHART_STACKED)
                up = down = 0;
            up += v > 0 ? v : 0;
            down += v < 0 ? v : 0;
            *most = up > *most ? up : *most;
            *least = down < *least ? down : *least;
        }
    }
}
