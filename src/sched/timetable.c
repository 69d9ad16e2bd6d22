/* timetable.c - see timetable.h. */
#include "sched/timetable.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/tz.h"

#define DAY (86400 * CLOCK_SECOND)
#define FIRST_SUNDAY (-4 * DAY) /* 1969-12-28: the epoch was a Thursday */

bool timetable_of(str interval, const struct tz *tz, int64_t offset, struct timetable *out)
{
    static const struct {
        const char *name;
        int64_t step;
        int days;
    } known[] = {
        { "hour", 3600 * CLOCK_SECOND, 0 },           { "day", 0, 1 },
        { "week", 0, 7 },                             { "every 5 minutes", 300 * CLOCK_SECOND, 0 },
        { "every 15 minutes", 900 * CLOCK_SECOND, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (str_eqz(interval, known[i].name)) {
            *out = (struct timetable){ known[i].step, known[i].days, offset, tz };
            return true;
        }
    return false;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* What the wall shows at boundary 0. */
static int64_t origin(const struct timetable *t)
{
    return (t->days == 7 ? FIRST_SUNDAY : 0) + t->offset * CLOCK_SECOND;
}

static int64_t boundary(const struct timetable *t, int64_t n)
{
    if (t->step)
        return n * t->step;
    return tz_instant(t->tz, origin(t) + n * t->days * DAY);
}

/* The number of the last boundary that is not after. Where clocks are changed, what the wall shows is
 * off by a step. */
static int64_t number(const struct timetable *t, int64_t at)
{
    if (t->step)
        return floor_div(at, t->step);
    int64_t n = floor_div(tz_local(t->tz, at) - origin(t), t->days * DAY);
    while (boundary(t, n) > at)
        n--;
    while (boundary(t, n + 1) <= at)
        n++;
    return n;
}

int64_t timetable_floor(const struct timetable *t, int64_t at)
{
    return boundary(t, number(t, at));
}

int64_t timetable_after(const struct timetable *t, int64_t at)
{
    return boundary(t, number(t, at) + 1);
}

int64_t timetable_before(const struct timetable *t, int64_t at)
{
    return boundary(t, number(t, at - 1));
}
