/* shape.c - see shape.h. */
#include "query/shape.h"

#include <stdio.h>

/* Of every node: for the client's own book-keeping. */
#define NODE "kind version tags response modifiers "
/* Of every insight. */
#define INSIGHT NODE "series interval dateRange properties filterTestAccounts samplingFactor " \
                     "aggregation_group_type_index dataColorTheme "

const struct query_shape query_shape_trends = {
    "TrendsQuery",
    INSIGHT "trendsFilter breakdownFilter compareFilter",
    "conversionGoal",
};

const struct query_shape query_shape_trends_filter = {
    "trendsFilter",
    "display formula formulas formulaNodes smoothingIntervals "
    /* how it is drawn */
    "showLegend showAlertThresholdLines aggregationAxisFormat aggregationAxisPrefix "
    "aggregationAxisPostfix decimalPlaces minDecimalPlaces showValuesOnSeries showLabelsOnSeries "
    "showPercentStackView yAxisScaleType showMultipleYAxes hiddenLegendIndexes "
    "resultCustomizationBy resultCustomizations goalLines showConfidenceIntervals confidenceLevel "
    "showTrendLines showMovingAverage movingAverageIntervals detailedResultsAggregationType "
    "hideWeekends excludeBoxPlotOutliers "
    "breakdown_histogram_bin_count",
    "",
};

const struct query_shape query_shape_lifecycle = {
    "LifecycleQuery",
    INSIGHT "lifecycleFilter breakdownFilter compareFilter", /* the last two are refused by name */
    "",
};

const struct query_shape query_shape_lifecycle_filter = {
    "lifecycleFilter",
    "showValuesOnSeries showLegend toggledLifecycles stacked",
    "",
};

const struct query_shape query_shape_stickiness = {
    "StickinessQuery",
    INSIGHT "intervalCount stickinessFilter compareFilter breakdownFilter", /* refused by name */
    "",
};

const struct query_shape query_shape_stickiness_filter = {
    "stickinessFilter",
    "stickinessCriteria computedAs display showLegend showMultipleYAxes showValuesOnSeries "
    "hiddenLegendIndexes resultCustomizationBy resultCustomizations",
    "",
};

/* Of these kinds breakdownFilter and compareFilter are refused by name where they are not done. */
const struct query_shape query_shape_retention = {
    "RetentionQuery",
    INSIGHT "retentionFilter breakdownFilter compareFilter",
    "",
};

const struct query_shape query_shape_retention_filter = {
    "retentionFilter",
    "retentionType period totalIntervals targetEntity returningEntity cumulative minimumOccurrences "
    "timeWindowMode retentionCustomBrackets aggregationType aggregationProperty "
    "aggregationPropertyType "
    /* how it is drawn */
    "retentionReference meanRetentionCalculation display dashboardDisplay showTrendLines "
    "selectedInterval goalLines",
    "",
};

const struct query_shape query_shape_retention_entity = {
    "retentionFilter",
    "id name custom_name type kind properties fixedProperties order uuid",
    "",
};

const struct query_shape query_shape_funnels = {
    "FunnelsQuery",
    INSIGHT "funnelsFilter breakdownFilter compareFilter",
    "",
};

const struct query_shape query_shape_funnels_filter = {
    "funnelsFilter",
    "funnelVizType funnelOrderType funnelWindowInterval funnelWindowIntervalUnit funnelFromStep "
    "funnelToStep exclusions breakdownAttributionType breakdownAttributionValue "
    "funnelAggregateByHogQL binCount "
    /* how it is drawn */
    "funnelStepReference layout hiddenLegendBreakdowns resultCustomizations goalLines "
    "showValuesOnSeries showTrendLines showLegend",
    "",
};

const struct query_shape query_shape_paths = {
    "PathsQuery",
    NODE "interval dateRange properties filterTestAccounts samplingFactor "
         "aggregation_group_type_index dataColorTheme pathsFilter "
         "breakdownFilter compareFilter", /* refused by name */
    "funnelPathsFilter",
};

const struct query_shape query_shape_paths_filter = {
    "pathsFilter",
    "includeEventTypes pathsHogQLExpression startPoint endPoint stepLimit edgeLimit pathGroupings "
    "pathReplacements localPathCleaningFilters excludeEvents minEdgeWeight maxEdgeWeight "
    /* of a click on the result; showFullUrls: how it is drawn */
    "pathStartKey pathEndKey pathDropoffKey showFullUrls",
    "",
};

const struct query_shape query_shape_web_overview = {
    "WebOverviewQuery",
    NODE "dateRange interval properties filterTestAccounts samplingFactor conversionGoal compareFilter "
         "sampling useSessionsTable dataColorTheme orderBy",
    "includeRevenue aggregation_group_type_index", /* which properties are revenue cannot be said yet */
};

const struct query_shape query_shape_events = {
    "EventsQuery",
    NODE "select where properties fixedProperties filterTestAccounts event events actionId actionSteps "
         "personId after before orderBy limit offset source name",
    "",
};

