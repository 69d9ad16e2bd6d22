// describe.ts - from an insight's query and result to a chart. Both come from outside and may be
// anything: what does not have the documented shape becomes an "unknown" or "empty" chart.
import { bucketTitle, isOpen, type Interval } from "../format/date";
import { breakdownName, eventName } from "../format/event";
import { duration, type NumberFormat } from "../format/number";
import type { Chart, Part, PartsChart, Series, SeriesChart, TableChart } from "./chart";

type Obj = Record<string, unknown>;

export interface Source {
  query: unknown;
  filters?: unknown;
  result: unknown;
  columns?: unknown;
  hasMore?: boolean | null;
  timezone?: string | null;
}

export const PALETTE_SIZE = 10;

const isObj = (v: unknown): v is Obj => typeof v === "object" && v !== null && !Array.isArray(v);
const obj = (v: unknown): Obj => (isObj(v) ? v : {});
const list = (v: unknown): unknown[] => (Array.isArray(v) ? v : []);
const text = (v: unknown): string | null => (typeof v === "string" ? v : null);

function num(v: unknown): number | null {
  if (typeof v === "number") return Number.isFinite(v) ? v : null;
  if (typeof v === "string" && v.trim() && Number.isFinite(Number(v))) return Number(v);
  return null;
}

/** Drop the wrappers that say how to show a query. */
export function sourceOf(query: unknown): Obj {
  let q = obj(query);
  while (isObj(q["source"]) && /^(InsightViz|DataVisualization|DataTable)Node$/.test(String(q["kind"])))
    q = q["source"];
  return q;
}

/* ------------------------------------------------------------------ trends */

function formatOf(f: Obj): NumberFormat {
  return {
    format: text(f["aggregationAxisFormat"]) ?? "numeric",
    prefix: text(f["aggregationAxisPrefix"]) ?? "",
    postfix: text(f["aggregationAxisPostfix"]) ?? "",
    decimals: num(f["decimalPlaces"]) ?? undefined,
    minDecimals: num(f["minDecimalPlaces"]) ?? undefined,
  };
}

/** A result's name: given name, breakdown value, event. With several series both are told. */
function labelOf(item: Obj, manySeries: boolean): string {
  const action = obj(item["action"]);
  const own = text(action["custom_name"]) ?? text(item["custom_name"]);
  const event = own ?? eventName(text(action["name"]) ?? text(item["label"]) ?? "Value");
  if (!("breakdown_value" in item)) return own ?? eventName(text(item["label"]) ?? event);
  const value = breakdownName(item["breakdown_value"]);
  return manySeries ? `${event} · ${value}` : value;
}

const maths: Record<string, string> = { dau: "unique people", weekly_active: "weekly active people",
  monthly_active: "monthly active people", unique_session: "sessions", unique_group: "unique groups",
  first_time_for_user: "first time", avg: "average", min: "smallest", max: "largest", p90: "90th percentile",
  p95: "95th percentile", p99: "99th percentile" };

/** How an item's events are counted, where that is more than one by one: "unique people", "sum of price". */
function mathOf(item: Obj): string | null {
  const action = obj(item["action"]), math = text(action["math"]), property = text(action["math_property"]);
  if (!math || math === "total") return null;
  const name = Object.hasOwn(maths, math) ? maths[math]! : math.replaceAll("_", " ");
  return property ? `${name} of ${property}` : name;
}

const withMath = (label: string, item: Obj): string => {
  const math = text(obj(item["action"])["custom_name"]) ? null : mathOf(item);
  return math ? `${label}, ${math}` : label;
};

const previous = (item: Obj) => item["compare_label"] === "previous";

/** Current and previous share the colour of their place. */
function coloured(items: Obj[]): { item: Obj; color: number; label: string }[] {
  const orders = new Set(items.map((i) => obj(i["action"])["order"]));
  const seen = { now: 0, before: 0 };
  const events = new Map<string, Set<unknown>>(); // the orders that go by one name
  for (const i of items) {
    const name = labelOf(i, orders.size > 1);
    events.set(name, (events.get(name) ?? new Set()).add(obj(i["action"])["order"]));
  }
  const label = (item: Obj) => {
    const name = labelOf(item, orders.size > 1);
    return events.get(name)!.size > 1 ? withMath(name, item) : name;
  };
  return items.map((item) => ({
    item, label: label(item),
    color: (previous(item) ? seen.before++ : seen.now++) % PALETTE_SIZE,
  }));
}

