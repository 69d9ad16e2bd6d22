/* postgres_run.c - rows into a table of a PostgreSQL server, in one transaction: copied into a stage that
 * only this transaction sees, then those moved over whose ids the table does not hold. Doing it again
 * changes nothing; killed in the middle, nothing was done. */
#include <libpq-fe.h>
#include <stdio.h>

#include "base/limits.h"
#include "export/postgres.h"
#include "export/record.h"
#include "export/lines.h"
#include "export/run.h"
#include "json/write.h"

#define OPTIONS "-c statement_timeout=0 -c lock_timeout=60000"
#define COPY_PIECE (1 << 20)

static const struct query_export_column event_columns[] = {
    { "uuid", "toString(uuid)" },
    { "event", "event" },
    { "properties", "properties" },
    { "elements", "nullIf(elements_chain, '')" },
    { "set", "CAST(NULL AS Nullable(String))" },
    { "set_once", "CAST(NULL AS Nullable(String))" },
    { "distinct_id", "distinct_id" },
    { "team_id", "team_id" },
    { "ip", "nullIf(JSONExtractString(properties, '$ip'), '')" },
    { "site_url", "CAST(NULL AS Nullable(String))" },
    { "timestamp", "timestamp" },
    { "person_properties", "person_properties" },
    { "person_id", "toString(event_person_id)" },
    { NULL, NULL },
};

/* As it is created, in the order of the columns above. */
static const char event_table[] =
    "uuid VARCHAR(200), event VARCHAR(200), properties JSONB, elements JSONB, \"set\" JSONB,"
    " set_once JSONB, distinct_id VARCHAR(200), team_id INTEGER, ip VARCHAR(200),"
    " site_url VARCHAR(200), \"timestamp\" TIMESTAMP WITH TIME ZONE, person_properties JSONB,"
    " person_id VARCHAR(200)";

static const struct query_export_column *columns(str model)
{
    return str_eqz(model, "events") ? event_columns : NULL;
}

/* -------------------------------------------------------------------------- rows as COPY's text */

struct copy {
    struct record_reader reader;
    struct spool *spool;
    const bool *wanted; /* columns that the table has */
    struct buf line, value;
};

/* What COPY would take for itself; NUL cannot be stored at all. */
static void add_escaped(struct buf *b, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        const char *code = c == '\\' ? "\\\\" : c == '\n' ? "\\n" : c == '\r' ? "\\r"
                           : c == '\t' ? "\\t" : NULL;
        if (code)
            buf_z(b, code);
        else if (c)
            buf_char(b, c);
    }
}

/* JSON without the escape of NUL, which JSONB does not hold. */
static void add_json(struct buf *b, str s)
{
    size_t from = 0;
    for (size_t i = 0; i + 1 < s.n; i++) {
        if (s.p[i] != '\\')
            continue;
        if (s.p[i + 1] == 'u' && str_starts(str_slice(s, i, s.n), STR("\\u0000"))) {
            add_escaped(b, str_slice(s, from, i));
            from = i + 6;
            i += 5;
        } else {
            i++;
        }
    }
    add_escaped(b, str_slice(s, from, s.n));
}

static void add_value(struct copy *c, const struct record_column *column,
                      const struct record_value *v)
{
    buf_reset(&c->value);
    if (str_eqz(column->name, "elements")) { /* a JSON text that holds a text */
        struct json_writer w = JSON_WRITER(&c->value);
        json_str(&w, v->text);
        add_json(&c->line, buf_view(&c->value));
    } else if (column->json) {
        add_json(&c->line, v->text);
    } else if (column->kind == RECORD_TEXT) {
        add_escaped(&c->line, v->text);
    } else {
        lines_value(column, v, &c->value);
        str text = buf_view(&c->value);
        bool quoted = text.n > 1 && text.p[0] == '"';
        add_escaped(&c->line, quoted ? str_slice(text, 1, text.n - 1) : text);
    }
}

static int on_row(void *context, const struct record_value *values, struct err *e)
{
    struct copy *c = context;
    bool first = true;
    buf_reset(&c->line);
    for (size_t i = 0; i < c->reader.n; i++) {
        const struct record_column *column = &c->reader.columns[i];
        if (!c->wanted[i])
            continue;
        if (!first)
            buf_char(&c->line, '\t');
        first = false;
        if (values[i].null || (column->json && !values[i].text.n))
            buf_z(&c->line, "\\N");
        else
            add_value(c, column, &values[i]);
    }
    buf_char(&c->line, '\n');
    if (c->line.full || c->value.full)
        return err_set(e, ERR_INVALID, NULL, "A row is larger than %u MiB.",
                       LIMIT_QUERY_RESULT >> 20);
    return spool_add(c->spool, buf_view(&c->line), 1, e);
}

