// What everyone sees by the link of something shared: the page, its data, the password before it; what
// links do not show and do not let anyone do.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start, eventually } = require("./server.js");

let s;
before(async () => {
  s = await start();
  const now = new Date().toISOString();
  const sent = await s.call("POST", "/batch/", { key: null, body: { api_key: s.first.project_api_key,
    batch: ["a", "b", "c"].map((id) => ({ event: "visit", distinct_id: id, timestamp: now })) } });
  assert.equal(sent.status, 200);
});
after(async () => assert.equal(await s.stop(), 0));

const api = "/api/projects/@current";
const query = { kind: "InsightVizNode", source: { kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "visit" }],
  dateRange: { date_from: "-3d" } } };
async function made(path, body) {
  const { status, json } = await s.call("POST", `${api}/${path}/`, { body });
  assert.equal(status, 201, path);
  return json;
}
// A dashboard with an insight and a text, shared.
async function board(settings, more = {}) {
  const d = await made("dashboards", { name: "Open to all", _create_in_folder: "Secret/folder" });
  const insight = await made("insights", { name: "Visits", query, dashboards: [d.id] });
  await s.call("PATCH", `${api}/dashboards/${d.id}/`, { body: { tiles: [{ text: { body: "hello" } }] } });
  const { token } = await share("dashboards", d.id, { settings, ...more });
  return { id: d.id, insight, token };
}
async function share(kind, id, body = {}) {
  const { status, json } = await s.call("PATCH", `${api}/${kind}/${id}/sharing/`, { body: { enabled: true, ...body } });
  assert.equal(status, 200);
  return { token: json.access_token };
}
const open = (path, more = {}) => s.call("GET", path, { key: null, ...more });

test("a link shows the page, which others may frame; the rest of the page may not be framed", async () => {
  const { token } = await board(null);
  for (const at of ["shared", "shared_dashboard", "embedded"]) {
    for (const tail of ["", "/", "?embedded"]) {
      const { status, headers, text } = await open(`/${at}/${token}${tail}`);
      assert.equal(status, 200, at);
      assert.match(headers.get("content-type"), /^text\/html/);
      assert.match(headers.get("content-security-policy"), /frame-ancestors \*;/);
      assert.equal(headers.get("x-frame-options"), null);
      assert.equal(headers.get("referrer-policy"), "no-referrer");
      assert.match(text, /<script type="module"/);
    }
  }
  const own = await open("/dashboards");
  assert.equal(own.headers.get("x-frame-options"), "DENY");
  assert.match(own.headers.get("content-security-policy"), /frame-ancestors 'none'/);
});

test("its data: the dashboard with results, as nobody may change it", async () => {
  const { id, insight, token } = await board({ legend: true, noHeader: false, theme: "dark" });
  const { status, headers, json } = await open(`/shared/${token}.json?refresh=blocking`);
  assert.equal(status, 200);
  assert.match(headers.get("cache-control"), /no-store/);
  assert.deepEqual([json.type, json.accessToken, json.legend, json.theme, json.themes], ["scene", token, true, "dark", []]);
  assert.ok(!("noHeader" in json) && !("whitelabel" in json));
  const d = json.dashboard;
  assert.deepEqual([d.id, d.name, d.is_shared, d.effective_restriction_level, d.effective_privilege_level,
    d.user_access_level, d.folder, d.created_by.email],
  [id, "Open to all", true, 37, 21, null, null, "owner@example.com"]);
  const shown = d.tiles.find((t) => t.insight).insight;
  assert.deepEqual([shown.id, shown.result[0].count, shown.effective_privilege_level, shown.effective_restriction_level,
    shown.user_access_level, shown.folder], [insight.id, 3, 21, 37, null, null]);
  assert.equal((await open(`/embedded/${token}?format=json`)).json.type, "embed");
  assert.equal((await open(`/shared/${token}.json?embedded`)).json.type, "embed");
  const seen = (await s.call("GET", `${api}/dashboards/?search=Open`)).json.results.find((x) => x.id === id);
  assert.match(seen.last_accessed_at, /^2/);
  assert.equal(seen.last_viewed_at, null);
});

