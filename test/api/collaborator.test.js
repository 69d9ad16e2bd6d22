// Collaborators of a restricted dashboard: every check in its order, and what a row allows.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");

let s, users, n = 0;
before(async () => {
  s = await start();
  users = {};
  for (const [name, level] of [["member", "member"], ["second", "member"], ["admin", "admin"]])
    users[name] = s.cli("user", "add", "--email", `${name}@example.com`, "--level", level);
  const other = s.cli("org", "add", "--name", "Elsewhere");
  users.stranger = s.cli("user", "add", "--email", "stranger@example.com", "--org", other.id);
});
after(async () => assert.equal(await s.stop(), 0));

const base = "/api/environments/@current/dashboards/";
async function dashboard(restriction_level) {
  const { json } = await s.call("POST", base, { body: { name: `d${n++}`, restriction_level } });
  return `${base}${json.id}/`;
}
const add = (at, body, key) => s.call("POST", `${at}collaborators/`, { key, body });
const failure = ({ status, json }) => [status, json.code, json.detail, json.attr];

test("each check fails with its own text, in order", async () => {
  const open = await dashboard(21), closed = await dashboard(37);
  const user = { user_uuid: users.member.uuid, level: 37 };
  const rows = [
    [`${base}999999/`, {}, [404, "not_found", "Dashboard not found.", null]],
    [closed, { level: 37 }, [400, "required", "This field is required.", "user_uuid"]],
    [closed, { ...user, user_uuid: "x" }, [400, "invalid_input", "Must be a valid UUID.", "user_uuid"]],
    [closed, { ...user, level: 99 }, [400, "invalid_choice", '"99" is not a valid choice.', "level"]],
    [open, user, [400, "invalid_input",
      "Cannot add collaborators to a dashboard on the lowest restriction level.", null]],
    [closed, { ...user, level: 21 }, [400, "invalid_input",
      "Only edit access can be explicitly specified currently.", null]],
    [closed, { ...user, user_uuid: "00000000-0000-4000-8000-000000000000" },
      [400, "invalid_input", "User does not exist.", null]],
    [closed, { ...user, user_uuid: users.stranger.uuid }, [400, "invalid_input",
      "Cannot add collaborators that have no access to the project.", null]],
    [closed, { ...user, user_uuid: users.admin.uuid }, [400, "invalid_input", "Cannot add " +
      "collaborators that already have inherent access (the dashboard owner or a project admins).", null]],
  ];
  for (const [at, body, want] of rows) assert.deepEqual(failure(await add(at, body)), want);
  assert.equal((await add(closed, user)).status, 201);
  assert.deepEqual(failure(await add(closed, user)),
    [400, "invalid_input", "User already is a collaborator.", null]);
});

test("a collaborator may edit and add others, and no longer once removed", async () => {
  const at = await dashboard(37), member = users.member;
  const rename = (key) => s.call("PATCH", at, { key, body: { name: "renamed" } });
  const denied = [403, "permission_denied", "You don't have edit permissions for this dashboard.", null];
  assert.deepEqual(failure(await rename(member.personal_api_key)), denied);
  assert.deepEqual(failure(await add(at, {}, member.personal_api_key)), denied);
  const made = await add(at, { user_uuid: member.uuid, level: 37 });
  assert.deepEqual(Object.keys(made.json),
    ["id", "dashboard_id", "user", "level", "added_at", "updated_at", "user_uuid"]);
  assert.equal(made.json.user.email, "member@example.com");
  assert.equal((await rename(member.personal_api_key)).json.effective_privilege_level, 37);
  const level = await s.call("PATCH", at, { key: member.personal_api_key, body: { restriction_level: 21 } });
  assert.equal(level.status, 403);
  assert.match(level.json.detail, /^Only the dashboard owner and project admins/);
  assert.equal((await add(at, { user_uuid: users.second.uuid, level: 37 }, member.personal_api_key)).status, 201);
  const { json } = await s.call("GET", `${at}collaborators/`, { key: member.personal_api_key });
  assert.deepEqual(json.map((c) => c.user_uuid), [member.uuid, users.second.uuid]);
  const remove = () => s.call("DELETE", `${at}collaborators/${member.uuid}/`);
  await s.call("PATCH", at, { body: { restriction_level: 21 } });
  assert.equal((await remove()).json.detail,
    "Cannot remove collaborators from a dashboard on the lowest restriction level.");
  await s.call("PATCH", at, { body: { restriction_level: 37 } });
  assert.equal((await remove()).status, 204);
  assert.equal((await remove()).status, 404);
  assert.deepEqual(failure(await rename(member.personal_api_key)), denied);
});

test("the same user added twice at once becomes one row", async () => {
  const at = await dashboard(37);
  const body = { user_uuid: users.member.uuid, level: 37 };
  const statuses = (await Promise.all([add(at, body), add(at, body), add(at, body)])).map((r) => r.status);
  assert.deepEqual(statuses.sort(), [201, 400, 400]);
  assert.equal((await s.call("GET", `${at}collaborators/`)).json.length, 1);
});
