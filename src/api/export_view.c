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

static void key_time(struct json_writer *w, const char *key, int64_t us)
{
    json_key(w, key);
    json_time(w, us);
}

static void key_str(struct json_writer *w, const char *key, str s)
{
    json_key(w, key);
    json_str(w, s);
}

static void key_json(struct json_writer *w, const char *key, str json)
{
    json_key(w, key);
    json_raw(w, json.p ? json : STR("null"));
}

void write_export_run(struct json_writer *w, const struct export_run *run)
{
    json_open(w, '{');
    key_str(w, "id", run->id);
    key_str(w, "status", run->status);
    key_i64(w, "records_completed", run->records);
    key_i64(w, "records_failed", run->records == INT64_MIN ? INT64_MIN : run->total - run->records);
    key_str(w, "latest_error", run->error);
    key_time(w, "data_interval_start", run->start_at);
    key_time(w, "data_interval_end", run->end_at);
    key_str(w, "cursor", STR_NULL);
    key_time(w, "created_at", run->created_at);
    key_time(w, "finished_at", run->finished_at);
    key_time(w, "last_updated_at", run->last_updated_at);
    key_i64(w, "records_total_count", run->total);
    key_i64(w, "bytes_exported", run->bytes);
    key_str(w, "checksum", run->checksum);
    key_str(w, "batch_export", run->export_id);
    key_str(w, "batch_export_on_demand", STR_NULL);
    key_str(w, "backfill", run->backfill_id);
    json_close(w, '}');
}

static void write_destination(struct json_writer *w, const struct batch_export *x)
{
    json_open(w, '{');
    key_str(w, "type", x->destination);
    key_json(w, "config", x->config);
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
    key_str(w, "id", x->id);
    key_i64(w, "team_id", x->project_id);
    key_str(w, "name", x->name);
    key_str(w, "model", x->model);
    json_key(w, "destination");
    write_destination(w, x);
    key_str(w, "interval", x->interval);
    json_key(w, "paused");
    json_bool(w, x->paused);
    key_time(w, "created_at", x->created_at);
    key_time(w, "last_updated_at", x->last_updated_at);
    key_time(w, "last_paused_at", x->last_paused_at);
    key_time(w, "start_at", x->start_at);
    key_time(w, "end_at", x->end_at);
    json_key(w, "latest_runs");
    json_open(w, '[');
    for (size_t i = 0; i < n; i++)
        write_export_run(w, &runs[i]);
    json_close(w, ']');
    key_str(w, "hogql_query", x->hogql_query);
    key_json(w, "hogql_modifiers", x->hogql_modifiers);
    key_json(w, "primary_key", x->primary_key);
    key_json(w, "version_key", x->version_key);
    key_str(w, "incremental_mode", x->incremental_mode);
    key_json(w, "schema", x->schema);
    key_json(w, "filters", x->filters);
    key_str(w, "timezone", x->timezone);
    write_offsets(w, x);
    json_close(w, '}');
    return 0;
}
