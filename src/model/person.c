/* person.c - see person.h. */
#include "model/person.h"

#include "json/write.h"

#define COLUMNS "p.id, p.team_id, p.uuid, p.created_at, p.properties, p.is_identified, p.version"

int person_read(struct stmt *st, struct arena *a, struct person *out, struct err *e)
{
    *out = (struct person){ .id = stmt_i64(st, 0), .team_id = stmt_i64(st, 1),
                            .uuid = stmt_str(st, a, 2), .created_at = stmt_time(st, 3),
                            .identified = stmt_bool(st, 5), .version = stmt_i64(st, 6) };
    return json_parse(a, stmt_str(st, a, 4), &out->properties, e);
}

/* The first row, and the statement's end. */
static int read_person(struct stmt *st, struct arena *a, struct person *out, struct err *e)
{
    int rc = stmt_step(st, e);
    if (rc <= 0)
        return rc;
    rc = person_read(st, a, out, e);
    stmt_end(st);
    return rc < 0 ? rc : 1;
}

int person_find_by_distinct_id(struct db *d, struct arena *a, int64_t team_id, str distinct_id,
                               struct person *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT " COLUMNS " FROM person_distinct_id i JOIN person p"
                     " ON p.id = i.person_id WHERE i.team_id = ? AND i.distinct_id = ?",
                     "is", team_id, distinct_id);
    return rc < 0 ? rc : read_person(st, a, out, e);
}

int person_find(struct db *d, struct arena *a, int64_t team_id, int64_t id, struct person *out,
                struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT " COLUMNS " FROM person p WHERE p.id = ? AND p.team_id = ?", "ii", id,
                     team_id);
    return rc < 0 ? rc : read_person(st, a, out, e);
}

int person_find_uuid(struct db *d, struct arena *a, int64_t team_id, str uuid,
                     struct person *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT " COLUMNS " FROM person p WHERE p.team_id = ? AND p.uuid = ?", "is",
                     team_id, uuid);
    return rc < 0 ? rc : read_person(st, a, out, e);
}

static str text_of(struct arena *a, const struct json *v)
{
    struct buf b = BUF_INIT(LIMIT_EVENT * 4);
    struct json_writer w = JSON_WRITER(&b);
    json_tree(&w, v);
    str out = b.full ? STR("{}") : arena_str(a, buf_view(&b));
    buf_release(&b);
    return out;
}

enum tombstone { TOMBSTONE_PERSON = 1, TOMBSTONE_ID = 2 };

/* Raises *version to that of the tombstone, if there is one. */
static int revive(struct db *d, struct arena *a, int64_t team_id, enum tombstone kind, str key,
                  int64_t *version, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT version FROM person_tombstone WHERE team_id = ? AND kind = ?"
                     " AND key = ?",
                     "iis", team_id, (int64_t)kind, key);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    if (*version < stmt_i64(st, 0))
        *version = stmt_i64(st, 0);
    stmt_end(st);
    return 1;
}

int person_save(struct db *d, struct arena *a, struct person *p, struct err *e)
{
    str properties = text_of(a, p->properties);
    if (p->id)
        return db_run(d, e,
                      "UPDATE person SET created_at = ?, properties = ?, is_identified = ?,"
                      " version = ? WHERE id = ?",
                      "tsbii", p->created_at, properties, p->identified, p->version, p->id);
    int rc = revive(d, a, p->team_id, TOMBSTONE_PERSON, p->uuid, &p->version, e);
    if (rc >= 0)
        rc = db_run(d, e,
                    "INSERT INTO person (team_id, uuid, created_at, properties, is_identified,"
                    " version) VALUES (?, ?, ?, ?, ?, ?)",
                    "istsbi", p->team_id, p->uuid, p->created_at, properties, p->identified,
                    p->version);
    if (rc == 0)
        p->id = db_last_id(d);
    return rc;
}

int person_delete(struct db *d, const struct person *p, struct err *e)
{
    int rc = db_run(d, e,
                    "INSERT INTO person_tombstone (team_id, kind, key, version)"
                    " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET version = ?4",
                    "iisi", p->team_id, (int64_t)TOMBSTONE_PERSON, p->uuid,
                    p->version + TOMBSTONE_STEP);
    if (rc == 0)
        rc = db_run(d, e,
                    "INSERT INTO person_tombstone (team_id, kind, key, version)"
                    " SELECT team_id, ?2, distinct_id, version + ?3 FROM person_distinct_id"
                    " WHERE person_id = ?1"
                    " ON CONFLICT DO UPDATE SET version = excluded.version",
                    "iii", p->id, (int64_t)TOMBSTONE_ID, (int64_t)TOMBSTONE_STEP);
    if (rc == 0)
        rc = db_run(d, e, "DELETE FROM person_distinct_id WHERE person_id = ?", "i", p->id);
    return rc < 0 ? rc : db_run(d, e, "DELETE FROM person WHERE id = ?", "i", p->id);
}

