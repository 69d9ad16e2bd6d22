/* tool_data.c - what is saved in the project: found, listed, read; and batch exports, tried. */
#include <stdio.h>

#include "assistant/known.h"
#include "assistant/tool.h"
#include "base/limits.h"

#define TEXT_BYTES 16000

/* What can be listed, how it is asked for, and what a line about one says. */
static const struct entity {
    const char *kind, *path;
    const char *id;      /* the member that names one */
    const char *shown;   /* members told besides, between blanks */
    bool search;         /* the list takes ?search= */
} entities[] = {
    { "insights", "insights/", "short_id", "name derived_name description last_modified_at", true },
    { "dashboards", "dashboards/", "id", "name description", true },
    { "cohorts", "cohorts/", "id", "name description", true },
    { "actions", "actions/", "id", "name description", true },
    { "batch_exports", "batch_exports/", "id", "name model interval paused", false },
};

static const struct entity *find_entity(str kind)
{
    for (size_t i = 0; i < ARRAY_LEN(entities); i++)
        if (str_eqz(kind, entities[i].kind))
            return &entities[i];
    return NULL;
}

static void put_line(struct buf *b, struct arena *a, const struct entity *en, const struct json *v)
{
    const struct json *id = json_get(v, en->id);
    str rest = str_of(en->shown);
    buf_printf(b, "- " STR_FMT, STR_ARG(id ? id->text : STR("?")));
    while (rest.p) {
        str key = str_split(&rest, ' ');
        const struct json *m = json_get_str(v, key);
        str text = !m || m->type == JSON_NULL ? STR("")
                   : m->type == JSON_STRING   ? m->text
                                              : tool_json(a, m);
        if (text.n)
            buf_printf(b, " | " STR_FMT ": " STR_FMT, STR_ARG(key),
                       STR_ARG(str_utf8_prefix(text, 200)));
    }
    buf_char(b, '\n');
}

/* False: the call failed, and out says so. */
static bool put_list(struct tool_call *c, const struct entity *en, str search, int64_t limit,
                     int64_t offset, struct buf *b, struct tool_result *out)
{
    struct arena *a = c->arena;
    struct json *answer;
    const struct http_pair query[] = {
        { "limit", arena_printf(a, "%lld", (long long)limit) },
        { "offset", arena_printf(a, "%lld", (long long)offset) },
        { search.n ? "search" : NULL, str_utf8_prefix(search, LIMIT_SEARCH) }, { NULL, STR_NULL }
    };
    int status = run_call(c->run, a, "GET", str_of(en->path), query, STR_NULL, &answer);
    if (status != 200) {
        tool_fail_call(c, out, status, answer);
        return false;
    }
    const struct json *list = json_get(answer, "results"), *next = json_get(answer, "next");
    buf_printf(b, "%s:\n", en->kind);
    for (const struct json *v = list ? list->head : NULL; v; v = v->next)
        put_line(b, a, en, v);
    if (!list || !list->head)
        buf_z(b, "(none)\n");
    if (json_is(next, JSON_STRING))
        buf_printf(b, "There are more: offset %lld.\n", (long long)(offset + limit));
    return true;
}

static void take_text(struct tool_call *c, struct buf *b, struct tool_result *out)
{
    if (out->outcome == TOOL_DONE)
        out->text = tool_capped(c->arena, arena_str(c->arena, buf_view(b)), TEXT_BYTES);
    buf_release(b);
}

static void search(struct tool_call *c, struct tool_result *out)
{
    str kind = json_get_text(c->args, "kind"), text = json_get_text(c->args, "query");
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    bool any = false;
    for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
        struct tool_result refused = { 0 };
        bool asked = str_eqz(kind, entities[i].kind);
        if (!entities[i].search || (!asked && !str_eqz(kind, "all")))
            continue;
        any = true;
        if (!put_list(c, &entities[i], text, 20, 0, &b, &refused) && asked)
            *out = refused; /* of all kinds, those the user may not read are left out */
    }
    if (!any)
        tool_fail(c, out, "kind must be all, insights, dashboards, cohorts or actions. Other kinds, "
                          "and documentation, are not there to be searched.");
    take_text(c, &b, out);
}

static int64_t number(const struct json *args, const char *name, int64_t least, int64_t most,
                      int64_t otherwise)
{
    const struct json *v = json_get(args, name);
    if (!json_is(v, JSON_NUMBER) || !v->integer)
        return otherwise;
    return v->i64 < least ? least : v->i64 > most ? most : v->i64;
}

static void list_artifacts(struct tool_call *c, struct tool_result *out)
{
    struct err e = ERR_INIT;
    str list;
    struct db *d = store_take(c->run->cfg->store);
    int rc = artifact_list(d, c->arena, c->run->conversation.number, 100, &list, &e);
    store_give(d);
    if (rc < 0)
        tool_fail(c, out, "The charts of this conversation could not be read.");
    else
        out->text = tool_capped(c->arena, list, TEXT_BYTES);
}

