/* access_control.c - see access_control.h. */
#include "model/access_control.h"

#include "base/clock.h"

int access_control_put(struct db *d, const struct access_control *in, struct err *e)
{
    int64_t now = clock_now_us();
    return db_run(d, e,
                  "INSERT INTO access_control (project_id, resource, resource_id, member_id, level,"
                  " created_at, updated_at, created_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)"
                  " ON CONFLICT DO UPDATE SET level = ?5, updated_at = ?6",
                  "isissti", in->project_id, str_of(in->resource), in->resource_id, in->member_id,
                  in->level, now, in->created_by);
}

int access_control_delete(struct db *d, const struct access_control *in, struct err *e)
{
    return db_run(d, e,
                  "DELETE FROM access_control WHERE resource = ? AND resource_id = ?"
                  " AND member_id IS ?",
                  "sis", str_of(in->resource), in->resource_id, in->member_id);
}

int access_control_list(struct db *d, struct arena *a, const char *resource, int64_t resource_id,
                        struct access_control **out, size_t *n, struct err *e)
{
    struct stmt *st;
    struct access_control *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e,
                     "SELECT id, project_id, resource_id, member_id, level, created_at, updated_at,"
                     " created_by FROM access_control WHERE resource = ? AND resource_id = ?"
                     " ORDER BY id",
                     "si", str_of(resource), resource_id);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        list[count++] = (struct access_control){
            .id = stmt_i64(st, 0), .project_id = stmt_i64(st, 1), .resource_id = stmt_i64(st, 2),
            .resource = resource, .member_id = stmt_str(st, a, 3), .level = stmt_str(st, a, 4),
            .created_at = stmt_i64(st, 5), .updated_at = stmt_i64(st, 6),
            .created_by = stmt_i64(st, 7),
        };
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = count;
    return 0;
}

int access_control_hides(struct db *d, struct arena *a, int64_t project_id, const char *resource,
                         bool *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT EXISTS (SELECT 1 FROM access_control WHERE project_id = ?"
                     " AND resource = ? AND level = 'none')",
                     "is", project_id, str_of(resource));
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_bool(st, 0);
    stmt_end(st);
    return 0;
}
