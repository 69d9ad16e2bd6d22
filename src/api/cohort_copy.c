/* cohort_copy.c - static cohorts made from what persons are now: the answer of a query, the members of
 * another cohort; and the cohorts that a person is in. */
#include "api/cohort.h"
#include "api/field.h"
#include "base/clock.h"
#include "base/limits.h"

/* One page of ids, in order, so that pages fit together. */
static int read_page(struct req *r, const struct json *query, int64_t offset, struct json **rows,
                     struct err *e)
{
    struct json *page;
    bool sql = str_eqz(json_get_text(query, "kind"), "HogQLQuery");
    str text = arena_printf(r->arena, "{\"kind\":\"ActorsQuery\",\"select\":[\"id\"],\"orderBy\":"
                                      "[\"id\"],\"limit\":%d,\"offset\":%lld%s" STR_FMT "}",
                            LIMIT_QUERY_ROWS, (long long)offset, sql ? ",\"source\":" : "",
                            STR_ARG(sql ? json_text_of(r->arena, query) : STR("")));
    int rc = json_parse(r->arena, text, &page, e);
    if (rc == 0 && !sql)
        page = json_merge(r->arena, query, page);
    return rc < 0 ? rc : req_query_rows(r, page, rows, e);
}

int persons_by_query(struct req *r, const struct json *query, struct person_set *out,
                     struct err *e)
{
    struct json *rows;
    int64_t offset = 0;
    size_t n;
    do {
        struct json *ids = json_new(r->arena, JSON_ARRAY), **tail = &ids->head;
        int rc = read_page(r, query, offset, &rows, e);
        if (rc < 0)
            return rc;
        n = rows->count;
        for (struct json *m = rows->head; m; m = m->next)
            if (m->head) {
                *tail = json_new_str(r->arena, m->head->text);
                tail = &(*tail)->next;
            }
        rc = persons_by_uuid(r, ids, out, e);
        if (rc < 0)
            return rc;
        offset += LIMIT_QUERY_ROWS;
    } while (n == LIMIT_QUERY_ROWS && arena_used(r->arena) < LIMIT_COHORT_ROWS * 4);
    return n == LIMIT_QUERY_ROWS ? err_set(e, ERR_TOO_LARGE, NULL, "Too many persons.") : 0;
}

/* GET, as clients know it, though it makes something. */
int cohort_duplicate(struct req *r, struct err *e)
{
    struct cohort c;
    struct person_set set = { 0 };
    struct json *query;
    int rc = cohort_load(r, &c, e);
    if (rc == 0 && c.deleted)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    str text = arena_printf(r->arena, "{\"kind\":\"ActorsQuery\",\"properties\":[{\"type\":"
                                      "\"cohort\",\"key\":\"id\",\"value\":%lld}]}",
                            (long long)c.id);
    if (rc == 0)
        rc = json_parse(r->arena, text, &query, e);
    if (rc == 0)
        rc = persons_by_query(r, query, &set, e);
    if (rc < 0)
        return rc;
    struct cohort copy = {
        .project_id = c.project_id, .description = c.description, .groups = STR("[]"),
        .filters = STR_NULL, .query = STR_NULL, .is_static = true, .folder = c.folder,
        .name = arena_printf(r->arena, STR_FMT " (static copy)", STR_ARG(c.name)),
        .created_at = clock_now_us(), .created_by = r->user.id,
    };
    return cohort_make(r, &copy, &set, e);
}

/* -------------------------------------------------------------------------- of a person */

static int find_person(struct req *r, str text, struct person *out, struct err *e)
{
    int64_t id;
    int rc = str_to_i64(text, &id)
                 ? person_find(r->db, r->arena, r->project.id, id, out, e)
                 : person_find_uuid(r->db, r->arena, r->project.id, text, out, e);
    return rc < 0 ? rc : rc ? 0 : err_set(e, ERR_NOT_FOUND, NULL, NULL);
}

int cohorts_of_person(struct req *r, struct err *e)
{
    str text = http_query_of(r->http, "person_id");
    struct json *node, *rows;
    struct person p;
    if (!text.n || !str_utf8_valid(text))
        return err_set(e, ERR_REQUIRED, "person_id", NULL);
    int rc = find_person(r, text, &p, e);
    if (rc < 0)
        return rc;
    str query = arena_printf(r->arena,
                             "{\"kind\":\"HogQLQuery\",\"query\":\"SELECT cohort_id FROM"
                             " cohort_people WHERE person_id = toUUID('" STR_FMT "') UNION ALL"
                             " SELECT cohort_id FROM static_cohort_people WHERE person_id ="
                             " toUUID('" STR_FMT "') LIMIT %d\"}",
                             STR_ARG(p.uuid), STR_ARG(p.uuid), LIMIT_QUERY_ROWS);
    rc = json_parse(r->arena, query, &node, e);
    if (rc == 0)
        rc = req_query_rows(r, node, &rows, e);
    if (rc < 0)
        return rc;
    int64_t *ids = arena_alloc(r->arena, (rows->count + 1) * sizeof(*ids));
    size_t n = 0;
    for (const struct json *m = rows->head; m; m = m->next)
        if (m->head && str_to_i64(m->head->text, &ids[n]))
            n++;
    return cohort_write_list(r, ids, n, e);
}
