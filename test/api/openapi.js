// openapi.js - is an answer what the server's own OpenAPI document says of it? server.js asks this of
// every answer that a test gets.
"use strict";
const assert = require("node:assert/strict");
const Ajv = require("ajv").default;

const FORMATS = {
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  "date-time": /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/,
};

// OpenAPI 3.0's "nullable" in the words of JSON Schema.
function jsonSchema(schema) {
  if (Array.isArray(schema)) return schema.map(jsonSchema);
  if (typeof schema !== "object" || schema === null) return schema;
  const { nullable, ...rest } = Object.fromEntries(Object.entries(schema).map(([k, v]) => [k, jsonSchema(v)]));
  return nullable && Object.keys(rest).length ? { anyOf: [rest, { type: "null" }] } : rest;
}

// Checks answers against a document: check(method, path, status, json), which throws.
function checker(document) {
  const ajv = new Ajv({ strict: false, formats: FORMATS });
  ajv.addSchema({ $id: "api", components: jsonSchema(document.components) });
  const paths = Object.entries(document.paths).map(([path, operations]) =>
    ({ path, operations, pattern: new RegExp(`^${path.replace(/\{[a-z_]+\}/g, "[^/]+")}$`) }));
  // "persons/values/" before "persons/{id}/"
  paths.sort((a, b) => a.path.split("{").length - b.path.split("{").length);
  const validators = new Map();

  function validator(path, method, status, schema) {
    const key = `${method} ${path} ${status}`;
    if (!validators.has(key))
      validators.set(key, ajv.compile(JSON.parse(JSON.stringify(jsonSchema(schema))
        .replaceAll('"#/components/', '"api#/components/'))));
    return validators.get(key);
  }

  return (method, path, status, json) => {
    const hit = paths.find((p) => p.operations[method.toLowerCase()] && p.pattern.test(path));
    const responses = hit?.operations[method.toLowerCase()].responses;
    if (!responses?.default.content) return; // a route of which the document only says that it exists
    const described = responses[status] ?? (status >= 400 ? responses.default : undefined);
    assert.ok(described, `${method} ${hit.path} answers ${status}, which is not described`);
    const schema = described.content?.["application/json"]?.schema;
    if (json === null || !schema) return;
    const valid = validator(hit.path, method, described === responses.default ? "default" : status, schema);
    assert.ok(valid(json), `${method} ${path} ${status}: ${ajv.errorsText(valid.errors)}\n${JSON.stringify(json).slice(0, 2000)}`);
  };
}

module.exports = { checker };
