// TrendsQuery against the slow reference, on made-up events and queries. HOGLET_ROUNDS says how many queries
// (1,000 for a thorough run), HOGLET_SEED which; a failure prints what is needed to see it again.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");
const { capture } = require("./query_events.js");
const { Calendar, DAY } = require("./reference/dates.js");
const { makeWorld } = require("./reference/world.js");
const { trends } = require("./reference/trends.js");
const { option, propertyTypes } = require("./reference/server.js");
const gen = require("./reference/generate.js");

const rounds = option("ROUNDS", 80), seed = option("SEED", 1), show = option("SHOW", 3), QUERIES = 20;
// Two days after clocks change: in Berlin and New York; in São Paulo, at midnight.
const clocks = [["2026-03-31T10:05:00Z", ["Europe/Berlin", "UTC", "America/New_York"]],
  ["2018-11-06T13:05:00Z", ["America/Sao_Paulo", "UTC", "America/New_York"]],
  ["2025-10-28T10:05:00Z", ["Europe/Berlin", "Asia/Kathmandu"]],
  ["2018-02-20T13:05:00Z", ["America/Sao_Paulo", "Europe/Berlin"]]];

const maths = ["total", "dau", "dau", "weekly_active", "monthly_active", "unique_session", "unique_group", "sum", "avg", "min", "max",
  "median", "p75", "p90", "p95", "p99", "avg_count_per_actor", "min_count_per_actor", "max_count_per_actor", "median_count_per_actor",
  "p75_count_per_actor", "p90_count_per_actor", "p95_count_per_actor", "p99_count_per_actor", "hogql", "first_time_for_user",
  "first_matching_event_for_user"];
const displays = ["ActionsLineGraph", "ActionsLineGraphCumulative", "ActionsAreaGraph", "ActionsBar", "ActionsUnstackedBar",
  "ActionsStackedBar", "TwoDimensionalHeatmap", "Auto", "ActionsBarValue", "ActionsPie", "ActionsTable", "BoldNumber", "WorldMap", "CalendarHeatmap"];

function entity(r) {
  const en = { kind: "EventsNode", event: r.pick(["$pageview", "$pageview", "sign up", "purchase", "$autocapture", null]) };
  if (r.chance(0.6)) en.math = r.pick(maths);
  if (en.math === "hogql") en.math_hogql = r.pick(Object.keys(gen.mathHogql));
  if (en.math === "unique_group") en.math_group_type_index = r.int(2);
  if (["sum", "avg", "min", "max", "median", "p75", "p90", "p95", "p99"].includes(en.math))
    Object.assign(en, r.pick([{ math_property: "amount" }, { math_property: "amount" }, { math_property: "mixed" }, { math_property: "$time" },
      { math_property: "seats", math_property_type: "person_properties" }, { math_property: "$session_duration", math_property_type: "session_properties" }]));
  if (r.chance(0.2)) en.properties = [gen.filter(r)];
  if (r.chance(0.15)) en.custom_name = r.pick(["Mine", "Other name"]);
  if (r.chance(0.1)) en.math_multiplier = r.pick([2, 0.5, 100]);
  return en;
}

function breakdown(r) {
  const part = () => r.pick([{ property: "$browser", type: "event" }, { property: "plan", type: "event" }, { property: "paid" },
    { property: "amount", type: "event" }, { property: "tier", type: "person" }, { property: "industry", type: "group", group_type_index: 0 },
    { property: "$pageview_count", type: "session" }, { property: "distinct_id", type: "event_metadata" }, { property: "mixed" },
    { property: "$current_url", normalize_url: r.chance(0.7) }, { property: r.pick(Object.keys(gen.hogqlValues)), type: "hogql" }]);
  const limit = r.chance(0.4) ? { breakdown_limit: r.pick([1, 2, 3]) } : {}, hide = r.chance(0.1) ? { breakdown_hide_other_aggregation: true } : {};
  const numbers = { property: "amount", type: "event", histogram_bin_count: 1 + r.int(6) };
  if (r.chance(0.1)) return { breakdowns: r.chance(0.5) ? [numbers] : [numbers, part()], ...limit };
  if (r.chance(0.1)) return { breakdown: r.pick(["amount", "mixed"]), breakdown_type: "event", breakdown_histogram_bin_count: 1 + r.int(30), ...limit };
  if (r.chance(0.4)) return { breakdowns: Array.from({ length: 1 + r.int(3) }, part), ...limit, ...hide };
  const one = part();
  return { breakdown: r.chance(0.1) ? [one.property] : one.property, breakdown_type: one.type ?? "event", ...limit, ...hide,
    ...(one.normalize_url && { breakdown_normalize_url: true }), ...(one.group_type_index !== undefined && { breakdown_group_type_index: one.group_type_index }) };
}

