// PathsQuery against reference/paths.js: cases worked out by hand, and random questions about random
// visits. HOGLET_ROUNDS says how many, HOGLET_SEED which.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { start } = require("./server.js");
const { capture, wall, addDays, daysBetween } = require("./query_events.js");
const { random } = require("./reference/product.js");
const { paths, makeVisits, MINUTE } = require("./reference/paths.js");
const cases = require("./reference/paths_cases.js");

const seed = Number(process.env.HOGLET_SEED ?? Date.now() % 1000000), rounds = Number(process.env.HOGLET_ROUNDS ?? 20);
for (const name of ["HOGLET_SEED", "HOGLET_ROUNDS"]) delete process.env[name]; // no settings of the server
const now = "2026-03-31T10:30:00Z", zones = ["UTC", "Europe/Berlin", "America/New_York"];
const rules = [{ regex: "/users/\\d+", alias: "/users/<id>", order: 2 }, { regex: "22", alias: "2", order: 1 }];
let s, projects = [], by_hand = new Map();

before(async () => {
  s = await start(["--clock", now]);
  const makeProject = async (name, settings, events) => {
    const project = s.cli("project", "add", "--name", name);
    const { status, text } = await s.call("PATCH", `/api/projects/${project.id}/`, { body: settings });
    assert.equal(status, 200, text);
    await capture(s, project.api_token, events.map(({ uuid, event, distinct_id, timestamp, properties }) => ({ uuid, event, distinct_id, timestamp, properties })));
    return project;
  };
  for (const [i, zone] of zones.entries()) {
    const events = makeVisits(seed + i, 500, "2026-03-20T00:00:00Z", "2026-03-31T09:00:00Z");
    projects.push({ ...await makeProject(zone, { timezone: zone, path_cleaning_filters: rules }, events), zone, events });
  }
  for (const [name, world] of Object.entries(cases.worlds)) {
    const at = Date.parse("2026-03-20T12:00:00Z");
    const events = Object.entries(world).flatMap(([who, list]) => list.map(([minute, event, properties = {}]) => ({ uuid: randomUUID(), event,
      distinct_id: who, timestamp: new Date(at + minute * MINUTE).toISOString(), properties })));
    by_hand.set(name, await makeProject(name, {}, events));
  }
});
after(async () => assert.equal(await s.stop(), 0));

async function ask(query, p, status = 200) {
  const answer = await s.call("POST", `/api/projects/${p.id}/query/`, { body: { query: { kind: "PathsQuery", ...query } } });
  assert.equal(answer.status, status, `${answer.text} ${JSON.stringify(query)}`);
  return answer.json;
}

test("cases worked out by hand", async (t) => {
  for (const { name, world, filter, more = {}, edges } of cases.cases)
    await t.test(name, async () => {
      const { results } = await ask({ pathsFilter: filter, dateRange: { date_from: "2026-03-19", date_to: "2026-03-22" }, ...more }, by_hand.get(world));
      assert.deepEqual(results.map((r) => [r.source, r.target, r.value, r.average_conversion_time / MINUTE]), edges);
    });
});

test("the answer's members", async () => {
  const json = await ask({ dateRange: { date_from: "2026-03-20" } }, by_hand.get(cases.cases[0].world));
  assert.deepEqual(Object.keys(json.results[0]), ["source", "target", "value", "average_conversion_time"]);
  for (const key of ["hogql", "timings", "modifiers", "is_cached", "timezone"]) assert.ok(key in json, key);
  assert.match(json.resolved_date_range.date_from, /^2026-03-20T00:00:00/);
});

test("an interval laid over it changes nothing", async () => {
  const query = { dateRange: { date_from: "2026-03-20", date_to: "2026-03-21" } }, p = projects[1];
  const { results } = await ask(query, p);
  for (const interval of ["hour", "month"]) assert.deepEqual((await ask({ ...query, interval }, p)).results, results);
});

test("a filter on cleaned addresses takes those of one page together", async () => {
  const p = projects[0], pages = p.events.filter((e) => e.event === "$pageview");
  const count = async (value) => (await s.call("POST", `/api/projects/${p.id}/query/`, { body: { query: { kind: "TrendsQuery", dateRange: { date_from: "all" },
    trendsFilter: { display: "BoldNumber" }, series: [{ kind: "EventsNode", event: "$pageview" }],
    properties: [{ type: "event", key: "$current_url", operator: "is_cleaned_path_exact", value }] } } })).json.results[0].aggregated_value;
  const sent = (...some) => pages.filter((e) => some.includes(e.properties.$current_url)).length;
  assert.ok(sent("/users/1") > 0 && sent("/users/22/") > 0);
  for (const value of ["/users/1", "/users/7", "/users/<id>"]) assert.equal(await count(value), sent("/users/1"), value);
  assert.equal(await count("/users/9/"), sent("/users/22/"));
  assert.equal(await count(["/users/9/", "/docs/a"]), sent("/users/22/", "/docs/a"));
});

