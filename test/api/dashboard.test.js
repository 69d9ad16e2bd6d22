// Dashboards: the field set, list order and pages, create, update, soft delete.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");

let s;
before(async () => { s = await start(["--clock", "2026-01-20T12:00:00Z"]); });
after(async () => assert.equal(await s.stop(), 0));

const base = "/api/environments/@current/dashboards/";
const short = ["access_control_version", "created_at", "created_by", "creation_mode", "deleted",
  "description", "effective_privilege_level", "effective_restriction_level", "id", "is_shared",
  "last_accessed_at", "last_refresh", "last_viewed_at", "name", "pinned", "restriction_level",
  "tags", "team_id", "user_access_level"];
const detail = [...short, "breakdown_colors", "data_color_theme_id", "filters",
  "persisted_filters", "persisted_variables", "tiles", "variables"].sort();

test("create answers every field, and retrieve the same dashboard", async () => {
  const made = await s.call("POST", base,
    { body: { name: "  Growth ", tags: [" A", "a", "b"], pinned: "yes", unknown: 1 } });
  assert.equal(made.status, 201);
  assert.deepEqual(Object.keys(made.json).sort(), detail);
  assert.equal(made.json.name, "Growth");
  assert.equal(made.json.pinned, true);
  assert.deepEqual(made.json.tags, ["a", "b"]);
  assert.match(made.json.created_at, /^2026-01-20T12:0/);
  assert.equal(made.json.created_by.email, "owner@example.com");
  assert.equal(made.json.last_viewed_at, null);
  const got = await s.call("GET", `${base}${made.json.id}/`);
  assert.equal(got.status, 200);
  assert.notEqual(got.json.last_viewed_at, null);
  for (const key of ["id", "name", "created_at", "team_id", "tags", "pinned"])
    assert.deepEqual(got.json[key], made.json[key], key);
});

test("bad fields are named, and nothing is stored", async () => {
  const count = async () => (await s.call("GET", base)).json.count;
  const before_ = await count();
  const rows = [
    [{ name: "x".repeat(401) }, "max_length", "name"], [{ description: null }, "null", "description"],
    [{ name: [] }, "invalid_input", "name"], [{ pinned: "maybe" }, "invalid_input", "pinned"],
    [{ restriction_level: 5 }, "invalid_choice", "restriction_level"], [{ tags: null }, "null", "tags"],
  ];
  for (const [body, code, attr] of rows) {
    const { status, json } = await s.call("POST", base, { body });
    assert.deepEqual([status, json.type, json.code, json.attr], [400, "validation_error", code, attr]);
  }
  assert.equal(await count(), before_);
});

test("the list is pinned first, then by name, null names last, in pages", async () => {
  const project = s.cli("project", "add", "--name", "Paged").id;
  const list = `/api/projects/${project}/dashboards/`;
  for (const body of [{ name: "c" }, {}, { name: "a" }, { name: "z", pinned: true }, { name: "b" }])
    await s.call("POST", list, { body });
  const names = [];
  let url = `${list}?limit=2&other=a%20b`, pages = 0, previous;
  while (url) {
    const { json } = await s.call("GET", url);
    assert.deepEqual(Object.keys(json), ["count", "next", "previous", "results"]);
    assert.equal(json.count, 5);
    json.results.forEach((d) => assert.deepEqual(Object.keys(d).sort(), short));
    names.push(...json.results.map((d) => d.name));
    if (json.next) assert.match(json.next, /^http:.*other=a%20b/);
    if (pages === 1) assert.doesNotMatch(json.previous, /offset/);
    previous = json.previous;
    url = json.next;
    pages++;
  }
  assert.deepEqual(names, ["z", "a", "b", "c", null]);
  assert.equal(pages, 3);
  assert.match(previous, /offset=2/);
  for (const bad of ["limit=0", "limit=x", "offset=-4"])
    assert.equal((await s.call("GET", `${list}?${bad}`)).json.results.length, 5, bad);
});

test("deleting is soft and can be undone; DELETE is refused", async () => {
  const { id } = (await s.call("POST", base, { body: { name: "gone" } })).json;
  const at = `${base}${id}/`;
  const refused = await s.call("DELETE", at);
  assert.deepEqual([refused.status, refused.text], [405, ""]);
  assert.equal((await s.call("PATCH", at, { body: { deleted: true } })).json.deleted, true);
  assert.equal((await s.call("GET", at)).status, 404);
  assert.ok(!(await s.call("GET", `${base}?limit=1000`)).json.results.some((d) => d.id === id));
  for (const body of [{ name: "n" }, { deleted: true }])
    assert.equal((await s.call("PATCH", at, { body })).status, 404);
  assert.equal((await s.call("PATCH", at, { body: { deleted: false } })).status, 200);
  assert.equal((await s.call("GET", at)).json.name, "gone");
});

test("another project's dashboard is not found", async () => {
  const { id } = (await s.call("POST", base, { body: { name: "mine" } })).json;
  const project = s.cli("project", "add", "--name", "Other").id;
  assert.equal((await s.call("GET", `/api/projects/${project}/dashboards/${id}/`)).status, 404);
});

test("a restricted dashboard is changed by its creator and admins only", async () => {
  const { id } = (await s.call("POST", base, { body: { name: "r", restriction_level: 37 } })).json;
  const add = (email, level) =>
    s.cli("user", "add", "--email", email, "--level", level).personal_api_key;
  const body = { name: "changed" };
  const member = add("m@example.com", "member"), admin = add("ad@example.com", "admin");
  const refused = await s.call("PATCH", `${base}${id}/`, { key: member, body });
  assert.equal(refused.status, 403);
  assert.equal((await s.call("GET", `${base}${id}/`, { key: member })).json.effective_privilege_level, 21);
  assert.equal((await s.call("PATCH", `${base}${id}/`, { key: admin, body })).status, 200);
});

test("changes made at the same moment are all kept", async () => {
  const { id } = (await s.call("POST", base, { body: { name: "busy" } })).json;
  const fields = [{ name: "n" }, { description: "d" }, { pinned: true }, { tags: ["t"] }];
  await Promise.all(fields.map((body) => s.call("PATCH", `${base}${id}/`, { body })));
  const { json } = await s.call("GET", `${base}${id}/`);
  assert.deepEqual([json.name, json.description, json.pinned, json.tags], ["n", "d", true, ["t"]]);
});

test("filters and variables replace the stored object whole; empty ones leave it alone", async () => {
  const { id } = (await s.call("POST", base, { body: { name: "f" } })).json;
  const patch = (body) => s.call("PATCH", `${base}${id}/`, { body });
  for (const key of ["filters", "variables"]) {
    const value = { date_from: "-7d", n: 12345678901234567890n.toString() };
    assert.deepEqual((await patch({ [key]: value })).json[`persisted_${key}`], value);
    for (const empty of [{}, [], null, ""])
      assert.deepEqual((await patch({ [key]: empty })).json[key], value);
    assert.equal((await patch({ [key]: [1] })).json.detail, "Filters must be a dictionary");
  }
});
