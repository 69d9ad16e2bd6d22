// TrendsQuery: every number against a count of the same events, in zones that change their clocks.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start, rows } = require("./server.js");
const { makeEvents, capture, wall, addDays, daysBetween, groupBy, sum, quantile } = require("./query_events.js");

const NULL_LABEL = "$$_posthog_breakdown_null_$$", OTHER_LABEL = "$$_posthog_breakdown_other_$$";
const now = "2026-03-31T10:30:00Z"; // two days after Berlin's clocks went forward
let s, events, projects = {};
before(async () => {
  s = await start(["--clock", now]);
  events = makeEvents(11, 500, "2026-02-20T00:00:00Z", "2026-03-31T10:00:00Z");
  for (const [zone, settings] of [["UTC", {}], ["Europe/Berlin", { week_start_day: 1 }], ["America/New_York", {}]]) {
    const project = s.cli("project", "add", "--name", zone);
    const { status, text } = await s.call("PATCH", `/api/projects/${project.id}/`, { body: { timezone: zone, ...settings } });
    assert.equal(status, 200, text);
    const own = events.map((e) => ({ ...e, uuid: crypto.randomUUID() }));
    await capture(s, project.api_token, own);
    projects[zone] = project;
  }
});
after(async () => assert.equal(await s.stop(), 0));

const zones = ["UTC", "Europe/Berlin", "America/New_York"];
const pageviews = { kind: "EventsNode", event: "$pageview", name: "$pageview" };
async function trend(query, zone = "UTC") {
  const { status, text, json } = await s.call("POST", `/api/environments/${projects[zone].id}/query/`,
    { body: { query: { kind: "TrendsQuery", ...query } } });
  assert.equal(status, 200, text);
  return json;
}
const series = async (query, zone) => (await trend(query, zone)).results;
const named = (name) => events.filter((e) => e.event === name);
const people = (list) => new Set(list.map((e) => e.distinct_id)).size;
const amounts = (list) => list.map((e) => e.properties.amount).filter((v) => v !== undefined);
const close = (got, want) => got.forEach((v, i) => assert.ok(Math.abs(v - want[i]) < 1e-9, `${got} is not ${want}`));

test("eight days by default, each in its zone", async () => {
  for (const zone of zones) {
    const [item] = await series({ series: [pageviews] }, zone);
    const today = wall(zone, now).day, days = daysBetween(addDays(today, -7), today);
    assert.deepEqual(item.days, days, zone);
    assert.deepEqual(item.data, days.map((d) => named("$pageview").filter((e) => wall(zone, e.timestamp).day === d).length), zone);
    assert.equal(item.count, sum(item.data));
    assert.equal(item.label, "$pageview");
    assert.equal(item.labels[7], "31-Mar-2026");
    assert.equal(item.action.days.length, 8);
    assert.deepEqual([item.action.id, item.action.type, item.action.order, item.action.math], ["$pageview", "events", 0, null]);
    assert.equal(item.filter.insight, "TRENDS");
    assert.ok(!("compare" in item) && !("breakdown_value" in item));
  }
});

test("hours of a day with 23 and of one with 24", async () => {
  const zone = "Europe/Berlin";
  for (const [day, n] of [["2026-03-29", 23], ["2026-03-28", 24]]) {
    const [item] = await series({ series: [{ kind: "EventsNode", event: null }], interval: "hour",
      dateRange: { date_from: day, date_to: `${day}T23:10:00` } }, zone);
    assert.equal(item.data.length, n);
    assert.equal(item.label, "All events");
    assert.deepEqual(item.days.map((d) => +d.slice(11, 13)), [...Array(24).keys()].filter((h) => n === 24 || h !== 2));
    item.days.forEach((d, i) => assert.equal(item.data[i], events.filter((e) => {
      const w = wall(zone, e.timestamp);
      return w.day === day && w.hour === +d.slice(11, 13);
    }).length, d));
  }
});

