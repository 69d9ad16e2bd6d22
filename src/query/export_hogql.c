/* export_hogql.c - exports of the rows of a SELECT that a project wrote itself; see export.h. */
#include "query/export.h"

#include <stdio.h>

#include "query/internal.h"

static const char start_name[] = "data_interval_start", end_name[] = "data_interval_end";
#define THESE_ONLY "Only {data_interval_start} and {data_interval_end} are supported in batch export queries"

/* *from: does the tree ask for the interval's start? */
static int check_placeholder(const struct hogql_node *n, bool *from, struct err *e)
{
    const struct hogql_node *chain = n->n ? n->kids[0] : NULL;
    bool named = chain && chain->kind == HOGQL_FIELD && chain->names_n;
    if (!named || str_eqz(chain->names[0], "filters"))
        return err_set(e, ERR_INVALID, NULL, "Unsupported placeholder. " THESE_ONLY);
    bool start = str_eqz(chain->names[0], start_name);
    *from = *from || start;
    if (chain->names_n == 1 && (start || str_eqz(chain->names[0], end_name)))
        return 0;
    return err_set(e, ERR_INVALID, NULL, "Unknown placeholder '{" STR_FMT "%s}'. " THESE_ONLY,
                   STR_ARG(str_utf8_prefix(chain->names[0], 100)), chain->names_n > 1 ? ".…" : "");
}

static int check_placeholders(const struct hogql_node *n, bool *from, struct err *e)
{
    if (n->kind == HOGQL_PLACEHOLDER)
        return check_placeholder(n, from, e);
    int rc = 0;
    for (uint32_t i = 0; i < n->n && rc == 0; i++)
        rc = n->kids[i] ? check_placeholders(n->kids[i], from, e) : 0;
    return rc;
}

/* Of a set of SELECTs the first gives the columns their names. */
static int check_columns(const struct hogql_node *tree, struct err *e)
{
    while (tree->kind == HOGQL_SET && tree->n > SET_FIRST)
        tree = tree->kids[SET_FIRST];
    const struct hogql_node *list = tree->kind == HOGQL_SELECT ? tree->kids[SELECT_COLUMNS] : NULL;
    for (uint32_t i = 0; list && i < list->n; i++) {
        enum hogql_kind kind = list->kids[i]->kind;
        if (kind != HOGQL_FIELD && kind != HOGQL_STAR && kind != HOGQL_ALIAS)
            return err_set(e, ERR_INVALID, NULL, "Every column in the SELECT clause must be a field "
                                                 "or have an alias (e.g. `count() AS event_count`)");
    }
    return 0;
}

int query_export_tree(struct query_job *j, const struct query_export *x, struct hogql_node **out,
                      struct err *e)
{
    bool from = false, known = x->from != INT64_MIN;
    int rc = hogql_parse_select(j->arena, x->hogql_query, NULL, out, e);
    if (rc < 0) {
        struct err why = *e;
        return err_set(e, rc, NULL, "Failed to parse HogQL query: %s", why.message);
    }
    rc = check_placeholders(*out, &from, e);
    if (rc == 0 && from && !known)
        rc = err_set(e, ERR_INVALID, NULL, "The query uses {data_interval_start}, which an export "
                                           "from the beginning does not have");
    struct hogql_placeholder ph[] = { { end_name, hogql_datetime(j->arena, x->to) },
                                      { known ? start_name : NULL,
                                        known ? hogql_datetime(j->arena, x->from) : NULL },
                                      { NULL, NULL } };
    if (rc == 0)
        hogql_replace(j->arena, out, ph);
    return rc;
}

int query_export_modifiers(struct query_job *j, const struct json *modifiers, struct err *e)
{
    if (!modifiers)
        return 0;
    struct json *node = json_new(j->arena, JSON_OBJECT);
    json_set(node, STR("modifiers"), json_share(j->arena, modifiers));
    return query_read_modifiers(j, node, e);
}

static int refused(struct err *e, const char *attr)
{
    struct err why = *e;
    return err_set(e, why.kind, attr, "%s", why.message);
}

int query_export_check(const struct query_scope *s, str hogql_query, const struct json *modifiers,
                       struct hogql_column **columns, size_t *n, struct err *e)
{
    struct query_job j;
    struct hogql_node *tree;
    struct hogql_compiled compiled;
    struct query_export x = { .hogql_query = hogql_query, .from = 0, .to = 1 };
    query_job_init(&j, s);
    int rc = query_export_modifiers(&j, modifiers, e);
    if (rc < 0)
        return refused(e, "hogql_modifiers");
    rc = query_export_tree(&j, &x, &tree, e);
    if (rc == 0)
        rc = check_columns(tree, e);
    if (rc < 0)
        return refused(e, "hogql_query");
    rc = hogql_compile(&j.hogql, tree, &compiled, e);
    if (rc == ERR_INVALID) {
        struct err why = *e;
        return err_set(e, rc, "hogql_query", "Invalid HogQL query: %s", why.message);
    }
    *columns = compiled.columns;
    *n = compiled.columns_n;
    return rc;
}
