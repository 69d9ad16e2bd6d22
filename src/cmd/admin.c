/* admin.c - commands that change accounts: init, user add, org add, project add, key add. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "json/write.h"
#include "model/access.h"
#include "model/scope.h"

str meta_path(struct arena *a, const struct options *o)
{
    return arena_printf(a, "%s/meta.db", o->data);
}

int need(const char *value, const char *flag, struct err *e)
{
    if (value && *value)
        return 0;
    return err_set(e, ERR_INVALID, flag, "--%s is missing", flag);
}

int open_store(struct arena *a, const struct options *o, struct store **s, struct err *e)
{
    int rc = need(o->data, "data", e);
    if (rc < 0)
        return rc;
    str path = meta_path(a, o);
    if (access(path.p, F_OK))
        return err_set(e, ERR_INVALID, NULL, "%s is not a data folder; make one with hoglet init",
                       o->data);
    return store_open(path.p, false, s, e);
}

static void print_pair(struct json_writer *w, const char *key, str value)
{
    json_key(w, key);
    json_str(w, value);
}

/* One JSON object, or "key: value" lines for people. */
static void print_result(const struct options *o, struct arena *a, struct buf *b)
{
    struct err ignored = ERR_INIT;
    struct json *v;
    if (o->json || json_parse(a, buf_view(b), &v, &ignored) < 0) {
        printf("%.*s\n", (int)b->n, b->p);
        return;
    }
    for (const struct json *m = v->head; m; m = m->next)
        printf(STR_FMT ": " STR_FMT "\n", STR_ARG(m->key), STR_ARG(m->text));
}

/* -------------------------------------------------------------------------- commands */

static int insert_full_key(struct db *d, struct arena *a, int64_t user_id, const char *label,
                           str *value, struct err *e)
{
    struct key k = { .user_id = user_id, .label = str_of(label), .description = STR(""),
                     .scopes = STR("[\"*\"]"), .teams = STR("[]"), .organizations = STR("[]") };
    return key_insert(d, a, &k, &k, value, e);
}

struct made {
    struct organization organization;
    struct project project;
    struct user user;
    str key;
};

static int make_first(struct db *d, struct arena *a, const struct options *o, struct made *m,
                      struct err *e)
{
    int rc = db_begin(d, e);
    if (rc == 0)
        rc = organization_insert(d, a, str_of(o->org ? o->org : "My organization"),
                                 &m->organization, e);
    if (rc == 0)
        rc = project_insert(d, a, m->organization.id,
                            str_of(o->project ? o->project : "Default project"), &m->project, e);
    if (rc == 0)
        rc = user_insert(d, a, str_of(o->email), str_of(o->password), &m->user, e);
    if (rc == 0)
        rc = membership_insert(d, m->organization.id, m->user.id, LEVEL_OWNER, e);
    if (rc == 0)
        rc = user_set_current(d, m->user.id, m->organization.id, m->project.id, e);
    if (rc == 0)
        rc = insert_full_key(d, a, m->user.id, "init", &m->key, e);
    if (rc == 0)
        rc = db_commit(d, e);
    if (rc < 0)
        db_rollback(d);
    return rc;
}

int cmd_init(struct arena *a, const struct options *o, struct err *e)
{
    int rc = need(o->data, "data", e);
    if (rc == 0)
        rc = need(o->email, "email", e);
    if (rc == 0)
        rc = need(o->password, "password", e);
    if (rc < 0)
        return rc;
    if (mkdir(o->data, 0700) && errno != EEXIST)
        return err_set(e, ERR_INVALID, "data", "cannot make %s: %s", o->data, strerror(errno));
    str path = meta_path(a, o), part = arena_printf(a, "%s.new", path.p);
    if (access(path.p, F_OK) == 0)
        return err_set(e, ERR_INVALID, "data", "%s is initialised already; nothing was changed",
                       o->data);
    /* Built beside and renamed: a folder is initialised whole or not at all. */
    struct store *s;
    struct made m = { 0 };
    unlink(part.p);
    umask(077);
    rc = store_open(part.p, true, &s, e);
    if (rc < 0)
        return rc;
    struct db *d = store_take(s);
    rc = make_first(d, a, o, &m, e);
    store_give(d);
    store_free(s);
    if (rc == 0 && link(part.p, path.p))
        rc = err_set(e, ERR_INVALID, "data", "cannot make %s: %s", path.p, strerror(errno));
    unlink(part.p);
    if (rc < 0)
        return rc;
    struct buf b = BUF_INIT(4096);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '{');
    print_pair(&w, "organization_id", m.organization.id);
    json_key(&w, "project_id");
    json_i64(&w, m.project.id);
    print_pair(&w, "project_api_key", m.project.api_token);
    print_pair(&w, "personal_api_key", m.key);
    print_pair(&w, "email", str_of(o->email));
    json_close(&w, '}');
    print_result(o, a, &b);
    buf_release(&b);
    return 0;
}