test("weeks begin as the project says; months are whole", async () => {
  const monday = (day) => addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));
  const sunday = (day) => addDays(day, -new Date(`${day}T00:00:00Z`).getUTCDay());
  for (const [zone, first] of [["Europe/Berlin", monday], ["America/New_York", sunday]]) {
    const range = { date_from: "2026-03-04", date_to: "2026-03-25" };
    const [item] = await series({ series: [pageviews], interval: "week", dateRange: range }, zone);
    const list = named("$pageview").map((e) => wall(zone, e.timestamp).day).filter((d) => d >= range.date_from && d <= range.date_to);
    const weeks = [...new Set(daysBetween(range.date_from, range.date_to).map(first))];
    assert.deepEqual(item.days, weeks);
    assert.deepEqual(item.data, weeks.map((w) => list.filter((d) => first(d) === w).length), zone);
    const [months] = await series({ series: [pageviews], interval: "month", dateRange: { date_from: "2026-02-25", date_to: "2026-03-31" } }, zone);
    assert.deepEqual(months.days, ["2026-02-01", "2026-03-01"]);
    assert.deepEqual(months.data, ["2026-02", "2026-03"].map((m) => named("$pageview").filter((e) => wall(zone, e.timestamp).day.startsWith(m)).length));
  }
});

test("every math over time and in all", async () => {
  const range = { date_from: "2026-03-10", date_to: "2026-03-20" }, days = daysBetween(range.date_from, range.date_to);
  const zone = "America/New_York", on = (list, d) => list.filter((e) => wall(zone, e.timestamp).day === d);
  const inside = (list) => list.filter((e) => days.includes(wall(zone, e.timestamp).day));
  const perActor = (list) => Object.values(list.reduce((all, e) => ({ ...all, [e.distinct_id]: (all[e.distinct_id] ?? 0) + 1 }), {}));
  const mean = (list) => (list.length ? sum(list) / list.length : 0), most = (list) => (list.length ? Math.max(...list) : 0);
  const least = (list) => (list.length ? Math.min(...list) : 0);
  const maths = {
    total: (list) => list.length, dau: people,
    unique_session: (list) => new Set(list.map((e) => e.properties.$session_id).filter(Boolean)).size,
    sum: (list) => sum(amounts(list)), avg: (list) => mean(amounts(list)),
    min: (list) => least(amounts(list)), max: (list) => most(amounts(list)),
    median: (list) => quantile(0.5, amounts(list)), p75: (list) => quantile(0.75, amounts(list)),
    p90: (list) => quantile(0.9, amounts(list)), p99: (list) => quantile(0.99, amounts(list)),
    avg_count_per_actor: (list) => mean(perActor(list)), min_count_per_actor: (list) => least(perActor(list)),
    max_count_per_actor: (list) => most(perActor(list)), median_count_per_actor: (list) => quantile(0.5, perActor(list)),
    p90_count_per_actor: (list) => quantile(0.9, perActor(list)), hogql: (list) => list.length * 2,
  };
  for (const [math, value] of Object.entries(maths)) {
    const query = { dateRange: range, series: [{ ...pageviews, math, math_property: "amount", math_hogql: "count() * 2" }] };
    const [item] = await series(query, zone);
    close(item.data, days.map((d) => value(on(named("$pageview"), d))));
    const [total] = await series({ ...query, trendsFilter: { display: "BoldNumber" } }, zone);
    close([total.aggregated_value], [value(inside(named("$pageview")))]);
    assert.deepEqual([total.data, total.days, total.count], [[], [], 0], math);
  }
});

