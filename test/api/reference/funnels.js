// funnels.js - what a FunnelsQuery must answer, worked out slowly from the raw events: every person's
// events one instant after the other, every way to give events to steps tried. Made to be read next
// to the rules and compared with the server, not to be fast.
"use strict";
const { wall, addDays, groupBy, sum, quantile } = require("../query_events.js");

const SECONDS = { second: 1, minute: 60, hour: 3600, day: 86400, week: 604800, month: 31 * 86400 };
const ms = (e) => Date.parse(e.timestamp);

// -------------------------------------------------------------------------- dates

const midnights = new Map();
// The instant at which a day begins on the wall.
function midnight(zone, day) {
  const key = `${zone} ${day}`;
  if (!midnights.has(key)) {
    const noon = Date.parse(`${day}T12:00:00Z`);
    for (let at = noon - 30 * 3600000; !midnights.has(key); at += 900000)
      if (wall(zone, at).day === day) midnights.set(key, at);
  }
  return midnights.get(key);
}

function bucketStarts(interval, zone, from, to, mondays) {
  const first = wall(zone, from).day, last = wall(zone, to).day, weekday = new Date(`${first}T00:00:00Z`).getUTCDay();
  const starts = [];
  if (interval === "hour") {
    for (let at = Math.floor(from / 3600000) * 3600000; at <= to; at += 3600000) starts.push(at);
  } else if (interval === "month") {
    for (let day = `${first.slice(0, 7)}-01`; day <= last; day = `${addDays(day, 31).slice(0, 7)}-01`) starts.push(midnight(zone, day));
  } else {
    const step = interval === "week" ? 7 : 1, back = interval === "week" ? (weekday + (mondays ? 6 : 0)) % 7 : 0;
    for (let day = addDays(first, -back); day <= last; day = addDays(day, step)) starts.push(midnight(zone, day));
  }
  return starts;
}

// -------------------------------------------------------------------------- events and steps

const text = (v) => (v === undefined || v === null ? "" : String(v));
function passes(filters, event) {
  return (filters ?? []).every((f) => [f.value].flat().map(String).includes(text(event.properties[f.key])));
}
const isNamed = (entity, event) => entity.event == null || entity.event === event.event;
const isEntity = (entity, event) => isNamed(entity, event) && passes(entity.properties, event);

// For "first time" steps: the ids of the events that are the first of their person.
function firsts(entity, events, personOf, to) {
  if (!(entity.math ?? "total").startsWith("first_")) return null;
  const byName = entity.math === "first_time_for_user";
  const own = events.filter((e) => ms(e) <= to && (byName ? isNamed(entity, e) : isEntity(entity, e)));
  return new Set(Object.values(groupBy(own, personOf)).map((list) => list.reduce((a, b) => (ms(b) < ms(a) ? b : a)).uuid));
}

// -------------------------------------------------------------------------- in order

// Events of one instant together, in order of time.
function moments(events) {
  const byTime = groupBy(events, (e) => e.at);
  return Object.keys(byTime).map(Number).sort((a, b) => a - b).map((at) => {
    const own = byTime[at], kind = (e) => `${[...e.steps].sort()} ${[...e.exclusions].sort()}`;
    return { at, events: own, alike: own.every((e) => kind(e) === kind(own[0])) };
  });
}

// All ways to take the steps from..to (from 1) with different events; optional ones may be left out.
// The best: the first optional step taken counts most. Steps taken, or null.
function bestTaking(moment, first, to, rules, value) {
  let best = null;
  const fits = (e, step) => e.steps.has(step) && (rules.valueStep !== step || e.value === value);
  const score = (taken) => taken.map((yes) => (yes ? "1" : "0")).join("");
  (function choose(step, used, taken) {
    if (step > to) {
      if (!best || score(taken) > score(best)) best = taken;
      return;
    }
    for (const e of moment.events)
      if (!used.includes(e) && fits(e, step)) choose(step + 1, [...used, e], [...taken, true]);
    if (step < to && rules.optional.has(step)) choose(step + 1, used, [...taken, false]);
  })(first, [], []);
  return best && best.flatMap((yes, i) => (yes ? [first + i] : []));
}

