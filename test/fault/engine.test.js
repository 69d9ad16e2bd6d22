// An engine that fails in every way it can: capture goes on, queries answer 503, nothing is lost and
// one event does not hold up the others. The engine is a strict fake.
"use strict";
const path = require("node:path");
const { test, beforeEach, afterEach } = require("node:test");
const assert = require("node:assert");
const fs = require("node:fs");
const { hoglet, serve, eventually } = require("../api/server.js");
const os = require("node:os");

const program = path.join(__dirname, "fake_engine.js");

let dir, data, first, server, url, n;

const set = (mode) => {
  fs.writeFileSync(path.join(data, "fake.new"), JSON.stringify(mode));
  fs.renameSync(path.join(data, "fake.new"), path.join(data, "fake.json"));
};
const log = () => fs.readFileSync(path.join(data, "fake.log"), "utf8").trim().split("\n").map((l) => JSON.parse(l));
const starts = () => log().filter((l) => l.start);
const inserted = () => log().flatMap((l) => l.insert ?? []);

async function begin(mode) {
  set(mode);
  server = serve(data, ["--engine-program", program]);
  url = await server.ready;
}

// Sends that many events; their names.
async function send(count, more = {}) {
  const batch = Array.from({ length: count }, () => ({ event: `ev-${++n}`, distinct_id: `who-${n}`, ...more }));
  const reply = await fetch(`${url}/batch/`, { method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ api_key: first.project_api_key, batch }) });
  assert.strictEqual(reply.status, 200);
  return batch.map((e) => e.event);
}

// Until these and no others are stored, each once.
async function expect(names) {
  await eventually(() => (inserted().length >= names.length ? true : undefined),
    `${inserted().length} of ${names.length} events stored`);
  assert.deepStrictEqual(inserted().sort(), [...names].sort());
}

// Until what became of events is committed: they are of a batch that is prepared.
const known = (id) => eventually(async () => {
  const persons = await fetch(`${url}/api/projects/@current/persons/?distinct_id=${id}`,
    { headers: { Authorization: `Bearer ${first.personal_api_key}` } });
  return (await persons.json()).results.length ? true : undefined;
}, `${id} is known`);

async function end() {
  server.child.removeAllListeners("exit");
  server.child.kill("SIGTERM");
  await eventually(() => server.child.exitCode ?? undefined);
  return server.child.exitCode;
}

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "hoglet-"));
  data = path.join(dir, "data");
  first = JSON.parse(hoglet("init", "--data", data, "--email", "a@example.com", "--password", "correct horse", "--json"));
  n = 0;
});
afterEach(() => {
  server.child.kill("SIGKILL");
  fs.rmSync(dir, { recursive: true, force: true });
});

test("an engine that refuses inserts for want of space gets them later", async () => {
  await begin({ insert: "Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE) (version 26.7.2.1)" });
  const all = [...await send(5), ...await send(5)];
  set({ insert: "Code: 999. DB::Exception: Something new. (SOMETHING_NEW)" });
  all.push(...await send(5));
  set({ insert: "ok" });
  await expect(all);
  assert.strictEqual(await end(), 0);
});

test("a batch is prepared while the one before waits, and a crash with both under way stores each once", async () => {
  await begin({ insert: "Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE) (version 26.7.2.1)" });
  const all = await send(3);
  await known("who-3");
  all.push(...await send(3)); // not of the batch that waits: that was read before
  await known("who-6");
  all.push(...await send(3));
  server.child.kill("SIGKILL");
  await eventually(() => server.child.signalCode ?? undefined);
  assert.deepStrictEqual(inserted(), []);
  await begin({});
  await expect(all);
  all.push(...await send(1));
  await expect(all);
  assert.strictEqual(await end(), 0);
});

test("a row the engine refuses is kept aside, the others are stored", async () => {
  await begin({ poison: { POISON: "Code: 117. DB::Exception: Bad row. (INCORRECT_DATA) (version 26.7.2.1)" } });
  const good = [...await send(7), ...await send(6)];
  await send(1, { properties: { x: "POISON" } });
  good.push(...await send(9));
  await expect(good);
  assert.ok(fs.readFileSync(path.join(data, "rejected.rows"), "latin1").includes("POISON"));
  assert.strictEqual(await end(), 0);
});

test("so is one that is refused for a reason unknown, once others were taken", async () => {
  await begin({ poison: { POISON: "Code: 998. DB::Exception: Odd row. (SOMETHING_NEW)" } });
  const good = [...await send(3)];
  await send(1, { properties: { x: "POISON" } });
  good.push(...await send(3));
  await expect(good);
  await eventually(() => (fs.existsSync(path.join(data, "rejected.rows")) ? true : undefined));
  assert.strictEqual(await end(), 0);
});

test("also when it is a batch of its own: what comes behind shows that others are taken", async () => {
  await begin({ poison: { POISON: "Code: 998. DB::Exception: Odd row. (SOMETHING_NEW)" } });
  await send(1, { properties: { x: "POISON" } });
  await known("who-1");
  await expect(await send(3));
  await eventually(() => (fs.existsSync(path.join(data, "rejected.rows")) ? true : undefined));
  assert.strictEqual(await end(), 0);
  assert.ok(fs.readFileSync(path.join(data, "rejected.rows"), "latin1").includes("POISON"));
});

test("a slow engine delays what is stored, not what is taken", async () => {
  await begin({});
  set({ insert: 1500 });
  const begun = Date.now(), all = [...await send(5), ...await send(5)];
  assert.deepStrictEqual(inserted(), [], `taken within ${Date.now() - begun} ms, before any insert ended`);
  await expect(all);
  assert.strictEqual(await end(), 0);
});

test("an engine that hangs is killed and started again", async () => {
  await begin({});
  set({ insert: "hang", query: "hang" });
  const all = await send(5);
  all.push(...await send(5));
  await eventually(() => (starts().length > 1 ? true : undefined));
  set({});
  await expect(all);
  assert.strictEqual(await end(), 0);
});

test("an engine that ends at once is started less and less often", async () => {
  set({ start: "exit" });
  server = serve(data, ["--engine-program", program]);
  await eventually(() => (fs.existsSync(path.join(data, "fake.log")) && starts().length >= 5 ? true : undefined));
  const at = starts().map((l) => l.start), gaps = at.slice(1).map((t, i) => t - at[i]);
  assert.ok(gaps[3] >= gaps[0] + 200, `waits grow: ${gaps}`);
  set({});
  url = await server.ready;
  await expect(await send(3));
  assert.strictEqual(await end(), 0);
});

test("with the engine away, capture answers 200 and the server says what is missing", async () => {
  await begin({});
  set({ start: "exit", query: "exit" });
  const gone = await eventually(async () => {
    const ready = await fetch(`${url}/_readyz`);
    return ready.status === 503 ? ready.json() : undefined;
  });
  assert.strictEqual(gone.engine, false);
  const all = await send(4);
  set({});
  await expect(all);
  assert.strictEqual(await end(), 0);
});
