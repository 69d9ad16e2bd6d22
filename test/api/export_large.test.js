// Large runs: uploads in parts, files split by size, and the manifest that comes behind them.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { eventually } = require("./server.js");
const { start_at } = require("./clock_server.js");
const { fake_s3 } = require("./fake_s3.js");
const { put_events } = require("./export_events.js");

const AT = "/api/projects/@current/batch_exports/", COUNT = 13000, MIB = 1 << 20;
const NAME = "2026-03-04T10:00:00+00:00-2026-03-04T11:00:00+00:00";
let s, store;
before(async () => {
  store = await fake_s3({ buckets: ["events"] });
  s = await start_at("2026-03-04T10:30:00Z", ["--allow-private", "127.0.0.1"]);
  await put_events(s.data, s.first.project_id, { count: COUNT, arrived: "toDateTime64('2026-03-04 10:10:00', 6, 'UTC') + number / 100", text: "lower(hex(randomString(700)))" });
});
after(async () => { assert.equal(await s.stop(), 0); await store.stop(); });

const make = async (prefix, more) => {
  const config = { bucket_name: "events", region: "r", prefix, aws_access_key_id: "KEY", aws_secret_access_key: "SECRET", endpoint_url: store.url, ...more };
  const got = await s.call("POST", AT, { body: { name: prefix, interval: "hour", destination: { type: "S3", config } } });
  assert.equal(got.status, 201, got.text);
  return got.json.id;
};
const object = (key) => store.objects.get(`events/${key}`);
const numbers = (body) => body.toString().split("\n").slice(0, -1).map((x) => JSON.parse(x).properties.n);
const all = [...Array(COUNT).keys()];

test("parts, splits and manifests", async () => {
  const { parquetReadObjects } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const ids = { whole: await make("whole/"), split: await make("split/", { max_file_size_mb: 5 }), one: await make("one/", { max_file_size_mb: 1000, compression: "gzip" }),
    pq: await make("pq/", { max_file_size_mb: 2, file_format: "Parquet", compression: "zstd" }) };
  await s.later("2026-03-04T11:00:01Z");
  const done = {};
  for (const [name, id] of Object.entries(ids)) {
    done[name] = await eventually(async () => (await s.call("GET", `${AT}${id}/runs/`)).json.results.find((x) => x.finished_at));
    assert.deepEqual([done[name].status, done[name].latest_error, done[name].records_completed], ["Completed", null, COUNT], name);
  }
  const whole = object(`whole/${NAME}.jsonl`);
  assert.ok(whole.length > 16 * MIB);
  assert.deepEqual(numbers(whole).sort((a, b) => a - b), all);
  const puts = store.asked.filter((x) => x.startsWith("PUT events/whole/"));
  assert.equal(puts.length, Math.ceil(whole.length / (16 * MIB)));
  const listed = JSON.parse(object(`split/${NAME}_manifest.json`)).files;
  assert.deepEqual(listed, [...Array(listed.length).keys()].map((i) => `split/${NAME}-${i}.jsonl`));
  assert.ok(listed.length >= 3 && listed.every((key) => object(key).length < 6 * MIB));
  assert.deepEqual(listed.flatMap((key) => numbers(object(key))).sort((a, b) => a - b), all);
  assert.match(store.asked.filter((x) => x.includes("/split/")).at(-1), /^PUT .*_manifest\.json$/);
  assert.deepEqual(JSON.parse(object(`one/${NAME}_manifest.json`)).files, [`one/${NAME}-0.jsonl.gz`]);
  const files = JSON.parse(object(`pq/${NAME}_manifest.json`)).files, found = [];
  assert.ok(files.length >= 3);
  for (const key of files) {
    const body = object(key), file = body.buffer.slice(body.byteOffset, body.byteOffset + body.length);
    assert.ok(body.length < 3 * MIB, `${key}: ${body.length}`);
    for (const row of await parquetReadObjects({ file, compressors, columns: ["properties"] })) found.push((row.properties.n ?? JSON.parse(row.properties).n));
  }
  assert.deepEqual(found.sort((a, b) => a - b), all);
  assert.equal(store.uploads.size, 0);
});

test("parts of an upload that fails are taken back", async () => {
  let id = await make("fails/");
  const run = async () => (await s.call("GET", `${AT}${id}/runs/`)).json.results[0];
  await s.call("PATCH", `${AT}${id}/`, { body: { destination: { type: "S3", config: { bucket_name: "gone" } } } });
  await s.call("POST", `${AT}${id}/backfills/`, { body: { start_at: "2026-02-01T00:00:00Z", end_at: "2026-02-01T06:00:00Z" } });
  const ended = await eventually(async () => { const x = await run(); return x?.finished_at ? x : undefined; });
  assert.deepEqual([ended.status, ended.latest_error], ["Failed", "NoSuchBucket: No: NoSuchBucket"]);
  assert.equal(store.uploads.size, 0);
});
