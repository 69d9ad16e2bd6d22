// Who changed what: the log of dashboards and insights, and their versions, which come back.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");

let s, other;
before(async () => {
  s = await start(["--clock", "2026-01-20T12:00:00Z"]);
  other = s.cli("user", "add", "--email", "other@example.com");
});
after(async () => assert.equal(await s.stop(), 0));

const root = "/api/projects/@current/", boards = `${root}dashboards/`, insights = `${root}insights/`;
const ok = async (method, where, body, key) => {
  const { status, json } = await s.call(method, where, { body, key });
  assert.ok(status < 300, JSON.stringify([method, where, status, json]));
  return json;
};
const log = async (at) => (await ok("GET", `${at}activity/`)).results;
// What an entry says, short.
const brief = (h) => [h.user?.email.split("@")[0], h.activity, ...h.detail.changes.map((c) => [c.field, c.action])];
const sql = (n) => ({ kind: "HogQLQuery", query: `SELECT ${n}` });

test("every change of a dashboard is an entry: who, when, before, after", async () => {
  const d = await ok("POST", boards, { name: "one" });
  const at = `${boards}${d.id}/`;
  await ok("PATCH", at, { name: "two", tags: ["t"] }, other.personal_api_key);
  await ok("PATCH", at, { name: "two" }); // nothing changes: no entry
  await ok("GET", at);
  await ok("PATCH", at, { filters: { date_from: "-7d" } });
  const text = await ok("POST", `${at}create_text_tile/`, { body: "a" });
  await ok("POST", `${at}update_text_tile/`, { tile_id: text.id, body: "b" });
  await ok("PATCH", at, { tiles: [{ id: text.id, color: "blue" }] });
  const i = await ok("POST", insights, { name: "i", query: sql(1), dashboards: [d.id] });
  await ok("PATCH", at, { restriction_level: 37 });
  await ok("POST", `${at}collaborators/`, { user_uuid: other.uuid, level: 37 });
  await ok("DELETE", `${at}collaborators/${other.uuid}/`);
  await ok("PUT", `${at}access_controls/`, { access_level: "viewer" });
  await ok("PUT", `${at}access_controls/`, { access_level: null });
  await ok("PATCH", `${at}sharing/`, { enabled: true });
  await ok("POST", `${at}delete_tile/`, { tile_id: text.id });
  await ok("PATCH", at, { deleted: true, delete_insights: true });
  await ok("PATCH", at, { deleted: false });
  const entries = await log(at);
  assert.deepEqual(entries.toReversed().map(brief), [
    ["owner", "created"],
    ["other", "updated", ["name", "changed"], ["tags", "changed"]],
    ["owner", "updated", ["filters", "changed"]],
    ["owner", "updated", ["tiles", "created"]],
    ["owner", "updated", ["tiles", "changed"]],
    ["owner", "updated", ["tiles", "changed"]],
    ["owner", "updated", ["tiles", "created"]],
    ["owner", "updated", ["restriction_level", "changed"]],
    ["owner", "updated", ["collaborators", "created"]],
    ["owner", "updated", ["collaborators", "deleted"]],
    ["owner", "updated", ["access_controls", "created"]],
    ["owner", "updated", ["access_controls", "deleted"]],
    ["owner", "updated", ["sharing", "changed"]],
    ["owner", "updated", ["tiles", "deleted"]],
    ["owner", "deleted", ["deleted", "changed"], ["tiles", "deleted"]],
    ["owner", "restored", ["deleted", "changed"], ["tiles", "created"], ["tiles", "created"]],
  ]);
  const [, second] = entries.toReversed();
  assert.deepEqual(second.detail.changes, [{ type: "Dashboard", action: "changed", field: "name", before: "one", after: "two" },
    { type: "Dashboard", action: "changed", field: "tags", before: [], after: ["t"] }]);
  assert.deepEqual([second.scope, second.item_id, second.detail.name], ["Dashboard", String(d.id), "two"]);
  assert.match(second.created_at, /^2026-01-20T12:/);
  const [body] = entries.toReversed()[4].detail.changes;
  assert.deepEqual([body.before.text.body, body.after.text.body], ["a", "b"]);
  assert.ok(!JSON.stringify(entries).includes("access_token"));
  assert.deepEqual((await log(`${insights}${i.id}/`)).toReversed().map(brief),
    [["owner", "created"], ["owner", "deleted", ["deleted", "changed"]], ["owner", "restored", ["deleted", "changed"]]]);
});

