// paths.js - people's ways through a product, slowly: each person's events one by one. Knows nothing of
// how the server counts. Also makes the visits that such ways are made of.
"use strict";
const { randomUUID } = require("node:crypto");
const { random } = require("./product.js");
const { groupBy } = require("../query_events.js");

const MINUTE = 60000;

// What an event is called; undefined: it is of no type that counts.
function itemOf(e, filter, projectRules) {
  const types = filter.includeEventTypes?.length ? filter.includeEventTypes : ["$pageview", "$screen", "custom_event", "hogql"];
  let item = e.event;
  if (e.event === "$pageview" && types.includes("$pageview")) item = (e.properties.$current_url ?? "").replace(/(.)\/$/, "$1");
  else if (e.event === "$screen" && types.includes("$screen")) item = e.properties.$screen_name ?? "";
  else if (types.includes("hogql")) item = filter.pathsHogQLExpression ? e.properties.section ?? "" : e.event; // its only expression here
  else if (!(types.includes("custom_event") && !e.event.startsWith("$"))) return undefined;
  const byOrder = (rules) => [...rules].sort((a, b) => (a.order ?? 0) - (b.order ?? 0));
  for (const { regex, alias } of [...(filter.pathReplacements ? byOrder(projectRules) : []), ...byOrder(filter.localPathCleaningFilters ?? [])])
    item = item.replace(new RegExp(regex, "g"), alias);
  const held = (glob) => new RegExp(glob.split("*").map((x) => x.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*")).test(item);
  item = filter.pathGroupings?.find((glob) => glob && held(glob)) ?? item;
  return filter.excludeEvents?.includes(item) ? undefined : item;
}

// The parts of the visits: [[{at, item, e}]], cut and folded.
function walks(list, filter, projectRules) {
  const seen = list.map((e) => ({ at: e.at, item: itemOf(e, filter, projectRules), e })).filter((x) => x.item !== undefined)
    .sort((a, b) => a.at - b.at || (a.item < b.item ? -1 : a.item > b.item ? 1 : 0));
  const parts = [];
  seen.forEach((x, i) => (i && x.at - seen[i - 1].at < 30 * MINUTE ? parts.at(-1).push(x) : parts.push([x])));
  const bare = (point) => (point && point.length > 1 && point.endsWith("/") ? point.slice(0, -1) : point);
  const start = bare(filter.startPoint), end = bare(filter.endPoint), most = filter.stepLimit || 5;
  const ways = [];
  for (const part of parts) {
    let way = part.filter((x, i) => i + 1 === part.length || part[i + 1].item !== x.item);
    const from = start ? way.findIndex((x) => x.item === start) : 0;
    if (from < 0) continue;
    way = way.slice(from);
    const to = end ? way.findIndex((x) => x.item === end) : way.length - 1;
    if (to < 0) continue;
    way = way.slice(0, to + 1);
    const half = Math.floor(most / 2);
    if (way.length > most && start && end) way = [...way.slice(0, half), { ...way[half], item: "..." }, ...way.slice(way.length - half)];
    else if (way.length > most) way = end ? way.slice(-most) : way.slice(0, most);
    ways.push(way.map((x, i) => ({ ...x, key: `${i + 1}_${x.item}` })));
  }
  return ways;
}

// The result's rows. facts: [{at, actor, event, properties}], all in the range.
function paths(facts, filter, projectRules = []) {
  const edges = new Map(), people = groupBy(facts, (f) => f.actor);
  for (const list of Object.values(people))
    for (const way of walks(list, filter, projectRules))
      for (let i = 1; i < way.length; i++) {
        const name = `${way[i - 1].key}\0${way[i].key}`;
        if (!edges.has(name)) edges.set(name, { source: way[i - 1].key, target: way[i].key, times: [] });
        edges.get(name).times.push(way[i].at - way[i - 1].at);
      }
  const least = filter.minEdgeWeight || 0, most = filter.maxEdgeWeight || Infinity;
  const rows = [...edges.values()].map(({ times, ...edge }) => ({ ...edge, value: times.length,
    average_conversion_time: times.reduce((a, b) => a + b, 0) / times.length }))
    .filter((r) => r.value >= least && r.value <= most)
    .sort((a, b) => b.value - a.value || (a.source < b.source ? -1 : a.source > b.source ? 1 : a.target < b.target ? -1 : 1))
    .slice(0, filter.edgeLimit || 50);
  const reached = new Set(rows.map((r) => r.source).filter((s) => s.startsWith("1_")));
  for (let grew = true; grew;) {
    grew = false;
    for (const r of rows) if (reached.has(r.source) && !reached.has(r.target)) grew = Boolean(reached.add(r.target));
  }
  return rows.filter((r) => reached.has(r.source));
}

// {actor: how many steps} behind an edge (from, to), a step (to) or an end (last).
function pathActors(facts, filter, projectRules, { from, to, last }) {
  const found = {};
  for (const [actor, list] of Object.entries(groupBy(facts, (f) => f.actor)))
    for (const way of walks(list, filter, projectRules))
      way.forEach((x, i) => {
        const is = last !== undefined ? i + 1 === way.length && x.key === last
          : (from === undefined || way[i - 1]?.key === from) && (to === undefined || x.key === to);
        if (is) found[actor] = (found[actor] ?? 0) + 1;
      });
  return found;
}

// Visits of 12 people, some under a second name: {uuid, event, distinct_id, timestamp, properties, at, actor}.
function makeVisits(seed, n, from, to) {
  const rand = random(seed), pick = (list) => list[Math.floor(rand() * list.length)], events = [];
  const start = Date.parse(from), end = Date.parse(to);
  while (events.length < n) {
    const person = Math.floor(rand() * 12), distinct_id = person < 4 && rand() < 0.4 ? `anon-${person}` : `person-${person}`;
    let at = start + Math.floor(rand() * (end - start));
    for (let i = Math.floor(rand() * 9); i >= 0 && at < end; i--) {
      const event = pick(["$pageview", "$pageview", "$pageview", "$pageview", "$screen", "sign up", "purchase", "$autocapture"]);
      const properties = { paid: pick([true, false]), section: pick(["head", "body", "foot", "", null]) };
      if (event === "$pageview") properties.$current_url = pick(["/", "https://x.test/", "https://x.test", "/docs/a", "/docs/b/", "/docs/a", "/users/1", "/users/22/", "/price?x=1", "/100%_off", ""]);
      if (event === "$screen") properties.$screen_name = pick(["Home", "Cart", "/docs/a"]);
      if (event === "$pageview" && rand() < 0.05) delete properties.$current_url;
      events.push({ uuid: randomUUID(), event, distinct_id, at, timestamp: new Date(at).toISOString(), properties, actor: `person-${person}` });
      at += pick([0, 1, 4000, 65000, 11 * MINUTE, 30 * MINUTE - 1, 30 * MINUTE, 90 * MINUTE]);
    }
  }
  for (let person = 0; person < 4; person++) {
    const at = end + person * 1000;
    events.push({ uuid: randomUUID(), event: "$identify", distinct_id: `person-${person}`, at, timestamp: new Date(at).toISOString(),
      properties: { $anon_distinct_id: `anon-${person}` }, actor: `person-${person}` });
  }
  return events.sort((a, b) => a.at - b.at);
}

module.exports = { paths, pathActors, makeVisits, MINUTE };
