// Who may call what: credentials and their places, scopes, narrowing, project resolution, and a walk
// over the whole route table.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start, hoglet } = require("./server.js");

let s;
before(async () => { s = await start(); });
after(async () => assert.equal(await s.stop(), 0));

const error = (type, code, detail, attr = null) => ({ type, code, detail, attr });
const unauthenticated = error("authentication_error", "not_authenticated",
  "Authentication credentials were not provided.");
const keyFor = (scopes, ...more) =>
  s.cli("key", "add", "--email", "owner@example.com", "--scopes", scopes, ...more).value;

test("init refuses a folder that is initialised", () => {
  assert.throws(() => hoglet("init", "--data", s.data, "--email", "x@y.z", "--password", "pppppppp"),
    /initialised already/);
});

test("every route refuses a caller without credentials, a foreign project and a missing scope", async () => {
  const routes = JSON.parse(hoglet("routes"));
  const other = s.cli("org", "add", "--name", "Elsewhere");
  const weak = keyFor("survey:read");
  assert.ok(routes.length > 20);
  for (const row of routes) {
    const path = (project) => row.path.replace(":project", project)
      .replace(":organization", "@current").replace(/:\w+/g, "1");
    const what = `${row.method} ${row.path}`;
    if (row.access === "public") continue;
    if (row.path === "/s/") continue; // replay is taken and dropped unread
    if (row.access === "capture") { // by project token, in capture's own form of error
      const body = row.method === "GET" ? undefined : { event: "x", distinct_id: "d" };
      const query = row.method === "GET" ? `?data=${encodeURIComponent('{"event":"x","distinct_id":"d"}')}` : "";
      assert.equal((await s.call(row.method, path("1") + query, { key: null, body })).status, 401, what);
      continue;
    }
    const nobody = await s.call(row.method, path("@current"), { key: null });
    assert.equal(nobody.status, 401, what);
    assert.deepEqual(nobody.json, unauthenticated, what);
    if (!row.access.includes(":")) continue;
    const poor = await s.call(row.method, path("@current"), { key: weak });
    assert.equal(poor.status, 403, what);
    assert.equal(poor.json.detail, `API key missing required scope '${row.access}'`, what);
    if (!row.path.includes(":project")) continue;
    for (const family of ["projects", "environments"]) {
      const at = (id) => path(id).replace("/projects/", `/${family}/`);
      const foreign = await s.call(row.method, at(other.project_id));
      assert.equal(foreign.status, 403, what);
      assert.equal(foreign.json.detail, "You don't have access to the project.", what);
      for (const id of ["999", "abc", "-1"]) {
        const none = await s.call(row.method, at(id));
        assert.deepEqual(none.json, error("invalid_request", "not_found", "Project not found."), what);
      }
    }
  }
});

test("a key is found in the header, then the body, then the query", async () => {
  const good = s.first.personal_api_key;
  const invalid = (place) => error("authentication_error", "authentication_failed",
    `Personal API key found in request ${place} is invalid.`);
  const me = "/api/users/@me/";
  assert.equal((await s.call("GET", me, { key: null, headers: { Authorization: `bearer   ${good}  ` } })).status, 200);
  assert.equal((await s.call("GET", `${me}?personal_api_key=${good}`, { key: null })).status, 200);
  const path = "/api/projects/@current/dashboards/";
  assert.equal((await s.call("POST", path, { key: null, body: { name: "b", personal_api_key: good } })).status, 201);
  assert.deepEqual((await s.call("GET", me, { key: "phx_bad" })).json, invalid("Authorization header"));
  assert.deepEqual((await s.call("GET", `${me}?personal_api_key=no`, { key: null })).json, invalid("query string"));
  const rescued = await s.call("POST", path, { key: "phx_bad", body: { personal_api_key: good } });
  assert.deepEqual(rescued.json, invalid("Authorization header"));
  assert.equal(rescued.headers.get("www-authenticate"), "Bearer");
});

test("write satisfies read, star satisfies both, read does not satisfy write", async () => {
  const list = "/api/projects/@current/dashboards/";
  for (const [scopes, read, write] of [["dashboard:write", 200, 201], ["dashboard:read", 200, 403], ["*", 200, 201]]) {
    const key = keyFor(scopes);
    assert.equal((await s.call("GET", list, { key })).status, read, scopes);
    assert.equal((await s.call("POST", list, { key, body: { name: "x" } })).status, write, scopes);
  }
});

test("a key narrowed to a project reaches that project only", async () => {
  const two = s.cli("project", "add", "--name", "Second");
  const key = keyFor("*", "--teams", String(two.id));
  assert.equal((await s.call("GET", `/api/projects/${two.id}/`, { key })).status, 200);
  assert.equal((await s.call("GET", `/api/projects/${s.first.project_id}/`, { key })).json.detail,
    `API key does not have access to the requested project: ID ${s.first.project_id}.`);
  for (const path of ["/api/projects/", "/api/organizations/"])
    assert.equal((await s.call("GET", path, { key })).json.detail,
      "API keys with scoped projects are only supported on project-based endpoints.");
});

