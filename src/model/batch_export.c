/* batch_export.c - see batch_export.h. */
#include "model/batch_export.h"

#define COLUMNS                                                                               \
    "SELECT id, project_id, name, model, destination, config, secrets, integration_id,"       \
    " \"interval\", timezone, \"offset\", paused, start_at, end_at, filters, hogql_query,"    \
    " hogql_modifiers, primary_key, version_key, incremental_mode, schema, created_at,"       \
    " last_updated_at, last_paused_at, modified_by, next_at FROM batch_export "
#define LISTED "WHERE project_id = ?1 AND deleted = 0 AND destination <> 'Workflows' "
#define ACTIVE                                                                 \
    "WHERE deleted = 0 AND paused = 0"                                         \
    " AND project_id NOT IN (SELECT id FROM project WHERE deleted = 1) "

static void read_row(struct stmt *st, struct arena *a, struct batch_export *out)
{
    *out = (struct batch_export){
        .id = stmt_str(st, a, 0), .project_id = stmt_i64(st, 1), .name = stmt_str(st, a, 2),
        .model = stmt_str(st, a, 3), .destination = stmt_str(st, a, 4),
        .config = stmt_str(st, a, 5), .secrets = stmt_str(st, a, 6),
        .integration_id = stmt_i64(st, 7), .interval = stmt_str(st, a, 8),
        .timezone = stmt_str(st, a, 9), .offset = stmt_time(st, 10), .paused = stmt_bool(st, 11),
        .start_at = stmt_time(st, 12), .end_at = stmt_time(st, 13),
        .filters = stmt_str(st, a, 14), .hogql_query = stmt_str(st, a, 15),
        .hogql_modifiers = stmt_str(st, a, 16), .primary_key = stmt_str(st, a, 17),
        .version_key = stmt_str(st, a, 18), .incremental_mode = stmt_str(st, a, 19),
        .schema = stmt_str(st, a, 20), .created_at = stmt_i64(st, 21),
        .last_updated_at = stmt_i64(st, 22), .last_paused_at = stmt_time(st, 23),
        .modified_by = stmt_i64(st, 24), .next_at = stmt_time(st, 25),
    };
}

static int64_t or_null(int64_t id)
{
    return id ? id : INT64_MIN;
}

int batch_export_insert(struct db *d, const struct batch_export *in, struct err *e)
{
    return db_run(d, e,
                  "INSERT INTO batch_export (id, project_id, name, model, destination, config,"
                  " secrets, integration_id, \"interval\", timezone, \"offset\", paused, start_at,"
                  " end_at, filters, hogql_query, hogql_modifiers, primary_key, version_key,"
                  " incremental_mode, schema, created_at, last_updated_at, last_paused_at,"
                  " modified_by, deleted, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                  " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
                  "sissssxtsstbttsssssssiittt", in->id, in->project_id, in->name, in->model,
                  in->destination, in->config, in->secrets, or_null(in->integration_id),
                  in->interval, in->timezone, in->offset, (int)in->paused, in->start_at, in->end_at,
                  in->filters, in->hogql_query, in->hogql_modifiers, in->primary_key,
                  in->version_key, in->incremental_mode, in->schema, in->created_at,
                  in->last_updated_at, in->last_paused_at, or_null(in->modified_by), in->next_at);
}

int batch_export_update(struct db *d, const struct batch_export *in, struct err *e)
{
    return db_run(d, e,
                  "UPDATE batch_export SET name = ?, config = ?, secrets = ?, integration_id = ?,"
                  " \"interval\" = ?, timezone = ?, \"offset\" = ?, paused = ?, start_at = ?,"
                  " end_at = ?, filters = ?, hogql_query = ?, hogql_modifiers = ?, primary_key = ?,"
                  " version_key = ?, incremental_mode = ?, schema = ?, last_updated_at = ?,"
                  " last_paused_at = ?, modified_by = ?, next_at = ?"
                  " WHERE id = ? AND project_id = ? AND deleted = 0",
                  "ssxtsstbttsssssssitttsi", in->name, in->config, in->secrets,
                  or_null(in->integration_id), in->interval, in->timezone, in->offset,
                  (int)in->paused, in->start_at, in->end_at, in->filters, in->hogql_query,
                  in->hogql_modifiers, in->primary_key, in->version_key, in->incremental_mode,
                  in->schema, in->last_updated_at, in->last_paused_at, or_null(in->modified_by),
                  in->next_at, in->id, in->project_id);
}

int batch_export_delete(struct db *d, int64_t project_id, str id, int64_t now, struct err *e)
{
    int rc = db_run(d, e,
                    "UPDATE batch_export SET deleted = 1, paused = 1, last_updated_at = ?,"
                    " secrets = x'' WHERE id = ? AND project_id = ? AND deleted = 0",
                    "isi", now, id, project_id);
    return rc < 0 ? rc : db_changes(d);
}

static int one(struct arena *a, struct stmt *st, struct batch_export *out, struct err *e)
{
    int rc = stmt_step(st, e);
    if (rc <= 0)
        return rc;
    read_row(st, a, out);
    stmt_end(st);
    return 1;
}

int batch_export_find(struct db *d, struct arena *a, int64_t project_id, str id,
                      struct batch_export *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     COLUMNS "WHERE id = ?1 AND (?2 = 0 OR project_id = ?2) AND deleted = 0", "si",
                     id, project_id);
    return rc < 0 ? rc : one(a, st, out, e);
}

int batch_export_count(struct db *d, struct arena *a, int64_t project_id, int64_t *out,
                       struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT count(*) FROM batch_export " LISTED, "i", project_id);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int batch_export_page(struct db *d, struct arena *a, int64_t project_id, int64_t limit,
                      int64_t offset, struct batch_export **out, size_t *n, struct err *e)
{
    struct stmt *st;
    struct batch_export *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e,
                     COLUMNS LISTED "ORDER BY created_at DESC, id DESC LIMIT ?2 OFFSET ?3", "iii",
                     project_id, limit, offset);
    if (rc < 0)
        return rc;
    while ((rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        read_row(st, a, &list[count++]);
    }
    *out = list;
    *n = count;
    return rc;
}

int batch_export_find_due(struct db *d, struct arena *a, int64_t now, struct batch_export *out,
                          struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, COLUMNS ACTIVE "AND next_at <= ? ORDER BY next_at LIMIT 1", "i",
                     now);
    return rc < 0 ? rc : one(a, st, out, e);
}

int batch_export_next_due(struct db *d, struct arena *a, int64_t *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT min(next_at) FROM batch_export " ACTIVE, "");
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = rc && !stmt_null(st, 0) ? stmt_i64(st, 0) : INT64_MAX;
    stmt_end(st);
    return 0;
}

int batch_export_set_next(struct db *d, str id, int64_t next_at, struct err *e)
{
    return db_run(d, e, "UPDATE batch_export SET next_at = ? WHERE id = ?", "ts", next_at, id);
}