// {steps: [[step, time], …]} of the furthest way, or null when there is none or it was spoiled.
function walkInOrder(events, rules, value, mayBegin) {
  const kept = Array(rules.n + 1).fill(null);
  let best = null;
  const live = (way, at) => way && at - way.start <= rules.window;
  for (const moment of moments(events)) {
    const { at } = moment;
    if (moment.alike)
      for (const step of [...moment.events[0].exclusions].sort((a, b) => b - a)) {
        let before = step - 1;
        while (before > 1 && rules.optional.has(before) && !live(kept[before], at)) before--;
        if (!live(kept[before], at) || (kept[step] && kept[step].start === kept[before].start)) continue;
        kept[before] = { ...kept[before], spoiled: true };
        if (best.step === before && live(best, at)) best = { ...best, spoiled: true };
      }
    const offers = Array(rules.n + 1).fill(null);
    for (let from = rules.n - 1; from >= 0; from--) {
      const way = from ? kept[from] : mayBegin(at) ? { start: at, steps: [] } : null;
      if (!live(way, at)) continue;
      for (let to = from + 1; to <= rules.n; to++) {
        let taken = bestTaking(moment, from + 1, to, rules, value);
        if (way.spoiled) { // one step and no more
          const alone = Array.from({ length: to - from - 1 }, (_, i) => from + 1 + i).every((k) => rules.optional.has(k));
          taken = alone && moment.events.some((e) => e.steps.has(to) && (rules.valueStep !== to || e.value === value)) ? [to] : null;
        }
        if (!taken) continue;
        const offer = { ...way, step: to, before: taken.at(-2) ?? from, steps: [...way.steps, ...taken.map((k) => [k, at])] };
        const other = offers[to];
        if (!other || offer.before > other.before || (offer.before === other.before && offer.start > other.start)) offers[to] = offer;
      }
    }
    for (const offer of offers.filter(Boolean)) {
      const there = kept[offer.step];
      if (there && there.start === offer.start) continue;
      if (!offer.spoiled) kept[offer.step] = offer;
      if (!best || offer.step > best.step || (offer.step === best.step && best.spoiled)) best = offer;
    }
    if (rules.order === "strict" && moment.alike)
      for (let step = 1; step <= rules.n; step++)
        if (!moment.events[0].steps.has(step)) kept[step] = null;
    if (kept[rules.n]) break;
  }
  return best && !best.spoiled ? best : null;
}

// -------------------------------------------------------------------------- without order

// How many different steps these events can take, each by another event.
function mostSteps(events) {
  const owner = new Map();
  const give = (event, seen) => [...event.steps].some((step) => {
    if (seen.has(step)) return false;
    seen.add(step);
    if (owner.has(step) && !give(owner.get(step), seen)) return false;
    owner.set(step, event);
    return true;
  });
  return events.filter((e) => give(e, new Set())).length;
}

function walkInAnyOrder(events, rules, value, mayBegin) {
  const all = moments(events);
  let best = null;
  for (let i = 0; i < all.length; i++)
    for (const first of all[i].events) {
      if (!first.steps.size || !mayBegin(first.at) || (rules.valueStep && first.value !== value)) continue;
      const used = [];
      let spoiled = false;
      for (const moment of all.slice(i)) {
        if (moment.at - first.at > rules.window || used.length === rules.n) break;
        if (moment.events.every((e) => !e.steps.size && e.exclusions.size)) { spoiled = true; break; }
        const own = moment.events.filter((e) => e.steps.size);
        if (moment === all[i]) own.sort((a, b) => (b === first) - (a === first));
        for (const e of own) if (mostSteps([...used, e]) > used.length) used.push(e);
      }
      if (spoiled && used.length < rules.n) continue;
      if (!best || used.length > best.steps.length) best = { start: first.at, steps: used.map((e, k) => [k + 1, e.at]) };
    }
  return best;
}

// -------------------------------------------------------------------------- the query

