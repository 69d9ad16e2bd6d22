// Answers of a language model: the loop of model and tools, and every oddity of the servers there are.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { start } = require("./server.js");
const { ask } = require("./conversation.js");
const { model, openai, anthropic } = require("./model.js");

let s, m, base;
before(async () => {
  m = await model();
  s = await start([...m.flags, "--llm-seconds", "1"]);
  base = `/api/projects/${s.first.project_id}/conversations/`;
});
after(async () => { const code = await s.stop(); m.stop(); assert.equal(code, 0); });

async function talk(script, { content = "hello", conversation = randomUUID(), ...more } = {}) {
  m.script = Array.isArray(script) ? [...script] : [script];
  m.requests.length = 0;
  const { list } = await ask(s, base, { content, conversation, trace_id: randomUUID(), ...more });
  const messages = list.filter((e) => e.event === "message").map((e) => e.data);
  const finals = messages.filter((d) => !d.id?.startsWith("temp-"));
  return { list, messages, finals, last: finals.at(-1), conversation };
}
const todo = ["todo_write", { todos: [{ id: "1", content: "look", status: "pending" }] }];

test("a reply grows as temp-0 and ends with an id of its own; the title comes beside it", async () => {
  const { list, messages, last, conversation } = await talk(openai.text("Hel", "lo ", "you"));
  assert.equal(list[0].event, "conversation");
  assert.equal(list.filter((e) => e.event === "conversation").at(-1).data.title, "A title");
  assert.equal(last.content, "Hello you");
  assert.match(last.id, /^[0-9a-f-]{36}$/);
  for (const d of messages.filter((one) => one.id === "temp-0")) assert.ok("Hello you".startsWith(d.content));
  const { body, url, headers } = m.requests[0];
  assert.equal(url, "/v1/chat/completions");
  assert.equal(headers.authorization, undefined);
  assert.deepEqual([body.model, body.stream, body.messages.at(-1)], ["scripted", true, { role: "user", content: "hello" }]);
  const stored = (await s.call("GET", `${base}${conversation}/`)).json;
  assert.deepEqual([stored.title, stored.messages.length], ["A title", 2]);
});

test("tools run between replies, and their results go back under the ids of their calls", async () => {
  const { list, finals } = await talk([openai.calls(todo, ["switch_mode", { new_mode: "sql" }]), openai.text("done")]);
  assert.deepEqual(finals.map((d) => d.type), ["human", "ai", "tool", "tool", "ai"]);
  assert.deepEqual(finals[1].tool_calls, [
    { id: "call_todo_write_0", name: "todo_write", args: todo[1], type: "tool_call" },
    { id: "call_switch_mode_1", name: "switch_mode", args: { new_mode: "sql" }, type: "tool_call" }]);
  const results = Object.fromEntries(finals.slice(2, 4).map((d) => [d.tool_call_id, d]));
  assert.deepEqual(results.call_todo_write_0.ui_payload, { todo_write: null });
  assert.deepEqual(results.call_switch_mode_1.ui_payload, { switch_mode: "sql" });
  const update = list.find((e) => e.event === "update").data;
  assert.equal(update.id, finals[1].id);
  const sent = m.requests[1].body.messages.slice(-3);
  assert.deepEqual(sent[0].tool_calls.map((c) => [c.id, c.function.name, JSON.parse(c.function.arguments)]),
    [["call_todo_write_0", "todo_write", todo[1]], ["call_switch_mode_1", "switch_mode", { new_mode: "sql" }]]);
  assert.deepEqual(sent.slice(1).map((d) => d.role), ["tool", "tool"]);
});

test("the thread is sent again with the next question", async () => {
  const { conversation } = await talk([openai.calls(todo), openai.text("first")]);
  await talk(openai.text("second"), { content: "and now?", conversation });
  assert.deepEqual(m.requests[0].body.messages.map((d) => d.role),
    ["system", "user", "assistant", "tool", "assistant", "user"]);
  assert.equal(new Set(m.requests[0].body.messages.map((d) => d.tool_calls?.[0].id).filter(Boolean)).size, 1);
});

