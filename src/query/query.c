/* query.c - see query.h: the table of kinds, the way of a node through the cache and to the engine.
 * Who may work in the engine is gate.c's, background work background.c's. */
#include "query/query.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "model/definition.h"
#include "model/insight_variable.h"
#include "model/person.h"
#include "query/action.h"
#include "query/background.h"
#include "query/cache.h"
#include "query/gate.h"
#include "query/cohort.h"
#include "query/internal.h"
#include "query/shape.h"
#include "query/rows.h"

#define SECONDS_BACKGROUND 600
#define SECONDS_DOWNLOAD 3600 /* its reader may be slow */
#define CLIENT_PAUSE (180 * CLOCK_SECOND) /* until a client may ask anew */

static const struct query_kind kinds[] = {
    { "ActorsQuery", query_run_actors },
    { "EventsQuery", query_run_events },
    { "FunnelsQuery", query_run_funnels },
    { "HogQLQuery", query_run_hogql },
    { "InsightActorsQuery", query_run_insight_actors },
    { "LifecycleQuery", query_run_lifecycle },
    { "PathsQuery", query_run_paths },
    { "RetentionQuery", query_run_retention },
    { "StickinessQuery", query_run_stickiness },
    { "TrendsQuery", query_run_trends },
    { "WebOverviewQuery", query_run_web_overview },
};

/* Kinds of the protocol that this server cannot run: told apart from words that are no kind. */
static const char *const known_kinds[] = {
    "DataTableNode",  "DataVisualizationNode", "FunnelCorrelationQuery", "HogQLASTQuery",
    "HogQuery",       "InsightVizNode",
    "PersonsNode",    "SavedInsightNode", "SessionsTimelineQuery",
    "WebStatsTableQuery", "WebGoalsQuery", "EventsNode", "ActionsNode", "DataWarehouseNode",
};

struct query_service {
    struct olap *olap;
    struct store *store;
    struct query_cache *cache;
    struct query_background *background;
    struct query_gate *gate;
    atomic_uint downloads;
    struct query_log *log;
    int seconds; /* of a statement whose caller waits */
};

struct query_service *query_service_new(struct olap *olap, struct store *store, int seconds)
{
    struct query_service *s = calloc(1, sizeof(*s));
    BUG_ON(!s);
    s->olap = olap;
    s->store = store;
    s->cache = query_cache_new();
    s->background = query_background_new(s);
    s->gate = query_gate_new();
    s->log = query_log_new();
    s->seconds = seconds;
    return s;
}

void query_service_free(struct query_service *s)
{
    if (!s)
        return;
    query_background_free(s->background);
    query_cache_free(s->cache);
    query_gate_free(s->gate);
    query_log_free(s->log);
    free(s);
}

/* -------------------------------------------------------------------------- refresh */

static const struct {
    const char *word;
    enum query_refresh mode;
} modes[] = {
    { "blocking", QUERY_BLOCKING },
    { "async", QUERY_ASYNC },
    { "async_except_on_cache_miss", QUERY_ASYNC_ON_STALE },
    { "lazy_async", QUERY_LAZY_ASYNC },
    { "force_blocking", QUERY_FORCE_BLOCKING },
    { "true", QUERY_FORCE_BLOCKING },
    { "force_async", QUERY_FORCE_ASYNC },
};

enum query_refresh query_refresh_of_text(str refresh)
{
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        if (str_eq_nocase(refresh, str_of(modes[i].word)))
            return modes[i].mode;
    return QUERY_CACHE_ONLY;
}

enum query_refresh query_refresh_of(const struct json *refresh, const struct json *async)
{
    if (json_is(refresh, JSON_BOOL) && refresh->boolean)
        return QUERY_FORCE_BLOCKING;
    if (json_is(refresh, JSON_STRING))
        return query_refresh_of_text(refresh->text);
    return json_is(async, JSON_BOOL) && async->boolean ? QUERY_ASYNC : QUERY_CACHE_ONLY;
}

/* -------------------------------------------------------------------------- a job */

