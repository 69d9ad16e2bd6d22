/* sigv4.h - AWS Signature Version 4, as S3 and its likes check it.
 *
 * The path and the query are signed as they are sent. */
#pragma once

#include "base/arena.h"
#include "http/outgoing.h"

struct sigv4_key {
    str id, secret;
    str session_token; /* STR_NULL: none */
    str region;
};

struct sigv4_request {
    const char *method;
    str host;  /* with the port when it is not the scheme's own */
    str path;  /* encoded, begins with '/' */
    str query; /* encoded and sorted; STR_NULL: none */
    str body_hash; /* hex of SHA-256 of the body */
    /* Further headers, x-amz-se… and behind in the alphabet, sorted; ended by a row without name; NULL:
     * none. */
    const struct outgoing_header *more;
};

/* now: microseconds. *date is the value of x-amz-date; the result that of Authorization. Signed are
 * host, x-amz-content-sha256, x-amz-date, when there is one x-amz-security-token, and the further ones. */
str sigv4_sign(struct arena *a, const struct sigv4_key *k, const struct sigv4_request *q,
               int64_t now, str *date);
