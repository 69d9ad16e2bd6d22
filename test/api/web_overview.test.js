// WebOverviewQuery against reference/web_overview.js: a site that fits on a hand, and random questions
// about random sessions. HOGLET_ROUNDS says how many, HOGLET_SEED which.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { start } = require("./server.js");
const { capture, wall, addDays, daysBetween } = require("./query_events.js");
const { random } = require("./reference/product.js");
const { sessionsOf, overview, makeSessions } = require("./reference/web_overview.js");

const seed = Number(process.env.HOGLET_SEED ?? Date.now() % 1000000), rounds = Number(process.env.HOGLET_ROUNDS ?? 20);
for (const name of ["HOGLET_SEED", "HOGLET_ROUNDS"]) delete process.env[name]; // no settings of the server
const now = "2026-03-31T10:30:00Z", zones = ["UTC", "Europe/Berlin", "America/New_York"];
const goals = {};
let s, projects = [], small;

const at = (time) => `2026-03-${time}Z`;
const site = [ // [who, session, event, when, url]
  ["ann", "s1", "$pageview", at("20T10:00:00"), "/"], ["ann", "s1", "$pageview", at("20T10:01:40"), "/a"], ["ann", "s1", "buy", at("20T10:01:50")],
  ["bob", "s2", "$pageview", at("20T11:00:00"), "/"], // alone and short: a bounce
  ["bob", "s3", "$pageview", at("21T11:00:00"), "/"], ["bob", "s3", "$autocapture", at("21T11:00:04")], // touched something: none
  ["cat", "s4", "$pageview", at("19T23:59:00"), "/"], ["cat", "s4", "$pageview", at("20T00:01:00"), "/a"], // began the day before
  ["dan", "s5", "buy", at("20T12:00:00")], // saw no page
  ["eve", "", "$pageview", at("20T12:00:00"), "/"], // in no session
  ["fay", "s6", "$screen", at("16T12:00:00")],
];

before(async () => {
  s = await start(["--clock", now]);
  const makeProject = async (name, zone, events) => {
    const project = s.cli("project", "add", "--name", name);
    assert.equal((await s.call("PATCH", `/api/projects/${project.id}/`, { body: { timezone: zone } })).status, 200);
    const action = await s.call("POST", `/api/projects/${project.id}/actions/`, { body: { name: "Paid", steps: [{ event: "purchase", properties: [{ key: "paid", type: "event", operator: "exact", value: ["true"] }] }] } });
    assert.equal(action.status, 201, action.text);
    goals[project.id] = action.json.id;
    await capture(s, project.api_token, events.map(({ uuid, event, distinct_id, timestamp, properties }) => ({ uuid, event, distinct_id, timestamp, properties })));
    return project;
  };
  small = await makeProject("small", "UTC", site.map(([who, session, event, timestamp, url]) =>
    ({ uuid: randomUUID(), event, distinct_id: who, timestamp, properties: { $session_id: session, ...(url ? { $current_url: url } : {}) } })));
  for (const [i, zone] of zones.entries()) {
    const events = makeSessions(seed + i, 220, "2026-03-12T00:00:00Z", "2026-03-31T09:00:00Z");
    projects.push({ ...await makeProject(zone, zone, events), zone, events });
  }
});
after(async () => assert.equal(await s.stop(), 0));

async function ask(query, p = small, status = 200) {
  const answer = await s.call("POST", `/api/projects/${p.id}/query/`, { body: { query: { kind: "WebOverviewQuery", ...query } } });
  assert.equal(answer.status, status, `${answer.text} ${JSON.stringify(query)}`);
  return answer.json;
}
const days = (date_from, date_to) => ({ dateRange: { date_from, date_to } });
const values = (list) => Object.fromEntries(list.map((r) => [r.key, r.value]));

test("a small site: five figures", async () => {
  const json = await ask({ ...days("2026-03-20", "2026-03-21"), properties: [] });
  const none = { previous: null, changeFromPreviousPct: null, isIncreaseBad: null };
  assert.deepEqual(json.results.map((r) => ({ ...r })), [
    { key: "visitors", kind: "unit", value: 2, ...none }, { key: "views", kind: "unit", value: 4, ...none },
    { key: "sessions", kind: "unit", value: 3, ...none }, { key: "session duration", kind: "duration_s", value: (110 + 0 + 4) / 3, ...none },
    { key: "bounce rate", kind: "percentage", value: (1 / 3) * 100, ...none, isIncreaseBad: true },
  ]);
  assert.deepEqual([json.dateFrom, json.dateTo, json.samplingRate, json.usedPreAggregatedTables],
    ["2026-03-20T00:00:00Z", "2026-03-21T23:59:59.999999Z", { numerator: 1, denominator: null }, false]);
  for (const key of ["timings", "hogql", "modifiers", "timezone"]) assert.ok(key in json, key);
});

test("a small site: against the days before, halves to the even side", async () => {
  const { results } = await ask({ ...days("2026-03-20", "2026-03-20"), compareFilter: { compare: true } });
  assert.deepEqual(results.map((r) => [r.key, r.value, r.previous, r.changeFromPreviousPct]), [
    ["visitors", 2, 1, 100], ["views", 3, 2, 50], ["sessions", 2, 1, 100], ["session duration", 55, 120, -54], ["bounce rate", 50, 0, null]]);
  const week = await ask({ ...days("2026-03-20", "2026-03-24"), compareFilter: { compare: true, compare_to: "-4d" } });
  assert.deepEqual(week.results.slice(0, 3).map((r) => [r.value, r.previous, r.changeFromPreviousPct]), [[2, 4, -50], [4, 6, -33], [3, 4, -25]]);
  assert.equal(Math.round(week.results[4].previous), 50); // fay's screen and bob's page
});

