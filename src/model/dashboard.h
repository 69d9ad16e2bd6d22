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
    str folder;                                     /* STR_NULL: unfiled */
    bool collaborates; /* the asking user is named as an editor */
    str level; /* none, viewer, editor, manager: what the rules on it let the asking user do */
    bool shared;       /* everyone who has its link may see it */
};

/* What a list shows; STR_NULL and NULL: everything that is not unlisted. */
struct dashboard_filter {
    int64_t project_id;
    int64_t viewer;    /* the asking user */
    str search;        /* folded to lower case: part of the name, the description or a tag */
    str tags;          /* JSON list, any of them */
    str creation_mode; /* this one only */
    str folder;        /* directly in this one */
    bool exclude_generated;
    bool hides; /* leave out what the rules hide from the viewer */
};

/* Both belong into a transaction with what they follow from. insert sets id. */
int dashboard_insert(struct db *d, struct dashboard *in, struct err *e);
int dashboard_update(struct db *d, const struct dashboard *in, struct err *e);
/* The project has no primary dashboard any more if it was this one. */
int dashboard_unset_primary(struct db *d, const struct dashboard *in, struct err *e);
/* 1 found, 0 not; deleted rows too. viewer is the asking user. */
int dashboard_find(struct db *d, struct arena *a, int64_t project_id, int64_t id, int64_t viewer,
                   struct dashboard *out, struct err *e);
int dashboard_count(struct db *d, struct arena *a, const struct dashboard_filter *f, int64_t *out,
                    struct err *e);
/* Pinned first, then by name; *n rows in the arena. */
int dashboard_page(struct db *d, struct arena *a, const struct dashboard_filter *f, int64_t limit,
                   int64_t offset, struct dashboard **out, size_t *n, struct err *e);
/* Another one after every change of what a list of the project's dashboards shows, to anyone. */
int dashboard_version(struct db *d, struct arena *a, int64_t project_id, int64_t *out,
                      struct err *e);
/* Something that lists show beside the rows changed; in the same transaction. */
int dashboard_changed(struct db *d, int64_t project_id, struct err *e);
/* The user opened it now: sets both times; viewer 0: somebody did. In a transaction. */
int dashboard_seen(struct db *d, struct dashboard *in, int64_t viewer, struct err *e);
