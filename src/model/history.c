/* history.c - see history.h. */
#include "model/history.h"

#include "base/limits.h"
#include "base/uuid.h"
#include "model/access_control.h"

#define BOOLEAN(column) "json(iif(" column " IS NULL, NULL, iif(" column ", 'true', 'false')))"

#define TILE_SNAPSHOT                                                                        \
    "json_object('id', t.id, 'insight_id', t.insight_id,"                                    \
    " 'text', json(iif(x.id IS NULL, NULL, json_object('id', x.id, 'body', x.body))),"       \
    " 'button_tile', json(iif(b.id IS NULL, NULL, json_object('id', b.id, 'url', b.url,"     \
    " 'text', b.text, 'placement', b.placement, 'style', b.style))),"                        \
    " 'layouts', json(t.layouts), 'color', t.color,"                                         \
    " 'filters_overrides', json(t.filters_overrides),"                                       \
    " 'show_description', " BOOLEAN("t.show_description") ","                                \
    " 'transparent_background', " BOOLEAN("t.transparent_background") ")"

static const char *const scopes[] = { "Dashboard", "Insight" };

static const char *const look_sql[] = {
    "SELECT d.project_id, d.name, d.created_at, d.created_by, json_object('name', d.name,"
    " 'description', d.description, 'pinned', " BOOLEAN("d.pinned") ", 'deleted', "
    BOOLEAN("d.deleted") ", 'restriction_level', d.restriction_level, 'tags', json(d.tags),"
    " 'filters', json(d.filters), 'variables', json(d.variables), 'breakdown_colors',"
    " json(d.breakdown_colors), 'tiles', json((SELECT json_group_array(json(s)) FROM (SELECT "
    TILE_SNAPSHOT " AS s FROM tile t LEFT JOIN text_card x ON x.id = t.text_id"
    " LEFT JOIN button_card b ON b.id = t.button_id WHERE t.dashboard_id = d.id"
    " AND t.deleted IS NOT 1 ORDER BY t.id)))) FROM dashboard d WHERE d.id = ?",
    "SELECT i.project_id, i.name, i.created_at, i.created_by, json_object('name', i.name,"
    " 'derived_name', i.derived_name, 'description', i.description, 'query', json(i.query),"
    " 'filters', json(i.filters), 'order', i.position, 'deleted', " BOOLEAN("i.deleted") ","
    " 'favorited', " BOOLEAN("i.favorited") ", 'tags', json(i.tags))"
    " FROM insight i WHERE i.id = ?",
};

const char *history_scope(enum history_kind kind)
{
    return scopes[kind];
}

int history_look(struct db *d, struct arena *a, enum history_kind kind, int64_t item_id,
                 struct history_entry *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, look_sql[kind], "i", item_id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    *out = (struct history_entry){
        .kind = kind, .item_id = item_id, .project_id = stmt_i64(st, 0),
        .name = stmt_str(st, a, 1), .created_at = stmt_i64(st, 2), .user_id = stmt_i64(st, 3),
        .snapshot = stmt_str(st, a, 4), .changes = STR("[]"),
    };
    stmt_end(st);
    return 1;
}

#define COLUMNS(snapshot)                                                                    \
    "SELECT h.seq, h.id, h.project_id, h.scope = 'Insight', h.item_id, h.name, h.activity,"  \
    " h.changes, h.version, h.created_at, h.user_id, " snapshot " FROM history h "

static void read_row(struct stmt *st, struct arena *a, struct history_entry *out)
{
    *out = (struct history_entry){
        .seq = stmt_i64(st, 0), .id = stmt_str(st, a, 1), .project_id = stmt_i64(st, 2),
        .kind = stmt_bool(st, 3) ? HISTORY_INSIGHT : HISTORY_DASHBOARD,
        .item_id = stmt_i64(st, 4), .name = stmt_str(st, a, 5), .activity = stmt_str(st, a, 6),
        .changes = stmt_str(st, a, 7), .version = stmt_i64(st, 8),
        .created_at = stmt_i64(st, 9), .user_id = stmt_i64(st, 10),
        .snapshot = stmt_str(st, a, 11),
    };
}

