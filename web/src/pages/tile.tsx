// tile.tsx - one tile of a dashboard: an insight's chart, a text, a button.
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import { projectZone } from "../api/session";
import type { ButtonTile, Tile } from "../api/types";
import { asTable, type Chart } from "../charts/chart";
import { describe, sourceOf } from "../charts/describe";
import { DataTable } from "../charts/table";
import { ChartView } from "../charts/view";
import { Ago } from "../ui/ago";
import { Icon } from "../ui/icon";
import { lazy } from "../ui/lazy";
import { ErrorNote } from "../ui/notes";
import { hasResult, type TileResult } from "./results";
import type { Wish } from "./layout";
import { TileDialog } from "./tile_dialog";

const Markdown = lazy(() => import("../ui/markdown").then((m) => m.Markdown), <div class="skeleton row" />);

/** How large a tile is when nobody has said. */
export function wishOf(tile: Tile): Wish {
  const saved = tile.layouts?.sm;
  if (tile.button_tile) return { saved, w: 3, h: 1 };
  if (!tile.insight) return { saved, w: 6, h: 2 };
  return /"BoldNumber"/.test(JSON.stringify(tile.insight.query)) ? { saved, w: 3, h: 3 } : { saved, w: 6, h: 5 };
}

/** http(s) addresses and paths of this server; whatever else is no link. */
export function safeHref(url: string): string | null {
  return /^https?:\/\//i.test(url) || /^\/(?![/\\])/.test(url) ? url : null;
}

function ButtonBody({ button }: { button: ButtonTile }) {
  const href = safeHref(button.url), out = href && !href.startsWith("/");
  if (!href) return <p class="muted">{button.text}</p>;
  return (
    <div class={`button-tile ${button.placement === "right" ? "right" : ""}`}>
      <a class={`button ${button.style === "secondary" ? "" : "primary"}`} href={href}
        {...(out ? { target: "_blank", rel: "noopener noreferrer" } : {})}>
        {button.text}{out && <Icon name="external" />}
      </a>
    </div>
  );
}

export function insightName(i: { name: string | null; derived_name?: string | null | undefined; query: unknown }): string {
  if (i.name || i.derived_name) return (i.name || i.derived_name)!;
  const kind = sourceOf(i.query)["kind"];
  return kind === "HogQLQuery" ? "Untitled SQL insight"
    : typeof kind === "string" ? `Untitled ${kind.replace(/Query$/, "").toLowerCase()}` : "Untitled insight";
}

interface Props {
  tile: Tile;
  result: TileResult | undefined;
  /** Absent: the reader may not have it computed. */
  onRefresh: (() => void) | undefined;
}

function Body({ chart, asRows, result, onRefresh }:
{ chart: Chart | null; asRows: boolean; result: TileResult; onRefresh: (() => void) | undefined }) {
  const again = onRefresh && { retry: onRefresh };
  if (result.error) return <ErrorNote message={result.error} {...again} />;
  if (!chart && result.busy) return <div class="skeleton fill" role="status" aria-label="Computing" />;
  if (!chart) return <ErrorNote message="The server has no result for this yet." {...again} />;
  const table = asRows ? asTable(chart) : null;
  return table ? <DataTable table={table} /> : <ChartView chart={chart} />;
}

function InsightTile({ tile, result, onRefresh }: Props) {
  const [asRows, setAsRows] = useState(false), [large, setLarge] = useState(false);
  const shown = result ?? { insight: tile.insight!, busy: true, error: null };
  const insight = shown.insight, name = insightName(insight), id = `tile-${tile.id}`;
  const chart = useMemo(() => (hasResult(insight)
    ? describe({ ...insight, timezone: insight.timezone ?? projectZone() }, Date.now()) : null), [insight]);
  const canTurn = chart !== null && !shown.error && asTable(chart) !== null;
  const flip = asRows ? "Show as chart" : "Show as table";
  return (
    <Frame tile={tile} kind={shown.error ? "error" : chart?.kind ?? "series"} labelledby={id} busy={shown.busy}>
      <header class="tile-head">
        <h2 class="tile-title" id={id} title={insight.description || name}>{name}</h2>
        <div class="tile-tools">
          {canTurn && (
            <button type="button" class="icon-button" onClick={() => setAsRows(!asRows)}
              aria-label={`${flip}: ${name}`} title={flip}>
              <Icon name={asRows ? "chart" : "table"} />
            </button>
          )}
          {chart && chart.kind !== "number" && !shown.error && (
            <button type="button" class="icon-button" onClick={() => setLarge(true)}
              aria-label={`Enlarge ${name}`} title="Enlarge">
              <Icon name="expand" />
            </button>
          )}
          {onRefresh && (
            <button type="button" class="icon-button" onClick={onRefresh} disabled={shown.busy}
              aria-label={`Refresh ${name}`} title="Compute again">
              <Icon name="refresh" />
            </button>
          )}
        </div>
      </header>
      {insight.description && tile.show_description !== false && <p class="tile-text">{insight.description}</p>}
      <div class="tile-body"><Body chart={chart} asRows={asRows} result={shown} onRefresh={onRefresh} /></div>
      <footer class="tile-foot">
        {shown.busy && hasResult(insight) ? "Computing…"
          : !shown.error && insight.last_refresh && <>Computed <Ago at={insight.last_refresh} /></>}
      </footer>
      {large && chart && <TileDialog name={name} insight={insight} chart={chart} onClose={() => setLarge(false)} />}
    </Frame>
  );
}

const COLORS = ["blue", "green", "purple", "black", "white", "red", "yellow"];

function Frame({ tile, kind, labelledby, busy = false, children }:
{ tile: Tile; kind: string; labelledby?: string; busy?: boolean; children: ComponentChildren }) {
  const color = tile.color && COLORS.includes(tile.color) ? tile.color : undefined;
  return (
    <article class={`tile tile-${kind} ${tile.transparent_background ? "tile-clear" : ""}`} data-color={color}
      data-tile={tile.id} aria-labelledby={labelledby} aria-busy={busy}>{children}</article>
  );
}

export function TileView(p: Props) {
  const { tile } = p;
  if (tile.insight) return <InsightTile {...p} />;
  if (tile.text)
    return <Frame tile={tile} kind="prose"><div class="scroll"><Markdown text={tile.text.body ?? ""} /></div></Frame>;
  if (tile.button_tile) return <Frame tile={tile} kind="button"><ButtonBody button={tile.button_tile} /></Frame>;
  return (
    <Frame tile={tile} kind="error">
      <ErrorNote message={tile.error?.message || "This tile could not be loaded."} />
    </Frame>
  );
}
