// How often a user may ask, where the server limits that.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { start } = require("./server.js");

test("questions are limited by user, whichever key they use and whether or not they are valid", async () => {
  const s = await start(["--rate-limits", "on"]);
  const base = `/api/projects/${s.first.project_id}/conversations/`;
  const key = s.cli("key", "add", "--email", "owner@example.com", "--scopes", "*").value;
  const other = s.cli("user", "add", "--email", "other@example.com").personal_api_key;
  const ask = (more = {}, by = key) => s.call("POST", base, { key: by, body: { content: "/usage", conversation: randomUUID(), trace_id: randomUUID(), ...more } });
  for (let i = 0; i < 9; i++) assert.equal((await ask({}, i % 2 ? key : undefined)).status, 200);
  assert.equal((await ask({ content: "" })).status, 400);
  const refused = await ask();
  assert.deepEqual([refused.status, refused.json.code, refused.json.type], [429, "throttled", "throttled_error"]);
  assert.match(refused.json.detail, /PostHog AI usage limit is reached. Please try again in \d+ (seconds|minutes). Expected available in \d+ seconds./);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  for (let i = 0; i < 3; i++) assert.equal((await ask({ agent_mode: "research" })).status, 200);
  const research = await ask({ agent_mode: "research" });
  assert.equal(research.status, 429);
  assert.match(research.json.detail, /Research mode is in beta/);
  assert.equal((await ask({}, other)).status, 200);
  assert.equal((await s.call("GET", base, { key })).status, 200);
  assert.equal(await s.stop(), 0);
});
