#!/usr/bin/env node
// funnel - seconds of FunnelsQuery over many events (BENCH_EVENTS, 2,000,000), computed each time, against
// hand-written ClickHouse SQL for the same counts: windowFunnel for funnels in order, arrays per person where
// windowFunnel has no answer. Prints the ratio for each, rows/s, and the most memory the processes took.
"use strict";
const { folder, serve, engine, median, child_of, most, forget, timed, run } = require("./lib/bench.js");

const n = Number(process.env.BENCH_EVENTS ?? 2000000), people = Math.ceil(n / 20), rounds = 3;
const range = { date_from: "2026-03-01", date_to: "2026-04-29" };
const names = "['$pageview', '$pageview', 'clicked', 'signed up', 'clicked', 'bought', 'searched', '$pageview', 'left', 'clicked']";

// Twenty events a person over sixty days; browsers by person, times of a millisecond.
const filling = (from, to) => `INSERT INTO events (team_id, uuid, event, distinct_id, person_id, timestamp, created_at, person_created_at,
  person_mode, properties, props) SELECT 1, generateUUIDv4(number), ${names}[1 + cityHash64(number) % 10],
  concat('p-', toString(number % ${people})), toUUID(concat('00000000-0000-4000-8000-', leftPad(lower(hex(number % ${people})), 12, '0'))),
  toDateTime64('2026-03-01 00:00:00', 6, 'UTC') + toIntervalMillisecond(cityHash64(number, 1) % 5184000000), now64(6), now64(3), 'full',
  browser, browser::JSON FROM (SELECT number, concat('{"$browser":"', ['Chrome', 'Safari', 'Firefox', 'Edge'][1 + number % ${people} % 4], '"}') AS browser
  FROM numbers(${from}, ${to - from}))`;

const step = (event) => ({ kind: "EventsNode", event });
const query = (funnelsFilter = {}, more = {}) => ({ kind: "FunnelsQuery", dateRange: range, funnelsFilter, ...more,
  series: [step("$pageview"), step("clicked"), step("signed up"), step("bought")] });
const inRange = "team_id = 1 AND timestamp >= '2026-03-01 00:00:00' AND timestamp <= '2026-04-29 23:59:59.999999'";
const isStep = ["$pageview", "clicked", "signed up", "bought"].map((name) => `event = '${name}'`);
const counts = [1, 2, 3, 4].map((k) => `countIf(level >= ${k})`).join(", ");
const windowed = (where = `${inRange} AND event IN ('$pageview', 'clicked', 'signed up', 'bought')`, group = "") =>
  `SELECT ${counts}${group && ", label"} FROM (SELECT ${group && "argMinIf(ifNull(props.\`$browser\`.:String, ''), timestamp, ifNull(props.\`$browser\`.:String, '') != '') AS label, "}windowFunnel(1209600000000)(toUInt64(toUnixTimestamp64Micro(timestamp)), ${isStep.join(", ")}) AS level
   FROM events WHERE ${where} GROUP BY person_id)${group && " GROUP BY label ORDER BY countIf(level >= 4) DESC"} FORMAT JSONCompact`;
// The distinct steps in some window that begins with one of the person's events.
const anyOrder = `SELECT ${counts} FROM (SELECT arrayMax(arrayMap(t -> arrayUniq(arrayMap(x -> x.2, arrayFilter(x -> x.1 >= t.1 AND x.1 <= t.1 + 1209600000000, visits))), visits)) AS level
   FROM (SELECT groupArray((toUnixTimestamp64Micro(timestamp), multiIf(event = '$pageview', 1, event = 'clicked', 2, event = 'signed up', 3, 4))) AS visits
   FROM events WHERE ${inRange} AND event IN ('$pageview', 'clicked', 'signed up', 'bought') GROUP BY person_id)) FORMAT JSONCompact`;

const kinds = [
  ["in order", query(), windowed()],
  ["strict", query({ funnelOrderType: "strict" }), null],
  ["without order", query({ funnelOrderType: "unordered" }), anyOrder],
  ["broken down", query({}, { breakdownFilter: { breakdown: "$browser", breakdown_type: "event" } }), windowed(undefined, "label")],
  ["an exclusion", query({ exclusions: [{ ...step("left"), funnelFromStep: 0, funnelToStep: 3 }] }), null],
  ["time to convert", query({ funnelVizType: "time_to_convert" }), null],
  ["trends by day", query({ funnelVizType: "trends" }), null],
];

run(async () => {
  const { data, key } = folder("funnel"), { child, url } = await serve(data, "--clock", "2026-05-10T00:00:00Z"), other = child_of(child.pid);
  for (let at = 0; at < n; at += 500000) await engine(data, filling(at, Math.min(n, at + 500000)));
  await engine(data, "OPTIMIZE TABLE events FINAL");
  const ask = async (body) => {
    const reply = await fetch(`${url}/api/projects/@current/query/`, { method: "POST", headers: { Authorization: `Bearer ${key}`,
      "Content-Type": "application/json" }, body: JSON.stringify({ query: body, refresh: "force_blocking" }) });
    if (reply.status !== 200) throw new Error(await reply.text());
    return (await reply.json()).results;
  };
  for (const [name, body, sql] of kinds) {
    const ours = [], alone = [], memory = { serve: 0, engine: 0, alone: 0 };
    for (let round = 0; round < rounds; round++) {
      forget(child.pid); forget(other);
      ours.push(await timed([child.pid, other], () => ask(body)));
      memory.serve = Math.max(memory.serve, most(child.pid));
      memory.engine = Math.max(memory.engine, most(other));
      if (!sql) continue;
      forget(other);
      alone.push(await timed([other], () => engine(data, sql)));
      memory.alone = Math.max(memory.alone, most(other));
    }
    const of = (list, key) => median(list.map((x) => x[key])), mine = of(ours, "took");
    const flat = Array.isArray(ours[0].answer[0]) ? ours[0].answer : [ours[0].answer], got = JSON.stringify(sql && flat.map((steps) => steps.map((x) => x.count)));
    const want = sql && JSON.stringify(JSON.parse(alone[0].answer).data.map((row) => row.slice(0, 4).map(Number)));
    if (sql && got !== want) console.log(`${name}: ${got}, by hand ${want}`);
    console.log(`${name}: ${mine.toFixed(2)} s (${of(ours, "cpu").toFixed(2)} s of processors), ${(n / mine / 1e6).toFixed(1)} M events/s, serve ${Math.round(memory.serve)} MB, ` +
      `engine ${Math.round(memory.engine)} MB${sql ? `; by hand ${of(alone, "took").toFixed(2)} s (${of(alone, "cpu").toFixed(2)} s), ${Math.round(memory.alone)} MB; ` +
      `ratio ${(mine / of(alone, "took")).toFixed(2)} (${(of(ours, "cpu") / of(alone, "cpu")).toFixed(2)})` : ""}`);
  }
  child.removeAllListeners("exit");
});
