#!/usr/bin/env node
// fake_engine.js - stands in for the engine (`--engine-program`): answers on its socket as the file
// DIR/fake.json says at that moment, and is strict about what it is sent.
//
// fake.json: {"insert": how, "query": how, "start": how}; how is "ok", "hang", "exit", a number of
// milliseconds to wait, or the text of an exception. "poison": {text: exception} refuses inserts
// whose rows contain a text. DIR/fake.log: a line of JSON for each start and each insert taken.
"use strict";
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");

const data = process.argv[process.argv.indexOf("--data") + 1];
const mode = () => JSON.parse(fs.readFileSync(path.join(data, "fake.json"), "utf8"));
const log = (entry) => fs.appendFileSync(path.join(data, "fake.log"), JSON.stringify(entry) + "\n");

const taken = new Set(); // deduplication tokens, for as long as this process lives

function insert(sql, body) {
  if (!/^INSERT INTO \w+ \([^)]*\) SETTINGS max_partitions_per_insert_block = 0, optimize_on_insert = 0(, insert_deduplication_token = '[\w-]+')? FORMAT RowBinary$/.test(sql))
    return `Code: 62. DB::Exception: not an insert as agreed: ${sql} (SYNTAX_ERROR)`;
  const rows = body.toString("latin1");
  for (const [text, exception] of Object.entries(mode().poison ?? {}))
    if (rows.includes(text)) return exception;
  const table = sql.split(" ")[2], token = (sql.match(/token = '([^']*)'/) ?? [])[1];
  if (table === "events" && !token) return "Code: 36. DB::Exception: no token (BAD_ARGUMENTS)";
  if (token && taken.has(token)) return null;
  if (token) taken.add(token);
  // An event's name stands before its distinct id: a length, "ev-7", a length, "who-7".
  if (table === "events") log({ insert: [...rows.matchAll(/ev-\d+(?=.who-\d)/gs)].map((m) => m[0]) });
  return null;
}

function answer(req, res, body) {
  const url = new URL(req.url, "http://engine");
  const sql = url.searchParams.get("query") ?? body.toString();
  const ping = url.pathname === "/ping", inserting = sql.startsWith("INSERT");
  const how = (inserting ? mode().insert : mode().query) ?? "ok";
  const send = (status, text) => { res.writeHead(status); res.end(text); };
  if (how === "hang") return undefined;
  if (how === "exit") process.exit(3);
  if (typeof how === "number") return setTimeout(() => reply(), how);
  if (how !== "ok" && !ping) return send(500, how);
  return reply();
  function reply() {
    const refused = inserting ? insert(sql, body) : null;
    send(refused ? 500 : 200, refused ?? (ping ? "Ok.\n" : ""));
  }
}

log({ start: Date.now() });
if (mode().start === "exit") process.exit(3);
fs.rmSync(path.join(data, "engine.sock"), { force: true });
http.createServer((req, res) => {
  const parts = [];
  req.on("data", (part) => parts.push(part));
  req.on("end", () => answer(req, res, Buffer.concat(parts)));
}).listen(path.join(data, "engine.sock"));
process.on("SIGTERM", () => process.exit(0));
