// table.tsx - rows and columns; a click on a column's name sorts by it.
import { useMemo, useState } from "preact/hooks";
import { plain } from "../format/number";
import { Icon } from "../ui/icon";
import type { TableChart } from "./chart";

const SHOWN = 500; // rows in the page at a time

function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return Number.isInteger(value) ? plain(value, 0) : plain(value, 4);
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

/** Numbers, also formatted ones ("$1,200", "35%"), stand on the right and sort by size. */
function size(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || !/^[-+$€£]{0,2}\d[\d,]*(\.\d+)?%?$/.test(value)) return null;
  return Number(value.replace(/[^\d.-]/g, ""));
}

function compare(a: unknown, b: unknown): number {
  const x = size(a), y = size(b);
  if (x !== null && y !== null) return x - y;
  return cell(a).localeCompare(cell(b));
}

export function DataTable({ table }: { table: TableChart }) {
  const [sort, setSort] = useState<{ column: number; down: boolean } | null>(null);
  const numeric = useMemo(() => table.columns.map((_, i) => {
    const some = table.rows.map((r) => r[i]).filter((v) => v !== null && v !== undefined && v !== "");
    return some.length > 0 && some.every((v) => size(v) !== null);
  }), [table]);
  const rows = useMemo(() => {
    if (!sort) return table.rows;
    const sign = sort.down ? -1 : 1;
    return [...table.rows].sort((a, b) => sign * compare(a[sort.column], b[sort.column]));
  }, [table, sort]);
  const turn = (column: number) => setSort((s) =>
    (s?.column !== column ? { column, down: numeric[column]! } : s.down === numeric[column] ? { column, down: !s.down } : null));

  return (
    <div class="table-box scroll" tabIndex={0}>
      <table class="table">
        <thead>
          <tr>
            {table.columns.map((name, i) => (
              <th key={i} scope="col" class={numeric[i] ? "right" : ""}
                aria-sort={sort?.column === i ? (sort.down ? "descending" : "ascending") : "none"}>
                <button type="button" class="sort" onClick={() => turn(i)} aria-label={name || "Name"}>
                  {name}
                  <Icon name={sort?.column === i ? (sort.down ? "down" : "up") : "sort"} />
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, SHOWN).map((row, r) => (
            <tr key={r}>
              {table.columns.map((_, i) => {
                const shown = cell(row[i]);
                return <td key={i} class={numeric[i] ? "right" : ""} title={shown.length > 40 ? shown : undefined}>{shown}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {(rows.length > SHOWN || table.hasMore) && (
        <p class="table-more">{rows.length > SHOWN ? `The first ${SHOWN} of ${plain(rows.length, 0)} rows` : "There are more rows than these"}</p>
      )}
    </div>
  );
}
