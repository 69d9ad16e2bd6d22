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
    if (row.access === "token") { // by project token; one in the path is looked up, not checked
      const reply = await s.call(row.method, path("1"), { key: null, body: row.method === "GET" ? undefined : {} });
      assert.equal(reply.status, row.path.includes(":") ? 404 : 401, what);
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

// Headers of a logged-in browser.
async function session(email = "owner@example.com") {
  const reply = await s.call("POST", "/api/login/", { key: null, body: { email, password: "correct horse" } });
  const cookie = reply.headers.getSetCookie().map((c) => c.split(";")[0]).join("; ");
  return { headers: { Cookie: cookie, "X-CSRFToken": cookie.match(/csrftoken=(\w+)/)[1] } };
}

test("keys are made, shown once, rolled and deleted by sessions only", async () => {
  const { headers } = await session();
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
  assert.deepEqual((await s.call("POST", "/api/projects/@current/dashboards/", { body: [1] })).json,
    error("validation_error", "invalid_input", "Invalid data. Expected a dictionary, but got list."));
  assert.equal((await s.call("GET", "/api/projects/@current/persons/?limit=9223372036854775807&offset=9223372036854775807")).status, 200);
  assert.equal((await s.call("POST", "/api/projects/@current/dashboards/",
    { body: "x", headers: { "Content-Type": "text/csv" } })).status, 415);
});

const form = { "Content-Type": "application/x-www-form-urlencoded" };

test("forms are taken wherever JSON is: url-encoded, multipart, and as curl -d sends them", async () => {
  const path = "/api/projects/@current/dashboards/";
  const post = (body, headers) => s.call("POST", path, { body, headers });
  let made = await post("name=a+b%21&pinned=true&tags=One&tags=two&restriction_level=37", form);
  assert.deepEqual([made.status, made.json.name, made.json.pinned, made.json.tags, made.json.restriction_level],
    [201, "a b!", true, ["one", "two"], 37]);
  made = await post('name=true&breakdown_colors=[{"a":"%26"}]', form);
  assert.deepEqual([made.json.name, made.json.breakdown_colors], ["true", [{ a: "&" }]]);
  made = await post("name=string", { "Content-Type": "application/json" });
  assert.deepEqual([made.status, made.json.name], [201, "string"]);
  const parts = ["name", "description"].map((name) =>
    `--xyz\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${name} of it\r\n`).join("");
  made = await post(`${parts}--xyz--\r\n`, { "Content-Type": "multipart/form-data; boundary=xyz" });
  assert.deepEqual([made.status, made.json.name, made.json.description], [201, "name of it", "description of it"]);
  const changed = await s.call("PATCH", `${path}${made.json.id}/`, { body: "pinned=maybe", headers: form });
  assert.deepEqual(changed.json, error("validation_error", "invalid_input", "Must be a valid boolean.", "pinned"));
  const key = s.first.personal_api_key;
  assert.equal((await s.call("POST", path, { key: null, headers: form,
    body: `name=x&personal_api_key=${key}` })).status, 201);
  for (const type of ["multipart/form-data", "multipart/form-data; boundary=nope"])
    assert.equal((await post("--xyz\r\nrubbish", { "Content-Type": type })).status, type.includes("nope") ? 201 : 400);
  assert.equal((await post(`a=1${"&a=1".repeat(1000)}`, form)).status, 413);
  assert.equal((await post("name=%ff", form)).json.code, "parse_error");
});

test("OPTIONS describes, HEAD answers like GET, other methods are named in Allow", async () => {
  const path = "/api/environments/@current/dashboards/";
  const options = await s.call("OPTIONS", path, { key: keyFor("dashboard:read") });
  assert.equal(options.status, 200);
  assert.equal(options.headers.get("allow"), "GET, HEAD, POST, OPTIONS");
  assert.ok(options.json.parses.includes("multipart/form-data"));
  assert.equal((await s.call("OPTIONS", path, { key: null })).status, 401);
  assert.equal((await s.call("OPTIONS", path, { key: keyFor("survey:read") })).json.detail,
    "API key missing required scope 'dashboard:read'");
  const head = await s.call("HEAD", path);
  assert.deepEqual([head.status, head.text], [200, ""]);
  assert.equal((await s.call("HEAD", path, { key: null })).status, 401);
  const put = await s.call("PUT", path);
  assert.deepEqual([put.status, put.headers.get("allow")], [405, "GET, HEAD, POST, OPTIONS"]);
  assert.equal((await s.call("PUT", path, { key: null })).status, 401);
});

test("flat paths are the current project's, a project token chooses another", async () => {
  const two = s.cli("project", "add", "--name", "Flat");
  const at = `/api/projects/${two.id}/dashboards/`;
  const id = (await s.call("POST", at, { body: { name: "in the second" } })).json.id;
  assert.equal((await s.call("GET", `/api/dashboard/${id}/`)).status, 404);
  assert.equal((await s.call("GET", `/api/dashboard/${id}?token=${two.api_token}`)).json.name, "in the second");
  assert.equal((await s.call("PATCH", `/api/dashboard/${id}`,
    { body: { token: two.api_token, name: "renamed" } })).json.name, "renamed");
  const list = await s.call("GET", `/api/dashboard?token=${two.api_token}&limit=1`);
  assert.deepEqual(list.json.results.map((d) => d.id), [id]);
  assert.equal((await s.call("GET", `/api/projects/@current/?token=${two.api_token}`)).json.id, two.id);
  assert.equal((await s.call("GET", "/api/dashboard/?token=phc_unknown")).status, 401);
  const other = s.cli("org", "add", "--name", "Foreign");
  assert.equal((await s.call("GET", `/api/dashboard/?token=${other.api_token}`)).status, 403);
  const narrow = keyFor("*", "--teams", String(two.id));
  assert.equal((await s.call("GET", "/api/dashboard/", { key: narrow })).json.detail,
    "API keys with scoped projects are only supported on project-based endpoints.");
  assert.equal((await s.call("GET", "/api/users/@me/", { key: narrow })).status, 200);
  assert.equal((await s.call("GET", "/api/dashboards/")).json.detail, "Endpoint not found.");
});

test("a key narrowed to organizations", async () => {
  const { headers } = await session();
  const org = s.cli("org", "add", "--name", "Third");
  const mine = s.first.organization_id;
  const made = await s.call("POST", "/api/personal_api_keys/", { key: null, headers,
    body: { label: "narrow", scopes: ["*"], scoped_organizations: [org.id] } });
  const key = made.json.value, not = (what) => error("invalid_request", "not_found", `${what} not found.`);
  assert.equal((await s.call("GET", `/api/projects/${s.first.project_id}/`, { key })).json.detail,
    `API key does not have access to the requested organization: ID ${mine}.`);
  assert.deepEqual((await s.call("GET", "/api/projects/@current/", { key })).json, not("Project"));
  for (const id of ["@current", mine])
    assert.deepEqual((await s.call("GET", `/api/organizations/${id}/`, { key })).json, not("Organization"));
  assert.equal((await s.call("GET", `/api/organizations/${mine}/projects/`, { key })).status, 403);
  assert.deepEqual((await s.call("GET", "/api/organizations/", { key })).json.results, []);
  assert.deepEqual((await s.call("GET", "/api/projects/", { key })).json.results, []);
  assert.equal((await s.call("GET", "/api/users/@me/", { key })).status, 200);
  await s.call("DELETE", `/api/personal_api_keys/${made.json.id}/`, { key: null, headers });
});

test("every documented scope can be granted, internal ones cannot; keys are changed", async () => {
  const { headers } = await session();
  const keys = (method, tail, body) => s.call(method, `/api/personal_api_keys/${tail}`, { key: null, headers, body });
  const made = await keys("POST", "", { label: "l", scopes: ["access_control:read", "llm_gateway:write", "wizard_session:read"] });
  assert.equal(made.status, 201);
  const at = `${made.json.id}/`;
  for (const scope of ["internal_run:read", "dashboard", "dashboard:admin", "", "*:read"])
    assert.deepEqual((await keys("PATCH", at, { scopes: [scope] })).json,
      error("validation_error", "invalid_input", `Invalid scope: ${scope}`, "scopes"));
  const changed = await keys("PATCH", at, { label: "new", description: "why", scopes: ["*"], scoped_teams: [s.first.project_id] });
  assert.equal(changed.status, 200);
  const { value, label, description, scopes, scoped_teams, is_legacy_hashing } = (await keys("GET", at)).json;
  assert.deepEqual({ value, label, description, scopes, scoped_teams, is_legacy_hashing },
    { value: null, label: "new", description: "why", scopes: ["*"], scoped_teams: [s.first.project_id], is_legacy_hashing: false });
  assert.equal((await keys("PATCH", at, { label: "" })).json.code, "blank");
  const own = await s.call("GET", "/api/personal_api_keys/@current", { key: made.json.value });
  assert.equal(own.json.label, "new");
  const stranger = s.cli("user", "add", "--email", "keyless@example.com", "--password", "correct horse");
  const theirs = (await s.call("GET", "/api/personal_api_keys/@current", { key: stranger.personal_api_key })).json.id;
  for (const method of ["GET", "PATCH", "DELETE"]) assert.equal((await keys(method, `${theirs}/`, method === "GET" ? undefined : {})).status, 404);
  assert.equal((await keys("DELETE", at)).status, 204);
});

test("the OpenAPI document has every route under both families, and what a key needs for it", async () => {
  const { status, json } = await s.call("GET", "/api/schema/", { key: null });
  assert.deepEqual([status, json.openapi], [200, "3.0.3"]);
  for (const row of JSON.parse(hoglet("routes"))) {
    for (const family of row.path.includes("/projects/:project") ? ["projects", "environments"] : [null]) {
      const path = (family ? row.path.replace("projects/:project", `${family}/:project`) : row.path)
        .replace(/:(project|organization)/g, "{$1_id}").replace(/:(\w+)/g, "{$1}");
      const operation = json.paths[path]?.[row.method.toLowerCase()];
      assert.ok(operation, `${row.method} ${path}`);
      if (row.access.includes(":")) assert.deepEqual(operation.security[0], { PersonalAPIKeyAuth: [row.access] });
    }
  }
  const ids = Object.values(json.paths).flatMap((p) => Object.values(p).map((o) => o.operationId)).filter(Boolean);
  assert.equal(new Set(ids).size, ids.length);
});

test("probes answer without credentials", async () => {
  for (const path of ["/_livez", "/_health", "/_readyz"])
    assert.equal((await s.call("GET", path, { key: null })).status, 200, path);
});

test("keys are limited by the minute when the server is told so, sessions never", async () => {
  const t = await start(["--rate-limits", "on"]);
  try {
    const read = (headers = {}) => t.call("GET", "/api/projects/@current/persons/", { headers, key: headers.Cookie ? null : undefined });
    const answers = await Promise.all(Array.from({ length: 260 }, () => read()));
    assert.deepEqual([200, 429].map((status) => answers.filter((a) => a.status === status).length), [240, 20]);
    const { json, headers } = answers.find((a) => a.status === 429);
    assert.deepEqual(json, error("throttled_error", "throttled",
      `Request was throttled. Expected available in ${headers.get("retry-after")} seconds.`));
    assert.match(headers.get("retry-after"), /^[1-9][0-9]*$/);
    assert.equal((await t.call("GET", "/api/projects/@current/")).status, 200); // another kind of request
    const other = t.cli("key", "add", "--email", "owner@example.com", "--scopes", "*").value;
    assert.equal((await t.call("GET", "/api/projects/@current/persons/", { key: other })).status, 200);
    const login = await t.call("POST", "/api/login/", { key: null, body: { email: "owner@example.com", password: "correct horse" } });
    const Cookie = login.headers.getSetCookie().map((c) => c.split(";")[0]).join("; ");
    assert.equal((await read({ Cookie })).status, 200);
  } finally {
    assert.equal(await t.stop(), 0);
  }
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
