/* cohort.c - cohorts over the API: lists, one, made, changed, deleted softly. Rows live in
 * model/cohort.c, members in cohort_member.c. */
#include "api/cohort.h"

#include <stdio.h>

#include "api/field.h"
#include "base/clock.h"
#include "base/limits.h"
#include "query/query.h"
#include "work/cohort.h"

#define FOLDER "Unfiled/Cohorts"

/* -------------------------------------------------------------------------- replies */

static void write_optional(struct json_writer *w, const char *key, int64_t v, bool known)
{
    json_key(w, key);
    if (known)
        json_i64(w, v);
    else
        json_null(w);
}

static void write_calculation(struct json_writer *w, const struct cohort *c)
{
    bool due = c->requested != c->done;
    write_optional(w, "version", c->version, c->version > 0);
    write_optional(w, "pending_version", due ? c->last_version + 1 : c->version,
                   due || c->version > 0);
    json_key(w, "is_calculating");
    json_bool(w, due);
    json_key(w, "last_calculation");
    json_time(w, c->last_calculation);
    json_key(w, "last_backfill_person_properties_at");
    json_null(w);
    json_key(w, "errors_calculating");
    json_i64(w, c->errors_calculating);
    json_key(w, "last_error_message");
    json_str(w, c->last_error_message);
    write_optional(w, "count", c->count, c->count != INT64_MIN);
}

static void write_cohort(struct req *r, struct json_writer *w, const struct cohort *c)
{
    json_open(w, '{');
    json_key(w, "id");
    json_i64(w, c->id);
    json_key(w, "name");
    json_str(w, c->name);
    json_key(w, "description");
    json_str(w, c->description);
    json_key(w, "groups");
    json_raw(w, c->groups);
    json_key(w, "deleted");
    json_bool(w, c->deleted);
    json_put_raw(w, "filters", c->filters);
    json_put_raw(w, "query", c->query);
    write_calculation(w, c);
    write_loaded_user(r, w, "created_by", c->created_by);
    json_key(w, "created_at");
    json_time(w, c->created_at);
    json_key(w, "is_static");
    json_bool(w, c->is_static);
    json_key(w, "cohort_type");
    json_z(w, c->is_static ? "static" : NULL);
    json_key(w, "experiment_set");
    json_raw(w, STR("[]"));
    json_close(w, '}');
}

static int reply(struct req *r, int status, int64_t id, struct err *e)
{
    struct cohort c;
    int rc = cohort_find(r->db, r->arena, r->project.id, id, &c, e);
    if (rc > 0)
        rc = req_load_users(r, &c.created_by, 1, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, status);
    write_cohort(r, &w, &c);
    return 0;
}

/* -------------------------------------------------------------------------- lists */

static int write_page(struct req *r, const struct cohort_filter *f, struct err *e)
{
    struct page page = page_of(r);
    struct cohort *rows;
    size_t n = 0;
    int64_t count;
    int rc = cohort_count(r->db, r->arena, f, &count, e);
    if (rc == 0)
        rc = cohort_page(r->db, r->arena, f, page.limit, page.offset, &rows, &n, e);
    if (rc == 0)
        rc = req_load_creators(r, rows, n, e);
    if (rc < 0)
        return rc;
    struct json_writer w = page_open(r, page, count);
    for (size_t i = 0; i < n; i++)
        write_cohort(r, &w, &rows[i]);
    page_close(&w);
    return 0;
}

static int cohort_list(struct req *r, struct err *e)
{
    struct cohort_filter f = { .project_id = r->project.id, .is_static = -1, .search = STR_NULL };
    str type = http_query_of(r->http, "type"), by = http_query_of(r->http, "created_by_id");
    if (str_eqz(type, "static") || str_eqz(type, "dynamic"))
        f.is_static = str_eqz(type, "static");
    if (by.n && !str_to_i64(by, &f.created_by))
        return err_set(e, ERR_INVALID, "created_by_id", "A valid integer is required.");
    int rc = search_term(r, http_query_of(r->http, "search"), &f.search, e);
    return rc < 0 ? rc : write_page(r, &f, e);
}

