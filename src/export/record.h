/* record.h - rows of the event store as they arrive, in ClickHouse's RowBinaryWithNamesAndTypes: the names
 * and types first, then values one after the other. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum record_kind {
    RECORD_TEXT,
    RECORD_INT,      /* signed, up to 64 bits */
    RECORD_UINT,
    RECORD_FLOAT,
    RECORD_BOOL,
    RECORD_TIME,     /* microseconds UTC */
    RECORD_UUID,
    RECORD_TEXTS,    /* a list */
};

struct record_column {
    str name;
    str type;      /* ClickHouse's */
    enum record_kind kind;
    bool json;     /* a text that is JSON */
    bool nullable;
    unsigned size; /* bytes of a number */
    int64_t scale; /* a time's units times this are microseconds; below 0: divided by its opposite */
};

struct record_value {
    bool null;
    union {
        int64_t i; /* also of times and booleans */
        uint64_t u;
        double f;
        const unsigned char *uuid; /* as stored: two halves, each little endian */
    };
    str text;   /* of texts; of lists the bytes of their members */
    size_t n;   /* members of a list */
};

/* Takes a row. The values live until it returns. */
typedef int (*record_row_fn)(void *context, const struct record_value *values, struct err *e);

struct record_reader {
    struct arena *arena; /* of names and types */
    record_row_fn row;
    /* Called once, when the columns are known; NULL: not wanted. */
    int (*head)(void *context, struct record_reader *r, struct err *e);
    void *context;
    struct record_column *columns; /* NULL: not known yet */
    size_t n;
    struct record_value *values;
    struct buf rest; /* of a row that goes on in the next piece */
};

void record_init(struct record_reader *r, struct arena *a, record_row_fn row, void *context);
void record_release(struct record_reader *r);
/* A query_take_fn. */
int record_take(void *reader, str piece, struct err *e);
/* After the last piece: nothing may be left over. */
int record_end(const struct record_reader *r, struct err *e);
/* The members of a list, one by one; begins with *at 0. */
bool record_member(const struct record_value *v, size_t *at, str *out);
/* The text of a UUID, without a NUL. */
void record_uuid_text(const unsigned char *stored, char out[36]);
