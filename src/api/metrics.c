/* metrics.c - see metrics.h. Label values are the program's own words: routes, classes, reasons. */
#include "api/metrics.h"

#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "api/internal.h"
#include "api/traffic.h"
#include "base/clock.h"
#include "base/version.h"
#include "engine/child.h"
#include "ingest/flush.h"
#include "work/export.h"

struct metric {
    const char *name, *type, *help;
    void (*write)(const struct metric *m, const struct api *api, struct buf *b);
};

static void one(const struct metric *m, struct buf *b, double value)
{
    metric_value(b, m->name, "", value);
}

/* -------------------------------------------------------------------------- the process */

static void build_info(const struct metric *m, const struct api *api, struct buf *b)
{
    (void)api;
    metric_value(b, m->name, "version=\"" HOGLET_VERSION "\"", 1);
}

static void uptime(const struct metric *m, const struct api *api, struct buf *b)
{
    one(m, b, (double)(clock_mono_us() - api->started) / 1e6);
}

static double resident(pid_t pid)
{
    char path[64];
    long long pages = 0;
    snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
    FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%*d %lld", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void memory(const struct metric *m, const struct api *api, struct buf *b)
{
    struct engine_child_counts engine;
    engine_child_counts(api->engine, &engine);
    metric_value(b, m->name, "process=\"server\"", resident(getpid()));
    if (engine.pid)
        metric_value(b, m->name, "process=\"engine\"", resident(engine.pid));
}

static void disk_free(const struct metric *m, const struct api *api, struct buf *b)
{
    struct statvfs fs;
    if (statvfs(api->data, &fs) == 0)
        one(m, b, (double)fs.f_bavail * (double)fs.f_frsize);
}

/* -------------------------------------------------------------------------- requests */

static void label_route(const struct traffic_route *r, const char *more, char *out, size_t n)
{
    snprintf(out, n, "method=\"%s\",route=\"%s\"%s", r->route ? r->route->method : "",
             r->route ? r->route->path : "none", more);
}

static void requests(const struct metric *m, const struct api *api, struct buf *b)
{
    for (size_t i = 0; i < api->traffic->n; i++)
        for (int k = 0; k < TRAFFIC_CLASSES; k++) {
            char labels[256], class[32];
            const struct traffic_route *r = &api->traffic->routes[i];
            int64_t n = atomic_load(&r->classes[k]);
            if (!n)
                continue;
            snprintf(class, sizeof(class), ",status=\"%dxx\"", k + 1);
            label_route(r, class, labels, sizeof(labels));
            metric_value(b, m->name, labels, (double)n);
        }
}

static void request_times(const struct metric *m, const struct api *api, struct buf *b)
{
    for (size_t i = 0; i < api->traffic->n; i++) {
        char labels[256];
        const struct traffic_route *r = &api->traffic->routes[i];
        if (!histogram_count(&r->times))
            continue;
        label_route(r, "", labels, sizeof(labels));
        metric_histogram(b, m->name, labels, &r->times);
    }
}

/* -------------------------------------------------------------------------- events */

static void accepted(const struct metric *m, const struct api *api, struct buf *b)
{
    one(m, b, (double)atomic_load(&api->traffic->events));
}

static void refused(const struct metric *m, const struct api *api, struct buf *b)
{
    static const char *const reasons[REFUSALS] = { "reason=\"invalid\"", "reason=\"token\"",
                                                   "reason=\"too_large\"",
                                                   "reason=\"unavailable\"" };
    for (int i = 0; i < REFUSALS; i++)
        metric_value(b, m->name, reasons[i], (double)atomic_load(&api->traffic->refused[i]));
}

static void stored(const struct metric *m, const struct api *api, struct buf *b)
{
    struct flush_counts c;
    flusher_counts(api->flusher, &c);
    one(m, b, (double)c.events);
}

static void dropped(const struct metric *m, const struct api *api, struct buf *b)
{
    struct flush_counts c;
    flusher_counts(api->flusher, &c);
    metric_value(b, m->name, "reason=\"unknown_token\"", (double)c.unknown);
    metric_value(b, m->name, "reason=\"not_stored\"", (double)c.diverted);
    metric_value(b, m->name, "reason=\"store_refused\"", (double)c.rejected);
}

static void batches(const struct metric *m, const struct api *api, struct buf *b)
{
    struct flush_counts c;
    flusher_counts(api->flusher, &c);
    one(m, b, (double)c.batches);
}

static void queue_bytes(const struct metric *m, const struct api *api, struct buf *b)
{
    struct flush_counts c;
    flusher_counts(api->flusher, &c);
    one(m, b, (double)c.behind);
}

static void queue_age(const struct metric *m, const struct api *api, struct buf *b)
{
    struct flush_counts c;
    flusher_counts(api->flusher, &c);
    one(m, b, c.oldest ? (double)(clock_now_us() - c.oldest) / 1e6 : 0);
}

/* -------------------------------------------------------------------------- stores */

static void store_times(const struct metric *m, const struct api *api, struct buf *b)
{
    struct olap_counts c;
    olap_counts(api->olap, &c);
    metric_histogram(b, m->name, "kind=\"read\"", c.reads);
    metric_histogram(b, m->name, "kind=\"write\"", c.writes);
}

static void store_failures(const struct metric *m, const struct api *api, struct buf *b)
{
    struct olap_counts c;
    olap_counts(api->olap, &c);
    one(m, b, (double)c.failures);
}

static void engine_ready(const struct metric *m, const struct api *api, struct buf *b)
{
    one(m, b, olap_ready(api->olap));
}

static void engine_restarts(const struct metric *m, const struct api *api, struct buf *b)
{
    struct engine_child_counts c;
    engine_child_counts(api->engine, &c);
    one(m, b, (double)c.restarts);
}

static void pool(const struct metric *m, const struct api *api, struct buf *b)
{
    int busy, all;
    store_counts(api->store, &busy, &all);
    metric_value(b, m->name, "state=\"busy\"", busy);
    metric_value(b, m->name, "state=\"idle\"", all - busy);
}

/* -------------------------------------------------------------------------- the table */

static struct export_counts exports(const struct api *api)
{
    struct export_counts c;
    export_worker_counts(api->exports, &c);
    return c;
}

static void export_runs(const struct metric *m, const struct api *api, struct buf *b)
{
    struct export_counts c = exports(api);
    metric_value(b, m->name, "outcome=\"completed\"", (double)c.completed);
    metric_value(b, m->name, "outcome=\"failed\"", (double)c.failed);
    metric_value(b, m->name, "outcome=\"tried_again\"", (double)c.tries);
}

static void export_rows(const struct metric *m, const struct api *api, struct buf *b)
{
    one(m, b, (double)exports(api).rows);
}

static void export_bytes(const struct metric *m, const struct api *api, struct buf *b)
{
    one(m, b, (double)exports(api).bytes);
}

static void export_lag(const struct metric *m, const struct api *api, struct buf *b)
{
    one(m, b, (double)exports(api).waiting / 1e6);
}

static const struct metric metrics[] = {
    { "hoglet_build_info", "gauge", "1, with the version as a label.", build_info },
    { "hoglet_uptime_seconds", "gauge", "Since the server started.", uptime },
    { "hoglet_resident_memory_bytes", "gauge", "Memory in use, by process.", memory },
    { "hoglet_disk_free_bytes", "gauge", "Free space where the data folder is.", disk_free },
    { "hoglet_http_requests_total", "counter", "Requests answered, by route and status class.",
      requests },
    { "hoglet_http_request_duration_seconds", "histogram",
      "From a request's headers to its answer, by route.", request_times },
    { "hoglet_ingest_accepted_events_total", "counter",
      "Events acknowledged; they are on disk.", accepted },
    { "hoglet_ingest_refused_requests_total", "counter",
      "Capture requests answered with an error, by reason.", refused },
    { "hoglet_ingest_stored_events_total", "counter", "Events that reached the event store.",
      stored },
    { "hoglet_ingest_dropped_events_total", "counter",
      "Acknowledged events that were not stored, by reason.", dropped },
    { "hoglet_ingest_batches_total", "counter", "Batches that reached the event store.", batches },
    { "hoglet_ingest_queue_bytes", "gauge", "Bytes of the journal that wait to be stored.",
      queue_bytes },
    { "hoglet_ingest_queue_age_seconds", "gauge",
      "How long the oldest event that is not stored yet waits.", queue_age },
    { "hoglet_event_store_duration_seconds", "histogram",
      "Time of statements on the event store, by kind.", store_times },
    { "hoglet_event_store_failures_total", "counter", "Statements that failed.", store_failures },
    { "hoglet_engine_ready", "gauge", "1 while the event store answers.", engine_ready },
    { "hoglet_engine_restarts_total", "counter", "Times the engine ended and was started again.",
      engine_restarts },
    { "hoglet_export_runs_total", "counter", "Attempts of runs of batch exports, by outcome.",
      export_runs },
    { "hoglet_export_rows_total", "counter", "Rows that runs have carried over.", export_rows },
    { "hoglet_export_bytes_total", "counter", "Bytes that runs have carried over.", export_bytes },
    { "hoglet_export_lag_seconds", "gauge", "How long the oldest run that has not ended is due.",
      export_lag },
    { "hoglet_metadata_connections", "gauge", "Connections to the metadata, by state.", pool },
};

void api_write_metrics(const struct api *api, struct buf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
        const struct metric *m = &metrics[i];
        metric_head(out, m->name, m->type, m->help);
        m->write(m, api, out);
    }
}
