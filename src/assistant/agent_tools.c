/* agent_tools.c - the calls of one reply, run side by side on threads of their own. What they do is told to the
 * thread in the order in which they end. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "assistant/agent.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/uuid.h"

#define AT_ONCE 4

struct job {
    struct agent *agent;
    struct round *round;
    const struct llm_call *call;
    const struct tool *tool;
    struct tool_result result;
    struct arena *arena;
    bool approved;
    bool ended, told;
};

/* Calls under way. */
struct round {
    pthread_mutex_t lock; /* guards ended of the jobs */
    pthread_cond_t changed;
};

str agent_calls_json(struct arena *a, const struct llm_call *calls, size_t n)
{
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '[');
    for (size_t i = 0; i < n; i++) {
        json_open(&w, '{');
        json_key(&w, "id");
        json_str(&w, calls[i].id);
        json_key(&w, "name");
        json_str(&w, calls[i].name);
        json_key(&w, "args");
        json_raw(&w, calls[i].broken ? STR("{}") : calls[i].args);
        json_key(&w, "type");
        json_z(&w, "tool_call");
        json_close(&w, '}');
    }
    json_close(&w, ']');
    str text = arena_str(a, buf_view(&b));
    buf_release(&b);
    return text;
}

/* -------------------------------------------------------------------------- one call */

static void run_job(struct job *j)
{
    struct json *args;
    struct err e = ERR_INIT;
    struct tool_call c = { .run = j->agent->run, .arena = j->arena, .level = j->agent->level,
                           .redacted = j->agent->redacted, .approved = j->approved };
    if (!j->tool)
        tool_fail(&c, &j->result, "There is no tool \"" STR_FMT "\" here.", STR_ARG(j->call->name));
    else if (j->call->broken)
        tool_fail(&c, &j->result, "The arguments are not a whole JSON object. Call it again with all of "
                                  "them.");
    else if (json_parse(j->arena, j->call->args, &args, &e) < 0)
        tool_fail(&c, &j->result, "The arguments could not be read: %s", err_message(&e));
    else {
        c.args = args;
        j->tool->run(&c, &j->result);
    }
}

static void *job_main(void *cls)
{
    struct job *j = cls;
    run_job(j);
    pthread_mutex_lock(&j->round->lock);
    j->ended = true;
    pthread_cond_signal(&j->round->changed);
    pthread_mutex_unlock(&j->round->lock);
    return NULL;
}

/* -------------------------------------------------------------------------- results */

static int say_artifact(struct agent *g, struct tool_result *t, struct err *e)
{
    struct message m = { .type = STR("ai/artifact"), .artifact = t->artifact,
                         .source = t->insight.p ? STR("insight") : STR("artifact"),
                         .artifact_id = t->insight.p ? arena_str(g->run->arena, t->insight)
                                                     : STR_NULL };
    if (!t->artifact.p)
        return 0;
    int rc = run_say(g->run, &m, e);
    if (rc == 0 && t->text.p)
        t->text = arena_printf(g->run->arena, STR_FMT "\n\n(Shown to the user as chart " STR_FMT ".)",
                               STR_ARG(t->text), STR_ARG(m.artifact_id));
    return rc;
}

int agent_say_result(struct agent *g, const struct llm_call *call, struct tool_result *t,
                     struct err *e)
{
    struct arena *a = g->run->arena;
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    int rc = say_artifact(g, t, e);
    if (rc < 0)
        return rc;
    json_open(&w, '{');
    json_key_str(&w, call->name);
    if (t->ui.p)
        json_raw(&w, t->ui);
    else
        json_null(&w);
    json_close(&w, '}');
    struct message m = { .type = STR("tool"), .tool_call_id = call->id,
                         .content = arena_str(a, t->text.p ? t->text : STR("")),
                         .ui_payload = arena_str(a, buf_view(&b)) };
    buf_release(&b);
    rc = run_say(g->run, &m, e);
    if (rc == 0)
        agent_add(g, &(struct llm_message){ .role = LLM_TOOL, .text = m.content,
                                            .call_id = call->id,
                                            .failed = t->outcome == TOOL_FAILED });
    if (rc == 0 && t->mode.p) {
        struct db *d = store_take(g->run->cfg->store);
        g->run->conversation.agent_mode = arena_str(a, t->mode);
        rc = conversation_set_mode(d, g->run->conversation.number, t->mode, e);
        store_give(d);
        agent_prepare(g);
    }
    return rc;
}

