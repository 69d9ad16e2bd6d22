#!/usr/bin/env node
// insight_computed - insights that are computed each time, over BENCH_EVENTS (1,000,000); against the SQL that was
// printed for them, sent to the engine by hand. Goal: at most 1.05 of its time and a millisecond.
"use strict";
const { engine, median, printed, timed, query_api, run } = require("./lib/bench.js");
const { filled } = require("./lib/load.js");

const n = Number(process.env.BENCH_EVENTS ?? 1000000), ROUNDS = Number(process.env.BENCH_ROUNDS ?? 15);
const trend = (more) => ({ kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "$pageview", ...more }], dateRange: { date_from: "-30d" } });

run(async () => {
  const { data, key, url } = await filled(n);
  for (const [name, query] of [["a trend by day", trend()], ["people by day", trend({ math: "dau" })],
    ["a trend of no event", { ...trend(), series: [{ kind: "EventsNode", event: "never" }] }]]) {
    const sql = await printed(data, url, key, query), ours = [], alone = [];
    for (let i = 0; i < ROUNDS; i++) {
      alone.push((await timed([], () => engine(data, sql, { default_format: "JSONCompact" }))).took);
      ours.push((await timed([], () => query_api(url, key, query))).took);
    }
    const mine = median(ours) * 1000, its = median(alone) * 1000;
    console.log(`insight, computed, ${name} of ${n} events: ${mine.toFixed(1)} ms, the printed SQL by hand ${its.toFixed(1)} ms; ` +
      `ratio ${(mine / its).toFixed(2)}, ${(mine - 1.05 * its).toFixed(1)} ms beyond 1.05 of it (goal 1.0)`);
  }
});