function query(r, calendar, now) {
  const interval = r.pick(["hour", "day", "day", "day", "week", "month", "minute"]), series = [entity(r)];
  while (r.chance(0.3) && series.length < 4) series.push(entity(r));
  const q = { kind: "TrendsQuery", series, interval, dateRange: gen.dateRange(r, calendar, now, interval), trendsFilter: {} };
  if (interval === "day" && r.chance(0.5)) delete q.interval;
  if (r.chance(0.5)) q.trendsFilter.display = r.pick(displays);
  if (r.chance(0.15)) q.trendsFilter.smoothingIntervals = r.pick([2, 3, 7]);
  if (r.chance(0.2)) {
    const formula = () => r.pick(series.length > 1 ? ["A+B", "A/B", "(A-B)*100", "A/(A+B)", "-B+2*A", "b - 1.5"] : ["A*2", "A/A", "100-A", "a/0"]);
    Object.assign(q.trendsFilter, r.pick([{ formula: formula() }, { formulas: [formula(), formula() + " "] }, { formulaNodes: [{ formula: formula(), custom_name: "Rate" }] }]));
  }
  if (r.chance(0.4)) q.breakdownFilter = breakdown(r);
  if (r.chance(0.3)) q.compareFilter = { compare: true, ...(r.chance(0.3) && { compare_to: r.pick(["-1w", "-2d", "-1m", "-30h"]) }) };
  if (r.chance(0.4)) q.properties = gen.filters(r);
  if (r.chance(0.1)) q.aggregation_group_type_index = 0;
  if (r.chance(0.1)) q.filterTestAccounts = true;
  return q;
}

const near = (a, b) => a === b || (typeof a === "number" && typeof b === "number" && Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b)));
const same = (a, b) => near(a, b) || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((v, i) => same(v, b[i])));

// What differs between items, in words; null: nothing.
function difference(got, want) {
  if (got.length !== want.length)
    return `${got.length} items, not ${want.length}: ${JSON.stringify(got.map((i) => i.label))}, not ${JSON.stringify(want.map((i) => i.label))}`;
  for (const [i, item] of want.entries())
    for (const key of Object.keys(item))
      if (!same(got[i][key], item[key])) return `item ${i} (${item.label}): ${key} is ${JSON.stringify(got[i][key])}, not ${JSON.stringify(item[key])}`;
  return null;
}

async function dataSet(s, r, now, zone) {
  const week_start_day = r.int(2), calendar = new Calendar(zone, now, week_start_day), project = s.cli("project", "add", "--name", `${zone} ${r.state}`);
  const testAccountFilters = [{ key: "$browser", type: "event", operator: "is_not", value: "Chrome" }];
  const patched = await s.call("PATCH", `/api/projects/${project.id}/`, { body: { timezone: zone, week_start_day, test_account_filters: testAccountFilters } });
  assert.equal(patched.status, 200, patched.text);
  const { events, groupTypes } = gen.makeEvents(r, calendar, 30 + r.int(170), now - 75 * DAY, now);
  await capture(s, project.api_token, events);
  return { project, ctx: { world: makeWorld(events, groupTypes), types: await propertyTypes(s, project.id), calendar, testAccountFilters,
    hogql: gen.hogql, mathHogql: gen.mathHogql } };
}

const sets = Math.ceil(rounds / QUERIES), each = Math.min(clocks.length, sets);
for (const [k, [clock, zones]] of clocks.slice(0, each).entries())
  test(`trends as the reference counts them, ${clock.slice(0, 10)}`, async () => {
    const s = await start(["--clock", clock]), now = Date.parse(clock), wrong = [];
    for (let n = k; n < sets; n += each) {
      const zone = zones[Math.floor(n / each) % zones.length], r = new gen.Random(seed * 1000 + n), { project, ctx } = await dataSet(s, r, now, zone);
      for (let i = 0; i < QUERIES; i++) {
        const q = query(r, ctx.calendar, now);
        const { status, text, json } = await s.call("POST", `/api/environments/${project.id}/query/`, { body: { query: q } });
        const want = trends(ctx, q), found = status === 200 ? difference(json.results, want.results) ??
          (json.hasMore === want.hasMore ? null : `hasMore is ${json.hasMore}`) : text;
        if (found) wrong.push(`set ${n}, query ${i}, ${zone}, week day ${ctx.calendar.weekStart}: ${found}\n${JSON.stringify(q)}`);
      }
    }
    assert.equal(await s.stop(), 0);
    assert.equal(wrong.length, 0, `HOGLET_SEED=${seed} HOGLET_ROUNDS=${rounds}: ${wrong.length} differ\n${wrong.slice(0, show).join("\n")}`);
  });
