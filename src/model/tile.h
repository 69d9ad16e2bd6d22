/* tile.h - one thing shown on one dashboard. A tile removed stays as a deleted row, and what it
 * showed stays too. */
#pragma once

#include "model/card.h"

enum tristate { UNSAID = -1, NO = 0, YES = 1 };

struct tile {
    int64_t id, dashboard_id;
    int64_t insight_id;        /* 0: not an insight */
    struct text_card text;     /* id 0: not a text */
    struct button_card button; /* id STR_NULL: not a button */
    str layouts;               /* JSON object by breakpoint */
    str color;                 /* STR_NULL allowed */
    str filters_overrides;     /* JSON object */
    enum tristate show_description, transparent_background;
    enum tristate deleted; /* UNSAID: never was; NO: was, and came back */
};

/* Where an insight or card is shown: a live tile of a live dashboard. */
struct place {
    int64_t shown_id; /* the insight or text; 0 for a button */
    str button_id;
    int64_t tile_id, dashboard_id;
    enum tristate deleted;
    int64_t restriction_level, created_by; /* of the dashboard */
    bool collaborates;                     /* the asking user is named as its editor */
};

/* Sets id. One tile per thing and dashboard: ERR_UNIQUE. */
int tile_insert(struct db *d, struct tile *in, struct err *e);
/* All columns, by id; what it shows too. */
int tile_update(struct db *d, const struct tile *in, struct err *e);
/* Of any dashboard of the project, deleted ones too; 1 found, 0 not. */
int tile_find(struct db *d, struct arena *a, int64_t project_id, int64_t id, struct tile *out,
              struct err *e);
/* The dashboard's live tiles by id, without those whose insight is deleted. */
int tile_list(struct db *d, struct arena *a, int64_t dashboard_id, struct tile **out, size_t *n,
              struct err *e);
/* The dashboard's tile for the insight, text or button that `like` shows; 1 found, 0 not. */
int tile_find_like(struct db *d, struct arena *a, int64_t dashboard_id, const struct tile *like,
                   struct tile *out, struct err *e);
int tile_discard(struct db *d, int64_t id, struct err *e);
int tile_delete_all(struct db *d, int64_t dashboard_id, struct err *e);
int tile_restore_all(struct db *d, int64_t dashboard_id, struct err *e);
int tile_delete_insight(struct db *d, int64_t insight_id, int64_t dashboard_id, struct err *e);
/* From all dashboards. */
int tile_delete_everywhere(struct db *d, int64_t insight_id, struct err *e);

/* Places of insights (ids: JSON list) or of what a dashboard's tiles show, by tile id. */
int place_of_insights(struct db *d, struct arena *a, str ids, int64_t viewer, struct place **out,
                      size_t *n, struct err *e);
int place_of_cards(struct db *d, struct arena *a, int64_t dashboard_id, struct place **out,
                   size_t *n, struct err *e);
