// number.ts - numbers as people read them.

/** How an insight wants its values written: the presentation part of a trends filter. */
export interface NumberFormat {
  format?: string; // numeric, duration, duration_ms, percentage, percentage_scaled, currency, short
  prefix?: string;
  postfix?: string;
  decimals?: number;
  minDecimals?: number;
}

const LOCALE = "en-US";

/** 1234567.891 -> "1,234,567.89". */
export function plain(value: number, decimals = 2, minDecimals = 0): string {
  const most = Math.max(decimals, minDecimals);
  return new Intl.NumberFormat(LOCALE, { maximumFractionDigits: most,
    minimumFractionDigits: minDecimals }).format(value);
}

/** 1234567 -> "1.2M". */
export function short(value: number): string {
  return new Intl.NumberFormat(LOCALE, { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

/** Seconds as at most two units: "2h 5m", "340ms". */
export function duration(seconds: number): string {
  const sign = seconds < 0 ? "-" : "", s = Math.abs(seconds);
  if (s === 0) return "0s";
  if (s < 1) return `${sign}${plain(s * 1000, 0)}ms`;
  if (s < 60) return `${sign}${plain(s, 1)}s`;
  const whole = Math.round(s);
  const parts: [number, string][] = [[Math.floor(whole / 86400), "d"], [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "m"], [whole % 60, "s"]];
  const first = parts.findIndex(([n]) => n > 0);
  return sign + parts.slice(first, first + 2).filter(([n]) => n).map(([n, u]) => n + u).join(" ");
}

function body(value: number, f: NumberFormat, compact: boolean): string {
  const digits = (v: number, most: number) =>
    plain(v, f.decimals ?? most, Math.min(f.minDecimals ?? 0, f.decimals ?? most));
  switch (f.format) {
    case "duration": return duration(value);
    case "duration_ms": return duration(value / 1000);
    case "percentage": return `${digits(value, 2)}%`;
    case "percentage_scaled": return `${digits(value * 100, 2)}%`;
    case "currency": return compact && Math.abs(value) >= 10000 ? `$${short(value)}`
      : `$${plain(value, f.decimals ?? 2, Number.isInteger(value) ? 0 : 2)}`;
    case "short": return short(value);
    default: return compact && Math.abs(value) >= 10000 ? short(value) : digits(value, 2);
  }
}

/** The value as the insight wants it. `compact`: for an axis, where room is short. */
export function formatNumber(value: number, f: NumberFormat = {}, compact = false): string {
  if (!Number.isFinite(value)) return "–";
  return (f.prefix ?? "") + body(value, f, compact) + (f.postfix ?? "");
}

/** 12, 10 -> "+20%"; null when there is nothing to compare with. */
export function change(now: number, before: number): string | null {
  if (!before) return null;
  const percent = ((now - before) / Math.abs(before)) * 100;
  return `${percent > 0 ? "+" : ""}${plain(percent, Math.abs(percent) < 10 ? 1 : 0)}%`;
}

/** "1 event", "2 events", "12,345 events". */
export function count(n: number, noun: string): string {
  return `${plain(n, 0)} ${noun}${n === 1 ? "" : "s"}`;
}
