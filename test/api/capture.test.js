// Capture: what clients send, in every encoding, to rows of events and persons.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert");
const zlib = require("node:zlib");
const { randomUUID } = require("node:crypto");
const { start, eventually, rows } = require("./server.js");

let s, token;
before(async () => {
  s = await start();
  token = s.first.project_api_key;
});
after(async () => { assert.strictEqual(await s.stop(), 0); });

const send = (where, body, headers = {}) => fetch(s.url + where, { method: "POST", body,
  headers: { "Content-Type": "application/json", ...headers } });
const batch = (events, more = {}) => send("/batch/", JSON.stringify({ api_key: token, batch: events, ...more }));

// The stored events of a distinct id or uuid, once there are `n`.
const stored = (n, where) => eventually(async () => {
  const found = await rows(s.data, `SELECT *, toString(uuid) AS id FROM events FINAL WHERE ${where} ORDER BY timestamp, event`);
  return found.length >= n ? found.map((r) => ({ ...r, properties: JSON.parse(r.properties),
    person_properties: JSON.parse(r.person_properties) })) : undefined;
});

test("every route and shape stores its event", async () => {
  const shapes = {
    "/e/": { event: "via", distinct_id: "shape-1", api_key: token },
    "/i/v0/e/": [{ event: "via", properties: { distinct_id: "shape-2", token } }],
    "/capture": { event: "via", $distinct_id: "shape-3", token },
    "/track/": { event: "via", distinct_id: 4711, api_key: token },
    "/batch": { token, batch: [{ event: "via", distinct_id: "shape-5" }] },
    "/i/v0/ai/batch/": { api_key: token, batch: [{ event: "via", distinct_id: "shape-6" }] },
  };
  for (const [where, body] of Object.entries(shapes)) {
    const reply = await send(where, JSON.stringify(body));
    assert.strictEqual(reply.status, 200, where);
    assert.deepStrictEqual(await reply.json(), { status: "Ok" });
  }
  const ids = (await stored(6, "event = 'via'")).map((r) => r.distinct_id).sort();
  assert.deepStrictEqual(ids, ["4711", "shape-1", "shape-2", "shape-3", "shape-5", "shape-6"]);
});

test("encodings end in the same event", async () => {
  const json = (id) => JSON.stringify({ event: "enc", distinct_id: id, api_key: token });
  const form = (id) => `data=${encodeURIComponent(Buffer.from(json(id)).toString("base64"))}`;
  const urlencoded = { "Content-Type": "application/x-www-form-urlencoded" };
  const calls = [
    send("/e/", zlib.gzipSync(json("enc-gzip")), { "Content-Encoding": "gzip" }),
    send("/e/", zlib.gzipSync(json("enc-sniff")), { "Content-Type": "text/plain" }),
    send("/e/?compression=gzip-js", zlib.gzipSync(json("enc-js")), { "Content-Type": "text/plain" }),
    send("/e/?compression=base64", form("enc-form"), urlencoded),
    send("/e/", Buffer.from(json("enc-b64 ")).toString("base64"), { "Content-Type": "text/plain" }),
    fetch(`${s.url}/e/?data=${encodeURIComponent(Buffer.from(json("enc-get")).toString("base64"))}`),
  ];
  for (const reply of await Promise.all(calls)) assert.strictEqual(reply.status, 200);
  const beacon = await send("/e/?compression=base64&beacon=1", form("enc-beacon"), urlencoded);
  assert.strictEqual(beacon.status, 204);
  assert.strictEqual((await stored(7, "event = 'enc'")).length, 7);
});

