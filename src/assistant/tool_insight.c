/* tool_insight.c - questions about numbers: queries that are run, and shown as they ran, and insights that
 * are saved. */
#include <stdio.h>

#include "assistant/known.h"
#include "assistant/tool.h"
#include "base/limits.h"

#define TITLE_MOST 400

static const struct {
    const char *type, *kind;
} kinds[] = {
    { "trends", "TrendsQuery" },         { "funnel", "FunnelsQuery" },
    { "retention", "RetentionQuery" },   { "stickiness", "StickinessQuery" },
    { "lifecycle", "LifecycleQuery" },   { "paths", "PathsQuery" },
    { "sql", "HogQLQuery" },
};

static str chart(struct tool_call *c, const struct json *query)
{
    struct arena *a = c->arena;
    struct json *v = json_new(a, JSON_OBJECT);
    json_set(v, STR("content_type"), json_new_str(a, STR("visualization")));
    json_set(v, STR("query"), json_share(a, query));
    str name = json_get_text(c->args, "viz_title"), text = json_get_text(c->args,
                                                                        "viz_description");
    json_set(v, STR("name"), json_new_str(a, name.p ? str_utf8_prefix(name, TITLE_MOST) : STR("")));
    json_set(v, STR("description"), json_new_str(a, text.p ? text : STR("")));
    str plan = json_get_text(c->args, "query_description");
    if (plan.p)
        json_set(v, STR("plan"), json_new_str(a, plan));
    return tool_json(a, v);
}

/* -------------------------------------------------------------------------- create_insight */

/* A description alone: the built-in planner knows what many of them mean. */
static int plan_query(struct tool_call *c, str description, const struct json **query,
                      struct tool_result *out)
{
    struct known k;
    struct planner_plan plan;
    struct err e = ERR_INIT;
    int rc = known_load(c->run, c->arena, &k, &e);
    if (rc == 0)
        rc = planner_read(&k.project, c->arena, description, STR_NULL, &plan, &e);
    if (rc < 0) {
        tool_fail(c, out, "The data could not be read: %s", err_message(&e));
        return -1;
    }
    for (size_t i = 0; plan.kind == PLANNER_ANSWER && i < plan.insights_n; i++)
        if (plan.insights[i].shown) {
            *query = plan.insights[i].query;
            return 0;
        }
    tool_fail(c, out, "Give the query itself, as `query`. The description alone was not "
                      "understood: " STR_FMT, STR_ARG(plan.text.p ? plan.text : STR("")));
    return -1;
}

static int query_of(struct tool_call *c, const struct json **query, struct tool_result *out)
{
    str type = json_get_text(c->args, "insight_type");
    const struct json *given = json_get(c->args, "query");
    if (!json_is(given, JSON_OBJECT))
        return plan_query(c, json_get_text(c->args, "query_description"), query, out);
    struct json *node = json_share(c->arena, given);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (!json_get_text(given, "kind").n && str_eqz(type, kinds[i].type)) {
            node = json_merge(c->arena, given, NULL);
            json_set(node, STR("kind"), json_new_str(c->arena, str_of(kinds[i].kind)));
        }
    *query = node;
    return 0;
}

static void create_insight(struct tool_call *c, struct tool_result *out)
{
    const struct json *query;
    struct json *answer;
    struct err e = ERR_INIT;
    if (query_of(c, &query, out) < 0)
        return;
    if (known_query(c->run, c->arena, query, &answer, &e) < 0) {
        tool_fail(c, out, "The query was not accepted: %s. Correct it and try again.",
                  err_message(&e));
        return;
    }
    out->artifact = chart(c, query);
    out->text = tool_result_text(c, query, answer);
    out->ui = tool_json(c->arena, query);
}

/* -------------------------------------------------------------------------- execute_sql */

