/* conversation_context.c - what the screen of the asking user shows, as it comes with a message: its
 * shape, and the other fields beside the content. */
#include <stdio.h>

#include "api/conversation.h"
#include "api/field.h"
#include "base/limits.h"
#include "base/uuid.h"

#define SPENDING 20 /* series of a spend history that are kept */

/* -------------------------------------------------------------------------- ui_context */

enum id_kind { ID_TEXT, ID_NUMBER, ID_UUID };

struct member {
    const char *name;
    enum json_type type;
};

static const struct item {
    const char *list, *type;
    enum id_kind id;
    bool named;                /* the name must be there */
    struct member required[3]; /* ended by one without name */
    const char *optional;      /* between blanks */
} items[] = {
    { "dashboards", "dashboard", ID_NUMBER, false, { { "insights", JSON_ARRAY } },
      "filters description" },
    { "insights", "insight", ID_TEXT, false, { { "query", JSON_OBJECT } },
      "description filtersOverride variablesOverride filters_override variables_override" },
    { "events", "event", ID_TEXT, false, { { 0 } }, "description" },
    { "actions", "action", ID_NUMBER, true, { { 0 } }, "description" },
    { "error_tracking_issues", "error_tracking_issue", ID_UUID, false, { { 0 } }, "" },
    { "evaluations", "evaluation", ID_TEXT, false, { { "evaluation_type", JSON_STRING } },
      "description hog_source" },
    { "notebooks", "notebook", ID_TEXT, false, { { 0 } }, "" },
};

static bool word_in(const char *words, str name)
{
    str rest = str_of(words);
    while (rest.p)
        if (str_eq(str_split(&rest, ' '), name))
            return true;
    return false;
}

static bool id_fits(const struct json *v, enum id_kind kind)
{
    struct uuid u;
    if (kind == ID_NUMBER)
        return json_is(v, JSON_NUMBER) && v->integer;
    return json_is(v, JSON_STRING) && (kind == ID_TEXT || uuid_parse(v->text, &u));
}

static bool text_or_none(const struct json *v)
{
    return !v || v->type == JSON_NULL || v->type == JSON_STRING;
}

static bool item_fits(const struct item *item, const struct json *v)
{
    const struct json *name = json_get(v, "name");
    if (!json_is(v, JSON_OBJECT) || !str_eqz(json_get_text(v, "type"), item->type) ||
        !id_fits(json_get(v, "id"), item->id) || !text_or_none(name) ||
        (item->named && !json_is(name, JSON_STRING)) || !text_or_none(json_get(v, "description")))
        return false;
    for (const struct member *m = item->required; m->name; m++)
        if (!json_is(json_get(v, m->name), m->type))
            return false;
    for (const struct json *m = v->head; m; m = m->next) {
        bool known = word_in("type id name", m->key) || word_in(item->optional, m->key);
        for (const struct member *q = item->required; q->name && !known; q++)
            known = str_eqz(m->key, q->name);
        if (!known)
            return false;
    }
    return true;
}

static bool list_fits(const struct item *item, const struct json *list)
{
    if (list->type == JSON_NULL)
        return true;
    if (list->type != JSON_ARRAY)
        return false;
    for (const struct json *v = list->head; v; v = v->next)
        if (!item_fits(item, v))
            return false;
    return true;
}

bool conversation_context_valid(const struct json *context)
{
    if (!json_is(context, JSON_OBJECT))
        return !context || context->type == JSON_NULL;
    for (const struct json *m = context->head; m; m = m->next) {
        const struct item *item = NULL;
        for (size_t i = 0; i < ARRAY_LEN(items) && !item; i++)
            if (str_eqz(m->key, items[i].list))
                item = &items[i];
        bool fits = m->type == JSON_NULL;
        if (item)
            fits = list_fits(item, m);
        else if (str_eqz(m->key, "form_answers"))
            fits = fits || m->type == JSON_OBJECT;
        else if (str_eqz(m->key, "voice_mode"))
            fits = fits || m->type == JSON_BOOL;
        else
            fits = false;
        if (!fits)
            return false;
    }
    return true;
}

/* -------------------------------------------------------------------------- the other fields */

static str json_given(struct req *r, const char *name)
{
    const struct json *v = json_get(r->body, name);
    return v && v->type != JSON_NULL ? json_text_of(r->arena, v) : STR_NULL;
}

static int read_tools(struct req *r, str *out, struct err *e)
{
    const struct json *v = json_get(r->body, "contextual_tools");
    if (!v)
        return 0;
    if (v->type == JSON_NULL)
        return err_set(e, ERR_NULL_VALUE, "contextual_tools", NULL);
    if (v->type != JSON_OBJECT) {
        err_set(e, ERR_INVALID, "contextual_tools",
                "Expected a dictionary of items but got type \"%s\".", json_python_type(v));
        snprintf(e->code, sizeof(e->code), "not_a_dict");
        return e->kind;
    }
    for (const struct json *m = v->head; m; m = m->next)
        if (m->type == JSON_NULL)
            return err_set(e, ERR_NULL_VALUE, "contextual_tools", NULL);
    *out = json_text_of(r->arena, v);
    return 0;
}

/* Lenient: what is no such thing is as if it were not there. */
static str billing_given(struct req *r)
{
    static const char *const levels[] = { "free", "paid", "custom" };
    const struct json *v = json_get(r->body, "billing_context");
    str level = json_get_text(v, "subscription_level");
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        known = known || str_eqz(level, levels[i]);
    if (!json_is(v, JSON_OBJECT) || !known)
        return STR_NULL;
    const struct json *spending = json_get(v, "spend_history");
    struct json *kept = json_share(r->arena, v);
    if (json_is(spending, JSON_ARRAY) && spending->count > SPENDING) {
        kept = json_merge(r->arena, v, NULL); /* of its own: what it shares stays as it is */
        json_remove(kept, STR("spend_history"));
    }
    return json_text_of(r->arena, kept);
}

/* Of both vintages that clients know. */
static const char *const modes[] = {
    "product_analytics", "sql", "session_replay", "error_tracking", "plan", "execution", "survey",
    "research", "flags", "llm_analytics", "sandbox", "user_interview", "customer_analytics",
};

static int read_mode(struct req *r, str *out, struct err *e)
{
    const struct json *v = json_get(r->body, "agent_mode");
    bool known = false;
    if (!v || v->type == JSON_NULL)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        known = known || (v->type == JSON_STRING && str_eqz(v->text, modes[i]));
    if (!known)
        return err_set(e, ERR_CHOICE, "agent_mode", "\"" STR_FMT "\" is not a valid choice.",
                       STR_ARG(str_utf8_prefix(v->type == JSON_STRING ? v->text : STR(""), 100)));
    *out = v->text;
    return 0;
}

int conversation_read_question(struct req *r, struct question *q, struct err *e)
{
    int rc = read_tools(r, &q->contextual_tools, e);
    if (rc == 0)
        rc = read_mode(r, &q->agent_mode, e);
    if (rc < 0)
        return rc;
    q->ui_context = json_given(r, "ui_context");
    q->billing_context = billing_given(r);
    q->resume_payload = json_given(r, "resume_payload");
    q->session_id = http_header_of(r->http, "X-POSTHOG-SESSION-ID");
    if (q->content.p && !conversation_context_valid(json_get(r->body, "ui_context")))
        return err_set(e, ERR_INVALID, NULL, "Invalid message content.");
    if (!q->content.p)
        q->ui_context = STR_NULL;
    return 0;
}
