// What can be done with one tile: move, copy, reorder, texts, deletion, running the insights.
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
const board = async (body = {}) => (await s.call("POST", base, { body })).json.id;
const insight = async (...dashboards) => (await s.call("POST", insights, { body: { query: trends, dashboards } })).json.id;
const act = (id, action, body, { key, method = "POST" } = {}) => s.call(method, `${base}${id}/${action}/`, { key, body });
const tiles = async (id) => (await s.call("GET", `${base}${id}/`)).json.tiles;
const put = async (id, list) => (await s.call("PATCH", `${base}${id}/`, { body: { tiles: list } })).json.tiles;
const failure = ({ status, json }) => [status, json.code, json.attr, json.detail];
const missing = [404, "not_found", null, "Not found."];

test("a tile moves and keeps its id; a deleted one of the same content makes way", async () => {
  const from = await board(), to = await board();
  await insight(from, to);
  const [tile] = await tiles(from), [there] = await tiles(to);
  const taken = await act(from, "move_tile", { to_dashboard: to, tile: { id: tile.id } });
  assert.deepEqual(failure(taken), [400, "invalid_input", null, "Invalid request data for moving tile."]);
  await put(to, [{ id: there.id, deleted: true }]);
  const moved = await act(from, "move_tile", { toDashboard: to, tile }, { method: "PATCH" });
  assert.deepEqual([moved.status, moved.json.id, moved.json.tiles], [200, from, []]);
  assert.deepEqual((await tiles(to)).map((t) => t.id), [tile.id]);
  const rows = [[{ tile: { id: 1 } }, "to_dashboard"], [{ to_dashboard: to }, "tile"], [{ to_dashboard: to, tile: {} }, "tile__id"]];
  for (const [body, attr] of rows)
    assert.deepEqual(failure(await act(from, "move_tile", body)), [400, "required", attr, "This field is required."]);
  assert.deepEqual(failure(await act(from, "move_tile", { to_dashboard: to, tile: { id: tile.id } })), missing);
  assert.deepEqual(failure(await act(to, "move_tile", { to_dashboard: 424242, tile: { id: tile.id } })), missing);
});

test("a tile is copied as a link, or brings back the one that was deleted", async () => {
  const from = await board(), to = await board();
  const id = await insight(from);
  const [tile] = await tiles(from);
  await put(from, [{ id: tile.id, color: "blue" }, { text: { body: "t" } }, { button_tile: { url: "/x", text: "b" } }]);
  const all = await tiles(from), text = all.find((t) => t.text), button = all.find((t) => t.button_tile);
  const copy = (tileId, fromDashboardId = from) => act(to, "copy_tile", { fromDashboardId, tileId });
  const copied = await copy(tile.id);
  assert.deepEqual([copied.status, copied.json.id], [200, to]);
  const [link] = copied.json.tiles;
  assert.deepEqual([link.insight.id, link.color, link.insight.dashboards.length], [id, "blue", 2]);
  assert.equal((await copy(text.id)).json.tiles.length, 2);
  const texts = [
    [tile.id, from, [400, "invalid_input", null, "This insight is already on the destination dashboard."]],
    [text.id, from, [400, "invalid_input", null, "This text card is already on the destination dashboard."]],
    [button.id, from, [400, "invalid_input", null, "Only insight, text, and widget tiles can be copied between dashboards."]],
    [tile.id, to, [400, "invalid_input", null, "Destination must be a different dashboard than the source."]],
    [424242, from, missing], [tile.id, 424242, missing],
  ];
  for (const [tileId, source, want] of texts) assert.deepEqual(failure(await copy(tileId, source)), want);
  assert.equal((await act(to, "copy_tile", { tileId: 1 })).json.attr, "fromDashboardId");
  await put(to, [{ id: link.id, deleted: true, color: "red" }]);
  const back = (await copy(tile.id)).json.tiles.find((t) => t.insight);
  assert.deepEqual([back.id, back.color], [link.id, "blue"]);
});

