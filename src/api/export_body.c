/* export_body.c - see export_body.h. */
#include "api/export_body.h"

#include <stdio.h>

#include "api/field.h"
#include "base/limits.h"
#include "base/tz.h"
#include "base/uuid.h"
#include "export/integration.h"
#include "export/run.h"
#include "export/stored.h"
#include "model/integration.h"
#include "query/export.h"
#include "store/seal.h"

#define DAY_SECONDS 86400
#define HOUR_SECONDS 3600

struct parts { /* of the body, where they are not what is stored */
    struct batch_export *row;
    int64_t offset_day, offset_hour, step;
};

static const struct field row_fields[] = {
    { "name", FIELD_STR, offsetof(struct batch_export, name), FIELD_REQUIRED | FIELD_FILLED },
    { "model", FIELD_STR, offsetof(struct batch_export, model), 0 },
    { "interval", FIELD_STR, offsetof(struct batch_export, interval), FIELD_REQUIRED },
    { "paused", FIELD_BOOL, offsetof(struct batch_export, paused), 0 },
    { "last_paused_at", FIELD_TIME, offsetof(struct batch_export, last_paused_at), FIELD_NULLABLE },
    { "start_at", FIELD_TIME, offsetof(struct batch_export, start_at), FIELD_NULLABLE },
    { "end_at", FIELD_TIME, offsetof(struct batch_export, end_at), FIELD_NULLABLE },
    { "timezone", FIELD_STR, offsetof(struct batch_export, timezone), FIELD_NULLABLE },
    { 0 },
};
static const struct field part_fields[] = {
    { "offset_day", FIELD_I64, offsetof(struct parts, offset_day), FIELD_NULLABLE },
    { "offset_hour", FIELD_I64, offsetof(struct parts, offset_hour), FIELD_NULLABLE },
    { "step", FIELD_I64, offsetof(struct parts, step), 0 },
    { 0 },
};

static const char *const models[] = { "events", "persons", "sessions", "hogql", NULL };
static const char *const modes[] = { "APPEND", "MERGE", NULL };
static const char *const intervals[] = { "hour", "day", "week", "every 5 minutes",
                                         "every 15 minutes", NULL };

