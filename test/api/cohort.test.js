// Cohorts as objects, and the members of static ones: made from uuids and CSV files, added, removed,
// merged, deleted, and asked for in HogQL.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start, eventually, rows } = require("./server.js");
const { capture } = require("./query_events.js");

let s, people = {};
const base = "/api/projects/@current/cohorts/";
const refusal = (code, attr, detail) => ({ type: "validation_error", code, detail, attr });
const event = (distinct_id, name, properties = {}) => ({ uuid: crypto.randomUUID(), event: name, distinct_id,
  properties, timestamp: new Date(Date.now() - 60000).toISOString() });

before(async () => {
  s = await start();
  await capture(s, s.first.project_api_key, Array.from({ length: 8 }, (_, i) =>
    event(`p${i}`, "seen", { $set: { email: `p${i}@x.io`, n: i } })));
  for (let i = 0; i < 8; i++)
    people[`p${i}`] = (await s.call("GET", `/api/projects/@current/persons/?distinct_id=p${i}`)).json.results[0].uuid;
});
after(async () => assert.equal(await s.stop(), 0));

async function make(body) {
  const reply = await s.call("POST", base, { body: { is_static: true, ...body } });
  assert.equal(reply.status, 201, reply.text);
  return reply.json;
}
const upload = (csv, fields = { name: "upload", is_static: "true" }, { method = "POST", path = base } = {}) => {
  const form = new FormData();
  for (const [k, v] of Object.entries(fields)) form.set(k, v);
  form.set("csv", new Blob([csv]), "people.csv");
  return fetch(s.url + path, { method, body: form, headers: { Authorization: `Bearer ${s.first.personal_api_key}` } })
    .then(async (reply) => ({ status: reply.status, json: await reply.json() }));
};
let asked = 0; // the same query twice would be answered from the cache
async function query(text) {
  const reply = await s.call("POST", "/api/projects/@current/query/",
    { body: { query: { kind: "HogQLQuery", query: `${text} -- ${++asked}` }, refresh: "force_blocking" } });
  return reply.status === 200 ? reply.json.results : reply.json.detail;
}
// Who is in it, three ways: by events, by persons, by the API.
async function members(id) {
  const events = await query(`SELECT DISTINCT distinct_id FROM events WHERE person_id IN COHORT ${id} ORDER BY 1`);
  const persons = await query(`SELECT toString(id) FROM persons WHERE id IN COHORT ${id} ORDER BY 1`);
  const list = (await s.call("GET", `${base}${id}/persons/`)).json.results;
  assert.deepEqual(list.map((p) => p.uuid).sort(), persons.flat());
  const { count } = (await s.call("GET", `${base}${id}/`)).json;
  assert.equal(count, persons.length);
  return events.flat();
}
const uuids = (...names) => names.map((n) => people[n]);

test("a static cohort of uuids: what it shows, who is in it", async () => {
  const made = await make({ name: " Friends ", description: "of ours",
    _create_static_person_ids: [...uuids("p1", "p3", "p3"), crypto.randomUUID(), "nobody"] });
  const { id, created_at, created_by, last_calculation, ...rest } = made;
  assert.deepEqual(rest, { name: "Friends", description: "of ours", groups: [], deleted: false, filters: null,
    query: null, version: null, pending_version: null, is_calculating: false, errors_calculating: 0,
    last_backfill_person_properties_at: null, last_error_message: null, count: 2, is_static: true,
    cohort_type: "static", experiment_set: [] });
  assert.equal(created_by.email, "owner@example.com");
  assert.ok(created_at <= last_calculation);
  assert.deepEqual(await members(id), ["p1", "p3"]);
  for (const path of [`${base}${id}/`, `/api/environments/@current/cohorts/${id}/`, `/api/cohort/${id}/`])
    assert.deepEqual((await s.call("GET", path)).json, made, path);
  const [person] = (await s.call("GET", `${base}${id}/persons/?limit=1`)).json.results;
  assert.deepEqual([person.id, person.type, person.is_identified, person.matched_recordings, person.value_at_data_point],
    [person.uuid, "person", false, [], null]);
  assert.match((await s.call("GET", `${base}${id}/persons/?limit=1`)).json.next, /offset=1/);
  const email = (await s.call("GET", `${base}${id}/persons/?search=p3@`)).json.results;
  assert.deepEqual(email.map((p) => p.uuid), uuids("p3"));
  assert.equal((await s.call("GET", `/api/projects/@current/persons/?cohort=${id}`)).json.results.length, 2);
  const empty = await make({ name: "empty" });
  assert.deepEqual([empty.count, await members(empty.id)], [0, []]);
});

