/* postgres.c - a PostgreSQL server as a destination, over libpq. */
#include "export/postgres.h"

#include <libpq-fe.h>

#include "base/uuid.h"

#define CONNECT_SECONDS "10"
#define STATEMENT "-c statement_timeout=10000"

static bool is_host(str host)
{
    for (size_t i = 0; i < host.n; i++) {
        unsigned char c = (unsigned char)host.p[i];
        if (c <= ' ' || c >= 0x7F || strchr("/?#@\\\"'<>,", c))
            return false;
    }
    return host.n && host.n < 254;
}

int export_check_postgres(struct arena *a, const struct export_destination *d,
                          const struct json *config, struct err *e)
{
    static const char *const modes[] = { "disable", "allow", "prefer", "require", "verify-ca",
                                         "verify-full" };
    str host = json_get_text(config, "host"), mode = json_get_text(config, "ssl_mode");
    const struct json *port = json_get(config, "port");
    size_t known = 0;
    (void)a;
    if (!host.n || !json_get_text(config, "user").n)
        return err_set(e, ERR_INVALID, "destination",
                       "Integration is required for %s batch exports", d->type);
    if (!is_host(host))
        return err_set(e, ERR_INVALID, "destination", "Invalid host. Enter a hostname or IP address "
                                                      "without credentials, scheme, or path.");
    if (port->i64 < 1 || port->i64 > 65535)
        return err_set(e, ERR_INVALID, "destination", "Invalid port: %lld", (long long)port->i64);
    while (known < ARRAY_LEN(modes) && !str_eqz(mode, modes[known]))
        known++;
    if (known == ARRAY_LEN(modes))
        return err_set(e, ERR_INVALID, "destination", "Invalid ssl_mode: " STR_FMT,
                       STR_ARG(str_utf8_prefix(mode, 50)));
    return 0;
}

static void drop_noticed(void *cls, const char *message)
{
    (void)cls;
    (void)message;
}

str postgres_reason(struct arena *a, const char *text)
{
    str all = str_trim(str_of(text)), out = STR("");
    for (str rest = all; rest.p;) {
        str line = str_trim(str_split(&rest, '\n'));
        out = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(out), out.n ? "; " : "",
                           STR_ARG(line));
    }
    return str_utf8_prefix(out, 500);
}

static const char *text(struct export_trial *t, const char *name)
{
    return arena_z(t->arena, json_get_text(t->config, name));
}

static const char *setting(struct arena *a, const struct json *config, const char *name)
{
    return arena_z(a, json_get_text(config, name));
}

PGconn *postgres_connect(struct arena *a, const struct reach *reach, const struct json *config,
                         const char *options, str *why)
{
    struct err e = ERR_INIT;
    str address;
    const char *host = setting(a, config, "host");
    str port = arena_printf(a, "%lld", (long long)json_get(config, "port")->i64);
    if (reach_resolve(reach, a, host, port.p, &address, &e) < 0) {
        *why = arena_str(a, str_of(e.message));
        return NULL;
    }
    const char *const names[] = { "host", "hostaddr", "port", "dbname", "user", "password",
                                  "sslmode", "connect_timeout", "options", "application_name",
                                  "tcp_user_timeout", "passfile", "sslcert", "gssencmode", NULL };
    const char *const values[] = { host, address.p, port.p, setting(a, config, "database"),
                                   setting(a, config, "user"), setting(a, config, "password"),
                                   setting(a, config, "ssl_mode"), CONNECT_SECONDS, options,
                                   "hoglet", "15000",
                                   /* nothing that belongs to the server's own account */
                                   "/dev/null", "/dev/null/none", "disable", NULL };
    PGconn *c = PQconnectdbParams(names, values, 0);
    if (PQstatus(c) == CONNECTION_OK) {
        PQsetNoticeProcessor(c, drop_noticed, NULL);
        return c;
    }
    *why = postgres_reason(a, PQerrorMessage(c));
    PQfinish(c);
    return NULL;
}

/* NULL: the message says why. */
static PGconn *connect_to(struct export_trial *t)
{
    str why;
    PGconn *c = postgres_connect(t->arena, t->reach, t->config, STATEMENT, &why);
    if (!c)
        step_failed(t, "Could not establish a connection to PostgreSQL: " STR_FMT, STR_ARG(why));
    return c;
}

