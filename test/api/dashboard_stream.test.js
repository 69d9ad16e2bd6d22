// A dashboard sent tile by tile, and tags of many changed at once.
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

const base = "/api/environments/@current/dashboards/";
const layouts = (y, xs) => ({ sm: { x: 0, y, w: 6, h: 5 }, xs: { x: 0, y: xs, w: 1, h: 5 } });

// Messages of a stream; each must be one line of compact JSON.
function messages(text) {
  const events = text.split("\n\n");
  assert.equal(events.pop(), "");
  return events.map((event) => {
    assert.match(event, /^data: \{"type":"\w+"[,}]/);
    const message = JSON.parse(event.slice(6));
    assert.equal(event.length, 6 + JSON.stringify(message).length);
    return message;
  });
}

// A dashboard of so many tiles, each a query; in the order of the list on "sm", reversed on "xs".
async function board(queries) {
  const { id } = (await s.call("POST", base, { body: { name: "streamed", filters: { date_from: "-7d" } } })).json;
  for (const query of queries)
    await s.call("POST", "/api/projects/@current/insights/", { body: { dashboards: [id], query: { kind: "HogQLQuery", query } } });
  const { tiles } = (await s.call("GET", `${base}${id}/`)).json;
  const n = tiles.length, patch = tiles.map((t, i) => ({ id: t.id, layouts: layouts(i, n - i) }));
  await s.call("PATCH", `${base}${id}/`, { body: { tiles: patch } });
  return { id, ids: tiles.map((t) => t.id) };
}

test("metadata with two tiles, then tiles in order, then the end; under both prefixes", async () => {
  const { id, ids } = await board(["SELECT 0", "SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4", "SELECT 5", "SELECT 6"]);
  const plain = (await s.call("GET", `${base}${id}/?refresh=true`)).json;
  for (const family of ["projects", "environments"]) {
    const where = `/api/${family}/@current/dashboards/${id}/stream_tiles/`;
    const reply = await session("GET", `${where}?refresh=blocking`);
    assert.equal(reply.status, 200);
    assert.match(reply.headers.get("content-type"), /^text\/event-stream/);
    const [first, ...rest] = messages(reply.text);
    assert.equal(first.type, "metadata");
    assert.deepEqual(first.dashboard.tiles.map((t) => [t.id, t.order, t.insight.result[0][0]]), [[ids[0], 0, 0], [ids[1], 1, 1]]);
    for (const key of ["persisted_filters", "persisted_variables", "team_id", "name", "filters"])
      assert.deepEqual(first.dashboard[key], plain[key], key);
    assert.deepEqual(Object.keys(first.dashboard), Object.keys(plain));
    assert.deepEqual(rest.pop(), { type: "complete" });
    assert.deepEqual(rest.map((m) => [m.type, m.order, m.tile.id, m.tile.order, m.tile.insight.result[0][0]]),
      [2, 3, 4, 5, 6].map((i) => ["tile", i, ids[i], i, i]));
    assert.deepEqual(Object.keys(rest[0].tile), Object.keys(plain.tiles[2]));
  }
});

test("the order is the breakpoint's; filters and variables of the address count", async () => {
  const { id, ids } = await board(["SELECT 0", "SELECT 1", "SELECT 2"]);
  const order = async (query) => {
    const [first, ...rest] = messages((await session("GET", `${base}${id}/stream_tiles/?${query}`)).text);
    return [...first.dashboard.tiles, ...rest.slice(0, -1).map((m) => m.tile)].map((t) => t.id);
  };
  assert.deepEqual(await order(""), ids);
  assert.deepEqual(await order("layoutSize=xs"), ids.toReversed());
  assert.deepEqual(await order("layout_size=xs"), ids.toReversed());
  assert.deepEqual(await order("layoutSize=huge"), ids);
  const over = encodeURIComponent('{"date_from":"-1d"}');
  const [first] = messages((await session("GET", `${base}${id}/stream_tiles/?filters_override=${over}`)).text);
  assert.deepEqual([first.dashboard.filters, first.dashboard.persisted_filters], [{ date_from: "-1d" }, { date_from: "-7d" }]);
  const bad = await session("GET", `${base}${id}/stream_tiles/?filters_override={`);
  assert.deepEqual([bad.status, bad.json.attr], [400, "filters_override"]);
});

