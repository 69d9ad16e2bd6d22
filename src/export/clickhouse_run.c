/* clickhouse_run.c - rows into a table of a ClickHouse server, which keeps of rows with the same id the last:
 * doing it again changes nothing. */
#include <stdio.h>

#include "base/limits.h"
#include "export/clickhouse.h"
#include "export/run.h"

#define SECONDS 3600 /* of an insert: as long as a large interval takes */

static const struct query_export_column event_columns[] = {
    { "uuid", "uuid" },
    { "team_id", "team_id" },
    { "event", "event" },
    { "distinct_id", "distinct_id" },
    { "person_id", "event_person_id" },
    { "timestamp", "timestamp" },
    { "created_at", "created_at" },
    { "_inserted_at", "inserted_at" },
    { "elements_chain", "elements_chain" },
    { "properties", "properties" },
    { "person_properties", "person_properties" },
    { NULL, NULL },
};

static const char create[] =
    "CREATE TABLE IF NOT EXISTS {database:Identifier}.{table:Identifier} (uuid UUID, team_id Int64,"
    " event LowCardinality(String), distinct_id String, person_id UUID,"
    " timestamp DateTime64(6, 'UTC'), created_at DateTime64(6, 'UTC'),"
    " _inserted_at DateTime64(6, 'UTC'), elements_chain String, properties String,"
    " person_properties String) ENGINE = ReplacingMergeTree(_inserted_at)"
    " ORDER BY (team_id, toDate(timestamp), event, cityHash64(distinct_id), uuid)";
static const char insert[] =
    "INSERT INTO {database:Identifier}.{table:Identifier} (uuid, team_id, event, distinct_id,"
    " person_id, timestamp, created_at, _inserted_at, elements_chain, properties,"
    " person_properties) FORMAT Native";

static const struct query_export_column *columns(str model)
{
    return str_eqz(model, "events") ? event_columns : NULL;
}

static int send_rows(struct carrier *c, str sql, str rows, struct err *e)
{
    struct outgoing_answer answer;
    int rc = carrier_check(c, e);
    const struct query_scope *scope = c->task->scope;
    const struct clickhouse_place place = { c->outgoing, c->task->config, scope->gone,
                                            scope->gone_context };
    if (rc == 0)
        rc = clickhouse_call(&place, c->arena, sql, json_get_text(c->task->config, "table_name"),
                             rows, SECONDS, &answer, e);
    if (rc < 0 || answer.status == 200)
        return rc;
    bool passes = answer.status >= 500 || answer.status == 429 || answer.status == 408;
    str why = clickhouse_reason(c->arena, &answer);
    return err_set(e, passes ? ERR_UNAVAILABLE : ERR_INVALID, NULL, "ClickHouseError: " STR_FMT,
                   STR_ARG(why));
}

static int add(void *spool, str piece, struct err *e)
{
    return spool_add(spool, piece, 0, e);
}

static int send_file(struct carrier *c, const struct spool_file *f, int64_t rows, struct err *e)
{
    str content;
    int rc = spool_map(f, 0, f->bytes, &content, e);
    if (rc < 0)
        return rc;
    rc = send_rows(c, str_of(create), STR_NULL, e);
    if (rc == 0)
        rc = send_rows(c, str_of(insert), content, e);
    spool_unmap(content);
    if (rc == 0) {
        c->result.rows = c->result.rows_read = rows;
        c->result.bytes = f->bytes;
        c->result.checksum = arena_str(c->arena, str_of(f->sha256));
    }
    return rc;
}

static int carry(struct carrier *c, struct err *e)
{
    size_t n;
    struct query_export x = carrier_query(c, columns(c->task->model));
    struct query_export_size size;
    int rc = carrier_count(c, &x, &size, e);
    if (rc < 0 || !size.rows)
        return rc;
    struct spool *spool = spool_new(c->spool_dir, SPOOL_PLAIN, 0);
    rc = carrier_rows(c, &x, "Native", NULL, add, spool, e);
    if (rc == 0)
        rc = spool_cut(spool, e);
    const struct spool_file *files = spool_files(spool, &n);
    if (rc == 0 && n)
        rc = send_file(c, &files[0], size.rows, e);
    spool_free(spool);
    return rc;
}

const struct export_run_kind export_clickhouse_run = { .carry = carry, .columns = columns };
