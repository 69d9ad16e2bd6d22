// Conversations: every field, status and error of the endpoints, who sees what, and the stream.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { start, eventually } = require("./server.js");
const { ask, events } = require("./conversation.js");

let s, other, member, base;
before(async () => {
  s = await start();
  base = `/api/environments/${s.first.project_id}/conversations/`;
  member = s.cli("user", "add", "--email", "member@example.com", "--password", "correct horse");
  other = s.cli("project", "add", "--name", "Second");
});
after(async () => assert.equal(await s.stop(), 0));

const at = (id, tail = "") => `${base}${id}/${tail}`;
const bare = (reply, status, error) => {
  assert.equal(reply.status, status, reply.text);
  assert.deepEqual(reply.json, { error });
};
const refused = (reply, status, code, attr, detail) => {
  assert.deepEqual([reply.status, reply.json.code, reply.json.attr], [status, code, attr], reply.text);
  if (detail) assert.equal(reply.json.detail, detail);
};
const post = (body, more = {}) => s.call("POST", base, { body, ...more });
const message = (content = "/usage") => ({ content, conversation: randomUUID(), trace_id: randomUUID() });

test("a new conversation streams itself, the message, the answer, and ends idle", async () => {
  const body = message();
  const { status, headers, list } = await ask(s, base, body);
  assert.equal(status, 200);
  assert.equal(headers.get("content-type"), "text/event-stream");
  assert.equal(headers.get("cache-control"), "no-cache, no-transform");
  assert.equal(headers.get("x-accel-buffering"), "no");
  assert.deepEqual(list.map((e) => e.event), ["conversation", "message", "conversation", "message"]);
  const [first, human, titled, ai] = list.map((e) => e.data);
  assert.deepEqual(Object.keys(first), ["id", "status", "title", "topic", "user", "created_at", "updated_at", "type",
    "is_internal", "slack_thread_key", "slack_workspace_domain", "task"]);
  assert.deepEqual([first.id, first.title, first.type, first.is_internal, first.user.email],
    [body.conversation, null, "assistant", false, "owner@example.com"]);
  assert.deepEqual(human, { type: "human", content: "/usage", trace_id: body.trace_id, id: human.id });
  assert.equal(titled.title, "/usage");
  assert.equal(ai.type, "ai");
  assert.deepEqual([ai.tool_calls, ai.meta], [[], { source: "slash_command:usage" }]);
  for (const m of [human, ai]) assert.match(m.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4/);

  const got = (await s.call("GET", at(body.conversation))).json;
  assert.equal(got.status, "idle");
  assert.deepEqual(got.messages, [
    { ...human, ui_context: null, parent_tool_call_id: null },
    { ...ai, parent_tool_call_id: null },
  ]);
  assert.deepEqual([got.has_unsupported_content, got.agent_mode, got.agent_runtime, got.is_sandbox, got.task, got.topic],
    [false, "product_analytics", "langgraph", false, null, null]);
  assert.deepEqual(got.pending_approvals, []);
});

test("a second message goes on in the same thread", async () => {
  const body = message();
  await ask(s, base, body);
  const { list } = await ask(s, base, { ...body, content: "  /feedback  ", trace_id: randomUUID() });
  assert.deepEqual(list.map((e) => e.data.type), ["human", "ai"]);
  assert.equal(list[0].data.content, "/feedback");
  assert.match(list[1].data.content, /Usage/);
  const got = (await s.call("GET", at(body.conversation.toUpperCase()))).json;
  assert.equal(got.messages.length, 4);
  assert.equal(got.title, "/usage");
});

