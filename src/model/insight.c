/* insight.c - see insight.h. */
#include "model/insight.h"

#include "base/clock.h"
#include "base/uuid.h"
#include "model/list_count.h"

#define SHORT_ID 8

#define SELECTED                                                                               \
    "SELECT i.id, i.project_id, i.short_id, i.name, i.derived_name, i.description, i.query,"  \
    " i.filters, i.type, i.position, i.deleted, i.favorited, i.saved, i.is_sample, i.folder," \
    " i.tags, i.created_at, i.created_by, i.updated_at, i.last_modified_at,"                  \
    " i.last_modified_by, i.last_viewed_at"
#define COLUMNS SELECTED " FROM insight i "

static void insight_read(struct stmt *st, struct arena *a, struct insight *out)
{
    *out = (struct insight){
        .id = stmt_i64(st, 0), .project_id = stmt_i64(st, 1), .short_id = stmt_str(st, a, 2),
        .name = stmt_str(st, a, 3), .derived_name = stmt_str(st, a, 4),
        .description = stmt_str(st, a, 5), .query = stmt_str(st, a, 6),
        .filters = stmt_str(st, a, 7), .type = stmt_str(st, a, 8), .position = stmt_time(st, 9),
        .deleted = stmt_bool(st, 10), .favorited = stmt_bool(st, 11), .saved = stmt_bool(st, 12),
        .is_sample = stmt_bool(st, 13), .folder = stmt_str(st, a, 14),
        .tags = stmt_str(st, a, 15), .created_at = stmt_i64(st, 16),
        .created_by = stmt_i64(st, 17), .updated_at = stmt_i64(st, 18),
        .last_modified_at = stmt_i64(st, 19), .last_modified_by = stmt_i64(st, 20),
        .last_viewed_at = stmt_time(st, 21),
    };
}

static int read_all(int rc, struct stmt *st, struct arena *a, struct insight **out, size_t *n,
                    struct err *e)
{
    struct insight *list = NULL;
    size_t count = 0;
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        insight_read(st, a, &list[count++]);
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = count;
    return 0;
}

int insight_insert(struct db *d, struct arena *a, struct insight *in, struct err *e)
{
    char random[SHORT_ID + 1];
    rand_token(random, SHORT_ID);
    in->short_id = arena_str(a, str_of(random));
    int rc = db_run(d, e,
                    "INSERT INTO insight (project_id, short_id, name, derived_name, description,"
                    " query, filters, type, position, deleted, favorited, saved, is_sample, folder,"
                    " tags, created_at, created_by, updated_at, last_modified_at,"
                    " last_modified_by)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    "isssssss" "tbbbbss" "titti", in->project_id, in->short_id, in->name,
                    in->derived_name, in->description, in->query, in->filters, in->type,
                    in->position, (int)in->deleted, (int)in->favorited, (int)in->saved,
                    (int)in->is_sample, in->folder, in->tags, in->created_at, in->created_by,
                    in->updated_at, in->last_modified_at, in->last_modified_by);
    if (rc < 0)
        return rc;
    in->id = db_last_id(d);
    return list_count_add(d, in->project_id, "insight", !in->deleted, e);
}

static int was_deleted(struct db *d, int64_t id, bool *out, struct err *e)
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT deleted FROM insight WHERE id = ?", "i", id);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = rc == 0 || stmt_bool(st, 0);
    stmt_end(st);
    return 0;
}

int insight_update(struct db *d, const struct insight *in, struct err *e)
{
    bool deleted;
    int rc = was_deleted(d, in->id, &deleted, e);
    if (rc == 0)
        rc = db_run(d, e,
                    "UPDATE insight SET name = ?, derived_name = ?, description = ?, query = ?,"
                    " filters = ?, type = ?, position = ?, deleted = ?, favorited = ?, saved = ?,"
                    " is_sample = ?, tags = ?, updated_at = ?, last_modified_at = ?,"
                    " last_modified_by = ? WHERE id = ? AND project_id = ?",
                    "ssssss" "tbbbbs" "ttiii", in->name, in->derived_name, in->description,
                    in->query, in->filters, in->type, in->position, (int)in->deleted,
                    (int)in->favorited, (int)in->saved, (int)in->is_sample, in->tags,
                    in->updated_at, in->last_modified_at, in->last_modified_by, in->id,
                    in->project_id);
    return rc < 0 ? rc
                  : list_count_add(d, in->project_id, "insight", (int)deleted - (int)in->deleted,
                                   e);
}