static int stage(struct carrier *c, const bool *wanted, struct spool *spool, struct err *e)
{
    struct copy copy = { .spool = spool, .wanted = wanted, .line = BUF_INIT(LIMIT_QUERY_RESULT),
                         .value = BUF_INIT(LIMIT_QUERY_RESULT) };
    struct query_export x = carrier_query(c, columns(c->task->model));
    record_init(&copy.reader, c->arena, on_row, &copy);
    int rc = carrier_rows(c, &x, "RowBinaryWithNamesAndTypes", NULL, record_take, &copy.reader, e);
    if (rc == 0)
        rc = record_end(&copy.reader, e);
    if (rc == 0)
        rc = spool_cut(spool, e);
    record_release(&copy.reader);
    buf_release(&copy.line);
    buf_release(&copy.value);
    return rc;
}

/* -------------------------------------------------------------------------- the server */

struct table {
    struct carrier *c;
    PGconn *pg;
    str name; /* "schema"."table", quoted */
    str list; /* the columns that it has of ours, quoted */
    bool *wanted;
};

/* Failures that pass: of the connection, of the machine, of others at work. */
static bool may_pass(const char *state)
{
    static const char *const classes[] = { "08", "40", "53", "55", "57", "58", NULL };
    if (!state)
        return true;
    for (size_t i = 0; classes[i]; i++)
        if (strncmp(state, classes[i], 2) == 0)
            return true;
    return false;
}

static int failed(const struct table *t, PGresult *r, struct err *e)
{
    const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    const char *text = r && *PQresultErrorMessage(r) ? PQresultErrorMessage(r)
                                                     : PQerrorMessage(t->pg);
    str why = postgres_reason(t->c->arena, text);
    bool passes = may_pass(state);
    err_set(e, passes ? ERR_UNAVAILABLE : ERR_INVALID, NULL, "%s: " STR_FMT,
            passes ? "OperationalError" : "ProgrammingError", STR_ARG(why));
    PQclear(r);
    return e->kind;
}

/* A statement without an answer; the text is made of constants and quoted names. */
static int run(const struct table *t, str sql, struct err *e)
{
    int rc = carrier_check(t->c, e);
    if (rc < 0)
        return rc;
    PGresult *r = PQexec(t->pg, sql.p);
    if (PQresultStatus(r) != PGRES_COMMAND_OK)
        return failed(t, r, e);
    PQclear(r);
    return 0;
}

static str quoted(const struct table *t, str name)
{
    char *z = PQescapeIdentifier(t->pg, name.p, name.n);
    str out = arena_str(t->c->arena, str_of(z ? z : "\"\""));
    PQfreemem(z);
    return out;
}

static int create(struct table *t, struct err *e)
{
    return run(t, arena_printf(t->c->arena, "CREATE TABLE IF NOT EXISTS " STR_FMT " (%s)",
                               STR_ARG(t->name), event_table), e);
}

