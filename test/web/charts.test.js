// From results to charts, charts to columns, tiles to places.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const load = require("./load.js");

const { describe: describeChart } = load("charts/describe.ts");
const { asTable, leftAt, meanOf, shareAt, summary } = load("charts/chart.ts");
const plot = load("charts/plot.ts");
const { arrange } = load("pages/layout.ts");
const now = Date.UTC(2026, 0, 20, 12);

const trends = (filter = {}, more = {}) => ({ kind: "InsightVizNode", source: { kind: "TrendsQuery", series: [], trendsFilter: filter, ...more } });
const days = ["2026-01-18", "2026-01-19", "2026-01-20"];
const item = (more = {}) => ({ action: { id: "$pageview", name: "$pageview", order: 0 }, label: "$pageview", count: 6, data: [1, 2, 3], days, ...more });
const chart = (query, result, more = {}) => describeChart({ query, result, timezone: "UTC", ...more }, now);

test("a trend is a line whose last day is open", () => {
  const c = chart(trends(), [item()]);
  assert.deepEqual([c.kind, c.form, c.open, c.buckets, c.series[0].label, c.series[0].values],
    ["series", "line", true, days, "Page view", [1, 2, 3]]);
  assert.equal(describeChart({ query: trends(), result: [item()], timezone: "UTC" }, now + 864e5).open, false);
  assert.match(summary(c), /^Line chart, Sun, 18 Jan 2026 to Tue, 20 Jan 2026\. Page view: from 1 to 3, last 3$/);
  assert.deepEqual(asTable(c).rows[1], ["Mon, 19 Jan 2026", "2"]);
});

test("each display has its form", () => {
  const forms = { ActionsLineGraphCumulative: "line", ActionsAreaGraph: "area", ActionsBar: "stacked", ActionsUnstackedBar: "bar",
    ActionsStackedBar: "stacked" };
  for (const [display, form] of Object.entries(forms)) assert.equal(chart(trends({ display }), [item()]).form, form, display);
});

test("breakdowns are named by value; with several series by both", () => {
  const of = (value, order = 0) => item({ breakdown_value: value, label: `x - ${value}`, action: { name: "$pageview", order } });
  assert.deepEqual(chart(trends(), [of("Chrome"), of("$$_posthog_breakdown_null_$$")]).series.map((s) => s.label), ["Chrome", "None"]);
  assert.deepEqual(chart(trends(), [of("Chrome"), of("Chrome", 1)]).series.map((s) => s.label),
    ["Page view · Chrome", "Page view · Chrome"]);
});

test("series of one event are told apart by how they count", () => {
  const of = (order, math, math_property = null) => item({ action: { name: "$pageview", order, math, math_property } });
  assert.deepEqual(chart(trends(), [of(0, "total"), of(1, "dau"), of(2, "sum", "price")]).series.map((s) => s.label),
    ["Page view", "Page view, unique people", "Page view, sum of price"]);
  assert.deepEqual(chart(trends(), [of(0, "dau")]).series.map((s) => s.label), ["Page view"]);
  assert.equal(chart(trends({ display: "BoldNumber" }), [{ ...of(0, "dau"), aggregated_value: 3 }]).label, "Page view, unique people");
});

test("the period before has the colours of this one", () => {
  const before = (o) => item({ compare: true, compare_label: "previous", days: ["2026-01-15", "2026-01-16", "2026-01-17"], action: { name: "b", order: o } });
  const c = chart(trends(), [item(), item({ action: { name: "b", order: 1 } }), before(0), before(1)]);
  assert.deepEqual(c.series.map((s) => [s.color, s.previous]), [[0, false], [1, false], [0, true], [1, true]]);
  assert.deepEqual(c.buckets, days);
  assert.deepEqual(c.series[2].buckets[0], "2026-01-15");
});