test("the first bad field is the error", async () => {
  const good = message();
  const { content, conversation, trace_id } = good;
  for (const [body, code, attr, detail] of [
    [{ conversation, trace_id }, "required", "content"],
    [{ content, trace_id }, "required", "conversation"],
    [{ content, conversation }, "required", "trace_id"],
    [{ ...good, content: "" }, "blank", "content"],
    [{ ...good, content: " \n " }, "blank", "content"],
    [{ ...good, content: "x".repeat(40001) }, "max_length", "content"],
    [{ ...good, conversation: "nope" }, "invalid_input", "conversation", "Must be a valid UUID."],
    [{ ...good, conversation: null }, "null", "conversation"],
    [{ ...good, trace_id: "nope" }, "invalid_input", "trace_id", "Must be a valid UUID."],
    [{ ...good, agent_mode: "poet" }, "invalid_choice", "agent_mode", '"poet" is not a valid choice.'],
    [{ ...good, contextual_tools: [] }, "not_a_dict", "contextual_tools"],
    [{ ...good, contextual_tools: { create_insight: null } }, "null", "contextual_tools"],
    [{ ...good, is_sandbox: true }, "invalid_input", null, "Sandbox conversations must be opened via the open endpoint."],
    [{ ...good, agent_mode: "sandbox" }, "invalid_input", null, "Sandbox conversations must be opened via the open endpoint."],
    [{ ...good, ui_context: { poems: [] } }, "invalid_input", null, "Invalid message content."],
  ]) refused(await post(body), 400, code, attr, detail);
  assert.equal((await s.call("GET", at(conversation))).status, 404);
  assert.equal((await ask(s, base, { ...good, content: "x".repeat(40000) })).status, 200);
});

test("what the screen shows must have its shape when there is a message", async () => {
  const query = { kind: "TrendsQuery", series: [] };
  const fits = [
    null, {}, { dashboards: null }, { voice_mode: true, form_answers: { a: "b" } },
    { dashboards: [{ type: "dashboard", id: 1, insights: [], filters: {} }] },
    { insights: [{ type: "insight", id: "abcd1234", query, name: null }] },
    { events: [{ type: "event", id: "e", name: "$pageview" }], actions: [{ type: "action", id: 3, name: "a" }] },
    { notebooks: [{ type: "notebook", id: "n" }], error_tracking_issues: [{ type: "error_tracking_issue", id: randomUUID() }] },
    { evaluations: [{ type: "evaluation", id: "e", evaluation_type: "hog" }] },
  ];
  const misfits = [
    [], "x", { dashboards: {} }, { dashboards: [1] }, { dashboards: [{ type: "insight", id: 1, insights: [] }] },
    { dashboards: [{ type: "dashboard", id: "1", insights: [] }] }, { insights: [{ type: "insight", id: "x" }] },
    { actions: [{ type: "action", id: 3 }] }, { events: [{ type: "event", id: "e", more: 1 }] },
    { error_tracking_issues: [{ type: "error_tracking_issue", id: "x" }] }, { voice_mode: "yes" },
  ];
  for (const ui_context of fits) {
    const { list } = await ask(s, base, { ...message(), ui_context });
    assert.deepEqual(list[1].data.ui_context ?? null, ui_context, JSON.stringify(ui_context));
  }
  for (const ui_context of misfits)
    refused(await post({ ...message(), ui_context }), 400, "invalid_input", null, "Invalid message content.");
  bare(await post({ ...message(null), ui_context: [] }), 400, "Cannot stream from non-existent conversation");
});

test("billing context and unknown fields never refuse a message", async () => {
  for (const more of [{ billing_context: 5 }, { billing_context: { subscription_level: "gold" } }, { novel: [1] },
    { billing_context: { subscription_level: "free" } }, { session_id: "x" }, { deep_research_mode: true },
    { resume_payload: { action: "form" } }])
    assert.equal((await ask(s, base, { ...message(), ...more })).status, 200, JSON.stringify(more));
});

