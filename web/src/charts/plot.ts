// plot.ts - the arithmetic of a series chart: which columns are drawn, and which labels fit.
import type { Series, SeriesChart } from "./chart";

type Column = (number | null)[];

/** Each series on top of those after it, or beneath them where it is negative: the first one reaches
 * furthest and is drawn first. */
export function stack(series: Column[]): Column[] {
  const out: Column[] = new Array(series.length);
  const up: Column = [], down: Column = [];
  for (let s = series.length - 1; s >= 0; s--)
    out[s] = series[s]!.map((v, i) => {
      const side = v !== null && v < 0 ? down : up;
      return v === null ? side[i] ?? null : (side[i] = v + (side[i] ?? 0));
    });
  return out;
}

/** A line whose last bucket is still open, as what is settled and what is not. */
export function split(values: Column): { settled: Column; open: Column } {
  const last = values.length - 1;
  return {
    settled: values.map((v, i) => (i === last ? null : v)),
    open: values.map((v, i) => (i >= last - 1 ? v : null)),
  };
}

const STEPS = [1, 2, 3, 4, 5, 6, 7, 10, 12, 14, 24, 28, 48, 56, 84];

/** Which of n buckets get a label when `room` of them fit. */
export function ticks(n: number, room: number): number[] {
  const fit = Math.max(1, Math.floor(room));
  const step = STEPS.find((s) => Math.ceil(n / s) <= fit) ?? Math.ceil(n / fit);
  return Array.from({ length: Math.ceil(n / step) }, (_, i) => i * step);
}

/** The values the y axis must hold. */
export function bounds(columns: Column[]): [low: number, high: number] {
  let low = 0, high = 0;
  for (const c of columns) for (const v of c) if (v !== null) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  if (low === high) return [0, 1];
  return [low < 0 ? low * 1.08 : 0, high > 0 ? high * 1.08 : 0];
}

export const allWhole = (series: Series[]): boolean =>
  series.every((s) => s.values.every((v) => v === null || Number.isInteger(v)));

export const isBars = (c: SeriesChart): boolean => c.form === "bar" || c.form === "stacked";
