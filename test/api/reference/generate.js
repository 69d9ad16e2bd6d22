// generate.js - made-up events and queries from a seed, for tests that ask the server and a slow reference
// the same. Times gather at the edges of hours and days and where clocks change; values are such
// that sums come out exact, and no two events of a set have the same time.
"use strict";
const { HOUR, MINUTE, DAY } = require("./dates.js");
const { Random } = require("../../random.js");

const values = {
  amount: [1, 2.5, 10, 100.25, 0, -3, 7, 12.5], plan: ["free", "pro", "Pro", "pro plus", "50%_off", "", "free"],
  $browser: ["Chrome", "Chrome", "Chrome", "Firefox", "Safari", "Edge", "Opera", "Brave", "", null],
  paid: [true, false], version: ["1.2.3", "1.10.0", "2.0.0", "0.3.1", "1.2", "not a version"],
  mixed: ["5", 5, true, "x", null, "", 12.5, "0012"], due: ["2026-03-20", "2026-03-28T23:30:00Z", "2026-03-29 03:00:00"],
  $current_url: ["https://a.example/", "https://a.example/pricing/", "https://a.example/pricing", "https://a.example/pricing/#top", "/"],
};
const chains = ['a.nav:attr__href="/x"href="/x"nth-child="1"text="Go";nav:nth-child="2"', 'button.big.red:nth-child="2"text="Buy";div:text="Buy now"', ""];

// A time: on, beside or between the edges that matter.
function moment(r, calendar, from, to, edges) {
  const any = from + r.int(to - from);
  switch (r.int(6)) {
  case 0: return calendar.startOf("day", any) + r.pick([0, -1, 1]);
  case 1: return calendar.startOf("hour", any) + r.pick([0, -1]);
  case 2: return r.pick(edges) + r.int(4 * HOUR) - 2 * HOUR;
  default: return any;
  }
}

// Instants at which the zone's clock jumps.
function changes(calendar, from, to) {
  const found = [];
  for (let at = from - (from % HOUR); at < to; at += HOUR) if (calendar.offset(at) !== calendar.offset(at + HOUR)) found.push(at + HOUR);
  return found;
}

function oneEvent(r, name, id, at, people) {
  const properties = {};
  for (const key of Object.keys(values)) if (r.chance(0.75)) properties[key] = r.pick(values[key]);
  if (name === "$autocapture") properties.$elements_chain = r.pick(chains);
  if (r.chance(0.7)) properties.$session_id = r.chance(0.1) ? "" : `s-${id.replace(/\D/g, "")}-${Math.floor(at / (6 * HOUR))}`;
  const groups = { ...(r.chance(0.6) && { company: r.pick(["acme", "globex", "initech"]) }), ...(r.chance(0.3) && { team: r.pick(["red", "blue"]) }) };
  if (Object.keys(groups).length) properties.$groups = groups;
  if (r.chance(0.15)) properties.$set = { tier: r.pick(["gold", "silver"]), seats: r.pick([1, 5, 10]) };
  if (r.chance(0.1)) properties.$set_once = { source: r.pick(["ad", "friend"]), vip: r.chance(0.5) };
  return { uuid: r.uuid(), event: name, distinct_id: id, timestamp: new Date(at).toISOString(), properties, people };
}

