// Who may do what with a dashboard: every route by every kind of caller, as one table; and the rules on
// single dashboards that decide part of it. A link that shows a dashboard to all opens none of its routes.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start, hoglet } = require("./server.js");

let s, as, ids, uuids, link;
const boards = "/api/projects/@current/dashboards/";
const actors = ["creator", "admin", "collaborator", "member", "viewer", "hidden", "outsider", "weak", "nobody", "link"];

before(async () => {
  s = await start(["--clock", "2026-01-20T12:00:00Z"]);
  const user = (name, level = "member", org = s.first.organization_id) => s.cli("user", "add", "--email", `${name}@example.com`,
    "--password", "correct horse", "--org", org, "--level", level);
  const elsewhere = s.cli("org", "add", "--name", "Elsewhere");
  const people = { creator: user("creator"), admin: user("admin", "admin"), collaborator: user("collaborator"),
    member: user("member"), viewer: user("viewer"), hidden: user("hidden"), outsider: user("outsider", "member", elsewhere.id) };
  uuids = Object.fromEntries(Object.entries(people).map(([name, u]) => [name, u.uuid]));
  const weak = s.cli("key", "add", "--email", "creator@example.com", "--scopes", "survey:read").value;
  as = { weak: { key: weak }, nobody: { key: null }, link: { key: null } };
  for (const [name, u] of Object.entries(people))
    as[name] = { key: u.personal_api_key, session: await s.login(`${name}@example.com`) };
  const members = (await s.call("GET", "/api/organizations/@current/members/?limit=100")).json.results;
  ids = Object.fromEntries(members.map((m) => [m.user.email.split("@")[0], m.id]));
});
after(async () => assert.equal(await s.stop(), 0));

const project = () => `/api/projects/${s.first.project_id}`;

// A call by an actor, with the key or, for actions that have no scope, the session.
function call(actor, method, where, body, bySession) {
  const who = as[actor];
  const full = where.replace("/api/projects/@current", project()) + (actor === "link" ? `?sharing_access_token=${link}` : "");
  return bySession && who.session ? who.session(method, full, { body }) : s.call(method, full, { key: who.key, body });
}

const ok = async (reply) => { const { status, json } = await reply; assert.ok(status < 300, JSON.stringify(json)); return json; };

// A dashboard of the creator's: only collaborators edit it, one member may only look, one not even that.
async function restricted() {
  const { id } = await ok(call("creator", "POST", boards, { name: "r", restriction_level: 37 }));
  const at = `${boards}${id}/`;
  await ok(call("creator", "POST", `${at}collaborators/`, { user_uuid: uuids.collaborator, level: 37 }));
  await ok(call("creator", "PUT", `${at}access_controls/`, { access_level: "viewer", organization_member: ids.viewer }));
  await ok(call("creator", "PUT", `${at}access_controls/`, { access_level: "none", organization_member: ids.hidden }));
  link = (await ok(call("creator", "PATCH", `${at}sharing/`, { enabled: true }))).access_token;
  await ok(call("creator", "POST", `${at}create_text_tile/`, { body: "one" }));
  const tile = await ok(call("creator", "POST", `${at}create_text_tile/`, { body: "two" }));
  const other = await ok(call("creator", "POST", boards, { name: "other" }));
  const theirs = await ok(call("creator", "POST", `${boards}${other.id}/create_text_tile/`, { body: "three" }));
  return { id, at, tile: tile.id, other: other.id, theirs: theirs.id, uuids };
}

const level = (what) => `You do not have ${what} access to this resource.`;
const edit = "You don't have edit permissions for this dashboard.", manage = "Must be manager to modify dashboard permissions.";
const reads = { hidden: level("viewer") };
const writes = { member: edit, viewer: level("editor"), hidden: level("editor") };
const restricts = { ...writes, collaborator: "Only the dashboard owner and project admins have the restriction rights required to change the dashboard's restriction level." };
const manages = { ...writes, collaborator: manage, member: manage };