static int property_type(void *cls, enum hogql_property_owner owner, int group_index, str name,
                         enum hogql_property_type *out, struct err *e)
{
    static const enum property_owner owners[] = { OWNER_EVENT, OWNER_PERSON, OWNER_GROUP };
    static const char *const types[] = { "String", "Numeric", "Boolean", "DateTime" };
    struct query_job *j = cls;
    str type = STR_NULL;
    struct db *db = store_take(j->store);
    int rc = property_definition_type(db, j->arena, j->scope->team_id, owners[owner], group_index,
                                      name, &type, e);
    store_give(db);
    *out = HOGQL_PROPERTY_STRING;
    for (size_t i = 0; rc > 0 && i < ARRAY_LEN(types); i++)
        if (str_eqz(type, types[i]))
            *out = (enum hogql_property_type)i;
    return rc < 0 ? rc : 0;
}

static int group_type(void *cls, str name)
{
    struct query_job *j = cls;
    struct err ignored = ERR_INIT;
    int index = -1;
    struct db *db = store_take(j->store);
    if (group_type_find(db, j->arena, j->scope->team_id, name, &index, &ignored) <= 0)
        index = -1;
    store_give(db);
    return index;
}

/* One that cannot be found out may be. */
static bool overridden(void *cls)
{
    struct query_job *j = cls;
    struct err ignored = ERR_INIT;
    if (j->overrides_known)
        return j->overridden;
    struct db *db = store_take(j->store);
    j->overridden = true;
    (void)person_ids_override(db, j->arena, j->scope->team_id, &j->overridden, &ignored);
    store_give(db);
    j->overrides_known = true;
    return j->overridden;
}

/* What a bounce is can be said to the overview alone, for the sessions table has its own idea of it. */
static int refuse_bounce(const struct json *modifiers, struct err *e)
{
    static const char *const keys[] = { "bounceRatePageViewMode", "bounceRateDurationSeconds" };
    static const char usual[] = "uniq_page_screen_autocaptures";
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const struct json *v = json_get(modifiers, keys[i]);
        if (v && v->type != JSON_NULL && !str_eqz(v->text, usual))
            return err_set(e, ERR_INVALID, NULL, "modifiers.%s is not supported", keys[i]);
    }
    return 0;
}

/* Values that would give other rows than this server's. */
static int refuse_modifiers(const struct json *modifiers, struct err *e)
{
    static const struct {
        const char *key, *value;
    } others[] = {
        { "materializationMode", "legacy_null_as_string" },
        { "personsJoinMode", "inner" },
    };
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (str_eqz(json_get_text(modifiers, others[i].key), others[i].value))
            return err_set(e, ERR_INVALID, NULL, "modifiers.%s \"%s\" is not supported",
                           others[i].key, others[i].value);
    return 0;
}

int query_read_modifiers(struct query_job *j, const struct json *node, struct err *e)
{
    static const struct {
        const char *word;
        enum hogql_persons_mode mode;
    } persons[] = {
        { "disabled", HOGQL_PERSONS_DISABLED },
        { "person_id_no_override_properties_on_events", HOGQL_PERSONS_ON_EVENTS },
        { "person_id_override_properties_on_events", HOGQL_PERSONS_OVERRIDE_ON_EVENTS },
        { "person_id_override_properties_joined", HOGQL_PERSONS_OVERRIDE_JOINED },
    };
    const struct json *modifiers = NULL, *convert;
    str word = STR_NULL;
    int rc = query_get_object(node, "modifiers", &modifiers, e);
    if (rc == 0)
        rc = query_shape_check(&query_shape_modifiers, modifiers, e);
    if (rc == 0)
        rc = refuse_modifiers(modifiers, e);
    if (rc == 0 && !str_eqz(json_get_text(node, "kind"), "WebOverviewQuery"))
        rc = refuse_bounce(modifiers, e);
    if (rc == 0)
        rc = query_get_text(modifiers, "personsOnEventsMode", &word, e);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < ARRAY_LEN(persons); i++)
        if (str_eqz(word, persons[i].word)) {
            j->hogql.persons_mode = persons[i].mode;
            word = STR_NULL;
        }
    if (word.p)
        return query_misfit(e, "modifiers.personsOnEventsMode",
                            "Input should be 'disabled', "
                            "'person_id_no_override_properties_on_events', "
                            "'person_id_override_properties_on_events' or "
                            "'person_id_override_properties_joined'");
    convert = json_get(modifiers, "convertToProjectTimezone");
    if (json_is(convert, JSON_BOOL) && !convert->boolean) {
        j->hogql.timezone = STR("UTC");
        j->calendar.tz = tz_find(STR("UTC"));
    }
    return 0;
}

