// properties.js - property filters, against one event of a world. Properties are text until their definition
// says otherwise. A condition on a missing value is false, unless it is a negative one.
"use strict";
const { DAY } = require("./dates.js");

const text = (v) => (v === null || v === undefined ? null : typeof v === "string" ? v : JSON.stringify(v));

function number(v) {
  const s = text(v)?.trim();
  return s !== undefined && s !== null && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(s) ? Number(s) : null;
}

function boolean(v) {
  const s = text(v)?.toLowerCase();
  return s === "true" || s === "1" ? true : s === "false" || s === "0" ? false : null;
}

const time = (calendar, v) => {
  const s = text(v);
  if (s === null) return null;
  const d = calendar.parse(s);
  return d.relative || d.all ? null : d.at;
};

// What an event without a session has of one.
const noSession = { $session_duration: 0, $entry_current_url: "", $pageview_count: 0, $screen_count: 0, $autocapture_count: 0, $is_bounce: false };

// {value, type}: type is that of the definition; undefined is text.
function field(ctx, e, f) {
  const { world, types } = ctx;
  switch (f.type ?? "event") {
  case "event": case "feature":
    if (f.key === "$elements_chain") return { value: e.properties.$elements_chain ?? "" };
    return { value: e.properties[f.key], type: types.event?.[f.key] };
  case "person": return { value: e.personProperties[f.key], type: types.person?.[f.key] };
  case "group": {
    const index = f.group_type_index ?? 0;
    return { value: world.groups[index]?.get(e.groups[index])?.[f.key], type: types.group?.[index]?.[f.key] };
  }
  case "session": {
    const value = (world.sessions.get(e.session) ?? noSession)[f.key];
    return { value, type: { number: "Numeric", boolean: "Boolean" }[typeof value] };
  }
  case "event_metadata":
    return f.key === "timestamp" ? { value: e.timestamp, type: "DateTime" } : { value: e[f.key] };
  case "element": {
    const chain = e.properties.$elements_chain ?? "", all = (re) => [...chain.matchAll(re)].map((m) => m[1]);
    if (f.key === "href") return { value: all(/(?::|")href="(.*?)"/g)[0] ?? "" };
    return { value: [...new Set(all(/(?::|")text="(.*?)"/g))].join("\n") };
  }
  default: throw new Error(`no field of type ${f.type}`);
  }
}

function version(v) {
  const s = text(v)?.trim().replace(/^v/i, "");
  return s && /^\d+(\.(\d+|\*)){0,2}/.test(s) ? s.split(".").map((n) => (n === "*" ? null : parseInt(n, 10))) : null;
}

function semver(op, have, want) {
  const a = version(have), b = version(want);
  if (!a) return op === "semver_neq";
  const full = (v) => [0, 1, 2].map((i) => v[i] ?? 0);
  const compare = (x, y) => full(x).map((n, i) => n - full(y)[i]).find((n) => n) ?? 0;
  const written = b.filter((n) => n !== null).length, [major, minor, patch] = full(b);
  const between = (end) => compare(a, b) >= 0 && compare(a, end) < 0;
  switch (op) {
  case "semver_eq": return compare(a, b) === 0;
  case "semver_neq": return compare(a, b) !== 0;
  case "semver_gt": return compare(a, b) > 0;
  case "semver_gte": return compare(a, b) >= 0;
  case "semver_lt": return compare(a, b) < 0;
  case "semver_lte": return compare(a, b) <= 0;
  case "semver_caret":
    return between(major ? [major + 1] : minor ? [0, minor + 1] : [0, 0, patch + 1]);
  default: return between(written < 2 ? [major + 1] : [major, minor + 1]);
  }
}

// The value as its definition has it; what does not fit is as if it were not there.
function typed({ value, type }) {
  return type === "Numeric" ? number(value) : type === "Boolean" ? boolean(value) : value ?? null;
}

// As a number: yes is 1, no is 0.
function numeric(f) {
  const v = typed(f);
  return typeof v === "boolean" && f.type === "Boolean" ? Number(v) : number(v);
}

function equal(ctx, f, want) {
  const { value, type } = f;
  if (typed(f) === null) return false;
  if (type === "Numeric") return number(value) === number(want);
  if (type === "Boolean") return boolean(value) === boolean(want);
  if (type === "DateTime") return time(ctx.calendar, value) === ctx.calendar.parse(text(want)).at;
  return text(value) === text(want);
}

// -1, 0, 1; null: cannot be compared.
function order(ctx, f, want) {
  let a, b;
  if (f.type === "DateTime") [a, b] = [time(ctx.calendar, f.value), ctx.calendar.parse(text(want)).at];
  else if (number(want) !== null) [a, b] = [numeric(f), number(want)];
  else [a, b] = [text(typed(f)), text(want)];
  return a === null || a === undefined ? null : a < b ? -1 : a > b ? 1 : 0;
}

function date(ctx, op, { value }, want) {
  const at = time(ctx.calendar, value), d = ctx.calendar.parse(text(want));
  if (at === null) return false;
  const end = d.dateOnly ? ctx.calendar.instant(ctx.calendar.local(d.at) + DAY) : d.at;
  if (op === "is_date_before") return at < d.at;
  if (op === "is_date_after") return d.dateOnly ? at >= end : at > d.at;
  return d.dateOnly ? at >= d.at && at < end : at === d.at;
}

const ordered = { gt: (c) => c > 0, gte: (c) => c >= 0, min: (c) => c >= 0, lt: (c) => c < 0, lte: (c) => c <= 0,
  max: (c) => c <= 0 };
const negative = { is_not: "exact", not_in: "in", not_icontains: "icontains", not_regex: "regex" };

function one(ctx, op, f, want) {
  if (negative[op]) return !one(ctx, negative[op], f, want);
  if (op === "exact" || op === "in") return equal(ctx, f, want);
  const have = text(typed(f));
  if (op === "icontains") return have !== null && have.toLowerCase().includes(text(want).toLowerCase());
  if (op === "regex") return have !== null && new RegExp(want).test(have);
  if (ordered[op]) {
    const c = order(ctx, f, want);
    return c !== null && ordered[op](c);
  }
  if (op.startsWith("is_date")) return date(ctx, op, f, want);
  return semver(op, f.value, want);
}

function tag(e, f) {
  const chain = e.properties.$elements_chain ?? "", literal = (s) => s.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
  const hit = [f.value].flat().some((v) => new RegExp(`(^|;)${literal(v)}(\\.|$|;|:)`).test(chain));
  return f.operator === "is_not" ? !hit : hit;
}

// One filter. ctx: {world, types, calendar, hogql: {text: fn}}.
function filter(ctx, e, f) {
  const op = f.operator || "exact", { value } = f;
  if (f.type === "hogql") return Boolean(ctx.hogql[f.key](e, ctx));
  if (op === "is_set" || op === "is_not_set") {
    return (typed(field(ctx, e, f)) !== null) === (op === "is_set");
  }
  if (value === null || value === undefined || (Array.isArray(value) && !value.length)) return true;
  if (f.type === "element" && f.key === "tag_name") return tag(e, f);
  const of = field(ctx, e, f);
  if (op === "between" || op === "not_between") {
    const [low, high] = value.map((v) => order(ctx, of, v));
    if (low === null || high === null) return false;
    return op === "between" ? low >= 0 && high <= 0 : low < 0 || high > 0;
  }
  const list = [value].flat(), all = negative[op] || op === "semver_neq";
  return all ? list.every((v) => one(ctx, op, of, v)) : list.some((v) => one(ctx, op, of, v));
}

// A list of filters, a tree {type: AND|OR, values}, or nothing.
function matches(ctx, e, filters) {
  if (!filters) return true;
  if (Array.isArray(filters)) return filters.every((f) => matches(ctx, e, f));
  if (!filters.values) return filters.type === "empty" || filter(ctx, e, filters);
  const list = filters.values.filter((f) => f.type !== "empty");
  if (!list.length) return true;
  return filters.type === "OR" ? list.some((f) => matches(ctx, e, f)) : list.every((f) => matches(ctx, e, f));
}

module.exports = { matches, field, typed, numeric, number, text };
