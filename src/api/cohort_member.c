/* cohort_member.c - members of static cohorts over the API: by uuid, from a CSV file, one by one; and the
 * persons of any cohort. */
#include "api/cohort.h"
#include "api/csv_read.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "ingest/cohort_change.h"

static void add(struct req *r, struct person_set *set, const struct person *p)
{
    set->list = arena_grown(r->arena, set->list, set->n, sizeof(*set->list));
    set->list[set->n++] = (struct person){ .id = p->id, .team_id = p->team_id,
                                           .uuid = arena_str(r->arena, p->uuid) };
}

int persons_by_uuid(struct req *r, const struct json *ids, struct person_set *out, struct err *e)
{
    struct arena *a _cleanup_(arena_freep) = arena_new(); /* persons have large properties */
    for (const struct json *m = ids->head; m; m = m->next) {
        struct person p;
        struct uuid u;
        char text[UUID_TEXT];
        if (m->type != JSON_STRING || !uuid_parse(m->text, &u))
            continue;
        uuid_text(u, text);
        int rc = person_find_uuid(r->db, a, r->project.id, str_of(text), &p, e);
        if (rc < 0)
            return rc;
        if (rc > 0)
            add(r, out, &p);
        arena_reset(a);
    }
    return 0;
}

/* -------------------------------------------------------------------------- CSV */

enum id_kind { BY_UUID, BY_DISTINCT_ID, BY_EMAIL, NO_KIND };

/* Best first: who has several of these columns means the first. */
static const struct {
    const char *header;
    enum id_kind kind;
} headers[] = {
    { "person_id", BY_UUID },          { "person-id", BY_UUID }, { "person .id", BY_UUID },
    { "distinct_id", BY_DISTINCT_ID }, { "distinct-id", BY_DISTINCT_ID },
    { "email", BY_EMAIL },             { "e-mail", BY_EMAIL },
};

static enum id_kind find_column(const struct csv_row *row, size_t *column)
{
    for (size_t i = 0; i < ARRAY_LEN(headers); i++)
        for (size_t k = 0; k < row->n; k++)
            if (str_eq_nocase(row->cells[k], str_of(headers[i].header))) {
                *column = k;
                return headers[i].kind;
            }
    return NO_KIND;
}

static int add_by_email(struct req *r, struct arena *a, str email, struct person_set *out,
                        struct err *e)
{
    struct stmt *st;
    struct person p;
    int rc = person_page(r->db, a, r->project.id, email, LIMIT_PAGE, 0, &st, e);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        rc = person_read(st, a, &p, e);
        if (rc >= 0)
            add(r, out, &p);
    }
    return rc;
}

static int add_by_id(struct req *r, struct arena *a, enum id_kind kind, str id,
                     struct person_set *out, struct err *e)
{
    struct person p;
    struct uuid u;
    char text[UUID_TEXT];
    if (kind == BY_EMAIL)
        return add_by_email(r, a, id, out, e);
    if (kind == BY_UUID && !uuid_parse(id, &u))
        return 0;
    if (kind == BY_UUID)
        uuid_text(u, text);
    int rc = kind == BY_UUID
                 ? person_find_uuid(r->db, a, r->project.id, str_of(text), &p, e)
                 : person_find_by_distinct_id(r->db, a, r->project.id, id, &p, e);
    if (rc > 0)
        add(r, out, &p);
    return rc < 0 ? rc : 0;
}

