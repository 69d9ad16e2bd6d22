// ago.tsx - "5 minutes ago", growing older by itself; the exact time on hover.
import { signal } from "@preact/signals";
import { projectZone } from "../api/session";
import { ago, dateTime } from "../format/date";

const now = signal(Date.now());
setInterval(() => { if (!document.hidden) now.value = Date.now(); }, 15000);
document.addEventListener("visibilitychange", () => { now.value = Date.now(); });

export function Ago({ at }: { at: string }) {
  // A clock that is behind the server's would call what is new "in 3 seconds".
  const late = Math.max(now.value, new Date(at).getTime());
  return <time dateTime={at} title={dateTime(at, projectZone())}>{ago(at, late)}</time>;
}
