/* plan.c - hoglet plan: what the built-in planner makes of questions, without a server. The first line of
 * standard input is a project's taxonomy, each other one a question; each question gives a line. Tests
 * and people who add words to the lexicon use it.
 *
 *   {"now": "2026-01-20T12:00:00Z", "timezone": "UTC", "week_start": 0, "events": [{"name", "count"}],
 *    "properties": [{"name", "type", "owner": "event"|"person", "events": [0, 1], "values": ["a"]}]}
 *   {"question": "…", "memo": "…", "results": [{"results": […], "columns": […]}]} */
#include <stdio.h>
#include <stdlib.h>

#include "assistant/planner.h"
#include "base/clock.h"
#include "base/limits.h"
#include "cmd/cmd.h"
#include "json/write.h"

static size_t members(const struct json *v)
{
    return json_is(v, JSON_ARRAY) ? v->count : 0;
}

static int64_t number_of(const struct json *v)
{
    return json_is(v, JSON_NUMBER) && v->integer ? v->i64 : 0;
}

static void read_property(struct arena *a, const struct json *v, struct planner_property *p)
{
    const struct json *events = json_get(v, "events"), *values = json_get(v, "values");
    str owner = json_get_text(v, "owner");
    *p = (struct planner_property){ .name = json_get_text(v, "name"), .type = json_get_text(v, "type"),
                                    .owner = str_eqz(owner, "person")  ? PLANNER_PERSON
                                             : str_eqz(owner, "group") ? PLANNER_GROUP
                                                                       : PLANNER_EVENT,
                                    .asked = true };
    uint32_t *came = arena_alloc(a, (members(events) + 1) * sizeof(*came));
    for (const struct json *e = members(events) ? events->head : NULL; e; e = e->next)
        came[p->events_n++] = (uint32_t)number_of(e);
    p->events = events ? came : NULL;
    struct planner_value *list = arena_alloc(a, (members(values) + 1) * sizeof(*list));
    for (const struct json *e = members(values) ? values->head : NULL; e; e = e->next)
        list[p->values_n++] = (struct planner_value){ e->text, 0 };
    p->values = list;
}

static int read_project(struct arena *a, str line, struct planner_project *p, struct err *e)
{
    struct json *v;
    int rc = json_parse(a, line, &v, e);
    if (rc < 0)
        return rc;
    const struct json *events = json_get(v, "events"), *properties = json_get(v, "properties");
    struct planner_event *list = arena_alloc(a, (members(events) + 1) * sizeof(*list));
    *p = (struct planner_project){ .events = list, .now = clock_now_us(), .tz = tz_find(STR("UTC")),
                                   .week_start = (int)number_of(json_get(v, "week_start")) };
    for (const struct json *i = members(events) ? events->head : NULL; i; i = i->next)
        list[p->events_n++] =
            (struct planner_event){ json_get_text(i, "name"), number_of(json_get(i, "count")) };
    p->properties = arena_alloc(a, (members(properties) + 1) * sizeof(*p->properties));
    for (const struct json *i = members(properties) ? properties->head : NULL; i; i = i->next)
        read_property(a, i, &p->properties[p->properties_n++]);
    str zone = json_get_text(v, "timezone"), now = json_get_text(v, "now");
    if (zone.p && tz_find(zone))
        p->tz = tz_find(zone);
    if (now.p && !clock_parse(now, &p->now))
        return err_set(e, ERR_INVALID, "now", "\"now\" is not a time");
    return 0;
}

/* -------------------------------------------------------------------------- a plan as JSON */

static void put_texts(struct json_writer *w, const char *key, const str *list, size_t n)
{
    json_key(w, key);
    json_open(w, '[');
    for (size_t i = 0; i < n; i++)
        json_str(w, list[i]);
    json_close(w, ']');
}

static void write_plan(struct json_writer *w, const struct planner_plan *plan)
{
    static const char *const kinds[] = { "answer", "dashboard", "question", "refusal", "text" };
    json_key(w, "kind");
    json_z(w, kinds[plan->kind]);
    json_put_str(w, "understood", plan->understood);
    json_put_str(w, "name", plan->name);
    json_put_str(w, "text", plan->text);
    put_texts(w, "choices", plan->choices, plan->choices_n);
    put_texts(w, "examples", plan->examples, plan->examples_n);
    json_key(w, "insights");
    json_open(w, '[');
    for (size_t i = 0; i < plan->insights_n; i++) {
        json_open(w, '{');
        json_put_str(w, "name", plan->insights[i].name);
        json_key(w, "shown");
        json_bool(w, plan->insights[i].shown);
        json_key(w, "query");
        json_tree(w, plan->insights[i].query);
        json_close(w, '}');
    }
    json_close(w, ']');
    json_put_str(w, "memo", plan->memo);
}

static str word(const struct planner_project *p, struct arena *a, const struct planner_plan *plan,
                const struct json *given)
{
    struct planner_result *results = arena_alloc(a, (plan->insights_n + 1) * sizeof(*results));
    const struct json *r = members(given) ? given->head : NULL;
    for (size_t i = 0; i < plan->insights_n && r; i++, r = r->next) {
        const struct json *rows = json_get(r, "results"), *columns = json_get(r, "columns");
        results[i] = (struct planner_result){ rows ? rows->text : STR_NULL, columns ? columns->text : STR_NULL };
    }
    return planner_word(p, a, plan, results);
}

static int answer(const struct planner_project *p, struct arena *a, str line, struct json_writer *w,
                  struct err *e)
{
    struct planner_plan plan;
    struct json *v;
    int rc = json_parse(a, line, &v, e);
    str question = rc < 0 ? STR_NULL : json_get_text(v, "question");
    if (rc == 0)
        rc = planner_read(p, a, question.p ? question : STR(""), json_get_text(v, "memo"), &plan, e);
    if (rc < 0)
        return rc;
    write_plan(w, &plan);
    const struct json *results = json_get(v, "results");
    if (results)
        json_put_str(w, "answer", word(p, a, &plan, results));
    return 0;
}

/* -------------------------------------------------------------------------- lines */

static int each_line(struct arena *a, struct err *e)
{
    struct planner_project project;
    char *line = NULL;
    size_t room = 0;
    ssize_t n = getline(&line, &room, stdin);
    int rc = n < 0 ? err_set(e, ERR_INVALID, NULL, "the first line is to be the taxonomy")
                   : read_project(a, arena_str(a, (str){ line, (size_t)n }), &project, e);
    while (rc == 0 && (n = getline(&line, &room, stdin)) >= 0) {
        struct arena *own _cleanup_(arena_freep) = arena_new();
        struct buf out = BUF_INIT(LIMIT_RESPONSE);
        struct json_writer w = JSON_WRITER(&out);
        struct err failed = ERR_INIT;
        json_open(&w, '{');
        if (answer(&project, own, (str){ line, (size_t)n }, &w, &failed) < 0) {
            json_key(&w, "error");
            json_z(&w, err_message(&failed));
        }
        json_close(&w, '}');
        printf(STR_FMT "\n", STR_ARG(buf_view(&out)));
        fflush(stdout); /* who asks may wait for the answer before the next question */
        buf_release(&out);
    }
    free(line);
    return rc;
}

int cmd_plan(struct arena *a, const struct options *o, struct err *e)
{
    (void)o;
    return each_line(a, e);
}
