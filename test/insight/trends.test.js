// Trends whose numbers were worked out by hand: every case of trends/*.json, asked of the server, and of the
// slow reference that random queries are compared with. A case says what its items must hold.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { start } = require("../api/server.js");
const { capture } = require("../api/query_events.js");
const { Calendar } = require("../api/reference/dates.js");
const { makeWorld } = require("../api/reference/world.js");
const { trends } = require("../api/reference/trends.js");
const { propertyTypes } = require("../api/reference/server.js");
const { hogql, mathHogql } = require("../api/reference/generate.js");

const now = "2026-03-31T10:30:00Z", dir = path.join(__dirname, "trends");
let s;
before(async () => { s = await start(["--clock", now]); });
after(async () => assert.equal(await s.stop(), 0));

const near = (a, b) => typeof a === "number" && typeof b === "number" && Math.abs(a - b) < 1e-9;
function holds(got, want, where) {
  if (Array.isArray(want)) {
    assert.ok(Array.isArray(got) && got.length === want.length, `${where}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
    want.forEach((v, i) => holds(got[i], v, `${where}[${i}]`));
  } else assert.ok(near(got, want) || got === want, `${where}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
}

function check(answer, one, where) {
  assert.equal(answer.results.length, one.expect.length, `${where}: ${JSON.stringify(answer.results.map((i) => [i.label, i.data]))}`);
  one.expect.forEach((item, i) => Object.keys(item).forEach((key) => holds(answer.results[i][key], item[key], `${where}, item ${i}, ${key}`)));
  if ("hasMore" in one) assert.equal(answer.hasMore, one.hasMore, where);
}

for (const file of fs.readdirSync(dir).sort())
  test(file, async () => {
    const set = JSON.parse(fs.readFileSync(path.join(dir, file), "utf8")), { timezone, week_start_day } = set;
    const events = set.events.map(([event, distinct_id, timestamp, properties]) => ({ uuid: randomUUID(), event, distinct_id, timestamp, properties }));
    const project = s.cli("project", "add", "--name", file), test_account_filters = set.test_account_filters ?? [];
    const patched = await s.call("PATCH", `/api/projects/${project.id}/`, { body: { timezone, week_start_day, test_account_filters } });
    assert.equal(patched.status, 200, patched.text);
    await capture(s, project.api_token, events);
    const ctx = { world: makeWorld(events, set.groups), types: await propertyTypes(s, project.id),
      calendar: new Calendar(timezone, Date.parse(now), week_start_day), testAccountFilters: test_account_filters, hogql, mathHogql };
    async function ask(one) {
      const query = { kind: "TrendsQuery", ...one.query };
      const { status, text, json } = await s.call("POST", `/api/environments/${project.id}/query/`, { body: { query } });
      assert.equal(status, 200, `${one.name}: ${text}`);
      check(json, one, one.name);
      check(trends(ctx, query), one, `${one.name} (the reference)`);
    }
    for (let i = 0; i < set.cases.length; i += 4) await Promise.all(set.cases.slice(i, i + 4).map(ask));
  });
