/* access.c - see access.h. */
#include "model/access.h"

#include <ctype.h>
#include <pthread.h>
#include <sodium.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "model/list_count.h"

#define SESSION_LIFE (14 * 86400 * CLOCK_SECOND)
#define KEY_USED_EVERY (3600 * CLOCK_SECOND)

static str new_uuid(struct arena *a)
{
    char text[UUID_TEXT];
    uuid_text(uuid_v7(), text);
    return arena_str(a, str_of(text));
}

static str new_token(struct arena *a, const char *prefix, size_t n)
{
    char random[80];
    rand_token(random, n);
    return arena_printf(a, "%s%s", prefix, random);
}

/* "My Shop" -> "my-shop-x7Gh": readable, and unique by its tail. */
static str slug_of(struct arena *a, str name)
{
    char text[48], tail[5];
    size_t n = 0;
    for (size_t i = 0; i < name.n && n < sizeof(text) - 1; i++) {
        char c = (char)tolower((unsigned char)name.p[i]);
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (plain)
            text[n++] = c;
        else if (n && text[n - 1] != '-')
            text[n++] = '-';
    }
    text[n] = '\0';
    rand_token(tail, 4);
    return arena_printf(a, "%s-%s", n ? text : "org", tail);
}

int organization_insert(struct db *d, struct arena *a, str name, struct organization *out,
                        struct err *e)
{
    int64_t now = clock_now_us();
    struct organization o = { .id = new_uuid(a), .name = name, .slug = slug_of(a, name),
                              .created_at = now, .updated_at = now, .members_can_use_keys = true,
                              .public_sharing = true, .settings = STR("{}") };
    int rc = db_run(d, e,
                    "INSERT INTO organization (id, name, slug, created_at, updated_at)"
                    " VALUES (?1, ?2, ?3, ?4, ?4)",
                    "ssst", o.id, o.name, o.slug, now);
    if (rc == 0)
        *out = o;
    return rc;
}

int project_insert(struct db *d, struct arena *a, str organization_id, str name,
                   struct project *out, struct err *e)
{
    int64_t now = clock_now_us();
    struct project p = { .uuid = new_uuid(a), .organization_id = organization_id, .name = name,
                         .api_token = new_token(a, "phc_", 43), .timezone = STR("UTC"),
                         .created_at = now, .updated_at = now,
                         .test_account_filters = STR("[]"), .settings = STR("{}") };
    int rc = db_run(d, e,
                    "INSERT INTO project (uuid, organization_id, name, api_token, created_at,"
                    " updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
                    "sssst", p.uuid, organization_id, name, p.api_token, now);
    if (rc < 0)
        return rc;
    p.id = db_last_id(d);
    *out = p;
    return 0;
}

int organization_update(struct db *d, struct organization *o, struct err *e)
{
    o->updated_at = clock_now_us();
    return db_run(d, e,
                  "UPDATE organization SET name = ?, members_can_use_personal_api_keys = ?,"
                  " settings = ?, updated_at = ? WHERE id = ?",
                  "sbsts", o->name, (int)o->members_can_use_keys, o->settings, o->updated_at,
                  o->id);
}

int project_update(struct db *d, struct project *p, struct err *e)
{
    p->updated_at = clock_now_us();
    return db_run(d, e,
                  "UPDATE project SET name = ?, timezone = ?, settings = ?, updated_at = ?"
                  " WHERE id = ?",
                  "sssti", p->name, p->timezone, p->settings, p->updated_at, p->id);
}

int project_reset_token(struct db *d, struct arena *a, struct project *p, struct err *e)
{
    p->api_token = new_token(a, "phc_", 43);
    p->updated_at = clock_now_us();
    return db_run(d, e, "UPDATE project SET api_token = ?, updated_at = ? WHERE id = ?", "sti",
                  p->api_token, p->updated_at, p->id);
}

int project_delete(struct db *d, int64_t id, struct err *e)
{
    int rc = db_run(d, e, "UPDATE project SET deleted = 1 WHERE id = ?", "i", id);
    if (rc == 0)
        rc = db_run(d, e,
                    "UPDATE user SET current_project_id = NULL WHERE current_project_id = ?", "i",
                    id);
    return rc;
}

