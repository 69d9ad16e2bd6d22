/* seal.h - secrets at rest: what the server must be able to read again, encrypted with a key that
 * stands in a file beside the database. A copy of the database alone tells none of them. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct seal;

/* Reads the key of that file, which only its owner may read, and makes it when it is not there. */
int seal_open(const char *path, struct seal **out, struct err *e);
/* Wipes the key. NULL is allowed. */
void seal_free(struct seal *s);

/* Bytes to be stored. The text may be of any length; the same text gives other bytes each time. */
str seal_text(const struct seal *s, struct arena *a, str text);
/* The text again. ERR_INTERNAL: the bytes are damaged, or were sealed with another key. */
int seal_read(const struct seal *s, struct arena *a, str sealed, str *text, struct err *e);

#define SEAL_SIGNATURE 32 /* bytes */
/* What only this folder can have made of the text. The key follows from the folder's and serves nothing
 * else. */
void seal_sign(const struct seal *s, str text, unsigned char out[SEAL_SIGNATURE]);
