// ActorsQuery: lists of persons, and the people behind the numbers of a trend, counted again over the
// raw events by reference/actors.js. HOGLET_ROUNDS says how many random clicks, HOGLET_SEED which.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { start, eventually, rows } = require("./server.js");
const { makeEvents, capture, daysBetween } = require("./query_events.js");
const { random } = require("./reference/product.js");
const { trendActors, previous, bucketOf, NONE, OTHER } = require("./reference/actors.js");

const seed = Number(process.env.HOGLET_SEED ?? Date.now() % 1000000), rounds = Number(process.env.HOGLET_ROUNDS ?? 25);
for (const name of ["HOGLET_SEED", "HOGLET_ROUNDS"]) delete process.env[name]; // no settings of the server
const now = "2026-03-31T10:30:00Z", zones = [["UTC", false], ["Europe/Berlin", true], ["America/New_York", false]];
let s, projects = [];
// People use two ids each after person 3; the last two have no profile.
const personOf = (id) => id.replace(/^anon/, "person");
function makePeople(seed) {
  const events = makeEvents(seed, 420, "2026-02-01T00:00:00Z", "2026-03-31T10:00:00Z"), rand = random(seed);
  for (const e of events) {
    const n = +e.distinct_id.slice(7);
    if (n >= 12) e.properties.$process_person_profile = false;
    else if (n >= 4 && rand() < 0.5) e.distinct_id = `anon-${n}`;
    const company = [null, "acme", "bolt"][Math.floor(rand() * 3)];
    if (company) e.properties.$groups = { company };
  }
  const at = (i) => new Date(Date.parse("2026-03-31T10:10:00Z") + i).toISOString();
  for (let n = 0; n < 12; n++)
    events.push({ uuid: randomUUID(), event: "$identify", distinct_id: `person-${n}`, timestamp: at(n),
      properties: { ...(n >= 4 ? { $anon_distinct_id: `anon-${n}` } : {}),
        $set: { email: `p${n}@example.com`, plan: n % 2 ? "free" : "pro", ...(n < 3 ? { name: `Name ${n}` } : {}) } } });
  events.push({ uuid: randomUUID(), event: "$groupidentify", distinct_id: "person-0", timestamp: at(20),
    properties: { $group_type: "company", $group_key: "acme", $group_set: { name: "Acme Corp", size: 7 } } });
  return events;
}

before(async () => {
  s = await start(["--clock", now]);
  for (const [i, [zone, monday]] of zones.entries()) {
    const project = s.cli("project", "add", "--name", zone), events = makePeople(seed + i);
    const { status, text } = await s.call("PATCH", `/api/projects/${project.id}/`,
      { body: { timezone: zone, week_start_day: monday ? 1 : 0 } });
    assert.equal(status, 200, text);
    await capture(s, project.api_token, events);
    await eventually(async () => {
      const [{ n }] = await rows(s.data, `SELECT count() AS n FROM persons FINAL WHERE team_id = ${project.id} AND is_deleted = 0 AND properties LIKE '%@example.com%'`);
      return n === 12 ? true : undefined;
    });
    projects.push({ id: project.id, zone, monday, events, actor: (e) => personOf(e.distinct_id) });
  }
});
after(async () => assert.equal(await s.stop(), 0));

async function ask(query, p = projects[0], status = 200) {
  const answer = await s.call("POST", `/api/projects/${p.id}/query/`, { body: { query } });
  assert.equal(answer.status, status, `${answer.text} ${JSON.stringify(query)}`);
  return answer.json;
}
const actors = (more, p) => ask({ kind: "ActorsQuery", ...more }, p);
const refused = async (more, detail) => assert.match((await ask({ kind: "ActorsQuery", ...more }, projects[0], 400)).detail, detail);

