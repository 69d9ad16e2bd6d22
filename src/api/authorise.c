/* authorise.c - who is calling and what they may reach: credentials and their places, scopes, the project
 * and organization of the path, keys narrowed to some of them. The order of checks is the order in
 * which clients see them fail. */
#include "api/share.h"
#include "assistant/assistant.h"

/* -------------------------------------------------------------------------- credentials */

/* The first key found, and the name of its place; STR_NULL when the request has none. */
static str key_in_request(struct req *r, const char **place)
{
    str header = http_header_of(r->http, "Authorization");
    if (header.n > 7 && str_eq_nocase(str_slice(header, 0, 7), STR("Bearer "))) {
        *place = "Authorization header";
        return str_trim(str_slice(header, 7, header.n));
    }
    str body = json_get_text(r->body, "personal_api_key");
    *place = "body";
    if (body.p)
        return body;
    *place = "query string";
    return http_query_of(r->http, "personal_api_key");
}

static int authenticate_key(struct req *r, str value, const char *place, struct err *e)
{
    int rc = key_find(r->db, r->arena, value, &r->key, e);
    if (rc > 0)
        rc = user_find(r->db, r->arena, r->key.user_id, &r->user, e);
    if (rc < 0)
        return rc;
    if (rc == 0 || !r->user.active)
        return err_set(e, ERR_AUTH_FAILED, NULL,
                       "Personal API key found in request %s is invalid.", place);
    r->credential = CREDENTIAL_KEY;
    return 0;
}

static bool unsafe_method(str method)
{
    return !str_eqz(method, "GET") && !str_eqz(method, "HEAD") && !str_eqz(method, "OPTIONS");
}

static int authenticate_session(struct req *r, str cookie, struct err *e)
{
    int64_t user_id = 0;
    str csrf = STR_NULL;
    int rc = session_find(r->db, r->arena, cookie, &user_id, &csrf, e);
    if (rc > 0)
        rc = user_find(r->db, r->arena, user_id, &r->user, e);
    if (rc < 0)
        return rc;
    if (rc == 0 || !r->user.active)
        return err_set(e, ERR_NOT_AUTHENTICATED, NULL, NULL);
    if (unsafe_method(r->http->method) &&
        !str_eq(http_header_of(r->http, "X-CSRFToken"), csrf))
        return err_set(e, ERR_DENIED, NULL, "CSRF Failed: CSRF token missing or incorrect.");
    r->credential = CREDENTIAL_SESSION;
    return 0;
}

/* The assistant's: the user is known, and the key is asked for again, for it may be gone by now. */
static int authenticate_inside(struct req *r, const struct assistant_caller *who, struct err *e)
{
    int rc = user_find(r->db, r->arena, who->user_id, &r->user, e);
    if (rc > 0 && who->key_id.p)
        rc = key_find_id(r->db, r->arena, who->key_id, who->user_id, &r->key, e);
    if (rc < 0)
        return rc;
    if (rc == 0 || !r->user.active)
        return err_set(e, ERR_AUTH_FAILED, NULL, NULL);
    r->credential = who->key_id.p ? CREDENTIAL_KEY : CREDENTIAL_SESSION;
    return 0;
}

static int authenticate_link(struct req *r, str token, struct err *e)
{
    int rc = share_open(r, token, e);
    if (rc == 0)
        rc = share_unlocked(r, e);
    if (rc == 0 || rc == ERR_NOT_FOUND)
        return err_set(e, ERR_AUTH_FAILED, NULL, "Sharing access token is invalid.");
    r->credential = CREDENTIAL_LINK;
    return rc < 0 ? rc : 0;
}

int req_authenticate(struct req *r, struct err *e)
{
    const struct http_inside *inside = http_inside_of(r->http);
    if (inside)
        return authenticate_inside(r, inside->who, e);
    const char *place;
    str link = r->route->by_link ? http_query_of(r->http, "sharing_access_token") : STR_NULL;
    if (link.n)
        return authenticate_link(r, link, e);
    str key = key_in_request(r, &place);
    if (str_starts(key, STR("pha_"))) /* an OAuth token: never tried as a key */
        return err_set(e, ERR_AUTH_FAILED, NULL, "Access token invalid.");
    if (key.p)
        return authenticate_key(r, key, place, e);
    str cookie = http_cookie_of(r->http, "sessionid");
    if (cookie.p)
        return authenticate_session(r, cookie, e);
    return err_set(e, ERR_NOT_AUTHENTICATED, NULL, NULL);
}

/* -------------------------------------------------------------------------- authorisation */

static struct json *list_of(struct req *r, str text)
{
    struct err ignored = ERR_INIT;
    struct json *v;
    BUG_ON(json_parse(r->arena, text, &v, &ignored) < 0); /* we wrote it */
    return v;
}

static bool list_has(const struct json *list, str value)
{
    for (const struct json *m = list->head; m; m = m->next)
        if (str_eq(m->text, value))
            return true;
    return false;
}

static int check_scope(struct req *r, str want, struct err *e)
{
    const struct route *row = r->route;
    if (r->credential != CREDENTIAL_KEY || row->access == ACCESS_USER)
        return 0;
    if (row->access == ACCESS_SESSION)
        return err_set(e, ERR_DENIED, NULL,
                       "This action does not support personal API key access");
    struct json *scopes = list_of(r, r->key.scopes);
    if (list_has(scopes, STR("*")) || list_has(scopes, want))
        return 0;
    ptrdiff_t colon = str_find_char(want, ':');
    str write = arena_printf(r->arena, "%.*s:write", (int)colon, want.p);
    if (str_ends(want, STR(":read")) && list_has(scopes, write))
        return 0;
    return err_set(e, ERR_DENIED, NULL, "API key missing required scope '" STR_FMT "'",
                   STR_ARG(want));
}