function intervalOf(q: Obj, s: Source): Interval {
  return (["minute", "hour", "day", "week", "month"] as const)
    .find((i) => i === q["interval"] || i === obj(s.filters)["interval"]) ?? "day";
}

function formOf(display: string, series: Series[]): SeriesChart["form"] {
  if (display === "ActionsAreaGraph") return "area";
  if (display === "ActionsUnstackedBar") return "bar";
  if (display !== "ActionsBar" && display !== "ActionsStackedBar") return "line";
  return series.some((x) => x.previous) ? "bar" : "stacked";
}

function trendSeries(items: Obj[], display: string, q: Obj, f: Obj, s: Source, now: number): Chart {
  const interval = intervalOf(q, s);
  const longest = items.reduce<string[]>((best, i) => {
    const days = list(i["days"]).map(String);
    return !previous(i) && days.length > best.length ? days : best;
  }, []);
  const series: Series[] = coloured(items).map(({ item, color, label }) => ({
    label, color, previous: previous(item), values: list(item["data"]).map(num),
    ...(previous(item) ? { buckets: list(item["days"]).map(String) } : {}),
  }));
  if (!longest.length || !series.length) return { kind: "empty" };
  return { kind: "series", form: formOf(display, series), interval, buckets: longest, series, format: formatOf(f),
    open: isOpen(longest.at(-1)!, interval, now, s.timezone ?? "UTC") };
}

function total(item: Obj): number {
  return num(item["aggregated_value"]) ?? num(item["count"]) ?? 0;
}

function trendParts(items: Obj[], display: string, f: Obj): Chart {
  const format = formatOf(f);
  const now = items.filter((i) => !previous(i));
  if (display === "BoldNumber") {
    const first = now[0];
    const before = items.find(previous);
    if (!first) return { kind: "empty" };
    return { kind: "number", value: total(first), previous: before ? total(before) : null, format,
      label: withMath(labelOf(first, false), first) };
  }
  const parts: Part[] = coloured(now).map(({ item, label, color }) => ({ label, color, value: total(item) }));
  if (!parts.length || parts.every((p) => p.value === 0)) return { kind: "empty" };
  if (display === "ActionsTable")
    return { kind: "table", columns: ["", "Total"], rows: parts.map((p) => [p.label, p.value]), hasMore: false };
  const kind: PartsChart["kind"] = display === "ActionsPie" && parts.every((p) => p.value >= 0) ? "pie" : "bars";
  if (display === "WorldMap") parts.sort((a, b) => b.value - a.value);
  return { kind, parts, format };
}

const totals = /^(BoldNumber|ActionsPie|ActionsTable|ActionsBarValue|WorldMap)$/;

function trends(q: Obj, s: Source, now: number): Chart {
  const f = { ...obj(s.filters), ...obj(q["trendsFilter"]) };
  const display = text(f["display"]) ?? "ActionsLineGraph";
  const items = list(s.result).filter(isObj);
  if (!items.length) return { kind: "empty" };
  return totals.test(display) ? trendParts(items, display, f) : trendSeries(items, display, q, f, s, now);
}

/* ------------------------------------------------------------------ funnels */

/** How many converted in which time: a bar for each span, named by its ends. */
function timesToConvert(s: Source): Chart {
  const bins = list(obj(s.result)["bins"]).map((b) => list(b).map((v) => num(v) ?? 0));
  const width = (bins[1]?.[0] ?? 0) - (bins[0]?.[0] ?? 0);
  if (!bins.some((b) => b[1])) return { kind: "empty" };
  return { kind: "bars", format: {}, parts: bins.map(([from = 0, count = 0]) =>
    ({ label: `${duration(from)} – ${duration(from + width)}`, value: count, color: 0 })) };
}

function funnelTrends(q: Obj, s: Source, now: number): Chart {
  const interval = intervalOf(q, s), items = list(s.result).filter(isObj), buckets = list(items[0]?.["days"]).map(String);
  if (!buckets.length) return { kind: "empty" };
  return { kind: "series", form: "line", interval, buckets, format: { format: "percentage" },
    open: isOpen(buckets.at(-1)!, interval, now, s.timezone ?? "UTC"),
    series: items.map((item, i) => ({ label: "breakdown_value" in item ? breakdownName(item["breakdown_value"]) : "Conversion",
      color: i % PALETTE_SIZE, previous: false, values: list(item["data"]).map(num) })) };
}