int cohort_write_list(struct req *r, const int64_t *ids, size_t n, struct err *e)
{
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "results");
    json_open(&w, '[');
    for (size_t i = 0; i < n; i++) {
        struct cohort c = { 0 };
        int rc = cohort_find(r->db, r->arena, r->project.id, ids[i], &c, e);
        if (rc > 0 && !c.deleted)
            rc = req_load_users(r, &c.created_by, 1, e);
        if (rc < 0)
            return rc;
        if (c.id == ids[i] && !c.deleted)
            write_cohort(r, &w, &c);
    }
    json_close(&w, ']');
    json_close(&w, '}');
    return 0;
}

/* -------------------------------------------------------------------------- body */

struct input {
    struct cohort c; /* first: the fields' offsets are its */
    str folder;
    const struct json *person_ids; /* NULL: none given */
    str csv;                       /* STR_NULL: none given */
    const struct json *query;      /* NULL: none given */
};

static const struct field fields[] = {
    { "name", FIELD_STR, offsetof(struct input, c.name), FIELD_NULLABLE, .max = 400 },
    { "description", FIELD_STR, offsetof(struct input, c.description), 0, .max = 1000 },
    { "deleted", FIELD_BOOL, offsetof(struct input, c.deleted), 0 },
    { "groups", FIELD_ANY, offsetof(struct input, c.groups), 0 },
    { "filters", FIELD_OBJECT, offsetof(struct input, c.filters), FIELD_NULLABLE },
    { "_create_in_folder", FIELD_STR, offsetof(struct input, folder), FIELD_NULLABLE,
      .max = 1000 },
    { 0 },
};

/* Who is to be in it, as far as the request names them. */
static int read_members(struct req *r, struct input *in, struct err *e)
{
    const struct json *ids = json_get(r->body, "_create_static_person_ids");
    const struct json *csv = json_get(r->files, "csv");
    if (json_is(ids, JSON_ARRAY))
        in->person_ids = ids;
    else if (ids && ids->type != JSON_NULL)
        return err_set(e, ERR_INVALID, "_create_static_person_ids", "Expected a list of items.");
    in->csv = csv ? csv->text : STR_NULL;
    return 0;
}

static int find_members(struct req *r, const struct input *in, struct person_set *set,
                        struct err *e)
{
    int rc = 0;
    if (in->person_ids)
        rc = persons_by_uuid(r, in->person_ids, set, e);
    if (rc == 0 && in->csv.p)
        rc = persons_by_csv(r, in->csv, set, e);
    if (rc == 0 && in->query)
        rc = persons_by_query(r, in->query, set, e);
    return rc;
}

static int read_body(struct req *r, struct input *in, struct err *e)
{
    const struct json *filters = json_get(r->body, "filters"), *groups = json_get(r->body, "groups");
    int rc = fields_read(r->arena, r->body, "", fields, in, e);
    if (rc < 0)
        return rc;
    if (groups && groups->type != JSON_ARRAY && groups->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "groups", "Expected a list of items.");
    if (!in->c.is_static && json_is(filters, JSON_OBJECT) && filters->head &&
        !json_get(filters, "properties"))
        return err_set(e, ERR_INVALID, "filters",
                       "Must contain a 'properties' key with type and values");
    return read_members(r, in, e);
}

/* A name may be changed also of one whose filters are broken since. */
static bool says_who(const struct req *r)
{
    return json_get(r->body, "filters") || json_get(r->body, "groups");
}

/* SPEC: only a new static cohort is made from a query. */
static int read_query(struct req *r, struct input *in, struct err *e)
{
    const struct json *v = json_get(r->body, "query");
    str kind = json_get_text(v, "kind");
    if (!v || v->type == JSON_NULL)
        return 0;
    if (v->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "query", "Query must be a dictionary.");
    if (!str_eqz(kind, "ActorsQuery") && !str_eqz(kind, "HogQLQuery"))
        return err_set(e, ERR_INVALID, "query",
                       "Query must be an ActorsQuery or HogQLQuery. Got: " STR_FMT,
                       STR_ARG(str_utf8_prefix(kind, 100)));
    if (in->c.filters.p)
        return err_set(e, ERR_INVALID, NULL, "Cannot set both query and filters at the same time.");
    if (!in->c.is_static)
        return err_set(e, ERR_INVALID, NULL,
                       "Cannot create a dynamic cohort with a query. Set is_static to true.");
    in->query = v;
    in->c.query = json_text_of(r->arena, v);
    return 0;
}

