// calendar.js - intervals of time as a calendar on a wall shows them, one step at a time.
"use strict";
const { wall, addDays } = require("../query_events.js");

const HOUR = 3600000;
const kept = new Map();
// {day, hour, minute} of an instant in ms.
function look(zone, at) {
  const key = `${zone} ${Math.floor(at / 60000)}`;
  if (!kept.has(key)) kept.set(key, wall(zone, at));
  return kept.get(key);
}
const dayOf = (zone, at) => look(zone, at).day;

// {zone, weekStart (0 Sunday, 1 Monday), interval} -> keys of intervals that sort by time.
function calendar({ zone, weekStart = 0, interval }) {
  const ofDay = {
    day: (day) => day,
    week: (day) => addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() - weekStart + 7) % 7)),
    month: (day) => `${day.slice(0, 8)}01`,
  }[interval];
  const hourStart = (at) => at - look(zone, at).minute * 60000 - (at % 60000);
  const of = (at) => (interval === "hour" ? hourStart(at) : ofDay(dayOf(zone, at)));
  function next(key) {
    if (interval === "hour") return key + HOUR;
    if (interval !== "month") return addDays(key, interval === "week" ? 7 : 1);
    return ofDay(addDays(key, 31));
  }
  function previous(key) {
    if (interval === "hour") return key - HOUR;
    if (interval !== "month") return addDays(key, interval === "week" ? -7 : -1);
    return ofDay(addDays(key, -1));
  }
  // All intervals from the one of `first` to the one of `last`: days, with hours instants.
  function between(first, last) {
    const keys = [], at = (v) => (interval === "hour" ? hourStart(Date.parse(v)) : ofDay(v));
    for (let key = at(first); key <= at(last); key = next(key)) keys.push(key);
    return keys;
  }
  const two = (n) => String(n).padStart(2, "0");
  function text(key) {
    if (interval !== "hour") return key;
    const w = look(zone, key);
    return `${w.day} ${two(w.hour)}:${two(w.minute)}:00`;
  }
  return { of, next, previous, between, text };
}

module.exports = { calendar, dayOf };
