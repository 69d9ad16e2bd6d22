// Projects, which are also environments: their settings, tokens, making and removing them.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start, eventually, rows } = require("./server.js");

let s, member, other;
before(async () => {
  s = await start();
  member = s.cli("user", "add", "--email", "member@example.com");
  other = s.cli("org", "add", "--name", "Elsewhere");
});
after(async () => assert.equal(await s.stop(), 0));

const failure = ({ status, json }) => [status, json.code, json.detail, json.attr];
const patch = (body, path = "/api/projects/@current/") => s.call("PATCH", path, { body });

const fields = `id uuid organization project_id api_token name created_at updated_at timezone app_urls
  recording_domains slack_incoming_webhook anonymize_ips completed_snippet_onboarding ingested_event
  test_account_filters test_account_filters_default_checked path_cleaning_filters data_attributes
  person_display_name_properties correlation_config autocapture_opt_out autocapture_exceptions_opt_in
  autocapture_web_vitals_opt_in autocapture_web_vitals_allowed_metrics capture_console_log_opt_in
  capture_performance_opt_in capture_dead_clicks session_recording_opt_in session_recording_sample_rate
  session_recording_minimum_duration_milliseconds session_recording_linked_flag session_replay_config
  surveys_opt_in survey_config heatmaps_opt_in flags_persistence_default week_start_day primary_dashboard
  live_events_columns live_events_token cookieless_server_hash_mode human_friendly_comparison_periods
  inject_web_apps extra_settings modifiers default_modifiers has_group_types group_types
  effective_membership_level is_demo access_control product_intents secret_api_token
  secret_api_token_backup user_access_level product_description`.split(/\s+/);

test("a project has every field, the same under each of its paths", async () => {
  const { json } = await s.call("GET", "/api/projects/@current/");
  for (const name of fields) assert.ok(name in json, name);
  assert.deepEqual([json.id, json.organization, json.effective_membership_level, json.user_access_level],
    [s.first.project_id, s.first.organization_id, 15, "admin"]);
  for (const path of [`/api/environments/${json.id}/`, `/api/projects/${json.id}`,
    `/api/organizations/@current/projects/${json.id}/`, `/api/organizations/${json.organization}/environments/@current/`])
    assert.deepEqual((await s.call("GET", path)).json, json, path);
  assert.deepEqual((await s.call("GET", `/api/organizations/${json.organization}/projects/${other.project_id}/`)).status, 403);
  const seen = await s.call("GET", "/api/projects/@current/", { key: member.personal_api_key });
  assert.ok(!("secret_api_token" in seen.json));
  assert.deepEqual([seen.json.effective_membership_level, seen.json.user_access_level], [1, "member"]);
});

test("settings are stored and given back; what is read-only is ignored", async () => {
  const was = (await s.call("GET", "/api/projects/@current/")).json;
  const set = {
    name: "Renamed", timezone: "Europe/Berlin", app_urls: ["https://a.example"], recording_domains: null,
    week_start_day: 1, anonymize_ips: true, session_recording_sample_rate: "0.50", session_recording_opt_in: true,
    test_account_filters: [{ key: "email", value: "@example.com", operator: "not_icontains", type: "person" }],
    person_display_name_properties: ["username"], survey_config: { appearance: { color: "red" } },
    session_recording_minimum_duration_milliseconds: 2000, extra_settings: { a: [1, { b: null }] },
    cookieless_server_hash_mode: 2, data_attributes: ["data-x"], product_description: "what it is",
  };
  const { status, json } = await patch({ ...set, id: 77, uuid: "x", organization: "x", api_token: "phc_x", created_at: "x" });
  assert.equal(status, 200);
  for (const [name, value] of Object.entries(set)) assert.deepEqual(json[name], value, name);
  for (const name of ["id", "uuid", "organization", "api_token", "created_at"]) assert.equal(json[name], was[name]);
  assert.deepEqual((await s.call("GET", "/api/environments/@current/")).json, json);
  const kept = (await patch({ week_start_day: null }, "/api/environments/@current/")).json;
  assert.deepEqual([kept.week_start_day, kept.timezone, kept.anonymize_ips], [null, "Europe/Berlin", true]);
  const form = await s.call("PATCH", "/api/projects/@current/", { body: "app_urls=https://b.example&heatmaps_opt_in=true&week_start_day=0",
    headers: { "Content-Type": "application/x-www-form-urlencoded" } });
  assert.deepEqual([form.json.app_urls, form.json.heatmaps_opt_in, form.json.week_start_day], [["https://b.example"], true, 0]);
});

