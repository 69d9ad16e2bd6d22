// Sharing of dashboards and insights: the configuration, who may change it, links and their rotation,
// passwords. What the links show is in shared.test.js.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");

let s, member, n = 0;
before(async () => {
  s = await start();
  member = s.cli("user", "add", "--email", "member@example.com").personal_api_key;
});
after(async () => assert.equal(await s.stop(), 0));

const project = (family = "projects") => `/api/${family}/@current`;
async function make(kind, body = {}) {
  const { status, json } = await s.call("POST", `${project()}/${kind}s/`, { body: { name: `${kind} ${n++}`, ...body } });
  assert.equal(status, 201);
  return json.id;
}
const at = (kind, id, family) => `${project(family)}/${kind}s/${id}/sharing/`;
const failure = ({ status, json }) => [status, json.code, json.detail, json.attr];
const invalid = (attr, detail, code = "invalid_input") => [400, code, detail, attr];

for (const kind of ["dashboard", "insight"]) {
  test(`${kind}: before anything is stored there is a configuration`, async () => {
    const id = await make(kind);
    for (const family of ["projects", "environments"]) {
      const { status, json } = await s.call("GET", at(kind, id, family));
      const { access_token, ...rest } = json;
      assert.equal(status, 200);
      assert.match(access_token, /^[\w-]{30}$/);
      assert.deepEqual(rest, { created_at: null, enabled: false, settings: null, password_required: false,
        share_passwords: [], user_access_level: "manager" });
    }
    assert.equal((await s.call("GET", at(kind, id), { key: member })).json.user_access_level, "editor");
    const missing = kind === "dashboard" ? "Dashboard not found." : "Insight not found.";
    for (const gone of ["999999", "nonsense"])
      assert.deepEqual(failure(await s.call("GET", at(kind, gone))), [404, "not_found", missing, null]);
    await s.call("PATCH", `${project()}/${kind}s/${id}/`, { body: { deleted: true } });
    assert.deepEqual(failure(await s.call("GET", at(kind, id))), [404, "not_found", missing, null]);
  });

  test(`${kind}: what may be written is kept, the rest ignored`, async () => {
    const id = await make(kind), patch = (body) => s.call("PATCH", at(kind, id), { body });
    const on = await patch({ enabled: true, access_token: "mine", created_at: null });
    assert.deepEqual([on.status, on.json.enabled, on.json.settings], [200, true, null]);
    assert.notEqual(on.json.access_token, "mine");
    assert.match(on.json.created_at, /^\d{4}-/);
    assert.deepEqual((await s.call("GET", at(kind, id))).json, on.json);
    const settings = { whitelabel: true, noHeader: false, legend: true, theme: "dark" };
    assert.deepEqual((await patch({ settings: { ...settings, unknown: 1 } })).json.settings, settings);
    assert.equal((await patch({ enabled: "yes" })).json.settings.legend, true);
    assert.deepEqual((await patch({ settings: {} })).json.settings, {});
    assert.equal((await patch({ settings: null })).json.settings, null);
    for (const bad of [[], "x", 3, { theme: "blue" }, { theme: 1 }, { legend: "true" }, { noHeader: null }])
      assert.deepEqual(failure(await patch({ settings: bad })), invalid("settings", "Invalid settings format"));
    assert.deepEqual(failure(await patch({ enabled: "maybe" })), invalid("enabled", "Must be a valid boolean."));
    assert.deepEqual(failure(await patch({ password_required: null })),
      invalid("password_required", "This field may not be null.", "null"));
    assert.equal((await s.call("GET", at(kind, id))).json.access_token, on.json.access_token);
  });

  test(`${kind}: another link by refresh, and when sharing was switched off and on`, async () => {
    const id = await make(kind);
    const first = (await s.call("PATCH", at(kind, id), { body: { enabled: true, settings: { legend: true } } })).json;
    const second = await s.call("POST", `${at(kind, id)}refresh/`);
    assert.equal(second.status, 200);
    assert.notEqual(second.json.access_token, first.access_token);
    assert.deepEqual({ ...second.json, access_token: 0 }, { ...first, access_token: 0 });
    await s.call("PATCH", at(kind, id), { body: { enabled: false } });
    const third = (await s.call("PATCH", at(kind, id), { body: { enabled: true } })).json.access_token;
    assert.ok(![first.access_token, second.json.access_token].includes(third));
    const fresh = await make(kind);
    const made = (await s.call("POST", `${at(kind, fresh)}refresh/`)).json;
    assert.deepEqual([made.enabled, (await s.call("GET", at(kind, fresh))).json.access_token],
      [false, made.access_token]);
  });

  test(`${kind}: passwords are made, shown once, listed, withdrawn`, async () => {
    const id = await make(kind), where = `${at(kind, id)}passwords/`;
    const add = (body) => s.call("POST", where, { body });
    const off = await add({ raw_password: "long enough" });
    assert.deepEqual([off.status, off.json],
      [400, { error: "Password protection must be enabled before creating passwords" }]);
    await s.call("PATCH", at(kind, id), { body: { enabled: true, password_required: true } });
    assert.deepEqual(failure(await add({ raw_password: "short" })),
      invalid("raw_password", "Password must be at least 8 characters long."));
    assert.deepEqual(failure(await add({ note: "x".repeat(101) })),
      invalid("note", "Ensure this field has no more than 100 characters.", "max_length"));
    const given = await add({ raw_password: "long enough", note: "for Ada" });
    assert.equal(given.status, 201);
    assert.deepEqual(Object.keys(given.json), ["id", "password", "created_at", "note", "created_by_email"]);
    assert.deepEqual([given.json.password, given.json.note, given.json.created_by_email],
      ["long enough", "for Ada", "owner@example.com"]);
    const made = (await add({})).json;
    assert.ok(made.password.length >= 16);
    const listed = async () => (await s.call("GET", at(kind, id))).json.share_passwords;
    const { password: clear, ...shown } = given.json;
    assert.deepEqual((await listed())[0], { ...shown, is_active: true });
    assert.ok(!JSON.stringify(await listed()).includes(clear));
    await s.call("POST", `${at(kind, id)}refresh/`);
    assert.deepEqual((await listed()).map((p) => p.id), [given.json.id, made.id]);
    assert.equal((await s.call("DELETE", `${where}${made.id}/`)).status, 204);
    assert.deepEqual((await listed()).map((p) => p.id), [given.json.id]);
    for (const gone of [made.id, 999999, "x"])
      assert.deepEqual(failure(await s.call("DELETE", `${where}${gone}/`)), [404, "not_found", "Password not found", null]);
    const other = await make(kind);
    await s.call("PATCH", at(kind, other), { body: { enabled: true } });
    assert.equal((await s.call("DELETE", `${at(kind, other)}passwords/${given.json.id}/`)).status, 404);
  });
}

