/* sharing.c - who may share a dashboard or insight with everyone, and how: links, settings, passwords.
 * What the links show is api/shared.c; rows live in model/sharing.c. */
#include "model/sharing.h"

#include "api/dashboard_view.h"
#include "api/field.h"
#include "api/history.h"
#include "api/insight_view.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "store/seal.h"

#define GRACE (300 * CLOCK_SECOND) /* a link still works for, after another one was made */
#define TOKEN 30                   /* characters of a link's token */
#define PASSWORD_LEAST 8
#define PASSWORD_MADE 20           /* characters of a password that is made here */
#define PASSWORD_MOST 128

/* What the path names, and what the caller may do with it. */
struct target {
    struct sharing s;
    const char *noun, *level;
    bool may_edit;
};

/* -------------------------------------------------------------------------- the object */

static int load_dashboard(struct req *r, struct target *t, struct err *e)
{
    struct dashboard d;
    int rc = dashboard_load(r, r->id, &d, e);
    if (rc == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, NULL, "Dashboard not found.");
    if (rc < 0)
        return rc;
    t->noun = "dashboard";
    t->s.dashboard_id = d.id;
    t->may_edit = dashboard_may_edit(r, &d);
    t->level = dashboard_level(r, &d);
    return 0;
}

static int load_insight(struct req *r, struct target *t, struct err *e)
{
    struct insight i;
    struct insight_view v = { .row = &i };
    int rc = insight_find(r->db, r->arena, r->project.id, r->id, &i, e);
    if (rc == 0 || (rc > 0 && i.deleted))
        return err_set(e, ERR_NOT_FOUND, NULL, "Insight not found.");
    if (rc > 0)
        rc = insight_view_prepare(r, &v, 1, e);
    if (rc < 0)
        return rc;
    t->noun = "insight";
    t->s.insight_id = i.id;
    t->may_edit = insight_privilege(r, &v) == PRIVILEGE_EDIT;
    t->level = i.created_by == r->user.id || r->organization.level >= LEVEL_ADMIN ? "manager"
                                                                                  : "editor";
    return 0;
}

/* The object of the path and its configuration, which is made up when none is stored. */
static int load(struct req *r, struct target *t, struct err *e)
{
    bool insight = str_find(str_of(r->route->path), STR("/insights/")) >= 0;
    *t = (struct target){ .s = { .project_id = r->project.id } };
    int rc = insight ? load_insight(r, t, e) : load_dashboard(r, t, e);
    struct sharing of = t->s;
    if (rc == 0)
        rc = sharing_find(r->db, r->arena, &of, &t->s, e);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    t->s = of;
    t->s.settings = STR_NULL;
    t->s.created_at = INT64_MIN;
    return 0;
}

static int load_to_edit(struct req *r, struct target *t, struct err *e)
{
    int rc = load(r, t, e);
    if (rc == 0 && !t->may_edit)
        return err_set(e, ERR_DENIED, NULL, "You don't have edit permissions for this %s.",
                       t->noun);
    return rc;
}

/* -------------------------------------------------------------------------- writing */

static void write_password(struct json_writer *w, const struct sharing_password *p,
                           const char *clear)
{
    json_open(w, '{');
    json_key(w, "id");
    json_i64(w, p->id);
    if (clear) {
        json_key(w, "password");
        json_z(w, clear);
    }
    json_key(w, "created_at");
    json_time(w, p->created_at);
    json_key(w, "note");
    json_str(w, p->note.p ? p->note : STR(""));
    json_key(w, "created_by_email");
    json_str(w, p->creator_email.p ? p->creator_email : STR("deleted user"));
    if (!clear) {
        json_key(w, "is_active");
        json_bool(w, true);
    }
    json_close(w, '}');
}

static str new_token(struct req *r)
{
    char token[TOKEN + 1];
    rand_token(token, TOKEN);
    return arena_str(r->arena, str_of(token));
}

static int reply_config(struct req *r, const struct target *t, struct err *e)
{
    struct sharing_password *passwords = NULL;
    size_t n = 0;
    str token = STR_NULL;
    int rc = 0;
    if (!t->s.id)
        token = new_token(r); /* none is stored before there is something to share */
    else
        rc = seal_read(r->api->seal, r->arena, t->s.sealed, &token, e);
    if (rc == 0 && t->s.id)
        rc = sharing_password_list(r->db, r->arena, t->s.id, &passwords, &n, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "created_at");
    json_time(&w, t->s.created_at);
    json_key(&w, "enabled");
    json_bool(&w, t->s.enabled);
    json_key(&w, "access_token");
    json_str(&w, token);
    json_key(&w, "settings");
    json_raw(&w, t->s.settings.p ? t->s.settings : STR("null"));
    json_key(&w, "password_required");
    json_bool(&w, t->s.password_required);
    json_key(&w, "share_passwords");
    json_open(&w, '[');
    for (size_t i = 0; i < n; i++)
        write_password(&w, &passwords[i], NULL);
    json_close(&w, ']');
    json_key(&w, "user_access_level");
    json_z(&w, t->level);
    json_close(&w, '}');
    return 0;
}