test("what cannot be asked is refused", async () => {
  const rows = [
    [{ pathsFilter: { includeEventTypes: ["page"] } }, /pathsFilter.includeEventTypes/],
    [{ pathsFilter: { includeEventTypes: ["hogql"], pathsHogQLExpression: "1 +" } }, /./],
    [{ pathsFilter: { includeEventTypes: ["hogql"], pathsHogQLExpression: "nothing" } }, /Unable to resolve field: nothing/],
    [{ pathsFilter: { stepLimit: 101 } }, /stepLimit/],
    [{ pathsFilter: { stepLimit: -1 } }, /stepLimit/],
    [{ pathsFilter: { edgeLimit: 10001 } }, /edgeLimit/],
    [{ pathsFilter: { minEdgeWeight: "x" } }, /minEdgeWeight/],
    [{ pathsFilter: { excludeEvents: [1] } }, /excludeEvents/],
    [{ pathsFilter: { pathGroupings: "/a" } }, /pathGroupings/],
    [{ pathsFilter: { localPathCleaningFilters: ["x"] } }, /localPathCleaningFilters/],
    [{ pathsFilter: { startPoint: 1 } }, /startPoint/],
    [{ compareFilter: { compare: true } }, /compareFilter/],
    [{ breakdownFilter: { breakdown: "x" } }, /breakdownFilter/],
    [{ funnelPathsFilter: { funnelPathType: "funnel_path_after_step" } }, /funnelPathsFilter is not supported/],
    [{ samplingFactor: 2 }, /samplingFactor/],
  ];
  for (const [query, detail] of rows) assert.match((await ask(query, projects[0], 400)).detail, detail, JSON.stringify(query));
});

test("a regular expression that does not compile is the caller's mistake", async () => {
  const { detail } = await ask({ pathsFilter: { localPathCleaningFilters: [{ regex: "(", alias: "x" }] } }, projects[0], 400);
  assert.match(detail, /./);
});

function randomFilter(rand) {
  const pick = (list) => list[Math.floor(rand() * list.length)], maybe = (p, f) => (rand() < p ? f() : undefined);
  const items = ["/", "https://x.test", "/docs/a", "/docs/b/", "Home", "purchase", "sign up", "/users/1", "/users/<id>", "/docs/*", "body"];
  const filter = {
    includeEventTypes: maybe(0.6, () => ["$pageview", "$screen", "custom_event", "hogql"].filter(() => rand() < 0.4)),
    pathsHogQLExpression: maybe(0.4, () => "properties.section"),
    startPoint: maybe(0.35, () => pick(items)), endPoint: maybe(0.35, () => pick(items)),
    stepLimit: maybe(0.5, () => pick([1, 2, 3, 4, 5, 8, 20])), edgeLimit: maybe(0.3, () => pick([1, 5, 20, 200])),
    minEdgeWeight: maybe(0.2, () => pick([1, 2, 3])), maxEdgeWeight: maybe(0.2, () => pick([1, 2, 8])),
    pathGroupings: maybe(0.3, () => pick([["/docs/*"], ["*sers/*2*", "/users/*"], ["%_"], ["x.t*", "/"], [""]])),
    pathReplacements: maybe(0.3, () => true),
    localPathCleaningFilters: maybe(0.3, () => pick([[{ regex: "/users/[0-9]+", alias: "/users/<id>" }], [{ regex: "^/docs/.", alias: "Home" }, { regex: "o", alias: "0" }]])),
    excludeEvents: maybe(0.3, () => [pick(items), pick(items)]),
  };
  return Object.fromEntries(Object.entries(filter).filter(([, v]) => v !== undefined));
}

test("random questions about random visits", async () => {
  let edges = 0;
  for (let round = 0; round < rounds; round++) {
    const rand = random(seed * 1000 + round), p = projects[Math.floor(rand() * projects.length)], filter = randomFilter(rand);
    const days = daysBetween("2026-03-20", "2026-03-31"), i = Math.floor(rand() * 6), from = days[i], to = addDays(from, Math.floor(rand() * 11));
    const paid = rand() < 0.2, properties = paid ? [{ key: "paid", type: "event", operator: "exact", value: ["true"] }] : undefined;
    const facts = p.events.filter((e) => wall(p.zone, e.timestamp).day >= from && wall(p.zone, e.timestamp).day <= to && (!paid || e.properties.paid === true));
    const { results } = await ask({ dateRange: { date_from: from, date_to: to }, pathsFilter: filter, properties }, p);
    const wanted = paths(facts, filter, rules), what = `HOGLET_SEED=${seed}, round ${round}: ${p.zone} ${from} ${to} ${paid} ${JSON.stringify(filter)}`;
    assert.deepEqual(results.map(({ average_conversion_time: t, ...r }) => ({ ...r, t: Math.round(t * 1000) })),
      wanted.map(({ average_conversion_time: t, ...r }) => ({ ...r, t: Math.round(t * 1000) })), what);
    edges += results.length;
  }
  assert.ok(rounds < 10 || edges > rounds, `${edges} edges in ${rounds} rounds`);
});