test("persons of the project: columns, objects, order, pages", async () => {
  const all = await actors({});
  assert.deepEqual(all.columns, ["person", "id", "created_at", "person.$delete"]);
  assert.deepEqual(all.types.slice(1), ["UUID", "DateTime64(3, 'UTC')", "UInt8"]);
  assert.deepEqual([all.results.length, all.hasMore, all.limit, all.offset, all.missing_actors_count], [12, false, 100, 0, 0]);
  for (const [person, id, created, del] of all.results) {
    assert.deepEqual(Object.keys(person), ["id", "properties", "is_identified", "created_at", "distinct_ids"]);
    assert.equal(person.id, id);
    assert.equal(person.created_at, created);
    assert.equal(del, 1);
    assert.ok(person.distinct_ids.every((d) => personOf(d) === `person-${/\d+/.exec(person.properties.email)[0]}`));
  }
  const times = all.results.map((r) => Date.parse(r[2]));
  assert.deepEqual(times, [...times].sort((a, b) => b - a));
  const pages = [];
  for (let offset = 0; offset < 12; offset += 5) {
    const page = await actors({ limit: 5, offset });
    assert.equal(page.hasMore, offset < 10);
    pages.push(...page.results);
  }
  assert.deepEqual(pages, all.results);
});

test("select, where, order, aggregates", async () => {
  const emails = [...Array(12).keys()].map((n) => `p${n}@example.com`).sort();
  const mail = await actors({ select: ["properties.email", "person_display_name -- Person", "is_identified"], orderBy: ["properties.email DESC"] });
  assert.deepEqual(mail.columns, ["properties.email", "person_display_name -- Person", "is_identified"]);
  assert.deepEqual(mail.results.map((r) => r[0]), [...emails].reverse());
  assert.ok(mail.results.every(([email, display]) => display.display_name === email && /^[0-9a-f-]{36}$/.test(display.id)));
  assert.deepEqual((await actors({ select: ["person"], orderBy: ["person ASC"] })).results.map(([p]) => p.properties.email), emails);
  assert.deepEqual((await actors({ select: ["properties.plan", "count()"] })).results, [["free", 6], ["pro", 6]]);
  assert.deepEqual((await actors({ select: ["properties.plan", "count()"], where: ["properties.email = 'p1@example.com'", "count() > 0"] })).results, [["free", 1]]);
  assert.deepEqual((await actors({ select: ["properties.email AS mail"], where: ["properties.plan = 'free'"], orderBy: ["mail"] })).results.map((r) => r[0]),
    emails.filter((e) => /\d+/.exec(e)[0] % 2));
});