// {events, groupTypes}: n events in [from, to), oldest first, with identifications and group properties.
function makeEvents(r, calendar, n, from, to) {
  const edges = [...changes(calendar, from, to), from + (to - from) / 2], times = new Set(), events = [];
  while (times.size < n) times.add(Math.floor(moment(r, calendar, from, to, edges)));
  const known = 1 + r.int(9), identified = new Set();
  for (const at of [...times].filter((t) => t >= from && t < to).sort((a, b) => a - b)) {
    const k = r.int(known), anonymous = r.chance(0.4), id = `${anonymous ? "anon" : "user"}-${k}`;
    const name = r.pick(["$pageview", "$pageview", "$pageview", "sign up", "purchase", "$autocapture"]);
    const e = oneEvent(r, name, id, at);
    delete e.people;
    if (r.chance(0.05) && !identified.has(k)) {
      identified.add(k);
      Object.assign(e, { event: "$identify", distinct_id: `user-${k}` });
      e.properties.$anon_distinct_id = `anon-${k}`;
    }
    events.push(e);
  }
  const groups = [["company", "acme", { industry: "tech", size: 10 }], ["company", "globex", { industry: "film" }], ["team", "red", { color: "warm", size: 3 }]];
  events.unshift(...groups.map(([type, key, set], i) => ({ uuid: r.uuid(), event: "$groupidentify", distinct_id: "user-0",
    timestamp: new Date(from - 3 + i).toISOString(), properties: { $group_type: type, $group_key: key, $group_set: set } })));
  return { events, groupTypes: ["company", "team"] };
}

// -------------------------------------------------------------------------- queries

const texts = { icontains: ["pro", "%", "RO", "_"], not_icontains: ["pro", "off"], regex: ["^p", "o$", "[0-9]"], not_regex: ["^p", "x"] };

function valueOf(r, key) {
  const list = values[key] ?? [];
  return r.pick(list.filter((v) => v !== null));
}

function eventFilter(r) {
  const key = r.pick(["plan", "$browser", "amount", "paid", "mixed", "nothing"]);
  const operator = r.pick(["exact", "exact", "is_not", "icontains", "not_icontains", "regex", "not_regex", "gt", "gte", "lt", "lte",
    "min", "max", "is_set", "is_not_set", "in", "not_in", "between", "not_between"]);
  const f = { key, type: "event", operator }, several = () => Array.from({ length: r.int(4) }, () => valueOf(r, key) ?? "x");
  if (operator.startsWith("is_set") || operator === "is_not_set") return f;
  if (operator.endsWith("between")) return { ...f, key: "amount", value: [r.pick([0, 1, 2.5]), r.pick([7, 10, 100.25])] };
  if (texts[operator]) return { ...f, value: r.chance(0.8) ? r.pick(texts[operator]) : r.some(texts[operator], 0.7) };
  if (["gt", "gte", "lt", "lte", "min", "max"].includes(operator)) return { ...f, value: r.pick([0, 2.5, 7, "10"]), key: r.pick(["amount", "amount", "mixed"]) };
  const value = valueOf(r, key) ?? "x";
  return { ...f, value: operator === "in" || operator === "not_in" || r.chance(0.4) ? several() : value };
}

const otherFilters = [
  (r) => ({ key: "tier", type: "person", operator: r.pick(["exact", "is_not", "is_set"]), value: r.pick(["gold", ["gold", "silver"], "none"]) }),
  (r) => ({ key: "seats", type: "person", operator: r.pick(["gt", "lt", "exact", "is_not_set"]), value: r.pick([1, 5, "10"]) }),
  (r) => ({ key: "industry", type: "group", group_type_index: 0, operator: r.pick(["exact", "is_not", "icontains"]), value: r.pick(["tech", "film", "e"]) }),
  (r) => ({ key: "size", type: "group", group_type_index: r.int(2), operator: r.pick(["gt", "lte", "is_set"]), value: r.pick([3, 5]) }),
  (r) => ({ key: "$session_duration", type: "session", operator: r.pick(["gt", "lt"]), value: r.pick([0, 60, 3600]) }),
  (r) => ({ key: "$pageview_count", type: "session", operator: r.pick(["gte", "exact"]), value: r.pick([1, 2]) }),
  (r) => ({ key: "tag_name", type: "element", operator: r.pick(["exact", "is_not"]), value: r.pick(["a", "button", ["a", "nav"]]) }),
  (r) => ({ key: "text", type: "element", operator: r.pick(["exact", "icontains"]), value: r.pick(["Go", "buy"]) }),
  (r) => ({ key: "href", type: "element", operator: r.pick(["exact", "icontains"]), value: "/x" }),
  (r) => ({ key: "version", type: "event", operator: r.pick(["semver_eq", "semver_gt", "semver_lte", "semver_caret", "semver_tilde", "semver_neq"]), value: r.pick(["1.2.3", "1.2.0", "0.3.0"]) }),
  (r) => ({ key: "due", type: "event", operator: r.pick(["is_date_before", "is_date_after", "is_date_exact"]), value: r.pick(["2026-03-28", "2026-03-29", "2026-03-28T23:30:00Z"]) }),
  (r) => ({ key: "distinct_id", type: "event_metadata", operator: r.pick(["icontains", "is_not", "exact"]), value: r.pick(["anon", "user-1"]) }),
  (r) => ({ key: r.pick(Object.keys(hogql)), type: "hogql" }),
  () => ({ type: "empty" }),
];

