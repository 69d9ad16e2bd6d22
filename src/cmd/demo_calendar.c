/* demo_calendar.c - see demo_calendar.h. */
#include "cmd/demo_calendar.h"

#include "base/clock.h"

#define DAY (86400 * CLOCK_SECOND)
#define GROWTH 0.012        /* a day */
#define DOWN_FROM 10        /* hours UTC of the outage */
#define DOWN_TO 16
#define GOT_THROUGH 0.12    /* share of the requests that were answered meanwhile */

/* 1970-01-01 was a Thursday. */
static int weekday(int64_t at)
{
    return (int)((at / DAY + 3) % 7); /* 0 Monday */
}

void calendar_init(struct calendar *c, int64_t end)
{
    static const double week[] = { 1.05, 1.15, 1.12, 1.08, 0.92, 0.48, 0.42 };
    double sum = 0;
    c->end = end;
    c->start = end / DAY * DAY - (DEMO_DAYS - 1) * DAY;
    for (int i = 0; i < DEMO_DAYS; i++) {
        int64_t day = c->start + i * DAY;
        double weight = exp(GROWTH * i) * week[weekday(day)];
        if (i == DEMO_OUTAGE)
            weight *= 0.6;
        if (i == DEMO_DAYS - 1)
            weight *= (double)(end - day) / DAY;
        c->until[i] = sum;
        sum += weight;
    }
    for (int i = 0; i < DEMO_DAYS; i++)
        c->until[i] /= sum;
    c->until[DEMO_DAYS] = 1;
}

int calendar_day(const struct calendar *c, struct dice *d, int from)
{
    double at = c->until[from] + dice_unit(d) * (1 - c->until[from]);
    int day = from;
    while (day < DEMO_DAYS - 1 && c->until[day + 1] <= at)
        day++;
    return day;
}

int64_t calendar_moment(const struct calendar *c, struct dice *d, int day, int ahead)
{
    static const double hours[24] = { 2, 1, 1, 1, 1, 2, 4, 7, 11, 14, 15, 14,
                                      12, 13, 14, 13, 12, 10, 9, 9, 8, 7, 5, 3 };
    double at = dice_unit(d) * 188; /* their sum */
    int hour = 0;
    while (hour < 23 && at >= hours[hour])
        at -= hours[hour++];
    int64_t local = hour * 3600LL + dice_below(d, 3600);
    int64_t utc = ((local - ahead * 60LL) % 86400 + 86400) % 86400;
    int64_t us = c->start + day * DAY + utc * CLOCK_SECOND + dice_below(d, 1000000);
    bool lost = calendar_down(c, us) && !dice_chance(d, GOT_THROUGH);
    return us > c->end || lost ? INT64_MIN : us;
}

int calendar_day_of(const struct calendar *c, int64_t at)
{
    return (int)((at - c->start) / DAY);
}

bool calendar_down(const struct calendar *c, int64_t at)
{
    int64_t day = c->start + DEMO_OUTAGE * DAY;
    return at >= day + DOWN_FROM * 3600 * CLOCK_SECOND &&
           at < day + DOWN_TO * 3600 * CLOCK_SECOND;
}
