/* insight_variable.c - see insight_variable.h. */
#include "model/insight_variable.h"

#include "base/uuid.h"
#include "model/list_count.h"

#define LIST "insight_variable"
#define COLUMNS                                                                               \
    "SELECT id, project_id, name, code_name, type, default_value, choices, values_query,"     \
    " is_multi, created_at, created_by FROM insight_variable "

static void read_row(struct stmt *st, struct arena *a, struct insight_variable *out)
{
    *out = (struct insight_variable){
        .id = stmt_str(st, a, 0), .project_id = stmt_i64(st, 1), .name = stmt_str(st, a, 2),
        .code_name = stmt_str(st, a, 3), .type = stmt_str(st, a, 4),
        .default_value = stmt_str(st, a, 5), .choices = stmt_str(st, a, 6),
        .values_query = stmt_str(st, a, 7), .is_multi = stmt_bool(st, 8),
        .created_at = stmt_i64(st, 9), .created_by = stmt_i64(st, 10),
    };
}

int insight_variable_insert(struct db *d, struct arena *a, struct insight_variable *in,
                            struct err *e)
{
    char id[UUID_TEXT];
    uuid_text(uuid_v7(), id);
    in->id = arena_str(a, str_of(id));
    int rc = db_run(d, e,
                    "INSERT INTO insight_variable (id, project_id, name, code_name, type,"
                    " default_value, choices, values_query, is_multi, created_at, created_by)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    "sissssssbii", in->id, in->project_id, in->name, in->code_name, in->type,
                    in->default_value, in->choices, in->values_query, (int)in->is_multi,
                    in->created_at, in->created_by);
    return rc < 0 ? rc : list_count_add(d, in->project_id, LIST, 1, e);
}

int insight_variable_update(struct db *d, const struct insight_variable *in, struct err *e)
{
    int rc = db_run(d, e,
                    "UPDATE insight_variable SET name = ?, type = ?, default_value = ?,"
                    " choices = ?, values_query = ?, is_multi = ? WHERE id = ? AND project_id = ?",
                    "sssssbsi", in->name, in->type, in->default_value, in->choices,
                    in->values_query, (int)in->is_multi, in->id, in->project_id);
    return rc < 0 ? rc : list_count_add(d, in->project_id, LIST, 0, e);
}

int insight_variable_delete(struct db *d, const struct insight_variable *in, struct err *e)
{
    int rc = db_run(d, e, "DELETE FROM insight_variable WHERE id = ? AND project_id = ?", "si",
                    in->id, in->project_id);
    return rc < 0 ? rc : list_count_add(d, in->project_id, LIST, -1, e);
}

static int first(int rc, struct stmt *st, struct arena *a, struct insight_variable *out,
                 struct err *e)
{
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    read_row(st, a, out);
    stmt_end(st);
    return 1;
}

int insight_variable_find(struct db *d, struct arena *a, int64_t project_id, str id,
                          struct insight_variable *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e, COLUMNS "WHERE id = ? AND project_id = ?", "si", id,
                     project_id);
    return first(rc, st, a, out, e);
}

int insight_variable_find_code(struct db *d, struct arena *a, int64_t project_id, str code_name,
                               struct insight_variable *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e, COLUMNS "WHERE project_id = ? AND code_name = ?", "is",
                     project_id, code_name);
    return first(rc, st, a, out, e);
}

int insight_variable_count(struct db *d, struct arena *a, int64_t project_id, int64_t *out,
                           struct err *e)
{
    int64_t version;
    return list_count_find(d, a, project_id, LIST, out, &version, e);
}

int insight_variable_page(struct db *d, struct arena *a, int64_t project_id, int64_t limit,
                          int64_t offset, struct insight_variable **out, size_t *n,
                          struct err *e)
{
    struct stmt *st;
    struct insight_variable *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e,
                     COLUMNS "WHERE project_id = ? ORDER BY created_at, id LIMIT ? OFFSET ?",
                     "iii", project_id, limit, offset);
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

int insight_variable_stamp(struct db *d, struct arena *a, int64_t project_id, int64_t *out,
                           struct err *e)
{
    int64_t n;
    return list_count_find(d, a, project_id, LIST, &n, out, e);
}