test("CSV files name persons by distinct id, uuid or email", async () => {
  const files = [
    ["p1\np2\n\n nobody \r\np2\n", ["p1", "p2"]],
    ["distinct_id\np4", ["p4"]],
    ["\ufeffname,Distinct-ID\nx,p1\n\"a \"\"b\"\", c\n\",p5\nshort\n", ["p1", "p5"]],
    [`person_id\n${people.p6}\nnot-a-uuid\n${crypto.randomUUID()}`, ["p6"]],
    [`email,distinct_id,Person .id\nx,p1,${people.p7}`, ["p7"]],
    ["E-Mail\np2@x.io\nP3@x.io\n\"p0@x.io\"", ["p0", "p2"]],
  ];
  for (const [csv, want] of files) {
    const { status, json } = await upload(csv);
    assert.equal(status, 201, JSON.stringify(json));
    assert.deepEqual(await members(json.id), want, csv);
  }
  for (const [csv, detail] of [["", "The CSV file is empty."], [",\n,,\n", "The CSV file is empty."],
    ["a,b\n1,2", "The CSV file needs a column person_id, distinct_id or email."],
    ["email\n \n", "The CSV file names nobody."], [new Uint8Array([0x70, 0xff, 0x31]), "The CSV file is not UTF-8."]]) {
    const { status, json } = await upload(csv);
    assert.deepEqual([status, json], [400, refusal("invalid_input", "csv", detail)]);
  }
  const { id } = await make({ name: "grows", _create_static_person_ids: uuids("p0") });
  assert.equal((await upload("p1\np0", {}, { method: "PATCH", path: `${base}${id}/` })).json.count, 2);
  assert.deepEqual(await members(id), ["p0", "p1"]);
});

test("static cohorts are made from queries and from what is in another cohort", async () => {
  const rows = [
    [{ kind: "HogQLQuery", query: "SELECT person_id FROM events WHERE event = 'seen' AND distinct_id IN ('p2', 'p3') GROUP BY person_id" }, ["p2", "p3"]],
    [{ kind: "HogQLQuery", query: "SELECT id FROM persons WHERE properties.n > 5" }, ["p6", "p7"]],
    [{ kind: "ActorsQuery", properties: [{ type: "person", key: "email", value: "p4@x.io", operator: "exact" }], select: ["person"], limit: 1 }, ["p4"]],
    [{ kind: "ActorsQuery", source: { kind: "InsightActorsQuery", source: { kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "seen" }],
      properties: [{ key: "distinct_id", value: "p5", type: "event_metadata", operator: "exact" }] } } }, ["p5"]],
  ];
  for (const [query, want] of rows) {
    const made = await make({ name: "asked", query });
    assert.deepEqual([made.query, made.count], [query, want.length]);
    assert.deepEqual(await members(made.id), want, JSON.stringify(query));
  }
  const of = async (name) => (await s.call("GET", `/api/projects/@current/persons/cohorts/?person_id=${people[name]}`)).json.results;
  const { id, name } = await make({ name: "source", _create_static_person_ids: uuids("p6", "p7") });
  const copy = await s.call("GET", `${base}${id}/duplicate_as_static_cohort/`);
  assert.deepEqual([copy.status, copy.json.name, copy.json.is_static, copy.json.count], [201, `${name} (static copy)`, true, 2]);
  assert.deepEqual(await members(copy.json.id), ["p6", "p7"]);
  const mine = (await of("p6")).map((c) => c.id);
  assert.ok(mine.includes(id) && mine.includes(copy.json.id));
  await s.call("PATCH", `${base}${id}/`, { body: { deleted: true } });
  assert.ok(!(await of("p6")).some((c) => c.id === id));
  assert.equal((await s.call("GET", `${base}${id}/duplicate_as_static_cohort/`)).status, 404);
  for (const [body, attr, detail] of [
    [{ is_static: true, query: { kind: "TrendsQuery" } }, "query", "Query must be an ActorsQuery or HogQLQuery. Got: TrendsQuery"],
    [{ is_static: true, query: 5 }, "query", "Query must be a dictionary."],
    [{ query: { kind: "HogQLQuery", query: "SELECT 1" } }, null, "Cannot create a dynamic cohort with a query. Set is_static to true."],
    [{ query: { kind: "HogQLQuery", query: "SELECT 1" }, filters: { properties: {} } }, null, "Cannot set both query and filters at the same time."],
    [{ is_static: true, query: { kind: "HogQLQuery", query: "SELECT count() FROM events" } }, null, "Source query must have an id column"],
  ]) assert.deepEqual((({ status, json }) => [status, json.attr, json.detail])(await s.call("POST", base, { body })), [400, attr, detail]);
  for (const [text, status] of [["", 400], ["?person_id=x", 404], [`?person_id=${crypto.randomUUID()}`, 404]])
    assert.equal((await s.call("GET", `/api/projects/@current/persons/cohorts/${text}`)).status, status, text);
});