test("somebody else's conversation: read by its project, refused in three ways", async () => {
  const body = message();
  await ask(s, base, body);
  const key = member.personal_api_key, id = body.conversation;
  const as = (method, path, payload) => s.call(method, path, { key, body: payload });
  assert.equal((await as("GET", at(id))).json.messages.length, 2);
  assert.equal((await as("GET", base)).json.count, 0);
  bare(await as("POST", base, body), 400, "Cannot access other users' conversations");
  for (const [method, tail, payload] of [["POST", "append_message/", { content: "x" }], ["PATCH", "cancel/"], ["DELETE", ""]])
    refused(await as(method, at(id, tail), payload), 404, "not_found", null);
  for (const [method, tail, payload] of [["GET", ""], ["POST", "", { content: "x" }], ["POST", "clear/"],
    ["PATCH", `${randomUUID()}/`, { content: "x" }], ["DELETE", `${randomUUID()}/`]])
    bare(await as(method, at(id, `queue/${tail}`), payload), 403, "Cannot access other users' conversations");
  const elsewhere = `/api/environments/${other.id}/conversations/`;
  refused(await s.call("GET", `${elsewhere}${id}/`), 404, "not_found", null);
  bare(await s.call("POST", elsewhere, { body }), 400, "Cannot access other users' conversations");
  bare(await s.call("GET", `${elsewhere}${id}/queue/`), 403, "Cannot access other users' conversations");
  assert.equal((await s.call("GET", elsewhere)).json.count, 0);
});

test("an idle conversation is not joined, an unknown one not read", async () => {
  const body = message();
  await ask(s, base, body);
  const detail = "Cannot continue streaming from an idle conversation";
  refused(await post({ ...body, content: null }), 400, "invalid_input", null, detail);
  refused(await post({ ...body, content: null, resume_payload: { action: "form" } }), 400, "invalid_input", null, detail);
  bare(await post(message(null)), 400, "Cannot stream from non-existent conversation");
  for (const id of [randomUUID(), "tickets", "1"]) {
    refused(await s.call("GET", at(id)), 404, "not_found", null);
    bare(await s.call("GET", at(id, "queue/")), 404, "Conversation not found");
  }
});

test("append_message puts a notice at the end, cancel of an idle one changes nothing", async () => {
  const body = message();
  await ask(s, base, body);
  const before = (await s.call("GET", at(body.conversation))).json;
  const append = (content) => s.call("POST", at(body.conversation, "append_message/"), { body: { content } });
  for (const [content, code] of [[undefined, "required"], [null, "null"], ["", "blank"], ["x".repeat(10001), "max_length"]])
    refused(await append(content), 400, code, "content");
  const reply = await append(" Ticket created ");
  assert.deepEqual([reply.status, reply.json], [200, { id: reply.json.id, content: "Ticket created" }]);
  const cancelled = await s.call("PATCH", at(body.conversation, "cancel/"));
  assert.equal(cancelled.status, 200);
  const got = (await s.call("GET", at(body.conversation))).json;
  assert.deepEqual(cancelled.json, got);
  assert.deepEqual(got.messages.at(-1), { type: "ai", content: "Ticket created", tool_calls: [], meta: null,
    parent_tool_call_id: null, id: reply.json.id });
  assert.deepEqual([got.status, got.updated_at], ["idle", before.updated_at]);
});

test("a deleted conversation is gone everywhere and does not come back", async () => {
  const body = message(), id = body.conversation;
  await ask(s, base, body);
  assert.equal((await s.call("DELETE", at(id))).status, 204);
  refused(await s.call("GET", at(id)), 404, "not_found", null);
  refused(await s.call("DELETE", at(id)), 404, "not_found", null);
  refused(await s.call("PATCH", at(id, "cancel/")), 404, "not_found", null);
  refused(await s.call("POST", at(id, "append_message/"), { body: { content: "x" } }), 404, "not_found", null);
  bare(await s.call("GET", at(id, "queue/")), 404, "Conversation not found");
  bare(await post(body), 404, "Conversation does not exist");
  assert.ok(!(await s.call("GET", base)).json.results.some((c) => c.id === id));
});

