/* personal_api_key.c - keys for programs. Only sessions may make, roll or delete them; the value is
 * shown once. */
#include "api/internal.h"

#include "base/limits.h"
#include "model/scope.h"

static void write_key(struct json_writer *w, const struct key *k, str value)
{
    json_open(w, '{');
    json_key(w, "id");
    json_str(w, k->id);
    json_key(w, "label");
    json_str(w, k->label);
    json_key(w, "description");
    json_str(w, k->description);
    json_key(w, "value");
    json_str(w, value);
    json_key(w, "mask_value");
    json_str(w, k->mask);
    json_key(w, "created_at");
    json_time(w, k->created_at);
    json_key(w, "last_used_at");
    json_time(w, k->last_used_at);
    json_key(w, "last_rolled_at");
    json_time(w, k->last_rolled_at);
    json_key(w, "user_id");
    json_i64(w, k->user_id);
    json_key(w, "is_legacy_hashing");
    json_bool(w, false);
    json_key(w, "scopes");
    json_raw(w, k->scopes);
    json_key(w, "scoped_teams");
    json_raw(w, k->teams);
    json_key(w, "scoped_organizations");
    json_raw(w, k->organizations);
    json_close(w, '}');
}

static int key_fetch_current(struct req *r, struct err *e)
{
    if (r->credential != CREDENTIAL_KEY)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    struct json_writer w = reply_json(r, 200);
    write_key(&w, &r->key, STR_NULL);
    return 0;
}

static int key_list_all(struct req *r, struct err *e)
{
    struct key *list;
    size_t n;
    int rc = key_list(r->db, r->arena, r->user.id, &list, &n, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '[');
    for (size_t i = 0; i < n; i++)
        write_key(&w, &list[i], STR_NULL);
    json_close(&w, ']');
    return 0;
}

static int read_scopes(struct req *r, str *out, struct err *e)
{
    const struct json *v = json_get(r->body, "scopes");
    if (!v)
        return 0;
    if (v->type == JSON_NULL)
        return err_set(e, ERR_NULL_VALUE, "scopes", NULL);
    if (v->type != JSON_ARRAY || !v->count)
        return err_set(e, ERR_INVALID, "scopes", "This list may not be empty.");
    for (const struct json *m = v->head; m; m = m->next)
        if (m->type != JSON_STRING || !scope_valid(m->text))
            return err_set(e, ERR_INVALID, "scopes", "Invalid scope: " STR_FMT,
                           STR_ARG(m->text));
    *out = v->text;
    return 0;
}

/* A list of one type; null is []. */
static int read_list(struct req *r, const char *name, enum json_type type, str *out, struct err *e)
{
    const struct json *v = json_get(r->body, name);
    if (!v)
        return 0;
    *out = STR("[]");
    if (v->type == JSON_NULL)
        return 0;
    if (v->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, name, "Expected a list of items.");
    for (const struct json *m = v->head; m; m = m->next)
        if (m->type != type || (type == JSON_NUMBER && !m->integer))
            return err_set(e, ERR_INVALID, name, "Not a valid list of ids.");
    *out = v->text;
    return 0;
}

/* The fields of the body over what k holds; what k lacks is required. */
static int read_key(struct req *r, struct key *k, struct err *e)
{
    int rc = body_str(r, "label", 40, &k->label, e);
    if (rc == 0 && !k->label.p)
        return err_set(e, ERR_REQUIRED, "label", NULL);
    if (rc == 0 && !k->label.n)
        return err_set(e, ERR_BLANK, "label", NULL);
    if (rc == 0)
        rc = body_str(r, "description", 1000, &k->description, e);
    if (rc == 0)
        rc = read_scopes(r, &k->scopes, e);
    if (rc == 0 && !k->scopes.p)
        return err_set(e, ERR_REQUIRED, "scopes", NULL);
    if (rc == 0)
        rc = read_list(r, "scoped_teams", JSON_NUMBER, &k->teams, e);
    if (rc == 0)
        rc = read_list(r, "scoped_organizations", JSON_STRING, &k->organizations, e);
    return rc;
}

static int key_create(struct req *r, struct err *e)
{
    struct key *list, k = { .user_id = r->user.id, .description = STR(""), .teams = STR("[]"),
                            .organizations = STR("[]") };
    size_t n;
    str value;
    int rc = read_key(r, &k, e);
    if (rc == 0)
        rc = db_begin(r->db, e); /* two at once must not both be the tenth */
    if (rc == 0)
        rc = key_list(r->db, r->arena, r->user.id, &list, &n, e);
    if (rc == 0 && n >= LIMIT_KEYS_PER_USER)
        return err_set(e, ERR_INVALID, NULL, "You can only have %d personal API keys. Remove an "
                                             "existing key before creating a new one.",
                       LIMIT_KEYS_PER_USER);
    if (rc == 0)
        rc = key_insert(r->db, r->arena, &k, &k, &value, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 201);
    write_key(&w, &k, value);
    return 0;
}

static int load_key(struct req *r, struct key *k, struct err *e)
{
    int rc = key_find_id(r->db, r->arena, r->id, r->user.id, k, e);
    return rc ? rc : err_set(e, ERR_NOT_FOUND, NULL, NULL);
}

static int key_fetch(struct req *r, struct err *e)
{
    struct key k;
    int rc = load_key(r, &k, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    write_key(&w, &k, STR_NULL);
    return 0;
}

static int key_change(struct req *r, struct err *e)
{
    struct key k;
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = load_key(r, &k, e);
    if (rc >= 0)
        rc = read_key(r, &k, e);
    if (rc == 0)
        rc = key_update(r->db, &k, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    write_key(&w, &k, STR_NULL);
    return 0;
}

static int key_roll_one(struct req *r, struct err *e)
{
    str value;
    struct key k;
    int rc = key_roll(r->db, r->arena, r->id, r->user.id, &value, e);
    if (rc == 0)
        rc = key_find(r->db, r->arena, value, &k, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    write_key(&w, &k, value);
    return 0;
}

static int key_remove(struct req *r, struct err *e)
{
    int rc = key_delete(r->db, r->id, r->user.id, e);
    r->http->status = 204;
    return rc;
}

const struct route personal_api_key_routes[] = {
    { "GET", "/api/personal_api_keys/@current/", key_fetch_current, ACCESS_USER, NULL, 0 },
    { "GET", "/api/personal_api_keys/", key_list_all, ACCESS_SESSION, NULL, 0 },
    { "POST", "/api/personal_api_keys/", key_create, ACCESS_SESSION, NULL, 0 },
    { "GET", "/api/personal_api_keys/:id/", key_fetch, ACCESS_SESSION, NULL, 0 },
    { "PATCH", "/api/personal_api_keys/:id/", key_change, ACCESS_SESSION, NULL, 0 },
    { "PUT", "/api/personal_api_keys/:id/", key_change, ACCESS_SESSION, NULL, 0 },
    { "POST", "/api/personal_api_keys/:id/roll/", key_roll_one, ACCESS_SESSION, NULL, 0 },
    { "DELETE", "/api/personal_api_keys/:id/", key_remove, ACCESS_SESSION, NULL, 0 },
    { 0 },
};
