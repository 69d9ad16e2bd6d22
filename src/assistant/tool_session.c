/* tool_session.c - tools about the conversation itself: a plan, the mode, a form, the memory. */
#include <stdio.h>

#include "assistant/tool.h"
#include "base/limits.h"
#include "model/memory.h"

#define QUESTIONS_MOST 4

static void todo_write(struct tool_call *c, struct tool_result *out)
{
    static const char *const states[] = { "pending", "in_progress", "completed" };
    const struct json *list = json_get(c->args, "todos");
    if (!json_is(list, JSON_ARRAY)) {
        tool_fail(c, out, "todos must be a list of {id, content, status}.");
        return;
    }
    for (const struct json *t = list->head; t; t = t->next) {
        bool known = false;
        for (size_t i = 0; i < ARRAY_LEN(states); i++)
            known = known || str_eqz(json_get_text(t, "status"), states[i]);
        if (!json_get_text(t, "content").n || !known) {
            tool_fail(c, out, "Each todo needs content and a status of pending, in_progress or "
                              "completed.");
            return;
        }
    }
    out->text = STR("The list of todos is kept. Go on with it.");
}

static void switch_mode(struct tool_call *c, struct tool_result *out)
{
    str mode = json_get_text(c->args, "new_mode");
    if (!tool_mode_known(mode)) {
        tool_fail(c, out, "There is no mode \"" STR_FMT "\". Modes: product_analytics, sql, "
                          "session_replay, error_tracking, plan, survey, flags, llm_analytics.",
                  STR_ARG(str_utf8_prefix(mode, 60)));
        return;
    }
    out->mode = mode;
    out->text = arena_printf(c->arena, "Now in the mode " STR_FMT ".", STR_ARG(mode));
    out->ui = tool_json(c->arena, json_new_str(c->arena, mode));
}

/* -------------------------------------------------------------------------- forms */

static bool has_items(const struct json *v)
{
    return json_is(v, JSON_ARRAY) && v->head;
}

static const char *field_misfit(const struct json *f)
{
    str type = json_get_text(f, "type");
    if (!json_get_text(f, "id").n || !json_get_text(f, "label").n)
        return "each field needs id and label";
    if (str_eqz(type, "slider") && (!json_is(json_get(f, "min"), JSON_NUMBER) ||
                                    !json_is(json_get(f, "max"), JSON_NUMBER)))
        return "a slider needs min and max";
    if (str_eqz(type, "dropdown") && !has_items(json_get(f, "options")))
        return "a dropdown needs options";
    return NULL;
}

static const char *question_misfit(const struct json *q)
{
    str type = json_get_text(q, "type");
    const struct json *fields = json_get(q, "fields");
    if (!json_get_text(q, "id").n || !json_get_text(q, "question").n)
        return "each question needs id and question";
    if (str_eqz(type, "multi_field")) {
        if (!has_items(fields))
            return "multi_field needs fields";
        for (const struct json *f = fields->head; f; f = f->next)
            if (field_misfit(f))
                return field_misfit(f);
        return NULL;
    }
    return has_items(json_get(q, "options")) ? NULL : "a select needs options";
}

static void create_form(struct tool_call *c, struct tool_result *out)
{
    const struct json *list = json_get(c->args, "questions");
    if (!has_items(list) || list->count > QUESTIONS_MOST) {
        tool_fail(c, out, "questions must be a list of 1 to %d.", QUESTIONS_MOST);
        return;
    }
    for (const struct json *q = list->head; q; q = q->next)
        if (question_misfit(q)) {
            tool_fail(c, out, "The form is not valid: %s.", question_misfit(q));
            return;
        }
    out->outcome = TOOL_FORM;
}

/* -------------------------------------------------------------------------- memory */

static void remember(struct tool_call *c, str text, struct tool_result *out)
{
    struct err e = ERR_INIT;
    bool full = false;
    struct db *d = store_take(c->run->cfg->store);
    int rc = db_begin(d, &e);
    if (rc == 0)
        rc = memory_append(d, c->arena, c->run->project.id, text, &full, &e);
    if (rc == 0)
        rc = db_commit(d, &e);
    db_rollback(d);
    store_give(d);
    if (rc < 0 || full)
        tool_fail(c, out, full ? "The memory is full." : "The memory could not be written.");
    else
        out->text = STR("Remembered.");
}

static void manage_memories(struct tool_call *c, struct tool_result *out)
{
    const struct json *args = json_get(c->args, "args");
    struct err e = ERR_INIT;
    struct memory m = { .text = STR("") };
    str action = json_get_text(args, "action"), text = str_trim(json_get_text(args, "content"));
    if (str_eqz(action, "create") && text.n && !c->approved) { /* all members are told of it */
        out->outcome = TOOL_APPROVAL;
        out->preview = arena_printf(c->arena, "Remember for this project:\n\n> " STR_FMT,
                                    STR_ARG(text));
    } else if (str_eqz(action, "create") && text.n) {
        remember(c, text, out);
    } else if (str_eqz(action, "query")) {
        struct db *d = store_take(c->run->cfg->store);
        (void)memory_find(d, c->arena, c->run->project.id, &m, &e);
        store_give(d);
        out->text = m.text.n ? m.text : STR("Nothing is remembered yet.");
    } else {
        tool_fail(c, out, "args.action must be query, or create with content.");
    }
}

const struct tool session_tools[] = {
    { "todo_write", "Keeps the list of steps for a task of several; the whole list each time.",
      "{\"type\":\"object\",\"properties\":{\"todos\":{\"type\":\"array\",\"items\":{"
      "\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},"
      "\"content\":{\"type\":\"string\"},\"status\":{\"type\":\"string\",\"enum\":[\"pending\","
      "\"in_progress\",\"completed\"]}},\"required\":[\"id\",\"content\",\"status\"]}}},"
      "\"required\":[\"todos\"]}",
      todo_write, NULL },
    { "switch_mode", "Changes the mode of this conversation: product_analytics, sql and others.",
      "{\"type\":\"object\",\"properties\":{\"new_mode\":{\"type\":\"string\"}},"
      "\"required\":[\"new_mode\"]}",
      switch_mode, NULL },
    { "create_form", "Asks the user up to four questions, with options to choose from. Only when the "
                     "question cannot be answered without.",
      "{\"type\":\"object\",\"properties\":{\"questions\":{\"type\":\"array\",\"items\":{"
      "\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},\"title\":{"
      "\"type\":\"string\"},\"question\":{\"type\":\"string\"},\"type\":{\"type\":\"string\","
      "\"enum\":[\"select\",\"multi_select\",\"multi_field\"]},\"options\":{\"type\":\"array\","
      "\"items\":{\"type\":\"object\",\"properties\":{\"value\":{\"type\":\"string\"},"
      "\"description\":{\"type\":\"string\"}},\"required\":[\"value\"]}},"
      "\"allow_custom_answer\":{\"type\":\"boolean\"},\"fields\":{\"type\":\"array\","
      "\"items\":{\"type\":\"object\"}}},\"required\":[\"id\",\"question\"]}}},"
      "\"required\":[\"questions\"]}",
      create_form, NULL },
    { "manage_memories", "Reads what is remembered of this project, or adds a line the user has to approve.",
      "{\"type\":\"object\",\"properties\":{\"args\":{\"type\":\"object\",\"properties\":{"
      "\"action\":{\"type\":\"string\",\"enum\":[\"query\",\"create\"]},"
      "\"content\":{\"type\":\"string\"}},\"required\":[\"action\"]}},\"required\":[\"args\"]}",
      manage_memories, NULL },
    { 0 },
};
