// Persons: lists and searches, one, changes by hand, splitting and deletion, also in the event store.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start, eventually, rows } = require("./server.js");

let s, other, n = 0;
const persons = "/api/projects/@current/persons/";
const failure = ({ status, json }) => [status, json.code, json.detail, json.attr];
const call = (method, at, body, key) => s.call(method, at.startsWith("/") ? at : persons + at, { body, key });
const list = async (query, key) => (await call("GET", `${persons}?${query}`, undefined, key)).json;
const names = async (query) => (await list(query)).results.map((p) => p.name);
const sent = (token, batch) => s.call("POST", "/batch/", { key: null, body: { api_key: token, batch } });
const send = (...batch) => sent(s.first.project_api_key, batch);
const device = "0191d5b0-1111-7222-8333-444455556666";

// A new person with these ids; answers its row.
async function person(properties, ...ids) {
  if (!ids.length) ids = [`id${n++}`];
  await send({ event: "seen", distinct_id: ids[0], properties: { $set: properties } },
    ...ids.slice(1).map((id) => ({ event: "$identify", distinct_id: ids[0], properties: { $anon_distinct_id: id } })));
  return eventually(async () => {
    const found = (await list(`distinct_id=${encodeURIComponent(ids.at(-1))}`)).results[0];
    return found && found.distinct_ids.length === ids.length ? found : undefined;
  });
}
const inStore = async (uuid) => {
  const found = await rows(s.data, `SELECT properties, is_deleted FROM persons FINAL WHERE id = '${uuid}'`);
  return found[0] && { ...found[0], properties: JSON.parse(found[0].properties) };
};
const ownerOf = async (id) => (await rows(s.data,
  `SELECT person_id, is_deleted FROM person_distinct_ids FINAL WHERE distinct_id = '${id}'`))[0];

before(async () => {
  s = await start();
  other = s.cli("org", "add", "--name", "Elsewhere");
  await sent(other.api_token, [{ event: "x", distinct_id: "foreign", properties: { $set: { email: "f@x.y" } } }]);
});
after(async () => assert.equal(await s.stop(), 0));

test("a person in a list and alone, by number and uuid, under every path", async () => {
  const p = await person({ email: "ann@example.com", plan: "pro", deep: { a: [1] } }, "ann", device);
  assert.deepEqual(Object.keys(p).sort(),
    ["created_at", "distinct_ids", "id", "last_seen_at", "name", "properties", "uuid"]);
  assert.deepEqual([p.id, p.name, p.distinct_ids, p.properties.plan, p.properties.deep], [p.uuid, "ann@example.com", ["ann", device], "pro", { a: [1] }]);
  const alone = (await call("GET", `${p.uuid}/`)).json;
  assert.ok(Number.isInteger(alone.id));
  assert.deepEqual({ ...alone, id: p.uuid }, p);
  for (const at of [`${alone.id}/`, p.uuid.toUpperCase(), `/api/person/${p.uuid}/`,
    `/api/environments/${s.first.project_id}/persons/${alone.id}/`])
    assert.deepEqual((await call("GET", at)).json, alone, at);
  assert.deepEqual((await s.call("GET", "/api/person/?distinct_id=ann")).json.results, [p]);
  assert.deepEqual(failure(await call("GET", "ann/")), [400, "invalid_input", "The ID provided does not look like a " +
    "personID. If you are using a distinctId, please use /persons?distinct_id=ann instead.", null]);
  for (const id of ["99999", "00000000-0000-4000-8000-000000000000"])
    assert.deepEqual(failure(await call("GET", `${id}/`)), [404, "not_found", "Not found.", null]);
});

test("lists are newest first and paged, counted only when asked", async () => {
  for (const name of ["one", "two", "three"]) await person({ name });
  const first = await list("limit=2");
  assert.ok(!("count" in first));
  assert.deepEqual(first.results.map((p) => p.name), ["three", "two"]);
  assert.equal(first.previous, null);
  const second = (await s.call("GET", first.next)).json;
  assert.equal(second.results[0].name, "one");
  assert.ok(second.previous && !second.previous.includes("offset"));
  const all = await list("include_total=true&limit=100");
  assert.deepEqual([all.count, all.results.length, all.next], [4, 4, null]);
  assert.equal((await list("include_total=true&search=nobody")).count, 0);
  assert.equal((await call("GET", `${persons}?include_total=perhaps`)).status, 400);
});

