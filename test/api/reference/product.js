// product.js - a small made-up product for tests that count again: people who come twice under two
// names and merge, companies, events without a person, and instants close to where days begin.
"use strict";
const { randomUUID } = require("node:crypto");
const { random } = require("../../random.js");

const HOUR = 3600000, DAY = 24 * HOUR;

// An instant between two; half of them at the edge of a day in UTC, Berlin or New York.
function instant(rand, from, to) {
  const at = from + Math.floor(rand() * (to - from));
  if (rand() < 0.5) return at;
  const hour = [0, 22, 23, 4, 5, 1, 7][Math.floor(rand() * 7)];
  const edge = Math.floor(at / DAY) * DAY + hour * HOUR - (rand() < 0.5 ? 1 : 0);
  return edge < from ? from : edge > to ? to : edge;
}

// {events: what to send, oldest first, facts: the same as the product's owner knows them
//  {event, at, actor, company, properties, full}, born: {actor: ms}, founded: {company: ms}}
function makeProduct(seed, n, from, to) {
  const rand = random(seed), pick = (list) => list[Math.floor(rand() * list.length)];
  const start = Date.parse(from), end = Date.parse(to), raw = [];
  const people = Array.from({ length: 24 }, (_, i) => {
    // Some come all the time, some in one stretch of days.
    const begin = instant(rand, start, end), stay = pick([0.5, 3, 10, 90]) * DAY;
    return { actor: `person-${i}`, begin, end: Math.min(end, begin + stay), company: pick(["acme", "bolt", "", "zed"]) };
  });
  for (let i = 0; i < n; i++) {
    const who = pick(people), at = instant(rand, who.begin, who.end);
    const properties = { plan: pick(["free", "pro", "pro plus"]), $browser: pick(["Chrome", "Firefox", "Safari", ""]),
      paid: pick([true, false]), internal: rand() < 0.1 ? "yes" : "no" };
    if (rand() < 0.15) delete properties.plan;
    const personless = rand() < 0.08; // such events have groups only if their person is an old one: leave them out
    if (who.company && !personless && rand() < 0.8) properties.$groups = { company: who.company };
    if (personless) properties.$process_person_profile = false;
    raw.push({ event: pick(["$pageview", "$pageview", "sign up", "purchase"]), at, who, properties, full: !personless });
  }
  // A third of the people use another name before they log in, which some do late.
  for (const who of people) {
    if (rand() > 0.35) continue;
    who.login = instant(rand, who.begin, who.end);
    raw.push({ event: "$identify", at: who.login, who, full: true, login: true,
      properties: { $anon_distinct_id: `anon-${who.actor}` } });
  }
  for (const company of ["acme", "bolt"])
    raw.push({ event: "$groupidentify", at: instant(rand, start, end), who: pick(people), full: true,
      properties: { $group_type: "company", $group_key: company, $group_set: {} }, company });
  raw.sort((a, b) => a.at - b.at);
  const born = {}, founded = {}, events = [], facts = [];
  for (const r of raw) {
    // After the log-in the old name is still in use on another device.
    const anonymous = r.who.login !== undefined && !r.login && (r.at < r.who.login || rand() < 0.2);
    const distinct_id = anonymous ? `anon-${r.who.actor}` : r.who.actor;
    if (r.full && r.event !== "$groupidentify") born[r.who.actor] ??= r.at;
    if (r.event === "$groupidentify") founded[r.company] ??= r.at;
    events.push({ uuid: randomUUID(), event: r.event, distinct_id, timestamp: new Date(r.at).toISOString(),
      properties: r.properties });
    facts.push({ event: r.event, at: r.at, actor: r.who.actor, full: r.full, properties: r.properties,
      company: r.properties.$groups?.company ?? "" });
  }
  return { events, facts, born, founded };
}

module.exports = { makeProduct, random, HOUR, DAY };
