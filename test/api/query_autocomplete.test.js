// HogQLAutocomplete: what an editor offers where somebody writes. A | in the queries here is the place.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert");
const { start, eventually } = require("./server.js");

let s;

before(async () => {
  s = await start();
  const base = `/api/projects/${s.first.project_id}`;
  await s.call("POST", "/batch/", { key: null, body: { api_key: s.first.project_api_key, batch: [
    { event: "paid", distinct_id: "u1", properties: { price: 3, "plan name": "é", paid_at: "2024-01-02T03:04:05Z",
      $set: { age: 4 } } },
    { event: "$groupidentify", distinct_id: "u1", properties: { $group_type: "company", $group_key: "c1", $group_set: { seats: 7 } } }] } });
  await eventually(async () => (await s.call("GET", `${base}/property_definitions/?type=group&group_type_index=0`)).json.results?.length || undefined);
  const made = await s.call("POST", `${base}/insight_variables/`, { body: { name: "Region", type: "String", default_value: "eu" } });
  assert.strictEqual(made.status, 201, made.text);
});
after(async () => { assert.strictEqual(await s.stop(), 0); });

const ask = (query) => s.call("POST", `/api/environments/${s.first.project_id}/query/`, { body: { query: { kind: "HogQLAutocomplete", ...query } } });

async function complete(text, more = {}) {
  const at = [...text].indexOf("|"), query = text.replace("|", "");
  const { status, text: answer, json } = await ask({ language: "hogQL", query, startPosition: at, endPosition: at, ...more });
  assert.strictEqual(status, 200, answer);
  assert.deepStrictEqual(Object.keys(json), ["suggestions", "incomplete_list", "timings"]);
  return json;
}

const of = (kind) => async (text, more) => (await complete(text, more)).suggestions.filter((x) => x.kind === kind).map((x) => x.label);
const variables = of("Variable"), folders = of("Folder"), functions = of("Function");

// All of `some` are among the list, none of `none`.
function holds(list, some, none, at) {
  for (const x of some) assert.ok(list.includes(x), `${x} is missing at ${at}: ${list.slice(0, 60)}`);
  for (const x of none) assert.ok(!list.includes(x), `${x} is offered at ${at}`);
}

test("tables behind FROM and JOIN", async () => {
  for (const text of ["SELECT event FROM |", "SELECT event FROM ev|", "SELECT 1 FROM events e JOIN |", "SELECT 1 FROM events, |",
    "SELECT count(event FROM |", "SELECT event FROM posthog.|", "SELECT 1 FROM (SELECT 1 FROM |", "SELECT 1 -- x\nFROM |\nWHERE 1"]) {
    const { suggestions } = await complete(text);
    holds(suggestions.map((x) => x.label), ["events", "persons", "sessions", "groups", "cohort_people"], ["raw_persons", "count", "event"], text);
    assert.deepStrictEqual(suggestions.find((x) => x.label === "events"),
      { kind: "Folder", label: "events", insertText: "events", detail: "Table", documentation: null });
  }
  holds(await folders("WITH mine AS (SELECT 1 AS a), `my own` AS (SELECT 2) SELECT 1 FROM |"), ["mine", "my own", "events"], [], "WITH");
  const own = (await complete("WITH `my own` AS (SELECT 2) SELECT 1 FROM |")).suggestions[0];
  assert.deepStrictEqual([own.label, own.insertText], ["my own", "`my own`"]);
});

