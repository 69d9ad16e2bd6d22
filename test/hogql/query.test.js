// Compiled queries on the real engine: what they give, that every case's SQL is accepted, and that
// random queries never show another project's rows.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { start, engine, bin, eventually } = require("../api/server.js");

let s, other;

function compile(queries, team = 1) {
  const run = spawnSync(bin, ["hogql", "print", "--json", "--teams", String(team)],
    { input: queries.map((q) => q.replace(/\n/g, " ")).join("\n"), encoding: "utf8", maxBuffer: 1 << 28 });
  assert.strictEqual(run.status, 0, run.stderr);
  return run.stdout.trim().split("\n").map((line) => JSON.parse(line));
}

const run = (sql) => engine(s.data, { default_format: "JSONCompact", readonly: "2",
  output_format_json_quote_64bit_integers: "0", date_time_output_format: "iso" }, { body: sql });

async function rows(query, team = 1) {
  const [compiled] = compile([query], team);
  assert.ok(!compiled.error, `${query}: ${compiled.error}`);
  const answer = await run(compiled.sql);
  assert.strictEqual(answer.status, 200, answer.text);
  return JSON.parse(answer.text).data;
}

const properties = { text: "x", date: "2020-01-01", time: "2020-01-01T10:00:00Z", num: 1.5, big: 123456789012,
  yes: true, no: false, nothing: null, empty: "", list: [1, "two", { three: 3 }],
  obj: { a: { b: "deep", n: null }, s: "it's" }, "with space": 1, "a.b": "dotted", "q`\\'\"": "odd",
  quote: "say \"hi\"\n\ttab \\ é 日本", price: "12.50", "$current_url": "https://x.test/p?q=1",
  "$session_id": "0199f2a0-0000-7000-8000-000000000001", "$set": { email: "one@x.test", plan: "pro" } };

before(async () => {
  s = await start();
  other = s.cli("project", "add", "--name", "other");
  const send = (api_key, batch) => s.call("POST", "/batch/", { key: null, body: { api_key, batch } });
  const at = (n) => new Date(Date.UTC(2026, 0, 20, 23, 0, n)).toISOString();
  await send(s.first.project_api_key, [
    { event: "first", distinct_id: "u1", timestamp: at(0), properties },
    { event: "second", distinct_id: "u1", timestamp: at(5), properties: { "$session_id": properties.$session_id, "$group_0": "acme", "$groups": { company: "acme" } } },
    { event: "second", distinct_id: "u2", timestamp: at(7), properties: { "$set": { email: "two@x.test" } } },
    { event: "$groupidentify", distinct_id: "u1", timestamp: at(8), properties: { "$group_type": "company", "$group_key": "acme", "$group_set": { size: 7 } } },
  ]);
  await send(other.api_token, Array.from({ length: 5 }, (_, i) => ({ event: "SECRET", distinct_id: "SECRET",
    timestamp: at(i), properties: { text: "SECRET", "$session_id": "SECRET", "$set": { email: "SECRET" } } })));
  await eventually(async () => {
    const answer = await run("SELECT (SELECT count() FROM events), (SELECT count() FROM persons WHERE properties LIKE '%SECRET%')");
    const [[events, persons]] = JSON.parse(answer.text).data;
    return events === 9 && persons > 0 ? true : undefined;
  });
});
after(async () => { assert.strictEqual(await s.stop(), 0); });

test("a property reads as what was sent", async () => {
  const expected = { text: "x", date: "2020-01-01", time: "2020-01-01T10:00:00Z", num: "1.5", big: "123456789012",
    yes: "true", no: "false", nothing: null, empty: "", "with space": "1", "a.b": "dotted", "q`\\'\"": "odd",
    quote: properties.quote, missing: null, "": null };
  for (const [name, value] of Object.entries(expected)) {
    const key = `'${name.replace(/[\\']/g, "\\$&")}'`;
    const [[got]] = await rows(`SELECT properties[${key}] FROM events WHERE event = 'first'`);
    assert.strictEqual(got, value, name);
  }
});

test("paths into lists and objects", async () => {
  const [got] = await rows(`SELECT properties.list.1, properties.list[2], properties.list[3].three, properties.obj.a.b,
    properties.obj.a.n, properties.obj.s, properties.obj.none, properties.text.x, properties.list.9, properties.obj.a
    FROM events WHERE event = 'first'`);
  assert.deepStrictEqual(got, ["1", "two", "3", "deep", null, "it's", null, null, null, '{"b":"deep","n":null}']);
});

