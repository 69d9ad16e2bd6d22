/* resolve_expand.c - what stands for other expressions: an action's condition, the members of a
 * cohort, answers to surveys. */
#include "base/limits.h"
#include "hogql/resolve.h"

#define DEEP 20 /* the filters of an action or cohort may name others */

static bool is_int(const struct hogql_node *n)
{
    return n->kind == HOGQL_CONSTANT && n->op == HOGQL_INT && !n->text.n;
}

static bool is_string(const struct hogql_node *n)
{
    return n->kind == HOGQL_CONSTANT && n->op == HOGQL_STRING;
}

static int place(void *cls, struct hogql_node **at)
{
    const struct hogql_node *call = cls;
    (*at)->start = call->start;
    (*at)->end = call->end;
    return 0;
}

/* Puts another expression in the place of a call: errors in it point to the call. */
static int become(struct resolver *r, struct scope *s, struct hogql_node **at,
                  const struct hogql_node *tree)
{
    struct hogql_node *call = *at;
    *at = hogql_copy(r->arena, tree);
    hogql_walk(at, place, call);
    return resolve_expr(r, s, at);
}

/* The same where the expression may hold others of its kind. */
static int deeper(struct resolver *r, struct scope *s, struct hogql_node **at,
                  const struct hogql_node *tree, const char *what)
{
    if (r->expansions >= DEEP)
        return resolve_error(r, *at, "Too many %s within %s. Probably a loop.", what, what);
    if (arena_used(r->arena) > LIMIT_HOGQL_MEMORY)
        return resolve_error(r, *at, "The query is too large");
    r->expansions++;
    int rc = become(r, s, at, tree);
    r->expansions--;
    return rc;
}

/* -------------------------------------------------------------------------- actions */

/* matchesAction(id), matchesAction('name'): the action's condition. */
int resolve_action(struct resolver *r, struct scope *s, struct hogql_node **at)
{
    struct hogql_node *n = *at, *arg = n->kids[CALL_ARGS]->kids[0], *out = NULL;
    bool events = false;
    int rc = 0;
    for (const struct source *o = s->sources; o; o = o->next)
        events = events || (o->table && o->table == table_named("events"));
    if (!events)
        return resolve_error(r, n, "matchesAction can only be used with the events table");
    if (!is_int(arg) && !is_string(arg))
        return resolve_error(r, n, "matchesAction() takes only constant arguments");
    str name = is_int(arg) ? STR("") : arg->text;
    if (r->c->action)
        rc = r->c->action(r->c->cls, is_int(arg) ? arg->integer : 0, name, &out, r->e);
    if (rc == 0 && !out)
        return is_int(arg) ? resolve_error(r, n, "Could not find action with ID %lld",
                                           (long long)arg->integer)
                           : resolve_error(r, n, "Could not find an action with the name '%.*s'",
                                           name.n < 200 ? (int)name.n : 200, name.p);
    if (rc < 0)
        return rc;
    return deeper(r, s, at, out, "actions");
}

/* -------------------------------------------------------------------------- cohorts */

/* person_id IN COHORT 5, NOT IN COHORT 'name': among the cohort's members. */
int resolve_cohort(struct resolver *r, struct scope *s, struct hogql_node **at)
{
    struct hogql_node *n = *at, *c = n->kids[1], *members = NULL;
    int rc = 0;
    if (!is_int(c) && !is_string(c))
        return resolve_error(r, c, "cohort() takes only constant arguments");
    str name = is_int(c) ? STR("") : c->text;
    if (r->c->cohort)
        rc = r->c->cohort(r->c->cls, is_int(c) ? c->integer : 0, name, &members, r->e);
    if (rc == 0 && !members)
        return is_int(c) ? resolve_error(r, c, "Could not find cohort with ID %lld",
                                         (long long)c->integer)
                         : resolve_error(r, c, "Could not find a cohort with the name '%.*s'",
                                         name.n < 200 ? (int)name.n : 200, name.p);
    if (rc < 0)
        return rc;
    n = hogql_compare(r->arena, n->op == HOGQL_IN_COHORT ? HOGQL_IN : HOGQL_NOT_IN, n->kids[0],
                      members);
    return deeper(r, s, at, n, "cohorts");
}

