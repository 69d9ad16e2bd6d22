#!/usr/bin/env node
// dashboard_list - GET of a list of 100 dashboards, against libmicrohttpd sending the same bytes from
// memory. Goal: at least 0.5 of its requests/s, 99 of 100 within 5 ms at 64 connections. A page of 100 out
// of 10,000 costs what one out of 200 costs: at least 0.8 of its requests/s (HOGLET_MANY says how many).
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { folder, serve, same_bytes, wrk, median, run, dir } = require("./lib/bench.js");

const many = Number(process.env.HOGLET_MANY ?? 10000);
delete process.env.HOGLET_MANY; // no setting of the server

run(async () => {
  const { data, key } = folder(), file = path.join(dir, "body");
  const { url } = await serve(data), list = `${url}/api/projects/@current/dashboards/`;
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const fill = async (from, to) => {
    for (let i = from; i < to; i += 50)
      await Promise.all(Array.from({ length: Math.min(50, to - i) }, (_, k) => fetch(list, { method: "POST", headers,
        body: JSON.stringify({ name: `Dashboard number ${i + k}`, description: `What happens in area ${i + k}`, tags: ["growth"] }) })));
  };
  await fill(0, 100);
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
  const pages = async (to, from) => {
    await fill(from, to);
    return median([1, 2, 3].map(() => wrk(list, { headers }).rate));
  };
  const few = await pages(200, 100), much = await pages(many, 200);
  console.log(`a page of ${many} dashboards against one of 200: ratio ${(much / few).toFixed(2)} (goal 0.8), ` +
    `${Math.round(much)} of ${Math.round(few)} requests/s`);
});
