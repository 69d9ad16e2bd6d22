// LifecycleQuery: who is new, stays, comes back and leaves, against a count of each person by itself.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { rig, byHand, signUpsAndPro, isSignUpOrPro, repeat, someRange, someFilters, someEntity, someActors } = require("./reference/rig.js");
const { lifecycle } = require("./reference/lifecycle.js");

const statuses = ["new", "returning", "resurrecting", "dormant"];
let r;
before(async () => { r = await rig(); });
after(async () => assert.equal(await r.s.stop(), 0));

const node = (more) => ({ kind: "LifecycleQuery", series: [{ kind: "EventsNode", event: "$pageview", name: "$pageview" }], ...more });

const numbers = (json) => Object.fromEntries(json.results.map((item) => [item.status, item.data]));

test("four items, in order, with what clients read", async () => {
  const json = await r.ask(node({ dateRange: { date_from: r.season.from.slice(0, 10), date_to: "2024-12-31" }, interval: "month" }));
  assert.deepEqual(json.results.map((item) => item.status), statuses);
  for (const item of json.results) {
    assert.deepEqual(Object.keys(item), ["action", "label", "status", "count", "data", "labels", "days"]);
    assert.equal(item.label, `$pageview - ${item.status}`);
    assert.equal(item.count, item.data.reduce((a, b) => a + b, 0));
    assert.deepEqual([item.action.id, item.action.name, item.action.type, item.action.order, item.action.math],
      ["$pageview", "$pageview", "events", 0, "total"]);
    assert.equal(item.days.length, item.data.length);
    assert.equal(item.labels.length, item.data.length);
    assert.ok(item.data.every((v) => (item.status === "dormant" ? v <= 0 : v >= 0)));
  }
  assert.match(json.hogql, /^SELECT bucket/);
  assert.equal(json.results[0].labels.at(-1), "1-Dec-2024");
});

test("by hand: days of Berlin, where a night has an hour less", async () => {
  // Ann: 29 (created), 30, 31 just past midnight, gone on 1. Ben: created long before, back on 31.
  // Cid: 30 at 23:59:59.999 only. Dan: a first event of another name makes him, so he is not new.
  const ask = await byHand(r, { timezone: "Europe/Berlin", week_start_day: 1 }, [
    ["ben", "2024-02-01T12:00:00Z"], ["dan", "2024-03-01T12:00:00Z", { event: "opened" }],
    ["ann", "2024-03-29T10:00:00Z"], ["ann", "2024-03-30T10:00:00Z"], ["cid", "2024-03-30T22:59:59.999Z"],
    ["ann", "2024-03-30T23:00:00.000Z"], ["ben", "2024-03-31T21:59:59.999Z"], ["dan", "2024-03-31T12:00:00Z"]]);
  const json = await ask(node({ dateRange: { date_from: "2024-03-29", date_to: "2024-04-01" } }));
  assert.deepEqual(json.results[0].days, ["2024-03-29", "2024-03-30", "2024-03-31", "2024-04-01"]);
  assert.deepEqual(numbers(json), { new: [1, 1, 0, 0], returning: [0, 1, 1, 0], resurrecting: [0, 0, 2, 0], dormant: [0, 0, -1, -3] });
  assert.deepEqual(json.results.map((item) => item.count), [2, 2, 2, -4]);
});

test("by hand: weeks begin on the project's day, months have their own lengths", async () => {
  // Sunday 2024-02-25 is the last day of a week from Monday, the first of one from Sunday.
  const list = [["eve", "2024-02-25T12:00:00Z"], ["eve", "2024-02-26T12:00:00Z"], ["eve", "2024-02-29T12:00:00Z"], ["eve", "2024-03-31T12:00:00Z"]];
  const week = node({ interval: "week", dateRange: { date_from: "2024-02-25", date_to: "2024-03-05" } });
  const monday = await (await byHand(r, { timezone: "UTC", week_start_day: 1 }, list))(week);
  assert.deepEqual(monday.results[0].days, ["2024-02-19", "2024-02-26", "2024-03-04"]);
  assert.deepEqual(numbers(monday), { new: [1, 0, 0], returning: [0, 1, 0], resurrecting: [0, 0, 0], dormant: [0, 0, -1] });
  const ask = await byHand(r, { timezone: "UTC", week_start_day: 0 }, list), sunday = await ask(week);
  assert.deepEqual(sunday.results[0].days, ["2024-02-25", "2024-03-03"]);
  assert.deepEqual(numbers(sunday), { new: [1, 0], returning: [0, 0], resurrecting: [0, 0], dormant: [0, -1] });
  const months = await ask(node({ interval: "month", dateRange: { date_from: "2024-02-29", date_to: "2024-04-02" } }));
  assert.deepEqual(months.results[0].days, ["2024-02-01", "2024-03-01", "2024-04-01"]);
  assert.deepEqual(numbers(months), { new: [1, 0, 0], returning: [0, 1, 0], resurrecting: [0, 0, 0], dormant: [0, 0, -1] });
});

