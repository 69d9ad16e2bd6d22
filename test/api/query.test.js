// Questions over the API: HogQL, events, trends; their numbers against a count of the same events here.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const { start, eventually, rows: engineRows } = require("./server.js");
const { makeEvents, capture } = require("./query_events.js");

let s, base, events;
before(async () => {
  s = await start(["--clock", "2026-03-31T10:30:00Z"]);
  base = `/api/projects/${s.first.project_id}/query/`;
  events = makeEvents(7, 300, "2026-03-20T00:00:00Z", "2026-03-31T10:00:00Z");
  events[5].properties.$set = { email: "five@example.com", name: "Five" };
  await capture(s, s.first.project_api_key, events);
});
after(async () => assert.equal(await s.stop(), 0));

const ask = (query, more = {}) => s.call("POST", base, { body: { query, ...more } });
const hogql = (query, more = {}) => ask({ kind: "HogQLQuery", query, ...more });
async function results(query, more) {
  const { status, text, json } = await ask(query, more);
  assert.equal(status, 200, text);
  return json.results;
}

test("HogQLQuery answers rows, columns, types and the envelope", async () => {
  const { status, json } = await hogql("SELECT event, count() AS n, max(timestamp) FROM events GROUP BY event ORDER BY event");
  assert.equal(status, 200);
  const names = [...new Set(events.map((e) => e.event))].sort();
  const expected = names.map((name) => {
    const own = events.filter((e) => e.event === name);
    return [name, own.length, own.map((e) => e.timestamp).sort().at(-1)];
  });
  assert.deepEqual(json.results.map(([name, n, at]) => [name, n, new Date(at).toISOString()]), expected);
  assert.deepEqual(json.columns, ["event", "n", "max(timestamp)"]);
  assert.deepEqual(json.types.map(([name]) => name), json.columns);
  assert.deepEqual(json.types[0], ["event", "String"]);
  assert.deepEqual(json.types[1], ["n", "UInt64"]);
  for (const key of ["results", "is_cached", "cache_key", "last_refresh", "cache_target_age",
    "next_allowed_client_refresh", "timezone", "query_status", "hasMore", "limit", "offset", "query",
    "hogql", "clickhouse", "explain", "metadata", "modifiers", "timings", "error"])
    assert.ok(key in json, key);
  assert.equal(json.timezone, "UTC");
  assert.equal(json.is_cached, false);
  assert.equal(json.clickhouse, null);
});

test("rows are limited to 100 unless the query says otherwise", async () => {
  const open = (await hogql("SELECT uuid FROM events")).json;
  assert.deepEqual([open.results.length, open.hasMore, open.limit, open.offset], [100, true, 100, 0]);
  const own = (await hogql("SELECT uuid FROM events LIMIT 150")).json;
  assert.equal(own.results.length, 150);
  const few = (await hogql("SELECT event FROM events GROUP BY event")).json;
  assert.deepEqual([few.results.length, few.hasMore], [3, false]);
});

test("placeholders: filters, dates, variables, values", async () => {
  const since = Date.parse("2026-03-30T00:00:00Z"), until = Date.parse("2026-03-31T00:00:00Z");
  const inside = events.filter((e) => Date.parse(e.timestamp) >= since && Date.parse(e.timestamp) < until);
  const filters = { dateRange: { date_from: "2026-03-30", date_to: "2026-03-31" },
    properties: [{ key: "$browser", type: "event", operator: "exact", value: "Firefox" }] };
  const count = async (query, more) => (await results({ kind: "HogQLQuery", query, ...more }))[0][0];
  assert.equal(await count("SELECT count() FROM events WHERE {filters}", { filters }),
    inside.filter((e) => e.properties.$browser === "Firefox").length);
  assert.equal(await count("SELECT count() FROM events WHERE {filters}"), events.length);
  assert.equal(await count("SELECT count() FROM events WHERE timestamp >= {filters.dateRange.from} AND timestamp < {filters.dateRange.to}",
    { filters }), inside.length);
  assert.equal(await count("SELECT count() FROM events WHERE timestamp >= {filters.dateRange.from}"), events.length);
  assert.equal(await count("SELECT count() FROM events WHERE event = {name}", { values: { name: "sign up" } }),
    events.filter((e) => e.event === "sign up").length);
  const variables = { x: { variableId: "x", code_name: "browser", value: "Edge" } };
  const query = "SELECT count() FROM events WHERE properties.$browser = {variables.browser}";
  assert.equal((await ask({ kind: "HogQLQuery", query, variables })).json.detail, "Variable browser does not exist");
  assert.equal((await s.call("POST", "/api/projects/@current/insight_variables/", { body: { name: "Browser", type: "String" } })).status, 201);
  assert.equal(await count(query, { variables }), events.filter((e) => e.properties.$browser === "Edge").length);
  assert.equal((await results({ kind: "HogQLQuery", query, variables },
    { variables_override: { x: { code_name: "browser", value: "Safari" } } }))[0][0],
  events.filter((e) => e.properties.$browser === "Safari").length);
  assert.equal((await results({ kind: "HogQLQuery", query: "SELECT count() FROM events WHERE {filters}" },
    { filters_override: { date_from: "2026-03-30", date_to: "2026-03-31" } }))[0][0], inside.length);
});

