// DatabaseSchemaQuery, and InsightActorsQueryOptions: what there is to ask for, and to click on. All of it must work.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");
const { capture } = require("./query_events.js");

let s;
const post = (query) => s.call("POST", `/api/environments/${s.first.project_id}/query/`, { body: { query } });
async function ask(query) {
  const { status, text, json } = await post(query);
  assert.equal(status, 200, `${JSON.stringify(query)}\n${text}`);
  return json;
}
before(async () => {
  s = await start();
  const event = (day, person, browser, name = "visit") => ({ uuid: require("node:crypto").randomUUID(), event: name, distinct_id: person,
    timestamp: `2024-03-${day}T10:00:00Z`, properties: { $browser: browser, $os: browser === "Chrome" ? "Linux" : "Mac" } });
  await capture(s, s.first.project_api_key, [event("04", "a", "Chrome"), event("05", "a", "Chrome"), event("05", "b", "Safari"), event("06", "b", "Safari", "buy"), event("06", "a", "Chrome")]);
});
after(async () => assert.equal(await s.stop(), 0));

test("every table and every field of the schema can be read", async () => {
  const { tables, joins } = await ask({ kind: "DatabaseSchemaQuery" });
  assert.deepEqual(joins, []);
  for (const name of ["events", "persons", "sessions", "groups", "person_distinct_ids", "cohort_people"]) assert.ok(tables[name], name);
  assert.ok(!("raw_persons" in tables));
  for (const table of Object.values(tables)) {
    const fields = Object.values(table.fields);
    assert.deepEqual([table.type, table.id, tables[table.name]], ["posthog", table.name, table]);
    const plain = fields.filter((f) => !f.fields).map((f) => f.hogql_value), from = table.name === "numbers" ? "numbers(1)" : table.name;
    await ask({ kind: "HogQLQuery", query: `SELECT ${plain.join(", ")} FROM ${from} LIMIT 1` });
    for (const field of fields.filter((f) => f.fields)) {
      const inner = field.fields.filter((name) => !(tables[field.table].fields[name] || {}).fields);
      await ask({ kind: "HogQLQuery", query: `SELECT ${inner.map((name) => `${field.hogql_value}.\`${name}\``).join(", ")} FROM ${from} LIMIT 1` });
    }
  }
});

test("the schema says what fields are, in the person mode that is asked for", async () => {
  const field = async (table, name, modifiers) => (await ask({ kind: "DatabaseSchemaQuery", modifiers })).tables[table].fields[name];
  assert.deepEqual(await field("events", "timestamp"), { name: "timestamp", hogql_value: "timestamp", type: "datetime", schema_valid: true });
  assert.deepEqual(await field("events", "person"), { name: "person", hogql_value: "person", type: "virtual_table", schema_valid: true, table: "events",
    fields: ["id", "created_at", "properties"] });
  const joined = await field("events", "person", { personsOnEventsMode: "disabled" });
  assert.deepEqual([joined.type, joined.table], ["lazy_table", "persons"]);
  const types = {};
  for (const [name, f] of Object.entries((await ask({ kind: "DatabaseSchemaQuery" })).tables.sessions.fields)) types[name] = f.type;
  assert.deepEqual([types.$urls, types.$is_bounce, types.$vitals_lcp, types.$session_duration, types.$channel_type], ["array", "boolean", "float", "integer", "string"]);
  assert.equal((await post({ kind: "DatabaseSchemaQuery", extra: 1 })).status, 400);
});

const range = { dateRange: { date_from: "2024-03-04", date_to: "2024-03-06" } };
const visit = { kind: "EventsNode", event: "visit" }, buy = { kind: "EventsNode", event: "buy", custom_name: "Bought" };
const options = (source) => ask({ kind: "InsightActorsQueryOptions", source });
const people = async (source, click) => (await ask({ kind: "ActorsQuery", select: ["actor_id"], source: { kind: "InsightActorsQuery", source, ...click } })).results.length;
const none = { day: null, status: null, interval: null, breakdown: null, breakdowns: null, series: null, compare: null };
const days = [{ label: "4-Mar-2024", value: "2024-03-04" }, { label: "5-Mar-2024", value: "2024-03-05" }, { label: "6-Mar-2024", value: "2024-03-06" }];

test("options of trends: days, series, values of breakdowns, periods; each can be clicked", async () => {
  const plain = { kind: "TrendsQuery", ...range, series: [visit, buy, { kind: "EventsNode", event: null }] };
  const series = [{ label: "visit", value: 0 }, { label: "Bought", value: 1 }, { label: "All events", value: 2 }];
  assert.deepEqual(await options(plain), { ...none, day: days, series });
  assert.deepEqual(await options({ kind: "InsightVizNode", source: plain }), { ...none, day: days, series });
  const split = { ...plain, series: [visit], compareFilter: { compare: true }, breakdownFilter: { breakdowns: [{ property: "$browser", type: "event" }, { property: "$os", type: "event" }] } };
  const got = await options(split);
  assert.deepEqual(got, { ...none, day: days, series: series.slice(0, 1), compare: [{ label: "Current", value: "current" }, { label: "Previous", value: "previous" }],
    breakdown: [{ label: "Chrome::Linux", value: ["Chrome", "Linux"] }, { label: "Safari::Mac", value: ["Safari", "Mac"] }],
    breakdowns: [{ values: [{ label: "Chrome", value: "Chrome" }, { label: "Safari", value: "Safari" }] }, { values: [{ label: "Linux", value: "Linux" }, { label: "Mac", value: "Mac" }] }] });
  const counts = [];
  for (const day of got.day) for (const value of got.breakdown) counts.push(await people(split, { day: day.value, breakdown: value.value, series: 0, compare: "current" }));
  assert.deepEqual(counts, [1, 0, 1, 1, 1, 0]);
  const missing = await options({ ...plain, series: [buy, visit], breakdownFilter: { breakdown: "nothing", breakdown_type: "event" } });
  assert.deepEqual(missing.breakdown, [{ label: "None (i.e. no value)", value: "$$_posthog_breakdown_null_$$" }]);
});

test("options of lifecycle, stickiness, retention, funnels", async () => {
  const lifecycle = { kind: "LifecycleQuery", ...range, series: [visit] }, got = await options(lifecycle);
  assert.deepEqual(got, { ...none, day: days, status: ["Dormant", "New", "Resurrecting", "Returning"].map((label) => ({ label, value: label.toLowerCase() })) });
  for (const { value } of got.status) await people(lifecycle, { day: got.day[1].value, status: value });
  const stickiness = { kind: "StickinessQuery", ...range, series: [visit] }, sticky = await options(stickiness);
  assert.deepEqual(sticky, { ...none, series: [{ label: "visit", value: 0 }], day: [{ label: "1 day", value: 1 }, { label: "2 days", value: 2 }, { label: "3 days", value: 3 }] });
  assert.equal(await people(stickiness, { day: sticky.day[2].value, series: 0 }), 1);
  const retention = { kind: "RetentionQuery", dateRange: { date_to: "2024-03-06" }, breakdownFilter: { breakdown: "$browser", breakdown_type: "event" },
    retentionFilter: { totalIntervals: 3, period: "Day", targetEntity: { id: "visit", type: "events" }, returningEntity: { id: "visit", type: "events" } } };
  const back = await options(retention);
  assert.deepEqual(back.interval, [{ label: "Day 0", value: 0 }, { label: "Day 1", value: 1 }, { label: "Day 2", value: 2 }]);
  assert.deepEqual(back.breakdown, [{ label: "Chrome", value: "Chrome" }, { label: "Safari", value: "Safari" }]);
  assert.equal(await people(retention, { interval: 0, breakdown: "Chrome" }), 1);
  const funnel = await options({ kind: "FunnelsQuery", ...range, series: [visit, buy], breakdownFilter: { breakdown: "$browser", breakdown_type: "event" } });
  assert.deepEqual(funnel.breakdown.map((b) => b.value), [["Safari"], ["Chrome"]]);
});

test("options of what has none, or is wrong", async () => {
  for (const [query, detail] of [[{}, /source\n  Field required/], [{ source: { kind: "PathsQuery" } }, /Options of "PathsQuery" are not supported/],
    [{ source: { kind: "TrendsQuery" } }, /series\n  Field required/], [{ source: { kind: "Nope" } }, /Nope/], [{ source: 5 }, /valid dictionary/]]) {
    const { status, json } = await post({ kind: "InsightActorsQueryOptions", ...query });
    assert.equal(status, 400);
    assert.match(json.detail, detail);
  }
});

test("older queries in the words of today", async () => {
  const upgrade = async (query) => {
    const { status, json } = await s.call("POST", `/api/environments/${s.first.project_id}/query/upgrade/`, { body: { query } });
    assert.equal(status, 200);
    return json.query;
  };
  const now = { kind: "TrendsQuery", series: [visit], trendsFilter: { showLegend: true, formula: "A" }, compareFilter: { compare: true } };
  assert.deepEqual(await upgrade(now), now);
  const old = { kind: "TrendsQuery", series: [visit], trendsFilter: { show_legend: true, compare: true, formula: "A" } };
  assert.deepEqual(await upgrade(old), now);
  assert.deepEqual(await upgrade({ kind: "InsightVizNode", source: old, full: true }), { kind: "InsightVizNode", source: now, full: true });
  assert.deepEqual(await upgrade({ kind: "FunnelsQuery", series: [visit, buy], funnelsFilter: { funnel_window_interval: 3, exclusions: [] } }),
    { kind: "FunnelsQuery", series: [visit, buy], funnelsFilter: { funnelWindowInterval: 3, exclusions: [] } });
  assert.deepEqual(await upgrade({ insight: "PATHS", date_from: "-3d", include_event_types: ["$pageview"], step_limit: 4, events: [] }),
    { kind: "PathsQuery", dateRange: { date_from: "-3d" }, pathsFilter: { includeEventTypes: ["$pageview"], stepLimit: 4 } });
  assert.deepEqual(await upgrade({ insight: "TRENDS", events: [{ id: "visit" }], compare: true }),
    { kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "visit" }], compareFilter: { compare: true } });
  assert.deepEqual(await upgrade({ kind: "HogQLQuery", query: "SELECT 1" }), { kind: "HogQLQuery", query: "SELECT 1" });
  assert.equal((await s.call("POST", `/api/environments/${s.first.project_id}/query/upgrade/`, { body: { query: 1 } })).status, 400);
});

test("what only changes the drawing is taken", async () => {
  const plain = (await ask({ kind: "FunnelsQuery", ...range, series: [visit, buy] })).results;
  assert.deepEqual((await ask({ kind: "FunnelsQuery", ...range, series: [visit, buy], funnelsFilter: { funnelVizType: "flow" } })).results, plain);
  const [one] = (await ask({ kind: "TrendsQuery", ...range, series: [{ ...visit, limit: 100, orderBy: ["timestamp"] }] })).results;
  assert.deepEqual(one.data, [1, 2, 1]);
});

test("a group of events and actions is one series", async () => {
  const made = await s.call("POST", `/api/projects/${s.first.project_id}/actions/`, { body: { name: "Bought", steps: [{ event: "buy" }] } });
  const group = (nodes, more) => ({ kind: "GroupNode", nodes, ...more }), action = { kind: "ActionsNode", id: made.json.id };
  const trend = async (...series) => (await ask({ kind: "TrendsQuery", ...range, series })).results;
  const chrome = [{ key: "$browser", type: "event", operator: "exact", value: "Chrome" }];
  const [one, two, three, four] = await trend(group([visit, buy], { operator: "OR" }), group([{ ...visit, properties: chrome }, action], { custom_name: "Both" }),
    group([visit, visit], { math: "dau", properties: chrome }), group([{ kind: "EventsNode", event: null }]));
  assert.deepEqual([one.data, one.label], [[1, 2, 2], "visit, buy"]);
  assert.deepEqual([two.data, two.label], [[1, 1, 2], "Both"]);
  assert.deepEqual([three.data, four.data], [[1, 1, 1], [1, 2, 2]]);
  const funnel = (await ask({ kind: "FunnelsQuery", ...range, series: [visit, group([buy, action])] })).results;
  assert.deepEqual(funnel.map((step) => step.count), [2, 1]);
  for (const [bad, detail] of [[group([]), /series.nodes/], [group([visit], { operator: "AND" }), /series.operator/], [group([group([visit])]), /nodes.kind/],
    [group([visit], { event: "x" }), /series.event/], [{ ...visit, nodes: [visit] }, /series.nodes/]]) {
    const { status, json } = await post({ kind: "TrendsQuery", series: [bad] });
    assert.equal(status, 400);
    assert.match(json.detail, detail);
  }
});