int password_hash(struct arena *a, str password, str *out, struct err *e)
{
    char hash[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str(hash, password.p, password.n, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE))
        return err_internal(e, "no memory for Argon2id");
    *out = arena_str(a, str_of(hash));
    return 0;
}

static int email_taken(int rc, struct err *e)
{
    return rc == ERR_UNIQUE ? err_set(e, ERR_UNIQUE, "email",
                                      "There is already an account with this email address.")
                            : rc;
}

int user_update(struct db *d, const struct user *u, struct err *e)
{
    int rc = db_run(d, e,
                    "UPDATE user SET email = ?, first_name = ?, last_name = ?,"
                    " password_hash = ?, settings = ?, current_organization_id = ?,"
                    " current_project_id = nullif(?, 0) WHERE id = ?",
                    "ssssssii", u->email, u->first_name, u->last_name, u->password_hash,
                    u->settings, u->organization_id, u->project_id, u->id);
    return rc < 0 ? email_taken(rc, e) : list_count_user_changed(d, u->id, e);
}

int user_insert(struct db *d, struct arena *a, str email, str password, struct user *out,
                struct err *e)
{
    struct user u = { .uuid = new_uuid(a), .distinct_id = new_token(a, "", 43), .email = email,
                      .first_name = STR(""), .last_name = STR(""), .active = true,
                      .date_joined = clock_now_us(), .settings = STR("{}") };
    int rc = password.p ? password_hash(a, password, &u.password_hash, e) : 0;
    if (rc == 0)
        rc = email_taken(db_run(d, e,
                                "INSERT INTO user (uuid, distinct_id, email, password_hash,"
                                " date_joined) VALUES (?, ?, ?, ?, ?)",
                                "sssst", u.uuid, u.distinct_id, email, u.password_hash,
                                u.date_joined),
                         e);
    if (rc < 0)
        return rc;
    u.id = db_last_id(d);
    *out = u;
    return 0;
}

int membership_insert(struct db *d, str organization_id, int64_t user_id, int level, struct err *e)
{
    char id[UUID_TEXT];
    uuid_text(uuid_v7(), id);
    return db_run(d, e,
                  "INSERT INTO membership (id, organization_id, user_id, level, joined_at,"
                  " updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
                  "ssiit", str_of(id), organization_id, user_id, (int64_t)level, clock_now_us());
}

int user_set_current(struct db *d, int64_t user_id, str organization_id, int64_t project_id,
                     struct err *e)
{
    return db_run(d, e,
                  "UPDATE user SET current_organization_id = ?, current_project_id = ?"
                  " WHERE id = ?",
                  "sii", organization_id, project_id, user_id);
}

static void mask_of(str value, char out[16])
{
    memcpy(out, "phx_...", 7);
    memcpy(out + 7, value.p + value.n - 4, 4);
    out[11] = '\0';
}

int key_insert(struct db *d, struct arena *a, const struct key *in, struct key *out, str *value,
               struct err *e)
{
    char mask[16], hash[65];
    str clear = new_token(a, "phx_", 47);
    mask_of(clear, mask);
    sha256_hex(clear, hash);
    struct key k = *in;
    k.id = new_token(a, "", 12);
    k.mask = arena_str(a, str_of(mask));
    k.created_at = clock_now_us();
    k.last_used_at = k.last_rolled_at = INT64_MIN;
    int rc = db_run(d, e,
                    "INSERT INTO personal_api_key (id, user_id, label, description, hash,"
                    " mask_value, scopes, scoped_teams, scoped_organizations, created_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    "sissssssst", k.id, k.user_id, k.label, k.description, str_of(hash), k.mask,
                    k.scopes, k.teams, k.organizations, k.created_at);
    if (rc < 0)
        return rc;
    *out = k;
    *value = clear;
    return 0;
}

int key_update(struct db *d, const struct key *k, struct err *e)
{
    return db_run(d, e,
                  "UPDATE personal_api_key SET label = ?, description = ?, scopes = ?,"
                  " scoped_teams = ?, scoped_organizations = ? WHERE id = ? AND user_id = ?",
                  "ssssssi", k->label, k->description, k->scopes, k->teams, k->organizations,
                  k->id, k->user_id);
}

