// RetentionQuery: who comes back after a start, against a count of each start by itself.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { rig, byHand, signUpsAndPro, isSignUpOrPro, repeat, someRange, someFilters, someEntity, someActors } = require("./reference/rig.js");
const { retention, NONE, OTHER } = require("./reference/retention.js");

let r;
before(async () => { r = await rig(); });
after(async () => assert.equal(await r.s.stop(), 0));

const node = (retentionFilter, more) => ({ kind: "RetentionQuery", retentionFilter, ...more });
const counts = (json) => json.results.map((row) => row.values.map((v) => v.count));
const opened = { id: "opened", type: "events" }, signed = { id: "sign up", type: "events" };

test("rows, with what clients read", async () => {
  const { results, hogql } = await r.ask(node({}, { dateRange: { date_to: "2024-03-10" } }));
  assert.equal(results.length, 8);
  assert.deepEqual(results.map((row) => row.label), [0, 1, 2, 3, 4, 5, 6, 7].map((i) => `Day ${i}`));
  assert.deepEqual([results[0].date, results[7].date], ["2024-03-03T00:00:00Z", "2024-03-10T00:00:00Z"]);
  for (const row of results) {
    assert.deepEqual(Object.keys(row), ["label", "date", "values"]);
    assert.deepEqual(row.values.map((v) => v.label), [0, 1, 2, 3, 4, 5, 6, 7].map((i) => `Day ${i}`));
  }
  assert.match(hogql, /^SELECT start/);
  assert.equal((await r.ask(node({ totalIntervals: null }))).results.length, 7);
  assert.equal((await r.ask(node(undefined, { interval: "month" }))).results.length, 8);
  const hours = await r.ask(node({ period: "Hour", totalIntervals: 2 }, { dateRange: { date_to: "2024-03-10T05:20:00" } }), "America/New_York");
  assert.deepEqual(hours.results.map((row) => [row.label, row.date]),
    [["Hour 0", "2024-03-10T04:00:00-04:00"], ["Hour 1", "2024-03-10T05:00:00-04:00"]]);
});

// Ann opens on 29, 30 and 31 March and 2 April, Ben on 30 twice and on 31, each close to a midnight of
// Berlin, where 31 March has 23 hours. Cid's phone opens on 29, Cid on 1 April: they are one person.
const story = [
  ["ann", "2024-03-28T23:00:00Z"], ["ann", "2024-03-30T22:59:59.999Z"], ["ann", "2024-03-30T23:00:00Z"], ["ann", "2024-04-02T21:59:59Z"],
  ["ben", "2024-03-29T23:00:00Z"], ["ben", "2024-03-30T10:00:00Z"], ["ben", "2024-03-31T21:59:59.999Z"], ["phone", "2024-03-29T12:00:00Z"],
  ["cid", "2024-03-31T22:00:00Z"], ["cid", "2024-03-31T22:00:01Z", { event: "$identify", properties: { $anon_distinct_id: "phone" } }],
].map(([who, when, more]) => [who, when, { event: "opened", properties: { plan: who === "ben" ? "pro" : "" }, ...more }]);
const entities = { targetEntity: opened, returningEntity: opened };

