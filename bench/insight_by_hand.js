#!/usr/bin/env node
// insight_by_hand - trends, a funnel and a retention over BENCH_EVENTS (1,000,000; the goal is told of 10,000,000),
// computed each time, against ClickHouse SQL written by hand for the same numbers, and whether they are the same. Of
// each: seconds, rows/s of the whole table, the most memory that the processes took meanwhile, beyond what they had.
"use strict";
const { engine, median, child_of, most, rss, forget, timed, query_api, run } = require("./lib/bench.js");
const { filled } = require("./lib/load.js");
const { tiles, numbers, same } = require("./lib/tiles.js");

const n = Number(process.env.BENCH_EVENTS ?? 1000000), ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);
const settings = { default_format: "JSONCompact", output_format_json_quote_64bit_integers: 0 };

// The time, the processors' time, the answer and the megabytes of fn.
async function measured(pids, fn) {
  const before = pids.map(rss);
  pids.forEach(forget);
  const what = await timed(pids, fn);
  return { ...what, memory: pids.reduce((sum, pid, i) => sum + Math.max(0, most(pid) - before[i]), 0) };
}

run(async () => {
  const { data, key, child, url } = await filled(n), pids = [child.pid, child_of(child.pid)];
  for (const [name, query, sql, values] of tiles) {
    const ours = [], its = [];
    for (let i = 0; i < ROUNDS; i++) {
      its.push(await measured(pids, () => engine(data, sql, settings)));
      ours.push(await measured(pids, () => query_api(url, key, query)));
    }
    const of = (list, what) => median(list.map((x) => x[what])), line = (list) => `${(of(list, "took") * 1000).toFixed(0)} ms, ` +
      `${(n / of(list, "took") / 1e6).toFixed(0)} M rows/s, ${Math.max(...list.map((x) => x.memory)).toFixed(0)} MB`;
    const got = values(ours[0].answer.results), want = numbers(name, JSON.parse(its[0].answer).data);
    console.log(`${name} of ${n} events: ${line(ours)}; by hand ${line(its)}; ratio ${(of(ours, "took") / of(its, "took")).toFixed(2)}, ` +
      `of processors ${(of(ours, "cpu") / of(its, "cpu")).toFixed(2)}`);
    if (!same(got, want)) throw new Error(`${name}: ${JSON.stringify(got).slice(0, 500)}, by hand ${JSON.stringify(want).slice(0, 500)}`);
  }
});
