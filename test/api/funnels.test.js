// FunnelsQuery: actors walking through steps, counted again here event by event.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { start } = require("./server.js");
const { makeEvents, capture, groupBy, sum, quantile } = require("./query_events.js");

let s, events;
const base = "/api/projects/@current/query/";
before(async () => {
  s = await start(["--clock", "2026-03-31T10:30:00Z"]);
  events = makeEvents(23, 400, "2026-03-10T00:00:00Z", "2026-03-31T10:00:00Z");
  events.forEach((e, i) => { e.distinct_id = `walker-${i % 37}`; });
  const same = "2026-03-15T12:00:00.000Z"; // steps of one instant, in the wrong order
  for (const event of ["purchase", "sign up", "$pageview"])
    events.push({ uuid: randomUUID(), event, distinct_id: "at once", timestamp: same, properties: { $browser: "Edge" } });
  await capture(s, s.first.project_api_key, events);
});
after(async () => assert.equal(await s.stop(), 0));

const step = (event, more = {}) => ({ kind: "EventsNode", event, ...more });
async function funnel(series, more = {}) {
  const { status, text, json } = await s.call("POST", base, { body: { query: { kind: "FunnelsQuery", series,
    dateRange: { date_from: "2026-03-10", date_to: "2026-03-31" }, ...more } } });
  assert.equal(status, 200, text);
  return json.results;
}

// The times at which an actor's best path entered its steps.
function walk(list, matches, window) {
  const order = (e) => matches.findIndex((m) => m(e));
  const sorted = list.filter((e) => order(e) >= 0)
    .sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp) || order(a) - order(b));
  let paths = matches.map(() => []);
  for (const e of sorted) {
    const now = Date.parse(e.timestamp);
    if (paths.at(-1).length) break;
    paths = paths.map((path, k) => {
      if (!matches[k](e)) return path;
      if (k === 0) return [now];
      return paths[k - 1].length && now - paths[k - 1][0] <= window ? [...paths[k - 1], now] : path;
    });
  }
  return paths.findLast((path) => path.length) ?? [];
}

function expected(names, list, window = 14 * 86400000) {
  const matches = names.map((name) => (e) => e.event === name);
  const walks = Object.values(groupBy(list, (e) => e.distinct_id)).map((own) => walk(own, matches, window));
  return names.map((name, k) => {
    const times = walks.filter((w) => w.length > k && k && w[k] > w[k - 1]).map((w) => (w[k] - w[k - 1]) / 1000);
    return { name, count: walks.filter((w) => w.length > k).length,
      average: times.length ? sum(times) / times.length : null, median: times.length ? quantile(0.5, times) : null };
  });
}

function check(steps, want) {
  assert.deepEqual(steps.map((x) => [x.order, x.name, x.count]), want.map((x, i) => [i, x.name, x.count]));
  steps.forEach((x, i) => {
    for (const [got, wanted] of [[x.average_conversion_time, want[i].average], [x.median_conversion_time, want[i].median]])
      assert.ok(got === wanted || Math.abs(got - wanted) < 1e-6, `${got} is not ${wanted}`);
  });
}

const names = ["$pageview", "sign up", "purchase"];

test("steps in order, within windows", async () => {
  check(await funnel(names.map((n) => step(n))), expected(names, events));
  for (const [n, unit, ms] of [[3, "hour", 3600000], [2, "day", 86400000], [1, "week", 7 * 86400000]])
    check(await funnel(names.map((name) => step(name)), { funnelsFilter: { funnelWindowInterval: n, funnelWindowIntervalUnit: unit } }),
      expected(names, events, n * ms));
  const [first] = await funnel([step("$pageview", { custom_name: "Visit" }), step("purchase")]);
  assert.deepEqual([first.action_id, first.custom_name, first.type, first.people, first.average_conversion_time],
    ["$pageview", "Visit", "events", [], null]);
});

test("the same step twice needs two events; properties narrow steps", async () => {
  const twice = ["sign up", "sign up"];
  check(await funnel(twice.map((n) => step(n))), expected(twice, events));
  const properties = [{ key: "$browser", type: "event", operator: "exact", value: ["Chrome"] }];
  check(await funnel(names.map((n) => step(n)), { properties }),
    expected(names, events.filter((e) => e.properties.$browser === "Chrome")));
  const nothing = await funnel([step("never"), step("ever")]);
  assert.deepEqual(nothing.map((x) => x.count), [0, 0]);
});

test("a breakdown by each actor's first value", async () => {
  const funnelEvents = events.filter((e) => names.includes(e.event));
  const value = {};
  for (const e of [...funnelEvents].sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1)))
    if (e.properties.$browser) value[e.distinct_id] ??= e.properties.$browser;
  const groups = await funnel(names.map((n) => step(n)), { breakdownFilter: { breakdown: "$browser", breakdown_type: "event" } });
  const byValue = groupBy(funnelEvents, (e) => value[e.distinct_id] ?? "");
  assert.deepEqual(groups.map((g) => g[0].breakdown_value[0]).sort(), Object.keys(byValue).sort());
  for (const steps of groups) {
    check(steps, expected(names, byValue[steps[0].breakdown_value[0]]));
    assert.deepEqual(steps[0].breakdown, steps[0].breakdown_value);
  }
  const last = groups.map((g) => g[2].count);
  assert.deepEqual(last, [...last].sort((a, b) => b - a));
  const few = await funnel(names.map((n) => step(n)), { breakdownFilter: { breakdown: "$browser", breakdown_limit: 2 } });
  assert.equal(few.length, 3);
  assert.ok(few.some((g) => g[0].breakdown_value[0] === "Other"));
  assert.equal(sum(few.map((g) => g[0].count)), sum(groups.map((g) => g[0].count)));
});

test("what is not counted is refused", async () => {
  const rows = [
    [{ series: [step("a")] }, /between 2 and 30 steps/],
    [{ funnelsFilter: { funnelOrderType: "strict" } }, /funnelOrderType "strict" is not supported/],
    [{ funnelsFilter: { funnelVizType: "trends" } }, /funnelVizType "trends" is not supported/],
    [{ funnelsFilter: { exclusions: [step("x", { funnelFromStep: 0, funnelToStep: 1 })] } }, /Exclusion/],
    [{ funnelsFilter: { funnelWindowIntervalUnit: "aeon" } }, /funnelWindowIntervalUnit/],
    [{ funnelsFilter: { breakdownAttributionType: "x" } }, /breakdownAttributionType/],
    [{ series: [step("a"), step("b", { optionalInFunnel: true })] }, /Optional/],
  ];
  for (const [more, detail] of rows) {
    const { status, json } = await s.call("POST", base, { body: { query: { kind: "FunnelsQuery", series: [step("a"), step("b")], ...more } } });
    assert.equal(status, 400);
    assert.match(json.detail, detail);
  }
});
