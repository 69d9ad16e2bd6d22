// FunnelsQuery: cases worked out by hand, answers compared with a slow count of the same events, the
// exact JSON, and what is refused. Random funnels are in funnels_random.test.js.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { start, eventually, rows } = require("./server.js");
const { makeEvents, capture } = require("./query_events.js");
const { funnel, difference } = require("./reference/funnels.js");
const cases = require("./reference/funnels_cases.js");

let s, berlin, events, caseEvents;
const day0 = Date.parse("2026-03-10T00:00:00Z");
const one = (person, event, at, properties = {}) => ({ uuid: randomUUID(), event, distinct_id: person, timestamp: new Date(at).toISOString(), properties });

// "A+x@5": {event: "A", kind: "x", at: 5 minutes}
function parseEvent(text, person, own) {
  const [, event, , kind, minute] = text.match(/^(\w+)(\+(\w+))?@(\d+)$/);
  return one(person, event, day0 + minute * 60000, { ...own, ...(kind ? { kind } : {}) });
}

before(async () => {
  s = await start(["--clock", "2026-04-10T10:30:00Z"]);
  events = makeEvents(23, 400, "2026-03-10T00:00:00Z", "2026-03-31T10:00:00Z");
  events.forEach((e, i) => { e.distinct_id = `walker-${i % 37}`; });
  caseEvents = cases.map(([, people], i) => Object.entries(people).flatMap(([person, list]) =>
    list.split(" ").map((text) => parseEvent(text, `case ${i} ${person}`, { case: `c${i}` }))));
  berlin = s.cli("project", "add", "--name", "Berlin");
  assert.equal((await s.call("PATCH", `/api/projects/${berlin.id}/`, { body: { timezone: "Europe/Berlin" } })).status, 200);
  await Promise.all([capture(s, s.first.project_api_key, [...events, ...caseEvents.flat()]),
    capture(s, berlin.api_token, events.map((e) => ({ ...e, uuid: randomUUID() })))]);
});
after(async () => assert.equal(await s.stop(), 0));

test("a sample: all events of a part of the people; counts made whole, times as they are", async () => {
  const inside = new Set((await rows(s.data, `SELECT DISTINCT distinct_id FROM events WHERE team_id = ${s.first.project_id}
    AND cityHash64(distinct_id) % 1000000000 < 500000000`)).map((r) => r.distinct_id));
  const series = [step("$pageview"), step("sign up"), step("purchase")];
  const only = { type: "hogql", key: `distinct_id in (${[...inside].map((id) => `'${id}'`)})` };
  const of = async (more) => {
    const { status, text, json } = await ask({ series, ...more });
    assert.equal(status, 200, text);
    return json.results.map((r) => [r.count, r.average_conversion_time, r.median_conversion_time]);
  };
  const sampled = await of({ samplingFactor: 0.5 }), part = await of({ properties: [only] });
  assert.ok(part[2][0] > 1);
  assert.deepEqual(sampled, part.map(([count, ...times]) => [2 * count, ...times]));
});

const step = (event, more = {}) => ({ kind: "EventsNode", event, ...more });
const march = { date_from: "2026-03-10", date_to: "2026-03-31" };
async function ask(query, project = "@current") {
  const { status, text, json } = await s.call("POST", `/api/projects/${project}/query/`,
    { body: { query: { kind: "FunnelsQuery", dateRange: march, ...query } } });
  return { status, text, json };
}
async function results(query, project) {
  const { status, text, json } = await ask(query, project);
  assert.equal(status, 200, text);
  return json.results;
}

const person = (e) => e.distinct_id;
const utc = { zone: "UTC", personOf: person, actorOf: person };
function same(got, query, world = utc, list = events) {
  const want = funnel({ dateRange: march, ...query }, list, world);
  assert.equal(difference(got, want), null, JSON.stringify(query));
}

// "A O? A+x!": steps by name, optional, with kind = x, the first time for the person.
const stepsOf = (text) => text.split(" ").map((word) => {
  const [, name, , kind, first, optional] = word.match(/^(\w+|\*)(\+(\w+))?(!*)(\??)$/);
  const math = { "!": "first_time_for_user", "!!": "first_time_for_user_with_filters" }[first];
  return step(name === "*" ? null : name, { ...(math ? { math } : {}), ...(optional ? { optionalInFunnel: true } : {}),
    ...(kind ? { properties: [{ key: "kind", type: "event", value: kind, operator: "exact" }] } : {}) });
});
const shown = (steps) => {
  const seconds = steps.slice(1).map((x) => x.average_conversion_time ?? "-");
  return `${steps.map((x) => x.count).join(" ")} / ${seconds.join(" ")}`;
};

