/* insight_variable.h - SQL variables of a project: named values that queries ask for. Whoever changes
 * one also changes insight_variable_stamp, which results that were kept are known by. */
#pragma once

#include "store/store.h"

struct insight_variable {
    str id; /* uuid */
    int64_t project_id;
    str name, code_name, type;
    str default_value, choices, values_query; /* the first two JSON; STR_NULL: none */
    bool is_multi;
    int64_t created_at, created_by; /* created_by 0: that user is gone */
};

/* All three belong into a transaction. insert sets id; a code name that is taken is ERR_UNIQUE. */
int insight_variable_insert(struct db *d, struct arena *a, struct insight_variable *in,
                            struct err *e);
int insight_variable_update(struct db *d, const struct insight_variable *in, struct err *e);
int insight_variable_delete(struct db *d, const struct insight_variable *in, struct err *e);
/* 1 found, 0 not. */
int insight_variable_find(struct db *d, struct arena *a, int64_t project_id, str id,
                          struct insight_variable *out, struct err *e);
int insight_variable_find_code(struct db *d, struct arena *a, int64_t project_id, str code_name,
                               struct insight_variable *out, struct err *e);
int insight_variable_count(struct db *d, struct arena *a, int64_t project_id, int64_t *out,
                           struct err *e);
/* Oldest first. */
int insight_variable_page(struct db *d, struct arena *a, int64_t project_id, int64_t limit,
                          int64_t offset, struct insight_variable **out, size_t *n,
                          struct err *e);
/* Another number after every change of any of the project's. */
int insight_variable_stamp(struct db *d, struct arena *a, int64_t project_id, int64_t *out,
                           struct err *e);