static bool given(const struct json *body, const char *name)
{
    const struct json *v = json_get(body, name);
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

static bool is_week(str interval)
{
    return str_eqz(interval, "week");
}

static bool has_hours(str interval)
{
    return is_week(interval) || str_eqz(interval, "day");
}

static int read_offsets(const struct json *body, struct parts *p, struct err *e)
{
    bool week = is_week(p->row->interval), hour = given(body, "offset_hour"),
         day = given(body, "offset_day");
    if (hour && !has_hours(p->row->interval))
        return err_set(e, ERR_INVALID, "offset_hour",
                       "offset_hour is not applicable for non-daily/weekly intervals");
    if (day && !week)
        return err_set(e, ERR_INVALID, "offset_day",
                       "offset_day is not applicable for non-weekly intervals");
    int rc = check_range("offset_day", p->offset_day, 6, e);
    if (rc == 0)
        rc = check_range("offset_hour", p->offset_hour, 23, e);
    if (rc == 0)
        p->row->offset = hour || day ? p->offset_day * DAY_SECONDS + p->offset_hour * HOUR_SECONDS
                                     : INT64_MIN;
    return rc;
}

static int read_schedule(const struct json *body, struct parts *p, struct err *e)
{
    struct batch_export *row = p->row;
    int rc = check_choice("interval", row->interval, intervals, e);
    if (!row->timezone.p)
        row->timezone = STR("UTC");
    if (rc == 0 && !tz_find(row->timezone))
        rc = err_set(e, ERR_CHOICE, "timezone", "\"" STR_FMT "\" is not a valid choice.",
                     STR_ARG(str_utf8_prefix(row->timezone, 100)));
    return rc < 0 ? rc : read_offsets(body, p, e);
}

/* -------------------------------------------------------------------------- what it reads */

static int check_filters(const struct json *body, str model, struct err *e)
{
    const struct json *list = json_get(body, "filters");
    static const char *const types[] = { "event", "hogql", "person" };
    if (!given(body, "filters"))
        return 0;
    if (!str_eqz(model, "events"))
        return err_set(e, ERR_INVALID, "filters", "'filters' is only supported for 'events' not '"
                       STR_FMT "' model", STR_ARG(model));
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

/* The member's JSON; STR_NULL: null, or it is not there. */
static str json_of(struct req *r, const struct json *body, const char *name)
{
    return given(body, name) ? json_text_of(r->arena, json_get(body, name)) : STR_NULL;
}

static int read_mode(const struct json *body, struct batch_export *row, struct err *e)
{
    const struct json *mode = json_get(body, "incremental_mode");
    row->incremental_mode = STR("APPEND");
    if (!mode)
        return 0;
    if (mode->type == JSON_NULL)
        return err_set(e, ERR_NULL_VALUE, "incremental_mode", NULL);
    row->incremental_mode = mode->text;
    return check_choice("incremental_mode", mode->text, modes, e);
}

/* -------------------------------------------------------------------------- model hogql */

static int fail_coded(const char *code, const char *attr, struct err *e, const char *text)
{
    err_set(e, ERR_INVALID, attr, "%s", text);
    snprintf(e->code, sizeof(e->code), "%s", code);
    return e->kind;
}

/* An object without its nulls, STR_NULL: none. */
static int read_modifiers(struct req *r, const struct json *body, const struct json **out,
                          str *stored, struct err *e)
{
    const struct json *given_ones = json_get(body, "hogql_modifiers");
    *out = NULL;
    *stored = STR_NULL;
    if (!given(body, "hogql_modifiers"))
        return 0;
    if (given_ones->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "hogql_modifiers", "Invalid data. Expected a dictionary.");
    struct json *kept = json_new(r->arena, JSON_OBJECT);
    for (const struct json *m = given_ones->head; m; m = m->next)
        if (m->type != JSON_NULL)
            json_set(kept, m->key, json_share(r->arena, m));
    *out = kept;
    *stored = json_text_of(r->arena, kept);
    return 0;
}

struct names {
    const struct hogql_column *columns;
    size_t n;
};

static bool has_name(const struct names *all, str name)
{
    for (size_t i = 0; i < all->n; i++)
        if (str_eq(all->columns[i].name, name))
            return true;
    return false;
}

/* A list of names of columns of the query. */
static int read_key(struct req *r, const struct json *body, const char *attr,
                    const struct names *all, str *out, struct err *e)
{
    const struct json *list = json_get(body, attr);
    struct buf missing = BUF_INIT(300);
    *out = STR_NULL;
    if (!given(body, attr))
        return 0;
    if (list->type != JSON_ARRAY)
        return fail_coded("not_a_list", attr, e, "Expected a list of items.");
    if (!list->head)
        return fail_coded("empty", attr, e, "This list may not be empty.");
    for (const struct json *m = list->head; m; m = m->next) {
        if (m->type != JSON_STRING)
            return err_set(e, ERR_INVALID, attr, "Not a valid string.");
        if (!str_trim(m->text).n)
            return fail_coded("blank", attr, e, "This field may not be blank.");
    }
    for (const struct json *m = list->head; m; m = m->next)
        if (!has_name(all, m->text))
            buf_printf(&missing, "%s" STR_FMT, missing.n ? ", " : "",
                       STR_ARG(str_utf8_prefix(m->text, 100)));
    int rc = missing.n ? err_set(e, ERR_INVALID, attr, "'%s' contains columns that are not present "
                                 "in the query: " STR_FMT, attr, STR_ARG(buf_view(&missing)))
                       : 0;
    buf_release(&missing);
    *out = json_text_of(r->arena, list);
    return rc;
}

static int check_query(struct req *r, str query, const struct json *modifiers, struct names *out,
                       struct err *e)
{
    struct query_scope scope = req_query_scope(r);
    struct hogql_column *columns = NULL;
    req_give_db(r); /* what a query needs of the store it takes itself */
    int rc = query_export_check(&scope, query, modifiers, &columns, &out->n, e);
    req_take_db(r);
    out->columns = columns;
    return rc;
}

static int read_query(struct req *r, const struct json *body, struct batch_export *row,
                      struct err *e)
{
    const struct json *query = json_get(body, "hogql_query"), *modifiers;
    struct names names = { 0 };
    if (!given(body, "hogql_query") || (query->type == JSON_STRING && !str_trim(query->text).n))
        return err_set(e, ERR_INVALID, "hogql_query",
                       "'hogql_query' is required when 'model' is 'hogql'");
    if (query->type != JSON_STRING)
        return err_set(e, ERR_INVALID, "hogql_query", "Not a valid string.");
    row->hogql_query = query->text;
    int rc = read_modifiers(r, body, &modifiers, &row->hogql_modifiers, e);
    if (rc == 0)
        rc = check_query(r, query->text, modifiers, &names, e);
    if (rc == 0)
        rc = read_key(r, body, "primary_key", &names, &row->primary_key, e);
    if (rc == 0)
        rc = read_key(r, body, "version_key", &names, &row->version_key, e);
    if (rc == 0 && str_eqz(row->incremental_mode, "MERGE") && !row->primary_key.p)
        rc = err_set(e, ERR_INVALID, "primary_key",
                     "'primary_key' is required when 'incremental_mode' is 'MERGE'");
    return rc;
}

/* Parquet is divided by the ids of events, which rows of a query have not. */
static int check_division(const struct export_body *b, struct err *e)
{
    const struct json *size = json_get(b->config, "max_file_size_mb");
    if (!str_eqz(b->row.model, "hogql") || !json_is(size, JSON_NUMBER) || size->i64 <= 0 ||
        !str_eqz(json_get_text(b->config, "file_format"), "Parquet"))
        return 0;
    return err_set(e, ERR_INVALID, "destination", "Parquet files of model 'hogql' cannot be split by "
                                                  "'max_file_size_mb'. Leave it out, or choose "
                                                  "JSONLines");
}

/* -------------------------------------------------------------------------- the model */

static int read_model(struct req *r, const struct json *body, struct batch_export *row,
                      struct err *e)
{
    static const char *const of_hogql[] = { "hogql_query", "hogql_modifiers", "primary_key",
                                            "version_key" };
    int rc = check_choice("model", row->model, models, e);
    bool hogql = str_eqz(row->model, "hogql");
    for (size_t i = 0; i < ARRAY_LEN(of_hogql) && rc == 0 && !hogql; i++)
        if (given(body, of_hogql[i]))
            rc = err_set(e, ERR_INVALID, of_hogql[i],
                         "'%s' is only supported for 'hogql' not '" STR_FMT "' model", of_hogql[i],
                         STR_ARG(row->model));
    if (rc == 0)
        rc = read_mode(body, row, e);
    if (rc == 0 && hogql)
        rc = read_query(r, body, row, e);
    row->filters = json_of(r, body, "filters");
    return rc < 0 ? rc : check_filters(body, row->model, e);
}

/* -------------------------------------------------------------------------- where it goes */

static int not_there(const char *attr, str id, struct err *e)
{
    return err_set(e, ERR_NO_OBJECT, attr, "Invalid pk \"" STR_FMT "\" - object does not exist.",
                   STR_ARG(str_utf8_prefix(id, 50)));
}

static int find_integration(struct req *r, const struct export_destination *d,
                            const struct json *id, const char *attr, int64_t *out_id,
                            struct json **out, struct err *e)
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
    *out_id = number;
    if (d->integration && str_eqz(found.kind, d->integration))
        return export_integration_open(r->arena, r->api->seal, &found, out, e);
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
                            const struct json *envelope, int64_t *id, struct json **out,
                            struct err *e)
{
    static const char *const names[] = { "integration", "integration_id" };
    *out = NULL;
    *id = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char attr[64];
        const struct json *named = json_get(envelope, names[i]);
        if (!named || named->type == JSON_NULL)
            continue;
        snprintf(attr, sizeof(attr), "destination__%s", names[i]);
        return find_integration(r, d, named, attr, id, out, e);
    }
    return 0;
}

