/* user.c - /api/users/@me/ and the short form of a user that other resources embed. */
#include "api/setting.h"
#include "base/limits.h"

#define ROLES "engineering|data|product|founder|leadership|marketing|sales|other"

/* Kept for clients. */
static const struct setting settings[] = {
    { "notification_settings", SETTING_MERGED,
      "{\"plugin_disabled\":true,\"all_weekly_digest_disabled\":false,"
      "\"project_weekly_digest_disabled\":{},\"error_tracking_issue_assigned\":true,"
      "\"discussions_mentioned\":true}" },
    { "anonymize_data", SETTING_BOOL, "false" },
    { "toolbar_mode", SETTING_CHOICE, "\"toolbar\"", .choices = "disabled|toolbar" },
    { "events_column_config", SETTING_OBJECT, "{\"active\":\"DEFAULT\"}" },
    { "has_seen_product_intro_for", SETTING_OBJECT, NULL },
    { "scene_personalisation", SETTING_LIST, "[]" },
    { "theme_mode", SETTING_CHOICE, NULL, .choices = "light|dark|system" },
    { "hedgehog_config", SETTING_OBJECT, NULL },
    { "role_at_organization", SETTING_CHOICE, NULL, .choices = ROLES },
};

static const struct setting short_settings[] = {
    { "hedgehog_config", SETTING_OBJECT, NULL },
    { "role_at_organization", SETTING_CHOICE, NULL, .choices = ROLES },
};

/* -------------------------------------------------------------------------- replies */

static void user_basic_fields(struct json_writer *w, const struct user *u)
{
    json_key(w, "id");
    json_i64(w, u->id);
    json_key(w, "uuid");
    json_str(w, u->uuid);
    json_key(w, "distinct_id");
    json_str(w, u->distinct_id);
    json_key(w, "first_name");
    json_str(w, u->first_name);
    json_key(w, "last_name");
    json_str(w, u->last_name);
    json_key(w, "email");
    json_str(w, u->email);
    json_key(w, "is_email_verified");
    json_null(w);
}

/* One that is gone has no text. */
struct shown_user {
    struct shown_user *next;
    int64_t id;
    str text; /* its JSON */
};

static struct shown_user *shown(struct req *r, int64_t id)
{
    struct shown_user *u = r->shown_users;
    while (u && u->id != id)
        u = u->next;
    return u;
}

static struct shown_user *show(struct req *r, int64_t id, const struct user *u)
{
    struct shown_user *s = arena_new_of(r->arena, struct shown_user);
    *s = (struct shown_user){ r->shown_users, id, STR_NULL };
    r->shown_users = s;
    if (!u)
        return s;
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '{');
    user_basic_fields(&w, u);
    settings_write(&w, r->arena, short_settings, ARRAY_LEN(short_settings), u->settings);
    json_close(&w, '}');
    s->text = arena_str(r->arena, buf_view(&b));
    buf_release(&b);
    return s;
}

void req_show_user(struct req *r, const struct user *u)
{
    if (!shown(r, u->id))
        show(r, u->id, u);
}

/* Those that were not read yet, without repeats, as a JSON list. */
static str missing_users(struct req *r, const int64_t *ids, size_t n)
{
    struct buf b = BUF_INIT(24 * n + 16);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '[');
    for (size_t i = 0; i < n; i++)
        if (ids[i] && !shown(r, ids[i])) {
            show(r, ids[i], NULL);
            json_i64(&w, ids[i]);
        }
    json_close(&w, ']');
    str list = arena_str(r->arena, buf_view(&b));
    buf_release(&b);
    return list;
}

int req_load_users(struct req *r, const int64_t *ids, size_t n, struct err *e)
{
    struct user *users = NULL;
    size_t found = 0;
    for (size_t i = 0; i < n; i++) /* most often it is the caller */
        if (ids[i] && ids[i] == r->user.id)
            req_show_user(r, &r->user);
    str missing = missing_users(r, ids, n);
    int rc = missing.n > 2 ? user_list(r->db, r->arena, missing, &users, &found, e) : 0;
    for (size_t i = 0; i < found && rc == 0; i++)
        show(r, users[i].id, &users[i]);
    return rc;
}

