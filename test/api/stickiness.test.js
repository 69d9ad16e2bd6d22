// StickinessQuery: in how many intervals people come, against a count of each person by itself.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { addDays } = require("./query_events.js");
const { rig, byHand, signUpsAndPro, isSignUpOrPro, repeat, someRange, someFilters, someEntity, someActors } = require("./reference/rig.js");
const { stickiness } = require("./reference/stickiness.js");

let r;
before(async () => { r = await rig(); });
after(async () => assert.equal(await r.s.stop(), 0));

const pageview = { kind: "EventsNode", event: "$pageview", name: "$pageview" };
const node = (more) => ({ kind: "StickinessQuery", series: [pageview], ...more });
const facts = (keep = () => true) => r.product.facts.filter((f) => f.event === "$pageview" && keep(f));

test("an item for each series, with what clients read", async () => {
  const dateRange = { date_from: "2024-03-01", date_to: "2024-03-03" };
  const { results } = await r.ask(node({ series: [pageview, { kind: "EventsNode", event: "never", custom_name: "Nothing" }], dateRange }));
  for (const item of results) assert.deepEqual(Object.keys(item), ["action", "label", "count", "data", "days", "labels"]);
  assert.deepEqual(results.map((item) => item.label), ["$pageview", "Nothing"]);
  assert.deepEqual(results[0].labels, ["1 day", "2 days", "3 days"]);
  assert.deepEqual(results[0].days, [1, 2, 3]);
  assert.deepEqual([results[0].action.id, results[0].action.name, results[0].action.type, results[0].action.order],
    ["$pageview", "$pageview", "events", 0]);
  assert.deepEqual([results[1].data, results[1].count, results[1].action.order], [[0, 0, 0], 0, 1]);
  const { results: two } = await r.ask(node({ dateRange, compareFilter: { compare: true }, stickinessFilter: { computedAs: "cumulative" } }));
  assert.deepEqual(two.map((item) => [item.compare, item.compare_label]), [[true, "current"], [true, "previous"]]);
  assert.deepEqual(two[0].labels, ["1 day or more", "2 days or more", "3 days or more"]);
});

test("by hand: days of Berlin around the change of clocks, a merged person", async () => {
  // Ann: 30 and 31 March and 1 April, by local midnights. Ben: twice on one day. Cid and his phone: two days.
  const ask = await byHand(r, { timezone: "Europe/Berlin" }, [
    ["ann", "2024-03-30T22:59:59.999Z"], ["ann", "2024-03-30T23:00:00Z"], ["ann", "2024-03-31T22:00:00Z"],
    ["ben", "2024-03-30T23:00:00Z"], ["ben", "2024-03-31T21:59:59Z"], ["phone", "2024-03-31T10:00:00Z"],
    ["cid", "2024-04-01T10:00:00Z"], ["cid", "2024-04-01T10:00:01Z", { event: "$identify", properties: { $anon_distinct_id: "phone" } }],
    ["cid", "2024-04-01T22:00:00Z"]]);
  const query = node({ dateRange: { date_from: "2024-03-30", date_to: "2024-04-01" } });
  const data = async (more) => (await ask({ ...query, ...more })).results.map((item) => [item.data, item.count]);
  assert.deepEqual(await data(), [[[1, 1, 1], 3]]);
  assert.deepEqual(await data({ stickinessFilter: { computedAs: "cumulative" } }), [[[3, 2, 1], 3]]);
  assert.deepEqual(await data({ stickinessFilter: { stickinessCriteria: { operator: "gte", value: 2 } } }), [[[1, 0, 0], 1]]);
  assert.deepEqual(await data({ intervalCount: 2 }), [[[1, 2], 3]]);
  assert.deepEqual(await data({ interval: "hour", dateRange: { date_from: "2024-03-31T00:00:00", date_to: "2024-03-31T23:10:00" } })
    .then(([[list, count]]) => [list.length, list.slice(0, 3), count]), [23, [2, 1, 0], 3]);
});

test("by hand: weeks from the project's day, months", async () => {
  const list = [["eve", "2024-02-24T12:00:00Z"], ["eve", "2024-02-25T12:00:00Z"], ["eve", "2024-02-26T12:00:00Z"],
    ["eve", "2024-02-29T12:00:00Z"], ["eve", "2024-03-01T12:00:00Z"], ["eve", "2024-04-30T23:59:59Z"]];
  for (const [week_start_day, data] of [[0, [0, 1]], [1, [0, 1]]]) {
    const ask = await byHand(r, { timezone: "UTC", week_start_day }, list);
    const weeks = node({ interval: "week", dateRange: { date_from: "2024-02-24", date_to: week_start_day ? "2024-02-26" : "2024-02-25" } });
    assert.deepEqual((await ask(weeks)).results[0].data, data);
    const one = node({ interval: "week", dateRange: { date_from: "2024-02-25", date_to: week_start_day ? "2024-02-25" : "2024-03-02" } });
    assert.deepEqual((await ask(one)).results[0].data, [1]);
    const months = node({ interval: "month", dateRange: { date_from: "2024-02-27", date_to: "2024-04-30" } });
    assert.deepEqual((await ask(months)).results[0].data, [0, 0, 1]);
    assert.deepEqual((await ask({ ...months, intervalCount: 2 })).results[0].data, [0, 1]);
  }
});

