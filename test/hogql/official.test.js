// The parser against the official one: the same verdict on every query, and the same tree on every one that both accept. Each
// difference is listed with its reason in official.differences.json, and each of those must still occur.
//
//   HOGQL_QUERIES=20000 HOGQL_SEED=7 node --test test/hogql/official.test.js    a longer run, other queries
"use strict";
const { test } = require("node:test");
const assert = require("node:assert");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { isDeepStrictEqual } = require("node:util");
const { bin } = require("../api/server.js");
const { generator } = require("./grammar.js");
const { officialParser, ourTree } = require("./official.js");

const count = Number(process.env.HOGQL_QUERIES || 150);
const seed = Number(process.env.HOGQL_SEED || 1);
const longest = process.env.HOGQL_QUERIES ? 500 : 120; // characters: the official parser takes 5 to 100 ms for each

const differences = JSON.parse(fs.readFileSync(path.join(__dirname, "official.differences.json"), "utf8"));

// The answers of `hoglet hogql parse`, a line of JSON each.
function ours(queries) {
  const run = spawnSync(bin, ["hogql", "parse", "--json"],
    { input: queries.map((q) => JSON.stringify(q)).join("\n"), encoding: "utf8", maxBuffer: 1 << 30 });
  const lines = run.stdout.trim().split("\n");
  assert.strictEqual(run.status, 0, `at ${queries[lines.length - 1]}\n${run.stderr}`);
  assert.strictEqual(lines.length, queries.length);
  return lines;
}

// The first place where they differ.
function place(a, b, at) {
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object" || Array.isArray(a) !== Array.isArray(b))
    return `${at}: ours ${JSON.stringify(a)} theirs ${JSON.stringify(b)}`;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
    if (!isDeepStrictEqual(a[key], b[key])) return place(a[key], b[key], `${at}.${key}`);
  return at;
}

// null when they agree.
function difference(query, theirs, line) {
  const mine = JSON.parse(line);
  if (theirs.error && theirs.error.startsWith("trap")) return { query, kind: "trap", note: theirs.error };
  if (theirs.error) return mine.error ? null : { query, kind: "only ours", note: theirs.error };
  if (mine.error) return { query, kind: "only theirs", note: mine.error };
  const tree = JSON.parse(JSON.stringify(ourTree(line)));
  return isDeepStrictEqual(tree, theirs.tree) ? null : { query, kind: "tree", note: place(tree, theirs.tree, "") };
}

async function compare(queries) {
  const parse = await officialParser();
  const lines = ours(queries), found = [];
  for (const [i, query] of queries.entries()) found.push(difference(query, await parse(query), lines[i]));
  return found;
}

const explains = (entry, d) => entry.kind === d.kind && new RegExp(entry.note, "s").test(d.note) &&
  (!entry.text || new RegExp(entry.text, "is").test(d.query));

test("every listed difference still occurs", async () => {
  const found = await compare(differences.map((d) => d.query));
  for (const [i, entry] of differences.entries()) {
    assert.ok(entry.name && entry.reason, `no reason: ${entry.query}`);
    assert.ok(found[i], `${entry.name}: no difference any more: ${entry.query}`);
    assert.ok(explains(entry, found[i]), `${entry.name}: differs otherwise: ${JSON.stringify(found[i])}`);
  }
});

// The queries of the .case files, without their outcomes.
function cases() {
  const out = [];
  for (const file of fs.readdirSync(__dirname).filter((f) => f.endsWith(".case")))
    for (const block of fs.readFileSync(path.join(__dirname, file), "utf8").split("\n\n")) {
      const lines = block.split("\n").filter((l) => l && !/^(#|@ |=> |!! | *\^$)/.test(l));
      out.push(lines.join("\n"));
    }
  return out.filter((query) => query && query.length <= (process.env.HOGQL_QUERIES ? 2000 : 70));
}

function generated() {
  const next = generator(seed), out = [];
  while (out.length < count) {
    const query = next();
    if (query.length <= longest) out.push(query);
  }
  return out;
}

// Those on which the two once differed.
const once = () => fs.readFileSync(path.join(__dirname, "official.queries"), "utf8").split("\n").filter(Boolean);

for (const [name, queries] of [["the cases", cases], ["those that once differed", once], [`${count} random queries of seed ${seed}`, generated]])
  test(`the same verdict and tree for ${name}`, async (t) => {
    const all = queries(), found = (await compare(all)).filter(Boolean);
    const open = found.filter((d) => !differences.some((entry) => explains(entry, d)));
    t.diagnostic(`${all.length} queries, ${found.length} differ, ${open.length} of them unlisted`);
    open.sort((a, b) => a.query.length - b.query.length);
    assert.deepStrictEqual(open.slice(0, 50), [], `${open.length} unlisted differences`);
  });
