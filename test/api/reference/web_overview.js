// web_overview.js - visits to a site, counted session by session over the raw events. Knows nothing of
// how the server counts. Also makes the visits.
"use strict";
const { randomUUID } = require("node:crypto");
const { random } = require("./product.js");
const { groupBy, sum } = require("../query_events.js");

const view = (e) => e.event === "$pageview" || e.event === "$screen";

// What each session is, of all of its events.
function sessionsOf(facts, { seconds = 10, mode = "views" } = {}) {
  return Object.entries(groupBy(facts.filter((e) => e.properties.$session_id), (e) => e.properties.$session_id)).map(([id, list]) => {
    const times = list.map((e) => e.at), start = Math.min(...times), end = Math.max(...times);
    const duration = Math.floor(end / 1000) - Math.floor(start / 1000), n = (event) => list.filter((e) => e.event === event).length;
    const views = n("$pageview") + n("$screen"), urls = new Set(list.map((e) => e.properties.$current_url).filter(Boolean)).size;
    const few = { views: views <= 1 && !n("$autocapture"), count_pageviews: n("$pageview") <= 1 && !n("$autocapture"), uniq_urls: urls <= 1 && !n("$autocapture"),
      uniq_page_screen_autocaptures: views + n("$autocapture") <= 1 }[mode];
    return { id, list, start, duration, bounced: few && duration < seconds };
  });
}

// {key: value} of one period. inside(ms): in that period; counts(e): passes filters, in any period; goal(e).
function overview(sessions, { inside, counts, goal }) {
  const seen = sessions.filter((s) => inside(s.start)).map((s) => {
    const list = s.list.filter((e) => counts(e) && (view(e) || goal?.(e))).sort((a, b) => a.at - b.at), reached = list.filter((e) => goal?.(e));
    return { ...s, list, reached };
  }).filter((s) => s.list.length);
  const mean = (list) => (list.length ? sum(list) / list.length : null);
  const visitors = new Set(seen.map((s) => s.list[0].actor)).size, converted = new Set(seen.filter((s) => s.reached.length).map((s) => s.reached[0].actor)).size;
  if (goal) return { visitors, "total conversions": sum(seen.map((s) => s.reached.length)), "unique conversions": converted,
    "conversion rate": visitors ? (100 * converted) / visitors : null };
  return { visitors, views: sum(seen.map((s) => s.list.filter(view).length)), sessions: seen.length,
    "session duration": mean(seen.map((s) => s.duration)), "bounce rate": seen.length ? 100 * mean(seen.map((s) => +s.bounced)) : null };
}

// Sessions of 15 people: {uuid, event, distinct_id, timestamp, properties, at, actor}.
function makeSessions(seed, n, from, to) {
  const rand = random(seed), pick = (list) => list[Math.floor(rand() * list.length)], events = [];
  const start = Date.parse(from), end = Date.parse(to);
  for (let i = 0; i < n; i++) {
    let person = Math.floor(rand() * 15), at = start + Math.floor(rand() * (end - start));
    if (rand() < 0.3) at = Math.floor(at / 3600000) * 3600000 - 2000; // around midnight somewhere
    const session = rand() < 0.9 ? `session-${i}` : pick(["", undefined]);
    for (let k = Math.floor(rand() * 5); k >= 0 && at < end; k--) {
      if (rand() < 0.05) person = Math.floor(rand() * 15); // another one at the same browser
      const event = pick(["$pageview", "$pageview", "$screen", "$autocapture", "sign up", "purchase"]);
      const properties = { paid: pick([true, false]), $session_id: session };
      if (event === "$pageview") properties.$current_url = pick(["/", "/a", "/b"]);
      const distinct_id = person < 5 && rand() < 0.4 ? `anon-${person}` : `person-${person}`;
      events.push({ uuid: randomUUID(), event, distinct_id, at, timestamp: new Date(at).toISOString(), properties, actor: `person-${person}` });
      at += pick([1, 700, 3000, 9500, 61000, 20 * 60000]);
    }
  }
  for (let person = 0; person < 5; person++)
    events.push({ uuid: randomUUID(), event: "$identify", distinct_id: `person-${person}`, at: end + person, timestamp: new Date(end + person).toISOString(),
      properties: { $anon_distinct_id: `anon-${person}` }, actor: `person-${person}` });
  return events.sort((a, b) => a.at - b.at);
}

module.exports = { sessionsOf, overview, makeSessions };
