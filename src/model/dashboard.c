/* dashboard.c - see dashboard.h. */
#include "model/dashboard.h"

#include "base/clock.h"

#define COLUMNS                                                                              \
    "SELECT d.id, d.project_id, d.name, d.description, d.pinned, d.deleted, d.created_at,"   \
    " d.created_by, d.last_accessed_at, v.viewed_at, d.last_refresh, d.creation_mode,"       \
    " d.restriction_level, d.filters, d.variables, d.breakdown_colors, d.tags,"              \
    " d.data_color_theme_id FROM dashboard d"                                                \
    " LEFT JOIN dashboard_view v ON v.dashboard_id = d.id AND v.user_id = ?2 "

void dashboard_read(struct stmt *st, struct arena *a, struct dashboard *out)
{
    *out = (struct dashboard){
        .id = stmt_i64(st, 0), .project_id = stmt_i64(st, 1), .name = stmt_str(st, a, 2),
        .description = stmt_str(st, a, 3), .pinned = stmt_bool(st, 4),
        .deleted = stmt_bool(st, 5), .created_at = stmt_i64(st, 6), .created_by = stmt_i64(st, 7),
        .last_accessed_at = stmt_time(st, 8), .last_viewed_at = stmt_time(st, 9),
        .last_refresh = stmt_time(st, 10), .creation_mode = stmt_str(st, a, 11),
        .restriction_level = stmt_i64(st, 12), .filters = stmt_str(st, a, 13),
        .variables = stmt_str(st, a, 14), .breakdown_colors = stmt_str(st, a, 15),
        .tags = stmt_str(st, a, 16), .data_color_theme_id = stmt_i64(st, 17),
    };
}

int dashboard_insert(struct db *d, struct dashboard *in, struct err *e)
{
    int rc = db_run(d, e,
                    "INSERT INTO dashboard (project_id, name, description, pinned, created_at,"
                    " created_by, creation_mode, restriction_level, breakdown_colors, tags)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    "issbtisiss", in->project_id, in->name, in->description, (int)in->pinned,
                    in->created_at, in->created_by, in->creation_mode, in->restriction_level,
                    in->breakdown_colors, in->tags);
    if (rc == 0)
        in->id = db_last_id(d);
    return rc;
}

int dashboard_update(struct db *d, const struct dashboard *in, struct err *e)
{
    return db_run(d, e,
                  "UPDATE dashboard SET name = ?, description = ?, pinned = ?, deleted = ?,"
                  " restriction_level = ?, breakdown_colors = ?, tags = ?, filters = ?,"
                  " variables = ?"
                  " WHERE id = ? AND project_id = ?",
                  "ssbbissssii", in->name, in->description, (int)in->pinned, (int)in->deleted,
                  in->restriction_level, in->breakdown_colors, in->tags, in->filters, in->variables, in->id,
                  in->project_id);
}

int dashboard_find(struct db *d, struct arena *a, int64_t project_id, int64_t id, int64_t viewer,
                   struct dashboard *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, COLUMNS "WHERE d.project_id = ?1 AND d.id = ?3", "iii",
                     project_id, viewer, id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    dashboard_read(st, a, out);
    stmt_end(st);
    return 1;
}

int dashboard_count(struct db *d, struct arena *a, int64_t project_id, int64_t *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT count(*) FROM dashboard WHERE project_id = ? AND deleted = 0", "i",
                     project_id);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int dashboard_page(struct db *d, struct arena *a, int64_t project_id, int64_t viewer, int64_t limit,
                   int64_t offset, struct stmt **out, struct err *e)
{
    return db_open(d, a, out, e,
                   COLUMNS "WHERE d.project_id = ?1 AND d.deleted = 0 ORDER BY d.pinned DESC,"
                           " d.name IS NULL, d.name, d.id LIMIT ?3 OFFSET ?4",
                   "iiii", project_id, viewer, limit, offset);
}

int dashboard_seen(struct db *d, int64_t id, int64_t viewer, struct err *e)
{
    int64_t now = clock_now_us();
    int rc = db_run(d, e, "UPDATE dashboard SET last_accessed_at = ? WHERE id = ?", "ti", now, id);
    if (rc == 0)
        rc = db_run(d, e, "INSERT OR REPLACE INTO dashboard_view VALUES (?, ?, ?)", "iit", id,
                    viewer, now);
    return rc;
}