test("reorder lays tiles out in the order given", async () => {
  const id = await board();
  const ids = (await put(id, [1, 2, 3].map((n) => ({ text: { body: `${n}` } })))).map((t) => t.id);
  const order = async (tile_order, layout) => {
    const { status, json } = await act(id, "reorder_tiles", { tile_order, layout });
    assert.equal(status, 200);
    return json.tiles.map((t) => [t.id, t.layouts.sm, t.layouts.xs]);
  };
  const box = (x, y, w, h) => ({ x, y, w, h });
  const [a, b, c] = ids;
  assert.deepEqual(await order([c, a, b], "two_column"), [[c, box(0, 0, 6, 5), box(0, 0, 1, 5)],
    [a, box(6, 0, 6, 5), box(0, 5, 1, 5)], [b, box(0, 5, 6, 5), box(0, 10, 1, 5)]]);
  assert.deepEqual((await order([b, c], "full_width")).filter(([t]) => t !== a), [[b, box(0, 0, 12, 5), box(0, 0, 1, 5)],
    [c, box(0, 5, 12, 5), box(0, 5, 1, 5)]]);
  await put(id, [{ id: a, layouts: { sm: box(9, 9, 4, 2) } }, { id: b, layouts: {} }, { id: c, layouts: { sm: box(0, 0, 8, 1) } }]);
  assert.deepEqual(await order([a, c, b]), [[a, box(0, 0, 4, 2), box(0, 0, 1, 2)], [c, box(4, 0, 8, 1), box(0, 2, 1, 1)],
    [b, box(4, 1, 6, 5), box(0, 3, 1, 5)]]);
  const bad = async (body) => (await act(id, "reorder_tiles", body));
  assert.deepEqual(failure(await bad({ tile_order: [] })).slice(0, 3), [400, "min_length", "tile_order"]);
  assert.equal((await bad({})).json.code, "required");
  assert.equal((await bad({ tile_order: [a, "x"] })).json.attr, "tile_order__1");
  assert.equal((await bad({ tile_order: [a], layout: "pile" })).json.code, "invalid_choice");
  const twice = await bad({ tile_order: [a, a] });
  assert.deepEqual([twice.status, twice.json], [400, { detail: "tile_order must contain unique tile IDs" }]);
  const gone = await bad({ tile_order: [999, a, 998] });
  assert.deepEqual([gone.status, gone.json], [404, { detail: "Tile IDs not found on this dashboard: [998, 999]" }]);
});

test("texts are made and changed, other tiles displayed, one at a time", async () => {
  const id = await board();
  await insight(id);
  const [chart] = await tiles(id);
  const layouts = { sm: { x: 1, y: 2, w: 3, h: 4, minW: 9 }, lg: { x: 0 } };
  const made = await act(id, "create_text_tile", { body: "hello", layouts, color: "red" });
  assert.deepEqual([made.status, made.json.text.body, made.json.order, made.json.color], [201, "hello", null, "red"]);
  assert.deepEqual(made.json.layouts, { sm: { x: 1, y: 2, w: 3, h: 4 } });
  assert.deepEqual((await act(id, "create_text_tile", { body: "x" })).json.layouts, {});
  const long = { body: "x".repeat(4001) };
  for (const [body, code, attr] of [[{}, "required", "body"], [{ body: " " }, "blank", "body"], [long, "max_length", "body"],
    [{ body: "x", color: "c".repeat(401) }, "max_length", "color"], [{ body: "x", layouts: { sm: { x: "?" } } }, "invalid_input", "layouts__sm__x"]])
    assert.deepEqual(failure(await act(id, "create_text_tile", body)).slice(0, 3), [400, code, attr]);
  const changed = await act(id, "update_text_tile", { tile_id: made.json.id, body: "bye" });
  assert.deepEqual([changed.status, changed.json.text.body, changed.json.color, changed.json.text.last_modified_by.email],
    [200, "bye", "red", "owner@example.com"]);
  assert.equal((await act(id, "update_text_tile", { tile_id: chart.id, body: "x" })).json.detail, "Tile is not a text tile.");
  assert.deepEqual(failure(await act(id, "update_text_tile", { tile_id: 424242 })), missing);
  const shown = await act(id, "update_tile", { tile_id: chart.id, show_description: true });
  assert.deepEqual([shown.status, shown.json.show_description, shown.json.color, shown.json.order], [200, true, null, null]);
  assert.equal((await act(id, "update_tile", { tile_id: chart.id, color: "blue" })).json.show_description, true);
  assert.equal((await act(id, "update_tile", { tile_id: made.json.id, color: "blue" })).status, 400);
});

