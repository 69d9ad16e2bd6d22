/* tool_dashboard.c - dashboards made of charts of this conversation and of saved insights. */
#include <stdio.h>

#include "assistant/tool.h"
#include "base/limits.h"

#define TEXT_MOST 400
#define INSIGHTS_MOST 50

struct board {
    struct tool_call *c;
    struct tool_result *out;
    struct json *ids; /* numbers of insights, in order */
    const struct json *named; /* what the model named */
};

static str cut(const struct json *o, const char *key)
{
    return str_utf8_prefix(json_get_text(o, key), TEXT_MOST);
}

static void add_number(struct board *b, const struct json *id)
{
    struct json **tail = &b->ids->head;
    while (*tail)
        tail = &(*tail)->next;
    *tail = json_share(b->c->arena, id);
    (*tail)->next = NULL;
    b->ids->count++;
}

/* A chart of the conversation is saved as an insight first. */
static bool add_artifact(struct board *b, str name, const struct json *query)
{
    struct arena *a = b->c->arena;
    struct json *body = json_new(a, JSON_OBJECT), *node = json_new(a, JSON_OBJECT), *made;
    str kind = json_get_text(query, "kind");
    bool wrap = str_ends(kind, STR("Query"));
    json_set(node, STR("kind"), json_new_str(a, str_eqz(kind, "HogQLQuery") ? STR("DataTableNode")
                                                                        : STR("InsightVizNode")));
    json_set(node, STR("source"), json_share(a, query));
    json_set(body, STR("name"), json_new_str(a, name));
    json_set(body, STR("query"), wrap ? node : json_share(a, query));
    json_set(body, STR("saved"), json_new_bool(a, true));
    int status = run_call(b->c->run, a, "POST", STR("insights/"), NULL, tool_json(a, body), &made);
    if (status == 201)
        add_number(b, json_get(made, "id"));
    else
        tool_fail_call(b->c, b->out, status, made);
    return status == 201;
}

static bool add_insight(struct board *b, str id)
{
    struct json *answer;
    str path = arena_printf(b->c->arena, "insights/" STR_FMT "/", STR_ARG(str_utf8_prefix(id, 40)));
    int status = run_call(b->c->run, b->c->arena, "GET", path, NULL, STR_NULL, &answer);
    if (status == 200)
        add_number(b, json_get(answer, "id"));
    else
        tool_fail(b->c, b->out, "There is no insight or chart \"" STR_FMT "\". List them and try "
                                "again.", STR_ARG(id));
    return status == 200;
}

static bool take_insights(struct board *b)
{
    size_t n = 0;
    for (const struct json *v = b->named ? b->named->head : NULL; v; v = v->next) {
        str id = v->text;
        const struct json *query = tool_artifact_query(b->c, id);
        if (n++ >= INSIGHTS_MOST) {
            tool_fail(b->c, b->out, "A dashboard takes %d insights at most.", INSIGHTS_MOST);
            return false;
        }
        bool ok = query ? add_artifact(b, arena_printf(b->c->arena, "Chart " STR_FMT, STR_ARG(id)),
                                       query)
                        : add_insight(b, id);
        if (!ok)
            return false;
    }
    return true;
}

/* Each insight says on which dashboards it is. */
static bool place_insights(struct board *b, const struct json *dashboard)
{
    struct arena *a = b->c->arena;
    for (const struct json *id = b->ids->head; id; id = id->next) {
        struct json *one, *answer, *body = json_new(a, JSON_OBJECT), *all = json_new(a, JSON_ARRAY);
        str path = arena_printf(a, "insights/%lld/", (long long)id->i64);
        int status = run_call(b->c->run, a, "GET", path, NULL, STR_NULL, &one);
        const struct json *has = json_get(one, "dashboards");
        struct json **tail = &all->head;
        bool there = false;
        for (const struct json *d = has ? has->head : NULL; d && status == 200; d = d->next) {
            *tail = json_share(a, d);
            (*tail)->next = NULL;
            tail = &(*tail)->next;
            all->count++;
            there = there || d->i64 == dashboard->i64;
        }
        if (there)
            continue;
        *tail = json_share(a, dashboard);
        (*tail)->next = NULL;
        all->count++;
        json_set(body, STR("dashboards"), all);
        if (status == 200)
            status = run_call(b->c->run, a, "PATCH", path, NULL, tool_json(a, body), &answer);
        if (status != 200) {
            tool_fail_call(b->c, b->out, status, status == 200 ? NULL : answer);
            return false;
        }
    }
    return true;
}

static bool wanted(const struct board *b, int64_t id)
{
    for (const struct json *v = b->ids->head; v; v = v->next)
        if (v->i64 == id)
            return true;
    return false;
}

