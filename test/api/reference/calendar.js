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

// Minutes that the wall's clock is ahead of UTC.
function offset(zone, at) {
  const w = look(zone, at);
  return (Date.parse(`${w.day}T00:00:00Z`) + w.hour * HOUR + w.minute * 60000 - Math.floor(at / 60000) * 60000) / 60000;
}

// A key as an instant with the offset of its zone: 2024-03-31T00:00:00+01:00.
function instantOf(zone, key) {
  let at = key;
  if (typeof key === "string") {
    const local = Date.parse(`${key}T00:00:00Z`);
    at = local - offset(zone, local - offset(zone, local) * 60000) * 60000;
  }
  const ahead = offset(zone, at), two = (n) => String(n).padStart(2, "0"), wide = Math.abs(ahead);
  const text = new Date(at + ahead * 60000).toISOString().slice(0, 19);
  return ahead ? `${text}${ahead < 0 ? "-" : "+"}${two(Math.floor(wide / 60))}:${two(wide % 60)}` : `${text}Z`;
}

module.exports = { calendar, dayOf, instantOf };
