/* project.c - projects, which are also their one environment, and their settings. */
#include "api/setting.h"
#include "assistant/assistant.h"
#include "base/tz.h"
#include "ingest/person_change.h"
#include "model/dashboard.h"
#include "model/definition.h"
#include "model/person.h"

static const struct setting settings[] = {
    { "app_urls", SETTING_TEXTS, "[]" },
    { "recording_domains", SETTING_TEXTS, NULL },
    { "slack_incoming_webhook", SETTING_TEXT, NULL, .max = 500 },
    { "anonymize_ips", SETTING_BOOL, "false" },
    { "completed_snippet_onboarding", SETTING_BOOL, "false" },
    { "has_completed_onboarding_for", SETTING_OBJECT, NULL },
    { "test_account_filters", SETTING_LIST, "[]" },
    { "test_account_filters_default_checked", SETTING_BOOL, NULL },
    { "path_cleaning_filters", SETTING_LIST, NULL },
    { "data_attributes", SETTING_TEXTS, "[\"data-attr\"]" },
    { "person_display_name_properties", SETTING_TEXTS, NULL },
    { "correlation_config", SETTING_OBJECT, NULL },
    { "autocapture_opt_out", SETTING_BOOL, NULL },
    { "autocapture_exceptions_opt_in", SETTING_BOOL, NULL },
    { "autocapture_exceptions_errors_to_ignore", SETTING_LIST, NULL },
    { "autocapture_web_vitals_opt_in", SETTING_BOOL, NULL },
    { "autocapture_web_vitals_allowed_metrics", SETTING_TEXTS, NULL },
    { "capture_console_log_opt_in", SETTING_BOOL, NULL },
    { "capture_performance_opt_in", SETTING_BOOL, NULL },
    { "capture_dead_clicks", SETTING_BOOL, NULL },
    { "session_recording_opt_in", SETTING_BOOL, "false" },
    { "session_recording_sample_rate", SETTING_DECIMAL, NULL, .min = 0, .max = 1 },
    { "session_recording_minimum_duration_milliseconds", SETTING_INTEGER, NULL, .max = 30000 },
    { "session_recording_linked_flag", SETTING_OBJECT, NULL },
    { "session_recording_network_payload_capture_config", SETTING_OBJECT, NULL },
    { "session_recording_masking_config", SETTING_OBJECT, NULL },
    { "session_replay_config", SETTING_OBJECT, NULL },
    { "surveys_opt_in", SETTING_BOOL, NULL },
    { "survey_config", SETTING_OBJECT, NULL },
    { "heatmaps_opt_in", SETTING_BOOL, NULL },
    { "flags_persistence_default", SETTING_BOOL, NULL },
    { "week_start_day", SETTING_CHOICE, NULL, .choices = "0|1" },
    { "primary_dashboard", SETTING_INTEGER, NULL, .min = 1, .max = INT64_MAX },
    { "live_events_columns", SETTING_TEXTS, NULL },
    { "cookieless_server_hash_mode", SETTING_CHOICE, NULL, .choices = "0|1|2" },
    { "human_friendly_comparison_periods", SETTING_BOOL, NULL },
    { "inject_web_apps", SETTING_BOOL, NULL },
    { "extra_settings", SETTING_OBJECT, NULL },
    { "modifiers", SETTING_OBJECT, NULL },
    { "product_description", SETTING_TEXT, NULL, .max = 1000 },
    /* what of the project's data a language model may be sent */
    { "ai_data_level", SETTING_CHOICE, "\"aggregates\"", .choices = "schema|aggregates|rows" },
    { "ai_redacted_properties", SETTING_TEXTS, RUN_REDACTED },
};

/* The part of them that short forms have. */
static const struct setting short_settings[] = {
    { "completed_snippet_onboarding", SETTING_BOOL, "false" },
    { "has_completed_onboarding_for", SETTING_OBJECT, NULL },
};

/* -------------------------------------------------------------------------- replies */

