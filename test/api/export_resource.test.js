// Batch exports as a resource: what is stored, shown, changed and refused.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const http = require("node:http");
const { once } = require("node:events");
const fs = require("node:fs");
const path = require("node:path");
const { start } = require("./server.js");

let s;
before(async () => { s = await start(["--allow-private", "127.0.0.1", "--clock", "2026-03-04T10:20:30Z"]); });
after(async () => assert.equal(await s.stop(), 0));

const AT = "/api/projects/@current/batch_exports/";
const s3 = { bucket_name: "b", region: "us-east-1", prefix: "p/", aws_access_key_id: "S3-KEY-ID", aws_secret_access_key: "S3-SECRET-KEY" };
const one = (more = {}) => ({ name: "mine", interval: "hour", destination: { type: "S3", config: s3 }, ...more });
const make = async (more) => {
  const got = await s.call("POST", AT, { body: one(more) });
  assert.equal(got.status, 201, got.text);
  return got.json;
};
const patch = (id, body) => s.call("PATCH", `${AT}${id}/`, { body });
const refused = (got, attr, detail, code = "invalid_input") =>
  assert.deepEqual([got.status, got.json], [400, { type: "validation_error", code, detail, attr }]);

test("what is created is shown, without its secrets", async () => {
  const x = await make();
  const { id, created_at, ...rest } = x;
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.match(created_at, /^2026-03-04T10:/);
  assert.deepEqual(rest, {
    team_id: s.first.project_id, name: "mine", model: "events",
    destination: { type: "S3", config: { bucket_name: "b", region: "us-east-1", prefix: "p/", legacy_parquet_extension: false }, integration: null },
    interval: "hour", paused: false, last_updated_at: created_at, last_paused_at: null, start_at: null, end_at: null,
    latest_runs: [], hogql_query: null, hogql_modifiers: null, primary_key: null, version_key: null, incremental_mode: "APPEND",
    schema: null, filters: null, timezone: "UTC", offset_day: null, offset_hour: null });
  assert.deepEqual((await s.call("GET", `${AT}${id}`)).json, x);
  assert.deepEqual((await s.call("GET", `/api/environments/${s.first.project_id}/batch_exports/${id}/`)).json, x);
  const files = fs.readdirSync(s.data).filter((name) => name.startsWith("meta.db"));
  for (const name of files)
    assert.ok(!fs.readFileSync(path.join(s.data, name)).includes("S3-SECRET-KEY"), `${name} holds the secret`);
  assert.equal((await s.call("DELETE", `${AT}${id}/`)).status, 204);
});

test("a list in pages, newest first; deleted ones are gone", async () => {
  const ids = [];
  for (const name of ["a", "b", "c"]) ids.unshift((await make({ name })).id);
  const list = (await s.call("GET", `${AT}?limit=2`)).json;
  assert.deepEqual([list.count, list.results.map((x) => x.id), list.previous], [3, ids.slice(0, 2), null]);
  assert.deepEqual((await s.call("GET", list.next)).json.results.map((x) => x.id), ids.slice(2));
  for (const id of ids) {
    const got = await s.call("DELETE", `${AT}${id}/`);
    assert.deepEqual([got.status, got.text], [204, ""]);
    for (const [method, rest] of [["GET", ""], ["DELETE", ""], ["PATCH", ""], ["POST", "pause/"], ["POST", "unpause/"], ["POST", "run_test_step/"]])
      assert.equal((await s.call(method, `${AT}${id}/${rest}`, { body: method === "GET" ? undefined : {} })).status, 404, method + rest);
  }
  assert.equal((await s.call("GET", AT)).json.count, 0);
  assert.equal((await s.call("GET", `${AT}no-uuid/`)).status, 404);
});

