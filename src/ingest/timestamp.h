/* timestamp.h - when an event happened, from what the client says and its clock's error. */
#pragma once

#include "base/str.h"

struct event_clock {
    int64_t now;         /* receipt, us */
    int64_t sent_at;     /* the client's clock at sending; INT64_MIN: unknown */
    bool ignore_sent_at; /* take the client's timestamp as it is */
    bool allow_future;
};

/* text STR_NULL: none. offset_ms INT64_MIN: none; else milliseconds before receipt. */
int64_t event_timestamp(const struct event_clock *c, str text, int64_t offset_ms);

/* The formats clients send: RFC 3339 and its lax forms, RFC 2822, YYYY/MM/DD, MM/DD/YYYY, digits
 * as seconds or milliseconds. */
bool event_time_parse(str s, int64_t *us);