// method, path after the dashboard's, body of the dashboard's parts, status of success, who is refused and why
const table = [
  ["GET", "", null, 200, reads, "dashboard:read"],
  ["PATCH", "", () => ({ name: "n" }), 200, writes, "dashboard:write"],
  ["PUT", "", () => ({ name: "n" }), 200, writes, "dashboard:write"],
  ["PATCH", "", () => ({ restriction_level: 21 }), 200, restricts, "dashboard:write"],
  ["PATCH", "", () => ({ deleted: true }), 200, writes, "dashboard:write"],
  ["PATCH", "", (d) => ({ tiles: [{ id: d.tile, color: "blue" }] }), 200, writes, "dashboard:write"],
  ["DELETE", "", null, 405, {}, "dashboard:write"],
  ["GET", "stream_tiles/", null, 200, reads, null],
  ["GET", "run_insights/", null, 200, reads, "query:read"],
  ["POST", "move_tile/", (d) => ({ to_dashboard: d.other, tile: { id: d.tile } }), 200, writes, "dashboard:write"],
  ["PATCH", "move_tile/", (d) => ({ toDashboard: d.other, tile: { id: d.tile } }), 200, writes, "dashboard:write"],
  ["POST", "copy_tile/", (d) => ({ fromDashboardId: d.other, tileId: d.theirs }), 200, writes, "dashboard:write"],
  ["POST", "reorder_tiles/", (d) => ({ tile_order: [d.tile] }), 200, writes, "dashboard:write"],
  ["POST", "create_text_tile/", () => ({ body: "x" }), 201, writes, "dashboard:write"],
  ["POST", "update_text_tile/", (d) => ({ tile_id: d.tile, body: "x" }), 200, writes, "dashboard:write"],
  ["POST", "delete_tile/", (d) => ({ tile_id: d.tile }), 204, writes, "dashboard:write"],
  ["GET", "collaborators/", null, 200, reads, "dashboard:read"],
  ["POST", "collaborators/", (d) => ({ user_uuid: d.uuids.member, level: 37 }), 201, writes, "dashboard:write"],
  ["DELETE", "collaborators/COLLABORATOR/", null, 204, writes, "dashboard:write"],
  ["GET", "access_controls/", null, 200, reads, "access_control:read"],
  ["PUT", "access_controls/", () => ({ access_level: "editor" }), 200, manages, "access_control:write"],
  ["GET", "users_with_access/", null, 200, reads, "access_control:read"],
  ["GET", "sharing/", null, 200, reads, "sharing_configuration:read"],
  ["PATCH", "sharing/", () => ({ enabled: true }), 200, writes, "sharing_configuration:write"],
  ["POST", "sharing/refresh/", null, 200, writes, "sharing_configuration:write"],
  ["GET", "activity/", null, 200, reads, "activity_log:read"],
  ["GET", "versions/", null, 200, reads, "dashboard:read"],
  ["GET", "versions/1/", null, 200, reads, "dashboard:read"],
  ["POST", "versions/1/restore/", null, 200, writes, "dashboard:write"],
];

test("the table names every route of a dashboard but those tested beside", () => {
  const beside = new Set(["update_tile/", "sharing/passwords/", "sharing/passwords/:sub_id/"]);
  const prefix = "/api/projects/:project/dashboards/:id/";
  for (const { method, path } of JSON.parse(hoglet("routes"))) {
    if (!path.startsWith(prefix) || beside.has(path.slice(prefix.length))) continue;
    const tail = path.slice(prefix.length).replace("versions/:sub_id", "versions/1").replace(":sub_id", "COLLABORATOR");
    assert.ok(table.some(([m, t]) => m === method && t === tail), `${method} ${path}`);
  }
});

for (const [method, tail, body, success, refused, scope] of table)
  test(`${method} ${tail || "the dashboard"} ${body ? Object.keys(body({ uuids: {} })) : ""}`, async () => {
    let d; // a new one after each change: who is refused changes nothing
    for (const actor of actors) {
      d ??= await restricted();
      const where = `${d.at}${tail.replace("COLLABORATOR", uuids.collaborator)}`;
      const { status, json } = await call(actor, method, where, body?.(d), !scope);
      const what = `${actor}: ${JSON.stringify(json)?.slice(0, 200)}`;
      if (actor === "nobody" || actor === "link") assert.equal(status, 401, what);
      else if (actor === "weak")
        assert.deepEqual([status, json.detail], [403, scope ? `API key missing required scope '${scope}'`
          : "This action does not support personal API key access"], what);
      else if (actor === "outsider") assert.deepEqual([status, json.detail], [403, "You don't have access to the project."], what);
      else if (refused[actor]) assert.deepEqual([status, json.type, json.code, json.detail], [403, "authentication_error", "permission_denied", refused[actor]], what);
      else {
        assert.equal(status, success, what);
        if (method !== "GET") d = null;
      }
    }
  });

