/* organization.c - the caller's organizations. */
#include "api/setting.h"
#include "model/member.h"

/* Kept for clients; allow_publicly_shared_resources is also the server's. */
static const struct setting settings[] = {
    { "logo_media_id", SETTING_TEXT, NULL, .max = 100 },
    { "is_member_join_email_enabled", SETTING_BOOL, "true" },
    { "enforce_2fa", SETTING_BOOL, NULL },
    { "members_can_invite", SETTING_BOOL, "true" },
    { "allow_publicly_shared_resources", SETTING_BOOL, "true" },
    { "is_ai_data_processing_approved", SETTING_BOOL, "true" },
    { "default_experiment_stats_method", SETTING_CHOICE, NULL, .choices = "bayesian|frequentist" },
    { "default_role_id", SETTING_TEXT, NULL, .max = 100 },
};

static const struct setting short_settings[] = {
    { "logo_media_id", SETTING_TEXT, NULL, .max = 100 },
};

static void short_fields(struct json_writer *w, const struct organization *o)
{
    json_key(w, "id");
    json_str(w, o->id);
    json_key(w, "name");
    json_str(w, o->name);
    json_key(w, "slug");
    json_str(w, o->slug);
    json_key(w, "membership_level");
    json_i64(w, o->level);
    json_key(w, "members_can_use_personal_api_keys");
    json_bool(w, o->members_can_use_keys);
}

void write_organization_basic(struct req *r, struct json_writer *w, const struct organization *o)
{
    json_open(w, '{');
    short_fields(w, o);
    settings_write(w, r->arena, short_settings, ARRAY_LEN(short_settings), o->settings);
    json_close(w, '}');
}

static int write_projects(struct req *r, struct json_writer *w, const struct organization *o,
                          struct err *e)
{
    struct project *list;
    size_t n;
    int rc = project_list(r->db, r->arena, r->user.id, o->id, &list, &n, e);
    if (rc < 0)
        return rc;
    static const char *const names[] = { "teams", "projects" };
    for (size_t k = 0; k < ARRAY_LEN(names); k++) {
        json_key(w, names[k]);
        json_open(w, '[');
        for (size_t i = 0; i < n && rc == 0; i++)
            rc = write_project_basic(r, w, &list[i], e);
        json_close(w, ']');
    }
    return rc;
}

int write_organization(struct req *r, struct json_writer *w, const struct organization *o,
                       struct err *e)
{
    int64_t members = 0;
    int rc = member_count(r->db, r->arena, o->id, LEVEL_MEMBER, &members, e);
    json_open(w, '{');
    short_fields(w, o);
    json_key(w, "created_at");
    json_time(w, o->created_at);
    json_key(w, "updated_at");
    json_time(w, o->updated_at);
    json_key(w, "plugins_access_level");
    json_i64(w, 0);
    if (rc == 0)
        rc = write_projects(r, w, o, e);
    json_key(w, "available_product_features");
    json_raw(w, STR("[]"));
    json_key(w, "metadata");
    json_raw(w, STR("{}"));
    json_key(w, "customer_id");
    json_null(w);
    json_key(w, "member_count");
    json_i64(w, members);
    settings_write(w, r->arena, settings, ARRAY_LEN(settings), o->settings);
    json_close(w, '}');
    return rc;
}

static int reply_organization(struct req *r, int status, const struct organization *o,
                              struct err *e)
{
    struct json_writer w = reply_json(r, status);
    return write_organization(r, &w, o, e);
}

static int organization_list_all(struct req *r, struct err *e)
{
    struct organization *list;
    size_t n, kept = 0; /* those that the key reaches */
    int rc = organization_list(r->db, r->arena, r->user.id, &list, &n, e);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        if (key_reaches_organization(r, list[i].id))
            list[kept++] = list[i];
    n = kept;
    struct page page = page_of(r);
    struct json_writer w = page_open(r, page, (int64_t)n);
    for (int64_t i = page.offset; rc == 0 && i < (int64_t)n && i - page.offset < page.limit; i++)
        rc = write_organization(r, &w, &list[i], e);
    page_close(&w);
    return rc;
}

static int organization_fetch(struct req *r, struct err *e)
{
    return reply_organization(r, 200, &r->organization, e);
}

/* The writable fields over what o holds. */
static int read_organization(struct req *r, struct organization *o, struct err *e)
{
    int rc = body_str(r, "name", 64, &o->name, e);
    if (rc == 0 && !o->name.p)
        return err_set(e, ERR_REQUIRED, "name", NULL);
    if (rc == 0 && !o->name.n)
        return err_set(e, ERR_BLANK, "name", NULL);
    if (rc == 0)
        rc = body_bool(r, "members_can_use_personal_api_keys", &o->members_can_use_keys, e);
    if (rc == 0)
        rc = settings_read(r, settings, ARRAY_LEN(settings), o->settings, &o->settings, e);
    return rc;
}

/* A new organization is its maker's, with a first project. */
static int insert_organization(struct req *r, struct organization *o, struct err *e)
{
    struct organization in = { .settings = STR("{}"), .members_can_use_keys = true };
    struct project p;
    int rc = read_organization(r, &in, e);
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc == 0)
        rc = organization_insert(r->db, r->arena, in.name, o, e);
    if (rc < 0)
        return rc;
    o->members_can_use_keys = in.members_can_use_keys;
    o->settings = in.settings;
    o->level = LEVEL_OWNER;
    rc = organization_update(r->db, o, e);
    if (rc == 0)
        rc = membership_insert(r->db, o->id, r->user.id, LEVEL_OWNER, e);
    if (rc == 0)
        rc = project_insert(r->db, r->arena, o->id, STR("Default project"), &p, e);
    if (rc == 0 && r->credential == CREDENTIAL_SESSION)
        rc = user_set_current(r->db, r->user.id, o->id, p.id, e);
    return rc < 0 ? rc : db_commit(r->db, e);
}

static int organization_create(struct req *r, struct err *e)
{
    struct organization o;
    int rc = insert_organization(r, &o, e);
    return rc < 0 ? rc : reply_organization(r, 201, &o, e);
}

static int organization_change(struct req *r, struct err *e)
{
    struct organization o;
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = organization_find(r->db, r->arena, r->organization.id, r->user.id, &o, e);
    if (rc > 0)
        rc = read_organization(r, &o, e);
    if (rc == 0)
        rc = organization_update(r->db, &o, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : reply_organization(r, 200, &o, e);
}

const struct route organization_routes[] = {
    { "GET", "/api/organizations/", organization_list_all, ACCESS_SCOPE, "organization:read", 0 },
    { "POST", "/api/organizations/", organization_create, ACCESS_SCOPE, "organization:write", 0 },
    { "GET", "/api/organizations/:organization/", organization_fetch, ACCESS_SCOPE,
      "organization:read", 0 },
    { "PATCH", "/api/organizations/:organization/", organization_change, ACCESS_SCOPE,
      "organization:write", LEVEL_ADMIN },
    { "PUT", "/api/organizations/:organization/", organization_change, ACCESS_SCOPE,
      "organization:write", LEVEL_ADMIN },
    { 0 },
};
