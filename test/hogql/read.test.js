// What queries read: properties by every way there is to them, joined tables, sessions, surveys.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert");
const { spawnSync } = require("node:child_process");
const { start, engine, bin, eventually } = require("../api/server.js");

let s;

function compile(queries) {
  const run = spawnSync(bin, ["hogql", "print", "--json"],
    { input: queries.map((q) => q.replace(/\n/g, " ")).join("\n"), encoding: "utf8", maxBuffer: 1 << 28 });
  assert.strictEqual(run.status, 0, run.stderr);
  return run.stdout.trim().split("\n").map((line) => JSON.parse(line));
}

const run = (sql) => engine(s.data, { default_format: "JSONCompact", readonly: "2",
  output_format_json_quote_64bit_integers: "0", date_time_output_format: "iso" }, { body: sql });

async function rows(query) {
  const [compiled] = compile([query]);
  assert.ok(!compiled.error, `${query}: ${compiled.error}`);
  const answer = await run(compiled.sql);
  assert.strictEqual(answer.status, 200, `${query}\n${answer.text}`);
  return JSON.parse(answer.text).data;
}

const send = (batch) => s.call("POST", "/batch/", { key: null,
  body: `{"api_key":${JSON.stringify(s.first.project_api_key)},"batch":${batch}}` });

async function stored(event, n) {
  await eventually(async () => {
    const [[count]] = await rows(`SELECT count() FROM events WHERE event = '${event}'`);
    return count === n ? true : undefined;
  });
}

before(async () => { s = await start(); });
after(async () => { assert.strictEqual(await s.stop(), 0); });

// ---------------------------------------------------------------------------- properties

// JSON as sent, and the text that a query sees.
const values = {
  half: ["1.50", "1.5"], one: ["1.0", "1"], thousand: ["1e3", "1000"], zero: ["-0", "0"],
  odd: ["9007199254740993", "9007199254740993"], most: ["18446744073709551615", "18446744073709551615"],
  least: ["-9223372036854775808", "-9223372036854775808"], small: ["0.0000001", "1e-7"], large: ["1e21", "1e21"],
  long: ["123456789.123456789", "123456789.12345679"], yes: ["true", "true"], no: ["false", "false"],
  nothing: ["null", null], text: ['"x"', "x"], empty: ['""', ""], number_text: ['"1.50"', "1.50"],
  null_text: ['"null"', "null"], true_text: ['"true"', "true"], odd_text: ['"a\\/b \\u00e9\\ud83d\\ude00 \\t<&>"', "a/b é😀 \t<&>"],
  quoted: ['"say \\"hi\\" \\\\"', 'say "hi" \\'], object: ['{ "b" : 1.50, "c": [ 1, 2 ] }', '{"b":1.5,"c":[1,2]}'],
  list: ['[ 1.0 , "x\\u0001\\/", null, true, {"k": [] } ]', '[1,"x\\u0001/",null,true,{"k":[]}]'],
  nothing_in_it: ["{}", "{}"],
};
// These the store's JSON reader refuses: only the column has them.
const unreadable = {
  huge: ["123456789012345678901234567890", "123456789012345678901234567890"],
  below: ["-9223372036854775809", "-9223372036854775809"], past: ["1E400", "1E400"],
};
const names = ["a", "a.b", "a.b.c", "a..b", ".a", "a.", ".", "%", "a%2Eb", "%25", "", " ", "`", "\\", "a'b", "[0]", "^a", "a:Int64"];
const object = (list) => `{${Object.entries(list).map(([k, [json]]) => `${JSON.stringify(k)}:${json}`).join(",")}}`;

