// load.js - many events at once, straight into the engine: the columns that capture writes, filled from the
// numbers 0 to n, the same each time. What it looks like: sixty days to 2026-03-31; a person does twenty things in
// five visits of some minutes; browser, plan and country are the person's, page and amount the event's.
//
// Making JSON columns out of text is what costs an insert most. So 500,000 events are made and kept in a table
// beside, and the others are copies of them: of other people, at other times of the sixty days.
// Persons and their distinct ids are in the event store, where queries join them; the metadata store has none.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { engine, folder, serve, timed } = require("./bench.js");

const DAYS = 60, LAST = "2026-03-31", EACH = 20, PEOPLE = 25000;
const clock = `${LAST}T23:50:00Z`; // the server's idea of now at which the last day is nearly over
const WINDOW = DAYS * 86400 - 3600; // seconds in which a visit begins

const pick = (list, of) => `[${list.map((v) => `'${v}'`).join(", ")}][1 + ${of} % ${list.length}]`;
const texts = (...pairs) => `concat('{', ${pairs.map(([key, value], i) => `'${i ? "," : ""}"${key}":"', ${value}, '"'`).join(", ")}, '}')`;
// Numbers are numbers in the text and, as all values there, texts in the JSON column.
const exact = (text, ...keys) => keys.reduce((sql, key) => `replaceRegexpOne(${sql}, '"${key.replace("$", "\\\\$")}":"([0-9.]+)"', '"${key}":\\\\1')`, text);
const quiet = { input_format_try_infer_dates: 0, input_format_try_infer_datetimes: 0 };

const names = ["$pageview", "$pageview", "$pageview", "$pageview", "clicked", "clicked", "saved", "searched", "signed up", "paid"];
const ofPerson = (p) => [["email", `concat('p', toString(${p}), '@', ${pick(["example.com", "example.org", "mail.example"], p)})`],
  ["plan", pick(["free", "free", "team", "business"], `intDiv(${p}, 7)`)], ["$initial_referrer", pick(["$direct", "https://www.example.org/search", "https://news.example"], `intDiv(${p}, 3)`)]];
const base = (people) => [
  `CREATE TABLE bench_people (person UInt32, properties String, props JSON(max_dynamic_paths = 64)) ENGINE = MergeTree ORDER BY person`,
  `INSERT INTO bench_people SELECT number, ${texts(...ofPerson("number"))} AS text, text::JSON(max_dynamic_paths = 64) FROM numbers(${people})`,
  `CREATE TABLE bench_events (person UInt32, visit UInt8, began UInt32, after UInt64, event LowCardinality(String), properties String,
    props JSON(max_dynamic_paths = 128)) ENGINE = MergeTree ORDER BY person`,
  `INSERT INTO bench_events SELECT person, visit, cityHash64(person, visit) % ${WINDOW}, k % 4 * 300000000 + a % 300000000, ${pick(names, "a")},
    ${exact("text", "$screen_width", "$screen_height", "$browser_version", "amount")}, text::JSON(max_dynamic_paths = 128)
   FROM (SELECT toUInt32(intDiv(number, ${EACH})) AS person, number % ${EACH} AS k, intDiv(k, 4) AS visit, cityHash64(number) AS a, cityHash64(number, 1) AS b,
    ${texts(["$browser", pick(["Chrome", "Chrome", "Chrome", "Safari", "Firefox", "Edge"], "person")], ["$browser_version", "toString(120 + person % 20)"],
      ["$os", pick(["Windows", "Mac OS X", "Linux", "Android", "iOS"], "intDiv(person, 2)")], ["$device_type", pick(["Desktop", "Desktop", "Mobile"], "person")],
      ["$screen_width", pick(["1920", "1440", "390"], "person")], ["$screen_height", pick(["1080", "900", "844"], "person")],
      ["$lib", "'web'"], ["$lib_version", "'1.449.2'"], ["$geoip_country_code", pick(["US", "US", "DE", "FR", "GB", "IN", "BR", "JP"], "intDiv(person, 5)")],
      ["$referrer", "'https://www.example.org/search'"], ["$pathname", "concat('/boards/', toString(b % 300))"],
      ["$current_url", "concat('https://app.example.com/boards/', toString(b % 300), '?tab=activity')"],
      ["plan", pick(["free", "free", "team", "business"], "intDiv(person, 7)")], ["amount", "toString(a % 1000 / 10)"])} AS text
    FROM numbers(${people * EACH}))`,
];

