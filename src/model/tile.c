/* tile.c - see tile.h. */
#include "model/tile.h"

#define COLUMNS                                                                               \
    "SELECT t.id, t.dashboard_id, t.insight_id, t.layouts, t.color, t.filters_overrides,"     \
    " t.show_description, t.transparent_background, t.deleted, " TEXT_COLUMNS ", "            \
    BUTTON_COLUMNS " FROM tile t LEFT JOIN text_card x ON x.id = t.text_id"                   \
    " LEFT JOIN button_card b ON b.id = t.button_id "

static enum tristate tristate_of(struct stmt *st, int col)
{
    return stmt_null(st, col) ? UNSAID : stmt_bool(st, col) ? YES : NO;
}

/* As a value to bind: INT64_MIN binds NULL. */
static int64_t bound(enum tristate t)
{
    return t == UNSAID ? INT64_MIN : (int64_t)t;
}

static void tile_read(struct stmt *st, struct arena *a, struct tile *out)
{
    *out = (struct tile){
        .id = stmt_i64(st, 0), .dashboard_id = stmt_i64(st, 1), .insight_id = stmt_i64(st, 2),
        .layouts = stmt_str(st, a, 3), .color = stmt_str(st, a, 4),
        .filters_overrides = stmt_str(st, a, 5), .show_description = tristate_of(st, 6),
        .transparent_background = tristate_of(st, 7), .deleted = tristate_of(st, 8),
    };
    text_card_read(st, a, 9, &out->text);
    button_card_read(st, a, 15, &out->button);
}

int tile_insert(struct db *d, struct tile *in, struct err *e)
{
    int rc = db_run(d, e,
                    "INSERT INTO tile (dashboard_id, insight_id, text_id, button_id, layouts,"
                    " color, filters_overrides, show_description, transparent_background,"
                    " deleted) VALUES (?, nullif(?, 0), nullif(?, 0), ?, ?, ?, ?, ?, ?, ?)",
                    "iiissssttt", in->dashboard_id, in->insight_id, in->text.id, in->button.id,
                    in->layouts, in->color, in->filters_overrides, bound(in->show_description),
                    bound(in->transparent_background), bound(in->deleted));
    if (rc == 0)
        in->id = db_last_id(d);
    return rc;
}

int tile_update(struct db *d, const struct tile *in, struct err *e)
{
    return db_run(d, e,
                  "UPDATE tile SET dashboard_id = ?, insight_id = nullif(?, 0),"
                  " text_id = nullif(?, 0), button_id = ?, layouts = ?, color = ?,"
                  " filters_overrides = ?, show_description = ?, transparent_background = ?,"
                  " deleted = ? WHERE id = ?",
                  "iiissssttti", in->dashboard_id, in->insight_id, in->text.id, in->button.id,
                  in->layouts, in->color, in->filters_overrides, bound(in->show_description),
                  bound(in->transparent_background), bound(in->deleted), in->id);
}

static int first(int rc, struct stmt *st, struct arena *a, struct tile *out, struct err *e)
{
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    tile_read(st, a, out);
    stmt_end(st);
    return 1;
}

int tile_find(struct db *d, struct arena *a, int64_t project_id, int64_t id, struct tile *out,
              struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e,
                     COLUMNS "JOIN dashboard d ON d.id = t.dashboard_id"
                             " WHERE t.id = ? AND d.project_id = ?",
                     "ii", id, project_id);
    return first(rc, st, a, out, e);
}

int tile_find_like(struct db *d, struct arena *a, int64_t dashboard_id, const struct tile *like,
                   struct tile *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e,
                     COLUMNS "WHERE t.dashboard_id = ?1 AND (t.insight_id = nullif(?2, 0)"
                             " OR t.text_id = nullif(?3, 0) OR t.button_id = ?4)",
                     "iiis", dashboard_id, like->insight_id, like->text.id, like->button.id);
    return first(rc, st, a, out, e);
}

int tile_list(struct db *d, struct arena *a, int64_t dashboard_id, struct tile **out, size_t *n,
              struct err *e)
{
    struct stmt *st;
    struct tile *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e,
                     COLUMNS "LEFT JOIN insight i ON i.id = t.insight_id WHERE t.dashboard_id = ?"
                             " AND t.deleted IS NOT 1 AND i.deleted IS NOT 1 ORDER BY t.id",
                     "i", dashboard_id);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        tile_read(st, a, &list[count++]);
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = count;
    return 0;
}

int tile_discard(struct db *d, int64_t id, struct err *e)
{
    return db_run(d, e, "DELETE FROM tile WHERE id = ?", "i", id);
}

int tile_delete_all(struct db *d, int64_t dashboard_id, struct err *e)
{
    return db_run(d, e, "UPDATE tile SET deleted = 1 WHERE dashboard_id = ?", "i", dashboard_id);
}

int tile_restore_all(struct db *d, int64_t dashboard_id, struct err *e)
{
    return db_run(d, e, "UPDATE tile SET deleted = 0 WHERE dashboard_id = ?", "i", dashboard_id);
}

int tile_delete_insight(struct db *d, int64_t insight_id, int64_t dashboard_id, struct err *e)
{
    return db_run(d, e, "UPDATE tile SET deleted = 1 WHERE insight_id = ? AND dashboard_id = ?",
                  "ii", insight_id, dashboard_id);
}

int tile_delete_everywhere(struct db *d, int64_t insight_id, struct err *e)
{
    return db_run(d, e, "UPDATE tile SET deleted = 1 WHERE insight_id = ?", "i", insight_id);
}

/* -------------------------------------------------------------------------- places */

static int read_places(int rc, struct stmt *st, struct arena *a, struct place **out, size_t *n,
                       struct err *e)
{
    struct place *list = NULL;
    size_t count = 0;
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        list[count++] = (struct place){
            .shown_id = stmt_i64(st, 0), .button_id = stmt_str(st, a, 1),
            .tile_id = stmt_i64(st, 2), .dashboard_id = stmt_i64(st, 3),
            .deleted = tristate_of(st, 4), .restriction_level = stmt_i64(st, 5),
            .created_by = stmt_i64(st, 6), .collaborates = stmt_bool(st, 7),
        };
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = count;
    return 0;
}

int place_of_insights(struct db *d, struct arena *a, str ids, int64_t viewer, struct place **out,
                      size_t *n, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e,
                     "SELECT t.insight_id, NULL, t.id, t.dashboard_id, t.deleted,"
                     " d.restriction_level, d.created_by, d.restriction_level > 21 AND EXISTS"
                     " (SELECT 1 FROM dashboard_collaborator c WHERE c.dashboard_id = d.id"
                     " AND c.user_id = ?2) FROM json_each(?1) w"
                     " JOIN tile t ON t.insight_id = w.value AND t.deleted IS NOT 1"
                     " JOIN dashboard d ON d.id = t.dashboard_id AND d.deleted = 0 ORDER BY t.id",
                     "si", ids, viewer);
    return read_places(rc, st, a, out, n, e);
}

int place_of_cards(struct db *d, struct arena *a, int64_t dashboard_id, struct place **out,
                   size_t *n, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e,
                     "SELECT t.text_id, t.button_id, t.id, t.dashboard_id, t.deleted, 21, NULL, 0"
                     " FROM tile m JOIN tile t ON t.text_id = m.text_id"
                     " OR t.button_id = m.button_id WHERE m.dashboard_id = ?"
                     " AND m.insight_id IS NULL AND m.deleted IS NOT 1 AND t.deleted IS NOT 1"
                     " ORDER BY t.id",
                     "i", dashboard_id);
    return read_places(rc, st, a, out, n, e);
}
