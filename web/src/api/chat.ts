// chat.ts - conversations with the assistant: the calls, and the stream of a run put in order.
import { call, cookieValue, errorOf, ApiError } from "./client";
import type { Page } from "./types";

const CHATS = "/api/projects/@current/conversations/";

export interface ToolCall {
  id: string;
  name: string;
  args: Record<string, unknown>;
}

export interface Message {
  /** "temp-0" while it grows. */
  id: string | null;
  type: string;
  content?: unknown;
  tool_calls?: ToolCall[] | null;
  tool_call_id?: string;
  meta?: { form?: { options: { value: string }[] } } | null;
}

export interface Approval {
  proposal_id: string;
  decision_status: string;
  tool_name: string;
  preview: string;
}

export interface Chat {
  id: string;
  title: string | null;
  status: "idle" | "in_progress" | "canceling";
  updated_at: string | null;
  messages?: Message[];
  pending_approvals?: Approval[];
}

export interface Ask {
  content: string | null;
  conversation: string;
  trace_id: string;
  resume_payload?: unknown;
}

export type StreamEvent =
  | { event: "message"; data: Message }
  | { event: "conversation"; data: Chat }
  | { event: "update"; data: { content: unknown } };

export const listChats = (signal?: AbortSignal) =>
  call<Page<Chat>>("GET", CHATS, { query: { basic: true, limit: 50 }, signal });
export const fetchChat = (id: string, signal?: AbortSignal) =>
  call<Chat>("GET", `${CHATS}${encodeURIComponent(id)}/`, { signal });
export const cancelChat = (id: string) => call<Chat>("PATCH", `${CHATS}${encodeURIComponent(id)}/cancel/`);

/** Cuts whole events off the text that came so far: [events, what is left]. Comments are left out. */
export function eventsIn(text: string): [StreamEvent[], string] {
  const parts = text.split("\n\n"), left = parts.pop()!, events: StreamEvent[] = [];
  for (const part of parts) {
    const hit = /^event: (\w+)\ndata: (.*)$/.exec(part);
    if (hit) events.push({ event: hit[1], data: JSON.parse(hit[2]!) } as StreamEvent);
  }
  return [events, left];
}

const growing = (m: Message) => !m.id || m.id.startsWith("temp-");

/** The thread with one more message: a growing one stands in place of the one before it. */
export function withMessage(thread: Message[], m: Message): Message[] {
  const whole = thread.filter((x) => !growing(x));
  return [...whole.filter((x) => x.id !== m.id), m];
}

/** Sends the question and tells each event; ends with the run. */
export async function ask(body: Ask, tell: (e: StreamEvent) => void, signal: AbortSignal): Promise<void> {
  let reply: Response;
  try {
    reply = await fetch(CHATS, { method: "POST", credentials: "same-origin", cache: "no-store", signal,
      headers: { Accept: "text/event-stream", "Content-Type": "application/json",
        "X-CSRFToken": cookieValue(document.cookie, "posthog_csrftoken") ?? "" },
      body: JSON.stringify(body) });
  } catch (e) {
    if (signal.aborted) throw e;
    throw new ApiError(0, "unreachable", "The server cannot be reached.");
  }
  if (!reply.ok)
    throw errorOf(reply.status, await reply.json().catch(() => null), reply.headers.get("Retry-After"));
  const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = "";;) {
    const { done, value } = await reader.read();
    if (done) return;
    const [events, left] = eventsIn(text + value);
    text = left;
    events.forEach(tell);
  }
}
