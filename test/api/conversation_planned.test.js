// Questions answered without a language model: what was understood, its query, and its numbers.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { start, eventually } = require("./server.js");
const { ask } = require("./conversation.js");

let s, base, project;
before(async () => {
  s = await start(["--clock", "2026-03-20T12:00:00Z"]);
  project = `/api/projects/${s.first.project_id}/`;
  base = `${project}conversations/`;
  const token = (await s.call("GET", project)).json.api_token;
  const batch = [];
  for (let i = 0; i < 12; i++)
    batch.push({ event: i < 5 ? "signed_up" : "order_placed", distinct_id: `u${i % 4}`, uuid: randomUUID(),
      timestamp: `2026-03-${10 + (i % 3)}T10:00:00Z`, properties: { plan: i % 2 ? "pro" : "free" } });
  assert.equal((await s.call("POST", "/batch/", { key: null, body: { api_key: token, batch } })).status, 200);
  await eventually(async () => {
    const reply = await s.call("POST", `${project}query/`, { body: { refresh: "force_blocking",
      query: { kind: "HogQLQuery", query: "select count() from events" } } });
    return reply.json.results?.[0]?.[0] === 12 ? true : undefined;
  });
});
after(async () => assert.equal(await s.stop(), 0));

const say = async (content, conversation = randomUUID(), more = {}) =>
  (await ask(s, base, { content, conversation, trace_id: randomUUID() }, more)).list
    .filter((e) => e.event === "message").map((e) => e.data);

test("an answer shows the query that gave its number", async () => {
  const conversation = randomUUID();
  const [, chart, words] = await say("how many signed_up events in the last 30 days?", conversation);
  assert.deepEqual([chart.type, chart.source, chart.content.content_type], ["ai/artifact", "artifact", "visualization"]);
  assert.match(chart.artifact_id, /^[A-Za-z0-9]{4}$/);
  assert.match(words.content, /signed_up[^]*\*\*5\*\*/);
  const again = (await s.call("POST", `${project}query/`, { body: { query: chart.content.query } })).json;
  assert.equal(again.results[0].aggregated_value ?? again.results[0].count, 5);
  const stored = (await s.call("GET", `${base}${conversation}/`)).json.messages;
  assert.deepEqual(stored[1].content, chart.content);
});

test("the next question leans on the one before", async () => {
  const conversation = randomUUID();
  await say("how many order_placed events in the last 30 days?", conversation);
  const [, chart, words] = await say("by plan", conversation);
  assert.equal(chart.content.query.breakdownFilter.breakdown, "plan");
  assert.match(words.content, /free[^]*pro|pro[^]*free/);
});

test("a dashboard is made as the asking user", async () => {
  const messages = await say("make a dashboard of signed_up and order_placed");
  const id = messages.at(-1).content.match(/dashboard\/(\d+)\)/)[1];
  const made = (await s.call("GET", `${project}dashboards/${id}/`)).json;
  assert.equal(made.tiles.length, 2);
  assert.equal(made.created_by.email, "owner@example.com");
});

test("what is not understood is refused plainly", async () => {
  const [, words, ...rest] = await say("write me a poem about the sea");
  assert.equal(words.type, "ai");
  assert.deepEqual(rest, []);
});

test("a key that may not query is told so", async () => {
  const key = s.cli("key", "add", "--email", "owner@example.com", "--scopes", "conversation:write").value;
  const [, words] = await say("how many signed_up events in the last 30 days?", randomUUID(), { key });
  assert.match(words.content, /missing required scope 'query:read'/);
  const reader = s.cli("key", "add", "--email", "owner@example.com", "--scopes", "conversation:write,query:read").value;
  const before = (await s.call("GET", `${project}dashboards/`)).json.count;
  const messages = await say("make a dashboard of signed_up and order_placed", randomUUID(), { key: reader });
  assert.match(messages.at(-1).content, /could not be made[^]*dashboard:write/);
  assert.equal((await s.call("GET", `${project}dashboards/`)).json.count, before);
});
