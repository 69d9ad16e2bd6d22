// Trying destinations: what is refused before anything is contacted, and steps against real servers.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { start } = require("./server.js");
const destinations = require("./destinations.js");
const { fake_s3 } = require("./fake_s3.js");

let s;
before(async () => { s = await start(["--allow-private", "127.0.0.1"]); });
after(async () => assert.equal(await s.stop(), 0));

const AT = "/api/projects/@current/batch_exports";
const body = (type, config, more = {}) => ({ name: "mine", interval: "hour", destination: { type, config }, ...more });
const post = (sent, step = 0) => s.call("POST", `${AT}/run_test_step_new/`, { body: { ...sent, step } });
async function step(type, config, n = 0) {
  const got = await post(body(type, config), n);
  assert.equal(got.status, 200, got.text);
  assert.deepEqual(Object.keys(got.json), ["name", "description", "result"]);
  assert.ok(got.json.description);
  return [got.json.result.status, got.json.result.message];
}
const passed = ["Passed", null];

const keys = { aws_access_key_id: "S3RVER", aws_secret_access_key: "S3RVER" };
const s3 = { bucket_name: "b", region: "us-east-1", prefix: "p/", ...keys };

test("the steps of each kind", async () => {
  const names = async (type) => (await s.call("GET", `${AT}/test/?destination=${type}`)).json.steps.map((x) => {
    assert.equal(x.result, null);
    return x.name;
  });
  assert.deepEqual(await names("AwsS3"), ["Ensure we can assume provided AWS role", "Check S3 bucket exists", "Write a test object"]);
  assert.deepEqual(await names("S3Compatible"), ["Check S3 bucket exists", "Write a test object"]);
  assert.deepEqual(await names("AzureBlob"), ["Check Azure Blob container exists", "Write a test blob"]);
  assert.equal((await names("Postgres")).length, 3);
  assert.equal((await names("ClickHouse")).length, 3);
  assert.equal((await names("LocalFile")).length, 1);
  for (const [query, status] of [["", 400], ["?destination=", 400], ["?destination=NoSuch", 404]]) {
    const got = await s.call("GET", `${AT}/test/${query}`);
    assert.deepEqual([got.status, got.text], [status, ""]);
  }
  assert.equal((await s.call("GET", `/api/environments/@current/batch_exports/test?destination=S3`)).status, 200);
});