/* -------------------------------------------------------------------------- project, organization */

/* A project's token beside a path without a project: in the query, for flat paths in the body too. */
static str token_in_request(struct req *r)
{
    str token = http_query_of(r->http, "token");
    if (!token.n && r->flat)
        token = json_get_text(r->body, "token");
    if (!token.n && r->flat)
        token = json_get_text(r->body, "api_key");
    return token;
}

/* 1 found. "@current" is the project of the token, or the user's current one. */
static int find_current_project(struct req *r, struct err *e)
{
    str token = token_in_request(r);
    if (token.n) {
        int rc = project_find_token(r->db, r->arena, token, &r->project, e);
        return rc ? rc : err_set(e, ERR_AUTH_FAILED, NULL, "Project API key invalid.");
    }
    int rc = r->user.project_id
                 ? project_find(r->db, r->arena, r->user.project_id, &r->project, e)
                 : 0;
    if (rc == 0 && r->flat)
        return err_set(e, ERR_AUTH_FAILED, NULL,
                       "This endpoint requires a current project to be set on your account.");
    return rc;
}

static int load_project(struct req *r, struct err *e)
{
    int64_t id;
    int rc = 0;
    if (r->shared) /* loaded with it; another project is as if it were not there */
        return str_eqz(r->path_project, "@current") ||
                       (str_to_i64(r->path_project, &id) && id == r->project.id)
                   ? 0
                   : err_set(e, ERR_NOT_FOUND, NULL, "Project not found.");
    if (str_eqz(r->path_project, "@current"))
        rc = find_current_project(r, e);
    else if (str_to_i64(r->path_project, &id))
        rc = project_find(r->db, r->arena, id, &r->project, e);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return err_set(e, ERR_NOT_FOUND, NULL, "Project not found.");
    rc = organization_find(r->db, r->arena, r->project.organization_id, r->user.id,
                           &r->organization, e);
    if (rc < 0)
        return rc;
    if (!r->organization.level)
        return err_set(e, ERR_DENIED, NULL, "You don't have access to the project.");
    return 0;
}

static int load_organization(struct req *r, struct err *e)
{
    str text = r->path_organization;
    str id = str_eqz(text, "@current") ? r->user.organization_id : text;
    struct organization of_project = r->organization;
    int rc = id.p ? organization_find(r->db, r->arena, id, r->user.id, &r->organization, e) : 0;
    if (rc < 0)
        return rc;
    if (rc == 0 || !r->organization.level)
        return err_set(e, ERR_NOT_FOUND, NULL, "Organization not found.");
    if (of_project.id.p && !str_eq(of_project.id, r->organization.id))
        return err_set(e, ERR_NOT_FOUND, NULL, "Project not found.");
    return 0;
}

/* -------------------------------------------------------------------------- narrowed keys */

bool key_reaches_organization(struct req *r, str id)
{
    if (r->credential != CREDENTIAL_KEY)
        return true;
    struct json *organizations = list_of(r, r->key.organizations);
    return !organizations->head || list_has(organizations, id);
}

static int check_teams(struct req *r, struct err *e)
{
    struct json *teams = list_of(r, r->key.teams);
    str id = arena_printf(r->arena, "%lld", (long long)r->project.id);
    if (!teams->head)
        return 0;
    if (!r->project.id || (r->flat && !token_in_request(r).n))
        return err_set(e, ERR_DENIED, NULL, "API keys with scoped projects are only supported on "
                                            "project-based endpoints.");
    if (!list_has(teams, id))
        return err_set(e, ERR_DENIED, NULL,
                       "API key does not have access to the requested project: ID %lld.",
                       (long long)r->project.id);
    return 0;
}

static int check_organizations(struct req *r, struct err *e)
{
    if (!r->organization.id.p || key_reaches_organization(r, r->organization.id))
        return 0;
    /* What the caller named, or the organization itself, is as if it were not there. */
    if (str_eqz(r->path_project, "@current"))
        return err_set(e, ERR_NOT_FOUND, NULL, "Project not found.");
    if (str_eqz(r->path_organization, "@current") ||
        str_eqz(str_of(r->route->path), "/api/organizations/:organization/"))
        return err_set(e, ERR_NOT_FOUND, NULL, "Organization not found.");
    return err_set(e, ERR_DENIED, NULL,
                   "API key does not have access to the requested organization: ID %s.",
                   r->organization.id.p);
}

/* Keys narrowed to projects or organizations, and organizations that allow keys to admins only. */
static int check_narrowing(struct req *r, struct err *e)
{
    if (r->credential != CREDENTIAL_KEY || r->route->access == ACCESS_USER || r->route->any_key)
        return 0;
    int rc = check_teams(r, e);
    if (rc == 0)
        rc = check_organizations(r, e);
    if (rc == 0 && r->organization.id.p && !r->organization.members_can_use_keys &&
        r->organization.level < LEVEL_ADMIN)
        return err_set(e, ERR_DENIED, NULL,
                       "Organization '%s' does not allow using personal API keys. "
                       "Ask an organization admin.",
                       r->organization.name.p);
    return rc;
}

int req_authorise(struct req *r, str scope, struct err *e)
{
    int rc = check_scope(r, scope, e);
    if (rc == 0 && r->path_project.p)
        rc = load_project(r, e);
    if (rc == 0 && r->path_organization.p)
        rc = load_organization(r, e);
    if (rc == 0)
        rc = check_narrowing(r, e);
    if (rc == 0 && r->organization.id.p && r->organization.level < r->route->level)
        return err_set(e, ERR_DENIED, NULL, "Your organization access level is insufficient.");
    return rc;
}