/* -------------------------------------------------------------------------- settings */

static bool is_theme(const struct json *v)
{
    return v->type == JSON_STRING && (str_eqz(v->text, "light") || str_eqz(v->text, "dark") ||
                                      str_eqz(v->text, "system"));
}

/* An object of the known keys; unknown ones are dropped, absent ones stay absent. */
static int read_settings(struct req *r, str *out, struct err *e)
{
    static const char *const flags[] = { "whitelabel", "noHeader", "showInspector", "legend",
                                         "detailed", "hideExtraDetails" };
    const struct json *v = json_get(r->body, "settings"), *m;
    bool fits = v && (v->type == JSON_OBJECT || v->type == JSON_NULL);
    if (!v)
        return 0;
    struct json *kept = json_new(r->arena, JSON_OBJECT);
    for (size_t i = 0; i < ARRAY_LEN(flags) && fits; i++) {
        m = json_get(v, flags[i]);
        fits = !m || m->type == JSON_BOOL;
        if (m)
            json_set(kept, str_of(flags[i]), json_share(r->arena, m));
    }
    m = json_get(v, "theme");
    if (m)
        json_set(kept, STR("theme"), json_share(r->arena, m));
    if (!fits || (m && !is_theme(m)))
        return err_set(e, ERR_INVALID, "settings", "Invalid settings format");
    *out = v->type == JSON_NULL ? STR_NULL : json_text_of(r->arena, kept);
    return 0;
}

/* -------------------------------------------------------------------------- the configuration */

static int set_token(struct req *r, struct target *t, int64_t grace, struct err *e)
{
    str token = new_token(r);
    t->s.sealed = seal_text(r->api->seal, r->arena, token);
    return sharing_set_token(r->db, &t->s, token, t->s.sealed, grace, e);
}

static int store_new(struct req *r, struct target *t, struct err *e)
{
    int rc = sharing_insert(r->db, &t->s, e);
    return rc < 0 ? rc : set_token(r, t, 0, e);
}

/* For the log: never the token. */
static str as_json(struct req *r, const struct target *t)
{
    return arena_printf(r->arena, "{\"enabled\":%s,\"password_required\":%s,\"settings\":" STR_FMT
                        "}", t->s.enabled ? "true" : "false",
                        t->s.password_required ? "true" : "false",
                        STR_ARG(t->s.settings.p ? t->s.settings : STR("null")));
}

static int note(struct req *r, const struct target *t, str before, str after, struct err *e)
{
    return t->s.insight_id
               ? history_note_beside(r, HISTORY_INSIGHT, t->s.insight_id, "sharing", before, after,
                                     e)
               : history_note_beside(r, HISTORY_DASHBOARD, t->s.dashboard_id, "sharing", before,
                                     after, e);
}

static int change(struct req *r, struct target *t, struct err *e)
{
    static const struct field fields[] = {
        { "enabled", FIELD_BOOL, offsetof(struct sharing, enabled), 0 },
        { "password_required", FIELD_BOOL, offsetof(struct sharing, password_required), 0 },
        { 0 },
    };
    int rc = load_to_edit(r, t, e);
    bool was = t->s.enabled;
    str before = rc == 0 ? as_json(r, t) : STR_NULL;
    if (rc == 0)
        rc = fields_read(r->arena, r->body, "", fields, &t->s, e);
    if (rc == 0)
        rc = read_settings(r, &t->s.settings, e);
    if (rc < 0)
        return rc;
    if (json_get(r->body, "enabled") && t->s.enabled && !r->organization.public_sharing)
        return err_set(e, ERR_DENIED, NULL,
                       "Public sharing is disabled for this organization.");
    rc = t->s.id ? sharing_update(r->db, &t->s, e) : store_new(r, t, e);
    if (rc == 0)
        rc = note(r, t, before, as_json(r, t), e);
    if (rc == 0 && was && !t->s.enabled)
        rc = set_token(r, t, 0, e); /* whoever has a link that was taken back keeps nothing */
    return rc < 0 ? rc : dashboard_changed(r->db, r->project.id, e);
}

static int sharing_fetch(struct req *r, struct err *e)
{
    struct target t;
    int rc = load(r, &t, e);
    return rc < 0 ? rc : reply_config(r, &t, e);
}