/* The organization a flag names, or the first one. */
static int pick_organization(struct db *d, struct arena *a, const char *id,
                             struct organization *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT id FROM organization WHERE ?1 IS NULL OR id = ?1 ORDER BY created_at"
                     " LIMIT 1",
                     "s", str_of(id));
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    if (rc == 0)
        return err_set(e, ERR_INVALID, "org", "there is no organization %s", id ? id : "yet");
    str found = stmt_str(st, a, 0);
    stmt_end(st);
    rc = organization_find(d, a, found, 0, out, e);
    return rc < 0 ? rc : 0;
}

static int level_of(const char *name, int *level, struct err *e)
{
    static const struct {
        const char *name;
        int level;
    } levels[] = { { "member", LEVEL_MEMBER }, { "admin", LEVEL_ADMIN }, { "owner", LEVEL_OWNER } };
    *level = LEVEL_MEMBER;
    for (size_t i = 0; name && i < ARRAY_LEN(levels); i++)
        if (strcmp(name, levels[i].name) == 0) {
            *level = levels[i].level;
            return 0;
        }
    return name ? err_set(e, ERR_INVALID, "level", "--level is member, admin or owner") : 0;
}

static int first_project(struct db *d, struct arena *a, str organization_id, int64_t *id,
                         struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT min(id) FROM project WHERE organization_id = ?", "s",
                     organization_id);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *id = stmt_i64(st, 0);
    stmt_end(st);
    return *id ? 0 : err_set(e, ERR_INVALID, "org", "that organization has no project yet");
}

static int user_add(struct db *d, struct arena *a, const struct options *o, struct buf *b,
                    struct err *e)
{
    int level;
    int64_t project;
    struct organization org;
    struct user u;
    str value;
    int rc = need(o->email, "email", e);
    if (rc == 0)
        rc = level_of(o->level, &level, e);
    if (rc == 0)
        rc = pick_organization(d, a, o->org, &org, e);
    if (rc == 0)
        rc = first_project(d, a, org.id, &project, e);
    if (rc == 0)
        rc = user_insert(d, a, str_of(o->email), str_of(o->password), &u, e);
    if (rc == 0)
        rc = membership_insert(d, org.id, u.id, level, e);
    if (rc == 0)
        rc = user_set_current(d, u.id, org.id, project, e);
    if (rc == 0)
        rc = insert_full_key(d, a, u.id, "user add", &value, e);
    if (rc < 0)
        return rc;
    struct json_writer w = JSON_WRITER(b);
    json_open(&w, '{');
    json_key(&w, "id");
    json_i64(&w, u.id);
    print_pair(&w, "uuid", u.uuid);
    print_pair(&w, "email", u.email);
    print_pair(&w, "personal_api_key", value);
    json_close(&w, '}');
    return 0;
}

static void write_project_made(struct json_writer *w, const struct project *p)
{
    json_key(w, "project_id");
    json_i64(w, p->id);
    print_pair(w, "api_token", p->api_token);
}

static int org_add(struct db *d, struct arena *a, const struct options *o, struct buf *b,
                   struct err *e)
{
    struct organization org;
    struct project p;
    int rc = need(o->name, "name", e);
    if (rc == 0)
        rc = organization_insert(d, a, str_of(o->name), &org, e);
    if (rc == 0)
        rc = project_insert(d, a, org.id, STR("Default project"), &p, e);
    if (rc < 0)
        return rc;
    struct json_writer w = JSON_WRITER(b);
    json_open(&w, '{');
    print_pair(&w, "id", org.id);
    print_pair(&w, "name", org.name);
    write_project_made(&w, &p);
    json_close(&w, '}');
    return 0;
}

