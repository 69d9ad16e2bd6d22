// Templates: the resource, those that come with the server, and dashboards made of them.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");

let s, session;
before(async () => {
  s = await start(["--clock", "2026-01-20T12:00:00Z"]);
  session = await s.login();
});
after(async () => assert.equal(await s.stop(), 0));

const at = "/api/projects/@current/dashboard_templates/", boards = "/api/environments/@current/dashboards/";
const tiles = [
  { type: "TEXT", body: "# Hello", color: "blue", layouts: { sm: { x: 0, y: 0, w: 12, h: 2 } } },
  { type: "INSIGHT", name: "Views", description: "d", color: "green", layouts: { sm: { x: 0, y: 2, w: 6, h: 5 } },
    show_description: true, query: { kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "$pageview" }] } },
  { type: "BUTTON", url: "/insights", text: "More", style: "secondary", layouts: { sm: { x: 6, y: 2, w: 6, h: 5 } }, transparent_background: true },
];
const full = { template_name: "T", dashboard_description: "desc", dashboard_filters: { date_from: "-3d" }, tags: ["One", "two"], tiles };
const make = async (body, where = at) => {
  const { status, json } = await s.call("POST", where, { body });
  assert.equal(status, 201, JSON.stringify(json));
  return json;
};
const error = (code, attr, detail) => ({ type: "validation_error", code, detail, attr });
const denied = "You don't have edit permissions for this dashboard template.";

test("a template is made, listed, changed, hidden and restored", async () => {
  for (const family of ["projects", "environments"]) {
    const list = `/api/${family}/@current/dashboard_templates/`;
    const name = `Of ${family}`;
    const t = await make({ ...full, template_name: name }, list);
    assert.deepEqual(Object.keys(t).sort(), ["availability_contexts", "created_at", "created_by", "dashboard_description",
      "dashboard_filters", "deleted", "id", "image_url", "is_featured", "scope", "tags", "team_id", "template_name", "tiles", "variables"]);
    assert.deepEqual([t.scope, t.team_id, t.tags, t.tiles, t.is_featured, t.variables, t.deleted],
      ["team", Number(s.first.project_id), ["One", "two"], tiles, false, null, false]);
    assert.deepEqual((await s.call("GET", `${list}${t.id}/`)).json, t);
    const names = async () => (await s.call("GET", list)).json.results.map((r) => r.template_name);
    assert.ok((await names()).includes(name));
    const variables = [{ id: "A", name: "a", type: "event", default: {}, description: "", required: true }];
    const changed = (await s.call("PATCH", `${list}${t.id}/`, { body: { variables, image_url: "https://x/y.png" } })).json;
    assert.deepEqual([changed.variables, changed.image_url, changed.template_name], [variables, "https://x/y.png", name]);
    const put = await s.call("PUT", `${list}${t.id}/`, { body: { ...full, template_name: name, is_featured: true } });
    assert.deepEqual([put.status, put.json.is_featured], [200, true]);
    assert.deepEqual(await (async () => { const r = await s.call("DELETE", `${list}${t.id}/`); return [r.status, r.text]; })(), [405, ""]);
    await s.call("PATCH", `${list}${t.id}/`, { body: { deleted: true } });
    assert.ok(!(await names()).includes(name));
    await s.call("PATCH", `${list}${t.id}/`, { body: { deleted: false } });
    assert.ok((await names()).includes(name));
    await s.call("PATCH", `${list}${t.id}/`, { body: { deleted: true } });
  }
  assert.equal((await s.call("GET", `${at}018f0000-0000-7000-8000-00000000ffff/`)).status, 404);
});

