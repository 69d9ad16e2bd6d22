/* batch_export.c - batch exports over the API: trying a destination before an export is made. What
 * is tried is checked as an export that is created would be; nothing is stored. */
#include <stdio.h>

#include "api/field.h"
#include "api/internal.h"
#include "base/limits.h"
#include "base/tz.h"
#include "export/exporter.h"
#include "model/integration.h"
#include "store/seal.h"

struct export_body {
    str name, model, interval, timezone;
    bool paused;
    int64_t last_paused_at, start_at, end_at, offset_day, offset_hour, step;
    const struct export_destination *destination;
    struct json *config;
};

static const struct field fields[] = {
    { "name", FIELD_STR, offsetof(struct export_body, name), FIELD_REQUIRED | FIELD_FILLED },
    { "model", FIELD_STR, offsetof(struct export_body, model), 0 },
    { "interval", FIELD_STR, offsetof(struct export_body, interval), FIELD_REQUIRED },
    { "paused", FIELD_BOOL, offsetof(struct export_body, paused), 0 },
    { "last_paused_at", FIELD_TIME, offsetof(struct export_body, last_paused_at), FIELD_NULLABLE },
    { "start_at", FIELD_TIME, offsetof(struct export_body, start_at), FIELD_NULLABLE },
    { "end_at", FIELD_TIME, offsetof(struct export_body, end_at), FIELD_NULLABLE },
    { "timezone", FIELD_STR, offsetof(struct export_body, timezone), FIELD_NULLABLE },
    { "offset_day", FIELD_I64, offsetof(struct export_body, offset_day), FIELD_NULLABLE },
    { "offset_hour", FIELD_I64, offsetof(struct export_body, offset_hour), FIELD_NULLABLE },
    { "step", FIELD_I64, offsetof(struct export_body, step), 0 },
    { 0 },
};

static const char *const models[] = { "events", "persons", "sessions", NULL };
static const char *const intervals[] = { "hour", "day", "week", "every 5 minutes",
                                         "every 15 minutes", NULL };

static bool given(struct req *r, const char *name)
{
    const struct json *v = json_get(r->body, name);
    return v && v->type != JSON_NULL;
}

static int check_choice(const char *attr, str value, const char *const *choices, struct err *e)
{
    for (size_t i = 0; choices[i]; i++)
        if (str_eqz(value, choices[i]))
            return 0;
    return err_set(e, ERR_CHOICE, attr, "\"" STR_FMT "\" is not a valid choice.",
                   STR_ARG(str_utf8_prefix(value, 100)));
}

/* -------------------------------------------------------------------------- when it runs */

static int check_range(const char *attr, int64_t value, int64_t most, struct err *e)
{
    if (value >= 0 && value <= most)
        return 0;
    bool small = value < 0;
    err_set(e, ERR_INVALID, attr, "Ensure this value is %s than or equal to %lld.",
            small ? "greater" : "less", (long long)(small ? 0 : most));
    snprintf(e->code, sizeof(e->code), "%s", small ? "min_value" : "max_value");
    return e->kind;
}

static int check_offsets(struct req *r, const struct export_body *b, struct err *e)
{
    bool week = str_eqz(b->interval, "week"), day = week || str_eqz(b->interval, "day");
    if (given(r, "offset_hour") && !day)
        return err_set(e, ERR_INVALID, "offset_hour",
                       "offset_hour is not applicable for non-daily/weekly intervals");
    if (given(r, "offset_day") && !week)
        return err_set(e, ERR_INVALID, "offset_day",
                       "offset_day is not applicable for non-weekly intervals");
    int rc = check_range("offset_day", b->offset_day, 6, e);
    return rc < 0 ? rc : check_range("offset_hour", b->offset_hour, 23, e);
}

static int check_schedule(struct req *r, const struct export_body *b, struct err *e)
{
    int rc = check_choice("interval", b->interval, intervals, e);
    if (rc == 0 && b->timezone.p && !tz_find(b->timezone))
        rc = err_set(e, ERR_CHOICE, "timezone", "\"" STR_FMT "\" is not a valid choice.",
                     STR_ARG(str_utf8_prefix(b->timezone, 100)));
    return rc < 0 ? rc : check_offsets(r, b, e);
}

/* -------------------------------------------------------------------------- what it reads */

