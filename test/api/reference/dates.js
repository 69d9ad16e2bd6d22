// dates.js - the clock on a wall in a zone, date words, ranges and buckets: the slow way, on Intl's
// knowledge of zones. Instants are milliseconds UTC; a local time is the same count for the wall's clock.
// The last instant of a day lies a microsecond before the next: .001 here.
"use strict";

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR, TICK = 0.001;
const tidy = (at) => Math.round(at / TICK) / 1000; // without what arithmetic adds below a microsecond
const floorTo = (v, unit) => Math.floor(v / unit) * unit;

class Calendar {
  constructor(zone, now, weekStart = 0) {
    Object.assign(this, { zone, now, weekStart, offsets: new Map() });
    this.format = new Intl.DateTimeFormat("en-CA", { timeZone: zone, hourCycle: "h23", year: "numeric",
      month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  }

  // Zones change at quarters of an hour.
  offset(at) {
    const slot = floorTo(at, 15 * MINUTE);
    if (!this.offsets.has(slot)) {
      const part = Object.fromEntries(this.format.formatToParts(new Date(slot)).map((p) => [p.type, +p.value]));
      this.offsets.set(slot, Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) - slot);
    }
    return this.offsets.get(slot);
  }

  local(at) { return at + this.offset(at); }

  // A local time that is skipped moves forward by the gap; of two the first is meant.
  instant(local) {
    const around = [this.offset(local - DAY), this.offset(local + DAY)];
    const fits = around.map((offset) => local - offset).filter((at) => this.local(at) === local);
    return fits.length ? Math.min(...fits) : local - around[0];
  }

  fields(at) {
    const d = new Date(Math.floor(this.local(at)));
    return { y: d.getUTCFullYear(), m: d.getUTCMonth(), d: d.getUTCDate(), time: this.local(at) - floorTo(this.local(at), DAY) };
  }

  of({ y, m, d, time }) {
    const last = new Date(Date.UTC(y, m + 1, 0)).getUTCDate();
    return this.instant(Date.UTC(y, m, Math.min(d, last)) + time);
  }

  // Back by n days on the wall, by n months with the day kept where the month has it.
  backDays(at, n) { return this.instant(this.local(at) - n * DAY); }
  backMonths(at, n) {
    const f = this.fields(at), months = f.y * 12 + f.m - n;
    return this.of({ ...f, y: Math.floor(months / 12), m: ((months % 12) + 12) % 12 });
  }

  day(at) { return new Date(floorTo(this.local(at), DAY)).toISOString().slice(0, 10); }

  // {at, relative, dateOnly, unit, count, all}
  parse(text) {
    const word = String(text ?? "").trim();
    if (word === "all") return { all: true };
    const iso = word.match(/^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/);
    if (iso) {
      const [, y, m, d, h, min, sec, fraction, zone] = iso;
      const local = Date.UTC(y, m - 1, d, h ?? 0, min ?? 0, sec ?? 0) + Number(fraction ?? 0) * 1000;
      const [sign, hours, minutes] = zone && zone !== "Z" ? [zone[0] === "-" ? -1 : 1, +zone.slice(1, 3), +zone.slice(-2)] : [1, 0, 0];
      return { at: zone ? local - sign * (hours * HOUR + minutes * MINUTE) : this.instant(local), dateOnly: h === undefined };
    }
    const relative = word.match(/-?(\d*)([hdwmqyMs])(Start|End)?/);
    if (!relative) return { at: this.now, relative: true };
    const count = Number(relative[1] || 0), unit = relative[2];
    let at = { h: () => this.now - count * HOUR, M: () => this.now - count * MINUTE, s: () => this.now - count * SECOND,
      d: () => this.backDays(this.now, count), w: () => this.backDays(this.now, 7 * count),
      q: () => this.backDays(this.now, 91 * count), m: () => this.backMonths(this.now, count),
      y: () => this.backMonths(this.now, 12 * count) }[unit]();
    if (relative[3]) at = this.position(at, unit, relative[3] === "Start");
    return { at, relative: true, unit, count };
  }

  position(at, unit, start) {
    const f = this.fields(at);
    if (unit === "d") f.time = start ? 0 : DAY - TICK;
    if (unit === "h") f.time = floorTo(f.time, HOUR) + (start ? 0 : HOUR - TICK);
    if (unit === "m" || unit === "y") f.d = start ? 1 : 31;
    if (unit === "y" && start) f.m = 0;
    return this.of(f);
  }

  // Minutes and hours are cut within the offset of the moment, so that an hour that comes twice stays itself.
  startOf(interval, at) {
    const local = this.local(at);
    if (interval === "minute") return at - (local - floorTo(local, MINUTE));
    if (interval === "hour") return at - (local - floorTo(local, HOUR));
    const day = floorTo(local, DAY), f = this.fields(at);
    if (interval === "week") return this.instant(day - ((new Date(day).getUTCDay() - this.weekStart + 7) % 7) * DAY);
    if (interval === "month") return this.of({ ...f, d: 1, time: 0 });
    return this.instant(day);
  }

  // The bucket after the one that begins at `at`.
  next(interval, at) {
    if (interval === "minute") return at + MINUTE;
    if (interval === "hour") return at + HOUR;
    const day = floorTo(this.local(at), DAY), f = this.fields(at);
    if (interval === "month") return this.of({ y: f.m === 11 ? f.y + 1 : f.y, m: (f.m + 1) % 12, d: 1, time: 0 });
    return this.instant(day + (interval === "week" ? 7 : 1) * DAY);
  }

  endOf(interval, at) { return this.next(interval, this.startOf(interval, at)) - TICK; }

  // {from, to, first, last} of a dateRange; earliest stands in for "all".
  range(dateRange, interval, earliest) {
    const { date_from, date_to, explicitDate } = dateRange ?? {};
    const first = this.parse(date_from || "-7d"), last = this.parse(date_to);
    if (first.all) first.at = earliest;
    let from = first.at, to = last.at;
    if (!explicitDate) {
      if (first.relative && interval !== "minute")
        from = this.startOf("hMs".includes(first.unit ?? "-") ? "hour" : "day", from);
      if (interval === "minute") to = last.relative ? this.endOf("minute", to) : to;
      else if (interval === "hour") to = last.dateOnly ? to : this.endOf("hour", to);
      else to = this.endOf("day", to);
    }
    return { from, to, first, last };
  }

  // The period before, or the one `compareTo` back.
  previous(range, interval, compareTo) {
    const { from, to, first, last } = range;
    if (compareTo) {
      const shifted = (at) => new Calendar(this.zone, at, this.weekStart).parse(compareTo.replace(/Start|End/, "")).at;
      return { from: shifted(from), to: shifted(to), first, last };
    }
    if (interval === "hour" || interval === "minute") {
      const span = to - from, closed = Math.abs(span + TICK - Math.round((span + TICK) / MINUTE) * MINUTE) < TICK / 2;
      const start = closed ? from - (span + TICK) : from - span; // ends just before the range begins
      return { from: tidy(start), to: tidy(start + span), first, last };
    }
    const a = this.local(from), span = this.local(to) - a, time = a - floorTo(a, DAY);
    let start = floorTo(a - span, DAY) + time;
    if (start >= a) start = a - DAY; // of a part of a day: the day before
    if (interval === "day" && first.relative && first.unit === "d" && first.count && first.count % 7 === 0 && !last.unit)
      start += DAY;
    return { from: this.instant(tidy(start)), to: this.instant(tidy(start + span)), first, last };
  }

  buckets({ from, to }, interval) {
    const list = [];
    for (let at = this.startOf(interval, from); at <= to || !list.length; at = this.next(interval, at)) list.push(at);
    return list;
  }

  // From when on events count: of a week that began earlier, only its days within the range.
  since({ from }, interval) { return this.startOf(interval === "week" ? "day" : interval, from); }

  // The place of an event among buckets; -1 before the first.
  place(buckets, at) {
    let low = 0, high = buckets.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (buckets[mid] <= at) low = mid + 1;
      else high = mid;
    }
    return low - 1;
  }

  dayText(interval, at) {
    const text = new Date(this.local(at)).toISOString();
    return interval === "hour" || interval === "minute" ? `${text.slice(0, 10)} ${text.slice(11, 16)}:00` : text.slice(0, 10);
  }

  label(interval, at) {
    const d = new Date(this.local(at)), text = d.toISOString();
    const month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][d.getUTCMonth()];
    return interval === "hour" || interval === "minute" ? `${d.getUTCDate()}-${month} ${text.slice(11, 16)}`
      : `${d.getUTCDate()}-${month}-${text.slice(0, 4)}`;
  }
}

module.exports = { Calendar, SECOND, MINUTE, HOUR, DAY, TICK };
