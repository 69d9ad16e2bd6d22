/* definition.c - see definition.h. */
#include "model/definition.h"

#include "base/clock.h"
#include "base/uuid.h"

int event_definition_seen(struct db *d, int64_t team_id, str name, int64_t at, struct err *e)
{
    char id[UUID_TEXT];
    uuid_text(uuid_v7(), id);
    return db_run(d, e,
                  "INSERT INTO event_definition (id, team_id, name, created_at, last_seen_at)"
                  " VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT (team_id, name) DO UPDATE"
                  " SET last_seen_at = max(excluded.last_seen_at, ifnull(last_seen_at, 0))",
                  "sist", str_of(id), team_id, name, at);
}

int property_definition_seen(struct db *d, int64_t team_id, enum property_owner owner,
                             int group_idx, str name, str property_type, struct err *e)
{
    char id[UUID_TEXT];
    uuid_text(uuid_v7(), id);
    return db_run(d, e,
                  "INSERT INTO property_definition (id, team_id, type, group_idx, name,"
                  " property_type) VALUES (?, ?, ?, ?, ?, ?)"
                  " ON CONFLICT (team_id, type, group_idx, name) DO UPDATE"
                  " SET property_type = excluded.property_type WHERE property_type IS NULL",
                  "siiiss", str_of(id), team_id, (int64_t)owner, (int64_t)group_idx, name,
                  property_type);
}

int event_property_seen(struct db *d, int64_t team_id, str event, str property, struct err *e)
{
    return db_run(d, e,
                  "INSERT OR IGNORE INTO event_property (team_id, event, property)"
                  " VALUES (?, ?, ?)",
                  "iss", team_id, event, property);
}

int event_definition_any(struct db *d, struct arena *a, int64_t team_id, bool *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT EXISTS (SELECT 1 FROM event_definition WHERE team_id = ?"
                     " AND last_seen_at IS NOT NULL)",
                     "i", team_id);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_bool(st, 0);
    stmt_end(st);
    return 0;
}

/* The number that a statement of one row and column gives. */
static int one_number(int rc, struct stmt *st, int64_t *out, struct err *e)
{
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

static int64_t no_user(int64_t id)
{
    return id ? id : INT64_MIN; /* bound as NULL */
}

/* -------------------------------------------------------------------------- events */

#define EVENT_COLUMNS                                                                     \
    "SELECT id, name, created_at, last_seen_at, created_by, owner, post_to_slack,"        \
    " enforcement_mode, primary_property, default_columns, description, tags, verified,"  \
    " hidden, updated_at, updated_by, verified_at, verified_by FROM event_definition "

/* Words and labels are lists of JSON; a name fits when it has all words, or is among the labels. */
#define SEARCH(words, labels)                                                             \
    " AND (" words " IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(" words ") w"         \
    " WHERE instr(lower(name), w.value) = 0)"                                             \
    " OR name IN (SELECT value FROM json_each(" labels ")))"

#define EVENT_WHERE                                                                       \
    "WHERE team_id = ?1 AND (?2 = 0 OR (?2 = 2) = (substr(name, 1, 1) = '$'))"            \
    " AND (?3 = 0 OR hidden = 0) AND (?4 < 0 OR verified = ?4)"                           \
    " AND (?5 IS NULL OR EXISTS (SELECT 1 FROM json_each(tags) t"                         \
    " JOIN json_each(?5) w ON t.value = w.value))" SEARCH("?6", "?7")

static void read_note(struct stmt *st, struct arena *a, int col, struct definition_note *n)
{
    *n = (struct definition_note){
        .description = stmt_str(st, a, col), .tags = stmt_str(st, a, col + 1),
        .verified = stmt_bool(st, col + 2), .hidden = stmt_bool(st, col + 3),
        .updated_at = stmt_time(st, col + 4), .updated_by = stmt_i64(st, col + 5),
        .verified_at = stmt_time(st, col + 6), .verified_by = stmt_i64(st, col + 7),
    };
}

void event_definition_read(struct stmt *st, struct arena *a, struct event_definition *out)
{
    *out = (struct event_definition){
        .id = stmt_str(st, a, 0), .name = stmt_str(st, a, 1), .created_at = stmt_i64(st, 2),
        .last_seen_at = stmt_time(st, 3), .created_by = stmt_i64(st, 4),
        .owner = stmt_i64(st, 5), .post_to_slack = stmt_bool(st, 6),
        .enforcement_mode = stmt_str(st, a, 7), .primary_property = stmt_str(st, a, 8),
        .default_columns = stmt_str(st, a, 9),
    };
    read_note(st, a, 10, &out->note);
}

int event_definition_insert(struct db *d, struct arena *a, int64_t team_id,
                            struct event_definition *in, struct err *e)
{
    char id[UUID_TEXT];
    uuid_text(uuid_v7(), id);
    in->id = arena_str(a, str_of(id));
    in->created_at = clock_now_us();
    int rc = db_run(d, e,
                    "INSERT INTO event_definition (id, team_id, name, created_at, created_by)"
                    " VALUES (?, ?, ?, ?, ?)",
                    "sisti", in->id, team_id, in->name, in->created_at, in->created_by);
    return rc < 0 ? rc : event_definition_update(d, in, e);
}

int event_definition_update(struct db *d, const struct event_definition *in, struct err *e)
{
    const struct definition_note *n = &in->note;
    return db_run(d, e,
                  "UPDATE event_definition SET owner = ?, post_to_slack = ?,"
                  " enforcement_mode = ?, primary_property = ?, default_columns = ?,"
                  " description = ?, tags = ?, verified = ?, hidden = ?, updated_at = ?,"
                  " updated_by = ?, verified_at = ?, verified_by = ? WHERE id = ?",
                  "tbsssssbbtttts", no_user(in->owner), (int)in->post_to_slack,
                  in->enforcement_mode, in->primary_property, in->default_columns,
                  n->description, n->tags, (int)n->verified, (int)n->hidden, n->updated_at,
                  no_user(n->updated_by), n->verified_at, no_user(n->verified_by), in->id);
}

int event_definition_delete(struct db *d, str id, struct err *e)
{
    return db_run(d, e, "DELETE FROM event_definition WHERE id = ?", "s", id);
}

int event_definition_find(struct db *d, struct arena *a, int64_t team_id, str id,
                          struct event_definition *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, EVENT_COLUMNS "WHERE id = ? AND team_id = ?", "si", id,
                     team_id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    event_definition_read(st, a, out);
    stmt_end(st);
    return 1;
}

int event_definition_count(struct db *d, struct arena *a, const struct event_filter *f,
                           int64_t *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e, "SELECT count(*) FROM event_definition " EVENT_WHERE,
                     "iibisss", f->team_id, (int64_t)f->kind, (int)f->exclude_hidden,
                     (int64_t)f->verified, f->tags, f->words, f->labels);
    return one_number(rc, st, out, e);
}

