/* cohort.c - see cohort.h. */
#include "model/cohort.h"

#include "base/clock.h"

#define COLUMNS                                                                              \
    "SELECT c.id, c.project_id, c.name, c.description, c.groups, c.filters, c.is_static,"    \
    " c.deleted, c.folder, c.created_at, c.created_by, coalesce(c.count, ?1), c.version,"    \
    " c.last_version, c.requested, c.done, c.last_calculation, c.errors_calculating,"        \
    " c.last_error_message, c.query FROM cohort c "
#define LISTED                                                                               \
    "WHERE c.project_id = ?2 AND c.deleted = 0 AND (?3 < 0 OR c.is_static = ?3)"             \
    " AND (?4 = 0 OR c.created_by = ?4) AND (?5 = 0 OR c.id IN"                              \
    " (SELECT cohort_id FROM cohort_member WHERE person_id = ?5))"                           \
    " AND (?6 IS NULL OR instr(fold(coalesce(c.name, '')), ?6)) "
#define LISTED_TYPES "iiiiis"
#define UNKNOWN INT64_MIN /* a count; ?1 of COLUMNS */

static void read_row(struct stmt *st, struct arena *a, struct cohort *out)
{
    *out = (struct cohort){
        .id = stmt_i64(st, 0), .project_id = stmt_i64(st, 1), .name = stmt_str(st, a, 2),
        .description = stmt_str(st, a, 3), .groups = stmt_str(st, a, 4),
        .filters = stmt_str(st, a, 5), .is_static = stmt_bool(st, 6),
        .deleted = stmt_bool(st, 7), .folder = stmt_str(st, a, 8),
        .created_at = stmt_i64(st, 9), .created_by = stmt_i64(st, 10),
        .count = stmt_i64(st, 11), .version = stmt_i64(st, 12),
        .last_version = stmt_i64(st, 13), .requested = stmt_i64(st, 14),
        .done = stmt_i64(st, 15), .last_calculation = stmt_time(st, 16),
        .errors_calculating = stmt_i64(st, 17), .last_error_message = stmt_str(st, a, 18),
        .query = stmt_str(st, a, 19),
    };
}

int cohort_insert(struct db *d, struct cohort *in, struct err *e)
{
    int rc = db_run(d, e,
                    "INSERT INTO cohort (project_id, name, description, groups, filters,"
                    " is_static, deleted, folder, created_at, created_by, requested, query, count)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, iif(?6, 0, NULL))",
                    "issssbbsiiis", in->project_id, in->name, in->description, in->groups,
                    in->filters, (int)in->is_static, (int)in->deleted, in->folder,
                    in->created_at, in->created_by, in->requested, in->query);
    if (rc == 0)
        in->id = db_last_id(d);
    return rc;
}

int cohort_update(struct db *d, const struct cohort *in, struct err *e)
{
    return db_run(d, e,
                  "UPDATE cohort SET name = ?, description = ?, groups = ?, filters = ?,"
                  " deleted = ?, requested = ?, last_version = last_version + is_static"
                  " WHERE id = ? AND project_id = ?",
                  "ssssbiii", in->name, in->description, in->groups, in->filters,
                  (int)in->deleted, in->requested, in->id, in->project_id);
}

int cohort_find(struct db *d, struct arena *a, int64_t project_id, int64_t id, struct cohort *out,
                struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, COLUMNS "WHERE c.id = ?2 AND c.project_id = ?3", "iii",
                     UNKNOWN, id, project_id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    read_row(st, a, out);
    stmt_end(st);
    return 1;
}

