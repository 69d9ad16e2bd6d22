// The OpenAPI document, as the field's own tools read it: it is valid, it describes each route under
// /api/ and nothing else, and a client made of it is typed and talks to the server.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { execFileSync, spawnSync } = require("node:child_process");
const { start, bin } = require("../api/server.js");

let s, document;
before(async () => {
  s = await start();
  document = await (await fetch(`${s.url}/api/schema/`)).json();
});
after(async () => assert.equal(await s.stop(), 0));

test("the document is valid OpenAPI 3.0", async () => {
  const { Validator } = await import("@seriousme/openapi-schema-validator");
  assert.deepEqual(await new Validator().validate(document), { valid: true });
});

test("operations have names of their own, and references lead somewhere", () => {
  const ids = Object.values(document.paths).flatMap((p) => Object.values(p).map((o) => o.operationId)).filter(Boolean);
  assert.equal(new Set(ids).size, ids.length);
  for (const [, name] of JSON.stringify(document).matchAll(/#\/components\/schemas\/([A-Za-z]+)/g))
    assert.ok(document.components.schemas[name], name);
});

test("each route under /api/ is described, and nothing else is", () => {
  const parts = JSON.parse(fs.readFileSync(path.join(__dirname, "../../build/web/openapi.json"), "utf8"));
  const routes = JSON.parse(execFileSync(bin, ["routes"], { encoding: "utf8" }))
    .filter((r) => r.path.startsWith("/api/") && !UNTYPED.includes(r.path)).map((r) => `${r.method} ${r.path}`);
  const described = Object.keys(parts.operations);
  assert.deepEqual(routes.filter((r) => !described.includes(r)), [], "not described");
  assert.deepEqual(described.filter((r) => !routes.includes(r)), [], "no route");
});
// Of SDKs, whose forms are their own; and the document itself.
const UNTYPED = ["/api/schema/", "/api/surveys/", "/api/early_access_features/", "/api/web_experiments/",
  "/api/projects/:project/feature_flags/local_evaluation/"];

test("a client made of it is typed and talks to the server", async () => {
  const dir = fs.mkdtempSync(path.join(__dirname, "../node_modules/.openapi-"));
  try {
    const { default: openapiTS, astToString } = await import("openapi-typescript");
    fs.writeFileSync(path.join(dir, "schema.d.ts"), astToString(await openapiTS(document)));
    fs.copyFileSync(path.join(__dirname, "openapi_client.ts"), path.join(dir, "client.ts"));
    const tsc = spawnSync(path.join(__dirname, "../node_modules/.bin/tsc"), ["--strict", "--target", "es2022",
      "--module", "nodenext", "--moduleResolution", "nodenext", "--skipLibCheck", "client.ts"], { cwd: dir, encoding: "utf8" });
    assert.equal(tsc.status, 0, tsc.stdout);
    const { walk } = require(path.join(dir, "client.js"));
    assert.deepEqual(await walk(s.url, s.first.personal_api_key, s.first.project_id), {
      email: "owner@example.com", listed: ["Made by a generated client"], tile: "hello",
      rows: [[2]], code: "required" });
  } finally { fs.rmSync(dir, { recursive: true }); }
});
