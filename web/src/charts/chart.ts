// chart.ts - the one description of what is drawn. describe.ts makes it from an insight; each kind
// has one component that draws it; any of them can be shown as a table.
import { bucketTitle, type Interval } from "../format/date";
import { formatNumber, type NumberFormat } from "../format/number";

export interface Series {
  label: string;
  /** Which colour of the palette. */
  color: number;
  /** One per bucket; null: no value. */
  values: (number | null)[];
  /** Of the period before: drawn paler. */
  previous: boolean;
  /** The series' own buckets, where they are not the chart's. */
  buckets?: string[];
}

export interface SeriesChart {
  kind: "series";
  form: "line" | "area" | "bar" | "stacked";
  interval: Interval;
  buckets: string[];
  series: Series[];
  /** The last bucket is not over: its values will still grow. */
  open: boolean;
  format: NumberFormat;
}

export interface NumberChart {
  kind: "number";
  label: string;
  value: number;
  previous: number | null;
  format: NumberFormat;
}

export interface Part {
  label: string;
  value: number;
  color: number;
}

export interface PartsChart {
  kind: "bars" | "pie";
  parts: Part[];
  format: NumberFormat;
}

/** Steps in order; a bar for each group (one without a name, unless it is broken down). */
export interface FunnelChart {
  kind: "funnel";
  steps: string[];
  groups: { label: string; color: number; counts: number[]; medianSeconds: (number | null)[] }[];
}

/** Of those who began in an interval, how many came back in each value's intervals after it. */
export interface RetentionChart {
  kind: "retention";
  /** "Day 0", "Day 1", … */
  columns: string[];
  /** One for each value of a breakdown; a single one without a label when there is none. */
  tables: RetentionTable[];
  mean: "simple" | "weighted" | "none";
  /** Shares are of those who began, or of the value before. */
  of: "total" | "previous";
}

export interface RetentionRow {
  label: string;
  /** By value; null: its intervals have not begun. */
  counts: (number | null)[];
}

export interface RetentionTable {
  label: string;
  rows: RetentionRow[];
}

export interface TableChart {
  kind: "table";
  columns: string[];
  rows: unknown[][];
  /** What the first column sorts by, where that is not its text. */
  order?: unknown[];
  hasMore: boolean;
}

/** Where people go, step by step; places are told apart by their step. */
export interface PathsChart {
  kind: "paths";
  edges: { step: number; from: string; to: string; value: number }[];
}

/** Nothing matched. */
export interface EmptyChart {
  kind: "empty";
}

/** A kind of result that this page cannot draw. */
export interface UnknownChart {
  kind: "unknown";
  what: string;
}

export type Chart = SeriesChart | NumberChart | PartsChart | FunnelChart | RetentionChart | PathsChart | TableChart | EmptyChart | UnknownChart;

/** The same numbers as rows. Null: it is a table already, or has none. */
export function asTable(c: Chart): TableChart | null {
  switch (c.kind) {
    case "series": return {
      kind: "table", hasMore: false,
      order: c.buckets,
      columns: ["Period", ...c.series.map((s) => (s.previous ? `${s.label} (previous)` : s.label))],
      rows: c.buckets.map((b, i) => [bucketTitle(b, c.interval),
        ...c.series.map((s) => { const v = s.values[i]; return v == null ? null : formatNumber(v, c.format); })]),
    };
    case "number": return {
      kind: "table", hasMore: false, columns: ["", "Value"],
      rows: [[c.label, formatNumber(c.value, c.format)],
        ...(c.previous === null ? [] : [["Previous period", formatNumber(c.previous, c.format)]])],
    };
    case "bars": case "pie": return {
      kind: "table", hasMore: false, columns: ["", "Value"],
      rows: c.parts.map((p) => [p.label, formatNumber(p.value, c.format)]),
    };
    case "funnel": return {
      kind: "table", hasMore: false, columns: ["Step", ...c.groups.map((g) => g.label || "People")],
      rows: c.steps.map((s, i) => [`${i + 1}. ${s}`, ...c.groups.map((g) => g.counts[i] ?? null)]),
    };
    case "retention": return {
      kind: "table", hasMore: false, columns: ["Began", ...c.columns],
      rows: c.tables.flatMap((t) => t.rows.map((r) => [t.label ? `${t.label} · ${r.label}` : r.label, ...r.counts])),
    };
    case "paths": return {
      kind: "table", hasMore: false, columns: ["Step", "From", "To", "People"],
      rows: c.edges.map((e) => [e.step, e.from, e.to, e.value]),
    };
    default: return null;
  }
}