test("persons are added and removed one by one", async () => {
  const { id } = await make({ name: "one by one" });
  const add = (body, at = id) => s.call("PATCH", `${base}${at}/add_persons_to_static_cohort/`, { body });
  const remove = (body, at = id) => s.call("PATCH", `${base}${at}/remove_person_from_static_cohort/`, { body });
  const done = await add({ person_ids: uuids("p1", "p2", "p3") });
  assert.deepEqual([done.status, done.json], [200, { success: true }]);
  assert.equal((await add({ person_ids: uuids("p2") })).status, 200);
  assert.deepEqual(await members(id), ["p1", "p2", "p3"]);
  assert.deepEqual((await remove({ person_id: people.p2 })).json, { success: true });
  assert.deepEqual(await members(id), ["p1", "p3"]);
  await add({ person_ids: uuids("p2") });
  assert.deepEqual(await members(id), ["p1", "p2", "p3"]);
  for (const [reply, status, detail] of [
    [await add({}), 400, "person_ids must be a list"], [await add({ person_ids: [] }), 400, "No valid users to add to cohort"],
    [await add({ person_ids: ["x", 5, crypto.randomUUID()] }), 400, "No valid users to add to cohort"],
    [await remove({}), 400, "person_id is required"], [await remove({ person_id: 5 }), 400, "person_id must be a string"],
    [await remove({ person_id: "x" }), 400, "person_id must be a valid UUID"],
    [await remove({ person_id: crypto.randomUUID() }), 404, "Person with this UUID does not exist"],
    [await remove({ person_id: people.p5 }), 404, "Person is not part of the cohort"],
    [await add({ person_ids: [] }, 4711), 404, "Not found."], [await remove({}, "x"), 404, "Not found."],
  ]) assert.deepEqual([reply.status, reply.json.detail], [status, detail]);
});

test("members stay members when persons are merged, and go when they are deleted", async () => {
  await capture(s, s.first.project_api_key, ["anon-a", "anon-b", "known-b", "gone"].map((id) => event(id, "seen")));
  const of = async (id) => (await s.call("GET", `/api/projects/@current/persons/?distinct_id=${id}`)).json.results[0]?.uuid;
  const both = await make({ name: "both", _create_static_person_ids: [await of("anon-b"), await of("known-b")] });
  const one = await make({ name: "one", _create_static_person_ids: [await of("anon-a"), await of("anon-b"), await of("gone")] });
  await capture(s, s.first.project_api_key, [event("known-a", "$identify", { $anon_distinct_id: "anon-a" }),
    event("known-b", "$identify", { $anon_distinct_id: "anon-b" })]);
  const counted = async (id, n) => eventually(async () => ((await s.call("GET", `${base}${id}/`)).json.count === n ? true : undefined));
  await counted(both.id, 1);
  const stored = async (id, want) => eventually(async () => { // the event store is told a moment later
    const got = await rows(s.data, `SELECT toString(person_id) AS p FROM static_cohort_people FINAL WHERE is_deleted = 0 AND cohort_id = ${id}`);
    return got.map((r) => r.p).sort().join() === [...want].sort().join() ? true : undefined;
  });
  await stored(both.id, [await of("known-b")]);
  await stored(one.id, [await of("known-a"), await of("known-b"), await of("gone")]);
  assert.deepEqual(await members(both.id), ["anon-b", "known-b"]);
  assert.deepEqual(await members(one.id), ["anon-a", "anon-b", "gone", "known-a", "known-b"]);
  assert.equal((await s.call("DELETE", `/api/projects/@current/persons/${await of("gone")}/`)).status, 202);
  await counted(one.id, 2);
  await stored(one.id, [await of("known-a"), await of("known-b")]);
  assert.deepEqual(await members(one.id), ["anon-a", "anon-b", "known-a", "known-b"]);
});

