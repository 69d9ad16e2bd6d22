// ActorsQuery behind lifecycle, stickiness, retention and paths: clicks by chance on random questions. Who
// is behind a number is found by the slow references asked about each person alone.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { rig, repeat, someRange, someFilters, someEntity, someActors } = require("./reference/rig.js");
const { capture } = require("./query_events.js");
const { lifecycle } = require("./reference/lifecycle.js");
const { stickiness } = require("./reference/stickiness.js");
const { retention, NONE, OTHER } = require("./reference/retention.js");
const { pathActors, makeVisits } = require("./reference/paths.js");

let r, shop;
const names = {}; // zone -> {uuid: person}
const personOf = (id) => id.replace(/^anon-(person-)?/, "person-");
async function learnNames(zone, project) {
  const query = { kind: "HogQLQuery", query: "SELECT toString(person_id), any(distinct_id) FROM events GROUP BY person_id LIMIT 1000" };
  const { json } = await r.s.call("POST", `/api/projects/${project.id}/query/`, { body: { query } });
  names[zone] = Object.fromEntries(json.results.map(([uuid, id]) => [uuid, personOf(id)]));
}
before(async () => {
  r = await rig(300);
  for (const [zone, project] of Object.entries(r.projects)) await learnNames(zone, project);
  const project = r.s.cli("project", "add", "--name", "shop"), visits = makeVisits(7, 300, "2024-03-01T00:00:00Z", "2024-03-09T00:00:00Z");
  await capture(r.s, project.api_token, visits.map(({ uuid, event, distinct_id, timestamp, properties }) => ({ uuid, event, distinct_id, timestamp, properties })));
  shop = { ...project, visits };
  await learnNames("shop", project);
});
after(async () => assert.equal(await r.s.stop(), 0));

const click = (source, more, kind = "InsightActorsQuery") => ({ kind: "ActorsQuery", limit: 1000, select: ["actor_id"], source: { kind, source, ...more } });
// Names of those behind a click; groups by their keys.
async function behind(query, zone) {
  const { results } = await r.ask(query, zone);
  return results.map(([id]) => (query.source.source.aggregation_group_type_index === 0 ? id : names[zone][id])).sort();
}
// The actors for whom, alone, the reference's answer says yes.
const alone = (facts, yes) => [...new Set(facts.map((f) => f.actor))].filter((a) => yes(facts.filter((f) => f.actor === a))).sort();
const factsOf = (keep, actorOf) => r.product.facts.filter((f) => keep(f) && actorOf(f)).map((f) => ({ ...f, actor: actorOf(f) }));
const entityNode = (e) => ({ kind: "EventsNode", event: e.event, properties: e.properties });
const what = (...all) => JSON.stringify(all);

test("behind a lifecycle: a status in an interval", async () => repeat(async (rand, place) => {
  const interval = ["hour", "day", "day", "week", "month"][Math.floor(rand() * 5)];
  const range = someRange(rand, r, interval), filters = someFilters(rand), entity = someEntity(rand), actors = someActors(rand, r);
  const query = { kind: "LifecycleQuery", ...filters.query, ...actors.query, interval, dateRange: range.dateRange, series: [entityNode(entity)] };
  const facts = factsOf((f) => filters.keep(f) && entity.keep(f), actors.actorOf);
  const { results } = await r.ask(query, place.zone);
  for (const { status, data, days } of results) {
    const i = Math.floor(rand() * days.length), source = click(query, { status, day: days[i] });
    const got = await behind(source, place.zone);
    assert.deepEqual(got, alone(facts, (own) => lifecycle(own, actors.born, { ...place, ...range })[status][i] !== 0), what(place, source));
    assert.equal(got.length, Math.abs(data[i]));
  }
  const whole = click(query, { status: "dormant" }); // at any time
  assert.deepEqual(await behind(whole, place.zone), alone(facts, (own) => lifecycle(own, actors.born, { ...place, ...range }).dormant.some((n) => n)), what(place, whole));
}));

