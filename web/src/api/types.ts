// types.ts - what the API answers, as far as the page reads it. Results of queries are `unknown`:
// charts/describe.ts looks at them before use.

export interface UserBasic {
  id: number;
  uuid: string;
  first_name: string;
  last_name: string;
  email: string;
}

export interface Team {
  id: number;
  name: string;
  api_token: string;
  timezone: string;
}

export interface Me extends UserBasic {
  team: Team | null;
  organization: { id: string; name: string } | null;
}

export interface Page<T> {
  count: number;
  next: string | null;
  previous: string | null;
  results: T[];
}

export interface DashboardBasic {
  id: number;
  name: string | null;
  description: string;
  pinned: boolean;
  created_at: string;
  created_by: UserBasic | null;
  last_accessed_at: string | null;
  last_viewed_at: string | null;
  tags: string[];
}

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface QueryStatus {
  complete?: boolean;
  error?: boolean;
  error_message?: string | null;
}

export interface Insight {
  id: number;
  short_id: string;
  name: string | null;
  derived_name?: string | null;
  description?: string | null;
  query: unknown;
  filters?: unknown;
  result: unknown;
  columns?: unknown;
  types?: unknown;
  hasMore?: boolean | null;
  last_refresh: string | null;
  cache_target_age?: string | null;
  timezone?: string | null;
  is_cached?: boolean;
  query_status?: QueryStatus | null;
  hogql?: string | null;
}

export interface TextTile {
  body: string | null;
}

export interface ButtonTile {
  url: string;
  text: string;
  style?: "primary" | "secondary";
  placement?: "left" | "right";
}

export interface Tile {
  id: number;
  layouts?: { sm?: Partial<Box>; xs?: Partial<Box> } | null;
  color?: string | null;
  show_description?: boolean | null;
  transparent_background?: boolean | null;
  insight?: Insight | null;
  text?: TextTile | null;
  button_tile?: ButtonTile | null;
  error?: { type?: string; message?: string };
}

export interface Dashboard extends DashboardBasic {
  filters: Record<string, unknown>;
  persisted_filters: Record<string, unknown> | null;
  last_refresh: string | null;
  tiles: Tile[];
}

/** What a link shows. */
export interface Shared {
  type: "scene" | "embed" | "unlock";
  accessToken: string;
  dashboard?: Dashboard;
  insight?: Insight;
  timezone?: string;
  theme?: "light" | "dark" | "system";
  noHeader?: boolean;
  whitelabel?: boolean;
  legend?: boolean;
  detailed?: boolean;
}

export interface QueryResponse {
  results: unknown;
  columns?: unknown;
  types?: unknown;
  hasMore?: boolean;
  last_refresh?: string | null;
}