/* Could its members be computed? */
static int check_filters(struct req *r, const struct cohort *c, struct err *e)
{
    struct query_scope scope = req_query_scope(r);
    if (c->is_static)
        return 0;
    req_give_db(r);
    int rc = query_check_cohort(&scope, c, e);
    req_take_db(r);
    if (rc < 0)
        snprintf(e->attr, sizeof(e->attr), json_get(r->body, "filters") ? "filters" : "groups");
    return rc;
}

/* Which cohorts reach which, from those that the filters name on. */
struct reach {
    struct req *r;
    int64_t id; /* that must not be reached; 0: a new one, nobody names it yet */
    int64_t *seen;
    size_t seen_n;
};

static int reach_from(struct reach *x, const struct cohort *c, struct err *e)
{
    int64_t *ids;
    size_t n;
    int rc = cohort_references(x->r->arena, c, &ids, &n, e);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct cohort next;
        bool again = false;
        if (ids[i] == x->id)
            return err_set(e, ERR_INVALID, "filters",
                           "Cohorts cannot reference other cohorts in a loop.");
        for (size_t k = 0; k < x->seen_n; k++)
            again = again || x->seen[k] == ids[i];
        if (again)
            continue;
        x->seen = arena_grown(x->r->arena, x->seen, x->seen_n, sizeof(*x->seen));
        x->seen[x->seen_n++] = ids[i];
        rc = cohort_find(x->r->db, x->r->arena, x->r->project.id, ids[i], &next, e);
        if (rc == 0 || (rc > 0 && next.deleted))
            return err_set(e, ERR_INVALID, "filters", "Invalid Cohort ID in filter");
        if (rc > 0)
            rc = next.is_static ? 0 : reach_from(x, &next, e);
    }
    return rc;
}

/* In the transaction that writes: nobody makes the loop in between. */
static int check_references(struct req *r, const struct cohort *c, struct err *e)
{
    struct reach x = { .r = r, .id = c->id };
    return c->is_static || c->deleted ? 0 : reach_from(&x, c, e);
}


/* Ends the transaction of a change. The reply is what the change left, not what a calculation has made
 * of it since. */
