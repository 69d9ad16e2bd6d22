// results.ts - the results of a dashboard's insight tiles: cached ones at once, missing and outdated
// ones computed a few at a time, each on its own, all given up when the view is left.
import { useEffect, useRef, useState } from "preact/hooks";
import { isAbort, messageOf } from "../api/client";
import { fetchTileInsight, type DateRange, type Refresh } from "../api/endpoints";
import { limiter } from "../api/limit";
import type { Dashboard, Insight, Tile } from "../api/types";

const AT_ONCE = 3;

export interface TileResult {
  insight: Insight;
  /** Being computed. Without a result yet, there is nothing to show meanwhile. */
  busy: boolean;
  error: string | null;
}

export function hasResult(i: Insight): boolean {
  return i.result !== null && i.result !== undefined;
}

export function errorIn(tile: Tile): string | null {
  if (tile.error) return tile.error.message || "This tile could not be computed.";
  return statusError(tile.insight);
}

function statusError(i: Insight | null | undefined): string | null {
  const s = i?.query_status;
  return s?.error ? s.error_message || "The query failed." : null;
}

/** What has to be asked for after the dashboard itself came with what the cache had. */
export function isOutdated(i: Insight, now: number): boolean {
  return !hasResult(i) || (!!i.cache_target_age && new Date(i.cache_target_age).getTime() < now);
}

export type Results = ReadonlyMap<number, TileResult>;

export function useResults(d: Dashboard | null, range: DateRange | undefined) {
  const [results, setResults] = useState<Results>(new Map());
  const control = useRef<AbortController | null>(null), limit = useRef(limiter(AT_ONCE));
  const put = (id: number, change: (old: TileResult | undefined) => TileResult) =>
    setResults((all) => new Map(all).set(id, change(all.get(id))));

  async function compute(tile: Tile, refresh: Refresh): Promise<void> {
    const before = tile.insight!, signal = control.current!.signal;
    put(tile.id, (old) => ({ insight: old?.insight ?? before, busy: true, error: null }));
    await limit.current(async () => {
      if (signal.aborted) return;
      try {
        const insight = await fetchTileInsight(before.id, d!.id, refresh, range, signal);
        put(tile.id, () => ({ insight, busy: false, error: statusError(insight) }));
      } catch (e) {
        if (!isAbort(e)) put(tile.id, (old) => ({ insight: old?.insight ?? before, busy: false, error: messageOf(e) }));
      }
    });
  }

  useEffect(() => {
    const mine = new AbortController();
    control.current = mine;
    const tiles = (d?.tiles ?? []).filter((t) => t.insight);
    setResults(new Map(tiles.map((t) => [t.id, { insight: t.insight!, busy: false, error: errorIn(t) }])));
    for (const t of tiles)
      if (!errorIn(t) && isOutdated(t.insight!, Date.now())) void compute(t, "blocking");
    return () => mine.abort();
  }, [d]);

  const refresh = (tiles: Tile[]) => void Promise.all(tiles.filter((t) => t.insight).map((t) => compute(t, "force_blocking")));
  return { results, refresh };
}