int key_roll(struct db *d, struct arena *a, str id, int64_t user_id, str *value, struct err *e)
{
    char mask[16], hash[65];
    str clear = new_token(a, "phx_", 47);
    mask_of(clear, mask);
    sha256_hex(clear, hash);
    int rc = db_run(d, e,
                    "UPDATE personal_api_key SET hash = ?, mask_value = ?, last_rolled_at = ?"
                    " WHERE id = ? AND user_id = ?",
                    "sstsi", str_of(hash), str_of(mask), clock_now_us(), id, user_id);
    if (rc < 0)
        return rc;
    if (!db_changes(d))
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    *value = clear;
    return 0;
}

void user_read(struct stmt *st, struct arena *a, int col, struct user *u)
{
    *u = (struct user){ .id = stmt_i64(st, col), .uuid = stmt_str(st, a, col + 1),
                        .distinct_id = stmt_str(st, a, col + 2), .email = stmt_str(st, a, col + 3),
                        .first_name = stmt_str(st, a, col + 4),
                        .last_name = stmt_str(st, a, col + 5),
                        .password_hash = stmt_str(st, a, col + 6),
                        .active = stmt_bool(st, col + 7), .date_joined = stmt_i64(st, col + 8),
                        .organization_id = stmt_str(st, a, col + 9),
                        .project_id = stmt_i64(st, col + 10),
                        .settings = stmt_str(st, a, col + 11) };
}

#define SELECT_USER "SELECT " USER_COLUMNS " FROM user u "

/* The first row of an opened statement, and its end. */
static int user_first(int rc, struct stmt *st, struct arena *a, struct user *out, struct err *e)
{
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    user_read(st, a, 0, out);
    stmt_end(st);
    return 1;
}

int user_find(struct db *d, struct arena *a, int64_t id, struct user *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e, SELECT_USER "WHERE u.id = ?", "i", id);
    return user_first(rc, st, a, out, e);
}

int user_list(struct db *d, struct arena *a, str ids, struct user **out, size_t *n, struct err *e)
{
    struct stmt *st;
    struct user *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e,
                     SELECT_USER "WHERE u.id IN (SELECT value FROM json_each(?))", "s", ids);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        user_read(st, a, 0, &list[count++]);
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = count;
    return 0;
}

int user_find_email(struct db *d, struct arena *a, str email, struct user *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e, SELECT_USER "WHERE u.email = ?", "s", email);
    return user_first(rc, st, a, out, e);
}

int user_find_uuid(struct db *d, struct arena *a, str uuid, struct user *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e, SELECT_USER "WHERE u.uuid = ?", "s", uuid);
    return user_first(rc, st, a, out, e);
}

#define ORGANIZATION_COLUMNS                                                             \
    "SELECT o.id, o.name, o.slug, o.created_at, o.updated_at,"                           \
    " o.members_can_use_personal_api_keys, coalesce(m.level, 0), o.settings,"             \
    " coalesce(o.settings ->> '$.allow_publicly_shared_resources', 1) FROM organization o "

static void organization_read(struct stmt *st, struct arena *a, struct organization *o)
{
    *o = (struct organization){ .id = stmt_str(st, a, 0), .name = stmt_str(st, a, 1),
                                .slug = stmt_str(st, a, 2), .created_at = stmt_i64(st, 3),
                                .updated_at = stmt_i64(st, 4),
                                .members_can_use_keys = stmt_bool(st, 5),
                                .level = (int)stmt_i64(st, 6),
                                .settings = stmt_str(st, a, 7),
                                .public_sharing = stmt_bool(st, 8) };
}

int organization_find(struct db *d, struct arena *a, str id, int64_t user_id,
                      struct organization *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     ORGANIZATION_COLUMNS "LEFT JOIN membership m ON m.organization_id = o.id"
                                          " AND m.user_id = ?2 WHERE o.id = ?1",
                     "si", id, user_id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    organization_read(st, a, out);
    stmt_end(st);
    return 1;
}

#define PROJECT_COLUMNS                                                                    \
    "SELECT p.id, p.uuid, p.organization_id, p.name, p.api_token, p.timezone, p.created_at," \
    " p.updated_at, p.week_start_day, p.anonymize_ips, p.test_account_filters,"            \
    " p.person_display_name_properties, p.settings, p.path_cleaning_filters FROM project p "