// Copy c of the people, the first `people` of them.
const copied = (team, c, people) => {
  const who = `toString(person + ${c * PEOPLE})`, id = `reinterpretAsUUID(sipHash128('person', person + ${c * PEOPLE}))`;
  const at = `toDateTime64('${LAST} 00:00:00', 6, 'UTC') - toIntervalDay(${DAYS - 1}) + toIntervalSecond((began + cityHash64(person, ${c}) % ${WINDOW}) % ${WINDOW}) + toIntervalMicrosecond(after)`;
  const visit = `concat('0195-', ${who}, '-', toString(visit))`, since = `toDateTime64('${LAST} 00:00:00', 3, 'UTC') - toIntervalDay(${DAYS})`;
  return [
    `INSERT INTO persons (team_id, id, created_at, properties, props, is_identified, is_deleted, version)
      SELECT ${team}, ${id}, ${since}, properties, props, 1, 0, 1 FROM bench_people WHERE person < ${people}`,
    `INSERT INTO person_distinct_ids (team_id, distinct_id, person_id, is_deleted, version)
      SELECT ${team}, concat('p-', ${who}), ${id}, 0, 1 FROM bench_people WHERE person < ${people}`,
    `INSERT INTO events (team_id, uuid, event, distinct_id, person_id, timestamp, created_at, person_created_at, person_mode, elements_chain,
      \`$session_id\`, \`$window_id\`, \`$group_0\`, \`$group_1\`, \`$group_2\`, \`$group_3\`, \`$group_4\`, properties, person_properties, props, person_props)
      SELECT ${team}, reinterpretAsUUID(sipHash128('event', ${c}, person, after, visit)), event, concat('p-', ${who}), ${id}, ${at} AS at, at, ${since}, 'full', '',
      ${visit} AS v, v, '', '', '', '', '', e.properties, p.properties, e.props, p.props FROM bench_events AS e JOIN bench_people AS p USING (person)
      WHERE person < ${people}`,
  ];
};

// Adds n events to the first project of a folder whose server, or engine, runs. say: called with how many are there.
async function load(data, n, say = () => {}) {
  for (const sql of base(Math.min(PEOPLE, Math.ceil(n / EACH)))) await engine(data, sql, quiet);
  for (let c = 0; c * PEOPLE * EACH < n; c++) {
    const people = Math.min(PEOPLE, Math.ceil(n / EACH) - c * PEOPLE);
    for (const sql of copied(1, c, people)) await engine(data, sql, { insert_deduplicate: 0 });
    say((c * PEOPLE + people) * EACH);
  }
  for (const table of ["bench_people", "bench_events"]) await engine(data, `DROP TABLE ${table} SYNC`);
  const merging = async () => Number(await engine(data, "SELECT count() FROM system.merges", { default_format: "TSV" }));
  while (await merging()) await new Promise((resolve) => setTimeout(resolve, 500));
}

// A folder with n events, whose server runs: {data, key, child, url}. Of BENCH_DATA, which stays and is used again by
// the next run; else one that ends with the run.
async function filled(n, say) {
  const kept = process.env.BENCH_DATA && path.resolve(process.env.BENCH_DATA), note = kept && path.join(kept, "bench.json");
  if (kept && fs.existsSync(note)) {
    const { key, events } = JSON.parse(fs.readFileSync(note, "utf8"));
    if (events !== n) throw new Error(`${kept} has ${events} events, not ${n}`);
    return { data: kept, key, ...await serve(kept, "--clock", clock) };
  }
  const { data, key } = folder(kept), server = await serve(data, "--clock", clock);
  const { took } = await timed([], () => load(data, n, say));
  console.log(`${n} events made in ${took.toFixed(0)} s`);
  if (kept) fs.writeFileSync(note, JSON.stringify({ key, events: n }));
  return { data, key, ...server };
}

module.exports = { filled, load, clock, EACH };
