// Insights: the field set, lookups, validation, lists and their filters, dashboards they are on.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");

let s;
before(async () => { s = await start(["--clock", "2026-01-20T12:00:00Z"]); });
after(async () => assert.equal(await s.stop(), 0));

const base = "/api/environments/@current/insights/";
const boards = "/api/projects/@current/dashboards/";
const trends = { kind: "InsightVizNode", source: { kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "$pageview" }] } };
const fields = ["alerts", "cache_target_age", "columns", "created_at", "created_by", "dashboard_tiles", "dashboards",
  "deleted", "derived_name", "description", "effective_privilege_level", "effective_restriction_level", "favorited",
  "filters", "filters_hash", "folder", "hasMore", "hogql", "id", "is_cached", "is_sample", "last_modified_at",
  "last_modified_by", "last_refresh", "name", "next_allowed_client_refresh", "order", "query", "query_status",
  "resolved_date_range", "result", "saved", "short_id", "tags", "timezone", "types", "updated_at", "user_access_level"];
const basic = ["created_at", "created_by", "dashboard_tiles", "dashboards", "derived_name", "description", "favorited",
  "filters", "id", "last_modified_at", "last_refresh", "last_viewed_at", "name", "query", "refreshing", "saved",
  "short_id", "tags", "updated_at", "user_access_level"];
const create = async (body, at = base) => {
  const { status, json } = await s.call("POST", at, { body });
  assert.equal(status, 201, JSON.stringify(json));
  return json;
};
const board = async (body = {}) => (await s.call("POST", boards, { body })).json.id;
const failure = ({ status, json }) => [status, json.code, json.detail, json.attr];

test("create answers every field; retrieve by number and short_id gives the same", async () => {
  const made = await create({ name: " Views ", derived_name: "d", description: "why", query: trends, tags: ["B", "b"], order: 3, favorited: true });
  assert.deepEqual(Object.keys(made).sort(), fields);
  assert.deepEqual([made.name, made.derived_name, made.description, made.tags, made.order], ["Views", "d", "why", ["b"], 3]);
  assert.deepEqual([made.favorited, made.saved, made.deleted, made.is_sample, made.is_cached], [true, true, false, false, false]);
  assert.deepEqual([made.query, made.filters, made.dashboards, made.dashboard_tiles, made.alerts], [trends, {}, [], [], []]);
  assert.match(made.short_id, /^[A-Za-z0-9]{8}$/);
  for (const key of ["result", "last_refresh", "hasMore", "columns", "types", "timezone", "hogql", "cache_target_age",
    "next_allowed_client_refresh", "query_status"]) assert.equal(made[key], null, key);
  assert.equal(made.created_by.email, "owner@example.com");
  assert.equal(made.last_modified_by.email, "owner@example.com");
  for (const family of ["projects", "environments"])
    for (const id of [made.id, made.short_id]) {
      const got = await s.call("GET", `/api/${family}/@current/insights/${id}`);
      assert.equal(got.status, 200);
      for (const key of ["id", "short_id", "name", "query", "created_at"]) assert.deepEqual(got.json[key], made[key], key);
    }
  for (const id of ["999999", "nothere1"]) assert.equal((await s.call("GET", `${base}${id}/`)).status, 404);
});

test("a bare query is wrapped as clients expect it, a wrapped one stays as it is", async () => {
  const sql = { kind: "HogQLQuery", query: "select 1" };
  assert.deepEqual((await create({ query: sql })).query, { kind: "DataVisualizationNode", source: sql });
  assert.deepEqual((await create({ query: trends.source })).query, trends);
  const table = { kind: "DataTableNode", source: { kind: "EventsQuery", select: ["*"] }, full: true };
  assert.deepEqual((await create({ query: table })).query, table);
});

