/* static.h - files that are part of the program: sent from where they lie, never copied, compressed
 * as the client accepts, answered 304 to a client that has them. Any thread. */
#pragma once

#include "http/server.h"

enum static_encoding { STATIC_IDENTITY, STATIC_GZIP, STATIC_BR, STATIC_ENCODINGS };

struct static_file {
    const char *name; /* "app-3F2A.js" */
    const char *type; /* content type */
    const char *hash; /* of its contents: the ETag without quotes */
    bool immutable;   /* the name changes with the contents: kept by clients for a year */
    str body[STATIC_ENCODINGS]; /* p == NULL: not in this encoding; identity is always there */
};

/* NULL when none of the n files, sorted by name, is called that. */
const struct static_file *static_find(const struct static_file *files, size_t n, str name);
void static_reply(struct http_request *r, const struct static_file *f);
/* What an Accept-Encoding header, or none (STR_NULL), allows and f has: the smallest. */
enum static_encoding static_choose(const struct static_file *f, str accept);
