/* project.c - projects, which are also their one environment. */
#include "api/internal.h"

static void write_project(struct json_writer *w, const struct project *p)
{
    json_open(w, '{');
    json_key(w, "id");
    json_i64(w, p->id);
    json_key(w, "uuid");
    json_str(w, p->uuid);
    json_key(w, "organization");
    json_str(w, p->organization_id);
    json_key(w, "project_id");
    json_i64(w, p->id);
    json_key(w, "api_token");
    json_str(w, p->api_token);
    json_key(w, "name");
    json_str(w, p->name);
    json_key(w, "timezone");
    json_str(w, p->timezone);
    json_key(w, "created_at");
    json_time(w, p->created_at);
    json_key(w, "updated_at");
    json_time(w, p->updated_at);
    json_close(w, '}');
}

static int list_of_organization(struct req *r, str organization, struct err *e)
{
    struct project *list;
    size_t n;
    int rc = project_list(r->db, r->arena, r->user.id, organization, &list, &n, e);
    if (rc < 0)
        return rc;
    size_t kept = 0; /* those that the key reaches */
    for (size_t i = 0; i < n; i++)
        if (key_reaches_organization(r, list[i].organization_id))
            list[kept++] = list[i];
    n = kept;
    struct page page = page_of(r);
    struct json_writer w = page_open(r, page, (int64_t)n);
    for (int64_t i = page.offset; i < (int64_t)n && i - page.offset < page.limit; i++)
        write_project(&w, &list[i]);
    page_close(&w);
    return 0;
}

static int project_list_all(struct req *r, struct err *e)
{
    return list_of_organization(r, STR_NULL, e);
}

static int project_list_organization(struct req *r, struct err *e)
{
    return list_of_organization(r, r->organization.id, e);
}

static int project_fetch(struct req *r, struct err *e)
{
    (void)e;
    struct json_writer w = reply_json(r, 200);
    write_project(&w, &r->project);
    return 0;
}

static int project_create(struct req *r, struct err *e)
{
    if (r->organization.level < LEVEL_ADMIN)
        return err_set(e, ERR_DENIED, NULL, "You need to be an organization admin or above to "
                                            "create new projects.");
    str name = STR("Default project");
    struct project p;
    int rc = body_str(r, "name", 200, &name, e);
    if (rc == 0 && !name.n)
        return err_set(e, ERR_BLANK, "name", NULL);
    if (rc == 0)
        rc = project_insert(r->db, r->arena, r->organization.id, name, &p, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 201);
    write_project(&w, &p);
    return 0;
}

const struct route project_routes[] = {
    { "GET", "/api/projects/", project_list_all, ACCESS_SCOPE, "project:read", 0 },
    { "GET", "/api/environments/", project_list_all, ACCESS_SCOPE, "project:read", 0 },
    { "GET", "/api/projects/:project/", project_fetch, ACCESS_SCOPE, "project:read", 0 },
    { "GET", "/api/organizations/:organization/projects/", project_list_organization, ACCESS_SCOPE,
      "project:read", 0 },
    { "POST", "/api/organizations/:organization/projects/", project_create, ACCESS_SCOPE,
      "project:write", 0 },
    { 0 },
};