static int read_all(struct stmt *st, struct arena *a, struct cohort **out, size_t *n,
                    struct err *e)
{
    struct cohort *list = NULL;
    size_t count = 0;
    int rc;
    while ((rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        read_row(st, a, &list[count++]);
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = count;
    return 0;
}

int cohort_find_name(struct db *d, struct arena *a, int64_t project_id, str name,
                     struct cohort *out, struct err *e)
{
    struct stmt *st;
    struct cohort *list;
    size_t n;
    int rc = db_open(d, a, &st, e,
                     COLUMNS "WHERE c.project_id = ?2 AND c.name = ?3 AND c.deleted = 0 LIMIT 2",
                     "iis", UNKNOWN, project_id, name);
    if (rc == 0)
        rc = read_all(st, a, &list, &n, e);
    if (rc < 0)
        return rc;
    if (n)
        *out = list[0];
    return (int)n;
}

int cohort_stamp(struct db *d, struct arena *a, int64_t project_id, int64_t *out, struct err *e)
{
    struct stmt *st; /* each of these only grows */
    int rc = db_open(d, a, &st, e,
                     "SELECT coalesce(sum(requested + done + version + last_version + 1), 0)"
                     " FROM cohort WHERE project_id = ?", "i", project_id);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int cohort_count(struct db *d, struct arena *a, const struct cohort_filter *f, int64_t *out,
                 struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT count(*) FROM cohort c " LISTED "AND (?1 OR 1)",
                     LISTED_TYPES, UNKNOWN, f->project_id, (int64_t)f->is_static, f->created_by,
                     f->person_id, f->search);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int cohort_page(struct db *d, struct arena *a, const struct cohort_filter *f, int64_t limit,
                int64_t offset, struct cohort **out, size_t *n, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     COLUMNS LISTED "ORDER BY c.created_at DESC, c.id DESC LIMIT ?7 OFFSET ?8",
                     LISTED_TYPES "ii", UNKNOWN, f->project_id, (int64_t)f->is_static,
                     f->created_by, f->person_id, f->search, limit, offset);
    return rc < 0 ? rc : read_all(st, a, out, n, e);
}

/* -------------------------------------------------------------------------- references */

struct references {
    struct arena *arena;
    int64_t *ids;
    size_t n;
};

/* {type: "cohort", value: id}, anywhere. */
static void add_references(struct references *r, const struct json *v)
{
    const struct json *value = json_get(v, "value");
    int64_t id;
    bool names = str_eqz(json_get_text(v, "type"), "cohort") && value &&
                 (value->type == JSON_NUMBER || value->type == JSON_STRING) &&
                 str_to_i64(value->text, &id);
    if (names) {
        r->ids = arena_grown(r->arena, r->ids, r->n, sizeof(*r->ids));
        r->ids[r->n++] = id;
    }
    for (const struct json *m = v->head; m; m = m->next)
        if (m->type == JSON_ARRAY || m->type == JSON_OBJECT)
            add_references(r, m);
}

int cohort_references(struct arena *a, const struct cohort *c, int64_t **out, size_t *n,
                      struct err *e)
{
    struct references r = { .arena = a };
    struct json *v;
    int rc = json_parse(a, c->filters.p ? c->filters : c->groups, &v, e);
    if (rc < 0)
        return rc;
    add_references(&r, v);
    *out = r.ids;
    *n = r.n;
    return 0;
}

int cohort_refers(struct arena *a, const struct cohort *c, int64_t id, bool *out, struct err *e)
{
    int64_t *ids;
    size_t n;
    int rc = cohort_references(a, c, &ids, &n, e);
    if (rc < 0)
        return rc;
    *out = false;
    for (size_t i = 0; i < n; i++)
        *out = *out || ids[i] == id;
    return 0;
}

/* -------------------------------------------------------------------------- calculations */

int cohort_find_due(struct db *d, struct arena *a, int64_t old, struct cohort *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     COLUMNS "WHERE c.is_static = 0 AND c.deleted = 0"
                             " AND (c.requested <> c.done OR coalesce(c.tried_at, 0) < ?2)"
                             " AND EXISTS (SELECT 1 FROM project p WHERE p.id = c.project_id"
                             " AND p.deleted = 0)"
                             " ORDER BY c.requested = c.done, c.tried_at, c.id LIMIT 1",
                     "it", UNKNOWN, old);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    read_row(st, a, out);
    stmt_end(st);
    return 1;
}

int cohort_request(struct db *d, int64_t id, struct err *e)
{
    return db_run(d, e,
                  "UPDATE cohort SET requested = requested + 1 WHERE id = ? AND is_static = 0", "i",
                  id);
}

int cohort_ended(struct db *d, const struct cohort *c, const struct cohort_outcome *o,
                 struct err *e)
{
    int64_t now = clock_now_us();
    if (!o->version)
        return db_run(d, e,
                      "UPDATE cohort SET done = ?, tried_at = ?, last_error_message = ?,"
                      " errors_calculating = errors_calculating + 1 WHERE id = ?",
                      "itsi", c->requested, now, o->message, c->id);
    return db_run(d, e,
                  "UPDATE cohort SET done = ?1, tried_at = ?2, last_calculation = ?2, version = ?3,"
                  " count = ?4, errors_calculating = 0, last_error_message = NULL WHERE id = ?5",
                  "itiii", c->requested, now, o->version, o->count, c->id);
}

/* -------------------------------------------------------------------------- members */

int cohort_member_add(struct db *d, int64_t cohort_id, int64_t person_id, struct err *e)
{
    int rc = db_run(d, e,
                    "INSERT OR IGNORE INTO cohort_member SELECT ?1, id FROM person WHERE id = ?2",
                    "ii", cohort_id, person_id);
    return rc < 0 ? rc : db_changes(d);
}

int cohort_member_remove(struct db *d, int64_t cohort_id, int64_t person_id, struct err *e)
{
    int rc = db_run(d, e, "DELETE FROM cohort_member WHERE cohort_id = ? AND person_id = ?", "ii",
                    cohort_id, person_id);
    return rc < 0 ? rc : db_changes(d);
}

int cohort_ids_of(struct db *d, struct arena *a, int64_t person_id, int64_t **out, size_t *n,
                  struct err *e)
{
    struct stmt *st;
    int64_t *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e,
                     "SELECT cohort_id FROM cohort_member WHERE person_id = ? ORDER BY cohort_id",
                     "i", person_id);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        list[count++] = stmt_i64(st, 0);
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = count;
    return 0;
}

int cohort_next_version(struct db *d, struct arena *a, int64_t cohort_id, int64_t *out,
                        struct err *e)
{
    struct stmt *st;
    int rc = db_run(d, e, "UPDATE cohort SET last_version = last_version + 1 WHERE id = ?", "i",
                    cohort_id);
    if (rc == 0)
        rc = db_open(d, a, &st, e, "SELECT last_version FROM cohort WHERE id = ?", "i",
                     cohort_id);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    if (rc == 0)
        return err_internal(e, "cohort %lld is gone", (long long)cohort_id);
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int cohort_members_changed(struct db *d, int64_t cohort_id, int64_t more, struct err *e)
{
    return db_run(d, e,
                  "UPDATE cohort SET count = coalesce(count, 0) + ?, last_calculation = ?"
                  " WHERE id = ?",
                  "iti", more, clock_now_us(), cohort_id);
}
