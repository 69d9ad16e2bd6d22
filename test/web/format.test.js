// How the page writes numbers, times and buckets.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const load = require("./load.js");

const number = load("format/number.ts");
const date = load("format/date.ts");
const event = load("format/event.ts");

test("numbers as an insight wants them", () => {
  const cases = [
    [1234567.891, {}, "1,234,567.89"], [0, {}, "0"], [-0.5, {}, "-0.5"], [NaN, {}, "–"], [Infinity, {}, "–"],
    [12, { format: "numeric", decimals: 0 }, "12"], [12.345, { decimals: 0 }, "12"], [12, { minDecimals: 2 }, "12.00"],
    [0.256, { format: "percentage_scaled" }, "25.6%"], [25.6, { format: "percentage" }, "25.6%"],
    [1200, { format: "currency" }, "$1,200"], [9.5, { format: "currency" }, "$9.50"],
    [1500000, { format: "short" }, "1.5M"], [3725, { format: "duration" }, "1h 2m"], [90000, { format: "duration" }, "1d 1h"],
    [340, { format: "duration_ms" }, "340ms"], [59.96, { format: "duration" }, "60s"], [0, { format: "duration" }, "0s"],
    [120, { format: "duration" }, "2m"], [-61, { format: "duration" }, "-1m 1s"],
    [7, { prefix: "€", postfix: "/mo" }, "€7/mo"], [3, { format: "unheard of" }, "3"],
  ];
  for (const [value, format, want] of cases)
    assert.equal(number.formatNumber(value, format), want, `${value} ${JSON.stringify(format)}`);
  assert.equal(number.formatNumber(1234567, {}, true), "1.2M");
  assert.equal(number.formatNumber(9999, {}, true), "9,999");
});

test("changes and counts", () => {
  assert.deepEqual([number.change(12, 10), number.change(9, 10), number.change(10, 10), number.change(5, 0),
    number.change(-5, -10), number.change(1000, 3)], ["+20%", "-10%", "0%", null, "+50%", "+33,233%"]);
  assert.deepEqual([0, 1, 12345].map((n) => number.count(n, "event")), ["0 events", "1 event", "12,345 events"]);
});

test("times are in the project's zone, whatever the browser's", () => {
  const at = "2026-03-29T00:59:30.123456Z";
  assert.equal(date.dateTime(at, "UTC"), "29 Mar 2026, 00:59");
  assert.equal(date.dateTime(at, "America/New_York"), "28 Mar 2026, 20:59");
  assert.equal(date.dateTime("2026-03-29T01:00:00Z", "Europe/Berlin"), "29 Mar 2026, 03:00"); // the hour that is skipped
  assert.equal(date.clock(at, "Asia/Kathmandu"), "06:44:30");
  assert.equal(date.date(at, "Pacific/Auckland"), "29 Mar 2026");
  assert.equal(date.date(at, "Not/AZone"), "29 Mar 2026");
  assert.equal(date.dateTime("nonsense", "UTC"), "nonsense");
});

test("ages", () => {
  const now = Date.UTC(2026, 0, 20, 12);
  const before = (seconds) => date.ago(new Date(now - seconds * 1000).toISOString(), now);
  assert.deepEqual([3, 30, 60, 3599, 3600, 86400, 6 * 86400, 14 * 86400, 40 * 86400, 400 * 86400].map(before),
    ["just now", "30 seconds ago", "1 minute ago", "59 minutes ago", "1 hour ago", "yesterday", "6 days ago",
      "2 weeks ago", "last month", "last year"]);
  assert.equal(date.ago("nonsense", now), "");
});

test("buckets", () => {
  assert.equal(date.bucketTime("2020-01-09"), Date.UTC(2020, 0, 9));
  assert.equal(date.bucketTime("2020-01-09 14:00:00"), Date.UTC(2020, 0, 9, 14));
  assert.equal(date.bucketTime("first"), null);
  assert.deepEqual([["2020-01-09", "day"], ["2020-01-09 14:00:00", "hour"], ["2020-01-09 00:00:00", "hour"],
    ["2020-01-01", "month"], ["<b>", "day"]].map(([b, i]) => date.bucketLabel(b, i)),
  ["9 Jan", "14:00", "9 Jan", "Jan 2020", "<b>"]);
  assert.deepEqual([["2020-01-09", "day"], ["2020-01-06", "week"], ["2020-01-01", "month"], ["2020-01-09 14:00:00", "hour"]]
    .map(([b, i]) => date.bucketTitle(b, i)),
  ["Thu, 9 Jan 2020", "Week of 6 Jan 2020", "January 2020", "9 Jan 2020, 14:00"]);
});

test("a bucket is open until it ends in the project's zone", () => {
  const now = Date.UTC(2026, 0, 20, 2); // still the 19th in New York
  assert.equal(date.isOpen("2026-01-19", "day", now, "UTC"), false);
  assert.equal(date.isOpen("2026-01-20", "day", now, "UTC"), true);
  assert.equal(date.isOpen("2026-01-19", "day", now, "America/New_York"), true);
  assert.equal(date.isOpen("2026-01-01", "month", now, "UTC"), true);
  assert.equal(date.isOpen("2025-12-01", "month", now, "UTC"), false);
  assert.equal(date.isOpen("2026-01-20 01:00:00", "hour", now, "UTC"), false);
  assert.equal(date.isOpen("x", "day", now, "UTC"), false);
});

test("cells and columns of rows", () => {
  const { cell, columnName, compareCells } = load("format/cell.ts");
  const cases = [[null, ""], [1234.56789, "1,234.5679"], [12, "12"], [true, "Yes"], ["x", "x"], [[1, null], "[1,null]"],
    ["2026-01-20T13:00:01.5+00:00", "20 Jan 2026, 14:00"], ["2026-01-19T23:00:00Z", "20 Jan 2026"], ["2026-01-20", "2026-01-20"],
    [{ display_name: "Ada", id: 1 }, "Ada"], [{ distinct_id: "d", uuid: "u" }, "d"], [{ event: "e", distinct_id: "d" }, '{"event":"e","distinct_id":"d"}']];
  for (const [value, want] of cases) assert.equal(cell(value, "Europe/Berlin"), want);
  assert.deepEqual(["count()", "person -- Who they are ", "a--", "a -- b -- c"].map(columnName), ["count()", "Who they are", "a--", "b -- c"]);
  assert.deepEqual(["$1,200", "35%", 7, "-3", "0.5"].sort(compareCells), ["-3", "0.5", 7, "35%", "$1,200"]);
  assert.deepEqual(["b", null, "2026-02-01", "2026-01-01"].sort(compareCells), [null, "2026-01-01", "2026-02-01", "b"]);
});

test("names of events and breakdown values", () => {
  assert.deepEqual(["$pageview", "signed up", "constructor", "$unheard"].map(event.eventName),
    ["Page view", "signed up", "constructor", "$unheard"]);
  assert.deepEqual([null, "", "Chrome", 3, ["a", null], "$$_posthog_breakdown_other_$$"].map(event.breakdownName),
    ["None", "None", "Chrome", "3", "a · None", "Other"]);
});