// Bytes sent one by one: boundaries fall inside UTF-8 sequences, lines and events.
const bytewise = (text) => async (req, res) => {
  res.writeHead(200, { "Content-Type": "text/event-stream" });
  for (const byte of Buffer.from(text)) res.write(Buffer.from([byte]));
  res.end();
};
const one = (tool_call, finish = "tool_calls") => openai.delta({ tool_calls: [tool_call] }) + openai.end(finish);
const whole = (id, index, name = "todo_write", args = JSON.stringify(todo[1])) => ({ id, index, type: "function", function: { name, arguments: args } });

test("oddities of text: what is said arrives", async () => {
  const said = "Grüße 🦔!";
  for (const [name, script] of Object.entries({
    "bytes": bytewise(openai.text("Grü", "ße 🦔", "!")),
    "CRLF": openai.text(said).replaceAll("\n", "\r\n"),
    "CR": openai.text(said).replaceAll("\n", "\r"),
    "no blank after the colon": openai.text(said).replaceAll("data: ", "data:"),
    "pings and empty frames": `: ping\n\ndata:\n\ndata: \n\n: ping\n\nevent: ping\n\n${openai.text(said)}`,
    "several data lines": `data: {"choices":[{"delta":\ndata: {"content":"${said}"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`,
    "finish merged with the last piece": openai.delta({ content: said }, "stop") + openai.frame("[DONE]"),
    "no [DONE] after a finish": openai.delta({ content: said }, "stop"),
    "[DONE] without a finish": openai.delta({ content: said }) + openai.frame("[DONE]"),
    "no last blank line": `${openai.delta({ content: said })}data: ${JSON.stringify({ choices: [{ delta: {}, finish_reason: "stop" }] })}`,
    "usage with choices null": openai.delta({ content: said }, "stop") + openai.frame({ choices: null, usage: { prompt_tokens: 1 } }) + openai.frame("[DONE]"),
    "usage without choices": openai.delta({ content: said }, "stop") + openai.frame({ usage: { prompt_tokens: 1 } }) + openai.frame("[DONE]"),
    "Azure's first chunk": openai.frame({ id: "", model: "", created: 0, choices: [], prompt_filter_results: [{}] }) + openai.text(said),
    "role repeated": openai.delta({ role: "assistant", content: "Grüße " }) + openai.delta({ role: "assistant", content: "🦔!" }, "stop") + openai.frame("[DONE]"),
    "padding and unknown fields": openai.delta({ content: said, obfuscation: "xx" }, "stop").replace("{", '{"novel":[1],') + openai.frame("[DONE]"),
    "unknown events and frames that are no JSON": `event: novel\ndata: {}\n\ndata: nonsense\n\n${openai.text(said)}`,
    "content in parts": openai.delta({ content: [{ type: "text", text: said }] }, "stop") + openai.frame("[DONE]"),
    "a refusal": openai.delta({ refusal: said }, "stop") + openai.frame("[DONE]"),
    "the whole reply as JSON": { status: 200, body: { choices: [{ message: { role: "assistant", content: said }, finish_reason: "stop" }] } },
    "no content type": (req, res) => { res.writeHead(200); res.end(openai.text(said)); },
  })) assert.equal((await talk(script)).last.content, said, name);
});