test("{filters} on sessions, persons and groups", async () => {
  const count = async (query, filters) => (await results({ kind: "HogQLQuery", query, filters }))[0][0];
  const sessions = ["s-1", "s-2", "s-3"].map((id) => events.filter((e) => e.properties.$session_id === id));
  const starts = sessions.map((list) => list.map((e) => e.timestamp).sort()[0]);
  const views = sessions.map((list) => list.filter((e) => e.event === "$pageview").length);
  const session = (key, operator, value) => ({ properties: [{ type: "session", key, operator, value }] });
  const some = [...views].sort((a, b) => a - b)[1], first = [...starts].sort()[0];
  const on = (filters) => count("SELECT count() FROM sessions WHERE {filters}", filters);
  assert.equal(await on({}), 3);
  assert.equal(await on(session("$pageview_count", "gte", some)), views.filter((n) => n >= some).length);
  assert.equal(await on(session("$is_bounce", "exact", "false")), 3);
  assert.equal(await on(session("$start_timestamp", "is_date_after", "2026-03-30")), starts.filter((t) => t > "2026-03-31").length);
  assert.equal(await on({ dateRange: { date_from: new Date(Date.parse(first) + 1000).toISOString() } }), starts.filter((t) => t > first).length);
  assert.equal(await count("SELECT count() FROM persons WHERE {filters}", { properties: [{ type: "person", key: "email", operator: "icontains", value: "five@" }] }), 1);
  assert.equal(await count("SELECT count() FROM groups WHERE {filters}", { dateRange: { date_from: "2020-01-01" } }), 0);
  for (const [query, filters, message] of [
    ["SELECT count() FROM sessions WHERE {filters}", { properties: [{ type: "event", key: "x", value: "y" }] },
      "Can only use session properties in a filter when selecting from only the sessions table."],
    ["SELECT count() FROM sessions WHERE {filters}", session("nope", "exact", "x"), "Unable to resolve field: nope"],
    ["SELECT 1 FROM numbers(1) WHERE {filters}", {}, "Cannot use 'filters' placeholder in a SELECT clause that does not select from the events, sessions, logs, traces or groups table."],
  ]) {
    const answer = await ask({ kind: "HogQLQuery", query, filters });
    assert.deepEqual([answer.status, answer.json.detail], [400, message]);
  }
  const variables = { x: { code_name: "browser", value: 1 }, y: { code_name: "plan", value: 1 } };
  assert.equal((await ask({ kind: "HogQLQuery", query: "SELECT {variables.browsr}", variables })).json.detail,
    "Variable browsr is missing from query. Did you mean: browser, plan?");
});

