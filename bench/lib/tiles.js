// tiles.js - eight insights of a dashboard, and each of them as ClickHouse SQL that somebody who knows the tables
// would write by hand for the same numbers.
"use strict";

const step = (event, more) => ({ kind: "EventsNode", event, ...more });
const trend = (series, more = {}) => ({ kind: "TrendsQuery", dateRange: { date_from: "-30d" }, series, ...more });
const since = (day) => `team_id = 1 AND timestamp >= '${day} 00:00:00' AND timestamp <= '2026-03-31 23:59:59.999999'`;
const month = since("2026-03-01");
const oneByOne = (results) => results[0].data;
const browser = "ifNull(props.`$browser`.:String, '')", steps = ["$pageview", "clicked", "saved", "paid"];

// name, query, the same by hand, and both answers as one list of numbers.
const tiles = [
  ["trend", trend([step("$pageview")]),
    `SELECT toDate(timestamp) AS d, count() FROM events WHERE ${month} AND event = '$pageview' GROUP BY d ORDER BY d`, oneByOne],
  ["people by day", trend([step("$pageview", { math: "dau" })]),
    `SELECT toDate(timestamp) AS d, uniqExact(person_id) FROM events WHERE ${month} AND event = '$pageview' GROUP BY d ORDER BY d`, oneByOne],
  ["by browser", trend([step("$pageview")], { breakdownFilter: { breakdown: "$browser", breakdown_type: "event" }, trendsFilter: { display: "ActionsTable" } }),
    `SELECT ${browser} AS b, count() AS n FROM events WHERE ${month} AND event = '$pageview' GROUP BY b ORDER BY n DESC, b`, (r) => r.map((i) => i.aggregated_value)],
  ["sum of a property", trend([step("paid", { math: "sum", math_property: "amount" })]),
    `SELECT toDate(timestamp) AS d, sum(toFloat64OrNull(props.amount.:String)) FROM events WHERE ${month} AND event = 'paid' GROUP BY d ORDER BY d`, oneByOne],
  ["filtered", trend([step(null)], { properties: [{ key: "plan", type: "event", operator: "exact", value: "team" }] }),
    `SELECT toDate(timestamp) AS d, count() FROM events WHERE ${month} AND props.plan.:String = 'team' GROUP BY d ORDER BY d`, oneByOne],
  ["weekly active", trend([step(null, { math: "weekly_active" })], { dateRange: { date_from: "-7d" } }),
    `SELECT d + i AS day, uniqExact(person_id) FROM (SELECT DISTINCT toDate(timestamp) AS d, person_id FROM events WHERE ${since("2026-03-18")})
     ARRAY JOIN range(7) AS i WHERE day BETWEEN '2026-03-24' AND '2026-03-31' GROUP BY day ORDER BY day`, oneByOne],
  ["funnel", { kind: "FunnelsQuery", dateRange: { date_from: "-30d" }, series: steps.map((name) => step(name)), funnelsFilter: {} },
    `SELECT ${[1, 2, 3, 4].map((k) => `countIf(level >= ${k})`)} FROM (SELECT windowFunnel(1209600000000)(toUInt64(toUnixTimestamp64Micro(timestamp)),
     ${steps.map((name) => `event = '${name}'`)}) AS level FROM events WHERE ${month} AND event IN (${steps.map((name) => `'${name}'`)}) GROUP BY person_id)`,
    (r) => r.map((i) => i.count)],
  ["retention", { kind: "RetentionQuery", dateRange: { date_from: "-7d" }, retentionFilter: { period: "Day", totalIntervals: 7,
    targetEntity: { id: "$pageview", type: "events" }, returningEntity: { id: "$pageview", type: "events" }, retentionType: "retention_recurring" } },
    `SELECT a, b, uniqExact(person_id) FROM (SELECT person_id, arrayJoin(days) AS a, arrayJoin(arrayFilter(x -> x >= a, days)) AS b FROM
     (SELECT person_id, groupUniqArray(toDate(timestamp)) AS days FROM events WHERE ${since("2026-03-25")} AND event = '$pageview' GROUP BY person_id))
     GROUP BY a, b ORDER BY a, b`, (r) => r.flatMap((row) => row.values.map((v) => v.count)).filter((v) => v)],
];
const numbers = (name, rows) => (name === "funnel" ? rows[0] : rows.map((row) => row.at(-1))).map(Number);
const same = (a, b) => a.length === b.length && a.every((v, i) => Math.abs(v - b[i]) <= 1e-6 * Math.max(1, Math.abs(v)));

module.exports = { tiles, numbers, same };
