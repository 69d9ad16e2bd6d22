/* print.h - a resolved tree as ClickHouse SQL. What the printer's files share; hogql_compile is the
 * door.
 *
 * Texts of the query reach the SQL in two ways only: sql_string, a literal with everything escaped
 * that the engine would not take for itself, and sql_name, an identifier. Everything else printed is
 * a constant of these files, of functions.def or of tables.c. */
#pragma once

#include "base/buf.h"
#include "hogql/resolve.h"

struct sql {
    struct buf b;
    struct hogql_context *c;
    struct err *e;
    int rc;
    bool in_on; /* a join's condition: nulls are not wrapped, they do not match anyway */
    bool in_where; /* bounds that a condition implies are printed with it */
};

/* Prints a part of an expression. */
typedef void sql_part_fn(struct sql *p, const void *cls);

/* print.c */
int print_sql(struct hogql_context *c, const struct hogql_node *query, str *sql, struct err *e);
/* top: the result itself; otherwise every column gets its name. */
void sql_query(struct sql *p, const struct hogql_node *query, bool top);
void sql_fail(struct sql *p, const struct hogql_node *at, const char *text);
void sql_order_list(struct sql *p, const struct hogql_node *list);
void sql_window(struct sql *p, const struct hogql_node *w, const char *default_frame);

/* print_expr.c */
void sql_expr(struct sql *p, const struct hogql_node *n);
void sql_list(struct sql *p, const struct hogql_node *list);
void sql_string(struct sql *p, str s);
void sql_name(struct sql *p, str name);
void sql_zone(struct sql *p); /* the project's zone as a string */
/* A time written in a query, in the project's zone. */
void sql_time(struct sql *p, str text);
/* Is it one in the plain form, 2026-01-31 or 2026-01-31 12:00:00? */
bool sql_is_time(str text);
/* What a path is in JSON text; base(cls) prints the text. */
void sql_json_path(struct sql *p, sql_part_fn *base, const void *cls, const struct step *path,
                   uint32_t n);
/* As a number when it is a property's text. */
void sql_number(struct sql *p, const struct hogql_node *n);

/* print_compare.c */
void sql_compare(struct sql *p, const struct hogql_node *n);
void sql_between(struct sql *p, const struct hogql_node *n);
/* AND, OR, NOT with constants left out. */
void sql_logic(struct sql *p, const struct hogql_node *n);
/* 1, 0, or -1: not known before running. */
int sql_truth(const struct hogql_node *n);

/* print_bound.c: does the comparison bound the time of events? Prints the bounds, each behind a comma,
 * when they are really wanted. */
bool sql_bounds(struct sql *p, const struct hogql_node *n, bool really);

/* print_call.c */
void sql_call(struct sql *p, const struct hogql_node *n);

/* print_lookup.c: rows of lookups.def. target: as functions.def has it, "site paid". */
void sql_lookup(struct sql *p, const struct hogql_node *x, const char *target);
/* $channel_type of the sessions called alias. */
void sql_channel(struct sql *p, const char *alias);

/* print_table.c */
/* A template of tables.c: "@" stands for the alias. */
void sql_template(struct sql *p, const char *sql, const char *alias);
void sql_source(struct sql *p, const struct source *s);
