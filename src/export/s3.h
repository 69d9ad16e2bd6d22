/* s3.h - requests to an object store that speaks S3's API. */
#pragma once

#include "export/sigv4.h"
#include "http/outgoing.h"

struct s3 {
    struct outgoing *outgoing;
    struct sigv4_key key;
    str endpoint;       /* "https://host[:port]", nothing behind it */
    str bucket;
    bool virtual_style; /* the bucket stands in the host's name, not in the path */
};

/* Fills endpoint and style; endpoint_url STR_NULL: Amazon's, of the region. ERR_INVALID: the URL is
 * none, or the bucket cannot stand before a host. */
int s3_locate(struct s3 *s, struct arena *a, str endpoint_url, bool virtual_style, struct err *e);
/* key STR_NULL: the bucket itself. An answer of any status: 0; ERR_UNAVAILABLE: none came. */
int s3_call(const struct s3 *s, struct arena *a, const char *method, str key, str body,
            struct outgoing_answer *out, struct err *e);
/* "AccessDenied: …": code and message of an answer that is an error; the status when it has none. */
str s3_error(struct arena *a, const struct outgoing_answer *answer);
