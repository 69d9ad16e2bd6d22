// A disk that is full: requests are refused with 503, the server stays, and when there is space again
// all goes on, with everything that was acknowledged. The data folder is on a small tmpfs.
"use strict";
const { test, after } = require("node:test");
const assert = require("node:assert");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { hoglet, serve, eventually } = require("../api/server.js");
const { Load, check, keep_parts, failed } = require("./load.js");

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "hoglet-disk-"));
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", dir], { encoding: "utf8" });
after(() => {
  if (mounted.status === 0) spawnSync("umount", ["-l", dir]);
  fs.rmdirSync(dir);
});

const skip = mounted.status === 0 ? false : `cannot mount a tmpfs: ${(mounted.stderr ?? mounted.error).toString().trim()}`;

// Takes all the space there is, but for so many bytes and the last few pages.
function fill(leave = 0) {
  const fd = fs.openSync(path.join(dir, "filler"), "w");
  for (let n = 1 << 20; n >= 4096;) {
    try {
      fs.writeSync(fd, Buffer.alloc(n));
    } catch {
      n /= 2;
    }
  }
  fs.ftruncateSync(fd, Math.max(0, fs.fstatSync(fd).size - leave));
  fs.closeSync(fd);
}

test("a full disk: 503, nothing acknowledged is lost, and on it goes", { skip }, async () => {
  const data = path.join(dir, "data");
  const first = JSON.parse(hoglet("init", "--data", data, "--email", "a@example.com", "--password", "correct horse", "--json"));
  const load = new Load(first.project_api_key);
  const { child, ready } = serve(data);
  const url = await ready;
  await keep_parts(data);
  for (let round = 0; round < 3; round++) {
    let over = false;
    const sending = load.run(url, 3, () => over, { pad: 30000 });
    const before = load.refused;
    if (round === 1) { // by its own load: a file of the journal is larger than what is left
      fill(6 << 20);
      await eventually(() => (load.refused > before ? true : undefined));
    } else {
      fill();
    }
    const reply = await eventually(async () => {
      const r = await load.post(url, [{ ...load.event("big", "big"), properties: { pad: "x".repeat(500000) } }]);
      return r?.status === 200 ? undefined : r;
    });
    assert.strictEqual(reply?.status, 503, failed("a full disk"));
    assert.ok(Number(reply.headers["retry-after"]) > 0);
    over = true;
    await sending;
    assert.strictEqual(child.exitCode, null, failed("the server ended"));
    assert.strictEqual((await fetch(`${url}/_livez`)).status, 200);
    fs.rmSync(path.join(dir, "filler"), { force: true });
    if (round === 1) spawnSync("mount", ["-o", "remount,size=256m", dir]);
    await check(data, load, url);
  }
  child.removeAllListeners("exit");
  child.kill("SIGTERM");
  await eventually(() => child.exitCode ?? child.signalCode ?? undefined);
  assert.strictEqual(child.exitCode, 0);
});
