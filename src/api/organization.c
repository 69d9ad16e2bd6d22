/* organization.c - the caller's organizations. */
#include "api/internal.h"

void write_organization(struct json_writer *w, const struct organization *o)
{
    json_open(w, '{');
    json_key(w, "id");
    json_str(w, o->id);
    json_key(w, "name");
    json_str(w, o->name);
    json_key(w, "slug");
    json_str(w, o->slug);
    json_key(w, "logo_media_id");
    json_null(w);
    json_key(w, "membership_level");
    json_i64(w, o->level);
    json_key(w, "members_can_use_personal_api_keys");
    json_bool(w, o->members_can_use_keys);
    json_key(w, "created_at");
    json_time(w, o->created_at);
    json_key(w, "updated_at");
    json_time(w, o->updated_at);
    json_close(w, '}');
}

static int organization_list_all(struct req *r, struct err *e)
{
    struct organization *list;
    size_t n;
    int rc = organization_list(r->db, r->arena, r->user.id, &list, &n, e);
    if (rc < 0)
        return rc;
    size_t kept = 0; /* those that the key reaches */
    for (size_t i = 0; i < n; i++)
        if (key_reaches_organization(r, list[i].id))
            list[kept++] = list[i];
    n = kept;
    struct page page = page_of(r);
    struct json_writer w = page_open(r, page, (int64_t)n);
    for (int64_t i = page.offset; i < (int64_t)n && i - page.offset < page.limit; i++)
        write_organization(&w, &list[i]);
    page_close(&w);
    return 0;
}

static int organization_fetch(struct req *r, struct err *e)
{
    (void)e;
    struct json_writer w = reply_json(r, 200);
    write_organization(&w, &r->organization);
    return 0;
}

const struct route organization_routes[] = {
    { "GET", "/api/organizations/", organization_list_all, ACCESS_SCOPE, "organization:read", 0 },
    { "GET", "/api/organizations/:organization/", organization_fetch, ACCESS_SCOPE,
      "organization:read", 0 },
    { 0 },
};
