// bench.js - what the benches share: programs that are started and ended, wrk, medians.
"use strict";
const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");

const root = path.join(__dirname, "../..");
const hoglet = path.join(root, "build/release/hoglet");
const dir = fs.mkdtempSync(path.join(os.tmpdir(), "hoglet-bench-"));
const children = [];

// Resolves with the first group of `ready` in what the program prints.
function begin(program, args, ready, env = {}) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, ...env } });
  children.push(child);
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
      const hit = text.match(ready);
      if (hit) resolve({ child, hit: hit[1] });
    });
    child.once("exit", (code, signal) => reject(new Error(`${program} ended with ${code ?? signal}`)));
  });
}

// A fresh data folder: {data, token, key}. name: among the run's own, which go when it ends, or any path.
function folder(name = "data") {
  const data = path.resolve(dir, name);
  const first = JSON.parse(execFileSync(hoglet, ["init", "--data", data, "--email", "a@b.example", "--password",
    "correct horse", "--json"], { encoding: "utf8" }));
  return { data, token: first.project_api_key, key: first.personal_api_key };
}

async function serve(data, ...flags) {
  const { child, hit } = await begin(hoglet, ["serve", "--data", data, "--listen", "127.0.0.1:0", "--metrics-listen",
    "off", ...flags], /ready at (http:\S+)\n/);
  return { child, url: hit };
}

// libmicrohttpd, which reads any request and answers with the file's bytes.
async function same_bytes(file) {
  const port = 20000 + (process.pid % 20000);
  await begin(path.join(root, "build/release/bench/same_bytes"), [file, String(port)], /(listening)/);
  return `http://127.0.0.1:${port}/`;
}

// {rate: requests/s, p99: ms}. body: a file that is POSTed.
function wrk(url, { connections = 64, seconds = 3, headers = {}, body } = {}) {
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--latency"];
  for (const [name, value] of Object.entries(headers)) args.push("-H", `${name}: ${value}`);
  if (body) {
    const script = path.join(dir, "post.lua");
    fs.writeFileSync(script, `wrk.method = "POST"\nlocal f = io.open("${body}", "rb")\nwrk.body = f:read("*a")\nf:close()\n`);
    args.push("-s", script);
  }
  const text = execFileSync("wrk", [...args, url], { encoding: "utf8" });
  if (/Non-2xx/.test(text)) throw new Error(text);
  const [, value, unit] = text.match(/99%\s+([\d.]+)(us|ms|s)/);
  return { rate: Number(text.match(/Requests\/sec:\s+([\d.]+)/)[1]), p99: value * { us: 0.001, ms: 1, s: 1000 }[unit] };
}

// A request to a unix socket: the whole answer as a Buffer.
function ask(socketPath, where, { method = "GET", body } = {}) {
  return new Promise((resolve, reject) => {
    const req = http.request({ socketPath, path: where, method }, (res) => {
      const parts = [];
      res.on("data", (part) => parts.push(part));
      res.on("end", () => (res.statusCode === 200 ? resolve(Buffer.concat(parts))
        : reject(new Error(Buffer.concat(parts).toString()))));
    });
    req.on("error", reject);
    req.end(body);
  });
}

// The engine of a data folder; settings go beside the statement.
const engine = (data, query, { body, ...settings } = {}) =>
  ask(path.join(data, "engine.sock"), `/?${new URLSearchParams({ query, ...settings })}`, { method: "POST", body });

const status = async (data) => JSON.parse(await ask(path.join(data, "admin.sock"), "/status"));

// Bodies of /batch/, 100 events of 0.9 KB each, of 500 people over three days.
function batches(token, n) {
  const day = Date.parse("2026-01-20T00:00:00Z");
  return Array.from({ length: n }, (_, b) => JSON.stringify({ api_key: token, batch: Array.from({ length: 100 }, (__, i) => {
    const k = b * 100 + i, person = k * 7 % 500;
    return { event: ["$pageview", "clicked", "saved", "signed_up"][k % 4], distinct_id: `person-${person}`,
      timestamp: new Date(day + (k * 977 % 259200) * 1000).toISOString(),
      properties: { $current_url: `https://app.example.com/projects/${k % 300}/boards/${k % 17}?tab=activity`, $browser: "Chrome",
        $browser_version: 140, $os: "Mac OS X", $device_type: "Desktop", $screen_height: 1080, $screen_width: 1920,
        $lib: "web", $lib_version: "1.449.2", $session_id: `0199-${person}-${k % 50}`, $referrer: "https://www.example.org/search",
        plan: ["free", "team", "business"][k % 3], amount: k % 1000 / 10, note: "x".repeat(330) } };
  }) }));
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const rss = (pid) => Number(fs.readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) / 1024;
const child_of = (pid) => Number(execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" }));

// Processor seconds of a process so far: what other work on the machine does not change.
const cpu = (pid) => {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
// The most memory it took since forget, in MB.
const most = (pid) => Number(fs.readFileSync(`/proc/${pid}/status`, "utf8").match(/VmHWM:\s+(\d+)/)[1]) / 1024;
const forget = (pid) => fs.writeFileSync(`/proc/${pid}/clear_refs`, "5");

// {took, cpu, answer}: seconds on the clock, and of the processes.
async function timed(pids, fn) {
  const used = () => pids.reduce((n, pid) => n + cpu(pid), 0), before = used(), begun = process.hrtime.bigint(), answer = await fn();
  return { took: Number(process.hrtime.bigint() - begun) / 1e9, cpu: used() - before, answer };
}

// The answer to a query node, computed or as `refresh` says.
async function query_api(url, key, query, refresh = "force_blocking") {
  const reply = await fetch(`${url}/api/projects/@current/query/`, { method: "POST", body: JSON.stringify({ query, refresh }),
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" } });
  if (reply.status !== 200) throw new Error(await reply.text());
  return reply.json();
}

// The statement that the engine is sent for a query: caught while it runs, so asked for until it was seen.
async function printed(data, url, key, query) {
  const running = "SELECT query FROM system.processes WHERE startsWith(query, '/* query ')";
  for (let i = 0; i < 200; i++) {
    let done = false;
    const asked = query_api(url, key, query).finally(() => { done = true; });
    while (!done) {
      const seen = String(await engine(data, running, { default_format: "TSVRaw" }));
      if (!seen) continue;
      await asked;
      return seen.trimEnd().replace(/^\/\*.*?\*\/ /, "");
    }
    await asked;
  }
  throw new Error("the statement was never seen");
}

function run(main) {
  main().catch((e) => { console.error(e); process.exitCode = 1; }).finally(() => {
    for (const child of children) {
      child.removeAllListeners("exit");
      child.kill();
    }
    fs.rmSync(dir, { recursive: true, force: true });
  });
}

module.exports = { begin, folder, serve, same_bytes, wrk, engine, status, batches, median, rss, child_of, most, forget, timed, query_api, printed, run, dir, hoglet };
