/* entity.c - see entity.h. */
#include "query/entity.h"

#include "base/limits.h"
#include "query/action.h"
#include "query/properties.h"
#include "query/shape.h"

static const struct query_math maths[] = {
    { "total", MATH_AGGREGATE, "count()", .additive = true },
    { "dau", MATH_AGGREGATE, "count(DISTINCT {actor})", .unique = true, .additive = true },
    { "weekly_active", MATH_WINDOW, "count(DISTINCT {actor})", 7, .unique = true,
      .additive = true },
    { "monthly_active", MATH_WINDOW, "count(DISTINCT {actor})", 30, .unique = true,
      .additive = true },
    { "unique_session", MATH_AGGREGATE, "count(DISTINCT nullIf($session_id, ''))",
      .additive = true },
    { "unique_group", MATH_AGGREGATE, "count(DISTINCT nullIf({group}, ''))", .unique = true,
      .additive = true },
    { "sum", MATH_AGGREGATE, "sum({value})", .needs_value = true, .additive = true },
    { "avg", MATH_AGGREGATE, "avg({value})", .needs_value = true },
    { "min", MATH_AGGREGATE, "min({value})", .needs_value = true },
    { "max", MATH_AGGREGATE, "max({value})", .needs_value = true },
    { "median", MATH_AGGREGATE, "quantile(0.5)({value})", .needs_value = true },
    { "p75", MATH_AGGREGATE, "quantile(0.75)({value})", .needs_value = true },
    { "p90", MATH_AGGREGATE, "quantile(0.9)({value})", .needs_value = true },
    { "p95", MATH_AGGREGATE, "quantile(0.95)({value})", .needs_value = true },
    { "p99", MATH_AGGREGATE, "quantile(0.99)({value})", .needs_value = true },
    { "avg_count_per_actor", MATH_PER_ACTOR, "avg(c)" },
    { "min_count_per_actor", MATH_PER_ACTOR, "min(c)" },
    { "max_count_per_actor", MATH_PER_ACTOR, "max(c)" },
    { "median_count_per_actor", MATH_PER_ACTOR, "quantile(0.5)(c)" },
    { "p75_count_per_actor", MATH_PER_ACTOR, "quantile(0.75)(c)" },
    { "p90_count_per_actor", MATH_PER_ACTOR, "quantile(0.9)(c)" },
    { "p95_count_per_actor", MATH_PER_ACTOR, "quantile(0.95)(c)" },
    { "p99_count_per_actor", MATH_PER_ACTOR, "quantile(0.99)(c)" },
    { "hogql", MATH_AGGREGATE, NULL },
    { "first_time_for_user", MATH_FIRST, "count()", .unique = true, .additive = true },
    { "first_matching_event_for_user", MATH_FIRST, "count()", .unique = true, .additive = true },
    { "first_time_for_user_with_filters", MATH_FIRST, "count()", .unique = true,
      .additive = true },
};

static int read_math(struct query_entity *en, struct err *e)
{
    int rc = query_get_text(en->node, "math", &en->math_word, e);
    if (rc == 0)
        rc = query_get_text(en->node, "math_property", &en->math_property, e);
    if (rc == 0)
        rc = query_get_text(en->node, "math_hogql", &en->math_hogql, e);
    if (rc == 0)
        rc = query_get_i64(en->node, "math_group_type_index", &en->math_group, e);
    if (rc < 0)
        return rc;
    if (en->math_group < -1 || en->math_group > 4)
        return query_misfit(e, "series.math_group_type_index", "Input should be 0, 1, 2, 3 or 4");
    str word = en->math_word.n ? en->math_word : STR("total");
    for (size_t i = 0; i < ARRAY_LEN(maths) && !en->math; i++)
        if (str_eqz(word, maths[i].name))
            en->math = &maths[i];
    if (!en->math)
        return query_misfit(e, "series.math", "Input should be 'total', 'dau' or another math");
    if (en->math->needs_value && !en->math_property.n)
        return err_set(e, ERR_INVALID, NULL, "Math \"" STR_FMT "\" needs a math_property",
                       STR_ARG(word));
    if (str_eqz(word, "hogql") && !en->math_hogql.n)
        return err_set(e, ERR_INVALID, NULL, "Math \"hogql\" needs an expression in math_hogql");
    if (str_eqz(word, "unique_group") && en->math_group < 0)
        return err_set(e, ERR_INVALID, NULL,
                       "Math \"unique_group\" needs a math_group_type_index");
    return 0;
}

