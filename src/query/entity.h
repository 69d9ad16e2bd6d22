/* entity.h - members of `series`: which events, and what is counted of them. */
#pragma once

#include "query/internal.h"

/* How a math turns events into a number. */
enum query_math_family {
    MATH_AGGREGATE, /* one expression over the events of a bucket */
    MATH_PER_ACTOR, /* one over the counts of each actor */
    MATH_WINDOW,    /* actors of the last days */
    MATH_FIRST,     /* actors whose first event it is */
};

struct query_math {
    const char *name;
    enum query_math_family family;
    const char *text; /* HogQL with {actor}, {value}, {group}, or of `c`; NULL: the entity's own */
    int days;         /* MATH_WINDOW */
    bool needs_value; /* math_property must be given */
    bool unique;      /* counts actors: cumulative displays count each once */
    bool additive;    /* a sample stands for more */
};

struct query_entity {
    const struct json *node;
    size_t order;
    const char *type; /* "events", "actions", "groups" */
    str event;        /* name; STR_NULL: every event */
    int64_t action;
    str name, custom_name, label;
    const struct query_math *math;
    str math_word, math_property, math_hogql; /* as written; STR_NULL */
    int64_t math_group;                       /* -1 */
    double multiplier;
    struct hogql_node *of_event; /* event = …, or the action's condition; NULL: any */
    struct hogql_node *filter;   /* its properties; NULL: none */
    struct hogql_node *value;    /* what is aggregated, as a number; NULL: none */
    bool per_session;            /* value is one of a session: each counts once */
    bool missing;                /* an action that is not there: no event is of it */
};

/* Decodes one member of series. */
int query_entity_read(struct query_job *j, const struct json *node, size_t order,
                      struct query_entity *out, struct err *e);
/* Decodes `series`; `where` names it in errors. missing: actions that are not there may be among them,
 * else they are an error. */
int query_series_read(struct query_job *j, const struct json *node, const char *where, bool missing,
                      struct query_entity **out, size_t *n, struct err *e);
/* Writes the `action` object, without its `days`; the writer stands in the object. */
void query_entity_write(struct json_writer *w, const struct query_entity *entity);
