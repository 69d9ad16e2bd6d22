// Dynamic cohorts: who is in them by what their filters say, worked out again over the same events in
// plain JavaScript; when they are calculated; what is refused.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start, eventually, rows } = require("./server.js");
const { capture } = require("./query_events.js");

const now = Date.parse("2026-03-31T10:30:00Z"), day = 864e5, hour = 36e5;
const base = "/api/projects/@current/cohorts/";
let s, events = [], people = [], buy;

function random(seed) {
  return () => ((seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) / 0x7fffffff);
}
before(async () => {
  s = await start(["--clock", new Date(now).toISOString()]);
  const rand = random(7), pick = (list) => list[Math.floor(rand() * list.length)];
  people = Array.from({ length: 30 }, (_, i) => ({ id: `p${i}`, plan: pick(["pro", "free", "team"]), age: 20 + i,
    ...(i % 4 ? { email: `p${i}@${i % 3 ? "x.io" : "y.io"}` } : {}) }));
  for (const p of people) { // everybody once, long ago; some seldom, some often, some not lately
    const often = Math.floor(rand() * 30), quiet = rand() < 0.3 ? 20 * day : 0;
    const at = (back) => new Date(now - quiet - back).toISOString();
    const { id, ...props } = p;
    events.push({ event: "born", distinct_id: id, timestamp: at(110 * day), properties: { $set: props } });
    for (let i = 0; i < often; i++)
      events.push({ event: pick(["A", "A", "B", "C"]), distinct_id: id, timestamp: at(Math.floor(rand() * 80 * day)),
        properties: { amount: pick([1, 5, 20]), $current_url: pick(["https://x.io/buy", "https://x.io/"]) } });
  }
  for (const e of events) e.uuid = crypto.randomUUID();
  await capture(s, s.first.project_api_key, events);
  buy = (await s.call("POST", "/api/projects/@current/actions/", { body: { name: "buy", steps: [{ event: "A", url: "/buy" }, { event: "C" }] } })).json;
});
after(async () => assert.equal(await s.stop(), 0));

const and = (...values) => ({ properties: { type: "AND", values } });
const or = (...values) => ({ properties: { type: "OR", values } });
const did = (key, value, more) => ({ type: "behavioral", key, event_type: typeof key === "number" ? "actions" : "events", value,
  time_value: 30, time_interval: "day", ...more });
const person = (key, value, operator = "exact", more = {}) => ({ type: "person", key, value, operator, ...more });

async function make(filters, more) {
  const reply = await s.call("POST", base, { body: { name: JSON.stringify(filters ?? null).slice(0, 300), filters, ...more } });
  assert.equal(reply.status, 201, reply.text);
  return reply.json;
}
const calculated = (id) => eventually(async () => {
  const { json } = await s.call("GET", `${base}${id}/`);
  return json.is_calculating ? undefined : json;
});
let asked = 0;
async function ask(query) {
  const reply = await s.call("POST", "/api/projects/@current/query/", { body: { query: { kind: "HogQLQuery", query: `${query} -- ${++asked}` } } });
  return reply.status === 200 ? reply.json.results : reply.json.detail;
}
const membersOf = async (id) => (await ask(`SELECT distinct_id FROM person_distinct_ids WHERE person_id IN COHORT ${id} ORDER BY 1`)).flat();
const ids = (predicate) => people.filter(predicate).map((p) => p.id).sort();

// The same in JavaScript: times of a person's events, and the beginnings of ranges, which are whole days.
const of = (p, names, test = () => true) => events.filter((e) => e.distinct_id === p.id && names.includes(e.event) && test(e)).map((e) => Date.parse(e.timestamp)).sort((a, b) => a - b);
const dayOf = (t) => Math.floor(t / day) * day;
const back = (n, unit = "day") => {
  const d = new Date(now);
  if (unit === "hour") return Math.floor((now - n * hour) / hour) * hour;
  if (unit === "month") d.setUTCMonth(d.getUTCMonth() - n, Math.min(d.getUTCDate(), new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() - n + 1, 0)).getUTCDate()));
  if (unit === "year") d.setUTCFullYear(d.getUTCFullYear() - n);
  return dayOf(unit === "day" ? now - n * day : unit === "week" ? now - 7 * n * day : +d);
};
const since = (times, from, to = Infinity) => times.filter((t) => t >= from && t < to).length;
const isBuy = (e) => e.event === "C" || e.properties.$current_url.includes("/buy");

