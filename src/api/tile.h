/* tile.h - a dashboard's tiles over the API: shown with their results, and written as the `tiles` of
 * a dashboard PATCH. Rows live in model/tile.c and model/card.c. */
#pragma once

#include "api/insight_view.h"
#include "model/dashboard.h"

struct tile_view {
    struct tile row;
    struct insight_view *insight; /* NULL: a text or a button */
};

struct tile_set {
    struct tile_view *tiles; /* in the order they are shown */
    size_t n;
    struct insight_view *insights;
    size_t insight_count;
    const struct place *places; /* of texts and buttons */
    size_t place_count;
};

/* The dashboard's tiles, in the order of a breakpoint ("sm"), each query with its own filters or the
 * dashboard's laid over it (both may be NULL). Needs the store; writing does not. */
int tile_set_load(struct req *r, const struct dashboard *d, const char *breakpoint,
                  const struct json *filters, const struct json *variables, struct tile_set *out,
                  struct err *e);
/* Runs the queries. The connection to the store is given back. */
void tile_set_compute(struct req *r, struct tile_set *s, enum query_refresh mode,
                      int64_t dashboard_id);
/* The same of the tiles from..to of the set, in the order they are shown. */
void tile_set_compute_some(struct req *r, struct tile_set *s, size_t from, size_t to,
                           enum query_refresh mode, int64_t dashboard_id);
/* order -1: writes null. */
void tile_write(struct req *r, struct json_writer *w, const struct tile_set *s,
                const struct tile_view *t, int64_t order);

/* The member `error` of a tile whose query failed. */
void tile_write_error(struct json_writer *w, const struct err *e);

/* A tile that shows nothing yet. */
struct tile tile_blank(int64_t dashboard_id);
/* What an entry says of how the tile is shown: layouts, color, deleted and so on. */
int tile_read_display(struct req *r, const struct json *entry, struct tile *t, struct err *e);
/* The body of a text; prefix: what stands before it in errors. The fields of a button, checked. */
int tile_read_text(struct req *r, const struct json *card, const char *prefix,
                   struct text_card *text, struct err *e);
int tile_read_button(struct req *r, const struct json *card, struct button_card *b,
                     struct err *e);

/* Applies the entries of a PATCH's `tiles` and `duplicate_tiles`, inside its transaction. */
int tile_patch(struct req *r, const struct dashboard *d, struct err *e);
/* Copies the live tiles of one dashboard to another: links, or (deep) copies of what they show. */
int tile_copy_all(struct req *r, int64_t from, int64_t to, bool deep, struct err *e);
/* Puts the insight on the dashboard, reviving the tile that once showed it. */
int tile_put_insight(struct req *r, int64_t insight_id, int64_t dashboard_id, struct err *e);