test("each wrong value is named, and nothing is changed", async () => {
  const rows = [
    [{ name: "" }, "blank", "This field may not be blank.", "name"],
    [{ name: null }, "null", "This field may not be null.", "name"],
    [{ name: "x".repeat(201) }, "max_length", "Ensure this field has no more than 200 characters.", "name"],
    [{ timezone: "Mars/Base" }, "invalid_choice", '"Mars/Base" is not a valid choice.', "timezone"],
    [{ timezone: "../../etc/passwd" }, "invalid_choice", '"../../etc/passwd" is not a valid choice.', "timezone"],
    [{ week_start_day: 3 }, "invalid_choice", '"3" is not a valid choice.', "week_start_day"],
    [{ anonymize_ips: "maybe" }, "invalid_input", "Must be a valid boolean.", "anonymize_ips"],
    [{ anonymize_ips: null }, "null", "This field may not be null.", "anonymize_ips"],
    [{ app_urls: "x" }, "not_a_list", 'Expected a list of items but got type "str".', "app_urls"],
    [{ app_urls: [1] }, "invalid_input", "Not a valid string.", "app_urls"],
    [{ survey_config: [] }, "not_a_dict", 'Expected a dictionary of items but got type "list".', "survey_config"],
    [{ session_recording_sample_rate: 2 }, "max_value", "Ensure this value is less than or equal to 1.", "session_recording_sample_rate"],
    [{ session_recording_sample_rate: "x" }, "invalid_input", "A valid number is required.", "session_recording_sample_rate"],
    [{ session_recording_minimum_duration_milliseconds: -1 }, "min_value",
      "Ensure this value is greater than or equal to 0.", "session_recording_minimum_duration_milliseconds"],
    [{ session_recording_minimum_duration_milliseconds: 1.5 }, "invalid_input", "A valid integer is required.",
      "session_recording_minimum_duration_milliseconds"],
    [{ primary_dashboard: 99 }, "does_not_exist", 'Invalid pk "99" - object does not exist.', "primary_dashboard"],
    [{ extra_settings: { x: "x".repeat(300000) } }, "request_too_large", "The settings are larger than 256 KiB.", null],
  ];
  const was = (await s.call("GET", "/api/projects/@current/")).json;
  for (const [body, code, detail, attr] of rows)
    assert.deepEqual(failure(await patch({ product_description: "new", ...body })),
      [code === "request_too_large" ? 413 : 400, code, detail, attr]);
  assert.deepEqual((await s.call("GET", "/api/projects/@current/")).json, was);
  const { id } = (await s.call("POST", "/api/projects/@current/dashboards/", { body: { name: "home" } })).json;
  assert.equal((await patch({ primary_dashboard: id })).json.primary_dashboard, id);
});

