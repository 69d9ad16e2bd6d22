// Tiles of a dashboard: insights, texts and buttons, their order and display, copies, deletion.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");

let s;
before(async () => { s = await start(["--clock", "2026-01-20T12:00:00Z"]); });
after(async () => assert.equal(await s.stop(), 0));

const base = "/api/environments/@current/dashboards/";
const insights = "/api/projects/@current/insights/";
const trends = { kind: "InsightVizNode", source: { kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "$pageview" }] } };
const fields = ["button_tile", "color", "filters_overrides", "id", "insight", "is_cached", "last_refresh", "layouts",
  "order", "show_description", "text", "transparent_background", "widget"];
const board = async (body = {}) => (await s.call("POST", base, { body })).json.id;
const insight = async (dashboards, body = {}) =>
  (await s.call("POST", insights, { body: { query: trends, dashboards, ...body } })).json;
const patch = (id, body, key) => s.call("PATCH", `${base}${id}/`, { key, body });
const tiles = async (id, list, key) => {
  const { status, json } = await patch(id, { tiles: list }, key);
  assert.equal(status, 200, JSON.stringify(json));
  return json.tiles;
};
const failure = ({ status, json }) => [status, json.code, json.attr, json.detail];

test("a text: every field, changed in place, by its own id and by its tile's", async () => {
  const id = await board();
  const [tile] = await tiles(id, [{ text: { body: " # Hi " }, color: "blue", layouts: { sm: { x: 0, y: 1, w: 6, h: 2, minW: 3 } } }]);
  assert.deepEqual(Object.keys(tile).sort(), fields);
  assert.deepEqual(Object.keys(tile.text).sort(),
    ["body", "created_by", "dashboard_tiles", "id", "last_modified_at", "last_modified_by", "team"]);
  assert.deepEqual([tile.text.body, tile.color, tile.order, tile.text.team], ["# Hi", "blue", 0, s.first.project_id]);
  assert.deepEqual(tile.layouts, { sm: { x: 0, y: 1, w: 6, h: 2, minW: 3 } });
  assert.deepEqual([tile.insight, tile.button_tile, tile.widget, tile.last_refresh, tile.is_cached], [null, null, null, null, false]);
  assert.deepEqual([tile.show_description, tile.transparent_background, tile.filters_overrides], [null, null, {}]);
  assert.deepEqual(tile.text.dashboard_tiles, [{ id: tile.id, dashboard_id: id, deleted: null }]);
  assert.deepEqual([tile.text.created_by.email, tile.text.last_modified_by], ["owner@example.com", null]);
  const u = s.cli("user", "add", "--email", "other@example.com");
  const [echoed] = await tiles(id, [{ ...tile, text: { ...tile.text, body: "two" } }], u.personal_api_key);
  assert.deepEqual([echoed.id, echoed.text.id, echoed.text.body], [tile.id, tile.text.id, "two"]);
  assert.deepEqual([echoed.text.created_by.email, echoed.text.last_modified_by.email], ["owner@example.com", "other@example.com"]);
  const replaced = await tiles(id, [{ id: tile.id, text: { body: "three" } }]);
  assert.deepEqual([replaced.length, replaced[0].id, replaced[0].text.body, replaced[0].color], [1, tile.id, "three", "blue"]);
  assert.equal((await tiles(id, [{ text: { id: replaced[0].text.id, body: "" } }])).length, 1);
});