test("search finds parts of email, name and ids, and a whole uuid", async () => {
  const p = await person({ email: "Zoë.Q@Example.com", name: "Quentin" }, "user:q-77");
  await eventually(async () => (await ownerOf("user:q-77")) && (await inStore(p.uuid)) || undefined);
  for (const part of ["q@EXAMPLE", "uenti", "R:Q-7", p.uuid, "zo%C3%AB"])
    assert.deepEqual(await names(`search=${part}`), ["Zoë.Q@Example.com"], part);
  for (const none of [p.uuid.slice(0, 20), "%25", "nobody"]) assert.deepEqual(await names(`search=${none}`), []);
  assert.deepEqual(await names("email=Zo%C3%AB.Q@Example.com"), ["Zoë.Q@Example.com"]);
  assert.deepEqual(await names("email=q@example.com"), []);
  assert.deepEqual(await names("distinct_id=user:q-7"), []);
  assert.deepEqual(await names("distinct_id=user:q-77&include_total=1"), ["Zoë.Q@Example.com"]);
  for (const theirs of ["distinct_id=foreign", "search=foreign", "email=f@x.y"]) assert.deepEqual(await names(theirs), []);
});

test("persons are filtered by properties, counted and paged", async () => {
  const enc = (v) => encodeURIComponent(JSON.stringify(v));
  for (const [id, seats] of [["seats1", 1], ["seats5", 5], ["seats9", 9]]) {
    const p = await person({ seats, name: id }, id);
    await eventually(async () => (await ownerOf(id)) && (await inStore(p.uuid)) || undefined);
  }
  const more = enc([{ key: "seats", value: 2, operator: "gt", type: "person" }]);
  assert.deepEqual(await names(`properties=${more}`), ["seats9", "seats5"]);
  assert.deepEqual(await names(`properties=${more}&search=TS5`), ["seats5"]);
  const first = await list(`properties=${more}&limit=1&include_total=true`);
  assert.deepEqual([first.count, first.results[0].name], [2, "seats9"]);
  const second = (await s.call("GET", first.next)).json;
  assert.deepEqual([second.next, second.results[0].name], [null, "seats5"]);
  assert.equal((await call("GET", `${persons}?properties=nonsense`)).json.detail, "Properties are unparsable!");
  assert.equal((await call("GET", `${persons}?search=${"x".repeat(201)}`)).json.attr, "search");
});

test("the name follows the project's choice, then ids that people chose", async () => {
  const p = await person({ username: "u1", handle: "h1" }, device.replace("1111", "2222"), "chosen");
  const name = async () => (await call("GET", p.uuid)).json.name;
  assert.equal(await name(), "u1");
  await s.call("PATCH", "/api/projects/@current/", { body: { person_display_name_properties: ["none", "handle"] } });
  assert.equal(await name(), "h1");
  await s.call("PATCH", "/api/projects/@current/", { body: { person_display_name_properties: ["none"] } });
  assert.equal(await name(), "chosen");
  await s.call("PATCH", "/api/projects/@current/", { body: { person_display_name_properties: null } });
});

test("lists are also CSV", async () => {
  await person({ email: "csv@example.com", note: 'a "b", c', formula: "=1+1", n: -5 }, "csv1");
  for (const at of [`${persons}?format=csv&email=csv@example.com`, "/api/projects/@current/persons.csv?email=csv@example.com"]) {
    const reply = await s.call("GET", at);
    assert.match(reply.headers.get("content-type"), /^text\/csv/);
    const [head, row, end] = reply.text.split("\r\n");
    assert.ok(head.startsWith("id,name,distinct_ids.0,properties."), head);
    for (const part of ['"a ""b"", c"', "\"'=1+1\"", ",-5,", "csv1"]) assert.ok(row.includes(part), part);
    assert.equal(end, "");
  }
});