test("sliding windows: weekly and monthly active", async () => {
  const active = (zone, last, n) => people(named("purchase").filter((e) => {
    const d = wall(zone, e.timestamp).day;
    return d <= last && d > addDays(last, -n);
  }));
  // 32 days and 30 before them are as many as a number has bits for.
  for (const [math, n, date_from] of [["weekly_active", 7, "2026-03-22"], ["monthly_active", 30, "2026-02-28"], ["monthly_active", 30, "2026-02-27"]])
    for (const zone of zones) {
      const range = { date_from, date_to: "2026-03-31" }, days = daysBetween(date_from, range.date_to), query = { dateRange: range, series: [{ kind: "EventsNode", event: "purchase", math }] };
      const [item] = await series(query, zone);
      assert.deepEqual(item.data, days.map((d) => active(zone, d, n)), `${math} from ${date_from} ${zone}`);
      const [total] = await series({ ...query, trendsFilter: { display: "BoldNumber" } }, zone);
      assert.equal(total.aggregated_value, active(zone, range.date_to, n));
    }
});

test("first time for user", async () => {
  const range = { date_from: "2026-02-22", date_to: "2026-03-05" }, days = daysBetween(range.date_from, range.date_to);
  const firsts = (list) => {
    const seen = new Map();
    for (const e of list) if (!seen.has(e.distinct_id)) seen.set(e.distinct_id, e);
    return [...seen.values()];
  };
  const properties = [{ key: "paid", type: "event", operator: "exact", value: ["true"] }], paid = (e) => e.properties.paid;
  const count = (list) => days.map((d) => list.filter((e) => wall("UTC", e.timestamp).day === d).length);
  const data = async (math) => (await series({ dateRange: range, series: [{ kind: "EventsNode", event: "sign up", math, properties }] }))[0].data;
  assert.deepEqual(await data("first_time_for_user"), count(firsts(named("sign up")).filter(paid)));
  assert.deepEqual(await data("first_matching_event_for_user"), count(firsts(named("sign up").filter(paid))));
});

test("cumulative displays add up; actors count once", async () => {
  const dateRange = { date_from: "2026-03-10", date_to: "2026-03-20" }, days = daysBetween("2026-03-10", "2026-03-20");
  const trendsFilter = { display: "ActionsLineGraphCumulative" };
  const until = (d) => named("$pageview").filter((e) => e.timestamp >= "2026-03-10" && e.timestamp.slice(0, 10) <= d);
  const [total] = await series({ series: [pageviews], dateRange, trendsFilter });
  assert.deepEqual(total.data, days.map((d) => until(d).length));
  assert.equal(total.count, total.data.at(-1));
  const [dau] = await series({ series: [{ ...pageviews, math: "dau" }], dateRange, trendsFilter });
  assert.deepEqual(dau.data, days.map((d) => people(until(d))));
});

test("a breakdown: values by their sum, then none, then all others", async () => {
  const dateRange = { date_from: "2026-03-01", date_to: "2026-03-31" }, days = daysBetween("2026-03-01", "2026-03-31");
  const list = named("$pageview").filter((e) => e.timestamp >= "2026-03-01");
  const groups = groupBy(list, (e) => e.properties.$browser || NULL_LABEL);
  const ranked = Object.keys(groups).filter((k) => k !== NULL_LABEL)
    .sort((a, b) => groups[b].length - groups[a].length || (a < b ? -1 : 1));
  for (const limit of [2, 25]) {
    const { results, hasMore } = await trend({ series: [pageviews], dateRange,
      breakdownFilter: { breakdown: "$browser", breakdown_type: "event", breakdown_limit: limit } });
    const rest = ranked.slice(limit), labels = [...ranked.slice(0, limit), NULL_LABEL, ...(rest.length ? [OTHER_LABEL] : [])];
    assert.deepEqual(results.map((r) => r.breakdown_value), labels);
    assert.equal(hasMore, rest.length > 0);
    for (const row of results) {
      const own = row.breakdown_value === OTHER_LABEL ? rest.flatMap((k) => groups[k]) : groups[row.breakdown_value];
      assert.deepEqual(row.data, days.map((d) => own.filter((e) => e.timestamp.startsWith(d)).length), row.breakdown_value);
      assert.equal(row.label, row.breakdown_value);
    }
  }
  const pie = await trend({ series: [pageviews], dateRange, trendsFilter: { display: "ActionsPie" },
    breakdownFilter: { breakdown: "$browser", breakdown_limit: 2, breakdown_hide_other_aggregation: true } });
  assert.deepEqual(pie.results.map((r) => [r.breakdown_value, r.aggregated_value]),
    [...ranked.slice(0, 2), NULL_LABEL].map((k) => [k, groups[k].length]));
  assert.equal(pie.hasMore, true);
  const none = await series({ series: [{ kind: "EventsNode", event: "never" }], breakdownFilter: { breakdown: "$browser" } });
  assert.deepEqual(none, []);
});