static void list_data(struct tool_call *c, struct tool_result *out)
{
    str kind = json_get_text(c->args, "kind");
    const struct entity *en = find_entity(kind);
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    if (str_eqz(kind, "artifacts")) {
        list_artifacts(c, out);
        return;
    }
    if (en)
        put_list(c, en, STR_NULL, number(c->args, "limit", 1, 100, 100),
                 number(c->args, "offset", 0, 1000000, 0), &b, out);
    else
        tool_fail(c, out, "kind must be insights, dashboards, cohorts, actions, batch_exports or "
                          "artifacts.");
    take_text(c, &b, out);
}

/* -------------------------------------------------------------------------- read_data */

static void run_saved(struct tool_call *c, const struct json *insight, struct tool_result *out)
{
    struct err e = ERR_INIT;
    struct json *answer;
    const struct json *query = json_get(insight, "query");
    str name = json_get_text(insight, "name");
    if (!json_is(query, JSON_OBJECT)) {
        tool_fail(c, out, "The insight has no query.");
        return;
    }
    if (known_query(c->run, c->arena, query, &answer, &e) < 0) {
        tool_fail(c, out, "The insight could not be run: %s", err_message(&e));
        return;
    }
    const struct json *source = json_get(query, "source");
    out->text = arena_printf(c->arena, STR_FMT ":\n" STR_FMT, STR_ARG(name.p ? name : STR("")),
                             STR_ARG(tool_result_text(c, source ? source : query, answer)));
    tool_show_insight(c, insight, out);
}

static bool executes(const struct json *q)
{
    const struct json *v = json_get(q, "execute");
    return json_is(v, JSON_BOOL) && v->boolean;
}

static void read_insight(struct tool_call *c, const struct json *q, struct tool_result *out)
{
    struct json *answer;
    str id = json_get_text(q, "insight_id");
    str path = arena_printf(c->arena, "insights/" STR_FMT "/", STR_ARG(str_utf8_prefix(id, 40)));
    int status = run_call(c->run, c->arena, "GET", path, NULL, STR_NULL, &answer);
    if (status != 200)
        tool_fail_call(c, out, status, answer);
    else if (executes(q))
        run_saved(c, answer, out);
    else
        out->text = arena_printf(c->arena, "name: " STR_FMT "\nquery: " STR_FMT,
                                 STR_ARG(json_get_text(answer, "name")),
                                 STR_ARG(tool_json(c->arena, json_get(answer, "query"))));
}

static void read_dashboard(struct tool_call *c, const struct json *q, struct tool_result *out)
{
    struct json *answer;
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    const struct json *id = json_get(q, "dashboard_id");
    str path = arena_printf(c->arena, "dashboards/" STR_FMT "/",
                            STR_ARG(id ? str_utf8_prefix(id->text, 20) : STR("0")));
    int status = run_call(c->run, c->arena, "GET", path, NULL, STR_NULL, &answer);
    if (status != 200) {
        tool_fail_call(c, out, status, answer);
        return;
    }
    const struct json *tiles = json_get(answer, "tiles");
    buf_printf(&b, "dashboard: " STR_FMT "\n" STR_FMT "\n", STR_ARG(json_get_text(answer, "name")),
               STR_ARG(json_get_text(answer, "description")));
    for (const struct json *t = tiles ? tiles->head : NULL; t; t = t->next) {
        const struct json *insight = json_get(t, "insight");
        struct tool_result one = { 0 };
        if (!json_is(insight, JSON_OBJECT))
            continue;
        buf_printf(&b, "- insight " STR_FMT ": " STR_FMT "\n",
                   STR_ARG(json_get_text(insight, "short_id")),
                   STR_ARG(json_get_text(insight, "name")));
        if (!executes(q))
            continue;
        run_saved(c, insight, &one);
        buf_printf(&b, STR_FMT "\n", STR_ARG(tool_capped(c->arena, one.text, 3000)));
    }
    take_text(c, &b, out);
}

const struct json *tool_artifact_query(struct tool_call *c, str id)
{
    struct err ignored = ERR_INIT;
    struct json *v;
    str content;
    struct db *d = store_take(c->run->cfg->store);
    int rc = artifact_find(d, c->arena, c->run->project.id, id, &content, &ignored);
    store_give(d);
    if (rc <= 0 || json_parse(c->arena, content, &v, &ignored) < 0)
        return NULL;
    return json_get(v, "query");
}

static void read_artifact(struct tool_call *c, const struct json *q, struct tool_result *out)
{
    const struct json *query = tool_artifact_query(c, json_get_text(q, "artifact_id"));
    if (query)
        out->text = tool_json(c->arena, query);
    else
        tool_fail(c, out, "There is no such artifact.");
}