const hogql = {
  "properties.plan = 'pro'": (e) => e.properties.plan === "pro",
  "event != 'purchase'": (e) => e.event !== "purchase",
  "distinct_id like 'anon%'": (e) => e.distinct_id.startsWith("anon"),
  "toHour(timestamp) < 12": (e, ctx) => ctx.calendar.fields(e.at).time < 12 * HOUR,
  "person.properties.tier = 'gold' or event = 'sign up'": (e) => e.personProperties.tier === "gold" || e.event === "sign up",
};
const hogqlValues = {
  "lower(properties.plan)": (e) => e.properties.plan?.toLowerCase() ?? null,
  "if(event = 'purchase', 'paid', 'free')": (e) => (e.event === "purchase" ? "paid" : "free"),
};
const mathHogql = {
  "count() * 2": (list) => list.length * 2,
  "countIf(properties.plan = 'pro')": (list) => list.filter((e) => e.properties.plan === "pro").length,
  "count(distinct distinct_id) + 1": (list) => new Set(list.map((e) => e.distinct_id)).size + 1,
};

const filter = (r) => (r.chance(0.6) ? eventFilter(r) : r.pick(otherFilters)(r));

function filters(r, depth = 0) {
  const list = Array.from({ length: r.int(3) }, () => filter(r));
  if (depth === 0 && r.chance(0.6)) return list;
  if (depth < 2 && r.chance(0.4)) list.push(filters(r, depth + 1));
  return { type: r.pick(["AND", "OR"]), values: list };
}

// A range of at most `days`, with ends of every form; `to` is the clock's now.
function dateRange(r, calendar, now, interval) {
  const most = { minute: 0.1, hour: 3, day: 20, week: 50, month: 55 }[interval];
  const stamp = (at) => new Date(at).toISOString().replace(".000Z", "Z"), cut = (at) => Math.floor(at / MINUTE) * MINUTE;
  const end = now - r.int(interval === "month" || interval === "week" ? 5 * DAY : 30 * DAY), begin = end - Math.ceil(r.next() * most * DAY);
  if (interval === "minute") return { date_from: stamp(cut(begin)), date_to: stamp(cut(end) + 59999) };
  switch (r.int(interval === "hour" ? 3 : 7)) {
  case 0: return { date_from: calendar.day(begin), date_to: calendar.day(end) };
  case 1: return { date_from: stamp(begin), date_to: stamp(end) };
  case 2: return { date_from: stamp(begin), date_to: stamp(end), explicitDate: true };
  case 3: return { date_from: r.pick(["-7d", "-14d", "-10d", "-2w", "-1m", "-1mStart", "mStart", "-30d", "-1q", "dStart", "-36h"]) };
  case 4: return { date_from: "-21d", date_to: r.pick(["-1d", "-7d", "-1dEnd", "-1w", "-3dStart"]) };
  case 5: return interval === "month" ? { date_from: "all" } : { date_from: "-1w" };
  default: return {};
  }
}

module.exports = { Random, makeEvents, filter, filters, dateRange, values, hogql: { ...hogql, ...hogqlValues }, hogqlFilters: hogql,
  hogqlValues, mathHogql };
