// parts.tsx - totals side by side: bars, or a ring of their shares.
import { formatNumber, plain } from "../format/number";
import type { PartsChart } from "./chart";

export function Bars({ chart }: { chart: PartsChart }) {
  const most = Math.max(...chart.parts.map((p) => Math.abs(p.value)), 0) || 1;
  return (
    <ul class="bars scroll" tabIndex={0}>
      {chart.parts.map((p, i) => (
        <li key={i}>
          <span class="bars-label" title={p.label}>{p.label}</span>
          <span class="bars-value">{formatNumber(p.value, chart.format)}</span>
          <span class="bars-track">
            <span class="bars-bar" style={{ width: `${(Math.abs(p.value) / most) * 100}%`,
              background: `var(--series-${p.color})` }} />
          </span>
        </li>
      ))}
    </ul>
  );
}

const RADIUS = 42;
const ROUND = 2 * Math.PI * RADIUS;

export function Pie({ chart }: { chart: PartsChart }) {
  const sum = chart.parts.reduce((n, p) => n + p.value, 0) || 1;
  const gap = chart.parts.length > 1 ? 1 : 0;
  let from = 0;
  return (
    <div class="pie">
      <svg class="pie-ring" viewBox="0 0 100 100" aria-hidden="true">
        {chart.parts.map((p, i) => {
          const arc = (p.value / sum) * ROUND, start = from;
          from += arc;
          return arc > 0 && (
            <circle key={i} cx="50" cy="50" r={RADIUS} fill="none" stroke={`var(--series-${p.color})`}
              stroke-width="15" stroke-dasharray={`${Math.max(arc - gap, 0.4)} ${ROUND}`}
              stroke-dashoffset={-start} transform="rotate(-90 50 50)" />
          );
        })}
        <text x="50" y="54" text-anchor="middle" class="pie-sum">{formatNumber(sum, chart.format, true)}</text>
      </svg>
      <ul class="pie-legend scroll" tabIndex={0}>
        {chart.parts.map((p, i) => (
          <li key={i}>
            <span class="swatch" style={{ background: `var(--series-${p.color})` }} />
            <span class="pie-label" title={p.label}>{p.label}</span>
            <span class="pie-value">{formatNumber(p.value, chart.format)}</span>
            <span class="pie-share">{plain((p.value / sum) * 100, 1)}%</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