test("lists out of properties, also where there are none", async () => {
  assert.deepStrictEqual(await rows(`SELECT JSONExtractArrayRaw(properties.list), JSONExtractArrayRaw(properties.missing), JSONExtract(properties.list, 'Array(String)'),
    JSONExtract(properties.missing, 'Array(String)'), JSONExtractKeys(properties.obj), JSONExtractKeysAndValuesRaw(properties.missing), splitByString('.', properties.price),
    JSONExtract(properties.obj, 's', 'String') FROM events WHERE event = 'first'`),
  [[["1", '"two"', '{"three":3}'], [], ["1", "two", '{"three":3}'], [], ["a", "s"], [], ["12", "50"], "it's"]]);
});

// The flat JSON column and the text beside it must say the same.
test("a property read from the column is the one read from the text", async () => {
  for (const name of ["text", "date", "time", "num", "big", "yes", "no", "nothing", "empty", "with space", "quote", "price", "missing"]) {
    const [[a, b]] = await rows(`SELECT properties['${name}'], t.properties['${name}'] FROM
      (SELECT properties['${name}'] AS x, properties AS properties FROM events WHERE event = 'first') AS t`);
    assert.strictEqual(a, b, name);
  }
});

test("null rules", async () => {
  const p = (list) => `SELECT ${list} FROM events WHERE event = 'first'`;
  assert.deepStrictEqual(await rows(p(`properties.missing = 'x', properties.missing != 'x', properties.missing = null,
    properties.text = null, properties.missing = properties.nothing, properties.missing != properties.text,
    properties.missing < 'x', properties.missing like '%', properties.missing not like '%', properties.missing =~ 'x',
    properties.missing !~ 'x', properties.missing in ('x'), properties.missing between 'a' and 'b',
    properties.text in ('x', 'y'), properties.missing <=> null, properties.missing is distinct from 'x'`)),
  [[0, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 1, 1]]);
});

test("texts beside numbers and truths", async () => {
  assert.deepStrictEqual(await rows(`SELECT properties.price > 12, properties.price = 12.5, properties.yes = true,
    properties.no = true, properties.price * 2, properties.text > 1, toFloat(properties.text), properties.price + properties.num
    FROM events WHERE event = 'first'`), [[1, 1, 1, 0, 25, 0, null, 14]]);
  assert.deepStrictEqual(await rows(`SELECT properties.price IN (12.5, 3), properties.price IN (1, 2), properties.price NOT IN (12.5, 3), properties.price IN ('12.5'),
    properties.price IN ('12.50', 'x'), properties.missing IN (1, 2), properties.missing NOT IN (1, 2), distinct_id IN (1, 2), distinct_id = 5, distinct_id != 5
    FROM events WHERE event = 'first'`), [[1, 0, 0, 0, 1, 0, 1, 0, 0, 1]]);
});

test("hostile texts stay texts", async () => {
  for (const text of ["'; DROP TABLE events; --", "\\'", "\\", "a\\' OR 1=1 --", "{x:String}", "\n\t\r\u0007", "\u0000a\u0000",
    "日本 é 😀", "%s%n", "/* */", "`\"", "$1 ? :x"]) {
    const literal = `'${text.replace(/[\\']/g, "\\$&")}'`;
    if (text.includes("\n")) continue; // the command reads a query a line
    assert.deepStrictEqual(await rows(`SELECT ${literal}, length(${literal}), 1 AS \`${text.replace(/[\\`\u0000]/g, "")}a\``),
      [[text, Buffer.byteLength(text), 1]], text);
  }
  assert.deepStrictEqual(await rows("SELECT 'a\\n\\t\\r\\b\\f\\v\\a'"), [["a\n\t\r\b\f\v\u0007"]]);
});

