// The server killed at a known step of an event's way: beside one write, fsync or statement, before it
// or after it (preload.c). And calls that fail: the disk that is full or broken for a moment.
"use strict";
const path = require("node:path");
process.env.TEST_PROGRAM = path.join(__dirname, "../../build/release/hoglet");
const { test, before, after, afterEach } = require("node:test");
const assert = require("node:assert");
const fs = require("node:fs");
const { start, serve, eventually } = require("../api/server.js");
const { Load, check, keep_parts, stored } = require("./load.js");

const preload = path.join(__dirname, "../../build/fault.so");

let s, load, server;

const state = (child) => (child.exitCode ?? child.signalCode);

async function begin(fault) {
  const env = fault ? { FAULT: fault, LD_PRELOAD: preload } : {};
  const { child, ready } = serve(s.data, [], env);
  const url = await ready.catch(() => null); // killed before it was ready
  server = { child, url };
}

async function end(signal) {
  server.child.kill(signal);
  await eventually(() => state(server.child) ?? undefined);
  return state(server.child);
}

// A few requests, one after another; more than a file of the journal takes, when `big`.
async function send(big) {
  const n = big ? 24 : 3;
  for (let i = 0; i < n; i++) {
    const events = [...load.person(), ...load.person()];
    if (big) events[0].properties.pad = "x".repeat(900000);
    if (!await load.post(server.url, events)) return;
  }
}

// Until all that was acknowledged has gone its way, or the server is gone.
const settled = () => eventually(async () =>
  (state(server.child) !== null || await stored(s.data, load) ? true : undefined));

before(async () => {
  s = await start();
  await keep_parts(s.data);
  load = new Load(s.first.project_api_key);
  await new Promise((resolve) => { s.child.once("exit", resolve); s.child.kill("SIGTERM"); });
  for (const i of [1, 2]) { // definitions are known and the log of changes has its length
    await begin();
    await send();
    await check(s.data, load, server.url);
    assert.strictEqual(await end("SIGTERM"), 0, `start ${i}`);
  }
});
afterEach(() => server.child.kill("SIGKILL"));
after(() => fs.rmSync(s.dir, { recursive: true, force: true }));

const KILLS = [
  // the journal: a group of records
  ["pwritev .log 1 kill"], ["pwritev .log 2 after"], ["fsync .log 2 kill"], ["fsync .log 3 after"],
  // the journal's next file, and the one that is done with
  ["create .log 1 kill", true], ["create .log 1 after", true], ["unlinkat .log 1 kill", true],
  // persons and the plan of what follows from them, in one transaction
  ["write meta.db-wal 1 kill"], ["write meta.db-wal 9 after"], ["fsync meta.db-wal 2 kill"],
  // the rows, table by table
  ["fsync meta.db-wal 2 then; send engine.sock 1 kill"],
  ["fsync meta.db-wal 2 then; send engine.sock 1 after"],
  ["fsync meta.db-wal 2 then; send engine.sock 3 kill"],
  ["fsync meta.db-wal 2 then; send engine.sock 2 after"],
  // the mark: all is stored, and not yet known to be
  ["fsync meta.db-wal 2 then; write meta.db-wal 1 kill"],
  ["fsync meta.db-wal 2 then; write meta.db-wal 3 after"],
  ["fsync meta.db-wal 3 kill"], ["fsync meta.db-wal 3 after"],
];

for (const [fault, big] of KILLS)
  test(`killed at: ${fault}`, async () => {
    await begin(fault);
    if (server.url) await send(big);
    await settled();
    if (state(server.child) === null) await send(); // the mark moves after the last row is there
    await settled();
    assert.strictEqual(state(server.child), "SIGKILL", "there is no such step");
    await begin();
    await check(s.data, load, server.url);
    assert.strictEqual(await end("SIGTERM"), 0);
  });

// Calls that fail, once or from then on: some requests are refused, none is lost, the server stays.
const FAILURES = [
  ["pwritev .log 2 ENOSPC", "503"], ["fsync .log 2 EIO", "503"],
  ["pwritev .log 2 ENOSPC; ftruncate .log 1 EIO", "503"], ["fsync .log 2+ EIO", "503"],
  ["create .log 1+ ENOSPC", "all", true], ["fsync journal 1 EIO", "all", true],
  ["unlinkat .log 1 EIO", "all", true],
  ["write meta.db-wal 1 ENOSPC", "all"], ["write meta.db-wal 9 EIO", "all"],
  ["fsync meta.db-wal 2 EIO", "all"], ["send engine.sock 9 EIO", "all"],
];

for (const [fault, taken, big] of FAILURES)
  test(`goes on after: ${fault}`, async () => {
    const refused = load.refused;
    await begin(fault);
    await send(big);
    assert.strictEqual(load.refused > refused, taken === "503", "requests refused");
    await settled();
    assert.strictEqual(await end("SIGTERM"), 0);
    await begin();
    await check(s.data, load, server.url);
    assert.strictEqual(await end("SIGTERM"), 0);
  });