test("totals are numbers, bars, pies and tables", () => {
  const total = (n, more) => item({ data: [], days: [], count: 0, aggregated_value: n, ...more });
  const number = chart(trends({ display: "BoldNumber", aggregationAxisPrefix: "$" }), [total(42), total(21, { compare_label: "previous" })]);
  assert.deepEqual([number.kind, number.value, number.previous, number.format.prefix], ["number", 42, 21, "$"]);
  const two = [total(3, { breakdown_value: "a" }), total(1, { breakdown_value: "b" })];
  const kinds = { ActionsPie: "pie", ActionsBarValue: "bars", ActionsTable: "table", WorldMap: "bars" };
  for (const [display, kind] of Object.entries(kinds)) assert.equal(chart(trends({ display }), two).kind, kind, display);
  assert.deepEqual(chart(trends({ display: "ActionsTable" }), two).rows, [["a", 3], ["b", 1]]);
  assert.equal(chart(trends({ display: "ActionsPie" }), [total(0)]).kind, "empty");
});

test("rows are a table, or what their display says", () => {
  const sql = (display, chartSettings) => ({ kind: "DataVisualizationNode", display, chartSettings, source: { kind: "HogQLQuery", query: "" } });
  const columns = ["day", "n", "note"], result = [["2026-01-19", 5, "x"], ["2026-01-20", 7, null]];
  const table = chart({ kind: "HogQLQuery" }, result, { columns, hasMore: true });
  assert.deepEqual([table.kind, table.columns, table.rows, table.hasMore], ["table", columns, result, true]);
  assert.equal(chart(sql("ActionsTable"), result, { columns }).kind, "table");
  const bars = chart(sql("ActionsBar"), result, { columns });
  assert.deepEqual([bars.form, bars.buckets, bars.series.map((s) => [s.label, s.values])],
    ["bar", ["2026-01-19", "2026-01-20"], [["n", [5, 7]]]]);
  const chosen = chart(sql("ActionsLineGraph", { xAxis: { column: "note" }, yAxis: [{ column: "n" }] }), result, { columns });
  assert.deepEqual([chosen.buckets, chosen.series.length], [["x", ""], 1]);
  assert.equal(chart(sql("BoldNumber"), [["12.5"]], { columns: ["n"] }).value, 12.5);
  assert.equal(chart(sql("ActionsTable"), []).kind, "empty");
});

test("funnels are steps, with a breakdown in groups", () => {
  const step = (name, count, time, more = {}) => ({ name, custom_name: null, order: 0, count, type: "events", median_conversion_time: time, ...more });
  const query = { kind: "InsightVizNode", source: { kind: "FunnelsQuery", funnelsFilter: {} } };
  const one = chart(query, [step("$pageview", 200, null), step("paid", 50, 90, { custom_name: "Paid" })]);
  assert.deepEqual([one.kind, one.steps, one.groups.length, one.groups[0].counts, one.groups[0].medianSeconds],
    ["funnel", ["Page view", "Paid"], 1, [200, 50], [null, 90]]);
  assert.equal(leftAt(one.groups[0].counts, 1), 25);
  assert.deepEqual(asTable(one).rows, [["1. Page view", 200], ["2. Paid", 50]]);
  const of = (value, a, b) => [step("a", a, null, { breakdown_value: [value] }), step("b", b, 1, { breakdown_value: [value] })];
  assert.deepEqual(chart(query, [of("Chrome", 4, 2), of("", 1, 0)]).groups.map((g) => [g.label, g.counts]), [["Chrome", [4, 2]], ["None", [1, 0]]]);
  assert.equal(chart(query, [step("a", 0, null), step("b", 0, null)]).kind, "empty");
});