static int first(int rc, struct stmt *st, struct arena *a, struct history_entry *out,
                 struct err *e)
{
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    read_row(st, a, out);
    stmt_end(st);
    return 1;
}

int history_last(struct db *d, struct arena *a, enum history_kind kind, int64_t item_id,
                 struct history_entry *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e,
                     COLUMNS("h.snapshot") "WHERE h.scope = ? AND h.item_id = ?"
                                           " AND h.version IS NOT NULL"
                                           " ORDER BY h.version DESC LIMIT 1",
                     "si", str_of(scopes[kind]), item_id);
    return first(rc, st, a, out, e);
}

int history_find(struct db *d, struct arena *a, enum history_kind kind, int64_t item_id,
                 int64_t version, struct history_entry *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e,
                     COLUMNS("h.snapshot") "WHERE h.scope = ? AND h.item_id = ?"
                                           " AND h.version = ? AND h.snapshot IS NOT NULL",
                     "sii", str_of(scopes[kind]), item_id, version);
    return first(rc, st, a, out, e);
}

int history_insert(struct db *d, struct arena *a, struct history_entry *in, struct err *e)
{
    char id[UUID_TEXT];
    uuid_text(uuid_v7(), id);
    in->id = arena_str(a, str_of(id));
    str scope = str_of(scopes[in->kind]);
    int rc = db_run(d, e,
                    "INSERT INTO history (id, project_id, scope, item_id, name, activity, changes,"
                    " snapshot, created_at, user_id, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,"
                    " ?8, ?9, nullif(?10, 0), iif(?8 IS NULL, NULL, (SELECT"
                    " coalesce(max(version), 0) + 1 FROM history WHERE scope = ?3"
                    " AND item_id = ?4 AND version IS NOT NULL)))",
                    "sisissssti", in->id, in->project_id, scope, in->item_id, in->name,
                    in->activity, in->changes, in->snapshot, in->created_at, in->user_id);
    if (rc < 0 || !in->snapshot.p)
        return rc;
    return db_run(d, e,
                  "UPDATE history SET snapshot = NULL WHERE scope = ?1 AND item_id = ?2 AND version ="
                  " (SELECT max(version) - ?3 FROM history WHERE scope = ?1 AND item_id = ?2"
                  " AND version IS NOT NULL)",
                  "sii", scope, in->item_id, (int64_t)LIMIT_VERSIONS);
}

/* -------------------------------------------------------------------------- lists */

#define LISTED                                                                               \
    "WHERE h.project_id = ?1 AND (?3 OR h.scope <> 'Dashboard' OR EXISTS (SELECT 1"          \
    " FROM dashboard d WHERE d.id = h.item_id AND (d.created_by = ?2"                        \
    " OR " ACCESS_LEVEL_SQL("dashboard", "d") " <> 'none')))"                                \
    " AND (?4 IS NULL OR h.scope = ?4) AND (?5 IS NULL OR h.activity = ?5)"                  \
    " AND (?6 = 0 OR h.item_id = ?6) AND (?7 = 0 OR h.user_id = ?7)"                         \
    " AND (?8 = 0 OR h.snapshot IS NOT NULL) "

int history_count(struct db *d, struct arena *a, const struct history_filter *f, int64_t *out,
                  struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT count(*) FROM history h " LISTED, "iibssiib",
                     f->project_id, f->viewer, (int)f->sees_all, f->scope, f->activity,
                     f->item_id, f->user_id, (int)f->versions);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int history_page(struct db *d, struct arena *a, const struct history_filter *f, int64_t limit,
                 int64_t offset, struct history_entry **out, size_t *n, struct err *e)
{
    struct stmt *st;
    struct history_entry *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e,
                     COLUMNS("NULL") LISTED "ORDER BY h.seq DESC LIMIT ?9 OFFSET ?10",
                     "iibssiibii", f->project_id, f->viewer, (int)f->sees_all, f->scope,
                     f->activity, f->item_id, f->user_id, (int)f->versions, limit, offset);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        read_row(st, a, &list[count++]);
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = count;
    return 0;
}
