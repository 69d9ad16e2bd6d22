// layout.ts - where tiles stand on the grid of twelve columns.
import type { Box } from "../api/types";

export const COLUMNS = 12;

export interface Wish {
  /** What was saved; x and y absent: anywhere. */
  saved: Partial<Box> | null | undefined;
  /** Columns and rows, when none were saved. */
  w: number;
  h: number;
}

const whole = (v: unknown, least: number, most: number): number | null =>
  (typeof v === "number" && Number.isFinite(v) ? Math.min(most, Math.max(least, Math.floor(v))) : null);

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** The first free place, reading by rows. */
function firstFit(w: number, h: number, taken: Box[]): Box {
  for (let y = 0; ; y++)
    for (let x = 0; x + w <= COLUMNS; x++) {
      const box = { x, y, w, h };
      if (!taken.some((t) => overlap(t, box))) return box;
    }
}

/** The saved place, or below whatever stands there, moved up as far as it goes. */
function settle(box: Box, taken: Box[]): Box {
  const free = (y: number) => !taken.some((t) => overlap(t, { ...box, y }));
  let y = box.y;
  while (!free(y)) y++;
  while (y > 0 && free(y - 1)) y--;
  return { ...box, y };
}

/** A box for each wish, in the same order, none over another. Saved places go first. */
export function arrange(wishes: Wish[]): Box[] {
  const out: Box[] = new Array(wishes.length), taken: Box[] = [];
  const sized = wishes.map(({ saved, w, h }) => {
    const width = whole(saved?.w, 1, COLUMNS) ?? w;
    return { w: width, h: whole(saved?.h, 1, 60) ?? h, x: whole(saved?.x, 0, COLUMNS - width), y: whole(saved?.y, 0, 5000) };
  });
  const placed = sized.map((s, i) => ({ ...s, i })).filter((s) => s.x !== null && s.y !== null)
    .sort((a, b) => a.y! - b.y! || a.x! - b.x! || a.i - b.i);
  for (const { i, x, y, w, h } of placed) taken.push(out[i] = settle({ x: x!, y: y!, w, h }, taken));
  sized.forEach((s, i) => {
    if (!out[i]) taken.push(out[i] = firstFit(s.w, s.h, taken));
  });
  return out;
}
