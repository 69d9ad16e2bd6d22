// Runs: who may start one, who reads it, how it is cancelled, what waits behind it, and what is left of it
// when the server ends.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { start, serve, end, eventually } = require("./server.js");
const { ask, open } = require("./conversation.js");
const { model, openai } = require("./model.js");

let s, m, base, quiet;
before(async () => {
  m = await model();
  s = await start(m.flags);
  base = `/api/projects/${s.first.project_id}/conversations/`;
  quiet = held(); // begun here, so that its silence is long when the last test looks
  m.script = [quiet.script];
  quiet.reader = await open(s, base, body());
  await quiet.begun;
  quiet.rest = quiet.reader.rest();
});
after(async () => { assert.equal(await s.stop(), 0); m.stop(); });

const at = (id, tail = "") => `${base}${id}/${tail}`;
const body = (content = "hello", conversation = randomUUID()) => ({ content, conversation, trace_id: randomUUID() });
const status = async (id) => (await s.call("GET", at(id))).json.status;

// A reply that waits for its end: say(text), finish(); `gone` resolves when the server hung up.
function held() {
  const h = { begun: null, gone: null };
  let begin, leave;
  h.begun = new Promise((resolve) => { begin = resolve; });
  h.gone = new Promise((resolve) => { leave = resolve; });
  h.script = (req, res) => {
    res.writeHead(200, { "Content-Type": "text/event-stream" });
    res.flushHeaders();
    res.on("close", leave);
    h.say = (text) => res.write(openai.delta({ content: text }));
    h.finish = () => res.end(openai.end("stop"));
    begin();
  };
  return h;
}

test("while a run is under way another message is refused; reading again follows it", async () => {
  const h = held(), b = body();
  m.script = [h.script];
  const first = await open(s, base, b);
  await h.begun;
  h.say("one ");
  await first.until((e) => e.data.content === "one ");
  const busy = await s.call("POST", base, { body: body("more", b.conversation) });
  assert.deepEqual([busy.status, busy.json.code, busy.json.type, busy.json.detail],
    [409, "conflict", "server_error", "Cannot resume streaming with a new message"]);
  assert.equal((await eventually(async () => (await s.call("GET", base)).json.results.find((c) => c.id === b.conversation))).status, "in_progress");
  const second = await open(s, base, { ...b, content: null });
  assert.equal(second.status, 200);
  await second.until((e) => e.data.content === "one ");
  h.say("two");
  h.finish();
  const [rest, again] = [await first.rest(), await second.rest()];
  assert.equal(rest.at(-1).data.content, "one two");
  const finals = (list) => list.filter((e) => e.event === "message" && !e.data.id.startsWith("temp-"));
  assert.deepEqual(finals(again).slice(-1), finals(rest));
  assert.equal(await status(b.conversation), "idle");
});

test("of many who ask at a time one is answered", async () => {
  const h = held(), b = body(), asked = m.requests.length;
  m.script = [h.script];
  const replies = await Promise.all(Array.from({ length: 8 }, () => open(s, base, { ...b, trace_id: randomUUID() })));
  assert.deepEqual(replies.map((r) => r.status).sort(), [200, ...Array(7).fill(409)]);
  await h.begun;
  h.finish();
  await replies.find((r) => r.status === 200).rest();
  assert.equal(m.requests.length, asked + 1);
});

test("a reader that leaves stops nothing", async () => {
  const h = held(), b = body();
  m.script = [h.script];
  const reader = await open(s, base, b);
  await h.begun;
  reader.close();
  h.say("all the same");
  h.finish();
  const got = await eventually(async () => {
    const c = (await s.call("GET", at(b.conversation))).json;
    return c.status === "idle" ? c : undefined;
  });
  assert.equal(got.messages.at(-1).content, "all the same");
});

test("cancel ends the model's request and the stream, and keeps what was said", async () => {
  const h = held(), b = body();
  m.script = [h.script];
  const reader = await open(s, base, b);
  await h.begun;
  h.say("half");
  await reader.until((e) => e.data.content === "half");
  const cancelled = await s.call("PATCH", at(b.conversation, "cancel/"));
  await h.gone;
  assert.deepEqual([cancelled.status, cancelled.json.status], [200, "idle"]);
  const rest = await reader.rest();
  assert.ok(!rest.some((e) => e.event === "message" && !e.data.id.startsWith("temp-")));
  m.script = [openai.text("fine")];
  const { list } = await ask(s, base, body("again", b.conversation));
  assert.equal(list.at(-1).data.content, "fine");
  const got = (await s.call("GET", at(b.conversation))).json;
  assert.deepEqual(got.messages.map((d) => [d.type, d.content]), [["human", "hello"], ["human", "again"], ["ai", "fine"]]);
});

