// What queries read: properties by every way there is to them, joined tables, sessions, surveys.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert");
const { spawnSync } = require("node:child_process");
const { start, engine, bin, eventually } = require("../api/server.js");

let s;

function compile(queries) {
  const run = spawnSync(bin, ["hogql", "print", "--json"],
    { input: queries.map((q) => q.replace(/\n/g, " ")).join("\n"), encoding: "utf8", maxBuffer: 1 << 28 });
  assert.strictEqual(run.status, 0, run.stderr);
  return run.stdout.trim().split("\n").map((line) => JSON.parse(line));
}

const run = (sql) => engine(s.data, { default_format: "JSONCompact", readonly: "2",
  output_format_json_quote_64bit_integers: "0", date_time_output_format: "iso" }, { body: sql });

async function rows(query) {
  const [compiled] = compile([query]);
  assert.ok(!compiled.error, `${query}: ${compiled.error}`);
  const answer = await run(compiled.sql);
  assert.strictEqual(answer.status, 200, `${query}\n${answer.text}`);
  return JSON.parse(answer.text).data;
}

const send = (batch) => s.call("POST", "/batch/", { key: null,
  body: `{"api_key":${JSON.stringify(s.first.project_api_key)},"batch":${batch}}` });

async function stored(event, n) {
  await eventually(async () => {
    const [[count]] = await rows(`SELECT count() FROM events WHERE event = '${event}'`);
    return count === n ? true : undefined;
  });
}

before(async () => { s = await start(); });
after(async () => { assert.strictEqual(await s.stop(), 0); });

// ---------------------------------------------------------------------------- properties

// JSON as sent, and the text that a query sees.
const values = {
  half: ["1.50", "1.5"], one: ["1.0", "1"], thousand: ["1e3", "1000"], zero: ["-0", "0"],
  odd: ["9007199254740993", "9007199254740993"], most: ["18446744073709551615", "18446744073709551615"],
  least: ["-9223372036854775808", "-9223372036854775808"], small: ["0.0000001", "1e-7"], large: ["1e21", "1e21"],
  long: ["123456789.123456789", "123456789.12345679"], yes: ["true", "true"], no: ["false", "false"],
  nothing: ["null", null], text: ['"x"', "x"], empty: ['""', ""], number_text: ['"1.50"', "1.50"],
  null_text: ['"null"', "null"], true_text: ['"true"', "true"], odd_text: ['"a\\/b \\u00e9\\ud83d\\ude00 \\t<&>"', "a/b é😀 \t<&>"],
  quoted: ['"say \\"hi\\" \\\\"', 'say "hi" \\'], object: ['{ "b" : 1.50, "c": [ 1, 2 ] }', '{"b":1.5,"c":[1,2]}'],
  list: ['[ 1.0 , "x\\u0001\\/", null, true, {"k": [] } ]', '[1,"x\\u0001/",null,true,{"k":[]}]'],
  nothing_in_it: ["{}", "{}"],
};
// These the store's JSON reader refuses: only the column has them.
const unreadable = {
  huge: ["123456789012345678901234567890", "123456789012345678901234567890"],
  below: ["-9223372036854775809", "-9223372036854775809"], past: ["1E400", "1E400"],
};
const names = ["a", "a.b", "a.b.c", "a..b", ".a", "a.", ".", "%", "a%2Eb", "%25", "", " ", "`", "\\", "a'b", "[0]", "^a", "a:Int64"];
const object = (list) => `{${Object.entries(list).map(([k, [json]]) => `${JSON.stringify(k)}:${json}`).join(",")}}`;

