// A server that is killed in the middle of its runs: afterwards each event is in its file once.
// TEST_KILLS: rounds.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { eventually } = require("./server.js");
const { start_at } = require("./clock_server.js");
const { fake_s3 } = require("./fake_s3.js");
const { put_events } = require("./export_events.js");

const AT = "/api/projects/@current/batch_exports/", ROUNDS = Number(process.env.TEST_KILLS ?? 3), INTERVALS = 24, EACH = 500;

test("kill -9, again and again", async () => {
  const store = await fake_s3({ buckets: ["events"] }), flags = ["--allow-private", "127.0.0.1"];
  const s = await start_at("2026-03-04T08:00:30Z", flags);
  try {
    const make = async (type, config) => (await s.call("POST", AT, { body: { name: type, interval: "every 5 minutes", destination: { type, config } } })).json.id;
    const ids = [await make("LocalFile", { directory: "out" }), await make("S3", { bucket_name: "events", region: "r", prefix: "", aws_access_key_id: "KEY", aws_secret_access_key: "SECRET", endpoint_url: store.url })];
    await put_events(s.data, s.first.project_id, { count: INTERVALS * EACH, arrived: `toDateTime64('2026-03-04 08:00:00', 6, 'UTC') + intDiv(number, ${EACH}) * 300 + (number % ${EACH}) / 2` });
    for (let round = 0; round < ROUNDS; round++) {
      await s.kill();
      await s.later(`2026-03-04T${10 + round}:00:01Z`, { killed: true });
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 400)); // where it is cut off, chance decides
    }
    const total = INTERVALS + (ROUNDS - 1) * 12;
    for (const id of ids) {
      const runs = await eventually(async () => {
        const all = (await s.call("GET", `${AT}${id}/runs/?after=2026-03-04T00:00:00Z`)).json.results;
        return all.length >= total && all.every((x) => x.finished_at) ? all : undefined;
      });
      assert.ok(runs.every((x) => x.status === "Completed"));
      assert.equal(new Set(runs.map((x) => x.data_interval_start)).size, runs.length);
    }
    const dir = path.join(s.data, "exports", String(s.first.project_id), "out");
    const names = fs.readdirSync(dir);
    assert.equal(names.filter((x) => x.endsWith(".jsonl")).length, INTERVALS);
    for (const read of [(name) => fs.readFileSync(path.join(dir, name)), (name) => store.objects.get(`events/${name}`)]) {
      const found = names.filter((x) => x.endsWith(".jsonl")).sort().map((name) => read(name).toString().split("\n").slice(0, -1).map((x) => JSON.parse(x).properties.n).sort((a, b) => a - b));
      assert.deepEqual(found, [...Array(INTERVALS).keys()].map((i) => [...Array(EACH).keys()].map((n) => i * EACH + n)));
    }
    assert.equal(store.objects.size, INTERVALS);
  } finally { await s.stop(); await store.stop(); }
});