test("a change that fails is no entry", async () => {
  const d = await ok("POST", boards, { name: "one" });
  const at = `${boards}${d.id}/`;
  assert.equal((await s.call("PATCH", at, { body: { name: "x", pinned: "maybe" } })).status, 400);
  assert.equal((await s.call("PATCH", at, { body: { name: "x", tiles: [{ text: { body: "x".repeat(4001) } }] } })).status, 400);
  assert.equal((await log(at)).length, 1);
  assert.equal((await ok("GET", at)).name, "one");
});

test("moves, copies, duplicates, templates and tags are entries of what they change", async () => {
  const a = await ok("POST", boards, { name: "a" }), b = await ok("POST", boards, { name: "b" });
  const of = (d) => `${boards}${d.id}/`;
  const tile = await ok("POST", `${of(a)}create_text_tile/`, { body: "x" });
  await ok("POST", `${of(b)}copy_tile/`, { fromDashboardId: a.id, tileId: tile.id });
  const second = await ok("POST", `${of(a)}create_text_tile/`, { body: "y" });
  await ok("POST", `${of(a)}move_tile/`, { to_dashboard: b.id, tile: { id: second.id } });
  assert.deepEqual((await log(of(a)))[0].detail.changes.map((c) => c.action), ["deleted"]);
  assert.deepEqual((await log(of(b))).map((h) => h.detail.changes.map((c) => c.action)), [["created"], ["created"], []]);
  const i = await ok("POST", insights, { name: "i", query: sql(1), dashboards: [a.id] });
  const twin = await ok("POST", boards, { use_dashboard: a.id, duplicate_tiles: true });
  const copied = twin.tiles.find((t) => t.insight).insight;
  assert.notEqual(copied.id, i.id);
  assert.deepEqual((await log(`${insights}${copied.id}/`)).map(brief), [["owner", "created"]]);
  await ok("PATCH", `${insights}${i.id}/`, { deleted: true });
  assert.deepEqual((await log(of(a)))[0].detail.changes.map((c) => [c.field, c.action]), [["tiles", "deleted"]]);
  const made = await ok("POST", boards, { use_template: "DEFAULT_APP" });
  assert.equal((await log(of(made))).length, 1);
});

test("the log of a project is narrowed, paged, and shows nothing that is hidden", async () => {
  const project = s.cli("project", "add", "--name", "Logged").id;
  const at = `/api/environments/${project}/`;
  const d = await ok("POST", `${at}dashboards/`, { name: "d" });
  const i = await ok("POST", `${at}insights/`, { name: "i", query: sql(1) });
  await ok("PATCH", `${at}insights/${i.id}/`, { name: "j" }, other.personal_api_key);
  const ask = async (query, key) => (await ok("GET", `${at}activity_log/?${query}`, undefined, key)).results.map((h) => [h.scope, h.activity]);
  assert.deepEqual(await ask(""), [["Insight", "updated"], ["Insight", "created"], ["Dashboard", "created"]]);
  assert.deepEqual(await ask("scope=Dashboard"), [["Dashboard", "created"]]);
  assert.deepEqual(await ask("activity=updated"), [["Insight", "updated"]]);
  assert.deepEqual(await ask(`user=${other.uuid}`), [["Insight", "updated"]]);
  assert.deepEqual(await ask(`user=${other.id}`), [["Insight", "updated"]]);
  assert.deepEqual(await ask("user=nobody"), []);
  assert.deepEqual(await ask(`scope=Insight&item_id=${i.id}`), [["Insight", "updated"], ["Insight", "created"]]);
  assert.deepEqual(await ask("item_id=x"), []);
  const page = await ok("GET", `${at}activity_log/?limit=2`);
  assert.deepEqual([page.count, page.results.length, page.previous, new URL(page.next).search], [3, 2, null, "?limit=2&offset=2"]);
  await ok("PUT", `${at}dashboards/${d.id}/access_controls/`, { access_level: "none" });
  assert.deepEqual(await ask("", other.personal_api_key), [["Insight", "updated"], ["Insight", "created"]]);
  assert.equal((await ask("")).length, 4);
  const weak = s.cli("key", "add", "--email", "owner@example.com", "--scopes", "dashboard:read").value;
  assert.equal((await s.call("GET", `${at}activity_log/`, { key: weak })).json.detail, "API key missing required scope 'activity_log:read'");
});

