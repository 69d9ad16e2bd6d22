/* property_definition.c - the properties that a project's events, persons and groups have. */
#include "api/definition.h"
#include "api/field.h"
#include "json/parse.h"
#include "model/taxonomy.h"

static int write_property(struct req *r, struct json_writer *w,
                          const struct property_definition *d, struct err *e)
{
    json_open(w, '{');
    json_key(w, "id");
    json_str(w, d->id);
    json_key(w, "name");
    json_str(w, d->name);
    json_key(w, "is_numerical");
    json_bool(w, d->numerical);
    json_key(w, "property_type");
    json_str(w, d->type);
    json_key(w, "is_seen_on_filtered_events");
    if (d->seen < 0)
        json_null(w);
    else
        json_bool(w, d->seen);
    int rc = definition_write_note(r, w, &d->note, e);
    json_close(w, '}');
    return rc;
}

/* -------------------------------------------------------------------------- the list */

static int read_type(struct req *r, struct property_filter *f, struct err *e)
{
    static const char *const names[] = { "event", "person", "group" };
    str type = http_query_of(r->http, "type");
    str index = http_query_of(r->http, "group_type_index");
    int64_t idx = -1;
    f->owner = type.n ? 0 : OWNER_EVENT;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eqz(type, names[i]))
            f->owner = (enum property_owner)(OWNER_EVENT + i);
    if (!f->owner)
        return err_set(e, ERR_CHOICE, "type", "\"" STR_FMT "\" is not a valid choice.",
                       STR_ARG(type));
    if (index.n && (!str_to_i64(index, &idx) || idx < 0))
        return err_set(e, ERR_INVALID, "group_type_index", "A valid integer is required.");
    if (f->owner == OWNER_GROUP && !index.n)
        return err_set(e, ERR_INVALID, NULL, "`group_type_index` must be set for `group` type");
    if (f->owner != OWNER_GROUP && index.n)
        return err_set(e, ERR_INVALID, NULL,
                       "`group_type_index` can be set only for `group` type");
    f->group_idx = idx < 127 ? (int)idx : 127;
    return 0;
}

/* excluded_properties, and the core ones when asked. */
static int read_without(struct req *r, str *out, struct err *e)
{
    int core;
    str names;
    int rc = param_list(r, "excluded_properties", out, e);
    if (rc == 0)
        rc = param_flag(r, "exclude_core_properties", &core, e);
    if (rc < 0 || core <= 0)
        return rc;
    names = taxonomy_names(r->arena, TAXONOMY_PROPERTY);
    if (out->p && out->n > 2) /* one list of both: '[…' and '…]' meet at a comma */
        names = arena_printf(r->arena, STR_FMT "," STR_FMT,
                             STR_ARG(str_slice(str_trim(*out), 0, str_trim(*out).n - 1)),
                             STR_ARG(str_slice(names, 1, names.n)));
    *out = names;
    return 0;
}

static int read_filter(struct req *r, struct property_filter *f, struct err *e)
{
    int seen_only, hidden;
    *f = (struct property_filter){ .team_id = r->project.id, .group_idx = -1,
                                   .only = param_parts(r, "properties"),
                                   .words = param_words(r, "search") };
    f->labels = taxonomy_search(r->arena, TAXONOMY_PROPERTY, f->words);
    int rc = read_type(r, f, e);
    if (rc == 0)
        rc = param_list(r, "event_names", &f->events, e);
    if (rc == 0 && f->events.p && f->owner != OWNER_EVENT)
        return err_set(e, ERR_INVALID, NULL, "`event_names` can be set only for `event` type");
    if (rc == 0)
        rc = read_without(r, &f->without, e);
    if (rc == 0)
        rc = param_flag(r, "filter_by_event_names", &seen_only, e);
    f->seen_only = rc == 0 && seen_only > 0 && f->events.p;
    if (rc == 0)
        rc = param_flag(r, "is_numerical", &f->numerical, e);
    if (rc == 0)
        rc = param_flag(r, "is_feature_flag", &f->feature_flag, e);
    if (rc == 0)
        rc = param_flag(r, "exclude_hidden", &hidden, e);
    f->exclude_hidden = rc == 0 && hidden > 0;
    return rc < 0 ? rc : param_flag(r, "verified", &f->verified, e);
}

/* Sessions are made of events: what they have is the same for every project. */
static const struct {
    const char *name, *type;
} session_properties[] = {
    { "$autocapture_count", "Numeric" },      { "$channel_type", "String" },
    { "$end_current_url", "String" },         { "$end_hostname", "String" },
    { "$end_pathname", "String" },            { "$end_timestamp", "DateTime" },
    { "$entry_current_url", "String" },       { "$entry_gclid", "String" },
    { "$entry_hostname", "String" },          { "$entry_pathname", "String" },
    { "$entry_referring_domain", "String" },  { "$entry_utm_campaign", "String" },
    { "$entry_utm_content", "String" },       { "$entry_utm_medium", "String" },
    { "$entry_utm_source", "String" },        { "$entry_utm_term", "String" },
    { "$is_bounce", "Boolean" },              { "$last_external_click_url", "String" },
    { "$pageview_count", "Numeric" },         { "$screen_count", "Numeric" },
    { "$session_duration", "Numeric" },       { "$start_timestamp", "DateTime" },
};

static bool has_words(const char *name, const struct json *words)
{
    for (const struct json *m = words ? words->head : NULL; m; m = m->next)
        if (str_find(str_of(name), m->text) < 0)
            return false;
    return true;
}

