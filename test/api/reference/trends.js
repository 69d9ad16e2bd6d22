// trends.js - TrendsQuery over the events of a world, counted one by one: the yardstick of tests.
"use strict";
const { Calendar, HOUR, MINUTE, DAY, TICK } = require("./dates.js");
const { matches, field, typed, numeric, number, text } = require("./properties.js");

const NONE = "$$_posthog_breakdown_null_$$", OTHER = "$$_posthog_breakdown_other_$$";
const TOTALS = ["ActionsBarValue", "ActionsPie", "ActionsTable", "BoldNumber", "WorldMap", "CalendarHeatmap"];

const sum = (list) => list.reduce((a, b) => a + b, 0);
const groupBy = (list, key) => list.reduce((map, x) => map.set(key(x), [...(map.get(key(x)) ?? []), x]), new Map());

function quantile(q, values) {
  const list = [...values].sort((a, b) => a - b), at = q * (list.length - 1), low = Math.floor(at);
  return list[low] + ((list[low + 1] ?? list[low]) - list[low]) * (at - low);
}

const statistics = { sum, avg: (v) => sum(v) / v.length, min: (v) => Math.min(...v), max: (v) => Math.max(...v),
  median: (v) => quantile(0.5, v), p75: (v) => quantile(0.75, v), p90: (v) => quantile(0.9, v),
  p95: (v) => quantile(0.95, v), p99: (v) => quantile(0.99, v) };
const statistic = (name, values) => (values.length ? statistics[name](values) : 0);

// -------------------------------------------------------------------------- one series in one period

class Series {
  constructor(run, entity, range) {
    Object.assign(this, { run, entity, range, calendar: run.calendar, interval: run.interval });
    this.since = this.calendar.since(range, this.interval);
    this.buckets = run.total ? [this.since] : this.calendar.buckets(range, this.interval);
  }

  named(e) { return !this.entity.event || e.event === this.entity.event; }
  passes(e) {
    return this.run.passes(e) && matches(this.run.ctx, e, this.entity.properties) && matches(this.run.ctx, e, this.entity.fixedProperties);
  }
  place(e) { return this.run.total ? 0 : this.calendar.place(this.buckets, e.at); }
  events(since) {
    return this.run.events.filter((e) => e.at >= since && e.at <= this.range.to && this.named(e) && this.passes(e) && this.counts(e));
  }

  // What counts groups leaves out events of none; what measures sessions those of none.
  counts(e) {
    if (statistics[this.entity.math] && this.entity.math_property === "$session_duration" && !e.session) return false;
    const { math = "total" } = this.entity, { aggregation_group_type_index: all } = this.run.query;
    const actors = ["dau", "weekly_active", "monthly_active", "unique_group"].includes(math) || /_per_actor$|_for_user$/.test(math);
    return !actors || this.actor(e) !== undefined || (all === undefined && math !== "unique_group");
  }

  // Who an event counts for; undefined: nobody.
  actor(e) {
    const { math, math_group_type_index: own } = this.entity, { aggregation_group_type_index: all } = this.run.query;
    const index = math === "unique_group" ? own : all;
    return index === undefined || index === null ? e.person : e.groups[index] || undefined;
  }
  actors(list) { return new Set(list.map((e) => this.actor(e)).filter((a) => a !== undefined)); }

  // The numbers that a math of properties looks at: one an event, but one a session of its duration.
  values(list) {
    const { math_property: key, math_property_type: type } = this.entity;
    if (key === "$time") return list.map((e) => Math.floor(e.at / 1000));
    if (key === "$session_duration")
      return [...new Set(list.map((e) => e.session))].filter(Boolean).map((id) => this.run.ctx.world.sessions.get(id)[key]);
    const of = { person_properties: "person", session_properties: "session" }[type] ?? "event";
    return list.map((e) => numeric(field(this.run.ctx, e, { type: of, key }))).filter((v) => v !== null);
  }

  measure(list) {
    const { math = "total", math_hogql } = this.entity, base = math?.replace(/_count_per_actor$/, "");
    if (!math || math === "total") return list.length;
    if (math === "hogql") return this.run.ctx.mathHogql[math_hogql](list);
    if (math === "unique_session") return new Set(list.map((e) => e.session).filter(Boolean)).size;
    if (base !== math) return statistic(base, [...groupBy(list.filter((e) => this.actor(e) !== undefined), (e) => this.actor(e)).values()]
      .map((own) => own.length));
    if (statistics[math]) return statistic(math, this.values(list));
    return this.actors(list).size;
  }

