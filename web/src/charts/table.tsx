// table.tsx - rows and columns; a click on a column's name sorts by it.
import { useMemo, useState } from "preact/hooks";
import { projectZone } from "../api/session";
import { cell, columnName, compareCells, sizeOf } from "../format/cell";
import { plain } from "../format/number";
import { Icon } from "../ui/icon";
import type { TableChart } from "./chart";

const SHOWN = 500; // rows in the page at a time

export function DataTable({ table }: { table: TableChart }) {
  const zone = projectZone();
  const [sort, setSort] = useState<{ column: number; down: boolean } | null>(null);
  const numeric = useMemo(() => table.columns.map((_, i) => {
    const some = table.rows.map((r) => r[i]).filter((v) => v !== null && v !== undefined && v !== "");
    return some.length > 0 && some.every((v) => sizeOf(v) !== null);
  }), [table]);
  const rows = useMemo(() => {
    if (!sort) return table.rows;
    const sign = sort.down ? -1 : 1;
    const key = (i: number) => (sort.column === 0 && table.order ? table.order[i] : table.rows[i]![sort.column]);
    return table.rows.map((_, i) => i).sort((a, b) => sign * compareCells(key(a), key(b))).map((i) => table.rows[i]!);
  }, [table, sort]);
  // Numbers begin with the largest, texts with the first; then the other way round; then as they came.
  const turn = (column: number) => setSort((s) => {
    const first = numeric[column]!;
    if (s?.column !== column) return { column, down: first };
    return s.down === first ? { column, down: !first } : null;
  });

  return (
    <div class="table-box scroll" tabIndex={0}>
      <table class="table">
        <thead>
          <tr>
            {table.columns.map((name, i) => (
              <th key={i} scope="col" class={numeric[i] ? "right" : ""}
                aria-sort={sort?.column === i ? (sort.down ? "descending" : "ascending") : "none"}>
                <button type="button" class="sort" onClick={() => turn(i)} aria-label={columnName(name) || "Name"}>
                  {columnName(name)}
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
                const shown = cell(row[i], zone);
                return (
                  <td key={i} class={numeric[i] ? "right" : ""} title={shown.length > 40 ? shown : undefined}>{shown}</td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {(rows.length > SHOWN || table.hasMore) && (
        <p class="table-more">
          {rows.length > SHOWN ? `The first ${SHOWN} of ${plain(rows.length, 0)} rows` : "There are more rows than these"}
        </p>
      )}
    </div>
  );
}
