// client.ts - one call to this server's API: cookies, CSRF token, error envelope. Nothing else in
// the page calls fetch.

/** What the API answered instead of a result; `code` "unreachable" when it did not answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly attr: string | null = null,
    /** Seconds, when the server named them. */
    readonly retryAfter: number | null = null,
  ) {
    super(detail);
    this.name = "ApiError";
  }
}

export type Query = Record<string, string | number | boolean | undefined>;

export interface CallOptions {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** What opens a link that has a password. */
  bearer?: string | undefined;
}

const CSRF_COOKIE = "posthog_csrftoken";
let unauthorized: () => void = () => {};

/** What to do when a session turns out to have ended. */
export function onUnauthorized(act: () => void): void {
  unauthorized = act;
}

export function cookieValue(cookies: string, name: string): string | null {
  for (const pair of cookies.split(/;\s*/)) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at) === name) return decodeURIComponent(pair.slice(at + 1));
  }
  return null;
}

/** False: nobody has logged in here, no need to ask the server. */
export function mayHaveSession(): boolean {
  return cookieValue(document.cookie, CSRF_COOKIE) !== null;
}

export function forgetSession(): void {
  document.cookie = `${CSRF_COOKIE}=; Path=/; Max-Age=0; SameSite=Lax`;
}

export function withQuery(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, v]) => v !== undefined);
  if (!pairs.length) return path;
  return `${path}?${new URLSearchParams(pairs.map(([k, v]) => [k, String(v)]))}`;
}

function seconds(header: string | null): number | null {
  const n = Number(header);
  return header && Number.isFinite(n) ? n : null;
}

/** The error of a reply that is not 2xx, whatever its body is. */
export function errorOf(status: number, body: unknown, retryAfter: string | null): ApiError {
  const e = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const said = e["detail"] || e["error"]; // some answers have a form of their own
  const detail = typeof said === "string" && said ? said
    : `The server answered with status ${status}.`;
  return new ApiError(status, typeof e["code"] === "string" ? e["code"] : "error", detail,
    typeof e["attr"] === "string" ? e["attr"] : null, seconds(retryAfter));
}

async function bodyOf(reply: Response): Promise<unknown> {
  const text = await reply.text();
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export async function call<T>(method: string, path: string, o: CallOptions = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (o.bearer) headers["Authorization"] = `Bearer ${o.bearer}`;
  if (o.body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRFToken"] = cookieValue(document.cookie, CSRF_COOKIE) ?? "";
  let reply: Response, body: unknown;
  try {
    reply = await fetch(withQuery(path, o.query), {
      method, headers, credentials: "same-origin", cache: "no-store",
      body: o.body === undefined ? null : JSON.stringify(o.body), signal: o.signal ?? null,
    });
    body = await bodyOf(reply);
  } catch (e) {
    if (o.signal?.aborted) throw e;
    throw new ApiError(0, "unreachable", "The server cannot be reached.");
  }
  if (reply.ok) return body as T;
  const error = errorOf(reply.status, body, reply.headers.get("Retry-After"));
  if (reply.status === 401) unauthorized();
  throw error;
}

export function isAbort(e: unknown): boolean {
  return e instanceof DOMException && e.name === "AbortError";
}

export function messageOf(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}