test("admins make, reset and remove projects; members do not", async () => {
  const at = "/api/organizations/@current/projects/", key = member.personal_api_key;
  assert.deepEqual(failure(await s.call("POST", at, { key, body: { name: "x" } })),
    [403, "permission_denied", "You need to be an organization admin or above to create new projects.", null]);
  assert.deepEqual(failure(await s.call("POST", at, { body: { name: "" } })),
    [400, "blank", "This field may not be blank.", "name"]);
  const made = await s.call("POST", at, { body: { name: "Second", timezone: "Asia/Tokyo", app_urls: ["u"] } });
  assert.equal(made.status, 201);
  assert.deepEqual([made.json.name, made.json.timezone, made.json.app_urls], ["Second", "Asia/Tokyo", ["u"]]);
  assert.match(made.json.api_token, /^phc_/);
  const one = `/api/projects/${made.json.id}/`;
  assert.equal((await s.call("PATCH", one, { key, body: { name: "by a member" } })).json.name, "by a member");
  for (const [method, path] of [["PATCH", `${one}reset_token/`], ["DELETE", one]])
    assert.deepEqual(failure(await s.call(method, path, { key })),
      [403, "permission_denied", "Your organization access level is insufficient.", null]);
  const reset = await s.call("PATCH", `/api/environments/${made.json.id}/reset_token/`);
  assert.equal(reset.status, 200);
  assert.match(reset.json.api_token, /^phc_/);
  assert.notEqual(reset.json.api_token, made.json.api_token);
  const names = async () => (await s.call("GET", "/api/projects/")).json.results.map((p) => p.name);
  assert.ok((await names()).includes("by a member"));
  await s.call("PATCH", "/api/users/@me/", { key, body: { set_current_team: made.json.id } });
  assert.equal((await s.call("DELETE", one)).status, 204);
  assert.equal((await s.call("GET", one)).status, 404);
  assert.equal((await s.call("DELETE", one)).status, 404);
  assert.ok(!(await names()).includes("by a member"));
  assert.deepEqual(failure(await s.call("GET", "/api/projects/@current/", { key })),
    [404, "not_found", "Project not found.", null]);
  assert.equal((await s.call("GET", "/api/dashboard/", { key })).json.detail,
    "This endpoint requires a current project to be set on your account.");
  assert.equal((await s.call("GET", "/api/users/@me/", { key })).json.team, null);
});

test("lists are pages", async () => {
  for (let i = 0; i < 3; i++)
    await s.call("POST", "/api/organizations/@current/projects/", { body: { name: `p${i}` } });
  for (const path of ["/api/projects/", "/api/environments/", "/api/organizations/@current/projects/"]) {
    const first = (await s.call("GET", `${path}?limit=2`)).json;
    assert.deepEqual([first.count, first.previous, first.results.length], [4, null, 2]);
    const second = (await s.call("GET", first.next)).json;
    assert.deepEqual([second.next, second.results.length], [null, 2]);
    assert.ok(!second.previous.includes("offset"));
    assert.equal(first.results[0].timezone, "Europe/Berlin");
  }
});

test("ingested_event and group types follow from events; addresses are dropped when asked", async () => {
  const now = async () => (await s.call("GET", "/api/projects/@current/")).json;
  assert.deepEqual([(await now()).ingested_event, (await now()).has_group_types], [false, false]);
  const { api_token } = await now();
  const sent = await s.call("POST", "/e/", { key: null, body: { api_key: api_token, event: "$groupidentify", distinct_id: "d",
    properties: { $group_type: "company", $group_key: "acme", $group_set: { n: 1 } } } });
  assert.equal(sent.status, 200);
  await eventually(async () => (await now()).has_group_types || undefined);
  const { ingested_event, group_types } = await now();
  assert.equal(ingested_event, true);
  assert.deepEqual(group_types.map((g) => [g.group_type, g.group_type_index]), [["company", 0]]);
  for (const anonymize_ips of [true, false]) {
    await patch({ anonymize_ips });
    const event = `seen ${anonymize_ips}`;
    await s.call("POST", "/e/", { key: null, body: { api_key: api_token, event, distinct_id: "d", properties: { $ip: "8.8.8.8" } } });
    const [row] = await eventually(async () => {
      const found = await rows(s.data, `SELECT properties FROM events WHERE event = '${event}'`);
      return found.length ? found : undefined;
    });
    assert.equal(row.properties.includes("$ip"), !anonymize_ips);
  }
});