test("bad fields are named, and nothing is stored or changed", async () => {
  const { id } = await create({ name: "kept", query: trends });
  const count = async () => (await s.call("GET", base)).json.count;
  const before_ = await count();
  const rows = [
    [{ name: "x".repeat(401) }, "max_length", "name"], [{ derived_name: "x".repeat(401) }, "max_length", "derived_name"],
    [{ description: "x".repeat(401) }, "max_length", "description"], [{ name: [] }, "invalid_input", "name"],
    [{ query: "x" }, "invalid_input", "query"], [{ query: [] }, "invalid_input", "query"],
    [{ query: {} }, "parse_error", null], [{ query: { kind: "NopeQuery" } }, "parse_error", null],
    [{ query: { kind: "InsightVizNode" } }, "parse_error", null], [{ order: "x" }, "invalid_input", "order"],
    [{ saved: "maybe" }, "invalid_input", "saved"], [{ favorited: null }, "null", "favorited"],
    [{ tags: "x" }, "not_a_list", "tags"], [{ filters: [1] }, "invalid_input", "filters"],
    [{ dashboards: 7 }, "not_a_list", "dashboards"], [{ dashboards: ["x"] }, "incorrect_type", "dashboards"],
    [{ dashboards: [424242] }, "does_not_exist", "dashboards"],
  ];
  for (const [method, at] of [["POST", base], ["PATCH", `${base}${id}/`]])
    for (const [fault, code, attr] of rows) {
      const { status, json } = await s.call(method, at, { body: { name: "changed", ...fault } });
      assert.deepEqual([status, json.code, json.attr], [400, code, attr], JSON.stringify(fault));
    }
  assert.equal(await count(), before_);
  assert.equal((await s.call("GET", `${base}${id}/`)).json.name, "kept");
  assert.equal((await s.call("POST", base, { body: { query: "x" } })).json.detail, "Query must be a valid JSON object");
  assert.equal((await s.call("POST", base, { body: { dashboards: [424242] } })).json.detail,
    'Invalid pk "424242" - object does not exist.');
});

test("an insight without a query, and one of the older filters", async () => {
  const plain = await create({ name: "x" });
  assert.deepEqual([plain.query, plain.filters], [null, {}]);
  const filters = { insight: "FUNNELS", events: [{ id: "a" }] };
  const old = await create({ filters });
  assert.deepEqual([old.query, old.filters], [null, filters]);
  const changed = await s.call("PATCH", `${base}${old.id}/`, { body: { query: trends } });
  assert.deepEqual([changed.json.query, changed.json.filters], [trends, {}]);
});

test("update keeps what it does not name, and says who changed what it asks", async () => {
  const u = s.cli("user", "add", "--email", "editor@example.com");
  const made = await create({ name: "a", query: trends, saved: false });
  const patch = (body, key) => s.call("PATCH", `${base}${made.short_id}/`, { body, key });
  const marked = (await patch({ favorited: true }, u.personal_api_key)).json;
  assert.deepEqual([marked.favorited, marked.saved, marked.name], [true, true, "a"]);
  assert.equal(marked.last_modified_at, made.last_modified_at);
  assert.equal(marked.last_modified_by.email, "owner@example.com");
  assert.notEqual(marked.updated_at, made.updated_at);
  const renamed = (await patch({ name: "b" }, u.personal_api_key)).json;
  assert.notEqual(renamed.last_modified_at, made.last_modified_at);
  assert.equal(renamed.last_modified_by.email, "editor@example.com");
  assert.equal(renamed.created_by.email, "owner@example.com");
  assert.equal(renamed.user_access_level, "editor");
  assert.deepEqual(renamed.query, trends);
  assert.equal((await patch({ order: null })).json.order, null);
});

test("changes made at the same moment are all kept", async () => {
  const { id } = await create({ query: trends });
  const bodies = [{ name: "n" }, { description: "d" }, { favorited: true }, { tags: ["t"] }, { derived_name: "x" }];
  await Promise.all(bodies.map((body) => s.call("PATCH", `${base}${id}/`, { body })));
  const { json } = await s.call("GET", `${base}${id}/`);
  assert.deepEqual([json.name, json.description, json.favorited, json.tags, json.derived_name], ["n", "d", true, ["t"], "x"]);
});

