// Runs: what arrived in an interval is in its files, row by row, once, whatever the format.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const zlib = require("node:zlib");
const { eventually, rows } = require("./server.js");
const { start_at } = require("./clock_server.js");
const { fake_s3 } = require("./fake_s3.js");

const AT = "/api/projects/@current/batch_exports/";
let s, store;
before(async () => {
  store = await fake_s3({ buckets: ["events"] });
  s = await start_at("2026-03-04T10:55:30Z", ["--allow-private", "127.0.0.1"]);
});
after(async () => { assert.equal(await s.stop(), 0); await store.stop(); });

const make = async (type, config, more = {}) => {
  const got = await s.call("POST", AT, { body: { name: type, interval: "every 5 minutes", destination: { type, config }, ...more } });
  assert.equal(got.status, 201, got.text);
  return got.json.id;
};
const runs = async (id) => (await s.call("GET", `${AT}${id}/runs/`)).json.results;
const ended = (id, n = 1) => eventually(async () => {
  const all = await runs(id);
  return all.length >= n && all.every((x) => x.finished_at) ? all : undefined;
});
const s3 = (more) => ({ bucket_name: "events", region: "us-east-1", prefix: "p/{table}/{year}-{month}-{day}/{hour}{minute}{second}", aws_access_key_id: "KEY",
  aws_secret_access_key: "SECRET", endpoint_url: store.url, ...more });

const odd = ["", "plain", 'quotes " and \\ and \n', "ünï €😀", "\u0001\u001f", "{not: json}", "a/b?c"];
const sent = odd.map((text, i) => ({ event: i % 2 ? "click" : "$pageview", distinct_id: `user ${i} ${text}`.trim(),
  uuid: `0190a0a0-0000-7000-8000-00000000000${i}`, timestamp: `2026-02-0${i + 1}T01:02:03.00${i}Z`,
  properties: { text, n: i, big: 12345678901234567890n, $elements_chain: `a:href="${i}"`, nested: { a: [1, null, { b: text }] } } }));
const json = (v) => JSON.stringify(v, (_, x) => typeof x === "bigint" ? `BIG${x}` : x).replace(/"BIG(\d+)"/g, "$1");

const INTERVAL = "2026-03-04T10:55:00+00:00-2026-03-04T11:00:00+00:00";
const lines = (text) => text.toString().split("\n").slice(0, -1).map((x) => JSON.parse(x));
let stored;
function check(rows) {
  rows.sort((a, b) => a.uuid < b.uuid ? -1 : 1);
  assert.deepEqual(rows.map((x) => x.uuid), sent.map((x) => x.uuid));
  rows.forEach((row, i) => {
    assert.deepEqual(Object.keys(row), ["uuid", "timestamp", "_inserted_at", "created_at", "event", "properties", "distinct_id", "elements_chain", "person_properties", "person_id"]);
    assert.equal(row.event, sent[i].event);
    assert.equal(row.distinct_id, sent[i].distinct_id);
    assert.equal(row.timestamp, i ? `2026-02-0${i + 1}T01:02:03.00${i}000+00:00` : "2026-02-01T01:02:03+00:00");
    assert.equal(row.properties.text, sent[i].properties.text);
    assert.deepEqual(row.properties.nested, sent[i].properties.nested);
    assert.equal(row.person_id, stored[i].person);
  });
}