test("oddities of calls: each is made once, with its arguments", async () => {
  const args = JSON.stringify(todo[1]);
  const two = (a, b) => openai.delta({ tool_calls: [a] }) + openai.delta({ tool_calls: [b] }) + openai.end("tool_calls");
  for (const [name, script, n] of [
    ["finish reason stop", openai.calls(todo).replace('"tool_calls"}', '"stop"}'), 1],
    ["a whole call in one piece", one(whole("a", 0)), 1],
    ["no index", one({ id: "a", function: { name: "todo_write", arguments: args } }), 1],
    ["two without index", two({ ...whole("a"), index: undefined }, { ...whole("b"), index: undefined }), 2],
    ["two with index 0", two(whole("a", 0), whole("b", 0)), 2],
    ["two with one id", two(whole("a", 0), whole("a", 1)), 2],
    ["two with one id and index", two(whole("a", 0), whole("a", 0)), 2],
    ["interleaved", openai.delta({ tool_calls: [{ ...whole("a", 0), function: { name: "todo_write", arguments: "" } },
      { ...whole("b", 1), function: { name: "todo_write", arguments: "" } }] }) +
      [...args].map((c) => openai.delta({ tool_calls: [{ index: 1, function: { arguments: c } }, { index: 0, function: { arguments: c } }] })).join("") +
      openai.end("tool_calls"), 2],
    ["another id in each piece", openai.delta({ tool_calls: [{ index: 0, id: "a", function: { name: "todo_write", arguments: "" } }] }) +
      [...args].map((c, i) => openai.delta({ tool_calls: [{ index: 0, id: `x${i}`, function: { arguments: c } }] })).join("") + openai.end("stop"), 1],
    ["no id", one({ index: 0, function: { name: "todo_write", arguments: args } }), 1],
    ["arguments as an object", one({ index: 0, id: "a", function: { name: "todo_write", arguments: todo[1] } }), 1],
    ["the older function_call", openai.delta({ function_call: { name: "todo_write", arguments: "" } }) +
      openai.delta({ function_call: { arguments: args } }) + openai.end("function_call"), 1],
    ["a call as text", openai.text(`<tool_call>\n{"name": "todo_write", "arguments": ${args}}\n</tool_call>`), 1],
    ["the whole reply as JSON", { status: 200, body: { choices: [{ message: { tool_calls: [whole("a")] }, finish_reason: "tool_calls" }] } }, 1],
  ]) {
    const { finals, last } = await talk([script, openai.text("done")]);
    const calls = finals.find((d) => d.type === "ai").tool_calls;
    assert.deepEqual(calls.map((c) => [c.name, c.args]), Array(n).fill([todo[0], todo[1]]), name);
    assert.equal(new Set(calls.map((c) => c.id)).size, n, name);
    assert.deepEqual(finals.filter((d) => d.type === "tool").map((d) => d.content), Array(n).fill("The list of todos is kept. Go on with it."), name);
    assert.equal(last.content, "done", name);
  }
});

test("what is wrong with a call is told to the model, and the turn goes on", async () => {
  for (const [name, script, said] of [
    ["garbage arguments", one(whole("a", 0, "todo_write", '{"todos": [')), /whole JSON object/],
    ["no tool of that name", one(whole("a", 0, "rm_rf")), /There is no tool "rm_rf"/],
    ["arguments that do not fit", one(whole("a", 0, "todo_write", "{}")), /must be a list/],
    ["SQL that does not parse", one(whole("a", 0, "execute_sql", '{"query":"select evnt from events","viz_title":"x"}')), /evnt/],
    ["a mode there is not", one(whole("a", 0, "switch_mode", '{"new_mode":"poet"}')), /no mode "poet"/],
  ]) {
    const { finals, last } = await talk([script, openai.text("I see")]);
    assert.match(finals.find((d) => d.type === "tool").content, said, name);
    assert.equal(last.content, "I see", name);
  }
});

test("thinking is kept beside the reply", async () => {
  for (const field of ["reasoning_content", "reasoning"]) {
    const { last, messages } = await talk(openai.delta({ [field]: "hmm " }) + openai.delta({ [field]: "yes" }) + openai.text("ok"));
    assert.deepEqual(last.meta, { thinking: [{ type: "thinking", thinking: "hmm yes" }] });
    assert.ok(messages.some((d) => d.id === "temp-0" && d.meta?.thinking));
  }
});