static int project_add(struct db *d, struct arena *a, const struct options *o, struct buf *b,
                       struct err *e)
{
    struct organization org;
    struct project p;
    int rc = need(o->name, "name", e);
    if (rc == 0)
        rc = pick_organization(d, a, o->org, &org, e);
    if (rc == 0)
        rc = project_insert(d, a, org.id, str_of(o->name), &p, e);
    if (rc < 0)
        return rc;
    struct json_writer w = JSON_WRITER(b);
    json_open(&w, '{');
    json_key(&w, "id");
    json_i64(&w, p.id);
    print_pair(&w, "organization_id", org.id);
    print_pair(&w, "name", p.name);
    print_pair(&w, "api_token", p.api_token);
    json_close(&w, '}');
    return 0;
}

/* "a, b" -> ["a","b"], or numbers as they are. */
static str json_list(struct arena *a, const char *text, bool numbers)
{
    struct buf b = BUF_INIT(8192);
    struct json_writer w = JSON_WRITER(&b);
    str rest = str_of(text);
    json_open(&w, '[');
    while (rest.p) {
        str item = str_trim(str_split(&rest, ','));
        int64_t id;
        if (numbers && str_to_i64(item, &id))
            json_i64(&w, id);
        else if (!numbers && item.n)
            json_str(&w, item);
    }
    json_close(&w, ']');
    str out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return out;
}

static int key_add(struct db *d, struct arena *a, const struct options *o, struct buf *b,
                   struct err *e)
{
    struct user u;
    struct key k;
    str value, scopes = str_of(o->scopes);
    int rc = need(o->email, "email", e);
    if (rc == 0)
        rc = need(o->scopes, "scopes", e);
    while (rc == 0 && scopes.p) {
        str scope = str_trim(str_split(&scopes, ','));
        if (scope.n && !scope_valid(scope))
            rc = err_set(e, ERR_INVALID, "scopes", "there is no scope " STR_FMT, STR_ARG(scope));
    }
    if (rc < 0)
        return rc;
    rc = user_find_email(d, a, str_of(o->email), &u, e);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return err_set(e, ERR_INVALID, "email", "there is no user %s", o->email);
    k = (struct key){ .user_id = u.id, .label = str_of(o->label ? o->label : "key add"),
                      .description = STR(""), .scopes = json_list(a, o->scopes, false),
                      .teams = json_list(a, o->teams, true), .organizations = STR("[]") };
    rc = key_insert(d, a, &k, &k, &value, e);
    if (rc < 0)
        return rc;
    struct json_writer w = JSON_WRITER(b);
    json_open(&w, '{');
    print_pair(&w, "id", k.id);
    print_pair(&w, "value", value);
    json_close(&w, '}');
    return 0;
}

/* Runs an administrative change as one transaction and prints what it made. */
static int administer(struct arena *a, const struct options *o,
                      int (*change)(struct db *, struct arena *, const struct options *,
                                    struct buf *, struct err *),
                      struct err *e)
{
    struct store *s;
    struct buf b = BUF_INIT(4096);
    int rc = open_store(a, o, &s, e);
    if (rc < 0)
        return rc;
    struct db *d = store_take(s);
    rc = db_begin(d, e);
    if (rc == 0)
        rc = change(d, a, o, &b, e);
    if (rc == 0)
        rc = db_commit(d, e);
    db_rollback(d);
    store_give(d);
    if (rc == 0)
        print_result(o, a, &b);
    buf_release(&b);
    store_free(s);
    return rc;
}

int cmd_user_add(struct arena *a, const struct options *o, struct err *e)
{
    return administer(a, o, user_add, e);
}

int cmd_org_add(struct arena *a, const struct options *o, struct err *e)
{
    return administer(a, o, org_add, e);
}

int cmd_project_add(struct arena *a, const struct options *o, struct err *e)
{
    return administer(a, o, project_add, e);
}

int cmd_key_add(struct arena *a, const struct options *o, struct err *e)
{
    return administer(a, o, key_add, e);
}
