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
  "description", "effective_privilege_level", "effective_restriction_level", "folder", "id", "is_shared",
  "last_accessed_at", "last_refresh", "last_viewed_at", "name", "pinned", "restriction_level",
  "tags", "team_id", "user_access_level"];
const detail = [...short, "breakdown_colors", "data_color_theme_id", "filters",
  "persisted_filters", "persisted_variables", "quick_filter_ids", "tiles", "variables"].sort();

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

test("bad fields are named, and nothing is stored or changed", async () => {
  const count = async () => (await s.call("GET", base)).json.count;
  const { id } = (await s.call("POST", base, { body: { name: "kept", tags: ["t"] } })).json;
  const before_ = await count();
  const uuid = "00000000-0000-4000-8000-000000000000";
  const list = (type) => `Expected a list of items but got type "${type}".`;
  const rows = [
    [{ name: "x".repeat(401) }, "max_length", "name", "Ensure this field has no more than 400 characters."],
    [{ name: [] }, "invalid_input", "name", "Not a valid string."],
    [{ name: {} }, "invalid_input", "name", "Not a valid string."],
    [{ name: true }, "invalid_input", "name", "Not a valid string."],
    [{ description: null }, "null", "description", "This field may not be null."],
    [{ pinned: "maybe" }, "invalid_input", "pinned", "Must be a valid boolean."],
    [{ restriction_level: 22 }, "invalid_choice", "restriction_level", '"22" is not a valid choice.'],
    [{ restriction_level: "x" }, "invalid_choice", "restriction_level", '"x" is not a valid choice.'],
    [{ tags: null }, "null", "tags", "This field may not be null."],
    [{ tags: "x" }, "not_a_list", "tags", list("str")], [{ tags: {} }, "not_a_list", "tags", list("dict")],
    [{ tags: 1 }, "not_a_list", "tags", list("int")], [{ tags: [[]] }, "invalid_input", "tags", "Not a valid string."],
    [{ data_color_theme_id: "x" }, "invalid_input", "data_color_theme_id", "A valid integer is required."],
    [{ data_color_theme_id: 77 }, "does_not_exist", "data_color_theme_id", 'Invalid pk "77" - object does not exist.'],
    [{ last_refresh: "x" }, "invalid_input", "last_refresh", /^Datetime has wrong format\./],
    [{ last_accessed_at: "2026-01-01" }, "invalid_input", "last_accessed_at", /^Datetime has wrong format\./],
    [{ quick_filter_ids: "x" }, "not_a_list", "quick_filter_ids", list("str")],
    [{ quick_filter_ids: ["x"] }, "invalid_input", "quick_filter_ids", "Invalid UUID: x"],
    [{ quick_filter_ids: [uuid] }, "invalid_input", "quick_filter_ids", `Quick filters not found: ${uuid}`],
    [{ filters: [1] }, "invalid_input", null, "Filters must be a dictionary"],
  ];
  const created = [
    [{ use_dashboard: "" }, "invalid_input", "use_dashboard", "A valid integer is required."],
    [{ use_dashboard: 12345 }, "invalid_input", "use_dashboard", "Invalid value provided"],
    [{ use_template: "NOPE" }, "invalid_input", "use_template", "Invalid template provided: NOPE"],
    [{ use_template: "A", use_dashboard: id }, "invalid_input", null,
      "`use_dashboard` and `use_template` cannot be used together"],
  ];
  for (const [method, at, table] of [["POST", base, [...rows, ...created]], ["PATCH", `${base}${id}/`, rows],
    ["PUT", `${base}${id}/`, rows]])
    for (const [body, code, attr, detail] of table) {
      const { status, json } = await s.call(method, at, { body });
      assert.deepEqual([status, json.type, json.code, json.attr], [400, "validation_error", code, attr], JSON.stringify(body));
      if (detail instanceof RegExp) assert.match(json.detail, detail);
      else assert.equal(json.detail, detail);
    }
  assert.equal(await count(), before_);
  const { json } = await s.call("GET", `${base}${id}/`);
  assert.deepEqual([json.name, json.tags], ["kept", ["t"]]);
});

test("fields are stored as clients send them", async () => {
  const body = { name: 5, description: " d ", last_accessed_at: "2026-01-02T03:04:05+01:00", last_refresh: null,
    tags: ["Émile", "émile ", 7], breakdown_colors: { any: [1] }, quick_filter_ids: null, restriction_level: "37",
    data_color_theme_id: null, filters: { date_from: "-7d" }, variables: { ignored: 1 }, tiles: [{ text: { body: "x" } }],
    _create_in_folder: "Team/Growth" };
  const { status, json } = await s.call("POST", base, { body });
  assert.equal(status, 201);
  assert.deepEqual([json.name, json.description, json.last_accessed_at], ["5", "d", "2026-01-02T02:04:05Z"]);
  assert.deepEqual([json.tags, json.breakdown_colors, json.restriction_level], [["émile", "7"], { any: [1] }, 37]);
  assert.deepEqual([json.filters, json.persisted_filters, json.persisted_variables], [{ date_from: "-7d" }, { date_from: "-7d" }, null]);
  assert.deepEqual([json.variables, json.tiles, json.folder, json.creation_mode], [{}, [], "Team/Growth", "default"]);
  const cleared = await s.call("PATCH", `${base}${json.id}/`, { body: { name: null, tags: [], breakdown_colors: null } });
  assert.deepEqual([cleared.json.name, cleared.json.tags, cleared.json.breakdown_colors], [null, [], []]);
  const over = (text) => s.call("GET", `${base}${json.id}/?filters_override=${encodeURIComponent(text)}`);
  const shown = (await over('{"date_to":"-1d"}')).json;
  assert.deepEqual([shown.filters, shown.persisted_filters], [{ date_from: "-7d", date_to: "-1d" }, { date_from: "-7d" }]);
  for (const bad of ["{", "[]"])
    assert.deepEqual([(await over(bad)).json.attr, (await over(bad)).json.detail],
      ["filters_override", "Invalid JSON passed in filters_override parameter"]);
});

