#!/usr/bin/env node
// dashboard_list - GET of a list of 100 dashboards, against libmicrohttpd sending the same bytes from
// memory. Goal: at least 0.5 of its requests/s, 99 of 100 within 5 ms at 64 connections.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { folder, serve, same_bytes, wrk, median, run, dir } = require("./lib/bench.js");

run(async () => {
  const { data, key } = folder(), file = path.join(dir, "body");
  const { url } = await serve(data), list = `${url}/api/projects/@current/dashboards/`;
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  for (let i = 0; i < 100; i++)
    await fetch(list, { method: "POST", headers,
      body: JSON.stringify({ name: `Dashboard number ${i}`, description: `What happens in area ${i}`, tags: ["growth"] }) });
  fs.writeFileSync(file, await (await fetch(list, { headers })).text());
  const bytes = await same_bytes(file), runs = { bytes: [], list: [] };
  for (let i = 0; i < 5; i++) {
    runs.bytes.push(wrk(bytes, { headers }));
    runs.list.push(wrk(list, { headers }));
  }
  const rate = (name) => median(runs[name].map((r) => r.rate)), p99 = (name) => median(runs[name].map((r) => r.p99));
  console.log(`dashboards list of 100 (${fs.statSync(file).size} bytes): ratio ${(rate("list") / rate("bytes")).toFixed(2)} (goal 0.5), ` +
    `${Math.round(rate("list"))} of ${Math.round(rate("bytes"))} requests/s; ` +
    `99% within ${p99("list").toFixed(1)} ms (goal 5), libmicrohttpd alone ${p99("bytes").toFixed(1)} ms`);
});