test("failures end the stream with words that fit", async () => {
  const soon = { "retry-after-ms": "1" }; // so that the next tries do not take their time
  const error = (status, body, headers) => ({ status, body, headers: { ...soon, ...headers } });
  const stream = (text, end = (res) => res.end()) => (req, res) => { res.writeHead(200, soon); res.write(text, () => end(res)); };
  const start_new = /start a new conversation/, later = /later/, us = /does not accept/;
  const inStream = (e) => stream(openai.delta({ content: "Hal" }) + openai.frame({ error: e }));
  for (const [name, script, said, tries] of [
    ["401", error(401, { error: { message: "bad key", code: "invalid_api_key" } }), us, 1],
    ["404 model", error(404, { error: { message: "no model", code: "model_not_found" } }), us, 1],
    ["quota", error(429, { error: { message: "pay", code: "insufficient_quota" } }), us, 1],
    ["context", error(400, { error: { message: "too long", code: "context_length_exceeded" } }), start_new, 1],
    ["context with 500", error(500, { error: { code: 400, message: "too long", type: "exceed_context_size_error" } }), start_new, 1],
    ["blocked by Azure", error(400, { error: { message: "filtered", code: "content_filter", innererror: {} } }), start_new, 1],
    ["older vLLM", error(400, { object: "error", message: "bad", type: "BadRequestError", code: 400 }), start_new, 1],
    ["500", error(500, { error: { message: "oops" } }), later, 3],
    ["a proxy's page", error(502, "<html>Bad gateway</html>", { "Content-Type": "text/html" }), later, 3],
    ["error in the stream", inStream({ message: "overloaded", type: "server_error" }), later, 3],
    ["error with a number", inStream({ code: 400, message: "too long" }), start_new, 1],
    ["error as an SSE field", stream(`${openai.delta({ content: "Hal" })}error: {"code":500,"message":"boom"}\n\ndata: [DONE]\n\n`), later, 3],
    ["broken off", stream(openai.delta({ content: "Hal" })), later, 3],
    ["reset", stream(openai.delta({ content: "Hal" }), (res) => res.destroy()), later, 3],
    ["nothing", stream(""), later, 3],
  ]) {
    const { last, finals, conversation } = await talk(script);
    assert.equal(last.type, "ai/failure", name);
    assert.match(last.content, said, name);
    assert.equal(finals.length, 2, name);
    assert.equal(m.requests.length, tries, name);
    assert.equal((await s.call("GET", `${base}${conversation}/`)).json.status, "idle", name);
  }
});

test("silence is given up", async () => {
  const { last } = await talk((req, res) => { res.writeHead(200, { "Content-Type": "text/event-stream" }); res.write(": here\n\n"); });
  assert.match(last.content, /later/);
  assert.equal(m.requests.length, 1);
});

test("what passes is tried again, and half a reply is forgotten", async () => {
  for (const first of [
    { status: 429, headers: { "retry-after-ms": "10" }, body: { error: { code: "rate_limit_exceeded", message: "slow" } } },
    { status: 503, headers: { "retry-after": "0" }, body: { error: { message: "loading" } } },
    openai.delta({ content: "Half a" }),
  ]) {
    const { last } = await talk([first, openai.text("whole")]);
    assert.equal(last.content, "whole");
    assert.equal(m.requests.length, 2);
  }
});

test("a model that turns in circles is stopped, and says something in the end", async () => {
  const circles = (req, res, body) => { res.writeHead(200); res.end(body.tools ? openai.calls(todo) : openai.text("enough")); };
  const same = await talk(circles);
  assert.equal(same.last.content, "enough");
  assert.ok(m.requests.length <= 6, `${m.requests.length}`);
  assert.match(same.finals.filter((d) => d.type === "tool")[1].content, /very call before/);
  let n = 0;
  const onwards = await talk((req, res, body) => {
    res.writeHead(200);
    res.end(body.tools ? openai.calls(["todo_write", { todos: [{ id: `${n++}`, content: "x", status: "pending" }] }]) : openai.text("enough"));
  });
  assert.equal(onwards.last.content, "enough");
  assert.equal(m.requests.length, 25);
});

test("a reply that was cut off says so", async () => {
  assert.match((await talk(openai.delta({ content: "The answer is" }, "length") + openai.frame("[DONE]"))).last.content, /cut off/);
});