test("a failing tile is an error of its own, the others come", async () => {
  const { id, ids } = await board(["SELECT 0", "SELECT 1", "SELECT nonsense", "SELECT 3"]);
  const sent = messages((await session("GET", `${base}${id}/stream_tiles/?refresh=force_blocking`)).text);
  assert.deepEqual(sent.map((m) => m.type), ["metadata", "error", "tile", "complete"]);
  assert.deepEqual([sent[1].tile_id, sent[1].order, sent[1].tile.error.message], [ids[2], 2, sent[1].error]);
  assert.match(sent[1].error, /nonsense/);
});

test("an empty one, a missing one, and who may ask", async () => {
  const { id } = (await s.call("POST", base, { body: {} })).json;
  const before_ = (await s.call("GET", base)).json.results.find((d) => d.id === id);
  assert.equal(before_.last_accessed_at, null);
  assert.deepEqual(messages((await session("GET", `${base}${id}/stream_tiles/`)).text).map((m) => m.type), ["metadata", "complete"]);
  assert.notEqual((await s.call("GET", base)).json.results.find((d) => d.id === id).last_accessed_at, null);
  assert.deepEqual((await session("GET", `${base}999/stream_tiles/`)).json.code, "not_found");
  await s.call("PATCH", `${base}${id}/`, { body: { deleted: true } });
  assert.equal((await session("GET", `${base}${id}/stream_tiles/`)).status, 404);
  const key = await s.call("GET", `${base}${id}/stream_tiles/`);
  assert.deepEqual([key.status, key.json.detail], [403, "This action does not support personal API key access"]);
});

test("tags of many dashboards are added, removed, set", async () => {
  const make = async (body) => (await s.call("POST", base, { body })).json.id;
  const a = await make({ tags: ["x", "y"] }), b = await make({});
  const where = `${base}bulk_update_tags/`;
  const post = async (body) => { const r = await session("POST", where, { body }); return [r.status, r.json]; };
  const tags = async (id) => (await s.call("GET", `${base}${id}/`)).json.tags;
  assert.deepEqual(await post({ ids: [a, 9999, b], action: "add", tags: [" New ", "x"] }),
    [200, { updated: [{ id: a, tags: ["x", "y", "new"] }, { id: b, tags: ["new", "x"] }], skipped: [{ id: 9999, reason: "Not found" }] }]);
  await post({ ids: [a, b], action: "remove", tags: ["x"] });
  assert.deepEqual([await tags(a), await tags(b)], [["y", "new"], ["new"]]);
  await post({ ids: [a, b], action: "set", tags: ["z"] });
  assert.deepEqual([await tags(a), await tags(b)], [["z"], ["z"]]);
  for (const [body, code, attr] of [[{ action: "add", tags: [] }, "required", "ids"], [{ ids: [a], tags: [] }, "required", "action"],
    [{ ids: [a], action: "add" }, "required", "tags"], [{ ids: [a], action: "drop", tags: [] }, "invalid_choice", "action"],
    [{ ids: Array.from({ length: 501 }, (_, i) => i + 1), action: "add", tags: ["q"] }, "max_length", "ids"], [{ ids: [a], action: "add", tags: "q" }, "not_a_list", "tags"]]) {
    const [status, json] = await post(body);
    assert.deepEqual([status, json.code, json.attr], [400, code, attr], JSON.stringify(body));
  }
  s.cli("user", "add", "--email", "other@example.com", "--password", "correct horse");
  const other = await s.login("other@example.com");
  await s.call("PATCH", `${base}${b}/`, { body: { restriction_level: 37 } });
  const { json } = await other("POST", where, { body: { ids: [a, b], action: "add", tags: ["theirs"] } });
  assert.deepEqual(json, { updated: [{ id: a, tags: ["z", "theirs"] }], skipped: [{ id: b, reason: "Permission denied" }] });
  assert.equal((await s.call("POST", where, { body: {} })).status, 403);
});