int req_load_user_column(struct req *r, const void *rows, size_t n, size_t size, size_t offset,
                         struct err *e)
{
    int64_t *ids = arena_alloc(r->arena, (n + 1) * sizeof(*ids));
    for (size_t i = 0; i < n; i++)
        memcpy(&ids[i], (const char *)rows + i * size + offset, sizeof(*ids));
    return req_load_users(r, ids, n, e);
}

int write_user_basic(struct req *r, struct json_writer *w, int64_t user_id, struct err *e)
{
    struct shown_user *u = shown(r, user_id);
    int rc = u ? 0 : req_load_users(r, &user_id, 1, e);
    if (rc < 0)
        return rc;
    u = shown(r, user_id);
    if (u && u->text.p)
        json_raw(w, u->text);
    else
        json_null(w);
    return 0;
}

void write_loaded_user(struct req *r, struct json_writer *w, const char *key, int64_t user_id)
{
    struct err ignored = ERR_INIT; /* it was read: nothing can fail */
    json_key(w, key);
    (void)write_user_basic(r, w, user_id, &ignored);
}

static int write_team(struct req *r, struct json_writer *w, struct err *e)
{
    struct project p;
    json_key(w, "team");
    int rc = project_find(r->db, r->arena, r->user.project_id, &p, e);
    if (rc <= 0) {
        json_null(w);
        return rc;
    }
    return write_project_basic(r, w, &p, e);
}

static int write_organizations(struct req *r, struct json_writer *w, struct err *e)
{
    struct organization *list, *current = NULL;
    size_t n;
    int rc = organization_list(r->db, r->arena, r->user.id, &list, &n, e);
    if (rc < 0)
        return rc;
    json_key(w, "organizations");
    json_open(w, '[');
    for (size_t i = 0; i < n; i++) {
        write_organization_basic(r, w, &list[i]);
        if (str_eq(list[i].id, r->user.organization_id))
            current = &list[i];
    }
    json_close(w, ']');
    json_key(w, "organization");
    if (current)
        return write_organization(r, w, current, e);
    json_null(w);
    return 0;
}

static int reply_user(struct req *r, struct err *e)
{
    static const char *const never[] = { "is_staff", "is_impersonated", "is_2fa_enabled",
                                         "has_social_auth", "has_sso_enforcement" };
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    user_basic_fields(&w, &r->user);
    json_key(&w, "pending_email");
    json_null(&w);
    json_key(&w, "date_joined");
    json_time(&w, r->user.date_joined);
    json_key(&w, "has_password");
    json_bool(&w, r->user.password_hash.p != NULL);
    for (size_t i = 0; i < ARRAY_LEN(never); i++) {
        json_key(&w, never[i]);
        json_bool(&w, false);
    }
    settings_write(&w, r->arena, settings, ARRAY_LEN(settings), r->user.settings);
    int rc = write_team(r, &w, e);
    if (rc == 0)
        rc = write_organizations(r, &w, e);
    json_close(&w, '}');
    return rc;
}

/* -------------------------------------------------------------------------- changing */

static int no_such(struct err *e, const char *attr, const char *what, str id)
{
    return err_set(e, ERR_NO_OBJECT, attr, "%s with id=" STR_FMT " does not exist.", what,
                   STR_ARG(id));
}

static int read_current_team(struct req *r, struct user *u, struct err *e)
{
    struct project p;
    struct organization o;
    int64_t id = 0;
    int rc = body_i64(r, "set_current_team", &id, e);
    if (rc < 0 || !id)
        return rc;
    rc = project_find(r->db, r->arena, id, &p, e);
    if (rc > 0)
        rc = organization_find(r->db, r->arena, p.organization_id, u->id, &o, e);
    if (rc < 0)
        return rc;
    if (rc == 0 || !o.level)
        return no_such(e, "set_current_team", "Team",
                       arena_printf(r->arena, "%lld", (long long)id));
    u->project_id = p.id;
    u->organization_id = o.id;
    return 0;
}