test("a property's value does not depend on how it is read", async () => {
  const dotted = Object.fromEntries(Object.entries(values).map(([k, v]) => [`d.${k}`, v]));
  await send(`[{"event":"values","distinct_id":"u","properties":${object({ ...values, ...dotted, deep: [object(values)] })}}]`);
  await stored("values", 1);
  const from = "(SELECT properties AS p, distinct_id FROM events WHERE event = 'values')";
  const ways = (k) => [`e.properties.${k}`, `e.properties['${k}']`, `e.properties['d.${k}']`, `e.properties.deep.${k}`,
    `t.p.${k}`, `t.p['d.${k}']`, `t.p.deep.${k}`, `u.p.${k}`, `u.p['d.${k}']`, `u.p.deep.${k}`, `g.p.${k}`];
  const queries = Object.keys(values).map((k) => `SELECT ${ways(k).join(", ")} FROM events AS e
    JOIN ${from} AS t ON t.distinct_id = e.distinct_id
    JOIN (SELECT p, distinct_id FROM ${from} UNION ALL SELECT p, distinct_id FROM ${from} WHERE 1 = 2) AS u ON u.distinct_id = e.distinct_id
    JOIN (SELECT p, distinct_id FROM ${from} GROUP BY p, distinct_id) AS g ON g.distinct_id = e.distinct_id
    WHERE e.event = 'values'`);
  const compiled = compile(queries);
  for (const [i, [k, [, want]]] of Object.entries(values).entries()) {
    assert.ok(!compiled[i].error, `${queries[i]}: ${compiled[i].error}`);
    const answer = await run(compiled[i].sql);
    assert.strictEqual(answer.status, 200, answer.text);
    assert.deepStrictEqual(JSON.parse(answer.text).data, [ways(k).map(() => want)], k);
  }
});

test("numbers past 64 bits keep their digits, and hide nothing beside them", async () => {
  await send(`[{"event":"huge","distinct_id":"u","properties":${object({ ...unreadable, near: ["1"],
    deep: [object({ ...unreadable, near: ["1"] })] })}}]`);
  await stored("huge", 1);
  for (const [k, want] of [...Object.entries(unreadable).map(([k, v]) => [k, v[1]]), ["near", "1"]]) {
    assert.deepStrictEqual(await rows(`SELECT properties.${k}, properties.deep.${k} FROM events WHERE event = 'huge'`), [[want, want]]);
    assert.deepStrictEqual(await rows(`WITH c AS (SELECT DISTINCT properties, event FROM events UNION ALL SELECT properties, event FROM events WHERE 1 = 2) SELECT c.properties.${k}, c.properties.deep.${k}
      FROM (SELECT * FROM c) AS c WHERE c.event = 'huge'`), [[want, want]]);
  }
  assert.deepStrictEqual(await rows("SELECT properties.huge > 1e29, properties.huge < 1e30 FROM events WHERE event = 'huge'"), [[1, 1]]);
});

test("any name of a property", async () => {
  await send(`[{"event":"names","distinct_id":"u","properties":${object(Object.fromEntries(names.map((n, i) => [n, [String(i)]])))}}]`);
  await stored("names", 1);
  const literal = (n) => `'${n.replace(/[\\']/g, "\\$&")}'`;
  const [got] = await rows(`SELECT ${names.map((n) => `properties[${literal(n)}]`).join(", ")} FROM events WHERE event = 'names'`);
  assert.deepStrictEqual(got, names.map((_, i) => String(i)));
  const [there] = await rows(`SELECT ${names.map((n) => `t.p[${literal(n)}]`).join(", ")} FROM (SELECT properties AS p FROM events WHERE event = 'names') AS t`);
  assert.deepStrictEqual(there, got);
});

test("what a subquery reads for the query around it is no column of it", async () => {
  assert.deepStrictEqual(await rows(`SELECT * FROM (SELECT event, properties AS p FROM events WHERE event = 'names') AS t
    WHERE t.p.a = '0' AND t.p['a.b'] = '1'`).then((r) => r[0].length), 2);
  assert.deepStrictEqual(await rows(`WITH c AS (SELECT event AS e, properties AS p FROM events) SELECT count(), count(DISTINCT d.q['a.b'])
    FROM c AS l JOIN c AS d (f, q) ON l.p.a = d.q.a WHERE d.f = 'names'`), [[1, 1]]);
  assert.match(compile(["SELECT p1_p FROM (SELECT properties AS p FROM events) AS t WHERE t.p.a = '1'"])[0].error, /^Unable to resolve field: p1_p/);
});