test("versions of a dashboard are listed, compared, and brought back with their tiles", async () => {
  const d = await ok("POST", boards, { name: "v1", description: "first", tags: ["a"] });
  const at = `${boards}${d.id}/`;
  const text = await ok("POST", `${at}create_text_tile/`, { body: "words", color: "blue", layouts: { sm: { x: 0, y: 0, w: 6, h: 2 } } });
  const i = await ok("POST", insights, { name: "i", query: sql(7), dashboards: [d.id] });
  const good = await ok("GET", at);
  const saved = (await ok("GET", `${at}versions/`)).results[0].version;
  assert.equal(saved, 3);
  await ok("PATCH", at, { name: "v4", tags: [], filters: { date_from: "-1d" }, tiles: [{ id: text.id, text: { id: text.text.id, body: "ruined" }, color: null, layouts: {} },
    { text: { body: "more" } }] });
  await ok("PATCH", `${insights}${i.id}/`, { deleted: true });
  const list = await ok("GET", `${at}versions/`);
  assert.deepEqual([list.count, list.results.map((v) => [v.version, v.activity, v.name])], [5, [[5, "updated", "v4"], [4, "updated", "v4"],
    [3, "updated", "v1"], [2, "updated", "v1"], [1, "created", "v1"]]]);
  assert.ok(!("snapshot" in list.results[0]));
  const three = await ok("GET", `${at}versions/3/`);
  assert.deepEqual([three.snapshot.name, three.snapshot.tiles.length, three.created_by.email], ["v1", 2, "owner@example.com"]);
  const compared = await ok("GET", `${at}versions/3/?compare=5`);
  assert.deepEqual(compared.changes.filter((c) => c.field !== "tiles").map((c) => [c.field, c.before, c.after]),
    [["name", "v4", "v1"], ["tags", [], ["a"]], ["filters", { date_from: "-1d" }, {}]]);
  assert.deepEqual(compared.changes.filter((c) => c.field === "tiles").map((c) => c.action).sort(), ["changed", "created", "deleted"]);

  const back = await ok("POST", `${at}versions/3/restore/`);
  const shape = (board) => [board.name, board.description, board.tags, board.filters, board.tiles.map((t) => [t.id, t.color, t.layouts, t.text?.body ?? null, t.insight?.id ?? null])];
  assert.deepEqual(shape(back), shape(good));
  assert.deepEqual(shape(await ok("GET", at)), shape(good));
  const newest = (await ok("GET", `${at}versions/6/`)).snapshot;
  assert.deepEqual({ ...newest }, { ...three.snapshot });
  await ok("POST", `${at}versions/5/restore/`); // and forth
  assert.deepEqual((await ok("GET", at)).tiles.map((t) => t.text.body).sort(), ["more", "ruined"]);
  await ok("PATCH", at, { deleted: true });
  assert.equal((await ok("POST", `${at}versions/3/restore/`)).deleted, false);
  assert.deepEqual(shape(await ok("GET", at)), shape(good));
  for (const tail of ["versions/99/", "versions/x/", "versions/1/?compare=99"]) assert.equal((await s.call("GET", `${at}${tail}`)).status, 404, tail);
  assert.equal((await s.call("POST", `${at}versions/99/restore/`)).status, 404);
  assert.equal((await s.call("GET", `${boards}9999/versions/`)).status, 404);
});

test("versions of an insight come back, by number or short id", async () => {
  const i = await ok("POST", insights, { name: "first", query: sql(1), tags: ["x"] });
  const at = `${insights}${i.short_id}/`;
  await ok("PATCH", at, { name: "second", query: sql(2), description: "d", tags: [] });
  const shown = await ok("GET", `${at}versions/1/?compare=2`);
  assert.deepEqual(shown.changes.map((c) => c.field).sort(), ["description", "name", "query", "tags"]);
  await ok("PATCH", at, { deleted: true });
  const back = await ok("POST", `${insights}${i.id}/versions/1/restore/`);
  assert.deepEqual([back.name, back.description, back.query.source.query, back.tags, back.deleted], ["first", null, "SELECT 1", ["x"], false]);
  assert.equal((await ok("GET", `${at}?refresh=true`)).result[0][0], 1);
  assert.deepEqual((await ok("GET", `${at}versions/`)).results.map((v) => [v.version, v.activity]), [[4, "restored"], [3, "deleted"], [2, "updated"], [1, "created"]]);
});
