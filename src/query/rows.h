/* rows.h - the engine's JSONCompact answer as text: where its columns and rows are, without parsing
 * what is only passed on. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/tz.h"
#include "json/parse.h"

struct query_rows {
    str *names, *types; /* of the n columns, in the arena; types as ClickHouse names them */
    size_t n;
    str data;     /* "[[…],…]", a slice of the answer */
    size_t count; /* rows */
};

/* The answer must be whole; ERR_INTERNAL when it is not of the expected shape. */
int query_rows_read(struct arena *a, str answer, struct query_rows *out, struct err *e);
/* What the engine says it read for the answer; zeros when it does not. */
void query_rows_cost(str answer, int64_t *rows, int64_t *bytes);
/* Appends the first `most` rows as a JSON list; times become the zone's, with a fraction only
 * where there is one. */
void query_rows_write(const struct query_rows *rows, const struct tz *z, size_t most,
                      struct buf *out);
/* The element of the list "[…]" that begins at *at or behind it (1: the first), as JSON; *at moves past
 * it. False: there is none. */
bool query_rows_item(str list, size_t *at, str *item);
/* Appends a value of that type; times in it become the zone's. */
void query_rows_value(str value, str type, const struct tz *z, struct buf *out);
/* The rows as a tree, for those who compute with them. */
int query_rows_parse(struct arena *a, const struct query_rows *rows, const struct json **out,
                     struct err *e);
/* The type without LowCardinality(…) around it. */
str query_type_name(str type);
