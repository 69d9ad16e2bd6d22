// view.tsx - draws any chart. What needs uPlot is loaded when the first such chart is shown.
import { lazy } from "../ui/lazy";
import { EmptyNote } from "../ui/notes";
import type { Chart } from "./chart";
import { summary } from "./chart";
import { Funnel } from "./funnel";
import { BigNumber } from "./number";
import { Bars, Pie } from "./parts";
import { Paths } from "./paths";
import { Retention } from "./retention";
import { DataTable } from "./table";

const SeriesPlot = lazy(() => import("./series").then((m) => m.SeriesPlot), <div class="skeleton fill" />);

export function ChartView({ chart }: { chart: Chart }) {
  switch (chart.kind) {
    case "series": return (
      <figure class="figure" aria-label={summary(chart)}><SeriesPlot chart={chart} /></figure>
    );
    case "number": return <BigNumber chart={chart} />;
    case "bars": return <figure class="figure" aria-label={summary(chart)}><Bars chart={chart} /></figure>;
    case "pie": return <figure class="figure" aria-label={summary(chart)}><Pie chart={chart} /></figure>;
    case "funnel": return <figure class="figure" aria-label={summary(chart)}><Funnel chart={chart} /></figure>;
    case "retention": return <figure class="figure" aria-label={summary(chart)}><Retention chart={chart} /></figure>;
    case "paths": return <figure class="figure" aria-label={summary(chart)}><Paths chart={chart} /></figure>;
    case "table": return <DataTable table={chart} />;
    case "empty": return <EmptyNote title="No matching events">Nothing in this period fits the question.</EmptyNote>;
    case "unknown": return (
      <EmptyNote title={`A ${chart.what} insight`}>This page cannot draw it; the API has its result.</EmptyNote>
    );
  }
}