/* over's members put over base's, those of objects one by one. */
static struct json *merged(struct arena *a, const struct json *base, const struct json *over)
{
    struct json *out = json_merge(a, base, over);
    for (const struct json *m = over->head; m; m = m->next) {
        const struct json *old = json_get_str(base, m->key);
        if (json_is(old, JSON_OBJECT) && m->type == JSON_OBJECT)
            json_set(out, m->key, merged(a, old, m));
    }
    return out;
}

/* Where a destination is, of kinds that are sent a password as it is. */
static bool is_address(const char *name)
{
    return strcmp(name, "host") == 0 || strcmp(name, "url") == 0 || strcmp(name, "port") == 0;
}

static bool differs(struct req *r, const struct json *config, const struct json *known,
                    const struct export_field *f)
{
    const struct json *sent = json_get(config, f->name), *old = json_get(known, f->name);
    str before = old ? json_text_of(r->arena, old) : str_of(f->fallback);
    return sent && !str_eq(json_text_of(r->arena, sent), before);
}

/* A stored password never goes to another address: who may change an export need not know it. */
static int check_address(struct req *r, const struct export_destination *d, const struct json *config,
                         const struct json *known, struct err *e)
{
    const char *moved = NULL;
    for (const struct export_field *f = d->fields; f->name; f++)
        if (is_address(f->name) && differs(r, config, known, f))
            moved = f->name;
    if (moved && json_get_text(known, "password").n && !json_get(config, "password"))
        return err_set(e, ERR_INVALID, "destination",
                       "The password must be given again when '%s' changes", moved);
    return 0;
}