static void execute_sql(struct tool_call *c, struct tool_result *out)
{
    struct arena *a = c->arena;
    struct json *answer, *node = json_new(a, JSON_OBJECT), *shown = json_new(a, JSON_OBJECT);
    struct err e = ERR_INIT;
    str sql = json_get_text(c->args, "query"), display = json_get_text(c->args, "display");
    if (!sql.n) {
        tool_fail(c, out, "`query` must be a HogQL SELECT.");
        return;
    }
    json_set(node, STR("kind"), json_new_str(a, STR("HogQLQuery")));
    json_set(node, STR("query"), json_new_str(a, sql));
    if (json_is(json_get(c->args, "filters"), JSON_OBJECT))
        json_set(node, STR("filters"), json_share(a, json_get(c->args, "filters")));
    if (known_query(c->run, a, node, &answer, &e) < 0) {
        tool_fail(c, out, "The query failed: %s. Correct it and try again.", err_message(&e));
        return;
    }
    json_set(shown, STR("kind"), json_new_str(a, STR("DataVisualizationNode")));
    json_set(shown, STR("source"), json_share(a, node));
    if (display.p)
        json_set(shown, STR("display"), json_new_str(a, display));
    if (json_is(json_get(c->args, "chart_settings"), JSON_OBJECT))
        json_set(shown, STR("chartSettings"), json_share(a, json_get(c->args, "chart_settings")));
    out->artifact = chart(c, shown);
    out->text = tool_result_text(c, node, answer);
    bool whole = display.p || json_get(shown, "chartSettings");
    out->ui = whole                      ? tool_json(a, shown)
              : json_get(node, "filters") ? tool_json(a, node)
                                          : tool_json(a, json_new_str(a, sql));
}

/* -------------------------------------------------------------------------- saved insights */

/* A query as it is saved: a bare analysis is wrapped. */
static struct json *wrapped(struct arena *a, const struct json *query)
{
    str kind = json_get_text(query, "kind");
    bool sql = str_eqz(kind, "HogQLQuery");
    struct json *node = json_new(a, JSON_OBJECT);
    if (!str_ends(kind, STR("Query")))
        return json_share(a, query);
    json_set(node, STR("kind"), json_new_str(a, sql ? STR("DataTableNode") : STR("InsightVizNode")));
    json_set(node, STR("source"), json_share(a, query));
    return node;
}

void tool_show_insight(struct tool_call *c, const struct json *insight, struct tool_result *out)
{
    struct arena *a = c->arena;
    struct json *v = json_new(a, JSON_OBJECT);
    const struct json *query = json_get(insight, "query");
    str name = json_get_text(insight, "name"), text = json_get_text(insight, "description");
    if (!json_is(query, JSON_OBJECT))
        return;
    json_set(v, STR("content_type"), json_new_str(a, STR("visualization")));
    json_set(v, STR("query"), json_share(a, query));
    json_set(v, STR("name"), json_new_str(a, name.p ? name : STR("")));
    json_set(v, STR("description"), json_new_str(a, text.p ? text : STR("")));
    out->artifact = tool_json(a, v);
    out->insight = json_get_text(insight, "short_id");
}