test("what an export that is created would be refused for", async () => {
  const good = body("S3", s3), to = (config) => ({ destination: { type: "S3Compatible", config: { ...s3, endpoint_url: "http://127.0.0.1:1", ...config } } });
  const without = (name) => Object.fromEntries(Object.entries(good).filter(([k]) => k !== name));
  const bad = "invalid_input", fields = "destination__non_field_errors";
  for (const [sent, code, attr, detail] of [
    [without("name"), "required", "name", "This field is required."],
    [{ ...good, name: " " }, "blank", "name", "This field may not be blank."],
    [without("interval"), "required", "interval", "This field is required."],
    [{ ...good, interval: null }, "null", "interval", "This field may not be null."],
    [{ ...good, interval: "fortnight" }, "invalid_choice", "interval", '"fortnight" is not a valid choice.'],
    [{ ...good, model: "cats" }, "invalid_choice", "model", '"cats" is not a valid choice.'],
    [{ ...good, model: null }, "null", "model", "This field may not be null."],
    [{ ...good, timezone: "Mars/Base" }, "invalid_choice", "timezone", '"Mars/Base" is not a valid choice.'],
    [{ ...good, offset_hour: 3 }, bad, "offset_hour", "offset_hour is not applicable for non-daily/weekly intervals"],
    [{ ...good, interval: "day", offset_day: 3 }, bad, "offset_day", "offset_day is not applicable for non-weekly intervals"],
    [{ ...good, interval: "day", offset_hour: 24 }, "max_value", "offset_hour", "Ensure this value is less than or equal to 23."],
    [{ ...good, interval: "week", offset_day: 7 }, "max_value", "offset_day", "Ensure this value is less than or equal to 6."],
    [{ ...good, interval: "week", offset_day: -1 }, "min_value", "offset_day", "Ensure this value is greater than or equal to 0."],
    [{ ...good, hogql_query: "SELECT 1" }, bad, "hogql_query", "'hogql_query' is only supported for 'hogql' not 'events' model"],
    [{ ...good, model: "persons", filters: [] }, bad, "filters", "'filters' is only supported for 'events' not 'persons' model"],
    [{ ...good, filters: {} }, bad, "filters", "'filters' should be an array of filters"],
    [{ ...good, filters: [1] }, bad, "filters", "Each filter must be an object"],
    [{ ...good, filters: [{ type: "cohort" }] }, bad, "filters", "Each filter must have a 'type' of one of: 'event', 'hogql', 'person'"],
    [without("destination"), "required", "destination", "This field is required."],
    [{ ...good, destination: null }, "null", "destination", "This field may not be null."],
    [{ ...good, destination: { config: {} } }, "required", "destination__type", "This field is required."],
    [{ ...good, destination: { type: "Floppy", config: {} } }, "invalid_choice", "destination__type", '"Floppy" is not a valid choice.'],
    [{ ...good, destination: { type: "S3" } }, "required", "destination__config", "This field is required."],
    [{ ...good, destination: { ...good.destination, integration: 4711 } }, "does_not_exist", "destination__integration", 'Invalid pk "4711" - object does not exist.'],
    [body("S3", { ...s3, zebra: 1, ant: 2 }), bad, fields, "Configuration has unknown field/s: 'ant', 'zebra'"],
    [body("S3", { region: "r", prefix: "" }), bad, fields, "Configuration missing required field: 'bucket_name'"],
    [body("S3", { ...s3, bucket_name: 5 }), bad, fields, "Configuration has invalid type: got 'int', expected 'str'"],
    [body("S3", { ...s3, bucket_name: null }), bad, fields, "Configuration has invalid type: got 'NoneType', expected 'str'"],
    [body("S3", { ...s3, max_file_size_mb: "big" }), bad, fields, "Configuration has invalid type: got 'str', expected 'int'"],
    [body("S3", { ...s3, max_file_size_mb: 8796093022208 }), bad, "destination", "max_file_size_mb must be at most 1048576"],
    [body("S3", { ...s3, bucket_name: "", region: " " }), bad, "destination", "The following inputs are empty: ['bucket_name', 'region']"],
    [body("S3", { ...s3, file_format: "CSV" }), bad, "destination", "File format CSV is not supported. Supported file formats are ['Parquet', 'JSONLines']"],
    [body("S3", { ...s3, compression: "zstd" }), bad, "destination", "Compression zstd is not supported for file format JSONLines. Supported compressions are ['gzip', 'brotli']"],
    [body("AwsS3", { bucket_name: "b", region: "r", prefix: "" }), bad, "destination", "Integration is required for AwsS3 batch exports"],
    [{ ...good, ...to({ endpoint_url: "ftp://x" }) }, bad, "destination", "Invalid endpoint URL"],
    [{ ...good, ...to({ endpoint_url: "http://x/path" }) }, bad, "destination", "Invalid endpoint URL"],
    [{ ...good, ...to({ endpoint_url: null }) }, bad, "destination", "The following inputs are empty: ['endpoint_url']"],
    [body("AzureBlob", { container_name: "c" }), bad, "destination", "Integration is required for Azure Blob batch exports"],
    [body("Postgres", { database: "d" }), bad, "destination", "Integration is required for Postgres batch exports"],
    [body("Postgres", { database: "d", host: "http://x", user: "u" }), bad, "destination", "Invalid host. Enter a hostname or IP address without credentials, scheme, or path."],
    [body("LocalFile", { directory: "a/../../b" }), bad, "destination", "Invalid directory: it may not contain '..'"],
    [body("LocalFile", { directory: "/etc" }), bad, "destination", "Invalid directory: it is below the server's directory for exports and may not begin with '/'"],
    [body("ClickHouse", {}), bad, "destination", "Integration is required for ClickHouse batch exports"],
    [{ ...good, ...to({ bucket_name: "evil.example.com/", use_virtual_style_addressing: true }) }, bad, "destination", "Invalid bucket name"],
    [body("ClickHouse", { url: "file:///etc/passwd" }), bad, "destination", "Invalid destination URL: file:///etc/passwd"],
  ]) {
    const got = await post(sent);
    assert.deepEqual([got.status, got.json], [400, { type: "validation_error", code, detail, attr }], JSON.stringify(sent));
  }
  assert.equal((await post(good, 2)).json.attr, "step");
  assert.equal((await post(good, -1)).json.attr, "step");
  assert.equal((await s.call("POST", `${AT}/run_test_step_new/`, { key: null, body: good })).status, 401);
  const reader = s.cli("key", "add", "--email", "owner@example.com", "--scopes", "batch_export:read").value;
  assert.equal((await s.call("POST", `${AT}/run_test_step_new/`, { key: reader, body: good })).status, 403);
  assert.equal((await s.call("GET", `${AT}/test/?destination=S3`, { key: reader })).status, 200);
});