test("behind a stickiness: so many intervals", async () => repeat(async (rand, place) => {
  const pick = (list) => list[Math.floor(rand() * list.length)], interval = pick(["hour", "day", "day", "week", "month"]);
  const range = someRange(rand, r, interval), filters = someFilters(rand), entity = someEntity(rand), actors = someActors(rand, r), cumulative = rand() < 0.3;
  const criterion = rand() < 0.4 ? { operator: pick(["gte", "lte", "exact"]), value: pick([1, 2, 3]) } : undefined;
  const query = { kind: "StickinessQuery", ...filters.query, ...actors.query, interval, dateRange: range.dateRange, series: [{ kind: "EventsNode", event: "never" }, entityNode(entity)],
    stickinessFilter: { computedAs: cumulative ? "cumulative" : "non_cumulative", stickinessCriteria: criterion } };
  const facts = factsOf((f) => filters.keep(f) && entity.keep(f), actors.actorOf), count = (own, sum) => stickiness(own, { ...place, ...range, criterion, cumulative: sum });
  const { results } = await r.ask(query, place.zone), day = 1 + Math.floor(rand() * Math.min(4, results[1].data.length));
  const got = await behind(click(query, { series: 1, day }), place.zone);
  assert.deepEqual(got, alone(facts, (own) => count(own, cumulative).data[day - 1] === 1), what(place, query, day));
  assert.equal(got.length, results[1].data[day - 1]);
  const { data } = count([], false), all = (own) => count(own, false).data.findIndex((n) => n === 1) + 1;
  const operator = pick(["gte", "lte", "exact"]), fits = { gte: (n) => n >= day, lte: (n) => n <= day, exact: (n) => n === day }[operator];
  assert.deepEqual(await behind(click(query, { series: 1, day, operator }, "StickinessActorsQuery"), place.zone), alone(facts, (own) => all(own) > 0 && fits(all(own))), what(place, query, day, operator, data.length));
  assert.deepEqual(await behind(click(query, { series: 0 }), place.zone), []);
}));

test("behind a retention: those who start in a row, and when they come back", async () => repeat(async (rand, place) => {
  const pick = (list) => list[Math.floor(rand() * list.length)], interval = pick(["hour", "day", "day", "week", "month"]), range = someRange(rand, r, interval);
  const filters = someFilters(rand), target = someEntity(rand), returning = rand() < 0.3 ? target : someEntity(rand), actors = someActors(rand, r);
  const total = pick([1, 3, 5, 8]), windows = rand() < 0.25, labelled = rand() < 0.4, entity = (x) => ({ id: x.event, type: "events", properties: x.properties });
  const ask = { total, interval, last: range.last, type: pick(["retention_recurring", "retention_first_time", "retention_first_ever_occurrence"]), windows, cumulative: !windows && rand() < 0.3,
    least: pick([1, 1, 2]), brackets: rand() < 0.25 ? pick([[1, 2, 4], [3], [2, 2]]) : undefined, labelOf: labelled ? (f) => f.properties.$browser || NONE : undefined, limit: pick([1, 25]),
    isNamed: (f) => target.event === null || f.event === target.event, isTarget: (f) => target.keep(f) && filters.keep(f), isReturn: (f) => returning.keep(f) && filters.keep(f) };
  const query = { kind: "RetentionQuery", retentionFilter: { retentionType: ask.type, period: interval[0].toUpperCase() + interval.slice(1), totalIntervals: total, targetEntity: entity(target),
    returningEntity: entity(returning), cumulative: ask.cumulative, minimumOccurrences: ask.least, retentionCustomBrackets: ask.brackets, timeWindowMode: windows ? "24_hour_windows" : "strict_calendar_dates" },
  ...filters.query, ...actors.query, dateRange: { date_to: range.dateRange.date_to }, ...(labelled ? { breakdownFilter: { breakdown: "$browser", breakdown_type: "event", breakdown_limit: ask.limit } } : {}) };
  const facts = factsOf(() => true, actors.actorOf), { results } = await r.ask(query, place.zone);
  if (!results.length) return;
  const item = pick(results), row = +item.label.split(" ")[1], shown = results.map((x) => x.breakdown_value);
  const source = click(query, { interval: row, breakdown: item.breakdown_value });
  source.select = ["actor_id", "appearances"];
  const got = (await r.ask(source, place.zone)).results.map(([id, list]) => [actors.query.aggregation_group_type_index === 0 ? id : names[place.zone][id], list]);
  const mine = (value) => (item.breakdown_value === OTHER ? value !== NONE && !shown.includes(value) : value === item.breakdown_value);
  const wanted = [...new Set(facts.map((f) => f.actor))].flatMap((actor) => {
    const rows = retention(facts.filter((f) => f.actor === actor), { ...place, ...ask, limit: 1000 }).filter((x) => x.label === item.label && mine(x.breakdown_value) && x.values[0].count);
    return rows.map((x) => [actor, x.values.flatMap((v, k) => (v.count ? [k] : []))]);
  });
  assert.deepEqual(got.sort(), wanted.sort(), what(place, source));
  assert.deepEqual(item.values.map((_, k) => got.filter(([, list]) => list.includes(k)).length), item.values.map((v) => v.count));
}));