test("changes: settings that are not named stay, secrets among them", async () => {
  const { id } = await make({ end_at: "2027-01-01 00:00:00", filters: [{ key: "$browser", operator: "exact", type: "event", value: ["Firefox"] }] });
  let got = await patch(id, { name: "other", destination: { type: "S3", config: { prefix: "q/", include_events: ["x"] } } });
  assert.equal(got.status, 200, got.text);
  assert.equal(got.json.name, "other");
  assert.equal(got.json.end_at, "2027-01-01T00:00:00Z");
  assert.equal(got.json.filters[0].key, "$browser");
  assert.deepEqual(got.json.destination.config, { bucket_name: "b", region: "us-east-1", prefix: "q/", legacy_parquet_extension: false, include_events: ["x"] });
  assert.ok(got.json.last_updated_at > got.json.created_at);
  // the keys are still there: an export without them is refused
  got = await patch(id, { destination: { type: "S3Compatible", config: {} } });
  assert.match(got.json.detail, /^Cannot change destination type from 'S3' to 'S3Compatible'\./);
  assert.equal(got.json.attr, "destination");
  refused(await patch(id, { model: "persons" }), "model", "Changing models is not supported. Create a new batch export instead.");
  assert.equal((await patch(id, { model: "events" })).status, 200);
  refused(await patch(id, { destination: { type: "S3", config: { nope: 1 } } }), "destination__non_field_errors", "Configuration has unknown field/s: 'nope'");
  refused(await patch(id, { interval: null }), "interval", "This field may not be null.", "null");
  refused(await patch(id, { destination: { config: {} } }), "destination__type", "This field is required.", "required");
  refused(await s.call("PUT", `${AT}${id}/`, { body: { name: "x" } }), "destination", "This field is required.", "required");
  got = await s.call("PUT", `${AT}${id}/`, { body: one({ name: "put" }) });
  assert.deepEqual([got.status, got.json.name, got.json.end_at], [200, "put", "2027-01-01T00:00:00Z"]);
  assert.deepEqual((await s.call("GET", `${AT}${id}/`)).json, got.json);
  const tried = await s.call("POST", `${AT}${id}/run_test_step/`, { body: { destination: { type: "S3", config: { endpoint_url: "http://127.0.0.1:1" } } } });
  assert.deepEqual([tried.status, tried.json.name, tried.json.result.status], [200, "Check S3 bucket exists", "Failed"]);
  await s.call("DELETE", `${AT}${id}/`);
});

test("intervals, zones and offsets", async () => {
  const of = (x) => [x.interval, x.timezone, x.offset_day, x.offset_hour];
  const day = await make({ interval: "day", timezone: "US/Pacific" });
  assert.deepEqual(of(day), ["day", "US/Pacific", null, 0]);
  const to = async (body) => of((await patch(day.id, body)).json);
  assert.deepEqual(await to({ interval: "day", offset_hour: 5 }), ["day", "US/Pacific", null, 5]);
  assert.deepEqual(await to({ interval: "day" }), ["day", "US/Pacific", null, 5]);
  assert.deepEqual(await to({ interval: "week", offset_day: 2 }), ["week", "US/Pacific", 2, 5]);
  assert.deepEqual(await to({ offset_hour: 7 }), ["week", "US/Pacific", 2, 7]);
  assert.deepEqual(await to({ interval: "hour" }), ["hour", "US/Pacific", null, null]);
  assert.deepEqual(await to({ interval: "week", timezone: null }), ["week", "UTC", 0, 0]);
  assert.deepEqual(await to({ interval: "week", offset_day: 6, offset_hour: 23 }), ["week", "UTC", 6, 23]);
  assert.deepEqual(await to({ interval: "week", offset_day: null, offset_hour: null }), ["week", "UTC", 0, 0]);
  refused(await patch(day.id, { interval: "hour", offset_hour: 1 }), "offset_hour", "offset_hour is not applicable for non-daily/weekly intervals");
  refused(await patch(day.id, { offset_day: 7 }), "offset_day", "Ensure this value is less than or equal to 6.", "max_value");
  refused(await patch(day.id, { incremental_mode: "SOMETIMES" }), "incremental_mode", '"SOMETIMES" is not a valid choice.', "invalid_choice");
  await s.call("DELETE", `${AT}${day.id}/`);
});

test("a model that a destination does not take", async () => {
  refused(await s.call("POST", AT, { body: one({ model: "persons" }) }), "model", "Model 'persons' cannot be exported to S3");
});

