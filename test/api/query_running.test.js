// How queries run beside each other: one computation for all who ask the same, places by turns, bounds.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start, eventually, rows: engineRows } = require("./server.js");

let s, busy, quiet;
before(async () => {
  s = await start();
  busy = s.cli("project", "add", "--name", "Busy").id;
  quiet = s.cli("project", "add", "--name", "Quiet").id;
});
after(async () => assert.equal(await s.stop(), 0));

// Each another query, that works for a minute unless it is ended.
const slow = (k) => ({ kind: "HogQLQuery", query: `SELECT ${k}, sum(cityHash64(number)) FROM numbers(200000000000)` });
// What works in the engine; it may list statements that are cancelled and work no more.
const running = async () => (await engineRows(s.data,
  "SELECT count() AS n FROM system.processes WHERE query LIKE '%cityHash64%' AND query NOT LIKE '%processes%' AND NOT is_cancelled"))[0].n;
const url = (project) => `/api/environments/${project}/query/`;

// Asks `n` slow queries of a project; {answers, end}: end leaves them all and waits until none works.
function crowd(project, n) {
  const leaving = new AbortController();
  const answers = Array.from({ length: n }, (_, k) => fetch(s.url + url(project), { method: "POST", signal: leaving.signal,
    headers: { Authorization: `Bearer ${s.first.personal_api_key}`, "Content-Type": "application/json" },
    body: JSON.stringify({ query: slow(k) }) }).catch((e) => e));
  async function end() {
    leaving.abort();
    await Promise.all(answers);
    await eventually(async () => ((await running()) === 0 ? true : undefined));
  }
  return { answers, end };
}

test("slow queries of one project keep no other waiting", async () => {
  const many = crowd(busy, 8);
  await eventually(async () => ((await running()) === 3 ? true : undefined));
  const { status, text, json } = await s.call("POST", url(quiet), { body: { query: { kind: "HogQLQuery", query: "SELECT 'mine'" } } });
  assert.equal(status, 200, text);
  assert.deepEqual(json.results, [["mine"]]);
  assert.equal(await running(), 3); // they still work, and no more than three of them
  await many.end();
});

test("a project's callers are bounded, others still get in", async () => {
  const many = crowd(busy, 17);
  const refused = await Promise.race(many.answers);
  assert.equal(refused.status, 429);
  const body = await refused.json();
  assert.match(body.detail, /^Too many queries are running right now/);
  assert.doesNotMatch(body.detail, /cache_|team/);
  assert.equal((await s.call("POST", url(quiet), { body: { query: { kind: "HogQLQuery", query: "SELECT 1, 'in'" } } })).status, 200);
  await many.end();
});

test("background work of one project does not fill all places", async () => {
  for (let k = 0; k < 5; k++) {
    const { status } = await s.call("POST", url(busy), { body: { query: slow(k), refresh: "force_async", client_query_id: `busy-${k}` } });
    assert.equal(status, 202);
  }
  await eventually(async () => ((await running()) === 2 ? true : undefined));
  assert.equal((await s.call("POST", url(quiet), { body: { query: { kind: "HogQLQuery", query: "SELECT 2" }, refresh: "force_async",
    client_query_id: "quiet" } })).status, 202);
  const done = await eventually(async () => {
    const answer = await s.call("GET", `${url(quiet)}quiet/`);
    return answer.status === 202 ? undefined : answer;
  });
  assert.deepEqual(done.json.query_status.results.results, [[2]]);
  assert.equal(await running(), 2);
  const third = await s.call("GET", `${url(busy)}busy-2/`);
  assert.deepEqual([third.status, third.json.query_status.pickup_time], [202, null]);
  for (let k = 0; k < 5; k++) assert.equal((await s.call("DELETE", `${url(busy)}busy-${k}/`)).status, 200);
  await eventually(async () => ((await running()) === 0 ? true : undefined));
});

test("insights, dashboards and POST query/ share one computation", async () => {
  const query = { kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "$pageview" }], dateRange: { date_from: "-3d" } };
  const at = `/api/environments/${busy}/`, made = async (what, body) => {
    const { status, text, json } = await s.call("POST", at + what, { body });
    assert.equal(status, 201, text);
    return json;
  };
  const dashboard = await made("dashboards/", { name: "D" });
  const insight = await made("insights/", { name: "I", query: { kind: "InsightVizNode", source: query }, dashboards: [dashboard.id] });
  const many = crowd(busy, 3); // all the project's places: whoever asks now waits
  await eventually(async () => ((await running()) === 3 ? true : undefined));
  const asked = [
    ...Array.from({ length: 4 }, () => s.call("POST", `${at}query/`, { body: { query, refresh: "blocking" } }).then((r) => r.json.last_refresh)),
    ...Array.from({ length: 3 }, () => s.call("GET", `${at}insights/${insight.id}/?refresh=blocking`).then((r) => r.json.last_refresh)),
    ...Array.from({ length: 3 }, () => s.call("GET", `${at}dashboards/${dashboard.id}/?refresh=blocking`).then((r) => r.json.tiles[0].insight.last_refresh)),
  ];
  await many.end();
  const times = new Set(await Promise.all(asked));
  assert.equal(times.size, 1, [...times].join(" "));
  assert.ok([...times][0]);
});

