/* payload.h - a capture body's JSON to a list of events: the shapes clients send, and the checks that
 * refuse a request as a whole. */
#pragma once

#include "json/parse.h"

struct payload {
    str token;
    int64_t sent_at;     /* of a batch's body, us; INT64_MIN: none */
    struct json *events; /* linked by next; each an object with `event`, unless `engage` */
    size_t n;
};

/* engage: objects without `event` are $identify. Errors carry the texts of capture: ERR_INVALID,
 * ERR_AUTH_FAILED for the token, ERR_TOO_LARGE for an event past LIMIT_EVENT. */
int payload_parse(struct arena *a, str text, bool engage, struct payload *out, struct err *e);

/* A token's form: 1 to 64 ASCII characters, no personal key. ERR_AUTH_FAILED with the reason. */
int payload_check_token(str token, struct err *e);

/* NULs become U+FFFD; the same text when there is none. */
str payload_without_nul(struct arena *a, str s);
/* A value used as an id: a string as it is, anything else as its JSON text without blanks; NULs
 * replaced. STR_NULL for null and NULL. */
str payload_id(struct arena *a, const struct json *v);
/* The distinct id of an event, as text; STR_NULL when it has none. At most LIMIT_DISTINCT_ID
 * characters, NULs replaced. */
str payload_distinct_id(struct arena *a, const struct json *event);
