// Every function row on the real engine: functions.calls has a query a line and, indented below it,
// its rows or, after "!! ", its error. Each row of functions.def must be called by at least one.
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
  ["matchesAction", "needs an action: actions are in the cases and in the API's tests"],
  ["getSurveyResponse", "needs events: read.test.js"],
  ["uniqueSurveySubmissionsFilter", "needs events: read.test.js"],
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

// What the compiler says of a column's type holds: it leaves null checks out where it says "never null".
const engineTypes = { Int64: /^(Int|UInt)/, Float64: /^(Float|Int|UInt)/, String: /^(String|Enum|FixedString|LowCardinality\(String)/,
  Bool: /^(Bool|UInt8)/, Array: /^Array/, Tuple: /^Tuple/, Map: /^Map/, DateTime: /^DateTime/, Date: /^Date/, UUID: /^UUID/, Decimal: /^Decimal/ };

function typeHolds(ours, theirs) {
  const bare = (t) => t.replace(/^Nullable\((.*)\)$/, "$1");
  if (!ours || bare(theirs) === "Nothing") return true;
  return engineTypes[bare(ours)].test(bare(theirs)) && (ours !== bare(ours) || theirs === bare(theirs));
}

test("each call gives its rows", async () => {
  const calls = read();
  const compiled = compile(calls.map((c) => c.query));
  assert.strictEqual(compiled.length, calls.length);
  const wrong = [];
  for (const [i, { query, expected }] of calls.entries()) {
    if (expected === `!! ${compiled[i].error}`) continue;
    if (compiled[i].error) { wrong.push(`${query}: ${compiled[i].error}`); continue; }
    const answer = await engine(s.data, { default_format: "JSONCompactEachRowWithNamesAndTypes", readonly: "2",
      output_format_json_quote_64bit_integers: "0", date_time_output_format: "iso" },
    { body: compiled[i].sql });
    const [, types, ...lines] = answer.text.trim().split("\n"), rows = lines.join(" ");
    if (answer.status !== 200 || rows !== expected) {
      wrong.push(`${query}\n  ${answer.status === 200 ? rows : answer.text}`);
      continue;
    }
    JSON.parse(types).forEach((type, k) => {
      if (!typeHolds(compiled[i].types[k], type)) wrong.push(`${query}: ${compiled[i].types[k]}, not ${type}`);
    });
  }
  assert.deepStrictEqual(wrong, []);
});

// ---------------------------------------------------------------------------- families

const middle = (v) => {
  const sorted = [...v].sort((a, b) => a - b), k = (v.length - 1) / 2;
  return (sorted[Math.floor(k)] + sorted[Math.ceil(k)]) / 2;
};
const families = { count: (v) => v.length, countDistinct: (v) => new Set(v).size, sum: (v) => v.reduce((a, b) => a + b, 0),
  min: (v) => Math.min(...v), max: (v) => Math.max(...v), avg: (v) => v.reduce((a, b) => a + b, 0) / v.length, median: middle };
const numbers = [0, 1, 2, 3, 4, 4];
const from = `FROM (SELECT _toInt64(arrayJoin(${JSON.stringify(numbers)})) AS n)`;

// What a suffix makes of a family: its arguments, and the value worked out here.
const suffixes = {
  If: (f, v) => ["n", f(v)],
  Array: (f, v) => ["[n, 2]", f(v.flatMap((n) => [n, 2]))],
  Map: (f, v) => ["map('k', n)", { k: f(v) }],
  ForEach: (f, v) => ["[n, 2]", [f(v), f(v.map(() => 2))]],
  OrDefault: (f, v) => ["n", f(v)],
  OrNull: (f, v) => ["n", f(v)],
  ArgMin: (f, v) => ["n, intDiv(n, 2)", f(v.filter((n) => n >> 1 === Math.min(...v) >> 1))],
  ArgMax: (f, v) => ["n, intDiv(n, 2)", f(v.filter((n) => n >> 1 === Math.max(...v) >> 1))],
};

test("aggregations with suffixes", async () => {
  const cases = [];
  for (const [name, f] of Object.entries(families)) {
    for (const [suffix, work] of Object.entries(suffixes)) {
      for (const ending of ["", "If", "OrDefault", "OrNull"]) {
        const condition = suffix === "If" || ending === "If";
        if (suffix === ending) continue;
        const [args, want] = work(f, condition ? numbers.filter((n) => n > 1) : numbers);
        cases.push([`SELECT ${name}${suffix}${ending}(${args}${condition ? ", n > 1" : ""}) ${from}`, want]);
      }
    }
    // a state is made by State and read by Merge
    for (const ending of ["", "If", "OrDefault", "OrNull"]) {
      const end = ending === "OrNull" ? ending : "", args = ending === "If" ? "n, n > 1" : "n";
      cases.push([`SELECT ${name}Merge${end}(s) FROM (SELECT ${name}State${ending}(${args}) AS s ${from})`,
        f(ending === "If" ? numbers.filter((n) => n > 1) : numbers)]);
    }
    cases.push([`SELECT ${name}MergeIf(s, n > 1) FROM (SELECT n, ${name}State(n) AS s ${from} GROUP BY n)`,
      f(numbers.filter((n) => n > 1))]);
    cases.push([`SELECT ${name}OrNull(n) ${from} WHERE 0 = n + 1`, null]);
  }
  const compiled = compile(cases.map((c) => c[0]));
  const wrong = [];
  for (const [i, [query, want]] of cases.entries()) {
    if (compiled[i].error) { wrong.push(`${query}: ${compiled[i].error}`); continue; }
    const answer = await engine(s.data, { default_format: "JSONCompactEachRow", readonly: "2",
      output_format_json_quote_64bit_integers: "0" }, { body: compiled[i].sql });
    const got = answer.status === 200 ? JSON.stringify(JSON.parse(answer.text)[0]) : answer.text;
    if (got !== JSON.stringify(want)) wrong.push(`${query}\n  ${got}, not ${JSON.stringify(want)}`);
  }
  assert.ok(cases.length > 240);
  assert.deepStrictEqual(wrong, []);
  assert.match(compile(["SELECT sumIfIf(1, 1, 1)"])[0].error, /^Unsupported function call 'sumIfIf\(\.\.\.\)'/);
});

test("the case of a name counts unless its row says otherwise", () => {
  const rows = [...fs.readFileSync(path.join(root, "src/hogql/functions.def"), "utf8")
    .matchAll(/^FN\("(\w+)", (\d+), -?\d+, (\d+), -?\d+, \w+, ([^,]+), (\w+)/gm)];
  const plain = rows.filter(([, , , params, flags, special]) => params === "0" && !/WINDOW/.test(flags) && special === "NONE");
  const turn = (name) => name.toUpperCase() === name ? name.toLowerCase() : name.toUpperCase();
  const names = new Set(rows.map(([, name]) => name));
  const compiled = compile(plain.map(([, name, least]) => `SELECT ${turn(name)}(${Array(Number(least)).fill("1").join(", ")})`));
  const wrong = plain.filter(([, name, , , flags], i) => !names.has(turn(name)) &&
    /\bCI\b/.test(flags) === /^Unsupported function call/.test(compiled[i].error ?? "")).map(([, name]) => name);
  assert.ok(plain.length > 500);
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
