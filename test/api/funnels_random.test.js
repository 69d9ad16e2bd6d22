// FunnelsQuery against the slow reference, on made-up events and queries: many events of one instant,
// windows hit exactly, clocks that change, persons that become one. HOGLET_ROUNDS says how many queries,
// HOGLET_SEED which; a failure prints what is needed to see it again.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start, rows } = require("./server.js");
const { capture, groupBy } = require("./query_events.js");
const { makeWorld } = require("./reference/world.js");
const { funnel, people, difference } = require("./reference/funnels.js");
const { option } = require("./reference/server.js");
const { Random } = require("./reference/generate.js");

const rounds = option("ROUNDS", 80), seed = option("SEED", 1), show = option("SHOW", 3), QUERIES = 40;
const zones = ["Europe/Berlin", "UTC", "America/New_York"];
const first = Date.parse("2026-03-27T00:00:00Z"); // Berlin's clocks go forward two days later
const MINUTE = 60000, names = ["a", "b", "c", "d", "x"], kinds = ["k1", "k2", "k3", "", null];

// Few people, few instants: many things happen at once.
function makeEvents(r) {
  const grid = r.pick([MINUTE, 10 * MINUTE, 60 * MINUTE, 1000]), n = 40 + r.int(140), people = 2 + r.int(14), span = r.pick([20, 60, 200]);
  const fresh = Array.from({ length: 3 }, (_, i) => first + 40 * 3600000 + i * r.int(20) * 3600000);
  const events = Array.from({ length: n }, () => ({ uuid: r.uuid(), event: r.pick([...names, "a", "b", "other"]), distinct_id: `p-${r.int(people)}`,
    timestamp: new Date(r.pick(fresh) + r.int(span) * grid).toISOString(),
    properties: { kind: r.pick(kinds), session: r.pick(["s1", "s2", "s3", "", null]), ...(r.chance(0.6) && { $groups: { company: r.pick(["acme", "globex"]) } }) } }))
    .sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
  const merges = Array.from({ length: r.int(3) }, (_, i) => ({ uuid: r.uuid(), event: "$identify", distinct_id: `p-${i}`,
    timestamp: new Date(first + 90 * 3600000).toISOString(), properties: { $anon_distinct_id: `p-${people - 1 - i}` } }));
  const group = { uuid: r.uuid(), event: "$groupidentify", distinct_id: "p-0", timestamp: new Date(first).toISOString(),
    properties: { $group_type: "company", $group_key: "acme", $group_set: { size: 1 } } };
  return { grid, events: [group, ...events, ...(people > 6 ? merges : [])] };
}

const withKind = (r, p) => (r.chance(p) ? { properties: [{ key: "kind", type: "event", operator: "exact", value: r.pick([["k1"], ["k1", "k2"], "k3"]) }] } : {});

function makeSteps(r, mayBeOptional) {
  const n = 2 + r.int(3), pool = r.pick([names, ["a", "b", "c"], ["a", "b"], ["a"]]);
  return Array.from({ length: n }, (_, i) => ({ kind: "EventsNode", event: r.chance(0.08) ? null : r.pick(pool), ...withKind(r, 0.25),
    ...(i && mayBeOptional && r.chance(0.3) && { optionalInFunnel: true }), ...(r.chance(0.05) && { math: r.pick(["first_time_for_user", "first_time_for_user_with_filters"]) }) }));
}

function makeExclusions(r, series, whole) {
  return Array.from({ length: 1 + r.int(2) }, () => {
    const from = whole ? 0 : r.int(series.length - 1), to = whole ? series.length - 1 : from + 1 + r.int(series.length - 1 - from);
    return { kind: "EventsNode", event: r.pick(["x", "d", "other", "c"]), ...withKind(r, 0.2), funnelFromStep: from, funnelToStep: to };
  });
}

