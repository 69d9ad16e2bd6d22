// query_events.js - events of a small made-up product, known to the tests that ask for them, and what
// a calendar on a wall in some zone says about them.
"use strict";
const { randomUUID } = require("node:crypto");
const { eventually, rows } = require("./server.js");
const { random } = require("../random.js");

// n events between two instants, by 14 people, oldest first: {uuid, event, distinct_id, timestamp, properties}.
function makeEvents(seed, n, from, to) {
  const rand = random(seed), pick = (list) => list[Math.floor(rand() * list.length)];
  const start = Date.parse(from), span = Date.parse(to) - start;
  return Array.from({ length: n }, () => {
    const properties = {
      $browser: pick(["Chrome", "Chrome", "Chrome", "Firefox", "Safari", "Edge", "Opera", "", null]),
      amount: pick([1, 2.5, 10, 99.9, 0, -3]), paid: pick([true, false]),
      plan: pick(["free", "pro", "pro plus", "50%_off"]), version: pick(["1.2.3", "1.10.0", "2.0.0"]),
      $session_id: pick(["s-1", "s-2", "s-3", ""]),
    };
    if (rand() < 0.3) delete properties.plan;
    if (rand() < 0.2) delete properties.amount;
    return { uuid: randomUUID(), event: pick(["$pageview", "$pageview", "sign up", "purchase"]),
      distinct_id: `person-${Math.floor(rand() * 14)}`,
      timestamp: new Date(start + Math.floor(rand() * span)).toISOString(), properties };
  }).sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
}

// Sends them and waits until all are in the event store.
async function capture(s, token, events) {
  for (let i = 0; i < events.length; i += 200) {
    const reply = await fetch(`${s.url}/batch/`, { method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ api_key: token, batch: events.slice(i, i + 200) }) });
    if (reply.status !== 200) throw new Error(`capture: ${reply.status} ${await reply.text()}`);
  }
  const ids = events.map((e) => `'${e.uuid}'`).join(",");
  await eventually(async () => {
    const [{ n }] = await rows(s.data, `SELECT uniqExact(uuid) AS n FROM events WHERE uuid IN (${ids})`);
    return n === events.length ? true : undefined;
  });
}

const formats = new Map();
// {day: "2026-03-29", hour: 3, minute: 5} of an instant in a zone.
function wall(zone, instant) {
  if (!formats.has(zone))
    formats.set(zone, new Intl.DateTimeFormat("en-CA", { timeZone: zone, hourCycle: "h23",
      year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }));
  const part = Object.fromEntries(formats.get(zone).formatToParts(new Date(instant)).map((p) => [p.type, p.value]));
  return { day: `${part.year}-${part.month}-${part.day}`, hour: +part.hour, minute: +part.minute };
}

// "2026-03-29" and days after it (or before).
function addDays(day, n) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + n * 86400000).toISOString().slice(0, 10);
}

function daysBetween(first, last) {
  const days = [];
  for (let day = first; day <= last; day = addDays(day, 1)) days.push(day);
  return days;
}

// {key: items}
function groupBy(list, key) {
  const groups = {};
  for (const item of list) (groups[key(item)] ??= []).push(item);
  return groups;
}

const sum = (list) => list.reduce((a, b) => a + b, 0);
// As ClickHouse's quantile: between the two nearest of the sorted values.
function quantile(q, values) {
  if (!values.length) return 0;
  const list = [...values].sort((a, b) => a - b), at = q * (list.length - 1), low = Math.floor(at);
  return list[low] + (list[Math.min(low + 1, list.length - 1)] - list[low]) * (at - low);
}

module.exports = { makeEvents, capture, wall, addDays, daysBetween, groupBy, sum, quantile };
