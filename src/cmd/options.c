/* options.c - see options.h. */
#include "cmd/options.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"

struct option_row {
    const char *name;
    size_t offset;
    enum { KIND_TEXT, KIND_SWITCH, KIND_SECRET } kind;
    const char *help; /* "VALUE   what it is" */
};

#define ROW(kind, name, field, help) { name, offsetof(struct options, field), kind, help }
#define TEXT(name, field, help) ROW(KIND_TEXT, name, field, help)
#define SECRET(name, field, help) ROW(KIND_SECRET, name, field, help)
#define SWITCH(name, field, help) ROW(KIND_SWITCH, name, field, "   " help)

static const struct option_row rows[] = {
    TEXT("data", data, "DIR   the data folder"),
    TEXT("email", email, "E   the user's email address"),
    SECRET("password", password, "P   the user's password"),
    TEXT("org", org, "ID   the organization (init: its name); the first one when not given"),
    TEXT("project", project, "NAME   the first project's name"),
    TEXT("name", name, "N   the name of what is made"),
    TEXT("level", level, "LEVEL   member, admin or owner"),
    TEXT("scopes", scopes, "LIST   such as \"dashboard:read,query:read\", or \"*\" for all"),
    TEXT("teams", teams, "LIST   ids of the projects the key is narrowed to"),
    TEXT("label", label, "L   what the key is for"),
    TEXT("listen", listen, "HOST:PORT   where to listen; port 0 takes a free one"),
    TEXT("public-url", public_url, "URL   the address users see, when a proxy stands before"),
    TEXT("metrics-listen", metrics_listen,
         "HOST:PORT   where Prometheus reads /metrics; \"off\" for nowhere"),
    TEXT("rate-limits", rate_limits, "on|off   limit how often personal API keys may call"),
    TEXT("allow-private", allow_private,
         "LIST   private networks exports may connect to, such as 10.0.0.0/8"),
    TEXT("query-seconds", query_seconds, "N   the longest a query may take that somebody waits for"),
    TEXT("export", export_id, "ID   a batch export; the flag's name may be left out"),
    TEXT("question", question, "TEXT   what is asked; the flag's name may be left out"),
    TEXT("llm-url", llm_url, "URL   where a language model's API is; without, a planner answers"),
    TEXT("llm-dialect", llm_dialect, "NAME   openai or anthropic: the API it speaks"),
    TEXT("llm-model", llm_model, "NAME   the model to ask"),
    TEXT("llm-key-file", llm_key_file, "FILE   the key the API wants"),
    TEXT("llm-ca-file", llm_ca_file, "FILE   certificates to trust there, in place of the system's"),
    TEXT("llm-proxy", llm_proxy, "URL   the proxy to reach it through"),
    TEXT("llm-seconds", llm_seconds, "N   of silence after which the model is given up"),
    TEXT("llm-context", llm_context, "N   tokens a request may have, about; older talk is summed up"),
    TEXT("clock", clock, "TIME   start the server's idea of now there, to test or to show"),
    TEXT("engine-program", engine_program, "FILE   the program to run as engine; itself"),
    TEXT("engine-memory", engine_memory, "SIZE   memory for queries, such as 2G; half the machine's"),
    TEXT("engine-listen", engine_listen,
         "HOST:PORT   let ClickHouse clients read the events there, without a password"),
    TEXT("library", library, "FILE   libchdb.so; looked for beside the program"),
    TEXT("log-format", log_format, "FORMAT   logfmt or json"),
    TEXT("events", events, "N   about how many events to make"),
    TEXT("people", people, "N   how many people to make"),
    TEXT("seed", seed, "N   another number makes another story"),
    TEXT("url", url, "URL   the server to send to, in place of the folder's own"),
    SECRET("token", token, "T   the token of the project to send to"),
    TEXT("dir", dir, "DIR   the folder of the files; the flag's name may be left out"),
    SECRET("key", key, "K   a personal API key"),
    SWITCH("yes", yes, "do what the plan shows"),
    SWITCH("force", force, "where both sides changed, this one wins"),
    SWITCH("json", json, "print JSON"),
    SWITCH("debug", log_debug, "log each request"),
    SWITCH("print-config", print_config, "print every setting, its value and origin, and end"),
};

_Static_assert(ARRAY_LEN(rows) <= OPTIONS_MAX, "room for the origins");

static const struct option_row *find_row(str name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_eqz(name, rows[i].name))
            return &rows[i];
    return NULL;
}

/* -------------------------------------------------------------------------- what a command takes */

struct use {
    str name, fallback; /* fallback STR_NULL: none */
    bool required, flag_only;
};

