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

static void write_performance(struct json_writer *w)
{
    json_key(w, "capturePerformance");
    json_open(w, '{');
    json_key(w, "network_timing");
    json_bool(w, true);
    json_key(w, "web_vitals");
    json_bool(w, false);
    json_key(w, "web_vitals_allowed_metrics");
    json_null(w);
    json_close(w, '}');
}

static void write_errors_and_logs(struct json_writer *w)
{
    json_key(w, "errorTracking");
    json_open(w, '{');
    json_key(w, "autocaptureExceptions");
    json_bool(w, false);
    json_key(w, "suppressionRules");
    json_open(w, '[');
    json_close(w, ']');
    json_close(w, '}');
    json_key(w, "logs");
    json_open(w, '{');
    json_key(w, "captureConsoleLogs");
    json_bool(w, false);
    json_close(w, '}');
}

void write_remote_config(struct json_writer *w, const struct project *p)
{
    /* autocapture_opt_out must be there: an SDK that misses it captures no clicks. `surveys` must
     * not: told false, SDKs still fetch the script that shows surveys, on every page. */
    static const char *const off[] = { "hasFeatureFlags",       "captureDeadClicks",
                                       "autocapture_opt_out",   "autocaptureExceptions",
                                       "sessionRecording",      "heatmaps",
                                       "productTours",          "conversations" };
    json_key(w, "token");
    json_str(w, p->api_token);
    json_key(w, "supportedCompression");
    json_open(w, '[');
    json_z(w, "gzip");
    json_z(w, "gzip-js");
    json_close(w, ']');
    write_off(w, off, ARRAY_LEN(off));
    write_performance(w);
    json_key(w, "analytics");
    json_open(w, '{');
    json_key(w, "endpoint");
    json_z(w, "/i/v0/e/");
    json_close(w, '}');
    json_key(w, "elementsChainAsString");
    json_bool(w, true);
    write_errors_and_logs(w);
    json_key(w, "defaultIdentifiedOnly");
    json_bool(w, true);
    json_key(w, "siteApps");
    json_open(w, '[');
    json_close(w, ']');
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
    write_remote_config(&w, &r->project);
    json_close(&w, '}');
    return 0;
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
    write_remote_config(&w, &r->project);
    json_close(&w, '}');
    buf_z(b, ", siteApps: [] };\n})();\n");
    return 0;
}

const struct route remote_config_routes[] = {
    { "GET", "/array/:id/config", remote_config_json, ACCESS_TOKEN },
    { "GET", "/array/:id/config.js", remote_config_script, ACCESS_TOKEN },
    { 0 },
};