test("a dashboard's link opens its page and no list", async () => {
  await restricted();
  assert.equal((await s.call("GET", `/shared/${link}`, { key: null })).status, 200);
  for (const where of [boards, "/api/projects/@current/"]) assert.equal((await call("link", "GET", where)).status, 401, where);
});

test("the list leaves out what is hidden, and says what each caller may do", async () => {
  const d = await restricted();
  const all = (await call("creator", "GET", boards)).json.count;
  for (const [actor, seen, restriction, privilege] of [["creator", "manager", 37, 37], ["admin", "manager", 37, 37], ["collaborator", "editor", 37, 37],
    ["member", "editor", 37, 21], ["viewer", "viewer", 37, 21]]) {
    const { json } = await call(actor, "GET", `${boards}?limit=1000`);
    const row = json.results.find((one) => one.id === d.id);
    assert.deepEqual([row.user_access_level, row.effective_restriction_level, row.effective_privilege_level, json.count], [seen, restriction, privilege, all], actor);
  }
  const before_ = (await call("hidden", "GET", boards)).json.count;
  assert.equal((await call("hidden", "GET", `${boards}?limit=1000`)).json.results.find((one) => one.id === d.id), undefined);
  await ok(call("admin", "PUT", `${d.at}access_controls/`, { access_level: null, organization_member: ids.hidden }));
  assert.equal((await call("hidden", "GET", boards)).json.count, before_ + 1);
});

test("a dashboard that is hidden or fixed is neither source nor target", async () => {
  const d = await restricted();
  const own = (await call("hidden", "POST", boards, { name: "own" })).json.id;
  const copy = await call("hidden", "POST", `${boards}${own}/copy_tile/`, { fromDashboardId: d.id, tileId: d.tile });
  assert.deepEqual([copy.status, copy.json.detail], [403, "You don't have permission to view the source dashboard."]);
  const twin = await call("hidden", "POST", boards, { use_dashboard: d.id });
  assert.deepEqual([twin.status, twin.json.detail], [403, "You don't have permission to view the source dashboard."]);
  const mine = (await call("member", "POST", boards, { name: "own" })).json.id;
  const text = (await call("member", "POST", `${boards}${mine}/create_text_tile/`, { body: "x" })).json.id;
  const moved = await call("member", "POST", `${boards}${mine}/move_tile/`, { to_dashboard: d.id, tile: { id: text } });
  assert.deepEqual([moved.status, moved.json.detail], [403, "You don't have edit permissions for the destination dashboard."]);
  const insight = { dashboards: [d.id], query: { kind: "HogQLQuery", query: "SELECT 1" } };
  for (const actor of ["member", "viewer", "hidden"]) {
    const { status, json } = await call(actor, "POST", "/api/projects/@current/insights/", insight);
    assert.deepEqual([status, json.detail], [403, `You don't have permission to add insights to dashboard: ${d.id}`], actor);
  }
  const { id } = await ok(call("collaborator", "POST", "/api/projects/@current/insights/", insight));
  await ok(call("collaborator", "PATCH", `/api/projects/@current/insights/${id}/`, { dashboards: [d.id, mine] }));
  const away = await call("member", "PATCH", `/api/projects/@current/insights/${id}/`, { dashboards: [mine] });
  assert.deepEqual([away.status, away.json.detail], [403, `You don't have permission to remove insights from dashboard: ${d.id}`]);
});

