/* member.c - who belongs to an organization. Nobody raises anyone above themselves, and the last owner
 * stays. */
#include "model/member.h"

#include "api/internal.h"

static int write_member(struct req *r, struct json_writer *w, const struct member *m,
                        struct err *e)
{
    json_open(w, '{');
    json_key(w, "id");
    json_str(w, m->id);
    json_key(w, "user");
    req_show_user(r, &m->user); /* read with the member */
    int rc = write_user_basic(r, w, m->user.id, e);
    json_key(w, "level");
    json_i64(w, m->level);
    json_key(w, "joined_at");
    json_time(w, m->joined_at);
    json_key(w, "updated_at");
    json_time(w, m->updated_at);
    json_key(w, "is_2fa_enabled");
    json_bool(w, false);
    json_key(w, "has_social_auth");
    json_bool(w, false);
    json_key(w, "last_login");
    json_time(w, m->last_login);
    json_close(w, '}');
    return rc;
}

static int member_list_all(struct req *r, struct err *e)
{
    struct page page = page_of(r);
    struct member *list;
    size_t n;
    int64_t count;
    int rc = member_list(r->db, r->arena, r->organization.id, page.limit, page.offset, &list, &n,
                         &count, e);
    if (rc < 0)
        return rc;
    struct json_writer w = page_open(r, page, count);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = write_member(r, &w, &list[i], e);
    page_close(&w);
    return rc;
}

static int load_member(struct req *r, struct member *m, struct err *e)
{
    str uuid = str_eqz(r->id, "@me") ? r->user.uuid : r->id;
    int rc = member_find(r->db, r->arena, r->organization.id, uuid, m, e);
    return rc ? rc : err_set(e, ERR_NOT_FOUND, NULL, NULL);
}

static int member_fetch(struct req *r, struct err *e)
{
    struct member m;
    int rc = load_member(r, &m, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    return write_member(r, &w, &m, e);
}

static int check_other(struct req *r, const struct member *m, struct err *e)
{
    if (m->user.id == r->user.id)
        return 0;
    if (r->organization.level < LEVEL_ADMIN)
        return err_set(e, ERR_DENIED, NULL, "You can only edit others if you are an admin.");
    if (m->level > r->organization.level)
        return err_set(e, ERR_DENIED, NULL,
                       "You can only edit others with level lower or equal to you.");
    return 0;
}

static int check_level(struct req *r, const struct member *m, int64_t level, struct err *e)
{
    if (m->user.id == r->user.id)
        return err_set(e, ERR_DENIED, NULL, "You can't change your own access level.");
    if (level == LEVEL_OWNER && r->organization.level != LEVEL_OWNER)
        return err_set(e, ERR_DENIED, NULL, "You can only make another member owner if you're "
                                            "this organization's owner.");
    if (level > r->organization.level)
        return err_set(e, ERR_DENIED, NULL, "You can only change access level of others to lower "
                                            "or equal to your current one.");
    return 0;
}

static int change(struct req *r, struct member *m, struct err *e)
{
    const struct json *v = json_get(r->body, "level");
    int rc = load_member(r, m, e);
    if (rc > 0)
        rc = check_other(r, m, e);
    if (rc < 0 || !v)
        return rc;
    int64_t level = v->integer ? v->i64 : 0;
    if (level != LEVEL_MEMBER && level != LEVEL_ADMIN && level != LEVEL_OWNER)
        return err_set(e, ERR_CHOICE, "level", "\"" STR_FMT "\" is not a valid choice.",
                       STR_ARG(v->text));
    rc = check_level(r, m, level, e);
    return rc < 0 ? rc : member_set_level(r->db, m, (int)level, e);
}

static int member_change(struct req *r, struct err *e)
{
    struct member m;
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = change(r, &m, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    return write_member(r, &w, &m, e);
}

static int remove_one(struct req *r, struct err *e)
{
    struct member m;
    int64_t owners = 0;
    int rc = load_member(r, &m, e);
    if (rc > 0)
        rc = check_other(r, &m, e);
    if (rc == 0)
        rc = member_count(r->db, r->arena, r->organization.id, LEVEL_OWNER, &owners, e);
    if (rc == 0 && m.level == LEVEL_OWNER && owners < 2)
        return err_set(e, ERR_INVALID, NULL, "Cannot leave the organization as its owner!");
    return rc < 0 ? rc : member_delete(r->db, r->organization.id, &m, e);
}

static int member_remove(struct req *r, struct err *e)
{
    int rc = db_begin(r->db, e); /* two owners leaving at once: one stays */
    if (rc == 0)
        rc = remove_one(r, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    r->http->status = 204;
    return rc;
}

const struct route member_routes[] = {
    { "GET", "/api/organizations/:organization/members/", member_list_all, ACCESS_SCOPE,
      "organization_member:read", 0 },
    { "GET", "/api/organizations/:organization/members/:id/", member_fetch, ACCESS_SCOPE,
      "organization_member:read", 0 },
    { "PATCH", "/api/organizations/:organization/members/:id/", member_change, ACCESS_SCOPE,
      "organization_member:write", 0 },
    { "DELETE", "/api/organizations/:organization/members/:id/", member_remove, ACCESS_SCOPE,
      "organization_member:write", 0 },
    { 0 },
};