void query_job_init(struct query_job *j, const struct query_scope *s)
{
    const struct tz *tz = tz_find(s->timezone);
    *j = (struct query_job){
        .scope = s, .olap = s->service->olap, .store = s->service->store, .arena = s->arena,
        .calendar = { tz ? tz : tz_find(STR("UTC")), clock_now_us(), s->week_start },
        .seconds = s->background ? SECONDS_BACKGROUND : s->service->seconds,
        .gone = s->gone, .gone_context = s->gone_context,
    };
    j->hogql = (struct hogql_context){
        .arena = s->arena, .team_id = s->team_id, .timezone = tz_name(j->calendar.tz),
        .week_starts_monday = s->week_start == 1, .persons_mode = HOGQL_PERSONS_OVERRIDE_ON_EVENTS,
        .cls = j, .property_type = property_type, .action = query_action_named,
        .cohort = query_cohort_named,
        .group_type = group_type, .overridden = overridden,
    };
}

static void add_cost(struct query_job *j, str answer)
{
    int64_t rows, bytes;
    query_rows_cost(answer, &rows, &bytes);
    j->spent.rows_read += rows;
    j->spent.bytes_read += bytes;
}

static int execute(struct query_job *j, const struct hogql_node *select, struct olap_query *q,
                   struct hogql_compiled *compiled, struct buf *out, struct err *e)
{
    char tag[64];
    struct uuid id = uuid_v4();
    snprintf(tag, sizeof(tag), "query ");
    uuid_text(id, tag + strlen(tag));
    int64_t begin = clock_mono_us();
    int rc = hogql_compile(&j->hogql, select, compiled, e);
    int64_t compiled_at = clock_mono_us();
    j->parse_us += compiled_at - begin;
    if (rc < 0)
        return rc;
    q->sql = compiled->sql;
    q->seconds = j->seconds;
    q->tag = j->scope->tag ? j->scope->tag : tag;
    q->gone = j->gone;
    q->gone_context = j->gone_context;
    rc = j->has_place ? 0
                      : query_gate_enter(j->scope->service->gate, j->scope->team_id, j->seconds,
                                         j->gone, j->gone_context, e);
    if (rc < 0)
        return rc;
    int64_t entered = clock_mono_us();
    rc = olap_run(j->olap, q, out, e);
    if (!j->has_place)
        query_gate_leave(j->scope->service->gate, j->scope->team_id);
    j->spent.wait_us += entered - compiled_at;
    j->spent.engine_us += clock_mono_us() - entered;
    if (rc == 0 && out)
        add_cost(j, buf_view(out));
    return rc;
}

int query_store(struct query_job *j, const struct hogql_node *select, const char *into,
                struct err *e)
{
    struct hogql_compiled compiled;
    struct olap_query q = { .into = into, .change = true };
    return execute(j, select, &q, &compiled, NULL, e);
}

int query_execute(struct query_job *j, const struct hogql_node *select,
                  struct hogql_compiled *compiled, struct buf *out, struct err *e)
{
    struct olap_query q = { 0 };
    return execute(j, select, &q, compiled, out, e);
}

int query_stream(struct query_job *j, const struct hogql_node *select,
                 struct hogql_compiled *compiled, const char *format, query_take_fn take,
                 void *context, struct err *e)
{
    struct olap_query q = { .format = format, .settings = j->stream_settings, .take = take,
                            .take_context = context };
    return execute(j, select, &q, compiled, NULL, e);
}

