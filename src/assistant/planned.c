/* planned.c - answers made by the built-in planner: what it understood is run through the API, and shown
 * as a chart before it is put in words. */
#include <stdio.h>

#include "assistant/known.h"
#include "assistant/run.h"
#include "base/limits.h"
#include "base/log.h"

/* What a turn leaves to the next one. */
static str memo_of(const struct run *r)
{
    struct json *state;
    struct err ignored = ERR_INIT;
    if (!r->conversation.state.p ||
        json_parse(r->arena, r->conversation.state, &state, &ignored) < 0)
        return STR_NULL;
    return json_get_text(state, "planner_memo");
}

static void keep_memo(struct run *r, str memo)
{
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '{');
    json_key(&w, "planner_memo");
    json_str(&w, memo);
    json_close(&w, '}');
    r->conversation.state = arena_str(r->arena, buf_view(&b));
    buf_release(&b);
    struct db *d = store_take(r->cfg->store);
    if (conversation_set_state(d, r->conversation.number, r->conversation.state, &e) < 0)
        log_warn("a conversation's state could not be kept", "error", err_message(&e));
    store_give(d);
}

static str json_text(struct arena *a, const struct json *v)
{
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    json_tree(&w, v);
    str text = arena_str(a, buf_view(&b));
    buf_release(&b);
    return text;
}

/* -------------------------------------------------------------------------- charts */

static int say_chart(struct run *r, const struct planner_insight *i, str plan, struct err *e)
{
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    struct message m = { .type = STR("ai/artifact"), .source = STR("artifact") };
    json_open(&w, '{');
    json_key(&w, "content_type");
    json_z(&w, "visualization");
    json_key(&w, "query");
    json_tree(&w, i->query);
    json_key(&w, "name");
    json_str(&w, i->name);
    json_key(&w, "description");
    json_str(&w, plan);
    json_key(&w, "plan");
    json_str(&w, plan);
    json_close(&w, '}');
    m.artifact = arena_str(r->arena, buf_view(&b));
    buf_release(&b);
    return run_say(r, &m, e);
}

static str raw_member(struct arena *a, const struct json *answer, const char *key)
{
    const struct json *v = json_get(answer, key);
    return v && v->type != JSON_NULL ? json_text(a, v) : STR_NULL;
}

/* Each query, in order; one that fails is told by the wording. The last failure is kept for the log and
 * for the user when all fail. */
static size_t run_queries(struct run *r, const struct planner_plan *plan,
                          struct planner_result *results, struct err *last)
{
    size_t failed = 0;
    for (size_t i = 0; i < plan->insights_n && !run_cancelled(r); i++) {
        struct json *answer;
        if (known_query(r, r->arena, plan->insights[i].query, &answer, last) < 0) {
            failed++;
            continue;
        }
        results[i].results = raw_member(r->arena, answer, "results");
        results[i].columns = raw_member(r->arena, answer, "columns");
    }
    return failed;
}

/* -------------------------------------------------------------------------- dashboards */

static int create(struct run *r, str path, struct json *body, struct json **made, struct err *e)
{
    int status = run_call(r, r->arena, "POST", path, NULL, json_text(r->arena, body), made);
    return status == 201 && *made ? 0 : known_refusal(status, *made, e);
}

static int make_dashboard(struct run *r, const struct planner_plan *plan, str *said, struct err *e)
{
    struct arena *a = r->arena;
    struct json *body = json_new(a, JSON_OBJECT), *made;
    json_set(body, STR("name"), json_new_str(a, plan->name));
    json_set(body, STR("description"), json_new_str(a, plan->understood));
    int rc = create(r, STR("dashboards/"), body, &made, e);
    if (rc < 0)
        return rc;
    const struct json *id = json_get(made, "id");
    for (size_t i = 0; i < plan->insights_n && rc == 0; i++) {
        struct json *insight = json_new(a, JSON_OBJECT), *node = json_new(a, JSON_OBJECT),
                    *list = json_new(a, JSON_ARRAY);
        list->head = json_share(a, id);
        list->count = 1;
        json_set(node, STR("kind"), json_new_str(a, STR("InsightVizNode")));
        json_set(node, STR("source"), json_share(a, plan->insights[i].query));
        json_set(insight, STR("name"), json_new_str(a, plan->insights[i].name));
        json_set(insight, STR("query"), node);
        json_set(insight, STR("saved"), json_new_bool(a, true));
        json_set(insight, STR("dashboards"), list);
        rc = create(r, STR("insights/"), insight, &made, e);
    }
    *said = arena_printf(a, "\n\nI made the dashboard [" STR_FMT "](/project/%lld/dashboard/%lld).",
                         STR_ARG(plan->name), (long long)r->project.id, (long long)id->i64);
    return rc;
}

