/* insight_view.h - insights as the API shows them: alone, in lists, and inside a dashboard's tiles.
 *
 * Made in three steps, because the middle one may take long: prepare reads what the store has, compute
 * runs the queries with the connection to the store given back, write needs neither. */
#pragma once

#include "api/internal.h"
#include "model/insight.h"
#include "model/tile.h"

struct insight_view {
    const struct insight *row;
    const struct json *query;    /* what runs: the row's, or made from its older filters, with the
                                    dashboard's laid over; NULL: none */
    struct query_answer answer;  /* when `answered` */
    struct err failure;          /* when `failed` */
    bool answered, failed;
    const struct place *places;  /* its live tiles; not all belong to it: see place.shown_id */
    size_t place_count;
    const struct tile *tile;     /* asked for with its dashboard: adds color and layouts */
};

/* Parses the queries, reads places and users. Fills everything but row and answers. */
int insight_view_prepare(struct req *r, struct insight_view *list, size_t n, struct err *e);
/* Runs the queries, several at a time, in that mode. A failing one spoils no other. */
void insight_view_compute(struct req *r, struct insight_view *list, size_t n,
                          enum query_refresh mode, int64_t dashboard_id);
/* The object; `listed` adds last_viewed_at. */
void insight_view_write(struct req *r, struct json_writer *w, const struct insight_view *v,
                        bool listed);
/* The short form; open: without its end, so that more members can follow. */
void insight_view_open_basic(struct req *r, struct json_writer *w, const struct insight_view *v);
void insight_view_write_basic(struct req *r, struct json_writer *w, const struct insight_view *v);

/* The reply to a write: what was stored stays stored, also when its query fails. */
int insight_reply_written(struct req *r, int status, const struct insight *i, struct err *e);

/* Of the dashboards it is on: 37 when it is on none or one of them may be edited. */
int64_t insight_privilege(struct req *r, const struct insight_view *v);
/* The `refresh` parameter, or the body's. */
enum query_refresh insight_refresh(struct req *r);
/* A stored object with the one of the address's parameter laid over it. */
int insight_override(struct req *r, str stored, const char *parameter, const struct json **out,
                     struct err *e);
/* The dashboard's filters and variables (both may be NULL) laid over the query. What does not fit is the view's failure. */
void insight_lay_over(struct req *r, struct insight_view *v, const struct json *filters,
                      const struct json *variables);
