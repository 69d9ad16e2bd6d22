/* export_view.c - see export_view.h. */
#include "api/export_view.h"

#define RUNS_SHOWN 10
#define DAY_SECONDS 86400

static void key_i64(struct json_writer *w, const char *key, int64_t v)
{
    json_key(w, key);
    if (v == INT64_MIN)
        json_null(w);
    else
        json_i64(w, v);
}

void write_export_run(struct json_writer *w, const struct export_run *run)
{
    json_open(w, '{');
    json_put_str(w, "id", run->id);
    json_put_str(w, "status", run->status);
    key_i64(w, "records_completed", run->records);
    key_i64(w, "records_failed", run->records == INT64_MIN ? INT64_MIN : run->total - run->records);
    json_put_str(w, "latest_error", run->error);
    json_put_time(w, "data_interval_start", run->start_at);
    json_put_time(w, "data_interval_end", run->end_at);
    json_put_str(w, "cursor", STR_NULL);
    json_put_time(w, "created_at", run->created_at);
    json_put_time(w, "finished_at", run->finished_at);
    json_put_time(w, "last_updated_at", run->last_updated_at);
    key_i64(w, "records_total_count", run->total);
    key_i64(w, "bytes_exported", run->bytes);
    json_put_str(w, "checksum", run->checksum);
    json_put_str(w, "batch_export", run->export_id);
    json_put_str(w, "batch_export_on_demand", STR_NULL);
    json_put_str(w, "backfill", run->backfill_id);
    json_close(w, '}');
}

static void write_destination(struct json_writer *w, const struct batch_export *x)
{
    json_open(w, '{');
    json_put_str(w, "type", x->destination);
    json_put_raw(w, "config", x->config);
    key_i64(w, "integration", x->integration_id ? x->integration_id : INT64_MIN);
    json_close(w, '}');
}

static void write_offsets(struct json_writer *w, const struct batch_export *x)
{
    bool week = str_eqz(x->interval, "week"), day = week || str_eqz(x->interval, "day");
    int64_t offset = x->offset == INT64_MIN ? 0 : x->offset;
    key_i64(w, "offset_day", week ? offset / DAY_SECONDS : INT64_MIN);
    key_i64(w, "offset_hour", day ? offset % DAY_SECONDS / 3600 : INT64_MIN);
}

int write_export(struct req *r, struct json_writer *w, const struct batch_export *x, struct err *e)
{
    struct export_run *runs;
    size_t n;
    int rc = export_run_latest(r->db, r->arena, x->id, RUNS_SHOWN, &runs, &n, e);
    if (rc < 0)
        return rc;
    json_open(w, '{');
    json_put_str(w, "id", x->id);
    key_i64(w, "team_id", x->project_id);
    json_put_str(w, "name", x->name);
    json_put_str(w, "model", x->model);
    json_key(w, "destination");
    write_destination(w, x);
    json_put_str(w, "interval", x->interval);
    json_key(w, "paused");
    json_bool(w, x->paused);
    json_put_time(w, "created_at", x->created_at);
    json_put_time(w, "last_updated_at", x->last_updated_at);
    json_put_time(w, "last_paused_at", x->last_paused_at);
    json_put_time(w, "start_at", x->start_at);
    json_put_time(w, "end_at", x->end_at);
    json_key(w, "latest_runs");
    json_open(w, '[');
    for (size_t i = 0; i < n; i++)
        write_export_run(w, &runs[i]);
    json_close(w, ']');
    json_put_str(w, "hogql_query", x->hogql_query);
    json_put_raw(w, "hogql_modifiers", x->hogql_modifiers);
    json_put_raw(w, "primary_key", x->primary_key);
    json_put_raw(w, "version_key", x->version_key);
    json_put_str(w, "incremental_mode", x->incremental_mode);
    json_put_raw(w, "schema", x->schema);
    json_put_raw(w, "filters", x->filters);
    json_put_str(w, "timezone", x->timezone);
    write_offsets(w, x);
    json_close(w, '}');
    return 0;
}
