// Feature flags as SDKs ask for them, of a project that has none.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const zlib = require("node:zlib");
const { start, eventually } = require("./server.js");

let s, token;
before(async () => {
  s = await start();
  token = s.first.project_api_key;
});
after(async () => assert.equal(await s.stop(), 0));

const post = (where, body, headers = {}) => s.call("POST", where, { key: null, headers,
  body: typeof body === "string" ? body : JSON.stringify(body) });
const poll = (where, key, headers = {}) => s.call("GET", where, { key, headers });
const keyFor = (scopes, ...more) =>
  s.cli("key", "add", "--email", "owner@example.com", "--scopes", scopes, ...more).value;

test("every version finds its own fields, empty", async () => {
  for (const where of ["/flags/?v=2", "/flags?v=1", "/flags/", "/decide/?v=1", "/decide?v=4"]) {
    const reply = await post(where, { token, distinct_id: "u" });
    assert.equal(reply.status, 200, where);
    const { errorsWhileComputingFlags, flags, featureFlags, featureFlagPayloads, requestId, evaluatedAt } = reply.json;
    assert.deepEqual({ errorsWhileComputingFlags, flags, featureFlags, featureFlagPayloads },
      { errorsWhileComputingFlags: false, flags: {}, featureFlags: {}, featureFlagPayloads: {} }, where);
    assert.match(requestId, /^[0-9a-f-]{36}$/);
    assert.ok(Math.abs(evaluatedAt - Date.now()) < 60000);
  }
});

test("config=true and /decide/ carry the configuration", async () => {
  const { json: config } = await s.call("GET", `/array/${token}/config`, { key: null });
  for (const where of ["/flags/?v=2&config=true", "/decide/?v=3"]) {
    const { json } = await post(where, { api_key: token, distinct_id: "u" });
    for (const [name, value] of Object.entries(config)) assert.deepEqual(json[name], value, `${where} ${name}`);
  }
  assert.equal((await post("/flags/?v=2", { token, distinct_id: "u" })).json.supportedCompression, undefined);
});

test("the question may be encoded as events are", async () => {
  const json = JSON.stringify({ token, distinct_id: "u", person_properties: { a: "ü" } });
  const form = `data=${encodeURIComponent(Buffer.from(json).toString("base64"))}`;
  const urlencoded = { "Content-Type": "application/x-www-form-urlencoded" };
  const gzip = (headers, query = "") => fetch(`${s.url}/flags/?v=2${query}`, { method: "POST", headers, body: zlib.gzipSync(json) });
  assert.equal((await post("/flags/?v=2&compression=base64", form, urlencoded)).status, 200);
  assert.equal((await gzip({ "Content-Encoding": "gzip" })).status, 200);
  assert.equal((await gzip({ "Content-Type": "text/plain" }, "&compression=gzip-js")).status, 200);
});

test("no token, an unknown one, no person, no object", async () => {
  const said = async (body) => {
    const { status, json } = await post("/flags/?v=2", body);
    return [status, json.type, json.code, json.attr];
  };
  assert.deepEqual(await said({ distinct_id: "u" }), [401, "authentication_error", "missing_api_key", null]);
  assert.deepEqual(await said({ token: "phc_nobody", distinct_id: "u" }), [401, "authentication_error", "invalid_api_key", null]);
  assert.deepEqual(await said({ token }), [400, "validation_error", "required", "distinct_id"]);
  assert.deepEqual(await said({ token, distinct_id: " " }), [400, "validation_error", "required", "distinct_id"]);
  assert.deepEqual(await said([]), [400, "validation_error", "invalid_input", null]);
  assert.deepEqual(await said("{"), [400, "invalid_request", "parse_error", null]);
  assert.equal((await post("/flags/?v=2", { token, disable_flags: true })).status, 200);
  assert.equal((await s.call("GET", "/flags/", { key: null })).status, 405);
});

test("definitions for local evaluation, by key and project token", async () => {
  const key = keyFor("feature_flag:read");
  const id = s.first.project_id;
  for (const where of [`/flags/definitions?token=${token}&send_cohorts`, `/api/feature_flag/local_evaluation?token=${token}&send_cohorts`,
    "/api/feature_flag/local_evaluation/", `/api/projects/${id}/feature_flags/local_evaluation/`,
    "/api/environments/@current/feature_flags/local_evaluation"]) {
    const reply = await poll(where, key);
    assert.equal(reply.status, 200, where);
    assert.deepEqual(reply.json, { flags: [], group_type_mapping: {}, cohorts: {} }, where);
  }
});

test("group types appear among the definitions; an answer known already is not sent again", async () => {
  const key = keyFor("feature_flag:read");
  const before = await poll(`/flags/definitions?token=${token}`, key);
  const tag = before.headers.get("etag");
  const again = await poll(`/flags/definitions?token=${token}`, key, { "If-None-Match": tag });
  assert.equal(again.status, 304);
  assert.equal(again.text, "");
  await post("/batch/", { api_key: token, batch: [
    { event: "x", distinct_id: "u", properties: { $groups: { company: "acme" } } },
    { event: "x", distinct_id: "u", properties: { $groups: { team: "blue" } } }] });
  const reply = await eventually(async () => {
    const now = await poll(`/flags/definitions?token=${token}`, key, { "If-None-Match": tag });
    return now.status === 200 ? now : undefined;
  });
  assert.deepEqual(reply.json.group_type_mapping, { 0: "company", 1: "team" });
});

test("definitions are refused without the scope, for foreign projects, beyond a key's projects", async () => {
  const other = s.cli("project", "add", "--name", "Second");
  const foreign = s.cli("project", "add", "--name", "Third", "--org", s.cli("org", "add", "--name", "Elsewhere").id);
  const at = (t) => `/flags/definitions?token=${t}`;
  assert.equal((await poll(at(token), null)).status, 401);
  assert.equal((await poll(at(token), "phs_unknown")).status, 401);
  assert.equal((await poll(at(token), keyFor("dashboard:read"))).status, 403);
  assert.equal((await poll(at("phc_nobody"), keyFor("*"))).status, 401);
  assert.equal((await poll(at(foreign.api_token), keyFor("*"))).status, 403);
  const narrow = keyFor("*", "--teams", String(other.id));
  assert.equal((await poll(at(other.api_token), narrow)).status, 200);
  assert.equal((await poll(at(token), narrow)).status, 403);
});
