// Dynamic cohorts over restarts: what was asked for is calculated, what is a day old anew, and until then
// the members are those of the last whole calculation.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const { start, serve, end, eventually } = require("./server.js");
const { capture } = require("./query_events.js");

const now = Date.parse("2026-03-31T10:30:00Z"), hour = 36e5;
const iso = (t) => new Date(t).toISOString();

test("a calculation survives the server, and is done again after a day", async () => {
  const s = await start(["--clock", iso(now)]);
  const base = `/api/projects/${s.first.project_id}/cohorts/`;
  let url = s.url, child = s.child;
  const call = (method, path, body) => s.call(method, url + path, { body });
  const restart = async (clock) => {
    ({ child, ready: url } = serve(s.data, ["--clock", iso(clock)]));
    url = await url;
  };
  const event = (distinct_id, back) => ({ uuid: crypto.randomUUID(), event: "A", distinct_id, timestamp: iso(now - back * hour), properties: {} });
  await capture(s, s.first.project_api_key, [event("old", 50), event("older", 100), event("new", 1), event("new", 60)]);
  const filters = (time_value) => ({ properties: { type: "AND", values: [{ type: "behavioral", key: "A", event_type: "events",
    value: "performed_event", time_value, time_interval: "day" }] } });
  const settled = (id, test = () => true) => eventually(async () => {
    const { json } = await call("GET", `${base}${id}/`);
    return !json.is_calculating && test(json) ? json : undefined;
  });

  // a project that is deleted keeps nobody from being calculated
  const other = s.cli("project", "add", "--name", "Other").id;
  const there = `/api/projects/${other}/cohorts/`;
  const stranger = (await call("POST", there, { name: "theirs", filters: filters(3) })).json.id;
  await eventually(async () => ((await call("GET", `${there}${stranger}/`)).json.is_calculating ? undefined : true));

  const { json: { id } } = await call("POST", base, { name: "lately", filters: filters(3) });
  child.removeAllListeners("exit"); // one that expects it to go on
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
  await restart(now);
  const first = await settled(id);
  assert.deepEqual([first.count, first.errors_calculating], [2, 0]);

  assert.equal((await call("DELETE", `/api/projects/${other}/`)).status, 204);
  assert.equal(await end(child), 0);
  await restart(now + 26 * hour); // "old" is 76 hours old now: on the day before three days ago
  const later = await settled(id, (c) => c.last_calculation > iso(now + 26 * hour).slice(0, 19));
  assert.ok(later.version > first.version);
  assert.equal(later.count, 2);
  const wide = (await call("PATCH", `${base}${id}/`, { filters: filters(10) })).json;
  assert.equal(wide.version, later.version); // in force until the next is whole
  assert.equal((await settled(id)).count, 3);
  assert.equal(await end(child), 0);
});