test("the list is the caller's, newest first, in pages, whole or short", async () => {
  const key = s.cli("user", "add", "--email", "lister@example.com").personal_api_key;
  const ids = [];
  for (const content of ["/usage one", "/usage two", "/usage three"]) {
    const body = message(content);
    ids.unshift(body.conversation);
    await ask(s, base, body, { key });
  }
  const list = async (query = "") => (await s.call("GET", base + query, { key })).json;
  const all = await list();
  assert.deepEqual([all.count, all.next, all.previous], [3, null, null]);
  assert.deepEqual(all.results.map((c) => [c.id, c.title, c.messages.length]),
    ids.map((id, i) => [id, ["/usage three", "/usage two", "/usage one"][i], 2]));
  assert.deepEqual(all.results[0], (await s.call("GET", at(ids[0]), { key })).json);
  const short = await list("?basic=true&limit=1&offset=1");
  assert.equal(short.results[0].id, ids[1]);
  assert.ok(!("messages" in short.results[0]) && short.next && short.previous);
  await ask(s, base, { content: "/usage", conversation: ids[2], trace_id: randomUUID() }, { key });
  assert.equal((await list()).results[0].id, ids[2]);
});

test("a caller that takes JSON gets what it sent, and reads the answer later", async () => {
  const body = { ...message("/usage"), session_id: "s", agent_mode: "sql", contextual_tools: { a: 1 } };
  const reply = await post(body, { headers: { Accept: "application/json" } });
  assert.equal(reply.status, 201);
  assert.deepEqual(reply.json, { content: "/usage", conversation: body.conversation, contextual_tools: { a: 1 },
    ui_context: null, billing_context: null, trace_id: body.trace_id, session_id: "s", deep_research_mode: false,
    agent_mode: "sql" });
  const got = await eventually(async () => {
    const now = (await s.call("GET", at(body.conversation))).json;
    return now.status === "idle" ? now : undefined;
  });
  assert.deepEqual([got.messages.length, got.agent_mode], [2, "sql"]);
  const both = await post(message(), { headers: { Accept: "application/json, text/event-stream" } });
  assert.equal(both.headers.get("content-type"), "text/event-stream");
  assert.equal(events(both.text).at(-1).data.type, "ai");
});

test("curl's form, as the reference page shows it, is a message", async () => {
  const { conversation, trace_id } = message();
  const reply = await s.call("POST", base, { body: `content=/usage&conversation=${conversation}&trace_id=${trace_id}`,
    headers: { "Content-Type": "application/x-www-form-urlencoded" } });
  assert.equal(reply.status, 200);
  assert.equal(events(reply.text).at(-1).data.type, "ai");
});

test("a research conversation becomes an ordinary one by an ordinary message", async () => {
  const body = { ...message(), agent_mode: "research" };
  const type = async () => (await s.call("GET", at(body.conversation))).json.type;
  await ask(s, base, body);
  assert.equal(await type(), "deep_research");
  await ask(s, base, { ...body, agent_mode: undefined });
  assert.equal(await type(), "assistant");
});

test("keys need the scope; sessions need none", async () => {
  const reader = s.cli("key", "add", "--email", "owner@example.com", "--scopes", "conversation:read").value;
  const body = message();
  await ask(s, base, body);
  assert.equal((await s.call("GET", at(body.conversation), { key: reader })).status, 200);
  assert.equal((await s.call("GET", at(body.conversation, "queue/"), { key: reader })).status, 200);
  for (const [method, path] of [["POST", base], ["DELETE", at(body.conversation)], ["PATCH", at(body.conversation, "cancel/")],
    ["POST", at(body.conversation, "append_message/")], ["POST", at(body.conversation, "queue/")]])
    assert.equal((await s.call(method, path, { key: reader, body: {} })).json.detail,
      "API key missing required scope 'conversation:write'");
});