test("bad templates are refused", async () => {
  await make({ ...full, template_name: "Taken" });
  for (const [body, expected] of [
    [{ template_name: "x" }, error("invalid_input", null, "You need to provide tiles for the template.")],
    [{ template_name: "x", tiles: [] }, error("invalid_input", null, "You need to provide tiles for the template.")],
    [{ template_name: "x", tiles: {} }, error("invalid_input", null, "You need to provide tiles for the template.")],
    [{ template_name: "Taken", tiles }, error("invalid_input", "template_name", "A dashboard template with this name already exists for this project.")],
    [{ template_name: "n".repeat(401), tiles }, error("max_length", "template_name", "Ensure this field has no more than 400 characters.")],
    [{ template_name: "x", dashboard_description: "n".repeat(401), tiles }, error("max_length", "dashboard_description", "Ensure this field has no more than 400 characters.")],
    [{ template_name: "x", tags: "y", tiles }, error("not_a_list", "tags", 'Expected a list of items but got type "str".')],
    [{ template_name: "x", tags: ["y".repeat(256)], tiles }, error("max_length", "tags", "Ensure this field has no more than 255 characters.")],
    [{ template_name: "x", scope: "mine", tiles }, error("invalid_choice", "scope", '"mine" is not a valid choice.')],
    [{ template_name: "x", is_featured: "maybe", tiles }, error("invalid_input", "is_featured", "Must be a valid boolean.")],
  ]) {
    const { status, json } = await s.call("POST", at, { body });
    assert.deepEqual([status, json], [400, expected], JSON.stringify(body));
  }
  const forAll = await s.call("POST", at, { body: { ...full, template_name: "x", scope: "global" } });
  assert.deepEqual([forAll.status, forAll.json.detail], [403, denied]);
});

test("those that came with the server are listed, narrowed, ordered and cannot be changed", async () => {
  const list = `/api/projects/${s.cli("project", "add", "--name", "Listed").id}/dashboard_templates/`;
  const names = async (query) => (await s.call("GET", `${list}?${query}`)).json.results.map((t) => t.template_name);
  const builtIn = ["Growth and retention", "Product analytics", "Website traffic"];
  assert.deepEqual(await names(""), builtIn);
  const own = await make({ ...full, template_name: "a first", is_featured: true }, list);
  await make({ ...full, template_name: "zoo", tags: ["Special"], dashboard_description: "animals" }, list);
  assert.deepEqual(await names(""), ["a first", ...builtIn, "zoo"]);
  assert.deepEqual(await names("scope=team"), ["a first", "zoo"]);
  assert.deepEqual(await names("scope=global"), builtIn);
  assert.deepEqual(await names("scope=feature_flag"), []);
  assert.deepEqual(await names("scope=unlisted"), []);
  assert.deepEqual(await names("is_featured=true"), ["a first"]);
  assert.deepEqual(await names("is_featured=false"), [...builtIn, "zoo"]);
  assert.deepEqual(await names("ordering=-template_name"), ["a first", "zoo", ...builtIn.toReversed()]);
  assert.deepEqual(await names("ordering=-created_at&scope=team"), ["a first", "zoo"]);
  assert.deepEqual(await names("ordering=nonsense&scope=team"), ["a first", "zoo"]);
  assert.deepEqual(await names("search=SPECIAL"), ["zoo"]);
  assert.deepEqual(await names("search=animals%20zoo"), ["zoo"]);
  assert.deepEqual(await names("search=%25"), []);
  const page = (await s.call("GET", `${list}?limit=2`)).json;
  assert.deepEqual([page.count, page.results.length, new URL(page.next).search], [5, 2, "?limit=2&offset=2"]);
  const global = (await s.call("GET", `${list}?scope=global`)).json.results[0];
  assert.deepEqual([global.team_id, global.created_by], [null, null]);
  const change = await s.call("PATCH", `${list}${global.id}/`, { body: { template_name: "mine" } });
  assert.deepEqual([change.status, change.json.detail], [403, denied]);
  assert.equal((await s.call("GET", `${at}${own.id}/`)).status, 404); // of another project
  await s.call("PATCH", `${list}${own.id}/`, { body: { scope: "organization" } });
  assert.equal((await s.call("GET", `${at}${own.id}/`)).status, 200);
  assert.equal((await s.call("PATCH", `${at}${own.id}/`, { body: { template_name: "x" } })).status, 403);
});