const cases = () => [
  [and(person("plan", "pro")), (p) => p.plan === "pro"],
  [and(person("plan", ["pro", "team"]), person("age", 35, "gt")), (p) => p.plan !== "free" && p.age > 35],
  [or(person("email", "y.io", "icontains"), person("email", "is_not_set", "is_not_set")), (p) => !p.email || p.email.includes("y.io")],
  [and(person("plan", "pro", "exact", { negation: true })), (p) => p.plan !== "pro"],
  [and({ type: "person_metadata", key: "created_at", operator: "is_date_before", value: "2025-12-10" }),
    (p) => of(p, ["born"])[0] < Date.parse("2025-12-10")],
  [and({ type: "hogql", key: "properties.age % 2 = 0" }), (p) => p.age % 2 === 0],
  [and(did("A", "performed_event")), (p) => since(of(p, ["A"]), back(30)) > 0],
  [and(did("A", "performed_event", { negation: true })), (p) => since(of(p, ["A"]), back(30)) === 0],
  [and(did("A", "performed_event", { time_value: 300, time_interval: "hour" })), (p) => since(of(p, ["A"]), back(300, "hour")) > 0],
  [and(did("B", "performed_event", { time_value: "2", time_interval: "month" })), (p) => since(of(p, ["B"]), back(2, "month")) > 0],
  [and(did("B", "performed_event", { time_value: 1, time_interval: "year" })), (p) => of(p, ["B"]).length > 0],
  [and(did("A", "performed_event", { explicit_datetime: "2026-03-01", explicit_datetime_to: "2026-03-10" })),
    (p) => since(of(p, ["A"]), Date.parse("2026-03-01"), Date.parse("2026-03-11")) > 0],
  [and(did("A", "performed_event", { explicit_datetime: "-5d" })), (p) => since(of(p, ["A"]), back(5)) > 0],
  [and(did("A", "performed_event", { event_filters: [{ key: "amount", value: 20, operator: "exact", type: "event" }] })),
    (p) => since(of(p, ["A"], (e) => e.properties.amount === 20), back(30)) > 0],
  [and(did(0, "performed_event")), (p) => since(of(p, ["A", "C"], isBuy), back(30)) > 0],
  ...[["gte", (n) => n >= 3], ["lte", (n) => n > 0 && n <= 3], ["exact", (n) => n === 3], ["gt", (n) => n > 3], ["lt", (n) => n > 0 && n < 3], [undefined, (n) => n === 3]]
    .map(([operator, fits]) => [and(did("A", "performed_event_multiple", { operator, operator_value: 3 })), (p) => fits(since(of(p, ["A"]), back(30)))]),
  [and(did("C", "performed_event_first_time", { time_value: 50 })), (p) => of(p, ["C"]).length && of(p, ["C"])[0] >= back(50)],
  [and(did("A", "performed_event_first_time", { time_value: 70, event_filters: [{ key: "amount", value: 1, operator: "exact", type: "event" }] })),
    (p) => {
      const first = events.filter((e) => e.distinct_id === p.id && e.event === "A").sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1))[0];
      return first && Date.parse(first.timestamp) >= back(70) && first.properties.amount === 1;
    }],
  ...[["gte", 1, (n) => n >= 1], ["lte", 1, (n) => n > 0 && n <= 1], ["exact", 2, (n) => n === 2]].map(([operator, operator_value, fits]) =>
    [and(did("A", "performed_event_regularly", { operator, operator_value, time_value: 2, time_interval: "week", min_periods: 2, total_periods: 4 })),
      (p) => [1, 2, 3, 4].filter((i) => fits(since(of(p, ["A"]), back(2 * i, "week"), i > 1 ? back(2 * i - 2, "week") : Infinity))).length >= 2]),
  [and(did("A", "performed_event_sequence", { time_value: 60, seq_event: "B", seq_event_type: "events", seq_time_value: 3, seq_time_interval: "day" })),
    (p) => of(p, ["B"]).some((b) => of(p, ["A"]).some((a) => a >= back(60) && a < b && b - a <= 3 * day))],
  [and(did("A", "performed_event_sequence", { time_value: 60, seq_event: "A", seq_event_type: "events", seq_time_value: 30, seq_time_interval: "hour" })),
    (p) => of(p, ["A"]).some((b) => of(p, ["A"]).some((a) => a >= back(60) && a < b && b - a <= 30 * hour))],
  [and(did("A", "stopped_performing_event", { time_value: 60, seq_time_value: 14, seq_time_interval: "day" })),
    (p) => since(of(p, ["A"]), back(60)) > 0 && since(of(p, ["A"]), back(14)) === 0],
  [and(did("A", "restarted_performing_event", { time_value: 30, seq_time_value: 2, seq_time_interval: "week" })),
    (p) => since(of(p, ["A"]), 0, back(30)) > 0 && since(of(p, ["A"]), back(30), back(2, "week")) === 0 && since(of(p, ["A"]), back(2, "week")) > 0],
  [or({ type: "AND", values: [person("plan", "pro"), did("A", "performed_event")] },
    { type: "AND", values: [person("plan", "free"), did("B", "performed_event", { negation: true })] }),
  (p) => (p.plan === "pro" && since(of(p, ["A"]), back(30)) > 0) || (p.plan === "free" && since(of(p, ["B"]), back(30)) === 0)],
  [and(), () => false],
  [null, () => false],
];

