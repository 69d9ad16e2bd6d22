/* insight_view.c - see insight_view.h. */
#include "api/insight_view.h"

#include <pthread.h>
#include <stdatomic.h>

#include "query/legacy.h"

#define THREADS 4 /* queries of one request at a time */

static bool is_admin(const struct req *r)
{
    return r->organization.level >= LEVEL_ADMIN;
}

static bool may_edit_place(const struct req *r, const struct place *p)
{
    return p->restriction_level <= PRIVILEGE_VIEW || p->created_by == r->user.id ||
           p->collaborates || is_admin(r);
}

int64_t insight_privilege(struct req *r, const struct insight_view *v)
{
    bool placed = false;
    if (r->shared)
        return PRIVILEGE_VIEW;
    for (size_t i = 0; i < v->place_count; i++) {
        if (v->places[i].shown_id != v->row->id)
            continue;
        if (may_edit_place(r, &v->places[i]))
            return PRIVILEGE_EDIT;
        placed = true;
    }
    return placed ? PRIVILEGE_VIEW : PRIVILEGE_EDIT;
}

static int64_t restriction(const struct req *r, const struct insight_view *v)
{
    int64_t level = r->shared ? PRIVILEGE_EDIT : PRIVILEGE_VIEW;
    for (size_t i = 0; i < v->place_count; i++)
        if (v->places[i].shown_id == v->row->id && v->places[i].restriction_level > level)
            level = v->places[i].restriction_level;
    return level;
}

/* Who comes by a link does not make the server compute what it has just computed. */
static enum query_refresh softened(enum query_refresh mode)
{
    if (mode == QUERY_CACHE_ONLY)
        return QUERY_LAZY_ASYNC;
    return mode == QUERY_ASYNC || mode == QUERY_LAZY_ASYNC ? mode : QUERY_BLOCKING;
}

static enum query_refresh refresh_asked_for(struct req *r)
{
    static const char *const always[] = { "", "1", "yes", "true" };
    str text = http_query_of(r->http, "refresh");
    if (!text.p)
        return query_refresh_of(json_get(r->body, "refresh"), NULL);
    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        if (str_eq_nocase(text, str_of(always[i])))
            return QUERY_FORCE_BLOCKING;
    return query_refresh_of_text(text);
}

enum query_refresh insight_refresh(struct req *r)
{
    enum query_refresh mode = refresh_asked_for(r);
    if (r->needs_results)
        return mode == QUERY_FORCE_BLOCKING && !r->shared ? mode : QUERY_BLOCKING;
    return r->shared ? softened(mode) : mode;
}

/* -------------------------------------------------------------------------- prepare */

int insight_override(struct req *r, str stored, const char *parameter, const struct json **out,
                     struct err *e)
{
    struct json *base, *over = NULL;
    static const struct json none = { .type = JSON_OBJECT, .text = STR_INIT("{}") };
    str text = r->shared ? STR_NULL : http_query_of(r->http, parameter);
    *out = &none;
    if (!text.n && str_eqz(stored, "{}")) /* mostly */
        return 0;
    int rc = json_parse(r->arena, stored, &base, e);
    if (rc < 0)
        return rc;
    *out = base;
    if (!text.n)
        return 0;
    if (json_parse(r->arena, text, &over, e) < 0 || over->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, parameter, "Invalid JSON passed in %s parameter",
                       parameter);
    *out = json_merge(r->arena, base, over);
    return 0;
}

void insight_lay_over(struct req *r, struct insight_view *v, const struct json *filters,
                      const struct json *variables)
{
    if (!v->query || v->failed)
        return;
    v->failure = ERR_INIT;
    v->failed = query_with_filters(r->arena, v->query, filters, &v->query, &v->failure) < 0 ||
                query_with_variables(r->arena, v->query, variables, &v->query, &v->failure) < 0;
}

static str id_list(struct req *r, const struct insight_view *list, size_t n)
{
    struct buf b = BUF_INIT(24 * n + 16);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '[');
    for (size_t i = 0; i < n; i++)
        json_i64(&w, list[i].row->id);
    json_close(&w, ']');
    str out = arena_str(r->arena, buf_view(&b));
    buf_release(&b);
    return out;
}

int insight_view_prepare(struct req *r, struct insight_view *list, size_t n, struct err *e)
{
    struct place *places = NULL;
    size_t place_count = 0;
    int64_t *users = arena_alloc(r->arena, (2 * n + 1) * sizeof(*users));
    int rc = n ? place_of_insights(r->db, r->arena, id_list(r, list, n), r->user.id, &places,
                                   &place_count, e)
               : 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct json *v = NULL;
        bool older = !list[i].row->query.p;
        rc = json_parse(r->arena, older ? list[i].row->filters : list[i].row->query, &v, e);
        list[i].query = older && rc == 0 ? query_of_filters(r->arena, v) : v;
        list[i].places = places;
        list[i].place_count = place_count;
        users[2 * i] = list[i].row->created_by;
        users[2 * i + 1] = list[i].row->last_modified_by;
    }
    return rc < 0 ? rc : req_load_users(r, users, 2 * n, e);
}

