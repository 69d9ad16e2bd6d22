// Organizations and their members.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");

let s, users = {};
before(async () => {
  s = await start();
  for (const [name, level] of [["member", "member"], ["admin", "admin"], ["second", "member"]])
    users[name] = s.cli("user", "add", "--email", `${name}@example.com`, "--level", level);
  users.owner = { personal_api_key: s.first.personal_api_key, uuid: (await s.call("GET", "/api/users/@me/")).json.uuid };
});
after(async () => assert.equal(await s.stop(), 0));

const current = "/api/organizations/@current/";
const failure = ({ status, json }) => [status, json.code, json.detail, json.attr];
const as = (name) => ({ key: users[name].personal_api_key });
const fields = `id name slug logo_media_id created_at updated_at membership_level plugins_access_level teams projects
  available_product_features is_member_join_email_enabled metadata customer_id enforce_2fa members_can_invite
  members_can_use_personal_api_keys allow_publicly_shared_resources member_count is_ai_data_processing_approved
  default_experiment_stats_method default_role_id`.split(/\s+/);

test("an organization has every field; others' are not there", async () => {
  const { json } = await s.call("GET", current);
  for (const name of fields) assert.ok(name in json, name);
  assert.deepEqual([json.membership_level, json.member_count, json.teams.map((t) => t.id)], [15, 4, [s.first.project_id]]);
  assert.equal((await s.call("GET", current, as("member"))).json.membership_level, 1);
  const list = (await s.call("GET", "/api/organizations/?limit=1")).json;
  assert.deepEqual([list.count, list.results[0].id], [1, json.id]);
  const other = s.cli("org", "add", "--name", "Elsewhere");
  for (const id of [other.id, "nonsense", "00000000-0000-4000-8000-000000000000"])
    assert.deepEqual(failure(await s.call("GET", `/api/organizations/${id}/`)),
      [404, "not_found", "Organization not found.", null]);
});

test("admins change it, anyone makes one of their own", async () => {
  assert.deepEqual(failure(await s.call("PATCH", current, { ...as("member"), body: { name: "x" } })),
    [403, "permission_denied", "Your organization access level is insufficient.", null]);
  const changed = await s.call("PATCH", current, { ...as("admin"),
    body: { name: "Renamed", enforce_2fa: true, allow_publicly_shared_resources: false, slug: "mine", id: "x" } });
  assert.deepEqual([changed.status, changed.json.name, changed.json.enforce_2fa, changed.json.allow_publicly_shared_resources],
    [200, "Renamed", true, false]);
  for (const [body, code, attr] of [[{ name: "" }, "blank", "name"], [{ name: "x".repeat(65) }, "max_length", "name"],
    [{ members_can_use_personal_api_keys: 7 }, "invalid_input", "members_can_use_personal_api_keys"],
    [{ default_experiment_stats_method: "guess" }, "invalid_choice", "default_experiment_stats_method"]]) {
    const reply = await s.call("PATCH", current, { body });
    assert.deepEqual([reply.status, reply.json.code, reply.json.attr], [400, code, attr]);
  }
  assert.deepEqual(failure(await s.call("POST", "/api/organizations/", { body: {} })),
    [400, "required", "This field is required.", "name"]);
  const made = await s.call("POST", "/api/organizations/", { ...as("member"), body: { name: "Mine" } });
  assert.deepEqual([made.status, made.json.membership_level, made.json.teams.length], [201, 15, 1]);
  assert.equal((await s.call("GET", `/api/projects/${made.json.teams[0].id}/`, as("member"))).status, 200);
  assert.equal((await s.call("GET", `/api/projects/${made.json.teams[0].id}/`)).status, 403);
});

test("an organization can forbid keys to plain members", async () => {
  await s.call("PATCH", current, { body: { members_can_use_personal_api_keys: false } });
  const refused = await s.call("GET", "/api/projects/@current/", as("second"));
  assert.equal(refused.status, 403);
  assert.match(refused.json.detail, /^Organization 'Renamed' does not allow using personal API keys\./);
  assert.equal((await s.call("GET", "/api/projects/@current/", as("admin"))).status, 200);
  await s.call("PATCH", current, { body: { members_can_use_personal_api_keys: true } });
  assert.equal((await s.call("GET", "/api/projects/@current/", as("second"))).status, 200);
});

test("members are listed and fetched", async () => {
  const list = (await s.call("GET", `${current}members/`, as("member"))).json;
  assert.equal(list.count, 4);
  assert.deepEqual(Object.keys(list.results[0]), ["id", "user", "level", "joined_at", "updated_at", "is_2fa_enabled",
    "has_social_auth", "last_login"]);
  assert.deepEqual(list.results.map((m) => m.user.email).sort(),
    ["admin@example.com", "member@example.com", "owner@example.com", "second@example.com"]);
  const page = (await s.call("GET", `${current}members/?limit=3`)).json;
  assert.equal(page.results.length, 3);
  assert.equal((await s.call("GET", page.next)).json.results.length, 1);
  assert.equal((await s.call("GET", `${current}members/@me/`)).json.level, 15);
  assert.equal((await s.call("GET", `${current}members/nobody/`)).status, 404);
});

test("levels: nobody above themselves, owners by owners, not one's own", async () => {
  const set = (who, whom, level) => s.call("PATCH", `${current}members/${users[whom].uuid}/`, { ...as(who), body: { level } });
  const denied = (text) => [403, "permission_denied", text, null];
  assert.deepEqual(failure(await set("member", "second", 1)), denied("You can only edit others if you are an admin."));
  assert.deepEqual(failure(await set("admin", "owner", 1)), denied("You can only edit others with level lower or equal to you."));
  assert.deepEqual(failure(await set("admin", "admin", 1)), denied("You can't change your own access level."));
  assert.deepEqual(failure(await set("admin", "second", 15)),
    denied("You can only make another member owner if you're this organization's owner."));
  assert.deepEqual(failure(await set("admin", "second", 99)), [400, "invalid_choice", '"99" is not a valid choice.', "level"]);
  const raised = await set("admin", "second", 8);
  assert.deepEqual([raised.status, raised.json.level, raised.json.user.email], [200, 8, "second@example.com"]);
  assert.equal((await set("owner", "second", 15)).json.level, 15);
  assert.equal((await set("owner", "second", 1)).json.level, 1);
});

test("members are removed, and leave; the last owner stays", async () => {
  const remove = (who, whom) => s.call("DELETE", `${current}members/${users[whom].uuid}/`, as(who));
  assert.equal((await remove("member", "second")).status, 403);
  assert.deepEqual(failure(await remove("owner", "owner")),
    [400, "invalid_input", "Cannot leave the organization as its owner!", null]);
  assert.equal((await remove("admin", "second")).status, 204);
  assert.equal((await remove("admin", "second")).status, 404);
  assert.equal((await s.call("GET", `/api/projects/${s.first.project_id}/`, as("second"))).status, 403);
  assert.equal((await s.call("GET", "/api/projects/@current/", as("second"))).status, 404);
  assert.equal((await s.call("DELETE", `${current}members/@me/`, as("member"))).status, 204);
  assert.equal((await s.call("GET", `${current}members/`)).json.count, 2);
});
