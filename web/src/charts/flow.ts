// flow.ts - where the places of a paths chart stand, and the ribbons between them, in a box of that size.
import type { PathsChart } from "./chart";

export interface FlowPlace {
  name: string;
  step: number;
  value: number;
  x: number;
  y: number;
  height: number;
}

export interface FlowRibbon {
  from: FlowPlace;
  to: FlowPlace;
  value: number;
  /** Of its upper edge, at both ends. */
  y1: number;
  y2: number;
  height: number;
}

export const BAR = 10;
const GAP = 16;
const MOST = 400; // places; an edge to one more is left out

/** Ribbons are as wide as many went there; the fullest step fills the height. */
export function flow(c: PathsChart, width: number, height: number): { places: FlowPlace[]; ribbons: FlowRibbon[] } {
  const byKey = new Map<string, FlowPlace & { in: number; out: number }>();
  const placeOf = (step: number, name: string) => {
    const key = `${step} ${name}`;
    if (!byKey.has(key) && byKey.size < MOST) byKey.set(key, { name, step, value: 0, x: 0, y: 0, height: 0, in: 0, out: 0 });
    return byKey.get(key);
  };
  const edges = c.edges.flatMap((e) => {
    const from = placeOf(e.step, e.from), to = placeOf(e.step + 1, e.to);
    return from && to ? [{ from, to, value: e.value }] : [];
  });
  for (const { from, to, value } of edges) {
    from.out += value;
    to.in += value;
  }
  const places = [...byKey.values()], first = Math.min(...places.map((p) => p.step));
  const steps = new Map<number, typeof places>();
  for (const p of places) {
    p.value = Math.max(p.in, p.out);
    steps.set(p.step, [...(steps.get(p.step) ?? []), p]);
  }
  const sum = (of: typeof places) => of.reduce((n, p) => n + p.value, 0);
  const room = (of: typeof places) => Math.max(height - GAP * of.length, height * 0.2);
  const scale = Math.min(...[...steps.values()].map((of) => room(of) / (sum(of) || 1)));
  const apart = (width - 120) / Math.max(1, steps.size - 1);
  for (const of of steps.values()) {
    const gap = Math.min(GAP, (height * 0.8) / of.length);
    let y = gap / 2;
    for (const p of of) {
      Object.assign(p, { x: apart * (p.step - first), y, height: Math.max(1, p.value * scale) });
      y += p.height + gap;
    }
  }
  const left = new Map(places.map((p) => [p, 0])), right = new Map(places.map((p) => [p, 0]));
  const ribbons = edges.map(({ from, to, value }) => {
    const y1 = from.y + right.get(from)!, y2 = to.y + left.get(to)!, high = value * scale;
    right.set(from, right.get(from)! + high);
    left.set(to, left.get(to)! + high);
    return { from, to, value, y1, y2, height: high };
  });
  return { places, ribbons };
}