// Four at a time: the server runs no more.
async function each(list, fn) {
  const rest = [...list.entries()];
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let next; (next = rest.shift());) await fn(next[1], next[0]);
  }));
}

test("cases worked out by hand, and what the slow count makes of them", async () => {
  await each(cases, async ([name, , { steps, f, properties = [], ...more }, expected], i) => {
    const query = { series: stepsOf(steps), funnelsFilter: f, ...more,
      properties: [...properties, { key: "case", type: "event", value: [`c${i}`], operator: "exact" }] };
    const got = await results(query);
    if (typeof expected === "string") assert.equal(shown(got), expected, name);
    else assert.deepEqual(Object.fromEntries(got.map((g) => [g[0].breakdown_value[0], g.map((x) => x.count).join(" ")])), expected, name);
    same(got, query, utc, caseEvents[i]);
  });
});

const names = ["$pageview", "sign up", "purchase"], series = names.map((n) => step(n));

test("steps, windows, filters, the three orders", async () => {
  const windows = [[14, "day"], [3, "hour"], [2, "day"], [1, "week"], [1, "month"], [9000, "second"]];
  const filters = [undefined, [{ key: "$browser", type: "event", operator: "exact", value: ["Chrome", "Edge"] }]];
  const queries = ["ordered", "strict", "unordered"].flatMap((funnelOrderType) => windows.flatMap(([funnelWindowInterval, funnelWindowIntervalUnit]) =>
    filters.map((properties) => ({ series, properties, funnelsFilter: { funnelOrderType, funnelWindowInterval, funnelWindowIntervalUnit } }))));
  await each(queries, async (query) => same(await results(query), query));
});

test("breakdowns by each attribution", async () => {
  const attributions = [["first_touch"], ["last_touch"], ["all_events"], ["step", 0], ["step", 1], ["step", 2]];
  const queries = ["ordered", "strict", "unordered"].flatMap((funnelOrderType) => attributions
    .filter(([, value]) => funnelOrderType !== "unordered" || !value)
    .flatMap(([breakdownAttributionType, breakdownAttributionValue]) => [undefined, 2].map((breakdown_limit) => ({ series,
      breakdownFilter: { breakdown: "$browser", breakdown_type: "event", breakdown_limit },
      funnelsFilter: { funnelOrderType, breakdownAttributionType, breakdownAttributionValue } }))));
  await each(queries, async (query) => same(await results(query), query));
});

test("several breakdowns at once make lists", async () => {
  const breakdowns = [{ property: "$browser", type: "event" }, { property: "plan", type: "event" }];
  const got = await results({ series, breakdownFilter: { breakdowns, breakdown_limit: 100 }, funnelsFilter: { breakdownAttributionType: "all_events" } });
  const single = { series, breakdownFilter: { breakdown: "both", breakdown_limit: 100 }, funnelsFilter: { breakdownAttributionType: "all_events" } };
  const both = events.map((e) => ({ ...e, properties: { both: `${e.properties.$browser ?? ""}|${e.properties.plan ?? ""}` } }));
  const want = funnel({ dateRange: march, ...single }, both, utc);
  assert.ok(got.every((g) => g[0].breakdown_value.length === 2));
  assert.deepEqual(got.map((g) => g.map((x) => x.count)), want.map((g) => g.map((x) => x.count)));
});

test("time to convert", async () => {
  for (const more of [{}, { binCount: 7 }, { funnelFromStep: 1 }, { funnelToStep: 1, binCount: 1000 }, { funnelOrderType: "unordered", funnelFromStep: 0, funnelToStep: 2 }]) {
    const query = { series, funnelsFilter: { funnelVizType: "time_to_convert", ...more } };
    same(await results(query), query);
  }
  assert.deepEqual(await results({ series: [step("never"), step("ever")], funnelsFilter: { funnelVizType: "time_to_convert" } }),
    { bins: [], average_conversion_time: null });
});

