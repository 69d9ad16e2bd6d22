// Cohorts in insights: as filters, and as what the rows are split by; every number against a count over
// the same events.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start, eventually } = require("./server.js");
const { makeEvents, capture, daysBetween, sum } = require("./query_events.js");

const now = "2026-03-31T10:30:00Z", dateRange = { date_from: "2026-03-01", date_to: "2026-03-30" };
const days = daysBetween("2026-03-01", "2026-03-30");
let s, events, even, few, ids, names;
before(async () => {
  s = await start(["--clock", now]);
  events = makeEvents(23, 400, "2026-02-20T00:00:00Z", "2026-03-31T10:00:00Z");
  await capture(s, s.first.project_api_key, events);
  const uuid = {};
  for (const id of new Set(events.map((e) => e.distinct_id)))
    uuid[id] = (await s.call("GET", `/api/projects/@current/persons/?distinct_id=${id}`)).json.results[0].uuid;
  const make = async (body) => (await s.call("POST", "/api/projects/@current/cohorts/", { body })).json.id;
  const numbers = Object.keys(uuid).map((id) => +id.split("-")[1]);
  even = new Set(numbers.filter((n) => n % 2 === 0).map((n) => `person-${n}`));
  few = new Set(numbers.filter((n) => n < 4).map((n) => `person-${n}`));
  ids = { even: await make({ name: "Even", is_static: true, _create_static_person_ids: [...even].map((id) => uuid[id]) }),
    few: await make({ name: "Few", filters: { properties: { type: "OR", values: [...few].map((id) =>
      ({ type: "hogql", key: `id = toUUID('${uuid[id]}')` })) } } }) };
  names = { [ids.even]: "Even", [ids.few]: "Few", all: "all users" };
  await eventually(async () => ((await s.call("GET", `/api/projects/@current/cohorts/${ids.few}/`)).json.is_calculating ? undefined : true));
});
after(async () => assert.equal(await s.stop(), 0));

async function ask(query) {
  const { status, text, json } = await s.call("POST", "/api/projects/@current/query/", { body: { query } });
  assert.equal(status, 200, text);
  return json.results;
}
const trends = (more) => ask({ kind: "TrendsQuery", dateRange, series: [{ kind: "EventsNode", event: "$pageview" }], ...more });
const inRange = (e) => e.timestamp >= "2026-03-01" && e.timestamp < "2026-03-31";
const views = () => events.filter((e) => e.event === "$pageview" && inRange(e));
const of = (value) => (e) => (value === "all" ? true : (value === ids.even ? even : few).has(e.distinct_id));
const perDay = (list) => days.map((d) => list.filter((e) => e.timestamp.startsWith(d)).length);
const people = (list) => new Set(list.map((e) => e.distinct_id)).size;
const cohort = (value, more) => ({ type: "cohort", key: "id", value, ...more });

test("a cohort as a filter: in, not in, any of several, in a tree, of a series", async () => {
  const rows = [
    [[cohort(ids.even)], of(ids.even)], [[cohort(ids.few, { operator: "in" })], of(ids.few)],
    [[cohort(ids.even, { operator: "not_in" })], (e) => !even.has(e.distinct_id)],
    [[cohort(ids.even, { negation: true })], (e) => !even.has(e.distinct_id)],
    [[cohort([ids.even, ids.few])], (e) => even.has(e.distinct_id) || few.has(e.distinct_id)],
    [[cohort([ids.even, ids.few], { operator: "not_in" })], (e) => !even.has(e.distinct_id) && !few.has(e.distinct_id)],
    [[cohort(String(ids.even)), cohort(ids.few)], (e) => even.has(e.distinct_id) && few.has(e.distinct_id)],
    [{ type: "OR", values: [{ type: "AND", values: [cohort(ids.few)] }, { type: "AND", values: [cohort(ids.even),
      { key: "$browser", value: "Chrome", operator: "exact", type: "event" }] }] },
    (e) => few.has(e.distinct_id) || (even.has(e.distinct_id) && e.properties.$browser === "Chrome")],
  ];
  for (const [properties, test] of rows) {
    const want = perDay(views().filter(test));
    assert.deepEqual((await trends({ properties }))[0].data, want, JSON.stringify(properties));
    if (Array.isArray(properties))
      assert.deepEqual((await trends({ series: [{ kind: "EventsNode", event: "$pageview", properties }] }))[0].data, want);
  }
  const [first] = await ask({ kind: "FunnelsQuery", dateRange, properties: [cohort(ids.even)],
    series: [{ kind: "EventsNode", event: "$pageview" }, { kind: "EventsNode", event: "purchase" }] });
  assert.equal(first.count, people(views().filter(of(ids.even))));
  await s.call("PATCH", "/api/projects/@current/", { body: { test_account_filters: [cohort(ids.even, { operator: "not_in" })] } });
  assert.equal((await trends({ filterTestAccounts: true }))[0].count, views().filter((e) => !even.has(e.distinct_id)).length);
});

test("a kept result is not used when the cohort has changed", async () => {
  const { id } = (await s.call("POST", "/api/projects/@current/cohorts/", { body: { is_static: true } })).json;
  const at = `/api/projects/@current/cohorts/${id}/`, count = async () => (await trends({ properties: [cohort(id)] }))[0].count;
  assert.equal(await count(), 0);
  const [person] = (await s.call("GET", "/api/projects/@current/persons/?distinct_id=person-2")).json.results;
  await s.call("PATCH", `${at}add_persons_to_static_cohort/`, { body: { person_ids: [person.uuid] } });
  assert.equal(await count(), views().filter((e) => e.distinct_id === "person-2").length);
  await s.call("PATCH", `${at}remove_person_from_static_cohort/`, { body: { person_id: person.uuid } });
  assert.equal(await count(), 0);
});