test("a refused request stores nothing and says why in plain text", async () => {
  const ok = { event: "half", distinct_id: "h" };
  const cases = [
    ["", 400, "request missing data payload"],
    ["[]", 400, "request holds no event"],
    [JSON.stringify({ api_key: token, batch: [] }), 400, "request holds no event"],
    [JSON.stringify({ api_key: token, batch: [ok, { event: "", distinct_id: "h" }] }), 400, "event submitted with an empty event name"],
    [JSON.stringify({ api_key: token, batch: [ok, { event: "x" }] }), 400, "event submitted without a distinct_id"],
    [JSON.stringify({ ...ok }), 401, "event submitted without an api_key"],
    [JSON.stringify([{ ...ok, token: "a" }, { ...ok, token: "b" }]), 401, "batch submitted with inconsistent api_key values"],
    [JSON.stringify({ ...ok, token: "phx_secret" }), 401, "API key is not valid: personal_api_key"],
    [JSON.stringify({ ...ok, token: "x".repeat(65) }), 401, "API key is not valid: too_long"],
    [JSON.stringify({ distinct_id: "h", token }), 400, "non-engage request missing event name attribute"],
    ["{", 400, /^failed to parse request/],
    [JSON.stringify({ ...ok, token, uuid: "nope" }), 400, /^failed to parse request/],
    [JSON.stringify({ ...ok, token, properties: { x: "y".repeat(1 << 20) } }), 413, /^maximum event size exceeded/],
  ];
  for (const [body, status, text] of cases) {
    const reply = await send("/batch/", body);
    const said = await reply.text();
    assert.strictEqual(reply.status, status, body.slice(0, 80) + said);
    assert.match(reply.headers.get("content-type"), /^text\/plain/);
    if (text instanceof RegExp) assert.match(said, text); else assert.strictEqual(said, text);
  }
  await batch([{ event: "half-end", distinct_id: "h" }]);
  await stored(1, "event = 'half-end'");
  assert.deepStrictEqual(await rows(s.data, "SELECT event FROM events WHERE event = 'half'"), []);
});

test("unknown tokens vanish with 200; other origins may call", async () => {
  const reply = await send("/e/", JSON.stringify({ event: "lost", distinct_id: "l", api_key: "phc_unknown" }),
    { Origin: "https://shop.example" });
  assert.strictEqual(reply.status, 200);
  assert.strictEqual(reply.headers.get("access-control-allow-origin"), "https://shop.example");
  const ask = await fetch(s.url + "/e/", { method: "OPTIONS", headers: { Origin: "https://shop.example",
    "Access-Control-Request-Headers": "content-type" } });
  assert.strictEqual(ask.status, 200);
  assert.strictEqual(ask.headers.get("access-control-allow-headers"), "content-type");
  assert.strictEqual((await fetch(s.url + "/e/", { method: "DELETE" })).status, 405);
  await batch([{ event: "found", distinct_id: "l" }]);
  await stored(1, "event = 'found'");
  assert.deepStrictEqual(await rows(s.data, "SELECT event FROM events WHERE event = 'lost'"), []);
});

test("properties are kept exactly; queries see each as text in one form", async () => {
  const uuid = randomUUID();
  await send("/batch/", `{"api_key":"${token}","batch":[{"event":"exact","distinct_id":"e","uuid":"${uuid}","properties":` +
    `{"n":1.50,"big":123456789012345678901234567890,"t":true,"o":{"a":[1,"x"]},"nul":null,"dot.ted":"d","quote\\"d":"q","u":"\\u00e9"}}]}`);
  await stored(1, `uuid = '${uuid}'`);
  const [row] = await rows(s.data, `SELECT properties, props.n.:String AS n, props.big.:String AS big, props.t.:String AS t, props.o.:String AS o,
    props.nul.:String AS nul, props.\`dot%2Eted\`.:String AS dotted, props.u.:String AS u FROM events WHERE uuid = '${uuid}'`);
  assert.match(row.properties, /"n":1\.50,"big":123456789012345678901234567890,"t":true,"o":\{"a":\[1,"x"\]\},"nul":null/);
  assert.deepStrictEqual({ ...row, properties: 0 }, { properties: 0, n: "1.5", big: "123456789012345678901234567890",
    t: "true", o: '{"a":[1,"x"]}', nul: null, dotted: "d", u: "é" });
});

