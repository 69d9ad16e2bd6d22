// server.js - starts the built binary on a fresh data folder and talks to it.
"use strict";
const { spawn, execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const bin = path.join(__dirname, "../../build/asan/hoglet");
// libchdb cannot be loaded into a process under AddressSanitizer: the engine is the release build.
process.env.HOGLET_ENGINE_PROGRAM = path.join(__dirname, "../../build/release/hoglet");

function hoglet(...args) {
  return execFileSync(bin, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

// {data, url, first, call, cli, stop}; `first` is what init printed.
async function start(flags = []) {
  const data = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "hoglet-")), "data");
  const first = JSON.parse(hoglet("init", "--data", data, "--email", "owner@example.com",
    "--password", "correct horse", "--json"));
  const child = spawn(bin, ["serve", "--data", data, "--listen", "127.0.0.1:0", ...flags],
    { stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
      const hit = text.match(/ready at (http:\S+)\n/);
      if (hit) resolve(hit[1]);
    });
    child.once("exit", (code) => reject(new Error(`serve ended with ${code}`)));
  });

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
    return { status: reply.status, headers: reply.headers, text, json };
  }

  const cli = (...args) => JSON.parse(hoglet(...args, "--data", data, "--json"));
  async function stop() {
    child.removeAllListeners("exit");
    const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
    child.kill("SIGTERM");
    const code = await ended;
    fs.rmSync(path.dirname(data), { recursive: true, force: true });
    return code;
  }
  return { data, url, first, call, cli, stop, hoglet, pid: child.pid };
}

module.exports = { start, hoglet, bin };