/* Cuts the next word off. */
static bool next_use(str *uses, struct use *u)
{
    *uses = str_trim(*uses);
    if (!uses->n)
        return false;
    str value = str_split(uses, ' ');
    *u = (struct use){ .name = str_split(&value, '=') };
    u->fallback = value;
    u->required = str_ends(u->name, STR("!"));
    u->flag_only = str_ends(u->name, STR("~"));
    u->name.n -= u->required || u->flag_only;
    return true;
}

static bool find_use(const char *uses, const char *name, struct use *u)
{
    for (str rest = str_of(uses); next_use(&rest, u);)
        if (str_eqz(u->name, name))
            return true;
    return false;
}

static str value_name(const struct option_row *row)
{
    str help = str_of(row->help);
    return str_slice(help, 0, (size_t)str_find(help, STR("   ")));
}

void options_usage(const char *uses, FILE *to)
{
    struct use u;
    int column = 0;
    for (str rest = str_of(uses); next_use(&rest, &u);) {
        const struct option_row *row = find_row(u.name);
        str value = value_name(row);
        if (column > 60) {
            fprintf(to, "\n        ");
            column = 0;
        }
        column += fprintf(to, u.required ? " --%s" : " [--%s", row->name);
        column += fprintf(to, "%s" STR_FMT "%s", value.n ? " " : "", STR_ARG(value),
                          u.required ? "" : "]");
    }
    fprintf(to, "\n");
}

void options_describe(const char *uses, FILE *to)
{
    struct use u;
    for (str rest = str_of(uses); next_use(&rest, &u);) {
        const struct option_row *row = find_row(u.name);
        str value = value_name(row);
        char flag[64];
        snprintf(flag, sizeof(flag), "--%s " STR_FMT, row->name, STR_ARG(value));
        fprintf(to, "  %-28s %s", flag, row->help + value.n + 3);
        if (u.fallback.p)
            fprintf(to, " (" STR_FMT ")", STR_ARG(u.fallback));
        fprintf(to, "\n");
    }
}

/* -------------------------------------------------------------------------- setting one */

/* NULL for a switch, as for a text that is not set. */
static const char *text_of(const struct options *o, const struct option_row *row)
{
    return row->kind == KIND_SWITCH ? NULL : *(const char *const *)((const char *)o + row->offset);
}

static int set_option(struct options *o, const struct option_row *row, const char *value,
                      enum origin from, const char *where, struct err *e)
{
    char *at = (char *)o + row->offset;
    str text = str_of(value);
    bool on = str_eqz(text, "on") || str_eqz(text, "true") || str_eqz(text, "1");
    bool off = str_eqz(text, "off") || str_eqz(text, "false") || str_eqz(text, "0");
    if (row->kind == KIND_SWITCH && !on && !off)
        return err_set(e, ERR_INVALID, row->name, "%s is on or off, not %s", where, value);
    if (row->kind == KIND_SWITCH)
        *(bool *)at = on;
    else
        *(const char **)at = value;
    o->origin[row - rows] = from;
    return 0;
}

static int read_defaults(struct options *o, struct arena *a, const char *uses, struct err *e)
{
    struct use u;
    int rc = 0;
    for (str rest = str_of(uses); rc == 0 && next_use(&rest, &u);) {
        const struct option_row *row = find_row(u.name);
        BUG_ON(!row);
        if (u.fallback.p)
            rc = set_option(o, row, arena_z(a, u.fallback), FROM_DEFAULT, row->name, e);
    }
    return rc;
}

int options_read_secret(struct arena *a, const char *path, const char **out, struct err *e)
{
    char text[LIMIT_SECRET + 1];
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(e, ERR_INVALID, NULL, "cannot read %s: %s", path, strerror(errno));
    size_t n = fread(text, 1, sizeof(text), f);
    fclose(f);
    if (n == sizeof(text) || memchr(text, '\0', n))
        return err_set(e, ERR_INVALID, NULL, "%s is no secret of at most %d bytes", path,
                       LIMIT_SECRET);
    *out = arena_z(a, str_trim((str){ text, n }));
    return 0;
}

/* -------------------------------------------------------------------------- environment */

static void variable_of(const struct option_row *row, char out[64])
{
    snprintf(out, 64, "HOGLET_%s", row->name);
    for (char *p = out; *p; p++)
        *p = *p == '-' ? '_' : (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
}

/* The setting a variable names; *in_file: the variable holds a file's path. */
static const struct option_row *row_of_variable(str name, bool *in_file)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char variable[64];
        variable_of(&rows[i], variable);
        str known = str_of(variable);
        *in_file = rows[i].kind == KIND_SECRET && name.n == known.n + 5 &&
                   str_ends(name, STR("_FILE"));
        if (*in_file ? str_starts(name, known) : str_eq(name, known))
            return &rows[i];
    }
    return NULL;
}

