/* collaborator.c - who may edit a restricted dashboard. The checks stand in the order in which
 * clients see them fail. */
#include "model/collaborator.h"

#include "api/history.h"
#include "base/uuid.h"
#include "model/dashboard.h"

static int load(struct req *r, struct dashboard *d, struct err *e)
{
    int rc = dashboard_load(r, r->id, d, e);
    if (rc == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, NULL, "Dashboard not found.");
    return rc;
}

/* For the log. */
static str as_json(struct req *r, const struct collaborator *c)
{
    return arena_printf(r->arena, "{\"user_uuid\":\"" STR_FMT "\",\"level\":%lld}",
                        STR_ARG(c->user_uuid), (long long)c->level);
}

static int write_one(struct req *r, struct json_writer *w, const struct collaborator *c,
                     struct err *e)
{
    json_open(w, '{');
    json_key(w, "id");
    json_str(w, c->id);
    json_key(w, "dashboard_id");
    json_i64(w, c->dashboard_id);
    json_key(w, "user");
    int rc = write_user_basic(r, w, c->user_id, e);
    json_key(w, "level");
    json_i64(w, c->level);
    json_key(w, "added_at");
    json_time(w, c->added_at);
    json_key(w, "updated_at");
    json_time(w, c->updated_at);
    json_key(w, "user_uuid");
    json_str(w, c->user_uuid);
    json_close(w, '}');
    return rc;
}

static int collaborator_list_all(struct req *r, struct err *e)
{
    struct dashboard d;
    struct stmt *st;
    int rc = load(r, &d, e);
    if (rc == 0)
        rc = collaborator_list(r->db, r->arena, d.id, &st, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '[');
    while ((rc = stmt_step(st, e)) > 0) {
        struct collaborator c;
        collaborator_read(st, r->arena, &c);
        rc = write_one(r, &w, &c, e);
        if (rc < 0)
            return rc;
    }
    json_close(&w, ']');
    return rc;
}

/* The formats of user_uuid and level; the first bad one is reported. */
static int read_input(struct req *r, str *uuid, int64_t *level, struct err *e)
{
    const struct json *id = json_get(r->body, "user_uuid"), *l = json_get(r->body, "level");
    struct uuid parsed;
    char text[UUID_TEXT];
    if (!l)
        return err_set(e, ERR_REQUIRED, "level", NULL);
    if (!l->integer || (l->i64 != PRIVILEGE_VIEW && l->i64 != PRIVILEGE_EDIT))
        return err_set(e, ERR_CHOICE, "level", "\"" STR_FMT "\" is not a valid choice.",
                       STR_ARG(l->text));
    if (!id)
        return err_set(e, ERR_REQUIRED, "user_uuid", NULL);
    if (id->type != JSON_STRING || !uuid_parse(id->text, &parsed))
        return err_set(e, ERR_INVALID, "user_uuid", "Must be a valid UUID.");
    uuid_text(parsed, text);
    *uuid = arena_str(r->arena, str_of(text));
    *level = l->i64;
    return 0;
}

/* The active user behind the uuid, with this project's organization as they see it. */
static int find_candidate(struct req *r, str uuid, struct user *u, struct organization *o,
                          struct err *e)
{
    int rc = user_find_uuid(r->db, r->arena, uuid, u, e);
    if (rc < 0)
        return rc;
    if (rc == 0 || !u->active)
        return err_set(e, ERR_INVALID, NULL, "User does not exist.");
    rc = organization_find(r->db, r->arena, r->organization.id, u->id, o, e);
    if (rc < 0)
        return rc;
    if (!o->level)
        return err_set(e, ERR_INVALID, NULL,
                       "Cannot add collaborators that have no access to the project.");
    return 0;
}

static int add(struct req *r, struct collaborator *c, struct err *e)
{
    struct dashboard d;
    struct user u;
    struct organization o;
    int rc = load(r, &d, e);
    if (rc == 0)
        rc = dashboard_check_edit(r, &d, e);
    if (rc == 0)
        rc = read_input(r, &c->user_uuid, &c->level, e);
    if (rc < 0)
        return rc;
    if (d.restriction_level != PRIVILEGE_EDIT)
        return err_set(e, ERR_INVALID, NULL, "Cannot add collaborators to a dashboard on the "
                                             "lowest restriction level.");
    if (c->level != PRIVILEGE_EDIT)
        return err_set(e, ERR_INVALID, NULL,
                       "Only edit access can be explicitly specified currently.");
    rc = find_candidate(r, c->user_uuid, &u, &o, e);
    if (rc < 0)
        return rc;
    if (u.id == d.created_by || o.level >= LEVEL_ADMIN)
        return err_set(e, ERR_INVALID, NULL,
                       "Cannot add collaborators that already have inherent access (the "
                       "dashboard owner or a project admins).");
    c->dashboard_id = d.id;
    c->user_id = u.id;
    rc = collaborator_insert(r->db, r->arena, c, e);
    if (rc == ERR_UNIQUE)
        return err_set(e, ERR_INVALID, NULL, "User already is a collaborator.");
    if (rc == 0)
        rc = history_note_beside(r, HISTORY_DASHBOARD, d.id, "collaborators", STR_NULL,
                                 as_json(r, c), e);
    return rc < 0 ? rc : dashboard_changed(r->db, r->project.id, e);
}

static int collaborator_create(struct req *r, struct err *e)
{
    struct collaborator c = { 0 };
    int rc = db_begin(r->db, e); /* what was checked still holds when the row is written */
    if (rc == 0)
        rc = add(r, &c, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 201);
    return write_one(r, &w, &c, e);
}

static int take_away(struct req *r, struct err *e)
{
    struct dashboard d;
    struct collaborator c;
    int rc = load(r, &d, e);
    if (rc == 0)
        rc = dashboard_check_edit(r, &d, e);
    if (rc == 0)
        rc = collaborator_find_uuid(r->db, r->arena, d.id, r->sub_id, &c, e);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    if (d.restriction_level != PRIVILEGE_EDIT)
        return err_set(e, ERR_INVALID, NULL, "Cannot remove collaborators from a dashboard on "
                                             "the lowest restriction level.");
    rc = collaborator_delete(r->db, c.id, e);
    if (rc == 0)
        rc = history_note_beside(r, HISTORY_DASHBOARD, d.id, "collaborators", as_json(r, &c),
                                 STR_NULL, e);
    return rc < 0 ? rc : dashboard_changed(r->db, r->project.id, e);
}

static int collaborator_remove(struct req *r, struct err *e)
{
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = take_away(r, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc == 0)
        r->http->status = 204;
    return rc;
}

const struct route collaborator_routes[] = {
    { "GET", "/api/projects/:project/dashboards/:id/collaborators/", collaborator_list_all,
      ACCESS_SCOPE, "dashboard:read", 0 },
    { "POST", "/api/projects/:project/dashboards/:id/collaborators/", collaborator_create,
      ACCESS_SCOPE, "dashboard:write", 0 },
    { "DELETE", "/api/projects/:project/dashboards/:id/collaborators/:sub_id/",
      collaborator_remove, ACCESS_SCOPE, "dashboard:write", 0 },
    { 0 },
};