test("behind paths: an edge, a step, an end", async () => repeat(async (rand) => {
  const pick = (list) => list[Math.floor(rand() * list.length)];
  const filter = { startPoint: rand() < 0.3 ? pick(["/", "/docs/a"]) : undefined, stepLimit: pick([2, 3, 5]), includeEventTypes: rand() < 0.5 ? ["$pageview"] : undefined };
  const query = (keys) => ({ kind: "PathsQuery", pathsFilter: { ...filter, ...keys }, dateRange: { date_from: "2024-03-01", date_to: "2024-03-09" } });
  const ask = async (q) => { const { status, text, json } = await r.s.call("POST", `/api/projects/${shop.id}/query/`, { body: { query: q } }); assert.equal(status, 200, text); return json.results; };
  const edges = await ask(query({}));
  if (!edges.length) return;
  const { source, target, value } = pick(edges);
  for (const [keys, wanted] of [[{ pathStartKey: source, pathEndKey: target }, { from: source, to: target }], [{ pathEndKey: target }, { to: target }],
    [{ pathStartKey: source }, { from: source }], [{ pathDropoffKey: target }, { last: target }], [{}, {}]]) {
    const got = await ask({ kind: "ActorsQuery", limit: 1000, select: ["actor_id", "event_count", "event_distinct_ids", "matching_events"], source: { kind: "InsightActorsQuery", source: query(keys), includeRecordings: true } });
    assert.deepEqual(Object.fromEntries(got.map(([id, n]) => [names.shop[id], n])), pathActors(shop.visits, filter, [], wanted), what(query(keys)));
    if (wanted.from && wanted.to) assert.equal(got.reduce((n, row) => n + row[1], 0), value);
    for (const [id, , ids, events] of got) {
      assert.ok(ids.every((x) => personOf(x) === names.shop[id]));
      assert.ok(events.length && events.every(([, uuid]) => shop.visits.find((e) => e.uuid === uuid).actor === names.shop[id]));
    }
  }
}));

test("what cannot be clicked on is refused", async () => {
  const series = [{ kind: "EventsNode", event: "$pageview" }], dateRange = { date_from: "2024-03-01", date_to: "2024-03-05" };
  const life = { kind: "LifecycleQuery", series, dateRange }, stick = { kind: "StickinessQuery", series, dateRange }, keep = { kind: "RetentionQuery", dateRange }, walk = { kind: "PathsQuery", dateRange };
  const rows = [
    [click(life, {}), /status/], [click(life, { status: "old" }), /status/], [click(life, { status: "new", day: "2023-01-01" }), /day "2023-01-01" is not in the query's range/],
    [click(life, { status: "new", day: 3 }), /day/], [click(life, { status: "new", breakdown: "x" }), /breakdown/], [click(life, { status: "new", compare: "previous" }), /compare/], [click(life, { status: "new", series: 1 }), /series 1/],
    [click(stick, { series: 3, day: 1 }), /series 3/], [click(stick, { day: "x" }), /day/], [click(stick, { day: 1, operator: "gte" }), /operator/], [click(stick, { day: 1, operator: "gt" }, "StickinessActorsQuery"), /operator/],
    [click(life, { day: "2024-03-02" }, "StickinessActorsQuery"), /Actors of "LifecycleQuery" are not supported/], [click({ ...stick, series: [{ ...series[0], math: "hogql", math_hogql: "event" }] }, { day: 1 }), /math "hogql"/],
    [click(keep, {}), /interval/], [click(keep, { interval: 8 }), /interval/], [click(keep, { interval: 0, breakdown: "x" }), /breakdown/], [click(keep, { interval: 0, compare: "previous" }), /compare/],
    [click({ ...keep, breakdownFilter: { breakdown: "$browser" } }, { interval: 0, breakdown: ["x", "y"] }), /breakdown/], [click(walk, { breakdown: "x" }), /breakdown/],
  ];
  for (const [query, detail] of rows) {
    const { status, json } = await r.post(query);
    assert.equal(status, 400, JSON.stringify(query));
    assert.match(json.detail, detail, JSON.stringify(query));
  }
});
