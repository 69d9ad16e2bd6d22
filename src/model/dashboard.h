/* dashboard.h - dashboards of a project. Deleting is soft: the row stays and lists skip it. */
#pragma once

#include "store/store.h"

struct dashboard {
    int64_t id, project_id;
    str name; /* STR_NULL allowed */
    str description;
    bool pinned, deleted;
    int64_t created_at, created_by; /* created_by 0: that user is gone */
    int64_t last_accessed_at, last_viewed_at, last_refresh; /* last_viewed_at: by the asking user */
    str creation_mode;
    int64_t restriction_level;
    str filters, variables, breakdown_colors, tags; /* JSON */
    int64_t data_color_theme_id;                    /* 0: none */
};

int dashboard_insert(struct db *d, struct dashboard *in, struct err *e); /* sets id */
int dashboard_update(struct db *d, const struct dashboard *in, struct err *e);
/* 1 found, 0 not; deleted rows too. viewer is the asking user. */
int dashboard_find(struct db *d, struct arena *a, int64_t project_id, int64_t id, int64_t viewer,
                   struct dashboard *out, struct err *e);
int dashboard_count(struct db *d, struct arena *a, int64_t project_id, int64_t *out,
                    struct err *e);
/* Pinned first, then by name; the statement yields rows for dashboard_read. */
int dashboard_page(struct db *d, struct arena *a, int64_t project_id, int64_t viewer, int64_t limit,
                   int64_t offset, struct stmt **out, struct err *e);
void dashboard_read(struct stmt *st, struct arena *a, struct dashboard *out);
/* The user opened it now. */
int dashboard_seen(struct db *d, int64_t id, int64_t viewer, struct err *e);
