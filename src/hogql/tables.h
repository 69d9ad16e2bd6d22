/* tables.h - the tables and fields that queries see, and how each is read from the event store.
 *
 * What is not in these rows does not exist for a query. The printer makes a subquery of each table
 * used: it reads the fields that are needed, on one team's rows only. */
#pragma once

#include "hogql/hogql.h"

enum hogql_base {
    TYPE_UNKNOWN, TYPE_NULL, TYPE_BOOL, TYPE_INT, TYPE_FLOAT, TYPE_DECIMAL, TYPE_STRING, TYPE_UUID,
    TYPE_DATE, TYPE_DATETIME, TYPE_INTERVAL, TYPE_ARRAY, TYPE_TUPLE, TYPE_MAP,
    TYPE_JSON, /* text that is a JSON object: has properties */
    TYPE_ARG_1, TYPE_ARG_2, TYPE_ARG_LAST, /* of functions: the type of that argument */
};

struct hogql_type {
    enum hogql_base base;
    bool nullable;
};

enum field_kind {
    FIELD_COLUMN,     /* an expression on the table's own columns */
    FIELD_PROPERTIES, /* JSON: sql is the text, json the flat JSON column beside it */
    FIELD_PERSON_ID,  /* events: the person after merges; depends on the persons mode */
    FIELD_LAZY,       /* another table, joined when something of it is needed */
    FIELD_PERSON,     /* events: FIELD_LAZY or FIELD_POE, by the persons mode */
    FIELD_POE,        /* the person as stored with the event */
    FIELD_CHANNEL,    /* sessions: the kind of channel they came by */
};

/* The joins a table can have, in the order they are made: a person is joined by what the two before
 * it say. */
enum lazy {
    LAZY_OVERRIDE, LAZY_PDI, LAZY_PERSON, LAZY_SESSION,
    LAZY_GROUP_0, LAZY_GROUP_1, LAZY_GROUP_2, LAZY_GROUP_3, LAZY_GROUP_4,
    LAZY_N
};

struct table_field {
    const char *name;
    enum field_kind kind;
    enum hogql_base type;
    const char *sql;  /* "@" stands for the table; plain columns are "@.name" */
    const char *json; /* FIELD_PROPERTIES */
    enum lazy lazy;   /* FIELD_LAZY */
    bool hidden;      /* not part of "*" */
    bool nullable;
};

/* How a lazy join is made: of table's field `from` to target's field `to`. */
struct lazy_join {
    const char *table;
    enum lazy lazy;
    const char *target, *from, *to;
};

struct table {
    const char *name;     /* as queries write it */
    const char *physical; /* in the event store; NULL: see derived */
    const char *derived;  /* a SELECT in its place, of the physical table, "@" for the condition */
    const char *where;    /* besides the team, or NULL; "@" stands for the table */
    bool final;           /* rows have versions: read the last */
    bool replacing;       /* rows may be stored twice, which seldom matters */
    bool raw;             /* left out of lists for people */
    enum hogql_property_owner owner;
    const struct table_field *fields;
    size_t fields_n;
};

/* NULL when there is none. names: "events", or "posthog", "events". */
const struct table *table_find(const str *names, uint32_t n);
const struct table *table_named(const char *name);
/* Every table, for lists and near misses. */
const struct table *table_at(size_t i);
const struct table_field *table_field(const struct table *t, str name);
/* NULL when the table cannot be joined so. */
const struct lazy_join *table_join(const struct table *t, enum lazy lazy);
/* How a field is read in that mode: events.person is FIELD_LAZY or FIELD_POE. */
enum field_kind table_field_kind(const struct table_field *f, enum hogql_persons_mode mode);
/* The fields behind events.poe and events.person on events. */
const struct table *table_poe(void);

/* The candidate nearest to name by edits, within a third of its length: empty when none. Feed
 * candidates one by one. */
struct nearest {
    str name, best;
    size_t distance;
};
void nearest_offer(struct nearest *n, str candidate);