test("fields of what the SELECT reads, wherever a value may stand", async () => {
  for (const text of ["SELECT | FROM events", "SELECT ev| FROM events", "SELECT event, | FROM events", "SELECT event FROM events WHERE |",
    "SELECT count(| FROM events", "SELECT count(|) FROM events", "SELECT event FROM events WHERE event = 'x' AND ev|",
    "SELECT event FROM events GROUP BY |", "SELECT event FROM events ORDER BY timestamp, |", "SELECT CASE WHEN | FROM events",
    "SELECT arrayMap(x -> |, [1]) FROM events", "SELECT 'FROM persons', f'{|}' FROM events", "SELECT 1 FROM persons UNION ALL SELECT | FROM events",
    "SELECT (SELECT | FROM events) FROM persons", "SELECT 1 FROM persons WHERE id IN (SELECT | FROM events)",
    "SELECT a IS DISTINCT FROM | FROM events", "SELECT trim(BOTH 'x' FROM event), | FROM events", "SELECT count() * | FROM events"]) {
    holds(await variables(text), ["event", "timestamp", "properties", "person", "$session_id"], ["is_identified", "number"], text);
    holds(await functions(text), ["count", "toDate", "arrayMap"], ["aggregate_funnel", "_toInt8"], text);
  }
  holds(await variables("SELECT | FROM persons p"), ["id", "is_identified"], ["event"], "persons");
  holds(await folders("SELECT | FROM persons p JOIN events ON 1"), ["p", "events"], [], "aliases");
  holds(await variables("SELECT | FROM numbers(10)"), ["number"], ["event"], "numbers");
  const { suggestions } = await complete("SELECT | FROM events");
  const named = (label) => suggestions.find((x) => x.label === label);
  assert.deepStrictEqual(named("timestamp"), { kind: "Variable", label: "timestamp", insertText: "timestamp", detail: "DateTime", documentation: null });
  assert.deepStrictEqual(named("person").detail, "Table");
  assert.deepStrictEqual(named("count"), { kind: "Function", label: "count", insertText: "count()", detail: "Integer", documentation: "0 to 1 arguments" });
});

test("nothing where nothing of these can stand", async () => {
  for (const text of ["|", "SELECT event |FROM events", "SELECT event AS | FROM events", "SELECT 'a|' FROM events", "SELECT 'a| FROM events",
    "SELECT 1 -- a|", "SELECT /* | */ 1 FROM events", "SELECT 12| FROM events", "SELECT f(1).| FROM events", "SELECT 1 FROM (|",
    "SELECT `ev| FROM events", "SELECT f'x| {event}' FROM events", "SELECT * | FROM events", "WITH a AS (|", "SELECT nothing.| FROM events",
    "SELECT event.| FROM events", "SELECT properties.price.| FROM events", "DROP |"])
    assert.deepStrictEqual((await complete(text)).suggestions, [], text);
});

test("aliases, columns of subqueries and CTEs, with what they are", async () => {
  holds(await variables("SELECT count() AS total, event FROM events GROUP BY event ORDER BY |"), ["total", "event"], [], "alias");
  holds(await variables("WITH now() AS instant SELECT | FROM persons"), ["instant", "id"], [], "WITH column");
  holds(await variables("SELECT x FROM events ARRAY JOIN [1, 2] AS x WHERE |"), ["x", "event"], [], "ARRAY JOIN");
  const inner = "SELECT event, person.properties AS who, count() AS total, e.timestamp t, properties, 1 + 1 FROM events e";
  for (const text of [`SELECT | FROM (${inner})`, `WITH mine AS (${inner}) SELECT | FROM mine`, `SELECT q.| FROM (${inner}) AS q`,
    `SELECT | FROM ((${inner}) UNION ALL SELECT 2)`, `WITH mine AS (${inner}), other AS (SELECT * FROM mine) SELECT m.| FROM other m`])
    holds(await variables(text), ["event", "who", "total", "t", "properties"], ["timestamp", "person", "uuid"], text);
  holds(await variables(`SELECT who.| FROM (${inner})`), ["age"], ["price"], "a person's properties through a subquery");
  holds(await variables(`SELECT q.properties.| FROM (${inner}) q`), ["price"], ["age"], "properties through a subquery");
  holds(await variables("SELECT | FROM (SELECT * FROM persons)"), ["id", "properties"], ["event", "pdi"], "star");
  holds(await variables("WITH pair(a, b) AS (SELECT 1, 2) SELECT | FROM pair"), ["a", "b"], [], "named columns");
  holds(await variables("WITH later AS (SELECT | FROM events) SELECT 1"), ["event"], [], "within a CTE");
});

