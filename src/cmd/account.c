/* account.c - see account.h. */
#include "cmd/account.h"

#include "base/clock.h"
#include "json/write.h"
#include "model/access.h"
#include "model/oldest.h"
#include "model/scope.h"

#define KEY_OF_DEMO "hoglet demo (removed when it ends)"
#define KEY_OF_ASK "hoglet ask (removed when it ends)"
#define ASK_LONGEST (3600 * CLOCK_SECOND) /* older keys of asks are left over from killed ones */

/* -------------------------------------------------------------------------- looking up */

/* The organization a flag names, or the oldest. */
static int pick_organization(struct db *d, struct arena *a, const char *id,
                             struct organization *out, struct err *e)
{
    str found = str_of(id);
    int rc = id ? 1 : organization_oldest(d, a, &found, e);
    if (rc > 0)
        rc = organization_find(d, a, found, 0, out, e);
    if (rc == 0)
        return err_set(e, ERR_INVALID, "org", "there is no organization %s", id ? id : "yet");
    return rc < 0 ? rc : 0;
}

static int level_of(const char *name, int *level, struct err *e)
{
    static const struct {
        const char *name;
        int level;
    } levels[] = { { "member", LEVEL_MEMBER }, { "admin", LEVEL_ADMIN }, { "owner", LEVEL_OWNER } };
    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        if (strcmp(name, levels[i].name) == 0) {
            *level = levels[i].level;
            return 0;
        }
    return err_set(e, ERR_INVALID, "level", "--level is member, admin or owner, not %s", name);
}

static int pick_project(struct db *d, struct arena *a, const struct organization *org,
                        struct project *out, struct err *e)
{
    int64_t id;
    int rc = project_first_of(d, a, org->id, &id, e);
    if (rc == 0)
        rc = id ? project_find(d, a, id, out, e) : 0;
    if (rc == 0)
        return err_set(e, ERR_INVALID, "org", "that organization has no project yet");
    return rc < 0 ? rc : 0;
}

static int pick_owner(struct db *d, struct arena *a, const struct organization *org, int64_t *id,
                      struct err *e)
{
    int rc = owner_oldest(d, a, org->id, id, e);
    if (rc == 0)
        return err_set(e, ERR_INVALID, "org", "that organization has no member yet");
    return rc < 0 ? rc : 0;
}

static int pick_user(struct db *d, struct arena *a, const char *email, struct user *out,
                     struct err *e)
{
    int rc = user_find_email(d, a, str_of(email), out, e);
    if (rc == 0)
        return err_set(e, ERR_INVALID, "email", "there is no user %s", email);
    return rc < 0 ? rc : 0;
}

/* Text that the columns take: UTF-8, not empty, of a sane length. */
static int check_text(const char *value, const char *flag, struct err *e)
{
    str s = str_of(value);
    if (value && (!str_utf8_valid(s) || !str_trim(s).n || str_utf8_len(s) > 250))
        return err_set(e, ERR_INVALID, flag, "--%s must be a text of 1 to 250 characters", flag);
    return 0;
}

static int check_user(const struct options *o, struct err *e)
{
    const char *at = strchr(o->email, '@');
    int rc = check_text(o->email, "email", e);
    if (rc == 0 && (!at || at == o->email || !at[1] || strpbrk(o->email, " \t\r\n")))
        return err_set(e, ERR_INVALID, "email", "%s is no email address", o->email);
    if (rc == 0 && o->password && strlen(o->password) < 8)
        return err_set(e, ERR_INVALID, "password", "the password must have at least 8 characters");
    return rc;
}

static int insert_user(struct db *d, struct arena *a, const struct options *o, struct user *out,
                       struct err *e)
{
    int rc = user_insert(d, a, str_of(o->email), str_of(o->password), out, e);
    if (rc == ERR_UNIQUE)
        return err_set(e, ERR_UNIQUE, "email", "there is a user %s already", o->email);
    return rc;
}

/* A key of the user's; *value is its text. */
static int insert_key(struct db *d, struct arena *a, int64_t user_id, const char *label,
                      str scopes, str teams, struct key *out, str *value, struct err *e)
{
    struct key in = { .user_id = user_id, .label = str_of(label), .description = STR(""),
                      .scopes = scopes, .teams = teams, .organizations = STR("[]") };
    return key_insert(d, a, &in, out, value, e);
}

