// dashboards.tsx - the list: pinned ones first, found by typing.
import { useEffect, useMemo, useState } from "preact/hooks";
import { isAbort, messageOf } from "../api/client";
import { listDashboards, pinDashboard } from "../api/endpoints";
import { projectZone } from "../api/session";
import type { DashboardBasic } from "../api/types";
import { date } from "../format/date";
import { count } from "../format/number";
import { Ago } from "../ui/ago";
import { Icon } from "../ui/icon";
import { EmptyNote, ErrorNote, Loading } from "../ui/notes";
import { StartGuide } from "../ui/start";
import { useTitle } from "../ui/title";

/** As the API orders them: pinned first, then by name. */
export function inOrder(list: DashboardBasic[]): DashboardBasic[] {
  return [...list].sort((a, b) => Number(b.pinned) - Number(a.pinned) ||
    Number(a.name === null) - Number(b.name === null) || (a.name ?? "").localeCompare(b.name ?? ""));
}

export function matches(d: DashboardBasic, words: string): boolean {
  const text = [d.name ?? "", d.description, ...d.tags].join("\n").toLowerCase();
  return words.toLowerCase().split(/\s+/).every((w) => text.includes(w));
}

function Row({ d, onPin }: { d: DashboardBasic; onPin: (d: DashboardBasic) => void }) {
  const name = d.name || "Untitled";
  return (
    <li class="list-row">
      <button type="button" class="icon-button pin" aria-pressed={d.pinned} onClick={() => onPin(d)}
        aria-label={`Pin ${name}`} title={d.pinned ? "Unpin" : "Pin to the top"}>
        <Icon name="pin" />
      </button>
      <a class="list-main" href={`/dashboard/${d.id}`}>
        <span class="list-name">{name}</span>
        {d.description && <span class="list-text">{d.description}</span>}
      </a>
      {d.tags.length > 0 && <ul class="tags">{d.tags.map((t) => <li key={t} class="tag">{t}</li>)}</ul>}
      <span class="list-when">
        {d.last_viewed_at ? <>viewed <Ago at={d.last_viewed_at} /></> : <>made {date(d.created_at, projectZone())}</>}
      </span>
    </li>
  );
}

interface Loaded {
  list: DashboardBasic[];
  count: number;
}

export function Dashboards() {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [words, setWords] = useState("");
  const [turn, setTurn] = useState(0);
  useTitle("Dashboards");

  useEffect(() => {
    const control = new AbortController();
    setError(null);
    listDashboards(0, control.signal).then((p) => setLoaded({ list: p.results, count: p.count }),
      (e: unknown) => { if (!isAbort(e)) setError(messageOf(e)); });
    return () => control.abort();
  }, [turn]);

  const shown = useMemo(() => loaded && inOrder(loaded.list).filter((d) => matches(d, words.trim())), [loaded, words]);

  async function more(): Promise<void> {
    try {
      const p = await listDashboards(loaded!.list.length);
      const known = new Set(loaded!.list.map((d) => d.id));
      setLoaded({ list: [...loaded!.list, ...p.results.filter((d) => !known.has(d.id))], count: p.count });
    } catch (e) {
      setError(messageOf(e));
    }
  }

  async function pin(d: DashboardBasic): Promise<void> {
    const put = (pinned: boolean) =>
      setLoaded((l) => l && { ...l, list: l.list.map((x) => (x.id === d.id ? { ...x, pinned } : x)) });
    put(!d.pinned);
    try {
      await pinDashboard(d.id, !d.pinned);
      setError(null);
    } catch (e) {
      put(d.pinned);
      setError(messageOf(e));
    }
  }

  return (
    <div class="page narrow">
      <div class="page-head">
        <h1>Dashboards</h1>
        {loaded && loaded.count > 0 && (
          <label class="search">
            <Icon name="search" />
            <input type="search" placeholder={`Search ${count(loaded.count, "dashboard")}`} aria-label="Search dashboards"
              value={words} onInput={(e) => setWords(e.currentTarget.value)} />
          </label>
        )}
      </div>
      {error && <ErrorNote message={error} retry={() => setTurn((n) => n + 1)} />}
      {!loaded && !error && <Loading label="Loading dashboards" />}
      {loaded && loaded.count === 0 && (
        <>
          <EmptyNote title="No dashboards yet">Make one through the API or with Terraform, and it appears here.</EmptyNote>
          <StartGuide />
        </>
      )}
      {shown && loaded!.count > 0 && (shown.length
        ? <ul class="list">{shown.map((d) => <Row key={d.id} d={d} onPin={(x) => void pin(x)} />)}</ul>
        : <EmptyNote title="Nothing found">No dashboard has “{words.trim()}” in its name, description or tags.</EmptyNote>)}
      {loaded && loaded.list.length < loaded.count && (
        <button type="button" class="button more" onClick={() => void more()}>
          Show more ({loaded.count - loaded.list.length} left)
        </button>
      )}
    </div>
  );
}
