// live.ts - how many events came in during the last minutes, asked again and again.
import { signal } from "@preact/signals";
import { isAbort } from "./client";
import { runQuery } from "./endpoints";
import { poll } from "./poll";

export const LIVE_MINUTES = 5;

export const live = signal<{ value: number | null; failed: boolean }>({ value: null, failed: false });

const query = { kind: "HogQLQuery",
  query: `select count() from events where timestamp > now() - interval ${LIVE_MINUTES} minute` };

async function ask(signal: AbortSignal): Promise<void> {
  try {
    const { results } = await runQuery(query, signal);
    const value = Number((results as unknown[][] | null)?.[0]?.[0]);
    live.value = { value: Number.isFinite(value) ? value : null, failed: !Number.isFinite(value) };
  } catch (e) {
    if (!isAbort(e)) live.value = { value: live.value.value, failed: true };
    throw e;
  }
}

/** Keeps `live` up to date until the returned function is called. */
export const watchLive = (): (() => void) => poll(ask, { everyMs: 5000, slowestMs: 60000 });