/* What waits for the user: the call as it stands, so that nothing but it can be approved. */
static int make_pending(struct agent *g, const struct llm_call *call, const struct tool_result *t,
                        struct err *e)
{
    char id[UUID_TEXT];
    struct run *r = g->run;
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    bool form = t->outcome == TOOL_FORM;
    uuid_text(uuid_v4(), id);
    json_open(&w, '{');
    json_put_str(&w, "kind", form ? STR("form") : STR("approval"));
    json_put_str(&w, "proposal_id", str_of(id));
    json_put_str(&w, "tool_call_id", call->id);
    json_put_str(&w, "tool_name", call->name);
    json_key(&w, "args");
    json_raw(&w, call->args);
    json_close(&w, '}');
    r->conversation.pending = arena_str(r->arena, buf_view(&b));
    buf_release(&b);
    struct approval ap = { .proposal_id = str_of(id), .tool_name = call->name,
                           .preview = t->preview, .payload = call->args,
                           .tool_call_id = call->id, .message_id = g->message_id };
    struct db *d = store_take(r->cfg->store);
    int rc = db_begin(d, e);
    if (rc == 0)
        rc = conversation_set_pending(d, r->conversation.number, r->conversation.pending, e);
    if (rc == 0 && !form)
        rc = approval_insert(d, r->conversation.number, &ap, e);
    if (rc == 0)
        rc = db_commit(d, e);
    db_rollback(d);
    store_give(d);
    g->pending = rc == 0;
    return rc;
}

/* A second one that has to wait is refused: the user is asked one thing at a time. */
static int tell(struct agent *g, struct job *j, struct err *e)
{
    bool waits = j->result.outcome == TOOL_FORM || j->result.outcome == TOOL_APPROVAL;
    if (waits && !g->pending)
        return make_pending(g, j->call, &j->result, e);
    if (waits) {
        j->result.outcome = TOOL_FAILED;
        j->result.text = STR("Ask the user one thing at a time; this call was not made.");
    }
    return agent_say_result(g, j->call, &j->result, e);
}

/* -------------------------------------------------------------------------- a round */

static struct job *next_ended(struct round *round, struct job *jobs, size_t n)
{
    struct job *found = NULL;
    pthread_mutex_lock(&round->lock);
    while (!found) {
        for (size_t i = 0; i < n && !found; i++)
            if (jobs[i].ended && !jobs[i].told)
                found = &jobs[i];
        if (!found)
            pthread_cond_wait(&round->changed, &round->lock);
    }
    pthread_mutex_unlock(&round->lock);
    found->told = true;
    return found;
}

static int run_some(struct agent *g, struct job *jobs, size_t n, struct err *e)
{
    struct round round = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER };
    pthread_t threads[AT_ONCE];
    bool own[AT_ONCE] = { false };
    int rc = 0;
    for (size_t i = 0; i < n; i++) {
        jobs[i].round = &round;
        run_update(g->run, g->message_id, jobs[i].call->id,
                   arena_printf(g->run->arena, "Running " STR_FMT, STR_ARG(jobs[i].call->name)));
        own[i] = n > 1 && pthread_create(&threads[i], NULL, job_main, &jobs[i]) == 0;
        if (!own[i])
            job_main(&jobs[i]);
    }
    for (size_t i = 0; i < n; i++) {
        struct job *j = next_ended(&round, jobs, n);
        if (rc == 0)
            rc = tell(g, j, e);
    }
    for (size_t i = 0; i < n; i++)
        if (own[i])
            pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&round.lock);
    pthread_cond_destroy(&round.changed);
    return rc;
}

int agent_run_calls(struct agent *g, const struct llm_call *calls, size_t n, struct err *e)
{
    struct job jobs[AT_ONCE];
    int rc = 0;
    for (size_t from = 0; from < n && rc == 0; from += AT_ONCE) {
        size_t some = n - from < AT_ONCE ? n - from : AT_ONCE;
        for (size_t i = 0; i < some; i++)
            jobs[i] = (struct job){ .agent = g, .call = &calls[from + i], .arena = arena_new(),
                                    .tool = tool_find(calls[from + i].name) };
        rc = run_some(g, jobs, some, e);
        for (size_t i = 0; i < some; i++)
            arena_free(jobs[i].arena);
    }
    return rc;
}

/* -------------------------------------------------------------------------- answers of the user */

