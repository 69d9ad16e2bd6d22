/* dashboard_template.h - what dashboards can be made of: the project's own templates, those its
 * organization shares, and the ones that came with the server. Deleting is soft. */
#pragma once

#include "store/store.h"

struct dashboard_template {
    str id; /* uuid */
    int64_t project_id; /* 0: it came with the server */
    str scope;          /* team, organization, feature_flag, global, unlisted */
    str name, description, filters, tags, tiles; /* name to filters may be STR_NULL; from filters JSON */
    str variables, image_url, contexts;          /* variables and contexts JSON; STR_NULL: none */
    bool is_featured, deleted;
    int64_t created_at, created_by; /* created_by 0: nobody who is still there */
};

/* What a list shows: what the project may use. STR_NULL: narrows nothing. */
struct template_filter {
    int64_t project_id;
    str organization_id;
    str scope;
    str words;    /* JSON list, folded: each is part of the name, the description or a tag */
    int featured; /* -1: both */
    const char *order; /* one of dashboard_template_order's, never NULL */
};

/* A sortable column, perhaps after '-', as the filter wants it; NULL: there is none. */
const char *dashboard_template_order(str name);

/* insert sets id. A name that a live template of the project has is ERR_UNIQUE. */
int dashboard_template_insert(struct db *d, struct arena *a, struct dashboard_template *in,
                              struct err *e);
int dashboard_template_update(struct db *d, const struct dashboard_template *in, struct err *e);
/* 1 found, 0 not. Of those that the project may use; deleted ones too. */
int dashboard_template_find(struct db *d, struct arena *a, int64_t project_id,
                            str organization_id, str id, struct dashboard_template *out,
                            struct err *e);
/* A live one; the project's own before the others. */
int dashboard_template_find_name(struct db *d, struct arena *a, int64_t project_id,
                                 str organization_id, str name, struct dashboard_template *out,
                                 struct err *e);
/* By the tag of an unlisted one. */
int dashboard_template_find_tag(struct db *d, struct arena *a, str tag,
                                struct dashboard_template *out, struct err *e);
/* Of any project of the organization. */
int dashboard_template_find_within(struct db *d, struct arena *a, str organization_id, str id,
                                   struct dashboard_template *out, struct err *e);
int dashboard_template_count(struct db *d, struct arena *a, const struct template_filter *f,
                             int64_t *out, struct err *e);
int dashboard_template_page(struct db *d, struct arena *a, const struct template_filter *f,
                            int64_t limit, int64_t offset, struct dashboard_template **out,
                            size_t *n, struct err *e);
/* Live ones of all the organization's projects. */
int dashboard_template_count_saved(struct db *d, struct arena *a, str organization_id,
                                   int64_t *out, struct err *e);