function makeQuery(r, grid) {
  const funnelsFilter = { funnelOrderType: r.pick(["ordered", "ordered", "strict", "unordered"]), funnelVizType: r.pick(["steps", "steps", "steps", "trends", "time_to_convert"]) };
  const unordered = funnelsFilter.funnelOrderType === "unordered", steps = funnelsFilter.funnelVizType === "steps";
  const series = makeSteps(r, steps && !unordered && r.chance(0.3)), last = series.length - 1;
  const query = { kind: "FunnelsQuery", series, funnelsFilter, dateRange: r.pick([{ date_from: "2026-03-27", date_to: "2026-04-05" }, { date_from: "2026-03-28", date_to: "2026-03-29" }]),
    ...withKind(r, 0.15) };
  const reach = (1 + r.int(r.pick([3, 15, 60]))) * grid / 1000, unit = reach % 3600 === 0 ? [3600, "hour"] : reach % 60 === 0 ? [60, "minute"] : [1, "second"];
  if (r.chance(0.8)) Object.assign(funnelsFilter, { funnelWindowInterval: reach / unit[0], funnelWindowIntervalUnit: unit[1] });
  if (r.chance(0.35)) funnelsFilter.exclusions = makeExclusions(r, series, unordered);
  if (!steps && r.chance(0.4)) Object.assign(funnelsFilter, r.pick([{ funnelFromStep: r.int(last) }, { funnelToStep: 1 + r.int(last) }]));
  if (r.chance(0.3)) funnelsFilter.binCount = 1 + r.int(12);
  if (funnelsFilter.funnelVizType === "trends" && r.chance(0.7)) query.interval = r.pick(["hour", "week", "month", "day"]);
  if (r.chance(0.4)) {
    query.breakdownFilter = { breakdown: "kind", breakdown_type: "event", ...(r.chance(0.4) && { breakdown_limit: 1 + r.int(3) }) };
    funnelsFilter.breakdownAttributionType = r.pick(["first_touch", "last_touch", "all_events", "step"]);
    if (funnelsFilter.breakdownAttributionType === "step") funnelsFilter.breakdownAttributionValue = unordered ? 0 : r.int(series.length);
  }
  if (r.chance(0.15)) query.aggregation_group_type_index = 0;
  else if (r.chance(0.15)) funnelsFilter.funnelAggregateByHogQL = r.pick(["properties.session", "person_id", "distinct_id"]);
  return query;
}

const actors = { "properties.session": (e) => e.properties.session ?? "", distinct_id: (e) => e.distinct_id };
let tieOf; // the server's checksum of a value
function worldOf(query, zone) {
  const actorOf = query.aggregation_group_type_index === 0 ? (e) => e.groups[0] : actors[query.funnelsFilter.funnelAggregateByHogQL] ?? ((e) => e.person);
  return { zone, personOf: (e) => e.person, actorOf, tieOf };
}

// Which of two first events of one instant is the first is not told: such queries are not asked.
function isClear(query, events) {
  return query.series.filter((s) => s.math).every((s) => Object.values(groupBy(events, (e) => e.person)).every((own) => {
    const of = own.filter((e) => (s.event === null || e.event === s.event));
    return new Set(of.map((e) => e.at)).size === of.length;
  }));
}

// How many actors have some chain of events through the first k steps: said without walking.
function chains(query, events, world, window) {
  const fits = (s, e) => (s.event === null || s.event === e.event) && (s.properties ?? []).every((p) => [p.value].flat().includes(e.properties.kind ?? ""));
  return query.series.map((_, k) => Object.values(groupBy(events.filter((e) => world.actorOf(e)), world.actorOf)).filter((own) => {
    const follow = (step, used) => step > k || own.some((e) => !used.includes(e) && fits(query.series[step], e) &&
      (!used.length || (e.at >= used.at(-1).at && e.at - used[0].at <= window)) && follow(step + 1, [...used, e]));
    return follow(0, []);
  }).length);
}

function isPlain({ funnelsFilter: f, series, properties, breakdownFilter, dateRange }) {
  return f.funnelVizType === "steps" && f.funnelOrderType === "ordered" && !f.exclusions && !breakdownFilter && !properties &&
    dateRange.date_from === "2026-03-27" && series.every((s) => !s.math && !s.optionalInFunnel) && series.length < 4;
}

function wrongWith(query, json, events, zone) {
  const world = worldOf(query, zone), want = funnel(query, events, world);
  if (isPlain(query)) {
    const unit = { second: 1000, minute: MINUTE, hour: 60 * MINUTE }[query.funnelsFilter.funnelWindowIntervalUnit] ?? 14 * 24 * 60 * MINUTE;
    const counts = chains(query, events, world, (query.funnelsFilter.funnelWindowInterval ?? 1) * unit);
    assert.deepEqual(want.map((x) => x.count), counts, `the reference itself: ${JSON.stringify(query)}`);
  }
  if (query.funnelsFilter.funnelVizType !== "trends") return difference(json.results, want);
  const got = json.results.map(({ count, data, breakdown_value }) => ({ count, data, breakdown_value }));
  return difference(got, want.map(({ count, data, breakdown_value }) => ({ count, data, breakdown_value })));
}