test("by hand: days around the change of clocks, a merged person", async () => {
  const ask = await byHand(r, { timezone: "Europe/Berlin" }, story);
  const data = async (filter, more) => counts(await ask(node({ ...entities, totalIntervals: 5, ...filter }, { dateRange: { date_to: "2024-04-02" }, ...more })));
  const json = await ask(node({ ...entities, totalIntervals: 5 }, { dateRange: { date_to: "2024-04-02" } }));
  assert.deepEqual(json.results.map((row) => row.date), ["2024-03-29T00:00:00+01:00", "2024-03-30T00:00:00+01:00",
    "2024-03-31T00:00:00+01:00", "2024-04-01T00:00:00+02:00", "2024-04-02T00:00:00+02:00"]);
  assert.deepEqual(counts(json), [[2, 1, 1, 1, 1], [2, 2, 0, 1, 0], [2, 0, 1, 0, 0], [1, 0, 0, 0, 0], [1, 0, 0, 0, 0]]);
  assert.deepEqual(await data({ retentionType: "retention_first_time" }),
    [[2, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]);
  assert.deepEqual(await data({ cumulative: true }), [[2, 2, 2, 2, 1], [2, 2, 1, 1, 0], [2, 1, 1, 0, 0], [1, 0, 0, 0, 0], [1, 0, 0, 0, 0]]);
  assert.deepEqual(await data({ retentionCustomBrackets: [1, 2, 3] }), [[2, 1, 2, 1], [2, 2, 1, 0], [2, 0, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0]]);
  assert.deepEqual(await data({ retentionCustomBrackets: [2] }), [[2, 1], [2, 2], [2, 1], [1, 0], [1, 0]]);
  assert.deepEqual(await data({ retentionCustomBrackets: [1, 1] }), [[2, 1, 1], [2, 2, 0], [2, 0, 1], [1, 0, 0], [1, 0, 0]]);
  // Ann starts on 29 at 0:00 and is back after 47 hours and 59 minutes, 48 hours, and 118.
  assert.deepEqual((await data({ timeWindowMode: "24_hour_windows" }))[0], [2, 1, 2, 0, 1]);
  assert.deepEqual(await data({ totalIntervals: 2 }, { dateRange: { date_to: "2024-03-30" } }), [[2, 1], [2, 0]]);
  assert.deepEqual(await data({ totalIntervals: 2, minimumOccurrences: 2, returningEntity: opened }, { dateRange: { date_to: "2024-03-30" } }), [[2, 0], [2, 0]]);
  const { results } = await ask(node({ ...entities, totalIntervals: 2 }, { dateRange: { date_to: "2024-03-30" }, breakdownFilter: { breakdown: "plan", breakdown_type: "event" } }));
  assert.deepEqual(results.map((row) => [row.breakdown_value, row.label, row.values.map((v) => v.count)]),
    [["pro", "Day 0", [0, 0]], ["pro", "Day 1", [1, 0]], [NONE, "Day 0", [2, 1]], [NONE, "Day 1", [1, 0]]]);
});

test("by hand: weeks begin on the project's day, months have their own lengths", async () => {
  const list = ["2024-01-31T12:00:00Z", "2024-02-24T12:00:00Z", "2024-02-25T12:00:00Z", "2024-02-29T23:59:59Z", "2024-03-03T00:00:00Z", "2024-04-30T12:00:00Z"]
    .map((when) => ["eve", when, { event: "opened" }]);
  for (const [week_start_day, first, weeks] of [[1, "2024-02-12", [[0, 0, 0], [1, 1, 0], [1, 0, 0]]], [0, "2024-02-18", [[1, 1, 1], [1, 1, 0], [1, 0, 0]]]]) {
    const ask = await byHand(r, { timezone: "UTC", week_start_day }, list);
    const json = await ask(node({ ...entities, period: "Week", totalIntervals: 3 }, { dateRange: { date_to: week_start_day ? "2024-02-26" : "2024-03-03" } }));
    assert.equal(json.results[0].date, `${first}T00:00:00Z`);
    assert.deepEqual(counts(json), weeks);
    const months = await ask(node({ ...entities, period: "Month", totalIntervals: 4 }, { dateRange: { date_to: "2024-04-01" } }));
    assert.deepEqual(months.results.map((row) => row.date.slice(0, 10)), ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"]);
    assert.deepEqual(counts(months), [[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]]);
  }
});

test("by hand: the first time was before the range, or was of another kind", async () => {
  const pro = [{ key: "plan", type: "event", operator: "exact", value: ["pro"] }];
  const ask = await byHand(r, { timezone: "UTC" }, [
    ["old", "2024-01-05T12:00:00Z", { event: "sign up", properties: { plan: "pro" } }], ["old", "2024-03-08T12:00:00Z", { event: "sign up", properties: { plan: "pro" } }],
    ["late", "2024-03-01T12:00:00Z", { event: "sign up", properties: { plan: "free" } }], ["late", "2024-03-08T12:00:00Z", { event: "sign up", properties: { plan: "pro" } }],
    ["new", "2024-03-08T12:00:00Z", { event: "sign up", properties: { plan: "pro" } }],
    ["old", "2024-03-09T12:00:00Z", { event: "opened" }], ["late", "2024-03-09T12:00:00Z", { event: "opened" }], ["new", "2024-03-10T12:00:00Z", { event: "opened" }]]);
  const data = async (retentionType, more) => counts(await ask(node({ retentionType, totalIntervals: 3, targetEntity: { ...signed, properties: pro }, returningEntity: opened, ...more },
    { dateRange: { date_to: "2024-03-10" } })));
  assert.deepEqual(await data("retention_recurring"), [[3, 2, 1], [0, 0, 0], [0, 0, 0]]);
  assert.deepEqual(await data("retention_first_time"), [[2, 1, 1], [0, 0, 0], [0, 0, 0]]);
  assert.deepEqual(await data("retention_first_ever_occurrence"), [[1, 0, 1], [0, 0, 0], [0, 0, 0]]);
  assert.deepEqual(await data("retention_first_time", { targetEntity: { id: "never" } }), [[0, 0, 0], [0, 0, 0], [0, 0, 0]]);
});

// Ann pays 100 before she opens on 1 March and 10 after, 20 and what is no number on the 2nd, 5.5 on the
// 3rd. Ben pays 50 at the instant he opens, nothing that is named on the 2nd, before he opens again, and 7
// on the 3rd.
const paid = { id: "paid", type: "events" };
const money = [
  ["ann", "01T09", "paid", 100], ["ann", "01T10", "opened", 1], ["ann", "01T11", "paid", "10"], ["ann", "01T12", "opened", 2],
  ["ann", "02T10", "paid", 20], ["ann", "02T11", "paid", "x"], ["ann", "03T10", "paid", 5.5],
  ["ben", "01T10", "opened", 4], ["ben", "01T10", "paid", 50], ["ben", "02T09", "paid", undefined], ["ben", "02T10", "opened", 8], ["ben", "03T10", "paid", 7],
].map(([who, when, event, amount]) => [who, `2024-03-${when}:00:00Z`,
  { event, properties: { amount, plan: who === "ann" ? "pro" : "free", ...(who === "ann" ? { $set: { weight: 3 } } : {}) } }]);

test("by hand: the sum and the mean of a property", async () => {
  const ask = await byHand(r, { timezone: "UTC" }, money);
  const query = (filter, more) => node({ targetEntity: opened, returningEntity: paid, totalIntervals: 3, aggregationType: "sum", aggregationProperty: "amount", ...filter },
    { dateRange: { date_to: "2024-03-03" }, ...more });
  const data = async (filter, more) => (await ask(query(filter, more))).results.map((row) => row.values.map((v) => v.aggregation_value));
  const none = [0, 0, 0], whole = await ask(query());
  assert.deepEqual(whole.results[0].values, [{ count: 2, aggregation_value: 17, label: "Day 0" }, { count: 2, aggregation_value: 20, label: "Day 1" },
    { count: 2, aggregation_value: 12.5, label: "Day 2" }]);
  assert.deepEqual(counts(whole), [[2, 2, 2], [1, 1, 0], none]);
  assert.deepEqual(await data(), [[17, 20, 12.5], [8, 7, 0], none]);
  assert.deepEqual(await data({ aggregationType: "avg" }), [[8.5, 10, 6.25], [8, 7, 0], none]);
  assert.deepEqual(await data({ returningEntity: opened }), [[7, 8, 0], [8, 0, 0], none]);
  assert.deepEqual(await data({ retentionType: "retention_first_time" }), [[17, 20, 12.5], none, none]);
  const free = [{ key: "plan", type: "event", operator: "exact", value: ["free"] }];
  assert.deepEqual(await data({ retentionType: "retention_first_ever_occurrence", targetEntity: { ...opened, properties: free } }), [[4, 0, 7], none, none]);
  assert.deepEqual(await data({}, { properties: free }), [[4, 0, 7], [8, 7, 0], none]);
  assert.deepEqual(await data({ minimumOccurrences: 2 }), [[17, 20, 0], [8, 0, 0], none]);
  assert.deepEqual(await data({ totalIntervals: 1 }, { dateRange: { date_to: "2024-03-01" } }), [[17]]);
  const brackets = await ask(query({ retentionCustomBrackets: [2], aggregationType: "avg" }));
  assert.deepEqual(brackets.results[0].values, [{ count: 2, aggregation_value: 8.5, label: "Day 0" }, { count: 2, aggregation_value: 16.25, label: "Day 1-2" }]);
  assert.deepEqual(await data({ aggregationProperty: "weight", aggregationPropertyType: "person" }), [[9, 6, 3], none, none]);
  const { results } = await ask(query({}, { breakdownFilter: { breakdown: "plan", breakdown_type: "event", breakdown_limit: 1 } }));
  assert.deepEqual(results.map((row) => [row.breakdown_value, ...row.values.map((v) => v.aggregation_value)]),
    [["free", 4, 0, 7], ["free", 8, 7, 0], ["free", ...none], [OTHER, 13, 20, 5.5], [OTHER, ...none], [OTHER, ...none]]);
  // Without a property, and without a type, there is the count alone.
  for (const filter of [{ aggregationProperty: undefined }, { aggregationType: "count" }, { aggregationType: undefined }])
    assert.deepEqual(Object.keys((await ask(query(filter))).results[0].values[0]), ["count", "label"]);
  const who = await ask({ kind: "ActorsQuery", select: ["actor"], source: { kind: "InsightActorsQuery", interval: 0, source: query() } });
  assert.equal(who.results.length, 2);
});

test("actions begin and bring back; many intervals", async () => {
  const place = { zone: "Europe/Berlin", weekStart: 1 }, last = r.season.to.slice(0, 10), id = await signUpsAndPro(r, place.zone);
  const isPage = (f) => f.event === "$pageview";
  for (const [target, returning, isTarget, isReturn, more] of [
    [{ id, type: "actions" }, { id: "$pageview", type: "events" }, isSignUpOrPro, isPage, {}],
    [{ id: "$pageview" }, { id, type: "actions" }, isPage, isSignUpOrPro, { type: "retention_first_ever_occurrence" }],
    [{ id: "$pageview" }, { id, type: "actions" }, isPage, isSignUpOrPro, { total: 70 }]]) {
    const ask = { total: 7, interval: "day", last, type: "retention_recurring", isNamed: isTarget, isTarget, isReturn, ...more };
    const { results } = await r.ask(node({ retentionType: ask.type, totalIntervals: ask.total, targetEntity: target, returningEntity: returning },
      { dateRange: { date_to: last } }), place.zone);
    assert.deepEqual(results, retention(r.product.facts, { ...place, ...ask }));
    assert.ok(!more.total || results.some((row) => row.values[0].count > 0));
  }
});

test("many questions, each counted again", async () => repeat(async (rand, place) => {
  const pick = (list) => list[Math.floor(rand() * list.length)];
  const interval = pick(["hour", "day", "day", "day", "week", "month"]), range = someRange(rand, r, interval);
  const filters = someFilters(rand), target = someEntity(rand), returning = rand() < 0.3 ? target : someEntity(rand), actors = someActors(rand, r);
  const entity = (x) => ({ id: x.event, type: "events", properties: x.properties });
  const total = pick([1, 3, 5, 8, 11, rand() < 0.2 ? 70 : 2]), windows = rand() < 0.25, labelled = rand() < 0.3;
  const ask = { total, interval, last: range.last, type: pick(["retention_recurring", "retention_first_time", "retention_first_ever_occurrence"]),
    windows, cumulative: !windows && rand() < 0.3, least: pick([undefined, undefined, 1, 2, 3]), brackets: rand() < 0.35 ? pick([[1, 2, 4], [3], [2, 2, 2, 2], [1], [1, 1], [2]]) : undefined,
    labelOf: labelled ? (f) => f.properties.$browser || NONE : undefined, limit: pick([1, 2, 25]),
    isNamed: (f) => target.event === null || f.event === target.event,
    isTarget: (f) => target.keep(f) && filters.keep(f), isReturn: (f) => returning.keep(f) && filters.keep(f) };
  const query = node({ retentionType: ask.type, period: interval[0].toUpperCase() + interval.slice(1), totalIntervals: total, targetEntity: entity(target),
    returningEntity: entity(returning), cumulative: ask.cumulative, minimumOccurrences: ask.least, retentionCustomBrackets: ask.brackets,
    timeWindowMode: windows ? "24_hour_windows" : "strict_calendar_dates" }, { ...filters.query, ...actors.query, dateRange: { date_to: range.dateRange.date_to },
    ...(labelled ? { breakdownFilter: { breakdown: "$browser", breakdown_type: "event", breakdown_limit: ask.limit } } : {}) });
  const facts = r.product.facts.filter((f) => actors.actorOf(f)).map((f) => ({ ...f, actor: actors.actorOf(f) }));
  const { results } = await r.ask(query, place.zone);
  assert.deepEqual(results, retention(facts, { ...place, ...ask }), JSON.stringify({ place, query }));
}));

test("what cannot be asked is said", async () => {
  const cases = [
    [{ cumulative: true, timeWindowMode: "24_hour_windows" }, "invalid_input", /^Cumulative retention is not supported for 24 hour windows\.$/],
    [{ period: "Year" }, "invalid_input", /^period "Year" is not supported$/],
    [{ retentionType: "forever" }, "invalid_input", /^retentionType "forever" is not supported$/],
    [{ aggregationType: "median", aggregationProperty: "x" }, "invalid_input", /^aggregationType "median" is not supported$/],
    [{ aggregationType: "sum", aggregationProperty: "x", aggregationPropertyType: "group" }, "invalid_input", /^aggregationPropertyType "group" is not supported$/],
    [{ aggregationType: "sum", aggregationProperty: "x", cumulative: true }, "invalid_input", /^aggregationType "sum" is not supported with cumulative$/],
    [{ aggregationType: "avg", aggregationProperty: "x", timeWindowMode: "24_hour_windows" }, "invalid_input", /^aggregationType "avg" is not supported with 24_hour_windows$/],
    [{ targetEntity: { id: 77, type: "actions" } }, "invalid_input", /^Action ID 77 does not exist!$/],
    [{ targetEntity: { id: "t", type: "data_warehouse" } }, "invalid_input", /^targetEntity.type "data_warehouse" is not supported$/],
    [{ totalIntervals: 0 }, "parse_error", /totalIntervals/],
    [{ totalIntervals: 100000 }, "parse_error", /totalIntervals/],
    [{ minimumOccurrences: 0 }, "parse_error", /minimumOccurrences/],
    [{ retentionCustomBrackets: [1, 0] }, "parse_error", /retentionCustomBrackets/],
    [{ retentionCustomBrackets: [3000, 3000] }, "parse_error", /retentionCustomBrackets/],
  ];
  for (const [filter, code, detail] of cases) {
    const { status, json } = await r.post(node(filter));
    assert.deepEqual([status, json.code], [400, code]);
    assert.match(json.detail, detail);
  }
  const { status, json } = await r.post(node({}, { compareFilter: { compare: true } }));
  assert.deepEqual([status, json.detail], [400, "compareFilter is not supported in RetentionQuery"]);
});