test("several breakdowns, several series, types of values", async () => {
  const dateRange = { date_from: "2026-03-01", date_to: "2026-03-31" };
  const inside = (name) => named(name).filter((e) => e.timestamp >= "2026-03-01");
  const two = await series({ series: [pageviews], dateRange, trendsFilter: { display: "ActionsTable" },
    breakdownFilter: { breakdowns: [{ property: "paid", type: "event" }, { property: "version", type: "event" }] } });
  const groups = groupBy(inside("$pageview"), (e) => `${e.properties.paid}::${e.properties.version}`);
  assert.deepEqual(Object.fromEntries(two.map((r) => [r.label, r.aggregated_value])),
    Object.fromEntries(Object.entries(groups).map(([k, v]) => [k, v.length])));
  assert.ok(two.every((r) => r.label === r.breakdown_value.join("::")));
  const both = await series({ series: [pageviews, { kind: "EventsNode", event: "purchase" }], dateRange,
    breakdownFilter: { breakdown: "paid", breakdown_type: "event" } });
  assert.deepEqual(both.map((r) => r.label).sort(), ["$pageview - false", "$pageview - true", "purchase - false", "purchase - true"]);
  assert.deepEqual(both.map((r) => r.action.order), [0, 0, 1, 1]);
  const text = await series({ series: [pageviews], dateRange, trendsFilter: { display: "ActionsBarValue" },
    breakdownFilter: { breakdown: "if(distinct_id = 'person-1', 'one', 'many')", breakdown_type: "hogql" } });
  assert.deepEqual(Object.fromEntries(text.map((r) => [r.label, r.aggregated_value])), {
    one: inside("$pageview").filter((e) => e.distinct_id === "person-1").length,
    many: inside("$pageview").filter((e) => e.distinct_id !== "person-1").length });
});

test("compare: the period before, its own days, current first", async () => {
  for (const zone of zones) {
    const count = (days) => days.map((d) => named("$pageview").filter((e) => wall(zone, e.timestamp).day === d).length);
    const check = async (query, current, previous) => {
      const got = await series({ series: [pageviews], ...query }, zone);
      assert.deepEqual(got.map((r) => [r.compare, r.compare_label]), [[true, "current"], [true, "previous"]]);
      assert.deepEqual(got.map((r) => r.days), [current, previous], zone);
      assert.deepEqual(got.map((r) => r.data), [count(current), count(previous)], zone);
    };
    const today = wall(zone, now).day;
    await check({ dateRange: { date_from: "-7d" }, compareFilter: { compare: true } },
      daysBetween(addDays(today, -7), today), daysBetween(addDays(today, -14), addDays(today, -7)));
    await check({ dateRange: { date_from: "2026-03-27", date_to: "2026-03-30" }, compareFilter: { compare: true } },
      daysBetween("2026-03-27", "2026-03-30"), daysBetween("2026-03-23", "2026-03-26"));
    await check({ dateRange: { date_from: "2026-03-27", date_to: "2026-03-30" }, compareFilter: { compare: true, compare_to: "-1w" } },
      daysBetween("2026-03-27", "2026-03-30"), daysBetween("2026-03-20", "2026-03-23"));
  }
});