// The reference gives instants; the server days and labels on the wall of the zone.
function sameTrends(got, query, world) {
  const want = funnel({ dateRange: march, ...query }, events, world);
  const format = (options) => { const f = new Intl.DateTimeFormat("en-GB", { timeZone: world.zone, hourCycle: "h23", ...options }); return (at) => f.format(at); };
  const iso = new Intl.DateTimeFormat("sv-SE", { timeZone: world.zone, dateStyle: "short", ...(query.interval === "hour" ? { timeStyle: "medium" } : {}) });
  const [dayOf, monthOf, yearOf, timeOf] = [{ day: "numeric" }, { month: "short" }, { year: "numeric" }, { hour: "2-digit", minute: "2-digit" }].map(format);
  assert.equal(got.length, want.length);
  got.forEach((line, i) => {
    const { starts, ...rest } = want[i];
    if (!query.breakdownFilter) delete rest.breakdown_value;
    assert.equal(difference(line, { ...rest, days: starts.map((at) => iso.format(at)),
      labels: starts.map((at) => `${dayOf(at)}-${monthOf(at).slice(0, 3)}${query.interval === "hour" ? ` ${timeOf(at)}` : `-${yearOf(at)}`}`) }), null, JSON.stringify(query));
  });
}

test("trends, over days with 23 hours, too", async () => {
  const kinds = [{}, { funnelOrderType: "strict" }, { funnelOrderType: "unordered", funnelWindowInterval: 1 }, { funnelFromStep: 1 }, { funnelToStep: 1, funnelWindowInterval: 2 }];
  const queries = [["UTC", "@current"], ["Europe/Berlin", berlin.id]].flatMap((where) => ["day", "week", "month", "hour"].flatMap((interval) => kinds.map((more) =>
    [where, { series, interval, funnelsFilter: { funnelVizType: "trends", ...more },
      ...(interval === "hour" ? { dateRange: { date_from: "2026-03-28", date_to: "2026-03-30" } } : {}),
      ...(interval === "day" ? { breakdownFilter: { breakdown: "$browser", breakdown_limit: more.funnelFromStep ? 2 : undefined } } : {}) }])));
  await each(queries, async ([[zone, project], query]) => sameTrends(await results(query, project), query, { ...utc, zone }));
});

test("actors are persons, groups, or what an expression says", async () => {
  const of = (key) => ({ ...utc, actorOf: (e) => (e.properties[key] ?? "") + "" });
  const bySession = { series, funnelsFilter: { funnelAggregateByHogQL: "properties.$session_id" } };
  same(await results(bySession), bySession, of("$session_id"));
  const byPlan = { series, funnelsFilter: { funnelAggregateByHogQL: "properties.plan AS plan" } };
  same(await results(byPlan), byPlan, of("plan"));
  const byPerson = { series, funnelsFilter: { funnelAggregateByHogQL: "person_id" } };
  same(await results(byPerson), byPerson);
});