static int short_fields(struct req *r, struct json_writer *w, const struct project *p,
                        struct err *e)
{
    bool ingested = false;
    int rc = event_definition_any(r->db, r->arena, p->id, &ingested, e);
    json_key(w, "id");
    json_i64(w, p->id);
    json_key(w, "uuid");
    json_str(w, p->uuid);
    json_key(w, "organization");
    json_str(w, p->organization_id);
    json_key(w, "project_id");
    json_i64(w, p->id);
    json_key(w, "api_token");
    json_str(w, p->api_token);
    json_key(w, "name");
    json_str(w, p->name);
    json_key(w, "ingested_event");
    json_bool(w, ingested);
    json_key(w, "is_demo");
    json_bool(w, false);
    json_key(w, "timezone");
    json_str(w, p->timezone);
    json_key(w, "access_control");
    json_bool(w, false);
    json_key(w, "created_at");
    json_time(w, p->created_at);
    json_key(w, "updated_at");
    json_time(w, p->updated_at);
    return rc;
}

int write_project_basic(struct req *r, struct json_writer *w, const struct project *p,
                        struct err *e)
{
    json_open(w, '{');
    int rc = short_fields(r, w, p, e);
    settings_write(w, r->arena, short_settings, ARRAY_LEN(short_settings), p->settings);
    json_close(w, '}');
    return rc;
}

static int write_group_types(struct req *r, struct json_writer *w, int64_t project_id,
                             struct err *e)
{
    str names[GROUP_TYPES];
    bool any = false;
    int rc = group_types(r->db, r->arena, project_id, names, e);
    json_key(w, "group_types");
    json_open(w, '[');
    for (int i = 0; rc == 0 && i < GROUP_TYPES; i++) {
        if (!names[i].p)
            continue;
        any = true;
        json_open(w, '{');
        json_key(w, "group_type");
        json_str(w, names[i]);
        json_key(w, "group_type_index");
        json_i64(w, i);
        json_key(w, "name_singular");
        json_null(w);
        json_key(w, "name_plural");
        json_null(w);
        json_close(w, '}');
    }
    json_close(w, ']');
    json_key(w, "has_group_types");
    json_bool(w, any);
    return rc;
}

/* Everything; r->organization is the project's. */
static int reply_project(struct req *r, int status, const struct project *p, struct err *e)
{
    bool admin = r->organization.level >= LEVEL_ADMIN;
    struct json_writer w = reply_json(r, status);
    json_open(&w, '{');
    int rc = short_fields(r, &w, p, e);
    settings_write(&w, r->arena, settings, ARRAY_LEN(settings), p->settings);
    if (rc == 0)
        rc = write_group_types(r, &w, p->id, e);
    json_key(&w, "effective_membership_level");
    json_i64(&w, r->organization.level);
    json_key(&w, "user_access_level");
    json_z(&w, admin ? "admin" : "member");
    json_key(&w, "live_events_token");
    json_null(&w);
    json_key(&w, "default_modifiers");
    json_raw(&w, STR("{}"));
    json_key(&w, "product_intents");
    json_raw(&w, STR("[]"));
    if (admin) {
        json_key(&w, "secret_api_token");
        json_null(&w);
        json_key(&w, "secret_api_token_backup");
        json_null(&w);
    }
    json_close(&w, '}');
    return rc;
}

/* -------------------------------------------------------------------------- reading */

static int list_of_organization(struct req *r, str organization, struct err *e)
{
    struct project *list;
    size_t n;
    int rc = project_list(r->db, r->arena, r->user.id, organization, &list, &n, e);
    if (rc < 0)
        return rc;
    size_t kept = 0; /* those that the key reaches */
    for (size_t i = 0; i < n; i++)
        if (key_reaches_organization(r, list[i].organization_id))
            list[kept++] = list[i];
    n = kept;
    struct page page = page_of(r);
    struct json_writer w = page_open(r, page, (int64_t)n);
    for (int64_t i = page.offset; rc == 0 && i < (int64_t)n && i - page.offset < page.limit; i++)
        rc = write_project_basic(r, &w, &list[i], e);
    page_close(&w);
    return rc;
}

static int project_list_all(struct req *r, struct err *e)
{
    return list_of_organization(r, STR_NULL, e);
}

static int project_list_organization(struct req *r, struct err *e)
{
    return list_of_organization(r, r->organization.id, e);
}

static int project_fetch(struct req *r, struct err *e)
{
    return reply_project(r, 200, &r->project, e);
}

/* -------------------------------------------------------------------------- changing */

static int read_timezone(struct req *r, str *out, struct err *e)
{
    str name = *out;
    int rc = body_str(r, "timezone", 240, &name, e);
    if (rc < 0)
        return rc;
    if (!tz_find(name))
        return err_set(e, ERR_CHOICE, "timezone", "\"" STR_FMT "\" is not a valid choice.",
                       STR_ARG(name));
    *out = name;
    return 0;
}

