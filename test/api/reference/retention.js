// retention.js - the slow way to count a RetentionQuery: each start of each person, each interval after it.
"use strict";
const { calendar, instantOf } = require("./calendar.js");

const LENGTH = { hour: 3600000, day: 86400000, week: 7 * 86400000, month: 30 * 86400000 };
const NONE = "$$_posthog_breakdown_null_$$", OTHER = "$$_posthog_breakdown_other_$$";
const WORD = { hour: "Hour", day: "Day", week: "Week", month: "Month" };

// Of several events at one instant the least label counts.
function earliest(facts, labelOf) {
  const at = Math.min(...facts.map((f) => f.at));
  return { at, label: facts.filter((f) => f.at === at).map(labelOf).sort()[0] };
}

// The starts of one person: {at, label}, each in another interval.
function startsOf(own, { type, isNamed, isTarget, inRange, keyOf, labelOf }) {
  if (type === "retention_recurring") {
    const byKey = new Map();
    for (const f of own.filter((x) => isTarget(x) && inRange(x))) byKey.set(keyOf(f.at), [...(byKey.get(keyOf(f.at)) ?? []), f]);
    return [...byKey.values()].map((list) => earliest(list, labelOf));
  }
  const candidates = own.filter(type === "retention_first_time" ? isTarget : isNamed);
  if (!candidates.length) return [];
  const at = Math.min(...candidates.map((f) => f.at)), first = candidates.filter((f) => f.at === at && isTarget(f));
  return first.length && inRange(first[0]) ? [earliest(first, labelOf)] : [];
}

// facts: all events {at, actor, …}. last: the day (with hours the instant) of date_to. isNamed, isTarget,
// isReturn: of a fact; isTarget and isReturn hold all filters, isNamed only the name.
function retention(facts, { zone, weekStart, interval, last, total, type, isNamed, isTarget, isReturn, cumulative,
  windows, least = 1, brackets, labelOf, limit = 25 }) {
  const cal = calendar({ zone, weekStart, interval });
  let first = cal.between(last, last)[0];
  const end = first;
  for (let i = 1; i < total; i++) first = cal.previous(first);
  const keys = [];
  for (let key = first; key <= end; key = cal.next(key)) keys.push(key);
  const slot = new Map(keys.map((key, i) => [key, i])), inRange = (f) => slot.has(cal.of(f.at));
  const known = facts.filter((f) => cal.of(f.at) <= end), actors = new Map();
  for (const f of known) actors.set(f.actor, [...(actors.get(f.actor) ?? []), f]);

  const widths = brackets ?? Array(total - 1).fill(1), groups = [[0]];
  for (const width of widths) {
    const from = groups.at(-1).at(-1) + 1;
    groups.push(Array.from({ length: width }, (_, i) => from + i));
  }
  const tables = new Map();
  const table = (label) => {
    if (!tables.has(label)) tables.set(label, keys.map(() => groups.map(() => 0)));
    return tables.get(label);
  };
  if (!labelOf) table(undefined);
  for (const own of actors.values()) {
    const returns = own.filter((f) => isReturn(f) && inRange(f));
    for (const start of startsOf(own, { type, isNamed, isTarget, inRange, keyOf: cal.of, labelOf: labelOf ?? (() => undefined) })) {
      const row = slot.get(cal.of(start.at));
      const times = (k) => returns.filter((f) => (windows
        ? f.at >= start.at && Math.floor((f.at - start.at) / LENGTH[interval]) === k
        : slot.get(cal.of(f.at)) === row + k)).length;
      const back = groups.map((ks, i) => i > 0 && ks.some((k) => k <= keys.length * 2 && times(k) >= least));
      groups.forEach((_, i) => {
        if (i === 0 || (cumulative ? back.slice(i).some(Boolean) : back[i])) table(start.label)[row][i]++;
      });
    }
  }
  return rowsOf(fold(tables, limit), { keys, groups, zone, interval });
}

const starts = (rows) => rows.reduce((sum, row) => sum + row[0], 0);

// Values by their starts, the least known ones together, then in order: values, none, all others.
function fold(tables, limit) {
  const order = (list) => list.sort(([a, x], [b, y]) => starts(y) - starts(x) || (a < b ? -1 : 1));
  const values = order([...tables].filter(([label]) => label !== NONE)), rest = values.splice(limit);
  const out = [...values];
  if (tables.has(NONE)) out.push([NONE, tables.get(NONE)]);
  if (rest.length)
    out.push([OTHER, rest.map(([, rows]) => rows).reduce((a, b) => a.map((row, i) => row.map((n, k) => n + b[i][k])))]);
  return out;
}

function rowsOf(tables, { keys, groups, zone, interval }) {
  const word = WORD[interval], name = (ks) => (ks.length === 1 ? `${word} ${ks[0]}` : `${word} ${ks[0]}-${ks.at(-1)}`);
  return tables.flatMap(([label, rows]) => rows.map((row, i) => ({ label: `${word} ${i}`, date: instantOf(zone, keys[i]),
    values: row.map((count, k) => ({ count, label: name(groups[k]) })),
    ...(label === undefined ? {} : { breakdown_value: label }) })));
}

module.exports = { retention, NONE, OTHER };