test("values come in their JSON forms, times in the project's zone", async () => {
  const project = s.cli("project", "add", "--name", "New York");
  const at = `/api/projects/${project.id}/`;
  assert.equal((await s.call("PATCH", at, { body: { timezone: "America/New_York" } })).status, 200);
  const query = "SELECT 18446744073709551615, 1.5, nan, [1, 2], (1, 'a'), null, true, toDateTime('2026-01-20 10:00:00'), toDate('2026-01-20')";
  const { status, text, json } = await s.call("POST", `${at}query/`, { body: { query: { kind: "HogQLQuery", query } } });
  assert.equal(status, 200, text);
  assert.match(text, /18446744073709551615/);
  assert.deepEqual(json.results[0].slice(1), [1.5, null, [1, 2], [1, "a"], null, json.results[0][6],
    "2026-01-20T10:00:00-05:00", "2026-01-20"]);
  assert.ok([true, 1].includes(json.results[0][6]));
  assert.equal(json.timezone, "America/New_York");
});

test("EventsQuery: everything of an event, in order, page by page", async () => {
  const newest = [...events].sort((a, b) => (a.timestamp < b.timestamp ? 1 : -1));
  const query = { kind: "EventsQuery", select: ["*", "event", "properties.amount -- Amount"], after: "all",
    orderBy: ["timestamp DESC"], limit: 7 };
  const { status, text, json } = await ask(query);
  assert.equal(status, 200, text);
  assert.deepEqual(json.columns, ["*", "event", "properties.amount -- Amount"]);
  assert.deepEqual([json.hasMore, json.limit, json.offset], [true, 7, 0]);
  assert.equal(json.types.length, 3);
  json.results.forEach(([star, event], i) => {
    assert.equal(star.uuid, newest[i].uuid);
    assert.equal(event, newest[i].event);
    assert.equal(star.distinct_id, newest[i].distinct_id);
    assert.equal(new Date(star.timestamp).toISOString(), newest[i].timestamp);
    for (const [key, value] of Object.entries(newest[i].properties))
      if (key !== "$set") assert.deepEqual(star.properties[key], value, key);
    assert.equal(star.team_id, s.first.project_id);
    assert.equal(star.person_mode, "full");
  });
  const second = await results({ ...query, offset: 7 });
  assert.equal(second[0][0].uuid, newest[7].uuid);
  const last = (await ask({ ...query, offset: 298, limit: 10 })).json;
  assert.deepEqual([last.results.length, last.hasMore], [2, false]);
});

test("EventsQuery: bounds are strict, filters join, the default is a day", async () => {
  const count = async (more) => (await results({ kind: "EventsQuery", select: ["count()"], after: "all", ...more }))[0][0];
  const at = events[100].timestamp, time = (e) => Date.parse(e.timestamp);
  assert.equal(await count({ after: at }), events.filter((e) => time(e) > Date.parse(at)).length);
  assert.equal(await count({ before: at }), events.filter((e) => time(e) < Date.parse(at)).length);
  assert.equal(await count({ event: "sign up" }), events.filter((e) => e.event === "sign up").length);
  assert.equal(await count({ events: ["sign up", "purchase"] }), events.filter((e) => e.event !== "$pageview").length);
  assert.equal(await count({ where: ["event = 'purchase'", "properties.plan = 'pro'"] }),
    events.filter((e) => e.event === "purchase" && e.properties.plan === "pro").length);
  assert.equal(await count({ after: undefined }),
    events.filter((e) => time(e) > Date.parse("2026-03-30T10:30:00Z")).length);
  const grouped = await results({ kind: "EventsQuery", select: ["count()", "event"], after: "all" });
  const counts = ["$pageview", "sign up", "purchase"].map((name) => [events.filter((e) => e.event === name).length, name]);
  assert.deepEqual(grouped, counts.sort((a, b) => b[0] - a[0]));
  const having = await results({ kind: "EventsQuery", select: ["event", "count()"], after: "all",
    where: [`count() > ${counts[1][0]}`] });
  assert.deepEqual(having.map(([event]) => event), [counts[0][1]]);
});

test("EventsQuery: people as objects", async () => {
  const five = events[5].distinct_id;
  const found = await results({ kind: "EventsQuery", select: ["person", "person_display_name -- Person", "distinct_id"],
    after: "all", where: [`distinct_id = '${five}'`], limit: 2 });
  for (const [person, shown, id] of found) {
    assert.equal(person.properties.email, "five@example.com");
    assert.match(person.uuid, /^[0-9a-f-]{36}$/);
    assert.equal(person.distinct_id, id);
    assert.deepEqual(shown, { display_name: "five@example.com", id: person.uuid, distinct_id: id });
  }
  const mine = await results({ kind: "EventsQuery", select: ["count()"], after: "all", personId: found[0][0].uuid });
  assert.equal(mine[0][0], events.filter((e) => e.distinct_id === five).length);
});

