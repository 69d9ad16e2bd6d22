/* insight.h - saved queries of a project. Deleting is soft: the row stays and lists skip it. */
#pragma once

#include "store/store.h"

struct insight {
    int64_t id, project_id;
    str short_id;
    str name, derived_name, description; /* STR_NULL allowed */
    str query;                           /* JSON object; STR_NULL: none */
    str filters;                         /* JSON object */
    str type;                            /* TRENDS, FUNNELS, …, SQL, JSON, or "" */
    int64_t position;                    /* INT64_MIN: none */
    bool deleted, favorited, saved, is_sample;
    str folder, tags;
    int64_t created_at, created_by; /* created_by 0: that user is gone */
    int64_t updated_at, last_modified_at, last_modified_by;
    int64_t last_viewed_at; /* by anyone; INT64_MIN: never */
};

/* What a list shows. Texts that are STR_NULL and times that are INT64_MIN narrow nothing. */
struct insight_filter {
    int64_t project_id;
    int saved, favorited; /* -1: both; saved 1 also takes those on a dashboard */
    str created_by;       /* JSON list of user ids */
    str search;           /* folded to lower case: part of a name, the description or a tag */
    str type;
    str short_id;
    str tags;       /* JSON list, any of them */
    str dashboards; /* JSON list of ids, on all of them */
    str events;     /* JSON list of event names, asks for any of them */
    int64_t modified_from, modified_to, created_from, created_to, viewed_from, viewed_to;
    str folder;
    const char *order; /* one of insight_order's, never NULL */
};

/* The name of a sortable column, perhaps after '-', as the filter wants it; NULL: there is none. */
const char *insight_order(str name);

/* Both belong into a transaction with what they follow from. insert sets id and short_id. */
int insight_insert(struct db *d, struct arena *a, struct insight *in, struct err *e);
int insight_update(struct db *d, const struct insight *in, struct err *e);
/* By number or short_id; 1 found, 0 not. Deleted rows too. */
int insight_find(struct db *d, struct arena *a, int64_t project_id, str id, struct insight *out,
                 struct err *e);
int insight_count(struct db *d, struct arena *a, const struct insight_filter *f, int64_t *out,
                  struct err *e);
int insight_page(struct db *d, struct arena *a, const struct insight_filter *f, int64_t limit,
                 int64_t offset, struct insight **out, size_t *n, struct err *e);
/* The live insights of a dashboard's live tiles. */
int insight_on_dashboard(struct db *d, struct arena *a, int64_t dashboard_id,
                         struct insight **out, size_t *n, struct err *e);
/* The ids of what its tiles show, deleted tiles and insights too. */
int insight_ids_on(struct db *d, struct arena *a, int64_t dashboard_id, int64_t **out, size_t *n,
                   struct err *e);
/* Those this user opened last, newest first. */
int insight_last_viewed(struct db *d, struct arena *a, int64_t project_id, int64_t user_id,
                        int64_t limit, struct insight **out, size_t *n, struct err *e);
/* Those opened by most users since then, most first; views[i] is how many. */
int insight_trending(struct db *d, struct arena *a, int64_t project_id, int64_t since,
                     int64_t limit, int64_t offset, struct insight **out, int64_t **views,
                     size_t *n, struct err *e);
int insight_trending_count(struct db *d, struct arena *a, int64_t project_id, int64_t since,
                           int64_t *out, struct err *e);
/* The ids of users who opened it since then, newest first; at most `max`. */
int insight_viewers(struct db *d, struct arena *a, int64_t id, int64_t since, int64_t max,
                    int64_t **out, size_t *n, struct err *e);
/* The user opened it now; nothing when the project has no such insight. */
int insight_seen(struct db *d, int64_t project_id, int64_t id, int64_t user_id, struct err *e);
/* Deletes those whose only live tile is on this dashboard; undeletes those its tiles show. */
int insight_delete_only_on(struct db *d, int64_t project_id, int64_t dashboard_id, struct err *e);
int insight_restore_on(struct db *d, int64_t project_id, int64_t dashboard_id, struct err *e);
