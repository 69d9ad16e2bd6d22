// Backfills: runs over a span of the past; and runs that are retried.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const { bin, eventually, rows } = require("./server.js");
const { start_at } = require("./clock_server.js");

const AT = "/api/projects/@current/batch_exports/";
let s;
before(async () => {
  s = await start_at("2026-03-04T10:55:30Z");
  const at = ["2026-02-01T01:02:03Z", "2026-02-01T03:59:59.999999Z", "2026-02-01T04:00:00Z", "2026-02-03T12:00:00Z"];
  const batch = at.map((timestamp, i) => ({ event: "old", distinct_id: "p", uuid: `0190a0a0-0000-7000-8000-00000000000${i}`, timestamp, properties: { i } }));
  assert.equal((await s.call("POST", "/batch/", { key: null, body: { api_key: s.first.project_api_key, batch } })).status, 200);
  await eventually(async () => (await rows(s.data, "SELECT count() AS n FROM events"))[0].n === 4 || undefined);
});
after(async () => assert.equal(await s.stop(), 0));

const make = async (interval, directory, more = {}) => (await s.call("POST", AT, { body: { name: "x", interval, paused: true,
  destination: { type: "LocalFile", config: { directory } }, ...more } })).json.id;
const fill = (id, start_at, end_at) => s.call("POST", `${AT}${id}/backfills/`, { body: { start_at, end_at } });
const found = async (id, backfill) => (await s.call("GET", `${AT}${id}/backfills/${backfill}/`)).json;
const done = (id, backfill) => eventually(async () => {
  const got = await found(id, backfill);
  return got.finished_at ? got : undefined;
});
const files = (directory) => Object.fromEntries(fs.readdirSync(path.join(s.data, "exports", String(s.first.project_id), directory)).sort().map((name) =>
  [name, fs.readFileSync(path.join(s.data, "exports", String(s.first.project_id), directory, name), "utf8").trim().split("\n").map((x) => JSON.parse(x).properties.i).sort()]));

test("run after run over the hours that hold events", async () => {
  const id = await make("hour", "hours");
  const made = await fill(id, "2026-01-01T00:00:00Z", "2026-02-01T05:30:00+00:00");
  assert.equal(made.status, 201, made.text);
  const b = await done(id, made.json.backfill_id);
  const { created_at, finished_at, last_updated_at, ...rest } = b;
  assert.ok(created_at <= finished_at && last_updated_at === finished_at);
  assert.deepEqual(rest, { id: made.json.backfill_id, team: s.first.project_id, batch_export: id, status: "Completed", start_at: "2026-01-01T00:00:00Z",
    end_at: "2026-02-01T05:30:00Z", adjusted_start_at: "2026-02-01T01:00:00Z", total_records_count: 3,
    progress: { total_runs: 5, finished_runs: 5, progress: 1.0 } });
  assert.deepEqual(files("hours"), { "2026-02-01T01:00:00+00:00-2026-02-01T02:00:00+00:00.jsonl": [0],
    "2026-02-01T03:00:00+00:00-2026-02-01T04:00:00+00:00.jsonl": [1], "2026-02-01T04:00:00+00:00-2026-02-01T05:00:00+00:00.jsonl": [2] });
  const list = (await s.call("GET", `${AT}${id}/backfills/`)).json;
  assert.deepEqual([list.next, list.previous, list.results], [null, null, [b]]);
  const all = (await s.call("GET", `${AT}${id}/runs/?ordering=data_interval_start&start=2026-01-01`)).json.results;
  assert.deepEqual(all.map((x) => [x.data_interval_start, x.records_completed, x.backfill]), [1, 2, 3, 4].map((h) => [`2026-02-01T0${h}:00:00Z`, h === 2 ? 0 : 1, b.id]));
  const again = await s.call("POST", `${AT}${id}/runs/${all[0].id}/retry/`);
  assert.deepEqual([again.status, again.json], [201, { backfill_id: `${id}-Backfill-2026-02-01T01:00:00+00:00-2026-02-01T02:00:00+00:00` }]);
  const before = files("hours");
  await eventually(async () => (await s.call("GET", `${AT}${id}/backfills/`)).json.results.every((x) => x.finished_at) || undefined);
  assert.deepEqual(files("hours"), before);
});

test("hoglet export verify finds what is not as it was written", async () => {
  const id = await make("hour", "checked"), dir = path.join(s.data, "exports", String(s.first.project_id), "checked");
  await done(id, (await fill(id, "2026-02-01T00:00:00Z", "2026-02-01T05:00:00Z")).json.backfill_id);
  const verify = () => spawnSync(bin, ["export", "verify", id, "--data", s.data], { encoding: "utf8" });
  let got = verify();
  assert.deepEqual([got.status, got.stdout.trim().split("\n").at(-1)], [0, "4 runs, 3 files as they were written, 0 not"], got.stderr);
  const [first, second] = fs.readdirSync(dir).sort().map((name) => path.join(dir, name));
  const text = fs.readFileSync(first, "utf8");
  fs.writeFileSync(first, text.replace("old", "odd"));
  fs.rmSync(second);
  got = verify();
  assert.equal(got.status, 1);
  assert.deepEqual(got.stdout.trim().split("\n").map((x) => x.split(" ")[0]).sort(), ["4", "BAD", "BAD", "ok"]);
  assert.match(got.stdout, /its bytes are not those that were written/);
  assert.match(got.stdout, /it is not there/);
  assert.equal(spawnSync(bin, ["export", "verify", "nothing", "--data", s.data]).status, 1);
});

