// Events: the list by time with its filters, one, values of properties.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start, eventually, rows } = require("./server.js");

let s, other, login;
const events = "/api/projects/@current/events/";
const failure = ({ status, json }) => [status, json.code, json.detail, json.attr];
const get = async (query = "", at = events) => (await s.call("GET", `${at}?${query}`)).json;
const names = async (query) => (await get(query)).results.map((e) => e.event);
const enc = (v) => encodeURIComponent(JSON.stringify(v));
const ago = (minutes) => new Date(Date.now() - minutes * 60000).toISOString();

before(async () => {
  s = await start();
  other = s.cli("org", "add", "--name", "Elsewhere");
  const chain = 'a.big:attr__x="1"href="/p"nth-child="2"nth-of-type="1"text="Go"';
  const batch = [
    { event: "first", distinct_id: "ann", timestamp: ago(50), properties: { $set: { email: "ann@example.com", plan: "pro" }, n: 1, tags: ["x", "y"] } },
    { event: "second", distinct_id: "ann", timestamp: ago(40), properties: { n: 2, flag: true, obj: { a: "b" }, big: "12345678901234567890" } },
    { event: "second", distinct_id: "bob", timestamp: ago(30), properties: { n: 3, "we`ird.k'ey\\": "value%_x", $set: { plan: "pro" } } },
    { event: "$autocapture", distinct_id: "bob", timestamp: ago(20), properties: { $elements_chain: chain } },
    { event: "old", distinct_id: "bob", timestamp: ago(3 * 24 * 60), properties: { n: 4 } },
    { event: "alone", distinct_id: "nobody", timestamp: ago(10), properties: { $process_person_profile: false } },
  ];
  await s.call("POST", "/batch/", { key: null, body: { api_key: s.first.project_api_key, batch } });
  await s.call("POST", "/batch/", { key: null, body: { api_key: other.api_token, batch: [{ event: "foreign", distinct_id: "ann" }] } });
  await eventually(async () => (await rows(s.data, "SELECT count() AS n FROM events"))[0].n === 7 || undefined);
  const reply = await s.call("POST", "/api/login/", { key: null, body: { email: "owner@example.com", password: "correct horse" } });
  login = { Cookie: reply.headers.getSetCookie().map((c) => c.split(";")[0]).join("; ") };
});
after(async () => assert.equal(await s.stop(), 0));

