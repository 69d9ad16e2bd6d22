// date.ts - times as people read them, in the project's zone; and the buckets of a chart.

const LOCALE = "en-GB";
const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let f = cache.get(key);
  if (!f) {
    try {
      f = new Intl.DateTimeFormat(LOCALE, { ...options, timeZone: zone });
    } catch { // a zone this browser does not know
      f = new Intl.DateTimeFormat(LOCALE, { ...options, timeZone: "UTC" });
    }
    cache.set(key, f);
  }
  return f;
}

/** "2026-01-20T13:00:01Z", UTC -> "20 Jan 2026, 13:00". */
export function dateTime(iso: string, zone: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return formatter(zone, { day: "numeric", month: "short", year: "numeric", hour: "2-digit",
    minute: "2-digit" }).format(at);
}

/** The time of day with seconds: "13:00:01". */
export function clock(iso: string, zone: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return formatter(zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at);
}

/** "20 Jan 2026". */
export function date(iso: string, zone: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return formatter(zone, { day: "numeric", month: "short", year: "numeric" }).format(at);
}

const steps: [seconds: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [60, "second"], [3600, "minute"], [86400, "hour"], [86400 * 7, "day"], [86400 * 30.44, "week"],
  [86400 * 365.25, "month"], [Infinity, "year"],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** "just now", "5 minutes ago", "yesterday". */
export function ago(iso: string, now: number): string {
  const at = new Date(iso).getTime();
  if (Number.isNaN(at)) return "";
  const seconds = (at - now) / 1000;
  if (Math.abs(seconds) < 10) return "just now";
  let size = 1;
  for (const [limit, unit] of steps) {
    if (Math.abs(seconds) < limit) return relative.format(Math.trunc(seconds / size), unit);
    size = limit;
  }
  return "";
}

/* ------------------------------------------------------------------ buckets
 * The API names buckets by their start in the project's zone without saying it: "2020-01-09",
 * "2020-01-09 14:00:00". They are read as if in UTC, so that no other zone gets in. */

export type Interval = "minute" | "hour" | "day" | "week" | "month";

/** Milliseconds, or null when it is no such text. */
export function bucketTime(text: string): number | null {
  const hit = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?/.exec(text);
  if (!hit) return null;
  const [, y, mo, d, h = "0", mi = "0", s = "0"] = hit;
  return Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s));
}

function bucketEnd(start: number, interval: Interval): number {
  const at = new Date(start);
  if (interval === "month") return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1);
  return start + { minute: 6e4, hour: 36e5, day: 864e5, week: 7 * 864e5 }[interval];
}

/** The wall clock of a zone, read as if in UTC. */
export function wallClock(now: number, zone: string): number {
  const parts = formatter(zone, { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit",
    minute: "2-digit", second: "2-digit", hourCycle: "h23" }).formatToParts(now);
  const of = (type: string) => Number(parts.find((p) => p.type === type)?.value);
  return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
}

/** Whether the bucket is not over yet. */
export function isOpen(bucket: string, interval: Interval, now: number, zone: string): boolean {
  const start = bucketTime(bucket);
  return start !== null && bucketEnd(start, interval) > wallClock(now, zone);
}

/** A bucket on an axis: "9 Jan", "14:00", "Jan 2020"; any other text as it is. */
export function bucketLabel(bucket: string, interval: Interval): string {
  const at = bucketTime(bucket);
  if (at === null) return bucket;
  if (interval === "month") return formatter("UTC", { month: "short", year: "numeric" }).format(at);
  if (interval === "hour" || interval === "minute") {
    if (at % 864e5) return formatter("UTC", { hour: "2-digit", minute: "2-digit" }).format(at);
  }
  return formatter("UTC", { day: "numeric", month: "short" }).format(at);
}

/** A bucket in full: "Thu, 9 Jan 2020", "9 Jan 2020, 14:00". */
export function bucketTitle(bucket: string, interval: Interval): string {
  const at = bucketTime(bucket);
  if (at === null) return bucket;
  const day: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", year: "numeric" };
  if (interval === "month") return formatter("UTC", { month: "long", year: "numeric" }).format(at);
  if (interval === "week") return `Week of ${formatter("UTC", day).format(at)}`;
  if (interval === "day") return formatter("UTC", { weekday: "short", ...day }).format(at);
  return formatter("UTC", { ...day, hour: "2-digit", minute: "2-digit" }).format(at);
}