test("use_template makes tiles, insights, texts and buttons in order", async () => {
  await make({ ...full, template_name: "Full" });
  const { status, json } = await s.call("POST", boards, { body: { use_template: "Full", description: "replaced", tags: ["mine", "two"], filters: { date_from: "-9d" } } });
  assert.equal(status, 201);
  assert.deepEqual([json.name, json.description, json.filters, json.creation_mode], ["Full", "desc", { date_from: "-3d" }, "template"]);
  assert.deepEqual(json.tags.sort(), ["mine", "one", "two"]);
  const [text, insight, button] = json.tiles;
  assert.deepEqual([text.text.body, text.text.created_by, text.color, text.layouts], ["# Hello", null, "blue", tiles[0].layouts]);
  assert.deepEqual([insight.insight.name, insight.insight.is_sample, insight.insight.saved, insight.show_description],
    ["Views", true, true, true]);
  assert.equal(insight.insight.created_by.email, "owner@example.com");
  assert.deepEqual([insight.insight.query.kind, insight.insight.query.source.dateRange.date_from], ["InsightVizNode", "-3d"]);
  assert.deepEqual([button.button_tile.url, button.button_tile.style, button.button_tile.placement, button.transparent_background],
    ["/insights", "secondary", "left", true]);
  const named = await s.call("POST", boards, { body: { use_template: "Full", name: "Mine" } });
  assert.equal(named.json.name, "Mine");
  const edited = (await s.call("PATCH", `/api/projects/@current/insights/${insight.insight.id}/`, { body: { name: "n" } })).json;
  assert.equal(edited.is_sample, false);
});

test("every template that came with the server answers with results", async () => {
  for (const [key, count] of [["DEFAULT_APP", 6], ["WEBSITE_TRAFFIC", 8], ["Growth and retention", 4]]) {
    const { status, json } = await s.call("POST", boards, { body: { use_template: key } });
    assert.deepEqual([status, json.tiles.length], [201, count], key);
    const shown = (await s.call("GET", `${boards}${json.id}/?refresh=force_blocking`)).json;
    for (const t of shown.tiles) assert.ok(!t.error && t.insight.result !== null, JSON.stringify([key, t.insight.name, t.error]));
  }
});

test("a bad tile leaves nothing behind", async () => {
  const count = async () => [(await s.call("GET", boards)).json.count, (await s.call("GET", "/api/projects/@current/insights/")).json.count];
  const before_ = await count();
  for (const [n, bad] of [{ type: "INSIGHT", query: { kind: "Nope" } }, { type: "WIDGET" }, { type: "BUTTON", text: "x", url: "javascript:x" },
    { type: "TEXT", body: "x".repeat(4001) }, {}].entries()) {
    await make({ ...full, template_name: `Bad ${n}`, tiles: [...tiles, bad] });
    assert.equal((await s.call("POST", boards, { body: { use_template: `Bad ${n}` } })).status, 400, JSON.stringify(bad));
    const json = await session("POST", `${boards}create_from_template_json/`, { body: { template: { ...full, tiles: [...tiles, bad] } } });
    assert.equal(json.status, 400);
  }
  assert.deepEqual(await count(), before_);
});

test("create_from_template_json takes a template in the body", async () => {
  const where = `${boards}create_from_template_json/`;
  const made = await session("POST", where, { body: { template: { ...full, extra: 1, variables: null }, creation_context: "x", _create_in_folder: "A/B" } });
  assert.deepEqual([made.status, made.json.name, made.json.creation_mode, made.json.folder, made.json.tiles.length], [200, "T", "default", "A/B", 3]);
  const without = (key) => { const t = { ...full }; delete t[key]; return t; };
  for (const [template, detail] of [
    [undefined, "None is not of type 'object'"],
    ...["template_name", "dashboard_description", "dashboard_filters", "tiles"].map((k) => [without(k), `'${k}' is a required property`]),
    [{ ...full, template_name: 5 }, "5 is not of type 'string'"], [{ ...full, tiles: [] }, "[] should be non-empty"],
    [{ ...full, tiles: [1] }, "1 is not of type 'object'"], [{ ...full, dashboard_filters: null }, "None is not of type 'object'"],
    [{ ...full, variables: [{ id: "a" }] }, "'name' is a required property"],
    [{ ...full, variables: [{ id: "a", name: "n", type: "x", default: {}, description: "", required: true }] }, "'x' is not one of ['event', 'element']"],
  ]) {
    const { status, json } = await session("POST", where, { body: { template } });
    assert.deepEqual([status, json], [400, error("invalid_input", null, detail)]);
  }
  const form = await session("POST", where, { body: "template=x", headers: { "Content-Type": "application/x-www-form-urlencoded" } });
  assert.equal(form.status, 415);
  const schema = await session("GET", `${at}json_schema/`);
  assert.deepEqual([schema.status, schema.json.required], [200, ["template_name", "dashboard_description", "dashboard_filters", "tiles"]]);
});