function funnel(q: Obj, s: Source, now: number): Chart {
  const viz = text({ ...obj(s.filters), ...obj(q["funnelsFilter"]) }["funnelVizType"]) ?? "steps";
  if (viz === "trends") return funnelTrends(q, s, now);
  if (viz === "time_to_convert") return timesToConvert(s);
  if (viz !== "steps") return { kind: "unknown", what: `${viz.replaceAll("_", " ")} funnel` };
  const result = list(s.result);
  const groups = (Array.isArray(result[0]) ? result.map((g) => list(g).filter(isObj)) : [result.filter(isObj)])
    .filter((g) => g.length);
  if (!groups.length || groups.every((g) => !num(g[0]!["count"]))) return { kind: "empty" };
  return {
    kind: "funnel",
    steps: groups[0]!.map((step) => text(step["custom_name"]) ?? eventName(text(step["name"]) ?? "Step")),
    groups: groups.map((g, i) => ({
      label: "breakdown_value" in g[0]! ? breakdownName(g[0]!["breakdown_value"]) : "", color: i % PALETTE_SIZE,
      counts: g.map((step) => num(step["count"]) ?? 0),
      medianSeconds: g.map((step) => num(step["median_conversion_time"])),
    })),
  };
}

/* ------------------------------------------------------------------ lifecycle, stickiness, retention */

const lifecycles: [status: string, label: string, color: number][] = [
  ["new", "New", 2], ["returning", "Returning", 0], ["resurrecting", "Resurrecting", 4], ["dormant", "Dormant", 3],
];

/** Who is there stands above the line, who left beneath it. */
function lifecycle(q: Obj, s: Source, now: number): Chart {
  const f = { ...obj(s.filters), ...obj(q["lifecycleFilter"]) }, interval = intervalOf(q, s);
  const items = list(s.result).filter(isObj), toggled = f["toggledLifecycles"];
  const series = lifecycles.flatMap(([status, label, color]): Series[] => {
    const item = items.find((i) => i["status"] === status);
    if (!item || (Array.isArray(toggled) && !toggled.includes(status))) return [];
    return [{ label, color, previous: false, values: list(item["data"]).map(num) }];
  });
  const buckets = list(items[0]?.["days"]).map(String);
  if (!buckets.length || !series.length || series.every((x) => x.values.every((v) => !v))) return { kind: "empty" };
  return { kind: "series", form: f["stacked"] === false ? "bar" : "stacked", interval, buckets, series, format: {},
    open: isOpen(buckets.at(-1)!, interval, now, s.timezone ?? "UTC") };
}

/** People by the number of intervals they came in; the buckets are no times. */
function stickiness(q: Obj, s: Source): Chart {
  const f = { ...obj(s.filters), ...obj(q["stickinessFilter"]) };
  const items = list(s.result).filter(isObj);
  const series: Series[] = coloured(items).map(({ item, label, color }) => ({
    label, color, previous: previous(item), values: list(item["data"]).map(num),
    ...(previous(item) ? { buckets: list(item["labels"]).map(String) } : {}),
  }));
  const buckets = list(items.find((i) => !previous(i))?.["labels"]).map(String);
  if (!buckets.length || series.every((x) => x.values.every((v) => !v))) return { kind: "empty" };
  return { kind: "series", form: formOf(text(f["display"]) ?? "ActionsLineGraph", series), interval: "day", buckets,
    series, format: {}, open: false };
}

/** How many intervals after the start each value begins; brackets hold several. */
function valueStarts(f: Obj, n: number): number[] {
  const widths = list(f["retentionCustomBrackets"]).map((w) => num(w) ?? 1), starts = [0, 1];
  while (starts.length < n) starts.push(starts.at(-1)! + (widths[starts.length - 2] ?? 1));
  return starts;
}

function retention(q: Obj, s: Source): Chart {
  const f = { ...obj(s.filters), ...obj(q["retentionFilter"]) }, items = list(s.result).filter(isObj);
  const word = (text(f["period"]) ?? "Day").toLowerCase();
  const interval = (["hour", "day", "week", "month"] as const).find((i) => i === word) ?? "day";
  const values = (item: Obj) => list(item["values"]).map(obj);
  const columns = values(items[0] ?? {}).map((v, i) => text(v["label"]) ?? String(i));
  const groups = new Map<string, Obj[]>();
  for (const item of items) {
    const label = "breakdown_value" in item ? breakdownName(item["breakdown_value"]) : "";
    groups.set(label, [...(groups.get(label) ?? []), item]);
  }
  const starts = valueStarts(f, columns.length);
  const tables = [...groups].map(([label, rows]) => ({ label, rows: rows.map((item, i) => ({
    label: bucketTitle(String(item["date"] ?? ""), interval),
    counts: columns.map((_, k) => (i + starts[k]! < rows.length ? num(values(item)[k]?.["count"]) : null)),
  })) }));
  if (!columns.length || tables.every((t) => t.rows.every((r) => !r.counts[0]))) return { kind: "empty" };
  const mean = text(f["meanRetentionCalculation"]);
  return { kind: "retention", columns, tables, mean: mean === "weighted" || mean === "none" ? mean : "simple",
    of: f["retentionReference"] === "previous" ? "previous" : "total" };
}