static void project_read(struct stmt *st, struct arena *a, struct project *p)
{
    str names = stmt_str(st, a, 11), rules = stmt_str(st, a, 13);
    *p = (struct project){ .id = stmt_i64(st, 0), .uuid = stmt_str(st, a, 1),
                           .organization_id = stmt_str(st, a, 2), .name = stmt_str(st, a, 3),
                           .api_token = stmt_str(st, a, 4), .timezone = stmt_str(st, a, 5),
                           .created_at = stmt_i64(st, 6), .updated_at = stmt_i64(st, 7),
                           .week_start_day = (int)stmt_i64(st, 8),
                           .anonymize_ips = stmt_bool(st, 9),
                           .test_account_filters = stmt_str(st, a, 10),
                           .display_names = str_eqz(names, "null") ? STR_NULL : names,
                           .settings = stmt_str(st, a, 12),
                           .path_cleaning = str_eqz(rules, "null") ? STR_NULL : rules };
    if (!p->test_account_filters.p)
        p->test_account_filters = STR("[]");
}

static int project_first(int rc, struct stmt *st, struct arena *a, struct project *out,
                         struct err *e)
{
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    project_read(st, a, out);
    stmt_end(st);
    return 1;
}

int project_find(struct db *d, struct arena *a, int64_t id, struct project *out, struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e, PROJECT_COLUMNS "WHERE p.id = ? AND p.deleted = 0", "i", id);
    return project_first(rc, st, a, out, e);
}

int project_find_token(struct db *d, struct arena *a, str token, struct project *out,
                       struct err *e)
{
    struct stmt *st = NULL;
    int rc = db_open(d, a, &st, e, PROJECT_COLUMNS "WHERE p.api_token = ? AND p.deleted = 0", "s", token);
    return project_first(rc, st, a, out, e);
}

#define KEY_COLUMNS                                                                            \
    "SELECT id, label, mask_value, scopes, scoped_teams, scoped_organizations, user_id,"       \
    " created_at, last_used_at, last_rolled_at, description FROM personal_api_key "

static void key_read(struct stmt *st, struct arena *a, struct key *k)
{
    *k = (struct key){ .id = stmt_str(st, a, 0), .label = stmt_str(st, a, 1),
                       .mask = stmt_str(st, a, 2), .scopes = stmt_str(st, a, 3),
                       .teams = stmt_str(st, a, 4), .organizations = stmt_str(st, a, 5),
                       .user_id = stmt_i64(st, 6), .created_at = stmt_i64(st, 7),
                       .last_used_at = stmt_time(st, 8), .last_rolled_at = stmt_time(st, 9),
                       .description = stmt_str(st, a, 10) };
}

int key_find_id(struct db *d, struct arena *a, str id, int64_t user_id, struct key *out,
                struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, KEY_COLUMNS "WHERE id = ? AND user_id = ?", "si", id, user_id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    key_read(st, a, out);
    stmt_end(st);
    return 1;
}

int key_find(struct db *d, struct arena *a, str value, struct key *out, struct err *e)
{
    char hash[65];
    struct stmt *st;
    sha256_hex(value, hash);
    int rc = db_open(d, a, &st, e, KEY_COLUMNS "WHERE hash = ?", "s", str_of(hash));
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    key_read(st, a, out);
    stmt_end(st);
    int64_t now = clock_now_us();
    if (out->last_used_at == INT64_MIN || now - out->last_used_at >= KEY_USED_EVERY)
        rc = db_run(d, e, "UPDATE personal_api_key SET last_used_at = ? WHERE id = ?", "ts", now,
                    out->id);
    return rc < 0 ? rc : 1;
}

int organization_list(struct db *d, struct arena *a, int64_t user_id, struct organization **out,
                      size_t *n, struct err *e)
{
    struct stmt *st;
    struct organization *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e,
                     ORGANIZATION_COLUMNS "JOIN membership m ON m.organization_id = o.id"
                                          " WHERE m.user_id = ? ORDER BY o.created_at, o.id",
                     "i", user_id);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        organization_read(st, a, &list[count++]);
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = count;
    return 0;
}

