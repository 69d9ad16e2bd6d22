/* dashboard_template.c - see dashboard_template.h. */
#include "model/dashboard_template.h"

#include "base/uuid.h"

#define COLUMNS                                                                              \
    "SELECT t.id, t.project_id, t.scope, t.name, t.description, t.filters, t.tags, t.tiles," \
    " t.variables, t.image_url, t.availability_contexts, t.is_featured, t.deleted,"          \
    " t.created_at, t.created_by FROM dashboard_template t "

/* ?1 project, ?2 its organization. */
#define USABLE                                                                               \
    "WHERE (t.project_id = ?1 OR t.scope = 'global' OR (t.scope = 'organization' AND"        \
    " t.project_id IN (SELECT id FROM project WHERE organization_id = ?2))) "

#define LISTED                                                                               \
    USABLE "AND t.deleted = 0 AND (?3 IS NULL OR t.scope = ?3) AND (?4 < 0"                  \
           " OR t.is_featured = ?4) AND (?5 IS NULL OR NOT EXISTS (SELECT 1"                 \
           " FROM json_each(?5) w WHERE NOT (instr(fold(coalesce(t.name, '')), w.value)"     \
           " OR instr(fold(coalesce(t.description, '')), w.value) OR EXISTS (SELECT 1"       \
           " FROM json_each(t.tags) g WHERE instr(fold(g.value), w.value))))) "

#define ORDERED(column) COLUMNS LISTED "ORDER BY t.is_featured DESC, " column ", t.id LIMIT ?6 OFFSET ?7"

static const struct order {
    const char *name, *sql;
} orders[] = {
    { "template_name", ORDERED("fold(t.name)") },
    { "-template_name", ORDERED("fold(t.name) DESC") },
    { "created_at", ORDERED("t.created_at") },
    { "-created_at", ORDERED("t.created_at DESC") },
};

const char *dashboard_template_order(str name)
{
    for (size_t i = 0; i < ARRAY_LEN(orders); i++)
        if (str_eqz(name, orders[i].name))
            return orders[i].name;
    return NULL;
}

static const char *sql_of(const char *order)
{
    for (size_t i = 0; i < ARRAY_LEN(orders); i++)
        if (orders[i].name == order)
            return orders[i].sql;
    BUG_ON(true);
}

static void read_row(struct stmt *st, struct arena *a, struct dashboard_template *out)
{
    *out = (struct dashboard_template){
        .id = stmt_str(st, a, 0), .project_id = stmt_i64(st, 1), .scope = stmt_str(st, a, 2),
        .name = stmt_str(st, a, 3), .description = stmt_str(st, a, 4),
        .filters = stmt_str(st, a, 5), .tags = stmt_str(st, a, 6), .tiles = stmt_str(st, a, 7),
        .variables = stmt_str(st, a, 8), .image_url = stmt_str(st, a, 9),
        .contexts = stmt_str(st, a, 10), .is_featured = stmt_bool(st, 11),
        .deleted = stmt_bool(st, 12), .created_at = stmt_i64(st, 13),
        .created_by = stmt_i64(st, 14),
    };
}

int dashboard_template_insert(struct db *d, struct arena *a, struct dashboard_template *in,
                              struct err *e)
{
    char id[UUID_TEXT];
    uuid_text(uuid_v7(), id);
    in->id = arena_str(a, str_of(id));
    return db_run(d, e,
                  "INSERT INTO dashboard_template (id, project_id, scope, name, description,"
                  " filters, tags, tiles, variables, image_url, availability_contexts,"
                  " is_featured, deleted, created_at, created_by)"
                  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "sisssssssssbbii", in->id, in->project_id, in->scope, in->name,
                  in->description, in->filters, in->tags, in->tiles, in->variables,
                  in->image_url, in->contexts, (int)in->is_featured, (int)in->deleted,
                  in->created_at, in->created_by);
}

int dashboard_template_update(struct db *d, const struct dashboard_template *in, struct err *e)
{
    return db_run(d, e,
                  "UPDATE dashboard_template SET scope = ?, name = ?, description = ?,"
                  " filters = ?, tags = ?, tiles = ?, variables = ?, image_url = ?,"
                  " availability_contexts = ?, is_featured = ?, deleted = ? WHERE id = ?",
                  "sssssssssbbs", in->scope, in->name, in->description, in->filters, in->tags,
                  in->tiles, in->variables, in->image_url, in->contexts, (int)in->is_featured,
                  (int)in->deleted, in->id);
}

static int first(int rc, struct stmt *st, struct arena *a, struct dashboard_template *out,
                 struct err *e)
{
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    read_row(st, a, out);
    stmt_end(st);
    return 1;
}

int dashboard_template_find(struct db *d, struct arena *a, int64_t project_id,
                            str organization_id, str id, struct dashboard_template *out,
                            struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e, COLUMNS USABLE "AND t.id = ?3", "iss", project_id,
                     organization_id, id);
    return first(rc, st, a, out, e);
}

int dashboard_template_find_name(struct db *d, struct arena *a, int64_t project_id,
                                 str organization_id, str name, struct dashboard_template *out,
                                 struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e,
                     COLUMNS USABLE "AND t.name = ?3 AND t.deleted = 0"
                                    " ORDER BY t.project_id IS ?1 DESC, t.id LIMIT 1",
                     "iss", project_id, organization_id, name);
    return first(rc, st, a, out, e);
}

int dashboard_template_find_tag(struct db *d, struct arena *a, str tag,
                                struct dashboard_template *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e, COLUMNS "WHERE t.scope = 'unlisted' AND t.tag = ?", "s", tag);
    return first(rc, st, a, out, e);
}

int dashboard_template_find_within(struct db *d, struct arena *a, str organization_id, str id,
                                   struct dashboard_template *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e,
                     COLUMNS "LEFT JOIN project p ON p.id = t.project_id WHERE t.id = ?"
                             " AND t.deleted = 0 AND (p.organization_id = ?"
                             " OR t.scope = 'global')",
                     "ss", id, organization_id);
    return first(rc, st, a, out, e);
}

static int read_count(int rc, struct stmt *st, int64_t *out, struct err *e)
{
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int dashboard_template_count(struct db *d, struct arena *a, const struct template_filter *f,
                             int64_t *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e, "SELECT count(*) FROM dashboard_template t " LISTED, "issis",
                     f->project_id, f->organization_id, f->scope, (int64_t)f->featured, f->words);
    return read_count(rc, st, out, e);
}

int dashboard_template_page(struct db *d, struct arena *a, const struct template_filter *f,
                            int64_t limit, int64_t offset, struct dashboard_template **out,
                            size_t *n, struct err *e)
{
    struct stmt *st = NULL;
    struct dashboard_template *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e, sql_of(f->order), "issisii", f->project_id,
                     f->organization_id, f->scope, (int64_t)f->featured, f->words, limit, offset);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        read_row(st, a, &list[count++]);
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = count;
    return 0;
}

int dashboard_template_count_saved(struct db *d, struct arena *a, str organization_id,
                                   int64_t *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e,
                     "SELECT count(*) FROM dashboard_template t JOIN project p"
                     " ON p.id = t.project_id WHERE p.organization_id = ? AND t.deleted = 0",
                     "s", organization_id);
    return read_count(rc, st, out, e);
}