test("persons, groups and sessions join themselves", async () => {
  assert.deepStrictEqual(await rows(`SELECT event, distinct_id, person.properties.email, group_0.properties.size,
    session.$session_duration FROM events WHERE event IN ('first', 'second') ORDER BY timestamp`), [
    ["first", "u1", "one@x.test", null, 5], ["second", "u1", "one@x.test", "7", 5], ["second", "u2", "two@x.test", null, 0]]);
  assert.deepStrictEqual(await rows("SELECT count(DISTINCT person_id), count(DISTINCT person.id) FROM events"), [[2, 2]]);
  assert.deepStrictEqual(await rows("SELECT properties.email, pdi.distinct_id FROM persons ORDER BY 1"),
    [["one@x.test", "u1"], ["two@x.test", "u2"]]);
  assert.deepStrictEqual(await rows(`SELECT e.event, p.properties.plan FROM events e JOIN persons p ON e.person_id = p.id
    WHERE p.properties.plan = 'pro' AND e.event = 'first'`), [["first", "pro"]]);
});

test("bounds of time reach the events that sessions are made of", async () => {
  const sql = (q) => compile([q])[0].sql;
  assert.match(sql("SELECT count() FROM sessions WHERE $start_timestamp > '2026-01-20'"), /AND timestamp >= minus\(/);
  const during = "$start_timestamp >= '2026-01-20 22:00:00' AND $start_timestamp < toDateTime('2026-01-21')";
  assert.deepStrictEqual(await rows(`SELECT session_id, $session_duration FROM sessions WHERE ${during}`),
    [[properties.$session_id, 5]]);
  assert.deepStrictEqual(await rows("SELECT session_id FROM sessions WHERE $start_timestamp > '2026-01-21'"), []);
  assert.deepStrictEqual(await rows(`SELECT session.$session_duration FROM events WHERE event = 'first'
    AND timestamp BETWEEN toDate('2026-01-20') AND toDateTime('2026-01-21 00:00:00')`), [[5]]);
});

test("sessions joined to events are bounded by the events' time", async () => {
  const both = (from, condition) => [`SELECT count(), max(s.$session_duration) FROM ${from} WHERE ${condition}`,
    `SELECT count(), max(s.$session_duration) FROM ${from} WHERE (${condition}) OR 1 = e.team_id + 1`]; // the second is not bounded
  const on = "ON e.$session_id = s.session_id", day = "toDate(e.timestamp) = '2026-01-20'";
  const cases = [[`events e JOIN sessions s ${on}`, day, true], [`sessions s INNER JOIN events e ${on}`, `${day} AND 1 = 1`, true],
    [`events e LEFT JOIN sessions s ON s.id = e.$session_id AND s.team_id = 1`, "e.timestamp >= '2026-01-20'", true],
    [`sessions s LEFT JOIN events e ${on}`, "e.timestamp < '2026-01-19'", false], [`events e FULL JOIN sessions s ${on}`, "e.timestamp < '2026-01-19'", false],
    [`events e JOIN sessions s ON e.distinct_id = s.distinct_id`, day, false], [`events e JOIN sessions s ${on} OR 1 = 1`, day, false]];
  for (const [from, condition, bounded] of cases) {
    const [one, other] = both(from, condition), [{ sql }] = compile([one]);
    assert.strictEqual(/AND timestamp [<>]= (minus|plus)\(/.test(sql), bounded, `${one}\n${sql}`);
    assert.deepStrictEqual(await rows(one), await rows(other), one);
  }
  assert.deepStrictEqual(await rows(both(...cases[0])[0]), [[2, 5]]);
  const sql = (condition) => compile([`SELECT count() FROM sessions WHERE ${condition}`])[0].sql;
  assert.match(sql("toStartOfMonth($start_timestamp) = '2026-01-01'"), />= minus\(toDateTime\('2026-01-01', 'UTC'\), toIntervalDay\(3\)\) AND timestamp <= plus\(toDateTime\('2026-01-01', 'UTC'\), toIntervalDay\(34\)\)/);
  assert.match(sql("toDate('2026-01-20') < toDate($start_timestamp)"), /AND timestamp >= minus/);
  assert.doesNotMatch(sql("toStartOfMonth($start_timestamp) != '2026-01-01'"), /AND timestamp/);
  assert.doesNotMatch(sql("toDate($start_timestamp) = toDate($end_timestamp)"), /AND timestamp/);
});

// Merged after its events were stored: the override counts.
test("person_id follows a merge", async () => {
  await s.call("POST", "/batch/", { key: null, body: { api_key: s.first.project_api_key, batch: [
    { event: "$identify", distinct_id: "u1", properties: { "$anon_distinct_id": "u9" } },
    { event: "late", distinct_id: "u9", properties: {} }] } });
  await s.call("POST", "/batch/", { key: null, body: { api_key: s.first.project_api_key, batch: [
    { event: "$merge_dangerously", distinct_id: "u1", properties: { alias: "u2" } }] } });
  await eventually(async () => {
    const [[n]] = await rows("SELECT count(DISTINCT person_id) FROM events WHERE distinct_id IN ('u1', 'u2')");
    return n === 1 ? true : undefined;
  });
  assert.deepStrictEqual(await rows("SELECT DISTINCT person.properties.plan FROM events WHERE distinct_id = 'u2'"), [["pro"]]);
});

test("clauses", async () => {
  assert.deepStrictEqual(await rows("SELECT event, count() AS c FROM events WHERE distinct_id IN ('u1','u2') AND event IN ('first','second') GROUP BY event HAVING c > 1 ORDER BY c DESC"), [["second", 2]]);
  assert.deepStrictEqual(await rows("WITH a AS (SELECT 1 AS x UNION ALL SELECT 2), f AS (SELECT x * 10 AS y FROM a) SELECT sum(y) FROM f"), [[30]]);
  assert.deepStrictEqual(await rows("WITH a AS (SELECT 1 AS x) SELECT x FROM a UNION ALL SELECT x + 1 FROM a ORDER BY 1"), [[1], [2]]);
  assert.deepStrictEqual(await rows("(SELECT 1 UNION ALL SELECT 2) EXCEPT SELECT 2"), [[1]]);
  assert.deepStrictEqual(await rows("SELECT 1 AS x UNION ALL SELECT 2 INTERSECT SELECT 2"), [[2]]);
  assert.deepStrictEqual(await rows("SELECT x, arrayMap(y -> y + x, [1, 2]) FROM (SELECT [10, 20] AS xs) ARRAY JOIN xs AS x"),
    [[10, [11, 12]], [20, [21, 22]]]);
  assert.deepStrictEqual(await rows("SELECT number, lag(number) OVER (ORDER BY number), sum(number) OVER (ORDER BY number ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM numbers(3)"),
    [[0, null, 0], [1, 0, 1], [2, 1, 3]]);
  assert.deepStrictEqual(await rows("SELECT count() FILTER (WHERE number > 1), countIf(number > 1) FROM numbers(4) LIMIT 1 + 1"), [[2, 2]]);
  assert.deepStrictEqual(await rows("WITH x -> x * 2 AS double SELECT double(double(3))"), [[12]]);
  assert.deepStrictEqual(await rows("SELECT * FROM (SELECT 1 AS a, 2 AS b, 3 AS a2)"), [[1, 2, 3]]);
  assert.deepStrictEqual(await rows("SELECT [1, 2, 3][2:3], (1, 'a').2, {'k': 1}, [1, 2][1]"), [[[2, 3], "a", ["__hx_obj", "k", 1], 1]]);
  assert.deepStrictEqual(await rows("SELECT number FROM numbers(10) LIMIT 50 %"), [[0], [1], [2], [3], [4]]);
  assert.deepStrictEqual(await rows("SELECT events.event AS events FROM events WHERE events.event = 'first'"), [["first"]]);
});

test("every case's SQL is accepted by the engine", async () => {
  const bad = [];
  for (const file of fs.readdirSync(__dirname).filter((f) => f.endsWith(".case"))) {
    for (const block of fs.readFileSync(path.join(__dirname, file), "utf8").split("\n\n")) {
      const line = block.split("\n").find((l) => l.startsWith("=> "));
      if (!line) continue;
      const answer = await run(`${line.slice(3)} SETTINGS transform_null_in = 1`);
      if (answer.status !== 200) bad.push(`${block}\n${answer.text.slice(0, 300)}`);
    }
  }
  assert.deepStrictEqual(bad, []);
});

// ---------------------------------------------------------------------------- the guard on the team

let seed = 20260120;
const random = (n) => { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; return (seed >>> 8) % n; };
const pick = (list) => list[random(list.length)];

const tables = { events: ["event", "distinct_id", "properties.text", "person_id", "person.properties.email", "pdi.person.properties.email",
  "session.$entry_current_url", "session.$channel_type", "override.distinct_id", "event_person_id", "group_0.properties.size", "poe.properties.email",
  "toString(timestamp)", "elements_chain", "properties"],
persons: ["toString(id)", "properties.email", "pdi.distinct_id", "properties"], groups: ["key", "properties"],
person_distinct_ids: ["distinct_id", "person.properties.email"], raw_persons: ["properties"], sessions: ["session_id", "distinct_id"],
raw_sessions: ["$channel_type"], cohort_people: ["person_id", "person.properties.email"], raw_cohort_people: ["person_id"], static_cohort_people: ["person_id"],
raw_person_distinct_ids: ["distinct_id"], person_distinct_id_overrides: ["distinct_id"] };

function randomSelect(depth) {
  const name = pick(Object.keys(tables));
  const field = () => `toString(a.${pick(tables[name].filter((f) => !f.includes("(")))})`;
  const sub = () => randomSelect(depth - 1);
  const from = depth > 0 && random(3) === 0 ? null : name;
  if (!from) return pick([() => `SELECT x FROM (${sub()}) AS b`, () => `WITH c AS (${sub()}) SELECT x FROM c`,
    () => `WITH c AS (${sub()}) SELECT l.x AS x FROM c AS l JOIN c AS r ON l.x = r.x`,
    () => `${sub()} UNION ALL ${sub()}`, () => `(${sub()}) EXCEPT (${sub()})`,
    () => `SELECT toString((SELECT max(x) FROM (${sub()}) AS q)) AS x`,
    () => `SELECT arrayStringConcat(groupArray(x)) AS x FROM (${sub()}) AS q`])();
  const second = pick(Object.keys(tables));
  const where = pick(["", ` WHERE ${field()} != 'zz'`, ` WHERE 1 = 1 OR ${field()} = 'q'`, depth > 0 ? ` WHERE ${field()} IN (${sub()})` : "",
    " WHERE a.team_id = 2 OR 1", depth > 0 ? ` WHERE ${field()} NOT IN (${sub()})` : ""]);
  const join = pick(["", "", ` LEFT JOIN ${second} AS b ON 1 = 1 AND a.team_id = b.team_id`, ` JOIN ${second} AS b ON a.team_id = b.team_id`,
    ` RIGHT JOIN ${second} AS b ON a.team_id = b.team_id`, ` FULL JOIN ${second} AS b ON a.team_id = b.team_id`,
    depth > 0 ? ` CROSS JOIN (${sub()}) AS b` : ""]);
  const column = /^ (RIGHT |FULL )?JOIN/.test(join) ? "toString(tuple(b.team_id, " + field() + "))" : field();
  return `SELECT ${pick(["", "DISTINCT "])}${column} AS x FROM ${name} AS a${join}${where}${pick(["", " LIMIT 7"])}`;
}

test("no query shows another project's rows", async () => {
  const queries = Array.from({ length: 2000 }, () => randomSelect(3));
  const compiled = compile(queries);
  const physical = /\b(?:FROM|JOIN) (events|persons|person_distinct_ids|person_overrides|groups|cohort_people|static_cohort_people)\b/g;
  let ran = 0;
  for (const [i, one] of compiled.entries()) {
    if (one.error) { assert.fail(`${queries[i]}: ${one.error}`); continue; }
    const found = [...one.sql.matchAll(physical)].length;
    const scoped = [...one.sql.matchAll(/\bFROM (events|persons|person_distinct_ids|person_overrides|groups|cohort_people|static_cohort_people)( AS t( FINAL)?)?[^;]*?WHERE equals\((t\.)?team_id, 1\)/g)].length;
    const guards = [...one.sql.matchAll(/WHERE equals\((t\.)?team_id, 1\)/g)].length;
    assert.ok(found > 0 && scoped > 0 && guards >= found, `${queries[i]}\n${one.sql}`);
    if (i % 8) continue;
    const answer = await run(one.sql);
    if (answer.status === 200) ran++;
    assert.ok(!answer.text.includes("SECRET"), `${queries[i]}\n${one.sql}`);
  }
  assert.ok(ran > 150, `${ran} of 250 ran`);
  const secret = await rows("SELECT DISTINCT event FROM events", other.id);
  assert.deepStrictEqual(secret, [["SECRET"]], "they would be seen if they were shown");
});
