#!/usr/bin/env node
// idle - time from start to ready, and memory of a server that nobody asks anything. Goals: ready in 1 s,
// 300 MB for both processes, 40 MB for `serve` alone.
"use strict";
const { folder, serve, median, rss, child_of, run } = require("./lib/bench.js");

run(async () => {
  const { data } = folder(), seconds = [], serves = [], engines = [];
  for (let i = 0; i < 5; i++) {
    const begun = process.hrtime.bigint();
    const { child } = await serve(data);
    seconds.push(Number(process.hrtime.bigint() - begun) / 1e9);
    await new Promise((resolve) => setTimeout(resolve, 2000)); // to settle
    serves.push(rss(child.pid));
    engines.push(rss(child_of(child.pid)));
    child.removeAllListeners("exit");
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill();
    await ended;
  }
  const both = median(serves) + median(engines);
  console.log(`idle: ready in ${median(seconds).toFixed(2)} s (goal 1), serve ${median(serves).toFixed(0)} MB (goal 40), ` +
    `with the engine ${both.toFixed(0)} MB (goal 300)`);
});
