// Results of insights and of a dashboard's tiles, against a count of the same events here: computed,
// kept, filtered by the dashboard, and failing alone.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start, eventually } = require("./server.js");
const { makeEvents, capture } = require("./query_events.js");

let s, events;
before(async () => {
  s = await start(["--clock", "2026-03-31T10:30:00Z"]);
  events = makeEvents(11, 300, "2026-03-20T00:00:00Z", "2026-03-31T10:00:00Z");
  await capture(s, s.first.project_api_key, events);
});
after(async () => assert.equal(await s.stop(), 0));

const boards = "/api/environments/@current/dashboards/";
const insights = "/api/projects/@current/insights/";
const name = "sign up";
const trends = (more = {}) => ({ kind: "InsightVizNode", source: { kind: "TrendsQuery", interval: "day",
  series: [{ kind: "EventsNode", event: name }], ...more } });
const sql = (query) => ({ kind: "DataVisualizationNode", source: { kind: "HogQLQuery", query } });
const get = async (at, status = 200) => {
  const reply = await s.call("GET", at);
  assert.equal(reply.status, status, reply.text);
  return reply.json;
};
const create = async (body) => {
  const { status, json } = await s.call("POST", insights, { body });
  assert.equal(status, 201, json.detail);
  return json;
};
const board = async (body = {}) => (await s.call("POST", boards, { body })).json.id;
const since = (date) => events.filter((e) => e.event === name && e.timestamp >= date).length;
const sum = (result) => result[0].data.reduce((a, b) => a + b, 0);

test("an insight is computed when asked, then kept", async () => {
  const { id } = await create({ query: trends() });
  const miss = await get(`${insights}${id}/`);
  for (const key of ["result", "last_refresh", "hasMore", "columns", "types", "timezone", "hogql", "cache_target_age",
    "next_allowed_client_refresh", "query_status", "resolved_date_range"]) assert.equal(miss[key], null, key);
  assert.equal(miss.is_cached, false);
  const made = await get(`${insights}${id}/?refresh=blocking`);
  assert.equal(sum(made.result), since("2026-03-24"));
  assert.deepEqual([made.is_cached, made.timezone], [false, "UTC"]);
  for (const key of ["last_refresh", "cache_target_age", "next_allowed_client_refresh"])
    assert.match(made[key], /^2026-03-31T1/, key);
  for (const query of ["", "?refresh=blocking", "?refresh=force_cache", "?refresh=0"]) {
    const kept = await get(`${insights}${id}/${query}`);
    assert.deepEqual([kept.result, kept.is_cached, kept.last_refresh], [made.result, true, made.last_refresh], query);
    assert.deepEqual(kept.filters_hash, made.filters_hash);
  }
  for (const query of ["refresh=true", "refresh=", "refresh=1", "refresh=force_blocking"]) {
    const anew = await get(`${insights}${id}/?${query}`);
    assert.deepEqual([anew.is_cached, anew.last_refresh > made.last_refresh], [false, true], query);
  }
  const row = (await get(`${insights}?short_id=${made.short_id}`)).results[0];
  assert.deepEqual([row.result, row.is_cached], [made.result, true]);
});

test("SQL shows its columns and types", async () => {
  const { id } = await create({ query: sql("SELECT event, count() AS n FROM events GROUP BY event ORDER BY event") });
  const { result, columns, types, hasMore, hogql } = await get(`${insights}${id}/?refresh=blocking`);
  const names = [...new Set(events.map((e) => e.event))].sort();
  assert.deepEqual(result, names.map((n) => [n, events.filter((e) => e.event === n).length]));
  assert.deepEqual([columns, types.map(([n]) => n), hasMore], [["event", "n"], ["event", "n"], false]);
  assert.match(hogql, /SELECT/);
});

test("a query that fails is an error when asked to run, and no obstacle to reading and mending it", async () => {
  const { id } = await create({ query: sql("SELECT nonsense FROM events") });
  const failed = await get(`${insights}${id}/?refresh=blocking`, 400);
  assert.deepEqual([failed.type, failed.code], ["validation_error", "invalid_input"]);
  assert.match(failed.detail, /nonsense/);
  assert.equal((await get(`${insights}${id}/`)).result, null);
  const listed = (await get(`${insights}?refresh=blocking&order=-id&limit=1`)).results[0];
  assert.deepEqual([listed.id, listed.query_status.error], [id, true]);
  const mended = await s.call("PATCH", `${insights}${id}/`, { body: { query: sql("SELECT 1") } });
  assert.equal(mended.status, 200);
  assert.deepEqual((await get(`${insights}${id}/?refresh=blocking`)).result, [[1]]);
});

