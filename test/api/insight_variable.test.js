// SQL variables: the resource, and where a query's value comes from.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");

let s;
before(async () => { s = await start(["--clock", "2026-01-20T12:00:00Z"]); });
after(async () => assert.equal(await s.stop(), 0));

const at = "/api/projects/@current/insight_variables/";
const make = async (body, where = at) => {
  const { status, json } = await s.call("POST", where, { body });
  assert.equal(status, 201, JSON.stringify(json));
  return json;
};

test("a variable is made, read, changed and really deleted, under both prefixes", async () => {
  for (const family of ["projects", "environments"]) {
    const list = `/api/${family}/@current/insight_variables/`;
    const v = await make({ name: ` Sign-up Day_${family} 1! `, type: "Date", default_value: "2026-01-01", unknown: 1 }, list);
    assert.deepEqual(Object.keys(v).sort(), ["code_name", "created_at", "created_by", "default_value", "id", "is_multi",
      "name", "type", "values", "values_query", "values_query_connection_id"]);
    assert.deepEqual([v.code_name, v.name, v.default_value, v.values, v.is_multi], [`signup_day_${family}_1`,
      `Sign-up Day_${family} 1!`, "2026-01-01", null, false]);
    assert.equal(v.created_by, (await s.call("GET", "/api/users/@me/")).json.id);
    assert.deepEqual((await s.call("GET", `${list}${v.id}/`)).json, v);
    const patched = (await s.call("PATCH", `${list}${v.id}/`, { body: { name: "Other", code_name: "x", values: ["a", 1], is_multi: "yes" } })).json;
    assert.deepEqual([patched.name, patched.code_name, patched.values, patched.is_multi], ["Other", v.code_name, ["a", 1], true]);
    const put = await s.call("PUT", `${list}${v.id}/`, { body: { name: "Put", type: "Number", default_value: null } });
    assert.deepEqual([put.status, put.json.name, put.json.type, put.json.default_value], [200, "Put", "Number", null]);
    assert.equal((await s.call("PUT", `${list}${v.id}/`, { body: { name: "Put" } })).json.attr, "type");
    const gone = await s.call("DELETE", `${list}${v.id}/`);
    assert.deepEqual([gone.status, gone.text], [204, ""]);
    for (const method of ["GET", "PATCH", "DELETE"])
      assert.equal((await s.call(method, `${list}${v.id}/`)).status, 404, method);
  }
});

test("bad variables are refused by field, and a name is taken once in a project", async () => {
  await make({ name: "Taken it", type: "List", values: ["a"] });
  const rows = [
    [{ type: "String" }, "required", "name", "This field is required."],
    [{ name: "x" }, "required", "type", "This field is required."],
    [{ name: "", type: "String" }, "blank", "name", "This field may not be blank."],
    [{ name: "?!", type: "String" }, "invalid_input", "name", "Ensure this field has a letter or a digit."],
    [{ name: "n".repeat(401), type: "String" }, "max_length", "name", "Ensure this field has no more than 400 characters."],
    [{ name: "x", type: "string" }, "invalid_choice", "type", '"string" is not a valid choice.'],
    [{ name: "x", type: "List", values: [{}] }, "invalid_input", "values", "Values must be strings or numbers."],
    [{ name: "x", type: "List", values: [null] }, "invalid_input", "values", "Values must be strings or numbers."],
    [{ name: "x", type: "List", values: "a" }, "invalid_input", "values", "Values must be a list."],
    [{ name: "TAKEN_it!", type: "String" }, "invalid_input", null, "Variable with this code name already exists"],
  ];
  const { count } = (await s.call("GET", at)).json;
  for (const [body, code, attr, detail] of rows) {
    const { status, json } = await s.call("POST", at, { body });
    assert.deepEqual([status, json], [400, { type: "validation_error", code, detail, attr }], JSON.stringify(body));
  }
  assert.equal((await s.call("GET", at)).json.count, count);
  const other = s.cli("project", "add", "--name", "Other").id;
  const there = `/api/projects/${other}/insight_variables/`;
  const same = await make({ name: "Taken it", type: "String" }, there);
  assert.equal((await s.call("GET", `${at}${same.id}/`)).status, 404);
});

test("the list is cut into pages by number", async () => {
  const list = `/api/projects/${s.cli("project", "add", "--name", "Many").id}/insight_variables/`;
  for (let i = 0; i < 501; i += 25)
    await Promise.all(Array.from({ length: Math.min(25, 501 - i) }, (_, k) => make({ name: `v${i + k}`, type: "Number" }, list)));
  const one = (await s.call("GET", list)).json, two = (await s.call("GET", one.next)).json;
  assert.deepEqual([one.count, one.results.length, one.previous, two.results.length, two.next],
    [501, 500, null, 1, null]);
  assert.equal(new URL(one.next).search, "?page=2");
  assert.equal(new URL(two.previous).search, "");
  assert.equal((await s.call("GET", `${list}?page=last`)).json.results[0].id, two.results[0].id);
  for (const page of ["3", "0", "x"]) {
    const { status, json } = await s.call("GET", `${list}?page=${page}`);
    assert.deepEqual([status, json.detail], [404, "Invalid page."]);
  }
});

const ask = (query, variables, more = {}) => s.call("POST", "/api/projects/@current/query/",
  { body: { query: { kind: "HogQLQuery", query, variables }, ...more } });
const value = async (...args) => {
  const { status, json } = await ask(...args);
  assert.equal(status, 200, JSON.stringify(json));
  return json.results[0][0];
};