test("properties and search", async () => {
  const found = async (more) => (await actors({ select: ["properties.email"], ...more })).results.map(([e]) => +/\d+/.exec(e)[0]).sort((a, b) => a - b);
  const pro = { type: "person", key: "plan", operator: "exact", value: "pro" };
  assert.deepEqual(await found({ properties: [pro] }), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(await found({ properties: { type: "OR", values: [{ type: "AND", values: [pro] }, { type: "AND", values: [{ ...pro, key: "name", operator: "is_set" }] }] } }),
    [0, 1, 2, 4, 6, 8, 10]);
  assert.deepEqual(await found({ properties: [pro], fixedProperties: [{ ...pro, key: "email", operator: "icontains", value: "P4@" }] }), [4]);
  assert.deepEqual(await found({ search: "NAME 1" }), [1]);
  assert.deepEqual(await found({ search: "p7@ex" }), [7]);
  assert.deepEqual(await found({ search: "anon-9" }), [9]);
  assert.deepEqual(await found({ search: "person-1" }), [1, 10, 11]);
  assert.deepEqual(await found({ search: "100%" }), []);
  const [[{ id }]] = (await actors({ select: ["person"], search: "p3@" })).results;
  assert.deepEqual(await found({ search: id.toUpperCase() }), [3]);
});

test("a source in HogQL", async () => {
  const p = projects[0], purchases = p.events.filter((e) => e.event === "purchase");
  const query = "SELECT person_id, count() AS purchases FROM events WHERE event = {name} GROUP BY person_id";
  const source = { kind: "HogQLQuery", query, values: { name: "purchase" } };
  const people = Object.entries(purchases.reduce((all, e) => ({ ...all, [p.actor(e)]: (all[p.actor(e)] ?? 0) + 1 }), {}));
  const { results, missing_actors_count } = await actors({ source, select: ["person", "purchases", "created_at"], orderBy: ["purchases DESC", "id"] });
  assert.deepEqual(results.map((r) => r[1]), people.map(([, n]) => n).sort((a, b) => b - a));
  assert.equal(missing_actors_count, people.filter(([name]) => +name.slice(7) >= 12).length);
  assert.ok(missing_actors_count > 0);
  for (const [person, n, created] of results) {
    if (!person.properties) {
      assert.deepEqual([Object.keys(person), created], [["id"], null]);
      continue;
    }
    assert.deepEqual(people.find(([name]) => name === personOf(person.distinct_ids[0]))[1], n);
    assert.equal(person.created_at, created);
  }
  const some = await actors({ source, select: ["id", "properties.email"], search: "p1", limit: 2 });
  assert.ok(some.results.length === 2 && some.results.every(([, email]) => email.startsWith("p1")));
  const text = await actors({ source: { kind: "HogQLQuery", query: "SELECT toString(id) AS the_id, 'x' AS created_at FROM persons" } });
  assert.deepEqual([text.results.length, text.results[0][2]], [12, "x"]);
  await refused({ source: { kind: "HogQLQuery", query: "SELECT 1 AS one" } }, /^Source query must have an id column$/);
  await refused({ source: { kind: "HogQLQuery", query: "SELECT person_id FROM" } }, /./);
});

test("what is not there is refused", async () => {
  const trends = { kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "$pageview" }] };
  const insight = (more, source = trends) => ({ source: { kind: "InsightActorsQuery", source, ...more } });
  await refused({ source: { kind: "RecordingsQuery" } }, /source of kind "RecordingsQuery" is not supported/);
  await refused(insight({}, { kind: "WebOverviewQuery" }), /Actors of "WebOverviewQuery" are not supported/);
  await refused({ source: { kind: "InsightActorsQuery" } }, /source/);
  await refused(insight({ series: 1 }), /series 1 is not in the query/);
  await refused(insight({ compare: "previous" }), /compare/);
  await refused(insight({ compare: "next" }), /compare/);
  await refused(insight({ breakdown: "Chrome" }), /breakdown/);
  await refused(insight({ day: 3 }), /day/);
  await refused(insight({ day: "2020-01-01" }), /day "2020-01-01" is not in the query's range/);
  await refused({ select: ["nothing"] }, /Unable to resolve field: nothing/);
  await refused({ select: "person" }, /select/);
  await refused({ limit: -1 }, /query.ActorsQuery.limit/);
});

test("the click by itself, and the events of those behind it", async () => {
  const p = projects[0], source = { kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "purchase", math: "dau" }],
    dateRange: { date_from: "2026-03-01", date_to: "2026-03-07" }, trendsFilter: { display: "BoldNumber" } };
  const node = { kind: "InsightActorsQuery", source }, [{ aggregated_value: n }] = (await ask(source, p)).results;
  const alone = await ask(node, p);
  assert.deepEqual([alone.columns, alone.results.length, alone.hasMore, alone.limit], [["actor_id", "event_count", "event_distinct_ids"], n, false, 100]);
  const bought = (e) => e.event === "purchase" && e.timestamp >= "2026-03-01" && e.timestamp < "2026-03-08";
  const people = new Set(p.events.filter(bought).map(p.actor)), pages = p.events.filter((e) => e.event === "$pageview" && people.has(p.actor(e)));
  assert.equal(people.size, n);
  assert.ok(pages.length < p.events.filter((e) => e.event === "$pageview").length);
  const events = async (from) => (await ask({ kind: "EventsQuery", select: ["count()"], event: "$pageview", after: "all", source: from }, p)).results[0][0];
  assert.equal(await events(node), pages.length);
  assert.equal(await events({ kind: "HogQLQuery", query: "SELECT toString(person_id) AS id FROM events WHERE event = 'purchase' AND timestamp >= '2026-03-01' AND timestamp < '2026-03-08'" }), pages.length);
  const groups = { ...source, series: [{ kind: "EventsNode", event: "purchase", math: "unique_group", math_group_type_index: 0, properties: [{ key: "$group_0", type: "event_metadata", operator: "exact", value: ["acme"] }] }] };
  assert.equal(await events({ kind: "InsightActorsQuery", source: groups }),
    p.events.filter((e) => e.event === "$pageview" && e.properties.$groups?.company === "acme" && e.properties.$process_person_profile !== false).length);
  assert.match((await ask({ kind: "EventsQuery", select: ["*"], source: { kind: "TrendsQuery" } }, p, 400)).detail, /source of kind "TrendsQuery" is not supported/);
});