static int check_primary_dashboard(struct req *r, int64_t project_id, struct err *e)
{
    const struct json *v = json_get(r->body, "primary_dashboard");
    struct dashboard d;
    int64_t id = 0;
    if (!v || v->type == JSON_NULL)
        return 0;
    int rc = body_i64(r, "primary_dashboard", &id, e);
    if (rc == 0)
        rc = dashboard_find(r->db, r->arena, project_id, id, r->user.id, &d, e);
    if (rc == 0 || (rc > 0 && d.deleted))
        return err_set(e, ERR_NO_OBJECT, "primary_dashboard",
                       "Invalid pk \"%lld\" - object does not exist.", (long long)id);
    return rc < 0 ? rc : 0;
}

/* The writable fields over what p holds. */
static int read_project(struct req *r, struct project *p, struct err *e)
{
    int rc = body_str(r, "name", 200, &p->name, e);
    if (rc == 0 && !p->name.n)
        return err_set(e, ERR_BLANK, "name", NULL);
    if (rc == 0)
        rc = read_timezone(r, &p->timezone, e);
    if (rc == 0)
        rc = settings_read(r, settings, ARRAY_LEN(settings), p->settings, &p->settings, e);
    if (rc == 0)
        rc = check_primary_dashboard(r, p->id, e);
    return rc;
}

static int insert_project(struct req *r, struct project *p, struct err *e)
{
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = project_insert(r->db, r->arena, r->organization.id, STR("Default project"), p, e);
    if (rc == 0)
        rc = read_project(r, p, e);
    if (rc == 0)
        rc = project_update(r->db, p, e);
    /* Who makes a project in the browser goes on to work in it; a program's user stays. */
    if (rc == 0 && r->credential == CREDENTIAL_SESSION)
        rc = user_set_current(r->db, r->user.id, r->organization.id, p->id, e);
    return rc < 0 ? rc : db_commit(r->db, e);
}

static int project_create(struct req *r, struct err *e)
{
    struct project p;
    if (r->organization.level < LEVEL_ADMIN)
        return err_set(e, ERR_DENIED, NULL, "You need to be an organization admin or above to "
                                            "create new projects.");
    int rc = insert_project(r, &p, e);
    return rc < 0 ? rc : reply_project(r, 201, &p, e);
}

static int project_change(struct req *r, struct err *e)
{
    struct project p;
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = project_find(r->db, r->arena, r->project.id, &p, e);
    if (rc == 0)
        return err_set(e, ERR_NOT_FOUND, NULL, "Project not found.");
    if (rc > 0)
        rc = read_project(r, &p, e);
    if (rc == 0)
        rc = project_update(r->db, &p, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : reply_project(r, 200, &p, e);
}

static int project_new_token(struct req *r, struct err *e)
{
    int rc = project_reset_token(r->db, r->arena, &r->project, e);
    return rc < 0 ? rc : reply_project(r, 200, &r->project, e);
}

static int project_remove(struct req *r, struct err *e)
{
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = project_delete(r->db, r->project.id, e);
    if (rc == 0)
        rc = project_change_delete(r->db, r->api->journal, r->project.id, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    r->http->status = 204;
    return rc;
}

#define ONE(path)                                                                          \
    { "GET", path, project_fetch, ACCESS_SCOPE, "project:read", 0 },                       \
    { "PATCH", path, project_change, ACCESS_SCOPE, "project:write", 0 },                   \
    { "PUT", path, project_change, ACCESS_SCOPE, "project:write", 0 },                     \
    { "DELETE", path, project_remove, ACCESS_SCOPE, "project:write", LEVEL_ADMIN },        \
    { "PATCH", path "reset_token/", project_new_token, ACCESS_SCOPE, "project:write",      \
      LEVEL_ADMIN }

const struct route project_routes[] = {
    { "GET", "/api/projects/", project_list_all, ACCESS_SCOPE, "project:read", 0 },
    { "GET", "/api/environments/", project_list_all, ACCESS_SCOPE, "project:read", 0 },
    ONE("/api/projects/:project/"),
    ONE("/api/organizations/:organization/projects/:project/"),
    { "GET", "/api/organizations/:organization/projects/", project_list_organization, ACCESS_SCOPE,
      "project:read", 0 },
    { "POST", "/api/organizations/:organization/projects/", project_create, ACCESS_SCOPE,
      "project:write", 0 },
    { 0 },
};