/* Which of our columns the table has. It may be the user's own, with fewer. */
static int look(struct table *t, struct err *e)
{
    const struct json *config = t->c->task->config;
    const char *const values[] = { arena_z(t->c->arena, json_get_text(config, "schema")),
                                   arena_z(t->c->arena, json_get_text(config, "table_name")) };
    const struct query_export_column *ours = columns(t->c->task->model);
    PGresult *r = PQexecParams(
        t->pg, "SELECT a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
               " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND"
               " c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped",
        2, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        return failed(t, r, e);
    t->list = STR("");
    t->wanted = arena_alloc(t->c->arena, 64 * sizeof(bool));
    for (size_t i = 0; ours[i].hogql; i++)
        for (int row = 0; row < PQntuples(r); row++)
            if (strcmp(PQgetvalue(r, row, 0), ours[i].name) == 0) {
                str name = quoted(t, str_of(ours[i].name));
                t->list = arena_printf(t->c->arena, STR_FMT "%s" STR_FMT, STR_ARG(t->list),
                                       t->list.n ? ", " : "", STR_ARG(name));
                t->wanted[i] = true;
            }
    PQclear(r);
    if (!t->list.n)
        return err_set(e, ERR_INVALID, NULL, "PostgreSQLIncompatibleSchemaError: table %s.%s has "
                                             "none of the columns of an export", values[0],
                       values[1]);
    return 0;
}

static int put_copy(struct table *t, str rows, struct err *e)
{
    int rc = 0;
    for (size_t at = 0; at < rows.n && rc == 0; at += COPY_PIECE) {
        size_t end = rows.n - at < COPY_PIECE ? rows.n : at + COPY_PIECE;
        rc = carrier_check(t->c, e);
        if (rc == 0 && PQputCopyData(t->pg, rows.p + at, (int)(end - at)) != 1)
            rc = failed(t, NULL, e);
        spool_passed(str_slice(rows, at, end));
    }
    if (PQputCopyEnd(t->pg, rc < 0 ? "the run ended" : NULL) != 1 && rc == 0)
        rc = failed(t, NULL, e);
    PGresult *r = PQgetResult(t->pg);
    if (rc == 0 && PQresultStatus(r) != PGRES_COMMAND_OK)
        return failed(t, r, e);
    PQclear(r);
    while ((r = PQgetResult(t->pg)))
        PQclear(r);
    return rc;
}

static int copy_in(struct table *t, const struct spool_file *f, struct err *e)
{
    str rows, sql = arena_printf(t->c->arena, "COPY hoglet_stage (" STR_FMT ") FROM STDIN",
                                 STR_ARG(t->list));
    PGresult *r = PQexec(t->pg, sql.p);
    if (PQresultStatus(r) != PGRES_COPY_IN)
        return failed(t, r, e);
    PQclear(r);
    int rc = spool_map(f, 0, f->bytes, &rows, e);
    if (rc < 0)
        return rc;
    rc = put_copy(t, rows, e);
    spool_unmap(rows);
    return rc;
}

/* The rows whose ids are not there; all of them where ids are not kept. */
static int merge(struct table *t, struct err *e)
{
    const char *only = t->wanted[0] ? " WHERE NOT EXISTS (SELECT 1 FROM %s t WHERE t.uuid = s.uuid)"
                                    : "";
    char where[1024];
    snprintf(where, sizeof(where), only, t->name.p);
    return run(t, arena_printf(t->c->arena, "INSERT INTO " STR_FMT " (" STR_FMT ") SELECT " STR_FMT
                                            " FROM hoglet_stage s%s",
                               STR_ARG(t->name), STR_ARG(t->list), STR_ARG(t->list), where), e);
}

static int write_rows(struct table *t, const struct spool_file *f, struct err *e)
{
    str stage_sql = arena_printf(t->c->arena,
                                 "CREATE TEMPORARY TABLE hoglet_stage ON COMMIT DROP AS SELECT "
                                 STR_FMT " FROM " STR_FMT " WITH NO DATA",
                                 STR_ARG(t->list), STR_ARG(t->name));
    int rc = run(t, STR("BEGIN"), e);
    if (rc == 0)
        rc = run(t, stage_sql, e);
    if (rc == 0)
        rc = copy_in(t, f, e);
    if (rc == 0)
        rc = merge(t, e);
    return rc < 0 ? rc : run(t, STR("COMMIT"), e);
}

/* Words of refusals that do not pass by themselves: libpq has no codes for them. */
static int not_connected(str why, struct err *e)
{
    static const char *const words[] = { "authentication failed", "does not exist", "pg_hba.conf",
                                         "SSL", "is a private address", "allow" };
    bool final = false;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        final = final || str_find(why, str_of(words[i])) >= 0;
    return err_set(e, final ? ERR_INVALID : ERR_UNAVAILABLE, NULL, "OperationalError: " STR_FMT,
                   STR_ARG(why));
}

static int open_table(struct table *t, struct err *e)
{
    const struct json *config = t->c->task->config;
    str why;
    t->pg = postgres_connect(t->c->arena, t->c->reach, config, OPTIONS, &why);
    if (!t->pg)
        return not_connected(why, e);
    str schema = quoted(t, json_get_text(config, "schema"));
    str table = quoted(t, json_get_text(config, "table_name"));
    t->name = arena_printf(t->c->arena, STR_FMT "." STR_FMT, STR_ARG(schema), STR_ARG(table));
    int rc = create(t, e);
    return rc < 0 ? rc : look(t, e);
}

static int carry(struct carrier *c, struct err *e)
{
    size_t n;
    struct table t = { .c = c };
    struct query_export x = carrier_query(c, columns(c->task->model));
    struct query_export_size size;
    int rc = carrier_count(c, &x, &size, e);
    if (rc < 0 || !size.rows) /* a destination that gets nothing is not asked */
        return rc;
    struct spool *spool = spool_new(c->spool_dir, SPOOL_PLAIN, 0);
    rc = open_table(&t, e);
    if (rc == 0)
        rc = stage(c, t.wanted, spool, e);
    const struct spool_file *files = spool_files(spool, &n);
    if (rc == 0 && n)
        rc = write_rows(&t, &files[0], e);
    if (rc == 0 && n) {
        c->result.rows = c->result.rows_read = files[0].rows;
        c->result.bytes = files[0].bytes;
        c->result.checksum = arena_str(c->arena, str_of(files[0].sha256));
    }
    if (t.pg)
        PQfinish(t.pg);
    spool_free(spool);
    return rc;
}

const struct export_run_kind export_postgres_run = { .carry = carry, .columns = columns };
