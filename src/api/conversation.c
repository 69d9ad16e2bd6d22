/* conversation.c - conversations with the assistant over the API. Rows live in model/conversation.c and
 * model/message.c, answers are assistant/'s. Who may do what differs from action to action, and so does
 * the way in which a stranger is refused: clients know each. */
#include "api/conversation.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/field.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/uuid.h"

#define BUSY "Cannot resume streaming with a new message"
#define FOREIGN "Cannot access other users' conversations"

int conversation_reply_bare(struct req *r, int status, const char *text)
{
    struct json_writer w = reply_json(r, status);
    json_open(&w, '{');
    json_key(&w, "error");
    json_z(&w, text);
    json_close(&w, '}');
    return 0;
}

str conversation_id_of(struct arena *a, str text)
{
    struct uuid u;
    char id[UUID_TEXT];
    if (!uuid_parse(text, &u))
        return STR_NULL;
    uuid_text(u, id);
    return arena_str(a, str_of(id));
}

/* -------------------------------------------------------------------------- writing */

static str user_text(struct req *r, int64_t user_id)
{
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '{');
    write_loaded_user(r, &w, "user", user_id);
    json_close(&w, '}');
    str text = arena_str(r->arena, buf_view(&b));
    buf_release(&b);
    return str_slice(text, sizeof("{\"user\":") - 1, text.n - 1);
}

/* "messages" and whether they could be read. */
static void write_messages(struct req *r, struct json_writer *w, const struct conversation *c)
{
    struct message *list = NULL;
    size_t n = 0;
    bool unknown = false;
    struct err ignored = ERR_INIT; /* a thread that cannot be read shows nothing; the rest is there */
    (void)message_list(r->db, r->arena, c->project_id, c->number, 0, &list, &n, &unknown,
                       &ignored);
    json_key(w, "messages");
    json_open(w, '[');
    for (size_t i = 0; i < n; i++)
        if (!str_eqz(list[i].type, "context"))
            message_write(w, &list[i], true);
    json_close(w, ']');
    json_key(w, "has_unsupported_content");
    json_bool(w, unknown);
}

static int write_approvals(struct req *r, struct json_writer *w, const struct conversation *c,
                           struct err *e)
{
    struct approval *list = NULL;
    size_t n = 0;
    int rc = approval_list(r->db, r->arena, c->number, &list, &n, e);
    if (rc < 0)
        return rc;
    json_key(w, "pending_approvals");
    json_open(w, '[');
    for (size_t i = 0; i < n; i++) {
        bool pending = str_eqz(list[i].status, "pending");
        json_open(w, '{');
        json_key(w, "proposal_id");
        json_str(w, list[i].proposal_id);
        json_key(w, "decision_status");
        json_str(w, list[i].status);
        json_key(w, "tool_name");
        json_str(w, list[i].tool_name);
        json_key(w, "preview");
        json_str(w, list[i].preview);
        json_key(w, "payload");
        json_raw(w, pending ? list[i].payload : STR("{}"));
        json_key(w, "original_tool_call_id");
        json_str(w, list[i].tool_call_id);
        json_key(w, "message_id");
        json_str(w, list[i].message_id);
        json_close(w, '}');
    }
    json_close(w, ']');
    return 0;
}

static int write_full(struct req *r, struct json_writer *w, const struct conversation *c,
                      struct err *e)
{
    json_open(w, '{');
    assistant_write_head(w, c, user_text(r, c->user_id));
    write_messages(r, w, c);
    json_key(w, "agent_mode");
    json_str(w, c->agent_mode.p ? c->agent_mode : STR("product_analytics"));
    json_key(w, "agent_runtime");
    json_z(w, "langgraph");
    json_key(w, "is_sandbox");
    json_bool(w, false);
    int rc = write_approvals(r, w, c, e);
    json_key(w, "task");
    json_null(w);
    json_close(w, '}');
    return rc;
}