test("cancel ends a query that runs", async () => {
  const b = body();
  m.script = [openai.calls(["execute_sql", { viz_title: "x",
    query: "select count() from numbers(100000000000) where cityHash64(number) = 7" }]), openai.text("never")];
  const reader = await open(s, base, b);
  await reader.until((e) => e.event === "update");
  const cancelled = await s.call("PATCH", at(b.conversation, "cancel/"));
  assert.equal(cancelled.json.status, "idle");
  await reader.rest();
  assert.ok(!(await s.call("GET", at(b.conversation))).json?.messages?.some((d) => d.content === "never"));
});

test("messages that wait become the next ones of the same stream, two at most", async () => {
  const h = held(), b = body("first"), queue = at(b.conversation, "queue/");
  m.script = [h.script, openai.text("to second"), openai.text("to third")];
  const reader = await open(s, base, b);
  await h.begun;
  const add = (content) => s.call("POST", queue, { body: { content, agent_mode: "sql" } });
  const one = (await add("second")).json, two = await add("x");
  assert.deepEqual([one.max_queue_messages, one.messages.length, two.status], [2, 1, 200]);
  assert.deepEqual(one.messages[0], { id: one.messages[0].id, content: "second", created_at: one.messages[0].created_at,
    contextual_tools: null, ui_context: null, billing_context: null, agent_mode: "sql", session_id: null });
  const full = await add("fourth");
  assert.deepEqual([full.status, full.json.error], [409, "queue_full"]);
  const last = two.json.messages[1].id;
  assert.equal((await s.call("PATCH", `${queue}${last}/`, { body: { content: "third" } })).json.messages[1].content, "third");
  assert.deepEqual((await s.call("GET", queue)).json.messages.map((q) => q.content), ["second", "third"]);
  h.say("to first");
  h.finish();
  const list = (await reader.rest()).filter((e) => e.event === "message" && !e.data.id.startsWith("temp-"));
  assert.deepEqual(list.map((e) => e.data.content).slice(-5), ["to first", "second", "to second", "third", "to third"]);
  const human = list.filter((e) => e.data.type === "human").map((e) => e.data.trace_id);
  assert.equal(new Set(human).size, human.length);
});

test("what waits can be taken back, and cancel empties it", async () => {
  const h = held(), b = body("first"), queue = at(b.conversation, "queue/");
  m.script = [h.script, openai.text("no")];
  const reader = await open(s, base, b);
  await h.begun;
  const { id } = (await s.call("POST", queue, { body: { content: "a" } })).json.messages[0];
  assert.deepEqual((await s.call("DELETE", `${queue}${id}/`)).json.messages, []);
  await s.call("POST", queue, { body: { content: "b" } });
  assert.deepEqual((await s.call("POST", `${queue}clear/`)).json.messages, []);
  await s.call("POST", queue, { body: { content: "c" } });
  await s.call("PATCH", at(b.conversation, "cancel/"));
  await reader.rest();
  const thread = (await s.call("POST", base, { body: body("x", b.conversation) })).text;
  assert.ok(!thread.includes('"c"'));
});

test("a form waits for its answer, without a result until then", async () => {
  const b = body(), questions = [{ id: "q1", question: "Which?", type: "select", options: [{ value: "a" }, { value: "b,c" }] },
    { id: "q2", question: "Why?", type: "multi_select", options: [{ value: "x" }, { value: "y" }] }];
  m.script = [openai.calls(["create_form", { questions }]), openai.text("thanks")];
  const { list } = await ask(s, base, b);
  assert.equal(list.filter((e) => e.event === "message").at(-1).data.type, "ai");
  assert.ok(!list.some((e) => e.data.type === "tool"));
  assert.equal(await status(b.conversation), "idle");
  const resume = { ...b, content: null, trace_id: randomUUID(), resume_payload: { action: "form", form_answers: { q1: ["a", "b,c"] } } };
  const answered = (await ask(s, base, resume)).list.filter((e) => !e.data.id?.startsWith("temp-"));
  assert.deepEqual(answered.map((e) => e.data.type), ["tool", "ai"]);
  assert.equal(answered[0].data.content, 'Which?: a, "b,c"\nWhy?: (skipped)');
  assert.deepEqual(answered[0].data.ui_payload, { create_form: { status: "form", answers: { q1: ["a", "b,c"] } } });
  assert.deepEqual(m.requests.at(-1).body.messages.map((d) => d.role), ["system", "user", "assistant", "tool"]);
  assert.equal((await ask(s, base, resume)).status, 400);

  m.script = [openai.calls(["create_form", { questions }]), openai.text("as you like")];
  await ask(s, base, body("again", b.conversation));
  const dismissed = (await ask(s, base, { ...resume, content: "never mind", resume_payload: { action: "dismiss_form" } })).list
    .filter((e) => !e.data.id?.startsWith("temp-"));
  assert.deepEqual(dismissed.map((e) => e.data.type), ["tool", "human", "ai"]);
  assert.deepEqual(dismissed[0].data.ui_payload, { create_form: { status: "dismiss_form" } });
});

