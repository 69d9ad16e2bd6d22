// lifecycle.js - the slow way to count a LifecycleQuery: each person in each interval.
"use strict";
const { calendar } = require("./calendar.js");

// facts: events {at, actor, full}, already those the query is about; born: {actor: ms}.
function lifecycle(facts, born, { zone, weekStart, interval, first, last }) {
  const cal = calendar({ zone, weekStart, interval }), keys = cal.between(first, last);
  const active = new Map();
  for (const fact of facts)
    if (fact.full) active.set(fact.actor, (active.get(fact.actor) ?? new Set()).add(cal.of(fact.at)));
  const out = { days: keys.map(cal.text), new: [], returning: [], resurrecting: [], dormant: [] };
  for (const key of keys) {
    const n = { new: 0, returning: 0, resurrecting: 0, dormant: 0 };
    for (const [actor, seen] of active) {
      const now = seen.has(key), before = seen.has(cal.previous(key));
      if (now && born[actor] !== undefined && cal.of(born[actor]) === key) n.new++;
      else if (now && before) n.returning++;
      else if (now) n.resurrecting++;
      else if (before) n.dormant--;
    }
    for (const [status, count] of Object.entries(n)) out[status].push(count);
  }
  return out;
}

module.exports = { lifecycle };
