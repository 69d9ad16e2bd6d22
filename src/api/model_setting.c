/* model_setting.c - the language model that a project asks in place of the server's, for its admins. The key
 * goes in and never comes out. */
#include "model/model_setting.h"

#include "api/field.h"
#include "api/internal.h"
#include "base/limits.h"
#include "store/seal.h"

struct body {
    str url, dialect, model, key;
};

static const struct field fields[] = {
    { "url", FIELD_STR, offsetof(struct body, url), FIELD_REQUIRED | FIELD_FILLED, 2000 },
    { "dialect", FIELD_STR, offsetof(struct body, dialect), FIELD_FILLED },
    { "model", FIELD_STR, offsetof(struct body, model), FIELD_REQUIRED | FIELD_FILLED, 200 },
    { "key", FIELD_STR, offsetof(struct body, key), FIELD_NULLABLE, LIMIT_SECRET },
    { 0 },
};

static int reply(struct req *r, const struct model_setting *m, struct err *e)
{
    int rc = req_load_users(r, &m->updated_by, 1, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "url");
    json_str(&w, m->url);
    json_key(&w, "dialect");
    json_str(&w, m->dialect);
    json_key(&w, "model");
    json_str(&w, m->model);
    json_key(&w, "has_key");
    json_bool(&w, m->key.p != NULL);
    json_key(&w, "updated_at");
    json_time(&w, m->updated_at);
    write_loaded_user(r, &w, "updated_by", m->updated_by);
    json_close(&w, '}');
    return 0;
}

static int setting_fetch(struct req *r, struct err *e)
{
    struct model_setting m;
    int rc = model_setting_find(r->db, r->arena, r->project.id, &m, e);
    if (rc < 0)
        return rc;
    return rc ? reply(r, &m, e) : err_set(e, ERR_NOT_FOUND, NULL, NULL);
}

static bool has_control(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7F)
            return true;
    return false;
}

static int check(const struct body *b, struct err *e)
{
    if ((!str_starts(b->url, STR("http://")) && !str_starts(b->url, STR("https://"))) ||
        has_control(b->url))
        return err_set(e, ERR_INVALID, "url", "Enter a valid URL.");
    if (!str_eqz(b->dialect, "openai") && !str_eqz(b->dialect, "anthropic"))
        return err_set(e, ERR_CHOICE, "dialect", "\"" STR_FMT "\" is not a valid choice.",
                       STR_ARG(str_utf8_prefix(b->dialect, 100)));
    if (has_control(b->key))
        return err_set(e, ERR_INVALID, "key", "Not a valid key.");
    return 0;
}

/* A key that is not named stays; null takes it away. One for another address never goes there. */
static int put(struct req *r, const struct body *b, struct model_setting *m, struct err *e)
{
    struct model_setting before = { .key = STR_NULL };
    int rc = model_setting_find(r->db, r->arena, r->project.id, &before, e);
    if (rc < 0)
        return rc;
    *m = (struct model_setting){ b->url, b->dialect, b->model, STR_NULL, 0, r->user.id };
    if (b->key.n)
        m->key = seal_text(r->api->seal, r->arena, b->key);
    else if (!json_get(r->body, "key") && str_eq(before.url, b->url))
        m->key = before.key;
    return model_setting_put(r->db, r->project.id, m, e);
}

static int setting_replace(struct req *r, struct err *e)
{
    struct body b = { .dialect = STR("openai"), .key = STR_NULL };
    struct model_setting m;
    int rc = fields_read(r->arena, r->body, "", fields, &b, e);
    if (rc == 0)
        rc = check(&b, e);
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc == 0)
        rc = put(r, &b, &m, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : reply(r, &m, e);
}

static int setting_remove(struct req *r, struct err *e)
{
    int rc = model_setting_delete(r->db, r->project.id, e);
    if (rc == 0)
        r->http->status = 204;
    return rc;
}

#define PATH "/api/projects/:project/assistant_model/"

const struct route model_setting_routes[] = {
    { "GET", PATH, setting_fetch, ACCESS_SCOPE, "project:read", LEVEL_ADMIN },
    { "PUT", PATH, setting_replace, ACCESS_SCOPE, "project:write", LEVEL_ADMIN },
    { "DELETE", PATH, setting_remove, ACCESS_SCOPE, "project:write", LEVEL_ADMIN },
    { 0 },
};
