// chat.tsx - questions to the assistant: the thread as it grows, each answer with the chart of its query.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ask, cancelChat, fetchChat, listChats, withMessage, type Approval, type Chat as Conversation,
  type Message } from "../api/chat";
import { isAbort, messageOf } from "../api/client";
import { runQuery } from "../api/endpoints";
import { projectZone } from "../api/session";
import type { QueryResponse } from "../api/types";
import { describe } from "../charts/describe";
import { ChartView } from "../charts/view";
import { navigate } from "../router";
import { Ago } from "../ui/ago";
import { Icon } from "../ui/icon";
import { Markdown } from "../ui/markdown";
import { ErrorNote, Loading } from "../ui/notes";
import { useTitle } from "../ui/title";

const EXAMPLES = ["Which events are there?", "How many events last week, day by day?",
  "How many people in the last 30 days, by country?"];

/* ------------------------------------------------------------------ a chart */

interface Shown {
  query: Record<string, unknown>;
  name?: string;
  description?: string;
}

function AnswerChart({ of }: { of: Shown }) {
  const [answer, setAnswer] = useState<QueryResponse | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [open, setOpen] = useState(false);
  const key = JSON.stringify(of.query);
  useEffect(() => {
    const control = new AbortController();
    runQuery(of.query, control.signal).then(setAnswer,
      (e: unknown) => { if (!isAbort(e)) setError(messageOf(e)); });
    return () => control.abort();
  }, [key]);
  const chart = useMemo(() => answer && describe({ query: of.query, result: answer.results, columns: answer.columns,
    hasMore: answer.hasMore ?? null, timezone: projectZone() }, Date.now()), [answer]);
  return (
    <section class="chat-chart card" aria-label={of.name || "Chart"}>
      <header><h3>{of.name || "Chart"}</h3>
        <button type="button" class="button small quiet" aria-expanded={open} onClick={() => setOpen(!open)}>Query</button>
      </header>
      {open && <pre class="chat-query">{JSON.stringify(of.query, null, 2)}</pre>}
      <div class="chat-plot">
        {error ? <ErrorNote message={error} /> : chart ? <ChartView chart={chart} /> : <div class="skeleton fill" />}
      </div>
    </section>
  );
}

/* ------------------------------------------------------------------ a message */

function Line({ m, answer }: { m: Message; answer: ((text: string) => void) | null }) {
  const content = m.content;
  if (m.type === "ai/artifact") {
    const shown = content as Shown | null;
    return shown?.query ? <AnswerChart of={shown} /> : null;
  }
  if (m.type === "tool") return null;
  if (m.type === "human") return <p class="chat-mine">{String(content ?? "")}</p>;
  const text = typeof content === "string" ? content : "";
  const failed = m.type === "ai/failure", options = m.meta?.form?.options ?? [];
  return (
    <div class={failed ? "chat-failed" : "chat-theirs"} role={failed ? "alert" : undefined}>
      {text ? <Markdown text={text} /> : failed ? <p>Something went wrong. Please try again.</p> : null}
      {m.tool_calls?.map((c) => <p key={c.id} class="chat-step"><Icon name="chevron" />{c.name.replaceAll("_", " ")}</p>)}
      {options.length > 0 && (
        <p class="chat-options">{options.map((o) => (
          <button key={o.value} type="button" class="button small" disabled={!answer} onClick={() => answer?.(o.value)}>{o.value}</button>
        ))}</p>
      )}
    </div>
  );
}

function Decision({ of, decide }: { of: Approval; decide: (yes: boolean) => void }) {
  return (
    <section class="chat-decision card" aria-label="Needs your approval">
      <h3>Shall this be done?</h3>
      <Markdown text={of.preview} />
      <p class="chat-options">
        <button type="button" class="button small primary" onClick={() => decide(true)}>Approve</button>
        <button type="button" class="button small" onClick={() => decide(false)}>Reject</button>
      </p>
    </section>
  );
}

/* ------------------------------------------------------------------ a thread */