/* Tiles whose insights were not named go; texts stay. */
static bool drop_others(struct board *b, const struct json *board)
{
    const struct json *tiles = json_get(board, "tiles");
    struct arena *a = b->c->arena;
    for (const struct json *t = tiles ? tiles->head : NULL; t; t = t->next) {
        const struct json *insight = json_get(t, "insight"), *id = json_get(insight, "id");
        struct json *answer;
        if (!json_is(id, JSON_NUMBER) || wanted(b, id->i64))
            continue;
        str body = arena_printf(a, "{\"tiles\":[{\"id\":%lld,\"deleted\":true}]}",
                                (long long)json_get(t, "id")->i64);
        str path = arena_printf(a, "dashboards/%lld/", (long long)json_get(board, "id")->i64);
        int status = run_call(b->c->run, a, "PATCH", path, NULL, body, &answer);
        if (status != 200) {
            tool_fail_call(b->c, b->out, status, answer);
            return false;
        }
    }
    return true;
}

static void say_done(struct board *b, const char *what, const struct json *id)
{
    b->out->text = arena_printf(b->c->arena, "The dashboard %lld was %s.", (long long)id->i64, what);
    b->out->ui = arena_printf(b->c->arena, "{\"dashboard_id\":%lld}", (long long)id->i64);
}

static void create(struct board *b, const struct json *action)
{
    struct arena *a = b->c->arena;
    struct json *body = json_new(a, JSON_OBJECT), *made;
    if (!take_insights(b))
        return;
    json_set(body, STR("name"), json_new_str(a, cut(action, "name")));
    json_set(body, STR("description"), json_new_str(a, cut(action, "description")));
    int status = run_call(b->c->run, a, "POST", STR("dashboards/"), NULL, tool_json(a, body), &made);
    if (status != 201) {
        tool_fail_call(b->c, b->out, status, made);
        return;
    }
    if (place_insights(b, json_get(made, "id")))
        say_done(b, "made", json_get(made, "id"));
}

static void update(struct board *b, const struct json *action)
{
    struct arena *a = b->c->arena;
    static const char *const texts[] = { "name", "description" };
    struct json *body = json_new(a, JSON_OBJECT), *board, *answer;
    const struct json *id = json_get(action, "dashboard_id");
    str path = arena_printf(a, "dashboards/" STR_FMT "/",
                            STR_ARG(id ? str_utf8_prefix(id->text, 20) : STR("0")));
    int status = run_call(b->c->run, a, "GET", path, NULL, STR_NULL, &board);
    if (status != 200) {
        tool_fail_call(b->c, b->out, status, board);
        return;
    }
    if (!take_insights(b))
        return;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (json_get_text(action, texts[i]).p)
            json_set(body, str_of(texts[i]), json_new_str(a, cut(action, texts[i])));
    status = body->head ? run_call(b->c->run, a, "PATCH", path, NULL, tool_json(a, body), &answer)
                        : 200;
    if (status != 200)
        tool_fail_call(b->c, b->out, status, answer);
    else if (!b->named || (place_insights(b, json_get(board, "id")) && drop_others(b, board)))
        say_done(b, "changed", json_get(board, "id"));
}

static void upsert_dashboard(struct tool_call *c, struct tool_result *out)
{
    const struct json *action = json_get(c->args, "action");
    str kind = json_get_text(action, "action");
    const struct json *named = json_get(action, "insight_ids");
    struct board b = { c, out, json_new(c->arena, JSON_ARRAY),
                       json_is(named, JSON_ARRAY) ? named : NULL };
    if (str_eqz(kind, "create")) {
        create(&b, action);
    } else if (!str_eqz(kind, "update")) {
        tool_fail(c, out, "action.action must be create or update.");
    } else if (!c->approved) { /* a saved dashboard is the user's to change */
        const struct json *id = json_get(action, "dashboard_id");
        out->outcome = TOOL_APPROVAL;
        out->preview = arena_printf(c->arena, "Change dashboard %lld%s:\n\n```json\n" STR_FMT
                                              "\n```", json_is(id, JSON_NUMBER) ? (long long)id->i64
                                                                                : 0LL,
                                    b.named ? "; insights not listed are removed from it" : "",
                                    STR_ARG(tool_json(c->arena, action)));
    } else {
        update(&b, action);
    }
}

const struct tool dashboard_tools[] = {
    { "upsert_dashboard",
      "Makes a dashboard of insights, or changes one, which the user has to approve. insight_ids mix ids of "
      "saved insights and of charts made in this conversation; on update they replace the set.",
      "{\"type\":\"object\",\"properties\":{\"action\":{\"type\":\"object\",\"properties\":{"
      "\"action\":{\"type\":\"string\",\"enum\":[\"create\",\"update\"]},"
      "\"dashboard_id\":{\"type\":\"integer\"},\"insight_ids\":{\"type\":\"array\","
      "\"items\":{\"type\":\"string\"}},\"name\":{\"type\":\"string\"},"
      "\"description\":{\"type\":\"string\"},\"layout_mode\":{\"type\":\"string\"}},"
      "\"required\":[\"action\"]}},\"required\":[\"action\"]}",
      upsert_dashboard, NULL },
    { 0 },
};
