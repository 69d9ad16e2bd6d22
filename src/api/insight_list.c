/* insight_list.c - see insight_list.h. */
#include "api/insight_list.h"

#include "api/field.h"
#include "api/insight_view.h"
#include "api/share.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/tz.h"
#include "query/dates.h"

#define LAST_VIEWED 5
#define VIEWED_MAX 2500
#define TRENDING_DAYS 7 /* unless asked for others */
#define TRENDING_PAGE 10
#define TRENDING_VIEWERS 3 /* that are shown */

/* -------------------------------------------------------------------------- filters */

/* A parameter that must be a JSON list; *out stays STR_NULL when it is absent. */
static int list_parameter(struct req *r, const char *name, str *out, struct err *e)
{
    struct json *v;
    str text = http_query_of(r->http, name);
    if (!text.n)
        return 0;
    if (json_parse(r->arena, text, &v, e) < 0 || v->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, name, "Must be a JSON list.");
    if (v->head)
        *out = text;
    return 0;
}

static int64_t date_parameter(struct req *r, const char *name)
{
    str text = http_query_of(r->http, name);
    struct query_calendar c = { .tz = tz_find(r->project.timezone), .now = clock_now_us() };
    if (!text.n)
        return INT64_MIN;
    struct query_date d = query_date_parse(&c, text);
    return d.all ? INT64_MIN : d.at;
}

/* 1, 0, or -1 when the parameter is absent or no boolean. */
static int boolean_parameter(struct req *r, const char *name)
{
    str text = http_query_of(r->http, name);
    if (str_eq_nocase(text, STR("true")) || str_eqz(text, "1"))
        return 1;
    return str_eq_nocase(text, STR("false")) || str_eqz(text, "0") ? 0 : -1;
}

static int read_creators(struct req *r, struct insight_filter *f, struct err *e)
{
    if (http_query_of(r->http, "user").p) {
        f->created_by = arena_printf(r->arena, "[%lld]", (long long)r->user.id);
        return 0;
    }
    return list_parameter(r, "created_by", &f->created_by, e);
}

/* A link shows the insights of its dashboard, or its one. */
static int narrow_to_link(struct req *r, struct insight_filter *f, struct err *e)
{
    struct insight i;
    if (share_dashboard(r)) {
        f->dashboards = arena_printf(r->arena, "[%lld]", (long long)share_dashboard(r));
        return 0;
    }
    str id = arena_printf(r->arena, "%lld", (long long)r->shared->insight_id);
    int rc = insight_find(r->db, r->arena, r->project.id, id, &i, e);
    if (rc == 0)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    f->short_id = i.short_id;
    return rc < 0 ? rc : 0;
}

static int read_filter(struct req *r, struct insight_filter *f, struct err *e)
{
    str type = http_query_of(r->http, "insight"), short_id = http_query_of(r->http, "short_id");
    str order = http_query_of(r->http, "order");
    *f = (struct insight_filter){
        .project_id = r->project.id, .saved = boolean_parameter(r, "saved"),
        .favorited = http_query_of(r->http, "favorited").p ? 1 : -1,
        .created_by = STR_NULL, .search = STR_NULL, .type = type.n ? type : STR_NULL,
        .short_id = short_id.n ? short_id : STR_NULL, .tags = STR_NULL, .dashboards = STR_NULL,
        .events = STR_NULL, .folder = http_query_of(r->http, "folder"),
        .modified_from = date_parameter(r, "date_from"),
        .modified_to = date_parameter(r, "date_to"),
        .created_from = date_parameter(r, "created_date_from"),
        .created_to = date_parameter(r, "created_date_to"),
        .viewed_from = date_parameter(r, "last_viewed_date_from"),
        .viewed_to = date_parameter(r, "last_viewed_date_to"),
        .order = insight_order(order.n ? order : STR("order")),
    };
    if (!f->order)
        f->order = insight_order(STR("order"));
    int rc = read_creators(r, f, e);
    if (rc == 0)
        rc = list_parameter(r, "tags", &f->tags, e);
    if (rc == 0)
        rc = list_parameter(r, "dashboards", &f->dashboards, e);
    if (rc == 0 && r->shared)
        rc = narrow_to_link(r, f, e);
    if (rc == 0)
        rc = list_parameter(r, "events", &f->events, e);
    return rc < 0 ? rc : search_term(r, http_query_of(r->http, "search"), &f->search, e);
}

/* -------------------------------------------------------------------------- lists */

