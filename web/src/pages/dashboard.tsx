// dashboard.tsx - one dashboard: its name, its period, its tiles on their grid.
import { useEffect, useMemo, useState } from "preact/hooks";
import { ApiError, isAbort, messageOf } from "../api/client";
import { fetchDashboard, pinDashboard, type DateRange } from "../api/endpoints";
import type { Dashboard as Data } from "../api/types";
import { navigate, place } from "../router";
import { Ago } from "../ui/ago";
import { Icon } from "../ui/icon";
import { EmptyNote, ErrorNote } from "../ui/notes";
import { StartGuide } from "../ui/start";
import { useTitle } from "../ui/title";
import { Grid } from "./grid";
import { useResults, type Results } from "./results";

const periods: [value: string, label: string][] = [
  ["", "Period as saved"], ["-24h", "Last 24 hours"], ["-7d", "Last 7 days"], ["-14d", "Last 14 days"],
  ["-30d", "Last 30 days"], ["-90d", "Last 90 days"], ["-180d", "Last 180 days"], ["all", "All time"],
];

function rangeOf(query: URLSearchParams): DateRange | undefined {
  const from = query.get("period");
  return from && periods.some(([v]) => v === from) ? { date_from: from } : undefined;
}

/** The age of the oldest result on the page. */
function oldest(results: Results): string | null {
  const times = [...results.values()].map((r) => r.insight.last_refresh).filter((t): t is string => !!t);
  return times.length ? times.reduce((a, b) => (new Date(a) < new Date(b) ? a : b)) : null;
}

function Head({ d, results, refresh, onPin }:
{ d: Data; results: Results; refresh: () => void; onPin: () => void }) {
  const busy = [...results.values()].some((r) => r.busy), age = oldest(results);
  const period = rangeOf(place.value.query)?.date_from ?? "";
  const go = (value: string) =>
    navigate(place.value.path + (value ? `?period=${encodeURIComponent(value)}` : ""), { replace: true });
  return (
    <div class="page-head">
      <div class="page-title">
        <a class="crumb" href="/dashboards"><Icon name="back" />Dashboards</a>
        <h1>{d.name || "Untitled"}</h1>
        {d.description && <p class="muted">{d.description}</p>}
        {d.tags.length > 0 && <ul class="tags">{d.tags.map((t) => <li key={t} class="tag">{t}</li>)}</ul>}
      </div>
      <div class="page-tools">
        {age && <span class="age muted">Results from <Ago at={age} /></span>}
        <button type="button" class="icon-button pin" aria-pressed={d.pinned} aria-label="Pin this dashboard"
          title={d.pinned ? "Unpin" : "Pin to the top"} onClick={onPin}><Icon name="pin" /></button>
        <select class="select" aria-label="Period" value={period} onChange={(e) => go(e.currentTarget.value)}>
          {periods.map(([value, label]) => <option key={value} value={value}>{label}</option>)}
        </select>
        <button type="button" class={`button ${busy ? "busy" : ""}`} disabled={busy || !results.size} onClick={refresh}>
          <Icon name="refresh" />{busy ? "Computing…" : "Refresh"}
        </button>
      </div>
    </div>
  );
}

function Skeleton() {
  return (
    <div class="page" role="status" aria-label="Loading the dashboard">
      <div class="page-head"><div class="skeleton title" /></div>
      <div class="grid">
        {[0, 1, 2, 3].map((i) => (
          <div key={i} class="grid-item" style={{ "--column": `${(i % 2) * 6 + 1} / span 6`, "--row": "span 5" }}>
            <div class="tile"><div class="skeleton row" /><div class="skeleton fill" /></div>
          </div>
        ))}
      </div>
    </div>
  );
}

export function Dashboard({ id }: { id: string }) {
  const [d, setD] = useState<Data | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [turn, setTurn] = useState(0);
  const [pinned, setPinned] = useState<boolean | null>(null); // since the dashboard was loaded
  const period = rangeOf(place.value.query)?.date_from;
  const range = useMemo(() => (period ? { date_from: period } : undefined), [period]);
  const { results, refresh } = useResults(d, range);
  useTitle(d?.name || "Dashboard");

  useEffect(() => {
    const control = new AbortController();
    setError(null);
    setPinned(null);
    fetchDashboard(id, range, control.signal).then(setD, (e: unknown) => { if (!isAbort(e)) setError(e); });
    return () => control.abort();
  }, [id, range, turn]);

  async function pin(): Promise<void> {
    try {
      const now = await pinDashboard(d!.id, !(pinned ?? d!.pinned));
      setPinned(now.pinned);
      setError(null);
    } catch (e) {
      setError(e);
    }
  }

  if (error && !d)
    return (
      <div class="page narrow">
        <a class="crumb" href="/dashboards"><Icon name="back" />Dashboards</a>
        {error instanceof ApiError && error.status === 404
          ? <EmptyNote title="There is no such dashboard">It may have been deleted, or belong to another project.</EmptyNote>
          : <ErrorNote message={messageOf(error)} retry={() => setTurn((n) => n + 1)} />}
      </div>
    );
  if (!d) return <Skeleton />;
  return (
    <div class="page">
      <Head d={{ ...d, pinned: pinned ?? d.pinned }} results={results} refresh={() => refresh(d.tiles)}
        onPin={() => void pin()} />
      {error !== null && <ErrorNote message={messageOf(error)} retry={() => setTurn((n) => n + 1)} />}
      {d.tiles.length ? <Grid tiles={d.tiles} results={results} refresh={refresh} /> : (
        <div class="narrow">
          <EmptyNote title="This dashboard has no tiles yet">
            Put an insight on it through the API: its <code>dashboards</code> field takes {`[${d.id}]`}.
          </EmptyNote>
          <StartGuide />
        </div>
      )}
    </div>
  );
}