test("timestamps: client clock, offset, future", async () => {
  const now = Date.now(), at = (ms) => new Date(now + ms).toISOString();
  await batch([
    { event: "t-plain", distinct_id: "t", timestamp: at(-3600e3) },
    { event: "t-offset", distinct_id: "t", offset: 7200e3, timestamp: at(0) },
    { event: "t-future", distinct_id: "t", timestamp: at(48 * 3600e3) },
    { event: "t-slash", distinct_id: "t", timestamp: "2026/01/02" },
    { event: "t-2822", distinct_id: "t", timestamp: "Fri, 02 Jan 2026 03:04:05 +0200" },
    { event: "t-secs", distinct_id: "t", timestamp: "1767225600" },
  ]);
  await batch([{ event: "t-skew", distinct_id: "t", timestamp: at(600e3) }], { sent_at: at(600e3) });
  const found = Object.fromEntries((await stored(7, "distinct_id = 't'")).map((r) => [r.event, Date.parse(r.timestamp.replace(" ", "T") + "Z")]));
  const near = (name, want) => assert.ok(Math.abs(found[name] - want) < 20000, `${name}: ${new Date(found[name]).toISOString()}`);
  near("t-plain", now - 3600e3);
  near("t-offset", now - 7200e3);
  near("t-future", now);
  near("t-skew", now + 150e3); /* 10 minutes fast: what exceeds 150 s is taken back */
  assert.strictEqual(found["t-slash"], Date.parse("2026-01-02T00:00:00Z"));
  assert.strictEqual(found["t-2822"], Date.parse("2026-01-02T01:04:05Z"));
  assert.strictEqual(found["t-secs"], 1767225600e3);
});

test("events of many months at once hold nothing up", async () => {
  await batch(Array.from({ length: 300 }, (_, i) => ({ event: "month", distinct_id: "months",
    timestamp: new Date(Date.UTC(1990, i, 1)).toISOString() })));
  const found = await stored(300, "distinct_id = 'months'");
  assert.strictEqual(new Set(found.map((r) => r.timestamp)).size, 300);
  const parts = await rows(s.data, "SELECT DISTINCT _partition_id AS p FROM events WHERE distinct_id = 'months' AND timestamp < '1999-12-01'");
  assert.strictEqual(parts.length, 1, "what is older than the product shares a partition");
  await batch([{ event: "offset", distinct_id: "offsets", offset: 1 }]);
  for (const offset of ["9223372036854775807", "-9223372036854775808", "100000000000000"])
    await send("/batch/", `{"api_key":"${token}","batch":[{"event":"offset","distinct_id":"offsets","offset":${offset}}]}`);
  const years = (await stored(4, "distinct_id = 'offsets'")).map((r) => r.timestamp.slice(0, 4)).sort();
  const now = String(new Date().getUTCFullYear());
  assert.deepStrictEqual(years, ["1970", "1970", now, now]);
});

test("identify, alias, set, set_once, unset, groups", async () => {
  await batch([
    { event: "$pageview", distinct_id: "anon-1", properties: { $browser: "Firefox", utm_source: "mail" } },
    { event: "$identify", distinct_id: "ann", properties: { $anon_distinct_id: "anon-1", $set: { email: "ann@x.io", plan: "free" }, $set_once: { first: 1 } } },
    { event: "$create_alias", distinct_id: "ann", properties: { alias: "ann-phone" } },
    { event: "bought", distinct_id: "ann-phone", $set: { plan: "paid" }, properties: { $set_once: { first: 2 }, $groups: { company: "acme" } } },
    { event: "$set", distinct_id: "ann", properties: { $unset: ["email"] } },
    { event: "$groupidentify", distinct_id: "srv", properties: { $group_type: "company", $group_key: "acme", $group_set: { seats: 5 } } },
  ]);
  const events = await stored(6, "distinct_id IN ('anon-1', 'ann', 'ann-phone', 'srv')");
  const people = new Set(events.filter((r) => r.distinct_id !== "srv").map((r) => r.person_id));
  assert.strictEqual(people.size, 1, "one person for all three ids");
  const bought = events.find((r) => r.event === "bought");
  assert.strictEqual(bought.person_properties.plan, "paid");
  assert.strictEqual(bought.person_properties.first, 1);
  assert.strictEqual(bought.person_properties.$initial_browser, "Firefox");
  assert.strictEqual(bought.person_properties.utm_source, "mail");
  assert.strictEqual(bought.$group_0, "acme");
  const [person] = await rows(s.data, `SELECT properties, is_identified FROM persons FINAL WHERE id = '${bought.person_id}'`);
  assert.strictEqual(person.is_identified, 1);
  assert.strictEqual(JSON.parse(person.properties).email, undefined);
  assert.strictEqual(JSON.parse(person.properties).plan, "paid");
  const [group] = await rows(s.data, "SELECT properties FROM groups FINAL WHERE key = 'acme'");
  assert.deepStrictEqual(JSON.parse(group.properties), { seats: 5 });
});