/* -------------------------------------------------------------------------- surveys */

static struct hogql_node *answer(struct resolver *r, str key)
{
    struct arena *a = r->arena;
    return hogql_call(a, "nullIf", hogql_field_add(a, hogql_field(a, "properties", NULL), key),
                      hogql_string(a, STR("")), NULL);
}

/* getSurveyResponse(index [, id [, many choices]]): answers stand under the question's id, older ones
 * under its place. Of many choices: an array of the answers as JSON. */
static int survey_response(struct resolver *r, struct scope *s, struct hogql_node **at)
{
    struct hogql_node *const *arg = (*at)->kids[CALL_ARGS]->kids;
    uint32_t n = (*at)->kids[CALL_ARGS]->n;
    bool ok = is_int(arg[0]) && arg[0]->integer >= 0 && (n < 2 || is_string(arg[1])) &&
              (n < 3 || (arg[2]->kind == HOGQL_CONSTANT && arg[2]->op == HOGQL_BOOL));
    if (!ok)
        return resolve_error(r, *at, "getSurveyResponse() takes a question's index, its id and "
                             "whether it has many choices, all constants");
    struct arena *a = r->arena;
    str old = arg[0]->integer == 0 ? STR("$survey_response")
                                   : arena_printf(a, "$survey_response_%lld",
                                                  (long long)arg[0]->integer);
    struct hogql_node *out = answer(r, old);
    if (n > 1 && arg[1]->text.n)
        out = hogql_call(a, "coalesce",
                         answer(r, arena_printf(a, "$survey_response_" STR_FMT,
                                                STR_ARG(arg[1]->text))), out, NULL);
    if (n > 2 && arg[2]->integer)
        out = hogql_call(a, "JSONExtractArrayRaw",
                         hogql_call(a, "ifNull", out, hogql_string(a, STR("[]")), NULL), NULL);
    return become(r, s, at, out);
}

/* uniqueSurveySubmissionsFilter(survey [, from [, to]]): of the events of one submission only the
 * last, which has all answers; those that name no submission stand for themselves. */
static int survey_filter(struct resolver *r, struct scope *s, struct hogql_node **at)
{
    struct hogql_node *const *arg = (*at)->kids[CALL_ARGS]->kids;
    uint32_t n = (*at)->kids[CALL_ARGS]->n;
    struct hogql_node *out, *yes = hogql_bool(r->arena, true);
    struct hogql_placeholder ph[] = {
        { "survey", arg[0] }, { "from", n > 1 ? arg[1] : yes }, { "to", n > 2 ? arg[2] : yes },
        { NULL, NULL },
    };
    static const char begin[] =
        "ifNull(properties.`$survey_submission_id`, '') = '' OR uuid IN ("
        "SELECT argMax(uuid, timestamp) FROM events WHERE event = 'survey sent'"
        " AND properties.`$survey_id` = {survey}"
        " AND ifNull(properties.`$survey_submission_id`, '') != ''";
    static const char end[] = " GROUP BY properties.`$survey_submission_id`)";
    str text = arena_printf(r->arena, "%s%s%s%s", begin, n > 1 ? " AND timestamp >= {from}" : "",
                            n > 2 ? " AND timestamp <= {to}" : "", end);
    int rc = hogql_parse_expr(r->arena, text, ph, &out, r->e);
    return rc < 0 ? rc : become(r, s, at, out);
}

int resolve_expansion(struct resolver *r, struct scope *s, struct hogql_node **at,
                      const struct function *f)
{
    return strcmp(f->name, "getSurveyResponse") == 0 ? survey_response(r, s, at)
                                                     : survey_filter(r, s, at);
}