static int reply_full(struct req *r, const struct conversation *c, struct err *e)
{
    int rc = req_load_users(r, &c->user_id, 1, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    return write_full(r, &w, c, e);
}

/* -------------------------------------------------------------------------- list, retrieve */

static int conversation_list(struct req *r, struct err *e)
{
    struct page page = page_of(r);
    struct conversation *rows = NULL;
    int64_t count = 0;
    size_t n = 0;
    bool basic = str_eqz(http_query_of(r->http, "basic"), "true");
    int rc = conversation_count(r->db, r->arena, r->project.id, r->user.id, &count, e);
    if (rc == 0)
        rc = conversation_page(r->db, r->arena, r->project.id, r->user.id, page.limit, page.offset,
                               &rows, &n, e);
    if (rc == 0)
        rc = req_load_users(r, &r->user.id, 1, e);
    if (rc < 0)
        return rc;
    struct json_writer w = page_open(r, page, count);
    for (size_t i = 0; i < n && rc == 0; i++)
        if (basic)
            assistant_write_conversation(&w, &rows[i], user_text(r, rows[i].user_id));
        else
            rc = write_full(r, &w, &rows[i], e);
    page_close(&w);
    return rc;
}

/* Any member of the project may read a thread whose id they know. */
static int conversation_fetch(struct req *r, struct err *e)
{
    struct conversation c;
    str id = conversation_id_of(r->arena, r->id);
    int rc = id.p ? conversation_find(r->db, r->arena, id, &c, e) : 0;
    if (rc < 0)
        return rc;
    if (rc == 0 || c.project_id != r->project.id || !conversation_shown(&c))
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    return reply_full(r, &c, e);
}

/* The caller's own, titled or not. */
static int load_own(struct req *r, struct conversation *c, struct err *e)
{
    str id = conversation_id_of(r->arena, r->id);
    int rc = id.p ? conversation_find(r->db, r->arena, id, c, e) : 0;
    if (rc < 0)
        return rc;
    if (rc == 0 || c->project_id != r->project.id || c->user_id != r->user.id || c->deleted)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    return 0;
}

/* -------------------------------------------------------------------------- create: what is asked */

struct body {
    str content, conversation, trace_id, session_id;
    bool sandbox, deep_research;
};

static const struct field fields[] = {
    { "content", FIELD_STR, offsetof(struct body, content),
      FIELD_NULLABLE | FIELD_REQUIRED | FIELD_FILLED, LIMIT_QUESTION },
    { "conversation", FIELD_STR, offsetof(struct body, conversation), FIELD_REQUIRED },
    { "trace_id", FIELD_STR, offsetof(struct body, trace_id), FIELD_REQUIRED },
    { "session_id", FIELD_STR, offsetof(struct body, session_id), FIELD_NULLABLE },
    { "is_sandbox", FIELD_BOOL, offsetof(struct body, sandbox), FIELD_NULLABLE },
    { "deep_research_mode", FIELD_BOOL, offsetof(struct body, deep_research), FIELD_NULLABLE },
    { 0 },
};

static int read_body(struct req *r, struct body *b, struct question *q, struct err *e)
{
    int rc = fields_read(r->arena, r->body, "", fields, b, e);
    if (rc < 0)
        return rc;
    q->content = b->content;
    str id = conversation_id_of(r->arena, b->conversation);
    if (!id.p)
        return err_set(e, ERR_INVALID, "conversation", "Must be a valid UUID.");
    q->trace_id = conversation_id_of(r->arena, b->trace_id);
    if (!q->trace_id.p)
        return err_set(e, ERR_INVALID, "trace_id", "Must be a valid UUID.");
    b->conversation = id;
    rc = conversation_read_question(r, q, e);
    if (rc == 0 && (b->sandbox || str_eqz(q->agent_mode, "sandbox")))
        return err_set(e, ERR_INVALID, NULL,
                       "Sandbox conversations must be opened via the open endpoint.");
    return rc;
}

/* -------------------------------------------------------------------------- create: the answer */

static bool wants_json(struct req *r)
{
    str accept = http_header_of(r->http, "Accept");
    return str_find(accept, STR("application/json")) >= 0 &&
           str_find(accept, STR("text/event-stream")) < 0;
}

/* For callers that read no stream: what they sent. */
static int reply_echo(struct req *r, const struct body *b, const struct question *q)
{
    struct json_writer w = reply_json(r, 201);
    json_open(&w, '{');
    json_key(&w, "content");
    json_str(&w, q->content);
    json_key(&w, "conversation");
    json_str(&w, b->conversation);
    json_put_raw(&w, "contextual_tools", q->contextual_tools);
    json_put_raw(&w, "ui_context", q->ui_context);
    json_put_raw(&w, "billing_context", q->billing_context);
    json_key(&w, "trace_id");
    json_str(&w, q->trace_id);
    json_key(&w, "session_id");
    json_str(&w, b->session_id);
    json_key(&w, "deep_research_mode");
    json_bool(&w, b->deep_research);
    json_key(&w, "agent_mode");
    json_str(&w, q->agent_mode);
    json_close(&w, '}');
    return 0;
}

static int reply_stream(struct req *r, const struct body *b, const struct question *q,
                        struct http_feed *feed)
{
    if (wants_json(r))
        return reply_echo(r, b, q);
    r->http->status = 200;
    r->http->content_type = "text/event-stream";
    http_reply_header(r->http, "Cache-Control", "no-cache, no-transform");
    http_reply_header(r->http, "X-Accel-Buffering", "no");
    http_follow(r->http, feed);
    return 0;
}

/* Too many there are: try again, not all at the same time. */
static int reply_crowded(struct req *r)
{
    char text[8];
    unsigned char byte;
    rand_bytes(&byte, 1);
    snprintf(text, sizeof(text), "%d", 15 + byte % 30);
    http_reply_header(r->http, "Retry-After", text);
    r->http->status = 503;
    return 0;
}

static int refuse_idle(struct err *e)
{
    return err_set(e, ERR_INVALID, NULL, "Cannot continue streaming from an idle conversation");
}

/* -------------------------------------------------------------------------- create: the run */

static int insert(struct req *r, const struct body *b, const struct question *q,
                  struct conversation *c, struct err *e)
{
    bool research = str_eqz(q->agent_mode, "research");
    *c = (struct conversation){
        .id = b->conversation, .project_id = r->project.id, .user_id = r->user.id,
        .status = STR("in_progress"), .type = research ? STR("deep_research") : STR("assistant"),
        .agent_mode = q->agent_mode, .created_at = clock_now_us(), .updated_at = clock_now_us(),
    };
    return conversation_insert(r->db, c, e);
}

/* An idle one goes on: what a message without an answer to it leaves behind is settled here. */
static int go_on(struct req *r, const struct question *q, struct conversation *c, struct err *e)
{
    int rc = conversation_set_status(r->db, c->number, "in_progress", e);
    if (rc == 0 && q->content.p && !q->resume_payload.p) {
        if (str_eqz(c->type, "deep_research") && !str_eqz(q->agent_mode, "research"))
            rc = conversation_set_type(r->db, c->number, "assistant", e);
        if (rc == 0 && c->pending.p)
            rc = conversation_set_pending(r->db, c->number, STR_NULL, e);
        if (rc == 0)
            rc = approval_reject_all(r->db, c->number, e);
        c->pending = STR_NULL;
    }
    if (rc == 0 && q->agent_mode.p) {
        rc = conversation_set_mode(r->db, c->number, q->agent_mode, e);
        c->agent_mode = q->agent_mode;
    }
    return rc;
}

/* In a transaction: the thread with its new message. Read anew, for between the first look and here
 * another request may have changed everything. *refused: replied already. */
static int begin_run(struct req *r, const struct body *b, struct question *q,
                     struct conversation *c, struct message *m, bool *fresh, struct err *e)
{
    int rc = conversation_find(r->db, r->arena, b->conversation, c, e);
    if (rc < 0)
        return rc;
    *fresh = rc == 0;
    if (rc > 0 && (c->project_id != r->project.id || c->user_id != r->user.id || c->deleted))
        return err_set(e, ERR_INVALID, NULL, FOREIGN); /* it was not, at the first look */
    if (rc > 0 && !str_eqz(c->status, "idle"))
        return err_set(e, ERR_BUSY, NULL, BUSY);
    if (rc > 0 && !c->pending.p)
        q->resume_payload = STR_NULL; /* it answers nothing */
    if (!q->content.p && !q->resume_payload.p)
        return refuse_idle(e);
    rc = *fresh ? insert(r, b, q, c, e) : go_on(r, q, c, e);
    if (rc == 0 && q->content.p && !q->resume_payload.p)
        rc = message_append(r->db, r->arena, c->number, m, e);
    return rc;
}

static int start_run(struct req *r, const struct body *b, struct question *q, struct run *run,
                     struct err *e)
{
    struct conversation c;
    bool fresh = false;
    struct assistant_caller who = { r->user.id, r->project.id,
                                    r->credential == CREDENTIAL_KEY ? r->key.id : STR_NULL };
    struct message m = { .type = STR("human"), .content = q->content, .trace_id = q->trace_id,
                         .ui_context = q->ui_context };
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = begin_run(r, b, q, &c, &m, &fresh, e);
    if (rc == 0)
        rc = req_load_users(r, &r->user.id, 1, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0) {
        db_rollback(r->db);
        assistant_release(run);
        return rc;
    }
    struct http_feed *feed = http_feed_ref(assistant_feed_of(run));
    assistant_launch(run, &c, &who, q, m.id.p ? &m : NULL, user_text(r, r->user.id), fresh);
    rc = reply_stream(r, b, q, feed);
    http_feed_unref(feed);
    return rc;
}

/* A message, or an answer to what waits: a run of its own. */
static int run_question(struct req *r, const struct body *b, struct question *q, struct err *e)
{
    struct run *run;
    int rc = assistant_claim(r->api->assistant, b->conversation, &run, e);
    if (rc == ERR_UNAVAILABLE)
        return reply_crowded(r);
    if (rc == ERR_CONFLICT)
        return err_set(e, ERR_BUSY, NULL, BUSY);
    return rc < 0 ? rc : start_run(r, b, q, run, e);
}

/* Nothing new: the run under way, from its beginning. */
static int join(struct req *r, const struct body *b, const struct question *q, struct err *e)
{
    struct http_feed *feed = assistant_feed(r->api->assistant, b->conversation);
    if (!feed) /* it ended a moment ago */
        return refuse_idle(e);
    int rc = reply_stream(r, b, q, feed);
    http_feed_unref(feed);
    return rc;
}

static int conversation_create(struct req *r, struct err *e)
{
    struct body b = { 0 };
    struct question q = { 0 };
    struct conversation c;
    int rc = read_body(r, &b, &q, e);
    if (rc == 0)
        rc = conversation_find(r->db, r->arena, b.conversation, &c, e);
    if (rc < 0)
        return rc;
    if (rc > 0 && (c.project_id != r->project.id || c.user_id != r->user.id))
        return conversation_reply_bare(r, 400, FOREIGN);
    if (rc > 0 && c.deleted)
        return conversation_reply_bare(r, 404, "Conversation does not exist");
    if (rc == 0 && !q.content.p)
        return conversation_reply_bare(r, 400, "Cannot stream from non-existent conversation");
    bool idle = rc == 0 || str_eqz(c.status, "idle");
    if (!idle && q.content.p)
        return err_set(e, ERR_BUSY, NULL, BUSY);
    if (!idle)
        return join(r, &b, &q, e);
    if (!q.content.p && !q.resume_payload.p)
        return refuse_idle(e);
    return run_question(r, &b, &q, e);
}

/* -------------------------------------------------------------------------- the other actions */

static int conversation_append(struct req *r, struct err *e)
{
    static const struct field row[] = {
        { "content", FIELD_STR, 0, FIELD_REQUIRED | FIELD_FILLED, LIMIT_NOTICE }, { 0 }
    };
    struct conversation c;
    str content = STR_NULL;
    int rc = load_own(r, &c, e);
    if (rc == 0)
        rc = fields_read(r->arena, r->body, "", row, &content, e);
    if (rc < 0)
        return rc;
    struct message m = { .type = STR("ai"), .content = content, .tool_calls = STR("[]") };
    rc = db_begin(r->db, e);
    if (rc == 0)
        rc = message_append(r->db, r->arena, c.number, &m, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "id");
    json_str(&w, m.id);
    json_key(&w, "content");
    json_str(&w, content);
    json_close(&w, '}');
    return 0;
}

/* Idle in the end, whatever happens. */
static int conversation_cancel(struct req *r, struct err *e)
{
    struct conversation c;
    int rc = load_own(r, &c, e);
    if (rc < 0)
        return rc;
    if (str_eqz(c.status, "in_progress")) {
        rc = conversation_set_status(r->db, c.number, "canceling", e);
        req_give_db(r);
        bool ended = rc == 0 && assistant_cancel(r->api->assistant, c.id);
        req_take_db(r);
        if (rc == 0 && !ended)
            rc = conversation_end_run(r->db, c.number, e);
        if (rc < 0)
            return conversation_reply_bare(r, 422, "Failed to cancel conversation");
        rc = load_own(r, &c, e);
    }
    return rc < 0 ? rc : reply_full(r, &c, e);
}

static int conversation_remove(struct req *r, struct err *e)
{
    struct conversation c;
    int rc = load_own(r, &c, e);
    if (rc < 0)
        return rc;
    rc = conversation_delete(r->db, c.number, e);
    req_give_db(r);
    if (rc == 0)
        (void)assistant_cancel(r->api->assistant, c.id); /* nobody can read its answer any more */
    r->http->status = 204;
    return rc;
}

#define PATH "/api/projects/:project/conversations/"

const struct route conversation_routes[] = {
    { "GET", PATH, conversation_list, ACCESS_SCOPE, "conversation:read" },
    { "POST", PATH, conversation_create, ACCESS_SCOPE, "conversation:write" },
    { "GET", PATH ":id/", conversation_fetch, ACCESS_SCOPE, "conversation:read" },
    { "DELETE", PATH ":id/", conversation_remove, ACCESS_SCOPE, "conversation:write" },
    { "POST", PATH ":id/append_message/", conversation_append, ACCESS_SCOPE,
      "conversation:write" },
    { "PATCH", PATH ":id/cancel/", conversation_cancel, ACCESS_SCOPE, "conversation:write" },
    { 0 },
};