/* -------------------------------------------------------------------------- changes */

static int user_add(struct db *d, struct arena *a, const struct options *o, struct buf *b,
                    struct err *e)
{
    int level = LEVEL_MEMBER;
    struct organization org;
    struct project project;
    struct user u;
    struct key k;
    str value;
    int rc = check_user(o, e);
    if (rc == 0 && o->level)
        rc = level_of(o->level, &level, e);
    if (rc == 0)
        rc = pick_organization(d, a, o->org, &org, e);
    if (rc == 0)
        rc = pick_project(d, a, &org, &project, e);
    if (rc == 0)
        rc = insert_user(d, a, o, &u, e);
    if (rc == 0)
        rc = membership_insert(d, org.id, u.id, level, e);
    if (rc == 0)
        rc = user_set_current(d, u.id, org.id, project.id, e);
    if (rc == 0)
        rc = insert_key(d, a, u.id, "user add", STR("[\"*\"]"), STR("[]"), &k, &value, e);
    if (rc < 0)
        return rc;
    struct json_writer w = JSON_WRITER(b);
    json_open(&w, '{');
    json_put_i64(&w, "id", u.id);
    json_put_str(&w, "uuid", u.uuid);
    json_put_str(&w, "email", u.email);
    json_put_str(&w, "personal_api_key", value);
    json_close(&w, '}');
    return 0;
}

static int org_add(struct db *d, struct arena *a, const struct options *o, struct buf *b,
                   struct err *e)
{
    struct organization org;
    struct project p;
    int rc = check_text(o->name, "name", e);
    if (rc == 0)
        rc = organization_insert(d, a, str_of(o->name), &org, e);
    if (rc == 0)
        rc = project_insert(d, a, org.id, STR("Default project"), &p, e);
    if (rc < 0)
        return rc;
    struct json_writer w = JSON_WRITER(b);
    json_open(&w, '{');
    json_put_str(&w, "id", org.id);
    json_put_str(&w, "name", org.name);
    json_put_i64(&w, "project_id", p.id);
    json_put_str(&w, "api_token", p.api_token);
    json_close(&w, '}');
    return 0;
}

static int project_add(struct db *d, struct arena *a, const struct options *o, struct buf *b,
                       struct err *e)
{
    struct organization org;
    struct project p;
    int rc = check_text(o->name, "name", e);
    if (rc == 0)
        rc = pick_organization(d, a, o->org, &org, e);
    if (rc == 0)
        rc = project_insert(d, a, org.id, str_of(o->name), &p, e);
    if (rc < 0)
        return rc;
    struct json_writer w = JSON_WRITER(b);
    json_open(&w, '{');
    json_put_i64(&w, "id", p.id);
    json_put_str(&w, "organization_id", org.id);
    json_put_str(&w, "name", p.name);
    json_put_str(&w, "api_token", p.api_token);
    json_close(&w, '}');
    return 0;
}

/* "a, b" -> ["a","b"] of known scopes. */
static int list_scopes(struct arena *a, const char *text, str *out, struct err *e)
{
    struct buf b = BUF_INIT(8192);
    struct json_writer w = JSON_WRITER(&b);
    int rc = 0;
    json_open(&w, '[');
    for (str rest = str_of(text); rc == 0 && rest.p;) {
        str scope = str_trim(str_split(&rest, ','));
        if (!scope_valid(scope))
            rc = err_set(e, ERR_INVALID, "scopes", "there is no scope \"" STR_FMT "\"",
                         STR_ARG(scope));
        json_str(&w, scope);
    }
    json_close(&w, ']');
    if (rc == 0 && b.full)
        rc = err_set(e, ERR_INVALID, "scopes", "too many scopes");
    if (rc == 0)
        *out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return rc;
}

