// Probes and metrics: what they say follows what happened; and the server ends in order under load.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { randomUUID } = require("node:crypto");
const { execFileSync } = require("node:child_process");
const { start, serve, end, eventually, rows } = require("./server.js");

let s, url;
before(async () => {
  s = await start(["--metrics-listen", "127.0.0.1:0"]);
  url = (await status(s.data)).metrics_url;
});
after(async () => { assert.equal(await s.stop(), 0); });

function status(data) {
  return new Promise((resolve, reject) => http.get({ socketPath: path.join(data, "admin.sock"), path: "/status" }, (res) => {
    let text = "";
    res.on("data", (c) => { text += c; });
    res.on("end", () => resolve(JSON.parse(text)));
  }).on("error", reject));
}

// {name{labels}: value}, and the types; every line must be one of the format's.
async function scrape() {
  const reply = await fetch(`${url}/metrics`);
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const values = {}, types = {}, helps = {};
  for (const line of (await reply.text()).split("\n")) {
    if (!line) continue;
    const head = line.match(/^# (HELP|TYPE) ([a-z_]+) (.+)$/);
    if (head) {
      (head[1] === "TYPE" ? types : helps)[head[2]] = head[3];
      continue;
    }
    const hit = line.match(/^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\})? ([-+.e0-9]+)$/);
    assert.ok(hit, line);
    const base = hit[1].replace(/_(bucket|sum|count)$/, "");
    assert.ok(types[hit[1]] || types[base] === "histogram", `${line} has no TYPE before it`);
    const key = hit[1] + (hit[2] ?? "");
    assert.ok(!(key in values), `${key} twice`);
    values[key] = Number(hit[3]);
  }
  assert.deepEqual(Object.keys(helps), Object.keys(types));
  return { values, types };
}
const value = async (key) => (await scrape()).values[key] ?? 0;

const capture = (token, events) => fetch(`${s.url}/batch/`, { method: "POST",
  headers: { "Content-Type": "application/json" }, body: JSON.stringify({ api_key: token, batch: events }) });

test("metrics are not on the public address, and nothing else is on theirs", async () => {
  assert.equal((await s.call("GET", "/metrics", { key: null })).status, 404);
  assert.equal((await fetch(`${url}/api/users/@me/`)).status, 404);
});

test("requests are counted by route, method and class, with a histogram", async () => {
  const me = '{method="GET",route="/api/users/:id/",status="2xx"}';
  const before = await scrape();
  for (let i = 0; i < 3; i++) await s.call("GET", "/api/users/@me/");
  await s.call("GET", "/api/users/@me/", { key: "phx_no" });
  await s.call("GET", "/api/never/");
  const now = await scrape();
  const grew = (key) => (now.values[key] ?? 0) - (before.values[key] ?? 0);
  assert.equal(now.types.hoglet_http_requests_total, "counter");
  assert.equal(grew(`hoglet_http_requests_total${me}`), 3);
  assert.equal(grew(`hoglet_http_requests_total${me.replace("2xx", "4xx")}`), 1);
  assert.equal(grew('hoglet_http_requests_total{method="",route="none",status="4xx"}'), 1);
  const name = "hoglet_http_request_duration_seconds", route = 'method="GET",route="/api/users/:id/"';
  assert.equal(grew(`${name}_count{${route}}`), 4);
  const buckets = Object.entries(now.values).filter(([k]) => k.startsWith(`${name}_bucket{${route},`)).map(([, n]) => n);
  assert.ok(buckets.length > 10);
  buckets.forEach((n, i) => assert.ok(i === 0 || n >= buckets[i - 1], "buckets add up"));
  assert.equal(buckets.at(-1), now.values[`${name}_count{${route}}`]);
  assert.ok(now.values[`${name}_sum{${route}}`] > 0);
});

