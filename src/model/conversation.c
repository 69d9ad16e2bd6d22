/* conversation.c - see conversation.h. */
#include "model/conversation.h"

#include "base/clock.h"
#include "base/uuid.h"

#define COLUMNS                                                                            \
    "SELECT number, id, project_id, user_id, status, title, type, is_internal,"            \
    " slack_thread_key, slack_workspace_domain, agent_mode, pending, state, created_at,"   \
    " updated_at, deleted_at IS NOT NULL FROM conversation "
#define LISTED                                                                             \
    "WHERE user_id = ?1 AND project_id = ?2 AND deleted_at IS NULL AND title IS NOT NULL"  \
    " AND type IN ('deep_research', 'assistant', 'slack') AND is_internal = 0 "

static void read_row(struct stmt *st, struct arena *a, struct conversation *out)
{
    *out = (struct conversation){
        .number = stmt_i64(st, 0), .id = stmt_str(st, a, 1), .project_id = stmt_i64(st, 2),
        .user_id = stmt_i64(st, 3), .status = stmt_str(st, a, 4), .title = stmt_str(st, a, 5),
        .type = stmt_str(st, a, 6), .is_internal = stmt_bool(st, 7),
        .slack_thread_key = stmt_str(st, a, 8), .slack_workspace_domain = stmt_str(st, a, 9),
        .agent_mode = stmt_str(st, a, 10), .pending = stmt_str(st, a, 11),
        .state = stmt_str(st, a, 12), .created_at = stmt_i64(st, 13),
        .updated_at = stmt_i64(st, 14), .deleted = stmt_bool(st, 15),
    };
}

static int read_all(struct stmt *st, struct arena *a, struct conversation **out, size_t *n,
                    struct err *e)
{
    struct conversation *list = NULL;
    size_t count = 0;
    int rc;
    while ((rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        read_row(st, a, &list[count++]);
    }
    *out = list;
    *n = count;
    return rc;
}

int conversation_insert(struct db *d, struct conversation *c, struct err *e)
{
    int rc = db_run(d, e,
                    "INSERT INTO conversation (id, project_id, user_id, status, title, type,"
                    " is_internal, agent_mode, created_at, updated_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    "siisssbstt", c->id, c->project_id, c->user_id, c->status, c->title, c->type,
                    (int)c->is_internal, c->agent_mode, c->created_at, c->updated_at);
    if (rc == 0)
        c->number = db_last_id(d);
    return rc;
}

int conversation_find(struct db *d, struct arena *a, str id, struct conversation *out,
                      struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, COLUMNS "WHERE id = ?", "s", id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    read_row(st, a, out);
    stmt_end(st);
    return 1;
}

int conversation_count(struct db *d, struct arena *a, int64_t project_id, int64_t user_id,
                       int64_t *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT count(*) FROM conversation " LISTED, "ii", user_id,
                     project_id);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int conversation_page(struct db *d, struct arena *a, int64_t project_id, int64_t user_id,
                      int64_t limit, int64_t offset, struct conversation **out, size_t *n,
                      struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     COLUMNS LISTED "ORDER BY updated_at DESC, number DESC LIMIT ?3 OFFSET ?4",
                     "iiii", user_id, project_id, limit, offset);
    return rc < 0 ? rc : read_all(st, a, out, n, e);
}

int conversation_busy(struct db *d, struct arena *a, struct conversation **out, size_t *n,
                      struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, COLUMNS "WHERE status <> 'idle'", "");
    return rc < 0 ? rc : read_all(st, a, out, n, e);
}

bool conversation_shown(const struct conversation *c)
{
    return !c->deleted && c->title.p && !c->is_internal && !str_eqz(c->type, "tool_call");
}

int conversation_set_status(struct db *d, int64_t number, const char *status, struct err *e)
{
    return db_run(d, e, "UPDATE conversation SET status = ? WHERE number = ?", "si",
                  str_of(status), number);
}

int conversation_end_run(struct db *d, int64_t number, struct err *e)
{
    return db_run(d, e,
                  "UPDATE conversation SET status = 'idle', updated_at = ? WHERE number = ?", "ti",
                  clock_now_us(), number);
}

int conversation_set_title(struct db *d, int64_t number, str title, struct err *e)
{
    return db_run(d, e, "UPDATE conversation SET title = ? WHERE number = ?", "si", title, number);
}

int conversation_set_type(struct db *d, int64_t number, const char *type, struct err *e)
{
    return db_run(d, e, "UPDATE conversation SET type = ? WHERE number = ?", "si", str_of(type),
                  number);
}

