// number.tsx - one value, written large.
import { change, formatNumber } from "../format/number";
import type { NumberChart } from "./chart";

export function BigNumber({ chart }: { chart: NumberChart }) {
  const text = formatNumber(chart.value, chart.format);
  const delta = chart.previous === null ? null : change(chart.value, chart.previous);
  return (
    <div class="big-number">
      <p class="big-number-value" style={{ "--length": Math.max(4, text.length) }}>{text}</p>
      <p class="big-number-label">{chart.label}</p>
      {chart.previous !== null && (
        <p class="big-number-delta">
          {delta && <b class={chart.value >= chart.previous ? "up" : "down"}>{delta}</b>}
          {" "}from {formatNumber(chart.previous, chart.format)} in the previous period
        </p>
      )}
    </div>
  );
}
