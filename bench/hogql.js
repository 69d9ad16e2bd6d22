#!/usr/bin/env node
// hogql - parse, resolve and print a query of 500 characters and more, against the official parser (WebAssembly,
// of test/node_modules) parsing it alone. Prints microseconds a query of each, and how many times as fast we are.
// Ours is the command line's batch: what it takes to start and to read lines is taken off. Goal: at least 50.
"use strict";
const { spawnSync } = require("node:child_process");
const path = require("node:path");

const root = path.join(__dirname, "..");
const program = path.join(root, "build/release/hoglet");
const queries = {
  insight: `SELECT properties.$browser AS browser, person.properties.plan, toStartOfDay(timestamp) AS day, count() AS total,
    uniq(person_id) AS people, countIf(event = '$pageview' AND properties.$current_url ILIKE '%/pricing%') AS pricing,
    quantile(0.95)(toFloat(properties.duration)) AS p95 FROM events WHERE timestamp >= now() - INTERVAL 30 DAY AND event IN
    ('$pageview', 'signed up', 'paid') AND (properties.utm_source = 'google' OR person.properties.email NOT LIKE '%@test.com')
    GROUP BY browser, person.properties.plan, day HAVING total > 10 ORDER BY day DESC, total DESC LIMIT 100`,
  sessions: `WITH long AS (SELECT session_id, $session_duration AS seconds, $entry_pathname AS entry, $channel_type AS channel FROM sessions
    WHERE $start_timestamp >= '2026-01-01' AND NOT $is_bounce) SELECT l.channel, l.entry, count() AS sessions, avg(l.seconds) AS mean,
    arrayStringConcat(arraySort(groupUniqArray(e.event)), ', ') AS events, row_number() OVER (PARTITION BY l.channel ORDER BY count() DESC) AS place
    FROM events AS e JOIN long AS l ON e.$session_id = l.session_id WHERE e.timestamp >= '2026-01-01' GROUP BY l.channel, l.entry LIMIT 5 BY l.channel`,
};

const seconds = (fn) => {
  const begun = process.hrtime.bigint();
  fn();
  return Number(process.hrtime.bigint() - begun) / 1e9;
};
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

function ours(query, n) {
  const run = spawnSync(program, ["hogql", "check", "--json"], { input: `${query}\n`.repeat(n), encoding: "utf8", maxBuffer: 1 << 30 });
  if (run.status !== 0 || run.stdout.split("\n").length < n || run.stdout.includes('"error"')) throw new Error(run.stderr || run.stdout.slice(0, 300));
}

async function main() {
  const parser = await require(path.join(root, "test/node_modules/@posthog/hogql-parser"))();
  const n = 5000, rounds = 5;
  for (const [name, text] of Object.entries(queries)) {
    const query = text.replace(/\s+/g, " "), empty = "SELECT 1";
    const us = [], them = [];
    for (let i = 0; i < rounds; i++) {
      us.push((seconds(() => ours(query, n)) - seconds(() => ours(empty, n))) / n);
      them.push(seconds(() => { for (let k = 0; k < n / 50; k++) parser.parseSelect(query); }) / (n / 50));
    }
    const [a, b] = [median(us), median(them)];
    console.log(`hogql ${name} (${query.length} characters): ours ${(a * 1e6).toFixed(1)} us, the official parser ${(b * 1e6).toFixed(0)} us: ${(b / a).toFixed(0)} times`);
  }
}
main();