int query_select(struct query_job *j, const struct hogql_node *select, const struct json **rows,
                 struct err *e)
{
    struct hogql_compiled compiled;
    struct query_rows read;
    struct buf answer = BUF_INIT(LIMIT_QUERY_RESULT);
    int rc = query_execute(j, select, &compiled, &answer, e);
    if (rc == 0)
        rc = query_rows_read(j->arena, buf_view(&answer), &read, e);
    if (rc == 0)
        rc = query_rows_parse(j->arena, &read, rows, e);
    buf_release(&answer);
    return rc;
}

void query_limit_rows(struct query_job *j)
{
    j->hogql.limit_default = LIMIT_QUERY_ROWS_DEFAULT;
    j->hogql.limit_max = LIMIT_QUERY_ROWS;
    j->hogql.limit_extra = true;
}

/* -------------------------------------------------------------------------- kinds */

static int find_kind(const struct json *node, const struct json **source,
                     const struct query_kind **out, struct err *e)
{
    if (!json_is(node, JSON_OBJECT))
        return query_misfit(e, "query", "Input should be a valid dictionary");
    *source = query_unwrap(node);
    str kind = json_get_text(*source, "kind");
    if (!kind.p)
        return query_misfit(e, "query", "Unable to extract tag using discriminator 'kind'");
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_eqz(kind, kinds[i].name)) {
            *out = &kinds[i];
            return 0;
        }
    for (size_t i = 0; i < ARRAY_LEN(known_kinds); i++)
        if (str_eqz(kind, known_kinds[i]))
            return err_set(e, ERR_INVALID, NULL, "Unsupported query kind: " STR_FMT,
                           STR_ARG(kind));
    return query_misfit(e, "query",
                        "Input tag '" STR_FMT "' found using 'kind' does not match any of the "
                        "expected tags",
                        STR_ARG(str_utf8_prefix(kind, 100)));
}

static const struct helper {
    const char *name;
    int (*run)(struct query_job *j, const struct json *node, struct json_writer *w, struct err *e);
    bool computes; /* it asks the event store */
} helpers[] = {
    { "DatabaseSchemaQuery", query_schema },
    { "HogQLAutocomplete", query_autocomplete },
    { "HogQLMetadata", query_metadata },
    { "InsightActorsQueryOptions", query_options, true },
};

static const struct helper *find_helper(const struct json *node)
{
    str kind = json_get_text(node, "kind");
    for (size_t i = 0; i < ARRAY_LEN(helpers); i++)
        if (str_eqz(kind, helpers[i].name))
            return &helpers[i];
    return NULL;
}

bool query_is_helper(const struct json *node)
{
    return find_helper(node) != NULL;
}

int query_help(const struct query_scope *s, const struct json *node, struct json_writer *w,
               struct err *e)
{
    struct query_job j;
    const struct helper *helper = find_helper(node);
    query_job_init(&j, s);
    int rc = query_read_modifiers(&j, node, e);
    if (rc == 0 && helper->computes)
        rc = query_admit(s, e);
    if (rc < 0)
        return rc;
    json_open(w, '{');
    rc = helper->run(&j, node, w, e);
    json_close(w, '}');
    if (helper->computes)
        query_dismiss(s);
    return rc;
}

int query_results(struct query_job *j, const struct json *node, const struct json **out,
                  struct err *e)
{
    struct query_result result = { .results = BUF_INIT(LIMIT_QUERY_RESULT),
                                   .members = BUF_INIT(LIMIT_QUERY_RESULT),
                                   .date_to = INT64_MAX };
    const struct query_kind *kind;
    struct json *tree;
    int rc = find_kind(node, &node, &kind, e);
    if (rc == 0)
        rc = query_read_modifiers(j, node, e);
    if (rc == 0)
        rc = kind->run(j, node, &result, e);
    if (rc == 0)
        rc = json_parse(j->arena, arena_str(j->arena, buf_view(&result.results)), &tree, e);
    if (rc == 0)
        *out = tree;
    buf_release(&result.results);
    buf_release(&result.members);
    return rc;
}

/* -------------------------------------------------------------------------- through the cache */

struct run {
    const struct query_scope *scope;
    const struct query_kind *kind;
    const struct json *node;
    char key[CACHE_KEY];
    struct query_flight *flight;
    bool led; /* it was computed for this caller */
    struct query_spent spent;
};