test("a dashboard's tiles are computed under its filters, and a failing one spoils no other", async () => {
  const id = await board({ filters: { date_from: "2026-03-27" } });
  const good = await create({ query: trends(), dashboards: [id] });
  const bad = await create({ query: sql("SELECT nonsense FROM events"), dashboards: [id] });
  const table = await create({ query: sql(`SELECT count() FROM events WHERE event = '${name}' AND {filters}`), dashboards: [id] });
  await s.call("PATCH", `${boards}${id}/`, { body: { tiles: [{ text: { body: "t" } }] } });
  const tiles = async (query) => {
    const json = await get(`${boards}${id}/${query}`);
    assert.equal(json.tiles.length, 4);
    return Object.fromEntries(json.tiles.map((t) => [t.insight?.id ?? "text", t]));
  };
  const cold = await tiles("");
  assert.deepEqual([cold[good.id].insight.result, cold[good.id].last_refresh, cold[good.id].is_cached], [null, null, false]);
  const made = await tiles("?refresh=blocking");
  assert.equal(sum(made[good.id].insight.result), since("2026-03-27"));
  assert.deepEqual(made[table.id].insight.result, [[since("2026-03-27")]]);
  assert.deepEqual([made[good.id].is_cached, made[good.id].last_refresh], [false, made[good.id].insight.last_refresh]);
  assert.deepEqual([made[bad.id].insight.result, made[bad.id].error.type], [null, "ValidationError"]);
  assert.match(made[bad.id].error.message, /nonsense/);
  assert.ok(!("error" in made[good.id]) && !("error" in made.text));
  const kept = await tiles("");
  assert.deepEqual([kept[good.id].insight.result, kept[good.id].is_cached], [made[good.id].insight.result, true]);
  const alone = await get(`${insights}${good.id}/?refresh=blocking`);
  assert.equal(sum(alone.result), since("2026-03-24"));
  assert.notEqual(alone.filters_hash, made[good.id].insight.filters_hash);
  const inside = await get(`${insights}${good.id}/?from_dashboard=${id}`);
  assert.deepEqual([inside.result, inside.is_cached], [made[good.id].insight.result, true]);
  const over = encodeURIComponent('{"date_from":"2026-03-29"}');
  assert.equal(sum((await tiles(`?refresh=blocking&filters_override=${over}`))[good.id].insight.result), since("2026-03-29"));
  await s.call("PATCH", `${boards}${id}/`, { body: { tiles: [{ id: made[good.id].id, filters_overrides: { date_from: "2026-03-30" } }] } });
  const own = await tiles("?refresh=blocking");
  assert.equal(sum(own[good.id].insight.result), since("2026-03-30"));
  assert.deepEqual(own[table.id].insight.result, [[since("2026-03-27")]]);
  const run = (await get(`${boards}${id}/run_insights/?refresh=blocking`)).results;
  assert.deepEqual(run.find((t) => t.insight.id === table.id).insight.result, [[since("2026-03-27")]]);
  assert.match(run.find((t) => t.insight.id === bad.id).error.message, /nonsense/);
});

test("async answers at once and fills in later", async () => {
  const { id } = await create({ query: trends({ dateRange: { date_from: "2026-03-25" } }) });
  const first = await get(`${insights}${id}/?refresh=async`);
  if (first.result === null)
    assert.deepEqual([first.query_status.complete, first.query_status.error, first.query_status.query_async], [false, false, true]);
  const done = await eventually(async () => {
    const now = await get(`${insights}${id}/`);
    return now.result ? now : undefined;
  });
  assert.equal(sum(done.result), since("2026-03-25"));
});

test("a dashboard of many tiles is computed whole, by several callers at once", async () => {
  const id = await board();
  const days = Array.from({ length: 8 }, (_, i) => `2026-03-${22 + i}`);
  for (const date_from of days) await create({ name: date_from, query: trends({ dateRange: { date_from } }), dashboards: [id] });
  const all = await Promise.all(Array.from({ length: 12 }, () => get(`${boards}${id}/?refresh=force_blocking`)));
  for (const json of all)
    assert.deepEqual(json.tiles.map((t) => sum(t.insight.result)), days.map(since));
});