static int session_property_list(struct req *r, struct err *e)
{
    struct page page = page_of(r);
    struct property_definition found[ARRAY_LEN(session_properties)];
    struct json *words = NULL;
    str search = param_words(r, "search");
    int64_t n = 0;
    int rc = search.p ? json_parse(r->arena, search, &words, e) : 0;
    for (size_t i = 0; i < ARRAY_LEN(session_properties); i++) {
        str name = str_of(session_properties[i].name), type = str_of(session_properties[i].type);
        if (has_words(name.p, words))
            found[n++] = (struct property_definition){
                .id = name, .name = name, .type = type, .numerical = str_eqz(type, "Numeric"),
                .seen = -1, .note = { STR(""), STR("[]"), .updated_at = INT64_MIN,
                                      .verified_at = INT64_MIN },
            };
    }
    if (rc < 0)
        return rc;
    struct json_writer w = page_open(r, page, n);
    for (int64_t i = page.offset; rc == 0 && i < n && i - page.offset < page.limit; i++)
        rc = write_property(r, &w, &found[i], e);
    page_close(&w);
    return rc;
}

static int property_definition_list(struct req *r, struct err *e)
{
    if (str_eqz(http_query_of(r->http, "type"), "session"))
        return session_property_list(r, e);
    struct page page = page_of(r);
    struct property_filter f;
    struct stmt *st;
    int64_t count;
    int rc = read_filter(r, &f, e);
    if (rc == 0)
        rc = property_definition_count(r->db, r->arena, &f, &count, e);
    if (rc == 0)
        rc = property_definition_page(r->db, r->arena, &f, page.limit, page.offset, &st, e);
    if (rc < 0)
        return rc;
    struct json_writer w = page_open(r, page, count);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        struct property_definition d;
        property_definition_read(st, r->arena, &d);
        rc = write_property(r, &w, &d, e);
    }
    page_close(&w);
    return rc;
}

/* For each of the events, whether it came with the property. */
static int property_seen_together(struct req *r, struct err *e)
{
    struct json *events;
    str list, property = http_query_of(r->http, "property_name");
    int rc = param_list(r, "event_names", &list, e);
    if (rc < 0)
        return rc;
    if (!list.p || !property.n)
        return err_set(e, ERR_REQUIRED, list.p ? "property_name" : "event_names", NULL);
    rc = json_parse(r->arena, list, &events, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    for (const struct json *m = events->head; m; m = m->next) {
        int seen = event_property_find(r->db, r->arena, r->project.id, m->text, property, e);
        if (seen < 0)
            return seen;
        json_key_str(&w, m->text);
        json_bool(&w, seen);
    }
    json_close(&w, '}');
    return 0;
}

/* -------------------------------------------------------------------------- one */

static int load(struct req *r, struct property_definition *d, struct err *e)
{
    str id;
    int rc = definition_id(r, &id, e);
    if (rc == 0)
        rc = property_definition_find(r->db, r->arena, r->project.id, id, d, e);
    return rc ? rc : err_set(e, ERR_NOT_FOUND, NULL, NULL);
}

static int property_definition_fetch(struct req *r, struct err *e)
{
    struct property_definition d;
    int rc = load(r, &d, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    return write_property(r, &w, &d, e);
}

static const struct field fields[] = {
    { "property_type", FIELD_STR, offsetof(struct property_definition, type),
      .flags = FIELD_NULLABLE },
    { "is_numerical", FIELD_BOOL, offsetof(struct property_definition, numerical) },
    { 0 },
};

static int read_property(struct req *r, struct property_definition *d, struct err *e)
{
    static const char *const types[] = { "String", "Numeric", "Boolean", "DateTime", "Duration" };
    str was = d->type;
    int rc = definition_read_note(r, &d->note, e);
    if (rc == 0)
        rc = fields_read(r->arena, r->body, "", fields, d, e);
    if (rc < 0)
        return rc;
    bool known = !d->type.p;
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        known = known || str_eqz(d->type, types[i]);
    if (!known)
        return err_set(e, ERR_CHOICE, "property_type", "\"" STR_FMT "\" is not a valid choice.",
                       STR_ARG(d->type));
    if (!str_eq(was, d->type) && !json_get(r->body, "is_numerical"))
        d->numerical = str_eqz(d->type, "Numeric");
    return 0;
}

static int property_definition_change(struct req *r, struct err *e)
{
    struct property_definition d;
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = load(r, &d, e);
    if (rc > 0)
        rc = read_property(r, &d, e);
    if (rc == 0)
        rc = property_definition_update(r->db, &d, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    return write_property(r, &w, &d, e);
}

static int property_definition_remove(struct req *r, struct err *e)
{
    struct property_definition d;
    int rc = load(r, &d, e);
    r->http->status = 204;
    return rc < 0 ? rc : property_definition_delete(r->db, d.id, e);
}

#define AT "/api/projects/:project/property_definitions/"

const struct route property_definition_routes[] = {
    { "GET", AT, property_definition_list, ACCESS_SCOPE, "property_definition:read", 0 },
    { "GET", AT "seen_together/", property_seen_together, ACCESS_SCOPE,
      "property_definition:read", 0 },
    { "GET", AT ":id/", property_definition_fetch, ACCESS_SCOPE, "property_definition:read", 0 },
    { "PATCH", AT ":id/", property_definition_change, ACCESS_SCOPE, "property_definition:write",
      0 },
    { "PUT", AT ":id/", property_definition_change, ACCESS_SCOPE, "property_definition:write",
      0 },
    { "DELETE", AT ":id/", property_definition_remove, ACCESS_SCOPE, "property_definition:write",
      0 },
    { 0 },
};