test("deleting is soft, takes it off its dashboards, and can be undone without them", async () => {
  const on = await board();
  const made = await create({ query: trends, dashboards: [on] });
  const at = `${base}${made.id}/`;
  const refused = await s.call("DELETE", at);
  assert.deepEqual([refused.status, refused.text], [405, ""]);
  const count = (await s.call("GET", base)).json.count;
  assert.equal((await s.call("PATCH", at, { body: { deleted: true } })).json.deleted, true);
  assert.equal((await s.call("GET", base)).json.count, count - 1);
  assert.equal((await s.call("GET", at)).status, 404);
  assert.deepEqual((await s.call("GET", `${boards}${on}/`)).json.tiles, []);
  for (const body of [{ name: "n" }, { deleted: true }, { deleted: "false" }])
    assert.equal((await s.call("PATCH", at, { body })).status, 404);
  const back = await s.call("PATCH", at, { body: { deleted: false } });
  assert.deepEqual([back.status, back.json.dashboards], [200, []]);
  assert.equal((await s.call("GET", base)).json.count, count);
});

test("`dashboards` is the whole set: tiles come, go, and come back as they were", async () => {
  const [a, b] = [await board(), await board()];
  const made = await create({ query: trends, dashboards: [a, a] });
  assert.deepEqual(made.dashboards, [a]);
  assert.deepEqual(made.dashboard_tiles.map((t) => [t.dashboard_id, t.deleted]), [[a, null]]);
  const tile = async (id) => (await s.call("GET", `${boards}${id}/`)).json.tiles;
  const [first] = await tile(a);
  assert.deepEqual([first.insight.id, first.layouts, first.color, first.text], [made.id, {}, null, null]);
  await s.call("PATCH", `${boards}${a}/`, { body: { tiles: [{ id: first.id, color: "blue" }] } });
  const put = async (dashboards) => (await s.call("PATCH", `${base}${made.id}/`, { body: { dashboards } })).json.dashboards;
  assert.deepEqual(await put([b]), [b]);
  assert.deepEqual([(await tile(a)).length, (await tile(b)).length], [0, 1]);
  assert.deepEqual((await put([b, a])).sort(), [a, b].sort());
  const [again] = await tile(a);
  assert.deepEqual([again.id, again.color], [first.id, "blue"]);
  assert.equal(again.insight.dashboard_tiles.find((t) => t.id === first.id).deleted, false);
  assert.deepEqual(await put([]), []);
  assert.deepEqual([(await tile(a)).length, (await tile(b)).length], [0, 0]);
  const other = s.cli("project", "add", "--name", "Other").id;
  const foreign = (await s.call("POST", `/api/projects/${other}/dashboards/`, { body: {} })).json.id;
  assert.equal((await s.call("PATCH", `${base}${made.id}/`, { body: { dashboards: [foreign] } })).json.code, "does_not_exist");
  assert.equal((await s.call("GET", `/api/projects/${other}/insights/${made.id}/`)).status, 404);
});

