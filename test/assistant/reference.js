// reference.js - the numbers of questions, worked out slowly over the raw events: who is who by the ids
// that were joined, days by the clock of UTC. It knows nothing of queries.
"use strict";

const DAY = 86400000;

class Reference {
  // rows: {event, distinct_id, timestamp ("2026-01-20 11:59:58.123456"), properties (JSON text)}
  constructor(rows) {
    this.parent = new Map();
    this.events = rows.map((r) => {
      const at = Date.parse(r.timestamp.replace(" ", "T") + "Z");
      return { event: r.event, id: r.distinct_id, at, day: r.timestamp.slice(0, 10), hour: Number(r.timestamp.slice(11, 13)),
        p: JSON.parse(r.properties) };
    }).sort((a, b) => a.at - b.at);
    for (const e of this.events) {
      if (e.event === "$identify" && e.p.$anon_distinct_id) this.join(e.id, e.p.$anon_distinct_id);
      if (e.event === "$create_alias" && e.p.alias) this.join(e.id, e.p.alias);
    }
    this.named = new Map(); // events by their name, in the order of time
    for (const e of this.events) {
      e.who = this.root(e.id);
      if (!this.named.has(e.event)) this.named.set(e.event, []);
      this.named.get(e.event).push(e);
    }
  }

  root(id) {
    while (this.parent.has(id)) id = this.parent.get(id);
    return id;
  }

  join(a, b) {
    const x = this.root(a), y = this.root(b);
    if (x !== y) this.parent.set(x, y);
  }

  // Events of that name (null: all) in days from..to, both inclusive, that pass.
  of(event, [from, to] = [null, null], pass = () => true) {
    return (event === null ? this.events : this.named.get(event) ?? []).filter((e) => (!from || e.day >= from) &&
      (!to || e.day <= to) && pass(e));
  }

  count(...args) { return this.of(...args).length; }
  people(...args) { return new Set(this.of(...args).map((e) => e.who)).size; }
  sessions(...args) { return new Set(this.of(...args).map((e) => e.p.$session_id).filter(Boolean)).size; }
  numbers(property, ...args) {
    return this.of(...args).map((e) => e.p[property]).filter((v) => typeof v === "number").sort((a, b) => a - b);
  }
  sum(...args) { return this.numbers(...args).reduce((s, v) => s + v, 0); }
  avg(...args) {
    const list = this.numbers(...args);
    return list.length ? this.sum(...args) / list.length : 0;
  }
  min(...args) { return this.numbers(...args)[0] ?? 0; }
  max(...args) { return this.numbers(...args).at(-1) ?? 0; }
  // Between the two numbers around the place, as ClickHouse's quantile does it.
  quantile(level, ...args) {
    const list = this.numbers(...args);
    if (!list.length) return 0;
    const place = level * (list.length - 1), low = Math.floor(place);
    return list[low] + (place - low) * ((list[low + 1] ?? list[low]) - list[low]);
  }

  // {value: fn(events with it)}; a missing value is "".
  by(key, fn, ...args) {
    const groups = new Map();
    for (const e of this.of(...args)) {
      const value = typeof key === "function" ? key(e) : e.p[key];
      const name = value === undefined || value === null ? "" : String(value);
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(e);
    }
    return Object.fromEntries([...groups].map(([name, list]) => [name, fn(list)]));
  }
  countBy(key, ...args) { return this.by(key, (list) => list.length, ...args); }
  peopleBy(key, ...args) { return this.by(key, (list) => new Set(list.map((e) => e.who)).size, ...args); }
  sumBy(key, property, ...args) {
    return this.by(key, (list) => list.reduce((s, e) => s + (typeof e.p[property] === "number" ? e.p[property] : 0), 0), ...args);
  }

  // One number a day, from..to.
  daily(fn, [from, to]) {
    const out = [];
    for (let at = Date.parse(from); at <= Date.parse(to); at += DAY) {
      const day = new Date(at).toISOString().slice(0, 10);
      out.push(fn([day, day]));
    }
    return out;
  }
  // One number for each stretch: weeks begin on Sunday; the first begins where the range does.
  weekly(fn, [from, to]) {
    const out = [];
    for (let at = Date.parse(from); at <= Date.parse(to);) {
      const end = at + (6 - new Date(at).getUTCDay()) * DAY;
      out.push(fn([new Date(at).toISOString().slice(0, 10), new Date(Math.min(end, Date.parse(to))).toISOString().slice(0, 10)]));
      at = end + DAY;
    }
    return out;
  }
  monthly(fn, [from, to]) {
    const out = [];
    for (let at = Date.parse(from); at <= Date.parse(to);) {
      const d = new Date(at), end = Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + 1, 0);
      out.push(fn([d.toISOString().slice(0, 10), new Date(Math.min(end, Date.parse(to))).toISOString().slice(0, 10)]));
      at = end + DAY;
    }
    return out;
  }

  // People who came to each step in order, within `days` of the first one they took. steps: a name, or
  // [name, pass].
  funnel(steps, [from, to], days, everything = () => true) {
    const reached = steps.map(() => 0), byPerson = new Map();
    const list = steps.map((s) => (Array.isArray(s) ? s : [s, () => true]));
    for (const e of this.of(null, [from, to], everything))
      if (list.some(([name]) => name === e.event)) {
        if (!byPerson.has(e.who)) byPerson.set(e.who, []);
        byPerson.get(e.who).push(e);
      }
    for (const events of byPerson.values()) {
      let best = 0;
      events.forEach((start, i) => {
        if (start.event !== list[0][0] || !list[0][1](start)) return;
        let step = 1;
        for (let k = i + 1; k < events.length && step < list.length; k++)
          if (events[k].at - start.at <= days * DAY && events[k].event === list[step][0] && list[step][1](events[k])) step++;
        best = Math.max(best, step);
      });
      for (let k = 0; k < best; k++) reached[k]++;
    }
    return reached;
  }

  // Of people with `first` in stretch i those with `then` in stretch i + k; stretches are lists of days.
  retention(first, then, stretches) {
    const sets = (event) => stretches.map((s) => new Set(this.of(event, s).map((e) => e.who)));
    const starts = sets(first), returns = sets(then);
    return stretches.map((_, i) => [starts[i].size, ...stretches.slice(i + 1).map((__, k) =>
      [...starts[i]].filter((who) => returns[i + 1 + k].has(who)).length)]);
  }

  // How many people had the event on 1, 2, 3 … days.
  stickiness(event, range) {
    const days = new Map();
    for (const e of this.of(event, range)) {
      if (!days.has(e.who)) days.set(e.who, new Set());
      days.get(e.who).add(e.day);
    }
    const out = [];
    for (const set of days.values()) out[set.size - 1] = (out[set.size - 1] ?? 0) + 1;
    return Array.from(out, (n) => n ?? 0);
  }
}

module.exports = { Reference };
