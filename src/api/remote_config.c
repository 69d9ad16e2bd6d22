/* remote_config.c - what an SDK in a browser is told before it starts: which of its parts to switch
 * on, and where events go. Parts that the server has no place for are off. */
#include "api/internal.h"

static void write_off(struct json_writer *w, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        json_key(w, names[i]);
        json_bool(w, false);
    }
}

static void write_switch(struct json_writer *w, const char *key, bool on)
{
    json_key(w, key);
    json_bool(w, on);
}

static bool is_on(const struct json *settings, const char *name)
{
    const struct json *v = json_get(settings, name);
    return json_is(v, JSON_BOOL) && v->boolean;
}

static bool is_off(const struct json *settings, const char *name)
{
    const struct json *v = json_get(settings, name);
    return json_is(v, JSON_BOOL) && !v->boolean;
}

static void write_performance(struct json_writer *w, const struct json *settings)
{
    const struct json *metrics = json_get(settings, "autocapture_web_vitals_allowed_metrics");
    json_key(w, "capturePerformance");
    json_open(w, '{');
    write_switch(w, "network_timing", !is_off(settings, "capture_performance_opt_in"));
    write_switch(w, "web_vitals", is_on(settings, "autocapture_web_vitals_opt_in"));
    json_key(w, "web_vitals_allowed_metrics");
    if (json_is(metrics, JSON_ARRAY))
        json_tree(w, metrics);
    else
        json_null(w);
    json_close(w, '}');
}

static void write_errors_and_logs(struct json_writer *w, bool exceptions)
{
    write_switch(w, "autocaptureExceptions", exceptions);
    json_key(w, "errorTracking");
    json_open(w, '{');
    write_switch(w, "autocaptureExceptions", exceptions);
    json_key(w, "suppressionRules");
    json_open(w, '[');
    json_close(w, ']');
    json_close(w, '}');
    json_key(w, "logs");
    json_open(w, '{');
    write_switch(w, "captureConsoleLogs", false);
    json_close(w, '}');
}

int write_remote_config(struct req *r, struct json_writer *w, struct err *e)
{
    /* `surveys` is not among them: told false, SDKs still fetch the script that shows surveys, on
     * every page. */
    static const char *const off[] = { "hasFeatureFlags", "sessionRecording", "heatmaps",
                                       "productTours",    "conversations" };
    struct json *settings;
    int rc = json_parse(r->arena, r->project.settings, &settings, e);
    if (rc < 0)
        return rc;
    json_key(w, "token");
    json_str(w, r->project.api_token);
    json_key(w, "supportedCompression");
    json_open(w, '[');
    json_z(w, "gzip");
    json_z(w, "gzip-js");
    json_close(w, ']');
    write_off(w, off, ARRAY_LEN(off));
    /* An SDK that misses this one captures no clicks. */
    write_switch(w, "autocapture_opt_out", is_on(settings, "autocapture_opt_out"));
    write_switch(w, "captureDeadClicks", is_on(settings, "capture_dead_clicks"));
    write_performance(w, settings);
    write_errors_and_logs(w, is_on(settings, "autocapture_exceptions_opt_in"));
    json_key(w, "analytics");
    json_open(w, '{');
    json_key(w, "endpoint");
    json_z(w, "/i/v0/e/");
    json_close(w, '}');
    write_switch(w, "elementsChainAsString", true);
    write_switch(w, "defaultIdentifiedOnly", true);
    json_key(w, "siteApps");
    json_open(w, '[');
    json_close(w, ']');
    return 0;
}

/* Of a token in a path: what cannot be one is told apart from one that is not known. */
static int load(struct req *r, struct err *e)
{
    for (size_t i = 0; i < r->id.n; i++) {
        char c = r->id.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '_' || c == '-'))
            return err_set(e, ERR_INVALID, NULL, "Invalid token");
    }
    int rc = project_find_token(r->db, r->arena, r->id, &r->project, e);
    if (rc < 0)
        return rc;
    http_reply_header(r->http, "Vary", "Origin, Referer");
    return rc ? 0 : err_set(e, ERR_NOT_FOUND, NULL, NULL);
}

static int remote_config_json(struct req *r, struct err *e)
{
    int rc = load(r, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    rc = write_remote_config(r, &w, e);
    json_close(&w, '}');
    return rc;
}

static int remote_config_script(struct req *r, struct err *e)
{
    int rc = load(r, e);
    if (rc < 0)
        return rc;
    struct buf *b = &r->http->reply;
    r->http->status = 200;
    r->http->content_type = "application/javascript; charset=utf-8";
    buf_printf(b,
               "(function () {\n"
               "  window._POSTHOG_REMOTE_CONFIG = window._POSTHOG_REMOTE_CONFIG || {};\n"
               "  window._POSTHOG_REMOTE_CONFIG[\"" STR_FMT "\"] = { config: ",
               STR_ARG(r->project.api_token));
    struct json_writer w = JSON_WRITER(b);
    json_open(&w, '{');
    rc = write_remote_config(r, &w, e);
    json_close(&w, '}');
    buf_z(b, ", siteApps: [] };\n})();\n");
    return rc;
}

const struct route remote_config_routes[] = {
    { "GET", "/array/:id/config", remote_config_json, ACCESS_TOKEN },
    { "GET", "/array/:id/config.js", remote_config_script, ACCESS_TOKEN },
    { 0 },
};
