#!/usr/bin/env node
// capture - events/s of /batch/ with 100 events of 0.9 KB a request, from the first request until all are in
// the event store; against the engine alone inserting the same rows in the same batches. Goal: at least 0.8.
"use strict";
const http = require("node:http");
const { begin, folder, serve, engine, status, batches, median, run, hoglet } = require("./lib/bench.js");

const REQUESTS = 500, ROWS = 10000;
const COLUMNS = "team_id, uuid, event, distinct_id, person_id, timestamp, created_at, person_created_at, person_mode, " +
  "elements_chain, `$session_id`, `$window_id`, `$group_0`, `$group_1`, `$group_2`, `$group_3`, `$group_4`, properties, " +
  "person_properties, props, person_props";

function post(url, body, agent) {
  return new Promise((resolve, reject) => {
    const req = http.request(`${url}/batch/`, { method: "POST", agent, headers: { "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(body) } }, (res) => {
      res.resume();
      res.on("end", () => (res.statusCode === 200 ? resolve() : reject(new Error(`status ${res.statusCode}`))));
    });
    req.on("error", reject);
    req.end(body);
  });
}

// Seconds until all of it is stored.
async function capture(data, url, bodies) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 }), begun = process.hrtime.bigint();
  await Promise.all(bodies.map((body) => post(url, body, agent)));
  while ((await status(data)).journal_behind > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  agent.destroy();
  return Number(process.hrtime.bigint() - begun) / 1e9;
}

async function insert(data, parts) {
  const begun = process.hrtime.bigint();
  for (const body of parts)
    await engine(data, `INSERT INTO events (${COLUMNS}) SETTINGS optimize_on_insert = 0 FORMAT RowBinary`,
      { body, input_format_binary_read_json_as_string: 1 });
  return Number(process.hrtime.bigint() - begun) / 1e9;
}

run(async () => {
  const ours = folder("ours"), alone = folder("alone");
  const { child, url } = await serve(ours.data);
  const times = { capture: [], alone: [] };
  const table = (await engine(ours.data, "SHOW CREATE TABLE events FORMAT TSVRaw")).toString();
  await begin("/bin/sh", ["-c", `"${hoglet}" engine --data "${alone.data}" & while ! [ -S "${alone.data}/engine.sock" ]; do sleep 0.1; done; echo up; wait`], /(up)/);
  for (let tries = 0; tries < 100; tries++) // it listens before it answers
    if (await engine(alone.data, "SELECT 1").catch(() => null)) break;
  await engine(alone.data, table.replace(/CREATE TABLE \S+/, "CREATE TABLE IF NOT EXISTS events"));
  for (let round = 0; round < 3; round++) {
    const before = Number((await engine(ours.data, "SELECT count() FROM events")).toString());
    times.capture.push(await capture(ours.data, url, batches(ours.token, REQUESTS)));
    const after = Number((await engine(ours.data, "SELECT count() FROM events")).toString());
    if (after - before !== REQUESTS * 100) throw new Error(`${after - before} events stored`);
    const parts = [];
    for (let at = 0; at < REQUESTS * 100; at += ROWS)
      parts.push(await engine(ours.data, `SELECT ${COLUMNS} FROM events ORDER BY inserted_at DESC LIMIT ${ROWS} OFFSET ${at} FORMAT RowBinary`,
        { output_format_binary_write_json_as_string: 1 }));
    times.alone.push(await insert(alone.data, parts));
  }
  const rate = (name) => REQUESTS * 100 / median(times[name]);
  console.log(`capture into the engine: ratio ${(rate("capture") / rate("alone")).toFixed(2)} (goal 0.8), ` +
    `${Math.round(rate("capture"))} of ${Math.round(rate("alone"))} events/s`);
  child.removeAllListeners("exit");
});