test("/ticket asks for the issue, and later sums the thread up", async () => {
  const { last, conversation } = await talk(openai.text("unused"), { content: "/ticket" });
  assert.match(last.content, /describe the issue/);
  assert.deepEqual([last.meta, m.requests.length], [{ source: "slash_command:ticket" }, 0]);
  await talk(openai.text("hm"), { content: "charts are empty", conversation });
  const later = await talk(openai.text("The user sees empty charts."), { content: "/ticket", conversation });
  assert.equal(later.last.content, "The user sees empty charts.");
  assert.match(m.requests[0].body.messages.at(-1).content, /charts are empty/);
});

test("the log of requests tells admins what left the machine", async () => {
  await talk(openai.text("logged"));
  const reply = await s.call("GET", `/api/projects/${s.first.project_id}/model_requests/?limit=2`);
  const row = reply.json.results.find((r) => r.tokens_in === 7);
  assert.deepEqual([row.model, row.level, row.outcome, row.tokens_out, row.user.email], ["scripted", "aggregates", "done", 3, "owner@example.com"]);
  assert.ok(row.bytes > 100);
  const member = s.cli("user", "add", "--email", "m@example.com").personal_api_key;
  assert.equal((await s.call("GET", `/api/projects/${s.first.project_id}/model_requests/`, { key: member })).status, 403);
});

// A server of its own: what it does not take is remembered.
test("a server without tools, or without streams, is spoken to in another way", async () => {
  const plain = await model();
  const t = await start(plain.flags);
  const at = `/api/projects/${t.first.project_id}/conversations/`;
  const refuse = (word) => ({ status: 400, body: { error: { message: `this server does not support ${word}` } } });
  const say = async (script) => {
    plain.script = script;
    const { list } = await ask(t, at, { content: "hello", conversation: randomUUID(), trace_id: randomUUID() });
    return list.filter((e) => e.event === "message").map((e) => e.data);
  };
  assert.equal((await say([refuse("stream_options"), openai.text("a")])).at(-1).content, "a");
  assert.equal(plain.requests.at(-1).body.stream_options, undefined);
  const messages = await say([refuse("tools"), openai.text(`<tool_call>{"name":"todo_write","arguments":${JSON.stringify(todo[1])}}</tool_call>`), openai.text("b")]);
  assert.deepEqual(messages.filter((d) => !d.id.startsWith("temp")).map((d) => d.type), ["human", "ai", "tool", "ai"]);
  assert.equal(plain.requests.at(-1).body.tools, undefined);
  assert.match(plain.requests.at(-1).body.messages[0].content, /todo_write/);
  assert.match(plain.requests.at(-1).body.messages.at(-1).content, /The tool answers/);
  assert.equal((await say([refuse("streaming"), { status: 200, body: { choices: [{ message: { content: "c" }, finish_reason: "stop" }] } }])).at(-1).content, "c");
  assert.equal(plain.requests.at(-1).body.stream, false);
  assert.equal(await t.stop(), 0);
  plain.stop();
});

