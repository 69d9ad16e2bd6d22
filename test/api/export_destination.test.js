// Runs into real servers: PostgreSQL, ClickHouse, Azure Blob Storage, object stores; once, however often.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { eventually, rows } = require("./server.js");
const { start_at } = require("./clock_server.js");
const destinations = require("./destinations.js");
const { fake_s3 } = require("./fake_s3.js");

const AT = "/api/projects/@current/batch_exports/";
const texts = ["tab\there", "line\nbreak \\N \\", "ünï€😀", "quote ' \" end"];
const sent = texts.map((text, i) => ({ event: "e", distinct_id: `p${i}\t`, uuid: `0190a0a0-0000-7000-8000-00000000000${i}`,
  timestamp: `2026-02-01T01:02:03.00000${i}Z`, properties: { text, $ip: "1.2.3.4", nul: "a\u0000b" } }));
let s, filler;
before(async () => {
  s = await start_at("2026-03-04T10:55:30Z", ["--allow-private", "127.0.0.1"]);
  assert.equal((await s.call("POST", "/batch/", { key: null, body: { api_key: s.first.project_api_key, batch: sent } })).status, 200);
  await eventually(async () => (await rows(s.data, "SELECT count() AS n FROM events"))[0].n === 4 || undefined);
});
after(async () => assert.equal(await s.stop(), 0));

const make = async (type, config, more = {}) => {
  const got = await s.call("POST", AT, { body: { name: "x", interval: "hour", paused: true, destination: { type, config }, ...more } });
  assert.equal(got.status, 201, got.text);
  return got.json.id;
};
// Runs the hour with the events; the run.
async function run(id) {
  const seen = (await s.call("GET", `${AT}${id}/runs/`)).json.results.length;
  const got = await s.call("POST", `${AT}${id}/backfills/`, { body: { start_at: "2026-02-01T01:00:00Z", end_at: "2026-02-01T02:00:00Z" } });
  assert.equal(got.status, 201, got.text);
  return eventually(async () => {
    const all = (await s.call("GET", `${AT}${id}/runs/`)).json.results;
    return all.length > seen && all[0].finished_at ? all[0] : undefined;
  });
}
const ran = async (id) => {
  const { status, latest_error, records_completed, checksum, bytes_exported } = await run(id);
  assert.deepEqual([status, latest_error, records_completed], ["Completed", null, 4]);
  assert.match(checksum, /^[0-9a-f]{64}$/);
  assert.ok(bytes_exported > 0);
};

test("PostgreSQL: a table is made, rows are merged by id, the user's own tables are taken as they are", async () => {
  const pg = await destinations.postgres();
  try {
    const config = { database: "postgres", host: "127.0.0.1", port: pg.port, user: "hog", password: "secret", ssl_mode: "prefer" };
    const id = await make("Postgres", { ...config, table_name: "Odd \"table" });
    const read = () => JSON.parse(pg.sql(`SELECT json_agg(t ORDER BY uuid) FROM "Odd ""table" t`));
    await ran(id);
    const first = read();
    assert.deepEqual(first.map((x) => [x.uuid, x.event, x.distinct_id, x.properties.text, x.properties.nul, x.ip, x.site_url, x.set, x.team_id]),
      sent.map((x) => [x.uuid, "e", x.distinct_id, x.properties.text, "ab", "1.2.3.4", null, null, s.first.project_id]));
    assert.deepEqual(first.map((x) => Date.parse(x.timestamp)), sent.map((x) => Date.parse(x.timestamp)));
    pg.sql(`DELETE FROM "Odd ""table" WHERE uuid = '${sent[2].uuid}'`);
    await ran(id);
    assert.deepEqual(read(), first);
    pg.sql("CREATE TABLE own (event text, uuid varchar(36) PRIMARY KEY, extra int DEFAULT 7)");
    const own = await make("Postgres", { ...config, table_name: "own" });
    await ran(own);
    await ran(own);
    assert.equal(pg.sql("SELECT count(*), count(DISTINCT uuid), min(extra), min(event) FROM own"), "4|4|7|e");
    pg.sql("CREATE TABLE alien (a int)");
    const alien = await run(await make("Postgres", { ...config, table_name: "alien" }));
    assert.equal(alien.status, "Failed");
    assert.match(alien.latest_error, /public\.alien/);
    const denied = await run(await make("Postgres", { ...config, password: "wrong" }));
    assert.equal(denied.status, "Failed");
    assert.match(denied.latest_error, /^OperationalError: .*password authentication failed/);
    assert.doesNotMatch(JSON.stringify(denied), /wrong/);
  } finally { await pg.stop(); }
});

test("ClickHouse: a table that keeps a row of each id", async () => {
  const ch = await destinations.clickhouse(s.data);
  try {
    const id = await make("ClickHouse", { url: ch.url, table_name: "copied" });
    await ran(id);
    await ran(id);
    const got = await rows(s.data, "SELECT toString(uuid) AS uuid, event, distinct_id, JSONExtractString(properties, 'text') AS text, toString(timestamp) AS at FROM copied FINAL ORDER BY uuid");
    assert.deepEqual(got, sent.map((x) => ({ uuid: x.uuid, event: "e", distinct_id: x.distinct_id, text: x.properties.text, at: x.timestamp.replace("T", " ").replace("Z", "") })));
  } finally { await ch.stop(); }
});

