// Exports of a query of the project's own: its columns and rows, its interval, and what is refused.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { eventually, rows } = require("./server.js");
const { start_at } = require("./clock_server.js");
const { put_events } = require("./export_events.js");

const AT = "/api/projects/@current/batch_exports/";
const INTERVAL = "2026-03-04T10:55:00+00:00-2026-03-04T11:00:00+00:00";
const QUERY = "SELECT event, count() AS n, min(timestamp) AS first FROM events WHERE inserted_at >= {data_interval_start} AND inserted_at < {data_interval_end} GROUP BY event ORDER BY event";
let s;
before(async () => { s = await start_at("2026-03-04T10:55:30Z"); });
after(async () => { assert.equal(await s.stop(), 0); });

const one = (name, hogql_query, { config, ...more } = {}) => ({ name, model: "hogql", interval: "every 5 minutes", hogql_query,
  destination: { type: "LocalFile", config: { directory: "out", prefix: name, ...config } }, ...more });
const post = (body) => s.call("POST", AT, { body });
const make = async (...args) => {
  const got = await post(one(...args));
  assert.equal(got.status, 201, got.text);
  return got.json;
};
const ended = (id) => eventually(async () => {
  const [run] = (await s.call("GET", `${AT}${id}/runs/`)).json.results;
  return run?.finished_at ? run : undefined;
});
const file = (name, ext = "jsonl", interval = INTERVAL) => fs.readFileSync(path.join(s.data, "exports", String(s.first.project_id), "out", name, `${interval}.${ext}`));
const lines = (...args) => file(...args).toString().split("\n").slice(0, -1).map((x) => JSON.parse(x));

test("queries that are refused", async () => {
  const only = "Only {data_interval_start} and {data_interval_end} are supported in batch export queries";
  const named = "Every column in the SELECT clause must be a field or have an alias (e.g. `count() AS event_count`)";
  const good = (more) => one("x", "SELECT event, count() AS n FROM events GROUP BY event", more);
  for (const [sent, attr, detail, code = "invalid_input"] of [
    [one("x", undefined), "hogql_query", "'hogql_query' is required when 'model' is 'hogql'"],
    [one("x", null), "hogql_query", "'hogql_query' is required when 'model' is 'hogql'"],
    [one("x", "SELEKT"), "hogql_query", /^Failed to parse HogQL query: ./],
    [one("x", "SELECT nonsense FROM events"), "hogql_query", "Invalid HogQL query: Unable to resolve field: nonsense"],
    [one("x", "SELECT name FROM system.tables"), "hogql_query", /^Invalid HogQL query: /],
    [one("x", "SELECT count() FROM events"), "hogql_query", named],
    [one("x", "SELECT count() FROM events UNION ALL SELECT 1 AS n"), "hogql_query", named],
    [one("x", "SELECT event FROM events WHERE timestamp > {start}"), "hogql_query", `Unknown placeholder '{start}'. ${only}`],
    [one("x", "SELECT event FROM events WHERE event IN (SELECT event FROM events WHERE {filters})"), "hogql_query", `Unsupported placeholder. ${only}`],
    [one("x", "SELECT event FROM events WHERE timestamp > {1 + 1}"), "hogql_query", `Unsupported placeholder. ${only}`],
    [good({ primary_key: ["event", "a", "b"] }), "primary_key", "'primary_key' contains columns that are not present in the query: a, b"],
    [good({ version_key: ["m"] }), "version_key", "'version_key' contains columns that are not present in the query: m"],
    [good({ primary_key: [] }), "primary_key", "This list may not be empty.", "empty"],
    [good({ incremental_mode: "MERGE" }), "primary_key", "'primary_key' is required when 'incremental_mode' is 'MERGE'"],
    [good({ hogql_modifiers: { personsOnEventsMode: "sometimes" } }), "hogql_modifiers", /personsOnEventsMode|Input should be/],
    [good({ hogql_modifiers: { noSuchModifier: 1 } }), "hogql_modifiers", /noSuchModifier|Extra inputs/],
    [good({ hogql_modifiers: [] }), "hogql_modifiers", "Invalid data. Expected a dictionary."],
    [good({ filters: [] }), "filters", "'filters' is only supported for 'events' not 'hogql' model"],
    [good({ config: { file_format: "Parquet", max_file_size_mb: 1 } }), "destination", /cannot be split/],
    [{ ...good(), destination: { type: "ClickHouse", config: { url: "http://127.0.0.1:1" } } }, "model", "Model 'hogql' cannot be exported to ClickHouse"],
  ]) {
    const { status, json } = await post(sent);
    assert.deepEqual([status, json.attr, json.code], [400, attr, code], JSON.stringify([sent, json]));
    if (typeof detail === "string") assert.equal(json.detail, detail);
    else assert.match(json.detail, detail);
  }
  assert.equal((await s.call("GET", AT)).json.count, 0);
});

test("a query is shown, changed and checked again", async () => {
  const keys = { primary_key: ["event"], version_key: ["n"], incremental_mode: "MERGE" };
  const x = await make("kept", QUERY, { ...keys, paused: true, hogql_modifiers: { personsOnEventsMode: "disabled", debug: null } });
  const shown = (v) => [v.model, v.hogql_query, v.hogql_modifiers, v.primary_key, v.version_key, v.incremental_mode];
  assert.deepEqual(shown(x), ["hogql", QUERY, { personsOnEventsMode: "disabled" }, ["event"], ["n"], "MERGE"]);
  const patch = (body) => s.call("PATCH", `${AT}${x.id}/`, { body });
  assert.deepEqual(shown((await patch({ name: "other" })).json), shown(x));
  for (const [body, attr] of [[{ hogql_query: "SELECT uuid FROM events" }, "primary_key"], [{ primary_key: null }, "primary_key"], [{ hogql_query: null }, "hogql_query"]]) {
    const got = await patch(body);
    assert.deepEqual([got.status, got.json.attr], [400, attr], got.text);
  }
  const next = (await patch({ incremental_mode: "APPEND", primary_key: null, version_key: null, hogql_modifiers: null, hogql_query: "SELECT uuid FROM events" })).json;
  assert.deepEqual(shown(next), ["hogql", "SELECT uuid FROM events", null, null, null, "APPEND"]);
  assert.deepEqual(shown((await s.call("GET", `${AT}${x.id}/`)).json), shown(next));
});

