/* s3.h - requests to an object store that speaks S3's API. */
#pragma once

#include "export/sigv4.h"
#include "http/outgoing.h"
#include "json/parse.h"

struct s3 {
    struct outgoing *outgoing;
    struct sigv4_key key;
    str endpoint;       /* "https://host[:port]", nothing behind it */
    str bucket;
    bool (*gone)(void *context); /* as of outgoing_request; NULL: never */
    void *gone_context;
    bool virtual_style; /* the bucket stands in the host's name, not in the path */
};

/* All but `outgoing`, by an export's settings. ERR_INVALID, as s3_locate. */
int s3_configure(struct s3 *s, struct arena *a, const struct json *config, struct err *e);
/* Fills endpoint and style; endpoint_url STR_NULL: Amazon's, of the region. ERR_INVALID: the URL is
 * none, or the bucket cannot stand before a host. */
int s3_locate(struct s3 *s, struct arena *a, str endpoint_url, bool virtual_style, struct err *e);
struct s3_request {
    const char *method;
    str key;   /* STR_NULL: the bucket itself */
    str query; /* encoded and sorted, "partNumber=1&uploadId=x"; STR_NULL: none */
    str body;  /* STR_NULL: none */
    const struct outgoing_header *headers; /* further ones, as sigv4_request has them */
    const struct outgoing_header *unsigned_headers; /* NULL: none */
    size_t answer_max;                     /* bytes; 0: of a small answer */
    int seconds;                           /* patience; 0: for a small request */
};

/* An answer of any status: 0, its header is the ETag; ERR_UNAVAILABLE: none came; ERR_DENIED: none may. */
int s3_send(const struct s3 *s, struct arena *a, const struct s3_request *request,
            struct outgoing_answer *out, struct err *e);
/* A small one. */
int s3_call(const struct s3 *s, struct arena *a, const char *method, str key, str body,
            struct outgoing_answer *out, struct err *e);
/* What stands between <name> and </name>; STR_NULL: nothing. */
str s3_element(struct arena *a, str xml, const char *name);
/* "AccessDenied: …": code and message of an answer that is an error; the status when it has none. */
str s3_error(struct arena *a, const struct outgoing_answer *answer);