test("a version brings back no text that is another dashboard's by now", async () => {
  const d = await restricted();
  const open = await ok(call("creator", "POST", boards, { name: "open" })), at = `${boards}${open.id}/`;
  const text = await ok(call("creator", "POST", `${at}create_text_tile/`, { body: "old" }));
  const button = await ok(call("creator", "PATCH", at, { tiles: [{ button_tile: { url: "https://old.example", text: "old" } }] }));
  const press = button.tiles.find((t) => t.button_tile);
  const [version] = (await ok(call("member", "GET", `${at}versions/`))).results.map((v) => v.version);
  for (const id of [text.id, press.id])
    await ok(call("creator", "POST", `${at}move_tile/`, { to_dashboard: d.id, tile: { id } }));
  await ok(call("creator", "POST", `${d.at}update_text_tile/`, { tile_id: text.id, body: "theirs" }));
  await ok(call("creator", "PATCH", d.at, { tiles: [{ id: press.id, button_tile: { id: press.button_tile.id, url: "https://theirs.example", text: "theirs" } }] }));

  const back = await ok(call("member", "POST", `${at}versions/${version}/restore/`));
  assert.deepEqual(back.tiles.map((t) => t.text?.body ?? t.button_tile.text), ["old", "old"]);
  const there = (await ok(call("creator", "GET", d.at))).tiles;
  assert.equal(there.find((t) => t.id === text.id).text.body, "theirs");
  assert.equal(there.find((t) => t.id === press.id).button_tile.url, "https://theirs.example");
});

test("rules are set, changed, removed, and checked", async () => {
  const { id } = await ok(call("creator", "POST", boards, {}));
  const at = `${boards}${id}/access_controls/`;
  const put = (body, actor = "creator") => call(actor, "PUT", at, body);
  const empty = await ok(call("member", "GET", at));
  assert.deepEqual(empty, { access_controls: [], available_access_levels: ["none", "viewer", "editor", "manager"], default_access_level: "editor",
    minimum_access_level: "none", maximum_access_level: "manager", user_access_level: "editor", user_can_edit_access_levels: false });
  const rule = await ok(put({ access_level: "viewer" }));
  assert.deepEqual(Object.keys(rule), ["access_level", "resource", "resource_id", "organization_member", "role", "created_by", "created_at", "updated_at"]);
  assert.deepEqual([rule.access_level, rule.resource, rule.resource_id, rule.organization_member], ["viewer", "dashboard", String(id), null]);
  const seen = async (actor) => (await call(actor, "GET", `${boards}${id}/`)).json.user_access_level;
  assert.deepEqual([await seen("creator"), await seen("admin"), await seen("member")], ["manager", "manager", "viewer"]);
  await ok(put({ access_level: "manager", organization_member: ids.member }));
  assert.deepEqual([await seen("member"), await seen("viewer")], ["manager", "viewer"]);
  await ok(put({ access_level: "none" }, "member")); // a manager by rule may set others
  assert.equal((await call("viewer", "GET", `${boards}${id}/`)).status, 403);
  const list = (await ok(call("creator", "GET", at))).access_controls;
  assert.deepEqual(list.map((c) => [c.access_level, c.organization_member]), [["none", null], ["manager", ids.member]]);
  const people = await ok(call("creator", "GET", `${boards}${id}/users_with_access/`));
  assert.deepEqual(people.users.map((u) => [u.user.email.split("@")[0], u.access_level, u.access_source]).sort(),
    [["admin", "manager", "organization_admin"], ["creator", "manager", "creator"], ["member", "manager", "explicit_member"], ["owner", "manager", "organization_admin"]]);
  assert.equal(people.total_count, 4);
  await ok(put({ access_level: null }));
  assert.equal(await seen("viewer"), "editor");
  for (const [body, code, attr, detail] of [
    [{}, "required", "access_level", "This field is required."],
    [{ access_level: "owner" }, "invalid_input", "access_level", "Invalid access level. Must be one of: none, viewer, editor, manager"],
    [{ access_level: "viewer", organization_member: ids.member, role: "r" }, "invalid_input", null, "You can not scope an access control to both a member and a role."],
    [{ access_level: "viewer", organization_member: "x" }, "does_not_exist", "organization_member", 'Invalid pk "x" - object does not exist.'],
    [{ access_level: "viewer", role: "x" }, "does_not_exist", "role", 'Invalid pk "x" - object does not exist.'],
  ])
    assert.deepEqual((await put(body)).json, { type: "validation_error", code, detail, attr }, JSON.stringify(body));
  assert.equal((await call("creator", "GET", `${boards}999/access_controls/`)).status, 404);
  await ok(s.call("DELETE", `/api/organizations/@current/members/${uuids.member}/`));
  assert.deepEqual((await ok(call("creator", "GET", at))).access_controls, []);
});
