// funnel.tsx - how many are left at each step, and how long the step took them.
import { duration, plain } from "../format/number";
import { leftAt, type FunnelChart } from "./chart";

export function Funnel({ chart }: { chart: FunnelChart }) {
  return (
    <ol class="funnel scroll" tabIndex={0}>
      {chart.steps.map((name, step) => (
        <li key={step}>
          <p class="funnel-step"><span class="funnel-number">{step + 1}</span>{name}</p>
          {chart.groups.map((g, i) => {
            const left = leftAt(g.counts, step), time = g.medianSeconds[step] ?? null;
            return (
              <div key={i} class="funnel-row">
                <span class="bars-track">
                  <span class="bars-bar" style={{ width: `${left}%`, background: `var(--series-${g.color})` }} />
                </span>
                <span class="funnel-left">{plain(left, 1)}%</span>
                <span class="funnel-text">
                  {g.label && <b>{g.label}</b>}
                  {plain(g.counts[step] ?? 0, 0)} {g.counts[step] === 1 ? "person" : "people"}
                  {time !== null && `, half of them within ${duration(time)}`}
                </span>
              </div>
            );
          })}
        </li>
      ))}
    </ol>
  );
}