/* ------------------------------------------------------------------ paths */

/** "2_/pricing" stands at step 2. */
function placeAt(node: unknown): [step: number, name: string] | null {
  const hit = /^(\d{1,4})_(.*)$/s.exec(text(node) ?? "");
  return hit ? [Number(hit[1]), eventName(hit[2]!)] : null;
}

function paths(s: Source): Chart {
  const edges = list(s.result).filter(isObj).flatMap((item) => {
    const from = placeAt(item["source"]), to = placeAt(item["target"]), value = num(item["value"]);
    return from && to && to[0] === from[0] + 1 && value !== null && value > 0
      ? [{ step: from[0], from: from[1], to: to[1], value }] : [];
  });
  return edges.length ? { kind: "paths", edges } : { kind: "empty" };
}

/* ------------------------------------------------------------------ rows */

function table(s: Source): TableChart {
  const rows = list(s.result).map((r) => (Array.isArray(r) ? r : [r]));
  const width = rows.reduce((n, r) => Math.max(n, r.length), 0);
  const named = list(s.columns).map(String);
  const columns = Array.from({ length: Math.max(width, named.length) }, (_, i) => named[i] ?? `Column ${i + 1}`);
  return { kind: "table", columns, rows, hasMore: s.hasMore === true };
}

/** Columns drawn over the values of another, as the settings of an SQL insight name them. */
function rowsAsSeries(t: TableChart, settings: Obj, form: SeriesChart["form"]): Chart {
  const at = (name: unknown) => t.columns.indexOf(String(name));
  const x = Math.max(0, at(obj(settings["xAxis"])["column"]));
  const named = list(settings["yAxis"]).map((y) => at(obj(y)["column"])).filter((i) => i >= 0);
  const ys = named.length ? named
    : t.columns.map((_, i) => i).filter((i) => i !== x && t.rows.some((r) => num(r[i]) !== null));
  if (!ys.length) return t;
  const buckets = t.rows.map((r) => String(r[x] ?? ""));
  const times = buckets.some((b) => /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d/.test(b) && !/[ T]00:00/.test(b));
  const interval: Interval = times ? "hour" : "day";
  return { kind: "series", form, interval, buckets, open: false, format: {},
    series: ys.map((i, n) => ({ label: t.columns[i]!, color: n % PALETTE_SIZE, previous: false,
      values: t.rows.map((r) => num(r[i])) })) };
}

function rows(outer: Obj, s: Source): Chart {
  const t = table(s);
  const display = outer["kind"] === "DataVisualizationNode" ? text(outer["display"]) : null;
  if (display === "BoldNumber") {
    const value = num(t.rows[0]?.[0]);
    if (value !== null)
      return { kind: "number", value, previous: null, format: {}, label: t.columns[0] ?? "" };
  }
  if (!t.rows.length) return { kind: "empty" };
  const forms: Record<string, SeriesChart["form"]> = { ActionsLineGraph: "line", ActionsAreaGraph: "area",
    ActionsBar: "bar", ActionsUnstackedBar: "bar", ActionsStackedBar: "stacked" };
  const form = display ? forms[display] : undefined;
  return form ? rowsAsSeries(t, obj(outer["chartSettings"]), form) : t;
}

/* ------------------------------------------------------------------ all */

export function describe(s: Source, now: number): Chart {
  const outer = obj(s.query), q = sourceOf(s.query);
  const kind = text(q["kind"]) ?? (text(obj(s.filters)["insight"]) ?? "TRENDS");
  switch (kind) {
    case "TrendsQuery": case "TRENDS": return trends(q, s, now);
    case "FunnelsQuery": case "FUNNELS": return funnel(q, s, now);
    case "LifecycleQuery": case "LIFECYCLE": return lifecycle(q, s, now);
    case "StickinessQuery": case "STICKINESS": return stickiness(q, s);
    case "RetentionQuery": case "RETENTION": return retention(q, s);
    case "PathsQuery": case "PATHS": return paths(s);
    case "HogQLQuery": case "EventsQuery": case "ActorsQuery": return rows(outer, s);
    default: return { kind: "unknown", what: kind.replace(/Query$/, "") };
  }
}
