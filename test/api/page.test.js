// The page's files over HTTP: names, types, encodings, caching, the headers that keep it shut.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const http = require("node:http");
const zlib = require("node:zlib");
const { start } = require("./server.js");

let s, index;
before(async () => {
  s = await start();
  index = await get("/");
});
after(async () => assert.equal(await s.stop(), 0));

// fetch would decode the body and add an Accept-Encoding of its own.
function get(path, headers = {}, method = "GET") {
  return new Promise((resolve, reject) => {
    http.request(s.url + path, { method, headers }, (reply) => {
      const parts = [];
      reply.on("data", (part) => parts.push(part));
      reply.on("end", () => resolve({ status: reply.statusCode, headers: reply.headers, body: Buffer.concat(parts) }));
    }).on("error", reject).end();
  });
}

const assets = () => [...new Set(index.body.toString().match(/\/assets\/[\w.-]+/g))];

test("every view's address gives the same page, which may talk to this server only", async () => {
  for (const path of ["/", "/login", "/dashboards", "/dashboard/1", "/activity", "/activity/", "/chat", "/chat/1", "/chats"]) {
    const reply = await get(path);
    assert.equal(reply.status, 200, path);
    assert.equal(reply.headers["content-type"], "text/html; charset=utf-8");
    assert.deepEqual(reply.body, index.body);
    const policy = reply.headers["content-security-policy"];
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    assert.equal(reply.headers["x-frame-options"], "DENY");
    assert.equal(reply.headers["x-content-type-options"], "nosniff");
    assert.equal(reply.headers["cache-control"], "no-cache");
  }
  assert.doesNotMatch(index.body.toString(), /https?:|<script>|style=/);
});

test("its files are kept for a year, with their types", async () => {
  const types = { js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml",
    txt: "text/plain; charset=utf-8" };
  assert.ok(assets().length >= 4);
  for (const path of assets()) {
    const reply = await get(path);
    assert.equal(reply.status, 200, path);
    assert.equal(reply.headers["content-type"], types[path.split(".").pop()], path);
    assert.equal(reply.headers["cache-control"], "public, max-age=31536000, immutable");
    assert.equal(reply.headers["x-content-type-options"], "nosniff");
    assert.equal(reply.headers["content-encoding"], undefined);
  }
});

test("the encoding is one the client takes, and each has its own tag", async () => {
  const path = assets().find((p) => p.endsWith(".css"));
  const whole = await get(path);
  const unpack = { gzip: zlib.gunzipSync, br: zlib.brotliDecompressSync };
  const cases = [["gzip", "gzip"], ["gzip, deflate, br", "br"], ["br;q=0, gzip;q=0.5", "gzip"], ["*", "br"],
    ["identity", undefined], ["gzip;q=0, br;q=0.0", undefined], ["GZIP", "gzip"], ["xgzip", undefined]];
  const tags = new Set([whole.headers.etag]);
  for (const [accept, want] of cases) {
    const reply = await get(path, { "Accept-Encoding": accept });
    assert.equal(reply.headers["content-encoding"], want, accept);
    assert.equal(reply.headers.vary, "Accept-Encoding");
    assert.deepEqual(want ? unpack[want](reply.body) : reply.body, whole.body, accept);
    assert.ok(!want || reply.body.length < whole.body.length / 2);
    tags.add(reply.headers.etag);
  }
  assert.equal(tags.size, 3);
});

test("a client that has it is told so", async () => {
  for (const path of ["/", assets()[0]]) {
    const first = await get(path);
    for (const tag of [first.headers.etag, `W/${first.headers.etag}`, `"x", ${first.headers.etag}`, "*"]) {
      const again = await get(path, { "If-None-Match": tag });
      assert.equal(again.status, 304, tag);
      assert.equal(again.body.length, 0);
      assert.equal(again.headers.etag, first.headers.etag);
    }
    assert.equal((await get(path, { "If-None-Match": '"other"' })).status, 200);
    const head = await get(path, {}, "HEAD");
    assert.equal(head.status, 200);
    assert.equal(head.body.length, 0);
    assert.equal(Number(head.headers["content-length"]), first.body.length);
  }
});

test("what is no view and no file is the API's 404", async () => {
  for (const path of ["/assets/index.html", "/assets/app.js", "/assets/..%2Findex.html", "/assets/", "/nothing",
    "/dashboard/1/2", "/api/dashboards", "/api/"]) {
    const reply = await get(path);
    assert.equal(reply.status, 404, path);
    assert.equal(JSON.parse(reply.body).code, "not_found", path);
  }
  assert.equal((await get("/dashboards", {}, "POST")).status, 405);
});