test("the query log knows the last run of an id, and none of its text", async () => {
  const run = async (id, query, more) => (await s.call("POST", url(quiet), { body: { query: { kind: "HogQLQuery", query },
    client_query_id: id, name: "Weekly \u00e9", ...more } })).status;
  const log = async (id, project = quiet) => {
    const { status, text, json } = await s.call("GET", `${url(project)}${id}/log/`);
    assert.equal(status, 200, text);
    assert.doesNotMatch(text, /hidden words/);
    return json.results.map((row) => Object.fromEntries(json.columns.map((name, i) => [name, row[i]])));
  };
  assert.equal(await run("first", "SELECT count(), 'hidden words' FROM numbers(1000)"), 200);
  const [row] = await log("first");
  assert.deepEqual([row.query_id, row.kind, row.name, row.status, row.exception_name, row.is_cached, row.read_rows],
    ["first", "HogQLQuery", "Weekly \u00e9", "QueryFinish", "", false, 1000]);
  assert.ok(row.result_bytes > 0 && Date.parse(row.query_start_time) > 0);
  assert.equal(await run("first", "SELECT count(), 'hidden words' FROM numbers(1000)", { name: null }), 200);
  const [again] = await log("first");
  assert.deepEqual([again.is_cached, again.read_rows, again.name], [true, 0, ""]);
  assert.equal(await run("wrong", "SELECT nothing_like_it"), 400);
  const [failed] = await log("wrong");
  assert.deepEqual([failed.status, failed.exception_name, failed.result_bytes], ["Exception", "invalid_input", 0]);
  assert.deepEqual(await log("nobody"), []);
  assert.deepEqual(await log("first", busy), []); // another project's
});

test("time and memory have limits, said in plain words; the next question is answered", async (t) => {
  const limited = await start(["--query-seconds", "1", "--engine-memory", "600M"]);
  t.after(async () => assert.equal(await limited.stop(), 0));
  const ask = (query) => limited.call("POST", "/api/projects/@current/query/", { body: { query: { kind: "HogQLQuery", query } } });
  const long = await ask("SELECT sum(cityHash64(number)) FROM numbers(200000000000)");
  assert.deepEqual([long.status, long.json.code, long.json.detail], [504, "timeout_exceeded",
    "The query took too long. Try a shorter range of time, or fewer series and values."]);
  const large = await ask("SELECT length(range(0, 100000000 + number)) FROM numbers(1)");
  assert.deepEqual([large.status, large.json.code, large.json.detail], [504, "memory_limit_exceeded",
    "The query needs more memory than it may use. Try a shorter range of time, or fewer series and values."]);
  assert.deepEqual((await ask("SELECT 'next'")).json.results, [["next"]]);
});

test("a query in the background says how far it is, when asked", async () => {
  const asked = await s.call("POST", url(quiet), { body: { query: slow(99), refresh: "force_async", client_query_id: "far" } });
  assert.equal(asked.status, 202, asked.text);
  const status = async (more) => (await s.call("GET", `${url(quiet)}far/${more}`)).json.query_status;
  for (const more of ["?show_progress=true", "?showProgress=true"]) {
    const far = await eventually(async () => {
      const { query_progress: p } = await status(more);
      return p && p.rows_read > 0 ? p : undefined;
    });
    assert.deepEqual(Object.keys(far), ["bytes_read", "rows_read", "estimated_rows_total", "time_elapsed", "active_cpu_time"]);
    assert.ok(far.bytes_read >= far.rows_read && far.estimated_rows_total >= far.rows_read && far.time_elapsed > 0, JSON.stringify(far));
  }
  assert.equal((await status("")).query_progress, null);
  assert.equal((await s.call("DELETE", `${url(quiet)}far/`)).status, 200);
  await eventually(async () => ((await status("?show_progress=true")).complete ? true : undefined));
  assert.equal((await status("?show_progress=true")).query_progress, null);
});