int person_id_revive(struct db *d, struct arena *a, int64_t team_id, str distinct_id,
                     int64_t *version, struct err *e)
{
    int64_t above = -1;
    int rc = revive(d, a, team_id, TOMBSTONE_ID, distinct_id, &above, e);
    if (rc > 0 && *version <= above)
        *version = above + 1;
    return rc < 0 ? rc : 0;
}

#define WITH_EMAIL                                                                      \
    " FROM person p INDEXED BY person_email WHERE p.team_id = ?1"                       \
    " AND p.properties ->> '$.email' = ?2 AND p.properties ->> '$.email' IS NOT NULL"

int person_page(struct db *d, struct arena *a, int64_t team_id, str email, int64_t limit,
                int64_t offset, struct stmt **out, struct err *e)
{
    static const char newest[] = "SELECT " COLUMNS " FROM person p WHERE p.team_id = ?1"
        " ORDER BY p.created_at DESC, p.id DESC LIMIT ?3 OFFSET ?4";
    static const char with_email[] = "SELECT " COLUMNS WITH_EMAIL
        " ORDER BY p.created_at DESC, p.id DESC LIMIT ?3 OFFSET ?4";
    return db_open(d, a, out, e, email.p ? with_email : newest, "isii", team_id, email, limit,
                   offset);
}

int person_count(struct db *d, struct arena *a, int64_t team_id, str email, int64_t *out,
                 struct err *e)
{
    static const char all[] = "SELECT count(*) FROM person WHERE team_id = ?1"; /* the index alone */
    struct stmt *st;
    int rc = db_open(d, a, &st, e, email.p ? "SELECT count(*)" WITH_EMAIL : all, "is", team_id,
                     email);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int person_ids(struct db *d, struct arena *a, int64_t person_id, int64_t limit,
               struct person_id **out, size_t *n, struct err *e)
{
    struct stmt *st;
    size_t room = 0;
    *out = NULL;
    *n = 0;
    int rc = db_open(d, a, &st, e,
                     "SELECT distinct_id, version FROM person_distinct_id WHERE person_id = ?"
                     " LIMIT ?",
                     "ii", person_id, limit ? limit : -1);
    if (rc < 0)
        return rc;
    while ((rc = stmt_step(st, e)) > 0) {
        if (*n == room) {
            struct person_id *more = arena_alloc(a, (room = room ? room * 2 : 8) * sizeof(*more));
            if (*n)
                memcpy(more, *out, *n * sizeof(*more));
            *out = more;
        }
        (*out)[(*n)++] = (struct person_id){ stmt_str(st, a, 0), stmt_i64(st, 1) };
    }
    return rc;
}

/* Five groups of hexadecimal digits between hyphens: a UUID, or an SDK's like it. */
static bool looks_made(str id)
{
    int groups = 0;
    while (id.p) {
        str part = str_split(&id, '-');
        for (size_t i = 0; i < part.n; i++)
            if (!strchr("0123456789abcdefABCDEF", part.p[i]) || !part.p[i])
                return false;
        if (!part.n)
            return false;
        groups++;
    }
    return groups == 5;
}

void person_ids_sort(struct person_id *ids, size_t n)
{
    for (size_t i = 1, chosen = 0; i <= n; i++) { /* stable: the chosen move to the front */
        struct person_id id = ids[i - 1];
        if (looks_made(id.distinct_id))
            continue;
        memmove(ids + chosen + 1, ids + chosen, (i - 1 - chosen) * sizeof(*ids));
        ids[chosen++] = id;
    }
}

str person_name(struct arena *a, const struct person *p, str names, const struct person_id *ids,
                size_t n)
{
    struct json *list = NULL;
    struct err ignored = ERR_INIT;
    str usual = STR("[\"email\",\"name\",\"username\"]");
    if (json_parse(a, names.p ? names : usual, &list, &ignored) < 0)
        return p->uuid;
    for (const struct json *m = list->head; m; m = m->next) {
        const struct json *v = json_get_str(p->properties, m->text);
        if ((json_is(v, JSON_STRING) || json_is(v, JSON_NUMBER)) && v->text.n)
            return v->text;
    }
    for (size_t i = 0; i < n; i++)
        if (!looks_made(ids[i].distinct_id))
            return ids[i].distinct_id;
    return n ? ids[0].distinct_id : p->uuid;
}

int person_id_set(struct db *d, int64_t team_id, str distinct_id, int64_t person_id,
                  int64_t version, struct err *e)
{
    return db_run(d, e,
                  "INSERT INTO person_distinct_id (team_id, distinct_id, person_id, version)"
                  " VALUES (?, ?, ?, ?) ON CONFLICT (team_id, distinct_id) DO UPDATE"
                  " SET person_id = excluded.person_id, version = excluded.version",
                  "isii", team_id, distinct_id, person_id, version);
}

int person_ids_override(struct db *d, struct arena *a, int64_t team_id, bool *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT 1 FROM person_distinct_id WHERE team_id = ? AND version > 0 LIMIT 1",
                     "i", team_id);
    if (rc == 0)
        rc = stmt_step(st, e);
    if (rc < 0)
        return rc;
    *out = rc > 0;
    if (rc > 0)
        stmt_end(st);
    return 0;
}