/* The stored settings that the kind still has, with what was sent over them. */
static int over_stored(struct req *r, const struct batch_export *stored,
                       const struct export_destination *d, const struct json *config,
                       const struct json **out, struct err *e)
{
    struct json *known;
    int rc = export_stored_config(r->arena, r->api->seal, d, stored, &known, e);
    if (rc == 0)
        rc = check_address(r, d, config, known, e);
    if (rc == 0)
        *out = merged(r->arena, known, config);
    return rc;
}

static int read_type(const struct json *envelope, const struct batch_export *stored,
                     const struct export_destination **out, struct err *e)
{
    const struct json *type = json_get(envelope, "type");
    if (!type)
        return err_set(e, ERR_REQUIRED, "destination__type", NULL);
    *out = type->type == JSON_STRING ? export_destination_find(type->text) : NULL;
    if (!*out)
        return err_set(e, ERR_CHOICE, "destination__type", "\"" STR_FMT "\" is not a valid choice.",
                       STR_ARG(str_utf8_prefix(type->text, 100)));
    if (stored && !str_eq(type->text, stored->destination))
        return err_set(e, ERR_INVALID, "destination",
                       "Cannot change destination type from '" STR_FMT "' to '" STR_FMT "'. Delete "
                       "this batch export and create a new one instead.",
                       STR_ARG(stored->destination), STR_ARG(type->text));
    return 0;
}

/* What is stored: the settings that were given, secrets apart. */
static void keep_config(struct req *r, struct export_body *b, const struct json *config,
                        const struct json *full)
{
    struct json *shown = json_new(r->arena, JSON_OBJECT), *hidden = json_new(r->arena, JSON_OBJECT);
    for (const struct export_field *f = b->destination->fields; f->name; f++) {
        bool always = strcmp(f->name, "legacy_parquet_extension") == 0;
        if (always || json_get(config, f->name))
            json_set(f->secret ? hidden : shown, str_of(f->name),
                     json_share(r->arena, json_get(full, f->name)));
    }
    b->row.config = json_text_of(r->arena, shown);
    b->row.secrets = seal_text(r->api->seal, r->arena, json_text_of(r->arena, hidden));
}

static int read_destination(struct req *r, const struct batch_export *stored,
                            struct export_body *b, struct err *e)
{
    const struct json *d = json_get(r->body, "destination");
    if (!d && stored)
        return 0;
    if (!d)
        return err_set(e, ERR_REQUIRED, "destination", NULL);
    if (d->type == JSON_NULL)
        return err_set(e, ERR_NULL_VALUE, "destination", NULL);
    if (d->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "destination__non_field_errors",
                       "Invalid data. Expected a dictionary.");
    int rc = read_type(d, stored, &b->destination, e);
    if (rc < 0)
        return rc;
    const struct json *config = json_get(d, "config");
    if (!config)
        return err_set(e, ERR_REQUIRED, "destination__config", NULL);
    if (config->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "destination__config", "Expected a dictionary of items.");
    if (stored && stored->integration_id && !json_get(d, "integration") &&
        !json_get(d, "integration_id")) {
        struct json *linked = json_merge(r->arena, d, NULL);
        json_set(linked, STR("integration"), json_new_i64(r->arena, stored->integration_id));
        d = linked;
    }
    struct json *linked, *full;
    rc = link_integration(r, b->destination, d, &b->row.integration_id, &linked, e);
    if (rc == 0 && stored)
        rc = over_stored(r, stored, b->destination, config, &config, e);
    if (rc == 0)
        rc = export_config(r->arena, b->destination, config, linked, &full, &b->config, e);
    if (rc == 0)
        keep_config(r, b, config, full);
    return rc;
}

/* -------------------------------------------------------------------------- the whole */

static void keep(struct arena *a, struct json *into, const char *name, str json)
{
    struct json *v;
    struct err ignored = ERR_INIT; /* what is stored was written by us */
    if (json.p && json_parse(a, json, &v, &ignored) == 0)
        json_set(into, str_of(name), v);
}

