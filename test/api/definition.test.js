// Event and property definitions: learned from events, listed with every parameter, annotated.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start, eventually } = require("./server.js");

let s, other;
const send = (token, ...events) => s.call("POST", "/batch/", { key: null, body: { api_key: token,
  batch: events.map(([event, properties, more]) => ({ event, distinct_id: "d", properties, ...more })) } });

before(async () => {
  s = await start();
  other = s.cli("org", "add", "--name", "Elsewhere");
  await send(s.first.project_api_key,
    ["Signed Up", { plan: "pro", price: 3, $lib: "web", utm_medium: "x", "$feature/beta": "on" }],
    ["$pageview", { $current_url: "u", when_at: "2026-01-01T00:00:00Z", paid: true }],
    ["purchase", { price: 5.5, nothing: null }],
    ["$identify", { $set: { email: "a@b.c", age: 3 } }],
    ["$groupidentify", { $group_type: "company", $group_key: "k", $group_set: { seats: 4 } }],
    ["$groupidentify", { $group_type: "team", $group_key: "k", $group_set: { size: 4 } }]);
  await send(other.api_token, ["foreign", { alien: 1 }]);
  await eventually(async () => (await list(events, "search=groupidentify")).count === 1 || undefined);
  await eventually(async () => (await s.call("GET", `${properties}?type=group&group_type_index=1`)).json.count || undefined);
});
after(async () => assert.equal(await s.stop(), 0));

const events = "/api/projects/@current/event_definitions/";
const properties = "/api/environments/@current/property_definitions/";
const list = async (at, query = "") => (await s.call("GET", `${at}?${query}`)).json;
const names = async (at, query) => (await list(at, query)).results.map((d) => d.name);
const failure = ({ status, json }) => [status, json.code, json.detail, json.attr];
const enc = (v) => encodeURIComponent(JSON.stringify(v));

test("event definitions have every field", async () => {
  const { count, results: [d] } = await list(events, "search=signed");
  assert.equal(count, 1);
  for (const name of `id name created_at last_seen_at last_updated_at tags enforcement_mode primary_property is_action
    action_id is_calculating last_calculated_at created_by post_to_slack owner description verified verified_at
    verified_by updated_by hidden default_columns`.split(/\s+/)) assert.ok(name in d, name);
  assert.deepEqual([d.name, d.tags, d.verified, d.created_by, d.last_updated_at], ["Signed Up", [], false, null, null]);
  assert.match(d.id, /^[0-9a-f-]{36}$/);
  assert.deepEqual((await s.call("GET", `${events}${d.id}/`)).json, d);
  assert.deepEqual((await s.call("GET", `${events}${d.id.toUpperCase()}/`)).json, d);
});

test("event definitions are filtered, searched, ordered and paged", async () => {
  const all = ["$groupidentify", "$identify", "$pageview", "Signed Up", "purchase"];
  assert.deepEqual(await names(events), all);
  assert.deepEqual(await names(events, "ordering=-name"), [...all].reverse());
  assert.deepEqual(await names(events, "event_type=event_custom"), ["Signed Up", "purchase"]);
  assert.deepEqual(await names(events, "event_type=event_posthog"), all.slice(0, 3));
  assert.deepEqual(await names(events, "search=up%20sign"), ["Signed Up"]);
  assert.deepEqual(await names(events, "search=PAGE%20view"), ["$pageview"]);
  assert.deepEqual(await names(events, "search=group%20identify"), ["$groupidentify"]);
  assert.deepEqual(await names(events, "search=%25"), []);
  assert.equal((await names(events, "ordering=-last_seen_at")).length, 5);
  const first = await list(events, "limit=2&event_type=event");
  assert.deepEqual([first.count, first.previous, first.results.length], [5, null, 2]);
  assert.deepEqual((await s.call("GET", first.next)).json.results.map((d) => d.name), all.slice(2, 4));
  for (const query of ["verified=maybe", "exclude_hidden=2", "tags=x", "tags=[1]"])
    assert.equal((await s.call("GET", `${events}?${query}`)).json.code, "invalid_input", query);
});

