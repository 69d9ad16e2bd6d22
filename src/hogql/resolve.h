/* resolve.h - from a parsed tree to one in which every name means something and every expression has
 * a type. Inside the folder only; hogql_compile is the door.
 *
 * The tree is changed in place (hogql_compile copies it first): stars and actions are expanded,
 * property accesses become fields, cohorts become subqueries. Each SELECT gets the list of its
 * sources; each field its source and column. What a source must read is gathered in it. */
#pragma once

#include "hogql/functions.h"

struct scope;

/* One step into JSON: a key, or a place in a list from 1. */
struct step {
    str key;
    int64_t place; /* 0: a key */
};

/* Something read from a source: a field, a property of one, or the same of a joined table. */
struct column {
    struct column *next;
    str name; /* in the SQL, unique in its source */
    const struct table_field *field;
    const struct step *path;
    uint32_t path_n;
    enum hogql_property_type property;
    struct source *child;       /* of a lazy join */
    struct column *child_column;
    struct hogql_type type;
    bool zoned; /* a time that is shown in the project's zone where it is used */
};

/* An output column of a subquery. */
struct output {
    struct output *next;
    str name, short_name; /* as it is printed; another name it answers to */
    bool renamed;         /* answers to short_name only */
    str label;            /* what the API shows */
    struct hogql_type type;
    /* Added for a property of another output, read by an outer query: found by no name, in no star. */
    bool hidden;
    const struct output *of;
    const struct step *path;
    uint32_t path_n;
};

/* A subquery's result. */
struct outputs {
    struct output *head, **tail;
    size_t n;
};

struct cte {
    struct cte *next;
    str name, sql_name;
    struct hogql_node *query; /* or, for a column: */
    struct hogql_node *expr;
    struct outputs out;
    bool ready;
    struct scope *home; /* where a column's expression is resolved */
};

struct source {
    struct source *next;
    str alias;     /* how the query calls it */
    str sql_alias; /* how the SQL does */
    const struct table *table; /* a table, or */
    struct hogql_node *query;  /* a subquery, or */
    struct cte *cte;           /* a CTE */
    struct hogql_node *args;   /* of numbers() */
    struct hogql_node *sample;
    struct outputs out;        /* of query and cte */
    struct column *columns, **tail;
    size_t columns_n;
    struct source *lazy[LAZY_N];
    struct column *join_to, *join_from; /* of a lazy join: this source's, the joining one's */
    int group_index; /* a lazily joined group: which; else -1 */
    /* Sessions: bounds of their start as the query has them, so that not all events are read. */
    const struct hogql_node *since, *until;
    int until_days; /* how much later than until it may be */
};

enum meaning_kind {
    MEANS_COLUMN, /* of a table: source, column */
    MEANS_OUTPUT, /* of a subquery: source, name */
    MEANS_NAME,   /* an alias or a lambda's parameter: name */
    MEANS_TABLE,  /* a source or a part of one; an error unless more follows */
    MEANS_CALL,   /* function */
    MEANS_QUERY,  /* scope */
    MEANS_VALUE,  /* only a type */
};

struct hogql_meaning {
    enum meaning_kind kind;
    struct hogql_type type;
    struct source *source;
    struct column *column;
    str name;
    const struct step *path; /* MEANS_OUTPUT of JSON: what of it */
    uint32_t path_n;
    bool property; /* MEANS_OUTPUT: a path that the subquery reads */
    const struct function *function;
    struct scope *scope;
    bool zoned;
};

struct alias {
    struct alias *next;
    str name;
    struct hogql_type type;
    bool array; /* of ARRAY JOIN */
    const struct hogql_node *expr;
};

/* The names of one SELECT. */
struct scope {
    struct scope *outer;
    struct source *sources, **tail;
    struct alias *aliases;
    struct cte *ctes;
    struct hogql_node *select;
    struct outputs out;
    bool lambda; /* the outer scope is visible */
    bool early;  /* in WHERE or GROUP BY: before there are aggregates and windows */
    bool condition; /* the same and HAVING: where a value decides, or groups */
    const struct hogql_node *parameters; /* LAMBDA */
};