/* The stored export as a body that would make it; its destination is apart. */
static struct json *body_of(struct arena *a, const struct batch_export *s)
{
    struct json *out = json_new(a, JSON_OBJECT);
    json_set(out, STR("name"), json_new_str(a, s->name));
    json_set(out, STR("model"), json_new_str(a, s->model));
    json_set(out, STR("interval"), json_new_str(a, s->interval));
    json_set(out, STR("incremental_mode"), json_new_str(a, s->incremental_mode));
    json_set(out, STR("timezone"), json_new_str(a, s->timezone));
    keep(a, out, "filters", s->filters);
    keep(a, out, "hogql_modifiers", s->hogql_modifiers);
    keep(a, out, "primary_key", s->primary_key);
    keep(a, out, "version_key", s->version_key);
    if (s->hogql_query.p)
        json_set(out, STR("hogql_query"), json_new_str(a, s->hogql_query));
    return out;
}

/* Offsets that a change of other things leaves as they are. */
static void keep_offsets(struct arena *a, const struct batch_export *s, struct json *body)
{
    str interval = json_get_text(body, "interval");
    if (s->offset == INT64_MIN)
        return;
    if (has_hours(interval) && !json_get(body, "offset_hour"))
        json_set(body, STR("offset_hour"),
                 json_new_i64(a, s->offset % DAY_SECONDS / HOUR_SECONDS));
    if (is_week(interval) && is_week(s->interval) && !json_get(body, "offset_day"))
        json_set(body, STR("offset_day"), json_new_i64(a, s->offset / DAY_SECONDS));
}

static int merge_stored(struct req *r, const struct batch_export *stored, bool partial,
                        const struct json **out, struct err *e)
{
    static const char *const needed[] = { "name", "destination", "interval" };
    for (size_t i = 0; i < ARRAY_LEN(needed) && !partial; i++)
        if (!json_get(r->body, needed[i]))
            return err_set(e, ERR_REQUIRED, needed[i], NULL);
    if (json_get(r->body, "model") && !str_eq(json_get_text(r->body, "model"), stored->model))
        return err_set(e, ERR_INVALID, "model", "Changing models is not supported. Create a new "
                                                "batch export instead.");
    struct json *body = json_merge(r->arena, body_of(r->arena, stored), r->body);
    if (partial)
        keep_offsets(r->arena, stored, body);
    *out = body;
    return 0;
}

int export_body_read(struct req *r, const struct batch_export *stored, bool partial,
                     struct export_body *out, struct err *e)
{
    const struct json *body = r->body;
    if (!json_is(body, JSON_OBJECT))
        return err_set(e, ERR_INVALID, NULL, "Invalid data. Expected a dictionary.");
    *out = (struct export_body){ .row = { .model = STR("events"), .start_at = INT64_MIN,
                                          .end_at = INT64_MIN, .last_paused_at = INT64_MIN } };
    if (stored)
        out->row = *stored;
    struct parts p = { .row = &out->row };
    int rc = stored ? merge_stored(r, stored, partial, &body, e) : 0;
    if (rc == 0)
        rc = fields_read(r->arena, body, "", row_fields, &out->row, e);
    if (rc == 0)
        rc = fields_read(r->arena, body, "", part_fields, &p, e);
    if (rc == 0)
        rc = read_model(r, body, &out->row, e);
    if (rc == 0)
        rc = read_destination(r, stored, out, e);
    if (rc == 0 && out->destination && !out->destination->run->columns(out->row.model))
        rc = err_set(e, ERR_INVALID, "model", "Model '" STR_FMT "' cannot be exported to %s",
                     STR_ARG(out->row.model), out->destination->type);
    if (rc == 0 && out->destination)
        rc = check_division(out, e);
    if (rc == 0)
        rc = read_schedule(body, &p, e);
    out->step = p.step;
    return rc;
}

int export_load(struct req *r, struct batch_export *out, struct err *e)
{
    struct uuid id;
    char text[UUID_TEXT];
    if (!uuid_parse(r->id, &id))
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    uuid_text(id, text);
    int rc = batch_export_find(r->db, r->arena, r->project.id, arena_str(r->arena, str_of(text)),
                               out, e);
    return rc == 0 ? err_set(e, ERR_NOT_FOUND, NULL, NULL) : rc < 0 ? rc : 0;
}
