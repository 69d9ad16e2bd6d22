#!/usr/bin/env node
// insight_computed - insights that are computed each time, over BENCH_EVENTS (1,000,000); against the SQL that was
// printed for them, sent to the engine by hand. Goal: at most 1.05 of its time and a millisecond.
"use strict";
const { engine, median, child_of, printed, timed, query_api, run } = require("./lib/bench.js");
const { filled } = require("./lib/load.js");

const n = Number(process.env.BENCH_EVENTS ?? 1000000), ROUNDS = Number(process.env.BENCH_ROUNDS ?? 15);
const trend = (more) => ({ kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "$pageview", ...more }], dateRange: { date_from: "-30d" } });

run(async () => {
  const { data, key, child, url } = await filled(n), pids = [child.pid, child_of(child.pid)];
  for (const [name, query] of [["a trend by day", trend()], ["people by day", trend({ math: "dau" })],
    ["a trend of no event", { ...trend(), series: [{ kind: "EventsNode", event: "never" }] }]]) {
    const sql = await printed(data, url, key, query), ours = [], alone = [];
    for (let i = 0; i < ROUNDS; i++) {
      alone.push(await timed(pids, () => engine(data, sql, { default_format: "JSONCompact" })));
      ours.push(await timed(pids, () => query_api(url, key, query)));
    }
    const ms = (list) => median(list.map((x) => x.took)) * 1000, mine = ms(ours), its = ms(alone), cpu = (list) => list.reduce((sum, x) => sum + x.cpu, 0);
    console.log(`insight, computed, ${name} of ${n} events: ${mine.toFixed(1)} ms, the printed SQL by hand ${its.toFixed(1)} ms; ` +
      `ratio ${(mine / its).toFixed(2)}, ${(mine - 1.05 * its).toFixed(1)} ms beyond 1.05 of it (goal 1.0); ratio of processors ${(cpu(ours) / cpu(alone)).toFixed(2)}`);
  }
});