const struct query_shape query_shape_hogql = {
    "HogQLQuery",
    NODE "query filters variables values name explain",
    "connectionId sendRawQuery",
};

const struct query_shape query_shape_metadata = {
    "HogQLMetadata",
    NODE "language query sourceQuery filters variables debug",
    "globals",
};

const struct query_shape query_shape_autocomplete = {
    "HogQLAutocomplete",
    NODE "language query sourceQuery globals filters startPosition endPosition",
    "",
};

const struct query_shape query_shape_schema = { "DatabaseSchemaQuery", NODE, "connectionId" };

const struct query_shape query_shape_options = { "InsightActorsQueryOptions", NODE "source", "" };

/* interval and breakdownFilter are for placeholders that name them; those are refused where they stand. */
const struct query_shape query_shape_hogql_filters = {
    "filters",
    "properties dateRange filterTestAccounts interval breakdownFilter",
    "",
};

const struct query_shape query_shape_actors = {
    "ActorsQuery",
    NODE "source select where search properties fixedProperties orderBy limit offset",
    "",
};

const struct query_shape query_shape_stickiness_actors = {
    "source",
    NODE "source day operator series compare includeRecordings",
    "",
};

const struct query_shape query_shape_insight_actors = {
    "source",
    NODE "source day interval series breakdown compare status includeRecordings "
         /* of funnels */
         "funnelStep funnelCustomSteps funnelStepBreakdown funnelTrendsDropOff "
         "funnelTrendsEntrancePeriodStart",
    "",
};

const struct query_shape query_shape_entity = {
    "series",
    "kind version response id event name custom_name properties fixedProperties math math_property "
    "math_property_type math_hogql math_group_type_index math_multiplier optionalInFunnel "
    /* of exclusions, and of the entities of retention */
    "funnelFromStep funnelToStep type order uuid "
    "limit orderBy", /* of lists of events, which a series is not */
    "math_property_revenue_currency",
};

const struct query_shape query_shape_entity_group = {
    "series",
    "kind version response name custom_name properties fixedProperties math math_property "
    "math_property_type math_hogql math_group_type_index math_multiplier optionalInFunnel "
    "operator nodes",
    "limit orderBy math_property_revenue_currency",
};

const struct query_shape query_shape_breakdown_filter = {
    "breakdownFilter",
    "breakdown_type breakdown breakdowns breakdown_limit breakdown_normalize_url "
    "breakdown_group_type_index breakdown_hide_other_aggregation breakdown_histogram_bin_count",
    "breakdown_path_cleaning",
};

const struct query_shape query_shape_breakdown = {
    "breakdownFilter.breakdowns",
    "type property normalize_url group_type_index histogram_bin_count",
    "path_cleaning",
};

const struct query_shape query_shape_compare_filter = { "compareFilter", "compare compare_to", "" };

const struct query_shape query_shape_date_range = {
    "dateRange", "date_from date_to explicitDate", "",
};

const struct query_shape query_shape_property = {
    "properties",
    "type key operator value label group_type_index group_key_names cohort_name negation",
    "",
};

const struct query_shape query_shape_property_group = { "properties", "type values", "" };

const struct query_shape query_shape_modifiers = {
    "modifiers",
    "personsOnEventsMode convertToProjectTimezone materializationMode personsJoinMode "
    "bounceRatePageViewMode bounceRateDurationSeconds "
    /* how it is computed, not what */
    "personsArgMaxVersion inCohortVia sessionTableVersion sessionsV2JoinMode propertyGroupsMode "
    "optimizeJoinedFilters useMaterializedViews usePresortedEventsTable "
    "useWebAnalyticsPreAggregatedTables usePreaggregatedTableTransforms optimizeProjections "
    "s3TableUseInvalidColumns formatCsvAllowDoubleQuotes debug timings",
    "customChannelTypeRules dataWarehouseEventsModifiers",
};

static bool has_word(const char *list, str word)
{
    str rest = str_of(list);
    while (rest.p)
        if (str_eq(str_split(&rest, ' '), word))
            return word.n;
    return false;
}

static bool says_nothing(const struct json *v)
{
    switch (v->type) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return !v->boolean;
    case JSON_STRING:
        return !v->text.n;
    case JSON_ARRAY: case JSON_OBJECT:
        return !v->head;
    case JSON_NUMBER:
        break;
    }
    return false;
}

int query_shape_check(const struct query_shape *shape, const struct json *node, struct err *e)
{
    for (const struct json *m = json_is(node, JSON_OBJECT) ? node->head : NULL; m; m = m->next) {
        if (has_word(shape->known, m->key))
            continue;
        str name = str_utf8_prefix(m->key, 100);
        if (!has_word(shape->refused, m->key)) {
            char where[200];
            snprintf(where, sizeof(where), "%s." STR_FMT, shape->where, STR_ARG(name));
            return query_misfit(e, where, "Extra inputs are not permitted");
        }
        if (!says_nothing(m))
            return err_set(e, ERR_INVALID, NULL, "%s." STR_FMT " is not supported", shape->where,
                           STR_ARG(name));
    }
    return 0;
}