int event_definition_page(struct db *d, struct arena *a, const struct event_filter *f,
                          enum event_order order, int64_t limit, int64_t offset,
                          struct stmt **out, struct err *e)
{
#define ORDERED(by) EVENT_COLUMNS EVENT_WHERE " ORDER BY " by " LIMIT ?8 OFFSET ?9"
    static const char *const pages[] = {
        [EVENT_BY_NAME] = ORDERED("name"),
        [EVENT_BY_NAME_DOWN] = ORDERED("name DESC"),
        [EVENT_BY_SEEN] = ORDERED("last_seen_at, name"),
        [EVENT_BY_SEEN_DOWN] = ORDERED("last_seen_at DESC, name DESC"),
        [EVENT_BY_CREATED] = ORDERED("created_at, name"),
        [EVENT_BY_CREATED_DOWN] = ORDERED("created_at DESC, name DESC"),
    };
    return db_open(d, a, out, e, pages[order], "iibisssii", f->team_id, (int64_t)f->kind,
                   (int)f->exclude_hidden, (int64_t)f->verified, f->tags, f->words, f->labels,
                   limit, offset);
}

/* -------------------------------------------------------------------------- properties */

#define SEEN                                                                              \
    "EXISTS (SELECT 1 FROM json_each(?10) ev JOIN event_property ep ON ep.team_id = ?1"   \
    " AND ep.event = ev.value AND ep.property = name)"

#define NUMERICAL "ifnull(is_numerical, property_type IS 'Numeric')"

#define PROPERTY_COLUMNS(seen)                                                            \
    "SELECT id, name, property_type, " NUMERICAL ", " seen " AS seen, description, tags," \
    " verified, hidden, updated_at, updated_by, verified_at, verified_by"                 \
    " FROM property_definition "

#define PROPERTY_WHERE                                                                    \
    "WHERE team_id = ?1 AND type = ?2 AND group_idx = ?3"                                 \
    " AND (?4 IS NULL OR name IN (SELECT value FROM json_each(?4)))"                      \
    " AND (?5 IS NULL OR name NOT IN (SELECT value FROM json_each(?5)))"                  \
    " AND (?6 < 0 OR " NUMERICAL " = ?6)"                                                 \
    " AND (?7 < 0 OR (substr(name, 1, 9) = '$feature/') = ?7)"                            \
    " AND (?8 = 0 OR hidden = 0) AND (?9 < 0 OR verified = ?9)"                           \
    " AND (?11 = 0 OR " SEEN ")" SEARCH("?12", "?13")

