/* member.c - see member.h. */
#include "model/member.h"

#include "base/clock.h"

/* A session lives for two weeks from the log-in. */
#define COLUMNS                                                                              \
    "SELECT m.id, m.level, m.joined_at, m.updated_at, (SELECT max(expires_at)"               \
    " - 14 * 86400000000 FROM session s WHERE s.user_id = u.id), " USER_COLUMNS              \
    " FROM membership m JOIN user u ON u.id = m.user_id "

static void read_member(struct stmt *st, struct arena *a, struct member *m)
{
    *m = (struct member){ .id = stmt_str(st, a, 0), .level = (int)stmt_i64(st, 1),
                          .joined_at = stmt_i64(st, 2), .updated_at = stmt_i64(st, 3),
                          .last_login = stmt_time(st, 4) };
    user_read(st, a, 5, &m->user);
}

static int first(int rc, struct stmt *st, struct arena *a, struct member *out, struct err *e)
{
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    read_member(st, a, out);
    stmt_end(st);
    return 1;
}

int member_find(struct db *d, struct arena *a, str organization_id, str user_uuid,
                struct member *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e, COLUMNS "WHERE m.organization_id = ? AND u.uuid = ?", "ss",
                     organization_id, user_uuid);
    return first(rc, st, a, out, e);
}

int member_find_id(struct db *d, struct arena *a, str organization_id, str id,
                   struct member *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e, COLUMNS "WHERE m.organization_id = ? AND m.id = ?", "ss",
                     organization_id, id);
    return first(rc, st, a, out, e);
}

int member_count(struct db *d, struct arena *a, str organization_id, int level, int64_t *out,
                 struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT count(*) FROM membership m JOIN user u ON u.id = m.user_id"
                     " WHERE m.organization_id = ? AND u.is_active = 1 AND m.level >= ?",
                     "si", organization_id, (int64_t)level);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int member_list(struct db *d, struct arena *a, str organization_id, int64_t limit, int64_t offset,
                struct member **out, size_t *n, int64_t *count, struct err *e)
{
    struct stmt *st;
    struct member *list = NULL;
    size_t got = 0;
    int rc = member_count(d, a, organization_id, LEVEL_MEMBER, count, e);
    if (rc == 0)
        rc = db_open(d, a, &st, e,
                     COLUMNS "WHERE m.organization_id = ? AND u.is_active = 1"
                             " ORDER BY m.joined_at DESC, m.id LIMIT ? OFFSET ?",
                     "sii", organization_id, limit, offset);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, got, sizeof(*list));
        read_member(st, a, &list[got++]);
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = got;
    return 0;
}

int member_set_level(struct db *d, struct member *m, int level, struct err *e)
{
    m->level = level;
    m->updated_at = clock_now_us();
    return db_run(d, e, "UPDATE membership SET level = ?, updated_at = ? WHERE id = ?", "its",
                  (int64_t)level, m->updated_at, m->id);
}

int member_delete(struct db *d, str organization_id, const struct member *m, struct err *e)
{
    int rc = db_run(d, e, "DELETE FROM membership WHERE id = ?", "s", m->id);
    if (rc == 0)
        rc = db_run(d, e,
                    "UPDATE user SET current_project_id = NULL WHERE id = ? AND"
                    " current_project_id IN (SELECT id FROM project WHERE organization_id = ?)",
                    "is", m->user.id, organization_id);
    if (rc == 0)
        rc = db_run(d, e,
                    "UPDATE user SET current_organization_id = NULL WHERE id = ? AND"
                    " current_organization_id = ?",
                    "is", m->user.id, organization_id);
    return rc;
}