test("log-in gives cookies, unsafe requests need the CSRF token, log-out ends it", async () => {
  const login = (email, password) =>
    s.call("POST", "/api/login/", { key: null, body: { email, password } });
  for (const bad of [["owner@example.com", "wrong"], ["nobody@example.com", "correct horse"]])
    assert.deepEqual((await login(...bad)).json,
      error("validation_error", "invalid_credentials", "Invalid email or password."));
  const reply = await login("OWNER@example.com", "correct horse");
  assert.equal(reply.status, 200);
  const cookies = reply.headers.getSetCookie();
  assert.match(cookies.find((c) => c.startsWith("sessionid=")), /HttpOnly/);
  const cookie = cookies.map((c) => c.split(";")[0]).join("; ");
  const csrf = cookie.match(/posthog_csrftoken=(\w+)/)[1];
  const as = (method, path, headers = {}, body) =>
    s.call(method, path, { key: null, body, headers: { Cookie: cookie, ...headers } });
  assert.equal((await as("GET", "/api/users/@me/")).json.email, "owner@example.com");
  const body = { name: "n" }, path = "/api/projects/@current/dashboards/";
  assert.equal((await as("POST", path, {}, body)).status, 403);
  assert.equal((await as("POST", path, { "X-CSRFToken": "wrong" }, body)).status, 403);
  assert.equal((await as("POST", path, { "X-CSRFToken": csrf }, body)).status, 201);
  assert.equal((await as("POST", "/api/logout/", { "X-CSRFToken": csrf })).status, 200);
  assert.equal((await as("GET", "/api/users/@me/")).status, 401);
});

test("keys are made, shown once, rolled and deleted by sessions only", async () => {
  const reply = await s.call("POST", "/api/login/",
    { key: null, body: { email: "owner@example.com", password: "correct horse" } });
  const cookie = reply.headers.getSetCookie().map((c) => c.split(";")[0]).join("; ");
  const headers = { Cookie: cookie, "X-CSRFToken": cookie.match(/csrftoken=(\w+)/)[1] };
  const keys = (method, tail = "", body) =>
    s.call(method, `/api/personal_api_keys/${tail}`, { key: null, headers, body });
  const bad = [
    [{ scopes: ["*"] }, "required", "label"], [{ label: " ", scopes: ["*"] }, "blank", "label"],
    [{ label: "a" }, "required", "scopes"], [{ label: "a", scopes: [] }, "invalid_input", "scopes"],
    [{ label: "a", scopes: ["invalid"] }, "invalid_input", "scopes"],
  ];
  for (const [body, code, attr] of bad) {
    const { status, json } = await keys("POST", "", body);
    assert.deepEqual([status, json.code, json.attr], [400, code, attr]);
  }
  const u = s.cli("user", "add", "--email", "member@example.com", "--password", "correct horse");
  assert.match(u.personal_api_key, /^phx_/);
  assert.equal((await s.call("POST", "/api/personal_api_keys/", { body: { label: "l", scopes: ["*"] } })).json.detail,
    "This action does not support personal API key access");
  const existing = (await keys("GET")).json;
  for (const k of existing.filter((one) => one.label !== "init")) assert.equal((await keys("DELETE", `${k.id}/`)).status, 204);
  const made = (await keys("POST", "", { label: "mine", scopes: ["dashboard:read"] })).json;
  const works = async (key) => (await s.call("GET", "/api/personal_api_keys/@current", { key })).status === 200;
  assert.ok(await works(made.value));
  assert.equal((await keys("GET")).json.find((k) => k.id === made.id).value, null);
  const rolled = (await keys("POST", `${made.id}/roll/`)).json;
  assert.ok(await works(rolled.value));
  assert.ok(!(await works(made.value)));
  assert.equal((await keys("DELETE", `${made.id}/`)).status, 204);
  assert.equal((await keys("DELETE", `${made.id}/`)).status, 404);
});

test("unknown paths, methods and broken bodies get the documented error", async () => {
  assert.deepEqual((await s.call("GET", "/api/nothing/")).json,
    error("invalid_request", "not_found", "Endpoint not found."));
  assert.deepEqual((await s.call("PUT", "/api/users/@me/")).json,
    error("invalid_request", "method_not_allowed", 'Method "PUT" not allowed.'));
  const broken = await s.call("POST", "/api/projects/@current/dashboards/",
    { body: "{", headers: { "Content-Type": "application/json" } });
  assert.equal(broken.status, 400);
  assert.equal(broken.json.code, "parse_error");
  assert.equal((await s.call("POST", "/api/projects/@current/dashboards/",
    { body: "x", headers: { "Content-Type": "text/csv" } })).status, 415);
});

test("probes answer without credentials", async () => {
  for (const path of ["/_livez", "/_health", "/_readyz"])
    assert.equal((await s.call("GET", path, { key: null })).status, 200, path);
});

test("guessing passwords is slowed down, for known and unknown addresses alike", async () => {
  s.cli("user", "add", "--email", "guessed@example.com", "--password", "correct horse");
  for (const email of ["guessed@example.com", "unknown@example.com"]) {
    const login = (password) => s.call("POST", "/api/login/", { key: null, body: { email, password } });
    for (let i = 0; i < 5; i++) assert.equal((await login("wrong")).status, 400);
    const { status, json, headers } = await login("correct horse");
    assert.deepEqual([status, json.type, json.code], [429, "throttled_error", "throttled"]);
    assert.equal(json.detail,
      `Request was throttled. Expected available in ${headers.get("retry-after")} seconds.`);
  }
});