static void read_schema(struct tool_call *c, const struct json *q, struct tool_result *out)
{
    struct json *answer;
    struct err e = ERR_INIT;
    (void)q;
    struct json *node = json_new(c->arena, JSON_OBJECT);
    json_set(node, STR("kind"), json_new_str(c->arena, STR("HogQLQuery")));
    json_set(node, STR("query"),
             json_new_str(c->arena, STR("SELECT table_name, column_name, data_type FROM "
                                        "information_schema.columns")));
    if (known_query(c->run, c->arena, node, &answer, &e) == 0)
        out->text = tool_capped(c->arena, tool_json(c->arena, json_get(answer, "results")),
                                TEXT_BYTES);
    else /* the tables every project has */
        out->text = STR("events(uuid, event, distinct_id, person_id, timestamp, properties, "
                        "person.properties, elements_chain, created_at), persons(id, created_at, "
                        "properties, is_identified), groups(index, key, created_at, properties), "
                        "sessions, person_distinct_ids, cohort_people");
}

static const struct {
    const char *kind;
    void (*read)(struct tool_call *c, const struct json *q, struct tool_result *out);
} readers[] = {
    { "insight", read_insight },
    { "dashboard", read_dashboard },
    { "artifact", read_artifact },
    { "data_warehouse_schema", read_schema },
};

static void read_data(struct tool_call *c, struct tool_result *out)
{
    const struct json *q = json_get(c->args, "query");
    str kind = json_get_text(q, "kind");
    for (size_t i = 0; i < ARRAY_LEN(readers); i++)
        if (str_eqz(kind, readers[i].kind)) {
            readers[i].read(c, q, out);
            return;
        }
    tool_fail(c, out, "query.kind must be insight, dashboard, artifact or data_warehouse_schema.");
}

/* -------------------------------------------------------------------------- batch exports */

/* Trying writes to somebody's destination, so the user is asked. */
static void test_batch_export(struct tool_call *c, struct tool_result *out)
{
    struct json *answer;
    const struct json *step = json_get(c->args, "step");
    str id = str_utf8_prefix(json_get_text(c->args, "batch_export_id"), 40);
    if (!c->approved) {
        out->outcome = TOOL_APPROVAL;
        out->preview = arena_printf(c->arena, "Try the destination of batch export `" STR_FMT "`.",
                                    STR_ARG(id));
        return;
    }
    str body = arena_printf(c->arena, "{\"step\":%lld}",
                            json_is(step, JSON_NUMBER) ? (long long)step->i64 : 0LL);
    str path = arena_printf(c->arena, "batch_exports/" STR_FMT "/run_test_step/", STR_ARG(id));
    int status = run_call(c->run, c->arena, "POST", path, NULL, body, &answer);
    if (status == 200)
        out->text = tool_capped(c->arena, tool_json(c->arena, answer), TEXT_BYTES);
    else
        tool_fail_call(c, out, status, answer);
}

const struct tool data_tools[] = {
    { "read_data", "Reads a saved insight or dashboard (execute: runs it too), a chart made in this "
                   "conversation, or which tables SQL can read.",
      "{\"type\":\"object\",\"properties\":{\"query\":{\"type\":\"object\",\"properties\":{"
      "\"kind\":{\"type\":\"string\",\"enum\":[\"insight\",\"dashboard\",\"artifact\","
      "\"data_warehouse_schema\"]},\"insight_id\":{\"type\":\"string\"},"
      "\"dashboard_id\":{\"type\":\"integer\"},\"artifact_id\":{\"type\":\"string\"},"
      "\"execute\":{\"type\":\"boolean\"}},\"required\":[\"kind\"]}},\"required\":[\"query\"]}",
      read_data, NULL },
    { "search", "Finds saved insights, dashboards, cohorts and actions by words in their names.",
      "{\"type\":\"object\",\"properties\":{\"kind\":{\"type\":\"string\",\"enum\":[\"all\","
      "\"insights\",\"dashboards\",\"cohorts\",\"actions\"]},\"query\":{\"type\":\"string\"}},"
      "\"required\":[\"kind\",\"query\"]}",
      search, NULL },
    { "list_data", "Lists what is saved, a page at a time.",
      "{\"type\":\"object\",\"properties\":{\"kind\":{\"type\":\"string\",\"enum\":[\"insights\","
      "\"dashboards\",\"cohorts\",\"actions\",\"batch_exports\",\"artifacts\"]},"
      "\"limit\":{\"type\":\"integer\"},\"offset\":{\"type\":\"integer\"}},\"required\":[\"kind\"]}",
      list_data, NULL },
    { "test_batch_export", "Runs one step of trying a batch export's destination. The user has to approve.",
      "{\"type\":\"object\",\"properties\":{\"batch_export_id\":{\"type\":\"string\"},"
      "\"step\":{\"type\":\"integer\"}},\"required\":[\"batch_export_id\"]}",
      test_batch_export, NULL },
    { 0 },
};
