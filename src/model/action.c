/* action.c - see action.h. */
#include "model/action.h"

#define COLUMNS                                                                             \
    "SELECT id, project_id, name, description, tags, steps, post_to_slack, deleted,"        \
    " slack_message_format, pinned_at, folder, created_at, created_by, updated_at FROM action "
#define LISTED                                                                              \
    "WHERE project_id = ?1 AND deleted = 0"                                                 \
    " AND (?2 IS NULL OR instr(fold(name), ?2) OR instr(fold(description), ?2)) "

static void read_row(struct stmt *st, struct arena *a, struct action *out)
{
    *out = (struct action){
        .id = stmt_i64(st, 0), .project_id = stmt_i64(st, 1), .name = stmt_str(st, a, 2),
        .description = stmt_str(st, a, 3), .tags = stmt_str(st, a, 4),
        .steps = stmt_str(st, a, 5), .post_to_slack = stmt_bool(st, 6),
        .deleted = stmt_bool(st, 7), .slack_message_format = stmt_str(st, a, 8),
        .pinned_at = stmt_time(st, 9), .folder = stmt_str(st, a, 10),
        .created_at = stmt_i64(st, 11), .created_by = stmt_i64(st, 12),
        .updated_at = stmt_i64(st, 13),
    };
}

int action_insert(struct db *d, struct action *in, struct err *e)
{
    int rc = db_run(d, e,
                    "INSERT INTO action (project_id, name, description, tags, steps,"
                    " post_to_slack, deleted, slack_message_format, pinned_at, folder, created_at,"
                    " created_by, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    "issssbbstsiii", in->project_id, in->name, in->description, in->tags,
                    in->steps, (int)in->post_to_slack, (int)in->deleted, in->slack_message_format,
                    in->pinned_at, in->folder, in->created_at, in->created_by, in->updated_at);
    if (rc == 0)
        in->id = db_last_id(d);
    return rc;
}

int action_update(struct db *d, const struct action *in, struct err *e)
{
    return db_run(d, e,
                  "UPDATE action SET name = ?, description = ?, tags = ?, steps = ?,"
                  " post_to_slack = ?, deleted = ?, slack_message_format = ?, pinned_at = ?,"
                  " updated_at = ? WHERE id = ? AND project_id = ?",
                  "ssssbbstiii", in->name, in->description, in->tags, in->steps,
                  (int)in->post_to_slack, (int)in->deleted, in->slack_message_format,
                  in->pinned_at, in->updated_at, in->id, in->project_id);
}

static int read_one(int rc, struct stmt *st, struct arena *a, struct action *out, struct err *e)
{
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    read_row(st, a, out);
    stmt_end(st);
    return 1;
}

int action_find(struct db *d, struct arena *a, int64_t project_id, int64_t id, struct action *out,
                struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e, COLUMNS "WHERE id = ? AND project_id = ?", "ii", id,
                     project_id);
    return read_one(rc, st, a, out, e);
}

int action_find_name(struct db *d, struct arena *a, int64_t project_id, str name,
                     struct action *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e, COLUMNS "WHERE project_id = ? AND name = ? AND deleted = 0",
                     "is", project_id, name);
    return read_one(rc, st, a, out, e);
}

int action_stamp(struct db *d, struct arena *a, int64_t project_id, int64_t *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT coalesce(max(updated_at), 0) FROM action"
                                   " WHERE project_id = ?", "i", project_id);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int action_count(struct db *d, struct arena *a, int64_t project_id, str search, int64_t *out,
                 struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT count(*) FROM action " LISTED, "is", project_id,
                     search);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int action_page(struct db *d, struct arena *a, int64_t project_id, str search, int64_t limit,
                int64_t offset, struct action **out, size_t *n, struct err *e)
{
    struct stmt *st;
    struct action *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e,
                     COLUMNS LISTED "ORDER BY pinned_at IS NULL, pinned_at DESC, fold(name), id"
                                    " LIMIT ?3 OFFSET ?4",
                     "isii", project_id, search, limit, offset);
    if (rc < 0)
        return rc;
    while ((rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        read_row(st, a, &list[count++]);
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = count;
    return 0;
}
