/* write.h - JSON text straight into a buffer. Commas are the writer's business: it remembers, per
 * depth, whether a value came before. Text that is not UTF-8 is written with U+FFFD for each bad
 * byte; NaN and infinities are null. */
#pragma once

#include "base/buf.h"
#include "base/limits.h"
#include "json/parse.h"

/* The deepest tree that is parsed fits, with what is written around it. */
#define WRITE_DEPTH (LIMIT_JSON_DEPTH + 32)

struct json_writer {
    struct buf *b;
    bool more[WRITE_DEPTH]; /* a value stands before the next one at this depth */
    int depth;
    bool after_key;
};

#define JSON_WRITER(buf_) ((struct json_writer){ .b = (buf_) })

void json_open(struct json_writer *w, char bracket); /* '{' or '[' */
void json_close(struct json_writer *w, char bracket); /* '}' or ']' */
void json_key(struct json_writer *w, const char *key);
void json_key_str(struct json_writer *w, str key);
void json_str(struct json_writer *w, str s); /* STR_NULL writes null */
void json_z(struct json_writer *w, const char *z); /* NULL writes null */
void json_i64(struct json_writer *w, int64_t v);
void json_f64(struct json_writer *w, double v);
void json_bool(struct json_writer *w, bool v);
void json_null(struct json_writer *w);
/* Text that is a JSON value already. */
void json_raw(struct json_writer *w, str json);
/* Text that is members of an object, "a":1,"b":2, at a place where a key may stand. */
void json_members(struct json_writer *w, str members);
/* A key and its value. put_raw: STR_NULL writes null; put_id: 0 does. */
void json_put_str(struct json_writer *w, const char *key, str s);
void json_put_z(struct json_writer *w, const char *key, const char *z);
void json_put_i64(struct json_writer *w, const char *key, int64_t v);
void json_put_id(struct json_writer *w, const char *key, int64_t id);
void json_put_bool(struct json_writer *w, const char *key, bool v);
void json_put_time(struct json_writer *w, const char *key, int64_t us);
void json_put_raw(struct json_writer *w, const char *key, str json);
/* A parsed tree again; numbers as they stood in their source. */
void json_tree(struct json_writer *w, const struct json *v);
/* ISO time in UTC; a negative infinity (INT64_MIN) writes null. */
void json_time(struct json_writer *w, int64_t us);
