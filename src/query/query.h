/* query.h - answers query nodes: a JSON object with a `kind` in, rows and series out.
 *
 * A node goes: unwrapped (InsightVizNode, DataTableNode, DataVisualizationNode give their `source`),
 * looked up in the table of kinds, decoded, turned into a HogQL tree, run, shaped, kept in the result
 * cache. The same query asked for twice at a time runs once. Any thread; a call blocks until the
 * answer is there, within the limits of base/limits.h. The caller holds no `struct db` meanwhile:
 * what a query needs of the store it takes and gives back itself. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "json/parse.h"
#include "json/write.h"
#include "olap/olap.h"
#include "store/store.h"

/* What the queries of a process share: the result cache, what runs, what runs in the background. */
struct query_service;

/* seconds: the longest a statement may take whose caller waits. */
struct query_service *query_service_new(struct olap *olap, struct store *store, int seconds);
/* Cancels what runs in the background and waits for it. NULL is allowed. */
void query_service_free(struct query_service *s);

enum query_refresh {
    QUERY_BLOCKING,      /* a fresh entry of the cache, else compute */
    QUERY_ASYNC,         /* a fresh entry, else work in the background */
    QUERY_ASYNC_ON_STALE, /* a fresh entry; a stale one starts background work and is answered;
                             without an entry compute */
    QUERY_LAZY_ASYNC,    /* as ASYNC, but an older entry still counts as fresh */
    QUERY_FORCE_BLOCKING, /* compute */
    QUERY_FORCE_ASYNC,   /* work in the background */
    QUERY_CACHE_ONLY,    /* any entry, else an answer that is not complete */
};

/* From the request's `refresh` (text or boolean; NULL: absent) and `async`. Unknown words and none
 * at all are QUERY_CACHE_ONLY; POST query/ makes that QUERY_BLOCKING. */
enum query_refresh query_refresh_of(const struct json *refresh, const struct json *async);
/* The same for the value of a URL parameter; STR_NULL: absent. */
enum query_refresh query_refresh_of_text(str refresh);

/* Who asks, and where. */
struct query_scope {
    struct query_service *service;
    struct arena *arena; /* the answer lives in it */
    int64_t team_id;
    str timezone;   /* of the project, an IANA name */
    int week_start; /* 0 Sunday, 1 Monday */
    str test_account_filters; /* JSON list, for filterTestAccounts; STR_NULL: none */
    str display_names; /* JSON list of the properties that name a person; STR_NULL: the usual ones */
    str path_cleaning; /* JSON list of {regex, alias}, the project's; STR_NULL: none */
    int64_t insight_id, dashboard_id; /* for the status of background work; 0: none */
    str id;         /* client_query_id; STR_NULL: one is made when it is needed */
    str name;       /* the caller's label for the query log; STR_NULL: none */
    bool admitted;   /* by query_admit: its queries are not counted again */
    bool background; /* nobody waits at a connection: longer time limits */
    const char *tag; /* of its statements in the event store; NULL: each has its own */
    bool (*gone)(void *context); /* true: nobody waits any more, end it; NULL: never asked */
    void *gone_context;
};

struct query_answer {
    bool complete;    /* results are there; else query_status says what is going on, if anything */
    str results;      /* JSON */
    str members;      /* the kind's other members, `"columns":[…],"types":[…]`, without braces; may
                         be empty. What follows up to has_more points into it. */
    str columns, types; /* JSON; STR_NULL: the kind has none */
    str hogql;        /* JSON string; STR_NULL: none */
    str dates;        /* resolved_date_range, a JSON object; STR_NULL: none */
    bool has_more;
    bool is_cached;
    str cache_key;    /* always set */
    int64_t last_refresh;     /* microseconds; INT64_MIN: never computed */
    int64_t cache_target_age; /* INT64_MIN: never becomes stale */
    int64_t next_refresh;     /* a client may ask anew from then on */
    str timezone;
    str query_status; /* JSON object; STR_NULL: null */
};

/* Runs the node. Errors are the documented ones: ERR_INVALID for what the caller wrote,
 * ERR_UNAVAILABLE while the event store is away, ERR_THROTTLED when too many queries wait,
 * ERR_TIMEOUT. */