/* -------------------------------------------------------------------------- answers */

static int say_refused(struct run *r, const struct err *why, struct err *e)
{
    str text = arena_printf(r->arena, "I cannot read the data for you: %s", err_message(why));
    return run_say_text(r, text, e);
}

static int answer(struct run *r, const struct known *k, const struct planner_plan *plan,
                  struct err *e)
{
    struct err last = ERR_INIT;
    str more = STR("");
    struct planner_result *results =
        arena_alloc(r->arena, (plan->insights_n + 1) * sizeof(*results));
    size_t failed = run_queries(r, plan, results, &last);
    if (plan->insights_n && failed == plan->insights_n)
        return say_refused(r, &last, e);
    int rc = 0;
    for (size_t i = 0; i < plan->insights_n && rc == 0; i++)
        if (plan->insights[i].shown && results[i].results.p)
            rc = say_chart(r, &plan->insights[i], plan->understood, e);
    if (rc == 0 && plan->kind == PLANNER_DASHBOARD) {
        struct err refused = ERR_INIT;
        if (make_dashboard(r, plan, &more, &refused) < 0)
            more = arena_printf(r->arena, "\n\nThe dashboard could not be made: %s",
                                err_message(&refused));
    }
    if (rc < 0)
        return rc;
    str words = str_trim(planner_word(&k->project, r->arena, plan, results));
    return run_say_text(r, arena_printf(r->arena, STR_FMT "%s" STR_FMT STR_FMT,
                                        STR_ARG(plan->understood), words.n ? "\n\n" : "",
                                        STR_ARG(words), STR_ARG(more)), e);
}

/* A question back: buttons, each the next message as it stands. */
static int ask_back(struct run *r, const struct planner_plan *plan, struct err *e)
{
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '{');
    json_key(&w, "form");
    json_open(&w, '{');
    json_key(&w, "options");
    json_open(&w, '[');
    for (size_t i = 0; i < plan->choices_n; i++) {
        json_open(&w, '{');
        json_key(&w, "value");
        json_str(&w, plan->choices[i]);
        json_key(&w, "variant");
        json_z(&w, i ? "secondary" : "primary");
        json_close(&w, '}');
    }
    json_close(&w, ']');
    json_close(&w, '}');
    json_close(&w, '}');
    struct message m = { .type = STR("ai"), .content = plan->text, .tool_calls = STR("[]"),
                         .meta = arena_str(r->arena, buf_view(&b)) };
    buf_release(&b);
    return run_say(r, &m, e);
}

static int refuse(struct run *r, const struct planner_plan *plan, struct err *e)
{
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    buf_str(&b, plan->text);
    for (size_t i = 0; i < plan->examples_n; i++)
        buf_printf(&b, "%s- " STR_FMT, i ? "\n" : "\n\nYou can ask, for example:\n\n",
                   STR_ARG(plan->examples[i]));
    str text = arena_str(r->arena, buf_view(&b));
    buf_release(&b);
    return run_say_text(r, text, e);
}

static int say_plan(struct run *r, const struct known *k, const struct planner_plan *plan,
                    struct err *e)
{
    switch (plan->kind) {
    case PLANNER_ANSWER:
    case PLANNER_DASHBOARD:
        return answer(r, k, plan, e);
    case PLANNER_QUESTION:
        return ask_back(r, plan, e);
    case PLANNER_REFUSAL:
        return refuse(r, plan, e);
    case PLANNER_TEXT:
        return run_say_text(r, plan->text, e);
    }
    return 0;
}

int planned_answer(struct run *r, struct err *e)
{
    struct known k;
    struct planner_plan plan;
    struct err refused = ERR_INIT;
    int rc = known_load(r, r->arena, &k, &refused);
    if (rc == 0)
        rc = planner_read(&k.project, r->arena, r->question.content, memo_of(r), &plan, &refused);
    if (rc < 0)
        return run_cancelled(r) ? rc : say_refused(r, &refused, e);
    rc = say_plan(r, &k, &plan, e);
    if (rc == 0)
        keep_memo(r, plan.memo);
    return rc;
}
