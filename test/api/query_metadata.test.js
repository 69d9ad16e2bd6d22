// HogQLMetadata: what an editor is told of a query that it does not run.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert");
const { start, eventually } = require("./server.js");

let s;

before(async () => {
  s = await start();
  await s.call("POST", "/batch/", { key: null, body: { api_key: s.first.project_api_key, batch: [
    { event: "paid", distinct_id: "u1", properties: { price: 3, note: "é", "$set": { age: 4 } } }] } });
  await eventually(async () => {
    const { json } = await s.call("GET", `/api/projects/${s.first.project_id}/property_definitions/?search=price`);
    return json.results.length ? true : undefined;
  });
});
after(async () => { assert.strictEqual(await s.stop(), 0); });

const ask = (query, more = {}) => s.call("POST", `/api/environments/${s.first.project_id}/query/`,
  { body: { query: { kind: "HogQLMetadata", language: "hogQL", query, ...more } } });

async function metadata(query, more) {
  const { status, text, json } = await ask(query, more);
  assert.strictEqual(status, 200, text);
  return json;
}

// The one error, its place as the text there.
async function fault(query, more) {
  const body = await metadata(query, more);
  assert.strictEqual(body.isValid, false, query);
  assert.strictEqual(body.errors.length, 1);
  const { message, start, end, fix } = body.errors[0];
  return [message, start === undefined ? null : [...query].slice(start, end).join(""), fix ?? null];
}

test("a valid query: its tables, nothing else of the envelope", async () => {
  const query = "SELECT event, count() FROM events WHERE {filters} GROUP BY event";
  assert.deepStrictEqual(await metadata(query), { query, isValid: true, isUsingIndices: "undecisive", errors: [], warnings: [],
    notices: [], table_names: ["events"], ch_table_names: ["events"] });
  const both = await metadata("SELECT $session_duration FROM sessions UNION ALL SELECT count() FROM events UNION ALL SELECT 1");
  assert.deepStrictEqual([both.table_names, both.ch_table_names], [["sessions", "events"], ["events"]]);
});

test("errors have their place in characters, and what would mend them", async () => {
  for (const [query, ...expected] of [
    ["SELECT 'é日😀', evnt FROM events", "Unable to resolve field: evnt. Did you mean: event?", "evnt", "event"],
    ["SELECT e.evnt FROM events AS e", "Field not found: evnt. Did you mean: event?", "e.evnt", "e.event"],
    ["SELECT event FROM event", "Unknown table `event`. Did you mean: events?", "event", "events"],
    ["SELECT coun() FROM events", "Unsupported function call 'coun(...)'. Perhaps you meant 'count(...)'?", "coun", "count"],
    ["SELECT zzqqxx(1)", "Unsupported function call 'zzqqxx(...)'", "zzqqxx", null],
    ["SELECT nothing_like_it_at_all FROM events", "Unable to resolve field: nothing_like_it_at_all", "nothing_like_it_at_all", null],
    ["SELECT 'é' AS a, & FROM events", "Unexpected character '&' (U+0026)", "&", null],
    ["SELECT 1 FROM events; SELECT 2", "mismatched input 'SELECT' expecting <EOF>", "SELECT", null],
    ["SELECT (1", "Unexpected end of query", "", null],
    ["SELECT 1 AS team_id", "\"team_id\" cannot be an alias or identifier, as it's a reserved keyword", "team_id", null],
    ["SELECT {variables.x}", "Variable x is missing from query", null, null],
    ["SELECT sum(avg(1)) FROM events", "Aggregation 'avg' cannot be nested inside another aggregation 'sum'.", "avg(1)", null],
  ]) assert.deepStrictEqual(await fault(query), expected, query);
});

test("properties are named with their types", async () => {
  const query = "SELECT properties.price, 'é', person.properties.age FROM events WHERE properties.note = 'x'";
  const { notices, isValid } = await metadata(query);
  assert.strictEqual(isValid, true);
  assert.deepStrictEqual(notices.map((n) => [n.message, query.slice(n.start, n.end)]), [
    ["Event property 'price' is of type 'Float'.", "properties.price"],
    ["Person property 'age' is of type 'Float'.", "person.properties.age"],
    ["Event property 'note' is of type 'String'.", "properties.note"]]);
  const [{ message }] = (await metadata("SELECT properties.age FROM persons")).notices;
  assert.strictEqual(message, "Person property 'age' is of type 'Float'.");
});

test("expressions stand in their source; templates are read", async () => {
  const expr = { language: "hogQLExpr" };
  assert.strictEqual((await metadata("properties.price + 1 > 2", expr)).isValid, true);
  assert.deepStrictEqual(await fault("evnt = 'a'", expr), ["Unable to resolve field: evnt. Did you mean: event?", "evnt", "event"]);
  assert.deepStrictEqual(await fault("", expr), ["Empty query", null, null]);
  assert.deepStrictEqual((await metadata("is_identified", { ...expr, sourceQuery: { kind: "ActorsQuery" } })).table_names, ["persons"]);
  assert.strictEqual((await metadata("n + 1", { ...expr, sourceQuery: { kind: "HogQLQuery", query: "SELECT * FROM (SELECT count() AS n FROM events)" } })).isValid, true);
  const template = { language: "hogTemplate" };
  assert.strictEqual((await metadata("Hello 'you' & {person.name}!", template)).isValid, true);
  assert.strictEqual((await metadata("", template)).isValid, true);
  assert.deepStrictEqual(await fault("é {1 +} b", template), ["no viable alternative at input 'é {1 +}'", "}", null]);
});

test("what it cannot judge is said", async () => {
  for (const [more, code, detail] of [
    [{ language: "hog" }, "invalid_input", /^Unsupported language: hog$/],
    [{ language: "sql" }, "parse_error", /Input should be 'hog', 'hogJson'/],
    [{ language: null }, "parse_error", /language\n {2}Field required/],
    [{ query: null }, "parse_error", /query\n {2}Field required/],
    [{ globals: { a: 1 } }, "invalid_input", /globals/],
    [{ colour: 1 }, "parse_error", /colour/],
  ]) {
    const { status, text, json } = await ask("SELECT 1", more);
    assert.deepStrictEqual([status, json.code], [400, code], text);
    assert.match(json.detail, detail);
  }
});

test("another project's properties are its own", async () => {
  const other = s.cli("project", "add", "--name", "other");
  const { status, json } = await s.call("POST", `/api/environments/${other.id}/query/`,
    { body: { query: { kind: "HogQLMetadata", language: "hogQL", query: "SELECT properties.price FROM events" } } });
  assert.strictEqual(status, 200);
  assert.strictEqual(json.notices[0].message, "Event property 'price' is of type 'String'.");
});