test("properties are set and removed, in the event store too", async () => {
  const p = await person({ email: "set@example.com", plan: "free" });
  assert.equal((await call("POST", `${p.uuid}/update_property/`, { key: "plan", value: "pro" })).status, 202);
  assert.equal((await call("PATCH", `${p.uuid}/`, { properties: { seats: 3, plan: "max" } })).status, 202);
  assert.deepEqual((await call("POST", `${p.uuid}/delete_property/`, { $unset: "email" })).json, { success: true });
  const now = (await call("GET", p.uuid)).json.properties;
  assert.deepEqual([now.plan, now.seats, "email" in now], ["max", 3, false]);
  assert.deepEqual((await inStore(p.uuid)).properties, now);
  await send({ event: "again", distinct_id: p.distinct_ids[0], properties: { $set: { more: 1 } } });
  await eventually(async () => (await call("GET", p.uuid)).json.properties.more);
  const later = await eventually(async () => {
    const { properties } = await inStore(p.uuid);
    return properties.more && properties;
  });
  assert.deepEqual([later.plan, "email" in later], ["max", false]);
  for (const [at, body, attr] of [["update_property/", { value: 1 }, "key"], ["update_property/", { key: "a" }, "value"],
    ["delete_property/", {}, "$unset"]])
    assert.deepEqual(failure(await call("POST", `${p.uuid}/${at}`, body)), [400, "required", "This field is required.", attr]);
  assert.equal((await call("PATCH", `${p.uuid}/`, { properties: [] })).status, 400);
  assert.equal((await call("PATCH", `${p.uuid}/`, { properties: { big: "x".repeat(1 << 20) } })).status, 413);
});

test("split gives each id a person of its own", async () => {
  const p = await person({ email: "split@example.com" }, "main", "left", "right");
  assert.equal(failure(await call("POST", `${p.uuid}/split/`, { main_distinct_id: "nobody" }))[3], "main_distinct_id");
  const done = await call("POST", `${p.uuid}/split/`, { main_distinct_id: "left" });
  assert.deepEqual([done.status, done.json], [201, { success: true }]);
  const of = async (id) => (await list(`distinct_id=${id}`)).results[0];
  const [main, left, right] = [await of("main"), await of("left"), await of("right")];
  assert.equal(left.uuid, p.uuid);
  assert.equal(new Set([main.uuid, left.uuid, right.uuid]).size, 3);
  assert.deepEqual([left.name, main.name, right.distinct_ids], ["split@example.com", "main", ["right"]]);
  for (const [id, who] of [["main", main], ["left", left], ["right", right]])
    assert.equal((await ownerOf(id)).person_id, who.uuid, id);
  const overrides = await rows(s.data, "SELECT person_id FROM person_overrides FINAL WHERE distinct_id = 'right'");
  assert.equal(overrides[0].person_id, right.uuid);
  const q = await person({ email: "again@example.com" }, "qa", "qb");
  await call("POST", `${q.uuid}/split/`, {});
  assert.equal((await call("GET", q.uuid)).json.properties.email, undefined);
});

test("a deleted person is gone everywhere, and comes back anew", async () => {
  const p = await person({ email: "gone@example.com" }, "gone1", "gone2");
  const reader = s.cli("key", "add", "--email", "owner@example.com", "--scopes", "person:read").value;
  assert.equal((await call("DELETE", `${p.uuid}/`, undefined, reader)).status, 403);
  const gone = await call("DELETE", `${p.uuid}/`);
  assert.deepEqual([gone.status, gone.text], [202, ""]);
  assert.equal((await call("DELETE", `${p.uuid}/`)).status, 404);
  assert.equal((await call("GET", `${p.uuid}/`)).status, 404);
  assert.deepEqual(await names("search=gone"), []);
  assert.equal((await inStore(p.uuid)).is_deleted, 1);
  for (const id of p.distinct_ids) assert.equal((await ownerOf(id)).is_deleted, 1);
  assert.equal((await rows(s.data, "SELECT count() AS n FROM events WHERE distinct_id = 'gone1'"))[0].n, 2);
  const back = await person({ email: "back@example.com" }, "gone1");
  assert.deepEqual(back.distinct_ids, ["gone1"]);
  await eventually(async () => (await inStore(back.uuid))?.is_deleted === 0 || undefined);
  const owner = await eventually(async () => {
    const row = await ownerOf("gone1");
    return row.is_deleted ? undefined : row;
  });
  assert.equal(owner.person_id, back.uuid);
  assert.equal((await inStore(back.uuid)).properties.email, "back@example.com");
});

