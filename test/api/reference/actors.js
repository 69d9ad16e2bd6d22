// actors.js - who is behind a number of a trend, slowly: over the raw events, day by day on a wall's
// calendar. Knows nothing of how the server counts.
"use strict";
const { wall, addDays, daysBetween } = require("../query_events.js");

const NONE = "$$_posthog_breakdown_null_$$", OTHER = "$$_posthog_breakdown_other_$$";

function weekOf(day, monday) {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  return addDays(day, -((weekday - (monday ? 1 : 0) + 7) % 7));
}

// Text that names the bucket an instant lies in.
function bucketOf(instant, interval, zone, monday) {
  const w = wall(zone, instant);
  if (interval === "hour") return new Date(Math.floor(Date.parse(instant) / 3600000) * 3600000).toISOString();
  if (interval === "week") return weekOf(w.day, monday);
  if (interval === "month") return `${w.day.slice(0, 7)}-01`;
  return w.day;
}

const valueOf = (e, key) => (e.properties[key] === undefined || e.properties[key] === null || e.properties[key] === "" ? NONE : String(e.properties[key]));
const passes = (e, filters) => (filters ?? []).every((f) => String(e.properties[f.key] ?? "") === f.value && e.properties[f.key] !== undefined);

// The days a window of n days ending with `last` has.
const inWindow = (day, last, n) => day <= last && day > addDays(last, -n);

// {actor: {count, ids: Set}}. model: {events, actor(e), zone, monday}. click: {series, bucket (text, or
// undefined for all), range: [first day, last day], value, shown: values that have rows of their own}.
function trendActors(model, query, click) {
  const { zone, monday } = model, entity = query.series[click.series], interval = query.interval ?? "day";
  const display = query.trendsFilter?.display, total = display === "BoldNumber" || display === "ActionsPie";
  const cumulative = display === "ActionsLineGraphCumulative";
  // Months count whole from their first day on.
  const to = click.range[1], from = interval === "month" ? `${click.range[0].slice(0, 7)}-01` : click.range[0];
  const math = entity.math ?? "total", key = query.breakdownFilter?.breakdown;
  const day = (e) => wall(zone, e.timestamp).day, named = (e) => entity.event === null || e.event === entity.event;
  const matches = (e) => passes(e, entity.properties) && passes(e, query.properties);
  const ofValue = (e) => {
    if (click.value === undefined) return true;
    const v = valueOf(e, key);
    return click.value === OTHER ? v !== NONE && !click.shown.includes(v) : v === click.value;
  };
  const bucket = (e) => bucketOf(e.timestamp, interval, zone, monday);
  const atPoint = (e) => {
    if (day(e) < from || day(e) > to) return false;
    if (total || click.bucket === undefined) return true;
    return cumulative ? bucket(e) <= click.bucket : bucket(e) === click.bucket;
  };
  const window = { weekly_active: 7, monthly_active: 30 }[math];
  const plain = !total && (interval === "month" || (interval === "week" && window === 7));
  const counts = (e) => {
    if (!window || plain) return atPoint(e);
    if (day(e) > to) return false;
    if (total) return inWindow(day(e), to, window);
    if (interval === "hour") {
      const end = Date.parse(click.bucket) + 3600000, t = Date.parse(e.timestamp);
      return t < end && t >= end - window * 86400000;
    }
    return inWindow(day(e), click.bucket, window);
  };
  let list = model.events.filter(named);
  if (math.startsWith("first_")) {
    const seen = new Map(), before = list.filter((e) => day(e) <= to && (math === "first_time_for_user" || matches(e)));
    for (const e of [...before].sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1)))
      if (!seen.has(model.actor(e))) seen.set(model.actor(e), e);
    list = [...seen.values()].filter((e) => matches(e) && ofValue(e) && atPoint(e));
  } else {
    list = list.filter((e) => matches(e) && ofValue(e) && counts(e));
    if (math === "unique_session") list = list.filter((e) => e.properties.$session_id);
    if (math === "sum" || math === "avg") list = list.filter((e) => e.properties[entity.math_property] !== undefined);
  }
  const actors = {};
  for (const e of list) {
    const a = (actors[model.actor(e)] ??= { count: 0, ids: new Set() });
    a.count++;
    a.ids.add(e.distinct_id);
  }
  return actors;
}

// [first day, last day] of the period before.
function previous([from, to]) {
  const n = daysBetween(from, to).length;
  return [addDays(from, -n), addDays(to, -n)];
}

module.exports = { trendActors, previous, bucketOf, NONE, OTHER };