test("groups behind a number", async () => {
  const p = projects[0], dateRange = { date_from: "2026-03-01", date_to: "2026-03-30" };
  const source = { kind: "TrendsQuery", dateRange, trendsFilter: { display: "BoldNumber" },
    series: [{ kind: "EventsNode", event: "$pageview", math: "unique_group", math_group_type_index: 0 }] };
  const [{ aggregated_value: n }] = (await ask(source, p)).results;
  const behind = (more) => actors({ source: { kind: "InsightActorsQuery", source }, ...more }, p);
  assert.equal(n, 2);
  const { results: [[acme], [bolt]], columns, missing_actors_count } = await behind({});
  assert.deepEqual([columns, missing_actors_count, bolt], [["group"], 1, { id: "bolt" }]);
  assert.deepEqual([acme.id, acme.type, acme.group_key, acme.group_type_index, acme.properties],
    ["acme", "group", "acme", 0, { name: "Acme Corp", size: 7 }]);
  const all = await behind({ select: ["actor", "event_count", "key", "properties.size"] });
  const count = (key) => p.events.filter((e) => e.event === "$pageview" && e.properties.$groups?.company === key &&
    e.properties.$process_person_profile !== false && // events without a person have no groups either
    e.timestamp.slice(0, 10) >= dateRange.date_from && e.timestamp.slice(0, 10) <= dateRange.date_to).length;
  assert.deepEqual(all.results.map((r) => r.slice(1)), [[count("acme"), "acme", all.results[0][3]], [count("bolt"), "bolt", null]]);
  assert.equal(+all.results[0][3], 7);
  assert.deepEqual((await behind({ search: "corp", select: ["key"] })).results, [["acme"]]);
  assert.deepEqual((await behind({ properties: [{ type: "group", key: "size", operator: "gt", value: 5, group_type_index: 0 }], select: ["key"] })).results, [["acme"]]);
});

// -------------------------------------------------------------------------- random clicks

const maths = ["total", "dau", "weekly_active", "monthly_active", "unique_session", "sum", "avg", "avg_count_per_actor",
  "first_time_for_user", "first_matching_event_for_user"];
const people = ["dau", "weekly_active", "monthly_active", "first_time_for_user", "first_matching_event_for_user"];

function randomQuery(rand) {
  const pick = (list) => list[Math.floor(rand() * list.length)], interval = pick(["hour", "day", "day", "week", "month"]);
  const days = daysBetween("2026-02-20", "2026-03-30"), i = Math.floor(rand() * days.length);
  const n = interval === "hour" ? Math.floor(rand() * 2) : Math.floor(rand() * 20);
  const from = days[i], to = days[Math.min(i + n, days.length - 1)];
  const filters = () => (rand() < 0.3 ? [{ type: "event", key: "paid", operator: "exact", value: pick(["true", "false"]) }] : undefined);
  const series = Array.from({ length: pick([1, 1, 2]) }, () => ({ kind: "EventsNode", event: pick(["$pageview", "purchase", "sign up", null]),
    math: pick(maths), math_property: "amount", properties: filters() }));
  let display = pick(["ActionsLineGraph", "ActionsLineGraph", "ActionsLineGraphCumulative", "BoldNumber"]);
  if (series.some((x) => /_active$/.test(x.math)) && display === "ActionsLineGraphCumulative") display = "ActionsBar";
  const breakdown = rand() < 0.4;
  return { range: [from, to], query: { kind: "TrendsQuery", series, interval, properties: filters(), trendsFilter: { display },
    dateRange: { date_from: from, date_to: interval === "hour" ? `${to}T23:30:00` : to },
    ...(breakdown ? { breakdownFilter: { breakdown: pick(["$browser", "plan"]), breakdown_type: "event", breakdown_limit: pick([2, 25]) } } : {}),
    ...(interval !== "hour" && rand() < 0.3 ? { compareFilter: { compare: true } } : {}) } };
}

