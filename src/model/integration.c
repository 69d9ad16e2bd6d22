/* integration.c - see integration.h. */
#include "model/integration.h"

#define COLUMNS \
    "SELECT id, project_id, kind, config, secrets, created_at, created_by FROM integration "
#define LISTED "WHERE project_id = ?1 AND (?2 IS NULL OR kind = ?2) "

static void read_row(struct stmt *st, struct arena *a, struct integration *out)
{
    *out = (struct integration){ .id = stmt_i64(st, 0), .project_id = stmt_i64(st, 1),
                                 .kind = stmt_str(st, a, 2), .config = stmt_str(st, a, 3),
                                 .secrets = stmt_str(st, a, 4), .created_at = stmt_i64(st, 5),
                                 .created_by = stmt_i64(st, 6) };
}

int integration_insert(struct db *d, struct integration *in, struct err *e)
{
    int rc = db_run(d, e,
                    "INSERT INTO integration (project_id, kind, config, secrets, created_at,"
                    " created_by) VALUES (?, ?, ?, ?, ?, ?)",
                    "issxii", in->project_id, in->kind, in->config, in->secrets, in->created_at,
                    in->created_by);
    if (rc == 0)
        in->id = db_last_id(d);
    return rc;
}

int integration_find(struct db *d, struct arena *a, int64_t project_id, int64_t id,
                     struct integration *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, COLUMNS "WHERE id = ? AND project_id = ?", "ii", id,
                     project_id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    read_row(st, a, out);
    stmt_end(st);
    return 1;
}

int integration_count(struct db *d, struct arena *a, int64_t project_id, str kind, int64_t *out,
                      struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT count(*) FROM integration " LISTED, "is", project_id,
                     kind);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int integration_page(struct db *d, struct arena *a, int64_t project_id, str kind, int64_t limit,
                     int64_t offset, struct integration **out, size_t *n, struct err *e)
{
    struct stmt *st;
    struct integration *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e, COLUMNS LISTED "ORDER BY id DESC LIMIT ?3 OFFSET ?4", "isii",
                     project_id, kind, limit, offset);
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

int integration_delete(struct db *d, int64_t project_id, int64_t id, struct err *e)
{
    int rc = db_run(d, e, "DELETE FROM integration WHERE id = ? AND project_id = ?", "ii", id,
                    project_id);
    return rc < 0 ? rc : db_changes(d);
}
