// colors.ts - the palette is in ui/tokens.css; drawings on a canvas have to read it.
import { PALETTE_SIZE } from "./describe";

const property = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export interface Inks {
  series: string[];
  line: string;
  text: string;
}

export function inks(): Inks {
  return {
    series: Array.from({ length: PALETTE_SIZE }, (_, i) => property(`--series-${i}`)),
    line: property("--line"),
    text: property("--ink-3"),
  };
}

/** "#rrggbb" with an opacity of 0 to 1. */
export function faded(color: string, opacity: number): string {
  return color + Math.round(opacity * 255).toString(16).padStart(2, "0");
}
