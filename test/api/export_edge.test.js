// Events at the edge of two intervals, late ones: each is in one file, once.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { eventually, rows } = require("./server.js");
const { start_at } = require("./clock_server.js");

const AT = "/api/projects/@current/batch_exports/";

test("events that arrive while an interval ends are in one of the two files", async () => {
  const s = await start_at("2026-03-04T10:55:30Z");
  try {
    const made = await s.call("POST", AT, { body: { name: "x", interval: "every 5 minutes", destination: { type: "LocalFile", config: { directory: "edge" } } } });
    await s.later("2026-03-04T10:59:57Z"); // a slow machine begins behind the edge: then one file is empty
    let n = 0;
    for (const until = Date.now() + 5000; Date.now() < until;) {
      const batch = [...Array(20)].map(() => ({ event: "e", distinct_id: "p", properties: { n: n++ }, timestamp: "2026-01-01T00:00:00Z" })); // late, all of them
      assert.equal((await s.call("POST", "/batch/", { key: null, body: { api_key: s.first.project_api_key, batch } })).status, 200);
    }
    await eventually(async () => (await rows(s.data, "SELECT count() AS n FROM events"))[0].n === n || undefined);
    await s.later("2026-03-04T11:05:01Z");
    await eventually(async () => {
      const all = (await s.call("GET", `${AT}${made.json.id}/runs/`)).json.results;
      return all.length === 2 && all.every((x) => x.status === "Completed") || undefined;
    });
    const dir = path.join(s.data, "exports", String(s.first.project_id), "edge");
    const found = fs.readdirSync(dir).flatMap((name) => fs.readFileSync(path.join(dir, name), "utf8").trim().split("\n").map((x) => JSON.parse(x).properties.n));
    assert.deepEqual(found.sort((a, b) => a - b), [...Array(n).keys()]);
  } finally { await s.stop(); }
});