test("Azure Blob Storage", async () => {
  const az = await destinations.azure();
  try {
    const { BlobServiceClient } = require("@azure/storage-blob");
    const container = BlobServiceClient.fromConnectionString(az.connection()).getContainerClient("events");
    await container.create();
    const id = await make("AzureBlob", { container_name: "events", prefix: "p", connection_string: az.connection() });
    await ran(id);
    const key = "p/2026-02-01T01:00:00+00:00-2026-02-01T02:00:00+00:00.jsonl";
    const text = (await container.getBlobClient(key).downloadToBuffer()).toString();
    const got = text.trim().split("\n").map((x) => JSON.parse(x)).sort((a, b) => a.uuid < b.uuid ? -1 : 1);
    assert.deepEqual(got.map((x) => [x.uuid, x.properties.text, x.team_id]), sent.map((x) => [x.uuid, x.properties.text, s.first.project_id]));
    const missing = await run(await make("AzureBlob", { container_name: "none", connection_string: az.connection() }));
    assert.deepEqual([missing.status, missing.latest_error], ["Failed", "ResourceNotFoundError: the container or blob does not exist"]);
  } finally { await az.stop(); }
});

test("an object store that refuses, fails for a while, or hangs", async () => {
  let fails = 2, hangs = true;
  const held = [];
  const store = await fake_s3({ buckets: ["events"], instead: (req, res) => {
    if (req.url.includes("flaky") && fails-- > 0) { res.writeHead(503); res.end(); return true; }
    if (req.url.includes("hang") && hangs) { held.push(res); return true; }
    return false;
  } });
  const config = (prefix, more) => ({ bucket_name: "events", region: "r", prefix, aws_access_key_id: "KEY", aws_secret_access_key: "SECRET", endpoint_url: store.url, ...more });
  try {
    const hang = await make("S3", config("hang"));
    await s.call("POST", `${AT}${hang}/backfills/`, { body: { start_at: "2026-02-01T01:00:00Z", end_at: "2026-02-01T02:00:00Z" } });
    await eventually(() => held.length || undefined);
    await ran(await make("S3", config("flaky"))); // while the other hangs
    assert.equal(fails < 0, true);
    const [run_id] = (await s.call("GET", `${AT}${hang}/runs/`)).json.results.map((x) => x.id);
    assert.deepEqual((await s.call("POST", `${AT}${hang}/runs/${run_id}/cancel/`)).json, { cancelled: true });
    assert.equal((await s.call("GET", `${AT}${hang}/runs/${run_id}/`)).json.status, "Cancelled");
    const again = await make("S3", config("hang again"));
    await s.call("POST", `${AT}${again}/backfills/`, { body: { start_at: "2026-02-01T01:00:00Z", end_at: "2026-02-01T02:00:00Z" } });
    await eventually(() => held.length === 2 || undefined);
    await s.later("2026-03-04T10:56:30Z"); // it ends although that destination hangs, and begins anew
    await eventually(() => held.length === 3 || undefined);
    hangs = false;
    held.forEach((res) => res.destroy());
    const refused = await run(await make("S3", config("x", { bucket_name: "other" })));
    assert.deepEqual([refused.status, refused.latest_error, refused.records_completed], ["Failed", "NoSuchBucket: No: NoSuchBucket", null]);
    const forged = await run(await make("S3", config("x", { aws_secret_access_key: "WRONG" })));
    assert.deepEqual([forged.status, forged.latest_error], ["Failed", "SignatureDoesNotMatch: No: SignatureDoesNotMatch"]);
    await ran(await make("S3", config("kms", { encryption: "aws:kms", kms_key_id: "k" })));
    const noop = await run(await make("NoOp", {}));
    assert.deepEqual([noop.status, noop.records_completed], ["Completed", 4]);
  } finally { await store.stop(); }
});

test("an export whose runs keep failing is paused", async () => {
  const store = await fake_s3({ buckets: [] });
  try {
    const id = await make("S3", { bucket_name: "gone", region: "r", prefix: "", aws_access_key_id: "KEY", aws_secret_access_key: "SECRET", endpoint_url: store.url },
      { interval: "every 15 minutes", paused: false });
    const shown = async () => (await s.call("GET", `${AT}${id}/`)).json;
    for (let i = 0; i < 4; i++) {
      assert.equal((await shown()).paused, false);
      await s.call("POST", `${AT}${id}/backfills/`, { body: { start_at: "2026-02-01T01:00:00Z", end_at: "2026-02-01T01:15:00Z" } });
      await eventually(async () => (await shown()).latest_runs.filter((x) => x.status === "Failed").length === i + 1 || undefined);
    }
    const paused = await shown();
    assert.deepEqual([paused.paused, paused.last_paused_at === paused.last_updated_at], [true, true]);
    const { results } = (await s.call("GET", `${AT}${id}/logs/?level=warning`)).json;
    assert.match(results[0].message, /the export is paused$/);
  } finally { await store.stop(); }
});