/* -------------------------------------------------------------------------- compute */

struct computation {
    struct query_scope scope; /* each thread has its own copy, with its own arena */
    struct insight_view *list;
    size_t n;
    atomic_size_t next;
    enum query_refresh mode;
};

struct computer {
    struct computation *all;
    struct arena *arena;
    pthread_t thread;
};

static void compute_one(const struct query_scope *scope, struct insight_view *v,
                        enum query_refresh mode)
{
    struct query_scope own = *scope;
    own.insight_id = v->row->id;
    if (v->failed || !v->query || !query_unwrap(v->query))
        return;
    v->failure = ERR_INIT;
    v->answered = query_run(&own, v->query, mode, &v->answer, &v->failure) == 0;
    v->failed = !v->answered;
}

static void *compute_some(void *arg)
{
    struct computer *c = arg;
    struct query_scope scope = c->all->scope;
    size_t i;
    scope.arena = c->arena;
    while ((i = atomic_fetch_add(&c->all->next, 1)) < c->all->n)
        compute_one(&scope, &c->all->list[i], c->all->mode);
    return NULL;
}

static void free_arena(void *a)
{
    arena_free(a);
}

void insight_view_compute(struct req *r, struct insight_view *list, size_t n,
                          enum query_refresh mode, int64_t dashboard_id)
{
    struct computation all = { .scope = req_query_scope(r), .list = list, .n = n, .mode = mode };
    struct computer computers[THREADS];
    struct err full = ERR_INIT;
    all.scope.dashboard_id = dashboard_id;
    req_give_db(r);
    /* One caller, however many tiles. When there is no room, each tile finds out for itself: those
     * that are cached are shown. */
    all.scope.admitted = mode != QUERY_CACHE_ONLY && query_admit(&all.scope, &full) == 0;
    /* what is only looked up is quicker than a thread */
    size_t threads = mode == QUERY_CACHE_ONLY ? 1 : n < THREADS ? n : THREADS;
    for (size_t i = 0; i < threads; i++) {
        computers[i] = (struct computer){ .all = &all, .arena = i ? arena_new() : r->arena };
        if (i)
            arena_defer(r->arena, free_arena, computers[i].arena);
    }
    size_t started = 1;
    while (started < threads && pthread_create(&computers[started].thread, NULL, compute_some,
                                               &computers[started]) == 0)
        started++;
    if (threads)
        compute_some(&computers[0]);
    for (size_t i = 1; i < started; i++)
        pthread_join(computers[i].thread, NULL);
    if (all.scope.admitted)
        query_dismiss(&all.scope);
}

/* -------------------------------------------------------------------------- write */

static void write_places(struct json_writer *w, const struct insight_view *v)
{
    json_key(w, "dashboards");
    json_open(w, '[');
    for (size_t i = 0; i < v->place_count; i++)
        if (v->places[i].shown_id == v->row->id)
            json_i64(w, v->places[i].dashboard_id);
    json_close(w, ']');
    json_key(w, "dashboard_tiles");
    json_open(w, '[');
    for (size_t i = 0; i < v->place_count; i++)
        if (v->places[i].shown_id == v->row->id)
            write_place(w, &v->places[i]);
    json_close(w, ']');
}

/* A failure in a list has no place but the state of the query. */
static void write_status(struct json_writer *w, const struct insight_view *v)
{
    json_key(w, "query_status");
    if (!v->failed) {
        json_raw(w, v->answered && v->answer.query_status.p ? v->answer.query_status
                                                            : STR("null"));
        return;
    }
    json_open(w, '{');
    json_key(w, "complete");
    json_bool(w, true);
    json_key(w, "error");
    json_bool(w, true);
    json_key(w, "error_message");
    json_z(w, err_message(&v->failure));
    json_close(w, '}');
}

static void write_result(struct json_writer *w, const struct insight_view *v)
{
    static const struct query_answer none = { .last_refresh = INT64_MIN,
                                              .cache_target_age = INT64_MIN,
                                              .next_refresh = INT64_MIN };
    const struct query_answer *a = v->answered && v->answer.complete ? &v->answer : &none;
    json_key(w, "last_refresh");
    json_time(w, a->last_refresh);
    json_key(w, "cache_target_age");
    json_time(w, a->cache_target_age);
    json_key(w, "next_allowed_client_refresh");
    json_time(w, a->next_refresh);
    json_put_raw(w, "result", a->results);
    json_key(w, "hasMore");
    if (a->complete)
        json_bool(w, a->has_more);
    else
        json_null(w);
    json_put_raw(w, "columns", a->columns);
    json_put_raw(w, "types", a->types);
    json_key(w, "timezone");
    json_str(w, a->complete ? a->timezone : STR_NULL);
    json_key(w, "is_cached");
    json_bool(w, a->is_cached);
    json_put_raw(w, "hogql", a->hogql);
    json_put_raw(w, "resolved_date_range", a->dates);
    json_key(w, "filters_hash");
    json_str(w, v->answered ? v->answer.cache_key : STR_NULL);
    write_status(w, v);
}

