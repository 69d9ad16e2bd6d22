// Whatever the compiler accepts, the engine accepts: made-up queries on every table, with joins that fields ask
// for, subqueries, sets, CTEs, windows, groups. ACCEPTED=5000 makes more of them, ACCEPTED_SEED others.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert");
const { spawnSync } = require("node:child_process");
const { start, engine, bin } = require("../api/server.js");

let s, seed = Number(process.env.ACCEPTED_SEED ?? 20260110), names = 0;
before(async () => { s = await start(); });
after(async () => { assert.strictEqual(await s.stop(), 0); });

const random = (n) => { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; return (seed >>> 8) % n; };
const pick = (list) => list[random(list.length)];
const name = () => `t${++names}`;

// Texts of each table; "@" is its alias.
const tables = {
  events: ["@.event", "@.distinct_id", "@.properties.text", "@.properties.a.b", "@.properties['x.y']", "toString(@.person_id)",
    "@.person.properties.email", "toString(@.person.created_at)", "@.pdi.person.properties.email", "@.poe.properties.email",
    "@.override.distinct_id", "@.session.$entry_current_url", "@.session.$channel_type", "@.group_0.properties.size",
    "toString(@.timestamp)", "@.elements_chain", "@.elements_chain_href"],
  persons: ["toString(@.id)", "@.properties.email", "@.pdi.distinct_id", "toString(@.created_at)"],
  sessions: ["@.session_id", "@.$entry_pathname", "toString(@.$start_timestamp)", "@.$channel_type"],
  person_distinct_ids: ["@.distinct_id", "@.person.properties.email"],
  groups: ["@.key", "@.properties.name"],
  cohort_people: ["toString(@.person_id)", "@.person.properties.email"],
};
const texts = (table, alias) => tables[table].map((t) => t.replace("@", alias));
const plain = (list) => list.filter((t) => !t.includes("("));

function text(fields, depth) {
  const one = () => pick(fields);
  if (depth <= 0) return one();
  return pick([one, () => `concat(${text(fields, depth - 1)}, ${text(fields, depth - 1)})`, () => `upper(${one()})`,
    () => `if(${condition(fields, depth - 1)}, ${text(fields, depth - 1)}, 'z')`, () => `coalesce(${one()}, 'n')`,
    () => `arrayStringConcat(arrayMap(q -> concat(q, ${one()}), ['a', 'b']))`, () => `toString(tuple(${one()}, 1))`,
    () => `toString(${one()} IS NULL)`, () => `[${one()}, 'k'][1]`])();
}

function condition(fields, depth) {
  const one = () => pick(fields);
  return pick([() => `${text(fields, depth - 1)} = 'a'`, () => `${one()} != ${one()}`, () => `${one()} IN ('a', 'b')`,
    () => `${one()} LIKE '%a%'`, () => `${one()} IS NOT NULL`, () => `NOT (${condition(fields, Math.max(depth - 1, 0))})`,
    () => `(${one()} = 'q' OR ${one()} > 'b')`, () => `${one()} =~ 'x'`, () => `length(${one()}) > 2`,
    () => (depth > 0 ? `${one()} IN (${select(depth - 1)})` : "1 = 1")])();
}

function source(depth) {
  const alias = name();
  if (depth > 0 && random(3) === 0) {
    const query = random(4) ? select(depth - 1) : `${select(depth - 1)} UNION ALL ${select(depth - 1)}`;
    return [`(${query}) AS ${alias}`, [`${alias}.x`, "x"]];
  }
  const table = pick(Object.keys(tables));
  if (random(4)) return [`${table} AS ${alias}`, texts(table, alias)];
  const other = pick(Object.keys(tables)), second = name(), [left, right] = [texts(table, alias), texts(other, second)];
  const on = `${pick(plain(left))} = ${pick(plain(right))}`;
  return [`${table} AS ${alias} ${pick(["JOIN", "LEFT JOIN", "INNER JOIN"])} ${other} AS ${second} ON ${on}`, [...left, ...plain(right)]];
}

// A SELECT of one text called x.
function select(depth) {
  const [from, fields] = source(depth);
  const where = random(2) ? ` WHERE ${condition(fields, depth)}` : "";
  return pick([
    () => `SELECT x FROM (SELECT ${text(fields, 1)} AS x, count() AS c FROM ${from}${where} GROUP BY x HAVING c > 0) AS ${name()}`,
    () => `SELECT toString(${pick(["max", "min", "any"])}(${text(fields, 1)})) AS x FROM ${from}${where}`,
    () => `SELECT x FROM (SELECT ${text(fields, 1)} AS x, row_number() OVER (PARTITION BY ${pick(fields)} ORDER BY ${pick(fields)}) AS n
      FROM ${from}${where}) AS ${name()} WHERE n = 1`,
    () => { const cte = name(); return `WITH ${cte} AS (${select(depth - 1)}) SELECT x FROM ${cte} AS ${name()} WHERE ${condition(["x"], 0)}`; },
    () => `SELECT ${random(4) ? "" : "DISTINCT "}${text(fields, depth)} AS x FROM ${from}${where}${random(3) ? "" : ` ORDER BY ${pick(fields)}`}${pick(["", " LIMIT 3"])}`,
  ])();
}

test("made-up queries", async () => {
  const queries = Array.from({ length: Number(process.env.ACCEPTED ?? 60) }, () => select(2).replace(/\s+/g, " "));
  const run = spawnSync(bin, ["hogql", "print", "--json"], { input: queries.join("\n"), encoding: "utf8", maxBuffer: 1 << 28 });
  assert.strictEqual(run.status, 0, run.stderr);
  const wrong = [];
  for (const [i, line] of run.stdout.trim().split("\n").entries()) {
    const { sql, error } = JSON.parse(line);
    const answer = error ? null : await engine(s.data, { default_format: "TSV", readonly: "2" }, { body: `EXPLAIN PLAN ${sql}` });
    if (error || answer.status !== 200) wrong.push(`${queries[i]}\n  ${error ?? answer.text.slice(0, 500)}`);
  }
  assert.deepStrictEqual(wrong, []);
});