test("formulas over series, over breakdowns, over periods", async () => {
  const dateRange = { date_from: "2026-03-10", date_to: "2026-03-20" }, days = daysBetween("2026-03-10", "2026-03-20");
  const two = [pageviews, { kind: "EventsNode", event: "purchase" }];
  const on = (name, d, browser) => named(name).filter((e) => e.timestamp.startsWith(d) && (!browser || e.properties.$browser === browser)).length;
  const ratio = (a, b) => (b ? a / b : 0);
  const [item] = await series({ series: two, dateRange, trendsFilter: { formula: "B / A * 100" } });
  close(item.data, days.map((d) => ratio(on("purchase", d), on("$pageview", d)) * 100));
  assert.deepEqual([item.action, item.label], [null, "Formula (B / A * 100)"]);
  const nodes = await series({ series: two, dateRange, trendsFilter: { formula: "A", formulas: ["B"],
    formulaNodes: [{ formula: "A+B", custom_name: "Both" }, { formula: "A-B" }] } });
  assert.deepEqual(nodes.map((r) => r.label), ["Both", "Formula (A-B)"]);
  assert.deepEqual(nodes[1].data, days.map((d) => on("$pageview", d) - on("purchase", d)));
  const split = await series({ series: two, dateRange, trendsFilter: { formula: "A+B" }, breakdownFilter: { breakdown: "$browser" } });
  const chrome = split.find((r) => r.breakdown_value === "Chrome");
  assert.deepEqual(chrome.data, days.map((d) => on("$pageview", d, "Chrome") + on("purchase", d, "Chrome")));
  assert.equal(split[0].label, "Chrome");
  assert.equal(split.at(-1).breakdown_value, NULL_LABEL);
  const total = await series({ series: two, dateRange, trendsFilter: { formula: "A+B", display: "BoldNumber" }, compareFilter: { compare: true } });
  assert.deepEqual(total.map((r) => [r.compare_label, r.data]), [["current", null], ["previous", null]]);
  assert.equal(total[0].aggregated_value, sum(days.map((d) => on("$pageview", d) + on("purchase", d))));
});

