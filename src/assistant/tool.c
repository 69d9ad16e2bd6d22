/* tool.c - see tool.h: the table, and what all tools share. */
#include "assistant/tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "hogql/hogql.h"

static const struct tool *const tables[] = { taxonomy_tools, data_tools, insight_tools,
                                             dashboard_tools, session_tools };

static const char *const modes[] = { "product_analytics", "sql", "session_replay",
                                     "error_tracking", "plan", "execution", "survey", "research",
                                     "flags", "llm_analytics", "user_interview",
                                     "customer_analytics" };

bool tool_mode_known(str mode)
{
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        if (str_eqz(mode, modes[i]))
            return true;
    return false;
}

static bool in_mode(const struct tool *t, str mode)
{
    str rest = str_of(t->modes);
    while (rest.p)
        if (str_eq(str_split(&rest, ' '), mode))
            return true;
    return !t->modes;
}

const struct tool **tools_of(struct arena *a, str mode, size_t *n)
{
    const struct tool **list = NULL;
    *n = 0;
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (const struct tool *t = tables[i]; t->name; t++) {
            if (!in_mode(t, mode))
                continue;
            list = arena_grown(a, list, *n, sizeof(*list));
            list[(*n)++] = t;
        }
    return list;
}

const struct tool *tool_find(str name)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (const struct tool *t = tables[i]; t->name; t++)
            if (str_eqz(name, t->name))
                return t;
    return NULL;
}

/* -------------------------------------------------------------------------- results */