test("an event definition is annotated, made and removed", async () => {
  const { results: [d] } = await list(events, "search=purchase");
  const at = `${events}${d.id}/`, patch = (body) => s.call("PATCH", at, { body });
  const changed = await patch({ description: "bought", tags: [" Money ", "money"], verified: true, name: "other",
    post_to_slack: true, default_columns: ["price"], primary_property: "price", enforcement_mode: "reject" });
  assert.equal(changed.status, 200);
  const { json } = changed;
  assert.deepEqual([json.name, json.description, json.tags, json.verified, json.post_to_slack, json.default_columns,
    json.primary_property, json.enforcement_mode], ["purchase", "bought", ["money"], true, true, ["price"], "price", "reject"]);
  assert.deepEqual([json.updated_by.email, json.verified_by.email], ["owner@example.com", "owner@example.com"]);
  assert.ok(json.last_updated_at && json.verified_at);
  assert.deepEqual((await s.call("GET", at.replace("projects", "environments"))).json, json);
  assert.deepEqual(await names(events, "verified=true"), ["purchase"]);
  assert.deepEqual(await names(events, `tags=${enc(["money", "x"])}`), ["purchase"]);
  const hidden = (await patch({ hidden: true })).json;
  assert.deepEqual([hidden.hidden, hidden.verified, hidden.verified_by], [true, false, null]);
  assert.ok(!(await names(events, "exclude_hidden=true")).includes("purchase"));
  await patch({ hidden: false });
  for (const [body, ...want] of [
    [{ hidden: true, verified: true }, "invalid_input", "An event cannot be both hidden and verified", null],
    [{ tags: "x" }, "not_a_list", 'Expected a list of items but got type "str".', "tags"],
    [{ verified: "x" }, "invalid_input", "Must be a valid boolean.", "verified"],
    [{ enforcement_mode: "x" }, "invalid_choice", '"x" is not a valid choice.', "enforcement_mode"],
    [{ owner: 99 }, "does_not_exist", 'Invalid pk "99" - object does not exist.', "owner"]])
    assert.deepEqual(failure(await patch({ description: "lost", ...body })), [400, ...want]);
  assert.equal((await s.call("GET", at)).json.description, "bought");
  const made = await s.call("POST", events, { body: { name: "planned", description: "soon" } });
  assert.deepEqual([made.status, made.json.name, made.json.last_seen_at, made.json.created_by.email],
    [201, "planned", null, "owner@example.com"]);
  assert.deepEqual(failure(await s.call("POST", events, { body: { name: "planned" } })),
    [400, "invalid_input", "Event definition with name 'planned' already exists", null]);
  assert.equal((await s.call("POST", events, { body: {} })).json.code, "required");
  await send(s.first.project_api_key, ["planned", {}]);
  await eventually(async () => (await s.call("GET", `${events}${made.json.id}`)).json.last_seen_at || undefined);
  assert.equal((await s.call("DELETE", `${events}${made.json.id}/`)).status, 204);
  assert.equal((await s.call("DELETE", `${events}${made.json.id}/`)).status, 404);
  for (const id of ["nonsense", "00000000-0000-4000-8000-000000000000"])
    assert.deepEqual(failure(await s.call("GET", `${events}${id}/`)), [404, "not_found", "Not found.", null]);
});

test("property definitions know their type and where they were seen", async () => {
  const { count, results } = await list(properties);
  const found = Object.fromEntries(results.map((d) => [d.name, d]));
  assert.equal(count, results.length);
  for (const name of `id name is_numerical property_type tags is_seen_on_filtered_events description updated_at
    updated_by verified verified_at verified_by hidden`.split(/\s+/)) assert.ok(name in found.plan, name);
  const types = Object.fromEntries(["plan", "price", "paid", "when_at", "nothing"].map((n) => [n, found[n].property_type]));
  assert.deepEqual(types, { plan: "String", price: "Numeric", paid: "Boolean", when_at: "DateTime", nothing: null });
  assert.deepEqual([found.price.is_numerical, found.plan.is_numerical, found.plan.is_seen_on_filtered_events], [true, false, null]);
  for (const never of ["$set", "$group_type", "$group_key", "$group_set", "distinct_id", "alien"]) assert.ok(!(never in found), never);
  assert.deepEqual(await names(properties, `properties=plan,price,zzz`), ["plan", "price"]);
  assert.ok(!(await names(properties, `excluded_properties=${enc(["plan"])}`)).includes("plan"));
  assert.deepEqual(await names(properties, "is_numerical=true"), ["price"]);
  assert.deepEqual(await names(properties, "is_feature_flag=true"), ["$feature/beta"]);
  assert.ok(!(await names(properties, "is_feature_flag=false")).includes("$feature/beta"));
  assert.deepEqual(await names(properties, `exclude_core_properties=true&excluded_properties=${enc(["paid"])}`),
    ["$feature/beta", "nothing", "plan", "price", "when_at"]);
  assert.deepEqual(await names(properties, "search=ary"), ["$lib"]);
  assert.deepEqual(await names(properties, "search=IC%20r"), ["price"]);
});

