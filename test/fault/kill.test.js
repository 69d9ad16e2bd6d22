// kill -9 of the server and of the engine, at random moments under load: what was acknowledged is
// stored, once, under the right persons. The release build, so that moments are as short as they are.
"use strict";
process.env.TEST_PROGRAM = require("node:path").join(__dirname, "../../build/release/hoglet");
const { test } = require("node:test");
const assert = require("node:assert");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const { start, serve } = require("../api/server.js");
const { Load, check, keep_parts, seed, failed } = require("./load.js");

const ROUNDS = 36;
const CHECK_EVERY = 6; // rounds: kills also meet what earlier ones left behind

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function engine_of(pid) {
  try {
    return Number(execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" }).trim()) || 0;
  } catch {
    return 0; // between two engines
  }
}

const ended = (child) => new Promise((resolve) => {
  if (child.exitCode !== null || child.signalCode) resolve();
  else child.once("exit", resolve);
});

// The folder's server, killed at once if `kill` says so before it is ready.
async function begin(data, killAfter) {
  const { child, ready } = serve(data);
  const gone = ended(child);
  ready.catch(() => {});
  if (killAfter !== undefined) {
    await Promise.race([pause(killAfter), ready]);
    child.kill("SIGKILL");
    await gone;
    return null;
  }
  const url = await ready;
  return { child, url, gone };
}

test(`${ROUNDS} kills lose nothing acknowledged and store nothing twice`, async () => {
  const s = await start();
  const { data } = s;
  await keep_parts(data);
  const load = new Load(s.first.project_api_key);
  let server = { child: s.child, url: s.url, gone: ended(s.child) };
  const kinds = { server: 0, engine: 0, start: 0 };
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      const at = load.rand(), kind = at < 0.5 ? "server" : at < 0.85 ? "engine" : "start";
      kinds[kind]++;
      let over = false;
      const sending = load.run(server.url, 4, () => over, { pad: round % 3 ? 0 : 200000 });
      await pause(load.rand() * 500);
      if (kind === "engine") {
        const pid = engine_of(server.child.pid);
        try {
          if (pid) process.kill(pid, "SIGKILL");
        } catch (gone) {
          if (gone.code !== "ESRCH") throw gone; // it ended between being found and being killed
        }
        await pause(load.rand() * 300); // capture goes on meanwhile
        assert.strictEqual(server.child.exitCode, null, failed("the server ended with the engine"));
      } else {
        server.child.kill("SIGKILL");
      }
      over = true;
      await sending;
      if (kind !== "engine") await server.gone;
      if (kind === "start") await begin(data, load.rand() * 300);
      if (kind !== "engine") server = await begin(data);
      if (round % CHECK_EVERY === 0) await check(data, load, server.url);
    }
    console.log(`# seed ${seed}: ${kinds.server} kills of the server, ${kinds.engine} of the engine, ` +
      `${kinds.start} in a start; ${load.acknowledged.size} of ${load.sent} events acknowledged`);
    assert.ok(load.acknowledged.size > 1000, failed("too little load to mean anything"));
    server.child.kill("SIGTERM");
    await server.gone;
    assert.strictEqual(server.child.exitCode, 0);
  } finally {
    server?.child.kill("SIGKILL");
    fs.rmSync(s.dir, { recursive: true, force: true });
  }
});