test("events of an interval, as JSON lines and compressed, into a directory and an object store", async () => {
  const dir = path.join(s.data, "exports", String(s.first.project_id));
  const ids = {
    local: await make("LocalFile", { directory: "out", prefix: "x" }),
    plain: await make("S3", s3()), gzip: await make("S3", s3({ prefix: "gz/", compression: "gzip" })),
    brotli: await make("S3", s3({ prefix: "", compression: "brotli" })),
    filtered: await make("S3", s3({ prefix: "f" }), { filters: [{ key: "n", operator: "gt", type: "event", value: 3 }] }),
    named: await make("S3", s3({ prefix: "n", include_events: ["click", "$pageview"], exclude_events: ["click"] })),
    none: await make("S3", s3({ prefix: "none", include_events: ["no such event"] })),
    paused: await make("S3", s3({ prefix: "paused" }), { paused: true }),
    late: await make("S3", s3({ prefix: "late" }), { start_at: "2026-03-04T11:01:00Z" }),
  };
  const got = await s.call("POST", "/batch/", { key: null, body: json({ api_key: s.first.project_api_key, batch: sent }) });
  assert.equal(got.status, 200, got.text);
  stored = await eventually(async () => {
    const all = await rows(s.data, "SELECT toString(uuid) AS uuid, toString(person_id) AS person FROM events ORDER BY uuid");
    return all.length === sent.length ? all : undefined;
  });
  await s.later("2026-03-04T11:00:01Z");
  const done = {};
  for (const name of Object.keys(ids).filter((x) => x !== "paused" && x !== "late")) {
    [done[name]] = await ended(ids[name]);
    assert.deepEqual([done[name].status, done[name].latest_error], ["Completed", null], name);
    assert.deepEqual([done[name].data_interval_start, done[name].data_interval_end], ["2026-03-04T10:55:00Z", "2026-03-04T11:00:00Z"]);
  }
  check(lines(fs.readFileSync(path.join(dir, "out/x", `${INTERVAL}.jsonl`))));
  assert.deepEqual(fs.readdirSync(path.join(dir, "out/x")), [`${INTERVAL}.jsonl`]);
  const object = (key) => store.objects.get(`events/${key}`);
  check(lines(object(`p/events/2026-03-04/110000/${INTERVAL}.jsonl`)));
  check(lines(zlib.gunzipSync(object(`gz/${INTERVAL}.jsonl.gz`))));
  check(lines(zlib.brotliDecompressSync(object(`${INTERVAL}.jsonl.br`))));
  assert.deepEqual(lines(object(`f/${INTERVAL}.jsonl`)).map((x) => x.properties.n).sort(), [4, 5, 6]);
  assert.deepEqual(lines(object(`n/${INTERVAL}.jsonl`)).map((x) => x.properties.n).sort(), [0, 2, 4, 6]);
  assert.deepEqual([...store.objects.keys()].filter((x) => /none|paused|late|manifest/.test(x)), []);
  const { none, plain, gzip } = done;
  assert.deepEqual([none.records_completed, none.bytes_exported, none.records_total_count], [0, 0, 0]);
  assert.deepEqual([plain.records_completed, plain.records_failed, plain.records_total_count, plain.backfill], [7, 0, 7, null]);
  assert.equal(gzip.bytes_exported, object(`gz/${INTERVAL}.jsonl.gz`).length);
  assert.deepEqual([(await runs(ids.paused)).length, (await runs(ids.late)).length], [0, 0]);
  const shown = (await s.call("GET", `${AT}${ids.plain}/`)).json.latest_runs;
  assert.deepEqual(shown, [plain]);
  assert.deepEqual((await s.call("GET", `${AT}${ids.plain}/runs/${plain.id}`)).json, plain);
  const logs = (await s.call("GET", `${AT}${ids.plain}/logs/`)).json;
  assert.deepEqual([logs.count, logs.results[0].level, logs.results[0].instance_id, logs.results[0].log_source_id], [1, "INFO", plain.id, ids.plain]);
  assert.equal(logs.results[0].message, "Batch export for range 2026-03-04T10:55:00+00:00 - 2026-03-04T11:00:00+00:00 finished successfully with 7 records exported");
  for (const [query, count] of [["search=SUCCESSFULLY", 1], ["search=zebra", 0], ["level=error", 0], ["level=info&level=error", 1], [`instance_id=${plain.id}`, 1], ["after=2026-03-04T11:59:00Z", 0], ["before=2026-03-04T10:00:00Z", 0]])
    assert.equal((await s.call("GET", `${AT}${ids.plain}/logs/?${query}`)).json.count, count, query);
  assert.equal((await s.call("GET", `${AT}${ids.plain}/runs/${plain.id}/logs/`)).json.count, 1);
  assert.equal((await s.call("GET", `${AT}${ids.plain}/logs/?limit=501`)).status, 400);
  const cancel = await s.call("POST", `${AT}${ids.plain}/runs/${plain.id}/cancel/`);
  assert.deepEqual([cancel.status, cancel.json.detail], [400, "Cannot cancel a run that is in 'Completed' status"]);
  const list = async (query) => (await s.call("GET", `${AT}${ids.plain}/runs/?${query}`)).json.results?.length;
  assert.deepEqual([await list("status=Completed"), await list("status=Failed"), await list("status=Failed&status=Completed"),
    await list("after=2026-03-04T11:30:00Z"), await list("ordering=data_interval_start&start=2026-03-04T10:56:00Z"),
    await list("ordering=-data_interval_start&start=-1h"), await list("status=Odd")], [1, 0, 1, 0, 0, 1, undefined]);
});

test("Parquet with every codec, read by another reader", async () => {
  const { parquetReadObjects, parquetMetadata } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const ids = {};
  for (const compression of [null, "zstd", "lz4", "snappy", "gzip", "brotli"])
    ids[compression] = await make("S3", s3({ prefix: `pq-${compression}`, file_format: "Parquet", compression }));
  await s.later("2026-03-04T11:06:00Z");
  const uuids = [0, 1, 2].map((i) => `0190a0a0-1111-7000-8000-00000000000${i}`);
  const batch = uuids.map((uuid, i) => ({ event: "e", distinct_id: "p", uuid, timestamp: "2026-02-10T00:00:00.5Z", properties: { i, text: odd[i + 2] } }));
  assert.equal((await s.call("POST", "/batch/", { key: null, body: { api_key: s.first.project_api_key, batch } })).status, 200);
  await eventually(async () => (await rows(s.data, "SELECT count() AS n FROM events WHERE event = 'e'"))[0].n === 3 || undefined);
  await s.later("2026-03-04T11:10:01Z");
  for (const [codec, id] of Object.entries(ids)) {
    const all = await ended(id, 2);
    assert.deepEqual(all.map((x) => [x.status, x.records_completed]), [["Completed", 3], ["Completed", 0]], `${codec} ${all[0].latest_error}`);
    const key = `events/pq-${codec}/2026-03-04T11:05:00+00:00-2026-03-04T11:10:00+00:00.parquet`, body = store.objects.get(key);
    assert.equal(all[0].bytes_exported, body.length);
    const file = body.buffer.slice(body.byteOffset, body.byteOffset + body.length);
    const columns = parquetMetadata(file).schema.slice(1);
    assert.deepEqual(columns.map((x) => x.name), ["uuid", "timestamp", "_inserted_at", "created_at", "event", "properties", "distinct_id", "elements_chain", "person_properties", "person_id"]);
    const got = await parquetReadObjects({ file, compressors });
    got.sort((a, b) => a.uuid < b.uuid ? -1 : 1);
    assert.deepEqual(got.map((x) => [x.uuid, x.event, x.distinct_id, x.timestamp.toISOString(), x.properties.text ?? JSON.parse(x.properties).text]),
      batch.map((x) => [x.uuid, "e", "p", "2026-02-10T00:00:00.500Z", x.properties.text]), codec);
  }
});