// A series of the answer and a point of it.
function randomClick(rand, query, results, range) {
  const item = results[Math.floor(rand() * results.length)], at = Math.floor(rand() * Math.max(1, item.data.length));
  const total = query.trendsFilter.display === "BoldNumber", all = rand() < 0.1;
  const mine = results.filter((r) => r.action.order === item.action.order && r.compare_label === item.compare_label);
  return { item, value: total ? item.aggregated_value : item.data[at], whole: total || all,
    node: { series: item.action.order, day: total || all ? undefined : item.action.days[at], breakdown: item.breakdown_value, compare: item.compare_label },
    reference: { series: item.action.order, value: item.breakdown_value, shown: mine.map((r) => r.breakdown_value),
      range: item.compare_label === "previous" ? previous(range) : range, day: item.action.days[at] } };
}

test("random clicks on random trends: the very people, and as many as the number says", async () => {
  for (let round = 0; round < rounds; round++) {
    const rand = random(seed * 1000 + round);
    const p = projects[Math.floor(rand() * projects.length)], { query, range } = randomQuery(rand);
    const { results } = await ask(query, p);
    if (!results.length) continue;
    const click = randomClick(rand, query, results, range), math = query.series[click.node.series].math;
    const window = /_active$/.test(math);
    if (click.whole && window && query.trendsFilter.display !== "BoldNumber") continue; // no number is of all windows
    const bucket = click.whole ? undefined : bucketOf(new Date(click.reference.day).toISOString(), query.interval, p.zone, p.monday);
    const wanted = trendActors(p, query, { ...click.reference, bucket });
    const source = { kind: "InsightActorsQuery", source: query, ...click.node };
    const got = await ask({ kind: "ActorsQuery", source, select: ["actor_id", "event_count", "event_distinct_ids"], limit: 1000 }, p);
    const what = `HOGLET_SEED=${seed}, round ${round}: ${p.zone} ${JSON.stringify(source)}`;
    const list = Object.fromEntries(got.results.map(([, count, ids]) => [personOf(ids[0]), { count, ids: new Set(ids) }]));
    assert.deepEqual(list, wanted, what);
    assert.equal(got.results.length, Object.keys(wanted).length, what);
    if (people.includes(math) && (!click.whole || query.trendsFilter.display === "BoldNumber") && click.node.breakdown !== OTHER)
      assert.equal(got.results.length, click.value, what);
  }
});

test("a value, none and all others of a breakdown share out the people", async () => {
  const p = projects[1], query = { kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "$pageview", math: "total" }], trendsFilter: { display: "ActionsPie" },
    dateRange: { date_from: "2026-03-01", date_to: "2026-03-30" }, breakdownFilter: { breakdown: "$browser", breakdown_limit: 2 } };
  const { results } = await ask(query, p);
  assert.deepEqual(results.slice(-2).map((r) => r.breakdown_value), [NONE, OTHER]);
  for (const item of results) {
    const got = await actors({ source: { kind: "InsightActorsQuery", source: query, breakdown: item.breakdown_value, includeRecordings: true },
      select: ["event_count", "matching_events"] }, p);
    assert.equal(got.results.reduce((n, [c]) => n + c, 0), item.aggregated_value);
    for (const [n, matching] of got.results) {
      assert.equal(matching.length, n);
      for (const [timestamp, uuid, session] of matching) {
        const e = p.events.find((x) => x.uuid === uuid);
        assert.deepEqual([Date.parse(timestamp), session], [Date.parse(e.timestamp), e.properties.$session_id]);
      }
    }
  }
});