  // {label: {value, data}} before the limit of values.
  rows() {
    const { math } = this.entity, days = { weekly_active: 7, monthly_active: 30 }[math];
    const likeDau = days && !this.run.total && (this.interval === "month" || (this.interval === "week" && days === 7));
    if (days && !likeDau) return this.windows(days);
    if (math?.startsWith("first_")) return this.firsts(math === "first_time_for_user");
    const list = this.events(this.since), once = this.run.cumulative && (likeDau || ["dau", "unique_group"].includes(math));
    return this.byLabel(list, (own) => {
      if (once) return this.countFirst(own);
      const cells = groupBy(own, (e) => this.place(e));
      return this.buckets.map((_, i) => (cells.has(i) ? this.measure(cells.get(i)) : 0));
    });
  }

  byLabel(list, data) {
    const rows = new Map();
    for (const [key, own] of groupBy(list, (e) => JSON.stringify(this.run.label(e))))
      rows.set(key, { value: JSON.parse(key), data: data(own) });
    return rows;
  }

  // Each actor in the bucket of its first event.
  countFirst(list) {
    const first = new Map(), data = this.buckets.map(() => 0);
    for (const e of [...list].sort((a, b) => a.at - b.at)) {
      const who = this.actor(e);
      if (who === undefined || first.has(who)) continue;
      first.set(who, e);
      data[this.place(e)]++;
    }
    return data;
  }

  // Actors of the days that end with the bucket's first day, of the hours that end with its hour, or of
  // those that end the range.
  windows(days) {
    const c = this.calendar, fine = this.interval === "hour" || this.interval === "minute";
    const step = this.interval === "hour" ? HOUR : MINUTE, day = (at) => c.startOf("day", at);
    const inside = (e, bucket) => {
      if (this.run.total) return e.at >= c.instant(c.local(this.range.to + TICK) - days * DAY);
      if (fine) return c.startOf(this.interval, e.at) <= bucket && c.startOf(this.interval, e.at) > bucket - days * DAY;
      return day(e.at) <= bucket && day(e.at) >= c.instant(c.local(bucket) - (days - 1) * DAY);
    };
    const rows = this.byLabel(this.events(-Infinity), (own) => this.buckets.map((b) => this.actors(own.filter((e) => inside(e, b))).size));
    for (const [key, row] of rows) if (!row.data.some((n) => n)) rows.delete(key);
    return rows;
  }

  // Actors whose first event of the name (any), or first that passes, is in the range.
  firsts(any) {
    const first = new Map();
    for (const e of [...this.run.events].sort((a, b) => a.at - b.at)) {
      const who = this.actor(e);
      if (e.at <= this.range.to && this.named(e) && (any || this.passes(e)) && who !== undefined && !first.has(who)) first.set(who, e);
    }
    return this.byLabel([...first.values()].filter((e) => e.at >= this.since && this.passes(e)), (own) => this.countFirst(own));
  }
}

// -------------------------------------------------------------------------- breakdowns

function breakdownsOf(filter, legacyBins) {
  const f = filter ?? {}, single = Array.isArray(f.breakdown) ? f.breakdown[0] : f.breakdown;
  if (f.breakdowns?.length) return { list: true, parts: f.breakdowns.map((b) => ({ ...b, type: b.type ?? "event" })) };
  if (single === undefined || single === null) return { parts: [] };
  return { list: false, parts: [{ property: single, type: f.breakdown_type ?? "event", normalize_url: f.breakdown_normalize_url,
    group_type_index: f.breakdown_group_type_index, histogram_bin_count: f.breakdown_histogram_bin_count ?? legacyBins }] };
}

function rawOf(ctx, e, part) {
  if (part.type === "hogql") return ctx.hogql[part.property](e, ctx);
  return typed(field(ctx, e, { type: part.type, key: part.property, group_type_index: part.group_type_index }));
}

// For bins: yes is 1, no is 0, as for sums.
function numberOf(ctx, e, part) {
  const v = rawOf(ctx, e, part), { type } = part.type === "hogql" ? {} : field(ctx, e, { type: part.type, key: part.property, group_type_index: part.group_type_index });
  return typeof v === "boolean" && type === "Boolean" ? Number(v) : number(v);
}