function rulesOf(query) {
  const f = query.funnelsFilter ?? {};
  return { n: query.series.length, order: f.funnelOrderType ?? "ordered", viz: f.funnelVizType ?? "steps",
    window: (f.funnelWindowInterval ?? 14) * SECONDS[f.funnelWindowIntervalUnit ?? "day"] * 1000,
    optional: new Set(query.series.flatMap((s, i) => (s.optionalInFunnel ? [i + 1] : []))),
    from: f.funnelFromStep ?? 0, to: f.funnelToStep ?? query.series.length - 1, exclusions: f.exclusions ?? [],
    attribution: f.breakdownAttributionType ?? "first_touch",
    valueStep: f.breakdownAttributionType === "step" && query.breakdownFilter && f.funnelVizType !== "time_to_convert" ? f.breakdownAttributionValue + 1 : 0 };
}

// Each event of the range with the steps it is, the exclusions it is, its value.
function marked(query, rules, events, world) {
  const { date_from, date_to } = query.dateRange, { zone = "UTC", personOf } = world;
  const from = midnight(zone, date_from); // a day as the end means all of it, but by the hour its beginning
  const to = query.interval === "hour" ? midnight(zone, date_to) : midnight(zone, addDays(date_to, 1)) - 1;
  const first = query.series.map((s) => firsts(s, events, personOf, to));
  const key = query.breakdownFilter?.breakdown;
  return { from, to, events: events.filter((e) => ms(e) >= from && ms(e) <= to && passes(query.properties, e)).map((e) => ({
    at: ms(e), actor: world.actorOf(e), value: key ? world.breakdownOf ? world.breakdownOf(e) : text(e.properties[key]) : "",
    steps: new Set(query.series.flatMap((s, i) => (isEntity(s, e) && (!first[i] || first[i].has(e.uuid)) ? [i + 1] : []))),
    exclusions: new Set(rules.exclusions.flatMap((x) =>
      (isEntity(x, e) ? Array.from({ length: x.funnelToStep - x.funnelFromStep }, (_, i) => x.funnelFromStep + 2 + i) : []))),
  })).filter((e) => e.actor && (rules.order === "strict" || e.steps.size || e.exclusions.size)) };
}

// [[value, events], …] of one actor.
function byAttribution(own, rules, walk) {
  const tie = (x, y) => (rules.attribution === "step" ? (x < y ? -1 : x > y ? 1 : 0) : rules.tieOf(x) - rules.tieOf(y));
  const sorted = [...own].sort((a, b) => a.at - b.at || tie(a.value, b.value));
  const known = sorted.filter((e) => e.value !== "" && (e.steps.size || e.exclusions.size));
  if (rules.attribution === "first_touch") return [[known[0]?.value ?? "", own]];
  if (rules.attribution === "last_touch") return [[known.at(-1)?.value ?? "", own]];
  if (rules.attribution === "all_events") return Object.entries(groupBy(own, (e) => e.value));
  const asked = sorted.filter((e) => (rules.order === "unordered" ? e.steps.size : e.steps.has(rules.valueStep)));
  let best = null;
  for (const { value } of asked) {
    const reached = walk(own, value, () => true)?.steps.at(-1)[0] ?? 0;
    if (!best || reached > best.reached) best = { value, reached };
  }
  return [[best?.value ?? "", own]];
}

function timesOf(way, rules, k) {
  const at = (step) => way.steps.find(([s]) => s === step)?.[1];
  let before = k - 1;
  while (before > 1 && rules.optional.has(before)) before--;
  const took = at(k) - at(before);
  return k > 1 && took > 0 ? [took / 1000] : [];
}

function stepsOf(query, rules, ways, value) {
  return query.series.map((s, i) => {
    const took = ways.flatMap((way) => timesOf(way, rules, i + 1)), unordered = rules.order === "unordered";
    return { action_id: unordered ? null : s.event, name: unordered ? `Completed ${i + 1} step${i ? "s" : ""}` : s.event ?? "All events",
      custom_name: unordered ? null : s.custom_name ?? null, order: i, people: [],
      count: ways.filter((way) => way.steps.some(([step]) => step === i + 1)).length, type: "events",
      average_conversion_time: took.length ? sum(took) / took.length : null,
      median_conversion_time: took.length ? quantile(0.5, took) : null,
      ...(query.breakdownFilter ? { breakdown: [value], breakdown_value: [value] } : {}) };
  });
}