test("without asking, what is missing is computed in the background; nobody can force more", async () => {
  const { token } = await board(null);
  const result = async (q = "") => (await open(`/shared/${token}.json${q}`)).json.dashboard.tiles.find((t) => t.insight).insight;
  const first = await result();
  assert.ok(first.result !== null || first.query_status !== null);
  const done = await eventually(async () => { const i = await result(); return i.result ? i : undefined; });
  assert.equal(done.result[0].count, 3);
  for (const refresh of ["true", "force_blocking", "blocking", ""]) {
    const again = await result(`?refresh=${refresh}`);
    assert.deepEqual([again.is_cached, again.last_refresh], [true, done.last_refresh], refresh);
  }
});

test("filters of the address are not listened to", async () => {
  const { token } = await board(null);
  const override = encodeURIComponent(JSON.stringify({ date_from: "-100d" }));
  const { json } = await open(`/shared/${token}.json?refresh=blocking&filters_override=${override}&variables_override=%7B`);
  assert.deepEqual(json.dashboard.filters, {});
  assert.equal(json.dashboard.tiles.find((t) => t.insight).insight.result[0].days.length, 4);
});

test("hideExtraDetails tells nothing of who made what", async () => {
  const { token } = await board({ hideExtraDetails: true });
  const { text, json } = await open(`/shared/${token}.json?refresh=blocking`);
  assert.equal(json.hideExtraDetails, true);
  assert.ok(!/owner@example|"created_by"|"created_at"|"last_modified_by"|"last_modified_at"/.test(text));
});

test("an insight is shared alone", async () => {
  const insight = await made("insights", { name: "Alone", query });
  const { token } = await share("insights", insight.short_id);
  const { json } = await open(`/shared/${token}.json?refresh=blocking`);
  assert.deepEqual([json.type, json.insight.id, json.insight.result[0].count, "dashboard" in json], ["scene", insight.id, 3, false]);
  assert.deepEqual([json.insight.effective_privilege_level, json.insight.user_access_level], [21, null]);
  await s.call("PATCH", `${api}/insights/${insight.id}/`, { body: { deleted: true } });
  assert.equal((await open(`/shared/${token}.json`)).status, 404);
});

test("links that do not work: unknown, switched off, rotated, deleted, forbidden by the organization", async () => {
  const gone = async (token) => {
    const page = await open(`/shared/${token}`);
    assert.deepEqual([page.status, page.headers.get("content-type").split(";")[0]], [404, "text/html"]);
    const data = await open(`/shared/${token}.json`);
    assert.deepEqual([data.status, data.json.code], [404, "not_found"]);
    assert.equal((await s.call("POST", `/shared/${token}`, { key: null, body: { password: "x" } })).status, 404);
  };
  await gone("nothing");
  assert.equal((await open("/shared/x.exe?format=exe")).status, 404);
  const { id, token } = await board(null);
  const sharing = `${api}/dashboards/${id}/sharing/`;
  const next = (await s.call("POST", `${sharing}refresh/`)).json.access_token;
  for (const t of [token, next]) assert.equal((await open(`/shared/${t}.json`)).status, 200); // the old one for a while
  await s.call("PATCH", sharing, { body: { enabled: false } });
  for (const t of [token, next]) await gone(t);
  const { token: back } = await share("dashboards", id);
  assert.equal((await open(`/shared/${back}`)).status, 200);
  for (const t of [token, next]) await gone(t);
  const allow = (yes) => s.call("PATCH", "/api/organizations/@current/", { body: { allow_publicly_shared_resources: yes } });
  await allow(false);
  await gone(back);
  await allow(true);
  await s.call("PATCH", `${api}/dashboards/${id}/`, { body: { deleted: true } });
  await gone(back);
});