test("ids and names of any kind become texts", async () => {
  const ids = ['[1, {"a": "b"}]', "true", "1.50", '"a\\u0000b"', JSON.stringify("ü".repeat(300)), '" x "'];
  const events = ids.map((id, i) => `{"event":"id ${i}\\u0000","distinct_id":${id},"properties":{"kind":"id"}}`);
  await send("/batch/", `{"api_key":"${token}","batch":[${events}]}`);
  await batch([{ event: "n".repeat(300), distinct_id: "named", properties: { kind: "id" } }]);
  const found = await stored(7, "props.kind.:String = 'id'");
  const said = (i) => found.find((r) => r.event === `id ${i}\uFFFD`).distinct_id;
  assert.deepStrictEqual(ids.map((_, i) => said(i)), ['[1,{"a":"b"}]', "true", "1.50", "a\uFFFDb", "ü".repeat(200), " x "]);
  assert.strictEqual(found.find((r) => r.distinct_id === "named").event, "n".repeat(200));
});

test("a click's elements in their older form, and what is not kept", async () => {
  const list = [{ tag_name: "a", attr__class: "b a", attr__href: "/x", $el_text: 'say "x"', nth_child: 1, nth_of_type: 2 }, { tag_name: "body" }];
  await batch([
    { event: "$autocapture", distinct_id: "clicks", properties: { $elements: list, kept: 1, $heatmap_data: { "/": [1] } } },
    { event: "$autocapture", distinct_id: "clicks", properties: { $elements: list, $elements_chain: "button:", kept: 2 } },
  ]);
  const [made, given] = (await stored(2, "distinct_id = 'clicks'")).sort((a, b) => a.properties.kept - b.properties.kept);
  assert.strictEqual(made.elements_chain, 'a.a.b:attr__class="b a"attr__href="/x"href="/x"nth-child="1"nth-of-type="2"text="say \\"x\\"";body:nth-child="0"nth-of-type="0"');
  assert.deepStrictEqual(Object.keys(made.properties).sort(), ["$ip", "kept"]);
  assert.strictEqual(given.elements_chain, "button:");
  assert.strictEqual(given.properties.$elements, undefined);
});

test("the recorded address: the client's own, a near proxy's word, what the event says", async () => {
  const from = (headers, properties = {}) => send("/e/", JSON.stringify({ event: "from", distinct_id: "where", api_key: token, properties }), headers);
  const cases = [[{}, {}, "127.0.0.1"], [{ "X-Forwarded-For": "203.0.113.9, 10.0.0.1" }, {}, "203.0.113.9"],
    [{ "X-Forwarded-For": "[2001:db8::1]:443" }, {}, "2001:db8::1"], [{ "X-Forwarded-For": "203.0.113.7:99" }, {}, "203.0.113.7"],
    [{ "X-Forwarded-For": "<script>" }, {}, "127.0.0.1"], [{}, { $ip: "198.51.100.1" }, "198.51.100.1"],
    [{ "X-Forwarded-For": "203.0.113.9" }, { capture_internal: 0 }, "127.0.0.1"]];
  for (const [i, [headers, properties]] of cases.entries()) assert.strictEqual((await from(headers, { ...properties, i })).status, 200);
  const found = await stored(cases.length, "distinct_id = 'where'");
  for (const [i, c] of cases.entries()) assert.strictEqual(found.find((r) => r.properties.i === i).properties.$ip, c[2], JSON.stringify(c));
});