test("groups, persons that became one, breakdowns by what they are", async () => {
  const at = (m) => Date.parse("2026-03-20T00:00:00Z") + m * 60000, token = s.first.project_api_key;
  await capture(s, token, [ // stored before anyone knows that two persons are one
    one("merge-1", "$groupidentify", at(0), { $group_type: "company", $group_key: "acme", $group_set: { size: "big" } }),
    one("merge-anon", "m visit", at(1), { $groups: { company: "acme" }, $set: { city: "Rome" } }),
    one("merge-2", "m visit", at(1)),
    one("merge-1", "m buy", at(3), { $groups: { company: "acme" } }),
    one("merge-2", "m buy", at(4), { $groups: { company: "acme" } }),
  ]);
  const m = [step("m visit"), step("m buy")];
  assert.equal(shown(await results({ series: m })), "2 1 / 180");
  await capture(s, token, [one("merge-1", "$identify", at(5), { $anon_distinct_id: "merge-anon" })]);
  await eventually(async () => {
    const [{ n }] = await rows(s.data, "SELECT count() AS n FROM person_overrides FINAL");
    return n ? true : undefined;
  });
  assert.equal(shown(await results({ series: m, filterTestAccounts: false })), "2 2 / 150"); // another query to the cache
  assert.equal(shown(await results({ series: m, aggregation_group_type_index: 0 })), "1 1 / 120");
  const cities = await results({ series: m, breakdownFilter: { breakdown: "city", breakdown_type: "person" } });
  assert.deepEqual(cities.map((g) => [g[0].breakdown, g.map((x) => x.count)]), [[[""], [1, 1]], [["Rome"], [1, 1]]]);
  const sizes = await results({ series: m, aggregation_group_type_index: 0,
    breakdownFilter: { breakdown: "size", breakdown_type: "group", breakdown_group_type_index: 0 } });
  assert.deepEqual(sizes.map((g) => [g[0].breakdown, g.map((x) => x.count)]), [[["big"], [1, 1]]]);
  const hogql = await results({ series: m, breakdownFilter: { breakdown: "upper(person.properties.city)", breakdown_type: "hogql" } });
  assert.deepEqual(hogql.map((g) => g[0].breakdown_value), [[""], ["ROME"]]);
  const romans = (await s.call("POST", "/api/projects/@current/cohorts/", { body: { name: "Romans", filters: { properties: { type: "OR",
    values: [{ type: "OR", values: [{ type: "person", key: "city", operator: "exact", value: ["Rome"] }] }] } } } })).json;
  const byCohort = { series: m, breakdownFilter: { breakdown: [romans.id, "all"], breakdown_type: "cohort" } };
  const cohorts = await results(byCohort);
  assert.deepEqual(cohorts.map((g) => [g[0].breakdown, g[0].breakdown_value, g.map((x) => x.count)]),
    [["all users", 0, [2, 2]], ["Romans", romans.id, [1, 1]]]);
  const lines = await results({ ...byCohort, funnelsFilter: { funnelVizType: "trends" } });
  assert.deepEqual(lines.map((l) => [l.breakdown_value, l.data[10]]), [["Romans", 100], ["all users", 100]]);
  const inRome = await s.call("POST", "/api/projects/@current/query/", { body: { query: { kind: "ActorsQuery", select: ["actor"],
    source: { kind: "FunnelsActorsQuery", source: { kind: "FunnelsQuery", dateRange: march, ...byCohort }, funnelStep: 2, funnelStepBreakdown: romans.id } } } });
  assert.deepEqual(inRome.json.results.map(([a]) => a.distinct_ids.sort()), [["merge-1", "merge-anon"]]);
  const event = await results({ series: m, breakdownFilter: { breakdown: "event", breakdown_type: "event_metadata" } });
  assert.deepEqual(event.map((g) => [g[0].breakdown_value, g.map((x) => x.count)]), [[["m visit"], [2, 2]]]);
});

test("the JSON of each kind of answer", async () => {
  const { json } = await ask({ series: [step("$pageview", { custom_name: "Visit" }), step("purchase")] });
  assert.equal(json.isUdf, true);
  assert.deepEqual(Object.keys(json.resolved_date_range), ["date_from", "date_to"]);
  assert.match(json.hogql, /FROM events/);
  const [first, second] = json.results;
  assert.deepEqual(Object.keys(first), ["action_id", "name", "custom_name", "order", "people", "count", "type", "average_conversion_time", "median_conversion_time"]);
  assert.deepEqual({ ...first, count: 0 }, { action_id: "$pageview", name: "$pageview", custom_name: "Visit", order: 0, people: [], count: 0,
    type: "events", average_conversion_time: null, median_conversion_time: null });
  assert.deepEqual([second.action_id, second.custom_name, second.order], ["purchase", null, 1]);
  const nothing = await results({ series: [step("never"), step("ever")] });
  assert.deepEqual(nothing.map((x) => x.count), [0, 0]);
  assert.deepEqual(await results({ series: [step("never"), step("ever")], breakdownFilter: { breakdown: "$browser" } }), []);
  const [line] = await results({ series, funnelsFilter: { funnelVizType: "trends" } });
  assert.deepEqual(Object.keys(line), ["count", "data", "labels", "days"]);
});

