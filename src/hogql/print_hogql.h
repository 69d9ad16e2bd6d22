/* print_hogql.h - what the two files that write HogQL share. */
#pragma once

#include "base/buf.h"
#include "hogql/parse.h"

#define LEVEL_PRIMARY (LEVEL_UNARY + 1)

struct printer {
    struct buf b;
};

/* print_hogql.c: a node whose operator is looser than `level` gets parentheses. */
void text_expr(struct printer *p, const struct hogql_node *n, unsigned level);
void text_list(struct printer *p, const struct hogql_node *list, unsigned level);
void text_enclosed(struct printer *p, const struct hogql_node *list, const char *open,
                   const char *close);
/* Names, quoted where they would be read as something else. */
void text_name(struct printer *p, str name);
void text_names(struct printer *p, const str *names, uint32_t n);
void text_alias(struct printer *p, str name);
void text_call_name(struct printer *p, str name);
void text_order_list(struct printer *p, const struct hogql_node *list);
void text_window(struct printer *p, const struct hogql_node *window);

/* print_hogql_query.c */
void text_query(struct printer *p, const struct hogql_node *query);
