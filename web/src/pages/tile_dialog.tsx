// tile_dialog.tsx - one insight large: its drawing, its numbers, the query they come from.
import type { Insight } from "../api/types";
import { asTable, type Chart } from "../charts/chart";
import { DataTable } from "../charts/table";
import { ChartView } from "../charts/view";
import { Ago } from "../ui/ago";
import { Copy } from "../ui/copy";
import { Dialog } from "../ui/dialog";

export function TileDialog({ name, insight, chart, onClose }:
{ name: string; insight: Insight; chart: Chart; onClose: () => void }) {
  const table = asTable(chart);
  return (
    <Dialog title={name} onClose={onClose}>
      {insight.description && <p class="muted">{insight.description}</p>}
      <div class={`dialog-chart tile-${chart.kind}`}><ChartView chart={chart} /></div>
      {table && <div class="dialog-table"><DataTable table={table} /></div>}
      {insight.hogql && (
        <details class="dialog-query">
          <summary>Query in HogQL</summary>
          <div class="code">
            <pre tabIndex={0}><code>{insight.hogql}</code></pre>
            <Copy text={insight.hogql} label="Copy the query" />
          </div>
        </details>
      )}
      {insight.last_refresh && <p class="tile-foot">Computed <Ago at={insight.last_refresh} /></p>}
    </Dialog>
  );
}