test("a small site: goals", async () => {
  const { results } = await ask({ ...days("2026-03-20", "2026-03-21"), conversionGoal: { customEventName: "buy" }, compareFilter: { compare: true } });
  assert.deepEqual(results.map((r) => [r.key, r.kind, r.value, r.previous, r.isIncreaseBad]), [["visitors", "unit", 3, 1, null],
    ["total conversions", "unit", 2, 0, null], ["unique conversions", "unit", 2, 0, null], ["conversion rate", "percentage", (2 / 3) * 100, 0, null]]);
  assert.deepEqual(values((await ask({ ...days("2026-03-20", "2026-03-21"), conversionGoal: { actionId: goals[small.id] } })).results),
    { visitors: 2, "total conversions": 0, "unique conversions": 0, "conversion rate": 0 });
});

test("without data: five figures all the same", async () => {
  const { results } = await ask({ ...days("2026-01-01", "2026-01-02"), compareFilter: { compare: true } });
  assert.deepEqual(results.map((r) => [r.value, r.previous, r.changeFromPreviousPct]), [[0, 0, null], [0, 0, null], [0, 0, null], [null, null, null], [null, null, null]]);
  const goal = await ask({ ...days("2026-01-01", "2026-01-02"), conversionGoal: { customEventName: "buy" } });
  assert.deepEqual(goal.results.map((r) => r.value), [0, 0, 0, null]);
});

test("a sample stands for all", async () => {
  const sampling = { enabled: true, forceSamplingRate: { numerator: 1, denominator: 2 } };
  const p = projects[0], all = values((await ask(days("2026-03-12", "2026-03-31"), p)).results);
  const json = await ask({ ...days("2026-03-12", "2026-03-31"), sampling }, p), part = values(json.results);
  assert.deepEqual(json.samplingRate, { numerator: 1, denominator: 2 });
  assert.equal(part.sessions % 2, 0);
  assert.ok(part.sessions > 0 && part.sessions < 2 * all.sessions, `${part.sessions} of ${all.sessions}`);
});

test("what cannot be asked is refused", async () => {
  const rows = [
    [{ includeRevenue: true }, /includeRevenue is not supported/], [{ conversionGoal: {} }, /conversionGoal/],
    [{ conversionGoal: { actionId: 99999999 } }, /Action ID 99999999 does not exist!/], [{ conversionGoal: { customEventName: 1 } }, /customEventName/],
    [{ sampling: { enabled: true, forceSamplingRate: { numerator: 2, denominator: 1 } } }, /forceSamplingRate/],
    [{ modifiers: { bounceRatePageViewMode: "x" } }, /bounceRatePageViewMode/], [{ compareFilter: { compare: "x" } }, /compare/],
    [{ properties: [{ type: "log", key: "x", value: "y" }] }, /does not work/],
  ];
  for (const [query, detail] of rows) assert.match((await ask(query, small, 400)).detail, detail);
});

test("random questions about random sessions", async () => {
  for (let round = 0; round < rounds; round++) {
    const rand = random(seed * 1000 + round), pick = (list) => list[Math.floor(rand() * list.length)], p = pick(projects);
    const all = daysBetween("2026-03-16", "2026-03-30"), i = Math.floor(rand() * all.length), from = all[i], n = Math.floor(rand() * 6), to = addDays(from, n);
    const goal = pick([null, null, "event", "action"]), paid = rand() < 0.3, compare = rand() < 0.5, compareTo = compare && rand() < 0.5 ? pick(["-1w", "-2d"]) : undefined;
    const back = compareTo === "-1w" ? 7 : compareTo ? 2 : n + 1, modifiers = rand() < 0.5 ? { bounceRatePageViewMode: pick(["count_pageviews", "uniq_urls", "uniq_page_screen_autocaptures"]),
      bounceRateDurationSeconds: pick([5, 10, 60]) } : {};
    const query = { ...days(from, to), modifiers, ...(compare ? { compareFilter: { compare, compare_to: compareTo } } : {}),
      ...(paid ? { properties: [{ key: "paid", type: "event", operator: "exact", value: ["true"] }] } : {}),
      ...(goal ? { conversionGoal: goal === "event" ? { customEventName: "sign up" } : { actionId: goals[p.id] } } : {}) };
    const { results } = await ask(query, p);
    const within = (a, b) => (ms) => { const { day } = wall(p.zone, ms); return day >= a && day <= b; };
    const current = within(from, to), earlier = within(addDays(from, -back), addDays(to, -back));
    const counts = (e) => (!paid || e.properties.paid === true) && (current(e.at) || (compare && earlier(e.at)));
    const reached = goal && ((e) => (goal === "event" ? e.event === "sign up" : e.event === "purchase" && e.properties.paid === true));
    const sessions = sessionsOf(p.events, { seconds: modifiers.bounceRateDurationSeconds, mode: modifiers.bounceRatePageViewMode });
    const value = overview(sessions, { inside: current, counts, goal: reached }), previous = compare ? overview(sessions, { inside: earlier, counts, goal: reached }) : {};
    const round6 = (x) => (typeof x === "number" ? Math.round(x * 1e6) : x ?? null);
    assert.deepEqual(results.map((r) => [r.key, round6(r.value), round6(r.previous)]), Object.keys(value).map((k) => [k, round6(value[k]), round6(previous[k])]),
      `HOGLET_SEED=${seed}, round ${round}: ${p.zone} ${JSON.stringify(query)}`);
  }
});