test("a dashboard draws funnels for a terminal", async () => {
  const base = "/api/projects/@current", { json: board } = await s.call("POST", `${base}/dashboards/`, { body: { name: "Funnels" } });
  for (const [name, more] of [["Steps", {}], ["Split", { breakdownFilter: { breakdown: "$browser" } }],
    ["Rates", { funnelsFilter: { funnelVizType: "trends" } }], ["Times", { funnelsFilter: { funnelVizType: "time_to_convert", binCount: 2 } }]])
    assert.equal((await s.call("POST", `${base}/insights/`, { body: { name, dashboards: [board.id],
      query: { kind: "InsightVizNode", source: { kind: "FunnelsQuery", dateRange: march, series, ...more } } } })).status, 201);
  const { text } = await s.call("GET", `${base}/dashboards/${board.id}/?format=txt&refresh=blocking`);
  assert.match(text, /── Steps ─+\nPage view +█{30} \d+  100%\nsign up +█+[▉-▏]? \d+  \d+%\npurchase/);
  assert.match(text, /── Split ─+\n\w+:\nPage view +█{30} \d+  100%\n/);
  assert.match(text, /── Rates ─+\nConversion +[▁▂▃▄▅▆▇█ ]+ [\d.]+%\n/);
  assert.match(text, /── Times ─+\n(\d+\w.* – \d+\w.* █* ?[▉-▏]? ?\d+\n){3}/);
});