// A number of the answer to look behind: fields of the source, and what the reference is asked.
function makeClick(r, query, results) {
  const trends = query.funnelsFilter.funnelVizType === "trends", n = query.series.length;
  const lists = query.breakdownFilter && query.funnelsFilter.funnelVizType !== "time_to_convert" ? results : [results];
  if (!lists.length) return null;
  const one = r.pick(lists), value = query.breakdownFilter && r.chance(0.8) ? (trends ? one : one[0])?.breakdown_value?.[0] : undefined;
  const fields = value === undefined ? {} : { funnelStepBreakdown: r.pick([value, [value]]) };
  if (trends) {
    const { days } = results[0], bucket = r.int(days.length), dropped = r.chance(0.5);
    return { fields: { ...fields, funnelTrendsDropOff: dropped, funnelTrendsEntrancePeriodStart: days[bucket] }, asked: { value, bucket, dropped } };
  }
  const steps = r.chance(0.2) ? { funnelCustomSteps: [1 + r.int(n), 1 + r.int(n)] } : { funnelStep: r.chance(0.5) ? 1 + r.int(n) : -2 - r.int(n - 1) };
  return { fields: { ...fields, ...steps }, asked: { value, ...steps } };
}

// The people behind a number are those the reference finds.
async function wrongPeople(r, query, results, events, zone, ask) {
  const click = makeClick(r, query, results);
  if (!click || !["person_id", undefined].includes(query.funnelsFilter.funnelAggregateByHogQL)) return null;
  const shown = query.breakdownFilter && Array.isArray(results) ? results.map((g) => (g.data ? g : g[0]).breakdown_value?.[0]) : [];
  const want = people(query, events, worldOf(query, zone), click.asked, shown);
  const { status, text, json } = await ask({ kind: "ActorsQuery", source: { kind: "FunnelsActorsQuery", source: query, ...click.fields }, select: ["actor"], limit: 1000 });
  if (status !== 200) return text;
  const known = new Set(events.map((e) => e.person));
  const got = json.results.map(([a]) => (query.aggregation_group_type_index === 0 ? a.id : a.distinct_ids.find((id) => known.has(id)))).sort();
  const found = difference(got, want);
  return found && `${JSON.stringify(click.fields)}: ${found}`;
}

let s;
before(async () => { s = await start(["--clock", "2026-04-10T10:30:00Z"]); });
after(async () => assert.equal(await s.stop(), 0));

test("funnels as the reference counts them", async () => {
  const wrong = [];
  const [ties] = await rows(s.data, `SELECT ${["k1", "k2", "k3"].map((k) => `cityHash64('${k}') % 8192 AS ${k}`).join(", ")}`);
  tieOf = (value) => ties[value] ?? 0;
  let asked = 0, refused = 0;
  for (let n = 0; n < Math.ceil(rounds / QUERIES); n++) {
    const zone = zones[n % zones.length], r = new Random(seed * 1000 + n), project = s.cli("project", "add", "--name", `${zone} ${n}`);
    assert.equal((await s.call("PATCH", `/api/projects/${project.id}/`, { body: { timezone: zone } })).status, 200);
    const made = makeEvents(r), { events } = makeWorld(made.events, ["company"]);
    await capture(s, project.api_token, made.events);
    const queries = Array.from({ length: QUERIES }, () => makeQuery(r, made.grid)).filter((q) => isClear(q, events));
    await Promise.all([0, 1, 2, 3].map(async (lane) => {
      for (const [i, query] of queries.entries()) {
        if (i % 4 !== lane) continue;
        const ask = (body) => s.call("POST", `/api/environments/${project.id}/query/`, { body: { query: body } });
        const { status, text, json } = await ask(query);
        if (status === 400 && /cannot contain an event|cannot be the same/.test(json.detail)) {
          refused++;
          continue;
        }
        asked++;
        const found = status === 200 ? wrongWith(query, json, events, zone) ??
          await wrongPeople(new Random(seed * 1000000 + n * 1000 + i), query, json.results, events, zone, ask) : text;
        if (found) wrong.push(`set ${n}, query ${i}, ${zone}: ${found}\n${JSON.stringify(query)}`);
      }
    }));
  }
  assert.ok(asked > refused * 3, `${refused} of ${asked + refused} queries were refused`);
  assert.equal(wrong.length, 0, `HOGLET_SEED=${seed} HOGLET_ROUNDS=${rounds}: ${wrong.length} of ${asked} differ\n${wrong.slice(0, show).join("\n")}`);
});