int project_list(struct db *d, struct arena *a, int64_t user_id, str organization_id,
                 struct project **out, size_t *n, struct err *e)
{
    struct stmt *st;
    struct project *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e,
                     PROJECT_COLUMNS "JOIN membership m ON m.organization_id = p.organization_id"
                                     " WHERE m.user_id = ?1 AND (?2 IS NULL OR"
                                     " p.organization_id = ?2) AND p.deleted = 0"
                                     " ORDER BY p.id",
                     "is", user_id, organization_id);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        project_read(st, a, &list[count++]);
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = count;
    return 0;
}

int project_first_of(struct db *d, struct arena *a, str organization_id, int64_t *out,
                     struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT coalesce(min(id), 0) FROM project WHERE organization_id = ? AND"
                     " deleted = 0",
                     "s", organization_id);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int key_list(struct db *d, struct arena *a, int64_t user_id, struct key **out, size_t *n,
             struct err *e)
{
    struct stmt *st;
    struct key *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e, KEY_COLUMNS "WHERE user_id = ? ORDER BY created_at DESC, id",
                     "i", user_id);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        key_read(st, a, &list[count++]);
    }
    if (rc < 0)
        return rc;
    *out = list;
    *n = count;
    return 0;
}

int key_delete(struct db *d, str id, int64_t user_id, struct err *e)
{
    int rc = db_run(d, e, "DELETE FROM personal_api_key WHERE id = ? AND user_id = ?", "si", id,
                    user_id);
    if (rc == 0 && !db_changes(d))
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    return rc;
}

bool password_ok(const struct user *u, str password)
{
    /* A user who is not there, or has no password, takes as long as one who is: this is the
     * hash of nobody's password, with the parameters of all others. One check at a time, for
     * each takes 64 MiB. */
    static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
    static char decoy[crypto_pwhash_STRBYTES];
    pthread_mutex_lock(&one);
    if (!decoy[0] && crypto_pwhash_str(decoy, "", 0, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                       crypto_pwhash_MEMLIMIT_INTERACTIVE))
        decoy[0] = '\0';
    const char *hash = u->password_hash.p ? u->password_hash.p : decoy;
    bool same = crypto_pwhash_str_verify(hash, password.p, password.n) == 0;
    pthread_mutex_unlock(&one);
    return same && u->password_hash.p && u->active;
}

int session_insert(struct db *d, struct arena *a, int64_t user_id, str *cookie, str *csrf,
                   struct err *e)
{
    char hash[65];
    str clear = new_token(a, "", 43), token = new_token(a, "", 32);
    int64_t now = clock_now_us();
    sha256_hex(clear, hash);
    int rc = db_run(d, e, "DELETE FROM session WHERE expires_at < ?", "t", now);
    if (rc == 0)
        rc = db_run(d, e,
                    "INSERT INTO session (hash, user_id, csrf, expires_at) VALUES (?, ?, ?, ?)",
                    "sist", str_of(hash), user_id, token, now + SESSION_LIFE);
    if (rc < 0)
        return rc;
    *cookie = clear;
    *csrf = token;
    return 0;
}

int session_find(struct db *d, struct arena *a, str cookie, int64_t *user_id, str *csrf,
                 struct err *e)
{
    char hash[65];
    struct stmt *st;
    sha256_hex(cookie, hash);
    int rc = db_open(d, a, &st, e,
                     "SELECT user_id, csrf FROM session WHERE hash = ? AND expires_at > ?", "st",
                     str_of(hash), clock_now_us());
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    *user_id = stmt_i64(st, 0);
    *csrf = stmt_str(st, a, 1);
    stmt_end(st);
    return 1;
}

int session_delete(struct db *d, str cookie, struct err *e)
{
    char hash[65];
    sha256_hex(cookie, hash);
    return db_run(d, e, "DELETE FROM session WHERE hash = ?", "s", str_of(hash));
}

int session_delete_others(struct db *d, int64_t user_id, str cookie, struct err *e)
{
    char hash[65];
    sha256_hex(cookie, hash);
    return db_run(d, e, "DELETE FROM session WHERE user_id = ? AND hash <> ?", "is", user_id,
                  str_of(hash));
}
