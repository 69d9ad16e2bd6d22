// The tools that @posthog/agent-toolkit gives to AI clients, unmodified, against the server. Each
// checks every answer against its own schema and throws on what it cannot read; what it then hands
// to the model is what these tests look at.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { PostHogAgentToolkit } = require("@posthog/agent-toolkit/integrations/ai-sdk");
const { start } = require("../api/server.js");
const { capture } = require("../api/query_events.js");

let s, tools;
before(async () => {
  s = await start();
  const event = (name, who, day, properties = {}) =>
    ({ uuid: crypto.randomUUID(), event: name, distinct_id: who, timestamp: `2026-03-0${day}T12:00:00Z`, properties });
  await capture(s, s.first.project_api_key, [
    event("signed_up", "ann", 1, { plan: "paid", seats: 3 }), event("signed_up", "bob", 2, { plan: "free", seats: 1 }),
    event("bought", "ann", 2, { price: 10, $set: { city: "Rome" } }),
  ]);
  tools = await toolsOf(s.first.personal_api_key);
});
after(async () => assert.equal(await s.stop(), 0));

const toolsOf = (key) => new PostHogAgentToolkit(
  { posthogPersonalApiKey: key, posthogApiBaseUrl: s.url }).getTools();

// What a tool hands to the model, read back; the arguments go through the tool's own schema first.
async function use(name, args = {}) {
  const { content } = await tools[name].execute(tools[name].inputSchema.parse(args));
  return content[0].text.startsWith("{") || content[0].text.startsWith("[") ?
    JSON.parse(content[0].text) : content[0].text;
}

const TREND = { kind: "InsightVizNode", source: { kind: "TrendsQuery",
  dateRange: { date_from: "2026-03-01", date_to: "2026-03-03", explicitDate: false }, interval: "day",
  filterTestAccounts: false, series: [{ kind: "EventsNode", event: "signed_up", custom_name: "sign-ups", math: "total" }],
  properties: [], compareFilter: { compare: false } } };
const SQL = { kind: "DataVisualizationNode", source: { kind: "HogQLQuery",
  query: "SELECT event, count() FROM events WHERE timestamp > '2026-01-01' GROUP BY event ORDER BY event" } };

test("organizations and projects are found and switched", async () => {
  const [organization] = await use("organizations-get");
  assert.equal(organization.id, s.first.organization_id);
  assert.equal((await use("organization-details-get")).id, organization.id);
  const projects = await use("projects-get");
  assert.deepEqual(projects.map((p) => [p.id, p.organization]), [[s.first.project_id, organization.id]]);
  await use("switch-organization", { orgId: organization.id });
  await use("switch-project", { projectId: s.first.project_id });
  assert.deepEqual(await use("projects-get"), projects);
});

test("events and their properties are listed", async () => {
  const events = await use("event-definitions-list");
  assert.deepEqual(events.map((e) => e.name).sort(), ["bought", "signed_up"]);
  assert.deepEqual((await use("event-definitions-list", { q: "sign" })).map((e) => e.name), ["signed_up"]);
  const of = async (args) => Object.fromEntries((await use("properties-list", args)).map((p) => [p.name, p.property_type]));
  assert.deepEqual(await of({ type: "event", eventName: "signed_up" }), { plan: "String", seats: "Numeric" });
  assert.deepEqual(await of({ type: "person" }), { city: "String" });
});

test("a query is run", async () => {
  const [series] = await use("query-run", { query: TREND });
  assert.deepEqual([series.data, series.label], [[1, 1, 0], "sign-ups"]);
  assert.deepEqual(await use("query-run", { query: SQL }), [["bought", 1], ["signed_up", 2]]);
});

test("a query that is wrong is refused as one", async () => {
  const source = { ...SQL.source, query: "SELECT evnt FROM events" };
  // Of a refused request this client passes on the error's code only.
  await assert.rejects(use("query-run", { query: { ...SQL, source } }), /Validation error: invalid_input/);
});

test("an insight is made, read, changed, asked and deleted", async () => {
  const made = await use("insight-create-from-query", { data: { name: "Sign-ups", query: TREND,
    description: "new people", favorited: true, tags: ["growth"] } });
  assert.equal(made.name, "Sign-ups");
  assert.match(made.url, new RegExp(`/insights/${made.short_id}$`));
  const read = await use("insight-get", { insightId: made.short_id });
  assert.deepEqual([read.id, read.query.source.series[0].event], [made.id, "signed_up"]);
  assert.deepEqual((await use("insights-get-all", { data: { search: "Sign" } })).map((i) => i.id), [made.id]);
  const changed = await use("insight-update", { insightId: String(made.id), data: { name: "New accounts", query: SQL } });
  assert.deepEqual([changed.id, changed.name], [made.id, "New accounts"]);
  const asked = await use("insight-query", { insightId: made.short_id });
  assert.deepEqual(asked.results.results ?? asked.results, [["bought", 1], ["signed_up", 2]]);
  await use("insight-delete", { insightId: made.short_id });
  assert.deepEqual(await use("insights-get-all", { data: { search: "New accounts" } }), []);
});

test("a dashboard is made, filled, changed and deleted", async () => {
  const made = await use("dashboard-create", { data: { name: "Growth", description: "weekly", pinned: true, tags: ["a"] } });
  const insight = await use("insight-create-from-query", { data: { name: "Sign-ups", query: TREND, favorited: false } });
  await use("add-insight-to-dashboard", { data: { insightId: insight.short_id, dashboardId: made.id } });
  const read = await use("dashboard-get", { dashboardId: made.id });
  assert.deepEqual([read.name, read.tiles.map((t) => [t.insight.short_id, t.insight.query.kind])],
    ["Growth", [[insight.short_id, "InsightVizNode"]]]);
  const changed = await use("dashboard-update", { dashboardId: made.id, data: { name: "Growth, weekly", pinned: false } });
  assert.equal(changed.name, "Growth, weekly");
  const listed = async (data) => (await use("dashboards-get-all", { data })).map((d) => d.id);
  assert.deepEqual(await listed({ search: "weekly" }), [made.id]);
  assert.deepEqual(await listed({ limit: 1 }), [made.id]);
  await use("dashboard-delete", { dashboardId: made.id });
  assert.deepEqual(await listed({ search: "weekly" }), []);
});

test("a key with few scopes is offered few tools; a wrong one none", async () => {
  const key = s.cli("key", "add", "--email", "owner@example.com", "--scopes", "dashboard:read,user:read").value;
  const names = Object.keys(await toolsOf(key));
  assert.ok(names.includes("dashboards-get-all"), names.join());
  assert.ok(!names.includes("dashboard-create") && !names.includes("insights-get-all"), names.join());
  assert.deepEqual(Object.keys(await toolsOf("phx_wrong")), []);
});
