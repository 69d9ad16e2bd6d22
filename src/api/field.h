/* field.h - fields of a JSON body, read by table: a row says a field's name, its type and where its
 * value goes. A field that is absent leaves its place untouched; the first bad one, in the order of
 * the table, is the error, in the words that clients know. Values point into the body or the arena. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "json/parse.h"

enum field_type {
    FIELD_STR,    /* str, trimmed unless said; numbers become text */
    FIELD_BOOL,   /* bool */
    FIELD_I64,    /* int64_t */
    FIELD_TIME,   /* int64_t, microseconds; INT64_MIN for null */
    FIELD_TAGS,   /* str: a JSON list of trimmed lower-case names without repeats */
    FIELD_CHOICE, /* int64_t, one of two: `max` or `other` */
    FIELD_OBJECT, /* str: JSON text of an object */
    FIELD_ANY,    /* str: JSON text of any value */
    FIELD_IDS,    /* struct id_list */
};

struct id_list {
    int64_t *ids;
    size_t n;
    bool given;
};

enum {
    FIELD_NULLABLE = 1, /* null is taken: STR_NULL, INT64_MIN (times), 0 (integers) */
    FIELD_REQUIRED = 2,
    FIELD_FILLED = 4,   /* text may not be blank */
    FIELD_UNTRIMMED = 8, /* text keeps the blanks at its ends */
};

struct field {
    const char *name;
    enum field_type type;
    size_t offset;        /* of the value in the struct */
    int flags;
    size_t max;           /* characters of a text, 0: LIMIT_FIELD; a choice's first value */
    int64_t other;        /* a choice's second value */
    const char *too_long; /* replaces the general words */
};

/* Ended by a row without name. prefix: what stands before the names in errors ("text__"), or "". */
int fields_read(struct arena *a, const struct json *body, const char *prefix,
                const struct field *fields, void *out, struct err *e);

/* A boolean, or a text or number that is read as one; null is the caller's. */
int field_bool(const char *attr, const struct json *v, bool *out, struct err *e);
/* Python's idea of a value that counts as given: not null, false, 0, "", [] or {}. */
bool json_truthy(const struct json *v);
/* The value as JSON text. */
str json_text_of(struct arena *a, const struct json *v);
