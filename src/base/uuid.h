/* uuid.h - UUIDs as 16 bytes, and random bytes. */
#pragma once

#include "base/str.h"

#define UUID_TEXT 37 /* bytes of the text form with its NUL */

struct uuid {
    unsigned char b[16];
};

/* Time ordered (RFC 9562, version 7), from clock_now_us. */
struct uuid uuid_v7(void);
/* Random (version 4). */
struct uuid uuid_v4(void);
/* Named (version 5): SHA-1 of the namespace and the name. */
struct uuid uuid_v5(struct uuid space, str name);
/* 36 lower-case characters and a NUL. */
void uuid_text(struct uuid u, char out[UUID_TEXT]);
/* With or without hyphens and braces, any case. */
bool uuid_parse(str s, struct uuid *out);

/* Fills p from the kernel; never short. */
void rand_bytes(void *p, size_t n);
/* n characters of [A-Za-z0-9] and a NUL: 5.95 bits each. */
void rand_token(char *out, size_t n);
/* Lower-case hex of SHA-256, 64 characters and a NUL. */
void sha256_hex(str s, char out[65]);