test("wrappers run their source", async () => {
  const source = { kind: "HogQLQuery", query: "SELECT 1" };
  assert.deepEqual(await results({ kind: "DataVisualizationNode", source, display: "ActionsTable" }), [[1]]);
  assert.deepEqual(await results({ kind: "DataTableNode", source: { kind: "EventsQuery", select: ["count()"], after: "all" } }),
    [[events.length]]);
});

test("the cache: fresh entries serve, refresh computes, members in any order are one query", async () => {
  const query = { kind: "HogQLQuery", query: "SELECT count() + 0 FROM events" };
  const first = (await ask(query)).json, second = (await ask({ query: query.query, kind: query.kind })).json;
  assert.deepEqual([first.is_cached, second.is_cached], [false, true]);
  assert.equal(second.cache_key, first.cache_key);
  assert.equal(second.last_refresh, first.last_refresh);
  assert.deepEqual(second.results, first.results);
  for (const [refresh, cached] of [["blocking", true], ["force_cache", true], ["async", true], [false, true],
    ["lazy_async", true], ["async_except_on_cache_miss", true], ["no such word", true], [true, false], ["force_blocking", false]])
    assert.equal((await ask(query, { refresh })).json.is_cached, cached, String(refresh));
  const other = s.cli("project", "add", "--name", "Other");
  const foreign = await s.call("POST", `/api/projects/${other.id}/query/`, { body: { query } });
  assert.equal(foreign.json.is_cached, false);
  assert.deepEqual(foreign.json.results, [[0]]);
});

test("the same query asked for many times at once is one computation", async () => {
  const query = { kind: "HogQLQuery", query: "SELECT count(), 'together' FROM events" };
  const answers = await Promise.all(Array.from({ length: 12 }, () => ask(query, { refresh: "blocking" })));
  for (const { status, json } of answers) {
    assert.equal(status, 200);
    assert.deepEqual(json.results, [[events.length, "together"]]);
  }
  assert.equal(new Set(answers.map(({ json }) => json.last_refresh)).size, 1);
});

test("work in the background is told, looked at, and forgotten by nobody else", async () => {
  const query = { kind: "HogQLQuery", query: "SELECT count(), 'behind' FROM events" };
  const { status, json } = await ask(query, { refresh: "force_async", client_query_id: "my-query" });
  assert.equal(status, 202);
  assert.deepEqual([json.query_status.id, json.query_status.query_async, json.results], ["my-query", true, null]);
  const done = await eventually(async () => {
    const answer = await s.call("GET", `${base}my-query/`);
    assert.ok([200, 202].includes(answer.status));
    return answer.status === 200 ? answer.json.query_status : undefined;
  });
  assert.deepEqual([done.complete, done.error], [true, false]);
  assert.deepEqual(done.results.results, [[events.length, "behind"]]);
  for (const key of ["start_time", "pickup_time", "end_time", "expiration_time", "task_id", "team_id", "cache_key"])
    assert.ok(done[key], key);
  assert.equal((await s.call("GET", `${base}nobody/`)).status, 404);
  const other = s.cli("project", "add", "--name", "Nosy");
  assert.equal((await s.call("GET", `/api/projects/${other.id}/query/my-query/`)).status, 404);
  assert.equal((await s.call("DELETE", `/api/projects/${other.id}/query/my-query/`)).status, 404);
  const cancelled = await s.call("DELETE", `${base}my-query/`);
  assert.equal(cancelled.status, 200);
  assert.ok(cancelled.json.message);
  const bad = { kind: "HogQLQuery", query: "SELECT no_such_field FROM events" };
  await ask(bad, { refresh: "async", client_query_id: "bad-query" });
  const failed = await eventually(async () => {
    const answer = await s.call("GET", `${base}bad-query/`);
    return answer.status === 202 ? undefined : answer;
  });
  assert.equal(failed.status, 400);
  assert.match(failed.json.query_status.error_message, /no_such_field/);
});