test("Anthropic's messages: the same loop, its own shapes", async () => {
  const claude = await model("anthropic");
  const t = await start([...claude.flags, "--llm-seconds", "1"]);
  const at = `/api/projects/${t.first.project_id}/conversations/`;
  const say = async (script, conversation = randomUUID()) => {
    claude.script = Array.isArray(script) ? [...script] : [script];
    claude.requests.length = 0;
    const { list } = await ask(t, at, { content: "hello", conversation, trace_id: randomUUID() });
    return list.filter((e) => e.event === "message").map((e) => e.data).filter((d) => !d.id?.startsWith("temp-"));
  };
  const proof = { type: "thinking", thinking: "hmm", signature: "sig" }, redacted = { type: "redacted_thinking", data: "zz" };
  const conversation = randomUUID();
  const finals = await say([
    anthropic.start() + anthropic.event("ping") +
      anthropic.block(0, { type: "thinking", thinking: "", signature: "" }, { type: "thinking_delta", thinking: "hmm" }, { type: "signature_delta", signature: "sig" }) +
      anthropic.block(1, redacted) + anthropic.words(2, "Look", "ing") +
      anthropic.use(3, "toolu_1", "todo_write", JSON.stringify(todo[1])) + anthropic.use(4, "toolu_2", "switch_mode", '{"new_mode":"sql"}') +
      anthropic.end("tool_use"),
    anthropic.text("Done")], conversation);
  assert.deepEqual(finals.map((d) => d.type), ["human", "ai", "tool", "tool", "ai"]);
  assert.deepEqual([finals[1].content, finals[1].meta], ["Looking", { thinking: [proof, redacted] }]);
  const { body, url, headers } = claude.requests[1];
  assert.deepEqual([url, headers["anthropic-version"]], ["/v1/messages", "2023-06-01"]);
  assert.deepEqual(body.messages.map((d) => d.role), ["user", "assistant", "user"]);
  assert.deepEqual(body.messages[1].content.map((b) => b.type), ["thinking", "redacted_thinking", "text", "tool_use", "tool_use"]);
  assert.deepEqual(body.messages[1].content.slice(0, 2), [proof, redacted]);
  assert.deepEqual(body.messages[2].content.map((b) => [b.type, b.tool_use_id]).sort(), [["tool_result", "toolu_1"], ["tool_result", "toolu_2"]]);
  assert.ok(body.max_tokens > 0 && body.tools[0].input_schema);
  await say(anthropic.text("again"), conversation);
  assert.deepEqual(claude.requests[0].body.messages.map((d) => d.role), ["user", "assistant", "user", "assistant", "user"]);

  for (const [name, script, wanted] of [
    ["no fragments", [anthropic.start() + anthropic.block(0, { type: "tool_use", id: "a", name: "switch_mode", input: {} }) + anthropic.end("tool_use"), anthropic.text("ok")], /ok/],
    ["arguments at once", [anthropic.start() + anthropic.block(0, { type: "tool_use", id: "a", name: "switch_mode", input: { new_mode: "sql" } }) + anthropic.end("tool_use"), anthropic.text("ok")], /ok/],
    ["cut arguments", [anthropic.start() + anthropic.use(0, "a", "todo_write", '{"todos":[') + anthropic.end("max_tokens"), anthropic.text("ok")], /ok/],
    ["unknown things", anthropic.event("novel") + anthropic.start() + anthropic.block(0, { type: "novel" }, { type: "novel_delta" }) + anthropic.words(1, "ok") + anthropic.end("end_turn"), /ok/],
    ["not streamed", { status: 200, body: { type: "message", role: "assistant", content: [{ type: "text", text: "ok" }], stop_reason: "end_turn", usage: {} } }, /ok/],
    ["529 passes", [{ status: 529, headers: { "retry-after": "0" }, body: { type: "error", error: { type: "overloaded_error", message: "busy" } } }, anthropic.text("ok")], /ok/],
    ["overloaded under 200 passes", [(req, res) => { res.writeHead(200, { "retry-after-ms": "1" }); res.end(anthropic.start() + anthropic.event("error", { error: { type: "overloaded_error", message: "busy" } })); }, anthropic.text("ok")], /ok/],
    ["no message_stop", (req, res) => { res.writeHead(200, { "retry-after-ms": "1" }); res.end(anthropic.start() + anthropic.words(0, "half")); }, /later/],
    ["401", { status: 401, body: { type: "error", error: { type: "authentication_error", message: "key" } } }, /does not accept/],
    ["413", { status: 413, body: { type: "error", error: { type: "request_too_large", message: "big" } } }, /new conversation/],
    ["400", { status: 400, body: { type: "error", error: { type: "invalid_request_error", message: "prompt is too long" } } }, /new conversation/],
  ]) assert.match((await say(script)).at(-1).content, wanted, name);
  assert.equal(await t.stop(), 0);
  claude.stop();
});
