// series.tsx - lines, areas and bars over time on a canvas, by uPlot; legend, tooltip and keys are ours.
// This file and uPlot are one chunk, loaded with the first chart.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { bucketLabel, bucketTitle } from "../format/date";
import { formatNumber, plain } from "../format/number";
import { theme } from "../ui/theme";
import type { Series, SeriesChart } from "./chart";
import { faded, inks, type Inks } from "./colors";
import { allWhole, bounds, isBars, split, stack, ticks } from "./plot";

const LABEL_ROOM = 72; // pixels of the x axis for one label
const FONT = '12px ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const WHOLE_STEPS = [1, 2, 5].flatMap((n) => Array.from({ length: 15 }, (_, e) => n * 10 ** e)).sort((a, b) => a - b);

/** Bars of a group stand side by side in their bucket, stacked ones in each other's place. */
function barPaths(place: number, places: number, round: boolean): uPlot.Series.PathBuilder {
  return (u, at, from, to) => {
    const path = new Path2D(), values = u.data[at]!;
    const slot = Math.abs(u.valToPos(1, "x", true) - u.valToPos(0, "x", true));
    const width = Math.min(slot * 0.72, 56 * devicePixelRatio * places) / places;
    const zero = u.valToPos(0, "y", true);
    for (let i = from; i <= to; i++) {
      const v = values[i];
      if (v == null || v === 0) continue;
      const x = u.valToPos(i, "x", true) - (width * places) / 2 + place * width;
      const y = u.valToPos(v, "y", true), gap = places > 1 ? Math.min(1, width / 4) : 0;
      const radius = !round ? 0 : Math.min(3 * devicePixelRatio, width / 3, Math.abs(zero - y));
      const corners = v > 0 ? [radius, radius, 0, 0] : [0, 0, radius, radius];
      path.roundRect(x + gap, Math.min(y, zero), width - 2 * gap, Math.abs(zero - y), corners);
    }
    return { fill: path, stroke: null } as unknown as uPlot.Series.Paths;
  };
}

function lineSeries(s: Series, ink: Inks, fill: boolean, dash: boolean, lone: boolean): uPlot.Series {
  const color = ink.series[s.color]!;
  return {
    stroke: s.previous ? faded(color, 0.45) : color, width: s.previous ? 1.5 : 2,
    dash: dash || s.previous ? [5, 4] : undefined,
    fill: fill ? faded(color, s.previous ? 0.05 : 0.12) : undefined,
    points: { show: lone, size: 6, fill: color }, spanGaps: false,
  };
}

/** uPlot's rows and columns for the series that are shown. */
function plotOf(chart: SeriesChart, shown: Series[], ink: Inks) {
  const columns: (number | null)[][] = [], series: uPlot.Series[] = [];
  if (isBars(chart)) {
    const stacked = chart.form === "stacked";
    const values = shown.map((s) => s.values);
    (stacked ? stack(values) : values).forEach((column, i) => {
      const s = shown[i]!, color = ink.series[s.color]!;
      columns.push(column);
      series.push({ paths: stacked ? barPaths(0, 1, i === 0) : barPaths(i, shown.length, true),
        fill: s.previous ? faded(color, 0.4) : color, width: 0, points: { show: false } });
    });
  } else {
    const lone = chart.buckets.length === 1;
    for (const s of shown) {
      if (chart.open && !s.previous && !lone) {
        const { settled, open } = split(s.values);
        columns.push(settled, open);
        series.push(lineSeries(s, ink, chart.form === "area", false, chart.buckets.length === 2),
          lineSeries(s, ink, chart.form === "area", true, false));
      } else {
        columns.push(s.values);
        series.push(lineSeries(s, ink, chart.form === "area", false, lone));
      }
    }
  }
  return { columns, series };
}

function yAxis(chart: SeriesChart, ink: Inks): uPlot.Axis {
  return {
    stroke: ink.text, font: FONT, grid: { stroke: ink.line, width: 1 }, ticks: { show: false }, gap: 8,
    space: 40, ...(allWhole(chart.series) ? { incrs: WHOLE_STEPS } : {}),
    values: (_, splits) => splits.map((v) => formatNumber(v, chart.format, true)),
    size: (_, values) => 20 + 7 * Math.max(2, ...(values ?? []).map((v) => String(v).length)),
  };
}

function xAxis(chart: SeriesChart, ink: Inks): uPlot.Axis {
  const n = chart.buckets.length;
  return {
    stroke: ink.text, font: FONT, grid: { show: false }, ticks: { show: false }, size: 28, gap: 8,
    splits: (u) => ticks(n, (u.bbox.width / devicePixelRatio || u.width) / LABEL_ROOM),
    values: (_, splits) => splits.map((i) => bucketLabel(chart.buckets[i] ?? "", chart.interval)),
  };
}

/** The cursor stands on buckets, not between them. */
const snap: uPlot.Cursor.MousePosRefiner = (u, left, top) => {
  if (left < 0) return [left, top];
  const bucket = Math.round(u.posToVal(left, "x"));
  return [u.valToPos(Math.min(Math.max(bucket, 0), u.data[0].length - 1), "x"), top];
};

interface Size {
  width: number;
  height: number;
}

