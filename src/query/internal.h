/* internal.h - what the kinds of analysis share: a job (one run of one node), its result, the table
 * of kinds, the errors of decoding. */
#pragma once

#include "base/buf.h"
#include "hogql/hogql.h"
#include "query/dates.h"
#include "query/log.h"
#include "query/query.h"

/* One run of one node; lives in its arena. */
struct query_job {
    const struct query_scope *scope;
    struct olap *olap;
    struct store *store;
    struct arena *arena;
    struct query_calendar calendar;
    struct hogql_context hogql; /* its cls is the job */
    int seconds;                /* of each statement */
    bool has_place;             /* at the engine: it need not wait for one */
    bool overrides_known, overridden; /* whether ids override the person on events */
    const char *stream_settings; /* of query_stream, see olap_query; NULL: none */
    bool (*gone)(void *context);
    void *gone_context;
    int64_t parse_us;         /* spent on trees */
    struct query_spent spent; /* on the engine */
};

struct query_span {
    size_t at, n; /* n 0: nothing */
};

/* What a run makes. The buffers are malloc's; whoever holds the result releases them. */
struct query_result {
    struct buf results, members;
    struct query_span columns, types, hogql, dates; /* values within members */
    bool has_more;
    enum query_interval interval; /* for the age at which it is stale */
    int64_t date_to;              /* of a range that has an end; INT64_MAX: none known */
};

/* A kind of node that can be run. Shape, then errors: see query.h. */
struct query_kind {
    const char *name;
    int (*run)(struct query_job *j, const struct json *node, struct query_result *out,
               struct err *e);
};

int query_run_funnels(struct query_job *j, const struct json *node, struct query_result *out,
                      struct err *e);
int query_run_hogql(struct query_job *j, const struct json *node, struct query_result *out,
                    struct err *e);
int query_run_actors(struct query_job *j, const struct json *node, struct query_result *out,
                     struct err *e);
int query_run_events(struct query_job *j, const struct json *node, struct query_result *out,
                     struct err *e);
int query_run_lifecycle(struct query_job *j, const struct json *node, struct query_result *out,
                        struct err *e);
int query_run_retention(struct query_job *j, const struct json *node, struct query_result *out,
                        struct err *e);
int query_run_stickiness(struct query_job *j, const struct json *node, struct query_result *out,
                         struct err *e);
int query_run_insight_actors(struct query_job *j, const struct json *node,
                             struct query_result *out, struct err *e);
int query_run_paths(struct query_job *j, const struct json *node, struct query_result *out,
                    struct err *e);
int query_run_trends(struct query_job *j, const struct json *node, struct query_result *out,
                     struct err *e);
int query_run_web_overview(struct query_job *j, const struct json *node, struct query_result *out,
                           struct err *e);

/* The SELECT of a HogQLQuery node, its placeholders filled; for a query that reads from it. */
int query_hogql_tree(struct query_job *j, const struct json *node, struct hogql_node **out,
                     struct err *e);
/* Fills the placeholders of a tree with what the node's filters and variables say. */
int query_hogql_fill(struct query_job *j, const struct json *node, struct hogql_node **tree,
                     struct err *e);
/* HogQLMetadata: the answer's members go to w. */
int query_metadata(struct query_job *j, const struct json *node, struct json_writer *w,
                   struct err *e);
/* HogQLAutocomplete, DatabaseSchemaQuery, InsightActorsQueryOptions, likewise. */
int query_schema(struct query_job *j, const struct json *node, struct json_writer *w,
                 struct err *e);
int query_options(struct query_job *j, const struct json *node, struct json_writer *w,
                  struct err *e);
int query_autocomplete(struct query_job *j, const struct json *node, struct json_writer *w,
                       struct err *e);
/* The `language` of such a node of that kind; those that are not of queries are refused. */
enum query_language { QUERY_HOGQL, QUERY_HOGQL_EXPR, QUERY_HOG_TEMPLATE };
int query_read_language(const struct json *node, const char *kind, enum query_language *out,
                        struct err *e);
/* A job of the scope: nothing runs yet. */
void query_job_init(struct query_job *j, const struct query_scope *s);
/* What the node's modifiers say, into the job. */
int query_read_modifiers(struct query_job *j, const struct json *node, struct err *e);