static void write_query(struct json_writer *w, const struct insight_view *v)
{
    json_key(w, "query");
    if (v->row->query.p)
        json_tree(w, v->query);
    else
        json_null(w);
    json_key(w, "filters");
    json_raw(w, v->row->query.p ? STR("{}") : v->row->filters);
}

static void write_names(struct json_writer *w, const struct insight *i)
{
    json_key(w, "id");
    json_i64(w, i->id);
    json_key(w, "short_id");
    json_str(w, i->short_id);
    json_key(w, "name");
    json_str(w, i->name);
    json_key(w, "derived_name");
    json_str(w, i->derived_name);
    json_key(w, "description");
    json_str(w, i->description);
}

static void write_times(struct req *r, struct json_writer *w, const struct insight *i)
{
    json_key(w, "updated_at");
    json_time(w, i->updated_at);
    if (r->hides_authors)
        return;
    json_key(w, "created_at");
    json_time(w, i->created_at);
    write_loaded_user(r, w, "created_by", i->created_by);
    json_key(w, "last_modified_at");
    json_time(w, i->last_modified_at);
}

static void write_marks(struct json_writer *w, const struct insight *i)
{
    json_key(w, "tags");
    json_raw(w, i->tags);
    json_key(w, "favorited");
    json_bool(w, i->favorited);
    json_key(w, "saved");
    json_bool(w, i->saved);
}

static void write_access(struct req *r, struct json_writer *w, const struct insight_view *v)
{
    json_key(w, "user_access_level");
    bool manages = v->row->created_by == r->user.id || is_admin(r);
    json_z(w, r->shared ? NULL : manages ? "manager" : "editor");
}

void insight_view_write(struct req *r, struct json_writer *w, const struct insight_view *v,
                        bool listed)
{
    const struct insight *i = v->row;
    json_open(w, '{');
    write_names(w, i);
    write_query(w, v);
    json_key(w, "order");
    if (i->position == INT64_MIN)
        json_null(w);
    else
        json_i64(w, i->position);
    json_key(w, "deleted");
    json_bool(w, i->deleted);
    write_places(w, v);
    write_result(w, v);
    write_times(r, w, i);
    if (!r->hides_authors)
        write_loaded_user(r, w, "last_modified_by", i->last_modified_by);
    write_marks(w, i);
    json_key(w, "is_sample");
    json_bool(w, i->is_sample);
    json_key(w, "effective_restriction_level");
    json_i64(w, restriction(r, v));
    json_key(w, "effective_privilege_level");
    json_i64(w, insight_privilege(r, v));
    write_access(r, w, v);
    json_key(w, "alerts");
    json_raw(w, STR("[]"));
    json_key(w, "folder");
    json_str(w, r->shared ? STR_NULL : i->folder);
    if (listed) {
        json_key(w, "last_viewed_at");
        json_time(w, i->last_viewed_at);
    }
    if (v->tile) {
        json_key(w, "color");
        json_str(w, v->tile->color);
        json_key(w, "layouts");
        json_raw(w, v->tile->layouts);
    }
    json_close(w, '}');
}

void insight_view_open_basic(struct req *r, struct json_writer *w, const struct insight_view *v)
{
    const struct insight *i = v->row;
    json_open(w, '{');
    write_names(w, i);
    write_query(w, v);
    write_places(w, v);
    json_key(w, "last_refresh");
    json_time(w, v->answered ? v->answer.last_refresh : INT64_MIN);
    json_key(w, "refreshing");
    json_bool(w, false);
    write_times(r, w, i);
    write_marks(w, i);
    write_access(r, w, v);
    json_key(w, "last_viewed_at");
    json_time(w, i->last_viewed_at);
}

void insight_view_write_basic(struct req *r, struct json_writer *w, const struct insight_view *v)
{
    insight_view_open_basic(r, w, v);
    json_close(w, '}');
}

int insight_reply_written(struct req *r, int status, const struct insight *i, struct err *e)
{
    struct insight_view v = { .row = i };
    int rc = insight_view_prepare(r, &v, 1, e);
    if (rc < 0)
        return rc;
    insight_view_compute(r, &v, 1, insight_refresh(r), 0);
    struct json_writer w = reply_json(r, status);
    insight_view_write(r, &w, &v, false);
    return 0;
}
