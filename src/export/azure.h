/* azure.h - requests to Azure Blob Storage, signed with the account's key. */
#pragma once

#include "http/outgoing.h"

struct azure {
    struct outgoing *outgoing;
    str endpoint; /* "https://account.blob.core.windows.net", perhaps with a path */
    str account;
    unsigned char key[64];
    size_t key_n;
    bool (*gone)(void *context); /* as of outgoing_request; NULL: never */
    void *gone_context;
};

/* Reads a connection string. ERR_INVALID, with the words for the user. */
int azure_connect(struct azure *z, struct arena *a, str connection_string, struct err *e);
struct azure_request {
    const char *method;
    str path;         /* not encoded */
    str query;        /* encoded; STR_NULL: none */
    str signed_query; /* the same for the signature: "\nname:value" each, not encoded, sorted */
    str body;         /* STR_NULL: none */
    bool whole;       /* the body is a blob */
    str range;        /* "bytes=0-99"; STR_NULL: all */
    size_t answer_max; /* bytes; 0: of a small answer */
    int seconds;       /* patience; 0: for a small request */
};
/* An answer of any status: 0. */
int azure_send(const struct azure *z, struct arena *a, const struct azure_request *request,
               struct outgoing_answer *out, struct err *e);
/* A small one. path: "/container" or "/container/blob", not encoded. restype container: its properties. */
int azure_call(const struct azure *z, struct arena *a, const char *method, str path,
               bool container, str body, struct outgoing_answer *out, struct err *e);