static int first(int rc, struct stmt *st, struct arena *a, struct insight *out, struct err *e)
{
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    insight_read(st, a, out);
    stmt_end(st);
    return 1;
}

int insight_find(struct db *d, struct arena *a, int64_t project_id, str id, struct insight *out,
                 struct err *e)
{
    struct stmt *st = NULL;
    int64_t number;
    int rc = 0;
    if (str_to_i64(id, &number)) {
        rc = db_open(d, a, &st, e, COLUMNS "WHERE i.project_id = ? AND i.id = ?", "ii",
                     project_id, number);
        rc = first(rc, st, a, out, e);
    }
    if (rc != 0)
        return rc;
    rc = db_open(d, a, &st, e, COLUMNS "WHERE i.project_id = ? AND i.short_id = ?", "is",
                 project_id, id);
    return first(rc, st, a, out, e);
}

/* -------------------------------------------------------------------------- lists */

#define LISTED "WHERE i.project_id = ?1 AND i.deleted = 0 "

#define LIVE_TILE                                                                        \
    "FROM tile t JOIN dashboard d ON d.id = t.dashboard_id AND d.deleted = 0"            \
    " WHERE t.insight_id = i.id AND t.deleted IS NOT 1 "

#define FILTERED                                                                              \
    LISTED                                                                                    \
    "AND (?2 < 0 OR i.saved = ?2 OR (?2 = 1 AND EXISTS (SELECT 1 " LIVE_TILE ")))"            \
    " AND (?3 < 0 OR i.favorited = ?3)"                                                       \
    " AND (?4 IS NULL OR i.created_by IN (SELECT value FROM json_each(?4)))"                  \
    " AND (?5 IS NULL OR instr(fold(coalesce(i.name, '')), ?5)"                               \
    " OR instr(fold(coalesce(i.derived_name, '')), ?5)"                                       \
    " OR instr(fold(coalesce(i.description, '')), ?5)"                                        \
    " OR EXISTS (SELECT 1 FROM json_each(i.tags) g WHERE instr(g.value, ?5)))"                \
    " AND (?6 IS NULL OR i.type = ?6)"                                                        \
    " AND (?7 IS NULL OR i.short_id = ?7)"                                                    \
    " AND (?8 IS NULL OR EXISTS (SELECT 1 FROM json_each(i.tags) g"                           \
    " WHERE g.value IN (SELECT value FROM json_each(?8))))"                                   \
    " AND (?9 IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(?9) w WHERE NOT EXISTS"          \
    " (SELECT 1 " LIVE_TILE "AND t.dashboard_id = w.value)))"                                 \
    " AND (?10 IS NULL OR EXISTS (SELECT 1 FROM json_tree(coalesce(i.query, i.filters)) n"    \
    " WHERE n.key IN ('event', 'id') AND n.value IN (SELECT value FROM json_each(?10))))"     \
    " AND (?11 IS NULL OR i.last_modified_at >= ?11)"                                         \
    " AND (?12 IS NULL OR i.last_modified_at <= ?12)"                                         \
    " AND (?13 IS NULL OR i.created_at >= ?13) AND (?14 IS NULL OR i.created_at <= ?14)"      \
    " AND (?15 IS NULL OR i.last_viewed_at >= ?15)"                                           \
    " AND (?16 IS NULL OR i.last_viewed_at <= ?16) AND (?17 IS NULL OR i.folder = ?17) "
#define FILTERED_TYPES "iiisssssssttttttsii" /* as insight_filter, then limit and offset */

/* Each order is a statement of its own, so that those with an index read only their page. */
#define ORDER_ROW(name, ascending, descending)                                               \
    { name, COLUMNS FILTERED "ORDER BY " ascending " LIMIT ?18 OFFSET ?19" },                \
    {                                                                                        \
        "-" name, COLUMNS FILTERED "ORDER BY " descending " LIMIT ?18 OFFSET ?19"            \
    }
