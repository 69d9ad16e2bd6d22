/* run.c - what a run says, stored first and then sent, and who answers: a command, or whoever this server
 * has for questions. */
#include <stdio.h>

#include "assistant/run.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/uuid.h"
#include "model/model_setting.h"
#include "store/seal.h"

#define PARTIAL_PAUSE 25000 /* us between partial messages that are long already */
#define PARTIAL_LONG 4096   /* bytes */

bool run_gone(void *run)
{
    return run_cancelled(run);
}

/* -------------------------------------------------------------------------- the stream */

static void event_open(struct buf *b, const char *name)
{
    buf_printf(b, "event: %s\ndata: ", name);
}

static void event_send(struct run *r, struct buf *b, enum feed_piece kind)
{
    buf_z(b, "\n\n");
    if (!b->full)
        http_feed_put(r->feed, buf_view(b), kind);
    buf_release(b);
}

void run_send(struct run *r, const struct message *m, bool passing)
{
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    event_open(&b, "message");
    message_write(&w, m, false);
    event_send(r, &b, passing ? FEED_PASSING : FEED_REPLACING);
}

void run_partial(struct run *r, const struct message *m)
{
    int64_t now = clock_mono_us();
    if (run_cancelled(r) || (m->content.n > PARTIAL_LONG && now - r->partial_at < PARTIAL_PAUSE))
        return;
    r->partial_at = now;
    run_send(r, m, true);
}

void run_update(struct run *r, str message_id, str tool_call_id, str content)
{
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    if (run_cancelled(r))
        return;
    event_open(&b, "update");
    json_open(&w, '{');
    json_key(&w, "id");
    json_str(&w, message_id);
    json_key(&w, "tool_call_id");
    json_str(&w, tool_call_id);
    json_key(&w, "content");
    json_str(&w, content);
    json_close(&w, '}');
    event_send(r, &b, FEED_LASTING);
}

void assistant_write_head(struct json_writer *w, const struct conversation *c, str user)
{
    json_key(w, "id");
    json_str(w, c->id);
    json_key(w, "status");
    json_str(w, c->status);
    json_key(w, "title");
    json_str(w, c->title);
    json_key(w, "topic");
    json_null(w);
    json_key(w, "user");
    json_raw(w, user);
    json_key(w, "created_at");
    json_time(w, c->created_at);
    json_key(w, "updated_at");
    json_time(w, c->updated_at);
    json_key(w, "type");
    json_str(w, c->type);
    json_key(w, "is_internal");
    json_bool(w, c->is_internal);
    json_key(w, "slack_thread_key");
    json_str(w, c->slack_thread_key);
    json_key(w, "slack_workspace_domain");
    json_str(w, c->slack_workspace_domain);
}

void assistant_write_conversation(struct json_writer *w, const struct conversation *c, str user)
{
    json_open(w, '{');
    assistant_write_head(w, c, user);
    json_key(w, "task");
    json_null(w);
    json_close(w, '}');
}

void run_show_conversation(struct run *r)
{
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    event_open(&b, "conversation");
    assistant_write_conversation(&w, &r->conversation, r->user_json);
    event_send(r, &b, FEED_LASTING);
}

/* -------------------------------------------------------------------------- messages */

static int store(struct run *r, struct message *m, struct err *e)
{
    struct db *d = store_take(r->cfg->store);
    int rc = db_begin(d, e);
    if (rc == 0 && m->artifact.p && !m->artifact_id.p)
        rc = artifact_insert(d, r->arena, r->conversation.project_id, r->conversation.number,
                             m->artifact, &m->artifact_id, e);
    if (rc == 0)
        rc = message_append(d, r->arena, r->conversation.number, m, e);
    if (rc == 0)
        rc = db_commit(d, e);
    db_rollback(d);
    store_give(d);
    return rc;
}

int run_say(struct run *r, struct message *m, struct err *e)
{
    if (run_cancelled(r))
        return err_set(e, ERR_UNAVAILABLE, NULL, "The run was cancelled.");
    int rc = store(r, m, e);
    if (rc == 0 && !str_eqz(m->type, "context"))
        run_send(r, m, false);
    return rc;
}

int run_say_text(struct run *r, str text, struct err *e)
{
    struct message m = { .type = STR("ai"), .content = text, .tool_calls = STR("[]") };
    return run_say(r, &m, e);
}

void run_fail(struct run *r, enum failure why)
{
    static const char *const texts[] = {
        [FAILURE_GENERIC] = "Something went wrong while answering. Please try again.",
        [FAILURE_START_NEW] = "The language model refused this request, perhaps because the "
                              "conversation became too long. Please start a new conversation.",
        [FAILURE_LATER] = "The language model cannot be reached at the moment. Please try again "
                          "later.",
        [FAILURE_PROVIDER] = "The language model does not accept this server's requests at the "
                             "moment. Please try again later, or ask whoever runs this server.",
        [FAILURE_STOPPED] = "The server was restarted while it was answering. Please ask again.",
        [FAILURE_TIME] = "The answer took too long and was given up. Please try again.",
    };
    struct err e = ERR_INIT;
    struct message m = { .type = STR("ai/failure"), .content = str_of(texts[why]) };
    if (r->failed)
        return;
    r->failed = true;
    if (store(r, &m, &e) < 0)
        log_error("a failure could not be stored", "error", err_message(&e), "detail", e.detail);
    run_send(r, &m, false);
}