static int read_current_organization(struct req *r, struct user *u, struct err *e)
{
    struct organization o;
    str id = STR_NULL;
    int rc = body_str(r, "set_current_organization", 100, &id, e);
    if (rc < 0 || !id.p)
        return rc;
    rc = organization_find(r->db, r->arena, id, u->id, &o, e);
    if (rc < 0)
        return rc;
    if (rc == 0 || !o.level)
        return no_such(e, "set_current_organization", "Organization", id);
    u->organization_id = o.id;
    return project_first_of(r->db, r->arena, o.id, &u->project_id, e);
}

static bool looks_like_email(str s)
{
    ptrdiff_t at = str_find_char(s, '@');
    return at > 0 && (size_t)at + 1 < s.n && str_find_char(s, ' ') < 0 &&
           str_find_char(str_slice(s, (size_t)at + 1, s.n), '.') > 0;
}

/* *hash stays as it is when the body sets none. */
static int read_password(struct req *r, str *hash, struct err *e)
{
    str password = json_get_text(r->body, "password");
    str current = json_get_text(r->body, "current_password");
    if (!password.p)
        return 0;
    if (r->user.password_hash.p && !current.p)
        return err_set(e, ERR_REQUIRED, "current_password",
                       "This field is required when updating your password.");
    if (r->user.password_hash.p && !password_ok(&r->user, current)) {
        err_set(e, ERR_INVALID, "current_password", "Your current password is incorrect.");
        memcpy(e->code, "incorrect_password", sizeof("incorrect_password"));
        return e->kind;
    }
    if (str_utf8_len(password) < 8) {
        err_set(e, ERR_INVALID, "password",
                "This password is too short. It must contain at least 8 characters.");
        memcpy(e->code, "password_too_short", sizeof("password_too_short"));
        return e->kind;
    }
    return password_hash(r->arena, password, hash, e);
}

/* The writable fields over what u holds. */
static int read_user(struct req *r, struct user *u, struct err *e)
{
    int rc = body_str(r, "first_name", 150, &u->first_name, e);
    if (rc == 0)
        rc = body_str(r, "last_name", 150, &u->last_name, e);
    if (rc == 0)
        rc = body_str(r, "email", 254, &u->email, e);
    if (rc == 0 && !looks_like_email(u->email) && json_get(r->body, "email"))
        return err_set(e, ERR_INVALID, "email", "Enter a valid email address.");
    if (rc == 0)
        rc = settings_read(r, settings, ARRAY_LEN(settings), u->settings, &u->settings, e);
    if (rc == 0)
        rc = read_current_organization(r, u, e);
    return rc < 0 ? rc : read_current_team(r, u, e);
}

static int change(struct req *r, str hash, struct err *e)
{
    struct user u;
    int rc = user_find(r->db, r->arena, r->user.id, &u, e);
    if (rc > 0)
        rc = read_user(r, &u, e);
    if (rc == 0 && hash.p)
        u.password_hash = hash;
    if (rc == 0)
        rc = user_update(r->db, &u, e);
    if (rc == 0 && hash.p) /* whoever knew the old one is logged out */
        rc = session_delete_others(r->db, u.id, http_cookie_of(r->http, "sessionid"), e);
    if (rc == 0)
        r->user = u;
    return rc;
}

/* Others are not for the caller to see. */
static int check_own(struct req *r, struct err *e)
{
    if (str_eqz(r->id, "@me") || str_eq(r->id, r->user.uuid))
        return 0;
    return err_set(e, ERR_DENIED, NULL, "As a non-staff user you're only allowed to access the "
                                        "`@me` user instance.");
}

static int user_fetch(struct req *r, struct err *e)
{
    int rc = check_own(r, e);
    return rc < 0 ? rc : reply_user(r, e);
}

static int user_change(struct req *r, struct err *e)
{
    str hash = STR_NULL;
    int rc = check_own(r, e);
    if (rc == 0) /* before the transaction: hashing takes long */
        rc = read_password(r, &hash, e);
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc == 0)
        rc = change(r, hash, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : reply_user(r, e);
}

const struct route user_routes[] = {
    { "GET", "/api/users/:id/", user_fetch, ACCESS_SCOPE, "user:read", 0, .any_key = true },
    { "PATCH", "/api/users/:id/", user_change, ACCESS_SCOPE, "user:write", 0, .any_key = true },
    { 0 },
};