#define PLAIN(name, column) ORDER_ROW(name, column ", i.id", column " DESC, i.id DESC")
#define NULLS_LAST(name, column)                                        \
    ORDER_ROW(name, column " IS NULL, " column ", i.id",                \
              column " IS NULL, " column " DESC, i.id DESC")

static const struct order {
    const char *name, *sql;
} orders[] = {
    NULLS_LAST("order", "i.position"),
    PLAIN("id", "i.id"),
    NULLS_LAST("name", "fold(i.name)"),
    NULLS_LAST("derived_name", "fold(i.derived_name)"),
    NULLS_LAST("description", "fold(i.description)"),
    PLAIN("short_id", "i.short_id"),
    PLAIN("created_at", "i.created_at"),
    NULLS_LAST("created_by", "i.created_by"),
    PLAIN("updated_at", "i.updated_at"),
    PLAIN("last_modified_at", "i.last_modified_at"),
    NULLS_LAST("last_modified_by", "i.last_modified_by"),
    NULLS_LAST("last_viewed_at", "i.last_viewed_at"),
    PLAIN("favorited", "i.favorited"),
    PLAIN("saved", "i.saved"),
};

const char *insight_order(str name)
{
    for (size_t i = 0; i < ARRAY_LEN(orders); i++)
        if (str_eqz(name, orders[i].name))
            return orders[i].name;
    return NULL;
}

static const char *sql_of(const char *order)
{
    for (size_t i = 0; i < ARRAY_LEN(orders); i++)
        if (orders[i].name == order)
            return orders[i].sql;
    BUG_ON(true);
}

static int open_filtered(struct db *d, struct arena *a, const struct insight_filter *f,
                         const char *sql, int64_t limit, int64_t offset, struct stmt **st,
                         struct err *e)
{
    return db_open(d, a, st, e, sql, FILTERED_TYPES, f->project_id, (int64_t)f->saved,
                   (int64_t)f->favorited, f->created_by, f->search, f->type, f->short_id, f->tags,
                   f->dashboards, f->events, f->modified_from, f->modified_to, f->created_from,
                   f->created_to, f->viewed_from, f->viewed_to, f->folder, limit, offset);
}

static bool narrows(const struct insight_filter *f)
{
    return f->saved >= 0 || f->favorited >= 0 || f->created_by.p || f->search.p || f->type.p ||
           f->short_id.p || f->tags.p || f->dashboards.p || f->events.p || f->folder.p ||
           f->modified_from != INT64_MIN || f->modified_to != INT64_MIN ||
           f->created_from != INT64_MIN || f->created_to != INT64_MIN ||
           f->viewed_from != INT64_MIN || f->viewed_to != INT64_MIN;
}

int insight_count(struct db *d, struct arena *a, const struct insight_filter *f, int64_t *out,
                  struct err *e)
{
    struct stmt *st;
    int64_t version;
    if (!narrows(f))
        return list_count_find(d, a, f->project_id, "insight", out, &version, e);
    /* limit and offset are bound to nothing here, but must be named to be bound at all */
    int rc = open_filtered(d, a, f, "SELECT count(*) FROM insight i " FILTERED
                                    "AND (?18 OR ?19 OR 1)", 0, 0, &st, e);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int insight_page(struct db *d, struct arena *a, const struct insight_filter *f, int64_t limit,
                 int64_t offset, struct insight **out, size_t *n, struct err *e)
{
    struct stmt *st = NULL;
    int rc = open_filtered(d, a, f, sql_of(f->order), limit, offset, &st, e);
    return read_all(rc, st, a, out, n, e);
}

int insight_on_dashboard(struct db *d, struct arena *a, int64_t dashboard_id,
                         struct insight **out, size_t *n, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e,
                     COLUMNS "JOIN tile t ON t.insight_id = i.id WHERE t.dashboard_id = ?"
                             " AND t.deleted IS NOT 1 AND i.deleted = 0",
                     "i", dashboard_id);
    return read_all(rc, st, a, out, n, e);
}

int insight_last_viewed(struct db *d, struct arena *a, int64_t project_id, int64_t user_id,
                        int64_t limit, struct insight **out, size_t *n, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e,
                     COLUMNS "JOIN insight_view v ON v.insight_id = i.id WHERE v.user_id = ?"
                             " AND i.project_id = ? AND i.deleted = 0"
                             " ORDER BY v.viewed_at DESC LIMIT ?",
                     "iii", user_id, project_id, limit);
    return read_all(rc, st, a, out, n, e);
}

