/* demo_dashboards.c - see demo_dashboards.h. A tile is a row: what it shows, where it stands. */
#include "cmd/demo_dashboards.h"

#include <stdio.h>

#include "base/limits.h"
#include "http/call.h"
#include "json/parse.h"
#include "json/write.h"

#define TREND(rest) "{\"kind\":\"InsightVizNode\",\"source\":{\"kind\":\"TrendsQuery\"," rest "}}"
#define FUNNEL(rest) "{\"kind\":\"InsightVizNode\",\"source\":{\"kind\":\"FunnelsQuery\"," rest "}}"
#define SQL(text)                                                                            \
    "{\"kind\":\"DataVisualizationNode\",\"source\":{\"kind\":\"HogQLQuery\",\"query\":\"" text \
    "\"}}"
#define EVENT(name) "{\"kind\":\"EventsNode\",\"event\":\"" name "\",\"name\":\"" name "\""
#define SINCE(from) "\"dateRange\":{\"date_from\":\"" from "\"}"
#define NUMBER "\"trendsFilter\":{\"display\":\"BoldNumber\"},\"compareFilter\":{\"compare\":true}"

struct tile {
    const char *name, *description, *query; /* query NULL: a text, its Markdown in description */
    int x, y, w, h;
    const char *color; /* NULL: none */
};

static const struct tile growth[] = {
    { NULL,
      "Sixty days of **Tidepool**, a planning tool that does not exist. On day 38 a new sign-up page "
      "was released; on day 45 the service was down for an afternoon. Both can be seen here.",
      NULL, 0, 0, 12, 2, NULL },
    { "Visitors, 30 days", "Unique people who saw a page, against the 30 days before",
      TREND(SINCE("-30d") "," NUMBER ",\"series\":[" EVENT("$pageview") ",\"math\":\"dau\"}]"), 0, 2,
      4, 3, NULL },
    { "Sign-ups, 30 days", "Against the 30 days before",
      TREND(SINCE("-30d") "," NUMBER ",\"series\":[" EVENT("signed_up") "}]"), 4, 2, 4, 3, "green" },
    { "Revenue, 30 days", "US dollars of purchases, against the 30 days before",
      TREND(SINCE("-30d") "," NUMBER ",\"series\":[" EVENT(
          "plan_purchased") ",\"math\":\"sum\",\"math_property\":\"amount\"}]"),
      8, 2, 4, 3, NULL },
    { "Visitors a day", "By the kind of device they used",
      TREND(SINCE("-60d") ",\"interval\":\"day\",\"breakdownFilter\":{\"breakdown\":\"$device_type\","
                          "\"breakdown_type\":\"event\"},\"series\":[" EVENT(
                              "$pageview") ",\"math\":\"dau\"}]"),
      0, 5, 8, 5, NULL },
    { "Where they come from", "Visitors by campaign source",
      TREND(SINCE("-60d") ",\"trendsFilter\":{\"display\":\"ActionsPie\"},\"breakdownFilter\":{"
                          "\"breakdown\":\"utm_source\",\"breakdown_type\":\"event\","
                          "\"breakdown_limit\":6},\"series\":[" EVENT(
                              "$pageview") ",\"math\":\"dau\"}]"),
      8, 5, 4, 5, NULL },
    { "From visit to plan", "Within fourteen days",
      FUNNEL(SINCE("-60d") ",\"funnelsFilter\":{\"funnelWindowInterval\":14,"
                           "\"funnelWindowIntervalUnit\":\"day\"},\"series\":[" EVENT(
                               "$pageview") "}," EVENT("signed_up") "}," EVENT(
                               "onboarding_completed") "}," EVENT("plan_purchased") "}]"),
      0, 10, 6, 5, NULL },
    { "Sign-ups a week", "More since the release",
      TREND(SINCE("-60d") ",\"interval\":\"week\",\"trendsFilter\":{\"display\":\"ActionsBar\"},"
                          "\"series\":[" EVENT("signed_up") "}]"),
      6, 10, 6, 5, "green" },
    { "Countries", "Where sign-ups come from",
      SQL("select properties.$geoip_country_name as country, count() as sign_ups, "
          "uniq(person_id) as people from events where event = 'signed_up' "
          "group by country order by sign_ups desc, country limit 12"),
      0, 15, 6, 5, NULL },
    { "Pages", "What visitors look at",
      SQL("select properties.$pathname as page, count() as views, uniq(person_id) as people "
          "from events where event = '$pageview' group by page order by views desc, page limit 12"),
      6, 15, 6, 5, NULL },
};

