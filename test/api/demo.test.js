// The demo project: the numbers it tells are the numbers that are stored, once, whoever serves the folder.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { start, serve, end, hoglet, bin, rows } = require("./server.js");

const small = ["--events", "3000", "--people", "200"];
const told = (data, ...more) => JSON.parse(hoglet("demo", "--data", data, "--json", ...small, ...more));
const persons = `SELECT uniqExact(if(o.distinct_id = '', e.person_id, o.person_id)) AS n, count() AS events
  FROM (SELECT * FROM events FINAL WHERE team_id = 1) AS e LEFT JOIN (SELECT * FROM person_overrides FINAL) AS o
  ON o.team_id = e.team_id AND o.distinct_id = e.distinct_id`;

let s, dir;
before(async () => {
  s = await start();
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "hoglet-demo-"));
});
after(async () => {
  assert.equal(await s.stop(), 0);
  fs.rmSync(dir, { recursive: true, force: true });
});

async function check(data, story) {
  const counts = Object.fromEntries((await rows(data, "SELECT event, count() AS n FROM events FINAL GROUP BY event"))
    .map((r) => [r.event, r.n]));
  assert.deepEqual(counts, Object.fromEntries(Object.entries(story.counts).filter(([, n]) => n)));
  const [one] = await rows(data, persons);
  assert.deepEqual([one.n, one.events], [story.people, story.events], "persons and events");
  const [money] = await rows(data, `SELECT round(sum(toFloat64(props.amount.:String)), 2) AS sum FROM events FINAL
    WHERE event IN ('plan_purchased', 'subscription_renewed')`);
  assert.equal(money.sum, story.revenue);
}

test("what it tells is what is stored; again, it adds nothing", async () => {
  const story = told(s.data);
  assert.ok(Math.abs(story.events - 3000) < 200, String(story.events));
  assert.equal(story.people, 200);
  assert.equal(story.counts.signed_up, story.sign_ups);
  await check(s.data, story);
  assert.deepEqual(told(s.data), story);
  await check(s.data, story);
  const key = (await s.call("GET", "/api/personal_api_keys/")).json;
  const [left] = await rows(s.data, "SELECT count() AS n FROM persons FINAL WHERE is_deleted = 0");
  assert.ok(left.n >= story.people);
  assert.ok(!JSON.stringify(key).includes("hoglet demo"), "the demo's own key is gone");
});

test("two dashboards tell the story, once; every tile computes", async () => {
  const story = told(s.data);
  const list = (await s.call("GET", "/api/projects/@current/dashboards/?search=Tidepool")).json.results;
  assert.deepEqual(list.map((d) => d.name), ["Tidepool: growth", "Tidepool: product and revenue"]);
  const tiles = {};
  for (const { id } of list) {
    const dashboard = (await s.call("GET", `/api/projects/@current/dashboards/${id}/?refresh=blocking`)).json;
    const taken = new Set();
    for (const tile of dashboard.tiles) {
      const what = tile.insight?.name ?? "text", at = tile.layouts.sm;
      assert.equal(tile.error, undefined, what);
      for (let x = at.x; x < at.x + at.w; x++)
        for (let y = at.y; y < at.y + at.h; y++) {
          assert.ok(x < 12 && !taken.has(`${x},${y}`), `${what} lies on another`);
          taken.add(`${x},${y}`);
        }
      if (tile.insight) tiles[what] = tile.insight.result;
      else assert.match(tile.text.body, /Tidepool/);
    }
  }
  for (const [name, result] of Object.entries(tiles)) // so small a story may have no cancellation
    assert.equal(result?.length > 0, name !== "Why they leave" || story.counts.subscription_cancelled > 0, name);
  const sum = (rows, n) => rows.reduce((all, r) => all + r[n], 0);
  const counts = (name) => sum(tiles[name], "count");
  assert.equal(counts("Sign-ups a week"), story.sign_ups);
  assert.ok(Math.abs(counts("Revenue a week") - (await rows(s.data, `SELECT sum(toFloat64(props.amount.:String)) AS n
    FROM events WHERE event = 'plan_purchased'`))[0].n) < 0.01);
  assert.equal(counts("Errors a day"), story.counts.app_error);
  assert.equal(tiles["From visit to plan"][0].count, story.people);
  assert.ok(sum(tiles.Countries, 1) <= story.sign_ups && sum(tiles.Countries, 1) > 0);
});

test("the story: growth, more sign-ups after the release, an outage, sources, companies", async () => {
  const perDay = await rows(s.data, `SELECT toDate(timestamp) AS day, countIf(event = '$pageview') AS views,
    countIf(event = 'app_error') AS errors FROM events FINAL GROUP BY day ORDER BY day`);
  const sum = (list) => list.reduce((all, r) => all + r.views, 0);
  assert.ok(sum(perDay.slice(-30)) > sum(perDay.slice(0, 30)) * 1.2, "it grows");
  assert.equal(perDay.filter((r) => r.errors > 0).length <= 1, true, "one bad day");
  const [kinds] = await rows(s.data, `SELECT uniqExact(props.utm_source.:String) AS sources,
    uniqExact(props.\`$browser\`.:String) AS browsers, uniqExact(props.\`$geoip_country_code\`.:String) AS countries,
    uniqExact(props.\`$session_id\`.:String) AS sessions FROM events FINAL`);
  assert.ok(kinds.sources >= 4 && kinds.browsers >= 4 && kinds.countries >= 8 && kinds.sessions > 200, JSON.stringify(kinds));
  const [groups] = await rows(s.data, "SELECT count() AS n FROM groups FINAL");
  assert.ok(groups.n > 1);
});

test("without a server it starts one, and another seed is another story", async () => {
  const data = path.join(dir, "data");
  hoglet("init", "--data", data, "--email", "a@example.com", "--password", "correct horse");
  const one = told(data, "--seed", "7");
  assert.deepEqual(fs.readdirSync(data).filter((f) => f.endsWith(".sock")), [], "the server ended");
  const two = told(data, "--seed", "7");
  assert.deepEqual(two, one);
  const { child, ready } = serve(data);
  await ready;
  await check(data, one);
  assert.equal(await end(child), 0);
});

test("to another server, by address and token", async () => {
  const { api_token: token, id } = s.cli("project", "add", "--name", "Elsewhere");
  const story = JSON.parse(hoglet("demo", "--url", s.url, "--token", token, "--json", "--events", "500", "--people", "50"));
  for (;;) {
    const [now] = await rows(s.data, `SELECT count() AS n FROM events FINAL WHERE team_id = ${id}`);
    if (now.n === story.events) break;
  }
});

test("errors", () => {
  const run = (...args) => {
    const done = spawnSync(bin, ["demo", ...args], { encoding: "utf8" });
    return [done.status, done.stderr];
  };
  assert.deepEqual(run(), [2, "hoglet: --data is missing, or --url and --token\n"]);
  assert.deepEqual(run("--data", s.data, "--events", "x"), [1, "hoglet: --events must be a whole number from 1 to 20000000\n"]);
  assert.deepEqual(run("--data", s.data, "--events", "5"), [1, "hoglet: --events must be at least --people\n"]);
  assert.deepEqual(run("--data", dir), [1, `hoglet: ${dir} is not a data folder; make one with hoglet init\n`]);
  assert.deepEqual(run("--url", "http://127.0.0.1:1", "--token", "phc_x", "--events", "10", "--people", "5"),
    [1, "hoglet: no server at http://127.0.0.1:1\n"]);
});
