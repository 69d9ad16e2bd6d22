/* export.h - the rows that batch exports carry away: those of a model that arrived in an interval, or that
 * lie in it, as the columns that a destination wants. */
#pragma once

#include "hogql/hogql.h"
#include "query/query.h"

struct query_export_column {
    const char *name;
    const char *hogql; /* of the events' fields, inserted_at, event_person_id and person_properties; of the
                          sessions' fields. NULL ends a list */
};

struct query_export {
    str model;                                 /* "events", "sessions", "hogql" */
    str hogql_query;               /* of model hogql: it has its own columns, and nothing of what is
                                      of events applies but from and to, which it may name */
    const struct json *modifiers;  /* of model hogql; NULL: none */
    const struct query_export_column *columns; /* ended by a row without expression */
    int64_t from, to;      /* instants by the server's clock; from INT64_MIN: the beginning */
    bool by_time;          /* when it happened, else when it arrived: backfills. A session happens when
                              it ends, and arrives when the last of its events does, or then */
    const struct json *filters, *include, *exclude; /* lists, of events; NULL or null: no restriction */
    /* Only rows whose hash is in [hash_from, hash_to): a part of them, chosen evenly. Both 0: all. */
    uint32_t hash_from, hash_to;
};

#define QUERY_EXPORT_HASHES (1u << 24)

struct query_export_size {
    int64_t rows;
    int64_t bytes;    /* roughly what their texts take */
    int64_t earliest; /* when the first happened, or arrived; INT64_MIN: there is none */
};

/* Can rows be made of that query of model hogql, and of which columns? Nothing is asked of the event
 * store. ERR_INVALID with attr hogql_query or hogql_modifiers. */
int query_export_check(const struct query_scope *s, str hogql_query, const struct json *modifiers,
                       struct hogql_column **columns, size_t *n, struct err *e);
/* Of model hogql, neither bytes nor earliest are known. */
int query_export_count(const struct query_scope *s, const struct query_export *x,
                       struct query_export_size *out, struct err *e);
/* The rows in that format of the engine's, piece by piece. settings: as of olap_query. */
int query_export_rows(const struct query_scope *s, const struct query_export *x, const char *format,
                      const char *settings, query_take_fn take, void *context, struct err *e);
