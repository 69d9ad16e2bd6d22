/* agent.c - see agent.h: the loop from model to tools and back. It ends: with an answer, after a bounded
 * number of rounds, when it turns in circles, when the user has to be asked, when the provider fails, or
 * when the run does. */
#include "assistant/agent.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/uuid.h"
#include "model/model_request.h"

#define ROUNDS 24      /* of tools in one turn; then the model has to answer without */
#define REPEATS 3      /* of the same calls; then, too */

/* -------------------------------------------------------------------------- requests */

static void keep_log(struct agent *g, const struct llm_reply *r, enum llm_outcome outcome,
                     int64_t began)
{
    static const char *const outcomes[] = { "done", "request_refused", "refused", "away", "gone" };
    static const char *const levels[] = { "schema", "aggregates", "rows" };
    struct err e = ERR_INIT;
    struct model_request m = {
        .project_id = g->run->project.id, .user_id = g->run->user.id,
        .conversation = g->run->conversation.number, .at = clock_now_us(),
        .model = str_of(llm_model(g->llm)), .level = str_of(levels[g->level]),
        .outcome = str_of(outcomes[outcome]), .bytes = (int64_t)r->bytes_out,
        .tokens_in = r->tokens_in, .tokens_out = r->tokens_out,
        .ms = (clock_mono_us() - began) / 1000,
    };
    struct db *d = store_take(g->run->cfg->store);
    if (model_request_insert(d, &m, &e) < 0)
        log_warn("a model request could not be logged", "error", err_message(&e));
    store_give(d);
}

enum llm_outcome agent_request(struct agent *g, struct arena *a, const struct llm_request *q,
                               struct llm_reply *out, struct err *e)
{
    int64_t began = clock_mono_us();
    *out = (struct llm_reply){ 0 };
    enum llm_outcome outcome = llm_run(g->llm, a, q, out, e);
    keep_log(g, out, outcome, began);
    if (outcome != LLM_DONE && outcome != LLM_GONE)
        log_warn("the model did not answer", "error", e->message);
    return outcome;
}

bool agent_write(struct agent *g, struct arena *a, const char *prompt, str text, str *out)
{
    struct err e = ERR_INIT;
    struct llm_reply reply;
    struct llm_message m = { .role = LLM_USER, .text = text };
    struct llm_request q = { .system = str_of(prompt), .messages = &m, .messages_n = 1,
                             .gone = run_gone, .context = g->run };
    if (agent_request(g, a, &q, &reply, &e) != LLM_DONE || !str_trim(reply.text).n)
        return false;
    *out = str_trim(reply.text);
    return true;
}

/* -------------------------------------------------------------------------- the title */

struct title {
    struct agent *agent;
    struct arena *arena;
    pthread_mutex_t lock; /* guards running */
    pthread_cond_t ended;
    bool running;
};

static void write_title(struct title *t)
{
    struct err e = ERR_INIT;
    str text;
    struct run *r = t->agent->run;
    if (!agent_write(t->agent, t->arena, agent_title_text, r->question.content, &text))
        text = run_first_words(t->arena, r->question.content);
    if (text.n > 1 && text.p[0] == '"' && text.p[text.n - 1] == '"')
        text = str_slice(text, 1, text.n - 1);
    if (run_set_title(r, t->arena, text, &e) < 0)
        log_warn("a title could not be stored", "error", err_message(&e));
}

static void *title_main(void *cls)
{
    struct title *t = cls;
    write_title(t);
    pthread_mutex_lock(&t->lock);
    t->running = false;
    pthread_cond_signal(&t->ended);
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* Beside the answer, so that neither waits for the other. Its thread is given back when it ends, not when
 * the answer does, which may be much later. */
static void begin_title(struct agent *g, struct title *t)
{
    pthread_t thread;
    pthread_attr_t detached;
    *t = (struct title){ .agent = g, .arena = arena_new(), .lock = PTHREAD_MUTEX_INITIALIZER,
                         .ended = PTHREAD_COND_INITIALIZER };
    arena_defer(g->run->arena, (void (*)(void *))arena_free, t->arena);
    if (g->run->conversation.title.p || !g->run->question.content.p)
        return;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    t->running = true;
    if (pthread_create(&thread, &detached, title_main, t)) {
        t->running = false;
        write_title(t);
    }
    pthread_attr_destroy(&detached);
}

static void end_title(struct title *t)
{
    pthread_mutex_lock(&t->lock);
    while (t->running)
        pthread_cond_wait(&t->ended, &t->lock);
    pthread_mutex_unlock(&t->lock);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->ended);
}

/* -------------------------------------------------------------------------- replies */

static str meta_of(struct arena *a, const struct llm_reply *r)
{
    return r->thinking.p ? arena_printf(a, "{\"thinking\":" STR_FMT "}", STR_ARG(r->thinking))
                         : STR_NULL;
}

