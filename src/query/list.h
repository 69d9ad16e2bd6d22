/* list.h - what EventsQuery and ActorsQuery share: expressions over rows (`select`), conditions on them
 * (`where`), an order (`orderBy`) and a page (`limit`, `offset`). When one of the expressions
 * aggregates, the others are what is grouped by, and conditions that aggregate are HAVING. */
#pragma once

#include "query/internal.h"
#include "query/rows.h"

struct query_item {
    int kind; /* the caller's own; 0: a value as the engine gives it */
    str text; /* as asked for: the column's name in the answer */
    struct hogql_node *node;
    bool aggregates;
};

struct query_list {
    struct query_job *j;
    const struct json *node;
    const char *kind; /* of the node, for errors */
    struct query_item *items;
    size_t n;
    bool aggregated;
    struct hogql_node *where, *having; /* NULL: none */
    struct hogql_node *order;          /* HOGQL_LIST of HOGQL_ORDER, filled by read_order */
    int64_t limit, offset;
};

/* Is it this one name? */
bool query_is_field(const struct hogql_node *n, const char *name);
/* Parses one expression; out->kind is left 0. An alias gives the column's name. */
int query_list_item(struct query_list *l, str text, struct query_item *out, struct err *e);
/* Takes the item: kind and node are the caller's to fill for words of its own. */
typedef int (*query_item_fn)(struct query_list *l, str text, struct query_item *out,
                             struct err *e);
/* `select`; without items, the n texts of `usual`. required: the member must be there. */
int query_list_select(struct query_list *l, query_item_fn read, bool required,
                      const char *const *usual, size_t n, struct err *e);
void query_list_also(struct query_list *l, struct hogql_node *condition);
int query_list_where(struct query_list *l, struct err *e);
int query_list_order(struct query_list *l, struct err *e);
int query_list_page(struct query_list *l, struct err *e);
/* Puts all of it on a SELECT that has only its FROM. One row more than the limit is asked for: it
 * tells whether there is more. */
void query_list_finish(struct query_list *l, struct hogql_node *select);

/* A value of the engine's answer; times in the project's zone. */
void query_list_value(const struct query_list *l, struct json_writer *w, str type,
                      const struct json *v);
/* columns, types, hasMore, limit, offset, hogql; w is out's, from query_members. */
void query_list_members(struct query_list *l, struct json_writer *w,
                        const struct hogql_node *select, const struct query_rows *rows,
                        struct query_result *out);
