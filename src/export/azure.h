/* azure.h - requests to Azure Blob Storage, signed with the account's key. */
#pragma once

#include "http/outgoing.h"

struct azure {
    struct outgoing *outgoing;
    str endpoint; /* "https://account.blob.core.windows.net", perhaps with a path */
    str account;
    unsigned char key[64];
    size_t key_n;
};

/* Reads a connection string. ERR_INVALID, with the words for the user. */
int azure_connect(struct azure *z, struct arena *a, str connection_string, struct err *e);
/* path: "/container" or "/container/blob", not encoded. restype container: its properties. */
int azure_call(const struct azure *z, struct arena *a, const char *method, str path,
               bool container, str body, struct outgoing_answer *out, struct err *e);