test("every kind of filter has the members that a count over the events gives", async () => {
  const list = [];
  for (const [filters, predicate] of cases()) {
    for (const f of filters?.properties.values ?? []) if (f.key === 0) f.key = buy.id;
    list.push([filters, ids(predicate), await make(filters)]);
  }
  const id = new Map((await ask("SELECT toString(person_id), distinct_id FROM person_distinct_ids")));
  const told = new Map();
  for (const row of list) told.set(row[2].id, await calculated(row[2].id));
  const members = await eventually(async () => { // cohort_people shows a version a moment later
    const all = await ask("SELECT cohort_id, groupArray(toString(person_id)) FROM cohort_people GROUP BY cohort_id");
    return all.length >= list.filter(([, want]) => want.length).length ? new Map(all) : undefined;
  });
  for (const [filters, want, cohort] of list) {
    const what = JSON.stringify(filters), { errors_calculating, last_error_message, count } = told.get(cohort.id);
    assert.deepEqual([errors_calculating, last_error_message], [0, null], what);
    assert.deepEqual((members.get(cohort.id) ?? []).map((uuid) => id.get(uuid)).sort(), want, what);
    assert.equal(count, want.length, what);
  }
  const sizes = list.map(([, want]) => want.length);
  assert.ok(sizes.filter((n) => n > 0 && n < people.length).length >= sizes.length - 2, `cases that say little: ${sizes}`);
});

test("the older way, by groups, means the same", async () => {
  const rows = [
    [[{ properties: [{ key: "plan", value: "pro" }] }, { properties: [{ key: "age", value: 45, operator: "gt", type: "person" }] }],
      (p) => p.plan === "pro" || p.age > 45],
    [[{ event_id: "A", days: 30, count: 3, count_operator: "gte" }], (p) => since(of(p, ["A"]), back(30)) >= 3],
    [[{ action_id: buy.id, days: "10" }], (p) => since(of(p, ["A", "C"], isBuy), back(10)) > 0],
    [[], () => false],
  ];
  for (const [groups, predicate] of rows) {
    const { id } = await make(undefined, { groups });
    await calculated(id);
    assert.deepEqual(await membersOf(id), ids(predicate), JSON.stringify(groups));
  }
});