/* SPEC: one column without a header that is known holds distinct ids, from the first row on. */
int persons_by_csv(struct req *r, str csv, struct person_set *out, struct err *e)
{
    struct arena *a _cleanup_(arena_freep) = arena_new(); /* persons have large properties */
    struct csv_row *row = arena_new_of(r->arena, struct csv_row);
    str rest = str_starts(csv, STR("\xef\xbb\xbf")) ? str_slice(csv, 3, csv.n) : csv;
    size_t column = 0, ids = 0;
    int rc = 0;
    if (!str_utf8_valid(csv))
        return err_set(e, ERR_INVALID, "csv", "The CSV file is not UTF-8.");
    if (!csv_read_row(r->arena, &rest, row))
        return err_set(e, ERR_INVALID, "csv", "The CSV file is empty.");
    enum id_kind kind = find_column(row, &column);
    bool header = kind != NO_KIND;
    if (!header && row->n > 1)
        return err_set(e, ERR_INVALID, "csv", "The CSV file needs a column person_id, distinct_id "
                                              "or email.");
    if (!header)
        kind = BY_DISTINCT_ID;
    for (bool more = !header || csv_read_row(r->arena, &rest, row); more && rc == 0;
         more = csv_read_row(r->arena, &rest, row)) {
        str id = column < row->n ? row->cells[column] : STR("");
        ids += id.n > 0;
        if (id.n)
            rc = add_by_id(r, a, kind, id, out, e);
        arena_reset(a);
    }
    if (rc == 0 && !ids)
        return err_set(e, ERR_INVALID, "csv", "The CSV file names nobody.");
    return rc;
}

/* -------------------------------------------------------------------------- add, remove */

int cohort_add(struct req *r, const struct cohort *c, const struct person_set *set, struct err *e)
{
    int64_t changed;
    return set->n ? cohort_change_members(r->db, r->arena, c, set->list, set->n, true, &changed, e)
                  : 0;
}

static int reply_success(struct req *r)
{
    deliver_now(r);
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "success");
    json_bool(&w, true);
    json_close(&w, '}');
    return 0;
}

/* Only of those that are not deleted. */
static int load_static(struct req *r, const char *otherwise, struct cohort *c, struct err *e)
{
    int rc = cohort_load(r, c, e);
    if (rc == 0 && c->deleted)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    return rc < 0 || c->is_static ? rc : err_set(e, ERR_INVALID, NULL, "%s", otherwise);
}

int cohort_add_persons(struct req *r, struct err *e)
{
    struct cohort c;
    struct person_set set = { 0 };
    const struct json *ids = json_get(r->body, "person_ids");
    int rc = load_static(r, "Can only add users to static cohorts", &c, e);
    if (rc < 0)
        return rc;
    if (!json_is(ids, JSON_ARRAY))
        return err_set(e, ERR_INVALID, NULL, "person_ids must be a list");
    rc = db_begin(r->db, e);
    if (rc == 0)
        rc = persons_by_uuid(r, ids, &set, e);
    if (rc == 0 && !set.n)
        return err_set(e, ERR_INVALID, NULL, "No valid users to add to cohort");
    if (rc == 0)
        rc = cohort_add(r, &c, &set, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : reply_success(r);
}

static int read_person_id(struct req *r, str *out, struct err *e)
{
    const struct json *v = json_get(r->body, "person_id");
    struct uuid u;
    char text[UUID_TEXT];
    if (!v || v->type == JSON_NULL || (v->type == JSON_STRING && !v->text.n))
        return err_set(e, ERR_INVALID, NULL, "person_id is required");
    if (v->type != JSON_STRING)
        return err_set(e, ERR_INVALID, NULL, "person_id must be a string");
    if (!uuid_parse(v->text, &u))
        return err_set(e, ERR_INVALID, NULL, "person_id must be a valid UUID");
    uuid_text(u, text);
    *out = arena_str(r->arena, str_of(text));
    return 0;
}

int cohort_remove_person(struct req *r, struct err *e)
{
    struct cohort c;
    struct person p;
    str id;
    int64_t changed = 0;
    int rc = load_static(r, "Can only remove users from static cohorts", &c, e);
    if (rc == 0)
        rc = read_person_id(r, &id, e);
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc < 0)
        return rc;
    rc = person_find_uuid(r->db, r->arena, r->project.id, id, &p, e);
    if (rc == 0)
        return err_set(e, ERR_NOT_FOUND, NULL, "Person with this UUID does not exist");
    if (rc > 0)
        rc = cohort_change_members(r->db, r->arena, &c, &p, 1, false, &changed, e);
    if (rc == 0 && !changed)
        return err_set(e, ERR_NOT_FOUND, NULL, "Person is not part of the cohort");
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : reply_success(r);
}

int cohort_persons(struct req *r, struct err *e)
{
    struct cohort c;
    int rc = cohort_load(r, &c, e);
    if (rc == 0 && c.deleted)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    return rc < 0 ? rc : person_list_of(r, c.id, e);
}
