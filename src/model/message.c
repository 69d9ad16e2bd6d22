/* message.c - see message.h. A body is stored as it is shown, so that reading a thread writes what it
 * finds; only its fields that point elsewhere are looked up. */
#include "model/message.h"

#include "base/uuid.h"

/* The fields of each type, in the order they are shown. */
enum field { CONTENT = 1, TOOL_CALLS = 2, META = 4, UI_CONTEXT = 8, TRACE_ID = 16,
             TOOL_CALL_ID = 32, UI_PAYLOAD = 64, ARTIFACT = 128 };

static const struct shape {
    const char *type;
    unsigned fields;
} shapes[] = {
    { "human", CONTENT | UI_CONTEXT | TRACE_ID },
    { "ai", CONTENT | TOOL_CALLS | META },
    { "tool", CONTENT | TOOL_CALL_ID | UI_PAYLOAD },
    { "ai/artifact", ARTIFACT },
    { "ai/failure", CONTENT },
    { "context", CONTENT | META },
};

static const struct shape *shape_of(str type)
{
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
        if (str_eqz(type, shapes[i].type))
            return &shapes[i];
    return NULL;
}

static void put(struct json_writer *w, const char *key, str value, bool json, bool nulls)
{
    if (!value.p && !nulls)
        return;
    json_key(w, key);
    if (json && value.p)
        json_raw(w, value);
    else
        json_str(w, value);
}

static void put_fields(struct json_writer *w, const struct message *m, unsigned fields, bool nulls)
{
    if (fields & CONTENT)
        put(w, "content", m->content, false, nulls);
    if (fields & TOOL_CALLS)
        put(w, "tool_calls", m->tool_calls, true, nulls);
    if (fields & META)
        put(w, "meta", m->meta, true, nulls);
    if (fields & UI_CONTEXT)
        put(w, "ui_context", m->ui_context, true, nulls);
    if (fields & TRACE_ID)
        put(w, "trace_id", m->trace_id, false, nulls);
    if (fields & TOOL_CALL_ID)
        put(w, "tool_call_id", m->tool_call_id, false, nulls);
    if (fields & UI_PAYLOAD)
        put(w, "ui_payload", m->ui_payload, true, nulls);
    if (fields & ARTIFACT) {
        put(w, "artifact_id", m->artifact_id, false, nulls);
        put(w, "source", m->source, false, nulls);
        put(w, "content", m->artifact, true, nulls);
    }
    put(w, "parent_tool_call_id", m->parent_tool_call_id, false, nulls);
}

void message_write(struct json_writer *w, const struct message *m, bool nulls)
{
    json_open(w, '{');
    json_key(w, "type");
    json_str(w, m->type);
    put_fields(w, m, shape_of(m->type)->fields, nulls);
    put(w, "id", m->id, false, nulls);
    json_close(w, '}');
}

/* The body as it is stored: no id, no type, nothing absent, and not what an artifact shows. */
static str stored_body(struct arena *a, const struct message *m)
{
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    struct message kept = *m;
    kept.artifact = kept.artifact_id = STR_NULL;
    json_open(&w, '{');
    put_fields(&w, &kept, shape_of(m->type)->fields, false);
    json_close(&w, '}');
    str text = arena_str(a, buf_view(&b));
    buf_release(&b);
    return text;
}

int message_append(struct db *d, struct arena *a, int64_t conversation, struct message *m,
                   struct err *e)
{
    BUG_ON(!shape_of(m->type));
    if (!m->id.p) {
        char id[UUID_TEXT];
        uuid_text(uuid_v4(), id);
        m->id = arena_str(a, str_of(id));
    }
    return db_run(d, e,
                  "INSERT INTO conversation_message (conversation, position, id, type, body,"
                  " artifact_id) SELECT ?1, coalesce(max(position), 0) + 1, ?2, ?3, ?4, ?5"
                  " FROM conversation_message WHERE conversation = ?1",
                  "issss", conversation, m->id, m->type, stored_body(a, m), m->artifact_id);
}

/* JSON text of a member that is there and not null. */
static str json_of(const struct json *body, const char *key, struct arena *a)
{
    const struct json *v = json_get(body, key);
    if (!v || v->type == JSON_NULL)
        return STR_NULL;
    if (v->type == JSON_ARRAY || v->type == JSON_OBJECT)
        return v->text;
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    json_tree(&w, v);
    str text = arena_str(a, buf_view(&b));
    buf_release(&b);
    return text;
}

/* False: it is not one that we know. */
static bool read_body(struct arena *a, str text, struct message *m)
{
    struct err ignored = ERR_INIT;
    struct json *body;
    if (!shape_of(m->type) || json_parse(a, text, &body, &ignored) < 0 ||
        body->type != JSON_OBJECT)
        return false;
    m->content = json_get_text(body, "content");
    m->tool_calls = json_of(body, "tool_calls", a);
    m->meta = json_of(body, "meta", a);
    m->ui_context = json_of(body, "ui_context", a);
    m->trace_id = json_get_text(body, "trace_id");
    m->tool_call_id = json_get_text(body, "tool_call_id");
    m->ui_payload = json_of(body, "ui_payload", a);
    m->source = json_get_text(body, "source");
    m->parent_tool_call_id = json_get_text(body, "parent_tool_call_id");
    return true;
}

/* A saved insight is shown as it is now. */
#define LIST                                                                                   \
    "SELECT m.id, m.type, m.body, m.artifact_id, coalesce(a.content, CASE WHEN i.query IS NOT" \
    " NULL THEN json_object('content_type', 'visualization', 'query', json(i.query), 'name',"  \
    " coalesce(nullif(i.name, ''), i.derived_name), 'description', i.description) END)"        \
    " FROM conversation_message m LEFT JOIN conversation_artifact a ON a.project_id = ?1"      \
    " AND a.id = m.artifact_id LEFT JOIN insight i ON a.id IS NULL AND i.project_id = ?1"      \
    " AND i.short_id = m.artifact_id AND i.deleted = 0"                                        \
    " WHERE m.conversation = ?2 AND m.position > (SELECT CASE ?3 WHEN 0 THEN 0"                \
    " ELSE max(position) - ?3 END FROM conversation_message WHERE conversation = ?2)"          \
    " ORDER BY m.position"

int message_list(struct db *d, struct arena *a, int64_t project_id, int64_t conversation,
                 int64_t newest, struct message **out, size_t *n, bool *unknown, struct err *e)
{
    struct stmt *st;
    struct message *list = NULL;
    size_t count = 0;
    bool strange = false;
    int rc = db_open(d, a, &st, e, LIST, "iii", project_id, conversation, newest);
    if (rc < 0)
        return rc;
    while (!strange && (rc = stmt_step(st, e)) > 0) {
        struct message m = { .id = stmt_str(st, a, 0), .type = stmt_str(st, a, 1),
                             .artifact_id = stmt_str(st, a, 3), .artifact = stmt_str(st, a, 4) };
        strange = !read_body(a, stmt_str(st, a, 2), &m);
        if (strange || (m.artifact_id.p && !m.artifact.p))
            continue;
        list = arena_grown(a, list, count, sizeof(*list));
        list[count++] = m;
    }
    if (strange)
        stmt_end(st);
    if (rc < 0)
        return rc;
    *out = list;
    *n = strange ? 0 : count;
    *unknown = strange;
    return 0;
}

int message_count(struct db *d, struct arena *a, int64_t conversation, str type, int64_t *out,
                  struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT count(*) FROM conversation_message WHERE conversation = ?1"
                     " AND (?2 IS NULL OR type = ?2)",
                     "is", conversation, type);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}
