/* action.h - actions as conditions on events. */
#pragma once

#include "model/action.h"
#include "query/internal.h"

/* 1 found, 0 the project has none of that id. */
int query_find_action(struct query_job *j, int64_t id, struct action *out, struct err *e);
/* Any of the steps; true when there are none. *out is never NULL. */
int query_action_condition(struct query_job *j, const struct action *action,
                           struct hogql_node **out, struct err *e);
/* The same of steps as they stand in a query. */
int query_steps_condition(struct query_job *j, const struct json *steps, struct hogql_node **out,
                          struct err *e);
/* For hogql_context.action: cls is the job; *out NULL when there is no such action. */
int query_action_named(void *cls, int64_t id, str name, struct hogql_node **out, struct err *e);