test("whoever may not edit may look, and nothing else", async () => {
  const board = await make("dashboard", { restriction_level: 37 });
  const insight = await make("insight", { dashboards: [board] });
  for (const [kind, id] of [["dashboard", board], ["insight", insight]]) {
    const denied = [403, "permission_denied", `You don't have edit permissions for this ${kind}.`, null];
    assert.equal((await s.call("GET", at(kind, id), { key: member })).status, 200);
    for (const [method, tail, body] of [["PATCH", "", { enabled: true }], ["POST", "refresh/"],
      ["POST", "passwords/", {}], ["DELETE", "passwords/1/"]])
      assert.deepEqual(failure(await s.call(method, at(kind, id) + tail, { key: member, body })), denied);
  }
});

test("is_shared follows, in lists that were read before too", async () => {
  const id = await make("dashboard");
  const shared = async () => [(await s.call("GET", `${project()}/dashboards/${id}/`)).json.is_shared,
    (await s.call("GET", `${project()}/dashboards/`)).json.results.find((d) => d.id === id).is_shared];
  assert.deepEqual(await shared(), [false, false]);
  await s.call("PATCH", at("dashboard", id), { body: { enabled: true } });
  assert.deepEqual(await shared(), [true, true]);
  await s.call("PATCH", at("dashboard", id), { body: { enabled: false } });
  assert.deepEqual(await shared(), [false, false]);
});

test("an organization may forbid it", async () => {
  const id = await make("dashboard");
  const allow = (yes) => s.call("PATCH", "/api/organizations/@current/", { body: { allow_publicly_shared_resources: yes } });
  assert.equal((await allow(false)).status, 200);
  const patch = (body) => s.call("PATCH", at("dashboard", id), { body });
  assert.deepEqual(failure(await patch({ enabled: true })),
    [403, "permission_denied", "Public sharing is disabled for this organization.", null]);
  assert.equal((await patch({ enabled: false, settings: {} })).status, 200);
  assert.equal((await allow(true)).status, 200);
  assert.equal((await patch({ enabled: true })).status, 200);
});
