/* cohort.c - see cohort.h. */
#include "query/cohort.h"

int query_cohort_members(struct query_job *j, const struct cohort *c, struct hogql_node **out,
                         struct err *e)
{
    struct arena *a = j->arena;
    struct hogql_placeholder ph[] = {
        { "id", hogql_int(a, c->id) },
        { "version", hogql_int(a, c->version) },
        { NULL, NULL },
    };
    str text = c->is_static
                   ? STR("SELECT person_id FROM static_cohort_people WHERE cohort_id = {id}")
                   : STR("SELECT person_id FROM raw_cohort_people WHERE cohort_id = {id}"
                         " AND version = {version}");
    return hogql_parse_select(a, text, ph, out, e);
}

static int find(struct query_job *j, int64_t id, str name, struct cohort *out, struct err *e)
{
    struct db *db = store_take(j->store);
    int64_t project = j->scope->team_id;
    int rc = name.n ? cohort_find_name(db, j->arena, project, name, out, e)
                    : cohort_find(db, j->arena, project, id, out, e);
    store_give(db);
    return rc > 0 && out->deleted ? 0 : rc;
}

int query_cohort_named(void *cls, int64_t id, str name, struct hogql_node **out, struct err *e)
{
    struct query_job *j = cls;
    struct cohort c;
    *out = NULL;
    int rc = find(j, id, name, &c, e);
    if (rc > 1)
        return err_set(e, ERR_INVALID, NULL, "Found multiple cohorts with name '" STR_FMT "'",
                       STR_ARG(str_utf8_prefix(name, 200)));
    return rc <= 0 ? rc : query_cohort_members(j, &c, out, e);
}