static int sharing_change(struct req *r, struct err *e)
{
    struct target t;
    int rc = db_begin(r->db, e); /* what was checked still holds when the row is written */
    if (rc == 0)
        rc = change(r, &t, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : reply_config(r, &t, e);
}

static int sharing_refresh(struct req *r, struct err *e)
{
    struct target t;
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = load_to_edit(r, &t, e);
    if (rc == 0)
        rc = t.s.id ? set_token(r, &t, GRACE, e) : store_new(r, &t, e);
    if (rc == 0)
        rc = note(r, &t, STR("{\"link\":\"before\"}"), STR("{\"link\":\"another one\"}"), e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : reply_config(r, &t, e);
}

/* -------------------------------------------------------------------------- passwords */

static int read_password(struct req *r, str *clear, str *note, struct err *e)
{
    char made[PASSWORD_MADE + 1];
    const struct json *raw = json_get(r->body, "raw_password");
    int rc = json_is(json_get(r->body, "note"), JSON_NULL) ? 0 : body_str(r, "note", 100, note, e);
    if (rc < 0)
        return rc;
    if (!raw || raw->type == JSON_NULL) {
        rand_token(made, PASSWORD_MADE);
        *clear = arena_str(r->arena, str_of(made));
        return 0;
    }
    *clear = STR_NULL;
    rc = body_str(r, "raw_password", PASSWORD_MOST, clear, e);
    if (rc == 0 && str_utf8_len(*clear) < PASSWORD_LEAST)
        return err_set(e, ERR_INVALID, "raw_password",
                       "Password must be at least %d characters long.", PASSWORD_LEAST);
    return rc;
}

static int add_password(struct req *r, struct sharing_password *p, struct err *e)
{
    struct sharing_password *list;
    size_t n;
    int rc = sharing_password_list(r->db, r->arena, p->sharing_id, &list, &n, e);
    if (rc == 0 && n >= LIMIT_SHARE_PASSWORDS)
        return err_set(e, ERR_INVALID, NULL, "At most %d passwords can be in force.",
                       LIMIT_SHARE_PASSWORDS);
    return rc < 0 ? rc : sharing_password_insert(r->db, p, e);
}

static int sharing_password_create(struct req *r, struct err *e)
{
    struct target t;
    str clear;
    struct sharing_password p = { .note = STR_NULL, .created_by = r->user.id,
                                  .creator_email = r->user.email };
    int rc = load_to_edit(r, &t, e);
    if (rc == 0 && !t.s.password_required)
        return reply_bare(r, 400, "error",
                          STR("Password protection must be enabled before creating passwords"));
    if (rc == 0)
        rc = read_password(r, &clear, &p.note, e);
    if (rc == 0)
        rc = password_hash(r->arena, clear, &p.hash, e); /* slow: before others wait for us */
    p.sharing_id = t.s.id;
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc == 0)
        rc = add_password(r, &p, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 201);
    write_password(&w, &p, clear.p);
    return 0;
}

static int sharing_password_remove(struct req *r, struct err *e)
{
    struct target t;
    int64_t id = 0;
    int rc = load_to_edit(r, &t, e);
    if (rc == 0 && str_to_i64(r->sub_id, &id) && t.s.id)
        rc = sharing_password_withdraw(r->db, t.s.id, id, e);
    if (rc == 0)
        return err_set(e, ERR_NOT_FOUND, NULL, "Password not found");
    if (rc > 0)
        r->http->status = 204;
    return rc < 0 ? rc : 0;
}

#define OF_DASHBOARD "/api/projects/:project/dashboards/:id/sharing/"
#define OF_INSIGHT "/api/projects/:project/insights/:id/sharing/"
#define READ ACCESS_SCOPE, "sharing_configuration:read", 0
#define WRITE ACCESS_SCOPE, "sharing_configuration:write", 0

const struct route sharing_routes[] = {
    { "GET", OF_DASHBOARD, sharing_fetch, READ },
    { "PATCH", OF_DASHBOARD, sharing_change, WRITE },
    { "POST", OF_DASHBOARD "refresh/", sharing_refresh, WRITE },
    { "POST", OF_DASHBOARD "passwords/", sharing_password_create, WRITE },
    { "DELETE", OF_DASHBOARD "passwords/:sub_id/", sharing_password_remove, WRITE },
    { "GET", OF_INSIGHT, sharing_fetch, READ },
    { "PATCH", OF_INSIGHT, sharing_change, WRITE },
    { "POST", OF_INSIGHT "refresh/", sharing_refresh, WRITE },
    { "POST", OF_INSIGHT "passwords/", sharing_password_create, WRITE },
    { "DELETE", OF_INSIGHT "passwords/:sub_id/", sharing_password_remove, WRITE },
    { 0 },
};