int run_set_title(struct run *r, struct arena *a, str title, struct err *e)
{
    title = arena_str(a, str_trim(str_utf8_prefix(str_trim(title), LIMIT_TITLE)));
    if (!title.n)
        return 0;
    struct db *d = store_take(r->cfg->store);
    int rc = conversation_set_title(d, r->conversation.number, title, e);
    store_give(d);
    if (rc < 0)
        return rc;
    r->conversation.title = title;
    run_show_conversation(r);
    return 0;
}

/* -------------------------------------------------------------------------- the API */

int run_call(struct run *r, struct arena *a, const char *method, str path,
             const struct http_pair *query, str body, struct json **answer)
{
    struct err ignored = ERR_INIT;
    struct assistant_call c = { .who = &r->who, .arena = a, .method = method, 
                                .path = path, .query = query, .body = body, .gone = run_gone, .run = r };
    *answer = NULL;
    r->cfg->call(r->cfg->context, &c);
    if (c.answer.n && json_parse(a, c.answer, answer, &ignored) < 0)
        *answer = NULL;
    return c.status;
}

/* -------------------------------------------------------------------------- answering */

str run_first_words(struct arena *a, str text)
{
    struct buf b = BUF_INIT(LIMIT_QUESTION * 4);
    str rest = text;
    for (int words = 0; words < 8 && rest.p;) {
        str word = rest;
        for (size_t i = 0; i < word.n; i++)
            if ((unsigned char)word.p[i] <= ' ') {
                word.n = i;
                break;
            }
        rest = word.n < rest.n ? str_slice(rest, word.n + 1, rest.n) : STR_NULL;
        if (word.n)
            buf_printf(&b, "%s" STR_FMT, words++ ? " " : "", STR_ARG(word));
    }
    str out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return out;
}

/* Without a model to ask for a title, the first words of the question. */
static void name_conversation(struct run *r)
{
    struct err e = ERR_INIT;
    str title = run_first_words(r->arena, r->question.content);
    if (run_set_title(r, r->arena, title, &e) < 0)
        log_warn("a title could not be stored", "error", err_message(&e));
}

/* 1: the project and the user are there. */
static int load_caller(struct run *r, struct err *e)
{
    struct db *d = store_take(r->cfg->store);
    int rc = project_find(d, r->arena, r->who.project_id, &r->project, e);
    if (rc > 0)
        rc = user_find(d, r->arena, r->who.user_id, &r->user, e);
    store_give(d);
    return rc;
}

/* The model that this project asks. One whose key cannot be read is none that can be asked: an error. */
static int find_model(struct run *r, struct err *e)
{
    struct model_setting m;
    str key = STR_NULL;
    struct db *d = store_take(r->cfg->store);
    int rc = model_setting_find(d, r->arena, r->project.id, &m, e);
    store_give(d);
    r->llm = r->cfg->llm;
    if (rc <= 0)
        return rc;
    rc = m.key.p ? seal_read(r->cfg->seal, r->arena, m.key, &key, e) : 0;
    if (rc < 0)
        return rc;
    struct llm_config cfg = { .url = arena_z(r->arena, m.url), .model = arena_z(r->arena, m.model),
                              .key = key.p ? arena_z(r->arena, key) : NULL,
                              .dialect = str_eqz(m.dialect, "anthropic") ? LLM_ANTHROPIC
                                                                         : LLM_OPENAI,
                              .reach = r->cfg->reach, .seconds = r->cfg->llm_seconds };
    rc = llm_new(&cfg, &r->llm, e);
    if (rc == 0)
        arena_defer(r->arena, (void (*)(void *))llm_free, r->llm);
    return rc;
}

static bool is_command(const struct run *r)
{
    return r->question.content.n && r->question.content.p[0] == '/';
}

void run_answer(struct run *r)
{
    struct err e = ERR_INIT;
    if (load_caller(r, &e) <= 0 || find_model(r, &e) < 0) {
        log_error("a question could not be begun", "error", err_message(&e), "detail", e.detail);
        run_fail(r, FAILURE_GENERIC);
        return;
    }
    bool model = r->llm && !is_command(r);
    if (!model && !r->conversation.title.p && r->question.content.p)
        name_conversation(r);
    if (r->question.content.p && !r->question.resume_payload.p && slash_answer(r))
        return;
    int rc = r->llm ? agent_answer(r, &e) : planned_answer(r, &e);
    if (rc < 0 && !run_cancelled(r)) {
        log_error("a question could not be answered", "error", err_message(&e), "detail", e.detail);
        run_fail(r, FAILURE_GENERIC);
    }
}
