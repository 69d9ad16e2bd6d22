/* main.c - the commands: reads flags, wires the parts, ends in order. */
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/routes.h"
#include "base/clock.h"
#include "base/log.h"
#include "json/write.h"
#include "model/access.h"

/* Every flag of every command; a command names those it takes. The environment variable is the
 * name in upper case with HOGLET_ before it. */
struct options {
    const char *data, *email, *password, *org, *project, *name, *level, *scopes, *teams, *label,
        *listen, *public_url, *clock;
    bool json, log_debug;
};

struct option_row {
    const char *name;
    size_t offset;
    bool is_switch;
    const char *help;
};

#define TEXT(name, field, help) { name, offsetof(struct options, field), false, help }
#define SWITCH(name, field, help) { name, offsetof(struct options, field), true, help }

static const struct option_row rows[] = {
    TEXT("data", data, "DIR   the data folder"),
    TEXT("email", email, "E   the user's email address"),
    TEXT("password", password, "P   the user's password"),
    TEXT("org", org, "NAME or ID   the organization"),
    TEXT("project", project, "NAME   the first project"),
    TEXT("name", name, "N   the name of what is made"),
    TEXT("level", level, "member|admin|owner"),
    TEXT("scopes", scopes, "LIST   such as \"dashboard:read,query:read\" or \"*\""),
    TEXT("teams", teams, "LIST   project ids the key is narrowed to"),
    TEXT("label", label, "L   what the key is for"),
    TEXT("listen", listen, "HOST:PORT   where to listen, 127.0.0.1:8000"),
    TEXT("public-url", public_url, "URL   the address users see"),
    TEXT("clock", clock, "TIME   start the server's idea of now there"),
    SWITCH("json", json, "print JSON"),
    SWITCH("debug", log_debug, "log each request"),
};

struct command {
    const char *group, *verb; /* "user", "add"; verb NULL for one-word commands */
    const char *flags;        /* the flags it takes, each between blanks */
    int (*run)(struct arena *a, const struct options *o, struct err *e);
    const char *help;
};

/* -------------------------------------------------------------------------- data folder */

static str meta_path(struct arena *a, const struct options *o)
{
    return arena_printf(a, "%s/meta.db", o->data);
}

static int need(const char *value, const char *flag, struct err *e)
{
    if (value && *value)
        return 0;
    return err_set(e, ERR_INVALID, flag, "--%s is missing", flag);
}

static int open_store(struct arena *a, const struct options *o, struct store **s, struct err *e)
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

struct made {
    struct organization organization;
    struct project project;
    struct user user;
    str key;
};

static int make_first(struct db *d, struct arena *a, const struct options *o, struct made *m,
                      struct err *e)
{
    struct key k;
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
        rc = key_insert(d, a, m->user.id, STR("init"), STR("[\"*\"]"), STR("[]"), STR("[]"), &k,
                        &m->key, e);
    if (rc == 0)
        rc = db_commit(d, e);
    if (rc < 0)
        db_rollback(d);
    return rc;
}

static int cmd_init(struct arena *a, const struct options *o, struct err *e)
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
    struct key k;
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
        rc = key_insert(d, a, u.id, STR("user add"), STR("[\"*\"]"), STR("[]"), STR("[]"), &k,
                        &value, e);
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
    str value;
    int rc = need(o->email, "email", e);
    if (rc == 0)
        rc = need(o->scopes, "scopes", e);
    if (rc < 0)
        return rc;
    rc = user_find_email(d, a, str_of(o->email), &u, e);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return err_set(e, ERR_INVALID, "email", "there is no user %s", o->email);
    rc = key_insert(d, a, u.id, str_of(o->label ? o->label : "key add"),
                    json_list(a, o->scopes, false), json_list(a, o->teams, true), STR("[]"), &k,
                    &value, e);
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

static int cmd_user_add(struct arena *a, const struct options *o, struct err *e)
{
    return administer(a, o, user_add, e);
}

static int cmd_org_add(struct arena *a, const struct options *o, struct err *e)
{
    return administer(a, o, org_add, e);
}

static int cmd_project_add(struct arena *a, const struct options *o, struct err *e)
{
    return administer(a, o, project_add, e);
}

static int cmd_key_add(struct arena *a, const struct options *o, struct err *e)
{
    return administer(a, o, key_add, e);
}

static int serve_until_signal(struct arena *a, const struct options *o, struct api *api,
                              struct err *e)
{
    sigset_t stop;
    int got;
    struct http_server *server;
    struct http_config cfg = { .listen = o->listen ? o->listen : "127.0.0.1:8000", .workers = 8,
                               .queue = 1024, .limit = api_limit, .inline_run = api_inline,
                               .run = api_run, .context = api };
    (void)a;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL); /* before threads start: they inherit it */
    signal(SIGPIPE, SIG_IGN);
    int rc = http_server_start(&cfg, &server, e);
    if (rc < 0)
        return rc;
    const char *colon = strrchr(cfg.listen, ':');
    printf("hoglet is ready at http://%.*s:%d\n", (int)(colon - cfg.listen), cfg.listen,
           http_server_port(server));
    fflush(stdout);
    sigwait(&stop, &got);
    http_server_stop(server);
    return 0;
}