test("pause and unpause change nothing when it is so already", async () => {
  const x = await make();
  const act = (what, body) => s.call("POST", `${AT}${x.id}/${what}/`, { body });
  const now = async () => (await s.call("GET", `${AT}${x.id}/`)).json;
  assert.deepEqual((await act("pause")).json, { paused: true });
  const paused = await now();
  assert.deepEqual([paused.paused, paused.last_paused_at], [true, paused.last_updated_at]);
  assert.deepEqual((await act("pause")).json, { paused: true });
  assert.deepEqual(await now(), paused);
  assert.deepEqual((await act("unpause")).json, { paused: false });
  const going = await now();
  assert.deepEqual([going.paused, going.last_paused_at], [false, paused.last_paused_at]);
  assert.deepEqual((await act("unpause")).json, { paused: false });
  assert.deepEqual(await now(), going);
  await s.call("DELETE", `${AT}${x.id}/`);
});

test("a stored password goes to no other address", async () => {
  const asked = [];
  const thief = http.createServer((q, reply) => { asked.push(q.headers); reply.writeHead(403).end("no"); }).listen(0, "127.0.0.1");
  await once(thief, "listening");
  try {
    const url = `http://127.0.0.1:${thief.address().port}`, to = (config) => ({ destination: { type: "ClickHouse", config } });
    const x = await make(to({ url: "http://127.0.0.1:1", password: "hunter2" }));
    const step = (config) => s.call("POST", `${AT}${x.id}/run_test_step/`, { body: { step: 0, ...to(config) } });
    for (const got of [await patch(x.id, to({ url })), await step({ url })])
      refused(got, "destination", "The password must be given again when 'url' changes");
    assert.deepEqual(asked, []);
    assert.equal((await step({ url, password: "other" })).status, 200);
    assert.ok(asked.length && !JSON.stringify(asked).includes("hunter2"));
    for (const config of [{ table_name: "t" }, { url: "http://127.0.0.1:1" }, { url, password: "other" }])
      assert.equal((await patch(x.id, to(config))).status, 200);
    const y = await make({ destination: { type: "Postgres", config: { host: "127.0.0.1", user: "u", password: "p", database: "d" } } });
    refused(await patch(y.id, { destination: { type: "Postgres", config: { port: 5433 } } }), "destination", "The password must be given again when 'port' changes");
  } finally {
    thief.close();
  }
});

test("integrations give credentials, and stay linked", async () => {
  const it = (await s.call("POST", "/api/projects/@current/integrations/", { body: { kind: "s3-compatible",
    config: { endpoint_url: "http://127.0.0.1:1", aws_access_key_id: "K", aws_secret_access_key: "S" } } })).json;
  const config = { bucket_name: "b", region: "r", prefix: "" };
  refused(await s.call("POST", AT, { body: one({ destination: { type: "S3Compatible", config } }) }), "destination", "Integration is required for S3Compatible batch exports");
  const x = await make({ destination: { type: "S3Compatible", config, integration_id: it.id } });
  assert.deepEqual(x.destination, { type: "S3Compatible", config: { ...config, legacy_parquet_extension: false }, integration: it.id });
  const kept = await patch(x.id, { destination: { type: "S3Compatible", config: { prefix: "x" } } });
  assert.deepEqual([kept.status, kept.json.destination.integration], [200, it.id]);
  refused(await patch(x.id, { destination: { type: "S3Compatible", config: {}, integration: null } }), "destination", "Integration is required for S3Compatible batch exports");
  refused(await patch(x.id, { destination: { type: "S3Compatible", config: {}, integration: 999 } }), "destination__integration", 'Invalid pk "999" - object does not exist.', "does_not_exist");
  const legacy = await patch(x.id, { destination: { type: "S3Compatible", config: { legacy_parquet_extension: true } } });
  assert.match(legacy.json.detail, /legacy_parquet_extension/);
});

test("another project's exports are not there", async () => {
  const x = await make(), other = s.cli("project", "add", "--name", "other");
  for (const [method, rest] of [["GET", ""], ["DELETE", ""], ["POST", "pause/"]])
    assert.equal((await s.call(method, `/api/projects/${other.id}/batch_exports/${x.id}/${rest}`)).status, 404);
  assert.equal((await s.call("GET", `/api/projects/${other.id}/batch_exports/`)).json.count, 0);
});
