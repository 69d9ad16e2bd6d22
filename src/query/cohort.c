/* cohort.c - see cohort.h. Members of a dynamic cohort are those of the version in force. One that was
 * not computed yet is what its filters say, there and then: slower, but never an empty set that is
 * none. */
#include "query/cohort.h"

#include "query/rows.h"

static int by_filters(struct query_job *j, const struct cohort *c, struct hogql_node **out,
                      struct err *e)
{
    struct hogql_node *condition = NULL;
    int rc = query_cohort_condition(j, c, &condition, e);
    struct hogql_placeholder ph[] = { { "condition", condition }, { NULL, NULL } };
    return rc < 0 ? rc : hogql_parse_select(j->arena,
                                            STR("SELECT id FROM persons WHERE {condition}"), ph,
                                            out, e);
}

int query_cohort_members(struct query_job *j, const struct cohort *c, struct hogql_node **out,
                         struct err *e)
{
    struct arena *a = j->arena;
    struct hogql_placeholder ph[] = {
        { "id", hogql_int(a, c->id) },
        { "version", hogql_int(a, c->version) },
        { NULL, NULL },
    };
    if (!c->is_static && !c->version)
        return by_filters(j, c, out, e);
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

int query_find_cohort(struct query_job *j, int64_t id, struct cohort *out, struct err *e)
{
    return find(j, id, STR(""), out, e);
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

int query_check_cohort(const struct query_scope *scope, const struct cohort *c, struct err *e)
{
    struct query_job j;
    struct hogql_node *select;
    struct hogql_compiled ignored;
    query_job_init(&j, scope);
    int rc = by_filters(&j, c, &select, e);
    return rc < 0 ? rc : hogql_compile(&j.hogql, select, &ignored, e);
}

/* -------------------------------------------------------------------------- calculation */

static int count_members(struct query_job *j, const struct cohort *c, int64_t *out, struct err *e)
{
    struct hogql_node *select, *members;
    struct hogql_compiled compiled;
    struct query_rows rows;
    const struct json *list;
    struct buf answer = BUF_INIT(64 * 1024);
    int rc = query_cohort_members(j, c, &members, e);
    struct hogql_placeholder ph[] = { { "members", members }, { NULL, NULL } };
    if (rc == 0)
        rc = hogql_parse_select(j->arena, STR("SELECT count() FROM {members}"), ph, &select, e);
    if (rc == 0)
        rc = query_execute(j, select, &compiled, &answer, e);
    if (rc == 0)
        rc = query_rows_read(j->arena, buf_view(&answer), &rows, e);
    if (rc == 0)
        rc = query_rows_parse(j->arena, &rows, &list, e);
    buf_release(&answer);
    const struct json *n = rc == 0 && list->head ? list->head->head : NULL;
    if (rc == 0 && !n)
        return err_internal(e, "no count of a cohort");
    if (rc == 0 && !(n->type == JSON_NUMBER ? (*out = n->i64, true) : str_to_i64(n->text, out)))
        return err_internal(e, "a count that is no number");
    return rc;
}

int query_calculate_cohort(const struct query_scope *scope, const struct cohort *cohort,
                           int64_t version, int64_t *count, struct err *e)
{
    struct query_job j;
    struct cohort c = *cohort;
    struct hogql_node *select, *condition = NULL;
    query_job_init(&j, scope);
    j.hogql.persons_mode = HOGQL_PERSONS_OVERRIDE_JOINED;
    int rc = query_cohort_condition(&j, &c, &condition, e);
    struct hogql_placeholder ph[] = {
        { "team", hogql_int(j.arena, c.project_id) },
        { "cohort", hogql_int(j.arena, c.id) },
        { "version", hogql_int(j.arena, version) },
        { "condition", condition },
        { NULL, NULL },
    };
    if (rc == 0)
        rc = hogql_parse_select(j.arena,
                                STR("SELECT {team} AS of_team, {cohort} AS of_cohort, {version} AS"
                                    " of_version, id FROM persons WHERE {condition}"),
                                ph, &select, e);
    if (rc == 0)
        rc = query_store(&j, select, olap_cohort_people, e);
    c.version = version;
    return rc < 0 ? rc : count_members(&j, &c, count, e);
}
