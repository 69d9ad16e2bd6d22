/* clickhouse.c - a ClickHouse server as a destination: its HTTP interface. */
#include "export/clickhouse.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/uuid.h"

#define SECONDS 10

/* Names in the statements below are parameters of the kind Identifier: they are never text. */
int export_check_clickhouse(struct arena *a, const struct export_destination *d,
                            const struct json *config, struct err *e)
{
    static const char *const names[] = { "database", "table_name" };
    str url = json_get_text(config, "url");
    (void)a;
    (void)d;
    if (!url.n)
        return err_set(e, ERR_INVALID, "destination",
                       "Integration is required for ClickHouse batch exports");
    if (!str_starts(url, STR("http://")) && !str_starts(url, STR("https://")))
        return err_set(e, ERR_INVALID, "destination", "Invalid destination URL: " STR_FMT,
                       STR_ARG(str_utf8_prefix(url, 200)));
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (!json_get_text(config, names[i]).n)
            return err_set(e, ERR_INVALID, "destination", "The following inputs are empty: ['%s']",
                           names[i]);
    return 0;
}

static str parameter(struct arena *a, const char *name, str value)
{
    str escaped = outgoing_escape(a, value, false);
    return arena_printf(a, "&param_%s=" STR_FMT, name, STR_ARG(escaped));
}

/* The first line of what went wrong. */
static str first_line(str text)
{
    ptrdiff_t end = str_find_char(text, '\n');
    return str_utf8_prefix(end < 0 ? text : str_slice(text, 0, (size_t)end), 500);
}

str clickhouse_reason(struct arena *a, const struct outgoing_answer *answer)
{
    return str_utf8_valid(answer->body) && answer->body.n
               ? first_line(answer->body)
               : arena_printf(a, "status %ld", answer->status);
}

int clickhouse_call(const struct clickhouse_place *p, struct arena *a, str sql, str table, str data,
                    int seconds, struct outgoing_answer *out, struct err *e)
{
    const struct json *config = p->config;
    str url = json_get_text(config, "url");
    while (url.n && url.p[url.n - 1] == '/')
        url.n--;
    struct outgoing_header headers[] = {
        { "X-ClickHouse-User", json_get_text(config, "user") },
        { "X-ClickHouse-Key", json_get_text(config, "password") },
        { 0 },
    };
    str in = parameter(a, "database", json_get_text(config, "database"));
    str on = parameter(a, "table", table);
    str statement = data.p ? outgoing_escape(a, sql, false) : STR_NULL;
    str full = arena_printf(a, STR_FMT "/?max_execution_time=%d" STR_FMT STR_FMT "%s" STR_FMT,
                            STR_ARG(url), seconds, STR_ARG(in), STR_ARG(on),
                            data.p ? "&query=" : "", STR_ARG(statement));
    struct outgoing_request q = { .method = "POST", .url = full.p, .headers = headers,
                                  .body = data.p ? data : sql,
                                  .answer_max = LIMIT_DESTINATION_ANSWER, .seconds = seconds + 5,
                                  .gone = p->gone, .gone_context = p->gone_context };
    return outgoing_run(p->outgoing, a, &q, out, e);
}

/* False: the message says what failed. */
static bool run(struct export_trial *t, str sql, str table, str *got, str *why)
{
    struct outgoing_answer answer;
    struct err e = ERR_INIT;
    const struct clickhouse_place place = { .outgoing = t->outgoing, .config = t->config };
    if (clickhouse_call(&place, t->arena, sql, table, STR_NULL, SECONDS, &answer, &e) < 0) {
        *why = arena_str(t->arena, str_of(e.message));
        return false;
    }
    *got = str_trim(answer.body);
    *why = clickhouse_reason(t->arena, &answer);
    return answer.status == 200;
}

static enum export_outcome connects(struct export_trial *t)
{
    str got, why;
    if (!run(t, STR("SELECT 1 FORMAT TSV"), STR(""), &got, &why))
        return step_failed(t, "Could not establish a connection to ClickHouse: " STR_FMT,
                           STR_ARG(why));
    if (!str_eqz(got, "1"))
        return step_failed(t, "What answers at the URL is no ClickHouse server");
    return STEP_PASSED;
}

static enum export_outcome has_database(struct export_trial *t)
{
    str got, why, name = json_get_text(t->config, "database");
    if (!run(t, STR("SELECT count() FROM system.databases WHERE name = {database:String} FORMAT TSV"),
             STR(""), &got, &why))
        return step_failed(t, "Could not look for database '" STR_FMT "': " STR_FMT, STR_ARG(name),
                           STR_ARG(why));
    if (!str_eqz(got, "1"))
        return step_failed(t, "Database '" STR_FMT "' does not exist or we don't have permissions "
                              "to use it", STR_ARG(name));
    return STEP_PASSED;
}

static enum export_outcome writes_table(struct export_trial *t)
{
    char id[UUID_TEXT];
    str got = STR_NULL, why = STR_NULL;
    uuid_text(uuid_v4(), id);
    str table = arena_printf(t->arena, STR_FMT "_test_%.8s",
                             STR_ARG(json_get_text(t->config, "table_name")), id);
    if (!run(t, STR("CREATE TABLE {database:Identifier}.{table:Identifier} (event String) "
                    "ENGINE = MergeTree ORDER BY event"), table, &got, &why))
        return step_failed(t, "A table could not be created: " STR_FMT, STR_ARG(why));
    enum export_outcome out = STEP_PASSED;
    if (!run(t, STR("INSERT INTO {database:Identifier}.{table:Identifier} SELECT 'test'"), table,
             &got, &why))
        out = step_failed(t, "A test table '" STR_FMT "' was created, but could not be written: "
                             STR_FMT, STR_ARG(table), STR_ARG(why));
    else if (!run(t, STR("SELECT event FROM {database:Identifier}.{table:Identifier} FORMAT TSV"),
                  table, &got, &why))
        out = step_failed(t, "A test table '" STR_FMT "' was written, but could not be read back: "
                             STR_FMT, STR_ARG(table), STR_ARG(why));
    else if (!str_eqz(got, "test"))
        out = step_failed(t, "What a test table holds is not what was written");
    if (!run(t, STR("DROP TABLE {database:Identifier}.{table:Identifier}"), table, &got, &why) &&
        out == STEP_PASSED)
        out = step_failed(t, "A test table '" STR_FMT "' was created, but could not be deleted "
                             "afterwards: " STR_FMT, STR_ARG(table), STR_ARG(why));
    return out;
}

const struct export_step export_clickhouse_steps[3] = {
    { "Establish connection to ClickHouse",
      "Sends a statement over the HTTP interface with the user and password of the export.", "url",
      connects },
    { "Verify ClickHouse database", "Looks for the database that the table is in.", "url database",
      has_database },
    { "Verify ClickHouse table",
      "Creates a small table beside the export's, writes a row, reads it back and drops the table.",
      "url database table_name", writes_table },
};