test("rows split by cohorts: an event counts in each that its person is in", async () => {
  const breakdownFilter = { breakdown_type: "cohort", breakdown: [ids.even, "all", ids.few] };
  const check = async (more, number) => {
    const rows = await trends({ breakdownFilter, ...more });
    assert.deepEqual(rows.map((r) => r.breakdown_value).sort(), [ids.even, ids.few, "all"].sort());
    for (const r of rows) {
      assert.equal(r.label, names[r.breakdown_value]);
      number(r, views().filter(of(r.breakdown_value)), of(r.breakdown_value));
    }
    return rows;
  };
  const series = (math) => ({ series: [{ kind: "EventsNode", event: "$pageview", math }] });
  const rows = await check({}, (r, list) => assert.deepEqual(r.data, perDay(list)));
  assert.deepEqual(rows.map((r) => r.count), rows.map((r) => r.count).sort((a, b) => b - a));
  await check(series("dau"), (r, list) => assert.deepEqual(r.data, days.map((d) => people(list.filter((e) => e.timestamp.startsWith(d))))));
  const total = { trendsFilter: { display: "BoldNumber" } };
  await check(total, (r, list) => assert.equal(r.aggregated_value, list.length));
  await check({ ...total, ...series("dau") }, (r, list) => assert.equal(r.aggregated_value, people(list)));
  await check({ ...total, ...series("avg_count_per_actor") }, (r, list) => assert.ok(Math.abs(r.aggregated_value - list.length / people(list)) < 1e-9));
  await check({ trendsFilter: { display: "ActionsLineGraphCumulative" }, ...series("dau") }, (r, list) => assert.equal(r.data.at(-1), people(list)));
  await check(series("weekly_active"), (r, list, mine) => assert.deepEqual(r.data, days.map((d) => {
    const end = Date.parse(`${d}T00:00:00Z`) + 864e5;
    return people(events.filter((e) => e.event === "$pageview" && mine(e) && Date.parse(e.timestamp) < end && Date.parse(e.timestamp) >= end - 7 * 864e5));
  })));
  const one = await trends({ breakdownFilter: { breakdown_type: "cohort", breakdown: ids.few }, series: [
    { kind: "EventsNode", event: "$pageview" }, { kind: "EventsNode", event: "purchase" }] });
  assert.deepEqual(one.map((r) => [r.breakdown_value, r.label, r.count]), [["$pageview", "$pageview"], ["purchase", "purchase"]].map(([name]) =>
    [ids.few, `${name} - Few`, events.filter((e) => e.event === name && inRange(e) && few.has(e.distinct_id)).length]));
});

test("first events of persons are split too, and formulas joined on the cohort", async () => {
  const breakdownFilter = { breakdown_type: "cohort", breakdown: [ids.even, ids.few, "all"] };
  const firsts = new Map();
  for (const e of events) if (e.event === "sign up" && !firsts.has(e.distinct_id)) firsts.set(e.distinct_id, e);
  const range = { date_from: "2026-02-21", date_to: "2026-03-30" };
  const rows = await trends({ breakdownFilter, dateRange: range, series: [{ kind: "EventsNode", event: "sign up", math: "first_time_for_user" }] });
  for (const value of [ids.even, ids.few, "all"]) {
    const want = [...firsts.values()].filter((e) => e.timestamp >= "2026-02-21" && e.timestamp < "2026-03-31" && of(value)(e)).length;
    assert.equal(rows.find((r) => r.breakdown_value === value)?.count ?? 0, want, String(value));
  }
  const formula = await trends({ breakdownFilter, trendsFilter: { formula: "A * 2" } });
  assert.deepEqual(formula.map((r) => [r.breakdown_value, r.label, sum(r.data)]).sort(), [ids.even, ids.few, "all"].map((v) =>
    [v, names[v], 2 * views().filter(of(v)).length]).sort());
});

test("who is behind a row; cohorts that are not there", async () => {
  const source = { kind: "TrendsQuery", dateRange, series: [{ kind: "EventsNode", event: "$pageview", math: "dau" }],
    breakdownFilter: { breakdown_type: "cohort", breakdown: [ids.even, ids.few, "all"] } };
  for (const value of [ids.even, ids.few, "all"]) {
    const rows = await ask({ kind: "ActorsQuery", select: ["id"], limit: 100, source: { kind: "InsightActorsQuery", source, series: 0, breakdown: value } });
    assert.equal(rows.length, people(views().filter(of(value))), String(value));
  }
  const refused = async (query) => {
    const { status, json } = await s.call("POST", "/api/projects/@current/query/", { body: { query: { kind: "TrendsQuery", series: source.series, ...query } } });
    assert.equal(status, 400);
    return json.detail;
  };
  assert.match(await refused({ properties: [cohort(4711)] }), /^Could not find cohort with ID 4711/);
  assert.equal(await refused({ breakdownFilter: { breakdown_type: "cohort", breakdown: [4711] } }), "Could not find cohort with ID 4711");
  assert.match(await refused({ breakdownFilter: { breakdown_type: "cohort", breakdown: ["some"] } }), /valid integer/);
  assert.match(await refused({ properties: [cohort("some")] }), /need the cohort's id/);
});