/* The number that is aggregated. */
static int read_value(struct query_job *j, struct query_entity *en, struct err *e)
{
    struct arena *a = j->arena;
    static const char *const types[] = { "event_properties", "person_properties",
                                         "session_properties" };
    str type = STR_NULL;
    struct hogql_node *field;
    int rc = query_get_text(en->node, "math_property_type", &type, e);
    if (rc < 0 || !en->math->needs_value)
        return rc;
    bool known = !type.n;
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        known = known || str_eqz(type, types[i]);
    if (!known)
        return err_set(e, ERR_INVALID, NULL,
                       "math_property_type \"" STR_FMT "\" is not supported",
                       STR_ARG(str_utf8_prefix(type, 100)));
    if (str_eqz(en->math_property, "$time")) {
        en->value = hogql_call(a, "toUnixTimestamp", hogql_field(a, "timestamp", NULL), NULL);
        return 0;
    }
    if (str_eqz(type, "person_properties") && !str_eqz(en->math_property, "$session_duration"))
        field = hogql_field(a, "person", "properties", NULL);
    else if (str_eqz(type, "session_properties") ||
             str_eqz(en->math_property, "$session_duration"))
        field = hogql_field(a, "session", NULL);
    else
        field = hogql_field(a, "properties", NULL);
    en->per_session = str_eqz(en->math_property, "$session_duration");
    en->value = hogql_call(a, "toFloat", hogql_field_add(a, field, en->math_property), NULL);
    return 0;
}

static int read_action(struct query_job *j, struct query_entity *en, struct err *e)
{
    struct action action;
    en->type = "actions";
    int rc = query_get_i64(en->node, "id", &en->action, e);
    if (rc < 0)
        return rc;
    if (!json_get(en->node, "id"))
        return query_misfit(e, "series.id", "Field required");
    rc = query_find_action(j, en->action, &action, e);
    if (rc < 0)
        return rc;
    if (rc == 0) {
        en->missing = true;
        en->of_event = hogql_bool(j->arena, false);
        return 0;
    }
    en->label = action.name;
    return query_action_condition(j, &action, &en->of_event, e);
}

static int read_entity(struct query_job *j, const struct json *node, size_t order,
                       struct query_entity *out, struct err *e);

/* Events of any of the group's nodes. Their names, in a row, are its label. */
static int read_group(struct query_job *j, struct query_entity *en, struct err *e)
{
    struct arena *a = j->arena;
    const struct json *nodes = NULL;
    str operator = STR_NULL;
    int rc = query_get_list(en->node, "nodes", &nodes, e);
    if (rc == 0)
        rc = query_get_text(en->node, "operator", &operator, e);
    if (rc < 0)
        return rc;
    if (!nodes || !nodes->head || nodes->count > LIMIT_SERIES)
        return query_misfit(e, "series.nodes", "List should have 1 to %d items", LIMIT_SERIES);
    if (operator.n && !str_eqz(operator, "OR"))
        return query_misfit(e, "series.operator", "Input should be 'OR'");
    en->type = "groups";
    en->label = STR("");
    for (const struct json *m = nodes->head; m && rc == 0; m = m->next) {
        struct query_entity one;
        rc = str_eqz(json_get_text(m, "kind"), "GroupNode")
                 ? query_misfit(e, "series.nodes.kind",
                                "Input should be 'EventsNode' or 'ActionsNode'")
                 : read_entity(j, m, 0, &one, e);
        if (rc < 0)
            break;
        struct hogql_node *of = hogql_and(a, one.of_event, one.filter);
        en->of_event = hogql_or(a, en->of_event, of ? of : hogql_bool(a, true));
        if (!one.missing)
            en->label = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(en->label),
                                     en->label.n ? ", " : "", STR_ARG(one.label));
    }
    return rc;
}

static int read_kind(struct query_job *j, struct query_entity *en, struct err *e)
{
    str kind = json_get_text(en->node, "kind");
    en->type = "events";
    if (str_eqz(kind, "ActionsNode")) {
        return read_action(j, en, e);
    }
    if (str_eqz(kind, "GroupNode"))
        return read_group(j, en, e);
    if (!str_eqz(kind, "EventsNode"))
        return query_misfit(e, "series.kind", "Input should be 'EventsNode', 'ActionsNode' or "
                                              "'GroupNode'");
    int rc = query_get_text(en->node, "event", &en->event, e);
    if (rc == 0 && en->event.n)
        en->of_event = hogql_compare(j->arena, HOGQL_EQ, hogql_field(j->arena, "event", NULL),
                                     hogql_string(j->arena, en->event));
    return rc;
}