/* The client that caused the computation left and nobody else waits for it. */
static bool nobody_waits(void *cls)
{
    struct run *r = cls;
    const struct query_scope *s = r->scope;
    return s->gone && s->gone(s->gone_context) &&
           !query_flight_shared(s->service->cache, r->flight);
}

static int lead(struct run *r, struct query_entry **entry, struct err *e)
{
    struct query_job j;
    struct query_result result = { .results = BUF_INIT(LIMIT_QUERY_RESULT),
                                   .members = BUF_INIT(LIMIT_QUERY_RESULT),
                                   .date_to = INT64_MAX };
    query_job_init(&j, r->scope);
    j.gone = nobody_waits;
    j.gone_context = r;
    int rc = query_read_modifiers(&j, r->node, e);
    if (rc == 0)
        rc = r->kind->run(&j, r->node, &result, e);
    if (rc == 0 && (result.results.full || result.members.full))
        rc = err_set(e, ERR_INVALID, NULL, "The result is larger than %u MiB.",
                     LIMIT_QUERY_RESULT >> 20);
    r->led = true;
    r->spent = j.spent;
    query_cache_land(r->scope->service->cache, r->flight, rc, &result, e, entry);
    buf_release(&result.results);
    buf_release(&result.members);
    return rc;
}

int query_admit(const struct query_scope *s, struct err *e)
{
    return query_gate_admit(s->service->gate, s->team_id, e);
}

void query_dismiss(const struct query_scope *s)
{
    query_gate_dismiss(s->service->gate, s->team_id);
}

static int compute(struct run *r, struct query_entry **entry, struct err *e)
{
    struct query_service *s = r->scope->service;
    bool counted = !r->scope->background && !r->scope->admitted;
    int rc = counted ? query_admit(r->scope, e) : 0;
    if (rc < 0)
        return rc;
    do {
        bool first;
        r->flight = query_cache_join(s->cache, r->key, &first);
        rc = first ? lead(r, entry, e)
                   : query_cache_follow(s->cache, r->flight, r->scope, entry, e);
    } while (rc > 0);
    if (counted)
        query_dismiss(r->scope);
    return rc;
}

static void unref(void *entry)
{
    query_entry_unref(entry);
}

static str span_in(const struct query_result *r, struct query_span span)
{
    return span.n ? (str){ r->members.p + span.at, span.n } : STR_NULL;
}

static void answer_with(struct run *r, struct query_entry *entry, bool cached,
                        struct query_answer *out)
{
    const struct query_result *result = &entry->result;
    int64_t stale = query_stale_at(entry, false);
    arena_defer(r->scope->arena, unref, entry);
    *out = (struct query_answer){
        .complete = true,
        .results = buf_view(&result->results),
        .members = buf_view(&result->members),
        .columns = span_in(result, result->columns),
        .types = span_in(result, result->types),
        .hogql = span_in(result, result->hogql),
        .dates = span_in(result, result->dates),
        .has_more = result->has_more,
        .is_cached = cached,
        .cache_key = str_of(entry->key), /* lives as long as the entry */
        .last_refresh = entry->refreshed,
        .cache_target_age = stale == INT64_MAX ? INT64_MIN : stale,
        .next_refresh = entry->refreshed + CLIENT_PAUSE,
        .timezone = r->scope->timezone,
        .query_status = STR_NULL,
    };
}

static void answer_without(struct run *r, str status, struct query_answer *out)
{
    *out = (struct query_answer){
        .results = STR("null"), .members = STR(""), .columns = STR_NULL, .types = STR_NULL,
        .hogql = STR_NULL, .dates = STR_NULL, .cache_key = arena_str(r->scope->arena, str_of(r->key)),
        .last_refresh = INT64_MIN, .cache_target_age = INT64_MIN, .next_refresh = INT64_MIN,
        .timezone = r->scope->timezone, .query_status = status,
    };
}

/* What the mode wants, by the age of the entry. */
enum step { STEP_ANSWER, STEP_COMPUTE, STEP_BACKGROUND, STEP_ANSWER_AND_BACKGROUND, STEP_NOTHING };

