// The configuration an SDK in a browser fetches by project token before it starts.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const vm = require("node:vm");
const { start } = require("./server.js");

let s, token;
before(async () => {
  s = await start();
  token = s.first.project_api_key;
});
after(async () => assert.equal(await s.stop(), 0));

const ask = (where, more = {}) => s.call("GET", where, { key: null, ...more });

test("the document switches on what the server has, and says so in full", async () => {
  const reply = await ask(`/array/${token}/config`);
  assert.equal(reply.status, 200);
  assert.deepEqual(reply.json, {
    token, supportedCompression: ["gzip", "gzip-js"], hasFeatureFlags: false, captureDeadClicks: false,
    capturePerformance: { network_timing: true, web_vitals: false, web_vitals_allowed_metrics: null },
    autocapture_opt_out: false, autocaptureExceptions: false, analytics: { endpoint: "/i/v0/e/" },
    elementsChainAsString: true, errorTracking: { autocaptureExceptions: false, suppressionRules: [] },
    logs: { captureConsoleLogs: false }, sessionRecording: false, heatmaps: false,
    productTours: false, conversations: false, defaultIdentifiedOnly: true, siteApps: [],
  });
});

test("the script sets the same document for its token, beside those of others", async () => {
  const reply = await ask(`/array/${token}/config.js`);
  assert.equal(reply.status, 200);
  assert.match(reply.headers.get("content-type"), /^application\/javascript/);
  const window = { _POSTHOG_REMOTE_CONFIG: { other: 1 } };
  vm.runInNewContext(reply.text, { window });
  const { config, siteApps } = JSON.parse(JSON.stringify(window._POSTHOG_REMOTE_CONFIG[token]));
  assert.deepEqual(config, (await ask(`/array/${token}/config`)).json);
  assert.deepEqual(siteApps, []);
  assert.equal(window._POSTHOG_REMOTE_CONFIG.other, 1);
});

test("pages of any origin may read it", async () => {
  const reply = await ask(`/array/${token}/config`, { headers: { Origin: "https://shop.example" } });
  assert.equal(reply.headers.get("access-control-allow-origin"), "https://shop.example");
  assert.match(reply.headers.get("vary"), /Origin/);
  assert.match(reply.headers.get("vary"), /Referer/);
});

test("what cannot be a token is told apart from one nobody has", async () => {
  const bad = await ask(`/array/${encodeURIComponent('x";alert(1)')}/config.js`);
  assert.equal(bad.status, 400);
  assert.equal(bad.json.detail, "Invalid token");
  for (const file of ["config", "config.js"])
    assert.equal((await ask(`/array/phc_nobody/${file}`)).status, 404);
});

test("HEAD is GET without its body", async () => {
  const reply = await fetch(`${s.url}/array/${token}/config`, { method: "HEAD" });
  assert.equal(reply.status, 200);
  assert.equal(await reply.text(), "");
});

test("a project's settings show", async () => {
  const { id, api_token } = s.cli("project", "add", "--name", "settings");
  const settings = { autocapture_opt_out: true, autocapture_exceptions_opt_in: true, autocapture_web_vitals_opt_in: true,
    autocapture_web_vitals_allowed_metrics: ["LCP"], capture_performance_opt_in: false, capture_dead_clicks: true };
  assert.equal((await s.call("PATCH", `/api/projects/${id}/`, { body: settings })).status, 200);
  const { json } = await ask(`/array/${api_token}/config`);
  assert.deepEqual({ ...json }, { ...json, autocapture_opt_out: true, autocaptureExceptions: true, captureDeadClicks: true,
    errorTracking: { autocaptureExceptions: true, suppressionRules: [] },
    capturePerformance: { network_timing: false, web_vitals: true, web_vitals_allowed_metrics: ["LCP"] } });
});
