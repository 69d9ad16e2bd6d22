/* tz.h - time zones by their IANA names, read from the system's TZif files. Instants are microseconds
 * UTC; a local time is the same count for the clock on the wall. Never touches TZ of the process.
 *
 * A zone is read once a process and lives until it ends; any thread. */
#pragma once

#include "base/str.h"

struct tz;

/* NULL: no such zone. "UTC" is always there. */
const struct tz *tz_find(str name);
str tz_name(const struct tz *z);
/* Seconds that local time is ahead of UTC at that instant. */
int tz_offset(const struct tz *z, int64_t us);
int64_t tz_local(const struct tz *z, int64_t us);
/* The instant of a local time. One that a change of clocks skips moves forward by the gap; of two the
 * first is meant. */
int64_t tz_instant(const struct tz *z, int64_t local);