function useThread(id: string | undefined) {
  const [own] = useState(() => crypto.randomUUID());
  const conversation = id ?? own;
  const [thread, setThread] = useState<Message[] | null>(id ? null : []);
  const [title, setTitle] = useState<string | null>(null);
  const [pending, setPending] = useState<Approval | null>(null);
  const [busy, setBusy] = useState(false);
  const [step, setStep] = useState("");
  const [error, setError] = useState<string | null>(null);
  const control = useRef<AbortController | null>(null);

  function take(c: Conversation): void {
    setThread(c.messages ?? []);
    setTitle(c.title);
    setPending(c.pending_approvals?.find((p) => p.decision_status === "pending") ?? null);
  }

  async function send(content: string | null, resume_payload?: unknown): Promise<void> {
    const mine = new AbortController();
    control.current = mine;
    setBusy(true);
    setError(null);
    setPending(null);
    try {
      await ask({ content, conversation, trace_id: crypto.randomUUID(), ...(resume_payload ? { resume_payload } : {}) }, (e) => {
        if (e.event === "message") setThread((t) => withMessage(t ?? [], e.data));
        else if (e.event === "conversation") {
          setTitle(e.data.title);
          history.replaceState(null, "", `/chat/${conversation}`); // to be found again, without leaving it
        }
        else setStep(typeof e.data.content === "string" ? e.data.content : "");
      }, mine.signal);
      take(await fetchChat(conversation, mine.signal));
    } catch (e) {
      if (!mine.signal.aborted) setError(messageOf(e));
    }
    if (!mine.signal.aborted) {
      setBusy(false);
      setStep("");
    }
  }

  useEffect(() => {
    if (!id) return () => control.current?.abort();
    const loading = new AbortController();
    fetchChat(id, loading.signal).then((c) => {
      take(c);
      if (c.status !== "idle") void send(null); // it is being answered: go on reading
    }, (e: unknown) => { if (!isAbort(e)) setError(messageOf(e)); });
    return () => { loading.abort(); control.current?.abort(); };
  }, [id]);

  const stop = () => void cancelChat(conversation).catch((e: unknown) => setError(messageOf(e)));
  return { thread, title, pending, busy, step, error, send, stop, conversation };
}

function Composer({ busy, send, stop }: { busy: boolean; send: (text: string) => void; stop: () => void }) {
  const [text, setText] = useState("");
  const go = () => {
    if (!text.trim() || busy) return;
    send(text.trim());
    setText("");
  };
  return (
    <form class="composer" onSubmit={(e) => { e.preventDefault(); go(); }}>
      <textarea class="input" rows={2} maxLength={40000} placeholder="Ask about your data" aria-label="Your question" value={text}
        onInput={(e) => setText(e.currentTarget.value)}
        onKeyDown={(e) => { if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); go(); } }} />
      {busy ? <button type="button" class="button" onClick={stop}>Stop</button>
        : <button type="submit" class="button primary" disabled={!text.trim()}>Ask</button>}
    </form>
  );
}

export function Chat({ id }: { id?: string | undefined }) {
  const t = useThread(id), end = useRef<HTMLDivElement>(null);
  useTitle(t.title ?? "Ask");
  useEffect(() => end.current?.scrollIntoView({ block: "end" }), [t.thread?.length, t.pending]);
  const say = (text: string) => void t.send(text);
  return (
    <div class="page narrow chat">
      <div class="page-head"><h1>{t.title ?? "Ask"}</h1><a class="button" href="/chats">Conversations</a></div>
      <div class="chat-thread" aria-live="polite" aria-busy={t.busy}>
        {!t.thread && !t.error && <Loading label="Loading the conversation" />}
        {t.thread?.length === 0 && !t.busy && (
          <p class="chat-options">{EXAMPLES.map((x) => (
            <button key={x} type="button" class="button small" onClick={() => say(x)}>{x}</button>
          ))}</p>
        )}
        {t.thread?.map((m, i) => <Line key={m.id ?? i} m={m} answer={!t.busy && i + 1 === t.thread!.length ? say : null} />)}
        {t.pending && <Decision of={t.pending} decide={(yes) => void t.send(null,
          { action: yes ? "approve" : "reject", proposal_id: t.pending!.proposal_id })} />}
        {t.busy && <p class="chat-step" role="status">{t.step || "Thinking…"}</p>}
        {t.error && <ErrorNote message={t.error} />}
        <div ref={end} />
      </div>
      <Composer busy={t.busy} send={say} stop={t.stop} />
    </div>
  );
}

/* ------------------------------------------------------------------ the list */

export function Chats() {
  useTitle("Conversations");
  const [list, setList] = useState<Conversation[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    const control = new AbortController();
    listChats(control.signal).then((p) => setList(p.results),
      (e: unknown) => { if (!isAbort(e)) setError(messageOf(e)); });
    return () => control.abort();
  }, []);
  return (
    <div class="page narrow">
      <div class="page-head"><h1>Conversations</h1>
        <button type="button" class="button primary" onClick={() => navigate("/chat")}>New conversation</button>
      </div>
      {error && <ErrorNote message={error} />}
      {!list && !error && <Loading label="Loading conversations" />}
      {list?.length === 0 && <p class="muted">You have not asked anything yet.</p>}
      {list && list.length > 0 && (
        <ul class="list">{list.map((c) => (
          <li key={c.id} class="list-row"><a class="list-main" href={`/chat/${c.id}`}>{c.title}</a>
            {c.updated_at && <span class="list-when"><Ago at={c.updated_at} /></span>}</li>
        ))}</ul>
      )}
    </div>
  );
}
