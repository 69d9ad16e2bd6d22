// What a query asks for and this server does not do is an error that names it, never left out in silence;
// what only says how an answer is drawn passes.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");

let s, project;
before(async () => {
  s = await start();
  project = s.first.project_id;
});
after(async () => assert.equal(await s.stop(), 0));

const ask = (query) => s.call("POST", `/api/environments/${project}/query/`, { body: { query } });
const series = (more) => [{ kind: "EventsNode", event: "a", ...more }];
const trends = (more) => ({ kind: "TrendsQuery", series: series(), ...more });
const entity = (more) => trends({ series: series(more) });
const property = (more) => trends({ properties: [{ type: "event", key: "k", operator: "exact", value: "v", ...more }] });
const events = (more) => ({ kind: "EventsQuery", select: ["event"], ...more });
const hogql = (more) => ({ kind: "HogQLQuery", query: "SELECT 1", ...more });
const stickiness = (more) => ({ kind: "StickinessQuery", series: series(), ...more });
const retention = (retentionFilter, more) => ({ kind: "RetentionQuery", retentionFilter, ...more });
const funnel = (funnelsFilter, more) => ({ kind: "FunnelsQuery", series: [...series(), ...series()], funnelsFilter, ...more });
const paths = (pathsFilter, more) => ({ kind: "PathsQuery", pathsFilter, ...more });
const lifecycle = (more) => ({ kind: "LifecycleQuery", series: series(), ...more });

test("what is not done is refused by its name", async () => {
  const refused = [
    [trends({ conversionGoal: { customEventName: "x" } }), /TrendsQuery\.conversionGoal is not supported/],
    [trends({ breakdownFilter: { breakdown: "k", breakdown_path_cleaning: true } }), /breakdown_path_cleaning is not/],
    [trends({ breakdownFilter: { breakdown: "k", breakdown_type: "data_warehouse" } }), /type "data_warehouse" are not supported/],
    [retention({}, { breakdownFilter: { breakdown: "k", breakdown_histogram_bin_count: 3 } }), /^breakdown_histogram_bin_count is not supported in RetentionQuery$/],
    [funnel({}, { breakdownFilter: { breakdowns: [{ property: "k", histogram_bin_count: 3 }] } }), /^breakdown_histogram_bin_count is not supported in FunnelsQuery$/],
    [retention({}, { breakdownFilter: { breakdown: [1], breakdown_type: "cohort" } }), /type "cohort" are not supported/],
    [entity({ math: "sum", math_property: "k", math_property_revenue_currency: { static: "EUR" } }), /math_property_revenue_currency is not/],
    [entity({ math: "sum", math_property: "k", math_property_type: "data_warehouse_properties" }), /math_property_type "data_warehouse_properties" is not/],
    [trends({ samplingFactor: 0.5, series: series({ math: "hogql", math_hogql: "count() / 2" }) }), /samplingFactor is not supported with the math_hogql/],
    [property({ operator: "flag_evaluates_to" }), /Operator "flag_evaluates_to" is not/],
    [property({ type: "recording" }), /The 'recording' property filter does not work in 'event' scope/],
    [property({ key: "timestamp", type: "event_metadata", operator: "is_date_after", value: "soon" }), /properties\.value: "soon" is not a date/],
    [trends({ dateRange: { date_from: "last week" } }), /dateRange\.date_from: "last week" is not a date/], [trends({ dateRange: { date_to: "2026-13-45" } }), /dateRange\.date_to/],
    [events({ after: "yesterday" }), /EventsQuery\.after: "yesterday"/], [events({ before: "-7days" }), /EventsQuery\.before/], [events({ personId: "me" }), /personId/],
    [hogql({ filters: { dateRange: { date_from: "1/2/2026" } } }), /filters\.dateRange\.date_from/],
    [retention({ aggregationType: "median" }), /aggregationType "median" is not/], [paths({}, { funnelPathsFilter: { funnelStep: 1 } }), /funnelPathsFilter is not/],
    [hogql({ connectionId: "x" }), /HogQLQuery\.connectionId is not/], [hogql({ sendRawQuery: true }), /HogQLQuery\.sendRawQuery is not/],
    [trends({ modifiers: { customChannelTypeRules: [{}] } }), /modifiers\.customChannelTypeRules is not/],
    [hogql({ modifiers: { bounceRateDurationSeconds: 5 } }), /modifiers\.bounceRateDurationSeconds is not/],
    [hogql({ modifiers: { materializationMode: "legacy_null_as_string" } }), /modifiers\.materializationMode "legacy_null_as_string" is not/],
    [events({ modifiers: { dataWarehouseEventsModifiers: [{}] } }), /dataWarehouseEventsModifiers is not/],
  ];
  for (const [query, text] of refused) {
    const { status, json } = await ask(query);
    assert.equal(status, 400, JSON.stringify(query));
    assert.equal(json.code, "invalid_input", JSON.stringify(query));
    assert.match(json.detail, text);
  }
});