test("property filters say the same here and there", async () => {
  const p = (key, operator, value, more = {}) => ({ key, operator, value, type: "event", ...more });
  const of = (key, fn) => (e) => fn(e.properties[key]), has = (v) => v !== undefined && v !== null;
  const cmp = (a, b) => { const [x, y] = [a, b].map((v) => v.split(".").map(Number)); return x[0] - y[0] || x[1] - y[1] || x[2] - y[2]; };
  const rows = [
    [p("$browser", "exact", "Chrome"), of("$browser", (v) => v === "Chrome")],
    [p("$browser", "exact", ["Chrome", "Edge"]), of("$browser", (v) => ["Chrome", "Edge"].includes(v))],
    [p("$browser", "is_not", "Chrome"), of("$browser", (v) => v !== "Chrome")],
    [p("$browser", "is_not", ["Chrome", "Edge"]), of("$browser", (v) => !["Chrome", "Edge"].includes(v))],
    [p("$browser", "icontains", "RO"), of("$browser", (v) => has(v) && v.toLowerCase().includes("ro"))],
    [p("$browser", "not_icontains", "RO"), of("$browser", (v) => !has(v) || !v.toLowerCase().includes("ro"))],
    [p("plan", "icontains", "%_o"), of("plan", (v) => has(v) && v.includes("%_o"))],
    [p("plan", "regex", "^pro( plus)?$"), of("plan", (v) => has(v) && /^pro( plus)?$/.test(v))],
    [p("plan", "not_regex", "^pro"), of("plan", (v) => !has(v) || !/^pro/.test(v))],
    [p("plan", "is_set", "is_set"), of("plan", has)],
    [p("plan", "is_not_set", "is_not_set"), of("plan", (v) => !has(v))],
    [p("amount", "exact", "10"), of("amount", (v) => v === 10)],
    [p("amount", "exact", [2.5, "0"]), of("amount", (v) => v === 2.5 || v === 0)],
    [p("amount", "gt", 2.5), of("amount", (v) => v > 2.5)], [p("amount", "gte", "2.5"), of("amount", (v) => v >= 2.5)],
    [p("amount", "lt", 1), of("amount", (v) => v < 1)], [p("amount", "lte", 1), of("amount", (v) => v <= 1)],
    [p("amount", "between", [0, 10]), of("amount", (v) => v >= 0 && v <= 10)],
    [p("paid", "exact", ["true"]), of("paid", (v) => v === true)], [p("paid", "is_not", false), of("paid", (v) => v !== false)],
    [p("paid", "exact", ["true", "false"]), of("paid", has)],
    [p("version", "semver_gt", "1.2.3"), of("version", (v) => cmp(v, "1.2.3") > 0)],
    [p("version", "semver_caret", "1.2.0"), of("version", (v) => v.startsWith("1."))],
    [p("$browser", "exact", []), () => true], [p("$browser", "exact", undefined), () => true],
    [{ type: "hogql", key: "properties.amount > 2 and event = 'purchase'" }, (e) => e.properties.amount > 2 && e.event === "purchase"],
    [p("event", "exact", "sign up", { type: "event_metadata" }), (e) => e.event === "sign up"],
    [p("timestamp", "is_date_before", "2026-03-10", { type: "event_metadata" }), (e) => e.timestamp < "2026-03-10"],
    [p("timestamp", "is_date_after", "2026-03-10", { type: "event_metadata" }), (e) => e.timestamp >= "2026-03-11"],
    [p("timestamp", "is_date_exact", "2026-03-10", { type: "event_metadata" }), (e) => e.timestamp.startsWith("2026-03-10")],
  ];
  const whole = { date_from: "2026-02-01" };
  const count = async (properties) => (await series({ series: [{ kind: "EventsNode", event: null }], dateRange: whole, properties,
    trendsFilter: { display: "BoldNumber" } }))[0].aggregated_value;
  for (const [filter, passes] of rows)
    assert.equal(await count([filter]), events.filter(passes).length, JSON.stringify(filter));
  const tree = { type: "OR", values: [{ type: "AND", values: [rows[0][0], rows[13][0]] }, { type: "AND", values: [rows[25][0]] }] };
  assert.equal(await count(tree), events.filter((e) => (rows[0][1](e) && rows[13][1](e)) || rows[25][1](e)).length);
  const [own] = await series({ series: [{ kind: "EventsNode", event: "purchase", properties: [rows[0][0]] }], properties: [rows[13][0]],
    dateRange: whole, trendsFilter: { display: "BoldNumber" } });
  assert.equal(own.aggregated_value, named("purchase").filter((e) => rows[0][1](e) && rows[13][1](e)).length);
});

test("test accounts are left out when asked", async () => {
  const id = projects.UTC.id, test_account_filters = [{ key: "$browser", type: "event", operator: "is_not", value: "Chrome" }];
  const query = { series: [pageviews], trendsFilter: { display: "BoldNumber" }, dateRange: { date_from: "2026-02-01" } };
  const value = async (filterTestAccounts) => (await series({ ...query, filterTestAccounts }))[0].aggregated_value;
  assert.equal((await s.call("PATCH", `/api/projects/${id}/`, { body: { test_account_filters } })).status, 200);
  assert.equal(await value(true), named("$pageview").filter((e) => e.properties.$browser !== "Chrome").length);
  assert.equal(await value(false), named("$pageview").length);
});