#define PROPERTY_TYPES "iiissiibisbss"
#define PROPERTY_VALUES(f)                                                                \
    (f)->team_id, (int64_t)(f)->owner, (int64_t)(f)->group_idx, (f)->only, (f)->without,  \
        (int64_t)(f)->numerical, (int64_t)(f)->feature_flag, (int)(f)->exclude_hidden,    \
        (int64_t)(f)->verified, (f)->events, (int)(f)->seen_only, (f)->words, (f)->labels

void property_definition_read(struct stmt *st, struct arena *a, struct property_definition *out)
{
    *out = (struct property_definition){
        .id = stmt_str(st, a, 0), .name = stmt_str(st, a, 1), .type = stmt_str(st, a, 2),
        .numerical = stmt_bool(st, 3), .seen = stmt_null(st, 4) ? -1 : stmt_bool(st, 4),
    };
    read_note(st, a, 5, &out->note);
}

int property_definition_update(struct db *d, const struct property_definition *in, struct err *e)
{
    const struct definition_note *n = &in->note;
    return db_run(d, e,
                  "UPDATE property_definition SET property_type = ?, is_numerical = ?,"
                  " description = ?, tags = ?, verified = ?, hidden = ?, updated_at = ?,"
                  " updated_by = ?, verified_at = ?, verified_by = ? WHERE id = ?",
                  "sbssbbtttts", in->type, (int)in->numerical, n->description, n->tags,
                  (int)n->verified, (int)n->hidden, n->updated_at, no_user(n->updated_by),
                  n->verified_at, no_user(n->verified_by), in->id);
}

int property_definition_delete(struct db *d, str id, struct err *e)
{
    return db_run(d, e, "DELETE FROM property_definition WHERE id = ?", "s", id);
}

int property_definition_find(struct db *d, struct arena *a, int64_t team_id, str id,
                             struct property_definition *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, PROPERTY_COLUMNS("NULL") "WHERE id = ? AND team_id = ?", "si",
                     id, team_id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    property_definition_read(st, a, out);
    stmt_end(st);
    return 1;
}

int property_definition_count(struct db *d, struct arena *a, const struct property_filter *f,
                              int64_t *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e, "SELECT count(*) FROM property_definition " PROPERTY_WHERE,
                     PROPERTY_TYPES, PROPERTY_VALUES(f));
    return one_number(rc, st, out, e);
}

int property_definition_page(struct db *d, struct arena *a, const struct property_filter *f,
                             int64_t limit, int64_t offset, struct stmt **out, struct err *e)
{
    /* Without events the order is the index's: a page costs a page. */
    static const char by_name[] = PROPERTY_COLUMNS("NULL") PROPERTY_WHERE
        " ORDER BY name LIMIT ?14 OFFSET ?15";
    static const char seen_first[] = PROPERTY_COLUMNS(SEEN) PROPERTY_WHERE
        " ORDER BY seen DESC, name LIMIT ?14 OFFSET ?15";
    return db_open(d, a, out, e, f->events.p ? seen_first : by_name, PROPERTY_TYPES "ii",
                   PROPERTY_VALUES(f), limit, offset);
}

int property_definition_all(struct db *d, struct arena *a, int64_t team_id, int64_t limit,
                            struct stmt **out, struct err *e)
{
    return db_open(d, a, out, e,
                   "SELECT name, property_type, type, group_idx FROM property_definition"
                   " WHERE team_id = ? AND hidden = 0 ORDER BY name LIMIT ?",
                   "ii", team_id, limit);
}

int event_property_all(struct db *d, struct arena *a, int64_t team_id, struct stmt **out,
                       struct err *e)
{
    return db_open(d, a, out, e,
                   "SELECT property, event FROM event_property WHERE team_id = ?"
                   " ORDER BY property", "i", team_id);
}

int event_property_find(struct db *d, struct arena *a, int64_t team_id, str event, str property,
                        struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT 1 FROM event_property WHERE team_id = ? AND event = ?"
                     " AND property = ?",
                     "iss", team_id, event, property);
    if (rc == 0 && (rc = stmt_step(st, e)) > 0)
        stmt_end(st);
    return rc;
}

int property_definition_type(struct db *d, struct arena *a, int64_t team_id,
                             enum property_owner owner, int group_idx, str name, str *out,
                             struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT property_type FROM property_definition"
                     " WHERE team_id = ? AND type = ? AND group_idx = ? AND name = ?",
                     "iiis", team_id, (int64_t)owner,
                     (int64_t)(owner == OWNER_GROUP ? group_idx : -1), name);
    if (rc == 0 && (rc = stmt_step(st, e)) > 0) {
        *out = stmt_str(st, a, 0);
        stmt_end(st);
    }
    return rc;
}