// ---------------------------------------------------------------------------- sessions

const at = (second) => new Date(Date.UTC(2026, 0, 10, 12, 0, second)).toISOString();
const inSession = (id, second, event, properties = {}) => ({ event, distinct_id: `of ${id}`, timestamp: at(second),
  properties: { "$session_id": id, ...properties } });

// How a session begins, and the channel that is.
const channels = [
  [{ utm_campaign: "cross-network" }, "Cross Network"], [{ utm_source: "google", utm_medium: "cpc" }, "Paid Search"],
  [{ utm_source: "facebook", utm_medium: "paid" }, "Paid Social"], [{ gclid: "1", $referring_domain: "youtube.com" }, "Paid Video"],
  [{ utm_campaign: "spring-shopping", utm_medium: "cpc" }, "Paid Shopping"], [{ utm_medium: "retargeting" }, "Paid Unknown"],
  [{ gad_source: "1" }, "Paid Search"], [{ $referring_domain: "$direct" }, "Direct"], [{}, "Direct"],
  [{ utm_source: "(direct)" }, "Direct"], [{ $referring_domain: "www.google.de" }, "Organic Search"],
  [{ $referring_domain: "t.co" }, "Organic Social"], [{ utm_source: "amazon" }, "Organic Shopping"],
  [{ utm_medium: "Email" }, "Email"], [{ utm_medium: "web_push" }, "Push"], [{ $referring_domain: "blog.example.com" }, "Referral"],
  [{ utm_source: "somewhere" }, "Unknown"],
];

test("every field of a session", async () => {
  const v7 = "0199f2a0-0000-7000-8000-000000000001";
  const entry = { $referring_domain: "www.google.com", $referrer: "https://www.google.com/", utm_source: "google", utm_campaign: "c",
    utm_medium: "cpc", utm_term: "t", utm_content: "o", gclid: "g", gad_source: "1", gclsrc: "s", dclid: "d", gbraid: "b",
    wbraid: "w", fbclid: "f", msclkid: "m", twclid: "tw", li_fat_id: "li", mc_cid: "mc", igshid: "ig", ttclid: "tt", _kx: "k", irclid: "ir" };
  const urls = ["https://a.test/in?x=1", "https://b.test/out"];
  await send(JSON.stringify([
    inSession(v7, 30, "$pageview", { $current_url: urls[1], ...Object.fromEntries(Object.keys(entry).map((k) => [k, "later"])) }),
    inSession(v7, 0, "$pageview", { $current_url: urls[0], ...entry }),
    inSession(v7, 5, "$autocapture", { $current_url: urls[0], $external_click_url: "https://out.test/1" }),
    inSession(v7, 31, "$web_vitals", { $web_vitals_LCP_value: 1234.5 }),
    inSession("bounce", 0, "$screen"), inSession("bounce", 9, "seen"),
    inSession("stays", 0, "$pageview"), inSession("stays", 10, "seen"),
    ...channels.map(([how], i) => inSession(`channel ${i}`, 60, "$pageview", how)),
  ]));
  await stored("$pageview", 3 + channels.length);
  const named = Object.entries(entry).map(([k, v]) => [`$entry_${k.replace("$", "")}`, v]);
  const fields = [["id", v7], ["session_id", v7], ["session_id_v7", v7], ["team_id", 1], ["distinct_id", `of ${v7}`],
    ["$start_timestamp", "2026-01-10T12:00:00.000000Z"], ["$end_timestamp", "2026-01-10T12:00:31.000000Z"],
    ["$urls", urls], ["$num_uniq_urls", 2], ["$entry_current_url", urls[0]], ["$entry_pathname", "/in"], ["$entry_hostname", "a.test"],
    ["$end_current_url", urls[1]], ["$end_pathname", "/out"], ["$end_hostname", "b.test"], ["$exit_current_url", urls[1]],
    ["$exit_pathname", "/out"], ...named, ["$pageview_count", 2], ["$autocapture_count", 1], ["$screen_count", 0],
    ["$channel_type", "Paid Search"], ["$session_duration", 31], ["duration", 31], ["$is_bounce", false],
    ["$last_external_click_url", "https://out.test/1"], ["$page_screen_autocapture_count_up_to", 2], ["$vitals_lcp", 1234.5]];
  for (const table of ["sessions", "raw_sessions", "raw_sessions_v3"]) {
    assert.deepStrictEqual(await rows(`SELECT ${fields.map((f) => f[0]).join(", ")} FROM ${table} WHERE session_id = '${v7}'`),
      [fields.map((f) => f[1])], table);
  }
  // the same through the join that an event's session makes
  assert.deepStrictEqual(await rows(`SELECT ${fields.map((f) => `session.${f[0]}`).join(", ")} FROM events WHERE event = '$web_vitals'`),
    [fields.map((f) => f[1])]);
  assert.deepStrictEqual(await rows("SELECT max_inserted_at > $start_timestamp, $vitals_lcp FROM sessions WHERE session_id = 'bounce'"), [[1, null]]);
  assert.deepStrictEqual(await rows("SELECT session_id, $is_bounce, $page_screen_autocapture_count_up_to FROM sessions WHERE session_id IN ('bounce', 'stays') ORDER BY 1"),
    [["bounce", true, 1], ["stays", false, 1]]);
  assert.deepStrictEqual(await rows("SELECT $channel_type FROM sessions WHERE session_id LIKE 'channel %' ORDER BY toInt(substring(session_id, 9, 3))"),
    channels.map((c) => [c[1]]));
});