test("members: joined tables, properties, what is written of them", async () => {
  holds(await variables("SELECT person.| FROM events"), ["id", "created_at", "properties"], ["event"], "person");
  holds(await variables("SELECT e.| FROM events AS e"), ["event", "person"], [], "alias");
  holds(await variables("SELECT events.| FROM events"), ["event"], [], "table");
  holds(await variables("SELECT pdi.person.| FROM events"), ["is_identified"], ["event"], "pdi.person");
  holds(await variables("SELECT session.| FROM events"), ["$session_duration", "$channel_type"], [], "session");
  for (const text of ["SELECT properties.| FROM events", "SELECT properties.pri| FROM events", "SELECT e.properties.PRI| FROM events e",
    "SELECT properties?.| FROM events"])
    holds(await variables(text), ["price"], ["age", "seats"], text);
  assert.ok(!(await variables("SELECT properties.pri| FROM events")).includes("paid_at"));
  for (const text of ["SELECT person.properties.| FROM events", "SELECT properties.| FROM persons", "SELECT poe.properties.ag| FROM events"])
    holds(await variables(text), ["age"], ["price"], text);
  for (const text of ["SELECT group_0.properties.| FROM events", "SELECT company.properties.| FROM events", "SELECT properties.| FROM groups"])
    holds(await variables(text), ["seats"], ["price"], text);
  assert.deepStrictEqual((await complete("SELECT group_1.properties.| FROM events")).suggestions, []);
  const { suggestions } = await complete("SELECT properties.| FROM events");
  const named = (label) => suggestions.find((x) => x.label === label);
  assert.deepStrictEqual(named("price"), { kind: "Variable", label: "price", insertText: "price", detail: "Numeric", documentation: null });
  assert.deepStrictEqual(named("plan name").insertText, "`plan name`");
  assert.deepStrictEqual(named("paid_at").detail, "DateTime");
});

test("placeholders and variables", async () => {
  const sourceQuery = { kind: "HogQLQuery", query: "", values: { limit: 5 }, variables: { a: { code_name: "own", variableId: "a" } } };
  assert.deepStrictEqual(await variables("SELECT event FROM events WHERE {|}", { sourceQuery }), ["limit", "filters", "variables"]);
  assert.deepStrictEqual(await variables("SELECT event FROM events WHERE {fil|"), ["filters", "variables"]);
  assert.deepStrictEqual(await variables("SELECT event FROM events WHERE timestamp > {filters.|}"), ["dateRange"]);
  assert.deepStrictEqual(await variables("SELECT event FROM events WHERE timestamp > {filters.dateRange.|}"), ["from", "to"]);
  assert.deepStrictEqual(await variables("SELECT event FROM events WHERE event = {variables.|}", { sourceQuery }), ["own", "region"]);
  holds(await variables("SELECT {'a': |} FROM events"), ["event"], ["filters"], "a dict");
});

test("expressions stand in their source, templates in globals", async () => {
  const expr = { language: "hogQLExpr" };
  holds(await variables("|", expr), ["event", "properties"], ["is_identified"], "events");
  holds(await variables("properties.|", expr), ["price"], ["age"], "events");
  holds(await variables("|", { ...expr, sourceQuery: { kind: "ActorsQuery" } }), ["is_identified"], ["event"], "persons");
  holds(await variables("lower(| = 'a'", { ...expr, sourceQuery: { kind: "HogQLQuery", query: "SELECT 1 FROM (SELECT key AS k FROM groups)" } }), ["k"], ["event"], "source");
  const globals = { event: { name: "x", properties: { price: 1 } } }, template = { language: "hogTemplate", globals };
  assert.deepStrictEqual(await variables("Hello {|}", template), ["event"]);
  assert.deepStrictEqual(await variables("Hello {event.|", template), ["name", "properties"]);
  assert.deepStrictEqual(await variables("a {1} b {upper(event.properties.|)}", template), ["price"]);
  assert.deepStrictEqual((await complete("Hello |{event}", template)).suggestions, []);
  assert.deepStrictEqual((await complete("Hello {event} |", template)).suggestions, []);
});

test("places are counted in characters; bad requests are refused", async () => {
  holds(await variables("SELECT 'é日😀', | FROM events"), ["event"], [], "characters");
  const far = await ask({ language: "hogQL", query: "SELECT", startPosition: 100, endPosition: 200 });
  assert.strictEqual(far.status, 200, far.text);
  for (const [more, detail] of [[{ language: "sql" }, /language/], [{ startPosition: undefined }, /startPosition\n  Field required/],
    [{ endPosition: -1 }, /endPosition\n  Input should be greater/], [{ query: undefined }, /query\n  Field required/], [{ extra: 1 }, /Extra inputs/],
    [{ startPosition: "x" }, /startPosition/], [{ language: "liquid" }, /Unsupported language: liquid/]]) {
    const { status, json } = await ask({ language: "hogQL", query: "SELECT 1", startPosition: 0, endPosition: 0, ...more });
    assert.strictEqual(status, 400, JSON.stringify(more));
    assert.match(json.detail, detail);
  }
});