test("funnels are also bars of time, and lines of conversion", () => {
  const query = (funnelVizType) => ({ kind: "FunnelsQuery", interval: "day", funnelsFilter: { funnelVizType } });
  const times = chart(query("time_to_convert"), { bins: [[60, 3], [120, 0], [180, 1]], average_conversion_time: 90 });
  assert.deepEqual([times.kind, times.parts.map((p) => [p.label, p.value])], ["bars", [["1m – 2m", 3], ["2m – 3m", 0], ["3m – 4m", 1]]]);
  assert.equal(chart(query("time_to_convert"), { bins: [], average_conversion_time: null }).kind, "empty");
  const line = (more) => ({ count: 3, data: [50, 0, 33.33], days, labels: days, ...more });
  const trend = chart(query("trends"), [line()]);
  assert.deepEqual([trend.kind, trend.form, trend.buckets, trend.format, trend.series.map((s) => [s.label, s.values])],
    ["series", "line", days, { format: "percentage" }, [["Conversion", [50, 0, 33.33]]]]);
  assert.deepEqual(chart(query("trends"), [line({ breakdown_value: ["Chrome"] }), line({ breakdown_value: [""] })]).series.map((s) => s.label), ["Chrome", "None"]);
  assert.equal(chart(query("trends"), []).kind, "empty");
  assert.equal(chart(query("flow"), []).kind, "unknown");
});

test("a lifecycle stands above the line and hangs below it", () => {
  const of = (status, data) => ({ action: { name: "$pageview", order: 0 }, label: `$pageview - ${status}`, status, count: 1, data, days, labels: days });
  const result = [of("new", [1, 0, 2]), of("returning", [0, 1, 1]), of("resurrecting", [0, 0, 3]), of("dormant", [0, -1, -2])];
  const query = (filter) => ({ kind: "InsightVizNode", source: { kind: "LifecycleQuery", series: [], lifecycleFilter: filter } });
  const c = chart(query(), result);
  assert.deepEqual([c.kind, c.form, c.open, c.buckets], ["series", "stacked", true, days]);
  assert.deepEqual(c.series.map((s) => s.label), ["New", "Returning", "Resurrecting", "Dormant"]);
  assert.deepEqual(plot.stack(c.series.map((s) => s.values)), [[1, 1, 6], [0, 1, 4], [0, 0, 3], [0, -1, -2]]);
  assert.deepEqual(chart(query({ toggledLifecycles: ["dormant", "new"] }), result).series.map((s) => s.label), ["New", "Dormant"]);
  assert.equal(chart(query({ stacked: false }), result).form, "bar");
  assert.equal(chart(query(), [of("new", [0, 0, 0])]).kind, "empty");
});

test("stickiness is drawn over numbers of intervals", () => {
  const of = (more) => ({ action: { name: "$pageview", order: 0 }, label: "$pageview", count: 3, data: [2, 1], days: [1, 2], labels: ["1 day", "2 days"], ...more });
  const query = { kind: "StickinessQuery", interval: "day", stickinessFilter: { display: "ActionsBar" } };
  const c = chart(query, [of()]);
  assert.deepEqual([c.kind, c.form, c.open, c.buckets, c.series[0].label, c.series[0].values], ["series", "stacked", false, ["1 day", "2 days"], "Page view", [2, 1]]);
  assert.deepEqual(asTable(c).rows, [["1 day", "2"], ["2 days", "1"]]);
  const two = chart({ ...query, stickinessFilter: {} }, [of({ compare_label: "current" }), of({ compare_label: "previous", data: [1, 0] })]);
  assert.deepEqual([two.form, two.series.map((s) => s.previous)], ["line", [false, true]]);
});

