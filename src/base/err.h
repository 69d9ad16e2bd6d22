/* err.h - one way to fail: a negative ERR_* as return value and a filled struct err.
 *
 * Functions that can fail return 0 or `err_set(e, ...)`. The struct is untouched on success.
 * Whoever returns an error does not log it: the router, the job runner and main do. */
#pragma once

#include "base/str.h"

enum err_kind {
    ERR_NONE = 0,
    ERR_FIRST_ = -1000,
#define ERR(kind, status, type, code, text) ERR_##kind,
#include "base/err.def"
#undef ERR
};

struct err {
    enum err_kind kind;
    char message[1024]; /* for the client; empty: the kind's own text */
    char attr[128];     /* the field at fault, "" when none */
    char code[64];      /* replaces the kind's code when not empty */
    char detail[1024];  /* for the log only */
    int pos;            /* offset in the query text, -1 when none */
};

#define ERR_INIT ((struct err){ .pos = -1 })

/* Fills e and returns kind. attr may be NULL; fmt NULL takes the kind's own text. */
int err_set(struct err *e, enum err_kind kind, const char *attr, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* ERR_INTERNAL with a detail for the log; the client sees the general text. */
int err_internal(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int err_status(const struct err *e);
const char *err_type(const struct err *e);
const char *err_code(const struct err *e);
const char *err_message(const struct err *e);