struct resolver {
    struct hogql_context *c;
    struct arena *arena;
    struct err *e;
    size_t names; /* a counter for made-up names */
    int depth, expansions;
    bool in_aggregate;
    bool raw; /* a property is wanted as its text, whatever its definition says */
    const char *aggregate;
    struct hogql_compiled *out;
    size_t tables_room;
};

/* resolve.c */
int resolve_query(struct resolver *r, struct scope *outer, struct hogql_node **at,
                  struct outputs *out);
int resolve_error(struct resolver *r, const struct hogql_node *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* One that nothing was put in the place of. */
int resolve_placeholder(struct resolver *r, const struct hogql_node *at);
/* Behind resolve_error at a FIELD: what mends it is one name of the chain written otherwise. Returns
 * ERR_INVALID. */
int resolve_mend(struct resolver *r, const struct hogql_node *field, str wrong, str right);
struct output *resolve_output(struct resolver *r, struct outputs *out, str name, str short_name,
                              struct hogql_type type);
struct output *resolve_find_output(const struct outputs *out, str name);

/* resolve_bound.c: finds the bounds of time in a SELECT's conditions that sessions can use. */
void resolve_bounds(const struct hogql_node *select);
/* Of constants and calls only: the same for every row. */
bool resolve_fixed(const struct hogql_node *n);
/* The time that a call gives the start of a span of, a day or a week, and how many days that has at
 * most; NULL when it is no such call. */
const struct hogql_node *resolve_start_of(const struct hogql_node *call, int *days);

/* resolve_expr.c */
int resolve_expr(struct resolver *r, struct scope *s, struct hogql_node **at);
/* Its type; UNKNOWN and nullable when nothing is known. */
struct hogql_type resolve_type(const struct hogql_node *n);
struct hogql_meaning *resolve_mean(struct resolver *r, struct hogql_node *n,
                                   enum meaning_kind kind, struct hogql_type type);

/* resolve_name.c */
int resolve_field(struct resolver *r, struct scope *s, struct hogql_node **at,
                  const struct step *more, uint32_t more_n);
/* Adds what a path of names means on a table to the source's columns. */
int resolve_path(struct resolver *r, struct source *s, const struct hogql_node *at,
                 const struct step *path, uint32_t n, bool raw, struct column **out);
int resolve_property(struct resolver *r, struct source *s, const struct table_field *f,
                     const struct hogql_node *at, const struct step *path, uint32_t n, bool raw,
                     struct column **out);
/* The source's column that is like this one; it is added when there is none. */
struct column *resolve_column(struct resolver *r, struct source *s, const struct column *like);
struct source *resolve_source(struct resolver *r, str alias, const struct table *t);
/* Replaces the stars of a SELECT's columns. */
int resolve_stars(struct resolver *r, struct scope *s, struct hogql_node *columns);

/* resolve_push.c: an output of the subquery that is a path into another of its outputs, which is JSON;
 * NULL when the subquery cannot have one. */
int resolve_push(struct resolver *r, struct source *s, const struct output *of,
                 const struct hogql_node *at, const struct step *path, uint32_t n,
                 struct output **out);

/* resolve_call.c */
int resolve_call(struct resolver *r, struct scope *s, struct hogql_node **at);
/* resolve_type.c: the arguments are resolved. */
struct hogql_type resolve_call_type(const struct hogql_node *call, const struct function *f);
/* A constant text, YYYY-MM-DD, that is a day for sure. */
bool resolve_is_day(const struct hogql_node *n);
/* resolve_expand.c: the expression that a call stands for, in its place; the number of arguments is
 * checked already. */
int resolve_action(struct resolver *r, struct scope *s, struct hogql_node **at);
int resolve_expansion(struct resolver *r, struct scope *s, struct hogql_node **at,
                      const struct function *f);
/* x IN COHORT y */
int resolve_cohort(struct resolver *r, struct scope *s, struct hogql_node **at);