test("whom a series counts", async () => {
  const dateRange = { date_from: r.season.from.slice(0, 10), date_to: r.season.to.slice(0, 10) };
  const range = { zone: "UTC", interval: "day", first: dateRange.date_from, last: dateRange.date_to };
  const by = (actorOf) => stickiness(facts(actorOf).map((f) => ({ ...f, actor: actorOf(f) })), range).data;
  const data = async (more) => (await r.ask(node({ dateRange, series: [{ ...pageview, ...more }] }))).results[0].data;
  assert.deepEqual(await data({ math: "dau" }), by((f) => f.actor));
  const action = stickiness(r.product.facts.filter(isSignUpOrPro), range).data;
  assert.deepEqual(await data({ kind: "ActionsNode", event: undefined, id: await signUpsAndPro(r, "UTC") }), action);
  assert.deepEqual(await data({ math: "unique_group", math_group_type_index: 0 }), by((f) => f.company));
  assert.deepEqual(await data({ math: "hogql", math_hogql: "properties.plan" }), by((f) => f.properties.plan));
});

test("many questions, each counted again", async () => repeat(async (rand, place) => {
  const pick = (list) => list[Math.floor(rand() * list.length)];
  const interval = pick(["hour", "day", "day", "week", "month"]), range = someRange(rand, r, interval);
  const filters = someFilters(rand), entity = someEntity(rand), actors = someActors(rand, r);
  const width = interval === "week" ? 1 : pick([1, 1, 1, 2, 3]), cumulative = rand() < 0.3;
  const criterion = rand() < 0.4 ? { operator: pick(["gte", "lte", "exact"]), value: pick([1, 2, 3]) } : undefined;
  const query = node({ ...filters.query, ...actors.query, interval, dateRange: range.dateRange, intervalCount: width,
    series: [{ kind: "EventsNode", event: entity.event, properties: entity.properties }],
    stickinessFilter: { computedAs: cumulative ? "cumulative" : "non_cumulative", stickinessCriteria: criterion } });
  const list = r.product.facts.filter((f) => filters.keep(f) && entity.keep(f) && actors.actorOf(f)).map((f) => ({ ...f, actor: actors.actorOf(f) }));
  const count = (ends) => stickiness(list, { ...place, ...range, ...ends, width, criterion, cumulative });
  const want = [count({})];
  if (interval !== "hour" && rand() < 0.5) {
    const days = (Date.parse(range.last) - Date.parse(range.first)) / 86400000 + 1, week = rand() < 0.5;
    query.compareFilter = { compare: true, ...(week ? { compare_to: "-1w" } : {}) };
    const back = week ? -7 : -days;
    want.push(count({ first: addDays(range.first, back), last: addDays(range.last, back) }));
  }
  const { results } = await r.ask(query, place.zone);
  assert.deepEqual(results.map(({ count: n, data, days, labels }) => ({ count: n, data, days, labels })), want, JSON.stringify({ place, query }));
}));

test("what cannot be asked is said", async () => {
  const cases = [
    [{ series: undefined }, "parse_error", /series\n {2}Field required/],
    [{ series: [{ kind: "ActionsNode", id: 77 }] }, "invalid_input", /^Action ID 77 does not exist!$/],
    [{ intervalCount: 0 }, "parse_error", /intervalCount/],
    [{ intervalCount: 2, interval: "week" }, "invalid_input", /^IntervalType.WEEK cannot be used with interval_count > 1$/],
    [{ series: [{ ...pageview, math: "sum", math_property: "x" }] }, "invalid_input", /^math "sum" is not supported in StickinessQuery$/],
    [{ breakdownFilter: { breakdown: "$browser" } }, "invalid_input", /^breakdownFilter is not supported in StickinessQuery$/],
    [{ stickinessFilter: { computedAs: "backwards" } }, "parse_error", /computedAs/],
    [{ stickinessFilter: { stickinessCriteria: { operator: "lt", value: 1 } } }, "parse_error", /stickinessCriteria.operator/],
    [{ stickinessFilter: { stickinessCriteria: { operator: "gte" } } }, "parse_error", /stickinessCriteria.value/],
  ];
  for (const [more, code, detail] of cases) {
    const { status, json } = await r.post(node(more));
    assert.deepEqual([status, json.code], [400, code]);
    assert.match(json.detail, detail);
  }
});