test("a restricted dashboard keeps its insights from those who may not edit it", async () => {
  const { id: closed } = (await s.call("POST", boards, { body: { restriction_level: 37 } })).json;
  const open = await board();
  const u = s.cli("user", "add", "--email", "member@example.com"), key = u.personal_api_key;
  const on = await create({ query: trends, dashboards: [closed] });
  assert.deepEqual([on.effective_restriction_level, on.effective_privilege_level], [37, 37]);
  const seen = (await s.call("GET", `${base}${on.id}/`, { key })).json;
  assert.deepEqual([seen.effective_restriction_level, seen.effective_privilege_level], [37, 21]);
  const patch = (id, body) => s.call("PATCH", `${base}${id}/`, { key, body });
  const denied = [403, "permission_denied", "You don't have edit permissions for this insight.", null];
  for (const body of [{ name: "x" }, { deleted: true }, { dashboards: [] }, { query: "bad" }])
    assert.deepEqual(failure(await patch(on.id, body)), denied, JSON.stringify(body));
  const free = await create({ query: trends });
  assert.deepEqual(failure(await patch(free.id, { dashboards: [closed] })), [403, "permission_denied",
    `You don't have permission to add insights to dashboard: ${closed}`, null]);
  assert.equal((await s.call("POST", base, { key, body: { query: trends, dashboards: [closed] } })).status, 403);
  await s.call("PATCH", `${base}${on.id}/`, { body: { dashboards: [closed, open] } });
  assert.equal((await patch(on.id, { name: "through the open one" })).status, 200);
  assert.deepEqual(failure(await patch(on.id, { dashboards: [open] })), [403, "permission_denied",
    `You don't have permission to remove insights from dashboard: ${closed}`, null]);
  const collaborator = await s.call("POST", `${boards}${closed}/collaborators/`, { body: { user_uuid: u.uuid, level: 37 } });
  assert.equal(collaborator.status, 201);
  assert.equal((await patch(on.id, { dashboards: [open] })).status, 200);
});

test("lists: pages, filters, orders and the basic form", async () => {
  const project = s.cli("project", "add", "--name", "Listed").id;
  const at = `/api/projects/${project}/insights/`;
  const { id: on } = (await s.call("POST", `/api/projects/${project}/dashboards/`, { body: {} })).json;
  const sql = { kind: "HogQLQuery", query: "select 1" };
  const key = s.cli("user", "add", "--email", "second@example.com").personal_api_key;
  await create({ name: "Alpha", query: trends, tags: ["x"], favorited: true }, at);
  await create({ name: "beta", query: sql, saved: false, description: "ÜBER all" }, at);
  await create({ name: "Gamma", filters: { insight: "FUNNELS" }, dashboards: [on], saved: false, order: 1 }, at);
  const delta = (await s.call("POST", at, { key, body: { derived_name: "delta", query: trends, tags: ["y"] } })).json;
  const names = async (query) => {
    const { status, json } = await s.call("GET", `${at}?${query}`);
    assert.equal(status, 200, json.detail);
    assert.equal(json.count, json.results.length, query);
    return json.results.map((i) => i.name ?? i.derived_name);
  };
  const all = (await s.call("GET", at)).json;
  assert.equal(all.count, 4);
  assert.deepEqual(Object.keys(all.results[0]).sort(), [...fields, "last_viewed_at"].sort());
  assert.deepEqual(Object.keys((await s.call("GET", `${at}?basic=true`)).json.results[0]).sort(), basic);
  assert.deepEqual(await names("order=name"), ["Alpha", "beta", "Gamma", "delta"]);
  assert.deepEqual(await names("order=-created_at"), ["delta", "Gamma", "beta", "Alpha"]);
  assert.deepEqual((await names("")).slice(0, 1), ["Gamma"]);
  assert.deepEqual(await names("saved=true&order=id"), ["Alpha", "Gamma", "delta"]);
  assert.deepEqual(await names("saved=false&order=id"), ["beta", "Gamma"]);
  assert.deepEqual(await names("favorited=true"), ["Alpha"]);
  assert.deepEqual(await names("user=true&order=id"), ["Alpha", "beta", "Gamma"]);
  assert.deepEqual(await names(`created_by=[${delta.created_by.id}]`), ["delta"]);
  assert.deepEqual(await names("search=%C3%BCber"), ["beta"]);
  assert.deepEqual(await names("search=DELT"), ["delta"]);
  assert.deepEqual(await names("insight=SQL"), ["beta"]);
  assert.deepEqual(await names("insight=FUNNELS"), ["Gamma"]);
  assert.deepEqual(await names("insight=TRENDS&order=id"), ["Alpha", "delta"]);
  assert.deepEqual(await names(`tags=${encodeURIComponent('["x","y"]')}&order=id`), ["Alpha", "delta"]);
  assert.deepEqual(await names(`dashboards=[${on}]`), ["Gamma"]);
  assert.deepEqual(await names(`dashboards=[${on},999]`), []);
  assert.deepEqual(await names(`events=${encodeURIComponent('["$pageview"]')}&order=id`), ["Alpha", "delta"]);
  assert.deepEqual(await names(`short_id=${delta.short_id}`), ["delta"]);
  assert.deepEqual(await names("created_date_from=2026-01-21"), []);
  assert.deepEqual([(await names("created_date_from=-1d")).length, (await names("date_to=-1d")).length], [4, 0]);
  assert.equal((await names("created_date_from=2026-01-20&date_to=2026-01-21")).length, 4);
  for (const bad of ["tags=x", "dashboards={}", `search=${"x".repeat(201)}`])
    assert.equal((await s.call("GET", `${at}?${bad}`)).status, 400, bad);
  const page = (await s.call("GET", `${at}?limit=3&offset=3`)).json;
  assert.deepEqual([page.count, page.results.length, page.next], [4, 1, null]);
  assert.match(page.previous, /limit=3/);
});