test("a property's value does not depend on how it is read", async () => {
  const dotted = Object.fromEntries(Object.entries(values).map(([k, v]) => [`d.${k}`, v]));
  await send(`[{"event":"values","distinct_id":"u","properties":${object({ ...values, ...dotted, deep: [object(values)] })}}]`);
  await stored("values", 1);
  const from = "(SELECT properties AS p, distinct_id FROM events WHERE event = 'values')";
  const ways = (k) => [`e.properties.${k}`, `e.properties['${k}']`, `e.properties['d.${k}']`, `e.properties.deep.${k}`,
    `t.p.${k}`, `t.p['d.${k}']`, `t.p.deep.${k}`, `u.p.${k}`, `u.p['d.${k}']`, `u.p.deep.${k}`, `g.p.${k}`];
  const queries = Object.keys(values).map((k) => `SELECT ${ways(k).join(", ")} FROM events AS e
    JOIN ${from} AS t ON t.distinct_id = e.distinct_id
    JOIN (SELECT p, distinct_id FROM ${from} UNION ALL SELECT p, distinct_id FROM ${from} WHERE 1 = 2) AS u ON u.distinct_id = e.distinct_id
    JOIN (SELECT p, distinct_id FROM ${from} GROUP BY p, distinct_id) AS g ON g.distinct_id = e.distinct_id
    WHERE e.event = 'values'`);
  const compiled = compile(queries);
  for (const [i, [k, [, want]]] of Object.entries(values).entries()) {
    assert.ok(!compiled[i].error, `${queries[i]}: ${compiled[i].error}`);
    const answer = await run(compiled[i].sql);
    assert.strictEqual(answer.status, 200, answer.text);
    assert.deepStrictEqual(JSON.parse(answer.text).data, [ways(k).map(() => want)], k);
  }
});

test("numbers past 64 bits keep their digits, and hide nothing beside them", async () => {
  await send(`[{"event":"huge","distinct_id":"u","properties":${object({ ...unreadable, near: ["1"],
    deep: [object({ ...unreadable, near: ["1"] })] })}}]`);
  await stored("huge", 1);
  for (const [k, want] of [...Object.entries(unreadable).map(([k, v]) => [k, v[1]]), ["near", "1"]]) {
    assert.deepStrictEqual(await rows(`SELECT properties.${k}, properties.deep.${k} FROM events WHERE event = 'huge'`), [[want, want]]);
    assert.deepStrictEqual(await rows(`WITH c AS (SELECT DISTINCT properties, event FROM events) SELECT c.properties.${k}, c.properties.deep.${k}
      FROM (SELECT * FROM c) AS c WHERE c.event = 'huge'`), [[want, want]]);
  }
  assert.deepStrictEqual(await rows("SELECT properties.huge > 1e29, properties.huge < 1e30 FROM events WHERE event = 'huge'"), [[1, 1]]);
});

test("any name of a property", async () => {
  await send(`[{"event":"names","distinct_id":"u","properties":${object(Object.fromEntries(names.map((n, i) => [n, [String(i)]])))}}]`);
  await stored("names", 1);
  const literal = (n) => `'${n.replace(/[\\']/g, "\\$&")}'`;
  const [got] = await rows(`SELECT ${names.map((n) => `properties[${literal(n)}]`).join(", ")} FROM events WHERE event = 'names'`);
  assert.deepStrictEqual(got, names.map((_, i) => String(i)));
  const [there] = await rows(`SELECT ${names.map((n) => `t.p[${literal(n)}]`).join(", ")} FROM (SELECT properties AS p FROM events WHERE event = 'names') AS t`);
  assert.deepStrictEqual(there, got);
});

test("what a subquery reads for the query around it is no column of it", async () => {
  assert.deepStrictEqual(await rows(`SELECT * FROM (SELECT event, properties AS p FROM events WHERE event = 'names') AS t
    WHERE t.p.a = '0' AND t.p['a.b'] = '1'`).then((r) => r[0].length), 2);
  assert.deepStrictEqual(await rows(`WITH c AS (SELECT event AS e, properties AS p FROM events) SELECT count(), count(DISTINCT d.q['a.b'])
    FROM c AS l JOIN c AS d (f, q) ON l.p.a = d.q.a WHERE d.f = 'names'`), [[1, 1]]);
  assert.match(compile(["SELECT p1_p FROM (SELECT properties AS p FROM events) AS t WHERE t.p.a = '1'"])[0].error, /^Unable to resolve field: p1_p/);
});
