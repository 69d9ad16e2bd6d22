// rig.js - a server whose projects, in zones that change their clocks, hold one product's events; and
// questions about them made by chance, with what the slow references need to answer them.
"use strict";
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { start } = require("../server.js");
const { capture, addDays } = require("../query_events.js");
const { makeProduct, random, HOUR, DAY } = require("./product.js");

const seed = Number(process.env.HOGLET_SEED ?? Date.now() % 1000000);
const rounds = Number(process.env.HOGLET_ROUNDS ?? 8);
for (const name of ["HOGLET_SEED", "HOGLET_ROUNDS"]) delete process.env[name]; // no settings of the server
const places = [{ zone: "UTC", weekStart: 0 }, { zone: "Europe/Berlin", weekStart: 1 },
  { zone: "America/New_York", weekStart: 0 }];
// Clocks go forward, or back, on the way; one February has 29 days.
const seasons = [{ from: "2024-01-25T00:00:00Z", to: "2024-04-09T20:00:00Z" },
  { from: "2024-09-10T00:00:00Z", to: "2024-11-12T20:00:00Z" }];

async function rig(events = 300) {
  const season = seasons[seed % 2];
  const s = await start(["--clock", new Date(Date.parse(season.to) + 2 * 3600000).toISOString()]);
  const product = makeProduct(seed, events, season.from, season.to);
  const projects = {};
  for (const { zone, weekStart } of places) {
    const project = s.cli("project", "add", "--name", zone);
    const { status, text } = await s.call("PATCH", `/api/projects/${project.id}/`, { body: { timezone: zone,
      week_start_day: weekStart,
      test_account_filters: [{ key: "internal", type: "event", operator: "is_not", value: ["yes"] }] } });
    assert.equal(status, 200, text);
    await capture(s, project.api_token, product.events.map((e) => ({ ...e, uuid: randomUUID() })));
    projects[zone] = project;
  }
  const post = (query, zone = "UTC") =>
    s.call("POST", `/api/environments/${projects[zone].id}/query/`, { body: { query } });
  async function ask(query, zone) {
    const { status, text, json } = await post(query, zone);
    assert.equal(status, 200, text);
    return json;
  }
  return { s, product, season, projects, post, ask };
}

// Runs `round(rand, place)` many times; a failure says how to see it again.
async function repeat(round) {
  for (let i = 0; i < rounds; i++) {
    const rand = random(seed * 1000 + i);
    try {
      await round(rand, places[Math.floor(rand() * places.length)]);
    } catch (error) {
      error.message = `HOGLET_SEED=${seed}, round ${i}: ${error.message}`;
      throw error;
    }
  }
}

// {dateRange, first, last, interval}: days, with hours instants.
function someRange(rand, { season }, interval) {
  const span = Date.parse(season.to) - Date.parse(season.from), day = (at) => new Date(at).toISOString().slice(0, 10);
  const at = Date.parse(season.from) + rand() * span;
  if (interval === "hour") {
    const first = new Date(Math.floor(at / HOUR) * HOUR).toISOString(), last = new Date(at + rand() * 3 * DAY).toISOString();
    return { first, last, interval, dateRange: { date_from: first, date_to: last } };
  }
  const first = day(at), last = addDays(first, Math.floor(rand() * (rand() < 0.2 ? 90 : 40)));
  return { first, last, interval, dateRange: { date_from: first, date_to: last } };
}

// {entity: event, properties, of query: fields, keep(fact)}: which events, by name and filters.
function someFilters(rand) {
  const query = {}, tests = [];
  if (rand() < 0.3) {
    query.properties = [{ key: "paid", type: "event", operator: "exact", value: ["true"] }];
    tests.push((f) => f.properties.paid === true);
  }
  if (rand() < 0.3) {
    query.filterTestAccounts = true;
    tests.push((f) => f.properties.internal !== "yes");
  }
  return { query, keep: (f) => tests.every((t) => t(f)) };
}

// An entity: {event, properties, keep(fact)}.
function someEntity(rand) {
  const event = [null, "$pageview", "$pageview", "sign up", "purchase"][Math.floor(rand() * 5)];
  const planned = rand() < 0.25;
  return { event, properties: planned ? [{ key: "plan", type: "event", operator: "exact", value: ["pro", "free"] }] : undefined,
    keep: (f) => (event === null || f.event === event) && (!planned || ["pro", "free"].includes(f.properties.plan)) };
}

// Counts persons, or now and then companies: {query, actorOf(fact), born}.
function someActors(rand, { product }) {
  if (rand() < 0.8) return { query: {}, actorOf: (f) => f.actor, born: product.born };
  return { query: { aggregation_group_type_index: 0 }, actorOf: (f) => f.company, born: product.founded };
}

// The id of an action in the project of that zone, of sign-ups and of page views on the plan "pro".
async function signUpsAndPro({ s, projects }, zone) {
  const steps = [{ event: "sign up" }, { event: "$pageview", properties: [{ key: "plan", type: "event", operator: "exact", value: "pro" }] }];
  const reply = await s.call("POST", `/api/projects/${projects[zone].id}/actions/`, { body: { name: "Up", steps } });
  assert.equal(reply.status, 201, reply.text);
  return reply.json.id;
}
const isSignUpOrPro = (f) => f.event === "sign up" || (f.event === "$pageview" && f.properties.plan === "pro");

// A project of its own with events worked out by hand: [who, when, {event, properties}?].
async function byHand({ s }, settings, list) {
  const project = s.cli("project", "add", "--name", "by hand");
  const { status, text } = await s.call("PATCH", `/api/projects/${project.id}/`, { body: settings });
  assert.equal(status, 200, text);
  await capture(s, project.api_token, list.map(([distinct_id, timestamp, more = {}]) =>
    ({ uuid: randomUUID(), event: "$pageview", distinct_id, timestamp, properties: {}, ...more })));
  return async (query) => {
    const reply = await s.call("POST", `/api/environments/${project.id}/query/`, { body: { query } });
    assert.equal(reply.status, 200, reply.text);
    return reply.json;
  };
}

module.exports = { rig, byHand, signUpsAndPro, isSignUpOrPro, repeat, places, someRange, someFilters, someEntity, someActors };