test("unlisted dashboards are made once, by tag", async () => {
  const where = `${boards}create_unlisted_dashboard/`;
  const post = async (body) => { const r = await session("POST", where, { body }); return [r.status, r.json]; };
  assert.deepEqual(await post({}), [400, { error: "tag is required" }]);
  assert.deepEqual(await post({ tag: "x" }), [400, { error: "Unknown template tag: x" }]);
  for (const tag of ["llm-analytics", "mcp-analytics"]) {
    const [status, json] = await post({ tag });
    assert.deepEqual([status, json.creation_mode, json.tags], [201, "unlisted", [tag]]);
    assert.deepEqual(await post({ tag }), [409, { error: `Unlisted dashboard with tag '${tag}' already exists` }]);
    const shown = await s.call("GET", `${boards}${json.id}/?refresh=true`);
    assert.ok(shown.json.tiles.length && shown.json.tiles.every((t) => !t.error), JSON.stringify(shown.json.tiles.map((t) => t.error)));
    await s.call("PATCH", `${boards}${json.id}/`, { body: { deleted: true } });
    assert.equal((await post({ tag }))[0], 201);
  }
  assert.deepEqual((await s.call("GET", `${boards}?search=usage`)).json.results, []);
  assert.equal((await s.call("GET", `${boards}?creation_mode=unlisted`)).json.count, 2);
});

test("copy_between_projects copies a project's template under a free name", async () => {
  const to = s.cli("project", "add", "--name", "Copies").id, there = `/api/projects/${to}/dashboard_templates/`;
  const copy = async (source_template_id, where = there) => {
    const { status, json } = await session("POST", `${where}copy_between_projects/`, { body: { source_template_id } });
    return status === 201 ? [status, json.template_name, json.team_id, json.scope] : [status, json.attr, json.detail];
  };
  const t = await make({ ...full, template_name: "Copied", is_featured: true });
  const flag = await make({ ...full, template_name: "Flagged", scope: "feature_flag" });
  const global = (await s.call("GET", `${at}?scope=global`)).json.results[0];
  assert.deepEqual(await copy(t.id), [201, "Copied", to, "team"]);
  assert.deepEqual(await copy(t.id), [201, "Copied (copy)", to, "team"]);
  assert.deepEqual(await copy(t.id), [201, "Copied (copy 2)", to, "team"]);
  const attr = "source_template_id";
  assert.deepEqual(await copy(t.id, at), [400, attr, "Source and destination must be different projects."]);
  assert.deepEqual(await copy(global.id), [400, attr, "Only project-scoped templates can be copied to another project."]);
  assert.deepEqual(await copy(flag.id), [400, attr, "Feature-flag templates cannot be copied with this endpoint."]);
  assert.deepEqual(await copy("nope"), [404, null, "Not found."]);
  assert.deepEqual(await copy(undefined), [400, attr, "This field is required."]);
  const elsewhere = s.cli("org", "add", "--name", "Elsewhere");
  s.cli("user", "add", "--email", "far@example.com", "--org", elsewhere.id, "--password", "correct horse");
  const far = await s.login("far@example.com");
  const foreign = await far("POST", `/api/projects/${elsewhere.project_id}/dashboard_templates/copy_between_projects/`, { body: { source_template_id: t.id } });
  assert.equal(foreign.status, 404);
});

test("actions without a scope are for sessions", async () => {
  for (const [method, where] of [["POST", `${boards}create_from_template_json/`], ["POST", `${boards}create_unlisted_dashboard/`],
    ["GET", `${at}json_schema/`], ["POST", `${at}copy_between_projects/`]]) {
    const { status, json } = await s.call(method, where, { body: method === "GET" ? undefined : {} });
    assert.deepEqual([status, json.detail], [403, "This action does not support personal API key access"], where);
  }
});