test("an explicit $set wins over what the event sets by itself", async () => {
  await batch([
    { event: "a", distinct_id: "explicit", properties: { $browser: "Firefox" } },
    { event: "b", distinct_id: "explicit", properties: { $browser: "Opera", $set: { $browser: "Firefox" }, $set_once: { $initial_browser: "Lynx", once: null } } },
    { event: "c", distinct_id: "explicit", properties: { $os_name: "Haiku", $is_server: true, $os: "Linux", $set_once: { once: 1 } } },
  ]);
  const [, b, c] = (await stored(3, "distinct_id = 'explicit'")).sort((x, y) => x.event.localeCompare(y.event));
  assert.strictEqual(b.person_properties.$browser, "Firefox");
  assert.strictEqual(b.person_properties.$initial_browser, "Firefox");
  assert.strictEqual(c.person_properties.once, 1, "a null counts as absent");
  assert.strictEqual(c.person_properties.$initial_os, "Haiku");
  assert.strictEqual(c.person_properties.$os, undefined, "a server's system says nothing of the person");
});

test("ids that merge nobody, and numbers that do", async () => {
  const person = async (id) => (await stored(1, `distinct_id = '${id}' AND event = 'probe'`))[0].person_id;
  const illegal = ["undefined", "Anonymous", "'null'", '"Guest"', " ", "[object Object]", "x".repeat(401), "a\u0000b"];
  await batch(illegal.map((alias) => ({ event: "$create_alias", distinct_id: "legal", properties: { alias } })));
  await batch([...illegal.map((id) => id.trim() ? { event: "probe", distinct_id: id } : null).filter(Boolean),
    { event: "probe", distinct_id: "legal" }, { event: "$create_alias", distinct_id: "legal", properties: { alias: 815 } },
    { event: "probe", distinct_id: "815" }]);
  const legal = await person("legal");
  assert.strictEqual(await person("815"), legal);
  for (const id of ["undefined", "Anonymous", "[object Object]", "x".repeat(200), "a\uFFFDb"]) assert.notStrictEqual(await person(id), legal, id);
});

test("merging two known persons; an identified one only dangerously", async () => {
  await batch([
    { event: "m", distinct_id: "m-a", $set: { x: "a", only_a: 1 } },
    { event: "m", distinct_id: "m-b", $set: { x: "b" } },
    { event: "$create_alias", distinct_id: "m-a", properties: { alias: "m-b" } },
    { event: "after", distinct_id: "m-b" },
    { event: "$identify", distinct_id: "m-c", properties: {} },
    { event: "$create_alias", distinct_id: "m-a", properties: { alias: "m-c" } },
    { event: "refused", distinct_id: "m-c" },
    { event: "$merge_dangerously", distinct_id: "m-a", properties: { alias: "m-c" } },
    { event: "merged", distinct_id: "m-c" },
    { event: "$create_alias", distinct_id: "m-a", properties: { alias: "undefined" } },
  ]);
  const events = await stored(10, "startsWith(distinct_id, 'm-')");
  const who = (event, id) => events.find((r) => r.event === event && r.distinct_id === id).person_id;
  const a = who("m", "m-a");
  assert.notStrictEqual(who("m", "m-b"), a, "stored before the merge");
  assert.strictEqual(who("after", "m-b"), a);
  assert.notStrictEqual(who("refused", "m-c"), a);
  assert.strictEqual(who("merged", "m-c"), a);
  const overrides = await rows(s.data, "SELECT distinct_id, toString(person_id) AS p FROM person_overrides FINAL WHERE startsWith(distinct_id, 'm-') ORDER BY distinct_id");
  assert.deepStrictEqual(overrides, [{ distinct_id: "m-b", p: a }, { distinct_id: "m-c", p: a }]);
  const [person] = await rows(s.data, `SELECT properties FROM persons FINAL WHERE id = '${a}' AND NOT is_deleted`);
  assert.deepStrictEqual(JSON.parse(person.properties), { x: "a", only_a: 1 });
  const gone = await rows(s.data, `SELECT is_deleted FROM persons FINAL WHERE id = '${who("m", "m-b")}'`);
  assert.deepStrictEqual(gone, [{ is_deleted: 1 }]);
});