int personless_add(struct db *d, int64_t team_id, str distinct_id, struct err *e)
{
    return db_run(d, e,
                  "INSERT OR IGNORE INTO personless_distinct_id (team_id, distinct_id)"
                  " VALUES (?, ?)",
                  "is", team_id, distinct_id);
}

int personless_has(struct db *d, struct arena *a, int64_t team_id, str distinct_id,
                   struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT 1 FROM personless_distinct_id WHERE team_id = ? AND distinct_id = ?",
                     "is", team_id, distinct_id);
    if (rc == 0 && (rc = stmt_step(st, e)) > 0)
        stmt_end(st);
    return rc;
}

int group_type_find(struct db *d, struct arena *a, int64_t team_id, str name, int *idx,
                    struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT idx FROM group_type WHERE team_id = ? AND name = ?",
                     "is", team_id, name);
    if (rc == 0 && (rc = stmt_step(st, e)) > 0) {
        *idx = (int)stmt_i64(st, 0);
        stmt_end(st);
    }
    return rc;
}

int group_type_index(struct db *d, struct arena *a, int64_t team_id, str name, int *idx,
                     struct err *e)
{
    struct stmt *st;
    int n = 0;
    int rc = db_open(d, a, &st, e, "SELECT idx, name FROM group_type WHERE team_id = ?", "i",
                     team_id);
    if (rc < 0)
        return rc;
    for (; (rc = stmt_step(st, e)) > 0; n++)
        if (str_eq(stmt_str(st, a, 1), name)) {
            *idx = (int)stmt_i64(st, 0);
            stmt_end(st);
            return 1;
        }
    if (rc < 0 || n == 5)
        return rc;
    *idx = n;
    rc = db_run(d, e, "INSERT INTO group_type (team_id, idx, name) VALUES (?, ?, ?)", "iis",
                team_id, (int64_t)n, name);
    return rc < 0 ? rc : 1;
}

int group_types(struct db *d, struct arena *a, int64_t team_id, str out[GROUP_TYPES],
                struct err *e)
{
    struct stmt *st;
    memset(out, 0, GROUP_TYPES * sizeof(*out));
    int rc = db_open(d, a, &st, e, "SELECT idx, name FROM group_type WHERE team_id = ?", "i",
                     team_id);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0)
        out[stmt_i64(st, 0)] = stmt_str(st, a, 1);
    return rc;
}

int group_find(struct db *d, struct arena *a, int64_t team_id, int idx, str key,
               struct group *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT properties, created_at, version FROM group_entity"
                     " WHERE team_id = ? AND idx = ? AND key = ?",
                     "iis", team_id, (int64_t)idx, key);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    *out = (struct group){ team_id, idx, key, NULL, stmt_time(st, 1), stmt_i64(st, 2) };
    rc = json_parse(a, stmt_str(st, a, 0), &out->properties, e);
    stmt_end(st);
    return rc < 0 ? rc : 1;
}

int group_save(struct db *d, struct arena *a, const struct group *g, struct err *e)
{
    return db_run(d, e,
                  "INSERT INTO group_entity (team_id, idx, key, properties, created_at, version)"
                  " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (team_id, idx, key) DO UPDATE"
                  " SET properties = excluded.properties, version = excluded.version",
                  "iissti", g->team_id, (int64_t)g->idx, g->key, text_of(a, g->properties),
                  g->created_at, g->version);
}