static void on_grown(void *context, const struct llm_reply *r)
{
    struct run *run = context;
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct message m = { .id = STR("temp-0"), .type = STR("ai"), .content = r->text,
                         .tool_calls = agent_calls_json(a, r->calls, r->calls_n),
                         .meta = meta_of(a, r) };
    run_partial(run, &m);
}

/* An id is used once in a thread: some servers count from 0 in each reply. */
static void make_unique(struct agent *g, struct llm_reply *r)
{
    char id[25];
    for (size_t i = 0; i < r->calls_n; i++) {
        if (map_get(g->ids, r->calls[i].id)) {
            rand_token(id, 24);
            r->calls[i].id = arena_printf(g->run->arena, "call_%s", id);
        }
        *map_at(g->ids, r->calls[i].id) = g;
    }
}

static int say_reply(struct agent *g, struct llm_reply *r, struct err *e)
{
    struct arena *a = g->run->arena;
    make_unique(g, r);
    if (r->cut && !r->calls_n)
        r->text = arena_printf(a, STR_FMT "\n\n*(The answer was cut off: the model ran out of "
                                  "room.)*", STR_ARG(r->text));
    struct message m = { .type = STR("ai"), .content = r->text, .meta = meta_of(a, r),
                         .tool_calls = agent_calls_json(a, r->calls, r->calls_n) };
    int rc = run_say(g->run, &m, e);
    if (rc < 0)
        return rc;
    g->message_id = m.id;
    agent_add(g, &(struct llm_message){ .role = LLM_ASSISTANT, .text = r->text, .calls = r->calls,
                                        .calls_n = r->calls_n, .thinking = r->thinking });
    return 0;
}

/* -------------------------------------------------------------------------- the loop */

static void fail(struct agent *g, enum llm_outcome outcome)
{
    static const enum failure failures[] = { [LLM_REQUEST_REFUSED] = FAILURE_START_NEW,
                                             [LLM_REFUSED] = FAILURE_PROVIDER,
                                             [LLM_AWAY] = FAILURE_LATER };
    if (outcome != LLM_GONE && !run_cancelled(g->run))
        run_fail(g->run, failures[outcome]);
}

/* The same calls as the round before? Then they are not made again, and after some times no more are. */
static bool repeats(struct agent *g, const struct llm_reply *r)
{
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    for (size_t i = 0; i < r->calls_n; i++)
        buf_printf(&b, STR_FMT "(" STR_FMT ")\n", STR_ARG(r->calls[i].name),
                   STR_ARG(r->calls[i].args));
    bool same = r->calls_n && str_eq(g->before, buf_view(&b));
    g->repeated = same ? g->repeated + 1 : 0;
    g->before = arena_str(g->run->arena, buf_view(&b));
    buf_release(&b);
    return same;
}

static int refuse_calls(struct agent *g, const struct llm_reply *r, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; i < r->calls_n && rc == 0; i++) {
        struct tool_result same = { .outcome = TOOL_FAILED,
                                    .text = STR("You made this very call before; its result is "
                                                "above. Use it, or do something else.") };
        rc = agent_say_result(g, &r->calls[i], &same, e);
    }
    return rc;
}

/* One round. 1: another one follows; 0: the turn is over; negative: an error. */
static int run_round(struct agent *g, int round, struct err *e)
{
    struct llm_reply r;
    struct err away = ERR_INIT;
    bool withheld = round >= ROUNDS || g->repeated >= REPEATS;
    struct llm_request q = { .system = g->system, .messages = g->messages,
                             .messages_n = g->messages_n, .tools = g->tools,
                             .tools_n = withheld ? 0 : g->tools_n, .grown = on_grown,
                             .gone = run_gone, .context = g->run };
    enum llm_outcome outcome = agent_request(g, g->run->arena, &q, &r, &away);
    if (outcome != LLM_DONE) {
        fail(g, outcome);
        return 0;
    }
    if (withheld)
        r.calls_n = 0;
    if (!r.calls_n && !str_trim(r.text).n) {
        if (withheld)
            return run_say_text(g->run, STR("I took many steps and have no answer yet. Shall I go "
                                            "on?"), e);
        run_fail(g->run, FAILURE_GENERIC);
        return 0;
    }
    bool same = repeats(g, &r);
    int rc = say_reply(g, &r, e);
    if (rc < 0 || !r.calls_n)
        return rc;
    rc = same ? refuse_calls(g, &r, e) : agent_run_calls(g, r.calls, r.calls_n, e);
    return rc < 0 ? rc : !g->pending;
}

int agent_answer(struct run *r, struct err *e)
{
    struct map ids = MAP_INIT(r->arena);
    struct agent g = { .run = r, .llm = r->llm, .ids = &ids, .before = STR("") };
    struct title title;
    agent_prepare(&g);
    int rc = agent_load_history(&g, e);
    if (rc == 0 && r->question.resume_payload.p)
        rc = agent_resume(&g, e);
    else if (rc == 0)
        rc = 1;
    begin_title(&g, &title);
    for (int round = 0; rc > 0 && !run_cancelled(r); round++)
        rc = run_round(&g, round, e);
    end_title(&title);
    return rc;
}