static const struct tile product[] = {
    { "Active people a day", "Who used the product itself",
      TREND(SINCE("-60d") ",\"interval\":\"day\",\"series\":[" EVENT(
          "task_completed") ",\"math\":\"dau\"}]"),
      0, 0, 8, 5, NULL },
    { "Active people, 7 days", "Against the 7 days before",
      TREND(SINCE("-7d") "," NUMBER ",\"series\":[" EVENT("task_completed") ",\"math\":\"dau\"}]"), 8,
      0, 4, 5, "blue" },
    { "What they do", "Uses of the features",
      TREND(SINCE("-60d") ",\"interval\":\"week\",\"trendsFilter\":{\"display\":\"ActionsAreaGraph\"},"
                          "\"series\":[" EVENT("task_completed") "}," EVENT(
                              "board_created") "}," EVENT("report_exported") "}," EVENT(
                              "invite_sent") "}]"),
      0, 5, 12, 5, NULL },
    { "Revenue a week", "US dollars, by plan",
      TREND(SINCE("-60d") ",\"interval\":\"week\",\"trendsFilter\":{\"display\":\"ActionsBar\"},"
                          "\"breakdownFilter\":{\"breakdown\":\"plan\",\"breakdown_type\":\"event\"},"
                          "\"series\":[" EVENT(
                              "plan_purchased") ",\"math\":\"sum\",\"math_property\":\"amount\"}]"),
      0, 10, 6, 5, NULL },
    { "Why they leave", "Reasons given when a subscription is cancelled",
      TREND(SINCE("-60d") ",\"trendsFilter\":{\"display\":\"ActionsBarValue\"},\"breakdownFilter\":{"
                          "\"breakdown\":\"reason\",\"breakdown_type\":\"event\"},\"series\":[" EVENT(
                              "subscription_cancelled") "}]"),
      6, 10, 6, 5, NULL },
    { "Errors a day", "The afternoon of the outage stands out",
      TREND(SINCE("-60d") ",\"interval\":\"day\",\"trendsFilter\":{\"display\":\"ActionsBar\"},"
                          "\"series\":[" EVENT("app_error") "}]"),
      0, 15, 6, 5, "purple" },
    { "Best customers", "Companies by what they paid",
      SQL("select person.properties.company as company, round(sum(toFloat(properties.amount)), 2) as "
          "paid, uniq(person_id) as people from events where event in ('plan_purchased', "
          "'subscription_renewed') and person.properties.company is not null "
          "group by company order by paid desc, company limit 12"),
      6, 15, 6, 5, NULL },
};

static const struct dashboard_row {
    const char *name, *description;
    const struct tile *tiles;
    size_t n;
} dashboards[] = {
    { "Tidepool: growth", "Visits, sign-ups and where they come from", growth, ARRAY_LEN(growth) },
    { "Tidepool: product and revenue", "What people do, what they pay, and what went wrong", product,
      ARRAY_LEN(product) },
};

/* What the calls need. */
struct caller {
    struct arena *arena;
    str url; /* of the project's part of the API, with a slash at its end */
    const char *key;
};

static int call(struct caller *c, const char *method, str path, str body, struct json **out,
                struct err *e)
{
    struct buf answer = BUF_INIT(LIMIT_RESPONSE);
    long status = 0;
    str url = arena_printf(c->arena, STR_FMT STR_FMT, STR_ARG(c->url), STR_ARG(path));
    struct http_call h = { .method = method, .url = url.p, .bearer = c->key, .body = body,
                           .seconds = 120 };
    int rc = http_call(&h, &status, &answer, e);
    str said = str_utf8_prefix(buf_view(&answer), 300);
    if (rc == 0)
        rc = err_set(e, ERR_UNAVAILABLE, NULL, "the server ended");
    else if (rc > 0 && status / 100 != 2)
        rc = err_set(e, ERR_INVALID, NULL, "the server refused " STR_FMT ": %ld " STR_FMT,
                     STR_ARG(path), status, STR_ARG(said));
    else if (rc > 0)
        rc = json_parse(c->arena, arena_str(c->arena, buf_view(&answer)), out, e);
    buf_release(&answer);
    return rc;
}

static int64_t id_of(const struct json *object)
{
    const struct json *id = json_get(object, "id");
    return json_is(id, JSON_NUMBER) ? id->i64 : 0;
}

/* -------------------------------------------------------------------------- writing requests */

static void write_layouts(struct json_writer *w, const struct tile *t)
{
    json_key(w, "layouts");
    json_open(w, '{');
    json_key(w, "sm");
    json_open(w, '{');
    const struct {
        const char *name;
        int value;
    } numbers[] = { { "x", t->x }, { "y", t->y }, { "w", t->w }, { "h", t->h } };
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        json_key(w, numbers[i].name);
        json_i64(w, numbers[i].value);
    }
    json_close(w, '}');
    json_close(w, '}');
}