test("by hand: merged people are one; events without a person are none", async () => {
  // Fay's phone is seen on 5 March, her account exists since 1 February: on 5 she comes back.
  const ask = await byHand(r, { timezone: "UTC" }, [["fay", "2024-02-01T12:00:00Z"], ["phone", "2024-03-05T12:00:00Z"],
    ["fay", "2024-03-06T12:00:00Z", { event: "$identify", properties: { $anon_distinct_id: "phone" } }], ["fay", "2024-03-06T13:00:00Z"],
    ["ghost", "2024-03-05T12:00:00Z", { properties: { $process_person_profile: false } }]]);
  const query = node({ dateRange: { date_from: "2024-03-05", date_to: "2024-03-07" } });
  assert.deepEqual(numbers(await ask(query)), { new: [0, 0, 0], returning: [0, 1, 0], resurrecting: [1, 0, 0], dormant: [0, 0, -1] });
  const stored = await ask({ ...query, modifiers: { personsOnEventsMode: "person_id_no_override_properties_on_events" } });
  assert.deepEqual(numbers(stored), { new: [1, 0, 0], returning: [0, 0, 0], resurrecting: [0, 1, 0], dormant: [0, -1, -1] });
});

test("no events at all are zeros", async () => {
  const json = await r.ask(node({ series: [{ kind: "EventsNode", event: "never" }], dateRange: { date_from: "2024-03-01", date_to: "2024-03-03" } }));
  for (const item of json.results) assert.deepEqual(item.data, [0, 0, 0]);
});

test("an action's events", async () => {
  const place = { zone: "Europe/Berlin", weekStart: 1 }, range = { interval: "week", first: r.season.from.slice(0, 10), last: r.season.to.slice(0, 10) };
  const json = await r.ask(node({ interval: "week", dateRange: { date_from: range.first, date_to: range.last },
    series: [{ kind: "ActionsNode", id: await signUpsAndPro(r, place.zone) }] }), place.zone);
  assert.deepEqual({ days: json.results[0].days, ...numbers(json) }, lifecycle(r.product.facts.filter(isSignUpOrPro), r.product.born, { ...place, ...range }));
  assert.deepEqual([json.results[0].label, json.results[0].action.type], ["Up - new", "actions"]);
});

test("many questions, each counted again", async () => repeat(async (rand, place) => {
  const interval = ["hour", "day", "day", "week", "month"][Math.floor(rand() * 5)];
  const range = someRange(rand, r, interval), filters = someFilters(rand), entity = someEntity(rand), actors = someActors(rand, r);
  const query = node({ ...filters.query, ...actors.query, interval, dateRange: range.dateRange,
    series: [{ kind: "EventsNode", event: entity.event, properties: entity.properties }] });
  const facts = r.product.facts.filter((f) => filters.keep(f) && entity.keep(f) && actors.actorOf(f))
    .map((f) => ({ ...f, actor: actors.actorOf(f) }));
  const want = lifecycle(facts, actors.born, { ...place, ...range });
  const { results } = await r.ask(query, place.zone);
  assert.deepEqual({ days: results[0].days, ...numbers({ results }) }, want, JSON.stringify({ place, query }));
}));

test("what cannot be asked is said", async () => {
  const cases = [
    [{ series: undefined }, "parse_error", /series\n {2}Field required/],
    [{ series: [] }, "parse_error", /at least 1 item/],
    [{ series: [{ kind: "ActionsNode", id: 77 }] }, "invalid_input", /^Action ID 77 does not exist!$/],
    [{ breakdownFilter: { breakdown: "$browser" } }, "invalid_input", /^breakdownFilter is not supported in LifecycleQuery$/],
    [{ compareFilter: { compare: true } }, "invalid_input", /^compareFilter is not supported in LifecycleQuery$/],
    [{ samplingFactor: 2 }, "parse_error", /samplingFactor/],
    [{ lifecycleFilter: { toggledLifecycles: ["old"] } }, "parse_error", /toggledLifecycles/],
    [{ aggregation_group_type_index: 9 }, "parse_error", /aggregation_group_type_index/],
  ];
  for (const [more, code, detail] of cases) {
    const { status, json } = await r.post(node(more));
    assert.deepEqual([status, json.code], [400, code]);
    assert.match(json.detail, detail);
  }
});

test("a sample stands for all", async () => {
  const range = { date_from: r.season.from.slice(0, 10), date_to: r.season.to.slice(0, 10) };
  const whole = numbers(await r.ask(node({ dateRange: range, samplingFactor: 1 })));
  assert.deepEqual(whole, numbers(await r.ask(node({ dateRange: range }))));
  const half = numbers(await r.ask(node({ dateRange: range, samplingFactor: 0.5 })));
  assert.ok(statuses.every((s) => half[s].every((v) => v % 2 === 0)));
  assert.notDeepEqual(half, whole);
});
