/* list_count.h - how many rows a project's unfiltered list has, kept beside the rows so that a page
 * costs what it shows. Whoever adds, deletes or restores a row says so in the same transaction. */
#pragma once

#include "store/store.h"

int list_count_find(struct db *d, struct arena *a, int64_t project_id, const char *list,
                    int64_t *out, struct err *e);
int list_count_add(struct db *d, int64_t project_id, const char *list, int64_t n, struct err *e);