test("the older filters are computed as the query they stand for", async () => {
  const id = await board({ filters: { date_from: "2026-03-28" } });
  const filters = { insight: "TRENDS", events: [{ id: name, type: "events", order: 0 }], date_from: "2026-03-26", interval: "day" };
  const made = await create({ filters, dashboards: [id] });
  const alone = await get(`${insights}${made.id}/?refresh=blocking`);
  assert.deepEqual([sum(alone.result), alone.query, alone.filters], [since("2026-03-26"), null, filters]);
  const [tile] = (await get(`${boards}${id}/?refresh=blocking`)).tiles;
  assert.equal(sum(tile.insight.result), since("2026-03-28"));
  const entity = { id: name, type: "events", order: 0, math: "total" };
  const back = await create({ filters: { insight: "RETENTION", period: "Day", total_intervals: 3, target_entity: entity, returning_entity: entity } });
  const rows = (await get(`${insights}${back.id}/?refresh=blocking`)).result;
  assert.deepEqual(rows.map((row) => row.values[0].count), ["2026-03-29", "2026-03-30", "2026-03-31"]
    .map((day) => new Set(events.filter((e) => e.event === name && e.timestamp.startsWith(day)).map((e) => e.distinct_id)).size));
});

test("format=txt draws for a terminal, and no name can command it", async () => {
  const id = await board({ name: "Growth \u001b[2J\u009b2J", description: "why" });
  await create({ name: "Sign\u0007 ups", query: trends(), dashboards: [id] });
  await create({ name: "Rows", query: sql("SELECT event, count() AS n FROM events GROUP BY event ORDER BY event"), dashboards: [id] });
  await create({ name: "Bad", query: sql("SELECT nonsense FROM events"), dashboards: [id] });
  await create({ name: "Back", query: { kind: "RetentionQuery", retentionFilter: { totalIntervals: 3, targetEntity: { id: name }, returningEntity: { id: name } } }, dashboards: [id] });
  await s.call("PATCH", `${boards}${id}/`, { body: { tiles: [{ text: { body: "# one\ntwo" } }] } });
  const cold = await s.call("GET", `${boards}${id}/?format=txt`);
  assert.deepEqual([cold.status, cold.headers.get("content-type")], [200, "text/plain; charset=utf-8"]);
  assert.match(cold.text, /not computed yet/);
  const { text } = await s.call("GET", `${boards}${id}/?format=txt&refresh=blocking`);
  assert.match(text, /^Growth +\[2J 2J  \(\d+\)\nwhy\n/);
  assert.match(text, new RegExp(`── Sign  ups ─+\n${name} +[▁▂▃▄▅▆▇█]{8} ${since("2026-03-24")}\n`));
  assert.match(text, new RegExp(`\nevent +n\n[^]*\n${name} +${since("2026-03-01")}\n`));
  assert.match(text, /\nerror: .*nonsense/);
  const began = new Set(events.filter((e) => e.event === name && e.timestamp.startsWith("2026-03-29")).map((e) => e.distinct_id)).size;
  assert.match(text, new RegExp(`── Back ─+\n +people +Day 1 +Day 2\n29 Mar +${began} +\\d+% +\\d+%\n30 Mar +\\d+ +\\d+%\n31 Mar +\\d+\n`));
  assert.match(text, /\n# one\ntwo\n/);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  const list = await s.call("GET", `${boards}?format=txt`);
  assert.equal(list.headers.get("content-type"), "text/plain; charset=utf-8");
  assert.match(list.text, new RegExp(`\n +${id}  Growth `));
  assert.equal((await s.call("GET", `${boards}?format=json`)).headers.get("content-type"), "application/json");
  const gone = await s.call("GET", `${boards}424242/?format=txt`);
  assert.deepEqual([gone.status, gone.headers.get("content-type"), gone.json.detail], [404, "application/json", "Not found."]);
  const count = (await get(boards)).count;
  for (const [method, at] of [["GET", boards], ["POST", boards], ["GET", `${boards}${id}/`], ["PATCH", `${boards}${id}/`]])
    assert.equal((await s.call(method, `${at}?format=xml`, { body: method === "GET" ? undefined : { name: "x" } })).status, 404);
  assert.equal((await get(boards)).count, count);
});