function optionsOf(chart: SeriesChart, shown: Series[], ink: Inks, size: Size, onPoint: (u: uPlot) => void) {
  const { columns, series } = plotOf(chart, shown, ink);
  const n = chart.buckets.length, half = isBars(chart) || n === 1 ? 0.5 : 0;
  const options: uPlot.Options = {
    ...size, padding: [10, half ? 14 : 24, 0, 0], legend: { show: false },
    cursor: { x: !isBars(chart), y: false, drag: { x: false, y: false }, move: snap,
      points: isBars(chart) ? { show: false } : { size: 8 } },
    scales: {
      x: { time: false, range: () => [-half, n - 1 + half] },
      y: { range: () => bounds(columns) },
    },
    axes: [xAxis(chart, ink), yAxis(chart, ink)],
    series: [{}, ...series],
    hooks: { setCursor: [onPoint] },
  };
  const data = [chart.buckets.map((_, i) => i), ...columns] as uPlot.AlignedData;
  return { options, data };
}

function useSize(box: { current: HTMLElement | null }): Size | null {
  const [size, setSize] = useState<Size | null>(null);
  useLayoutEffect(() => {
    const element = box.current!;
    const measure = () => {
      const width = Math.floor(element.clientWidth), height = Math.floor(element.clientHeight);
      if (width > 0 && height > 0)
        setSize((old) => (old?.width === width && old.height === height ? old : { width, height }));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [box]);
  return size;
}

interface Point {
  index: number;
  left: number; // pixels from the plot's left edge
  width: number;
}

function Tooltip({ chart, shown, point }: { chart: SeriesChart; shown: Series[]; point: Point }) {
  const right = point.left > point.width / 2;
  const bucket = chart.buckets[point.index] ?? "";
  const whole = shown.reduce((sum, s) => sum + (s.previous ? 0 : s.values[point.index] ?? 0), 0);
  return (
    <div class={`tip ${right ? "tip-left" : ""}`} style={{ left: `${point.left}px` }} role="status">
      <p class="tip-title">
        {bucketTitle(bucket, chart.interval)}
        {chart.open && point.index === chart.buckets.length - 1 && <span> · so far</span>}
      </p>
      {shown.slice(0, 12).map((s, i) => (
        <p key={i} class="tip-row">
          <span class={`swatch ${s.previous ? "pale" : ""}`} style={{ background: `var(--series-${s.color})` }} />
          <span class="tip-label">
            {s.label}{s.previous && `, ${bucketTitle(s.buckets?.[point.index] ?? "", chart.interval)}`}
          </span>
          <b>{s.values[point.index] == null ? "–" : formatNumber(s.values[point.index]!, chart.format)}</b>
        </p>
      ))}
      {shown.length > 12 && <p class="tip-row"><span class="tip-label">and {plain(shown.length - 12)} more</span></p>}
      {chart.form === "stacked" && shown.length > 1 && shown.every((s) => (s.values[point.index] ?? 0) >= 0) && (
        <p class="tip-row tip-sum"><span class="tip-label">Total</span><b>{formatNumber(whole, chart.format)}</b></p>
      )}
    </div>
  );
}

function Legend({ chart, hidden, toggle }: { chart: SeriesChart; hidden: Set<number>; toggle: (i: number) => void }) {
  return (
    <ul class={`legend ${chart.series.length > 1 ? "" : "legend-single"}`}>
      {chart.series.map((s, i) => (
        <li key={i}>
          <button type="button" class="legend-item" aria-pressed={!hidden.has(i)} onClick={() => toggle(i)}
            title={hidden.has(i) ? "Show" : "Hide"}>
            <span class={`swatch ${s.previous ? "pale" : ""}`} style={{ background: `var(--series-${s.color})` }} />
            <span class="legend-label">{s.previous ? `${s.label} (previous)` : s.label}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

export function SeriesPlot({ chart }: { chart: SeriesChart }) {
  const box = useRef<HTMLDivElement>(null), plot = useRef<uPlot | null>(null);
  const [hidden, setHidden] = useState<Set<number>>(new Set());
  const [point, setPoint] = useState<Point | null>(null);
  const size = useSize(box), look = theme.value;
  const shown = useMemo(() => chart.series.filter((_, i) => !hidden.has(i)), [chart, hidden]);
  const ready = size !== null;

  useEffect(() => {
    if (!ready) return;
    const onPoint = (u: uPlot) => {
      const index = u.cursor.idx;
      setPoint(index == null || (u.cursor.left ?? -1) < 0 ? null
        : { index, left: u.valToPos(index, "x") + u.bbox.left / devicePixelRatio, width: u.width });
    };
    const { options, data } = optionsOf(chart, shown, inks(), size, onPoint);
    const made = new uPlot(options, data, box.current!);
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
      setPoint(null);
    };
  }, [chart, shown, look, ready]);

  useEffect(() => {
    if (size) plot.current?.setSize(size);
  }, [size]);

  const toggle = (i: number) => setHidden((old) => {
    const next = new Set(old);
    if (!next.delete(i) && next.size < chart.series.length - 1) next.add(i);
    return next;
  });

  const onKey = (e: KeyboardEvent) => {
    const u = plot.current, last = chart.buckets.length - 1;
    const to = {
      ArrowLeft: Math.max(0, (point?.index ?? last + 1) - 1),
      ArrowRight: Math.min(last, (point?.index ?? -1) + 1),
      Home: 0,
      End: last,
    }[e.key];
    if (!u || to === undefined) return;
    e.preventDefault();
    u.setCursor({ left: u.valToPos(to, "x"), top: u.bbox.height / devicePixelRatio / 2 });
  };

  return (
    <>
      <div class="plot-wrap" tabIndex={0} onKeyDown={onKey} onBlur={() => setPoint(null)}
        role="group" aria-label="Chart; left and right arrows read its values">
        <div class="plot" ref={box} />
        {point && <Tooltip chart={chart} shown={shown} point={point} />}
      </div>
      <Legend chart={chart} hidden={hidden} toggle={toggle} />
    </>
  );
}
