/* known.h - what a project has to be asked about: its events, properties and their values, as the asking
 * user may read them. */
#pragma once

#include "assistant/planner.h"
#include "assistant/run.h"

struct known {
    struct planner_project project;
    struct run *run;
    struct arena *arena;
};

/* ERR_DENIED with the API's words: this user may not query. The project lives as long as the arena, and
 * tells values through the run. */
int known_load(struct run *r, struct arena *a, struct known *k, struct err *e);

/* The rows of a HogQL query: a SELECT with {placeholders}, filled in as values and fields, never as text.
 * Run as the asking user. */
struct hogql_placeholder;
int known_rows(struct run *r, struct arena *a, str select, const struct hogql_placeholder *ph,
               struct json **rows, struct err *e);
/* A query node's answer as it comes over the API; fails with the API's words. */
int known_query(struct run *r, struct arena *a, const struct json *node, struct json **answer,
                struct err *e);
/* The err that an answer of the API stands for. */
int known_refusal(int status, const struct json *answer, struct err *e);
