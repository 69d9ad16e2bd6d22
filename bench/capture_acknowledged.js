#!/usr/bin/env node
// capture_acknowledged - requests/s of /batch/ with 1 and with 100 events of 0.9 KB, answered once durable in
// the journal, while no engine runs; against libmicrohttpd reading and dropping the same bodies. Goal: at
// least 0.5. And flatness: the same with 1 to 1,000 connections.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { folder, serve, same_bytes, wrk, batches, median, run, dir } = require("./lib/bench.js");

run(async () => {
  const { data, token } = folder(), body = path.join(dir, "batch"), ok = path.join(dir, "ok");
  const hundred = batches(token, 1)[0], { api_key, batch } = JSON.parse(hundred);
  fs.writeFileSync(ok, '{"status":"Ok"}');
  // A program that ends at once stands in for the engine; the server waits half a minute for it.
  const { url } = await serve(data, "--engine-program", "/bin/false");
  const yardstick = await same_bytes(ok);
  for (const [events, text] of [[1, JSON.stringify({ api_key, batch: batch.slice(0, 1) })], [100, hundred]]) {
    const runs = { bytes: [], capture: [] }, rate = (name) => median(runs[name]);
    fs.writeFileSync(body, text);
    for (let i = 0; i < 5; i++) {
      runs.bytes.push(wrk(yardstick, { body, connections: 64, seconds: 2 }).rate);
      runs.capture.push(wrk(`${url}/batch/`, { body, connections: 64, seconds: 2 }).rate);
    }
    console.log(`capture acknowledged, ${events} in ${text.length} bytes: ratio ${(rate("capture") / rate("bytes")).toFixed(2)} (goal 0.5), ` +
      `${Math.round(rate("capture"))} of ${Math.round(rate("bytes"))} requests/s, ${Math.round(rate("capture") * events)} events/s`);
  }
  fs.writeFileSync(body, JSON.stringify({ api_key, batch: batch.slice(0, 1) }));
  const flat = [1, 10, 100, 1000].map((connections) => [connections, wrk(`${url}/batch/`, { body, connections, seconds: 2 }).rate]);
  console.log(`capture by connections, one event a request: ${flat.map(([n, r]) => `${n}: ${Math.round(r)}/s`).join(", ")}; ` +
    `1,000 have ${(flat[3][1] / flat[2][1]).toFixed(2)} of 100's`);
});