/* The one value of the answer's first row, STR_NULL: no row; false: *why says what failed. */
static bool ask(struct export_trial *t, PGconn *c, const char *sql, int n,
                const char *const *values, str *got, str *why)
{
    PGresult *r = PQexecParams(c, sql, n, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(r);
    bool ok = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    *got = STR_NULL;
    if (ok && PQntuples(r) > 0)
        *got = arena_str(t->arena, str_of(PQgetvalue(r, 0, 0)));
    if (!ok)
        *why = postgres_reason(t->arena, PQresultErrorMessage(r));
    PQclear(r);
    return ok;
}

static enum export_outcome connects(struct export_trial *t)
{
    PGconn *c = connect_to(t);
    if (!c)
        return STEP_FAILED;
    PQfinish(c);
    return STEP_PASSED;
}

static enum export_outcome has_schema(struct export_trial *t)
{
    const char *name = text(t, "schema");
    str got, why;
    PGconn *c = connect_to(t);
    if (!c)
        return STEP_FAILED;
    bool ok = ask(t, c, "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = $1",
                  1, &name, &got, &why);
    PQfinish(c);
    if (!ok)
        return step_failed(t, "Could not look for schema '%s': " STR_FMT, name, STR_ARG(why));
    if (!got.p)
        return step_failed(t, "Schema '%s' does not exist", name);
    if (!str_eqz(got, "t"))
        return step_failed(t, "We are missing 'USAGE' permission on schema '%s'", name);
    return STEP_PASSED;
}

/* "schema"."table"; STR_NULL: they are no names. */
static str qualified(struct arena *a, PGconn *c, const char *schema, const char *table)
{
    char *first = PQescapeIdentifier(c, schema, strlen(schema));
    char *second = PQescapeIdentifier(c, table, strlen(table));
    str out = first && second ? arena_printf(a, "%s.%s", first, second) : STR_NULL;
    PQfreemem(first);
    PQfreemem(second);
    return out;
}

/* The export's own table is there: what must be allowed on it. */
static enum export_outcome may_write(struct export_trial *t, PGconn *c, const char *const *name)
{
    str got, why;
    if (!ask(t, c, "SELECT has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'SELECT')"
                   " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                   " WHERE n.nspname = $1 AND c.relname = $2", 2, name, &got, &why))
        return step_failed(t, "Could not look for table '%s': " STR_FMT, name[1], STR_ARG(why));
    if (!str_eqz(got, "t"))
        return step_failed(t, "We are missing 'INSERT' or 'SELECT' permission on table '%s'",
                           name[1]);
    return STEP_PASSED;
}

/* It is not: a table like it is made, used and dropped, all in one transaction. */
static enum export_outcome makes_table(struct export_trial *t, PGconn *c, const char *const *name)
{
    static const struct {
        const char *before, *after, *failure;
    } parts[] = {
        { "CREATE TABLE ", " (event VARCHAR(200))", "A table could not be created" },
        { "INSERT INTO ", " VALUES ('test')", "A test table could not be written" },
        { "SELECT event FROM ", "", "A test table could not be read back" },
        { "DROP TABLE ", "", "A test table could not be dropped" },
    };
    enum { READ = 2 };
    char id[UUID_TEXT];
    str got = STR_NULL, why = STR_NULL;
    uuid_text(uuid_v4(), id);
    str test = arena_printf(t->arena, "%.40s_test_%.8s", name[1], id);
    str full = qualified(t->arena, c, name[0], test.p);
    enum export_outcome out = STEP_PASSED;
    if (!full.p)
        return step_failed(t, "Invalid name of a schema or table");
    ask(t, c, "BEGIN", 0, NULL, &got, &why);
    for (size_t i = 0; i < ARRAY_LEN(parts) && out == STEP_PASSED; i++) {
        str sql = arena_printf(t->arena, "%s" STR_FMT "%s", parts[i].before, STR_ARG(full),
                               parts[i].after);
        if (!ask(t, c, sql.p, 0, NULL, &got, &why))
            out = step_failed(t, "%s in schema '%s': " STR_FMT, parts[i].failure, name[0],
                              STR_ARG(why));
        else if (i == READ && !str_eqz(got, "test"))
            out = step_failed(t, "What a test table holds is not what was written");
    }
    ask(t, c, "ROLLBACK", 0, NULL, &got, &why);
    return out;
}

static enum export_outcome writes_table(struct export_trial *t)
{
    const char *name[] = { text(t, "schema"), text(t, "table_name") };
    str got, why;
    PGconn *c = connect_to(t);
    if (!c)
        return STEP_FAILED;
    enum export_outcome out;
    if (!ask(t, c, "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                   " WHERE n.nspname = $1 AND c.relname = $2", 2, name, &got, &why))
        out = step_failed(t, "Could not look for table '%s': " STR_FMT, name[1], STR_ARG(why));
    else
        out = got.p ? may_write(t, c, name) : makes_table(t, c, name);
    PQfinish(c);
    return out;
}

const struct export_step export_postgres_steps[3] = {
    { "Establish connection to PostgreSQL",
      "Connects and logs in with the user and password of the export.", "host user database",
      connects },
    { "Verify PostgreSQL schema", "Looks for the schema, and whether it may be used.",
      "host user database schema", has_schema },
    { "Verify PostgreSQL table",
      "Sees whether the table may be written and read. When it is not there yet, a small one is "
      "created in its place, written, read back and dropped.",
      "host user database schema table_name", writes_table },
};
