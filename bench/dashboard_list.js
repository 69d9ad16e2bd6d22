#!/usr/bin/env node
// dashboard_list - GET of a list of 100 dashboards, against libmicrohttpd sending the same bytes from
// memory. Goal: at least 0.5 of its requests/s, 99 of 100 within 5 ms at 64 connections. Both are
// measured in turns, five times; the medians count. Needs wrk, and `make bench-bins`.
"use strict";
const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const root = path.join(__dirname, "..");
const hoglet = path.join(root, "build/release/hoglet");
const dir = fs.mkdtempSync(path.join(os.tmpdir(), "hoglet-bench-"));
const children = [];

function begin(program, args, ready) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
      const hit = text.match(ready);
      if (hit) resolve(hit[1]);
    });
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code}`)));
  });
}

function wrk(url, key) {
  const text = execFileSync("wrk", ["-t1", "-c64", "-d3s", "--latency", "-H", `Authorization: Bearer ${key}`, url],
    { encoding: "utf8" });
  if (/Non-2xx/.test(text)) throw new Error(text);
  const [, value, unit] = text.match(/99%\s+([\d.]+)(us|ms|s)/);
  return { rate: Number(text.match(/Requests\/sec:\s+([\d.]+)/)[1]), p99: value * { us: 0.001, ms: 1, s: 1000 }[unit] };
}

const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];

async function main() {
  const data = path.join(dir, "data"), file = path.join(dir, "body");
  const { personal_api_key: key } = JSON.parse(execFileSync(hoglet, ["init", "--data", data, "--email", "a@b.example",
    "--password", "correct horse", "--json"], { encoding: "utf8" }));
  const url = await begin(hoglet, ["serve", "--data", data, "--listen", "127.0.0.1:0"], /ready at (http:\S+)\n/);
  const list = `${url}/api/projects/@current/dashboards/`;
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  for (let i = 0; i < 100; i++)
    await fetch(list, { method: "POST", headers,
      body: JSON.stringify({ name: `Dashboard number ${i}`, description: `What happens in area ${i}`, tags: ["growth"] }) });
  fs.writeFileSync(file, await (await fetch(list, { headers })).text());
  const port = 20000 + (process.pid % 20000);
  await begin(path.join(root, "build/release/bench/same_bytes"), [file, String(port)], /(listening)/);
  const runs = { bytes: [], list: [] };
  for (let i = 0; i < 5; i++) {
    runs.bytes.push(wrk(`http://127.0.0.1:${port}/`, key));
    runs.list.push(wrk(list, key));
  }
  const rate = (name) => median(runs[name].map((run) => run.rate)), p99 = (name) => median(runs[name].map((run) => run.p99));
  console.log(`dashboards list of 100 (${fs.statSync(file).size} bytes): ratio ${(rate("list") / rate("bytes")).toFixed(2)} (goal 0.5), ` +
    `${Math.round(rate("list"))} of ${Math.round(rate("bytes"))} requests/s; ` +
    `99% within ${p99("list").toFixed(1)} ms (goal 5), libmicrohttpd alone ${p99("bytes").toFixed(1)} ms`);
}

main().finally(() => {
  for (const child of children) {
    child.removeAllListeners("exit");
    child.kill();
  }
  fs.rmSync(dir, { recursive: true, force: true });
});
