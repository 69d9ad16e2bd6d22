// What a dashboard, a tile and an address lay over the query of a tile, for every kind a tile can hold:
// the answer is that of the same query with the dates and the properties written into it by hand.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { start } = require("./server.js");
const { makeEvents, capture } = require("./query_events.js");

const root = "/api/environments/@current/", boards = `${root}dashboards/`;
let s, events;
before(async () => {
  s = await start(["--clock", "2026-03-31T10:30:00Z"]);
  events = makeEvents(5, 300, "2026-03-01T00:00:00Z", "2026-03-31T09:00:00Z");
  for (const e of events) e.properties.$session_id = `${e.distinct_id} ${e.timestamp.slice(0, 10)}`;
  const later = (time) => new Date(Date.parse(time) + 60000).toISOString();
  events.push(...events.filter((e) => e.event === "sign up") // so that there are paths
    .map((e) => ({ ...e, uuid: randomUUID(), event: "purchase", timestamp: later(e.timestamp) })));
  await capture(s, s.first.project_api_key, events);
});
after(async () => assert.equal(await s.stop(), 0));

const dates = { date_from: "2026-03-10", date_to: "2026-03-20" };
const is = (key, ...value) => ({ key, value, type: "event", operator: "exact" });
const chrome = is("$browser", "Chrome"), pro = is("plan", "pro");
const node = (event) => ({ kind: "EventsNode", event, name: event });
const entity = (id) => ({ id, type: "events", name: id });
const over = { dateRange: dates, properties: [chrome] };

// name, query, what stands in it afterwards, where properties of its own stand
const kinds = [
  ["trends", { kind: "TrendsQuery", series: [node("$pageview")] }, over],
  ["funnels", { kind: "FunnelsQuery", series: [node("$pageview"), node("purchase")] }, over],
  ["retention", { kind: "RetentionQuery", retentionFilter: { targetEntity: entity("$pageview"), returningEntity: entity("purchase"), totalIntervals: 5 } }, over],
  ["lifecycle", { kind: "LifecycleQuery", series: [node("$pageview")] }, over],
  ["stickiness", { kind: "StickinessQuery", series: [node("$pageview")] }, over],
  ["paths", { kind: "PathsQuery", pathsFilter: { includeEventTypes: ["custom_event"] } }, over],
  ["web overview", { kind: "WebOverviewQuery", properties: [] }, over],
  ["SQL", { kind: "HogQLQuery", query: "SELECT count(), min(timestamp), max(timestamp) FROM events WHERE {filters}" }, { filters: over }],
  ["events", { kind: "EventsQuery", select: ["count()", "event"], orderBy: ["count() DESC", "event"] },
    { after: dates.date_from, before: dates.date_to, properties: [chrome] }],
];
const wrapped = (query) => ({ kind: /HogQL|Events/.test(query.kind) ? "DataTableNode" : "InsightVizNode", source: query });
const withOwn = (query) => query.kind === "HogQLQuery" ? { ...query, filters: { properties: [pro] } } : { ...query, properties: [pro] };

const post = async (where, body) => {
  const { status, json, text } = await s.call("POST", root + where, { body });
  assert.ok(status < 300, text);
  return json;
};
const get = async (where) => {
  const { status, json, text } = await s.call("GET", where);
  assert.equal(status, 200, text);
  return json;
};
const answer = async (query) => (await post("query/", { query })).results;
const param = (name, value) => `&${name}=${encodeURIComponent(JSON.stringify(value))}`;

// A dashboard of one tile for each query: {id, ids of its tiles, read(address) -> its insights}, in that order.
async function board(body, queries) {
  const { id } = await post("dashboards/", body), made = [];
  for (const query of queries) made.push((await post("insights/", { query, dashboards: [id] })).id);
  const read = async (more = "") => {
    const { tiles } = await get(`${boards}${id}/?refresh=blocking${more}`);
    return made.map((one) => tiles.find((t) => t.insight.id === one));
  };
  return { id, made, read };
}

// Series without the filters that they repeat: trees and lists of properties may mean the same.
const numbers = (result) => result.map((one) => one?.filter ? { ...one, filter: null } : one);

// Each tile has the answer by hand, and that is not the one of the query with nothing laid over it.
async function compare(tiles, expected, plain) {
  for (const [i, [name]] of kinds.entries()) {
    assert.ok(!tiles[i].error, `${name}: ${JSON.stringify(tiles[i].error)}`);
    assert.deepEqual(numbers(tiles[i].insight.result), numbers(expected[i]), name);
    assert.notDeepEqual(expected[i], plain[i], `${name}: nothing to see`);
  }
}
const all = (list) => list.reduce(async (done, query) => [...await done, await answer(query)], []);

test("the dashboard's, the tile's and the address's filters lie over every kind", async () => {
  const queries = kinds.map(([, query]) => query), plain = await all(queries);
  const expected = await all(kinds.map(([, query, more]) => ({ ...query, ...more })));
  const inside = (end) => events.filter((e) => e.properties.$browser === "Chrome" && e.timestamp >= "2026-03-10" && e.timestamp < end);
  assert.equal(expected[0][0].count, inside("2026-03-21").filter((e) => e.event === "$pageview").length);
  assert.equal(expected[7][0][0], inside("2026-03-20").length); // SQL takes a date for its midnight
  const filters = { ...dates, properties: [chrome] };
  const stored = await board({ filters }, queries.map(wrapped));
  await compare(await stored.read(), expected, plain);
  const bare = await board({}, queries.map(wrapped)), before_ = await bare.read();
  assert.deepEqual(before_.map((t) => t.insight.result), plain);
  await compare(await bare.read(param("filters_override", filters)), expected, plain);
  const tiles = before_.map((t) => ({ id: t.id, filters_overrides: filters }));
  assert.equal((await s.call("PATCH", `${boards}${bare.id}/`, { body: { filters: { date_from: "-1d" }, tiles } })).status, 200);
  await compare(await bare.read(), expected, plain);
  for (const [i, [name]] of kinds.entries()) {
    const alone = await get(`${root}insights/${stored.made[i]}/?refresh=blocking`);
    assert.deepEqual([alone.query, alone.result], [wrapped(queries[i]), plain[i]], name);
  }
});

