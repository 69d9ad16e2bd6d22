/* cohort.c - cohorts over the API: lists, one, made, changed, deleted softly. Rows live in
 * model/cohort.c, members in cohort_member.c. */
#include "api/cohort.h"

#include "api/field.h"
#include "base/clock.h"
#include "base/limits.h"

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

static void write_text(struct json_writer *w, const char *key, str json)
{
    json_key(w, key);
    if (json.p)
        json_raw(w, json);
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
    write_text(w, "filters", c->filters);
    json_key(w, "query");
    json_null(w);
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
    if (rc < 0)
        return rc;
    int64_t *users = arena_alloc(r->arena, (n + 1) * sizeof(*users));
    for (size_t i = 0; i < n; i++)
        users[i] = rows[i].created_by;
    rc = req_load_users(r, users, n, e);
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

/* -------------------------------------------------------------------------- body */

struct input {
    struct cohort c; /* first: the fields' offsets are its */
    str folder;
    const struct json *person_ids; /* NULL: none given */
    str csv;                       /* STR_NULL: none given */
};

static const struct field fields[] = {
    { "name", FIELD_STR, offsetof(struct input, c.name), FIELD_NULLABLE, .max = 400 },
    { "description", FIELD_STR, offsetof(struct input, c.description), 0, .max = 1000 },
    { "deleted", FIELD_BOOL, offsetof(struct input, c.deleted), 0 },
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
    return rc;
}

static int read_body(struct req *r, struct input *in, struct err *e)
{
    int rc = fields_read(r->arena, r->body, "", fields, in, e);
    return rc < 0 ? rc : read_members(r, in, e);
}

/* -------------------------------------------------------------------------- handlers */

static int cohort_create(struct req *r, struct err *e)
{
    static const struct field kind[] = { { "is_static", FIELD_BOOL, 0, 0 }, { 0 } };
    struct person_set set = { 0 };
    struct input in = { .c = {
        .project_id = r->project.id, .name = STR_NULL, .description = STR(""),
        .groups = STR("[]"), .filters = STR_NULL, .created_at = clock_now_us(),
        .created_by = r->user.id,
    } };
    int rc = fields_read(r->arena, r->body, "", kind, &in.c.is_static, e);
    if (rc == 0)
        rc = read_body(r, &in, e);
    if (rc == 0 && !in.c.is_static)
        return err_set(e, ERR_INVALID, "is_static", "Dynamic cohorts are not supported.");
    in.c.folder = in.folder.n ? in.folder : STR(FOLDER);
    if (rc == 0)
        rc = find_members(r, &in, &set, e);
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc == 0)
        rc = cohort_insert(r->db, &in.c, e);
    if (rc == 0)
        rc = cohort_add(r, &in.c, &set, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    if (set.n)
        deliver_now(r);
    return reply(r, 201, in.c.id, e);
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

static int cohort_change(struct req *r, struct err *e)
{
    struct input in = { 0 };
    struct person_set set = { 0 };
    int rc = cohort_load(r, &in.c, e);
    if (rc == 0)
        rc = read_members(r, &in, e);
    if (rc == 0 && in.c.is_static)
        rc = find_members(r, &in, &set, e);
    if (rc == 0)
        rc = db_begin(r->db, e); /* read and write as one: two editors lose nothing */
    if (rc == 0)
        rc = cohort_load(r, &in.c, e);
    if (rc == 0)
        rc = read_body(r, &in, e);
    if (rc == 0)
        rc = cohort_update(r->db, &in.c, e);
    if (rc == 0)
        rc = cohort_add(r, &in.c, &set, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    if (set.n)
        deliver_now(r);
    return reply(r, 200, in.c.id, e);
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
    { "PATCH", AT ":id/add_persons_to_static_cohort/", cohort_add_persons, ACCESS_SCOPE,
      "cohort:write", 0 },
    { "PATCH", AT ":id/remove_person_from_static_cohort/", cohort_remove_person, ACCESS_SCOPE,
      "cohort:write", 0 },
    { 0 },
};