test("a query's value is its own, else the default as it is at that moment", async () => {
  const v = await make({ name: "Limit", type: "Number", default_value: 3 });
  const of = (more) => ({ [v.id]: { variableId: v.id, code_name: "limit", ...more } });
  const sql = "SELECT {variables.limit}";
  assert.deepEqual([await value(sql, of({ value: 7 })), await value(sql, of({ value: "8" })), await value(sql, of({}))], [7, 8, 3]);
  assert.equal(await value(sql, of({ value: 7, isNull: true })), null);
  assert.equal(await value(sql, of({ value: 7 }), { variables_override: of({ value: 9 }) }), 9);
  assert.equal(await value(sql, of({ isNull: true }), { variables_override: of({ value: 9 }) }), 9);
  await s.call("PATCH", `${at}${v.id}/`, { body: { default_value: 4 } });
  assert.equal(await value(sql, of({})), 4);
  await s.call("PATCH", `${at}${v.id}/`, { body: { default_value: null } });
  assert.equal(await value(sql, of({})), null);
  const b = await make({ name: "Flag", type: "Boolean", default_value: "false" });
  assert.equal(await value("SELECT if({variables.flag}, 1, 2)", { [b.id]: { code_name: "flag" } }), 2);
  const l = await make({ name: "Names", type: "List", values: ["a", "b"], default_value: ["a"] });
  assert.equal(await value("SELECT has({variables.names}, 'a')", { [l.id]: { code_name: "names" } }), 1);
  assert.equal((await ask("SELECT {variables.nope}", of({}))).json.detail, "Variable nope is missing from query. Did you mean: limit?");
  await s.call("DELETE", `${at}${v.id}/`);
  assert.equal((await ask(sql, of({}))).json.detail, "Variable limit does not exist");
});

test("a tile runs with the address's value, the dashboard's, the insight's, the default, in that order", async () => {
  const v = await make({ name: "Country", type: "String", default_value: "default" });
  const of = (more) => ({ [v.id]: { code_name: "country", variableId: v.id, ...more } });
  const boards = "/api/environments/@current/dashboards/";
  const { id } = (await s.call("POST", boards, { body: { name: "b" } })).json;
  const insight = (variables) => s.call("POST", "/api/projects/@current/insights/", { body: { dashboards: [id],
    query: { kind: "DataVisualizationNode", source: { kind: "HogQLQuery", query: "SELECT {variables.country}", variables } } } });
  const own = (await insight(of({ value: "insight" }))).json, plain = (await insight(of({}))).json;
  const shown = async (query = "") => {
    const { status, json } = await s.call("GET", `${boards}${id}/?refresh=true&${query}`);
    assert.equal(status, 200);
    const of_ = (i) => json.tiles.find((t) => t.insight.id === i.id).insight;
    return { json, values: [own, plain].map((i) => of_(i).result?.[0][0]), variables: of_(own).query.source.variables };
  };
  const over = `variables_override=${encodeURIComponent(JSON.stringify(of({ value: "address" })))}`;
  assert.deepEqual((await shown()).values, ["insight", "default"]);
  assert.deepEqual((await shown(over)).values, ["address", "address"]);
  await s.call("PATCH", `${boards}${id}/`, { body: { variables: { ...of({ value: "board", extra: 1 }), gone: { code_name: "gone", value: 1 } } } });
  const board = await shown();
  assert.deepEqual(board.values, ["board", "board"]);
  assert.deepEqual(board.json.variables, of({ value: "board", extra: 1 }));
  assert.deepEqual(Object.keys(board.json.persisted_variables), [v.id, "gone"]);
  const both = await shown(over);
  assert.deepEqual([both.values, both.json.variables[v.id].value], [["address", "address"], "address"]);
  const alone = async (i, query) => (await s.call("GET", `/api/projects/@current/insights/${i.id}/?refresh=true&${query}`)).json.result[0][0];
  assert.deepEqual([await alone(own, ""), await alone(own, `from_dashboard=${id}`), await alone(own, over),
    await alone(own, `from_dashboard=${id}&${over}`)], ["insight", "board", "address", "address"]);
  for (const bad of ["{", "[]"])
    assert.deepEqual((await s.call("GET", `${boards}${id}/?variables_override=${bad}`)).json.detail, "Invalid JSON passed in variables_override parameter");

  // made anew, it has another id: what was stored under the old one goes on
  await s.call("DELETE", `${at}${v.id}/`);
  assert.deepEqual((await shown()).json.variables, {});
  const anew = await make({ name: "Country", type: "String" });
  const healed = await shown();
  assert.deepEqual(healed.json.variables, { [anew.id]: { code_name: "country", variableId: anew.id, value: "board", extra: 1 } });
  assert.deepEqual(healed.values, ["board", "board"]);
});

test("a failing tile spoils no other", async () => {
  const { id } = (await s.call("POST", "/api/projects/@current/dashboards/", { body: {} })).json;
  for (const query of ["SELECT 1", "SELECT {variables.nowhere}", "SELECT nonsense", "SELECT 2"])
    await s.call("POST", "/api/projects/@current/insights/", { body: { dashboards: [id], query: { kind: "HogQLQuery", query } } });
  const { status, json } = await s.call("GET", `/api/projects/@current/dashboards/${id}/?refresh=force_blocking`);
  assert.equal(status, 200);
  assert.deepEqual(json.tiles.map((t) => [t.insight.result?.[0][0] ?? null, t.error?.type ?? null]),
    [[1, null], [null, "ValidationError"], [null, "ValidationError"], [2, null]]);
});