test("event names mark and sort what was seen with them, and filter when asked", async () => {
  const query = `event_names=${enc(["purchase"])}&exclude_core_properties=true&is_feature_flag=false`;
  const { results } = await list(properties, query);
  assert.deepEqual(results.map((d) => [d.name, d.is_seen_on_filtered_events]),
    [["nothing", true], ["price", true], ["paid", false], ["plan", false], ["when_at", false]]);
  assert.deepEqual(await names(properties, `${query}&filter_by_event_names=true`), ["nothing", "price"]);
  const together = await s.call("GET", `${properties}seen_together/?event_names=${enc(["purchase", "Signed Up", "$pageview"])}&property_name=price`);
  assert.deepEqual(together.json, { purchase: true, "Signed Up": true, $pageview: false });
  assert.equal((await s.call("GET", `${properties}seen_together/?property_name=x`)).json.attr, "event_names");
});

test("properties of persons, groups and sessions", async () => {
  const person = await names(properties, "type=person");
  for (const name of ["email", "age"]) assert.ok(person.includes(name), name);
  assert.deepEqual(await names(properties, "type=group&group_type_index=0"), ["seats"]);
  assert.deepEqual(await names(properties, "type=group&group_type_index=1"), ["size"]);
  assert.deepEqual(await names(properties, "type=session&search=bounce"), ["$is_bounce"]);
  assert.ok((await list(properties, "type=session&limit=5")).next);
  for (const [query, detail] of [["type=group", "`group_type_index` must be set for `group` type"],
    ["group_type_index=0", "`group_type_index` can be set only for `group` type"],
    [`type=person&event_names=${enc(["x"])}`, "`event_names` can be set only for `event` type"],
    ["type=alien", '"alien" is not a valid choice.'], ["type=group&group_type_index=x", "A valid integer is required."],
    ["event_names=x", "Must be a JSON list of texts."]])
    assert.deepEqual([(await s.call("GET", `${properties}?${query}`)).status,
      (await s.call("GET", `${properties}?${query}`)).json.detail], [400, detail]);
});

test("a property definition is changed and removed", async () => {
  const { results: [d] } = await list(properties, "search=plan");
  const at = `${properties}${d.id}/`, patch = (body) => s.call("PATCH", at, { body });
  const { json } = await patch({ property_type: "Numeric", description: "what they pay", tags: ["A"], verified: true });
  assert.deepEqual([json.property_type, json.is_numerical, json.description, json.tags, json.verified_by.email],
    ["Numeric", true, "what they pay", ["a"], "owner@example.com"]);
  assert.deepEqual((await s.call("GET", at)).json, json);
  assert.equal((await patch({ is_numerical: false })).json.is_numerical, false);
  assert.equal((await patch({ property_type: null })).json.property_type, null);
  assert.deepEqual(failure(await patch({ property_type: "Colour" })),
    [400, "invalid_choice", '"Colour" is not a valid choice.', "property_type"]);
  const writer = s.cli("key", "add", "--email", "owner@example.com", "--scopes", "property_definition:read").value;
  assert.equal((await s.call("DELETE", at, { key: writer })).status, 403);
  assert.equal((await s.call("DELETE", at)).status, 204);
  for (const method of ["GET", "DELETE"]) assert.equal((await s.call(method, at)).status, 404);
});

test("another project's definitions are not there", async () => {
  const foreign = s.cli("user", "add", "--email", "foreign@example.com", "--org", other.id).personal_api_key;
  const theirs = await eventually(async () => (await s.call("GET", events, { key: foreign })).json.results[0]);
  assert.equal(theirs.name, "foreign");
  for (const method of ["GET", "PATCH", "DELETE"])
    assert.equal((await s.call(method, `${events}${theirs.id}/`, { body: method === "PATCH" ? {} : undefined })).status, 404);
});