int query_run(const struct query_scope *s, const struct json *node, enum query_refresh refresh,
              struct query_answer *out, struct err *e);

/* Counts one caller who is going to run several queries, so that they are not refused one by one.
 * ERR_THROTTLED when too many callers wait; after 0 comes query_dismiss. */
int query_admit(const struct query_scope *s, struct err *e);
void query_dismiss(const struct query_scope *s);

enum query_format { QUERY_CSV, QUERY_NDJSON, QUERY_PARQUET };

/* Takes a piece of a file. A negative answer, with e filled, ends the query. */
typedef int (*query_take_fn)(void *context, str piece, struct err *e);

/* The rows of a HogQLQuery, all of them whatever their number, as a file that is handed on piece by piece
 * while the engine makes it. Nothing of it is kept. Times are the project's, in Parquet UTC. Errors are
 * those of query_run; after the first piece they mean that the file is broken off. */
int query_download(const struct query_scope *s, const struct json *node, enum query_format format,
                   query_take_fn take, void *context, struct err *e);
/* Is it a node that helps an editor: DatabaseSchemaQuery, HogQLAutocomplete, HogQLMetadata,
 * InsightActorsQueryOptions? */
bool query_is_helper(const struct json *node);
/* Its answer, a JSON object, written at once: such nodes are not cached, and only the last asks anything
 * of the event store. A query that HogQLMetadata finds not valid is an answer, not an error. */
int query_help(const struct query_scope *s, const struct json *node, struct json_writer *w,
               struct err *e);

/* Writes the answer's members into the object that w is in: results, is_cached, cache_key,
 * last_refresh, cache_target_age, next_allowed_client_refresh, timezone, query_status, and the
 * kind's own. */
void query_write_answer(struct json_writer *w, const struct query_answer *a);

/* Are these steps of an action (a JSON list) such that queries can be made of them? Nothing is asked of
 * the event store. */
int query_check_action(const struct query_scope *s, str steps, struct err *e);

struct cohort;
/* The same for a cohort's filters. */
int query_check_cohort(const struct query_scope *s, const struct cohort *c, struct err *e);
/* Computes the members of a dynamic cohort into the event store, under that version, which no query reads
 * before it is in force. */
int query_calculate_cohort(const struct query_scope *s, const struct cohort *c, int64_t version,
                           int64_t *count, struct err *e);

/* The node without its wrappers; NULL when it is no object with a kind. */
const struct json *query_unwrap(const struct json *node);

/* Filters as a dashboard and a tile keep them: properties that are AND groups become a plain list, OR
 * groups and other shapes are errors of `properties`. *out is filters itself when it has none. */
int query_keep_filters(struct arena *a, const struct json *filters, const struct json **out,
                       struct err *e);
/* The node after dashboard filters ({date_from, date_to, properties, breakdown_filter, interval,
 * filterTestAccounts}) were put on its innermost source; a new tree in the arena, sharing what did
 * not change. filters may be NULL or empty: then *out is node. */
int query_with_filters(struct arena *a, const struct json *node, const struct json *filters,
                       const struct json **out, struct err *e);
/* The same for variables: {id: {variableId, code_name, value, isNull}} put over those of the node's own
 * that have the id or the code name. */
int query_with_variables(struct arena *a, const struct json *node, const struct json *variables,
                         const struct json **out, struct err *e);

/* Background work, by its id: its status object as JSON, while it runs with how far it is when
 * that is asked for. 1 found, 0 not there (or another project's). *failed: it ended with an error of
 * that HTTP status, else 0. */
int query_status(struct query_service *s, struct arena *a, int64_t team_id, str id, bool progress,
                 str *out, bool *complete, int *failed);
/* Ends it; waiting_only: unless it runs already. False: not there. */
bool query_cancel(struct query_service *s, int64_t team_id, str id, bool waiting_only);
/* The query log's row of that id, as the answer of a HogQL query: an object. */
void query_log_of(struct query_service *s, int64_t team_id, str id, struct buf *out);