function stepsAnswer(query, rules, ways) {
  if (!query.breakdownFilter) return stepsOf(query, rules, ways.map((w) => w.way), "");
  const limit = query.breakdownFilter.breakdown_limit ?? 25, byValue = groupBy(ways, (w) => w.value);
  const order = (a, b) => {
    for (let i = rules.n - 1; i >= 0; i--) if (a[i].count !== b[i].count) return b[i].count - a[i].count;
    return Buffer.compare(Buffer.from(a[0].breakdown[0]), Buffer.from(b[0].breakdown[0]));
  };
  const of = (value) => stepsOf(query, rules, byValue[value].map((w) => w.way), value);
  const groups = Object.keys(byValue).map(of).sort(order);
  if (groups.length <= limit) return groups;
  const rest = groups.slice(limit).flatMap((g) => byValue[g[0].breakdown[0]].map((w) => w.way));
  const other = query.breakdownFilter.breakdown_hide_other_aggregation ? [] : [stepsOf(query, rules, rest, "Other")];
  const place = (g) => query.series.map((_, i) => String(g[i].count).padStart(9, "0")).reverse().join(" ");
  return [...groups.slice(0, limit), ...other].sort((a, b) => (place(a) < place(b) ? 1 : place(a) > place(b) ? -1 : 0));
}

function timesAnswer(query, rules, ways) {
  const took = ways.map(({ way }) => {
    const at = (k) => way.steps.find(([s]) => s === k + 1)?.[1];
    return (at(rules.to) - at(rules.from)) / 1000;
  }).filter((t) => !Number.isNaN(t));
  if (!took.length) return { bins: [], average_conversion_time: null };
  const asked = query.funnelsFilter.binCount;
  const n = asked ? Math.min(90, Math.max(1, asked)) : Math.min(60, Math.max(1, Math.ceil(Math.cbrt(took.length) - 1e-9)));
  const least = Math.floor(Math.min(...took)), width = Math.ceil((Math.ceil(Math.max(...took)) - least) / n) || 60;
  return { bins: Array.from({ length: n + 1 }, (_, i) =>
    [least + i * width, took.filter((t) => Math.floor((t - least) / width) === i).length]),
  average_conversion_time: sum(took) / took.length };
}

// [{actor, value, events}] of the query's actors, and how one of them is walked.
function actorsOf(query, events, world) {
  const rules = { ...rulesOf(query), tieOf: world.tieOf ?? (() => 0) }, own = marked(query, rules, events, world);
  const walk = (list, value, mayBegin) =>
    (rules.order === "unordered" ? walkInAnyOrder : walkInOrder)(list, rules, value, mayBegin);
  const split = query.breakdownFilter && rules.viz !== "time_to_convert";
  const parts = Object.entries(groupBy(own.events, (e) => e.actor)).flatMap(([actor, list]) =>
    (split ? byAttribution(list, rules, walk) : [["", list]]).map(([value, events]) => ({ actor, value, events })));
  return { rules, parts, walk, starts: bucketStarts(query.interval ?? "day", world.zone, own.from, own.to, world.mondays) };
}

// How far each came who set out in a bucket: the number of steps.
function reachedIn(bucket, actors, { starts, walk }) {
  return actors.map(({ value, events }) =>
    walk(events, value, (at) => at >= starts[bucket] && at < (starts[bucket + 1] ?? Infinity))?.steps.at(-1)[0] ?? 0);
}