test("what is unknown, or not what it should be, is a misfit", async () => {
  const misfits = [
    [trends({ propertys: [] }), "TrendsQuery.propertys"], [trends({ trendsFilter: { displays: "x" } }), "trendsFilter.displays"],
    [trends({ breakdownFilter: { breakdown_limits: 3 } }), "breakdownFilter.breakdown_limits"],
    [trends({ breakdownFilter: { breakdowns: [{ property: "k", kind: "event" }] } }), "breakdownFilter.breakdowns.kind"],
    [trends({ compareFilter: { compare: true, compareTo: "-1w" } }), "compareFilter.compareTo"],
    [trends({ compareFilter: { compare: true, compare_to: "last week" } }), "compareFilter.compare_to"],
    [trends({ dateRange: { from: "-3d" } }), "dateRange.from"], [trends({ modifiers: { fast: true } }), "modifiers.fast"],
    [trends({ samplingFactor: 2 }), "samplingFactor"], [trends({ samplingFactor: 0 }), "samplingFactor"], [trends({ samplingFactor: "0.1" }), "samplingFactor"],
    [trends({ aggregation_group_type_index: 7 }), "aggregation_group_type_index"], [trends({ interval: "quarter" }), "interval"],
    [entity({ maths: "dau" }), "series.maths"], [entity({ math: "p42" }), "series.math"], [entity({ math_multiplier: "2" }), "series.math_multiplier"],
    [property({ negated: true }), "properties.negated"], [trends({ properties: [{ value: "v", operator: "exact" }] }), "properties.key"],
    [trends({ properties: { type: "AND", values: [], not: true } }), "properties.not"],
    [events({ wheres: [] }), "EventsQuery.wheres"], [events({ events: [1] }), "query.EventsQuery.events"],
    [hogql({ params: {} }), "HogQLQuery.params"], [hogql({ filters: { props: [] } }), "filters.props"],
    [hogql({ filters: { dateRange: { after: "x" } } }), "dateRange.after"],
    [lifecycle({ trendsFilter: {} }), "LifecycleQuery.trendsFilter"], [lifecycle({ lifecycleFilter: { toggled: [] } }), "lifecycleFilter.toggled"],
    [stickiness({ stickinessFilter: { criteria: {} } }), "stickinessFilter.criteria"], [stickiness({ conversionGoal: 1 }), "StickinessQuery.conversionGoal"],
    [stickiness({ compareFilter: { compare: true, compare_to: "week" } }), "compareFilter.compare_to"],
    [retention({ periods: "Week" }), "retentionFilter.periods"], [retention({ targetEntity: { event: "a" } }), "retentionFilter.event"], [retention({}, { series: [], goal: 1 }), "RetentionQuery.goal"],
    [funnel({ window: 3 }), "funnelsFilter.window"], [funnel({}, { trendsFilter: {} }), "FunnelsQuery.trendsFilter"], [funnel({ exclusions: [{ ...series()[0], toStep: 1 }] }), "series.toStep"],
    [paths({ steps: 3 }), "pathsFilter.steps"], [paths({}, { retentionFilter: {} }), "PathsQuery.retentionFilter"],
    [{ kind: "ActorsQuery", filter: [] }, "ActorsQuery.filter"],
    [{ kind: "ActorsQuery", source: { kind: "InsightActorsQuery", source: trends(), days: 1 } }, "source.days"],
  ];
  for (const [query, where] of misfits) {
    const { status, json } = await ask(query);
    assert.deepEqual([status, json.code], [400, "parse_error"], JSON.stringify(query));
    assert.equal(json.detail.split("\n")[1], where, json.detail);
  }
});

test("looks, nothing said, and how it is computed pass", async () => {
  const looks = { showLegend: true, aggregationAxisFormat: "duration", decimalPlaces: 2, goalLines: [{ label: "g", value: 3 }], resultCustomizations: { 0: {} },
    yAxisScaleType: "log10", hiddenLegendIndexes: [1], showMultipleYAxes: true };
  const passes = [
    trends({ trendsFilter: looks, version: 2, tags: { scene: "Insight" }, dataColorTheme: 1, conversionGoal: null, samplingFactor: null }),
    trends({ trendsFilter: { ...looks, breakdown_histogram_bin_count: null }, breakdownFilter: { breakdown: "k", breakdown_histogram_bin_count: null } }),
    entity({ limit: null, orderBy: [], math: "total", math_property_revenue_currency: null, custom_name: "x" }),
    trends({ properties: [{}, { type: "empty" }, { type: "event", key: "k", value: "v", label: "K" }] }),
    trends({ modifiers: { personsArgMaxVersion: "v2", inCohortVia: "subquery", materializationMode: "auto", optimizeProjections: true, customChannelTypeRules: [] } }),
    trends({ compareFilter: { compare: true, compare_to: "-1w" } }),
    lifecycle({ lifecycleFilter: { showLegend: true, stacked: false }, breakdownFilter: {}, compareFilter: { compare: false } }),
    ...["-7d", "dStart", "-1mStart", "-1dEnd", "7d", "2026-01-02", "2026-01-02T10:00:00Z", "all", "", null, "now"].map((date_from) => trends({ dateRange: { date_from } })),
    retention({ retentionReference: "previous", aggregationType: null, targetEntity: { id: "a", name: "a", type: "events", order: 0, uuid: "u" } }),
    funnel({ layout: "vertical", funnelStepReference: "previous", hiddenLegendBreakdowns: ["a"] }), paths({ stepLimit: 4, pathStartKey: "1_/" }),
    events({ actionSteps: [], name: "x", after: "all", before: "now" }), hogql({ name: "x", explain: true, values: {}, sendRawQuery: false }),
  ];
  for (const query of passes) {
    const { status, text } = await ask(query);
    assert.equal(status, 200, `${JSON.stringify(query)} ${text}`);
  }
});