test("rows of a query, of its interval and its project only", async () => {
  const team = s.first.project_id;
  const inside = "toDateTime64('2026-03-04 10:57:00', 6, 'UTC')";
  await put_events(s.data, team, { count: 10, arrived: inside });
  await put_events(s.data, team, { count: 5, from: 10, arrived: "toDateTime64('2026-03-04 10:54:59.999999', 6, 'UTC')" });
  await put_events(s.data, team, { count: 5, from: 20, arrived: "toDateTime64('2026-03-04 11:00:00', 6, 'UTC')" });
  await put_events(s.data, team + 1000, { count: 50, from: 100, arrived: inside });
  const all = "SELECT uuid, properties, event AS person_properties, NULL AS nothing, ['a', 'b'] AS list, 1.5 AS half FROM events ORDER BY uuid";
  const ids = {
    grouped: (await make("grouped", QUERY)).id, all: (await make("all", all)).id,
    gzip: (await make("gzip", "SELECT uuid FROM events", { config: { compression: "gzip", max_file_size_mb: 1 } })).id,
    parquet: (await make("parquet", QUERY, { config: { file_format: "Parquet" } })).id,
    union: (await make("union", "SELECT 1 AS n UNION ALL SELECT 2 AS n")).id,
    star: (await make("star", "SELECT * FROM persons")).id,
    odd: (await make("odd", "SELECT map('a', 1) AS m")).id,
    noop: (await make("noop", QUERY, { destination: { type: "NoOp", config: {} } })).id,
  };
  await s.later("2026-03-04T11:00:01Z");
  const done = {};
  for (const name of Object.keys(ids))
    done[name] = await ended(ids[name]);
  for (const name of Object.keys(ids).filter((x) => x !== "odd"))
    assert.deepEqual([done[name].status, done[name].latest_error], ["Completed", null], name);
  const expected = [0, 1, 2, 3, 4, 5, 6].map((i) => ({ event: `e${i}`, n: i < 3 ? 2 : 1, first: `2026-02-01T00:00:0${i}+00:00` }));
  assert.deepEqual(lines("grouped"), expected);
  assert.deepEqual([done.grouped.records_completed, done.noop.records_completed], [7, 7]);
  const got = lines("all");
  assert.equal(got.length, 20, "no interval named: every row of this project");
  assert.deepEqual(got[3], { uuid: "00000000-0000-7000-8000-000000000003", properties: { n: 3, text: "3" }, person_properties: "e3", nothing: null, list: ["a", "b"], half: 1.5 });
  assert.equal(done.gzip.records_completed, 20);
  assert.deepEqual(lines("union").map((x) => x.n).sort(), [1, 2]);
  assert.equal(done.star.records_completed, 0);
  assert.equal(done.odd.status, "Failed");
  assert.match(done.odd.latest_error, /^Column 'm' has a type that cannot be exported: Map/);
  const { parquetReadObjects, parquetMetadata } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const body = file("parquet", "parquet"), buffer = body.buffer.slice(body.byteOffset, body.byteOffset + body.length);
  assert.deepEqual(parquetMetadata(buffer).schema.slice(1).map((x) => x.name), ["event", "n", "first"]);
  const read = await parquetReadObjects({ file: buffer, compressors });
  assert.deepEqual(read.map((x) => [x.event, Number(x.n), x.first.getTime()]), expected.map((x) => [x.event, x.n, Date.parse(x.first)]));
});

test("backfills of a query", async () => {
  const id = (await make("filled", QUERY, { paused: true })).id, whole = (await make("whole", "SELECT count() AS n FROM events", { paused: true })).id;
  const fill = (id, body) => s.call("POST", `${AT}${id}/backfills/`, { body });
  const state = (id, of) => eventually(async () => {
    const x = (await s.call("GET", `${AT}${id}/backfills/${of}/`)).json;
    return x.finished_at ? x : undefined;
  });
  const first = await fill(id, { start_at: "2026-03-04T10:50:00+00:00", end_at: "2026-03-04T11:00:00+00:00" });
  assert.equal(first.status, 201, first.text);
  const done = await state(id, first.json.backfill_id);
  assert.deepEqual([done.status, done.total_records_count, done.adjusted_start_at], ["Completed", 12, null]);
  assert.deepEqual([lines("filled").length, lines("filled", "jsonl", "2026-03-04T10:50:00+00:00-2026-03-04T10:55:00+00:00").length], [7, 5]);
  const open = { start_at: null, end_at: "2026-03-04T11:00:00+00:00" };
  await state(whole, (await fill(whole, open)).json.backfill_id);
  assert.deepEqual(lines("whole", "jsonl", "None-2026-03-04T11:00:00+00:00"), [{ n: 20 }]);
  await state(id, (await fill(id, open)).json.backfill_id);
  const run = await ended(id);
  assert.deepEqual([run.status, run.latest_error], ["Failed", "The query uses {data_interval_start}, which an export from the beginning does not have"]);
});