// What POST query/ must answer in "results". world: {zone, mondays, personOf(event), actorOf(event),
// breakdownOf(event), tieOf(value)}: who did it, what is counted ("": nobody), the breakdown's value if no
// property, and what decides between values of one instant: the smallest is the first.
function funnel(query, events, world) {
  const all = actorsOf(query, events, world), { rules, parts, walk, starts } = all;
  if (rules.viz !== "trends") {
    const ways = parts.map(({ value, events: own }) => ({ value, way: walk(own, value, () => true) })).filter((w) => w.way);
    return rules.viz === "steps" ? stepsAnswer(query, rules, ways) : timesAnswer(query, rules, ways);
  }
  const lines = Object.entries(groupBy(parts, (p) => p.value)).map(([value, actors]) => {
    const reached = starts.map((_, i) => reachedIn(i, actors, all));
    return { value, entered: reached.map((r) => r.filter((k) => k > rules.from).length), converted: reached.map((r) => r.filter((k) => k > rules.to).length) };
  });
  const line = (l) => ({ count: starts.length, starts, breakdown_value: query.breakdownFilter ? [l.value] : undefined,
    data: starts.map((_, i) => (l.entered[i] ? Math.round(l.converted[i] / l.entered[i] * 10000) / 100 : 0)) });
  if (!query.breakdownFilter) return [line(lines[0] ?? { entered: [], converted: [] })];
  const compare = (a, b) => Buffer.compare(Buffer.from(a.value), Buffer.from(b.value));
  const limit = query.breakdownFilter.breakdown_limit ?? 25;
  const seen = lines.filter((l) => sum(l.entered)).sort((a, b) => sum(b.entered) - sum(a.entered) || compare(a, b));
  const rest = seen.slice(limit), total = (key) => starts.map((_, i) => sum(rest.map((l) => l[key][i])));
  return [...seen.slice(0, limit).sort(compare),
    ...(rest.length ? [{ value: "Other", entered: total("entered"), converted: total("converted") }] : [])].map(line);
}

// Who is behind a number: actors in order. click: {funnelStep} or {funnelCustomSteps} or {bucket, dropped},
// and {value}; `shown` are the values that the answer has, to tell who is in "Other".
function people(query, events, world, click, shown) {
  const all = actorsOf(query, events, world), { rules, parts, walk } = all;
  const required = (step) => { while (step > 1 && rules.optional.has(step)) step--; return step; };
  const takes = (way) => {
    const took = (step) => way.steps.some(([s]) => s === step), step = click.funnelStep;
    if (click.funnelCustomSteps) return click.funnelCustomSteps.includes(way.steps.at(-1)[0]);
    return step > 0 ? took(step) : took(required(-step - 1)) && !took(-step);
  };
  const wanted = parts.filter((p) => click.value === undefined || (click.value === "Other" ? !shown.includes(p.value) : p.value === click.value));
  const found = wanted.filter((p) => {
    if (rules.viz !== "trends") {
      const way = walk(p.events, p.value, () => true);
      return way && takes(way);
    }
    const [reached] = reachedIn(click.bucket, [p], all);
    return reached > rules.from && reached > rules.to !== click.dropped;
  });
  return [...new Set(found.map((p) => p.actor))].sort();
}

// -------------------------------------------------------------------------- comparing

// Equal but for the last digits of numbers that were divided.
function difference(got, want, at = "results") {
  if (typeof want === "number" && typeof got === "number") return Math.abs(got - want) <= 1e-6 * Math.max(1, Math.abs(want)) ? null : `${at}: ${got} is not ${want}`;
  if (want && typeof want === "object") {
    if (!got || typeof got !== "object" || Array.isArray(got) !== Array.isArray(want)) return `${at}: ${JSON.stringify(got)} is not ${JSON.stringify(want)}`;
    if (Object.keys(got).length !== Object.keys(want).length) return `${at}: ${JSON.stringify(got)} is not like ${JSON.stringify(want)}`;
    for (const key of Object.keys(want)) {
      const found = difference(got[key], want[key], `${at}.${key}`);
      if (found) return found;
    }
    return null;
  }
  return got === want ? null : `${at}: ${JSON.stringify(got)} is not ${JSON.stringify(want)}`;
}

module.exports = { funnel, people, difference };
