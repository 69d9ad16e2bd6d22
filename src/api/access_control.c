/* access_control.c - the rules on one dashboard: who may see or change it where that is not what everyone
 * in the project may; and who can do what as it stands. Rows live in model/access_control.c. */
#include "model/access_control.h"

#include <stdio.h>

#include "api/dashboard_view.h"
#include "api/field.h"
#include "api/history.h"
#include "base/clock.h"
#include "base/limits.h"
#include "model/member.h"

static const char *const levels[] = { "none", "viewer", "editor", "manager" };

/* -------------------------------------------------------------------------- replies */

static void write_rule(struct json_writer *w, const struct access_control *c)
{
    json_open(w, '{');
    json_key(w, "access_level");
    json_str(w, c->level);
    json_key(w, "resource");
    json_z(w, c->resource);
    json_key(w, "resource_id");
    char id[24];
    snprintf(id, sizeof(id), "%lld", (long long)c->resource_id);
    json_z(w, id);
    json_key(w, "organization_member");
    json_str(w, c->member_id);
    json_key(w, "role");
    json_null(w);
    json_key(w, "created_by");
    if (c->created_by)
        json_i64(w, c->created_by);
    else
        json_null(w);
    json_key(w, "created_at");
    json_time(w, c->created_at);
    json_key(w, "updated_at");
    json_time(w, c->updated_at);
    json_close(w, '}');
}

static bool may_manage(const struct req *r, const struct dashboard *d)
{
    return strcmp(dashboard_level(r, d), "manager") == 0;
}

static int rule_list(struct req *r, struct err *e)
{
    struct dashboard d;
    struct access_control *rules = NULL;
    size_t n = 0;
    int rc = dashboard_load(r, r->id, &d, e);
    if (rc == 0)
        rc = access_control_list(r->db, r->arena, "dashboard", d.id, &rules, &n, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "access_controls");
    json_open(&w, '[');
    for (size_t i = 0; i < n; i++)
        write_rule(&w, &rules[i]);
    json_close(&w, ']');
    json_key(&w, "available_access_levels");
    json_open(&w, '[');
    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        json_z(&w, levels[i]);
    json_close(&w, ']');
    json_key(&w, "default_access_level");
    json_z(&w, "editor");
    json_key(&w, "minimum_access_level");
    json_z(&w, "none");
    json_key(&w, "maximum_access_level");
    json_z(&w, "manager");
    json_key(&w, "user_access_level");
    json_z(&w, dashboard_level(r, &d));
    json_key(&w, "user_can_edit_access_levels");
    json_bool(&w, may_manage(r, &d));
    json_close(&w, '}');
    return 0;
}

/* -------------------------------------------------------------------------- changes */

struct input {
    str level, member, role;
};

static const struct field fields[] = {
    { "access_level", FIELD_STR, offsetof(struct input, level), FIELD_NULLABLE | FIELD_REQUIRED },
    { "organization_member", FIELD_STR, offsetof(struct input, member), FIELD_NULLABLE },
    { "role", FIELD_STR, offsetof(struct input, role), FIELD_NULLABLE },
    { 0 },
};

static int check_level(str level, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(levels) && level.p; i++)
        if (str_eqz(level, levels[i]))
            return 0;
    return !level.p ? 0
                    : err_set(e, ERR_INVALID, "access_level", "Invalid access level. Must be one of: "
                                                              "none, viewer, editor, manager");
}

static int no_such(const char *attr, str id, struct err *e)
{
    return err_set(e, ERR_NO_OBJECT, attr, "Invalid pk \"" STR_FMT "\" - object does not exist.",
                   STR_ARG(str_utf8_prefix(id, 100)));
}

static int read_rule(struct req *r, struct access_control *c, struct err *e)
{
    struct input in = { STR_NULL, STR_NULL, STR_NULL };
    struct member m;
    int rc = fields_read(r->arena, r->body, "", fields, &in, e);
    if (rc == 0)
        rc = check_level(in.level, e);
    if (rc < 0)
        return rc;
    if (in.member.n && in.role.n)
        return err_set(e, ERR_INVALID, NULL,
                       "You can not scope an access control to both a member and a role.");
    if (in.role.n) /* organizations here have no roles */
        return no_such("role", in.role, e);
    if (in.member.n)
        rc = member_find_id(r->db, r->arena, r->organization.id, in.member, &m, e);
    if (in.member.n && rc == 0)
        return no_such("organization_member", in.member, e);
    c->level = in.level;
    c->member_id = in.member.n ? m.id : STR_NULL;
    return rc < 0 ? rc : 0;
}