test("a query's own properties count beside them", async () => {
  const queries = kinds.map(([, query]) => withOwn(query));
  const both = (more) => more.filters ? { filters: both(more.filters) } : { ...more, properties: [pro, chrome] };
  const expected = await all(kinds.map(([, query, more]) => ({ ...query, ...both(more) })));
  const { read } = await board({ filters: { ...dates, properties: [chrome] } }, queries);
  await compare(await read(), expected, await all(kinds.map(([, query, more]) => ({ ...query, ...more }))));
  const { source } = (await (await board({ filters: { properties: [chrome] } }, [wrapped(queries[0])])).read())[0].insight.query;
  const group = (one) => ({ type: "AND", values: [one] });
  assert.deepEqual(source.properties, { type: "AND", values: [group(pro), group(chrome)] });
});

test("one date replaces both; all time has nothing to compare with", async () => {
  const old = { date_from: "2026-03-01", date_to: "2026-03-05" };
  const trends = { ...kinds[0][1], dateRange: old, compareFilter: { compare: true } };
  const { read } = await board({ filters: { date_from: "2026-03-25" } }, [trends, { ...kinds[8][1], after: "2026-03-01", before: "2026-03-05" }].map(wrapped));
  const [first, second] = (await read()).map((t) => t.insight.query.source);
  assert.deepEqual([first.dateRange, first.compareFilter], [{ date_from: "2026-03-25", date_to: null }, { compare: true }]);
  assert.deepEqual([second.after, second.before], ["2026-03-25", null]);
  const [always] = await read(param("filters_override", { date_from: "all" }));
  assert.deepEqual(always.insight.query.source.compareFilter, { compare: false });
  assert.equal(always.insight.result.length, 1);
  assert.equal(always.insight.result[0].count, events.filter((e) => e.event === "$pageview").length);
});

test("variables: the address's, the dashboard's, the insight's, the default", async () => {
  const { id } = await post("insight_variables/", { name: "Wanted", type: "String", default_value: "sign up" });
  const say = (value) => ({ [id]: { code_name: "wanted", variableId: id, value } });
  const sql = (variables) => wrapped({ kind: "HogQLQuery", query: "SELECT {variables.wanted}", variables });
  const own = sql(say("purchase")), none = sql({ [id]: { code_name: "wanted", variableId: id } });
  const { id: d, read } = await board({}, [own, none]);
  const values = async (more) => (await read(more)).map((t) => t.insight.result[0][0]);
  assert.deepEqual(await values(), ["purchase", "sign up"]);
  assert.equal((await s.call("PATCH", `${boards}${d}/`, { body: { variables: say("of the dashboard") } })).status, 200);
  assert.deepEqual(await values(), ["of the dashboard", "of the dashboard"]);
  assert.deepEqual(await values(param("variables_override", say("of the address"))), ["of the address", "of the address"]);
});

test("properties are kept as a list: AND groups flattened, OR groups and other shapes refused", async () => {
  const group = (type, ...values) => ({ type, values });
  const { id, read } = await board({ filters: { properties: group("AND", group("AND", chrome), pro), date_from: "-9d" } }, [kinds[0][1]]);
  const [{ id: tile }] = await read(), url = `${boards}${id}/`;
  const dashboard = (properties) => ({ filters: { properties } });
  const onTile = (properties) => ({ tiles: [{ id: tile, filters_overrides: { properties } }] });
  assert.deepEqual((await get(url)).persisted_filters, { properties: [chrome, pro], date_from: "-9d" });
  const either = "Property groups must be AND-combined; OR groups are not supported";
  const shape = "Must be a list of filters or a property group";
  for (const [properties, detail] of [[group("OR", chrome), either], [group("AND", group("OR", chrome)), either], ["x", shape], [5, shape],
    [chrome, shape], [{ type: "AND" }, shape], [{ type: "AND", values: chrome }, shape], [group("XOR", chrome), shape]])
    for (const [method, where, body] of [["PATCH", url, dashboard(properties)], ["PATCH", url, onTile(properties)], ["POST", boards, dashboard(properties)]]) {
      const { status, json } = await s.call(method, where, { body });
      assert.deepEqual([status, json.code, json.attr, json.detail], [400, "invalid_input", "properties", detail], JSON.stringify(body));
    }
  assert.deepEqual((await get(url)).persisted_filters.properties, [chrome, pro]);
  const { json } = await s.call("PATCH", url, { body: { ...dashboard(null), ...onTile(group("AND", group("AND", pro), chrome)) } });
  assert.deepEqual([json.persisted_filters, json.tiles[0].filters_overrides], [{ properties: null }, { properties: [pro, chrome] }]);
  assert.deepEqual((await s.call("PATCH", url, { body: dashboard([chrome]) })).json.persisted_filters, { properties: [chrome] });
});
