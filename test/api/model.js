// model.js - a language model that says what a test wants: OpenAI's and Anthropic's wire formats, and what
// servers make of them.
"use strict";
const http = require("node:http");

const TITLE = /Write a title/, SUMMARY = /Summarise the conversation/;

// Frames of OpenAI's stream.
const openai = {
  frame: (v) => `data: ${typeof v === "string" ? v : JSON.stringify(v)}\n\n`,
  delta: (delta, finish = null) => openai.frame({ id: "c1", object: "chat.completion.chunk", created: 1, model: "m",
    choices: [{ index: 0, delta, finish_reason: finish }] }),
  text: (...parts) => openai.delta({ role: "assistant", content: "" }) +
    parts.map((content) => openai.delta({ content })).join("") + openai.end("stop"),
  end: (finish) => openai.delta({}, finish) + openai.frame({ id: "c1", choices: [], usage: { prompt_tokens: 7,
    completion_tokens: 3, total_tokens: 10 } }) + openai.frame("[DONE]"),
  call: (index, id, name, args) => openai.delta({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] }) +
    args.match(/[^]{1,9}/g).map((piece) => openai.delta({ tool_calls: [{ index, function: { arguments: piece } }] })).join(""),
  calls: (...list) => openai.delta({ role: "assistant", content: null }) +
    list.map(([name, args], i) => openai.call(i, `call_${name}_${i}`, name, JSON.stringify(args))).join("") + openai.end("tool_calls"),
};

// Events of Anthropic's stream.
const anthropic = {
  event: (type, more = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`,
  start: () => anthropic.event("message_start", { message: { id: "m", role: "assistant", content: [], model: "m",
    stop_reason: null, usage: { input_tokens: 7, output_tokens: 1 } } }),
  block: (index, content_block, ...deltas) => anthropic.event("content_block_start", { index, content_block }) +
    deltas.map((delta) => anthropic.event("content_block_delta", { index, delta })).join("") +
    anthropic.event("content_block_stop", { index }),
  words: (index, ...parts) => anthropic.block(index, { type: "text", text: "" }, ...parts.map((text) => ({ type: "text_delta", text }))),
  use: (index, id, name, args) => anthropic.block(index, { type: "tool_use", id, name, input: {} },
    ...(args.match(/[^]{1,9}/g) ?? [""]).map((partial_json) => ({ type: "input_json_delta", partial_json }))),
  end: (stop_reason) => anthropic.event("message_delta", { delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 3 } }) +
    anthropic.event("message_stop"),
  text: (...parts) => anthropic.start() + anthropic.words(0, ...parts) + anthropic.end("end_turn"),
  calls: (...list) => anthropic.start() +
    list.map(([name, args], i) => anthropic.use(i, `toolu_${name}_${i}`, name, JSON.stringify(args))).join("") + anthropic.end("tool_use"),
};

// {url, port, requests, script, stop}. script: a list; each request that is no title takes the next entry:
// text of a stream, {status, headers, body}, or fn(request, response, body). The last one stays.
async function model(dialect = "openai") {
  const m = { requests: [], script: [], title: "A title" };
  const say = dialect === "openai" ? openai : anthropic;
  const server = http.createServer((req, res) => {
    let text = "";
    req.on("data", (chunk) => { text += chunk; });
    req.on("end", () => {
      const body = JSON.parse(text), system = JSON.stringify(body.system ?? body.messages[0]);
      const stream = (content) => { res.writeHead(200, { "Content-Type": "text/event-stream" }); res.end(content); };
      if (TITLE.test(system)) return stream(say.text(m.title));
      m.requests.push({ method: req.method, url: req.url, headers: req.headers, body, at: Date.now(), summary: SUMMARY.test(system) });
      const next = m.script.length > 1 ? m.script.shift() : m.script[0];
      if (typeof next === "function") return next(req, res, body);
      if (typeof next === "string") return stream(next);
      res.writeHead(next.status, { "Content-Type": "application/json", ...next.headers });
      return res.end(typeof next.body === "string" ? next.body : JSON.stringify(next.body));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  m.port = server.address().port;
  m.url = `http://127.0.0.1:${m.port}/v1`;
  m.flags = ["--llm-url", m.url, "--llm-model", "scripted", "--llm-dialect", dialect];
  m.stop = () => { server.closeAllConnections(); server.close(); };
  return m;
}

module.exports = { model, openai, anthropic };