test("cohorts of cohorts follow them; a loop and one that is not there are refused", async () => {
  const fixed = (await s.call("POST", base, { body: { name: "fixed", is_static: true } })).json;
  const pro = await make(and(person("plan", "pro")));
  const not = await make(and({ type: "cohort", key: "id", value: pro.id, negation: true }, person("plan", "free", "is_not")));
  const top = await make(or({ type: "cohort", key: "id", value: not.id }, { type: "cohort", key: "id", value: fixed.id }));
  await calculated(top.id);
  assert.deepEqual(await membersOf(top.id), ids((p) => p.plan === "team"));
  const change = (id, filters) => s.call("PATCH", `${base}${id}/`, { body: { filters } });
  assert.equal((await change(pro.id, and(person("plan", "team")))).status, 200);
  await eventually(async () => (String(await membersOf(top.id)) === String(ids((p) => p.plan === "pro")) ? true : undefined));
  for (const [id, value, detail] of [[pro.id, top.id, "Cohorts cannot reference other cohorts in a loop."],
    [pro.id, pro.id, "Cohorts cannot reference other cohorts in a loop."]]) {
    const { status, json } = await change(id, and({ type: "cohort", key: "id", value }));
    assert.deepEqual([status, json.detail, json.attr], [400, detail, "filters"]);
  }
  const none = await s.call("POST", base, { body: { name: "x", filters: and({ type: "cohort", key: "id", value: 4711 }) } });
  assert.deepEqual([none.status, none.json.detail, none.json.attr], [400, "Could not find cohort with ID 4711", "filters"]);
});

test("the version in force is whole, stays until the next is, and is in cohort_people", async () => {
  const made = await make(and(person("plan", "pro")));
  assert.equal(made.is_calculating, true);
  assert.deepEqual([made.version, made.pending_version, made.count], [null, 1, null]);
  assert.deepEqual(await membersOf(made.id), ids((p) => p.plan === "pro")); // also before it is calculated
  const first = await calculated(made.id);
  assert.deepEqual([first.version, first.pending_version, first.is_static, first.cohort_type], [1, 1, false, null]);
  assert.ok(first.last_calculation >= first.created_at);
  await s.call("PATCH", `${base}${made.id}/`, { body: { filters: and(person("plan", "free")) } });
  const second = await calculated(made.id);
  assert.deepEqual([second.version, second.count], [2, ids((p) => p.plan === "free").length]);
  await eventually(async () => { // the tables of the event store follow a moment later
    const [[n]] = await ask(`SELECT count() FROM cohort_people WHERE cohort_id = ${made.id}`);
    const [[old]] = await ask(`SELECT countIf(version = 1) FROM raw_cohort_people WHERE cohort_id = ${made.id}`);
    return n === second.count && old === first.count ? true : undefined;
  });
  await s.call("PATCH", `${base}${made.id}/`, { body: { name: "again" } });
  assert.equal((await calculated(made.id)).version, 3);
  await eventually(async () => { // the one before stays for queries that began with it, older ones go
    const [{ n }] = await rows(s.data, `SELECT count() AS n FROM cohort_people WHERE cohort_id = ${made.id} AND version = 1`);
    return n === 0 ? true : undefined;
  });
  const list = (await s.call("GET", `${base}${made.id}/persons/`)).json.results;
  const of = (await s.call("GET", `/api/projects/@current/persons/cohorts/?person_id=${list[0].id}`)).json.results;
  assert.ok(of.some((c) => c.id === made.id));
  assert.equal(list.length, second.count);
});

test("a failure is told and leaves the members as they were", async () => {
  const named = (await s.call("POST", base, { body: { name: "named", is_static: true } })).json;
  const { id } = await make(or({ type: "cohort", key: "id", value: named.id }, person("plan", "pro")));
  const good = await calculated(id), want = ids((p) => p.plan === "pro");
  assert.equal(good.count, want.length);
  await s.call("PATCH", `${base}${named.id}/`, { body: { deleted: true } });
  for (const errors of [1, 2]) { // any change asks for a calculation
    assert.equal((await s.call("PATCH", `${base}${id}/`, { body: { description: `try ${errors}` } })).json.is_calculating, true);
    const bad = await calculated(id);
    assert.deepEqual([bad.errors_calculating, bad.last_error_message, bad.version, bad.count, bad.last_calculation],
      [errors, `Could not find cohort with ID ${named.id}`, good.version, good.count, good.last_calculation]);
    assert.deepEqual(await membersOf(id), want);
  }
  assert.equal((await s.call("PATCH", `${base}${named.id}/`, { body: { deleted: false } })).status, 200);
  await s.call("PATCH", `${base}${id}/`, { body: { description: "try again" } });
  const mended = await calculated(id);
  assert.deepEqual([mended.errors_calculating, mended.last_error_message], [0, null]);
  assert.ok(mended.version > good.version);
});

