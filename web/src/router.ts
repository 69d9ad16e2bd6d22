// router.ts - addresses and views. A pattern here is a row of src/api/page.c too, or of shared.c.
import { signal } from "@preact/signals";

export type View = "home" | "login" | "dashboards" | "dashboard" | "activity" | "chat" | "chats" | "shared" | "missing";

export interface Place {
  view: View;
  params: Record<string, string>;
  path: string;
  query: URLSearchParams;
}

export const patterns: readonly [pattern: string, view: View][] = [
  ["/", "home"],
  ["/login", "login"],
  ["/dashboards", "dashboards"],
  ["/dashboard", "dashboards"],
  ["/dashboard/:id", "dashboard"],
  ["/activity", "activity"],
  ["/chat", "chat"],
  ["/chat/:id", "chat"],
  ["/chats", "chats"],
  ["/shared/:token", "shared"],
  ["/shared_dashboard/:token", "shared"],
  ["/embedded/:token", "shared"],
];

function matchOne(pattern: string, path: string): Record<string, string> | null {
  const want = pattern.split("/"), got = path.split("/");
  if (want.length !== got.length) return null;
  const params: Record<string, string> = {};
  for (let i = 0; i < want.length; i++) {
    const w = want[i]!, g = got[i]!;
    if (!w.startsWith(":")) {
      if (w !== g) return null;
    } else if (g) {
      try {
        params[w.slice(1)] = decodeURIComponent(g);
      } catch {
        return null;
      }
    } else return null;
  }
  return params;
}

/** The view of a path (a slash at its end is ignored) with its query, "/dashboard/7?range=-7d". */
export function placeOf(address: string): Place {
  const cut = address.indexOf("?");
  const whole = cut < 0 ? address : address.slice(0, cut);
  const path = whole.length > 1 ? whole.replace(/\/+$/, "") || "/" : whole;
  const query = new URLSearchParams(cut < 0 ? "" : address.slice(cut));
  for (const [pattern, view] of patterns) {
    const params = matchOne(pattern, path);
    if (params) return { view, params, path, query };
  }
  return { view: "missing", params: {}, path, query };
}

/** Where to go after log-in: an address of this page only, whatever the link says. */
export function safeNext(next: string | null): string {
  if (!next || !/^\/(?![/\\])/.test(next)) return "/dashboards";
  const view = placeOf(next).view;
  return view === "login" || view === "shared" || view === "missing" ? "/dashboards" : next;
}

export const place = signal<Place>(placeOf("/"));

const here = () => placeOf(location.pathname + location.search);

export function navigate(to: string, { replace = false } = {}): void {
  history[replace ? "replaceState" : "pushState"](null, "", to);
  const before = place.value;
  place.value = here();
  if (before.path !== place.value.path) scrollTo(0, 0);
}

/** A plain click on a link to one of our views goes there without loading the page anew. */
function onClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  const link = (event.target as Element | null)?.closest?.("a[href]");
  if (!(link instanceof HTMLAnchorElement) || link.target || link.origin !== location.origin) return;
  if (placeOf(link.pathname).view === "missing" || link.hash) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
}

export function startRouter(): void {
  place.value = here();
  addEventListener("popstate", () => { place.value = here(); });
  document.addEventListener("click", onClick);
}