static int check_filters(struct req *r, const struct export_body *b, struct err *e)
{
    const struct json *list = json_get(r->body, "filters");
    static const char *const types[] = { "event", "hogql", "person" };
    if (!given(r, "filters"))
        return 0;
    if (!str_eqz(b->model, "events"))
        return err_set(e, ERR_INVALID, "filters", "'filters' is only supported for 'events' not '"
                       STR_FMT "' model", STR_ARG(b->model));
    if (list->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, "filters", "'filters' should be an array of filters");
    for (const struct json *f = list->head; f; f = f->next) {
        bool known = false;
        if (f->type != JSON_OBJECT)
            return err_set(e, ERR_INVALID, "filters", "Each filter must be an object");
        if (json_get(f, "data_interval_start") || json_get(f, "data_interval_end"))
            return err_set(e, ERR_INVALID, "filters",
                           "'data_interval_start' and 'data_interval_end' are attributes of a run, "
                           "not 'filters'. Trigger a backfill to export another interval");
        for (size_t i = 0; i < ARRAY_LEN(types); i++)
            known = known || str_eqz(json_get_text(f, "type"), types[i]);
        if (!known)
            return err_set(e, ERR_INVALID, "filters", "Each filter must have a 'type' of one of: "
                                                      "'event', 'hogql', 'person'");
    }
    return 0;
}

static int check_model(struct req *r, const struct export_body *b, struct err *e)
{
    static const char *const of_hogql[] = { "hogql_query", "hogql_modifiers", "primary_key",
                                            "version_key" };
    int rc = check_choice("model", b->model, models, e);
    for (size_t i = 0; i < ARRAY_LEN(of_hogql) && rc == 0; i++)
        if (given(r, of_hogql[i]))
            rc = err_set(e, ERR_INVALID, of_hogql[i],
                         "'%s' is only supported for 'hogql' not '" STR_FMT "' model", of_hogql[i],
                         STR_ARG(b->model));
    return rc < 0 ? rc : check_filters(r, b, e);
}

/* -------------------------------------------------------------------------- where it goes */

static int not_there(const char *attr, str id, struct err *e)
{
    return err_set(e, ERR_NO_OBJECT, attr, "Invalid pk \"" STR_FMT "\" - object does not exist.",
                   STR_ARG(str_utf8_prefix(id, 50)));
}

/* Its settings, the secrets among them. */
static int open_integration(struct req *r, const struct integration *in, struct json **out,
                            struct err *e)
{
    str secrets;
    struct json *shown, *hidden;
    int rc = seal_read(r->api->seal, r->arena, in->secrets, &secrets, e);
    if (rc == 0)
        rc = json_parse(r->arena, in->config, &shown, e);
    if (rc == 0)
        rc = json_parse(r->arena, secrets, &hidden, e);
    if (rc == 0)
        *out = json_merge(r->arena, shown, hidden);
    return rc;
}

static int find_integration(struct req *r, const struct export_destination *d,
                            const struct json *id, const char *attr, struct json **out,
                            struct err *e)
{
    struct integration found;
    int64_t number = 0;
    if (id->type != JSON_NUMBER && id->type != JSON_STRING) {
        err_set(e, ERR_INVALID, attr, "Incorrect type. Expected pk value.");
        snprintf(e->code, sizeof(e->code), "incorrect_type");
        return e->kind;
    }
    int rc = str_to_i64(id->text, &number)
                 ? integration_find(r->db, r->arena, r->project.id, number, &found, e)
                 : 0;
    if (rc <= 0)
        return rc < 0 ? rc : not_there(attr, id->text, e);
    if (d->integration && str_eqz(found.kind, d->integration))
        return open_integration(r, &found, out, e);
    if (!d->integration)
        return err_set(e, ERR_INVALID, "destination", "%s batch exports take no integration",
                       d->type);
    if (d->wrong_kind_named)
        return err_set(e, ERR_INVALID, "destination", "%s (got kind='" STR_FMT "')", d->wrong_kind,
                       STR_ARG(found.kind));
    return err_set(e, ERR_INVALID, "destination", "%s", d->wrong_kind);
}

