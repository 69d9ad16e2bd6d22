/* memory.h - what the assistant is told of a project each time: one text a project. */
#pragma once

#include "store/store.h"

struct memory {
    str id, text;
    str scraping_status; /* "pending", "completed", "skipped"; STR_NULL */
};

/* 1 found, 0 not. */
int memory_find(struct db *d, struct arena *a, int64_t project_id, struct memory *out,
                struct err *e);
/* Sets id. ERR_UNIQUE: there is one. */
int memory_insert(struct db *d, struct arena *a, int64_t project_id, struct memory *m,
                  struct err *e);
int memory_update(struct db *d, int64_t project_id, const struct memory *m, struct err *e);
/* One more line, in the caller's transaction. *full: it would be too long, and nothing was changed. */
int memory_append(struct db *d, struct arena *a, int64_t project_id, str line, bool *full,
                  struct err *e);
