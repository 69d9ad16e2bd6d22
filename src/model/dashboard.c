/* dashboard.c - see dashboard.h. */
#include "model/dashboard.h"

#include "base/clock.h"
#include "model/access_control.h"
#include "model/list_count.h"

#define LEVEL ACCESS_LEVEL_SQL("dashboard", "d")

#define COLUMNS                                                                                \
    "SELECT d.id, d.project_id, d.name, d.description, d.pinned, d.deleted, d.created_at,"     \
    " d.created_by, d.last_accessed_at, v.viewed_at, d.last_refresh, d.creation_mode,"         \
    " d.restriction_level, d.filters, d.variables, d.breakdown_colors, d.tags,"                \
    " d.data_color_theme_id, d.folder, d.restriction_level > 21 AND EXISTS (SELECT 1"          \
    " FROM dashboard_collaborator c WHERE c.dashboard_id = d.id AND c.user_id = ?2),"          \
    " EXISTS (SELECT 1 FROM sharing s WHERE s.dashboard_id = d.id AND s.enabled), " LEVEL      \
    " FROM dashboard d LEFT JOIN dashboard_view v ON v.dashboard_id = d.id AND v.user_id = ?2 "

#define LISTED "WHERE d.project_id = ?1 AND d.deleted = 0 "
#define ORDER "ORDER BY d.pinned DESC, d.name IS NULL, d.name, d.id "

/* ?2 stands in COLUMNS only; naming it here lets both statements be bound alike. */
#define FILTERED                                                                               \
    LISTED "AND (?2 OR 1) AND d.creation_mode = coalesce(?5, d.creation_mode)"                 \
           " AND (?5 IS NOT NULL OR d.creation_mode <> 'unlisted')"                            \
           " AND (?3 IS NULL OR instr(fold(coalesce(d.name, '')), ?3)"                         \
           " OR instr(fold(d.description), ?3)"                                                \
           " OR EXISTS (SELECT 1 FROM json_each(d.tags) t WHERE instr(t.value, ?3)))"          \
           " AND (?4 IS NULL OR EXISTS (SELECT 1 FROM json_each(d.tags) t"                     \
           " WHERE t.value IN (SELECT value FROM json_each(?4))))"                             \
           " AND (?6 IS NULL OR d.folder = ?6)"                                                \
           " AND (?7 = 0 OR d.name IS NULL OR d.name NOT LIKE 'Generated Dashboard%')"         \
           " AND (?8 = 0 OR d.created_by = ?2 OR " LEVEL " <> 'none') "

static void dashboard_read(struct stmt *st, struct arena *a, struct dashboard *out)
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
        .folder = stmt_str(st, a, 18), .collaborates = stmt_bool(st, 19),
        .shared = stmt_bool(st, 20), .level = stmt_str(st, a, 21),
    };
}

static int64_t shown(const struct dashboard *d)
{
    return !d->deleted && !str_eqz(d->creation_mode, "unlisted");
}

int dashboard_insert(struct db *d, struct dashboard *in, struct err *e)
{
    int rc = db_run(d, e,
                    "INSERT INTO dashboard (project_id, name, description, pinned, deleted,"
                    " created_at, created_by, last_accessed_at, last_refresh, creation_mode,"
                    " restriction_level, filters, variables, breakdown_colors, tags, folder)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    "issbbtittsisssss", in->project_id, in->name, in->description,
                    (int)in->pinned, (int)in->deleted, in->created_at, in->created_by,
                    in->last_accessed_at, in->last_refresh, in->creation_mode,
                    in->restriction_level, in->filters, in->variables, in->breakdown_colors,
                    in->tags, in->folder);
    if (rc < 0)
        return rc;
    in->id = db_last_id(d);
    return list_count_add(d, in->project_id, "dashboard", shown(in), e);
}

static int was_shown(struct db *d, const struct dashboard *in, int64_t *out, struct err *e)
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT deleted = 0 AND creation_mode <> 'unlisted' FROM dashboard"
                     " WHERE id = ?",
                     "i", in->id);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = rc ? stmt_i64(st, 0) : 0;
    stmt_end(st);
    return 0;
}

