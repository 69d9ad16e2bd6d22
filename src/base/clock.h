/* clock.h - time. Instants are microseconds since 1970-01-01 UTC, in int64.
 *
 * clock_now_us is the server's idea of now: the machine's, or one that --clock shifted. Logs and
 * timeouts use the unshifted clocks. */
#pragma once

#include "base/str.h"

#define CLOCK_SECOND 1000000LL
#define CLOCK_TEXT 40 /* bytes that clock_text needs */

int64_t clock_now_us(void);
int64_t clock_real_us(void);
/* Never goes back; only differences mean something. */
int64_t clock_mono_us(void);
/* Makes clock_now_us start at that instant now. Call once, before threads. */
void clock_start_at(int64_t us);

/* 2026-01-20T13:00:01Z, with microseconds when not zero. Years 0 to 9999. */
void clock_text(int64_t us, char out[CLOCK_TEXT]);
/* 2026-01-20 13:00:01.123456, the form ClickHouse reads. */
void clock_text_sql(int64_t us, char out[CLOCK_TEXT]);

/* Proleptic Gregorian days since 1970-01-01. */
int64_t clock_days(int year, int month, int day);
void clock_civil(int64_t days, int *year, int *month, int *day);

/* RFC 3339 with zone, with two-digit offset, with a blank for the T, without zone (UTC), or a date
 * alone (midnight). False: not such a text. */
bool clock_parse(str s, int64_t *us);