test("a button: defaults, every check of its address", async () => {
  const id = await board();
  const [tile] = await tiles(id, [{ button_tile: { url: "/insights?a=1", text: "Go" } }]);
  assert.deepEqual(Object.keys(tile.button_tile).sort(), ["created_by", "dashboard_tiles", "id", "last_modified_at",
    "last_modified_by", "placement", "style", "team", "text", "url"]);
  assert.deepEqual([tile.button_tile.placement, tile.button_tile.style], ["left", "primary"]);
  const [again] = await tiles(id, [{ id: tile.id, button_tile: { ...tile.button_tile, url: "https://example.com/x", style: "secondary" } }]);
  assert.deepEqual([again.id, again.button_tile.id, again.button_tile.style], [tile.id, tile.button_tile.id, "secondary"]);
  const url = (text) => ({ url: text, text: "t" });
  const valid = "Must be a valid URL or a pathname starting with /";
  const rows = [
    [{ text: "t" }, "required", "url", "This field is required."], [{ url: "/x" }, "required", "text", "This field is required."],
    [{ url: "/x", text: "" }, "blank", "text", "This field may not be blank."],
    [url("javascript:alert(1)"), "invalid_input", "url", valid], [url("//evil.example"), "invalid_input", "url", valid],
    [url("https:///x"), "invalid_input", "url", valid], [url("x"), "invalid_input", "url", valid],
    [url('/a"b'), "invalid_input", "url", "Pathname must start with / and contain valid URL path characters"],
    [url(`/${"x".repeat(2000)}`), "max_length", "url", "Button URL cannot exceed 2000 characters"],
    [{ url: "/x", text: "t".repeat(201) }, "max_length", "text", "Button text cannot exceed 200 characters"],
    [{ ...url("/x"), placement: "up" }, "invalid_choice", "placement", '"up" is not a valid choice.'],
    [{ ...url("/x"), style: "loud" }, "invalid_choice", "style", '"loud" is not a valid choice.'],
  ];
  for (const [button_tile, code, attr, detail] of rows)
    assert.deepEqual(failure(await patch(id, { tiles: [{ button_tile }] })), [400, code, `button_tile__${attr}`, detail]);
});

test("bad entries are named, and the whole request changes nothing", async () => {
  const id = await board(), other = await board();
  const [mine] = await tiles(id, [{ text: { body: "mine" } }]);
  const [theirs] = await tiles(other, [{ text: { body: "theirs" } }]);
  const foreign = s.cli("org", "add", "--name", "Elsewhere");
  const stranger = s.cli("user", "add", "--email", "stranger@example.com", "--org", foreign.id);
  const rows = [
    [{ text: { body: "x".repeat(4001) } }, [400, "max_length", "text__body", "Text body cannot exceed 4000 characters"]],
    [{ text: { id: 424242, body: "x" } }, [400, "invalid_input", "text", "Text tile not found in this team."]],
    [{ text: { id: theirs.text.id, body: "x" } }, [400, "invalid_input", "text", "Text tile not found."]],
    [{ text: { body: "x", created_by: { id: stranger.id } } }, [400, "invalid_input", null, "User not found in this organization."]],
    [{ button_tile: { id: "x", url: "/x", text: "t" } }, [400, "invalid_input", "button_tile", "Button tile not found in this team."]],
    [{ widget: { id: 1 } }, [400, "invalid_input", "widget", "Dashboard widgets are not enabled for this project."]],
    [{ id: theirs.id, text: { body: "x" } }, [404, "not_found", null, "Not found."]],
    [{ id: mine.id, color: "c".repeat(401) }, [400, "max_length", "color", "Color cannot exceed 400 characters"]],
    [{ id: mine.id, deleted: "maybe" }, [400, "invalid_input", "deleted", "Must be a valid boolean."]],
    [{ id: "x", color: "red" }, [400, "invalid_input", "id", "A valid integer is required."]],
  ];
  for (const [entry, want] of rows) {
    const reply = await patch(id, { name: "changed", tiles: [{ id: mine.id, color: "red" }, entry] });
    assert.deepEqual(failure(reply), want, JSON.stringify(entry).slice(0, 80));
  }
  const { json } = await s.call("GET", `${base}${id}/`);
  assert.deepEqual([json.name, json.tiles.length, json.tiles[0].color], [null, 1, null]);
  assert.deepEqual((await s.call("GET", `${base}${other}/`)).json.tiles[0].text.body, "theirs");
});