test("the list is narrowed by search, tags, folder and mode", async () => {
  const project = s.cli("project", "add", "--name", "Searched").id;
  const list = `/api/environments/${project}/dashboards/`;
  for (const body of [{ name: "Größe" }, { name: "b", description: "weekly GRÖSSE and größe" },
    { name: "c", tags: ["größer"] }, { name: "d", tags: ["x"], _create_in_folder: "F" }, { name: "Generated Dashboard: e" }, { name: "%" }])
    await s.call("POST", list, { body });
  const names = async (query) => {
    const { status, json } = await s.call("GET", `${list}?${query}`);
    assert.equal(status, 200);
    assert.equal(json.count, json.results.length);
    return json.results.map((d) => d.name);
  };
  assert.deepEqual(await names("search=%20GR%C3%96%C3%9FE%20"), ["Größe", "b", "c"]);
  assert.deepEqual(await names("search=%25"), ["%"]);
  assert.equal((await names("search=%20")).length, 6);
  assert.deepEqual(await names("tags=x&tags=gr%C3%B6%C3%9Fer"), ["c", "d"]);
  assert.deepEqual(await names("folder=F"), ["d"]);
  assert.deepEqual(await names("creation_mode=duplicate"), []);
  assert.equal((await names("exclude_generated=true")).length, 5);
  const hit = (await s.call("GET", `${list}?search=gr`)).json.results[0];
  assert.equal(hit.search_match_type, "exact");
  const long = await s.call("GET", `${list}?search=${"x".repeat(201)}`);
  assert.deepEqual([long.status, long.json.attr, long.json.detail], [400, "search", "Search query must be 200 characters or fewer."]);
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
    const stored = `persisted_${key}`;
    assert.deepEqual((await patch({ [key]: value })).json[stored], value);
    for (const empty of [{}, [], null, ""])
      assert.deepEqual((await patch({ [key]: empty })).json[stored], value);
    assert.equal((await patch({ [key]: [1] })).json.detail, "Filters must be a dictionary");
  }
});

test("a list that was just asked for shows every later change", async () => {
  const project = s.cli("project", "add", "--name", "Watched").id;
  const list = `/api/projects/${project}/dashboards/`;
  const u = s.cli("user", "add", "--email", "watcher@example.com"), key = u.personal_api_key;
  const first = async (as) => (await s.call("GET", list, { key: as })).json.results[0];
  const { id } = (await s.call("POST", list, { body: { name: "w", restriction_level: 37 } })).json;
  const at = `${list}${id}/`;
  assert.deepEqual([(await first()).last_viewed_at, (await first(key)).effective_privilege_level], [null, 21]);
  await s.call("PATCH", at, { body: { name: "renamed" } });
  assert.deepEqual([(await first()).name, (await first(key)).name], ["renamed", "renamed"]);
  await s.call("GET", at, { key });
  assert.notEqual((await first(key)).last_viewed_at, null);
  assert.equal((await first()).last_viewed_at, null);
  assert.notEqual((await first()).last_accessed_at, null);
  await s.call("POST", `${at}collaborators/`, { body: { user_uuid: u.uuid, level: 37 } });
  assert.equal((await first(key)).effective_privilege_level, 37);
  await s.call("DELETE", `${at}collaborators/${u.uuid}/`);
  assert.equal((await first(key)).effective_privilege_level, 21);
  assert.equal((await s.call("PATCH", "/api/users/@me/", { body: { first_name: "New" } })).status, 200);
  assert.deepEqual([(await first()).created_by.first_name, (await first(key)).created_by.first_name], ["New", "New"]);
  const level = await s.call("PATCH", `/api/organizations/@current/members/${u.uuid}/`, { body: { level: 8 } });
  assert.equal(level.status, 200);
  assert.equal((await first(key)).user_access_level, "manager");
  await s.call("PATCH", at, { body: { deleted: true } });
  assert.deepEqual((await s.call("GET", list)).json.results, []);
  await s.call("PATCH", at, { body: { deleted: false } });
  assert.equal((await s.call("GET", list)).json.count, 1);
});

test("a project whose primary dashboard is deleted has none", async () => {
  const project = s.cli("project", "add", "--name", "Primary").id, at = `/api/projects/${project}/`;
  const make = async () => (await s.call("POST", `${at}dashboards/`, { body: {} })).json.id;
  const first = await make(), second = await make();
  const primary = async () => (await s.call("GET", at)).json.primary_dashboard;
  assert.equal((await s.call("PATCH", at, { body: { primary_dashboard: first } })).status, 200);
  await s.call("PATCH", `${at}dashboards/${second}/`, { body: { deleted: true } });
  assert.equal(await primary(), first);
  await s.call("PATCH", `${at}dashboards/${first}/`, { body: { deleted: true } });
  assert.equal(await primary(), null);
});
