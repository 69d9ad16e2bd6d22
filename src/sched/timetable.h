/* timetable.h - when something that is done at intervals is due: boundaries in time, one interval between
 * each two. Pure. Instants are microseconds UTC. */
#pragma once

#include "base/str.h"

struct tz;

struct timetable {
    int64_t step;        /* microseconds: boundaries are its multiples; 0: by the clock on the wall */
    int days;            /* 1 or 7, when by the clock on the wall */
    int64_t offset;      /* seconds after midnight, or after Sunday's, that such a boundary is */
    const struct tz *tz; /* of that clock */
};

/* interval: "hour", "day", "week", "every 5 minutes", "every 15 minutes". False: none of them. */
bool timetable_of(str interval, const struct tz *tz, int64_t offset, struct timetable *out);
/* The last boundary that is not after that instant. */
int64_t timetable_floor(const struct timetable *t, int64_t at);
/* The first boundary after that instant; the last before it. */
int64_t timetable_after(const struct timetable *t, int64_t at);
int64_t timetable_before(const struct timetable *t, int64_t at);
