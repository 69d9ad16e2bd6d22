#!/usr/bin/env node
// conversation - streams of conversations against the model's own stream. Goals: the first byte of an answer
// is passed on within 1 ms; a thousand open streams, each with a run and a request to the model of its own,
// in at most 100 MB. The figure for the first byte is the median of what a client that reads the model
// directly does not wait, so it holds the time of Node's own parsing of one more hop.
"use strict";
const http = require("node:http");
const { randomUUID } = require("node:crypto");
const { folder, serve, median, rss, run } = require("./lib/bench.js");
const { model, openai } = require("../test/api/model.js");

const STREAMS = 1000, ANSWERS = 60;

// Resolves with the time at which the text has come, and the response.
function read(url, options, body, wanted) {
  return new Promise((resolve, reject) => {
    const req = http.request(url, { method: "POST", agent: false, ...options }, (res) => {
      let text = "";
      res.on("data", (chunk) => {
        text += chunk;
        if (text.includes(wanted)) resolve({ at: process.hrtime.bigint(), res });
      });
      res.on("error", () => {});
      res.on("end", () => reject(new Error(`it ended with status ${res.statusCode} and without "${wanted}": ${text.slice(-500)}`)));
    });
    req.on("error", reject);
    req.end(JSON.stringify(body));
  });
}

run(async () => {
  const m = await model(), { data, key } = folder();
  const { child, url } = await serve(data, ...m.flags);
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const where = `${url}/api/projects/@current/conversations/`;
  const ask = () => ({ content: "hello", conversation: randomUUID(), trace_id: randomUUID() });

  let said;
  m.script = [(req, res) => {
    res.writeHead(200, { "Content-Type": "text/event-stream" });
    setTimeout(() => { said = process.hrtime.bigint(); res.write(openai.delta({ content: "needle" })); }, 20);
    setTimeout(() => res.end(openai.end("stop")), 60);
  }];
  const through = [], direct = [];
  for (let i = 0; i < ANSWERS; i++) {
    const a = await read(where, { headers }, ask(), "needle");
    through.push(Number(a.at - said) / 1e6);
    const b = await read(`${m.url}/chat/completions`, {}, { messages: [{ role: "user", content: "x" }] }, "needle");
    direct.push(Number(b.at - said) / 1e6);
  }

  const before = rss(child.pid);
  const held = [];
  m.script = [(req, res) => { res.writeHead(200, { "Content-Type": "text/event-stream" }); res.write(openai.delta({ content: "needle" })); held.push(res); }];
  const begun = Date.now(), streams = [];
  for (let i = 0; i < STREAMS; i += 50)
    streams.push(...await Promise.all(Array.from({ length: 50 }, () => read(where, { headers }, ask(), "needle"))));
  const opened = (Date.now() - begun) / 1000, more = rss(child.pid) - before;
  const ended = streams.map(({ res }) => new Promise((resolve) => res.once("end", resolve)));
  for (const res of held) res.end(openai.end("stop"));
  await Promise.all(ended);
  console.log(`conversation: first byte ${(median(through) - median(direct)).toFixed(2)} ms after the model's (goal 1); ` +
    `${STREAMS} open streams in ${more.toFixed(0)} MB (goal 100), opened in ${opened.toFixed(1)} s`);
  m.stop();
});
