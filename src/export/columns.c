/* columns.c - what files hold of each model. */
#include "export/run.h"

static const struct query_export_column event_columns[] = {
    { "uuid", "toString(uuid)" },
    { "timestamp", "timestamp" },
    { "_inserted_at", "inserted_at" },
    { "created_at", "created_at" },
    { "event", "event" },
    { "properties", "properties" },
    { "distinct_id", "distinct_id" },
    { "elements_chain", "elements_chain" },
    { "person_properties", "person_properties" },
    { "person_id", "toString(event_person_id)" },
    { NULL, NULL },
};

static const struct query_export_column azure_event_columns[] = {
    { "uuid", "toString(uuid)" },
    { "team_id", "team_id" },
    { "timestamp", "timestamp" },
    { "_inserted_at", "inserted_at" },
    { "event", "event" },
    { "properties", "properties" },
    { "distinct_id", "distinct_id" },
    { "azure_blob_ingested_timestamp", "now()" },
    { "person_properties", "person_properties" },
    { NULL, NULL },
};

static const struct query_export_column session_columns[] = {
    { "session_id", "session_id" },
    { "session_id_v7", "toString(session_id_v7)" },
    { "team_id", "team_id" },
    { "distinct_id", "distinct_id" },
    { "start_timestamp", "$start_timestamp" },
    { "end_timestamp", "$end_timestamp" },
    { "urls", "$urls" },
    { "num_uniq_urls", "$num_uniq_urls" },
    { "entry_current_url", "$entry_current_url" },
    { "entry_pathname", "$entry_pathname" },
    { "entry_hostname", "$entry_hostname" },
    { "end_current_url", "$end_current_url" },
    { "end_pathname", "$end_pathname" },
    { "end_hostname", "$end_hostname" },
    { "entry_utm_source", "$entry_utm_source" },
    { "entry_utm_campaign", "$entry_utm_campaign" },
    { "entry_utm_medium", "$entry_utm_medium" },
    { "entry_utm_term", "$entry_utm_term" },
    { "entry_utm_content", "$entry_utm_content" },
    { "entry_referring_domain", "$entry_referring_domain" },
    { "entry_gclid", "$entry_gclid" },
    { "entry_fbclid", "$entry_fbclid" },
    { "entry_gad_source", "$entry_gad_source" },
    { "pageview_count", "$pageview_count" },
    { "autocapture_count", "$autocapture_count" },
    { "screen_count", "$screen_count" },
    { "channel_type", "$channel_type" },
    { "session_duration", "$session_duration" },
    { "duration", "duration" },
    { "is_bounce", "$is_bounce" },
    { "last_external_click_url", "$last_external_click_url" },
    { "page_screen_autocapture_count_up_to", "$page_screen_autocapture_count_up_to" },
    { "exit_current_url", "$exit_current_url" },
    { "exit_pathname", "$exit_pathname" },
    { "vitals_lcp", "$vitals_lcp" },
    { "_inserted_at", "max_inserted_at" },
    { "entry_gclsrc", "$entry_gclsrc" },
    { "entry_dclid", "$entry_dclid" },
    { "entry_gbraid", "$entry_gbraid" },
    { "entry_wbraid", "$entry_wbraid" },
    { "entry_msclkid", "$entry_msclkid" },
    { "entry_twclid", "$entry_twclid" },
    { "entry_li_fat_id", "$entry_li_fat_id" },
    { "entry_mc_cid", "$entry_mc_cid" },
    { "entry_igshid", "$entry_igshid" },
    { "entry_ttclid", "$entry_ttclid" },
    { "entry__kx", "$entry__kx" },
    { "entry_irclid", "$entry_irclid" },
    { NULL, NULL },
};

static const struct query_export_column own_columns[] = { { NULL, NULL } };

static const struct query_export_column *columns_of(str model,
                                                    const struct query_export_column *events)
{
    const struct {
        const char *model;
        const struct query_export_column *columns;
    } all[] = { { "events", events }, { "sessions", session_columns }, { "hogql", own_columns } };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (str_eqz(model, all[i].model))
            return all[i].columns;
    return NULL;
}

const struct query_export_column *export_azure_columns(str model)
{
    return columns_of(model, azure_event_columns);
}

const struct query_export_column *export_file_columns(str model)
{
    return columns_of(model, event_columns);
}
