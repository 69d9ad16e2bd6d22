// server.js - starts the built binary on a fresh data folder and talks to it.
"use strict";
const { spawn, execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const http = require("node:http");
const { checker } = require("./openapi.js");

const bin = process.env.TEST_PROGRAM || path.join(__dirname, "../../build/asan/hoglet");
// libchdb cannot be loaded into a process under AddressSanitizer: the engine is the release build.
process.env.HOGLET_METRICS_LISTEN ??= "off"; // tests run side by side
process.env.HOGLET_ENGINE_PROGRAM = path.join(__dirname, "../../build/release/hoglet");

function hoglet(...args) {
  return execFileSync(bin, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

// Asks until fn's answer is not undefined; fails after a minute, with `why` or the question.
async function eventually(fn, why = `did not come true: ${fn}`) {
  for (const until = Date.now() + 60000; Date.now() < until;) {
    const answer = await fn();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10)); // leaves the processor to the server
  }
  throw new Error(why);
}

// A statement to the engine of a data folder, on its socket.
function engine(data, params, { body, method = "POST", url = "/" } = {}) {
  return new Promise((resolve, reject) => {
    const query = new URLSearchParams(params).toString();
    const req = http.request({ socketPath: path.join(data, "engine.sock"), method,
      path: `${url}?${query}` }, (res) => {
      let text = "";
      res.on("data", (chunk) => { text += chunk; });
      res.on("end", () => resolve({ status: res.statusCode, headers: res.headers, text }));
      res.on("error", () => resolve({ status: res.statusCode, broken: true, text }));
    });
    req.on("error", reject);
    req.end(body);
  });
}

// Rows of a statement as objects; numbers of 64 bits as numbers.
async function rows(data, sql) {
  const answer = await engine(data, { default_format: "JSON",
    output_format_json_quote_64bit_integers: "0" }, { body: sql });
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.text ? JSON.parse(answer.text).data : [];
}

// A test that fails before it ends its server must not keep the run from ending.
const started = new Set();
process.on("exit", () => { for (const child of started) child.kill("SIGKILL"); });
function mind(child) {
  started.add(child);
  child.once("exit", () => started.delete(child));
  return child;
}

function serve(data, flags = [], env = {}) {
  const child = mind(spawn(bin, ["serve", "--data", data, "--listen", "127.0.0.1:0", ...flags],
    { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } }));
  const ready = new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
      const hit = text.match(/ready at (http:\S+)\n/);
      if (hit) resolve(hit[1]);
    });
    child.once("exit", (code, signal) => reject(new Error(`serve ended with ${code ?? signal}`)));
  });
  return { child, ready };
}

// Ends a server in order; its exit code, or the signal that ended it.
function end(child) {
  child.removeAllListeners("exit");
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
  child.kill("SIGTERM");
  return ended;
}

// {data, url, first, call, cli, stop}; `first` is what init printed.
async function start(flags = []) {
  const data = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "hoglet-")), "data");
  const first = JSON.parse(hoglet("init", "--data", data, "--email", "owner@example.com",
    "--password", "correct horse", "--json"));
  const { child, ready } = serve(data, flags);
  const url = await ready;
  const check = checker(await (await fetch(`${url}/api/schema/`)).json());

  // call("GET", "/api/…", {key, body, headers}) -> {status, headers, text, json}
  async function call(method, where, { key = first.personal_api_key, body, headers = {} } = {}) {
    const all = { ...headers };
    if (key) all.Authorization = `Bearer ${key}`;
    if (body !== undefined && typeof body !== "string") all["Content-Type"] ??= "application/json";
    const reply = await fetch(where.startsWith("http") ? where : url + where, {
      method, headers: all, redirect: "manual",
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await reply.text();
    let json = null;
    try { json = JSON.parse(text); } catch { /* not JSON */ }
    check(method, new URL(reply.url).pathname, reply.status, json);
    return { status: reply.status, headers: reply.headers, text, json };
  }

  // The same call for a logged-in browser instead of a key.
  async function login(email = "owner@example.com", password = "correct horse") {
    const reply = await call("POST", "/api/login/", { key: null, body: { email, password } });
    if (reply.status !== 200) throw new Error(reply.text);
    const cookie = reply.headers.getSetCookie().map((c) => c.split(";")[0]).join("; ");
    const own = { Cookie: cookie, "X-CSRFToken": cookie.match(/csrftoken=(\w+)/)[1] };
    return (method, where, { body, headers = {} } = {}) =>
      call(method, where, { key: null, body, headers: { ...own, ...headers } });
  }

  const cli = (...args) => JSON.parse(hoglet(...args, "--data", data, "--json"));
  async function stop() {
    const code = await end(child);
    fs.rmSync(path.dirname(data), { recursive: true, force: true });
    return code;
  }
  return { data, dir: path.dirname(data), url, first, call, login, cli, stop, hoglet, child, pid: child.pid };
}

module.exports = { start, serve, end, mind, hoglet, bin, eventually, engine, rows };
