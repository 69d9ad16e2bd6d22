/* routes.h - every route of the server, and the one function that runs a request through the checks:
 * match, size, authenticate, scope, project, decode, call, encode, log, in that order. */
#pragma once

#include "base/lru.h"
#include "http/server.h"
#include "ingest/journal.h"
#include "olap/olap.h"
#include "query/query.h"
#include "store/store.h"

/* What handlers need of the running server; shared, read-only. */
struct api {
    struct store *store;
    struct olap *olap;
    struct journal *journal;
    struct query_service *queries;
    struct lru *pages; /* of lists, ready to be sent */
    struct cohort_worker *cohorts;
    struct export_worker *exports;
    struct flusher *flusher;
    struct engine_child *engine;
    const struct route_index *index;
    struct traffic *traffic; /* counts; the one thing here that handlers change */
    const char *data;        /* the data folder */
    int64_t started;         /* clock_mono_us */
    const char *public_url; /* without a slash at the end */
    bool secure;            /* cookies are marked Secure */
    struct exporter *exporter;
    struct assistant *assistant;
    const struct seal *seal; /* of secrets in the store */
    struct throttle *throttle; /* NULL: keys are not limited */
};

/* Refuses a table with a row that declares no access. */
int api_check_routes(struct err *e);
size_t api_limit(struct http_request *r);
bool api_inline(struct http_request *r);
void api_run(struct http_request *r);
struct assistant_call;
/* A request that the assistant makes for a user: the same function, without a connection. */
void api_call(void *api, struct assistant_call *c);
/* Counters for the rows of the table. */
struct traffic *api_traffic_new(void);
/* Finds rows of the table by path. */
struct route_index *api_index_new(void);
/* The table as a JSON list of {"method","path","access"}, for tests and docs. */
void api_describe_routes(struct buf *out);
