// retention.tsx - of those who began in an interval, the share that came back in each one after it: a
// row for each interval, the darker the more came back.
import { plain } from "../format/number";
import { meanOf, shareAt, type RetentionChart } from "./chart";

const percent = (share: number) => `${plain(share, share < 10 && share > 0 ? 1 : 0)}%`;

/** A cell's shade, so that the text on it stays readable in both themes. */
function shade(share: number) {
  return { background: `color-mix(in srgb, var(--series-0) ${Math.round(Math.min(share, 100) * 0.5)}%, transparent)` };
}

function Share({ share, title }: { share: number | null; title?: string }) {
  if (share === null) return <td />;
  return <td class="retention-share" style={shade(share)} title={title}>{percent(share)}</td>;
}

export function Retention({ chart }: { chart: RetentionChart }) {
  return (
    <div class="table-box scroll" tabIndex={0}>
      <table class="table retention">
        <thead>
          <tr>
            <th scope="col">Began</th><th scope="col" class="right">People</th>
            {chart.columns.slice(1).map((name) => <th key={name} scope="col" class="right">{name}</th>)}
          </tr>
        </thead>
        {chart.tables.map((table, t) => (
          <tbody key={t}>
            {table.label && <tr><th class="retention-group" scope="rowgroup" colSpan={chart.columns.length + 1}>{table.label}</th></tr>}
            {chart.mean !== "none" && (
              <tr class="retention-mean">
                <th scope="row">{chart.mean === "weighted" ? "Weighted mean" : "Mean"}</th><td />
                {chart.columns.slice(1).map((name, k) => <Share key={name} share={meanOf(chart, table, k + 1)} />)}
              </tr>
            )}
            {table.rows.map((row) => (
              <tr key={row.label}>
                <th scope="row">{row.label}</th>
                <td class="right">{plain(row.counts[0] ?? 0, 0)}</td>
                {chart.columns.slice(1).map((name, k) => (
                  <Share key={name} share={shareAt(chart, row, k + 1)}
                    title={row.counts[k + 1] == null ? undefined : `${plain(row.counts[k + 1]!, 0)} of ${plain(row.counts[0] ?? 0, 0)} people`} />
                ))}
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}