void tool_fail(struct tool_call *c, struct tool_result *out, const char *fmt, ...)
{
    char text[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    out->outcome = TOOL_FAILED;
    out->text = arena_str(c->arena, str_of(text));
}

void tool_fail_call(struct tool_call *c, struct tool_result *out, int status,
                    const struct json *answer)
{
    str detail = json_get_text(answer, "detail"), attr = json_get_text(answer, "attr");
    const char *hint = status == 403   ? "The user may not do this. Do not try again."
                       : status == 404 ? "Look for the right id first."
                       : status < 500  ? "You may try again with other arguments."
                                       : "Do not try again at once.";
    if (!detail.p)
        detail = STR("no reason was given");
    tool_fail(c, out, "The call failed (%d): " STR_FMT "%s" STR_FMT "%s. %s", status,
              STR_ARG(str_utf8_prefix(detail, 1200)), attr.n ? " (" : "", STR_ARG(attr),
              attr.n ? ")" : "", hint);
}

str tool_json(struct arena *a, const struct json *v)
{
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    json_tree(&w, v);
    str text = arena_str(a, buf_view(&b));
    buf_release(&b);
    return text;
}

str tool_capped(struct arena *a, str text, size_t max)
{
    if (text.n <= max)
        return text;
    while (max && ((unsigned char)text.p[max] & 0xC0) == 0x80)
        max--;
    return arena_printf(a, STR_FMT "\n… (%zu bytes more were left out; ask for less)", (int)max,
                        text.p, text.n - max);
}

/* -------------------------------------------------------------------------- what may be told */

static bool is_redacted(const struct tool_call *c, str name)
{
    for (const struct json *p = c->redacted ? c->redacted->head : NULL; p; p = p->next)
        if (p->type == JSON_STRING && str_eq_nocase(p->text, name))
            return true;
    return false;
}

static bool tree_names_redacted(const struct tool_call *c, const struct hogql_node *n)
{
    if (!n)
        return false;
    if (n->kind == HOGQL_FIELD && n->names_n && is_redacted(c, n->names[n->names_n - 1]))
        return true;
    bool whole = n->kind == HOGQL_STAR || n->kind == HOGQL_COLUMNS ||
                 (n->kind == HOGQL_FIELD && n->names_n &&
                  (str_eqz(n->names[n->names_n - 1], "properties") ||
                   str_eqz(n->names[n->names_n - 1], "person_properties")));
    if (whole && c->redacted && c->redacted->head) /* all of them, also those */
        return true;
    if (n->kind == HOGQL_CONSTANT && n->op == HOGQL_STRING && is_redacted(c, n->text))
        return true;
    for (uint32_t i = 0; i < n->n; i++)
        if (tree_names_redacted(c, n->kids[i]))
            return true;
    return false;
}

/* Does the query read one of the properties that are not told? Then texts of its results are not, either. */
static bool names_redacted(struct tool_call *c, const struct json *v)
{
    static const char *const keys[] = { "key", "breakdown", "property", "math_property" };
    struct hogql_node *tree;
    struct err ignored = ERR_INIT;
    bool sql = str_eqz(v->key, "query") || str_eqz(v->key, "math_hogql") ||
               str_eqz(v->key, "breakdown") || str_eqz(v->key, "key");
    if (v->type == JSON_STRING) {
        for (size_t i = 0; i < ARRAY_LEN(keys); i++)
            if (str_eqz(v->key, keys[i]) && is_redacted(c, v->text))
                return true;
        return sql &&
               (hogql_parse_select(c->arena, v->text, NULL, &tree, &ignored) == 0 ||
                hogql_parse_expr(c->arena, v->text, NULL, &tree, &ignored) == 0) &&
               tree_names_redacted(c, tree);
    }
    if (v->type != JSON_OBJECT && v->type != JSON_ARRAY)
        return false;
    for (const struct json *m = v->head; m; m = m->next) {
        if (v->type == JSON_ARRAY && m->type == JSON_STRING && str_eqz(v->key, "breakdown") &&
            is_redacted(c, m->text))
            return true;
        if (names_redacted(c, m))
            return true;
    }
    return false;
}

/* Are the rows of this query sums over many? Every column is an aggregate or what is grouped by. */
static bool is_aggregate(struct tool_call *c, const struct json *query)
{
    struct hogql_node *tree;
    struct err ignored = ERR_INIT; /* it ran, so it parses; if not, it is none */
    str sql = json_get_text(query, "query");
    if (!str_eqz(json_get_text(query, "kind"), "HogQLQuery"))
        return !str_eqz(json_get_text(query, "kind"), "EventsQuery") &&
               !str_eqz(json_get_text(query, "kind"), "ActorsQuery");
    return hogql_parse_select(c->arena, sql, NULL, &tree, &ignored) == 0 &&
           tool_sums_up(tree);
}

/* -------------------------------------------------------------------------- results as text */

#define TABLE_ROWS 100
#define RESULT_BYTES 16000
#define CELL_BYTES 200

static void put_cell(struct buf *b, struct arena *a, const struct json *v, bool hidden)
{
    if (hidden && v->type != JSON_NUMBER && v->type != JSON_NULL) {
        buf_z(b, "(hidden)");
        return;
    }
    str text = v->type == JSON_STRING ? v->text : tool_json(a, v);
    text = text.n > CELL_BYTES ? str_utf8_prefix(text, CELL_BYTES / 4) : text;
    for (size_t i = 0; i < text.n; i++)
        buf_char(b, text.p[i] == '\n' || text.p[i] == '|' ? ' ' : text.p[i]);
}

static void put_table(struct buf *b, struct arena *a, const struct json *columns,
                      const struct json *rows, bool hidden)
{
    size_t n = 0;
    for (const struct json *col = columns->head; col; col = col->next)
        buf_printf(b, "%s" STR_FMT, col == columns->head ? "" : " | ", STR_ARG(col->text));
    for (const struct json *row = rows->head; row && n < TABLE_ROWS; row = row->next, n++) {
        buf_char(b, '\n');
        if (row->type != JSON_ARRAY) {
            put_cell(b, a, row, hidden);
            continue;
        }
        for (const struct json *v = row->head; v; v = v->next) {
            if (v != row->head)
                buf_z(b, " | ");
            put_cell(b, a, v, hidden);
        }
    }
    buf_printf(b, "\n(%zu rows%s)", rows->count, rows->count > n ? ", the first are shown" : "");
}

/* Members that say nothing to a model: how to open what is behind a number, and the query again. */
static bool is_bulky(str key)
{
    static const char *const names[] = { "action", "filter", "persons_urls", "persons_url", "labels",
                                         "converted_people_url", "dropped_people_url", "people",
                                         "people_url", "custom_name", "compare_label_date" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eqz(key, names[i]))
            return true;
    return false;
}

static struct json *without_bulk(struct arena *a, const struct json *v, bool hidden, str key)
{
    bool named = str_eqz(key, "days") || str_eqz(key, "date") || str_eqz(key, "order") ||
                 str_eqz(key, "name") || str_eqz(key, "compare_label") || str_eqz(key, "status");
    struct json *out = json_share(a, v);
    if (hidden && v->type == JSON_STRING && !named)
        return json_new_str(a, STR("(hidden)"));
    if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
        return out;
    struct json **tail = &out->head;
    *tail = NULL;
    out->count = 0;
    for (const struct json *m = v->head; m; m = m->next) {
        if (v->type == JSON_OBJECT && is_bulky(m->key))
            continue;
        struct json *kept = without_bulk(a, m, hidden, v->type == JSON_OBJECT ? m->key : key);
        kept->key = m->key;
        kept->next = NULL;
        *tail = kept;
        tail = &kept->next;
        out->count++;
    }
    return out;
}

str tool_result_text(struct tool_call *c, const struct json *query, const struct json *answer)
{
    struct arena *a = c->arena;
    const struct json *columns = json_get(answer, "columns"), *results = json_get(answer,
                                                                                  "results");
    size_t n = json_is(results, JSON_ARRAY) ? results->count : 1;
    if (!results)
        return STR("The query gave nothing.");
    if (c->level == LEVEL_SCHEMA)
        return arena_printf(a, "The query ran (%zu results). The user sees them; this project does "
                               "not let you see numbers. Do not guess any.", n);
    if (c->level == LEVEL_AGGREGATES && !is_aggregate(c, query))
        return arena_printf(a, "The query ran (%zu rows). The user sees them; this project lets you "
                               "see aggregates only. Group and count to learn more.", n);
    bool hidden = names_redacted(c, query);
    if (json_is(columns, JSON_ARRAY) && json_is(results, JSON_ARRAY)) {
        struct buf b = BUF_INIT(LIMIT_RESPONSE);
        put_table(&b, a, columns, results, hidden);
        str text = arena_str(a, buf_view(&b));
        buf_release(&b);
        return tool_capped(a, text, RESULT_BYTES);
    }
    return tool_capped(a, tool_json(a, without_bulk(a, results, hidden, STR(""))), RESULT_BYTES);
}