test("a change of something saved waits for approval", async () => {
  const insight = (await s.call("POST", `/api/projects/${s.first.project_id}/insights/`, { body: { name: "Mine", saved: true,
    query: { kind: "InsightVizNode", source: { kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "$pageview" }] } } } })).json;
  const name = async () => (await s.call("GET", `/api/projects/${s.first.project_id}/insights/${insight.id}/`)).json.name;
  const change = openai.calls(["save_insight", { insight_id: insight.short_id, name: "Theirs" }]);
  const propose = async (b) => {
    m.script = [change, openai.text("so be it")];
    await ask(s, base, b);
    const got = (await s.call("GET", at(b.conversation))).json;
    return got.pending_approvals.at(-1);
  };
  const decide = async (b, resume_payload, content = null) => (await ask(s, base, { ...b, content, trace_id: randomUUID(), resume_payload })).list
    .filter((e) => !e.data.id?.startsWith("temp-")).map((e) => e.data);

  const b = body(), proposal = await propose(b);
  assert.deepEqual([proposal.decision_status, proposal.tool_name, proposal.payload, proposal.original_tool_call_id],
    ["pending", "save_insight", { insight_id: insight.short_id, name: "Theirs" }, "call_save_insight_0"]);
  assert.match(proposal.preview, /Theirs/);
  assert.equal(await name(), "Mine");
  const rejected = await decide(b, { action: "reject", proposal_id: proposal.proposal_id, feedback: "not that" });
  assert.match(rejected[0].content, /rejected[^]*not that/);
  assert.equal(await name(), "Mine");
  assert.deepEqual((await s.call("GET", at(b.conversation))).json.pending_approvals.map((p) => [p.decision_status, p.payload]), [["rejected", {}]]);

  const wrong = await propose(body("again", b.conversation));
  await decide(b, { action: "approve", proposal_id: randomUUID() });
  assert.equal(await name(), "Mine");
  assert.notEqual(wrong.proposal_id, proposal.proposal_id);

  await propose(body("again", b.conversation));
  m.script = [openai.text("left alone")];
  await ask(s, base, body("something else", b.conversation));
  assert.equal((await s.call("GET", at(b.conversation))).json.pending_approvals.at(-1).decision_status, "auto_rejected");
  assert.equal(m.requests.at(-1).body.messages.at(-2).role, "tool");
  assert.equal(await name(), "Mine");

  const third = await propose(body("again", b.conversation));
  const approved = await decide(b, { action: "approve", proposal_id: third.proposal_id, payload: { insight_id: insight.short_id, name: "Ours" } });
  assert.deepEqual(approved.map((d) => d.type), ["ai/artifact", "tool", "ai"]);
  assert.equal(await name(), "Ours");
});

test("a server that is killed, or ends, leaves no conversation hanging", async () => {
  for (const signal of ["SIGKILL", "SIGTERM"]) {
    const own = await model(), t = await start(own.flags), h = held(), b = body();
    const where = `/api/projects/${t.first.project_id}/conversations/`;
    own.script = [h.script];
    const reader = await open(t, where, b);
    await h.begun;
    h.say("ha");
    await reader.until((e) => e.data.content === "ha");
    const ended = end(t.child);
    if (signal === "SIGKILL") t.child.kill("SIGKILL");
    const seen = await reader.rest().catch(() => []);
    const code = await ended;
    if (signal === "SIGTERM") {
      assert.equal(code, 0);
      assert.match(seen.at(-1).data.content, /restarted/);
    }
    const next = serve(t.data, own.flags);
    const url = await next.ready;
    const got = (await t.call("GET", `${url}${where}${b.conversation}/`)).json;
    assert.equal(got.status, "idle");
    assert.deepEqual(got.messages.map((d) => d.type), ["human", "ai/failure"]);
    assert.match(got.messages[1].content, /restarted/);
    assert.equal(await end(next.child), 0);
    own.stop();
  }
});

test("a long silence is filled with comments", async () => {
  await eventually(() => (quiet.reader.comments.length ? true : undefined));
  assert.equal(quiet.reader.comments[0], ": keepalive\n\n");
  quiet.finish();
  await quiet.rest;
});
