// endpoints.ts - the calls the page makes, by name.
import { call } from "./client";
import { patiently } from "./retry";
import type { Dashboard, DashboardBasic, Insight, Me, Page, QueryResponse, Shared } from "./types";

const PROJECT = "/api/projects/@current";

/** How an insight's result may be had: from the cache, computed unless fresh, computed now. */
export type Refresh = "force_cache" | "blocking" | "force_blocking";

export interface DateRange {
  date_from?: string;
  date_to?: string;
}

const override = (range: DateRange | undefined) => (range ? JSON.stringify(range) : undefined);

export const login = (email: string, password: string) =>
  call<{ success: boolean }>("POST", "/api/login/", { body: { email, password } });

export const logout = () => call<unknown>("POST", "/api/logout/");

export const fetchMe = () => call<Me>("GET", "/api/users/@me/");

export const listDashboards = (offset: number, signal?: AbortSignal) =>
  patiently(() => call<Page<DashboardBasic>>("GET", `${PROJECT}/dashboards/`,
    { query: { limit: 100, offset }, signal }), signal);

export const fetchDashboard = (id: string, range?: DateRange, signal?: AbortSignal) =>
  patiently(() => call<Dashboard>("GET", `${PROJECT}/dashboards/${encodeURIComponent(id)}/`,
    { query: { filters_override: override(range) }, signal }), signal);

export const pinDashboard = (id: number, pinned: boolean) =>
  call<DashboardBasic>("PATCH", `${PROJECT}/dashboards/${id}/`, { body: { pinned } });

/** An insight as its tile shows it: with the dashboard's filters. */
export const fetchTileInsight = (insight: number, dashboard: number, refresh: Refresh,
  range?: DateRange, signal?: AbortSignal) =>
  patiently(() => call<Insight>("GET", `${PROJECT}/insights/${insight}/`,
    { query: { from_dashboard: dashboard, refresh, filters_override: override(range) }, signal }), signal);

/** Always computed: what asks here watches events come in. */
export const runQuery = (query: Record<string, unknown>, signal?: AbortSignal) =>
  call<QueryResponse>("POST", `${PROJECT}/query/`, { body: { query, refresh: "force_blocking" }, signal });

/** What the link at this path shows; `embedded` is a parameter of its address. */
export const fetchShared = (path: string, bearer: string | undefined, embedded: boolean, signal?: AbortSignal) =>
  patiently(() => call<Shared>("GET", path,
    { query: { format: "json", embedded: embedded ? "true" : undefined }, bearer, signal }), signal);

export const unlockShared = (path: string, password: string) =>
  call<{ shareToken: string }>("POST", path, { body: { password } });