/* For the log; STR_NULL for a rule that is not there. */
static str rule_json(struct req *r, const struct access_control *c)
{
    if (!c->level.p)
        return STR_NULL;
    return arena_printf(r->arena, "{\"access_level\":\"" STR_FMT "\",\"organization_member\":%s"
                        STR_FMT "%s}", STR_ARG(c->level), c->member_id.p ? "\"" : "",
                        STR_ARG(c->member_id.p ? c->member_id : STR("null")),
                        c->member_id.p ? "\"" : "");
}

static int rule_before(struct req *r, const struct access_control *c, str *out, struct err *e)
{
    struct access_control *rules = NULL;
    size_t n = 0;
    int rc = access_control_list(r->db, r->arena, c->resource, c->resource_id, &rules, &n, e);
    for (size_t i = 0; i < n; i++)
        if (rules[i].member_id.p ? str_eq(rules[i].member_id, c->member_id) : !c->member_id.p)
            *out = rule_json(r, &rules[i]);
    return rc;
}

/* What the level lets a caller do is checked first, then whether they may set it. */
static int change(struct req *r, struct access_control *c, struct err *e)
{
    struct dashboard d;
    int rc = dashboard_load(r, r->id, &d, e);
    if (rc < 0)
        return rc;
    if (!may_manage(r, &d))
        return err_set(e, ERR_DENIED, NULL, "Must be manager to modify dashboard permissions.");
    rc = read_rule(r, c, e);
    if (rc < 0)
        return rc;
    c->resource_id = d.id;
    str before = STR_NULL, after = rule_json(r, c);
    rc = rule_before(r, c, &before, e);
    if (rc == 0)
        rc = history_note_beside(r, HISTORY_DASHBOARD, d.id, "access_controls", before, after, e);
    if (rc < 0)
        return rc;
    rc = c->level.p ? access_control_put(r->db, c, e) : access_control_delete(r->db, c, e);
    return rc < 0 ? rc : dashboard_changed(r->db, r->project.id, e);
}

static int rule_put(struct req *r, struct err *e)
{
    int64_t now = clock_now_us();
    struct access_control c = { .project_id = r->project.id, .resource = "dashboard",
                                .created_by = r->user.id, .created_at = now, .updated_at = now };
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = change(r, &c, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    write_rule(&w, &c);
    return 0;
}

/* -------------------------------------------------------------------------- who can do what */

/* Why a member has that level. */
static const char *source_of(const struct dashboard *d, const struct member *m,
                             const struct access_control *rules, size_t n, const char **level)
{
    const struct access_control *all = NULL;
    *level = "manager";
    if (m->user.id == d->created_by)
        return "creator";
    if (m->level >= LEVEL_ADMIN)
        return "organization_admin";
    for (size_t i = 0; i < n; i++) {
        if (rules[i].member_id.p && str_eq(rules[i].member_id, m->id)) {
            *level = rules[i].level.p;
            return "explicit_member";
        }
        if (!rules[i].member_id.p)
            all = &rules[i];
    }
    *level = all ? all->level.p : "editor";
    return all ? "project_default" : "default";
}

static int write_members(struct req *r, struct json_writer *w, const struct dashboard *d,
                         int64_t *count, struct err *e)
{
    struct access_control *rules = NULL;
    struct member *members = NULL;
    size_t n = 0, rule_count = 0;
    int rc = access_control_list(r->db, r->arena, "dashboard", d->id, &rules, &rule_count, e);
    if (rc == 0)
        rc = member_list(r->db, r->arena, r->organization.id, LIMIT_PAGE, 0, &members, &n, count, e);
    *count = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        const char *level, *source = source_of(d, &members[i], rules, rule_count, &level);
        if (strcmp(level, "none") == 0)
            continue;
        json_open(w, '{');
        json_key(w, "user");
        rc = write_user_basic(r, w, members[i].user.id, e);
        json_key(w, "access_level");
        json_z(w, level);
        json_key(w, "access_source");
        json_z(w, source);
        json_key(w, "organization_membership_id");
        json_str(w, members[i].id);
        json_key(w, "organization_membership_level");
        json_i64(w, members[i].level);
        json_close(w, '}');
        (*count)++;
    }
    return rc;
}

static int users_with_access(struct req *r, struct err *e)
{
    struct dashboard d;
    int64_t count;
    int rc = dashboard_load(r, r->id, &d, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "users");
    json_open(&w, '[');
    rc = write_members(r, &w, &d, &count, e);
    json_close(&w, ']');
    json_key(&w, "total_count");
    json_i64(&w, count);
    json_close(&w, '}');
    return rc;
}

#define AT "/api/projects/:project/dashboards/:id/"

const struct route access_control_routes[] = {
    { "GET", AT "access_controls/", rule_list, ACCESS_SCOPE, "access_control:read" },
    { "PUT", AT "access_controls/", rule_put, ACCESS_SCOPE, "access_control:write" },
    { "GET", AT "users_with_access/", users_with_access, ACCESS_SCOPE, "access_control:read" },
    { 0 },
};