test("events are listed newest first, in the form older clients read", async () => {
  const { next, results, ...rest } = await get();
  assert.deepEqual([next, rest], [null, {}]);
  assert.deepEqual(results.map((e) => e.event), ["alone", "$autocapture", "second", "second", "first", "old"]);
  const one = results[3];
  assert.deepEqual(Object.keys(one).sort(), ["distinct_id", "elements", "elements_chain", "event", "id", "person", "properties", "timestamp"]);
  assert.match(one.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
  assert.deepEqual([one.distinct_id, one.properties.n, one.properties.obj, one.person, one.elements, one.elements_chain],
    ["ann", 2, { a: "b" }, null, [], ""]);
  assert.deepEqual(results[1].elements, [{ text: "Go", tag_name: "a", attr_class: ["big"], href: "/p", attr_id: null,
    nth_child: 2, nth_of_type: 1, attributes: { attr__x: "1" }, order: 0 }]);
  for (const at of ["/api/environments/@current/events/", "/api/event/"])
    assert.deepEqual((await get("", at)).results, results);
  assert.deepEqual((await s.call("GET", events, { key: null, headers: login })).json.results, results);
});

test("the person beside an event is asked for", async () => {
  const { results } = await get("include_person=true&limit=10");
  assert.deepEqual(results.find((e) => e.event === "first").person,
    { is_identified: false, distinct_ids: ["ann"], properties: { email: "ann@example.com" } });
  assert.equal(results.find((e) => e.event === "alone").person, null);
});

test("filters: event, ids, person, times, properties", async () => {
  assert.deepEqual(await names("event=second"), ["second", "second"]);
  assert.deepEqual(await names("distinct_id=ann"), ["second", "first"]);
  const bob = (await s.call("GET", "/api/projects/@current/persons/?distinct_id=bob")).json.results[0];
  const number = (await s.call("GET", `/api/projects/@current/persons/${bob.uuid}/`)).json.id;
  for (const id of [bob.uuid, number])
    assert.deepEqual(await names(`person_id=${id}`), ["$autocapture", "second", "old"], id);
  for (const id of ["00000000-0000-4000-8000-000000000000", "999999", "nonsense"]) assert.deepEqual(await names(`person_id=${id}`), []);
  assert.deepEqual(await names(`before=${ago(25)}&after=${ago(45)}`), ["second", "second"]);
  assert.deepEqual(await names(`before=${ago(24 * 60)}`), ["old"]);
  assert.deepEqual(await names(`properties=${enc([{ key: "n", value: "2", operator: "gt", type: "event" }])}`), ["second", "old"]);
  assert.deepEqual(await names(`properties=${enc({ n: 2 })}`), ["second"]);
  assert.deepEqual(await names(`properties=${enc({ n__gt: 2 })}&event=old`), ["old"]);
  assert.deepEqual(await names(`properties=${enc([{ key: "plan", value: "pro", type: "person" }])}&event=first`), ["first"]);
  for (const bad of ["x", "5", "[1"])
    assert.deepEqual(failure(await s.call("GET", `${events}?properties=${bad}`)), [400, "invalid_input", "Properties are unparsable!", null]);
});

test("pages go by time, down and up, and keep the other parameters", async () => {
  const walk = async (query) => {
    const seen = [];
    let url = `${events}?${query}`;
    for (let i = 0; url && i < 10; i++) {
      const { json } = await s.call("GET", url);
      seen.push(...json.results.map((e) => e.event));
      url = json.next;
    }
    return seen;
  };
  const all = ["alone", "$autocapture", "second", "second", "first", "old"];
  assert.deepEqual(await walk("limit=2"), all);
  assert.deepEqual(await walk("limit=1&event=second"), ["second", "second"]);
  assert.deepEqual(await walk(`limit=4&orderBy=${enc(["timestamp"])}`), [...all].reverse());
  const { next } = await get("event=second&include_person=1&limit=1");
  assert.ok(next.includes("include_person=1") && next.includes("before="));
  assert.deepEqual(failure(await s.call("GET", `${events}?offset=50001`)).slice(0, 2), [400, "invalid_input"]);
  assert.equal((await get("offset=5")).results.length, 1);
  for (const bad of [enc(["password"]), "x"]) assert.equal((await s.call("GET", `${events}?orderBy=${bad}`)).json.attr, "orderBy");
});

test("events are also CSV", async () => {
  for (const at of [`${events}?format=csv&event=first`, "/api/projects/@current/events.csv?event=first"]) {
    const reply = await s.call("GET", at);
    assert.match(reply.headers.get("content-type"), /^text\/csv/);
    const [head, row] = reply.text.split("\r\n");
    assert.ok(head.startsWith("id,distinct_id,properties.") && head.includes("properties.tags.0"), head);
    assert.ok(row.includes("ann"), row);
  }
});

test("one event", async () => {
  const [listed] = (await get("event=first&include_person=true")).results;
  const one = await s.call("GET", `${events}${listed.id}/`);
  assert.deepEqual([one.status, one.json], [200, listed]);
  assert.deepEqual((await s.call("GET", `${events}nonsense/`)).json,
    { type: "validation_error", code: "invalid", detail: "Invalid UUID", attr: null });
  const absent = "01234567-0123-7123-8123-0123456789ab";
  assert.deepEqual(failure(await s.call("GET", `${events}${absent}/`)), [404, "not_found", `No events exist for event UUID ${absent}`, null]);
  const [foreign] = await rows(s.data, `SELECT uuid FROM events WHERE team_id = ${other.project_id}`);
  assert.equal((await s.call("GET", `${events}${foreign.uuid}/`)).status, 404);
});

test("values of a property of recent events", async () => {
  const values = async (query) => (await s.call("GET", `${events}values/?${query}`, { key: null, headers: login }));
  const found = async (query) => (await values(query)).json.results.map((v) => v.name);
  const reply = await values("key=n");
  assert.equal(reply.headers.get("cache-control"), "max-age=10");
  assert.equal(reply.json.refreshing, false);
  assert.deepEqual((await found("key=n")).map(Number), [1, 2, 3, 4]);
  assert.deepEqual(await found("key=tags"), ["x", "y"]);
  assert.deepEqual(await found("key=flag"), ["true"]);
  assert.deepEqual(await found("key=obj"), ['{"a":"b"}']);
  assert.deepEqual(await found(`key=${encodeURIComponent("we`ird.k'ey\\")}`), ["value%_x"]);
  assert.deepEqual(await found("key=big&value=4567"), ["12345678901234567890"]);
  assert.deepEqual(await found("key=big&value=45_7"), []);
  assert.deepEqual(await found("key=n&event_name=second"), ["2", "3"]);
  assert.deepEqual(await found("key=custom_event&value=SEC"), ["second"]);
  assert.deepEqual(failure(await values("value=x")), [400, "invalid_input", "You must provide a key", null]);
  assert.deepEqual(failure(await s.call("GET", `${events}values/?key=n`)), [400, "required", "This field is required.", "event_name"]);
  assert.equal((await s.call("GET", `${events}values/?key=n&event_name=second`)).json.results.length, 2);
});

test("values of a property of persons, most frequent first", async () => {
  const at = "/api/projects/@current/persons/values/";
  assert.deepEqual((await get("key=plan", at)).results, [{ name: "pro", count: 2 }]);
  assert.deepEqual((await get("key=plan&value=RO", at)).results.length, 1);
  assert.deepEqual((await get("key=plan&value=zz", at)).results, []);
  assert.equal((await s.call("GET", at)).json.detail, "You must provide a key");
});

test("events are read with query:read, and 503 while the event store is away", async () => {
  const key = (scopes) => s.cli("key", "add", "--email", "owner@example.com", "--scopes", scopes).value;
  assert.equal((await s.call("GET", events, { key: key("query:read") })).status, 200);
  assert.equal((await s.call("GET", events, { key: key("person:read") })).json.detail, "API key missing required scope 'query:read'");
});