static str form_text(struct arena *a, const struct json *pending, const struct json *answers)
{
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    const struct json *list = json_get(json_get(pending, "args"), "questions");
    for (const struct json *q = list ? list->head : NULL; q; q = q->next) {
        str id = json_get_text(q, "id");
        const struct json *fields = json_get(q, "fields");
        bool many = json_is(fields, JSON_ARRAY);
        for (const struct json *f = many ? fields->head : q; f; f = many ? f->next : NULL) {
            const struct json *v = json_get_str(answers, many ? json_get_text(f, "id") : id);
            buf_printf(&b, "%s" STR_FMT ": ", b.n ? "\n" : "",
                       STR_ARG(json_get_text(f, many ? "label" : "question")));
            if (!v || v->type == JSON_NULL)
                buf_z(&b, "(skipped)");
            else if (v->type != JSON_ARRAY)
                buf_str(&b, v->type == JSON_STRING ? v->text : tool_json(a, v));
            for (const struct json *m = json_is(v, JSON_ARRAY) ? v->head : NULL; m; m = m->next)
                buf_printf(&b, str_find_char(m->text, ',') >= 0 ? "%s\"" STR_FMT "\"" : "%s" STR_FMT,
                           m == v->head ? "" : ", ", STR_ARG(m->text));
        }
    }
    str text = arena_str(a, buf_view(&b));
    buf_release(&b);
    return text;
}

static void answer_form(struct agent *g, const struct json *pending, const struct json *payload,
                        struct tool_result *t)
{
    struct arena *a = g->run->arena;
    const struct json *answers = json_get(payload, "form_answers");
    if (!str_eqz(json_get_text(payload, "action"), "form") || !json_is(answers, JSON_OBJECT)) {
        t->text = STR("The user dismissed the form.");
        t->ui = STR("{\"status\":\"dismiss_form\"}");
        return;
    }
    t->text = form_text(a, pending, answers);
    t->ui = arena_printf(a, "{\"status\":\"form\",\"answers\":" STR_FMT "}",
                         STR_ARG(tool_json(a, answers)));
}

static void decide(struct agent *g, str proposal, const char *status)
{
    struct err e = ERR_INIT;
    struct db *d = store_take(g->run->cfg->store);
    if (approval_decide(d, proposal, status, &e) < 0)
        log_warn("a decision could not be stored", "error", err_message(&e));
    store_give(d);
}

/* Exactly the proposed call runs, or the one the user edited it into. */
static void answer_approval(struct agent *g, struct llm_call *call, const struct json *pending,
                            const struct json *payload, struct tool_result *t)
{
    struct arena *a = g->run->arena;
    str proposal = json_get_text(pending, "proposal_id");
    str feedback = json_get_text(payload, "feedback");
    const struct json *edited = json_get(payload, "payload");
    bool yes = str_eqz(json_get_text(payload, "action"), "approve") &&
               str_eq(json_get_text(payload, "proposal_id"), proposal);
    decide(g, proposal, yes ? "approved" : "rejected");
    if (!yes) {
        t->outcome = TOOL_FAILED;
        t->text = arena_printf(a, "The user rejected this; nothing was changed.%s" STR_FMT,
                               feedback.n ? " They say: " : "", STR_ARG(feedback));
        return;
    }
    if (json_is(edited, JSON_OBJECT))
        call->args = tool_json(a, edited);
    struct job j = { .agent = g, .call = call, .tool = tool_find(call->name), .arena = a,
                     .approved = true };
    run_job(&j);
    *t = j.result;
}

static int add_message(struct agent *g, struct err *e)
{
    struct run *r = g->run;
    if (!r->question.content.p)
        return 1;
    struct message m = { .type = STR("human"), .content = r->question.content,
                         .trace_id = r->question.trace_id, .ui_context = r->question.ui_context };
    int rc = run_say(r, &m, e);
    if (rc < 0)
        return rc;
    agent_add(g, &(struct llm_message){ .role = LLM_USER, .text = m.content });
    return 1;
}

int agent_resume(struct agent *g, struct err *e)
{
    struct run *r = g->run;
    struct json *pending, *payload;
    struct tool_result t = { 0 };
    int rc = json_parse(r->arena, r->conversation.pending, &pending, e);
    if (rc == 0)
        rc = json_parse(r->arena, r->question.resume_payload, &payload, e);
    if (rc < 0)
        return rc;
    struct llm_call call = { .id = json_get_text(pending, "tool_call_id"),
                             .name = json_get_text(pending, "tool_name"),
                             .args = tool_json(r->arena, json_get(pending, "args")) };
    struct db *d = store_take(r->cfg->store);
    rc = conversation_set_pending(d, r->conversation.number, STR_NULL, e);
    store_give(d);
    if (rc < 0)
        return rc;
    r->conversation.pending = STR_NULL;
    if (str_eqz(json_get_text(pending, "kind"), "form"))
        answer_form(g, pending, payload, &t);
    else
        answer_approval(g, &call, pending, payload, &t);
    rc = agent_say_result(g, &call, &t, e);
    return rc < 0 ? rc : add_message(g, e);
}