// ---------------------------------------------------------------------------- surveys

test("answers to surveys", async () => {
  const sent = (second, properties) => ({ event: "survey sent", distinct_id: "u", timestamp: at(second), properties: { $survey_id: "s1", ...properties } });
  await send(JSON.stringify([
    sent(1, { $survey_response: "old", $survey_response_1: "one" }),
    sent(2, { $survey_response: "old", $survey_response_q: "new", $survey_submission_id: "a" }),
    sent(3, { $survey_response_q: ["x", "y"], $survey_submission_id: "a" }),
    sent(4, { $survey_id: "s2", $survey_submission_id: "a" }),
  ]));
  await stored("survey sent", 4);
  assert.deepStrictEqual(await rows(`SELECT getSurveyResponse(0), getSurveyResponse(1), getSurveyResponse(0, 'q'), getSurveyResponse(0, 'q', true)
    FROM events WHERE properties.$survey_id = 's1' ORDER BY timestamp`),
  [["old", "one", "old", []], ["old", null, "new", []], [null, null, '["x","y"]', ['"x"', '"y"']]]);
  const only = (list) => rows(`SELECT toSecond(timestamp) FROM events WHERE properties.$survey_id = 's1' AND uniqueSurveySubmissionsFilter(${list}) ORDER BY 1`);
  assert.deepStrictEqual(await only("'s1'"), [[1], [3]]);
  assert.deepStrictEqual(await only("'s1', toDateTime('2026-01-10 12:00:00'), toDateTime('2026-01-10 12:00:02')"), [[1], [2]]);
});

test("the person an event was stored with, and the merge since", async () => {
  await send(JSON.stringify([{ event: "before", distinct_id: "m1", properties: { $set: { plan: "pro" } } },
    { event: "before", distinct_id: "m2", properties: {} }, { event: "$identify", distinct_id: "m1", properties: {} }]));
  await stored("before", 2);
  await send(JSON.stringify([{ event: "$merge_dangerously", distinct_id: "m1", properties: { alias: "m2" } }]));
  const query = `SELECT distinct_id, event_person_id = person_id, override.person_id = person_id, poe.id = person_id, person.id = pdi.person_id,
    poe.properties.plan, person.properties.plan, pdi.person.properties.plan FROM events WHERE event = 'before' ORDER BY distinct_id`;
  await eventually(async () => ((await rows(query))[1][1] === 0 ? true : undefined));
  assert.deepStrictEqual(await rows(query), [["m1", 1, 0, 1, 1, "pro", "pro", "pro"], ["m2", 0, 1, 1, 1, null, "pro", "pro"]]);
});