static int prepare_rows(struct req *r, const struct insight *rows, size_t n,
                        struct insight_view **out, struct err *e)
{
    struct insight_view *views = arena_alloc(r->arena, (n + 1) * sizeof(*views));
    for (size_t i = 0; i < n; i++)
        views[i].row = &rows[i];
    *out = views;
    return insight_view_prepare(r, views, n, e);
}

int insight_list(struct req *r, struct err *e)
{
    struct page page = page_of(r);
    struct insight_filter f;
    struct insight *rows;
    struct insight_view *views = NULL;
    int64_t count;
    size_t n;
    bool basic = boolean_parameter(r, "basic") == 1;
    int rc = read_filter(r, &f, e);
    if (rc == 0)
        rc = insight_count(r->db, r->arena, &f, &count, e);
    if (rc == 0)
        rc = insight_page(r->db, r->arena, &f, page.limit, page.offset, &rows, &n, e);
    if (rc == 0)
        rc = prepare_rows(r, rows, n, &views, e);
    if (rc < 0)
        return rc;
    insight_view_compute(r, views, n, basic ? QUERY_CACHE_ONLY : insight_refresh(r), 0);
    struct json_writer w = page_open(r, page, count);
    for (size_t i = 0; i < n; i++)
        if (basic)
            insight_view_write_basic(r, &w, &views[i]);
        else
            insight_view_write(r, &w, &views[i], true);
    page_close(&w);
    return 0;
}

int insight_list_last_viewed(struct req *r, struct err *e)
{
    struct insight *rows;
    struct insight_view *views = NULL;
    size_t n;
    int rc = insight_last_viewed(r->db, r->arena, r->project.id, r->user.id, LAST_VIEWED, &rows,
                                 &n, e);
    if (rc == 0)
        rc = prepare_rows(r, rows, n, &views, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '[');
    for (size_t i = 0; i < n; i++)
        insight_view_write_basic(r, &w, &views[i]);
    json_close(&w, ']');
    return 0;
}

static int64_t number_parameter(struct req *r, const char *name, int64_t otherwise, int64_t most)
{
    int64_t v;
    if (!str_to_i64(http_query_of(r->http, name), &v) || v < 1)
        return otherwise;
    return v < most ? v : most;
}

int insight_list_trending(struct req *r, struct err *e)
{
    struct page page = page_of(r);
    struct insight *rows = NULL;
    struct insight_view *views = NULL;
    int64_t count, *counts = NULL;
    size_t n = 0;
    int64_t days = number_parameter(r, "days", TRENDING_DAYS, 3650);
    int64_t since = clock_now_us() - days * 86400 * CLOCK_SECOND;
    page.limit = number_parameter(r, "limit", TRENDING_PAGE, LIMIT_PAGE_DEFAULT);
    int rc = insight_trending_count(r->db, r->arena, r->project.id, since, &count, e);
    if (rc == 0)
        rc = insight_trending(r->db, r->arena, r->project.id, since, page.limit, page.offset, &rows,
                              &counts, &n, e);
    if (rc == 0)
        rc = prepare_rows(r, rows, n, &views, e);
    if (rc < 0)
        return rc;
    struct json_writer w = page_open(r, page, count);
    for (size_t i = 0; i < n && rc == 0; i++) {
        int64_t *ids = NULL;
        size_t people = 0;
        insight_view_open_basic(r, &w, &views[i]);
        json_key(&w, "view_count");
        json_i64(&w, counts[i]);
        json_key(&w, "viewers");
        json_open(&w, '[');
        rc = insight_viewers(r->db, r->arena, rows[i].id, since, TRENDING_VIEWERS, &ids, &people, e);
        for (size_t k = 0; k < people && rc == 0; k++)
            rc = write_user_basic(r, &w, ids[k], e);
        json_close(&w, ']');
        json_close(&w, '}');
    }
    page_close(&w);
    return rc;
}

int insight_mark_viewed(struct req *r, struct err *e)
{
    static const struct field row[] = { { "insight_ids", FIELD_IDS, 0, FIELD_REQUIRED }, { 0 } };
    struct id_list list = { 0 };
    int rc = fields_read(r->arena, r->body, "", row, &list, e);
    if (rc == 0 && list.n > VIEWED_MAX)
        return err_set(e, ERR_INVALID, "insight_ids", "At most %d insights at a time.",
                       VIEWED_MAX);
    if (rc == 0)
        rc = db_begin(r->db, e);
    for (size_t i = 0; i < list.n && rc == 0; i++)
        rc = insight_seen(r->db, r->project.id, list.ids[i], r->user.id, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc == 0)
        r->http->status = 201;
    return rc;
}
