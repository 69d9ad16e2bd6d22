/* complete.h - what may stand at a place of HogQL that is still being written.
 *
 * Such text seldom parses, so it is looked at token by token: which SELECT is the place in, what does
 * that read, which names has it given, what stands right before the place. What cannot be told is
 * left out; nothing here is an error. */
#pragma once

#include "hogql/tables.h"

enum complete_place {
    COMPLETE_NOTHING,
    COMPLETE_TABLE,       /* behind FROM or JOIN */
    COMPLETE_VALUE,       /* part of an expression */
    COMPLETE_MEMBER,      /* the same behind chain and a point */
    COMPLETE_PLACEHOLDER, /* within braces, perhaps behind chain and a point */
};

/* A column of a subquery or of a CTE, or an alias. */
struct complete_name {
    struct complete_name *next;
    str name;
    const struct table_field *field; /* when it is a plain field of a table, else NULL */
    const struct table *table;       /* whose */
    int group;                       /* of a group's field: the group's index, else -1 */
};

/* What a SELECT reads from: a table, or a subquery's columns. Or a CTE: alias is its name. */
struct complete_source {
    struct complete_source *next;
    str alias; /* what it is called by; may be empty */
    const struct table *table;
    struct complete_name *names; /* of a subquery */
};

enum complete_form { COMPLETE_SELECT, COMPLETE_EXPR, COMPLETE_TEMPLATE };

struct completion {
    enum complete_place place;
    uint32_t start, end; /* bytes of the word that is being written; may be empty */
    const str *chain;
    uint32_t chain_n;
    struct complete_source *sources; /* of the innermost SELECT around the place */
    struct complete_source *ctes;    /* tables by name, the nearest first */
    struct complete_name *aliases;   /* that SELECT's, and of WITH expression AS name */
};

/* start, end: bytes, the word as the caller sees it; it is widened to the whole word. `around`, of an
 * expression: the query whose first SELECT it stands in. */
void hogql_complete(struct hogql_context *c, str text, uint32_t start, uint32_t end,
                    enum complete_form form, str around, struct completion *out);

/* What a chain names: the fields of a table, the columns of a subquery, or someone's properties. */
struct complete_target {
    const struct table *table;
    const struct complete_name *names;
    bool properties;
    enum hogql_property_owner owner;
    int group; /* of properties, or of the groups that the table is; else -1 */
};

/* False: the completion's chain names nothing, or nothing that has members. */
bool hogql_complete_target(struct hogql_context *c, const struct completion *m,
                           struct complete_target *out);
