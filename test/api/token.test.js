// The short lists SDKs ask for by project token.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");

let s;
before(async () => { s = await start(); });
after(async () => assert.equal(await s.stop(), 0));

const lists = { "/api/surveys/": "surveys", "/api/early_access_features/": "earlyAccessFeatures",
  "/api/web_experiments/": "experiments" };

test("lists of what no project has", async () => {
  for (const [path, name] of Object.entries(lists)) {
    const headers = { Origin: "https://shop.example" };
    const reply = await s.call("GET", `${path}?token=${s.first.project_api_key}`, { key: null, headers });
    assert.equal(reply.status, 200, path);
    assert.deepEqual(reply.json, { [name]: [] });
    assert.equal(reply.headers.get("access-control-allow-origin"), "https://shop.example");
  }
});

test("a token must be given and known", async () => {
  for (const path of Object.keys(lists)) {
    const none = await s.call("GET", path, { key: null });
    assert.deepEqual([none.status, none.json.type, none.json.code], [401, "authentication_error", "missing_api_key"]);
    const unknown = await s.call("GET", `${path}?token=phc_nobody`, { key: null });
    assert.deepEqual([unknown.status, unknown.json.code], [401, "invalid_api_key"]);
  }
});

test("a script of another origin may ask first", async () => {
  const reply = await fetch(`${s.url}/api/surveys/`, { method: "OPTIONS",
    headers: { Origin: "https://shop.example", "Access-Control-Request-Method": "GET" } });
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get("access-control-allow-origin"), "https://shop.example");
});
