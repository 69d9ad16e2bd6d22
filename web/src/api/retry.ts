// retry.ts - a server that says "not now, in a second" is asked again: its event store restarts.
import { ApiError } from "./client";

const TRIES = 3;
const LONGEST = 5; // seconds one is asked to wait; longer is told to the reader

function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}

/** For reads. Only a 503 that names its Retry-After is tried again. */
export async function patiently<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await task();
    } catch (e) {
      const wait = e instanceof ApiError && e.status === 503 ? e.retryAfter : null;
      if (wait === null || wait > LONGEST || n === TRIES) throw e;
      await pause(wait, signal);
    }
  }
}