test("days by the clock on the wall, from the beginning, and where there is nothing", async () => {
  const day = await make("day", "days", { timezone: "US/Pacific", offset_hour: 1 });
  const got = await done(day, (await fill(day, "2026-01-30", "2026-02-05")).json.backfill_id);
  assert.deepEqual([got.start_at, got.end_at, got.adjusted_start_at, got.total_records_count], ["2026-01-30T09:00:00Z", "2026-02-05T09:00:00Z", "2026-01-31T09:00:00Z", 4]);
  assert.deepEqual(Object.values(files("days")), [[0, 1, 2], [3]]);
  const all = await make("hour", "all");
  const whole = await done(all, (await fill(all, null, "2026-03-01T00:00:00Z")).json.backfill_id);
  assert.deepEqual([whole.status, whole.start_at, whole.adjusted_start_at, whole.total_records_count, whole.progress.total_runs], ["Completed", null, null, 4, 1]);
  assert.deepEqual(files("all"), { "None-2026-03-01T00:00:00+00:00.jsonl": [0, 1, 2, 3] });
  const none = await make("hour", "none");
  const empty = await done(none, (await fill(none, "2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z")).json.backfill_id);
  assert.deepEqual([empty.status, empty.total_records_count, empty.progress], ["Completed", 0, { total_runs: 0, finished_runs: 0, progress: 1 }]);
  assert.deepEqual((await s.call("GET", `${AT}${none}/runs/`)).json.results, []);
});

test("what is refused", async () => {
  const hour = await make("hour", "r"), day = await make("day", "r"), week = await make("week", "r", { offset_day: 1 });
  for (const [id, start, end, detail] of [
    [hour, "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "The initial backfill datetime 'start_at' must be before 'end_at'"],
    [hour, "2026-01-02T00:00:00Z", "2027-01-01T00:00:00Z", "The provided 'end_at' (2027-01-01T00:00:00+00:00) is in the future"],
    [hour, "2026-01-02T00:00:00Z", null, "Backfilling a BatchExport with no end date is not allowed"],
    [hour, "2026-01-02T00:00:00", "2026-01-03T00:00:00Z", "Input 2026-01-02T00:00:00 is naive."],
    [hour, "nonsense", "2026-01-03T00:00:00Z", "Input nonsense is not a valid ISO formatted datetime."],
    [day, "2026-01-02T00:00:00Z", "2026-01-03", "Input '2026-01-02T00:00:00Z' is not a valid ISO formatted date. Daily or weekly batch export backfills expect only the date component, but a time was included."],
    [day, "nonsense", "2026-01-03", "Input 'nonsense' is not a valid ISO formatted date."],
    [week, "2026-01-04", "2026-01-12", "Input 2026-01-04 is not on the correct day of the week for this batch export. 2026-01-04 is a Sunday but this batch export is configured to run weekly on Monday."],
  ]) {
    const got = await fill(id, start, end);
    assert.deepEqual([got.status, got.json], [400, { type: "validation_error", code: "invalid_input", detail, attr: null }]);
  }
  const missing = await s.call("POST", `${AT}0190a0a0-0000-7000-8000-000000000000/backfills/`, { body: {} });
  assert.deepEqual([missing.status, missing.json.detail], [404, "BatchExport not found."]);
  const ended = (await s.call("POST", `${AT}${hour}/backfills/`, { body: { start_at: "2025-01-01T00:00:00Z", end_at: "2025-01-02T00:00:00Z" } })).json.backfill_id;
  await done(hour, ended);
  const late = await s.call("POST", `${AT}${hour}/backfills/${ended}/cancel/`);
  assert.deepEqual([late.status, late.json.detail], [400, "Cannot cancel a backfill that is in 'Completed' status"]);
});

test("a pause is made up for when it ends", async () => {
  const id = await make("hour", "pause", { paused: false });
  await s.call("POST", `${AT}${id}/pause/`);
  assert.equal((await s.call("POST", `${AT}${id}/unpause/`, { body: { backfill: "perhaps" } })).status, 400);
  assert.equal((await s.call("POST", `${AT}${id}/unpause/`, { body: { backfill: true } })).status, 200);
  const x = (await s.call("GET", `${AT}${id}/`)).json;
  const [b] = (await s.call("GET", `${AT}${id}/backfills/`)).json.results;
  assert.deepEqual([b.start_at, b.end_at], [x.last_paused_at, x.last_updated_at]);
  await s.call("POST", `${AT}${id}/unpause/`, { body: { backfill: true } });
  assert.equal((await s.call("GET", `${AT}${id}/backfills/`)).json.results.length, 1);
  await done(id, b.id);
});