test("display: only what is given changes, unknown tiles are skipped, tiles go and come back", async () => {
  const id = await board(), other = await board();
  const shown = await insight([id], { name: "i" });
  const [first] = (await s.call("GET", `${base}${id}/`)).json.tiles;
  const [theirs] = await tiles(other, [{ text: { body: "theirs" } }]);
  const change = async (entry) => (await tiles(id, [{ id: first.id, ...entry }]))[0];
  assert.equal((await change({ show_description: true, transparent_background: "no" })).transparent_background, false);
  const tile = await change({ filters_overrides: { date_from: "-3d" }, insight: { id: 1 }, order: 9 });
  assert.deepEqual([tile.show_description, tile.filters_overrides, tile.insight.id, tile.order],
    [true, { date_from: "-3d" }, shown.id, 0]);
  assert.deepEqual(tile.insight.query.source.dateRange, { date_from: "-3d", date_to: null });
  assert.deepEqual((await s.call("GET", `${insights}${shown.id}/`)).json.query, trends);
  assert.equal((await change({ show_description: null })).show_description, null);
  assert.equal((await tiles(id, [{ id: theirs.id, color: "red" }, { id: 424242, deleted: true }, { color: "red" }, {}])).length, 1);
  assert.equal((await s.call("GET", `${base}${other}/`)).json.tiles[0].color, null);
  for (let i = 0; i < 2; i++) assert.deepEqual(await tiles(id, [{ id: first.id, deleted: true }]), []);
  assert.deepEqual((await s.call("GET", `${insights}${shown.id}/`)).json.dashboards, []);
  const [back] = await tiles(id, [{ id: first.id, deleted: false }]);
  assert.deepEqual(back.insight.dashboard_tiles, [{ id: first.id, dashboard_id: id, deleted: false }]);
});

test("tiles stand in the order of their layouts", async () => {
  const id = await board();
  const at = (x, y) => ({ sm: { x, y, w: 6, h: 5 } });
  await tiles(id, [{ text: { body: "last" } }, { text: { body: "c" }, layouts: at(0, 5) }, { text: { body: "b" }, layouts: at(6, 0) },
    { text: { body: "a" }, layouts: at(0, 0) }]);
  for (const order of [2, 1]) await insight([id], { name: `n${order}`, order });
  const { json } = await s.call("GET", `${base}${id}/`);
  assert.deepEqual(json.tiles.map((t) => t.text?.body ?? t.insight.name), ["a", "b", "c", "n1", "n2", "last"]);
  assert.deepEqual(json.tiles.map((t) => t.order), [0, 1, 2, 3, 4, 5]);
});

test("a dashboard's filters are laid over its insights' queries, a tile's own stand in their place", async () => {
  const id = await board({ filters: { date_from: "-30d", properties: [{ key: "k", value: "v", type: "event" }] } });
  const made = await insight([id]);
  const query = async (at) => (await s.call("GET", at)).json;
  const { tiles: [tile] } = await query(`${base}${id}/`);
  assert.deepEqual(tile.insight.query.source.dateRange, { date_from: "-30d", date_to: null });
  assert.equal(tile.insight.query.source.properties[0].key, "k");
  const over = (await query(`${base}${id}/?filters_override=${encodeURIComponent('{"date_from":"-1d"}')}`)).tiles[0].insight.query.source;
  assert.deepEqual([over.dateRange.date_from, over.properties[0].key], ["-1d", "k"]);
  const alone = await query(`${insights}${made.id}/?from_dashboard=${id}`);
  assert.deepEqual(alone.query, tile.insight.query);
  assert.deepEqual([alone.color, alone.layouts], [null, {}]);
  const other = await query(`${insights}${made.id}/?from_dashboard=424242`);
  assert.deepEqual([other.query, "color" in other], [trends, false]);
  await tiles(id, [{ id: tile.id, filters_overrides: { date_from: "-2d" } }]);
  const own = (await query(`${base}${id}/`)).tiles[0].insight.query.source;
  assert.deepEqual([own.dateRange.date_from, own.properties], ["-2d", undefined]);
});

test("two editors lose nothing", async () => {
  const id = await board();
  const bodies = Array.from({ length: 8 }, (_, i) => [{ text: { body: `t${i}` }, layouts: { sm: { x: 0, y: i } } }]);
  await Promise.all(bodies.map((list) => tiles(id, list)));
  const { json } = await s.call("GET", `${base}${id}/`);
  assert.deepEqual(json.tiles.map((t) => t.text.body), bodies.map((b) => b[0].text.body));
  const changes = [{ color: "red" }, { show_description: true }, { transparent_background: true }, { layouts: { sm: { x: 1, y: 1 } } }];
  await Promise.all(changes.map((c) => tiles(id, [{ id: json.tiles[0].id, ...c }])));
  const t = (await s.call("GET", `${base}${id}/`)).json.tiles.find((one) => one.id === json.tiles[0].id);
  assert.deepEqual([t.color, t.show_description, t.transparent_background, t.layouts.sm.x], ["red", true, true, 1]);
});

