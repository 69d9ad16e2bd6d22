// world.js - what follows from events as they were sent, in that order: whose each is, what the person had
// at that moment, its groups, its session. Slow and plain: the yardstick of tests.
"use strict";
const { DAY } = require("./dates.js");

// events: {uuid, event, distinct_id, timestamp, properties}. groupTypes: names by index.
// Each becomes {…, at, person, personProperties, groups: [key by index], session}.
function makeWorld(events, groupTypes = []) {
  const people = new Map(), groups = groupTypes.map(() => new Map()), sessions = new Map();
  const own = (id) => {
    if (!people.has(id)) people.set(id, { ids: [id], properties: {} });
    return people.get(id);
  };
  const list = events.map((e) => {
    const { properties } = e, at = Date.parse(e.timestamp);
    let person = own(e.distinct_id);
    if (e.event === "$identify" && properties.$anon_distinct_id) {
      const other = own(properties.$anon_distinct_id);
      if (other !== person) {
        person.properties = { ...other.properties, ...person.properties };
        person.ids.push(...other.ids);
        for (const id of other.ids) people.set(id, person);
      }
    }
    person.properties = { ...properties.$set_once, ...person.properties, ...properties.$set };
    if (e.event === "$groupidentify") {
      const type = groups[groupTypes.indexOf(properties.$group_type)];
      type.set(properties.$group_key, { ...type.get(properties.$group_key), ...properties.$group_set });
    }
    const session = properties.$session_id || "";
    if (session && !sessions.has(session)) sessions.set(session, []);
    const done = { ...e, at, personProperties: person.properties, session,
      groups: groupTypes.map((name) => properties.$groups?.[name] ?? "") };
    if (session) sessions.get(session).push(done);
    return done;
  });
  for (const e of list) e.person = people.get(e.distinct_id).ids[0]; // after all merges
  const world = { events: list, groups, sessions: new Map() };
  for (const [id, own_] of sessions) world.sessions.set(id, session(own_));
  return world;
}

function session(events) {
  const list = [...events].sort((a, b) => a.at - b.at), count = (name) => list.filter((e) => e.event === name).length;
  const url = list.find((e) => e.properties.$current_url)?.properties.$current_url ?? "";
  const seconds = Math.floor(list.at(-1).at / 1000) - Math.floor(list[0].at / 1000);
  const views = count("$pageview"), screens = count("$screen"), clicks = count("$autocapture");
  return { $session_duration: seconds, $entry_current_url: url, $pageview_count: views, $screen_count: screens,
    $autocapture_count: clicks, $is_bounce: views + screens <= 1 && clicks === 0 && seconds < 10,
    start: list[0].at, days: (list.at(-1).at - list[0].at) / DAY };
}

module.exports = { makeWorld };
