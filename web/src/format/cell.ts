// cell.ts - a value of a query's row as text, and the name of its column.
import { dateTime, date } from "./date";
import { plain } from "./number";

const MOMENT = /^\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** A moment, written in `zone`; a day's beginning there is the day. Null: it is none. */
function moment(text: string, zone: string): string | null {
  if (!MOMENT.test(text) || Number.isNaN(new Date(text).getTime())) return null;
  const full = dateTime(text, zone);
  return full.endsWith(", 00:00") ? date(text, zone) : full;
}

/** People come as objects: the name they go by. */
function nameIn(value: object): string | null {
  const v = value as Record<string, unknown>;
  if (typeof v["display_name"] === "string") return v["display_name"];
  return typeof v["distinct_id"] === "string" && !("event" in v) ? v["distinct_id"] : null;
}

export function cell(value: unknown, zone: string): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return plain(value, Number.isInteger(value) ? 0 : 4);
  if (typeof value === "object") return (Array.isArray(value) ? null : nameIn(value)) ?? JSON.stringify(value);
  if (typeof value === "boolean") return value ? "Yes" : "No";
  return moment(String(value), zone) ?? String(value);
}

/** "properties.$browser -- Browser": a comment names the column. */
export function columnName(text: string): string {
  const hit = /--\s*(\S.*?)\s*$/.exec(text);
  return hit ? hit[1]! : text;
}

/** Numbers, also written ones ("$1,200", "35%"), stand on the right and sort by size. */
export function sizeOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || !/^[-+$€£]{0,2}\d[\d,]*(\.\d+)?%?$/.test(value)) return null;
  return Number(value.replace(/[^\d.-]/g, ""));
}

export function compareCells(a: unknown, b: unknown): number {
  const x = sizeOf(a), y = sizeOf(b);
  if (x !== null && y !== null) return x - y;
  const text = (v: unknown) => (typeof v === "string" ? v : v === null || v === undefined ? "" : JSON.stringify(v));
  return text(a).localeCompare(text(b));
}