/* A tile of the PATCH that puts all in their places; id 0: a text, which is made by it. */
static void write_tile(struct json_writer *w, const struct tile *t, int64_t id)
{
    json_open(w, '{');
    if (id) {
        json_key(w, "id");
        json_i64(w, id);
    } else {
        json_key(w, "text");
        json_open(w, '{');
        json_key(w, "body");
        json_z(w, t->description);
        json_close(w, '}');
    }
    write_layouts(w, t);
    json_key(w, "color");
    json_z(w, t->color);
    json_close(w, '}');
}

static void write_insight(struct json_writer *w, const struct tile *t, int64_t dashboard_id)
{
    json_open(w, '{');
    json_key(w, "name");
    json_z(w, t->name);
    json_key(w, "description");
    json_z(w, t->description);
    json_key(w, "saved");
    json_bool(w, true);
    json_key(w, "dashboards");
    json_open(w, '[');
    json_i64(w, dashboard_id);
    json_close(w, ']');
    json_key(w, "query");
    json_raw(w, str_of(t->query));
    json_close(w, '}');
}

/* -------------------------------------------------------------------------- making them */

/* The insight on its dashboard; *tile_id is where it stands. */
static int make_insight(struct caller *c, const struct tile *t, int64_t dashboard_id,
                        int64_t *tile_id, struct err *e)
{
    struct buf b = BUF_INIT(1 << 16);
    struct json_writer w = JSON_WRITER(&b);
    struct json *made = NULL;
    write_insight(&w, t, dashboard_id);
    int rc = call(c, "POST", STR("insights/"), buf_view(&b), &made, e);
    buf_release(&b);
    if (rc < 0)
        return rc;
    const struct json *tiles = json_get(made, "dashboard_tiles");
    *tile_id = id_of(tiles ? tiles->head : NULL);
    return *tile_id ? 0 : err_internal(e, "the insight is on no dashboard");
}

static int make_tiles(struct caller *c, const struct dashboard_row *row, int64_t id, struct err *e)
{
    struct buf b = BUF_INIT(1 << 16);
    struct json_writer w = JSON_WRITER(&b);
    struct json *ignored;
    int rc = 0;
    json_open(&w, '{');
    json_key(&w, "tiles");
    json_open(&w, '[');
    for (size_t i = 0; i < row->n && rc == 0; i++) {
        int64_t tile_id = 0;
        if (row->tiles[i].query)
            rc = make_insight(c, &row->tiles[i], id, &tile_id, e);
        write_tile(&w, &row->tiles[i], tile_id);
    }
    json_close(&w, ']');
    json_close(&w, '}');
    if (rc == 0)
        rc = call(c, "PATCH", arena_printf(c->arena, "dashboards/%lld/", (long long)id),
                  buf_view(&b), &ignored, e);
    buf_release(&b);
    return rc < 0 ? rc : 0;
}

static int make_dashboard(struct caller *c, const struct dashboard_row *row, struct err *e)
{
    struct buf b = BUF_INIT(4096);
    struct json_writer w = JSON_WRITER(&b);
    struct json *made = NULL;
    json_open(&w, '{');
    json_key(&w, "name");
    json_z(&w, row->name);
    json_key(&w, "description");
    json_z(&w, row->description);
    json_key(&w, "pinned");
    json_bool(&w, true);
    json_key(&w, "tags");
    json_open(&w, '[');
    json_z(&w, "demo");
    json_close(&w, ']');
    json_close(&w, '}');
    int rc = call(c, "POST", STR("dashboards/"), buf_view(&b), &made, e);
    buf_release(&b);
    return rc < 0 ? rc : make_tiles(c, row, id_of(made), e);
}

/* 1 the project has a dashboard of that name. */
static int has_dashboard(struct caller *c, const char *name, struct err *e)
{
    struct json *page = NULL;
    int rc = call(c, "GET", STR("dashboards/?search=Tidepool&limit=500"), STR_NULL, &page, e);
    const struct json *results = rc < 0 ? NULL : json_get(page, "results");
    for (const struct json *d = results ? results->head : NULL; d; d = d->next)
        if (str_eqz(json_get_text(d, "name"), name))
            return 1;
    return rc < 0 ? rc : 0;
}

int demo_dashboards(struct arena *a, str url, str key, int64_t project_id, struct err *e)
{
    struct caller c = { a,
                        arena_printf(a, STR_FMT "/api/projects/%lld/", STR_ARG(url),
                                     (long long)project_id),
                        arena_z(a, key) };
    int rc = 0;
    for (size_t i = 0; i < ARRAY_LEN(dashboards) && rc >= 0; i++) {
        rc = has_dashboard(&c, dashboards[i].name, e);
        if (rc == 0)
            rc = make_dashboard(&c, &dashboards[i], e);
    }
    return rc < 0 ? rc : 0;
}