test("filters that no members can be computed of are refused when they are saved", async () => {
  const rows = [
    [{ x: 1 }, "Must contain a 'properties' key with type and values"],
    [{ properties: { type: "XOR", values: [] } }, "A group of filters needs a type, AND or OR, and a list of values"],
    [and({ key: "x", value: 1 }), "A filter needs a type"],
    [and({ type: "event", key: "x", value: 1 }), "The filter type \"event\" does not work in cohorts"],
    [and({ type: "person", value: 1 }), "Missing required keys for person filter: key"],
    [and({ type: "cohort" }), "Missing required keys for cohort filter: value"],
    [and({ type: "person_metadata", key: "id", value: 1 }), "The person_metadata filter knows only created_at"],
    [and({ type: "behavioral", key: "x", event_type: "events" }), "Missing required keys for behavioral filter: value"],
    [and(did(undefined, "performed_event")), "Missing required keys for behavioral filter: key"],
    [and(did("x", "performed_event", { event_type: undefined })), "Missing required keys for behavioral filter: event_type"],
    [and(did("x", "performed_event", { event_type: "x" })), "Event type must be 'events' or 'actions'"],
    [and(did(4711, "performed_event")), "Action ID 4711 does not exist!"],
    [and(did("x", "performed_event", { event_type: "actions" })), "key must be the id of an action"],
    [and(did("x", "did_it")), "The behavioral filter \"did_it\" is not supported"],
    [and(did("x", "performed_event", { time_value: undefined })), "Missing required keys for behavioral filter: time_value"],
    [and(did("x", "performed_event", { time_value: 0 })), "time_value must be greater than 0, got 0"],
    [and(did("x", "performed_event", { time_value: "many" })), "time_value must be an integer"],
    [and(did("x", "performed_event", { time_value: 10001 })), "time_value must be at most 10000, got 10001"],
    [and(did("x", "performed_event", { time_interval: "eon" })), "time_interval must be one of hour, day, week, month, year"],
    [and(did("x", "performed_event_multiple", { operator: "about", operator_value: 1 })), "count_operator must be gt(e), lt(e), exact, or None"],
    [and(did("x", "performed_event_multiple", { operator: "gte" })), "Missing required keys for behavioral filter: operator_value"],
    [and(did("x", "performed_event_regularly", { operator_value: 1, min_periods: 3, total_periods: 2 })), "min_periods (3) cannot be greater than total_periods (2)"],
    [and(did("x", "performed_event_regularly", { operator_value: 1, min_periods: 3, total_periods: 101 })), "total_periods must be at most 100"],
    [and(did("x", "performed_event_sequence", { seq_time_value: 1, seq_time_interval: "day" })), "Missing required keys for behavioral filter: seq_event"],
    [and(did("x", "stopped_performing_event", { time_value: 1, seq_time_value: 2, seq_time_interval: "day" })), "seq_time_value must be more recent than time_value"],
    [and(did("x", "performed_event", { event_filters: [{ key: "a", value: 1, operator: "like" }] })), "Operator \"like\" is not supported"],
    [and({ type: "hogql", key: "nothing = 1" }), /^Unable to resolve field: nothing/],
  ];
  for (const [filters, detail] of rows) {
    const { status, json } = await s.call("POST", base, { body: { name: "bad", filters } });
    assert.deepEqual([status, json.attr], [400, "filters"], `${JSON.stringify(filters)} ${json.detail}`);
    if (detail instanceof RegExp) assert.match(json.detail, detail);
    else assert.equal(json.detail, detail);
  }
  const bad = async (body, attr, method = "POST", at = base) => assert.deepEqual((({ status, json }) => [status, json.attr])(await s.call(method, at, { body })), [400, attr]);
  await bad({ filters: [] }, "filters");
  await bad({ groups: "x" }, "groups");
  await bad({ groups: [{}] }, "groups");
  await bad({ is_static: true }, "is_static", "PATCH", `${base}${(await make(null)).id}/`);
});
