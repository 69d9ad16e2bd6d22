/* user.c - /api/users/@me/ and the short form of a user that other resources embed. */
#include "api/internal.h"

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
    json_key(w, "hedgehog_config");
    json_null(w);
    json_key(w, "role_at_organization");
    json_null(w);
}

int write_user_basic(struct req *r, struct json_writer *w, int64_t user_id, struct err *e)
{
    if (r->shown_user.id != user_id) { /* rows of a list mostly share their creator */
        struct user u = { 0 };
        int rc = user_id ? user_find(r->db, r->arena, user_id, &u, e) : 0;
        if (rc < 0)
            return rc;
        r->shown_user = u;
    }
    if (!r->shown_user.id) {
        json_null(w);
        return 0;
    }
    json_open(w, '{');
    user_basic_fields(w, &r->shown_user);
    json_close(w, '}');
    return 0;
}

static int write_team(struct req *r, struct json_writer *w, struct err *e)
{
    struct project p;
    int rc = project_find(r->db, r->arena, r->user.project_id, &p, e);
    if (rc <= 0) {
        json_null(w);
        return rc;
    }
    json_open(w, '{');
    json_key(w, "id");
    json_i64(w, p.id);
    json_key(w, "uuid");
    json_str(w, p.uuid);
    json_key(w, "organization");
    json_str(w, p.organization_id);
    json_key(w, "project_id");
    json_i64(w, p.id);
    json_key(w, "api_token");
    json_str(w, p.api_token);
    json_key(w, "name");
    json_str(w, p.name);
    json_key(w, "timezone");
    json_str(w, p.timezone);
    json_key(w, "is_demo");
    json_bool(w, false);
    json_close(w, '}');
    return 0;
}

static int write_organizations(struct req *r, struct json_writer *w, struct err *e)
{
    struct organization *list, current = { 0 };
    size_t n;
    int rc = organization_list(r->db, r->arena, r->user.id, &list, &n, e);
    if (rc < 0)
        return rc;
    json_key(w, "organizations");
    json_open(w, '[');
    for (size_t i = 0; i < n; i++) {
        write_organization(w, &list[i]);
        if (str_eq(list[i].id, r->user.organization_id))
            current = list[i];
    }
    json_close(w, ']');
    json_key(w, "organization");
    if (current.id.p)
        write_organization(w, &current);
    else
        json_null(w);
    return 0;
}

static int user_me(struct req *r, struct err *e)
{
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    user_basic_fields(&w, &r->user);
    json_key(&w, "date_joined");
    json_time(&w, r->user.date_joined);
    json_key(&w, "has_password");
    json_bool(&w, r->user.password_hash.p != NULL);
    json_key(&w, "is_staff");
    json_bool(&w, false);
    json_key(&w, "is_2fa_enabled");
    json_bool(&w, false);
    json_key(&w, "team");
    int rc = write_team(r, &w, e);
    if (rc == 0)
        rc = write_organizations(r, &w, e);
    json_close(&w, '}');
    return rc;
}

const struct route user_routes[] = {
    { "GET", "/api/users/@me/", user_me, ACCESS_SCOPE, "user:read", 0, .any_key = true },
    { 0 },
};