static int reply_written(struct req *r, int status, const struct cohort *c, bool members,
                         struct err *e)
{
    int rc = reply(r, status, c->id, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    if (!c->is_static)
        cohort_worker_wake(r->api->cohorts);
    if (members)
        deliver_now(r);
    return 0;
}

/* -------------------------------------------------------------------------- handlers */

int cohort_make(struct req *r, struct cohort *c, const struct person_set *set, struct err *e)
{
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = check_references(r, c, e);
    if (rc == 0)
        rc = cohort_insert(r->db, c, e);
    if (rc == 0)
        rc = cohort_add(r, c, set, e);
    return rc < 0 ? rc : reply_written(r, 201, c, set->n > 0, e);
}

static int cohort_create(struct req *r, struct err *e)
{
    static const struct field kind[] = { { "is_static", FIELD_BOOL, 0, 0 }, { 0 } };
    struct person_set set = { 0 };
    struct input in = { .c = {
        .project_id = r->project.id, .name = STR_NULL, .description = STR(""),
        .groups = STR("[]"), .filters = STR_NULL, .query = STR_NULL, .created_at = clock_now_us(),
        .created_by = r->user.id,
    } };
    int rc = fields_read(r->arena, r->body, "", kind, &in.c.is_static, e);
    if (rc == 0)
        rc = read_body(r, &in, e);
    if (rc == 0)
        rc = read_query(r, &in, e);
    if (rc == 0)
        rc = check_filters(r, &in.c, e);
    in.c.requested = !in.c.is_static;
    in.c.folder = in.folder.n ? in.folder : STR(FOLDER);
    if (rc == 0)
        rc = find_members(r, &in, &set, e);
    return rc < 0 ? rc : cohort_make(r, &in.c, &set, e);
}

int cohort_load(struct req *r, struct cohort *out, struct err *e)
{
    int64_t id;
    if (!str_to_i64(r->id, &id))
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    int rc = cohort_find(r->db, r->arena, r->project.id, id, out, e);
    return rc < 0 ? rc : rc ? 0 : err_set(e, ERR_NOT_FOUND, NULL, NULL);
}

static int cohort_fetch(struct req *r, struct err *e)
{
    struct cohort c;
    int rc = cohort_load(r, &c, e);
    return rc < 0 ? rc : reply(r, 200, c.id, e);
}

static int check_kind(struct req *r, const struct cohort *c, struct err *e)
{
    static const struct field kind[] = { { "is_static", FIELD_BOOL, 0, 0 }, { 0 } };
    bool is_static = c->is_static;
    int rc = fields_read(r->arena, r->body, "", kind, &is_static, e);
    if (rc == 0 && is_static != c->is_static)
        return err_set(e, ERR_INVALID, "is_static", "A cohort stays static or dynamic as it was "
                                                    "made.");
    return rc;
}

static int cohort_change(struct req *r, struct err *e)
{
    struct input in = { 0 };
    struct person_set set = { 0 };
    int rc = cohort_load(r, &in.c, e);
    if (rc == 0)
        rc = read_body(r, &in, e);
    if (rc == 0)
        rc = check_kind(r, &in.c, e);
    if (rc == 0 && in.c.is_static)
        rc = find_members(r, &in, &set, e);
    if (rc == 0 && says_who(r))
        rc = check_filters(r, &in.c, e);
    if (rc == 0)
        rc = db_begin(r->db, e); /* read and write as one: two editors lose nothing */
    if (rc == 0)
        rc = cohort_load(r, &in.c, e);
    if (rc == 0)
        rc = read_body(r, &in, e);
    if (rc == 0 && says_who(r))
        rc = check_references(r, &in.c, e);
    in.c.requested += !in.c.is_static && !in.c.deleted;
    if (rc == 0)
        rc = cohort_update(r->db, &in.c, e);
    if (rc == 0)
        rc = cohort_add(r, &in.c, &set, e);
    return rc < 0 ? rc : reply_written(r, 200, &in.c, set.n > 0, e);
}

#define AT "/api/projects/:project/cohorts/"

const struct route cohort_routes[] = {
    { "GET", AT, cohort_list, ACCESS_SCOPE, "cohort:read", 0 },
    { "POST", AT, cohort_create, ACCESS_SCOPE, "cohort:write", 0 },
    { "GET", AT ":id/", cohort_fetch, ACCESS_SCOPE, "cohort:read", 0 },
    { "PATCH", AT ":id/", cohort_change, ACCESS_SCOPE, "cohort:write", 0 },
    { "PUT", AT ":id/", cohort_change, ACCESS_SCOPE, "cohort:write", 0 },
    { "DELETE", AT ":id/", refuse_delete, ACCESS_SCOPE, "cohort:write", 0 },
    { "GET", AT ":id/persons/", cohort_persons, ACCESS_SCOPE, "cohort:read", 0 },
    { "GET", AT ":id/duplicate_as_static_cohort/", cohort_duplicate, ACCESS_SCOPE, "cohort:write",
      0 },
    { "GET", "/api/projects/:project/persons/cohorts/", cohorts_of_person, ACCESS_SCOPE,
      "cohort:read", 0 },
    { "PATCH", AT ":id/add_persons_to_static_cohort/", cohort_add_persons, ACCESS_SCOPE,
      "cohort:write", 0 },
    { "PATCH", AT ":id/remove_person_from_static_cohort/", cohort_remove_person, ACCESS_SCOPE,
      "cohort:write", 0 },
    { 0 },
};