test("a restricted dashboard's tiles are changed by its editors only", async () => {
  const id = await board({ restriction_level: 37 });
  const [tile] = await tiles(id, [{ text: { body: "t" } }]);
  const { personal_api_key: key } = s.cli("user", "add", "--email", "reader@example.com",
    "--org", s.first.organization_id);
  for (const list of [[{ id: tile.id, color: "red" }], [{ text: { body: "x" } }], [{ id: tile.id, deleted: true }]])
    assert.equal((await patch(id, { tiles: list }, key)).json.detail, "You don't have edit permissions for this dashboard.");
  assert.equal((await s.call("GET", `${base}${id}/`, { key })).json.tiles[0].color, null);
});

test("duplicates link to the same insights and texts, deep ones copy them", async () => {
  const id = await board({ name: "source", filters: { date_from: "-7d" }, tags: ["t"] });
  const shown = await insight([id], { name: "i", tags: ["x"] });
  await insight([id], { name: null, derived_name: "d" });
  await tiles(id, [{ text: { body: "text" }, color: "blue" }, { button_tile: { url: "/x", text: "b" } }]);
  const linked = (await s.call("POST", base, { body: { name: "linked", use_dashboard: id } })).json;
  assert.deepEqual([linked.creation_mode, linked.name, linked.tags, linked.filters, linked.tiles.length],
    ["duplicate", "linked", [], { date_from: "-7d" }, 4]);
  assert.deepEqual(linked.tiles[0].insight.dashboards.length, 2);
  const text = linked.tiles.find((t) => t.text);
  assert.equal(text.color, "blue");
  assert.equal(text.text.dashboard_tiles.length, 2);
  await tiles(linked.id, [{ id: text.id, text: { ...text.text, body: "changed" } }]);
  assert.equal((await s.call("GET", `${base}${id}/`)).json.tiles.find((t) => t.text).text.body, "changed");
  const deep = (await s.call("POST", base, { body: { use_dashboard: id, duplicate_tiles: true, filters: { date_from: "-1d" } } })).json;
  const copy = deep.tiles.find((t) => t.insight?.name === "i (Copy)").insight;
  assert.notEqual(copy.short_id, shown.short_id);
  assert.deepEqual([copy.tags, copy.dashboards, deep.filters], [["x"], [deep.id], { date_from: "-1d" }]);
  assert.equal(deep.tiles.find((t) => t.insight?.derived_name === "d").insight.name, null);
  assert.equal(deep.tiles.find((t) => t.text).text.dashboard_tiles.length, 1);
  const more = await patch(id, { duplicate_tiles: [{ id: (await s.call("GET", `${base}${id}/`)).json.tiles[0].id, layouts: { sm: { x: 0, y: 9 } } }] });
  assert.equal(more.json.tiles.length, 5);
  assert.equal((await patch(id, { duplicate_tiles: [{ id: 424242 }] })).status, 404);
});

test("deleting a dashboard takes its tiles, insights only when asked; undeleting brings them back", async () => {
  const id = await board(), other = await board();
  const both = await insight([id, other]), only = await insight([id]);
  const exists = async (i) => (await s.call("GET", `${insights}${i.id}/`)).status === 200;
  const gone = (await patch(id, { deleted: true })).json;
  assert.deepEqual([gone.deleted, gone.tiles], [true, []]);
  assert.deepEqual([await exists(both), await exists(only)], [true, true]);
  assert.equal((await patch(id, { deleted: false })).json.tiles.length, 2);
  const count = async () => (await s.call("GET", insights)).json.count;
  const before_ = await count();
  await patch(id, { deleted: true, delete_insights: true });
  assert.deepEqual([await exists(both), await exists(only), await count()], [true, false, before_ - 1]);
  assert.equal((await s.call("GET", `${base}${other}/`)).json.tiles.length, 1);
  const back = (await patch(id, { deleted: false })).json;
  assert.deepEqual(back.tiles.map((t) => t.insight.id), [both.id, only.id]);
  assert.deepEqual([await exists(only), await count()], [true, before_]);
});