#define TRENDING                                                                              \
    "JOIN (SELECT insight_id, count(*) AS views FROM insight_view WHERE viewed_at >= ?2"      \
    " GROUP BY insight_id) w ON w.insight_id = i.id WHERE i.project_id = ?1"                  \
    " AND i.deleted = 0 "

int insight_trending(struct db *d, struct arena *a, int64_t project_id, int64_t since,
                     int64_t limit, int64_t offset, struct insight **out, int64_t **views,
                     size_t *n, struct err *e)
{
    struct stmt *st;
    struct insight *list = NULL;
    int64_t *counts = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e,
                     SELECTED ", w.views FROM insight i " TRENDING
                              "ORDER BY w.views DESC, i.last_viewed_at DESC, i.id LIMIT ?3 OFFSET ?4",
                     "itii", project_id, since, limit, offset);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        counts = arena_grown(a, counts, count, sizeof(*counts));
        insight_read(st, a, &list[count]);
        counts[count++] = stmt_i64(st, 22);
    }
    if (rc < 0)
        return rc;
    *out = list;
    *views = counts;
    *n = count;
    return 0;
}

int insight_trending_count(struct db *d, struct arena *a, int64_t project_id, int64_t since,
                           int64_t *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT count(*) FROM insight i " TRENDING, "it", project_id,
                     since);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

static int read_ids(int rc, struct stmt *st, struct arena *a, int64_t **out, size_t *n,
                    struct err *e)
{
    int64_t *list = NULL;
    size_t count = 0;
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        list[count++] = stmt_i64(st, 0);
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = count;
    return 0;
}

int insight_ids_on(struct db *d, struct arena *a, int64_t dashboard_id, int64_t **out, size_t *n,
                   struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e,
                     "SELECT insight_id FROM tile WHERE dashboard_id = ? AND insight_id IS NOT NULL"
                     " ORDER BY id",
                     "i", dashboard_id);
    return read_ids(rc, st, a, out, n, e);
}

int insight_viewers(struct db *d, struct arena *a, int64_t id, int64_t since, int64_t max,
                    int64_t **out, size_t *n, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e,
                     "SELECT user_id FROM insight_view WHERE insight_id = ? AND viewed_at >= ?"
                     " ORDER BY viewed_at DESC LIMIT ?",
                     "iti", id, since, max);
    return read_ids(rc, st, a, out, n, e);
}

int insight_seen(struct db *d, int64_t project_id, int64_t id, int64_t user_id, struct err *e)
{
    int64_t now = clock_now_us();
    int rc = db_run(d, e,
                    "UPDATE insight SET last_viewed_at = ? WHERE id = ? AND project_id = ?",
                    "tii", now, id, project_id);
    if (rc < 0 || !db_changes(d))
        return rc;
    return db_run(d, e, "INSERT OR REPLACE INTO insight_view VALUES (?, ?, ?)", "iit", id,
                  user_id, now);
}

int insight_delete_only_on(struct db *d, int64_t project_id, int64_t dashboard_id, struct err *e)
{
    int rc = db_run(d, e,
                    "UPDATE insight AS i SET deleted = 1 WHERE deleted = 0 AND project_id = ?1"
                    " AND id IN (SELECT insight_id FROM tile WHERE dashboard_id = ?2"
                    " AND deleted IS NOT 1) AND NOT EXISTS (SELECT 1 " LIVE_TILE
                    "AND t.dashboard_id <> ?2)",
                    "ii", project_id, dashboard_id);
    return rc < 0 ? rc : list_count_add(d, project_id, "insight", -db_changes(d), e);
}

int insight_restore_on(struct db *d, int64_t project_id, int64_t dashboard_id, struct err *e)
{
    int rc = db_run(d, e,
                    "UPDATE insight SET deleted = 0 WHERE deleted = 1 AND project_id = ?1"
                    " AND id IN (SELECT insight_id FROM tile WHERE dashboard_id = ?2)",
                    "ii", project_id, dashboard_id);
    return rc < 0 ? rc : list_count_add(d, project_id, "insight", db_changes(d), e);
}
