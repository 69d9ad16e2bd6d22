// Every function row on the real engine: functions.calls has a query a line and, indented below it,
// its rows ("*": they vary). Each row of functions.def must be called by at least one.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { start, engine, bin } = require("../api/server.js");

const root = path.join(__dirname, "../..");
// Rows that no query can call alone, and why.
const skipped = new Map([
  ["uniqUpToMerge", "no function of the language makes a state for it"],
]);

function read() {
  const calls = [];
  for (const line of fs.readFileSync(path.join(__dirname, "functions.calls"), "utf8").split("\n")) {
    if (line.startsWith("  ")) calls[calls.length - 1].expected = line.slice(2);
    else if (line) calls.push({ query: line });
  }
  return calls;
}

function compile(queries) {
  const run = spawnSync(bin, ["hogql", "print", "--json"],
    { input: queries.join("\n"), encoding: "utf8", maxBuffer: 1 << 28 });
  assert.strictEqual(run.status, 0, run.stderr);
  return run.stdout.trim().split("\n").map((line) => JSON.parse(line));
}

let s;
before(async () => { s = await start(); });
after(async () => { assert.strictEqual(await s.stop(), 0); });

test("each call gives its rows", async () => {
  const calls = read();
  const compiled = compile(calls.map((c) => c.query));
  assert.strictEqual(compiled.length, calls.length);
  const wrong = [];
  for (const [i, { query, expected }] of calls.entries()) {
    if (compiled[i].error) { wrong.push(`${query}: ${compiled[i].error}`); continue; }
    const answer = await engine(s.data, { default_format: "JSONCompactEachRow", readonly: "2",
      output_format_json_quote_64bit_integers: "0", date_time_output_format: "iso" },
    { body: compiled[i].sql });
    const rows = answer.text.trim().replace(/\n/g, " ");
    if (answer.status !== 200 || (expected !== "*" && rows !== expected)) {
      wrong.push(`${query}\n  ${rows}`);
    }
  }
  assert.deepStrictEqual(wrong, []);
});

test("each row of functions.def is called", () => {
  const rows = fs.readFileSync(path.join(root, "src/hogql/functions.def"), "utf8");
  const names = [...rows.matchAll(/^FN\("(\w+)"/gm)].map((m) => m[1]);
  const text = read().map((c) => c.query).join("\n");
  const called = new Set([...text.matchAll(/(\w+)\(/g)].map((m) => m[1]));
  assert.ok(names.length > 700);
  assert.deepStrictEqual(names.filter((n) => !called.has(n) && !skipped.has(n)), []);
  const order = [...names].sort((a, b) => {
    const [x, y] = [a.toLowerCase(), b.toLowerCase()];
    return x < y || (x === y && a < b) ? -1 : 1;
  });
  assert.deepStrictEqual(names, order, "found by halving: the order matters");
});
