// Actions as objects: made, read, changed, deleted softly; names, steps and their errors. What they
// mean in queries is action_query.test.js.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");

let s;
const base = "/api/projects/@current/actions/";
before(async () => { s = await start(); });
after(async () => assert.equal(await s.stop(), 0));

const step = (more) => ({ event: null, properties: [], selector: null, tag_name: null, text: null,
  text_matching: null, href: null, href_matching: null, url: null, url_matching: "contains", ...more });
const refusal = (code, attr, detail) => ({ type: "validation_error", code, detail, attr });
async function make(body) {
  const reply = await s.call("POST", base, { body });
  assert.equal(reply.status, 201, reply.text);
  return reply.json;
}

test("an action is made with what was left out filled in, and read back the same", async () => {
  const made = await make({ name: " Signed up ", description: "any way", tags: ["Growth", "growth"],
    post_to_slack: true, slack_message_format: "[person] signed up", unknown: 1,
    steps: [{ event: "sign up", isNew: "x" }, { event: "$autocapture", selector: "a > .btn", text: " Go ",
      text_matching: "exact", href: "/x", href_matching: "regex", url: "/join", url_matching: "regex",
      tag_name: "a", properties: [{ key: "plan", value: "pro", type: "event" }] }] });
  const { id, created_at, created_by, last_calculated_at, ...rest } = made;
  assert.deepEqual(rest, { name: "Signed up", description: "any way", tags: ["growth"], post_to_slack: true,
    slack_message_format: "[person] signed up", steps: [step({ event: "sign up" }), step({ event: "$autocapture",
      selector: "a > .btn", text: " Go ", text_matching: "exact", href: "/x", href_matching: "regex",
      url: "/join", url_matching: "regex", tag_name: "a",
      properties: [{ key: "plan", value: "pro", type: "event" }] })],
    deleted: false, is_calculating: false, team_id: s.first.project_id, is_action: true, bytecode_error: null,
    pinned_at: null, creation_context: null, user_access_level: "manager" });
  assert.equal(created_by.email, "owner@example.com");
  assert.equal(last_calculated_at, created_at);
  for (const path of [`${base}${id}/`, `/api/environments/${s.first.project_id}/actions/${id}/`, `/api/action/${id}/`])
    assert.deepEqual((await s.call("GET", path)).json, made, path);
  assert.deepEqual((await make({ name: "nothing" })).steps, []);
});

test("the list has the live ones, pinned first, then by name, in pages, and can be searched", async () => {
  for (const name of ["b list", "C list", "a list"]) await make({ name });
  const gone = await make({ name: "gone list" });
  await s.call("PATCH", `${base}${gone.id}/`, { body: { deleted: true } });
  const names = async (query = "") => (await s.call("GET", `${base}?search=LIST${query}`)).json.results.map((a) => a.name);
  assert.deepEqual(await names(), ["a list", "b list", "C list"]);
  const [c] = (await s.call("GET", `${base}?search=c%20list`)).json.results;
  const pinned = await s.call("PATCH", `${base}${c.id}/`, { body: { pinned_at: "2001-01-01T00:00:00Z" } });
  assert.ok(pinned.json.pinned_at > "2020");
  assert.deepEqual(await names(), ["C list", "a list", "b list"]);
  const again = await s.call("PATCH", `${base}${c.id}/`, { body: { pinned_at: "2001-01-01" } });
  assert.equal(again.json.pinned_at, pinned.json.pinned_at);
  assert.equal((await s.call("PATCH", `${base}${c.id}/`, { body: { pinned_at: "" } })).json.pinned_at, null);
  assert.deepEqual(await names("&limit=1&offset=1"), ["b list"]);
  const page = (await s.call("GET", `${base}?search=list&limit=1&offset=1`)).json;
  assert.equal(page.count, 3);
  assert.match(page.next, /offset=2/);
  const all = (await s.call("GET", base)).json;
  assert.equal(all.count, all.results.length);
  assert.ok(!all.results.some((a) => a.id === gone.id));
});

