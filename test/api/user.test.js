// The caller's own account: every field, what PATCH accepts, passwords.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");

let s;
before(async () => { s = await start(); });
after(async () => assert.equal(await s.stop(), 0));

const me = "/api/users/@me/";
const failure = ({ status, json }) => [status, json.code, json.detail, json.attr];
const fields = `id uuid distinct_id first_name last_name email pending_email is_email_verified date_joined
  notification_settings anonymize_data toolbar_mode has_password is_staff is_impersonated team organization
  organizations events_column_config is_2fa_enabled has_social_auth has_sso_enforcement
  has_seen_product_intro_for scene_personalisation theme_mode hedgehog_config role_at_organization`.split(/\s+/);

async function session(email, password) {
  const reply = await s.call("POST", "/api/login/", { key: null, body: { email, password } });
  if (reply.status !== 200) return null;
  const cookie = reply.headers.getSetCookie().map((c) => c.split(";")[0]).join("; ");
  return { Cookie: cookie, "X-CSRFToken": cookie.match(/csrftoken=(\w+)/)[1] };
}

test("the account has every field, with the shapes that clients check", async () => {
  const { json } = await s.call("GET", me);
  for (const name of fields) assert.ok(name in json, name);
  const { team, organization, organizations } = json;
  assert.deepEqual([team.id, team.project_id, team.organization], [s.first.project_id, s.first.project_id, organization.id]);
  for (const name of "uuid api_token name completed_snippet_onboarding has_completed_onboarding_for ingested_event is_demo timezone access_control".split(" "))
    assert.ok(name in team, name);
  assert.deepEqual(Object.keys(organizations[0]).sort(),
    ["id", "logo_media_id", "members_can_use_personal_api_keys", "membership_level", "name", "slug"]);
  assert.deepEqual([organization.member_count, organization.teams.length], [1, 1]);
  assert.deepEqual((await s.call("GET", `/api/users/${json.uuid}/`)).json, json);
  const someone = s.cli("user", "add", "--email", "someone@example.com");
  assert.equal((await s.call("GET", `/api/users/${someone.uuid}/`)).status, 403);
});

test("PATCH changes what is the user's own", async () => {
  const { status, json } = await s.call("PATCH", me, { body: { first_name: "Ada", last_name: "L", theme_mode: "dark",
    notification_settings: { plugin_disabled: false }, role_at_organization: "data", hedgehog_config: { color: "red" },
    is_staff: true, uuid: "x" } });
  assert.equal(status, 200);
  assert.deepEqual([json.first_name, json.last_name, json.theme_mode, json.is_staff], ["Ada", "L", "dark", false]);
  assert.deepEqual([json.notification_settings.plugin_disabled, json.notification_settings.discussions_mentioned], [false, true]);
  const made = await s.call("POST", "/api/projects/@current/dashboards/", { body: { name: "d" } });
  const { first_name, role_at_organization, hedgehog_config } = made.json.created_by;
  assert.deepEqual({ first_name, role_at_organization, hedgehog_config },
    { first_name: "Ada", role_at_organization: "data", hedgehog_config: { color: "red" } });
  for (const [body, code, attr] of [
    [{ first_name: "x".repeat(151) }, "max_length", "first_name"], [{ theme_mode: "pink" }, "invalid_choice", "theme_mode"],
    [{ email: "nonsense" }, "invalid_input", "email"], [{ email: "SOMEONE@example.com" }, "unique", "email"],
    [{ set_current_team: 99 }, "does_not_exist", "set_current_team"],
    [{ set_current_team: "x" }, "invalid_input", "set_current_team"],
    [{ set_current_organization: "x" }, "does_not_exist", "set_current_organization"]]) {
    const reply = await s.call("PATCH", me, { body: { last_name: "lost", ...body } });
    assert.deepEqual([reply.status, reply.json.code, reply.json.attr], [400, code, attr], JSON.stringify(body));
  }
  assert.equal((await s.call("GET", me)).json.last_name, "L");
  const reader = s.cli("key", "add", "--email", "owner@example.com", "--scopes", "user:read").value;
  assert.equal((await s.call("GET", me, { key: reader })).status, 200);
  assert.equal((await s.call("PATCH", me, { key: reader, body: {} })).json.detail, "API key missing required scope 'user:write'");
});

test("the current project and organization are chosen", async () => {
  const two = (await s.call("POST", "/api/organizations/@current/projects/", { body: { name: "Two" } })).json;
  assert.equal((await s.call("GET", "/api/projects/@current/")).json.id, s.first.project_id);
  assert.equal((await s.call("PATCH", me, { body: { set_current_team: two.id } })).json.team.id, two.id);
  assert.equal((await s.call("GET", "/api/projects/@current/")).json.id, two.id);
  const org = (await s.call("POST", "/api/organizations/", { body: { name: "Other" } })).json;
  const moved = (await s.call("PATCH", me, { body: { set_current_organization: org.id } })).json;
  assert.deepEqual([moved.organization.id, moved.team.id], [org.id, org.teams[0].id]);
  const back = (await s.call("PATCH", me, { body: { set_current_team: s.first.project_id } })).json;
  assert.deepEqual([back.organization.id, back.team.id], [s.first.organization_id, s.first.project_id]);
  const foreign = s.cli("org", "add", "--name", "Foreign");
  assert.deepEqual(failure(await s.call("PATCH", me, { body: { set_current_team: foreign.project_id } })).slice(0, 2), [400, "does_not_exist"]);
});

test("a password is changed by who knows it, which ends the other sessions", async () => {
  const email = "changer@example.com", old = "correct horse", fresh = "battery staple";
  const { personal_api_key: key } = s.cli("user", "add", "--email", email, "--password", old);
  const mine = await session(email, old), another = await session(email, old);
  const set = (body) => s.call("PATCH", me, { key: null, headers: mine, body });
  assert.deepEqual(failure(await set({ password: fresh })),
    [400, "required", "This field is required when updating your password.", "current_password"]);
  assert.deepEqual(failure(await set({ password: fresh, current_password: "wrong" })),
    [400, "incorrect_password", "Your current password is incorrect.", "current_password"]);
  assert.equal((await set({ password: "short", current_password: old })).json.code, "password_too_short");
  assert.equal((await set({ password: fresh, current_password: old })).status, 200);
  assert.equal((await s.call("GET", me, { key: null, headers: mine })).status, 200);
  assert.equal((await s.call("GET", me, { key: null, headers: another })).status, 401);
  assert.equal((await s.call("GET", me, { key })).json.has_password, true);
  assert.equal(await session(email, old), null);
  assert.ok(await session(email, fresh));
});
