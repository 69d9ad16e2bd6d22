// Exports of sessions: one row each, in the interval in which it ended or got its last event.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { eventually, rows } = require("./server.js");
const { start_at } = require("./clock_server.js");

const AT = "/api/projects/@current/batch_exports/";
const first = "2026-03-04T10:55:00+00:00-2026-03-04T11:00:00+00:00", second = "2026-03-04T11:00:00+00:00-2026-03-04T11:05:00+00:00";
let s;
before(async () => { s = await start_at("2026-03-04T10:55:30Z"); });
after(async () => { assert.equal(await s.stop(), 0); });

const make = async (name, config = {}, more = {}) => {
  const got = await s.call("POST", AT, { body: { name, model: "sessions", interval: "every 5 minutes",
    destination: { type: "LocalFile", config: { directory: "out", prefix: name, ...config } }, ...more } });
  assert.equal(got.status, 201, got.text);
  return got.json.id;
};
const ended = (id, n) => eventually(async () => {
  const all = (await s.call("GET", `${AT}${id}/runs/`)).json.results;
  return all.length >= n && all.every((x) => x.finished_at) ? all : undefined;
});
const at = (name, interval, ext = "jsonl") => path.join(s.data, "exports", String(s.first.project_id), "out", name, `${interval}.${ext}`);
const lines = (...where) => fs.readFileSync(at(...where)).toString().split("\n").slice(0, -1).map((x) => JSON.parse(x)).sort((a, b) => a.session_id < b.session_id ? -1 : 1);
const id = (n) => `0190a0a0-0000-7000-8000-00000000000${n}`;
let serial = 0;
const send = async (...batch) => {
  const sent = batch.map(([session, timestamp, event = "$pageview", properties = {}]) => ({ event, timestamp, distinct_id: "visitor",
    uuid: `0190b0b0-0000-7000-8000-${String(serial++).padStart(12, "0")}`, properties: { ...properties, ...(session && { $session_id: session }) } }));
  assert.equal((await s.call("POST", "/batch/", { key: null, body: { api_key: s.first.project_api_key, batch: sent } })).status, 200);
  await eventually(async () => (await rows(s.data, "SELECT toInt32(count()) AS n FROM events"))[0].n === serial || undefined);
};