/* Of an export of model hogql: its SELECT for the interval, and its modifiers into the job. */
struct query_export;
int query_export_tree(struct query_job *j, const struct query_export *x, struct hogql_node **out,
                      struct err *e);
int query_export_modifiers(struct query_job *j, const struct json *modifiers, struct err *e);

/* Runs a node within the job, its modifiers the job's from then on; its "results". */
int query_results(struct query_job *j, const struct json *node, const struct json **out,
                  struct err *e);

/* A field of one name that comes from outside; and group_N.properties.key, index 0 to 4. */
struct hogql_node *query_column(struct arena *a, str name);
struct hogql_node *query_group_property(struct arena *a, int64_t index, str key);
/* $group_N, the key of an event's group of that type. */
struct hogql_node *query_group_column(struct arena *a, int64_t index);
/* The selects of a list joined by UNION ALL; NULL when it is empty. */
struct hogql_node *query_union(struct arena *a, const struct hogql_node *selects);

/* Compiles the tree and runs it; the answer, JSONCompact, is appended to out. */
int query_execute(struct query_job *j, const struct hogql_node *select,
                  struct hogql_compiled *compiled, struct buf *out, struct err *e);
/* The same, and its rows as a tree in the job's arena. */
int query_select(struct query_job *j, const struct hogql_node *select, const struct json **rows,
                 struct err *e);
/* Compiles the tree and runs it; the answer, in that format, goes to `take` piece by piece while the
 * engine makes it. A negative answer of `take`, with e filled, ends it. */
int query_stream(struct query_job *j, const struct hogql_node *select,
                 struct hogql_compiled *compiled, const char *format, query_take_fn take,
                 void *context, struct err *e);
/* Compiles the tree and puts its rows into a table of the event store: "name (columns)". */
int query_store(struct query_job *j, const struct hogql_node *select, const char *into,
                struct err *e);
/* The rows of a HogQLQuery as a file; see query_download. */
int query_run_download(struct query_job *j, const struct json *node, enum query_format format,
                       query_take_fn take, void *context, struct err *e);
/* The limits of a query that returns rows to its caller: 100 when it names none, 50,000. */
void query_limit_rows(struct query_job *j);

/* 400, code parse_error: the node does not have the documented shape. `where` names the field. */
int query_misfit(struct err *e, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The member as text, list, object or boolean. Absent and null leave *out as it was; another type
 * is query_misfit. */
int query_get_text(const struct json *node, const char *key, str *out, struct err *e);
int query_get_list(const struct json *node, const char *key, const struct json **out,
                   struct err *e);
int query_get_object(const struct json *node, const char *key, const struct json **out,
                     struct err *e);
int query_get_bool(const struct json *node, const char *key, bool *out, struct err *e);
int query_get_i64(const struct json *node, const char *key, int64_t *out, struct err *e);

/* aggregation_group_type_index: 0 to 4; -1 when the node counts persons. */
int query_get_group(const struct json *node, int64_t *out, struct err *e);

/* compareFilter: is it asked for, and with what ("-1w"; STR_NULL: the period before). */
int query_get_compare(const struct json *node, bool *compare, str *to, struct err *e);

/* The date that text says, as seen from the job's now; 400 naming `where` when it says none. */
int query_read_date(const struct query_job *j, const char *where, str text,
                    struct query_date *out, struct err *e);
/* dateRange and interval (`interval` when the node has none), with "all" looked up. */
int query_read_dates(struct query_job *j, const struct json *node, enum query_interval interval,
                     struct query_dates *out, struct err *e);

/* The same of a kind that has no intervals: whole days, whatever interval was laid over the node. */
int query_read_days(struct query_job *j, const struct json *node, struct query_dates *out,
                    struct err *e);

/* A writer over result->members at depth 1, behind those it has, and the spans of values written with it. */
struct json_writer query_members(struct query_result *result);
struct query_span query_span_from(const struct query_result *result, size_t at);
/* "resolved_date_range", one of the members of out, which w writes. */
void query_write_dates(struct json_writer *w, const struct query_dates *d,
                       struct query_result *out);
/* "modifiers", "timings", "error": what every kind has. */
void query_write_common(struct query_job *j, struct json_writer *w);
