/* path_rules.c - see path_rules.h. */
#include "query/path_rules.h"

#include <stdlib.h>

struct rule {
    const struct json *node;
    int64_t order;
    size_t place;
};

static int by_order(const void *x, const void *y)
{
    const struct rule *a = x, *b = y;
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

static int apply(struct query_job *j, const struct json *rule, const char *where,
                 struct hogql_node **item, struct err *e)
{
    struct arena *a = j->arena;
    str regex = STR_NULL, alias = STR("");
    int rc = rule->type == JSON_OBJECT ? query_get_text(rule, "regex", &regex, e)
                                       : query_misfit(e, where, "Input should be a valid dictionary");
    if (rc == 0)
        rc = query_get_text(rule, "alias", &alias, e);
    if (rc < 0 || !regex.n)
        return rc;
    struct hogql_placeholder ph[] = { { "item", *item },
                                      { "x", hogql_string(a, regex) },
                                      { "y", hogql_string(a, alias) },
                                      { NULL, NULL } };
    return hogql_parse_expr(a, STR("replaceRegexpAll({item}, {x}, {y})"), ph, item, e);
}

int query_path_rules(struct query_job *j, const struct json *rules, const char *where,
                     struct hogql_node **item, struct err *e)
{
    size_t n = 0;
    int rc = 0;
    struct rule *list = arena_alloc(j->arena, ((rules ? rules->count : 0) + 1) * sizeof(*list));
    for (const struct json *m = rules ? rules->head : NULL; m && rc == 0; m = m->next, n++) {
        list[n] = (struct rule){ m, 0, n };
        rc = query_get_i64(m, "order", &list[n].order, e);
    }
    if (n)
        qsort(list, n, sizeof(*list), by_order);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = apply(j, list[i].node, where, item, e);
    return rc;
}

int query_path_rules_project(struct query_job *j, struct hogql_node **item, struct err *e)
{
    struct json *rules;
    str text = j->scope->path_cleaning;
    if (!text.n)
        return 0;
    int rc = json_parse(j->arena, text, &rules, e);
    return rc < 0 ? rc : query_path_rules(j, rules, "path_cleaning_filters", item, e);
}