test("personless events make no person, and agree with one that comes later", async () => {
  const quiet = { $process_person_profile: false };
  await batch([
    { event: "quiet", distinct_id: "p-1", properties: { ...quiet, $set: { a: 1 }, $groups: { company: "acme" } } },
    { event: "$identify", distinct_id: "p-1", properties: quiet },
  ]);
  const [first] = await stored(1, "distinct_id = 'p-1'");
  assert.strictEqual(first.person_mode, "propertyless");
  assert.strictEqual(first.properties.$set, undefined);
  assert.strictEqual(first.properties.$process_person_profile, false);
  assert.deepStrictEqual(first.person_properties, {});
  assert.strictEqual(first.$group_0, "");
  assert.strictEqual(first.properties.$group_0, undefined);
  assert.deepStrictEqual(await rows(s.data, `SELECT 1 FROM persons WHERE id = '${first.person_id}'`), []);
  await batch([{ event: "loud", distinct_id: "p-1", timestamp: "2026-01-01T00:00:00Z" },
    { event: "upgraded", distinct_id: "p-1", properties: quiet }]);
  const all = await stored(3, "distinct_id = 'p-1'");
  assert.ok(all.every((r) => r.person_id === first.person_id));
  assert.strictEqual(all.find((r) => r.event === "upgraded").person_mode, "force_upgrade");
  assert.ok(all.every((r) => r.event !== "$identify"));
});

test("an event that makes no person moves to the one its id gets by a merge", async () => {
  await batch([{ event: "$groupidentify", distinct_id: "gi-anon", properties: { $group_type: "company", $group_key: "gi" } },
    { event: "seen", distinct_id: "gi-user" },
    { event: "$identify", distinct_id: "gi-user", properties: { $anon_distinct_id: "gi-anon" } }]);
  const all = await stored(3, "distinct_id IN ('gi-anon', 'gi-user')");
  const { person_id } = all.find((r) => r.event === "seen");
  assert.notStrictEqual(all.find((r) => r.event === "$groupidentify").person_id, person_id);
  assert.deepStrictEqual(await rows(s.data, "SELECT toString(person_id) AS person_id FROM person_overrides FINAL WHERE distinct_id = 'gi-anon'"), [{ person_id }]);
});

