// hoglet ask: a question from the terminal, of a server that runs and of a folder that none has.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const { randomUUID } = require("node:crypto");
const { start, bin, eventually } = require("./server.js");

let s;
before(async () => {
  s = await start(["--clock", "2026-03-20T12:00:00Z"]);
  const project = `/api/projects/${s.first.project_id}/`;
  const token = (await s.call("GET", project)).json.api_token;
  const batch = ["a", "a", "b\u001b[31m"].map((plan) => ({ event: "signed_up", distinct_id: "u", uuid: randomUUID(),
    timestamp: "2026-03-12T10:00:00Z", properties: { plan } }));
  await s.call("POST", "/batch/", { key: null, body: { api_key: token, batch } });
  await eventually(async () => {
    const reply = await s.call("POST", `${project}query/`, { body: { refresh: "force_blocking",
      query: { kind: "HogQLQuery", query: "select count() from events" } } });
    return reply.json.results?.[0]?.[0] === 3 ? true : undefined;
  });
});
after(async () => assert.equal(await s.stop(), 0));

function hoglet(args, input = "") {
  return new Promise((resolve) => {
    const child = spawn(bin, args, { stdio: ["pipe", "pipe", "pipe"] });
    let out = "", err = "";
    child.stdout.on("data", (chunk) => { out += chunk; });
    child.stderr.on("data", (chunk) => { err += chunk; });
    child.on("close", (code) => resolve({ code, out, err }));
    child.stdin.end(input);
  });
}

test("the answer comes with its chart, and the key it took is gone", async () => {
  const { code, out } = await hoglet(["ask", "--data", s.data, "how many signed_up in the last 30 days by plan?"]);
  assert.equal(code, 0);
  assert.match(out, /^a +█+ 2\n/m);
  assert.match(out, /\*\*a\*\*: 2/);
  assert.ok(!out.includes("\u001b"));
  const { status } = await s.call("GET", "/api/users/@me/");
  assert.equal(status, 200);
  const login = await s.call("POST", "/api/login/", { key: null, body: { email: "owner@example.com", password: "correct horse" } });
  const headers = { Cookie: login.headers.getSetCookie().map((c) => c.split(";")[0]).join("; ") };
  const keys = (await s.call("GET", "/api/personal_api_keys/", { key: null, headers })).json;
  assert.deepEqual(keys.map((k) => k.label), ["init"]);
});

test("lines are questions of one conversation", async () => {
  const { code, out } = await hoglet(["ask", "--data", s.data], "how many signed_up in the last 30 days?\nby plan\n");
  assert.equal(code, 0);
  assert.match(out, /\*\*3\*\*[^]*a +█+ 2\n/);
});

test("what cannot be is said", async () => {
  assert.match((await hoglet(["ask", "--data", s.data, "one", "two"])).err, /unexpected argument two/);
  assert.match((await hoglet(["ask", "--data", `${s.data}/none`, "x"])).err, /none/);
});
