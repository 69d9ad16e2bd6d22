/* hogql.h - HogQL for the rest of the program: text to tree, tree to ClickHouse SQL for one project.
 *
 * The SQL is scoped to the project by construction: the function that prints a table prints the
 * condition on its team with it, tables and functions that are not in the tables here do not exist,
 * and no text of the query reaches the SQL but as an escaped constant or a checked name. Pure
 * functions of their input: any thread, no state. */
#pragma once

#include "hogql/ast.h"

/* A value for {name}. A list of them is ended by a NULL name. */
struct hogql_placeholder {
    const char *name; /* "x", or "filters.dateRange.from" */
    struct hogql_node *value;
};

/* Text to tree. Errors are ERR_INVALID with e->pos, a byte offset. ph may be NULL; a placeholder not
 * in it stays in the tree as HOGQL_PLACEHOLDER. One list item that is a placeholder for a HOGQL_LIST
 * becomes its members. The tree points into text. */
int hogql_parse_select(struct arena *a, str text, const struct hogql_placeholder *ph,
                       struct hogql_node **out, struct err *e);
int hogql_parse_expr(struct arena *a, str text, const struct hogql_placeholder *ph,
                     struct hogql_node **out, struct err *e);
/* An expression with optional ASC or DESC: HOGQL_ORDER. */
int hogql_parse_order(struct arena *a, str text, const struct hogql_placeholder *ph,
                      struct hogql_node **out, struct err *e);
/* A template without quotes around it, text {expression} text: the concat() it is, or its text. */
int hogql_parse_template(struct arena *a, str text, struct hogql_node **out, struct err *e);
/* Where the token at byte pos ends: for errors of the parser, which know where they begin. */
uint32_t hogql_token_end(str text, uint32_t pos);
/* Puts values into a tree that was parsed or built. */
void hogql_replace(struct arena *a, struct hogql_node **tree, const struct hogql_placeholder *ph);

enum hogql_property_type {
    HOGQL_PROPERTY_STRING, /* also: nothing known */
    HOGQL_PROPERTY_NUMERIC,
    HOGQL_PROPERTY_BOOLEAN,
    HOGQL_PROPERTY_DATETIME,
};

enum hogql_property_owner { HOGQL_OF_EVENT, HOGQL_OF_PERSON, HOGQL_OF_GROUP };

/* Where person_id and person.properties of events come from. */
enum hogql_persons_mode {
    HOGQL_PERSONS_OVERRIDE_JOINED, /* the override if there is one; properties from persons */
    HOGQL_PERSONS_OVERRIDE_ON_EVENTS, /* the same id; properties as stored with the event */
    HOGQL_PERSONS_ON_EVENTS,          /* both as stored with the event */
    HOGQL_PERSONS_DISABLED,           /* the mapping of distinct ids, and persons */
};

/* Of an error of hogql_compile, for editors: where it is, and what would mend it. */
struct hogql_hint {
    uint32_t start, end; /* bytes of the source; end 0: no place is known */
    str fix;             /* to be written there instead; empty: nothing is known */
};

struct hogql_context {
    struct arena *arena;
    int64_t team_id;
    str timezone; /* IANA name; empty: UTC */
    bool week_starts_monday;
    enum hogql_persons_mode persons_mode;
    /* Rows of the whole query: what is used when it has no LIMIT, and the most one may ask for.
     * 0: none. With limit_extra one row more is asked for when the default applies, so that the
     * caller sees whether there is more. */
    int64_t limit_default, limit_max;
    bool limit_extra;
    bool once;  /* events that are stored twice are read once; others read them as they are stored */
    bool named; /* the columns of the result have their names in the SQL, too: for files */
    void *cls; /* for the functions below; each may be NULL */
    /* The type in a property's definition. 0, or an error. */
    int (*property_type)(void *cls, enum hogql_property_owner owner, int group_index, str name,
                         enum hogql_property_type *out, struct err *e);
    /* An action's condition on events: by id (name empty) or by name. */
    int (*action)(void *cls, int64_t id, str name, struct hogql_node **out, struct err *e);
    /* A SELECT of the persons in a cohort, one column: by id (name empty) or by name. */
    int (*cohort)(void *cls, int64_t id, str name, struct hogql_node **out, struct err *e);
    /* The index of a group type, -1 when there is none of that name. */
    int (*group_type)(void *cls, str name);
    /* Whether any distinct id's events belong to another person than they say; NULL: they may. */
    bool (*overridden)(void *cls);
    struct hogql_hint hint; /* set when hogql_compile fails */
};

struct hogql_column {
    str name; /* the alias, or the expression as HogQL */
    str type; /* as far as known before running: "String", "Nullable(Float64)"; empty: unknown */
};

struct hogql_compiled {
    str sql; /* ClickHouse SQL with its SETTINGS; no FORMAT */
    struct hogql_column *columns;
    size_t columns_n;
    bool limit_applied; /* the query had no LIMIT and got limit_default */
    str *tables;        /* HogQL names of the tables read, each once */
    size_t tables_n;
};

/* select is HOGQL_SELECT or HOGQL_SET and is left as it was. Errors are ERR_INVALID with HogQL's own
 * texts, e->pos where a place is known. */
int hogql_compile(struct hogql_context *c, const struct hogql_node *select,
                  struct hogql_compiled *out, struct err *e);

/* The tree as HogQL again, one line. */
str hogql_to_text(struct arena *a, const struct hogql_node *tree);
/* Does an aggregation stand in the expression (not within a subquery or a window)? */
bool hogql_aggregates(const struct hogql_node *expr);
