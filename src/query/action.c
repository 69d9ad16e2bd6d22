/* action.c - see action.h. What the steps of an action say, as HogQL: any of them, and of one all that
 * it names. */
#include "query/action.h"

#include "query/properties.h"
#include "query/selector.h"

struct step {
    struct query_job *j;
    const struct json *node;
    struct hogql_node *all; /* what was said so far; NULL: nothing */
};

static str text_of(const struct step *s, const char *key)
{
    str text = json_get_text(s->node, key);
    return text.n ? text : STR_NULL;
}

static void also(struct step *s, struct hogql_node *x)
{
    s->all = hogql_and(s->j->arena, s->all, x);
}

/* How a value is compared with what a step gives; {x} is the value. */
static const char *const with_text[] = { "{x} = {text}", "{x} LIKE {text}", "{x} ILIKE {text}",
                                         "{x} =~ {text}" };
enum { WITH_EXACT, WITH_LIKE, WITH_ILIKE, WITH_REGEX };

/* SPEC: a value that must be contained may hold % for any text. */
static struct hogql_node *text_node(struct arena *a, str text, int how)
{
    bool part = how == WITH_LIKE || how == WITH_ILIKE;
    return hogql_string(a, part ? arena_printf(a, "%%" STR_FMT "%%", STR_ARG(text)) : text);
}

static int matching(const struct step *s, const char *key, int contains, int otherwise)
{
    str word = json_get_text(s->node, key);
    if (str_eqz(word, "regex"))
        return WITH_REGEX;
    if (str_eqz(word, "contains"))
        return contains;
    return str_eqz(word, "exact") ? WITH_EXACT : otherwise;
}

static int compare(struct step *s, struct hogql_node *x, str text, int how, struct err *e)
{
    struct arena *a = s->j->arena;
    struct hogql_node *condition;
    struct hogql_placeholder ph[] = { { "x", x }, { "text", text_node(a, text, how) },
                                      { NULL, NULL } };
    int rc = hogql_parse_expr(a, str_of(with_text[how]), ph, &condition, e);
    if (rc == 0)
        also(s, condition);
    return rc;
}

static int any_text(struct step *s, str text, int how, struct err *e)
{
    struct arena *a = s->j->arena;
    struct hogql_node *condition, *one = NULL;
    struct hogql_placeholder ph[] = { { "x", hogql_field(a, "x", NULL) },
                                      { "text", text_node(a, text, how) },
                                      { NULL, NULL } };
    int rc = hogql_parse_expr(a, str_of(with_text[how]), ph, &one, e);
    struct hogql_placeholder in[] = { { "one", one }, { NULL, NULL } };
    if (rc == 0)
        rc = hogql_parse_expr(a, STR("arrayExists(x -> {one}, elements_chain_texts)"), in,
                              &condition, e);
    if (rc == 0)
        also(s, condition);
    return rc;
}

static int in_chain(struct step *s, str regex, struct err *e)
{
    return compare(s, hogql_field(s->j->arena, "elements_chain", NULL), regex, WITH_REGEX, e);
}

/* What was clicked. */
static int add_element(struct step *s, struct err *e)
{
    struct arena *a = s->j->arena;
    str selector = text_of(s, "selector"), tag = text_of(s, "tag_name");
    str href = text_of(s, "href"), text = text_of(s, "text"), regex;
    int rc = 0;
    if (selector.p)
        rc = query_selector_regex(a, selector, &regex, e);
    if (rc == 0 && selector.p)
        rc = in_chain(s, regex, e);
    if (rc == 0 && tag.p)
        rc = in_chain(s, query_tag_regex(a, tag), e);
    if (rc == 0 && href.p)
        rc = compare(s, hogql_field(a, "elements_chain_href", NULL), href,
                     matching(s, "href_matching", WITH_ILIKE, WITH_EXACT), e);
    if (rc == 0 && text.p)
        rc = any_text(s, text, matching(s, "text_matching", WITH_ILIKE, WITH_EXACT), e);
    return rc;
}

static int step_condition(struct query_job *j, const struct json *node, struct hogql_node **out,
                          struct err *e)
{
    struct arena *a = j->arena;
    struct step s = { j, node, NULL };
    struct hogql_node *properties;
    str event = text_of(&s, "event"), url = text_of(&s, "url");
    int rc = 0;
    if (event.p)
        also(&s, hogql_compare(a, HOGQL_EQ, hogql_field(a, "event", NULL),
                               hogql_string(a, event)));
    if (str_eqz(event, "$autocapture"))
        rc = add_element(&s, e);
    if (rc == 0 && url.p)
        rc = compare(&s, hogql_field(a, "properties", "$current_url", NULL), url,
                     matching(&s, "url_matching", WITH_LIKE, WITH_LIKE), e);
    if (rc == 0)
        rc = query_properties(j, PROPERTIES_OF_EVENTS, json_get(node, "properties"), &properties,
                              e);
    if (rc < 0)
        return rc;
    also(&s, properties);
    *out = s.all ? s.all : hogql_bool(a, true);
    return 0;
}

int query_steps_condition(struct query_job *j, const struct json *steps, struct hogql_node **out,
                          struct err *e)
{
    struct hogql_node *any = NULL, *one;
    int rc = 0;
    for (const struct json *m = steps->head; m && rc == 0; m = m->next) {
        rc = step_condition(j, m, &one, e);
        if (rc == 0)
            any = hogql_or(j->arena, any, one);
    }
    if (rc == 0)
        *out = any ? any : hogql_bool(j->arena, true);
    return rc;
}

static int steps_condition(struct query_job *j, str steps, struct hogql_node **out, struct err *e)
{
    struct json *list;
    int rc = json_parse(j->arena, steps, &list, e);
    return rc < 0 ? rc : query_steps_condition(j, list, out, e);
}

int query_action_condition(struct query_job *j, const struct action *action,
                           struct hogql_node **out, struct err *e)
{
    return steps_condition(j, action->steps, out, e);
}

int query_find_action(struct query_job *j, int64_t id, struct action *out, struct err *e)
{
    struct db *db = store_take(j->store);
    int rc = action_find(db, j->arena, j->scope->team_id, id, out, e);
    store_give(db);
    return rc;
}

int query_action_named(void *cls, int64_t id, str name, struct hogql_node **out, struct err *e)
{
    struct query_job *j = cls;
    struct action action;
    int rc;
    *out = NULL;
    if (!name.n) {
        rc = query_find_action(j, id, &action, e);
    } else {
        struct db *db = store_take(j->store);
        rc = action_find_name(db, j->arena, j->scope->team_id, name, &action, e);
        store_give(db);
    }
    return rc <= 0 ? rc : query_action_condition(j, &action, out, e);
}

int query_check_action(const struct query_scope *scope, str steps, struct err *e)
{
    struct query_job j;
    struct hogql_node *condition = NULL, *select;
    struct hogql_compiled ignored;
    query_job_init(&j, scope);
    int rc = steps_condition(&j, steps, &condition, e);
    struct hogql_placeholder ph[] = { { "condition", condition }, { NULL, NULL } };
    if (rc == 0)
        rc = hogql_parse_select(j.arena, STR("SELECT 1 FROM events WHERE {condition}"), ph,
                                &select, e);
    return rc < 0 ? rc : hogql_compile(&j.hogql, select, &ignored, e);
}
