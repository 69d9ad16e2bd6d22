// Calls to the API: what is sent, what errors become, how much runs at a time.
"use strict";
const { test, beforeEach } = require("node:test");
const assert = require("node:assert/strict");
const load = require("./load.js");

const { call, errorOf, cookieValue, onUnauthorized, withQuery } = load("api/client.ts");
const { limiter } = load("api/limit.ts");

let sent, reply, calls = 0;
beforeEach(() => {
  globalThis.document = { cookie: "a=1; posthog_csrftoken=tok%2Ben" };
  globalThis.fetch = async (url, options) => {
    calls++;
    sent = { url, ...options };
    if (reply instanceof Error) throw reply;
    return new Response(reply.body ?? null, { status: reply.status, headers: reply.headers });
  };
});

test("reads carry no token, writes do", async () => {
  reply = { status: 200, body: '{"ok":1}' };
  assert.deepEqual(await call("GET", "/api/x/", { query: { a: "1 2", b: undefined } }), { ok: 1 });
  assert.equal(sent.url, "/api/x/?a=1+2");
  assert.equal(sent.headers["X-CSRFToken"], undefined);
  await call("POST", "/api/x/", { body: { q: "é" } });
  assert.equal(sent.headers["X-CSRFToken"], "tok+en");
  assert.equal(sent.headers["Content-Type"], "application/json");
  assert.equal(sent.body, '{"q":"é"}');
  reply = { status: 204 };
  assert.equal(await call("DELETE", "/api/x/"), null);
});

test("every failure is one kind of error", async () => {
  const cases = [
    [{ status: 400, body: '{"type":"validation_error","code":"required","detail":"This field is required.","attr":"email"}' },
      [400, "required", "This field is required.", "email"]],
    [{ status: 502, body: "<h1>Bad gateway</h1>" }, [502, "error", "The server answered with status 502.", null]],
    [{ status: 500, body: '["x"]' }, [500, "error", "The server answered with status 500.", null]],
    [new TypeError("fetch failed"), [0, "unreachable", "The server cannot be reached.", null]],
  ];
  for (const [given, want] of cases) {
    reply = given;
    await assert.rejects(call("GET", "/api/x/"), (e) => {
      assert.deepEqual([e.status, e.code, e.message, e.attr], want);
      return true;
    });
  }
  assert.equal(errorOf(503, null, "7").retryAfter, 7);
  assert.equal(errorOf(503, null, "soon").retryAfter, null);
});

test("a session that has ended is told once a call meets it", async () => {
  let told = 0;
  onUnauthorized(() => told++);
  reply = { status: 401, body: "{}" };
  await assert.rejects(call("GET", "/api/x/"));
  assert.equal(told, 1);
  reply = { status: 403, body: "{}" };
  await assert.rejects(call("GET", "/api/x/"));
  assert.equal(told, 1);
});

test("only a short Retry-After of a read is waited for, and not for ever", async (t) => {
  const { fetchDashboard } = load("api/endpoints.ts"), waits = [];
  t.mock.method(globalThis, "setTimeout", (go, ms) => { waits.push(ms); go(); });
  for (const [status, after, asked] of [[503, "1", 3], [503, "60", 1], [503, null, 1], [500, "1", 1]]) {
    reply = { status, body: "{}", headers: after === null ? {} : { "Retry-After": after } };
    calls = 0;
    await assert.rejects(fetchDashboard("1"));
    assert.equal(calls, asked, `${status} ${after}`);
  }
  assert.deepEqual(waits, [1000, 1000]);
});

test("cookies and queries", () => {
  assert.equal(cookieValue("a=1; b=2=3", "b"), "2=3");
  assert.equal(cookieValue("ab=1", "b"), null);
  assert.equal(cookieValue("", "b"), null);
  assert.equal(withQuery("/x", {}), "/x");
});

test("at most so many at a time, all in the end, failures too", async () => {
  const limit = limiter(2);
  let running = 0, most = 0;
  const ends = [];
  const all = [0, 1, 2, 3, 4].map((i) => limit(async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => ends.push(resolve));
    running--;
    if (i === 1) throw new Error("one");
    return i;
  }));
  const done = Promise.allSettled(all);
  while (ends.length || running) {
    ends.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual((await done).map((r) => r.value ?? r.reason.message), [0, "one", 2, 3, 4]);
  assert.equal(most, 2);
});