test("the people behind a step, and what is no click", async () => {
  const behind = (source, fields, more = {}) => s.call("POST", "/api/projects/@current/query/", { body: { query: { kind: "ActorsQuery",
    source: { kind: "FunnelsActorsQuery", source: { kind: "FunnelsQuery", dateRange: march, ...source }, ...fields }, ...more } } });
  const two = { series: [step("$pageview"), step("purchase")] };
  const [first, second] = await results(two);
  const all = await behind(two, { funnelStep: 1 }, { limit: 1000, select: ["id", "person"] });
  assert.equal(all.status, 200, all.text);
  assert.equal(all.json.results.length, first.count);
  assert.ok(all.json.results.every(([id, p]) => id === p.id && p.distinct_ids.length));
  const gone = await behind(two, { funnelStep: -2 }, { limit: 1000, select: ["id"] });
  assert.equal(gone.json.results.length, first.count - second.count);
  const trends = { ...two, funnelsFilter: { funnelVizType: "trends" } }, broken = { ...two, breakdownFilter: { breakdown: "$browser" } };
  const table = [
    [two, {}, /funnelStep\n +Field required/], [two, { funnelStep: 0 }, /^Funnel steps are 1-indexed, so step 0 doesn't exist$/],
    [two, { funnelStep: -1 }, /^The first valid drop-off argument for funnelStep is -2\./], [two, { funnelStep: 3 }, /^The funnel has no step 3$/],
    [two, { funnelCustomSteps: [1, 3] }, /funnelCustomSteps/], [two, { funnelStep: 1, funnelStepBreakdown: "x" }, /has no breakdown$/],
    [trends, { funnelTrendsDropOff: true }, /funnelTrendsEntrancePeriodStart\n +Field required/],
    [trends, { funnelTrendsEntrancePeriodStart: "2026-03-12" }, /funnelTrendsDropOff\n +Field required/],
    [trends, { funnelTrendsDropOff: true, funnelTrendsEntrancePeriodStart: "2027-03-12" }, /is not in the query's range$/],
    [{ ...two, funnelsFilter: { funnelAggregateByHogQL: "properties.$session_id" } }, { funnelStep: 1 }, /neither persons nor groups$/],
  ];
  for (const [source, fields, detail] of table) {
    const { status, json, text } = await behind(source, fields);
    assert.equal(status, 400, text);
    assert.match(json.detail, detail);
  }
  const nobody = await behind(broken, { funnelStep: 1, funnelStepBreakdown: "Netscape" });
  assert.deepEqual([nobody.status, nobody.json.results], [200, []]);
});

test("a funnel whose events do not fit 64 bits", async () => {
  const at = (day) => Date.parse("2016-01-01T00:00:00Z") + day * 86400000, many = Array.from({ length: 30 }, (_, i) => `long ${i}`);
  await capture(s, s.first.project_api_key, [...many.map((name, i) => one("long", name, at(i * 10) + 1)), one("short", "long 0", at(1)), one("short", "long x", at(2)), one("short", "long 1", at(3))]);
  const dateRange = { date_from: "2015-01-01", date_to: "2026-03-31" }, f = { funnelWindowInterval: 11, funnelWindowIntervalUnit: "month" };
  const counts = (list) => list.map((x) => x.count);
  assert.deepEqual(counts(await results({ series: many.map((name) => step(name)), dateRange, funnelsFilter: f })), [2, 2, ...Array(28).fill(1)]);
  assert.deepEqual(counts(await results({ series: many.map((name) => step(name)), dateRange,
    funnelsFilter: { ...f, exclusions: [step("long x", { funnelFromStep: 0, funnelToStep: 29 })] } })), Array(30).fill(1));
});

test("what makes no sense is refused", async () => {
  const not = (event, funnelFromStep, funnelToStep, more) => step(event, { funnelFromStep, funnelToStep, ...more });
  const f = (filter) => ({ funnelsFilter: filter });
  const table = [
    [{ series: [step("a")] }, /^Funnels require at least two steps\.$/],
    [{ series: Array(31).fill(step("a")) }, /at most 30 steps/],
    [f({ funnelWindowIntervalUnit: "aeon" }), /funnelWindowIntervalUnit\n +Input should be 'second', 'minute', 'hour', 'day', 'week' or 'month'/],
    [f({ funnelVizType: "flow chart" }), /funnelVizType/],
    [f({ funnelOrderType: "sideways" }), /funnelOrderType/],
    [f({ breakdownAttributionType: "x" }), /breakdownAttributionType/],
    [f({ breakdownAttributionType: "step", breakdownAttributionValue: 2 }), /breakdownAttributionValue/],
    [f({ funnelFromStep: 1 }), /^funnelFromStep is out of bounds\. It must be between 0 and 0\.$/],
    [f({ funnelToStep: 0 }), /^funnelToStep is out of bounds\. It must be between 1 and 1\.$/],
    [{ series: [step("a"), step("b"), step("c")], ...f({ funnelFromStep: 1, funnelToStep: 1 }) }, /funnelToStep should be greater than funnelFromStep\.$/],
    [f({ exclusions: [not("x", 1, 1)] }), /End of range should be greater than start\.$/],
    [f({ exclusions: [not("x", 1, 2)] }), /Start of range is greater than number of steps\.$/],
    [f({ exclusions: [not("x", 0, 2)] }), /End of range is greater than number of steps\.$/],
    [f({ exclusions: [not("a", 0, 1)] }), /^Exclusion steps cannot contain an event that's part of funnel steps\.$/],
    [f({ exclusions: [not("a", 0, 1, { properties: [{ key: "k", value: "v", type: "event" }] })] }), /^Exclusion steps cannot contain/],
    [f({ exclusions: [step("x")] }), /funnelFromStep\n +Field required/],
    [{ series: [step("a"), step("b"), step("c")], ...f({ funnelOrderType: "unordered", exclusions: [not("x", 0, 1)] }) }, /^Partial Exclusions not allowed in unordered funnels$/],
    [{ breakdownFilter: { breakdown: "x" }, ...f({ funnelOrderType: "unordered", breakdownAttributionType: "step", breakdownAttributionValue: 1 }) },
      /^Only the first step can be used for breakdown attribution in unordered funnels$/],
    [{ series: [step("a", { optionalInFunnel: true }), step("b")] }, /^The first step of a funnel cannot be optional\.$/],
    [{ series: [step("a"), step("b", { optionalInFunnel: true }), step("b")] }, /^An optional step cannot be the same as the following required step\.$/],
    [{ series: [step("a"), step("b", { optionalInFunnel: true })], ...f({ funnelVizType: "trends" }) }, /^Optional funnel steps are only supported/],
    [{ series: [step("a"), step("b", { math: "sum", math_property: "x" })] }, /series\.math/],
    [f({ funnelAggregateByHogQL: "properties.(" }), /./],
    [{ breakdownFilter: { breakdown: "x", breakdown_type: "cohort" } }, /id of a cohort, or 'all'/],
    [{ breakdownFilter: { breakdown: [4711], breakdown_type: "cohort" } }, /^Cohort with id 4711 does not exist$/],
    [{ breakdownFilter: { breakdown: [], breakdown_type: "cohort" } }, /list of 1 to 32 cohorts/],
  ];
  for (const [more, detail] of table) {
    const { status, json, text } = await ask({ series: [step("a"), step("b")], ...more });
    assert.equal(status, 400, text);
    assert.match(json.detail, detail);
  }
  const narrow = [step("a", { properties: [{ key: "k", value: "v", type: "event" }] }), step("b")];
  const fine = await ask({ series: narrow, funnelsFilter: { exclusions: [not("a", 0, 1)] } }); // events of "a" that are no step
  assert.equal(fine.status, 200, fine.text);
});