test("smoothing, all time, a wrapper with overrides", async () => {
  const dateRange = { date_from: "2026-03-10", date_to: "2026-03-20" };
  const [plain] = await series({ series: [pageviews], dateRange });
  const [smooth] = await series({ series: [pageviews], dateRange, trendsFilter: { smoothingIntervals: 3 } });
  assert.deepEqual(smooth.data, plain.data.map((_, i) => {
    const part = plain.data.slice(Math.max(0, i - 2), i + 1);
    return Math.floor(sum(part) / part.length);
  }));
  const [all] = await series({ series: [pageviews], dateRange: { date_from: "all" }, interval: "month" });
  assert.deepEqual([all.days[0], all.count], ["2026-02-01", named("$pageview").length]);
  const body = { query: { kind: "InsightVizNode", source: { kind: "TrendsQuery", series: [pageviews] } },
    filters_override: { date_from: "2026-03-10", date_to: "2026-03-20", properties: [{ key: "$browser", value: "Edge", operator: "exact", type: "event" }] } };
  const { json } = await s.call("POST", `/api/projects/${projects.UTC.id}/query/`, { body });
  assert.deepEqual(json.results[0].data, plain.days.map((d) => named("$pageview")
    .filter((e) => e.timestamp.startsWith(d) && e.properties.$browser === "Edge").length));
  assert.deepEqual(json.resolved_date_range, { date_from: "2026-03-10T00:00:00Z", date_to: "2026-03-20T23:59:59.999999Z" });
});

test("a sample: the same people each time; counts and sums made whole, averages as they are", async () => {
  const part = 0.5, dateRange = { date_from: "2026-03-10", date_to: "2026-03-20" };
  const chosen = new Set((await rows(s.data, `SELECT DISTINCT distinct_id FROM events WHERE team_id = ${projects.UTC.id}
    AND cityHash64(distinct_id) % 1000000000 < ${part * 1e9}`)).map((r) => r.distinct_id));
  assert.ok(chosen.size > 2 && chosen.size < 12, `${chosen.size} of 14`);
  const inside = named("purchase").filter((e) => chosen.has(e.distinct_id) && e.timestamp >= "2026-03-10" && e.timestamp < "2026-03-21");
  const entity = (math, more) => ({ kind: "EventsNode", event: "purchase", math, ...more });
  const maths = [entity("total"), entity("dau"), entity("sum", { math_property: "amount" }), entity("avg", { math_property: "amount" }),
    entity("max", { math_property: "amount" }), entity("hogql", { math_hogql: "count(DISTINCT event)" }), entity("hogql", { math_hogql: "max(toFloat(properties.amount))" }),
    entity("avg_count_per_actor")];
  const ask = (more) => series({ series: maths, dateRange, samplingFactor: part, ...more });
  const values = amounts(inside), counts = Object.values(groupBy(inside, (e) => e.distinct_id)).map((l) => l.length);
  close((await ask({ trendsFilter: { display: "BoldNumber" } })).map((r) => r.aggregated_value),
    [inside.length / part, people(inside) / part, sum(values) / part, sum(values) / values.length, Math.max(...values), 1 / part,
      Math.max(...values), sum(counts) / counts.length]);
  const [total] = await ask();
  assert.deepEqual(total.data, total.days.map((d) => inside.filter((e) => e.timestamp.startsWith(d)).length / part));
  assert.equal(total.filter.sampling_factor, part);
  const browsers = await series({ series: [maths[0]], dateRange, samplingFactor: part, breakdownFilter: { breakdown: "$browser", breakdown_limit: 2 } });
  assert.equal(sum(browsers.map((r) => r.count)), inside.length / part);
  const behind = await s.call("POST", `/api/environments/${projects.UTC.id}/query/`, { body: { query: { kind: "ActorsQuery", select: ["id"],
    source: { kind: "InsightActorsQuery", source: { kind: "TrendsQuery", series: [maths[1]], dateRange, samplingFactor: part, trendsFilter: { display: "BoldNumber" } } } } } });
  assert.equal(behind.json?.results?.length, people(inside), behind.text);
  const [odd] = await series({ series: [maths[0]], dateRange, samplingFactor: 0.3, trendsFilter: { display: "BoldNumber" } });
  assert.equal(odd.aggregated_value, Math.round(odd.aggregated_value));
  const [whole] = await series({ series: [maths[0]], dateRange, samplingFactor: 1, trendsFilter: { display: "BoldNumber" } });
  assert.equal(whole.aggregated_value, named("purchase").filter((e) => e.timestamp >= "2026-03-10" && e.timestamp < "2026-03-21").length);
});
