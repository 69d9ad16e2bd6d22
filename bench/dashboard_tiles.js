#!/usr/bin/env node
// dashboard_tiles - a dashboard of eight tiles over BENCH_EVENTS (1,000,000; the budget is of 10,000,000), warm, all of
// them computed anew; against the eight statements printed for them, sent to the engine back to back. Goal: at most 0.7
// of their sum. Beside it: the same statements four at a time, which is what running side by side alone gives.
"use strict";
const { engine, median, child_of, printed, timed, run } = require("./lib/bench.js");
const { filled } = require("./lib/load.js");
const { tiles } = require("./lib/tiles.js");

const n = Number(process.env.BENCH_EVENTS ?? 1000000), ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);

run(async () => {
  const { data, key, child, url } = await filled(n), pids = [child.pid, child_of(child.pid)];
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" }, at = `${url}/api/projects/@current/`;
  const post = async (what, body) => (await fetch(at + what, { method: "POST", headers, body: JSON.stringify(body) })).json();
  const { id } = await post("dashboards/", { name: "Eight" }), statements = [];
  for (const [name, source] of tiles) {
    await post("insights/", { name, query: { kind: "InsightVizNode", source }, dashboards: [id] });
    statements.push(await printed(data, url, key, source));
  }
  const backToBack = async () => { for (const sql of statements) await engine(data, sql); };
  const atOnce = async () => {
    const left = [...statements], some = async () => { while (left.length) await engine(data, left.shift()); };
    await Promise.all([some(), some(), some(), some()]);
  };
  const dashboard = async () => {
    const { tiles: got } = await (await fetch(`${at}dashboards/${id}/?refresh=force_blocking`, { headers })).json();
    if (got.length !== 8 || got.some((t) => !t.insight?.result || t.is_cached)) throw new Error("a tile has no result of its own");
  };
  const ways = [backToBack, atOnce, dashboard], runs = ways.map(() => []);
  for (let i = 0; i < ROUNDS; i++) for (const [k, way] of ways.entries()) runs[k].push(await timed(pids, way));
  const [sum, side, whole] = runs.map((list) => median(list.map((x) => x.took))), cpu = runs.map((list) => median(list.map((x) => x.cpu)).toFixed(2));
  console.log(`dashboard of 8 tiles over ${n} events: ${whole.toFixed(2)} s, the statements back to back ${sum.toFixed(2)} s; ratio ${(whole / sum).toFixed(2)} ` +
    `(goal 0.7); the statements side by side ${side.toFixed(2)} s. Of processors ${cpu[2]}, ${cpu[0]}, ${cpu[1]} s`);
});