test("events: accepted, stored, refused and dropped by reason", async () => {
  const token = s.first.project_api_key, ev = (n) => ({ event: `e${n}`, distinct_id: "d" });
  const before = (await scrape()).values;
  assert.equal((await capture(token, [ev(1), ev(2), ev(3)])).status, 200);
  assert.equal((await capture("phc_unknown", [ev(1), ev(2)])).status, 200);
  assert.equal((await capture(token, [{ event: "$snapshot", distinct_id: "d" }])).status, 200);
  assert.equal((await capture(token, [])).status, 400);
  assert.equal((await capture("phx_key", [ev(1)])).status, 401);
  assert.equal((await capture(token, [{ ...ev(1), properties: { x: "y".repeat(1 << 20) } }])).status, 413);
  const v1 = await fetch(`${s.url}/i/v1/analytics/events`, { method: "POST", body: "{" });
  assert.ok(v1.status >= 400);
  await eventually(async () => (await value("hoglet_ingest_queue_bytes")) === 0 || undefined);
  const now = (await scrape()).values;
  const grew = (name, reason) => {
    const key = reason ? `hoglet_ingest_${name}{reason="${reason}"}` : `hoglet_ingest_${name}`;
    return now[key] - before[key];
  };
  assert.equal(grew("accepted_events_total"), 6);
  assert.equal(grew("stored_events_total"), 3);
  assert.equal(grew("dropped_events_total", "unknown_token"), 2);
  assert.equal(grew("dropped_events_total", "not_stored"), 1);
  assert.equal(grew("refused_requests_total", "too_large"), 1);
  assert.equal(grew("refused_requests_total", "token"), v1.status === 401 ? 2 : 1);
  assert.ok(grew("refused_requests_total", "invalid") >= 1);
  assert.ok(grew("batches_total") >= 1);
  assert.equal(now.hoglet_ingest_queue_age_seconds, 0);
  assert.ok(now['hoglet_event_store_duration_seconds_count{kind="write"}'] > 0);
});

test("memory of both processes, disk, connections, version", async () => {
  const { values } = await scrape();
  assert.ok(values['hoglet_resident_memory_bytes{process="server"}'] > 1e6);
  assert.ok(values['hoglet_resident_memory_bytes{process="engine"}'] > 1e6);
  assert.ok(values.hoglet_disk_free_bytes > 0);
  assert.ok(values['hoglet_metadata_connections{state="idle"}'] > 0);
  assert.equal(Object.keys(values).filter((k) => /^hoglet_build_info\{version="\d/.test(k)).length, 1);
  assert.ok(values.hoglet_uptime_seconds > 0);
  assert.deepEqual(["completed", "failed", "tried_again"].map((x) => values[`hoglet_export_runs_total{outcome="${x}"}`]), [0, 0, 0]);
  assert.equal(values.hoglet_export_lag_seconds, 0);
});

test("a stopped engine: not ready by name, the queue grows old, then all is stored", async () => {
  const engine = Number(execFileSync("pgrep", ["-P", String(s.pid)], { encoding: "utf8" }).trim());
  process.kill(engine, "SIGSTOP"); // it hangs: what a kill cannot show
  assert.equal((await capture(s.first.project_api_key, [{ event: "later", distinct_id: "d" }])).status, 200);
  await eventually(async () => (await value("hoglet_ingest_queue_age_seconds")) > 0.5 || undefined);
  assert.ok(await value("hoglet_ingest_queue_bytes") > 0);
  process.kill(engine, "SIGKILL");
  const ready = await eventually(async () => {
    const reply = await s.call("GET", "/_readyz", { key: null });
    return reply.status === 503 ? reply : undefined;
  });
  assert.deepEqual(ready.json, { metadata: true, engine: false, disk: true, journal: true });
  assert.equal(ready.headers.get("retry-after"), "1");
  await eventually(async () => (await value("hoglet_engine_ready")) === 1 || undefined);
  assert.equal(await value("hoglet_engine_restarts_total"), 1);
  await eventually(async () => (await value("hoglet_ingest_queue_bytes")) === 0 || undefined);
  assert.deepEqual((await s.call("GET", "/_readyz", { key: null })).json,
    { metadata: true, engine: true, disk: true, journal: true });
});

test("SIGTERM under load: exit 0, and what was acknowledged is there", async () => {
  const one = await start();
  const acknowledged = new Set();
  let stop = false;
  const client = async () => {
    while (!stop) {
      const uuids = [randomUUID(), randomUUID()];
      try {
        const reply = await fetch(`${one.url}/batch/`, { method: "POST", headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ api_key: one.first.project_api_key, batch: uuids.map((uuid) => ({ uuid, event: "load", distinct_id: "d" })) }) });
        if (reply.status === 200) uuids.forEach((u) => acknowledged.add(u));
        else if (reply.status !== 503) throw new Error(`status ${reply.status}`);
        await reply.text();
      } catch (error) {
        if (/status/.test(error.message)) throw error;
        return; // the connection is gone
      }
    }
  };
  const clients = Array.from({ length: 8 }, client);
  await eventually(() => acknowledged.size > 200 || undefined);
  assert.equal(await end(one.child), 0);
  stop = true;
  await Promise.all(clients);
  const again = serve(one.data);
  await again.ready;
  const stored = await eventually(async () => {
    const found = new Set((await rows(one.data, "SELECT toString(uuid) AS u FROM events FINAL WHERE event = 'load'")).map((r) => r.u));
    return [...acknowledged].every((u) => found.has(u)) ? found : undefined;
  });
  assert.ok(stored.size >= acknowledged.size);
  assert.equal(await end(again.child), 0);
  fs.rmSync(one.dir, { recursive: true, force: true });
});
