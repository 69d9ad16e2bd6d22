// activity.tsx - events as they come in: how many a minute, and the latest ones.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { isAbort, messageOf } from "../api/client";
import { runQuery } from "../api/endpoints";
import { poll } from "../api/poll";
import { projectZone } from "../api/session";
import type { SeriesChart } from "../charts/chart";
import { ChartView } from "../charts/view";
import { clock, dateTime, wallClock } from "../format/date";
import { eventName } from "../format/event";
import { count, plain } from "../format/number";
import { Ago } from "../ui/ago";
import { Icon } from "../ui/icon";
import { ErrorNote, Loading } from "../ui/notes";
import { StartGuide } from "../ui/start";
import { useTitle } from "../ui/title";

const MINUTES = 30;
const LATEST = 50;

export interface EventRow {
  uuid: string;
  event: string;
  distinct_id: string;
  timestamp: string;
  properties: Record<string, unknown>;
}

function propertiesOf(value: unknown): Record<string, unknown> {
  let v = value;
  if (typeof v === "string") {
    try {
      v = JSON.parse(v);
    } catch {
      return {};
    }
  }
  return typeof v === "object" && v !== null && !Array.isArray(v) ? (v as Record<string, unknown>) : {};
}

export function eventRows(results: unknown): EventRow[] {
  return (Array.isArray(results) ? results : []).filter(Array.isArray).map((r: unknown[]) => ({
    uuid: String(r[0]), event: String(r[1]), distinct_id: String(r[2]), timestamp: String(r[3]),
    properties: propertiesOf(r[4]) }));
}

/** One bar a minute, up to and including the minute of `now`. */
export function perMinute(results: unknown, now: number, zone: string): SeriesChart {
  const counts = new Map<number, number>();
  for (const r of Array.isArray(results) ? results : [])
    if (Array.isArray(r)) counts.set(Math.floor(new Date(String(r[0])).getTime() / 6e4), Number(r[1]) || 0);
  const last = Math.floor(now / 6e4);
  const minutes = Array.from({ length: MINUTES }, (_, i) => last - MINUTES + 1 + i);
  return {
    kind: "series", form: "stacked", interval: "minute", open: true, format: {},
    buckets: minutes.map((m) => new Date(wallClock(m * 6e4, zone)).toISOString().slice(0, 19).replace("T", " ")),
    series: [{ label: "Events", color: 0, previous: false, values: minutes.map((m) => counts.get(m) ?? 0) }],
  };
}

const minuteQuery = { kind: "HogQLQuery", query: `select toStartOfMinute(timestamp) as minute, count() from events ` +
  `where timestamp > now() - interval ${MINUTES} minute group by minute order by minute` };
const latestQuery = { kind: "EventsQuery", select: ["uuid", "event", "distinct_id", "timestamp", "properties"],
  orderBy: ["timestamp DESC"], after: "-24h", limit: LATEST };

function Properties({ of }: { of: EventRow }) {
  const names = Object.keys(of.properties).sort();
  return (
    <dl class="properties">
      <div><dt>uuid</dt><dd>{of.uuid}</dd></div>
      <div><dt>timestamp</dt><dd>{dateTime(of.timestamp, projectZone())}</dd></div>
      {names.map((n) => {
        const v = of.properties[n];
        return <div key={n}><dt>{n}</dt><dd>{typeof v === "string" ? v : JSON.stringify(v)}</dd></div>;
      })}
    </dl>
  );
}

function Event({ row, fresh }: { row: EventRow; fresh: boolean }) {
  const [open, setOpen] = useState(false);
  const at = row.properties["$current_url"] ?? row.properties["$screen_name"];
  const where = typeof at === "string" ? at : "";
  return (
    <>
      <tr class={fresh ? "fresh" : ""}>
        <td>
          <button type="button" class="disclose" aria-expanded={open} onClick={() => setOpen(!open)}>
            <Icon name="chevron" /><span class="event-name" title={row.event}>{eventName(row.event)}</span>
          </button>
        </td>
        <td class="clip" title={row.distinct_id}>{row.distinct_id}</td>
        <td class="clip wide-only" title={where}>{where.replace(/^https?:\/\/(www\.)?/, "")}</td>
        <td class="right nowrap">
          <span class="wide-only muted">{clock(row.timestamp, projectZone())} · </span><Ago at={row.timestamp} />
        </td>
      </tr>
      {open && <tr class="detail"><td colSpan={4}><Properties of={row} /></td></tr>}
    </>
  );
}

interface Seen {
  rows: EventRow[];
  fresh: Set<string>;
  chart: SeriesChart;
  total: number;
}

function useActivity() {
  const [seen, setSeen] = useState<Seen | null>(null);
  const [error, setError] = useState<string | null>(null);
  const known = useRef<Set<string> | null>(null);
  useEffect(() => poll(async (signal) => {
    try {
      const [minutes, latest] = await Promise.all([runQuery(minuteQuery, signal), runQuery(latestQuery, signal)]);
      const now = minutes.last_refresh ? new Date(minutes.last_refresh).getTime() : Date.now();
      const rows = eventRows(latest.results), chart = perMinute(minutes.results, now, projectZone());
      const fresh = new Set(known.current ? rows.map((r) => r.uuid).filter((u) => !known.current!.has(u)) : []);
      known.current = new Set(rows.map((r) => r.uuid));
      setSeen({ rows, fresh, chart, total: chart.series[0]!.values.reduce<number>((n, v) => n + (v ?? 0), 0) });
      setError(null);
    } catch (e) {
      if (!isAbort(e)) setError(messageOf(e));
      throw e;
    }
  }, { everyMs: 3000, slowestMs: 30000 }), []);
  return { seen, error };
}

export function Activity() {
  const { seen, error } = useActivity();
  const chart = useMemo(() => seen?.chart, [JSON.stringify(seen?.chart)]);
  useTitle(seen ? `${count(seen.total, "event")} · Activity` : "Activity");
  return (
    <div class="page narrow">
      <div class="page-head"><h1>Activity</h1></div>
      {error && <ErrorNote message={error} />}
      {!seen && !error && <Loading label="Loading events" />}
      {seen && seen.rows.length === 0 && (
        <>
          <p class="waiting" role="status">
            <span class="live-dot" />Waiting for events: none came in during the last 24 hours.
          </p>
          <StartGuide />
        </>
      )}
      {seen && seen.rows.length > 0 && (
        <>
          <section class="card pulse" aria-label={`Events in the last ${MINUTES} minutes`}>
            <p class="pulse-count">
              <b>{plain(seen.total, 0)}</b>
              <span class="muted">{seen.total === 1 ? "event" : "events"} in the last {MINUTES} minutes</span>
            </p>
            <div class="pulse-chart"><ChartView chart={chart!} /></div>
          </section>
          <section class="card flush" aria-label="Latest events">
            <table class="table events">
              <thead>
                <tr>
                  <th scope="col">Event</th>
                  <th scope="col">Person</th>
                  <th scope="col" class="wide-only">Where</th>
                  <th scope="col" class="right">When</th>
                </tr>
              </thead>
              <tbody>{seen.rows.map((r) => <Event key={r.uuid} row={r} fresh={seen.fresh.has(r.uuid)} />)}</tbody>
            </table>
          </section>
        </>
      )}
    </div>
  );
}
