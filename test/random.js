// random.js - random numbers that follow from a seed: small, and the same everywhere.
"use strict";

class Random {
  constructor(seed) { this.state = seed | 0; }
  next() { // mulberry32
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  int(n) { return Math.floor(this.next() * n); }
  pick(list) { return list[this.int(list.length)]; }
  chance(p) { return this.next() < p; }
  some(list, p) { return list.filter(() => this.chance(p)); }
  uuid() {
    const hex = () => this.int(16).toString(16), part = (n) => Array.from({ length: n }, hex).join("");
    return `${part(8)}-${part(4)}-4${part(3)}-a${part(3)}-${part(12)}`;
  }
}

// The same as a function.
function random(seed) {
  const r = new Random(seed);
  return () => r.next();
}

module.exports = { Random, random };