static int read_entity(struct query_job *j, const struct json *node, size_t order,
                       struct query_entity *out, struct err *e)
{
    struct query_entity en = { .node = node, .order = order, .event = STR_NULL, .label = STR_NULL, .name = STR_NULL,
                               .custom_name = STR_NULL, .math_word = STR_NULL,
                               .math_property = STR_NULL, .math_hogql = STR_NULL,
                               .math_group = -1, .multiplier = 1 };
    const struct json *multiplier = json_get(node, "math_multiplier");
    if (!json_is(node, JSON_OBJECT))
        return query_misfit(e, "series", "Input should be a valid dictionary");
    bool group = str_eqz(json_get_text(node, "kind"), "GroupNode");
    int rc = query_shape_check(group ? &query_shape_entity_group : &query_shape_entity, node, e);
    if (rc == 0)
        rc = read_kind(j, &en, e);
    if (rc == 0)
        rc = query_get_text(node, "name", &en.name, e);
    if (rc == 0)
        rc = query_get_text(node, "custom_name", &en.custom_name, e);
    if (rc == 0)
        rc = read_math(&en, e);
    if (rc == 0)
        rc = read_value(j, &en, e);
    if (rc == 0)
        rc = query_all_properties(j, PROPERTIES_OF_EVENTS, node, &en.filter, e);
    if (rc == 0 && multiplier && multiplier->type != JSON_NULL && multiplier->type != JSON_NUMBER)
        rc = query_misfit(e, "series.math_multiplier", "Input should be a valid number");
    if (rc < 0)
        return rc;
    if (json_is(multiplier, JSON_NUMBER))
        en.multiplier = multiplier->num;
    if (!en.label.p)
        en.label = en.event.n ? en.event : STR("All events");
    *out = en;
    return 0;
}

/* An action that is not there is said where the answer would be another without it. */
static int refuse_missing(const struct query_entity *en, struct err *e)
{
    return en->missing ? err_set(e, ERR_INVALID, NULL, "Action ID %lld does not exist!",
                                 (long long)en->action)
                       : 0;
}

int query_entity_read(struct query_job *j, const struct json *node, size_t order,
                      struct query_entity *out, struct err *e)
{
    int rc = read_entity(j, node, order, out, e);
    return rc < 0 ? rc : refuse_missing(out, e);
}

int query_series_read(struct query_job *j, const struct json *node, const char *where, bool missing,
                      struct query_entity **out, size_t *n, struct err *e)
{
    const struct json *list = NULL;
    int rc = query_get_list(node, "series", &list, e);
    if (rc < 0)
        return rc;
    if (!list)
        return query_misfit(e, where, "Field required");
    if (list->count > LIMIT_SERIES)
        return query_misfit(e, where, "List should have at most %d items", LIMIT_SERIES);
    struct query_entity *series = arena_alloc(j->arena, (list->count + 1) * sizeof(*series));
    size_t at = 0;
    for (const struct json *m = list->head; m && rc == 0; m = m->next, at++) {
        rc = read_entity(j, m, at, &series[at], e);
        if (rc == 0 && !missing)
            rc = refuse_missing(&series[at], e);
    }
    if (rc < 0)
        return rc;
    *out = series;
    *n = at;
    return 0;
}

void query_entity_write(struct json_writer *w, const struct query_entity *en)
{
    const struct json *properties = json_get(en->node, "properties");
    json_key(w, "id");
    if (en->action)
        json_i64(w, en->action);
    else
        json_str(w, en->event);
    json_key(w, "type");
    json_z(w, en->type);
    json_key(w, "order");
    json_i64(w, (int64_t)en->order);
    json_put_str(w, "name", en->name.p ? en->name : en->label);
    json_put_str(w, "custom_name", en->custom_name);
    json_put_str(w, "math", en->math_word);
    json_put_str(w, "math_property", en->math_property);
    json_put_str(w, "math_hogql", en->math_hogql);
    json_key(w, "math_group_type_index");
    if (en->math_group < 0)
        json_null(w);
    else
        json_i64(w, en->math_group);
    json_key(w, "properties");
    if (properties)
        json_tree(w, properties);
    else
        json_raw(w, STR("{}"));
}
