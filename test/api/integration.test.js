// Integrations: credentials that go in and are never shown again, and exports that use them.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { start, serve, end } = require("./server.js");
const { fake_s3 } = require("./fake_s3.js");

let s;
before(async () => { s = await start(["--allow-private", "127.0.0.1"]); });
after(() => fs.rmSync(s.dir, { recursive: true, force: true })); // the last test has ended it

const AT = "/api/projects/@current/integrations";
const create = (kind, config, options) => s.call("POST", `${AT}/`, { body: { kind, config }, ...options });
const pair = { aws_access_key_id: "KEY", aws_secret_access_key: "SECRET" };

test("created, listed, read, deleted; secrets are never shown", async () => {
  const made = await create("s3-compatible", { name: "store", endpoint_url: "https://s3.example.com", ...pair });
  assert.equal(made.status, 201, made.text);
  const { id, created_at, created_by, ...rest } = made.json;
  assert.deepEqual(rest, { kind: "s3-compatible", config: { name: "store", endpoint_url: "https://s3.example.com" },
    errors: "", display_name: "store" });
  assert.equal(created_by.email, "owner@example.com");
  assert.ok(Date.parse(created_at));
  const other = await create("postgresql", { host: "db.example.com", port: "5433", user: "u", password: "pa55word-in-clear" });
  assert.deepEqual([other.json.config, other.json.display_name],
    [{ name: "", host: "db.example.com", port: 5433, user: "u", ssl_mode: "require" }, "PostgreSQL"]);
  const list = (await s.call("GET", `${AT}/`)).json;
  assert.deepEqual([list.count, list.results.map((x) => x.id)], [2, [other.json.id, id]]);
  assert.deepEqual((await s.call("GET", `${AT}/?kind=postgresql`)).json.results.map((x) => x.id), [other.json.id]);
  assert.deepEqual((await s.call("GET", `/api/environments/@current/integrations/${id}/`)).json, made.json);
  for (const file of fs.readdirSync(s.data).filter((f) => f.startsWith("meta.db")))
    for (const secret of ["SECRET", "pa55word-in-clear"])
      assert.ok(!fs.readFileSync(path.join(s.data, file)).includes(secret), `${secret} in ${file}`);
  assert.equal(fs.statSync(path.join(s.data, "secrets.key")).mode & 0o777, 0o600);
  assert.equal((await s.call("DELETE", `${AT}/${other.json.id}/`)).status, 204);
  assert.equal((await s.call("DELETE", `${AT}/${other.json.id}/`)).status, 404);
  assert.equal((await s.call("GET", `${AT}/${other.json.id}/`)).status, 404);
  assert.equal((await s.call("GET", `${AT}/x/`)).status, 404);
});

test("what is refused", async () => {
  const azure = { connection_string: "x" };
  for (const [sent, code, attr, detail] of [
    [{}, "required", "kind", "This field is required."],
    [{ kind: "floppy", config: {} }, "invalid_choice", "kind", '"floppy" is not a valid choice.'],
    [{ kind: "azure-blob" }, "required", "config", "This field is required."],
    [{ kind: "azure-blob", config: "x" }, "invalid_input", "config", "Expected a dictionary of items."],
    [{ kind: "azure-blob", config: {} }, "invalid_input", "config", "Configuration missing required field: 'connection_string'"],
    [{ kind: "azure-blob", config: { ...azure, b: 1, a: 2 } }, "invalid_input", "config", "Configuration has unknown field/s: 'a', 'b'"],
    [{ kind: "azure-blob", config: { connection_string: 5 } }, "invalid_input", "config", "Configuration has invalid type: got 'int', expected 'str'"],
    [{ kind: "azure-blob", config: { connection_string: " " } }, "invalid_input", "config", "The following inputs are empty: ['connection_string']"],
  ]) {
    const got = await s.call("POST", `${AT}/`, { body: sent });
    assert.deepEqual([got.status, got.json], [400, { type: "validation_error", code, detail, attr }], JSON.stringify(sent));
  }
  const reader = s.cli("key", "add", "--email", "owner@example.com", "--scopes", "integration:read").value;
  assert.equal((await create("azure-blob", azure, { key: reader })).status, 403);
  assert.equal((await s.call("GET", `${AT}/`, { key: reader })).status, 200);
});

test("an export takes its credentials from one, and the place they are for", async () => {
  const store = await fake_s3({ buckets: ["events"] }), trap = await fake_s3();
  const { id } = (await create("s3-compatible", { endpoint_url: store.url, ...pair })).json;
  const step = async (destination, url = s.url) => (await s.call("POST", `${url}/api/projects/@current/batch_exports/run_test_step_new/`,
    { body: { name: "x", interval: "hour", destination, step: 1 } })).json;
  const to = (more) => ({ type: "S3Compatible", config: { bucket_name: "events", region: "us-east-1", prefix: "" }, integration: id, ...more });
  assert.deepEqual((await step(to())).result, { status: "Passed", message: null });
  assert.deepEqual((await step({ ...to(), integration: undefined, integration_id: String(id) })).result, { status: "Passed", message: null });
  // Somebody who may use it cannot have it sent elsewhere.
  const elsewhere = to();
  elsewhere.config.endpoint_url = trap.url;
  assert.deepEqual((await step(elsewhere)).result, { status: "Passed", message: null });
  assert.deepEqual(trap.asked, []);
  const aws = (await create("aws-s3", pair)).json.id;
  assert.deepEqual(await step(to({ integration: aws })), { type: "validation_error", code: "invalid_input", attr: "destination",
    detail: "Integration provided is not an S3-compatible integration (got kind='aws-s3')" });
  assert.equal((await step({ type: "AzureBlob", config: { container_name: "c" }, integration: aws })).detail, "Integration is not an Azure Blob integration.");
  assert.equal((await step({ type: "LocalFile", config: { directory: "c" }, integration: aws })).detail, "LocalFile batch exports take no integration");
  assert.deepEqual(await step(to({ integration: true })), { type: "validation_error", code: "incorrect_type", attr: "destination__integration",
    detail: "Incorrect type. Expected pk value." });
  // One of another project is not there.
  const { id: project } = s.cli("project", "add", "--name", "other");
  const foreign = (await s.call("POST", `/api/projects/${project}/integrations/`, { body: { kind: "s3-compatible", config: { endpoint_url: store.url, ...pair } } })).json.id;
  assert.deepEqual(await step(to({ integration: foreign })), { type: "validation_error", code: "does_not_exist", attr: "destination__integration",
    detail: `Invalid pk "${foreign}" - object does not exist.` });
  // The key file is what opens them: the same after a start, and no other.
  assert.equal(await end(s.child), 0);
  let again = serve(s.data, ["--allow-private", "127.0.0.1"]);
  assert.deepEqual((await step(to(), await again.ready)).result, { status: "Passed", message: null });
  assert.equal(await end(again.child), 0);
  fs.writeFileSync(path.join(s.data, "secrets.key"), Buffer.alloc(32));
  again = serve(s.data, ["--allow-private", "127.0.0.1"]);
  assert.equal((await step(to(), await again.ready)).type, "server_error");
  await end(again.child);
  await store.stop();
  await trap.stop();
});