test("what is wrong with a request is said", async () => {
  const trend = { kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "$pageview" }] };
  const rows = [
    [{}, "parse_error", /^1 validation error for QueryRequest/],
    [{ query: {} }, "parse_error", /kind/],
    [{ query: [] }, "parse_error", /valid dictionary/],
    [{ query: { kind: "NoSuchQuery" } }, "parse_error", /'NoSuchQuery' .* does not match any of the expected tags/],
    [{ query: { kind: "SavedInsightNode", shortId: "x" } }, "invalid_input", /^Unsupported query kind: SavedInsightNode$/],
    [{ query: { kind: "HogQLQuery" } }, "parse_error", /Field required/],
    [{ query: { kind: "HogQLQuery", query: 5 } }, "parse_error", /valid string/],
    [{ query: { kind: "HogQLQuery", query: "SELECT event FROM nowhere" } }, "invalid_input", /nowhere/],
    [{ query: { kind: "HogQLQuery", query: "SELECT {x} FROM events" } }, "invalid_input", /^Unresolved placeholder: \{x\}/],
    [{ query: { kind: "HogQLQuery", query: "SELECT {variables.x}" } }, "invalid_input", /^Variable x is missing from query/],
    [{ query: { kind: "HogQLQuery", query: "SELECT 1 WHERE {filters}" } }, "invalid_input", /^Cannot use 'filters' placeholder/],
    [{ query: { kind: "HogQLQuery", query: "SELECT {filters.x} FROM events" } }, "invalid_input", /^Unsupported filters placeholder/],
    [{ query: { kind: "HogQLQuery", query: "SELECT 1", filters: {}, values: { filters: 1 } } }, "invalid_input", /both as placeholder/],
    [{ query: { kind: "EventsQuery" } }, "parse_error", /Field required/],
    [{ query: { kind: "EventsQuery", select: ["event"], actionId: 5 } }, "invalid_input", /^Action does not exist$/],
    [{ query: { kind: "EventsQuery", select: ["event"], limit: -1 } }, "parse_error", /greater than or equal to 0/],
    [{ query: { kind: "TrendsQuery" } }, "parse_error", /Field required/],
    [{ query: { ...trend, interval: "fortnight" } }, "parse_error", /interval/],
    [{ query: { ...trend, trendsFilter: { formula: "A+" } } }, "invalid_input", /^Invalid formula/],
    [{ query: { ...trend, series: [{ kind: "EventsNode", event: "x", math: "nonsense" }] } }, "parse_error", /math/],
    [{ query: { ...trend, series: [{ kind: "EventsNode", event: "x", math: "sum" }] } }, "invalid_input", /math_property/],
    [{ query: { ...trend, breakdownFilter: { breakdown_limit: 0 } } }, "parse_error", /breakdown_limit/],
    [{ query: { ...trend, properties: [{ key: "a", type: "recording", value: "x" }] } }, "invalid_input",
      /^The 'recording' property filter does not work in 'event' scope$/],
    [{ query: { ...trend, interval: "minute", dateRange: { date_from: "-1y" } } }, "invalid_input", /intervals/],
    [{ query: { ...trend, modifiers: { personsOnEventsMode: "x" } } }, "parse_error", /personsOnEventsMode/],
    [{ query: { kind: "HogQLQuery", query: "SELECT 1" }, limit_context: "mine" }, "parse_error", /posthog_ai/],
    [{ query: { kind: "HogQLQuery", query: "SELECT 1" }, name: "x".repeat(129) }, "parse_error", /128/],
    [{ query: { kind: "HogQLQuery", query: "SELECT 1" }, filters_override: 5 }, "invalid_input", /dictionary/],
  ];
  for (const [body, code, detail] of rows) {
    const { status, json, text } = await s.call("POST", base, { body });
    assert.equal(status, 400, text);
    assert.equal(json.type, "validation_error", text);
    assert.equal(json.code, code, text);
    assert.match(json.detail, detail);
    assert.doesNotMatch(text, /team_id/, "our SQL stays ours");
  }
  const path = await s.call("POST", `${base}TrendsQuery/`, { body: { query: { kind: "HogQLQuery", query: "SELECT 1" } } });
  assert.equal(path.status, 400);
  const fits = await s.call("POST", `${base}HogQLQuery/`, { body: { query: { kind: "HogQLQuery", query: "SELECT 1" } } });
  assert.equal(fits.status, 200);
});