test("v1: headers, an answer per event", async () => {
  const headers = (more = {}) => ({ Authorization: `Bearer ${token}`, "Content-Type": "application/json", "User-Agent": "test/1",
    "PostHog-Sdk-Info": "posthog-test/2.0", "PostHog-Attempt": "1", "PostHog-Request-Id": randomUUID(),
    "PostHog-Request-Timestamp": new Date().toISOString(), ...more });
  const post = (body, more) => fetch(s.url + "/i/v1/analytics/events", { method: "POST", headers: headers(more),
    body: typeof body === "object" && !Buffer.isBuffer(body) ? JSON.stringify(body) : body });
  const ids = [randomUUID(), randomUUID(), randomUUID()];
  const event = (i, more = {}) => ({ event: "v1", uuid: ids[i], distinct_id: "v1-user", timestamp: "2026-01-02T03:04:05Z", ...more });
  const body = { created_at: "2026-01-02T03:04:05Z", batch: [event(0, { session_id: "s-1", options: { process_person_profile: "false" } }),
    event(1, { distinct_id: " " }), event(2, { distinct_id: "anonymous" })] };
  const id = randomUUID();
  const reply = await post(zlib.brotliCompressSync(JSON.stringify(body)), { "Content-Encoding": "br", "PostHog-Request-Id": id });
  assert.strictEqual(reply.status, 200);
  assert.strictEqual(reply.headers.get("posthog-request-id"), id);
  assert.deepStrictEqual((await reply.json()).results, { [ids[0]]: { result: "ok" },
    [ids[1]]: { result: "drop", details: "missing_distinct_id" },
    [ids[2]]: { result: "warning", details: "person_processing_disabled" } });
  const [row] = await stored(1, `uuid = '${ids[0]}'`);
  assert.strictEqual(row.timestamp, "2026-01-02 03:04:05.000000");
  assert.strictEqual(row.$session_id, "s-1");
  assert.strictEqual(row.person_mode, "propertyless");
  assert.strictEqual(row.properties.$lib, "posthog-test");
  const bad = async (b, more, status, tag) => {
    const r = await post(b, more);
    assert.strictEqual(r.status, status, tag);
    assert.strictEqual((await r.json()).error, tag);
  };
  await bad(body, { "PostHog-Attempt": "" }, 400, "invalid_header_value");
  await bad(body, { Authorization: "Basic x" }, 400, "invalid_header_value");
  await bad(body, { Authorization: "Bearer phx_x" }, 401, "invalid_api_token");
  await bad(body, { "PostHog-Request-Timestamp": "2026-01-02" }, 400, "invalid_header_value");
  await bad(body, { "Content-Type": "application/jsonl" }, 415, "unsupported_content_type");
  await bad(body, { "Content-Type": "text/plain" }, 415, "unsupported_content_type");
  await bad(body, { "Content-Encoding": "lzma" }, 415, "unsupported_encoding");
  await bad("", {}, 400, "empty_body");
  await bad(Buffer.from("junk"), { "Content-Encoding": "gzip" }, 400, "request_decoding_error");
  await bad("{}", {}, 400, "request_parsing_error");
  await bad({ created_at: "x", batch: [] }, {}, 400, "empty_batch");
  await bad({ created_at: "x", batch: [event(0)] }, {}, 400, "invalid_batch");
  await bad({ created_at: "2026-01-02", batch: [event(0)] }, {}, 400, "invalid_batch");
  await bad({ ...body, historical_migration: [] }, {}, 400, "request_parsing_error");
  await bad({ ...body, capture_internal: "perhaps" }, {}, 400, "request_parsing_error");
  await bad({ ...body, batch: [event(0, { uuid: "" })] }, {}, 400, "missing_event_uuid");
  await bad({ ...body, batch: [event(0, { uuid: "x" })] }, {}, 400, "invalid_event_uuid");
  await bad({ ...body, batch: [event(0), event(0)] }, {}, 400, "duplicate_event_uuid");
  const inside = randomUUID();
  assert.strictEqual((await post({ ...body, capture_internal: "yes", batch: [event(0, { uuid: inside })] },
    { "X-Forwarded-For": "203.0.113.9", "Content-Type": "Application/JSON; charset=utf-8" })).status, 200);
  assert.strictEqual((await stored(1, `uuid = '${inside}'`))[0].properties.$ip, "127.0.0.1");
  const none = await fetch(s.url + "/i/v1/analytics/events", { method: "POST", body: "{}" });
  assert.strictEqual(none.status, 401);
  assert.strictEqual((await none.json()).error, "missing_authorization");
});

test("sizes: recordings may be larger, nothing without end", async () => {
  const filled = (mib) => Buffer.alloc(mib << 20, "x");
  const status = async (where, body, headers = {}) => (await send(where, body, headers)).status;
  assert.strictEqual(await status("/s/", filled(24)), 200);
  assert.strictEqual(await status("/s", filled(26)), 413);
  assert.strictEqual(await status("/e/", filled(21)), 413);
  assert.strictEqual(await status("/e/", zlib.gzipSync(filled(101)), { "Content-Encoding": "gzip" }), 413);
});

test("probes by capture's names", async () => {
  for (const path of ["/_readiness", "/_liveness", "/_health", "/_livez", "/_readyz"])
    assert.strictEqual((await fetch(s.url + path)).status, 200, path);
});
