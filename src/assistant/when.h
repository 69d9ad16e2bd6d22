/* when.h - dates in words: "last week", "since Monday", "between 3 May and 9 June". */
#pragma once

#include "assistant/planner.h"
#include "assistant/words.h"

/* A stretch of time. Days are counted from 1970-01-01 by the project's clock, both ends inclusive. */
struct when {
    bool given;
    bool all;          /* from the beginning */
    int64_t first, last; /* first: INT64_MIN for `all` */
    str from, to;      /* the query's words for it; to STR_NULL: now */
    str text;          /* "last week (16 to 22 November 2026)" */
    enum unit unit;    /* what it is a multiple of: of "the last 8 weeks" weeks */
    int count;         /* how many; 0: of no unit */
    bool hours;        /* finer than days: first and last are only about right */
};

/* What "now" is, by the project's clock. */
struct when_calendar {
    int64_t today;     /* day */
    int week_start;    /* 0 Sunday, 1 Monday */
};

struct when_calendar when_calendar_of(const struct planner_project *p);
/* Reads a stretch of time that begins at word i, its preposition included: how many words, 0 for none. */
size_t when_read(const struct when_calendar *c, const struct words *w, size_t i, struct when *out);
/* The last `days` days, for when no time is named. */
struct when when_default(const struct when_calendar *c, struct arena *a, int days);
/* A stretch of as many days right before it. */
struct when when_before(struct arena *a, const struct when *w);
/* "22 November 2026", and without the year what needs none. */
str when_day_text(struct arena *a, int64_t day);
str when_days_text(struct arena *a, int64_t first, int64_t last);