static enum step next_step(const struct query_entry *entry, enum query_refresh refresh)
{
    int64_t now = clock_now_us();
    bool fresh = entry && now < query_stale_at(entry, refresh == QUERY_LAZY_ASYNC);
    switch (refresh) {
    case QUERY_BLOCKING:
        return fresh ? STEP_ANSWER : STEP_COMPUTE;
    case QUERY_ASYNC:
    case QUERY_LAZY_ASYNC:
        return fresh ? STEP_ANSWER : STEP_BACKGROUND;
    case QUERY_ASYNC_ON_STALE:
        return fresh ? STEP_ANSWER : entry ? STEP_ANSWER_AND_BACKGROUND : STEP_COMPUTE;
    case QUERY_FORCE_BLOCKING:
        return STEP_COMPUTE;
    case QUERY_FORCE_ASYNC:
        return STEP_BACKGROUND;
    case QUERY_CACHE_ONLY:
        break;
    }
    return entry ? STEP_ANSWER : STEP_NOTHING;
}

static int take_step(struct run *r, enum step step, struct query_entry *entry,
                     struct query_answer *out, struct err *e)
{
    struct query_entry *made;
    str status = STR_NULL;
    int rc = 0;
    if (step == STEP_COMPUTE)
        rc = compute(r, &made, e);
    if (step == STEP_BACKGROUND || step == STEP_ANSWER_AND_BACKGROUND)
        rc = query_background_start(r->scope->service->background, r->scope, r->node, r->key,
                                    &status, e);
    if (rc < 0)
        return rc;
    if (step == STEP_COMPUTE)
        answer_with(r, made, false, out);
    else if (step == STEP_ANSWER || step == STEP_ANSWER_AND_BACKGROUND)
        answer_with(r, entry, true, out);
    else
        answer_without(r, status, out);
    if (step == STEP_ANSWER_AND_BACKGROUND)
        out->query_status = status;
    return 0;
}

/* Actions, cohorts and variables: results change with them. */
static bool names_in(str text)
{
    static const char *const parts[] = { "ction", "CTION", "ohort", "OHORT", "variables" };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (str_find(text, str_of(parts[i])) >= 0)
            return true;
    return false;
}

/* Whether the node may name one of them, in a member or in HogQL; sooner too often. */
static bool names_definitions(const struct json *v)
{
    if (names_in(v->key) || (v->type == JSON_STRING && names_in(v->text)))
        return true;
    for (const struct json *m = v->head; m; m = m->next)
        if (names_definitions(m))
            return true;
    return false;
}

static int read_stamp(const struct query_scope *s, str *out, struct err *e)
{
    int64_t actions = 0, cohorts = 0, variables = 0;
    struct db *db = store_take(s->service->store);
    int rc = action_stamp(db, s->arena, s->team_id, &actions, e);
    if (rc == 0)
        rc = cohort_stamp(db, s->arena, s->team_id, &cohorts, e);
    if (rc == 0)
        rc = insight_variable_stamp(db, s->arena, s->team_id, &variables, e);
    store_give(db);
    if (rc == 0)
        *out = arena_printf(s->arena, "%lld %lld %lld", (long long)actions, (long long)cohorts,
                            (long long)variables);
    return rc;
}

/* A row for what was answered or failed here; what goes on in the background has its own. */
static void note(const struct run *r, int rc, const struct query_answer *answer, int64_t began,
                 const struct err *e)
{
    struct query_log_row row = { .team_id = r->scope->team_id, .us = clock_mono_us() - began,
                                 .spent = r->spent, .cached = !r->led };
    if (rc == 0 && !answer->complete)
        return;
    row.started = clock_now_us() - row.us;
    row.result_bytes = rc < 0 ? 0 : answer->results.n;
    snprintf(row.kind, sizeof(row.kind), "%s", r->kind->name);
    snprintf(row.code, sizeof(row.code), "%s", rc < 0 ? err_code(e) : "");
    snprintf(row.name, sizeof(row.name), STR_FMT, STR_ARG(query_log_cut(r->scope->name)));
    if (r->scope->id.n)
        snprintf(row.id, sizeof(row.id), STR_FMT, STR_ARG(query_log_cut(r->scope->id)));
    else
        uuid_text(uuid_v7(), row.id);
    query_log_add(r->scope->service->log, &row);
}

