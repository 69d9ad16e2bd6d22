// Conditions on time in a zone with daylight saving: the bounds that a condition implies, printed beside
// it for the index, take no row away; texts beside dates and times mean the project's zone.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert");
const { start, eventually } = require("../api/server.js");

let s;
const zone = "America/New_York";

async function rows(query) {
  const answer = await s.call("POST", "/api/projects/@current/query/", { body: { query: { kind: "HogQLQuery", query }, refresh: "force_blocking" } });
  assert.strictEqual(answer.status, 200, `${query}\n${answer.text}`);
  return answer.json.results;
}

// Around the hours that are left out and had twice, and the ends of days, months, years.
const moments = ["2025-12-31T23:59:59-05:00", "2026-01-01T00:00:00-05:00", "2026-01-01T04:59:59Z", "2026-03-08T01:59:59-05:00",
  "2026-03-08T03:00:00-04:00", "2026-03-08T23:59:59-04:00", "2026-03-09T00:00:00-04:00", "2026-03-31T23:30:00-04:00",
  "2026-04-01T00:00:00-04:00", "2026-04-05T12:00:00-04:00", "2026-10-31T20:00:00-04:00", "2025-11-02T00:30:00-04:00",
  "2025-11-02T01:30:00-04:00", "2025-11-02T01:30:00-05:00", "2025-11-02T23:59:59-05:00", "2025-11-03T00:00:00-05:00"];

before(async () => {
  s = await start(["--clock", "2026-11-10T12:00:00Z"]);
  const set = await s.call("PATCH", "/api/projects/@current/", { body: { timezone: zone } });
  assert.strictEqual(set.status, 200, set.text);
  await s.call("POST", "/batch/", { key: null, body: { api_key: s.first.project_api_key,
    batch: moments.map((timestamp, i) => ({ event: `e${i}`, distinct_id: "u", timestamp })) } });
  await eventually(async () => ((await rows("SELECT count() FROM events"))[0][0] === moments.length ? true : undefined));
});
after(async () => { assert.strictEqual(await s.stop(), 0); });

test("a condition on the start of a span finds the rows it is true for", async () => {
  const starts = ["toDate(timestamp)", "toStartOfHour(timestamp)",
    "toStartOfDay(timestamp)", "toMonday(timestamp)", "toStartOfWeek(timestamp)", "toStartOfMonth(timestamp)", "toStartOfQuarter(timestamp)",
    "toStartOfYear(timestamp)", "date_trunc('day', timestamp)", "date_trunc('week', timestamp)", "dateTrunc('month', timestamp)",
    "date_trunc('year', timestamp)"];
  const values = (i) => [`'${["2026-01-01", "2026-03-08", "2025-11-02", "2026-04-01"][i % 4]}'`,
    `toDate('${["2026-03-09", "2026-01-01", "2026-04-06", "2025-11-03"][i % 4]}')`, `date_trunc('month', toDateTime('2026-0${1 + i % 4}-17 10:00:00'))`,
    "toDateTime('2025-11-02 01:30:00')"];
  let found = 0, i = 0;
  for (const f of starts) {
    const conditions = ["=", "<", "<=", ">", ">="].flatMap((op) => values(i++).map((v, k) => (k % 2 ? `${v} ${op} ${f}` : `${f} ${op} ${v}`)));
    const columns = conditions.flatMap((c) => [`(SELECT count() FROM events WHERE ${c})`, `countIf(${c})`, `(SELECT count() FROM events WHERE NOT (${c} OR 1 = 2))`]);
    const [got] = await rows(`SELECT ${columns.join(", ")} FROM events`);
    conditions.forEach((c, k) => {
      const [where, counted, others] = got.slice(3 * k, 3 * k + 3);
      assert.deepStrictEqual([where, others], [counted, moments.length - counted], c);
      found += where;
    });
  }
  assert.ok(found > 1000, `${found}`);
});

test("texts and dates mean the project's zone", async () => {
  const events = async (condition) => (await rows(`SELECT event FROM events WHERE ${condition} ORDER BY timestamp, event`)).map((r) => r[0]);
  assert.deepStrictEqual(await events("toDate(timestamp) = '2026-01-01'"), ["e1"]);
  assert.deepStrictEqual(await events("timestamp >= '2026-01-01' AND timestamp < '2026-01-02'"), ["e1"]);
  assert.deepStrictEqual(await events("timestamp >= toDate('2026-01-01') AND timestamp < toDateTime('2026-01-01 00:00:01')"), ["e1"]);
  assert.deepStrictEqual(await events("timestamp = '2025-12-31 23:59:59'"), ["e0", "e2"]);
  assert.deepStrictEqual(await events("timestamp IN ('2026-01-01 00:00:00', '2026-03-08 03:00:00')"), ["e1", "e4"]);
  assert.deepStrictEqual(await events("timestamp >= date_trunc('month', toDateTime('2026-04-20 00:00:00')) AND timestamp < '2026-05-01'"), ["e8", "e9"]);
  assert.deepStrictEqual(await events("date_trunc('month', timestamp) = '2026-04-01 00:00:00'"), ["e8", "e9"]);
  assert.deepStrictEqual(await events("toStartOfInterval(timestamp, INTERVAL 1 DAY) = '2026-03-08'"), ["e3", "e4", "e5"]);
  assert.deepStrictEqual(await events("toStartOfDay(timestamp) = '2025-11-02'"), ["e11", "e12", "e13", "e14"]);
  assert.deepStrictEqual(await rows("SELECT toString(timestamp), toHour(timestamp), toDate(timestamp), formatDateTime(timestamp, '%H') FROM events WHERE event = 'e13'"),
    [["2025-11-02 01:30:00.000000", 1, "2025-11-02", "01"]]);
  assert.deepStrictEqual(await rows(`SELECT toDateTime('2026-07-01 00:00:00') = toDateTime('2026-07-01 04:00:00', 'UTC'), toDateTime('2026-07-01') = '2026-07-01 00:00:00',
    parseDateTimeBestEffort('2026-07-01 00:00:00') = toDateTime('2026-07-01'), toTimeZone(toDateTime('2026-07-01'), 'UTC') = '2026-07-01 00:00:00',
    dateAdd('day', 1, toDateTime('2026-03-08')) = '2026-03-09', dateDiff('hour', toDateTime('2026-03-08'), toDateTime('2026-03-09'))`), [[1, 1, 1, 1, 1, 23]]);
});

test("a time that cannot be told is null, and null is not equal", async () => {
  assert.deepStrictEqual(await rows(`SELECT toDateTime(event), toDateTime(event) > '2026-01-01', toDateTime(event) != '2026-01-01', toDate(event), toDate(event) = '2026-01-01',
    NOT toDate(event) = '2026-01-01' FROM events LIMIT 1`), [[null, 0, 1, null, 0, 1]]);
});