function labelOf(ctx, e, part) {
  if (part.bins) {
    const v = numberOf(ctx, e, part), bin = v === null ? undefined : part.bins.find(([low, high]) => v >= low && v < high);
    return bin ? `[${bin}]` : NONE;
  }
  let value = text(rawOf(ctx, e, part)) ?? "";
  if (part.normalize_url && value) value = value.replace(/[/?#]+$/, "") || "/";
  return value ? [...value].slice(0, 400).join("") : NONE;
}

// Bins of equal width between the least and the greatest value; the last one takes in its upper end.
function addBins(run, part, lists) {
  const values = lists.flat().map((e) => numberOf(run.ctx, e, part)).filter((v) => v !== null);
  const low = Math.min(...values), n = part.histogram_bin_count, width = (Math.max(...values) - low) / n;
  part.bins = values.length ? Array.from({ length: n }, (_, i) => [low + i * width, low + (i + 1) * width + (i === n - 1 ? 0.01 : 0)]) : [];
}

const rankOf = (value, parts) => {
  const all = (label) => parts.length > 0 && [value].flat().every((v) => v === label);
  return all(OTHER) ? 2 : all(NONE) ? 1 : 0;
};

function compareValues(a, b) {
  const x = [a].flat(), y = [b].flat(), i = x.findIndex((v, k) => v !== y[k]);
  return i < 0 ? 0 : Buffer.compare(Buffer.from(x[i]), Buffer.from(y[i]));
}

// Folds values past the limit into one; no value is not counted among them.
function limited(run, rows) {
  const { parts, list } = run.breakdown;
  if (!parts.length) return [...rows.values()];
  const values = [...rows.values()].sort((a, b) => sum(b.data) - sum(a.data) || compareValues(a.value, b.value));
  const none = values.filter((r) => rankOf(r.value, parts) === 1), normal = values.filter((r) => rankOf(r.value, parts) === 0);
  const rest = normal.slice(run.limit), out = [...normal.slice(0, run.limit), ...none];
  if (rest.length) out.push({ value: list ? parts.map(() => OTHER) : OTHER, data: rest[0].data.map((_, i) => sum(rest.map((r) => r.data[i]))) });
  return out;
}

// -------------------------------------------------------------------------- formulas

// Reads left to right with the usual strengths; dividing by zero gives zero.
function evaluate(formula, values) {
  const tokens = formula.match(/[\d.]+|[A-Za-z]|[-+*/()]/g);
  let at = 0;
  const factor = () => {
    const t = tokens[at++];
    if (t === "-") return -factor();
    if (t === "+") return factor();
    if (t === "(") {
      const v = total();
      at++;
      return v;
    }
    return /[A-Za-z]/.test(t) ? values[t.toUpperCase().charCodeAt(0) - 65] : Number(t);
  };
  const product = () => {
    let v = factor();
    while (tokens[at] === "*" || tokens[at] === "/") {
      const op = tokens[at++], w = factor();
      v = op === "*" ? v * w : w === 0 ? 0 : v / w;
    }
    return v;
  };
  const total = () => {
    let v = product();
    while (tokens[at] === "+" || tokens[at] === "-") v = tokens[at++] === "+" ? v + product() : v - product();
    return v;
  };
  return total();
}

function formulasOf(filter) {
  if (filter.formulaNodes?.length) return filter.formulaNodes.map((n) => ({ text: n.formula, name: n.custom_name }));
  if (filter.formulas?.length) return filter.formulas.map((f) => ({ text: f }));
  return filter.formula ? [{ text: filter.formula }] : [];
}

// -------------------------------------------------------------------------- the whole

function finish(run, data) {
  const width = run.total ? 1 : run.filter.smoothingIntervals ?? 1;
  let out = data;
  if (width > 1) out = out.map((_, i) => {
    const part = out.slice(Math.max(0, i + 1 - width), i + 1);
    return Math.floor(sum(part) / part.length);
  });
  if (run.cumulative) out = out.map((_, i) => sum(out.slice(0, i + 1)));
  return out;
}

const textOf = (value) => [value].flat().join("::");

function makeRun(ctx, query) {
  const filter = query.trendsFilter ?? {}, interval = query.interval ?? "day", calendar = ctx.calendar;
  const earliest = Math.min(...ctx.world.events.map((e) => e.at)), range = calendar.range(query.dateRange, interval, earliest);
  const compare = Boolean(query.compareFilter?.compare) && !range.first.all;
  const run = { ctx, query, filter, interval, calendar, events: ctx.world.events, breakdown: breakdownsOf(query.breakdownFilter, filter.breakdown_histogram_bin_count),
    total: TOTALS.includes(filter.display), cumulative: filter.display === "ActionsLineGraphCumulative", compare,
    ranges: compare ? [range, calendar.previous(range, interval, query.compareFilter.compare_to)] : [range] };
  const country = run.breakdown.parts.some((p) => p.property === "$geoip_country_code");
  const bins = run.breakdown.parts.reduce((n, p) => n * (p.histogram_bin_count ?? 1), 1);
  run.limit = query.breakdownFilter?.breakdown_limit ?? Math.max(bins, filter.display === "WorldMap" ? 250 : country ? 300 : 25);
  run.passes = (e) => matches(ctx, e, query.properties) &&
    (!query.filterTestAccounts || matches(ctx, e, ctx.testAccountFilters));
  run.label = (e) => (run.breakdown.list ? run.breakdown.parts.map((p) => labelOf(ctx, e, p))
    : run.breakdown.parts.length ? labelOf(ctx, e, run.breakdown.parts[0]) : "");
  for (const part of run.breakdown.parts)
    if (part.histogram_bin_count) addBins(run, part, query.series.map((entity) => {
      const s = new Series(run, entity, range);
      return s.events(s.since);
    }));
  return run;
}

// What a series is worth when nothing matches.
function nothing(run, entity, buckets) {
  return buckets.map(() => (run.total && entity.math === "hogql" ? run.ctx.mathHogql[entity.math_hogql]([]) : 0));
}

// Rows {series, period, value, data}, then rows of formulas {formula, period, value, data}.
function seriesRows(run) {
  const rows = [];
  run.query.series.forEach((entity, order) => run.ranges.forEach((range, period) => {
    const s = new Series(run, entity, range), found = limited(run, s.rows());
    if (!found.length && !run.breakdown.parts.length) found.push({ value: "", data: nothing(run, entity, s.buckets) });
    for (const { value, data } of found)
      rows.push({ entity, order, period, buckets: s.buckets, value, data: finish(run, data.map((v) => v * (entity.math_multiplier ?? 1))) });
  }));
  return rows;
}

function formulaRows(run, rows) {
  const formulas = formulasOf(run.filter);
  if (!formulas.length) return rows;
  return formulas.flatMap((formula, order) => [...groupBy(rows, (r) => JSON.stringify([r.period, r.value])).values()].map((same) => {
    const letters = run.query.series.map((_, i) => same.find((r) => r.order === i)?.data);
    return { ...same[0], entity: null, formula, order, data: same[0].data.map((_, i) => evaluate(formula.text, letters.map((d) => d?.[i] ?? 0))) };
  }));
}

function itemOf(run, row, formulas) {
  const { entity, formula, value, data, buckets } = row, named = formula ? formula.name ?? `Formula (${formula.text})`
    : entity.custom_name || entity.event || "All events";
  const several = formula ? formulas > 1 : run.query.series.length > 1, split = run.breakdown.parts.length > 0;
  const item = { label: !split ? named : several ? `${named} - ${textOf(value)}` : textOf(value),
    count: run.total ? 0 : run.cumulative ? data.at(-1) : sum(data), data: run.total ? (formula ? null : []) : data,
    days: run.total ? [] : buckets.map((b) => run.calendar.dayText(run.interval, b)),
    labels: run.total ? [] : buckets.map((b) => run.calendar.label(run.interval, b)) };
  if (run.total) item.aggregated_value = data[0];
  if (split) item.breakdown_value = value;
  if (run.compare) Object.assign(item, { compare: true, compare_label: ["current", "previous"][row.period] });
  return item;
}

// {results, hasMore}. ctx: {world, types, calendar, testAccountFilters, hogql, mathHogql}; mathHogql: {text: fn(events)}.
function trends(ctx, query) {
  const run = makeRun(ctx, query), { parts } = run.breakdown, series = seriesRows(run), rows = formulaRows(run, series);
  const weight = (r) => (run.total ? r.data[0] : run.cumulative ? r.data.at(-1) : sum(r.data));
  rows.sort((a, b) => a.period - b.period || a.order - b.order || rankOf(a.value, parts) - rankOf(b.value, parts) ||
    weight(b) - weight(a) || compareValues(a.value, b.value));
  const hide = query.breakdownFilter?.breakdown_hide_other_aggregation;
  return { results: rows.filter((r) => !hide || rankOf(r.value, parts) !== 2).map((r) => itemOf(run, r, formulasOf(run.filter).length)),
    hasMore: series.some((r) => rankOf(r.value, parts) === 2) };
}

module.exports = { trends, Calendar, NONE, OTHER };
