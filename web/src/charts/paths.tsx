// paths.tsx - the ways that people take: places as bars by step, ribbons between them.
import { useEffect, useRef, useState } from "preact/hooks";
import { plain } from "../format/number";
import type { PathsChart } from "./chart";
import { PALETTE_SIZE } from "./describe";
import { BAR, flow, type FlowRibbon } from "./flow";

function ribbon({ from, to, y1, y2, height }: FlowRibbon): string {
  const x1 = from.x + BAR, x2 = to.x, mid = (x1 + x2) / 2;
  return `M${x1} ${y1}C${mid} ${y1} ${mid} ${y2} ${x2} ${y2}V${y2 + height}C${mid} ${y2 + height} ${mid} ${y1 + height} ${x1} ${y1 + height}Z`;
}

export function Paths({ chart }: { chart: PathsChart }) {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  useEffect(() => {
    const look = new ResizeObserver(([e]) => setSize({ width: e!.contentRect.width, height: e!.contentRect.height }));
    look.observe(box.current!);
    return () => look.disconnect();
  }, []);
  const drawn = size && size.width > 160 && size.height > 40 ? flow(chart, size.width, size.height) : null;
  const last = drawn ? Math.max(...drawn.places.map((p) => p.step)) : 0;
  const next = drawn?.places.find((p) => p.x > 0)?.x ?? 120;
  return (
    <div class="paths" ref={box}>
      {drawn && (
        <svg width={size!.width} height={size!.height} aria-hidden="true">
          {drawn.ribbons.map((r, i) => (
            <path key={i} class="paths-ribbon" d={ribbon(r)}
              style={{ fill: `var(--series-${drawn.places.indexOf(r.from) % PALETTE_SIZE})` }}>
              <title>{`${r.from.name} → ${r.to.name}: ${plain(r.value)}`}</title>
            </path>
          ))}
          {drawn.places.map((p, i) => (
            <g key={i}>
              <rect x={p.x} y={p.y} width={BAR} height={p.height} rx="2"
                style={{ fill: `var(--series-${i % PALETTE_SIZE})` }}>
                <title>{`${p.name}: ${plain(p.value)}`}</title>
              </rect>
              {p.height >= 9 && (
                <foreignObject x={p.x + BAR + 4} y={p.y} width={Math.max(0, (p.step === last ? 120 : next) - BAR - 8)} height="18">
                  <div class="paths-name">{p.name} <b>{plain(p.value)}</b></div>
                </foreignObject>
              )}
            </g>
          ))}
        </svg>
      )}
    </div>
  );
}