int query_run(const struct query_scope *s, const struct json *node, enum query_refresh refresh,
              struct query_answer *out, struct err *e)
{
    struct run r = { .scope = s };
    int64_t began = clock_mono_us();
    int rc = find_kind(node, &r.node, &r.kind, e);
    if (rc < 0)
        return rc;
    str stamp = STR("");
    if (names_definitions(r.node) || names_in(s->test_account_filters))
        rc = read_stamp(s, &stamp, e);
    if (rc < 0)
        return rc;
    query_cache_key(s, r.node, stamp, r.key);
    struct query_entry *entry = query_cache_find(s->service->cache, r.key);
    enum step step = next_step(entry, refresh);
    rc = take_step(&r, step, entry, out, e);
    note(&r, rc, out, began, e);
    /* An entry that was answered lives on in the arena. */
    if (rc < 0 || (step != STEP_ANSWER && step != STEP_ANSWER_AND_BACKGROUND))
        query_entry_unref(entry);
    return rc;
}

int query_download(const struct query_scope *s, const struct json *node, enum query_format format,
                   query_take_fn take, void *context, struct err *e)
{
    struct query_job j;
    const struct query_kind *kind;
    int rc = find_kind(node, &node, &kind, e);
    if (rc == 0 && kind->run != query_run_hogql)
        rc = err_set(e, ERR_INVALID, NULL, "Only a HogQLQuery can be downloaded, not a %s",
                     kind->name);
    if (rc < 0)
        return rc;
    /* Downloads have places of their own: one whose reader is slow keeps nobody waiting. */
    if (atomic_fetch_add(&s->service->downloads, 1) >= LIMIT_DOWNLOADS) {
        atomic_fetch_sub(&s->service->downloads, 1);
        return err_set(e, ERR_THROTTLED, NULL,
                       "Too many downloads are running right now. Please try again in a moment.");
    }
    query_job_init(&j, s);
    j.seconds = SECONDS_DOWNLOAD;
    j.has_place = true;
    rc = query_read_modifiers(&j, node, e);
    if (rc == 0)
        rc = query_run_download(&j, node, format, take, context, e);
    atomic_fetch_sub(&s->service->downloads, 1);
    return rc;
}

void query_log_of(struct query_service *s, int64_t team_id, str id, struct buf *out)
{
    query_log_write(s->log, team_id, id, out);
}

/* -------------------------------------------------------------------------- answers */

void query_write_answer(struct json_writer *w, const struct query_answer *a)
{
    json_key(w, "results");
    json_raw(w, a->complete ? a->results : STR("null"));
    json_key(w, "is_cached");
    json_bool(w, a->is_cached);
    json_key(w, "cache_key");
    json_str(w, a->cache_key);
    json_key(w, "last_refresh");
    json_time(w, a->last_refresh);
    json_key(w, "cache_target_age");
    json_time(w, a->cache_target_age);
    json_key(w, "next_allowed_client_refresh");
    json_time(w, a->next_refresh);
    json_key(w, "timezone");
    json_str(w, a->timezone);
    json_key(w, "query_status");
    json_raw(w, a->query_status.p ? a->query_status : STR("null"));
    if (a->members.n)
        json_members(w, a->members);
}

int query_status(struct query_service *s, struct arena *a, int64_t team_id, str id, bool progress,
                 str *out, bool *complete, int *failed)
{
    struct olap_progress far, *known = NULL;
    struct err ignored = ERR_INIT;
    const char *tag = progress ? query_background_tag(s->background, a, team_id, id) : NULL;
    if (tag && olap_progress(s->olap, a, tag, &far, &ignored) == 0)
        known = &far;
    return query_background_status(s->background, a, team_id, id, known, out, complete, failed);
}

bool query_cancel(struct query_service *s, int64_t team_id, str id, bool waiting_only)
{
    return query_background_cancel(s->background, team_id, id, waiting_only);
}