test("sessions of an interval, and again when they go on", async () => {
  const plain = await make("plain"), parquet = await make("parquet", { file_format: "Parquet", max_file_size_mb: 1 });
  await send([id(1), "2026-03-04T10:40:00Z", "$pageview", { $current_url: "https://shop.example/start?x=1", utm_source: "news", utm_medium: "email", gclid: "G1", _kx: "K1" }],
    [id(1), "2026-03-04T10:40:30Z", "$autocapture"], [id(1), "2026-03-04T10:41:00Z", "$pageview", { $current_url: "https://shop.example/end" }],
    [id(2), "2026-03-03T09:00:00Z", "$screen"], ["plain text", "2026-03-04T10:50:00Z"],
    [id(3), "2026-02-20T09:00:00Z"], [id(3), "2026-02-20T09:10:00Z"], // long over when it came
    [id(4), "2026-03-04T11:02:00Z"], // a clock that is ahead
    [null, "2026-03-04T10:50:00Z"]);
  await s.later("2026-03-04T11:01:00Z");
  await ended(plain, 1);
  await ended(parquet, 1);
  const got = lines("plain", first);
  assert.deepEqual(got.map((x) => x.session_id), [id(1), id(2), "plain text"]);
  const { _inserted_at, ...one } = got[0];
  assert.match(_inserted_at, /^2026-03-04T10:5\d:\d\d/);
  const none = Object.fromEntries("utm_campaign utm_term utm_content referring_domain fbclid gad_source gclsrc dclid gbraid wbraid msclkid twclid li_fat_id mc_cid igshid ttclid irclid".split(" ").map((x) => [`entry_${x}`, ""]));
  const expected = { session_id: id(1), session_id_v7: id(1), team_id: s.first.project_id, distinct_id: "visitor",
    start_timestamp: "2026-03-04T10:40:00+00:00", end_timestamp: "2026-03-04T10:41:00+00:00", urls: ["https://shop.example/end", "https://shop.example/start?x=1"], num_uniq_urls: 2,
    entry_current_url: "https://shop.example/start?x=1", entry_pathname: "/start", entry_hostname: "shop.example", end_current_url: "https://shop.example/end", end_pathname: "/end",
    end_hostname: "shop.example", entry_utm_source: "news", entry_utm_medium: "email", entry_gclid: "G1", entry__kx: "K1", pageview_count: 2, autocapture_count: 1, screen_count: 0,
    channel_type: one.channel_type, session_duration: 60, duration: 60, is_bounce: false, last_external_click_url: "", page_screen_autocapture_count_up_to: 2,
    exit_current_url: "https://shop.example/end", exit_pathname: "/end", vitals_lcp: null, ...none };
  assert.deepEqual(one, expected);
  assert.ok(one.channel_type);
  assert.deepEqual([got[1].session_id_v7, got[1].is_bounce, got[2].session_id_v7], [id(2), true, null]);
  assert.deepEqual(Object.keys(got[0]).slice(0, 6), ["session_id", "session_id_v7", "team_id", "distinct_id", "start_timestamp", "end_timestamp"]);

  await send([id(2), "2026-03-04T11:01:00Z"]);
  await s.later("2026-03-04T11:05:01Z");
  assert.deepEqual((await ended(plain, 2)).map((x) => x.records_completed), [2, 3]);
  assert.deepEqual((await ended(parquet, 2)).map((x) => [x.status, x.records_completed]), [["Completed", 2], ["Completed", 3]]);
  const more = lines("plain", second);
  assert.deepEqual(more.map((x) => [x.session_id, x.pageview_count, x.screen_count, x.end_timestamp]), [[id(2), 1, 1, "2026-03-04T11:01:00+00:00"], [id(4), 1, 0, "2026-03-04T11:02:00+00:00"]]);
  const { parquetReadObjects } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const files = JSON.parse(fs.readFileSync(path.join(path.dirname(at("parquet", second)), `${second}_manifest.json`))).files;
  const read = [];
  for (const name of files) {
    const body = fs.readFileSync(path.join(s.data, "exports", String(s.first.project_id), "out", name));
    read.push(...await parquetReadObjects({ file: body.buffer.slice(body.byteOffset, body.byteOffset + body.length), compressors }));
  }
  assert.deepEqual(read.map((x) => [x.session_id, x.session_id_v7, x.end_timestamp.getTime()]).sort(), more.map((x) => [x.session_id, x.session_id_v7, Date.parse(x.end_timestamp)]));
});

test("a backfill has the sessions that ended in its time", async () => {
  const filled = await make("filled", { include_events: ["no such event"] }, { interval: "hour", paused: true });
  const got = await s.call("POST", `${AT}${filled}/backfills/`, { body: { start_at: "2026-02-20T08:00:00+00:00", end_at: "2026-02-20T11:00:00+00:00" } });
  assert.equal(got.status, 201, got.text);
  const done = await eventually(async () => {
    const x = (await s.call("GET", `${AT}${filled}/backfills/${got.json.backfill_id}/`)).json;
    return x.finished_at ? x : undefined;
  });
  assert.deepEqual([done.status, done.total_records_count, done.adjusted_start_at], ["Completed", 1, "2026-02-20T09:00:00Z"]);
  const interval = "2026-02-20T09:00:00+00:00-2026-02-20T10:00:00+00:00";
  assert.deepEqual(lines("filled", interval).map((x) => [x.session_id, x.duration]), [[id(3), 600]]);
});

test("what sessions do not have", async () => {
  const body = (more) => ({ name: "x", model: "sessions", interval: "hour", destination: { type: "LocalFile", config: { directory: "x" } }, ...more });
  for (const [more, attr, detail] of [
    [{ filters: [] }, "filters", "'filters' is only supported for 'events' not 'sessions' model"],
    [{ hogql_query: "SELECT 1 AS n" }, "hogql_query", "'hogql_query' is only supported for 'hogql' not 'sessions' model"],
    [{ destination: { type: "ClickHouse", config: { url: "http://127.0.0.1:1" } } }, "model", "Model 'sessions' cannot be exported to ClickHouse"],
  ]) {
    const { status, json } = await s.call("POST", AT, { body: body(more) });
    assert.deepEqual([status, json.attr, json.detail], [400, attr, detail]);
  }
});
