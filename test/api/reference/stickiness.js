// stickiness.js - the slow way to count a StickinessQuery: the intervals of each person, one by one.
"use strict";
const { calendar, dayOf } = require("./calendar.js");

const compare = { gte: (n, v) => n >= v, lte: (n, v) => n <= v, exact: (n, v) => n === v };

// facts: events {at, actor} that the series is about. The range: days (with hours instants) `first` to
// `last`. width: intervals that count as one; criterion {operator, value}.
function stickiness(facts, { zone, weekStart, interval, first, last, width = 1, criterion, cumulative }) {
  const cal = calendar({ zone, weekStart, interval }), keys = cal.between(first, last);
  const slotOf = new Map(keys.map((key, i) => [key, Math.floor(i / width)]));
  const inside = (f) => slotOf.has(cal.of(f.at)) && (interval === "month" || interval === "hour" || dayOf(zone, f.at) >= first) &&
    (interval === "hour" || dayOf(zone, f.at) <= last);
  const slots = Math.ceil(keys.length / width), data = Array(slots).fill(0);
  for (const actor of new Set(facts.map((f) => f.actor))) {
    const counts = Array(slots).fill(0);
    for (const f of facts) if (f.actor === actor && inside(f)) counts[slotOf.get(cal.of(f.at))]++;
    const active = counts.filter((n) => n > 0 && (!criterion || compare[criterion.operator](n, criterion.value))).length;
    if (active) data[active - 1]++;
  }
  const count = data.reduce((a, b) => a + b, 0);
  return { count, data: cumulative ? data.map((_, i) => data.slice(i).reduce((a, b) => a + b, 0)) : data,
    days: data.map((_, i) => i + 1),
    labels: data.map((_, i) => `${i + 1} ${interval}${i ? "s" : ""}${cumulative ? " or more" : ""}`) };
}

module.exports = { stickiness };
