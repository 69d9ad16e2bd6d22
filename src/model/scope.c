/* scope.c - see scope.h. */
#include "model/scope.h"

#include "base/arena.h"

/* In order, for the search. */
static const char *const objects[] = {
    "access_control", "account", "action", "activity_log", "ai_observability_clusters", "alert",
    "annotation", "approvals", "batch_export", "batch_import", "batch_import_support", "billing",
    "business_knowledge", "canvas", "cohort", "comment", "conversation", "customer_analytics",
    "customer_journey", "customer_profile_config", "customer_task", "dashboard",
    "dashboard_template", "data_catalog", "data_catalog_approval", "dataset",
    "early_access_feature", "element", "endpoint", "engineering_analytics", "error_tracking",
    "evaluation", "event_definition", "event_filter", "experiment", "experiment_holdout",
    "experiment_saved_metric", "export", "external_data_schema", "external_data_source",
    "feature_flag", "field_note", "file_system", "file_system_shortcut", "group", "health_issue",
    "heatmap", "hog_flow", "hog_function", "ingestion_warning", "insight", "insight_variable",
    "integration", "legal_document", "link", "live_debugger", "llm_analytics", "llm_gateway",
    "llm_playground", "llm_prompt", "llm_provider_key", "llm_skill", "logs", "loop",
    "marketing_analytics", "mcp_analytics", "metrics", "notebook", "organization",
    "organization_integration", "organization_member", "person", "plugin", "product_enablement",
    "product_tour", "project", "property_definition", "query", "query_performance",
    "replay_scanner", "revenue_analytics", "review_hog", "session_recording",
    "session_recording_playlist", "sharing_configuration", "signal_scout", "stamphog",
    "streamlit_app", "subscription", "survey", "tagger", "task", "ticket", "toolbar", "tracing",
    "uploaded_media", "usage_metric", "user", "user_interview", "vision_action", "vision_alert",
    "visual_review", "warehouse_objects", "warehouse_table", "warehouse_view", "web_analytics",
    "webhook", "wizard_session",
};

static bool is_object(str name)
{
    size_t from = 0, to = ARRAY_LEN(objects);
    while (from < to) {
        size_t middle = (from + to) / 2;
        int order = str_compare(name, str_of(objects[middle]));
        if (order == 0)
            return true;
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return false;
}

bool scope_valid(str scope)
{
    if (str_eqz(scope, "*"))
        return true;
    str object = str_split(&scope, ':');
    return object.n && is_object(object) && (str_eqz(scope, "read") || str_eqz(scope, "write"));
}