int dashboard_update(struct db *d, const struct dashboard *in, struct err *e)
{
    int64_t before;
    int rc = was_shown(d, in, &before, e);
    if (rc == 0)
        rc = db_run(d, e,
                    "UPDATE dashboard SET name = ?, description = ?, pinned = ?, deleted = ?,"
                    " restriction_level = ?, breakdown_colors = ?, tags = ?, filters = ?,"
                    " variables = ?, last_accessed_at = ?, last_refresh = ?"
                    " WHERE id = ? AND project_id = ?",
                    "ssbbissssttii", in->name, in->description, (int)in->pinned,
                    (int)in->deleted, in->restriction_level, in->breakdown_colors, in->tags,
                    in->filters, in->variables, in->last_accessed_at, in->last_refresh, in->id,
                    in->project_id);
    return rc < 0 ? rc : list_count_add(d, in->project_id, "dashboard", shown(in) - before, e);
}

int dashboard_unset_primary(struct db *d, const struct dashboard *in, struct err *e)
{
    return db_run(d, e,
                  "UPDATE project SET settings = json_remove(settings, '$.primary_dashboard')"
                  " WHERE id = ? AND settings ->> '$.primary_dashboard' = ?",
                  "ii", in->project_id, in->id);
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

static bool narrows(const struct dashboard_filter *f)
{
    return f->search.p || f->tags.p || f->creation_mode.p || f->folder.p ||
           f->exclude_generated || f->hides;
}

int dashboard_count(struct db *d, struct arena *a, const struct dashboard_filter *f, int64_t *out,
                    struct err *e)
{
    struct stmt *st;
    int64_t version;
    if (!narrows(f))
        return list_count_find(d, a, f->project_id, "dashboard", out, &version, e);
    int rc = db_open(d, a, &st, e, "SELECT count(*) FROM dashboard d " FILTERED, "iissssbb",
                     f->project_id, f->viewer, f->search, f->tags, f->creation_mode, f->folder,
                     (int)f->exclude_generated, (int)f->hides);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

static int open_page(struct db *d, struct arena *a, const struct dashboard_filter *f,
                     int64_t limit, int64_t offset, struct stmt **st, struct err *e)
{
    if (!narrows(f))
        return db_open(d, a, st, e,
                       COLUMNS LISTED "AND d.creation_mode <> 'unlisted' " ORDER
                                      "LIMIT ?3 OFFSET ?4",
                       "iiii", f->project_id, f->viewer, limit, offset);
    return db_open(d, a, st, e, COLUMNS FILTERED ORDER "LIMIT ?9 OFFSET ?10", "iissssbbii",
                   f->project_id, f->viewer, f->search, f->tags, f->creation_mode, f->folder,
                   (int)f->exclude_generated, (int)f->hides, limit, offset);
}

int dashboard_page(struct db *d, struct arena *a, const struct dashboard_filter *f, int64_t limit,
                   int64_t offset, struct dashboard **out, size_t *n, struct err *e)
{
    struct stmt *st;
    struct dashboard *list = NULL;
    size_t count = 0;
    int rc = open_page(d, a, f, limit, offset, &st, e);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        dashboard_read(st, a, &list[count++]);
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = count;
    return 0;
}

int dashboard_version(struct db *d, struct arena *a, int64_t project_id, int64_t *out,
                      struct err *e)
{
    int64_t n;
    return list_count_find(d, a, project_id, "dashboard", &n, out, e);
}

int dashboard_changed(struct db *d, int64_t project_id, struct err *e)
{
    return list_count_add(d, project_id, "dashboard", 0, e);
}

int dashboard_seen(struct db *d, struct dashboard *in, int64_t viewer, struct err *e)
{
    int64_t now = clock_now_us();
    int rc = db_run(d, e, "UPDATE dashboard SET last_accessed_at = ? WHERE id = ?", "ti", now,
                    in->id);
    if (rc == 0 && viewer)
        rc = db_run(d, e, "INSERT OR REPLACE INTO dashboard_view VALUES (?, ?, ?)", "iit", in->id,
                    viewer, now);
    if (rc == 0)
        rc = list_count_add(d, in->project_id, "dashboard", 0, e);
    if (rc == 0)
        in->last_accessed_at = now;
    if (rc == 0 && viewer)
        in->last_viewed_at = now;
    return rc;
}
