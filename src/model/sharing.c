/* sharing.c - see sharing.h. */
#include "model/sharing.h"

#include "base/clock.h"
#include "base/uuid.h"

#define COLUMNS                                                                               \
    "SELECT s.id, s.project_id, s.dashboard_id, s.insight_id, s.enabled, s.settings,"         \
    " s.password_required, s.created_at, t.sealed, t.hash FROM sharing s "

static void sharing_read(struct stmt *st, struct arena *a, struct sharing *out)
{
    *out = (struct sharing){
        .id = stmt_i64(st, 0), .project_id = stmt_i64(st, 1), .dashboard_id = stmt_i64(st, 2),
        .insight_id = stmt_i64(st, 3), .enabled = stmt_bool(st, 4),
        .settings = stmt_str(st, a, 5), .password_required = stmt_bool(st, 6),
        .created_at = stmt_i64(st, 7), .sealed = stmt_str(st, a, 8),
        .token_hash = stmt_str(st, a, 9),
    };
}

int sharing_find(struct db *d, struct arena *a, const struct sharing *of, struct sharing *out,
                 struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     COLUMNS "JOIN sharing_token t ON t.sharing_id = s.id AND"
                             " t.expires_at IS NULL WHERE s.project_id = ?1 AND"
                             " (s.dashboard_id = nullif(?2, 0) OR s.insight_id = nullif(?3, 0))",
                     "iii", of->project_id, of->dashboard_id, of->insight_id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    sharing_read(st, a, out);
    out->token_hash = STR_NULL;
    stmt_end(st);
    return 1;
}

int sharing_find_token(struct db *d, struct arena *a, str token, struct sharing *out,
                       struct err *e)
{
    char hash[65];
    struct stmt *st;
    sha256_hex(token, hash);
    int rc = db_open(d, a, &st, e,
                     COLUMNS "JOIN sharing_token t ON t.sharing_id = s.id WHERE t.hash = ?1 AND"
                             " s.enabled AND (t.expires_at IS NULL OR t.expires_at > ?2)",
                     "st", str_of(hash), clock_now_us());
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    sharing_read(st, a, out);
    stmt_end(st);
    return 1;
}

int sharing_insert(struct db *d, struct sharing *in, struct err *e)
{
    in->created_at = clock_now_us();
    int rc = db_run(d, e,
                    "INSERT INTO sharing (project_id, dashboard_id, insight_id, enabled, settings,"
                    " password_required, created_at)"
                    " VALUES (?, nullif(?, 0), nullif(?, 0), ?, ?, ?, ?)",
                    "iiibsbt", in->project_id, in->dashboard_id, in->insight_id,
                    (int)in->enabled, in->settings, (int)in->password_required, in->created_at);
    if (rc == 0)
        in->id = db_last_id(d);
    return rc;
}

int sharing_update(struct db *d, const struct sharing *in, struct err *e)
{
    return db_run(d, e,
                  "UPDATE sharing SET enabled = ?, settings = ?, password_required = ?"
                  " WHERE id = ?",
                  "bsbi", (int)in->enabled, in->settings, (int)in->password_required, in->id);
}

int sharing_set_token(struct db *d, const struct sharing *in, str token, str sealed, int64_t grace,
                      struct err *e)
{
    char hash[65];
    int64_t now = clock_now_us();
    sha256_hex(token, hash);
    int rc = db_run(d, e,
                    "DELETE FROM sharing_token WHERE sharing_id = ?1 AND"
                    " (?2 = 0 OR expires_at <= ?3)",
                    "iit", in->id, grace, now);
    if (rc == 0)
        rc = db_run(d, e,
                    "UPDATE sharing_token SET expires_at = ? WHERE sharing_id = ? AND"
                    " expires_at IS NULL",
                    "ti", now + grace, in->id);
    if (rc == 0)
        rc = db_run(d, e, "INSERT INTO sharing_token (hash, sharing_id, sealed) VALUES (?, ?, ?)",
                    "six", str_of(hash), in->id, sealed);
    return rc;
}

int sharing_password_insert(struct db *d, struct sharing_password *in, struct err *e)
{
    in->created_at = clock_now_us();
    int rc = db_run(d, e,
                    "INSERT INTO sharing_password (sharing_id, hash, note, created_at, created_by)"
                    " VALUES (?, ?, ?, ?, ?)",
                    "issti", in->sharing_id, in->hash, in->note, in->created_at, in->created_by);
    if (rc == 0)
        in->id = db_last_id(d);
    return rc;
}

int sharing_password_list(struct db *d, struct arena *a, int64_t sharing_id,
                          struct sharing_password **out, size_t *n, struct err *e)
{
    struct stmt *st;
    struct sharing_password *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e,
                     "SELECT p.id, p.sharing_id, p.hash, p.note, u.email, p.created_at,"
                     " p.created_by FROM sharing_password p LEFT JOIN user u ON"
                     " u.id = p.created_by WHERE p.sharing_id = ? AND p.active ORDER BY p.id",
                     "i", sharing_id);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        list[count++] = (struct sharing_password){
            .id = stmt_i64(st, 0), .sharing_id = stmt_i64(st, 1), .hash = stmt_str(st, a, 2),
            .note = stmt_str(st, a, 3), .creator_email = stmt_str(st, a, 4),
            .created_at = stmt_i64(st, 5), .created_by = stmt_i64(st, 6),
        };
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = count;
    return 0;
}

int sharing_password_withdraw(struct db *d, int64_t sharing_id, int64_t id, struct err *e)
{
    int rc = db_run(d, e,
                    "UPDATE sharing_password SET active = 0 WHERE id = ? AND sharing_id = ? AND"
                    " active",
                    "ii", id, sharing_id);
    return rc < 0 ? rc : db_changes(d) > 0;
}
