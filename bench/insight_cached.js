#!/usr/bin/env node
// insight_cached - an insight whose result is kept, GET with its numbers; against libmicrohttpd sending the same
// bytes from memory. Goal: at least 0.5 of its requests/s.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { same_bytes, wrk, median, run, dir } = require("./lib/bench.js");
const { filled } = require("./lib/load.js");

run(async () => {
  const { key, url } = await filled(20000), file = path.join(dir, "body");
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" }, at = `${url}/api/projects/@current/insights/`;
  const query = { kind: "InsightVizNode", source: { kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "$pageview" }],
    dateRange: { date_from: "-30d" }, breakdownFilter: { breakdown: "$browser", breakdown_type: "event" } } };
  const { id } = await (await fetch(at, { method: "POST", headers, body: JSON.stringify({ name: "Visits", query }) })).json();
  const insight = `${at}${id}/?refresh=blocking`, first = await (await fetch(insight, { headers })).json();
  const again = await fetch(insight, { headers });
  fs.writeFileSync(file, await again.text());
  if (!first.result.length || !JSON.parse(fs.readFileSync(file, "utf8")).is_cached) throw new Error("the result is not kept");
  const bytes = await same_bytes(file), runs = { bytes: [], insight: [] };
  for (let i = 0; i < 5; i++) {
    runs.bytes.push(wrk(bytes, { headers }));
    runs.insight.push(wrk(insight, { headers }));
  }
  const rate = (name) => median(runs[name].map((r) => r.rate));
  console.log(`insight, cache hit (${fs.statSync(file).size} bytes): ratio ${(rate("insight") / rate("bytes")).toFixed(2)} (goal 0.5), ` +
    `${Math.round(rate("insight"))} of ${Math.round(rate("bytes"))} requests/s`);
});
