/* conversation_queue.c - messages typed while a run is under way: they wait for its end, and become the
 * next ones of the same stream. */
#include <stdio.h>

#include "api/conversation.h"
#include "api/field.h"
#include "base/limits.h"
#include "model/conversation.h"

/* 1: it is the caller's; 0: replied. */
static int load(struct req *r, str *id, struct err *e)
{
    struct conversation c;
    *id = conversation_id_of(r->arena, r->id);
    int rc = id->p ? conversation_find(r->db, r->arena, *id, &c, e) : 0;
    if (rc < 0)
        return rc;
    if (rc > 0 && (c.project_id != r->project.id || c.user_id != r->user.id))
        return conversation_reply_bare(r, 403, "Cannot access other users' conversations");
    if (rc == 0 || c.deleted)
        return conversation_reply_bare(r, 404, "Conversation not found");
    return 1;
}

static struct json_writer open_reply(struct req *r)
{
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "messages");
    return w;
}

static int close_reply(struct json_writer *w)
{
    json_key(w, "max_queue_messages");
    json_i64(w, LIMIT_QUEUED);
    json_close(w, '}');
    return 0;
}

static int refuse(struct req *r, const char *error, const char *detail)
{
    buf_reset(&r->http->reply);
    struct json_writer w = reply_json(r, error ? 409 : 404);
    json_open(&w, '{');
    if (error) {
        json_key(&w, "error");
        json_z(&w, error);
    }
    json_key(&w, "detail");
    json_z(&w, detail);
    json_close(&w, '}');
    return 0;
}

static int finish(struct req *r, enum queue_outcome outcome, struct json_writer *w)
{
    switch (outcome) {
    case QUEUE_DONE:
        return close_reply(w);
    case QUEUE_FULL:
        return refuse(r, "queue_full", "Only two messages may wait at a time.");
    case QUEUE_NO_RUN:
        return refuse(r, "not_running", "No answer is being made. Send the message itself.");
    case QUEUE_NO_ITEM:
        return refuse(r, NULL, "Queue message not found.");
    }
    return 0;
}

static int read_content(struct req *r, str *content, struct err *e)
{
    static const struct field row[] = {
        { "content", FIELD_STR, 0, FIELD_REQUIRED | FIELD_FILLED, LIMIT_QUESTION }, { 0 }
    };
    return fields_read(r->arena, r->body, "", row, content, e);
}

static int show(struct req *r, bool clear, struct err *e)
{
    str id;
    int rc = load(r, &id, e);
    if (rc <= 0)
        return rc;
    struct json_writer w = open_reply(r);
    assistant_queue_show(r->api->assistant, id, clear, &w);
    return close_reply(&w);
}

static int queue_fetch(struct req *r, struct err *e)
{
    return show(r, false, e);
}

static int queue_clear(struct req *r, struct err *e)
{
    return show(r, true, e);
}

static int queue_create(struct req *r, struct err *e)
{
    str id;
    struct question q = { 0 };
    int rc = load(r, &id, e);
    if (rc <= 0)
        return rc;
    rc = read_content(r, &q.content, e);
    if (rc == 0)
        rc = conversation_read_question(r, &q, e);
    if (rc < 0)
        return rc;
    q.resume_payload = STR_NULL;
    struct json_writer w = open_reply(r);
    return finish(r, assistant_queue_add(r->api->assistant, id, &q, &w), &w);
}

static int queue_update(struct req *r, struct err *e)
{
    str id, content = STR_NULL;
    int rc = load(r, &id, e);
    if (rc <= 0)
        return rc;
    rc = read_content(r, &content, e);
    if (rc < 0)
        return rc;
    struct json_writer w = open_reply(r);
    return finish(r, assistant_queue_change(r->api->assistant, id, r->sub_id, content, &w), &w);
}

static int queue_remove(struct req *r, struct err *e)
{
    str id;
    int rc = load(r, &id, e);
    if (rc <= 0)
        return rc;
    struct json_writer w = open_reply(r);
    return finish(r, assistant_queue_remove(r->api->assistant, id, r->sub_id, &w), &w);
}

#define PATH "/api/projects/:project/conversations/:id/queue/"

const struct route conversation_queue_routes[] = {
    { "GET", PATH, queue_fetch, ACCESS_SCOPE, "conversation:read" },
    { "POST", PATH, queue_create, ACCESS_SCOPE, "conversation:write" },
    { "POST", PATH "clear/", queue_clear, ACCESS_SCOPE, "conversation:write" },
    { "PATCH", PATH ":sub_id/", queue_update, ACCESS_SCOPE, "conversation:write" },
    { "DELETE", PATH ":sub_id/", queue_remove, ACCESS_SCOPE, "conversation:write" },
    { 0 },
};
