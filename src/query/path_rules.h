/* path_rules.h - rules by which addresses become the pages they are of: lists of {regex, alias, order}. */
#pragma once

#include "query/internal.h"

/* The text *item cleaned by each rule in order of `order`, then of the list; each sees what the one
 * before made. rules may be NULL. Errors name `where`. */
int query_path_rules(struct query_job *j, const struct json *rules, const char *where,
                     struct hogql_node **item, struct err *e);
/* The same by the project's rules, if it has any. */
int query_path_rules_project(struct query_job *j, struct hogql_node **item, struct err *e);