/* Saving anew changes nothing that is there; changing a saved one is the user's to decide. */
static void save_insight(struct tool_call *c, struct tool_result *out)
{
    struct arena *a = c->arena;
    struct json *body = json_new(a, JSON_OBJECT), *answer;
    const struct json *query = json_get(c->args, "query");
    str id = json_get_text(c->args, "insight_id"), artifact = json_get_text(c->args, "artifact_id");
    static const char *const texts[] = { "name", "description" };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (json_get_text(c->args, texts[i]).p)
            json_set(body, str_of(texts[i]),
                     json_new_str(a, str_utf8_prefix(json_get_text(c->args, texts[i]),
                                                     TITLE_MOST)));
    if (artifact.p)
        query = tool_artifact_query(c, artifact);
    if (json_is(query, JSON_OBJECT))
        json_set(body, STR("query"), wrapped(a, query));
    if (!id.n && !json_get(body, "query")) {
        tool_fail(c, out, "A new insight needs `query`, or the `artifact_id` of a chart made here.");
        return;
    }
    if (id.n && !c->approved) {
        out->outcome = TOOL_APPROVAL;
        out->preview = arena_printf(a, "Change the saved insight `" STR_FMT "`:\n\n```json\n" STR_FMT
                                       "\n```", STR_ARG(id), STR_ARG(tool_json(a, body)));
        return;
    }
    json_set(body, STR("saved"), json_new_bool(a, true));
    str path = id.n ? arena_printf(a, "insights/" STR_FMT "/", STR_ARG(id)) : STR("insights/");
    int status = run_call(c->run, a, id.n ? "PATCH" : "POST", path, NULL, tool_json(a, body),
                          &answer);
    if (status != 200 && status != 201) {
        tool_fail_call(c, out, status, answer);
        return;
    }
    str short_id = json_get_text(answer, "short_id");
    out->text = arena_printf(a, "Saved as insight " STR_FMT ".", STR_ARG(short_id));
    tool_show_insight(c, answer, out);
    out->ui = arena_printf(a, "{\"insight_id\":\"" STR_FMT "\"}", STR_ARG(short_id));
}

#define VIZ "\"viz_title\":{\"type\":\"string\"},\"viz_description\":{\"type\":\"string\"}"

const struct tool insight_tools[] = {
    { "create_insight",
      "Answers a question about numbers with a chart: runs the query and shows it to the user. `query` is a "
      "query node: {\"kind\":\"TrendsQuery\",\"series\":[{\"kind\":\"EventsNode\",\"event\":\"…\","
      "\"math\":\"total|dau|sum|avg…\",\"math_property\":\"…\"}],\"dateRange\":{\"date_from\":\"-30d\"},"
      "\"interval\":\"day|week|month\",\"breakdownFilter\":{\"breakdown\":\"$browser\","
      "\"breakdown_type\":\"event|person\"},\"properties\":[{\"key\":\"…\",\"value\":[\"…\"],"
      "\"operator\":\"exact\",\"type\":\"event|person\"}],\"compareFilter\":{\"compare\":true}}, or a "
      "FunnelsQuery (series in order, funnelsFilter), RetentionQuery (retentionFilter), StickinessQuery, "
      "LifecycleQuery, PathsQuery (pathsFilter). Without `query` the description is read.",
      "{\"type\":\"object\",\"properties\":{\"query_description\":{\"type\":\"string\"},"
      "\"insight_type\":{\"type\":\"string\",\"enum\":[\"trends\",\"funnel\",\"retention\","
      "\"stickiness\",\"lifecycle\",\"paths\",\"sql\"]},\"query\":{\"type\":\"object\"}," VIZ "},"
      "\"required\":[\"query_description\",\"insight_type\",\"viz_title\"]}",
      create_insight, NULL },
    { "execute_sql",
      "Runs a HogQL SELECT (ClickHouse-like SQL over events, persons, groups, sessions; properties as "
      "properties.name, person.properties.name) and shows its rows to the user.",
      "{\"type\":\"object\",\"properties\":{\"query\":{\"type\":\"string\"}," VIZ ","
      "\"display\":{\"type\":\"string\"},\"filters\":{\"type\":\"object\"},"
      "\"chart_settings\":{\"type\":\"object\"}},\"required\":[\"query\",\"viz_title\"]}",
      execute_sql, NULL },
    { "save_insight",
      "Saves a chart as an insight of the project, or changes a saved one (insight_id), which the user "
      "has to approve. Only when the user asked for it.",
      "{\"type\":\"object\",\"properties\":{\"insight_id\":{\"type\":\"string\"},"
      "\"artifact_id\":{\"type\":\"string\"},\"query\":{\"type\":\"object\"},"
      "\"name\":{\"type\":\"string\"},\"description\":{\"type\":\"string\"}}}",
      save_insight, NULL },
    { 0 },
};