/* *out NULL: none is named. */
static int link_integration(struct req *r, const struct export_destination *d,
                            const struct json *envelope, struct json **out, struct err *e)
{
    static const char *const names[] = { "integration", "integration_id" };
    *out = NULL;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char attr[64];
        const struct json *id = json_get(envelope, names[i]);
        if (!id || id->type == JSON_NULL)
            continue;
        snprintf(attr, sizeof(attr), "destination__%s", names[i]);
        return find_integration(r, d, id, attr, out, e);
    }
    return 0;
}

static int read_destination(struct req *r, struct export_body *b, struct err *e)
{
    const struct json *d = json_get(r->body, "destination");
    if (!d)
        return err_set(e, ERR_REQUIRED, "destination", NULL);
    if (d->type == JSON_NULL)
        return err_set(e, ERR_NULL_VALUE, "destination", NULL);
    if (d->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "destination__non_field_errors",
                       "Invalid data. Expected a dictionary.");
    const struct json *type = json_get(d, "type"), *config = json_get(d, "config");
    if (!type)
        return err_set(e, ERR_REQUIRED, "destination__type", NULL);
    b->destination = type->type == JSON_STRING ? export_destination_find(type->text) : NULL;
    if (!b->destination)
        return err_set(e, ERR_CHOICE, "destination__type", "\"" STR_FMT "\" is not a valid choice.",
                       STR_ARG(str_utf8_prefix(type->text, 100)));
    if (!config)
        return err_set(e, ERR_REQUIRED, "destination__config", NULL);
    if (config->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "destination__config", "Expected a dictionary of items.");
    struct json *linked;
    int rc = link_integration(r, b->destination, d, &linked, e);
    return rc < 0 ? rc : export_config(r->arena, b->destination, config, linked, &b->config, e);
}

static int read_body(struct req *r, struct export_body *b, struct err *e)
{
    *b = (struct export_body){ .model = STR("events") };
    int rc = fields_read(r->arena, r->body, "", fields, b, e);
    if (rc == 0)
        rc = check_model(r, b, e);
    if (rc == 0)
        rc = read_destination(r, b, e);
    return rc < 0 ? rc : check_schedule(r, b, e);
}

/* -------------------------------------------------------------------------- trying it */

static void write_step(struct json_writer *w, const struct export_step *s)
{
    json_open(w, '{');
    json_key(w, "name");
    json_z(w, s->name);
    json_key(w, "description");
    json_z(w, s->description);
    json_key(w, "result");
}

/* The steps of a kind, none of them run. Answers without a body are what clients expect. */
static int export_steps(struct req *r, struct err *e)
{
    str type = http_query_of(r->http, "destination");
    const struct export_destination *d = export_destination_find(type);
    (void)e;
    if (!d || !d->steps_n) {
        r->http->status = type.n ? 404 : 400;
        return 0;
    }
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "steps");
    json_open(&w, '[');
    for (size_t i = 0; i < d->steps_n; i++) {
        write_step(&w, &d->steps[i]);
        json_null(&w);
        json_close(&w, '}');
    }
    json_close(&w, ']');
    json_close(&w, '}');
    return 0;
}

/* Runs one step, and answers 200 whether it passed or failed. */
static int export_run_step(struct req *r, struct err *e)
{
    struct export_body b;
    enum export_outcome outcome;
    str message = STR_NULL;
    int rc = read_body(r, &b, e);
    if (rc < 0)
        return rc;
    if (!b.destination->steps_n)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    if (b.step < 0 || (size_t)b.step >= b.destination->steps_n)
        return check_range("step", b.step, (int64_t)b.destination->steps_n - 1, e);
    const struct export_step *step = &b.destination->steps[b.step];
    req_give_db(r); /* the other side may take its time */
    rc = exporter_try(r->api->exporter, r->arena, step, b.config, &outcome, &message, e);
    req_take_db(r);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    write_step(&w, step);
    json_open(&w, '{');
    json_key(&w, "status");
    json_z(&w, export_outcome_name(outcome));
    json_key(&w, "message");
    json_str(&w, message);
    json_close(&w, '}');
    json_close(&w, '}');
    return 0;
}

#define AT(rest) "/api/projects/:project/batch_exports/" rest

const struct route batch_export_routes[] = {
    { "GET", AT("test/"), export_steps, ACCESS_SCOPE, "batch_export:read", 0 },
    { "POST", AT("run_test_step_new/"), export_run_step, ACCESS_SCOPE, "batch_export:write", 0 },
    { 0 },
};
