// grid.tsx - tiles in their places.
import { useMemo } from "preact/hooks";
import type { Tile } from "../api/types";
import { arrange } from "./layout";
import type { Results } from "./results";
import { TileView, wishOf } from "./tile";

/** Without `refresh` nobody can have a tile computed anew. */
export function Grid({ tiles, results, refresh }:
{ tiles: Tile[]; results: Results; refresh?: (tiles: Tile[]) => void }) {
  const boxes = useMemo(() => arrange(tiles.map(wishOf)), [tiles]);
  return (
    <div class="grid">
      {tiles.map((tile, i) => {
        const box = boxes[i]!;
        return (
          <div key={tile.id} class={`grid-item ${box.w > 6 ? "wide" : ""}`} style={{
            "--column": `${box.x + 1} / span ${box.w}`, "--row": `${box.y + 1} / span ${box.h}` }}>
            <TileView tile={tile} result={results.get(tile.id)} onRefresh={refresh && (() => refresh([tile]))} />
          </div>
        );
      })}
    </div>
  );
}