test("a retention is a triangle of shares", () => {
  const row = (i, counts, more = {}) => ({ label: `Day ${i}`, date: `2026-01-${18 + i}T00:00:00Z`, values: counts.map((count, k) => ({ count, label: `Day ${k}` })), ...more });
  const result = [row(0, [4, 2, 1]), row(1, [2, 2, 0]), row(2, [0, 0, 0])];
  const query = (filter) => ({ kind: "InsightVizNode", source: { kind: "RetentionQuery", retentionFilter: filter } });
  const c = chart(query(), result), [table] = c.tables;
  assert.deepEqual([c.kind, c.columns, c.mean, c.of], ["retention", ["Day 0", "Day 1", "Day 2"], "simple", "total"]);
  assert.deepEqual(table.rows.map((r) => r.counts), [[4, 2, 1], [2, 2, null], [0, null, null]]);
  assert.deepEqual(table.rows.map((r) => r.label), ["Sun, 18 Jan 2026", "Mon, 19 Jan 2026", "Tue, 20 Jan 2026"]);
  assert.deepEqual(table.rows.map((r) => [1, 2].map((k) => shareAt(c, r, k))), [[50, 25], [100, null], [null, null]]);
  assert.deepEqual([1, 2].map((k) => meanOf(c, table, k)), [75, 25]);
  const weighted = chart(query({ meanRetentionCalculation: "weighted", retentionReference: "previous" }), result);
  assert.deepEqual([1, 2].map((k) => meanOf(weighted, weighted.tables[0], k)), [4 / 6 * 100, 50]);
  assert.match(summary(c), /^Retention table\. Day 1 67%, Day 2 25%$/);
  assert.deepEqual(asTable(c).rows[1], ["Mon, 19 Jan 2026", 2, 2, null]);
  const brackets = chart(query({ retentionCustomBrackets: [1, 2] }), result).tables[0];
  assert.deepEqual(brackets.rows.map((r) => r.counts), [[4, 2, 1], [2, 2, null], [0, null, null]]);
  const split = chart(query(), [row(0, [1, 1], { breakdown_value: "Chrome" }), row(1, [1, 0], { breakdown_value: "Chrome" }), row(0, [2, 0], { breakdown_value: "$$_posthog_breakdown_null_$$" })]);
  assert.deepEqual(split.tables.map((t) => [t.label, t.rows.length]), [["Chrome", 2], ["None", 1]]);
  assert.equal(chart(query(), [row(0, [0, 0])]).kind, "empty");
});

test("anything at all is some chart", () => {
  const odd = [null, undefined, 0, "x", [], {}, [null], [[]], [{}], [{ data: "x", days: 3 }], [{ data: [{}], days: [null] }], [[{ a: 1 }]]];
  const queries = [null, "x", {}, { kind: 3 }, trends(), trends({ display: "BoldNumber" }), trends({ display: 7 }), { kind: "HogQLQuery" },
    { kind: "DataVisualizationNode", display: "ActionsBar", source: { kind: "HogQLQuery" }, chartSettings: [1] },
    { kind: "RetentionQuery" }, { kind: "LifecycleQuery" }, { kind: "StickinessQuery" }, { kind: "PathsQuery" }, { kind: "FunnelsQuery" }, { kind: "InsightVizNode", source: null }];
  for (const query of queries)
    for (const result of odd) {
      const c = chart(query, result, { columns: result });
      assert.match(c.kind, /^(series|number|bars|pie|funnel|retention|paths|table|empty|unknown)$/);
      summary(c);
      asTable(c);
    }
  assert.deepEqual(chart({ kind: "PathsQuery" }, [1]), { kind: "empty" });
  assert.deepEqual(chart({ kind: "VennQuery" }, [1]), { kind: "unknown", what: "Venn" });
});

test("stacks, open ends, labels, bounds", () => {
  assert.deepEqual(plot.stack([[1, 2], [10, null], [100, 200]]), [[111, 202], [110, 200], [100, 200]]);
  assert.deepEqual(plot.split([1, 2, 3]), { settled: [1, 2, null], open: [null, 2, 3] });
  assert.deepEqual(plot.ticks(8, 4), [0, 2, 4, 6]);
  assert.deepEqual(plot.ticks(3, 10), [0, 1, 2]);
  for (const n of [1, 2, 7, 30, 91, 365, 5000]) assert.ok(plot.ticks(n, 6).length <= 6, String(n));
  assert.deepEqual(plot.bounds([[0, 0], [null]]), [0, 1]);
  assert.deepEqual(plot.bounds([[100], [-50]]).map(Math.round), [-54, 108]);
});