test("ClickHouse's own errors are told without the statement", async () => {
  const { status, json, text } = await hogql("SELECT toInt(event) + [1] FROM events");
  assert.equal(status, 400, text);
  assert.equal(json.code, "illegal_type_of_argument");
  assert.doesNotMatch(text, /team_id|SETTINGS/);
});

test("keys need query:read; both families of paths answer", async () => {
  const body = { query: { kind: "HogQLQuery", query: "SELECT 1" } };
  const key = (scopes) => s.cli("key", "add", "--email", "owner@example.com", "--scopes", scopes).value;
  const with_ = key("query:read"), without = key("dashboard:read");
  for (const family of ["projects", "environments"]) {
    const at = `/api/${family}/@current/query/`;
    assert.equal((await s.call("POST", at, { body, key: with_ })).status, 200);
    const refused = await s.call("POST", at, { body, key: without });
    assert.equal(refused.status, 403);
    assert.match(refused.json.detail, /query:read/);
    assert.equal((await s.call("POST", at, { body, key: null })).status, 401);
    assert.equal((await s.call("GET", `${at}x/`, { key: without })).status, 403);
    assert.deepEqual((await s.call("POST", `${at}check_auth_for_async/`, { body: {}, key: with_ })).json, { user: "ok" });
  }
});

// One that runs for a minute unless it is ended. The engine may list one that was cancelled, and works
// no more, until its handle is used again.
const slow = "SELECT sum(cityHash64(number)) FROM numbers(200000000000)";
const running = async () => (await engineRows(s.data,
  "SELECT count() AS n FROM system.processes WHERE query LIKE '%cityHash64%' AND query NOT LIKE '%processes%' AND NOT is_cancelled"))[0].n;

test("a client that leaves ends its query", async () => {
  const leaving = new AbortController();
  const call = fetch(s.url + base, { method: "POST", signal: leaving.signal,
    headers: { Authorization: `Bearer ${s.first.personal_api_key}`, "Content-Type": "application/json" },
    body: JSON.stringify({ query: { kind: "HogQLQuery", query: slow } }) }).catch((e) => e);
  await eventually(async () => ((await running()) > 0 ? true : undefined));
  leaving.abort();
  await call;
  await eventually(async () => ((await running()) === 0 ? true : undefined));
});

test("a cancelled query in the background ends", async () => {
  const body = { query: { kind: "HogQLQuery", query: slow }, refresh: "force_async", client_query_id: "slow" };
  assert.equal((await s.call("POST", base, { body })).status, 202);
  await eventually(async () => ((await running()) > 0 ? true : undefined));
  assert.equal((await s.call("DELETE", `${base}slow/`)).status, 200);
  await eventually(async () => ((await running()) === 0 ? true : undefined));
  const ended = await eventually(async () => {
    const answer = await s.call("GET", `${base}slow/`);
    return answer.status === 202 ? undefined : answer;
  });
  assert.equal(ended.status, 400);
  assert.match(ended.json.query_status.error_message, /cancelled/);
});

function children(pid) {
  return fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter((name) => {
    try { return fs.readFileSync(`/proc/${name}/stat`, "utf8").split(") ")[1].split(" ")[1] === String(pid); }
    catch { return false; }
  }).map(Number);
}

test("without the engine questions are 503 for a moment, answered ones stay", async () => {
  const kept = { kind: "HogQLQuery", query: "SELECT 'kept'" };
  await ask(kept);
  const [engine] = children(s.pid);
  process.kill(engine, "SIGKILL");
  let n = 0;
  const refused = await eventually(async () => {
    const answer = await hogql(`SELECT ${n++}`);
    return answer.status === 503 ? answer : undefined;
  });
  assert.equal(refused.json.type, "server_error");
  assert.ok(refused.headers.get("retry-after"));
  assert.equal((await ask(kept)).json.is_cached, true);
  await eventually(async () => ((await hogql(`SELECT ${n++}`)).status === 200 ? true : undefined));
});
