/* demo_calendar.h - the demo's sixty days: growth, the rhythm of the week and of the hours, a release
 * that makes more visitors sign up, and an afternoon when the service was down. */
#pragma once

#include "cmd/demo_dice.h"

#define DEMO_DAYS 60
#define DEMO_RELEASE 38 /* the first day with the new sign-up page */
#define DEMO_OUTAGE 45

struct calendar {
    int64_t start, end;           /* us: midnight UTC of day 0; the last moment there is */
    double until[DEMO_DAYS + 1];  /* share of all activity before each day, 0 to 1 */
};

void calendar_init(struct calendar *c, int64_t end);
/* A day not before `from`, as busy days are likelier. */
int calendar_day(const struct calendar *c, struct dice *d, int from);
/* A moment of that day, in the waking hours of a place so many minutes ahead of UTC. INT64_MIN: that
 * moment is not reached yet, or nobody could reach the service then. */
int64_t calendar_moment(const struct calendar *c, struct dice *d, int day, int ahead);
int calendar_day_of(const struct calendar *c, int64_t at);
bool calendar_down(const struct calendar *c, int64_t at);