const KEYS = { aws_access_key_id: "KEY", aws_secret_access_key: "SECRET" };
const PREFIXES = ["", "a b/ü+~(1)/'!*", "/x/{year}/{month}", "deep/er"];

test("an object store that checks signatures", async () => {
  const store = await fake_s3({ buckets: ["events"] });
  const at = (more) => ({ ...s3, ...KEYS, bucket_name: "events", endpoint_url: store.url, ...more });
  for (const type of ["S3Compatible", "S3"])
    for (const prefix of PREFIXES)
      assert.deepEqual([await step(type, at({ prefix })), await step(type, at({ prefix }), 1)], [passed, passed], prefix);
  assert.match(store.asked[1], /^PUT events\/hoglet-test-[-0-9a-f]{36}$/);
  assert.ok(store.asked.some((x) => x.startsWith("GET events/a b/ü+~(1)/'!*/hoglet-test-")), store.asked.join());
  assert.equal(store.objects.size, 0, "test objects are deleted");
  assert.deepEqual(await step("S3", at({ bucket_name: "nope" })),
    ["Failed", "Bucket 'nope' does not exist or we don't have permissions to use it"]);
  assert.deepEqual(await step("S3", at({ bucket_name: "nope" }), 1),
    ["Failed", "A test object could not be written: NoSuchBucket: No: NoSuchBucket"]);
  const wrong = at({ aws_secret_access_key: "SECREt" });
  assert.match((await step("S3", wrong))[1], /^We couldn't access bucket 'events'\./);
  assert.deepEqual(await step("S3", wrong, 1), ["Failed", "A test object could not be written: SignatureDoesNotMatch: No: SignatureDoesNotMatch"]);
  assert.deepEqual(await step("S3", { bucket_name: "b", region: "r", prefix: "" }),
    ["Failed", "The test step cannot run as it's not configured."]);
  assert.deepEqual(await step("AwsS3", s3), ["Skipped", "No configured AWS role ARN, skipping test"]);
  await store.stop();
  assert.match((await step("S3", at({})))[1], /^An unknown error occurred when trying to access bucket 'events': Couldn't connect/);
});

test("a bucket before the host's name", async () => {
  const store = await fake_s3({ buckets: ["events"], virtual: true });
  const config = { ...s3, ...KEYS, bucket_name: "events", endpoint_url: `http://localhost:${store.port}`, use_virtual_style_addressing: "true" };
  assert.deepEqual([await step("S3Compatible", config), await step("S3Compatible", config, 1)], [passed, passed]);
  await store.stop();
});

test("an object store of somebody else", async () => {
  const store = await destinations.s3("events", "with.dots");
  const at = (more) => ({ ...s3, bucket_name: "events", endpoint_url: store.url, ...more });
  for (const prefix of PREFIXES) assert.deepEqual(await step("S3", at({ prefix }), 1), passed, prefix);
  assert.deepEqual(await step("S3", at({ bucket_name: "with.dots" }), 1), passed);
  assert.match((await step("S3", at({ bucket_name: "nope" }), 1))[1], /^A test object could not be written: NoSuchBucket: /);
  await store.stop();
});

test("a store that loses what was written, or keeps it, is found out", async () => {
  const answers = { PUT: [200, ""], GET: [200, "other"], DELETE: [204, ""] };
  const store = await fake_s3({ instead: (req, res) => { res.writeHead(answers[req.method][0]); res.end(answers[req.method][1]); return true; } });
  const config = { ...s3, endpoint_url: store.url };
  assert.deepEqual(await step("S3", config, 1), ["Failed", "A test object that was read back is not what was written"]);
  assert.deepEqual(store.asked.map((x) => x.split(" ")[0]), ["PUT", "GET", "DELETE"]);
  answers.GET = [200, "hoglet wrote this to test a batch export. It may be deleted.\n"];
  answers.DELETE = [500, ""];
  assert.match((await step("S3", config, 1))[1], /^A test object 'p\/hoglet-test-[-0-9a-f]+' was created, but could not be deleted afterwards: status 500$/);
  await store.stop();
});

test("addresses that nobody allowed are not connected to", async () => {
  const other = await start(); // without --allow-private
  let connected = 0;
  const server = http.createServer((req, res) => { connected++; res.end("1"); });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  try {
    for (const host of ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "169.254.169.254"]) {
      const got = await other.call("POST", `${AT}/run_test_step_new/`, { body: body("ClickHouse", { url: `http://${host}:${port}` }) });
      assert.equal(got.json.result.status, "Failed", host);
      assert.match(got.json.result.message, /is a private address\. The server connects there only when it is started with --allow-private/, host);
    }
    for (const host of ["127.0.0.1", "localhost"]) {
      const got = await other.call("POST", `${AT}/run_test_step_new/`, { body: body("Postgres", { host, port, user: "u", database: "d" }) });
      assert.match(got.json.result.message, /is a private address/, host);
    }
    assert.equal(connected, 0);
    assert.deepEqual(await step("ClickHouse", { url: `http://127.0.0.1:${port}`, user: "a\r\nHost: b" }),
      ["Failed", "Could not establish a connection to ClickHouse: a setting contains control characters"]);
    assert.deepEqual(await step("ClickHouse", { url: `http://127.0.0.1:${port}` }), passed);
    assert.equal(connected, 1);
  } finally {
    server.closeAllConnections();
    server.close();
    assert.equal(await other.stop(), 0);
  }
});

test("a destination that hangs is given up, and holds up nobody", async () => {
  const held = [];
  const server = http.createServer((req, res) => { held.push(res); });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const all = Array.from({ length: 5 }, () => post(body("ClickHouse", { url })));
  const first = await Promise.race(all);
  assert.deepEqual([first.status, first.json.detail], [429, "Too many test steps are running. Try again in a moment."]);
  assert.equal((await s.call("GET", `${AT}/test/?destination=S3`)).status, 200);
  for (const res of held) res.socket.destroy();
  server.closeAllConnections();
  server.close();
  const ended = await Promise.all(all);
  assert.equal(ended.filter((x) => x.json.result?.status === "Failed").length, 4);
});

test("Azure Blob Storage", async () => {
  const blob = await destinations.azure();
  const config = { container_name: "events", prefix: "a b/{year}", connection_string: blob.connection() };
  try {
    assert.deepEqual(await step("AzureBlob", config), ["Failed", "Container 'events' does not exist"]);
    const { BlobServiceClient } = require("@azure/storage-blob");
    const container = BlobServiceClient.fromConnectionString(blob.connection()).getContainerClient("events");
    await container.create();
    assert.deepEqual([await step("AzureBlob", config), await step("AzureBlob", config, 1)], [passed, passed]);
    for await (const left of container.listBlobsFlat()) assert.fail(`${left.name} is left`);
    assert.deepEqual(await step("AzureBlob", { ...config, connection_string: blob.connection("d3Jvbmc=") }),
      ["Failed", "Authentication failed. Check your connection string credentials"]);
    assert.match((await step("AzureBlob", { ...config, connection_string: "AccountName=x" }))[1], /^Invalid connection string format: /);
  } finally { await blob.stop(); }
  assert.match((await step("AzureBlob", config))[1], /^Could not connect to Azure Blob Storage: /);
});

test("PostgreSQL", async () => {
  const db = await destinations.postgres({ tls: true });
  const at = (more) => ({ host: "127.0.0.1", port: db.port, user: "hog", password: "secret", database: "postgres", ...more });
  const all = async (config) => [await step("Postgres", config), await step("Postgres", config, 1), await step("Postgres", config, 2)];
  try {
    assert.deepEqual(await all(at({ port: String(db.port) })), [passed, passed, passed]);
    assert.equal(db.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
    db.sql(`CREATE SCHEMA "odd ""name"`);
    assert.deepEqual(await step("Postgres", at({ schema: 'odd "name', table_name: "x'; DROP TABLE y; --" }), 2), passed);
    assert.match((await step("Postgres", at({ password: "wrong" })))[1], /password authentication failed for user "hog"/);
    assert.match((await step("Postgres", at({ database: "nope" })))[1], /database "nope" does not exist/);
    assert.match((await step("Postgres", at({ ssl_mode: "verify-full" })))[1], /^Could not establish a connection to PostgreSQL: .*(certificate|root)/);
    assert.deepEqual(await step("Postgres", at({ schema: "nope" }), 1), ["Failed", "Schema 'nope' does not exist"]);
    db.sql("CREATE ROLE small LOGIN PASSWORD 'secret'; CREATE SCHEMA closed; CREATE TABLE public.events (a int); GRANT SELECT ON public.events TO small");
    const small = at({ user: "small" });
    assert.deepEqual(await step("Postgres", { ...small, schema: "closed" }, 1), ["Failed", "We are missing 'USAGE' permission on schema 'closed'"]);
    assert.deepEqual(await step("Postgres", small, 2), ["Failed", "We are missing 'INSERT' or 'SELECT' permission on table 'events'"]);
    assert.match((await step("Postgres", { ...small, table_name: "other" }, 2))[1], /^A table could not be created in schema 'public': ERROR: {1,2}permission denied/);
    assert.deepEqual(await step("Postgres", at({}), 2), passed);
  } finally { await db.stop(); }
  const open = await destinations.postgres();
  try {
    assert.match((await step("Postgres", at({ port: open.port })))[1], /server does not support SSL, but SSL was required/);
    assert.deepEqual(await step("Postgres", at({ port: open.port, ssl_mode: "disable" })), passed);
  } finally { await open.stop(); }
});

test("ClickHouse", async () => {
  const other = await start(), store = await destinations.clickhouse(other.data);
  const at = (more) => ({ url: store.url + "/", database: "default", ...more });
  try {
    assert.deepEqual([await step("ClickHouse", at()), await step("ClickHouse", at(), 1), await step("ClickHouse", at({ table_name: "it's \"odd\" `x`" }), 2)],
      [passed, passed, passed]);
    assert.deepEqual(await step("ClickHouse", at({ database: "nope" }), 1),
      ["Failed", "Database 'nope' does not exist or we don't have permissions to use it"]);
    assert.match((await step("ClickHouse", at({ database: "nope" }), 2))[1], /^A table could not be created: Code: 81\./);
  } finally {
    await store.stop();
    assert.equal(await other.stop(), 0);
  }
});

test("a directory on the server", async () => {
  const root = path.join(s.data, "exports", String(s.first.project_id));
  assert.deepEqual(await step("LocalFile", { directory: "daily/events", prefix: "x/{day}" }), passed);
  const files = fs.readdirSync(root, { recursive: true, withFileTypes: true }).filter((f) => !f.isDirectory());
  assert.deepEqual(files, []);
  fs.symlinkSync("/tmp", path.join(root, "out"));
  assert.match((await step("LocalFile", { directory: "out" }))[1], /^Directory 'out' cannot be used: /);
  fs.writeFileSync(path.join(root, "file"), "");
  assert.match((await step("LocalFile", { directory: "file/below" }))[1], /^Directory 'file\/below' cannot be used: Not a directory/);
  // What another project writes lies elsewhere.
  const other = s.cli("project", "add", "--name", "other directory");
  const reply = await s.call("POST", `/api/projects/${other.id}/batch_exports/run_test_step_new/`, { body: {
    name: "copy", interval: "hour", step: 0, destination: { type: "LocalFile", config: { directory: "file/below" } } } });
  assert.deepEqual([reply.status, reply.json.result.status], [200, "Passed"]);
  assert.ok(fs.existsSync(path.join(s.data, "exports", String(other.id), "file/below")));
  assert.deepEqual(await step("LocalFile", { directory: "" }), ["Failed", "The test step cannot run as it's not configured."]);
});