test("tiles keep their places, never overlap, fill the gaps", () => {
  const at = (x, y, w, h) => ({ saved: { x, y, w, h }, w: 6, h: 5 });
  const free = (w = 6, h = 5) => ({ saved: {}, w, h });
  assert.deepEqual(arrange([at(0, 0, 6, 5), at(6, 0, 6, 5)]), [{ x: 0, y: 0, w: 6, h: 5 }, { x: 6, y: 0, w: 6, h: 5 }]);
  assert.deepEqual(arrange([at(0, 0, 6, 5), at(0, 0, 6, 5)]).map((b) => b.y), [0, 5]);
  assert.deepEqual(arrange([at(0, 40, 6, 5)]).map((b) => b.y), [0]);
  assert.deepEqual(arrange([free(), free(), free(3, 3)]).map((b) => [b.x, b.y]), [[0, 0], [6, 0], [0, 5]]);
  assert.deepEqual(arrange([free(), at(0, 0, 6, 5)]).map((b) => b.x), [6, 0]);
  assert.deepEqual(arrange([at(11, -3, 99, 1e9), { saved: null, w: 6, h: 5 }, { saved: { x: "0", y: NaN }, w: 3, h: 3 }])
    .map((b) => [b.x, b.y, b.w, b.h]), [[0, 0, 12, 60], [0, 60, 6, 5], [6, 60, 3, 3]]);
  const many = arrange(Array.from({ length: 60 }, (_, i) => at(i % 5, i % 7, 3 + (i % 4), 2 + (i % 3))));
  many.forEach((a, i) => many.slice(i + 1).forEach((b) =>
    assert.ok(a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y)));
});

test("paths: places by step, ribbons as wide as many went there, nothing over anything", () => {
  const { flow } = load("charts/flow.ts");
  const edge = (source, target, value) => ({ source, target, value, average_conversion_time: 1 });
  const c = chart({ kind: "PathsQuery" }, [edge("1_/", "2_/a_b", 30), edge("1_/", "2_$pageview", 10), edge("1_/x", "2_/a_b", 20),
    edge("2_/a_b", "3_/", 25), edge("2_/a_b", "4_/", 5), edge("nonsense", "2_/", 1), edge("1_/", "2_/z", null)]);
  assert.deepEqual(c.edges.map((e) => [e.step, e.from, e.to, e.value]),
    [[1, "/", "/a_b", 30], [1, "/", "Page view", 10], [1, "/x", "/a_b", 20], [2, "/a_b", "/", 25]]);
  const { places, ribbons } = flow(c, 620, 300);
  const at = (step, name) => places.find((p) => p.step === step && p.name === name);
  assert.deepEqual(places.map((p) => [p.step, p.name, p.value]),
    [[1, "/", 40], [2, "/a_b", 50], [2, "Page view", 10], [1, "/x", 20], [3, "/", 25]]);
  assert.deepEqual([at(1, "/").x, at(2, "/a_b").x, at(3, "/").x], [0, 250, 500]);
  assert.ok(Math.abs(at(1, "/").height / at(3, "/").height - 40 / 25) < 1e-9);
  for (const p of places) {
    assert.ok(p.y >= 0 && p.y + p.height <= 300, p.name);
    for (const q of places) assert.ok(p === q || p.step !== q.step || p.y + p.height <= q.y || q.y + q.height <= p.y);
  }
  for (const r of ribbons) {
    assert.ok(r.y1 >= r.from.y - 1e-9 && r.y1 + r.height <= r.from.y + r.from.height + 1e-9);
    assert.ok(r.y2 >= r.to.y - 1e-9 && r.y2 + r.height <= r.to.y + r.to.height + 1e-9);
  }
  const many = { kind: "paths", edges: Array.from({ length: 2000 }, (_, i) => ({ step: 1 + (i % 30), from: `f${i}`, to: `t${i}`, value: 1 })) };
  assert.ok(flow(many, 600, 300).places.length <= 400);
});