int conversation_set_mode(struct db *d, int64_t number, str mode, struct err *e)
{
    return db_run(d, e, "UPDATE conversation SET agent_mode = ? WHERE number = ?", "si", mode,
                  number);
}

int conversation_set_pending(struct db *d, int64_t number, str pending, struct err *e)
{
    return db_run(d, e, "UPDATE conversation SET pending = ? WHERE number = ?", "si", pending,
                  number);
}

int conversation_set_state(struct db *d, int64_t number, str state, struct err *e)
{
    return db_run(d, e, "UPDATE conversation SET state = ? WHERE number = ?", "si", state, number);
}

int conversation_delete(struct db *d, int64_t number, struct err *e)
{
    return db_run(d, e, "UPDATE conversation SET deleted_at = ? WHERE number = ?", "ti",
                  clock_now_us(), number);
}

/* -------------------------------------------------------------------------- approvals */

#define APPROVAL                                                                          \
    "SELECT proposal_id, status, tool_name, preview, payload, tool_call_id, message_id"   \
    " FROM conversation_approval "

static void read_approval(struct stmt *st, struct arena *a, struct approval *out)
{
    *out = (struct approval){ stmt_str(st, a, 0), stmt_str(st, a, 1), stmt_str(st, a, 2),
                              stmt_str(st, a, 3), stmt_str(st, a, 4), stmt_str(st, a, 5),
                              stmt_str(st, a, 6) };
}

int approval_insert(struct db *d, int64_t conversation, const struct approval *in, struct err *e)
{
    return db_run(d, e,
                  "INSERT INTO conversation_approval (proposal_id, conversation, tool_name,"
                  " preview, payload, tool_call_id, message_id, created_at)"
                  " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                  "sisssssi", in->proposal_id, conversation, in->tool_name, in->preview,
                  in->payload, in->tool_call_id, in->message_id, clock_now_us());
}

int approval_find(struct db *d, struct arena *a, int64_t conversation, str proposal_id,
                  struct approval *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, APPROVAL "WHERE proposal_id = ? AND conversation = ?", "si",
                     proposal_id, conversation);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    read_approval(st, a, out);
    stmt_end(st);
    return 1;
}

int approval_list(struct db *d, struct arena *a, int64_t conversation, struct approval **out,
                  size_t *n, struct err *e)
{
    struct stmt *st;
    struct approval *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e, APPROVAL "WHERE conversation = ? ORDER BY created_at", "i",
                     conversation);
    if (rc < 0)
        return rc;
    while ((rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        read_approval(st, a, &list[count++]);
    }
    *out = list;
    *n = count;
    return rc;
}

int approval_decide(struct db *d, str proposal_id, const char *status, struct err *e)
{
    return db_run(d, e, "UPDATE conversation_approval SET status = ? WHERE proposal_id = ?", "ss",
                  str_of(status), proposal_id);
}

int approval_reject_all(struct db *d, int64_t conversation, struct err *e)
{
    return db_run(d, e,
                  "UPDATE conversation_approval SET status = 'auto_rejected'"
                  " WHERE conversation = ? AND status = 'pending'",
                  "i", conversation);
}

/* -------------------------------------------------------------------------- artifacts */

int artifact_insert(struct db *d, struct arena *a, int64_t project_id, int64_t conversation,
                    str content, str *id, struct err *e)
{
    char text[5];
    int rc = ERR_UNIQUE;
    for (int tries = 0; tries < 20 && rc == ERR_UNIQUE; tries++) { /* 15 million names a project */
        rand_token(text, 4);
        rc = db_run(d, e,
                    "INSERT INTO conversation_artifact (project_id, id, conversation, content,"
                    " created_at) VALUES (?, ?, ?, ?, ?)",
                    "isist", project_id, str_of(text), conversation, content, clock_now_us());
    }
    if (rc == 0)
        *id = arena_str(a, str_of(text));
    return rc;
}

int artifact_find(struct db *d, struct arena *a, int64_t project_id, str id, str *content,
                  struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT content FROM conversation_artifact WHERE project_id = ? AND id = ?",
                     "is", project_id, id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    *content = stmt_str(st, a, 0);
    stmt_end(st);
    return 1;
}

int artifact_list(struct db *d, struct arena *a, int64_t conversation, int64_t limit, str *out,
                  struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT json_group_array(json_object('id', id, 'content', json(content)))"
                     " FROM (SELECT id, content FROM conversation_artifact WHERE conversation = ?"
                     " ORDER BY created_at DESC, id LIMIT ?)",
                     "ii", conversation, limit);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_str(st, a, 0);
    stmt_end(st);
    return 0;
}
