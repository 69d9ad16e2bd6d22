// funnels_cases.js - small funnels worked out by hand: [name, events, query, expected].
// Events are {person: "A@0 B@10 …"}: names with the minute after 2026-03-10T00:00Z at which they were,
// `A+x` with the property kind = x. A query is {steps, …}: steps by name, as the server wants them
// otherwise. Expected are the counts, and from a slash on the mean seconds to each step but the first.
"use strict";

const minutes = (n) => ({ funnelWindowInterval: n, funnelWindowIntervalUnit: "minute" });
const not = (event, funnelFromStep, funnelToStep) => ({ kind: "EventsNode", event, funnelFromStep, funnelToStep });
const strict = { funnelOrderType: "strict" }, unordered = { funnelOrderType: "unordered" };
const by = (type, value) => ({ breakdownAttributionType: type, breakdownAttributionValue: value });
const kind = { breakdown: "kind", breakdown_type: "event" };

module.exports = [
  // in order
  ["one after the other", { p: "A@0 B@10 C@30", q: "A@0 B@5", r: "A@0" }, { steps: "A B C" }, "3 2 1 / 450 1200"],
  ["the wrong way round", { p: "B@0 A@10" }, { steps: "A B" }, "1 0 / -"],
  ["never begun", { p: "B@0 C@10" }, { steps: "A B C" }, "0 0 0 / - -"],
  ["events that are no step do not matter", { p: "A@0 X@1 B@2" }, { steps: "A B" }, "1 1 / 120"],
  ["a step left out ends it", { p: "A@0 C@10 B@20" }, { steps: "A B C" }, "1 1 0 / 1200 -"],
  // windows
  ["the window hit exactly", { p: "A@0 B@30" }, { steps: "A B", f: minutes(30) }, "1 1 / 1800"],
  ["the window missed by a minute", { p: "A@0 B@31" }, { steps: "A B", f: minutes(30) }, "1 0 / -"],
  ["the window is from the first step", { p: "A@0 B@20 C@40" }, { steps: "A B C", f: minutes(30) }, "1 1 0 / 1200 -"],
  ["the later first step counts for the window", { p: "A@0 A@25 B@40" }, { steps: "A B", f: minutes(30) }, "1 1 / 900"],
  ["a later try goes further than the first", { p: "A@0 B@5 A@60 B@70 C@80" }, { steps: "A B C", f: minutes(30) }, "1 1 1 / 600 600"],
  ["the first of repeated steps is the conversion", { p: "A@0 B@5 B@10 C@20" }, { steps: "A B C" }, "1 1 1 / 300 900"],
  ["the last of repeated first steps is the beginning", { p: "A@0 A@5 A@10 B@20" }, { steps: "A B" }, "1 1 / 600"],
  ["nothing counts after the end", { p: "A@0 B@5 A@50 B@51" }, { steps: "A B" }, "1 1 / 300"],
  ["seconds", { p: "A@0 B@1" }, { steps: "A B", f: { funnelWindowInterval: 60, funnelWindowIntervalUnit: "second" } }, "1 1 / 60"],
  ["one second too few", { p: "A@0 B@1" }, { steps: "A B", f: { funnelWindowInterval: 59, funnelWindowIntervalUnit: "second" } }, "1 0 / -"],
  ["a day, hit exactly", { p: "A@0 B@1440", q: "A@0 B@1441" }, { steps: "A B", f: { funnelWindowInterval: 1, funnelWindowIntervalUnit: "day" } }, "2 1 / 86400"],
  ["a week", { p: "A@0 B@10080", q: "A@0 B@10081" }, { steps: "A B", f: { funnelWindowInterval: 1, funnelWindowIntervalUnit: "week" } }, "2 1 / 604800"],
  // one event in several steps, one step several times
  ["the same step twice needs two events", { p: "A@0", q: "A@0 A@5" }, { steps: "A A" }, "2 1 / 300"],
  ["three times", { p: "A@0 A@5", q: "A@0 A@5 A@15" }, { steps: "A A A" }, "2 2 1 / 300 600"],
  ["any event may be a step", { p: "X@0 B@5", q: "B@0" }, { steps: "* B" }, "2 1 / 300"],
  ["every event is every step", { p: "X@0 Y@5 Z@7" }, { steps: "* * *" }, "1 1 1 / 300 120"],
  // the same instant
  ["two steps at once, in any order in the store", { p: "B@0 A@0", q: "A@0 B@0" }, { steps: "A B" }, "2 2 / -"],
  ["three steps at once", { p: "C@0 A@0 B@0" }, { steps: "A B C" }, "1 1 1 / - -"],
  ["the same event twice at once", { p: "A@0 A@0" }, { steps: "A A" }, "1 1 / -"],
  ["one event at once is not two steps", { p: "A@0 X@0" }, { steps: "A A" }, "1 0 / -"],
  ["an event is spared for the step that needs it", { p: "A+x@0 A@0" }, { steps: "A A+x" }, "1 1 / -"],
  ["a first step again while the second comes", { p: "A@0 B@10 A@10 C@20" }, { steps: "A B C" }, "1 1 1 / - 600"],
  // exclusions
  ["an exclusion between", { p: "A@0 X@5 B@10", q: "A@0 B@10" }, { steps: "A B", f: { exclusions: [not("X", 0, 1)] } }, "1 1 / 600"],
  ["an exclusion before and after", { p: "X@0 A@1 B@2 X@3" }, { steps: "A B", f: { exclusions: [not("X", 0, 1)] } }, "1 1 / 60"],
  ["an exclusion with no conversion", { p: "A@0 X@5" }, { steps: "A B", f: { exclusions: [not("X", 0, 1)] } }, "0 0 / -"],
  ["an exclusion after the window", { p: "A@0 X@40" }, { steps: "A B", f: { ...minutes(30), exclusions: [not("X", 0, 1)] } }, "1 0 / -"],
  ["an exclusion at the window's end", { p: "A@0 X@30" }, { steps: "A B", f: { ...minutes(30), exclusions: [not("X", 0, 1)] } }, "0 0 / -"],
  ["a new beginning after an exclusion", { p: "A@0 X@5 A@6 B@10" }, { steps: "A B", f: { exclusions: [not("X", 0, 1)] } }, "1 1 / 240"],
  ["an exclusion of other steps", { p: "A@0 X@5 B@10 C@20" }, { steps: "A B C", f: { exclusions: [not("X", 1, 2)] } }, "1 1 1 / 600 600"],
  ["an exclusion between the last steps", { p: "A@0 B@10 X@15 C@20" }, { steps: "A B C", f: { exclusions: [not("X", 1, 2)] } }, "0 0 0 / - -"],
  ["an exclusion over the whole funnel", { p: "A@0 B@10 X@15 C@20", q: "A@0 X@5 B@10" }, { steps: "A B C", f: { exclusions: [not("X", 0, 2)] } }, "0 0 0 / - -"],
  ["an exclusion at the instant of a step", { p: "A@0 X@0 B@10", q: "A@0 X@10 B@10" }, { steps: "A B", f: { exclusions: [not("X", 0, 1)] } }, "2 2 / 600"],
  ["two exclusions", { p: "A@0 X@1 B@2", q: "A@0 Y@1 B@2", r: "A@0 Z@1 B@2" }, { steps: "A B", f: { exclusions: [not("X", 0, 1), not("Y", 0, 1)] } }, "1 1 / 120"],
  // strict
  ["strict: nothing may come between", { p: "A@0 X@5 B@10", q: "A@0 B@10" }, { steps: "A B", f: strict }, "2 1 / 600"],
  ["strict: a later try", { p: "A@0 X@5 A@6 B@10" }, { steps: "A B", f: strict }, "1 1 / 240"],
  ["strict: three steps", { p: "A@0 B@5 C@6", q: "A@0 B@5 X@6 C@7" }, { steps: "A B C", f: strict }, "2 2 1 / 300 60"],
  ["strict: another event at the same instant does not count", { p: "A@0 X@10 B@10" }, { steps: "A B", f: strict }, "1 1 / 600"],
  ["strict: events of the filter alone", { p: "A+x@0 X@5 B+x@10" }, { steps: "A B", f: strict, properties: [{ key: "kind", type: "event", value: ["x"], operator: "exact" }] }, "1 1 / 600"],
  // without order
  ["unordered: any way round", { p: "C@0 A@5 B@15", q: "B@0 C@1", r: "A@0" }, { steps: "A B C", f: unordered }, "3 2 1 / 180 600"],
  ["unordered: the window is from the earliest", { p: "B@0 A@20 C@31" }, { steps: "A B C", f: { ...unordered, ...minutes(30) } }, "1 1 0 / 1200 -"],
  ["unordered: a window that begins later", { p: "B@0 A@20 C@31 B@40" }, { steps: "A B C", f: { ...unordered, ...minutes(30) } }, "1 1 1 / 660 540"],
  ["unordered: the same step twice", { p: "A@0", q: "A@0 A@5" }, { steps: "A A", f: unordered }, "2 1 / 300"],
  ["unordered: an event is given to the step that needs it", { p: "A+x@0 A@5" }, { steps: "A+x A", f: unordered }, "1 1 / 300"],
  ["unordered: an exclusion between", { p: "A@0 X@5 B@10", q: "A@0 B@10 X@11" }, { steps: "A B", f: { ...unordered, exclusions: [not("X", 0, 1)] } }, "2 1 / 600"],
  ["unordered: an exclusion and nothing more", { p: "A@0 X@5" }, { steps: "A B", f: { ...unordered, exclusions: [not("X", 0, 1)] } }, "0 0 / -"],
  // optional steps
  ["optional: taken and left out", { p: "A@0 O@5 B@10", q: "A@0 B@20", r: "A@0 O@1" }, { steps: "A O? B" }, "3 2 2 / 180 900"],
  ["optional: too late", { p: "A@0 B@20 O@25 C@30" }, { steps: "A B O? C" }, "1 1 1 1 / 1200 300 600"],
  ["optional: at the end", { p: "A@0 B@20", q: "A@0 B@10 O@11" }, { steps: "A B O?" }, "2 2 1 / 900 60"],
  ["optional: two of them", { p: "A@0 P@5 B@10" }, { steps: "A O? P? B" }, "1 0 1 1 / - 300 600"],
  ["optional: strict", { p: "A@0 B@10", q: "A@0 O@1 B@2", r: "A@0 X@1 B@2" }, { steps: "A O? B", f: strict }, "3 1 2 / 60 360"],
  // first time for the person
  ["first time: only the first counts", { p: "A@0 A@10 B@15" }, { steps: "A! B" }, "1 1 / 900"],
  ["first time: the second step", { p: "B@0 A@5 B@10", q: "A@0 B@10 B@20" }, { steps: "A B!" }, "2 1 / 600"],
  ["first time: the first without the filter's property", { p: "A@0 A+x@5 B@10" }, { steps: "A+x! B" }, "0 0 / -"],
  ["first time: the first that has the filter's property", { p: "A@0 A+x@5 B@10" }, { steps: "A+x!! B" }, "1 1 / 300"],
  // breakdowns: counts of each value
  ["breakdown: first touch", { p: "A+x@0 B+y@5", q: "A@0 B+y@5" }, { steps: "A B", breakdownFilter: kind, f: by("first_touch") }, { x: "1 1", y: "1 1" }],
  ["breakdown: last touch", { p: "A+x@0 B+y@5", q: "A+x@0 B@5" }, { steps: "A B", breakdownFilter: kind, f: by("last_touch") }, { x: "1 1", y: "1 1" }],
  ["breakdown: all events", { p: "A+x@0 B+y@5", q: "A+x@0 B+x@5", r: "A+y@0 A+x@1 B+y@5" }, { steps: "A B", breakdownFilter: kind, f: by("all_events") }, { x: "3 1", y: "1 1" }],
  ["breakdown: by the first step", { p: "A+x@0 B+y@5", q: "A+y@0 B@5" }, { steps: "A B", breakdownFilter: kind, f: by("step", 0) }, { x: "1 1", y: "1 1" }],
  ["breakdown: by the second step", { p: "A+x@0 B+y@5", q: "A+x@0" }, { steps: "A B", breakdownFilter: kind, f: by("step", 1) }, { y: "1 1", "": "1 0" }],
  ["breakdown: the value with which one comes furthest", { p: "A+x@0 A+y@50 B@90" }, { steps: "A B", breakdownFilter: kind, f: { ...by("step", 0), ...minutes(60) } }, { y: "1 1" }],
  ["breakdown: none", { p: "A@0 B@5" }, { steps: "A B", breakdownFilter: kind }, { "": "1 1" }],
  ["breakdown: beyond the limit", { p: "A+x@0 B@5", q: "A+y@0", r: "A+z@0", s: "A+z@0" }, { steps: "A B", breakdownFilter: { ...kind, breakdown_limit: 1 } }, { x: "1 1", Other: "3 0" }],
  ["breakdown: the rest hidden", { p: "A+x@0 B@5", q: "A+y@0" }, { steps: "A B", breakdownFilter: { ...kind, breakdown_limit: 1, breakdown_hide_other_aggregation: true } }, { x: "1 1" }],
  ["breakdown: unordered by the first to come", { p: "B+y@0 A+x@5" }, { steps: "A B", breakdownFilter: kind, f: { ...unordered, ...by("step", 0) } }, { y: "1 1" }],
];
