/* options.c - see options.h. */
#include "cmd/options.h"

#include <errno.h>
#include <stdlib.h>

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
    TEXT("engine-program", engine_program, "FILE   the program to run as engine, itself when not given"),
    TEXT("library", library, "FILE   libchdb.so, looked for beside the program when not given"),
    TEXT("engine-memory", engine_memory, "BYTES   memory for queries, such as 2G; half the machine's"),
    SWITCH("json", json, "print JSON"),
    SWITCH("debug", log_debug, "log each request"),
};

static bool takes(const char *flags, const char *flag)
{
    char word[64];
    snprintf(word, sizeof(word), " %s ", flag);
    return strstr(flags, word) != NULL;
}

void options_describe(const char *flags, FILE *to)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (takes(flags, rows[i].name))
            fprintf(to, "  --%s %s\n", rows[i].name, rows[i].help);
}

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
    if (!str_to_i64(s, &n) || n < 0 || n > 1 << 30)
        return err_set(e, ERR_INVALID, flag, "--%s must be a size like 512M, not %s", flag, text);
    *out = unit && *unit ? n << (10 * (unit - units + 1)) : n;
    return 0;
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

static int read_flags(const char *flags, char **args, struct options *o, bool *help,
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
                str_eqz(str_slice(word, 2, word.n), rows[i].name) && takes(flags, rows[i].name))
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

static const struct option_row *find_row(str name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_eqz(name, rows[i].name))
            return &rows[i];
    return NULL;
}

/* One line of the file: `name = value`, a comment, or nothing. */
static int read_line(struct options *o, struct arena *a, str line, const char *path, int number,
                     struct err *e)
{
    line = str_trim(line);
    if (!line.n || line.p[0] == '#')
        return 0;
    str value = line, name = str_trim(str_split(&value, '='));
    const struct option_row *row = find_row(name);
    if (!row || !value.p)
        return err_set(e, ERR_INVALID, NULL, "%s:%d: there is no setting " STR_FMT, path, number,
                       STR_ARG(name));
    value = str_trim(value);
    if (!row->is_switch)
        set_option(o, row, arena_z(a, value));
    else if (str_eqz(value, "on"))
        set_option(o, row, NULL);
    else if (!str_eqz(value, "off"))
        return err_set(e, ERR_INVALID, NULL, "%s:%d: " STR_FMT " is on or off", path, number,
                       STR_ARG(name));
    return 0;
}

static int read_file(struct options *o, struct arena *a, struct err *e)
{
    char line[4096];
    int number = 0, rc = 0;
    str path = arena_printf(a, "%s/hoglet.conf", o->data ? o->data : ".");
    FILE *f = o->data ? fopen(path.p, "re") : NULL;
    if (!f)
        return 0; /* it need not exist */
    while (rc == 0 && fgets(line, sizeof(line), f))
        rc = read_line(o, a, str_of(line), path.p, ++number, e);
    fclose(f);
    return rc;
}

int options_read(struct options *o, struct arena *a, const char *flags, char **args, bool *help,
                 struct err *e)
{
    /* The environment and the flags are read first to learn --data, again to override the file. */
    read_environment(o);
    int rc = read_flags(flags, args, o, help, e);
    if (rc == 0 && !*help)
        rc = read_file(o, a, e);
    read_environment(o);
    return rc < 0 ? rc : read_flags(flags, args, o, help, e);
}