/** What of a funnel's first step is left at another, in percent. */
export function leftAt(counts: number[], step: number): number {
  return counts[0] ? ((counts[step] ?? 0) / counts[0]) * 100 : 0;
}

/** The share that came back at value k, in percent; null when it is not known yet, or nobody began. */
export function shareAt(c: RetentionChart, row: RetentionRow, k: number): number | null {
  const whole = row.counts[c.of === "previous" ? k - 1 : 0], n = row.counts[k];
  if (n == null || whole == null || !row.counts[0]) return null;
  return whole ? (n / whole) * 100 : 0;
}

/** Over the rows that know value k: each counts the same, or (weighted) by its people. */
export function meanOf(c: RetentionChart, table: RetentionTable, k: number): number | null {
  const rows = table.rows.filter((r) => shareAt(c, r, k) !== null);
  if (!rows.length) return null;
  if (c.mean !== "weighted") return rows.reduce((sum, r) => sum + shareAt(c, r, k)!, 0) / rows.length;
  const all = (at: number) => rows.reduce((sum, r) => sum + (r.counts[at] ?? 0), 0);
  const whole = all(c.of === "previous" ? k - 1 : 0);
  return whole ? (all(k) / whole) * 100 : 0;
}

/** One sentence, for those who do not see the drawing. */
export function summary(c: Chart): string {
  switch (c.kind) {
    case "series": {
      const all = c.series.filter((s) => !s.previous).map((s) => {
        const values = s.values.filter((v): v is number => v !== null);
        const last = values.at(-1);
        return `${s.label}: ${values.length ? `from ${formatNumber(Math.min(...values), c.format)} to ${
          formatNumber(Math.max(...values), c.format)}, last ${formatNumber(last!, c.format)}` : "no values"}`;
      });
      const from = c.buckets[0], to = c.buckets.at(-1);
      const what = { line: "Line chart", area: "Area chart", bar: "Bar chart", stacked: "Stacked bar chart" }[c.form];
      const when = from && to ? `, ${bucketTitle(from, c.interval)} to ${bucketTitle(to, c.interval)}` : "";
      return `${what}${when}. ${all.join(". ")}`;
    }
    case "bars": case "pie":
      return `${c.kind === "pie" ? "Pie chart" : "Bar chart"}. ${
        c.parts.map((p) => `${p.label}: ${formatNumber(p.value, c.format)}`).join(", ")}`;
    case "funnel":
      return `Funnel. ${c.groups.map((g) => `${g.label ? `${g.label}: ` : ""}${
        c.steps.map((s, i) => `${s} ${g.counts[i] ?? 0}`).join(", ")}`).join(". ")}`;
    case "retention":
      return `Retention table. ${c.tables.map((t) => `${t.label ? `${t.label}: ` : ""}${
        c.columns.slice(1).map((name, k) => [name, meanOf({ ...c, mean: "weighted" }, t, k + 1)] as const)
          .filter(([, share]) => share !== null).map(([name, share]) => `${name} ${Math.round(share!)}%`).join(", ")}`).join(". ")}`;
    case "paths":
      return `Paths. ${c.edges.slice(0, 12).map((e) => `${e.from} to ${e.to}: ${e.value}`).join(", ")}`;
    default: return "";
  }
}