static int cmd_serve(struct arena *a, const struct options *o, struct err *e)
{
    int64_t start;
    struct store *s;
    if (o->clock && !clock_parse(str_of(o->clock), &start))
        return err_set(e, ERR_INVALID, "clock", "--clock must be a time like "
                                                "2020-01-20T12:00:00Z");
    if (o->clock)
        clock_start_at(start);
    if (o->log_debug)
        log_set_level(LOG_DEBUG);
    int rc = api_check_routes(e);
    if (rc == 0)
        rc = open_store(a, o, &s, e);
    if (rc < 0)
        return rc;
    struct api api = { .store = s, .public_url = o->public_url,
                       .secure = o->public_url && strncmp(o->public_url, "https://", 8) == 0 };
    rc = serve_until_signal(a, o, &api, e);
    store_free(s);
    return rc;
}

static int cmd_routes(struct arena *a, const struct options *o, struct err *e)
{
    struct buf b = BUF_INIT(1 << 20);
    (void)a, (void)o, (void)e;
    api_describe_routes(&b);
    printf("%.*s\n", (int)b.n, b.p);
    buf_release(&b);
    return 0;
}

static const struct command commands[] = {
    { "init", NULL, " data email password org project json ", cmd_init,
      "make a data folder with an organization, a project, an owner and a key" },
    { "serve", NULL, " data listen public-url clock debug ", cmd_serve, "run the server" },
    { "user", "add", " data email password org level json ", cmd_user_add, "add a user" },
    { "org", "add", " data name json ", cmd_org_add, "add an organization with a project" },
    { "project", "add", " data name org json ", cmd_project_add, "add a project" },
    { "key", "add", " data email scopes teams label json ", cmd_key_add,
      "add a personal API key" },
    { "routes", NULL, " ", cmd_routes, "print the route table as JSON" },
};

/* -------------------------------------------------------------------------- flags */

static bool takes(const struct command *c, const char *flag)
{
    char word[64];
    snprintf(word, sizeof(word), " %s ", flag);
    return strstr(c->flags, word) != NULL;
}

static void usage(FILE *to)
{
    fprintf(to, "usage: hoglet COMMAND [--flag value]…; hoglet COMMAND --help\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        fprintf(to, "  %s%s%s\t%s\n", commands[i].group, commands[i].verb ? " " : "",
                commands[i].verb ? commands[i].verb : "", commands[i].help);
}

static void usage_of(const struct command *c)
{
    printf("hoglet %s%s%s: %s\n", c->group, c->verb ? " " : "", c->verb ? c->verb : "", c->help);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (takes(c, rows[i].name))
            printf("  --%s %s\n", rows[i].name, rows[i].help);
}

static void set_option(struct options *o, const struct option_row *row, const char *value)
{
    char *at = (char *)o + row->offset;
    if (row->is_switch)
        *(bool *)at = true;
    else
        *(const char **)at = value;
}

static void read_environment(struct options *o)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char name[64];
        snprintf(name, sizeof(name), "HOGLET_%s", rows[i].name);
        for (char *p = name; *p; p++)
            *p = *p == '-' ? '_' : (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
        const char *value = getenv(name);
        if (value)
            set_option(o, &rows[i], value);
    }
}

static int read_flags(const struct command *c, char **args, struct options *o, bool *help,
                      struct err *e)
{
    for (; *args; args++) {
        const struct option_row *row = NULL;
        const char *eq = strchr(*args, '=');
        str word = eq ? (str){ *args, (size_t)(eq - *args) } : str_of(*args);
        if (str_eqz(word, "--help")) {
            *help = true;
            return 0;
        }
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
            if (str_starts(word, STR("--")) &&
                str_eqz(str_slice(word, 2, word.n), rows[i].name) && takes(c, rows[i].name))
                row = &rows[i];
        if (!row)
            return err_set(e, ERR_INVALID, NULL, "unknown flag %s", *args);
        if (row->is_switch)
            set_option(o, row, NULL);
        else if (eq)
            set_option(o, row, eq + 1);
        else if (args[1])
            set_option(o, row, *++args);
        else
            return err_set(e, ERR_INVALID, NULL, "%s needs a value", *args);
    }
    return 0;
}

static const struct command *find_command(char ***args)
{
    for (size_t i = 0; i < ARRAY_LEN(commands) && **args; i++) {
        const struct command *c = &commands[i];
        if (strcmp(**args, c->group) != 0)
            continue;
        if (c->verb && (!(*args)[1] || strcmp((*args)[1], c->verb) != 0))
            continue;
        *args += c->verb ? 2 : 1;
        return c;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct options o = { 0 };
    struct err e = ERR_INIT;
    bool help = false;
    char **args = argv + (argc > 0);
    const struct command *c = find_command(&args);
    if (!c) {
        bool asked = *args && strcmp(*args, "--help") == 0;
        usage(asked ? stdout : stderr);
        return asked ? 0 : 2;
    }
    if (sodium_init() < 0)
        return 1;
    read_environment(&o);
    struct arena *a _cleanup_(arena_freep) = arena_new();
    int rc = read_flags(c, args, &o, &help, &e);
    if (rc == 0 && help) {
        usage_of(c);
        return 0;
    }
    if (rc == 0)
        rc = c->run(a, &o, &e);
    if (rc < 0) {
        fprintf(stderr, "hoglet: %s%s%s\n", err_message(&e), e.detail[0] ? ": " : "", e.detail);
        return 1;
    }
    return 0;
}