test("a password is asked for before anything is told", async () => {
  const { id, token } = await board(null, { password_required: true });
  const sharing = `${api}/dashboards/${id}/sharing/`;
  const password = (await s.call("POST", `${sharing}passwords/`, { body: { raw_password: "open sesame" } })).json;
  const locked = (await open(`/shared/${token}.json`)).json;
  assert.deepEqual(locked, { type: "unlock", accessToken: token });
  assert.equal((await open(`/shared/${token}`)).status, 200);
  const unlock = (body) => s.call("POST", `/shared/${token}`, { key: null, body });
  for (const wrong of ["close sesame", ""]) {
    const { status, json } = await unlock({ password: wrong });
    assert.deepEqual([status, json], [401, { error: "Incorrect password" }]);
  }
  const right = await unlock({ password: "open sesame" });
  assert.equal(right.status, 200);
  const cookie = right.headers.get("set-cookie");
  assert.match(cookie, new RegExp(`^posthog_sharing_token=[\\w.-]+; Path=/shared/${token}; Max-Age=86400; HttpOnly; SameSite=Lax$`));
  const kept = right.json.shareToken, Cookie = cookie.split(";")[0];
  for (const tail of [".x; Domain=example.com", ".exe", "?format=x"])
    assert.equal((await s.call("POST", `/shared/${token}${encodeURI(tail)}`, { key: null, body: { password: "open sesame" } })).status, 404, tail);
  const type = async (t, headers) => (await open(`/shared/${t}?format=json`, { headers })).json.type;
  assert.equal(await type(token, { Cookie }), "scene");
  assert.equal(await type(token, { Authorization: `Bearer ${kept}` }), "scene");
  for (const bad of [`${kept.slice(0, -2)}xx`, kept.replace(".", ".x"), "a.b.c", "..", ""])
    assert.equal(await type(token, { Authorization: `Bearer ${bad}` }), "unlock", bad);
  const other = await board(null, { password_required: true });
  assert.equal(await type(other.token, { Authorization: `Bearer ${kept}` }), "unlock");
  await s.call("DELETE", `${sharing}passwords/${password.id}/`);
  assert.equal(await type(token, { Cookie }), "unlock");
  await s.call("PATCH", sharing, { body: { password_required: false } });
  assert.equal(await type(token, {}), "scene");
  assert.equal((await unlock({ password: "open sesame" })).status, 405);
});

test("guessing a link's password is slowed down", async () => {
  const { token } = await board(null, { password_required: true });
  const tries = [];
  for (let i = 0; i < 12; i++)
    tries.push(await s.call("POST", `/shared/${token}`, { key: null, body: { password: "guess" } }));
  assert.equal(tries[0].status, 401);
  assert.deepEqual([tries.at(-1).status, tries.at(-1).json.code], [429, "throttled"]);
  assert.ok(Number(tries.at(-1).headers.get("retry-after")) > 0);
});

test("a link's token reads the insights it shows over the API, and nothing else", async () => {
  const { id, insight, token } = await board(null);
  const other = await made("insights", { name: "Not shown", query });
  const get = (path, more = "", headers = {}) => open(`${path}?sharing_access_token=${token}${more}`, { headers });
  for (const family of ["projects", "environments"])
    for (const project of ["@current", s.first.project_id]) {
      const base = `/api/${family}/${project}/insights`;
      const list = await get(`${base}/`);
      assert.deepEqual([list.status, list.json.results.map((i) => i.id)], [200, [insight.id]]);
      const one = await get(`${base}/${insight.id}/`, `&refresh=blocking&from_dashboard=${id}`);
      assert.deepEqual([one.status, one.json.result[0].count], [200, 3]);
      assert.equal((await get(`${base}/${other.id}/`)).status, 404);
    }
  assert.deepEqual((await get("/api/projects/999/insights/")).json.detail, "Project not found.");
  for (const path of [`${api}/dashboards/`, `${api}/dashboards/${id}/`, `${api}/persons/`, "/api/users/@me/"])
    assert.equal((await get(path)).status, 401, path);
  for (const method of ["PATCH", "DELETE", "POST"])
    assert.equal((await s.call(method, `${api}/insights/${method === "POST" ? "" : `${insight.id}/`}?sharing_access_token=${token}`,
      { key: null, body: {} })).status, 401, method);
  const bad = await open(`${api}/insights/?sharing_access_token=nothing`);
  assert.deepEqual([bad.status, bad.json.code], [401, "authentication_failed"]);
  const single = await share("insights", other.id);
  const list = await open(`${api}/insights/?sharing_access_token=${single.token}`);
  assert.deepEqual(list.json.results.map((i) => i.id), [other.id]);
  await s.call("PATCH", `${api}/dashboards/${id}/sharing/`, { body: { password_required: true } });
  assert.equal((await get(`${api}/insights/`)).status, 401);
});