test("a deleted tile's room is filled from below", async () => {
  const id = await board();
  const at = (x, y, w, h) => ({ sm: { x, y, w, h, minW: 1 }, xs: { x: 0, y, w: 1, h } });
  const [a, b, c, d] = (await put(id, [at(0, 0, 12, 2), at(0, 2, 6, 3), at(6, 2, 6, 5), at(0, 7, 12, 1)]
    .map((layouts) => ({ text: { body: "t" }, layouts })))).map((t) => t.id);
  const remove = await act(id, "delete_tile", { tile_id: a });
  assert.deepEqual([remove.status, remove.text], [204, ""]);
  const rest = Object.fromEntries((await tiles(id)).map((t) => [t.id, t.layouts.sm]));
  assert.deepEqual(rest[b], { x: 0, y: 0, w: 6, h: 3, minW: 1 });
  assert.deepEqual([rest[c].y, rest[d].y], [0, 5]);
  for (const tile_id of [a, 424242]) assert.deepEqual(failure(await act(id, "delete_tile", { tile_id })), missing);
  assert.equal((await act(id, "delete_tile", {})).json.attr, "tile_id");
});

test("all of it needs edit rights, on the destination too", async () => {
  const closed = await board({ restriction_level: 37 }), open = await board();
  const { personal_api_key: key } = s.cli("user", "add", "--email", "reader@example.com");
  await insight(closed);
  const [tile] = await tiles(closed);
  const [text] = await put(open, [{ text: { body: "t" } }]);
  const rows = { move_tile: { to_dashboard: open, tile }, copy_tile: { fromDashboardId: open, tileId: text.id },
    reorder_tiles: { tile_order: [tile.id] }, create_text_tile: { body: "x" }, update_text_tile: { tile_id: tile.id },
    update_tile: { tile_id: tile.id, color: "red" }, delete_tile: { tile_id: tile.id } };
  for (const [action, body] of Object.entries(rows)) {
    const { status, json } = await act(closed, action, body, { key });
    assert.deepEqual([status, json.detail], [403, "You don't have edit permissions for this dashboard."], action);
    assert.equal((await act(424242, action, body)).status, 404, action);
  }
  const out = await act(open, "move_tile", { to_dashboard: closed, tile: text }, { key });
  assert.deepEqual([out.status, out.json.detail], [403, "You don't have edit permissions for the destination dashboard."]);
});

test("running the insights answers those with a query, in order", async () => {
  const id = await board();
  const [first, second] = [await insight(id), await insight(id)];
  await put(id, [{ text: { body: "t" } }]);
  const { status, json } = await s.call("GET", `${base}${id}/run_insights/`);
  assert.equal(status, 200);
  assert.deepEqual(json.results.map((t) => t.insight.id), [first, second]);
  assert.deepEqual([json.results[0].last_refresh, json.results[0].is_cached, json.results[0].order], [null, false, 0]);
  assert.deepEqual(Object.keys(json.results[0].insight), ["id", "short_id", "name", "derived_name", "result"]);
});
