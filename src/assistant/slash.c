/* slash.c - commands: messages that begin with a slash are answered at once, without tools. */
#include "assistant/agent.h"
#include "base/log.h"
#include "base/limits.h"
#include "model/memory.h"

#define TICKET_MESSAGES 200 /* of a thread that are summed up */

typedef int (*command_fn)(struct run *r, str text, struct err *e);

/* -------------------------------------------------------------------------- replies */

static int reply(struct run *r, const char *command, str text, struct err *e)
{
    struct message m = {
        .type = STR("ai"), .content = text, .tool_calls = STR("[]"),
        .meta = arena_printf(r->arena, "{\"source\":\"slash_command:%s\"}", command),
    };
    return run_say(r, &m, e);
}

/* -------------------------------------------------------------------------- commands */

static int remember(struct run *r, str text, struct err *e)
{
    bool full = false;
    if (!text.n)
        return reply(r, "remember", STR("Usage: `/remember <text>`. What you write is kept for "
                                        "this project, and told to the assistant in every "
                                        "conversation."), e);
    struct db *d = store_take(r->cfg->store);
    int rc = db_begin(d, e);
    if (rc == 0)
        rc = memory_append(d, r->arena, r->project.id, text, &full, e);
    if (rc == 0)
        rc = db_commit(d, e);
    db_rollback(d);
    store_give(d);
    if (rc < 0)
        return rc;
    if (full)
        return reply(r, "remember",
                     arena_printf(r->arena, "The memory of this project is full: it holds at most "
                                            "%d characters. Shorten it first.", LIMIT_MEMORY), e);
    return reply(r, "remember", STR("I'll remember that."), e);
}

static int usage(struct run *r, str text, struct err *e)
{
    int64_t questions = 0, answers = 0;
    (void)text;
    struct db *d = store_take(r->cfg->store);
    int rc = message_count(d, r->arena, r->conversation.number, STR("human"), &questions, e);
    if (rc == 0)
        rc = message_count(d, r->arena, r->conversation.number, STR("ai"), &answers, e);
    store_give(d);
    if (rc < 0)
        return rc;
    return reply(r, "usage",
                 arena_printf(r->arena, "This server is your own: questions cost no credits here. "
                                        "This conversation has %lld of your messages and %lld "
                                        "answers.", (long long)questions, (long long)answers), e);
}

static int feedback(struct run *r, str text, struct err *e)
{
    struct json *answer;
    if (!text.n)
        return reply(r, "feedback", STR("Usage: `/feedback <text>`. It is kept as an event of "
                                        "this project, `$ai_feedback`."), e);
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '{');
    json_key(&w, "api_key");
    json_str(&w, r->project.api_token);
    json_key(&w, "event");
    json_z(&w, "$ai_feedback");
    json_key(&w, "distinct_id");
    json_str(&w, r->user.distinct_id);
    json_key(&w, "properties");
    json_open(&w, '{');
    json_key(&w, "$ai_feedback_text");
    json_str(&w, text);
    json_key(&w, "$ai_session_id");
    json_z(&w, r->id);
    json_key(&w, "$ai_trace_id");
    json_str(&w, r->question.trace_id);
    json_close(&w, '}');
    json_close(&w, '}');
    str event = arena_str(r->arena, buf_view(&b));
    buf_release(&b);
    int status = run_call(r, r->arena, "POST", STR("/i/v0/e/"), NULL, event, &answer);
    if (status != 200)
        return reply(r, "feedback", STR("Your feedback could not be stored. Please try again."), e);
    return reply(r, "feedback", STR("Thank you for your feedback."), e);
}

/* What was said so far, in the user's and the assistant's words. */
static int thread_text(struct run *r, struct buf *b, struct err *e)
{
    struct message *list = NULL;
    size_t n = 0;
    bool unknown;
    struct db *d = store_take(r->cfg->store);
    int rc = message_list(d, r->arena, r->project.id, r->conversation.number, TICKET_MESSAGES, &list,
                          &n, &unknown, e);
    store_give(d);
    for (size_t i = 0; i + 1 < n; i++) /* the last one is the command */
        if (list[i].content.n && (str_eqz(list[i].type, "human") || str_eqz(list[i].type, "ai")))
            buf_printf(b, "[" STR_FMT "] " STR_FMT "\n\n", STR_ARG(list[i].type),
                       STR_ARG(list[i].content));
    return rc;
}

static int ticket(struct run *r, str text, struct err *e)
{
    struct buf b _cleanup_(buf_release) = BUF_INIT(LIMIT_MODEL_REQUEST / 2);
    struct agent g = { .run = r, .llm = r->llm };
    str summary;
    int rc = thread_text(r, &b, e);
    if (rc < 0)
        return rc;
    if (!b.n && !text.n)
        return reply(r, "ticket", STR("Please describe the issue, and what you expected instead."),
                     e);
    buf_str(&b, text);
    if (!r->llm)
        return reply(r, "ticket", STR("No language model is configured that could sum this "
                                      "conversation up for a ticket."), e);
    if (!agent_write(&g, r->arena, agent_summary_text, buf_view(&b), &summary)) {
        if (!run_cancelled(r))
            run_fail(r, FAILURE_LATER);
        return 0;
    }
    return reply(r, "ticket", summary, e);
}

static const struct command {
    const char *name;
    command_fn run;
} commands[] = {
    { "remember", remember },
    { "usage", usage },
    { "feedback", feedback },
    { "ticket", ticket },
};

bool slash_answer(struct run *r)
{
    struct err e = ERR_INIT;
    str text = r->question.content;
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        str name = arena_printf(r->arena, "/%s", commands[i].name);
        if (!str_starts(text, name) || (text.n > name.n && text.p[name.n] != ' '))
            continue;
        if (commands[i].run(r, str_trim(str_slice(text, name.n, text.n)), &e) < 0 &&
            !run_cancelled(r)) {
            log_error("a command failed", "command", commands[i].name, "error", err_message(&e),
                      "detail", e.detail);
            run_fail(r, FAILURE_GENERIC);
        }
        return true;
    }
    return false;
}