test("IN COHORT by id, by name, negated; names that are none or two", async () => {
  const { id, name } = await make({ name: "it's named", _create_static_person_ids: uuids("p0", "p1") });
  const n = async (condition) => (await query(`SELECT count() FROM events WHERE event = 'seen' AND distinct_id LIKE 'p_' AND ${condition}`))[0][0];
  assert.equal(await n(`person_id IN COHORT ${id}`), 2);
  assert.equal(await n(`person_id NOT IN COHORT ${id}`), 6);
  assert.equal(await n("person_id IN COHORT 'it\\'s named'"), 2);
  assert.equal(await n(`(person_id IN COHORT ${id} AND distinct_id = 'p0') OR distinct_id = 'p7'`), 2);
  assert.deepEqual(await query(`SELECT count(), uniq(cohort_id) FROM static_cohort_people WHERE cohort_id = ${id}`), [[2, 1]]);
  assert.deepEqual(await query(`SELECT person.properties.email FROM static_cohort_people WHERE cohort_id = ${id} ORDER BY 1`), [["p0@x.io"], ["p1@x.io"]]);
  const filter = async (more) => (await s.call("POST", "/api/projects/@current/query/", { body: { query: { kind: "EventsQuery",
    select: ["count()"], event: "seen", after: "all", properties: [{ type: "cohort", key: "id", value: id, ...more }] } } })).json.results[0][0];
  assert.equal(await filter({}), 2);
  const all = (await query("SELECT count() FROM events WHERE event = 'seen'"))[0][0];
  assert.equal(await filter({ operator: "not_in" }), all - 2);
  const bad = async (c, detail) => assert.match(await query(`SELECT 1 FROM events WHERE person_id IN COHORT ${c}`), detail);
  await bad(4711, /^Could not find cohort with ID 4711/);
  await bad("'nope'", /^Could not find a cohort with the name 'nope'/);
  await bad("(event)", /takes only constant arguments/);
  await make({ name });
  await bad("'it\\'s named'", /^Found multiple cohorts with name 'it's named'/);
  await s.call("PATCH", `${base}${id}/`, { body: { deleted: true } });
  await bad(id, new RegExp(`^Could not find cohort with ID ${id}`));
  const other = s.cli("project", "add", "--name", "Elsewhere");
  const there = await s.call("POST", `/api/projects/${other.id}/query/`,
    { body: { query: { kind: "HogQLQuery", query: `SELECT 1 FROM events WHERE person_id IN COHORT ${(await make({})).id}` } } });
  assert.match(there.json.detail, /^Could not find cohort with ID/);
});

test("the list: newest first, without deleted ones, searched, by kind; errors name the field", async () => {
  const a = await make({ name: "List A" }), b = await make({ name: "list b" });
  const list = async (search) => (await s.call("GET", `${base}?search=LIST${search}`)).json;
  assert.deepEqual((await list("")).results.map((c) => c.id), [b.id, a.id]);
  assert.deepEqual([(await list("&type=dynamic")).count, (await list("&type=static&limit=1")).count], [0, 2]);
  assert.equal((await list(`&created_by_id=${b.created_by.id}`)).count, 2);
  assert.equal((await s.call("PATCH", `${base}${a.id}/`, { body: { deleted: true } })).json.deleted, true);
  assert.equal((await list("")).count, 1);
  assert.equal((await s.call("GET", `${base}${a.id}/persons/`)).status, 404);
  assert.equal((await s.call("PATCH", `${base}${a.id}/`, { body: { deleted: false, name: "list a2", id: 5, count: 9 } })).json.count, 0);
  assert.equal((await list("")).count, 2);
  const removal = await s.call("DELETE", `${base}${a.id}/`);
  assert.deepEqual([removal.status, removal.text], [405, ""]);
  for (const [body, code, attr, detail] of [
    [{ name: "n".repeat(401) }, "max_length", "name", "Ensure this field has no more than 400 characters."],
    [{ description: null }, "null", "description", "This field may not be null."],
    [{ is_static: "perhaps" }, "invalid_input", "is_static", "Must be a valid boolean."],
    [{ is_static: true, _create_static_person_ids: "x" }, "invalid_input", "_create_static_person_ids", "Expected a list of items."],
  ]) {
    const reply = await s.call("POST", base, { body });
    assert.deepEqual([reply.status, reply.json], [400, refusal(code, attr, detail)]);
  }
  for (const method of ["GET", "PATCH"]) assert.equal((await s.call(method, `${base}4711/`, { body: method === "GET" ? undefined : {} })).status, 404);
});