/* "1, 2" -> [1,2] of projects that exist. */
static int list_teams(struct db *d, struct arena *a, const char *text, str *out, struct err *e)
{
    struct buf b = BUF_INIT(8192);
    struct json_writer w = JSON_WRITER(&b);
    struct project p;
    int rc = 0;
    json_open(&w, '[');
    for (str rest = str_of(text); rc == 0 && rest.p;) {
        str item = str_trim(str_split(&rest, ','));
        int64_t id = 0;
        rc = str_to_i64(item, &id) ? project_find(d, a, id, &p, e) : 0;
        if (rc == 0)
            rc = err_set(e, ERR_INVALID, "teams", "there is no project " STR_FMT, STR_ARG(item));
        rc = rc < 0 ? rc : 0;
        json_i64(&w, id);
    }
    json_close(&w, ']');
    if (rc == 0 && b.full)
        rc = err_set(e, ERR_INVALID, "teams", "too many projects");
    if (rc == 0)
        *out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return rc;
}

static int key_add(struct db *d, struct arena *a, const struct options *o, struct buf *b,
                   struct err *e)
{
    struct user u;
    struct key k;
    str value, scopes, teams = STR("[]");
    int rc = list_scopes(a, o->scopes, &scopes, e);
    if (rc == 0 && o->teams)
        rc = list_teams(d, a, o->teams, &teams, e);
    if (rc == 0)
        rc = check_text(o->label, "label", e);
    if (rc == 0)
        rc = pick_user(d, a, o->email, &u, e);
    if (rc == 0)
        rc = insert_key(d, a, u.id, o->label ? o->label : "key add", scopes, teams, &k, &value, e);
    if (rc < 0)
        return rc;
    struct json_writer w = JSON_WRITER(b);
    json_open(&w, '{');
    json_put_str(&w, "id", k.id);
    json_put_str(&w, "value", value);
    json_close(&w, '}');
    return 0;
}

/* -------------------------------------------------------------------------- access of commands */

/* Removes the keys of that label from before, also those that a killed command left. */
static int drop_keys(struct db *d, struct arena *a, int64_t user_id, const char *label,
                     int64_t before, struct err *e)
{
    struct key *list;
    size_t n;
    int rc = key_list(d, a, user_id, &list, &n, e);
    for (size_t i = 0; rc >= 0 && i < n; i++)
        if (str_eqz(list[i].label, label) && list[i].created_at < before)
            rc = key_delete(d, list[i].id, user_id, e);
    return rc < 0 ? rc : 0;
}

/* A key for as long as a command works, of the owner and on the oldest project. */
static int open_key(struct db *d, struct arena *a, const struct options *o, const char *label,
                    str scopes, int64_t before, struct buf *b, struct err *e)
{
    struct organization org;
    struct project p;
    struct key k;
    str value;
    int64_t owner;
    int rc = pick_organization(d, a, o->org, &org, e);
    if (rc == 0)
        rc = pick_project(d, a, &org, &p, e);
    if (rc == 0)
        rc = pick_owner(d, a, &org, &owner, e);
    if (rc == 0)
        rc = drop_keys(d, a, owner, label, before, e);
    if (rc == 0)
        rc = insert_key(d, a, owner, label, scopes, STR("[]"), &k, &value, e);
    if (rc < 0)
        return rc;
    struct json_writer w = JSON_WRITER(b);
    json_open(&w, '{');
    json_put_i64(&w, "project_id", p.id);
    json_put_str(&w, "token", p.api_token);
    json_put_str(&w, "id", k.id);
    json_put_str(&w, "key", value);
    json_close(&w, '}');
    return 0;
}

static int find_owner(struct db *d, struct arena *a, const struct options *o, int64_t *owner,
                      struct err *e)
{
    struct organization org;
    int rc = pick_organization(d, a, o->org, &org, e);
    return rc < 0 ? rc : pick_owner(d, a, &org, owner, e);
}

static int demo_open(struct db *d, struct arena *a, const struct options *o, struct buf *b,
                     struct err *e)
{
    return open_key(d, a, o, KEY_OF_DEMO,
                    STR("[\"dashboard:write\",\"insight:write\",\"query:read\"]"), INT64_MAX, b,
                    e);
}

