/* list_count.h - how many rows a project's unfiltered list has, kept beside the rows so that a page
 * costs what it shows; and the list's version, which is another one after every change of what its
 * rows show. Whoever adds, deletes, restores or changes a row says so in the same transaction. */
#pragma once

#include "store/store.h"

/* Both are 0 before the first row. */
int list_count_find(struct db *d, struct arena *a, int64_t project_id, const char *list,
                    int64_t *n, int64_t *version, struct err *e);
/* n may be 0: a row changed. */
int list_count_add(struct db *d, int64_t project_id, const char *list, int64_t n, struct err *e);
/* What the user is called stands in the dashboards they made. */
int list_count_user_changed(struct db *d, int64_t user_id, struct err *e);