test("a change leaves the rest as it is; deleting is soft, gives the name free and can be undone", async () => {
  const { id, ...was } = await make({ name: "changes", steps: [{ event: "x" }] });
  const at = `${base}${id}/`;
  const changed = (await s.call("PATCH", at, { body: { description: "new", id: 99, team_id: 99, created_at: "2001-01-01T00:00:00Z" } })).json;
  assert.deepEqual({ ...changed, last_calculated_at: 0 }, { ...was, id, description: "new", last_calculated_at: 0 });
  assert.deepEqual((await s.call("PUT", at, { body: { name: "changes", steps: [] } })).json.steps, []);
  assert.equal((await s.call("PATCH", at, { body: { deleted: true } })).json.deleted, true);
  assert.equal((await s.call("GET", at)).json.deleted, true);
  const heir = await make({ name: "changes" });
  assert.deepEqual((await s.call("PATCH", at, { body: { deleted: false } })).json,
    refusal("unique", "name", `This project already has an action with this name, ID ${heir.id}`));
  await s.call("PATCH", `${base}${heir.id}/`, { body: { name: "other" } });
  assert.equal((await s.call("PATCH", at, { body: { deleted: false } })).json.deleted, false);
  const removal = await s.call("DELETE", at);
  assert.deepEqual([removal.status, removal.text], [405, ""]);
});

test("what cannot be is refused with the field at fault", async () => {
  const taken = await make({ name: "taken" });
  const rows = [
    [{}, "required", "name", "This field is required."],
    [{ name: null }, "null", "name", "This field may not be null."],
    [{ name: "  " }, "blank", "name", "This field may not be blank."],
    [{ name: "n".repeat(401) }, "max_length", "name", "Ensure this field has no more than 400 characters."],
    [{ name: "taken" }, "unique", "name", `This project already has an action with this name, ID ${taken.id}`],
    [{ name: "x", steps: null }, "null", "steps", "This field may not be null."],
    [{ name: "x", steps: {} }, "not_a_list", "steps", "Expected a list of items."],
    [{ name: "x", steps: ["y"] }, "invalid_input", "steps__0", "Invalid data. Expected a dictionary."],
    [{ name: "x", steps: Array(101).fill({}) }, "invalid_input", "steps", "Ensure this field has no more than 100 elements."],
    [{ name: "x", steps: [{}, { event: {} }] }, "invalid_input", "steps__1__event", "Not a valid string."],
    [{ name: "x", steps: [{ url: "u".repeat(2001) }] }, "max_length", "steps__0__url",
      "Ensure this field has no more than 2000 characters."],
    [{ name: "x", steps: [{ url_matching: "like" }] }, "invalid_choice", "steps__0__url_matching", "\"like\" is not a valid choice."],
    [{ name: "x", steps: [{ properties: {} }] }, "invalid_input", "steps__0__properties", "Expected a list of items."],
    [{ name: "x", pinned_at: 5 }, "invalid_input", "pinned_at", "Not a valid string."],
    [{ name: "x", deleted: "maybe" }, "invalid_input", "deleted", "Must be a valid boolean."],
  ];
  for (const [body, code, attr, detail] of rows) {
    const reply = await s.call("POST", base, { body });
    assert.deepEqual([reply.status, reply.json], [400, refusal(code, attr, detail)], JSON.stringify(body).slice(0, 200));
  }
  assert.equal((await s.call("PUT", `${base}${taken.id}/`, { body: { description: "y" } })).json.code, "required");
  for (const id of ["424242", "x"])
    for (const method of ["GET", "PATCH", "PUT"])
      assert.equal((await s.call(method, `${base}${id}/`, { body: method === "GET" ? undefined : { name: "z" } })).status, 404);
});

test("another project's actions are not there; a key needs the scope", async () => {
  const other = s.cli("project", "add", "--name", "Other");
  const { id } = await make({ name: "mine" });
  const there = `/api/projects/${other.id}/actions/`;
  assert.equal((await s.call("GET", there)).json.count, 0);
  assert.equal((await s.call("GET", `${there}${id}/`)).status, 404);
  assert.equal((await s.call("POST", there, { body: { name: "mine" } })).status, 201);
  const reader = s.cli("key", "add", "--email", "owner@example.com", "--scopes", "action:read").value;
  assert.equal((await s.call("GET", `${base}${id}/`, { key: reader })).status, 200);
  const refused = await s.call("PATCH", `${base}${id}/`, { key: reader, body: { name: "x" } });
  assert.equal(refused.json.detail, "API key missing required scope 'action:write'");
});