static int demo_close(struct db *d, struct arena *a, const struct options *o, struct buf *b,
                      struct err *e)
{
    int64_t owner;
    int rc = find_owner(d, a, o, &owner, e);
    buf_z(b, "{}");
    return rc < 0 ? rc : drop_keys(d, a, owner, KEY_OF_DEMO, INT64_MAX, e);
}

static int ask_open(struct db *d, struct arena *a, const struct options *o, struct buf *b,
                    struct err *e)
{
    return open_key(d, a, o, KEY_OF_ASK,
                    STR("[\"conversation:write\",\"query:read\",\"insight:write\","
                        "\"dashboard:write\",\"action:read\",\"cohort:read\","
                        "\"batch_export:read\"]"), clock_now_us() - ASK_LONGEST, b, e);
}

static int ask_close(struct db *d, struct arena *a, const struct options *o, struct buf *b,
                     struct err *e)
{
    int64_t owner;
    int rc = find_owner(d, a, o, &owner, e);
    buf_z(b, "{}");
    return rc < 0 ? rc : key_delete(d, str_of(o->label), owner, e);
}

/* -------------------------------------------------------------------------- running them */

static const struct {
    const char *name;
    int (*run)(struct db *, struct arena *, const struct options *, struct buf *, struct err *);
} changes[] = {
    { "user add", user_add },   { "org add", org_add },     { "project add", project_add },
    { "key add", key_add },     { "demo open", demo_open }, { "demo close", demo_close },
    { "ask open", ask_open },   { "ask close", ask_close },
};

int account_change(struct store *s, struct arena *a, const char *name, const struct options *o,
                   struct buf *out, struct err *e)
{
    size_t i = 0;
    while (i < ARRAY_LEN(changes) && strcmp(changes[i].name, name) != 0)
        i++;
    if (i == ARRAY_LEN(changes))
        return err_set(e, ERR_NOT_FOUND, NULL, "there is no command %s", name);
    struct db *d = store_take(s);
    int rc = db_begin(d, e);
    if (rc == 0)
        rc = changes[i].run(d, a, o, out, e);
    if (rc == 0)
        rc = db_commit(d, e);
    db_rollback(d);
    store_give(d);
    return rc;
}

struct first {
    struct organization organization;
    struct project project;
    struct user user;
    str key;
};

static int insert_first(struct db *d, struct arena *a, const struct options *o, struct first *m,
                        struct err *e)
{
    struct key k;
    int rc = organization_insert(d, a, str_of(o->org ? o->org : "My organization"),
                                 &m->organization, e);
    if (rc == 0)
        rc = project_insert(d, a, m->organization.id,
                            str_of(o->project ? o->project : "Default project"), &m->project, e);
    if (rc == 0)
        rc = insert_user(d, a, o, &m->user, e);
    if (rc == 0)
        rc = membership_insert(d, m->organization.id, m->user.id, LEVEL_OWNER, e);
    if (rc == 0)
        rc = user_set_current(d, m->user.id, m->organization.id, m->project.id, e);
    if (rc == 0)
        rc = insert_key(d, a, m->user.id, "init", STR("[\"*\"]"), STR("[]"), &k, &m->key, e);
    return rc;
}

int account_begin(struct store *s, struct arena *a, const struct options *o, struct buf *out,
                  struct err *e)
{
    struct first m;
    struct db *d = store_take(s);
    int rc = check_user(o, e);
    if (rc == 0)
        rc = check_text(o->org, "org", e);
    if (rc == 0)
        rc = check_text(o->project, "project", e);
    if (rc == 0)
        rc = db_begin(d, e);
    if (rc == 0)
        rc = insert_first(d, a, o, &m, e);
    if (rc == 0)
        rc = db_commit(d, e);
    db_rollback(d);
    store_give(d);
    if (rc < 0)
        return rc;
    struct json_writer w = JSON_WRITER(out);
    json_open(&w, '{');
    json_put_str(&w, "organization_id", m.organization.id);
    json_put_i64(&w, "project_id", m.project.id);
    json_put_str(&w, "project_api_key", m.project.api_token);
    json_put_str(&w, "personal_api_key", m.key);
    json_put_str(&w, "email", m.user.email);
    json_close(&w, '}');
    return 0;
}
