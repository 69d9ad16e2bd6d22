// The client library that sites load from the server.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { start } = require("./server.js");

const library = path.join(__dirname, "../../web/node_modules/posthog-js");
const { version } = JSON.parse(fs.readFileSync(path.join(library, "package.json"), "utf8"));
let s;
before(async () => { s = await start(); });
after(async () => assert.equal(await s.stop(), 0));

const fetched = async (where, headers = {}) => {
  const reply = await fetch(s.url + where, { headers });
  return { status: reply.status, headers: reply.headers, text: await reply.text() };
};

test("the package's files, by name and by version", async () => {
  for (const name of ["array.js", "exception-autocapture.js", "web-vitals.js"]) {
    const text = fs.readFileSync(path.join(library, "dist", name), "utf8");
    for (const where of [`/static/${name}`, `/static/${name}?v=1.2.3`, `/static/${version}/${name}`]) {
      const reply = await fetched(where, { Origin: "https://shop.example" });
      assert.equal(reply.status, 200, where);
      assert.ok(reply.text === text, `${where} is the package's file`);
      assert.match(reply.headers.get("content-type"), /^text\/javascript/);
      assert.equal(reply.headers.get("access-control-allow-origin"), "https://shop.example");
      assert.match(reply.headers.get("cache-control"), where.includes(`/${version}/`) ? /immutable/ : /no-cache/);
    }
  }
});

test("compressed, and not sent twice", async () => {
  const gzip = await fetched("/static/array.js", { "Accept-Encoding": "gzip" });
  assert.equal(gzip.headers.get("content-encoding"), "gzip");
  const again = await fetched("/static/array.js", { "Accept-Encoding": "gzip", "If-None-Match": gzip.headers.get("etag") });
  assert.equal(again.status, 304);
});

test("other versions and other files are not there, which scripts of any origin may see", async () => {
  for (const where of ["/static/1.0.0/array.js", "/static/recorder.js", "/static/nothing.js", "/static/..%2farray.js"]) {
    const reply = await fetched(where, { Origin: "https://shop.example" });
    assert.equal(reply.status, 404, where);
    assert.equal(reply.headers.get("access-control-allow-origin"), "https://shop.example");
  }
});

test("the library's licence is beside it", async () => {
  assert.match((await fetched("/static/LICENSE.txt")).text, /Apache License/);
});
