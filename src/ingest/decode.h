/* decode.h - the bytes of a capture request to JSON text: forms, base64, gzip, LZ-String.
 *
 * Errors of capture_decode are plain texts for the client. Those of capture_decode_v1 carry the
 * tag of the v1 answer in err.code. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct capture_raw {
    str body;
    str content_type;     /* STR_NULL when absent, as the following */
    str content_encoding;
    str data;             /* query parameter, percent-decoded */
    str compression;      /* query parameter */
};

/* The payload as text, in the arena or inside `in`; not checked to be JSON or UTF-8.
 * ERR_INVALID or, past LIMIT_INFLATED, ERR_TOO_LARGE. */
int capture_decode(struct arena *a, const struct capture_raw *in, str *json, struct err *e);
/* Content-Encoding gzip, deflate, br, zstd, or none; at most LIMIT_INFLATED_V1. Also
 * ERR_MEDIA_TYPE for an encoding that is unknown. */
int capture_decode_v1(struct arena *a, str body, str encoding, str *json, struct err *e);
