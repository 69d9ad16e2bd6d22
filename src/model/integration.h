/* integration.h - credentials of other systems, a project's: what may be shown, and sealed secrets. */
#pragma once

#include "store/store.h"

struct integration {
    int64_t id, project_id;
    str kind;
    str config;  /* JSON object */
    str secrets; /* sealed (store/seal.h) */
    int64_t created_at, created_by; /* created_by 0: that user is gone */
};

/* Sets id. */
int integration_insert(struct db *d, struct integration *in, struct err *e);
/* 1 found, 0 not. */
int integration_find(struct db *d, struct arena *a, int64_t project_id, int64_t id,
                     struct integration *out, struct err *e);
/* Newest first. kind: STR_NULL for all. */
int integration_count(struct db *d, struct arena *a, int64_t project_id, str kind, int64_t *out,
                      struct err *e);
int integration_page(struct db *d, struct arena *a, int64_t project_id, str kind, int64_t limit,
                     int64_t offset, struct integration **out, size_t *n, struct err *e);
/* 1 deleted, 0 there was none. */
int integration_delete(struct db *d, int64_t project_id, int64_t id, struct err *e);