test("what was viewed last comes first", async () => {
  const key = s.cli("user", "add", "--email", "viewer@example.com").personal_api_key;
  const ids = [];
  for (let i = 0; i < 6; i++) ids.push((await create({ name: `v${i}` })).id);
  for (const id of ids)
    assert.equal((await s.call("POST", `${base}viewed/`, { key, body: { insight_ids: [id] } })).status, 201);
  const { json } = await s.call("GET", `${base}my_last_viewed/`, { key });
  assert.deepEqual(json.map((i) => i.id), ids.slice(1).reverse());
  assert.deepEqual(Object.keys(json[0]).sort(), basic);
  assert.equal((await s.call("POST", `${base}viewed/`, { key, body: {} })).json.code, "required");
});

test("insights that most people opened of late come first, with who", async () => {
  const project = s.cli("project", "add", "--name", "Trending").id, at = `/api/projects/${project}/insights/`;
  const key = s.cli("user", "add", "--email", "trend@example.com").personal_api_key;
  const make = async (name) => (await s.call("POST", at, { body: { name, query: { kind: "HogQLQuery", query: "SELECT 1" } } })).json.id;
  const one = await make("one"), two = await make("two"), gone = await make("gone");
  await s.call("POST", `${at}viewed/`, { key, body: { insight_ids: [two, gone] } });
  await s.call("PATCH", `${at}${gone}/`, { body: { deleted: true } });
  const { status, json } = await s.call("GET", `${at}trending/`);
  assert.equal(status, 200);
  assert.deepEqual([json.count, json.next, json.previous], [2, null, null]);
  assert.deepEqual(json.results.map((i) => [i.id, i.view_count, i.viewers.map((u) => u.email)]),
    [[two, 2, ["trend@example.com", "owner@example.com"]], [one, 1, ["owner@example.com"]]]);
  const page = (await s.call("GET", `${at}trending/?limit=1&days=30`)).json;
  assert.deepEqual([page.count, page.results.length], [2, 1]);
});

test("insights take JSON only", async () => {
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const at = "/api/projects/@current/insights/";
  const { id } = (await s.call("POST", at, { body: { name: "j" } })).json;
  for (const [method, where] of [["POST", at], ["PATCH", `${at}${id}/`], ["PUT", `${at}${id}/`]]) {
    const { status, json } = await s.call(method, where, { body: "name=x", headers });
    assert.deepEqual([status, json.code, json.detail], [415, "unsupported_media_type", 'Unsupported media type "application/x-www-form-urlencoded" in request.'], method);
  }
});