static int read_environment(struct options *o, struct arena *a, const char *uses, struct err *e)
{
    for (char **v = environ; *v; v++) {
        str text = str_of(*v);
        bool in_file;
        struct use u;
        if (!str_starts(text, STR("HOGLET_")))
            continue;
        str value = text, name = str_split(&value, '=');
        const struct option_row *row = row_of_variable(name, &in_file);
        if (!row)
            return err_set(e, ERR_INVALID, NULL, "there is no setting " STR_FMT, STR_ARG(name));
        if (!find_use(uses, row->name, &u) || u.flag_only)
            continue; /* another command's */
        const char *z = value.p;
        int rc = in_file ? options_read_secret(a, value.p, &z, e) : 0;
        if (rc == 0)
            rc = set_option(o, row, z, FROM_ENVIRONMENT, arena_z(a, name), e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* -------------------------------------------------------------------------- flags */

/* An argument that is no flag is the value of the command's setting whose name may be left out. */
static const struct option_row *bare_row(const struct options *o, const char *uses)
{
    static const char *const names[] = { "question", "export", "dir" };
    struct use u;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (find_use(uses, names[i], &u) && o->origin[find_row(u.name) - rows] < FROM_FLAG)
            return find_row(u.name);
    return NULL;
}

static int read_flags(struct options *o, const char *uses, char **args, bool *help,
                      struct err *e)
{
    for (; *args; args++) {
        const char *flag = *args, *eq = strchr(flag, '='), *value = "on";
        str word = eq ? (str){ flag, (size_t)(eq - flag) } : str_of(flag);
        struct use u;
        if (str_eqz(word, "--help") || str_eqz(word, "-h")) {
            *help = true;
            return 0;
        }
        const struct option_row *bare = str_starts(word, STR("--")) ? NULL : bare_row(o, uses);
        if (bare) {
            int rc = set_option(o, bare, flag, FROM_FLAG, bare->name, e);
            if (rc < 0)
                return rc;
            continue;
        }
        if (!str_starts(word, STR("--")))
            return err_set(e, ERR_INVALID, NULL, "unexpected argument %s", flag);
        const struct option_row *row = find_row(str_slice(word, 2, word.n));
        if (!row || !find_use(uses, row->name, &u))
            return err_set(e, ERR_INVALID, NULL, "unknown flag " STR_FMT, STR_ARG(word));
        if (eq)
            value = eq + 1;
        else if (row->kind != KIND_SWITCH && !(value = *++args))
            return err_set(e, ERR_INVALID, row->name, "%s needs a value", flag);
        int rc = set_option(o, row, value, FROM_FLAG, flag, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* -------------------------------------------------------------------------- the file */

/* One line: `name = value`, a comment, or nothing. where: "file:line". */
static int read_line(struct options *o, struct arena *a, const char *uses, str line,
                     const char *where, struct err *e)
{
    struct use u;
    line = str_trim(line);
    if (!line.n || line.p[0] == '#')
        return 0;
    str value = line, name = str_trim(str_split(&value, '='));
    const struct option_row *row = find_row(name);
    if (!value.p)
        return err_set(e, ERR_INVALID, NULL, "%s: a line is `name = value`", where);
    if (!row)
        return err_set(e, ERR_INVALID, NULL, "%s: there is no setting " STR_FMT, where,
                       STR_ARG(name));
    if (!find_use(uses, row->name, &u) || u.flag_only)
        return 0; /* another command's */
    where = arena_printf(a, "%s: %s", where, row->name).p;
    return set_option(o, row, arena_z(a, str_trim(value)), FROM_FILE, where, e);
}

static int read_file(struct options *o, struct arena *a, const char *uses, const char *dir,
                     struct err *e)
{
    char line[LIMIT_SECRET + 256];
    int number = 0, rc = 0;
    str path = arena_printf(a, "%s/hoglet.conf", dir);
    FILE *f = fopen(path.p, "re");
    if (!f && errno != ENOENT && errno != ENOTDIR)
        return err_set(e, ERR_INVALID, NULL, "cannot read %s: %s", path.p, strerror(errno));
    while (f && rc == 0 && fgets(line, sizeof(line), f)) {
        str where = arena_printf(a, "%s:%d", path.p, ++number);
        rc = strlen(line) == sizeof(line) - 1
                 ? err_set(e, ERR_INVALID, NULL, "%s: the line is too long", where.p)
                 : read_line(o, a, uses, str_of(line), where.p, e);
    }
    if (f)
        fclose(f);
    return rc;
}

/* -------------------------------------------------------------------------- all of them */

static int check_required(const struct options *o, const char *uses, struct err *e)
{
    struct use u;
    for (str rest = str_of(uses); next_use(&rest, &u);) {
        const struct option_row *row = find_row(u.name);
        const char *value = text_of(o, row);
        if (u.required && (!value || !*value))
            return err_set(e, ERR_INVALID, row->name, "--%s is missing", row->name);
    }
    return 0;
}

int options_read(struct options *o, struct arena *a, const char *uses, char **args, bool *help,
                 struct err *e)
{
    /* The flags are read first for --help and --data, which tells where the file is. */
    struct options first = { 0 };
    int rc = read_flags(&first, uses, args, help, e);
    if (rc < 0 || *help)
        return rc;
    rc = read_defaults(o, a, uses, e);
    const char *dir = first.data ? first.data : getenv("HOGLET_DATA");
    if (rc == 0 && dir)
        rc = read_file(o, a, uses, dir, e);
    if (rc == 0)
        rc = read_environment(o, a, uses, e);
    if (rc == 0)
        rc = read_flags(o, uses, args, help, e);
    return rc < 0 ? rc : check_required(o, uses, e);
}

void options_print(const struct options *o, const char *uses, FILE *to)
{
    static const char *const names[] = { "not set", "default", "file", "environment", "flag" };
    struct use u;
    for (str rest = str_of(uses); next_use(&rest, &u);) {
        const struct option_row *row = find_row(u.name);
        const char *value = text_of(o, row);
        char line[LIMIT_PATH];
        if (row->offset == offsetof(struct options, print_config))
            continue;
        if (row->kind == KIND_SWITCH)
            value = *(const bool *)((const char *)o + row->offset) ? "on" : "off";
        if (value && row->kind == KIND_SECRET)
            value = "****";
        enum origin from = o->origin[row - rows];
        if (row->kind == KIND_SWITCH && from == FROM_NOWHERE)
            from = FROM_DEFAULT;
        snprintf(line, sizeof(line), "%s%s = %s", value ? "" : "# ", row->name, value ? value : "");
        fprintf(to, "%-44s # %s\n", line, names[from]);
    }
}

enum origin options_origin(const struct options *o, const char *name)
{
    const struct option_row *row = find_row(str_of(name));
    BUG_ON(!row);
    return o->origin[row - rows];
}

/* -------------------------------------------------------------------------- as JSON */

void options_write(const struct options *o, struct json_writer *w)
{
    json_open(w, '{');
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *value = text_of(o, &rows[i]);
        if (!value)
            continue;
        json_key(w, rows[i].name);
        json_z(w, value);
    }
    json_close(w, '}');
}

int options_parse(struct options *o, struct arena *a, const struct json *settings, struct err *e)
{
    int rc = 0;
    if (!json_is(settings, JSON_OBJECT))
        return err_set(e, ERR_INVALID, NULL, "the settings must be an object");
    for (const struct json *m = settings->head; rc == 0 && m; m = m->next) {
        const struct option_row *row = find_row(m->key);
        if (!row || row->kind == KIND_SWITCH || m->type != JSON_STRING ||
            str_find_char(m->text, '\0') >= 0)
            return err_set(e, ERR_INVALID, NULL, "there is no setting " STR_FMT,
                           STR_ARG(m->key));
        rc = set_option(o, row, arena_z(a, m->text), FROM_FLAG, row->name, e);
    }
    return rc;
}

/* -------------------------------------------------------------------------- numbers */

int options_bytes(const char *text, const char *flag, int64_t *out, struct err *e)
{
    static const char units[] = "KMGT";
    *out = 0;
    if (!text)
        return 0;
    str s = str_of(text);
    const char *unit = s.n ? strchr(units, s.p[s.n - 1]) : NULL;
    int64_t n = 0;
    if (unit && *unit)
        s.n--;
    int shift = unit && *unit ? 10 * (int)(unit - units + 1) : 0;
    if (!str_to_i64(s, &n) || n < 0 || n > (1LL << 50) >> shift)
        return err_set(e, ERR_INVALID, flag, "--%s must be a size like 512M, not %s", flag, text);
    *out = n << shift;
    return 0;
}

int options_number(const char *text, const char *flag, int64_t least, int64_t most, int64_t *out,
                   struct err *e)
{
    int64_t n;
    if (!str_to_i64(str_of(text), &n) || n < least || n > most)
        return err_set(e, ERR_INVALID, flag, "--%s must be a whole number from %lld to %lld", flag,
                       (long long)least, (long long)most);
    *out = n;
    return 0;
}
