// poll.ts - does something again and again while the page is looked at.

export interface PollOptions {
  everyMs: number;
  /** Failures double the wait up to this. */
  slowestMs?: number;
}

/** Runs `step` now and then `everyMs` after each end; not while the tab is hidden. Returns its stop. */
export function poll(step: (signal: AbortSignal) => Promise<void>, o: PollOptions): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: AbortController | undefined;
  let failures = 0;
  const wait = () => Math.min(o.everyMs * 2 ** failures, Math.max(o.everyMs, o.slowestMs ?? 60000));

  async function run(): Promise<void> {
    if (document.hidden || running) return;
    const mine = new AbortController();
    running = mine;
    try {
      await step(mine.signal);
      failures = 0;
    } catch {
      failures++; // the step has shown it
    }
    if (running !== mine) return; // stopped meanwhile
    running = undefined;
    timer = setTimeout(run, wait());
  }

  function pause(): void {
    clearTimeout(timer);
    running?.abort();
    running = undefined;
  }

  function onVisibility(): void {
    pause();
    if (!document.hidden) void run();
  }

  document.addEventListener("visibilitychange", onVisibility);
  void run();
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    pause();
  };
}
