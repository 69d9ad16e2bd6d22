// SIGTERM under load: what is under way is answered, what was acknowledged is kept, the exit is 0.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert");
const fs = require("node:fs");
const { start, serve, eventually } = require("../api/server.js");
const { Load, check, keep_parts, failed } = require("./load.js");

test("SIGTERM under load", async () => {
  const s = await start();
  const load = new Load(s.first.project_api_key);
  await keep_parts(s.data);
  let { child, url } = s;
  child.removeAllListeners("exit");
  for (let round = 0; round < 4; round++) {
    const sending = load.run(url, 6, () => false, { pad: round % 2 ? 100000 : 0 });
    const enough = load.sent + 500;
    await eventually(() => (load.sent > enough ? true : undefined));
    child.kill("SIGTERM");
    await sending;
    await eventually(() => child.exitCode ?? child.signalCode ?? undefined);
    assert.strictEqual(child.exitCode, 0, failed(`ended with ${child.exitCode ?? child.signalCode}`));
    const next = serve(s.data);
    url = await next.ready;
    child = next.child;
    child.removeAllListeners("exit");
    await check(s.data, load, url);
  }
  child.kill("SIGTERM");
  await eventually(() => child.exitCode ?? undefined);
  fs.rmSync(s.dir, { recursive: true, force: true });
});