test("events of a person are deleted with it when asked, or alone; later ones stay", async () => {
  const count = async (id) => (await rows(s.data, `SELECT count() AS n FROM events WHERE distinct_id = '${id}'`))[0].n;
  const p = await person({ a: 1 }, "ev'il\\"), quoted = "ev\\'il\\\\";
  const q = await person({ a: 1 }, "stays");
  await eventually(async () => (await count(quoted)) === 1 && (await count("stays")) === 1 || undefined);
  // What is still in the journal goes too.
  await send({ event: "last", distinct_id: "ev'il\\" });
  assert.equal((await call("DELETE", `${p.uuid}/?delete_events=true`)).status, 202);
  await eventually(async () => (await count(quoted)) === 0 || undefined);
  assert.equal((await call("DELETE", `${q.uuid}/?delete_events=true&keep_person=true`)).status, 202);
  await eventually(async () => (await count("stays")) === 0 || undefined);
  assert.equal((await call("GET", q.uuid)).status, 200);
  await send({ event: "later", distinct_id: "stays" });
  await eventually(async () => (await count("stays")) === 1 || undefined);
  await eventually(async () => (await rows(s.data, "SELECT 1 FROM system.mutations WHERE NOT is_done")).length === 0 || undefined);
  assert.equal(await count("stays"), 1);
});

test("many are deleted at once", async () => {
  const [a, b, c] = [await person({}, "bulk a"), await person({}, "bulk b", "bulk b2"), await person({}, "bulk c")];
  const want = (found, deleted, events) => ({ persons_found: found, persons_deleted: deleted,
    events_queued_for_deletion: events, recordings_queued_for_deletion: false, deletion_errors: [] });
  const kept = await call("POST", "bulk_delete/", { ids: [a.uuid], delete_events: true, keep_person: true });
  assert.deepEqual([kept.status, kept.json], [202, want(1, 0, true)]);
  const gone = await call("POST", "bulk_delete/", { distinct_ids: ["bulk b", "bulk b2", "nobody", "foreign"] });
  assert.deepEqual([gone.status, gone.json], [202, want(1, 1, false)]);
  assert.equal((await call("GET", b.uuid)).status, 404);
  const form = await s.call("POST", `${persons}bulk_delete/`, { body: `ids=${a.uuid}&ids=${c.uuid}`,
    headers: { "Content-Type": "application/x-www-form-urlencoded" } });
  assert.equal(form.json.persons_deleted, 2);
  for (const [body, detail] of [[{}, "You need to specify either distinct_ids or ids"],
    [{ ids: [], distinct_ids: [] }, "You need to specify either distinct_ids or ids"],
    [{ ids: Array(1001).fill(a.uuid) }, "You can only pass 1000 ids in one call"],
    [{ ids: "x" }, "Expected a list of items."]])
    assert.deepEqual(failure(await call("POST", "bulk_delete/", body)).slice(0, 3), [400, "invalid_input", detail]);
});

test("several are read at once, with a key that may read", async () => {
  const p = await person({}, "batch1"), q = await person({}, "batch2");
  const key = s.cli("key", "add", "--email", "owner@example.com", "--scopes", "person:read").value;
  const byId = await call("POST", "batch_by_distinct_ids/", { distinct_ids: ["batch1", "batch2", "nobody", "foreign"] }, key);
  assert.deepEqual(Object.keys(byId.json.results), ["batch1", "batch2"]);
  assert.equal(byId.json.results.batch2.uuid, q.uuid);
  const byUuid = await call("POST", "batch_by_uuids/", { uuids: [p.uuid] }, key);
  assert.deepEqual(byUuid.json.results[p.uuid], p);
  assert.equal((await call("POST", "batch_by_uuids/", {})).json.code, "required");
});

test("a project that is deleted loses its events", async () => {
  const { json } = await s.call("POST", "/api/organizations/@current/projects/", { body: { name: "short-lived" } });
  const count = async () => (await rows(s.data, `SELECT count() AS n FROM events WHERE team_id = ${json.id}`))[0].n;
  await sent(json.api_token, [{ event: "x", distinct_id: "d" }]);
  await eventually(async () => (await count()) === 1 || undefined);
  assert.equal((await s.call("DELETE", `/api/projects/${json.id}/`)).status, 204);
  await eventually(async () => (await count()) === 0 || undefined);
});
