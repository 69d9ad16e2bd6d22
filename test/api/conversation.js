// conversation.js - asks over the conversations API and reads its stream.
"use strict";

// The events of a whole stream: [{event, data}]; comments are left out.
function events(text) {
  const list = [];
  for (const part of text.split("\n\n")) {
    if (!part || part.startsWith(":")) continue;
    const hit = part.match(/^event: (\w+)\ndata: (.*)$/);
    if (!hit) throw new Error(`not an event: ${JSON.stringify(part)}`);
    list.push({ event: hit[1], data: JSON.parse(hit[2]) });
  }
  return list;
}

// Sends a message and reads the stream to its end: {status, headers, list}.
async function ask(s, base, body, more = {}) {
  const reply = await s.call("POST", base, { body, ...more });
  return { status: reply.status, headers: reply.headers, text: reply.text,
    list: reply.status === 200 ? events(reply.text) : [] };
}

// Opens a stream: {next, end, close}; next gives the next event, undefined at the end.
async function open(s, base, body, { key = s.first.personal_api_key } = {}) {
  const control = new AbortController();
  const reply = await fetch(s.url + base, { method: "POST", signal: control.signal,
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const comments = [];
  async function next() {
    for (;;) {
      const at = text.indexOf("\n\n");
      if (at >= 0) {
        const part = text.slice(0, at + 2);
        text = text.slice(at + 2);
        if (part.startsWith(":")) comments.push(part);
        else return events(part)[0];
        continue;
      }
      const { done, value } = await reader.read();
      if (done) return undefined;
      text += value;
    }
  }
  async function until(wanted) {
    for (let e; (e = await next());) if (wanted(e)) return e;
    throw new Error(`the stream ended before ${wanted}`);
  }
  async function rest() {
    const list = [];
    for (let e; (e = await next());) list.push(e);
    return list;
  }
  return { status: reply.status, next, until, rest, comments, close: () => control.abort() };
}

module.exports = { ask, events, open };
