/* model_request.c - see model_request.h. */
#include "model/model_request.h"

int model_request_insert(struct db *d, const struct model_request *m, struct err *e)
{
    return db_run(d, e,
                  "INSERT INTO model_request (project_id, user_id, conversation, at, model, level,"
                  " outcome, bytes, tokens_in, tokens_out, ms)"
                  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "iiitsssiiii", m->project_id, m->user_id, m->conversation, m->at, m->model,
                  m->level, m->outcome, m->bytes, m->tokens_in, m->tokens_out, m->ms);
}

int model_request_count(struct db *d, struct arena *a, int64_t project_id, int64_t *out,
                        struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT count(*) FROM model_request WHERE project_id = ?", "i",
                     project_id);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int model_request_page(struct db *d, struct arena *a, int64_t project_id, int64_t limit,
                       int64_t offset, struct model_request **out, size_t *n, struct err *e)
{
    struct stmt *st;
    struct model_request *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e,
                     "SELECT m.user_id, m.at, m.model, m.level, m.outcome, m.bytes, m.tokens_in,"
                     " m.tokens_out, m.ms, c.id FROM model_request m JOIN conversation c"
                     " ON c.number = m.conversation WHERE m.project_id = ?"
                     " ORDER BY m.id DESC LIMIT ? OFFSET ?",
                     "iii", project_id, limit, offset);
    if (rc < 0)
        return rc;
    while ((rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        list[count++] = (struct model_request){
            .project_id = project_id, .user_id = stmt_i64(st, 0), .at = stmt_i64(st, 1),
            .model = stmt_str(st, a, 2), .level = stmt_str(st, a, 3), .outcome = stmt_str(st, a, 4),
            .bytes = stmt_i64(st, 5), .tokens_in = stmt_i64(st, 6), .tokens_out = stmt_i64(st, 7),
            .ms = stmt_i64(st, 8), .conversation_id = stmt_str(st, a, 9),
        };
    }
    *out = list;
    *n = count;
    return rc;
}