test("nothing waits behind an idle conversation", async () => {
  const body = message(), path = at(body.conversation, "queue/");
  await ask(s, base, body);
  assert.deepEqual((await s.call("GET", path)).json, { messages: [], max_queue_messages: 2 });
  assert.deepEqual((await s.call("POST", `${path}clear/`)).json, { messages: [], max_queue_messages: 2 });
  const refusal = await s.call("POST", path, { body: { content: "x" } });
  assert.deepEqual([refusal.status, refusal.json.error], [409, "not_running"]);
  refused(await s.call("POST", path, { body: { content: "" } }), 400, "blank", "content");
  for (const [method, payload] of [["PATCH", { content: "x" }], ["DELETE"]]) {
    const none = await s.call(method, `${path}${randomUUID()}/`, { body: payload });
    assert.deepEqual([none.status, none.json], [404, { detail: "Queue message not found." }]);
  }
});

test("/remember writes to the memory of the project, up to its size", async () => {
  const say = async (content) => (await ask(s, base, message(content))).list.at(-1).data;
  assert.match((await say("/remember")).content, /^Usage/);
  const stored = await say("/remember we sell hedgehog food");
  assert.deepEqual(stored.meta, { source: "slash_command:remember" });
  await say("/remember  our week begins on Sunday ");
  const login = await s.call("POST", "/api/login/", { key: null, body: { email: "owner@example.com", password: "correct horse" } });
  const cookie = login.headers.getSetCookie().map((c) => c.split(";")[0]).join("; ");
  const headers = { Cookie: cookie, "X-CSRFToken": cookie.match(/csrftoken=(\w+)/)[1] };
  const path = `/api/environments/${s.first.project_id}/core_memory/`;
  const memory = (method, tail = "", body) => s.call(method, path + tail, { key: null, headers, body });
  const [one] = (await memory("GET")).json.results;
  assert.deepEqual(one, { id: one.id, text: "we sell hedgehog food\nour week begins on Sunday", scraping_status: null });
  refused(await memory("POST", "", { text: "x" }), 409, "conflict", null);
  refused(await memory("PATCH", `${one.id}/`, { text: "x".repeat(10001) }), 400, "max_length", "text");
  refused(await memory("PATCH", `${one.id}/`, { scraping_status: "lost" }), 400, "invalid_choice", "scraping_status");
  const full = (await memory("PUT", `${one.id}/`, { text: "x".repeat(9999), scraping_status: "completed" })).json;
  assert.deepEqual((await memory("GET", `${one.id}/`)).json, full);
  assert.match((await say("/remember one more")).content, /full/);
  assert.deepEqual((await memory("GET", `${one.id}/`)).json, full);
  refused(await memory("GET", `${randomUUID()}/`), 404, "not_found", null);
  assert.equal((await s.call("GET", path)).json.detail, "This action does not support personal API key access");
  const made = await s.call("POST", `/api/environments/${other.id}/core_memory/`, { key: null, headers, body: { text: "" } });
  assert.deepEqual([made.status, made.json.text], [201, ""]);
});

test("/feedback is an event of the project", async () => {
  const body = message("/feedback  charts are nice ");
  const { list } = await ask(s, base, body);
  assert.match(list.at(-1).data.content, /Thank you/);
  const query = { kind: "HogQLQuery", query: "select distinct_id, properties.$ai_feedback_text, properties.$ai_session_id, properties.$ai_trace_id from events where event = '$ai_feedback'" };
  const me = (await s.call("GET", "/api/users/@me/")).json;
  const row = await eventually(async () => {
    const reply = await s.call("POST", `/api/projects/${s.first.project_id}/query/`, { body: { query, refresh: "force_blocking" } });
    return reply.json.results?.[0];
  });
  assert.deepEqual(row, [me.distinct_id, "charts are nice", body.conversation, body.trace_id]);
});
