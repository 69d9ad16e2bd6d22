// shared.tsx - a dashboard or insight by its link, for everyone: no navigation, nothing to change. What
// the server has not computed yet is asked for again until it is there.
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, isAbort, messageOf } from "../api/client";
import { fetchShared, unlockShared } from "../api/endpoints";
import { poll } from "../api/poll";
import type { Insight, Shared as Data, Tile } from "../api/types";
import { asTable } from "../charts/chart";
import { describe } from "../charts/describe";
import { DataTable } from "../charts/table";
import { place } from "../router";
import { Logo } from "../ui/icon";
import { EmptyNote, ErrorNote, Loading } from "../ui/notes";
import { decreeTheme } from "../ui/theme";
import { useTitle } from "../ui/title";
import { Grid } from "./grid";
import { errorIn, hasResult, type Results } from "./results";
import { insightName, TileView } from "./tile";

const AGAIN_MS = 1500;

function Unlock({ path, onOpen }: { path: string; onOpen: (bearer: string) => void }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const password = useRef<HTMLInputElement>(null);
  useTitle("Password");
  useEffect(() => password.current?.focus(), []);

  async function submit(e: Event): Promise<void> {
    e.preventDefault();
    setBusy(true);
    setError(null);
    try {
      onOpen((await unlockShared(path, password.current!.value)).shareToken);
    } catch (failure) {
      setError(messageOf(failure));
      setBusy(false);
      password.current?.select();
    }
  }

  return (
    <main class="login">
      <form class="login-card" onSubmit={(e) => void submit(e)}>
        <Logo />
        <h1>This link has a password</h1>
        <label class="field">
          <span>Password</span>
          <input class="input" ref={password} type="password" name="password" autocomplete="off" required
            aria-invalid={error ? true : undefined} aria-describedby={error ? "unlock-error" : undefined} />
        </label>
        {error && <p class="form-error" id="unlock-error" role="alert">{error}</p>}
        <button type="submit" class="button primary" disabled={busy}>{busy ? "Opening…" : "Open"}</button>
      </form>
    </main>
  );
}

/** The insight of a link as a tile that has the page to itself. */
const tileOf = (insight: Insight): Tile => ({ id: insight.id, insight });

const tilesOf = (d: Data): Tile[] => d.dashboard?.tiles ?? (d.insight ? [tileOf(d.insight)] : []);

function resultsOf(tiles: Tile[], timezone: string | undefined): Results {
  return new Map(tiles.filter((t) => t.insight).map((t) => {
    const error = errorIn(t), insight = { ...t.insight!, timezone: t.insight!.timezone ?? timezone ?? "UTC" };
    return [t.id, { insight, error, busy: !error && !hasResult(insight) }];
  }));
}

function Head({ d }: { d: Data }) {
  if (d.noHeader || !d.dashboard) return null; // an insight's tile has its name
  const { name, description, tags } = d.dashboard;
  return (
    <div class="page-head">
      <div class="page-title">
        <h1>{name || "Untitled"}</h1>
        {description && <p class="muted">{description}</p>}
        {tags.length > 0 && <ul class="tags">{tags.map((t) => <li key={t} class="tag">{t}</li>)}</ul>}
      </div>
    </div>
  );
}

function Rows({ insight }: { insight: Insight }) {
  const table = hasResult(insight) ? asTable(describe(insight, Date.now())) : null;
  return table && <div class="shared-rows"><DataTable table={table} /></div>;
}

function View({ d }: { d: Data }) {
  const tiles = tilesOf(d), results = resultsOf(tiles, d.timezone);
  useTitle(d.dashboard ? d.dashboard.name || "Dashboard" : insightName(d.insight!));
  const only = d.insight && tiles[0]!;
  return (
    <main class={`shared shared-${d.type} ${d.legend ? "with-legend" : ""}`}>
      <Head d={d} />
      {only && <div class="shared-one"><TileView tile={only} result={results.get(only.id)} onRefresh={undefined} /></div>}
      {only && d.detailed && <Rows insight={results.get(only.id)!.insight} />}
      {!only && (tiles.length ? <Grid tiles={tiles} results={results} /> : <EmptyNote title="This dashboard has no tiles yet" />)}
      {!d.whitelabel && <p class="shared-foot"><Logo />hoglet</p>}
    </main>
  );
}

const isWaiting = (d: Data) => [...resultsOf(tilesOf(d), undefined).values()].some((r) => r.busy);

export function Shared() {
  const { path, query } = place.value, embedded = query.has("embedded");
  const [d, setD] = useState<Data | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [bearer, setBearer] = useState<string | undefined>(undefined);
  const [turn, setTurn] = useState(0);

  useEffect(() => poll(async (signal) => {
    try {
      const got = await fetchShared(path, bearer, embedded, signal);
      if (got.theme) decreeTheme(got.theme);
      setD(got);
      setError(null);
      if (got.type === "unlock" || !isWaiting(got)) await new Promise<void>((end) => signal.addEventListener("abort", () => end()));
    } catch (e) {
      if (!isAbort(e)) setError(e);
      throw e;
    }
  }, { everyMs: AGAIN_MS, slowestMs: 30000 }), [path, embedded, bearer, turn]);

  if (error instanceof ApiError && error.status === 404)
    return <main class="login"><EmptyNote title="This link shows nothing">It may have been withdrawn.</EmptyNote></main>;
  if (error && !d)
    return <main class="login"><ErrorNote message={messageOf(error)} retry={() => setTurn((n) => n + 1)} /></main>;
  if (!d) return <main class="shared"><Loading /></main>;
  if (d.type === "unlock") return <Unlock path={path} onOpen={setBearer} />;
  return <View d={d} />;
}
