// Addresses: which view, and which of them the server and log-in know.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const load = require("./load.js");

const { placeOf, safeNext, patterns } = load("router.ts");

test("a path leads to its view", () => {
  const cases = [["/", "home", {}], ["/login?next=/x", "login", {}], ["/dashboards/", "dashboards", {}],
    ["/dashboard/7?period=-7d", "dashboard", { id: "7" }], ["/dashboard/a%20b", "dashboard", { id: "a b" }],
    ["/dashboard", "dashboards", {}], ["/dashboard/", "dashboards", {}], ["/dashboard/1/2", "missing", {}],
    ["/dashboard/%zz", "missing", {}], ["/shared/abc", "shared", { token: "abc" }],
    ["/embedded/abc?embedded", "shared", { token: "abc" }], ["/shared/", "missing", {}], ["//", "home", {}], ["/Activity", "missing", {}]];
  for (const [address, view, params] of cases) {
    const place = placeOf(address);
    assert.deepEqual([place.view, place.params], [view, params], address);
  }
  assert.equal(placeOf("/dashboard/7?period=-7d").query.get("period"), "-7d");
});

test("after log-in only an address of the page is gone to", () => {
  const cases = { "/dashboard/7?period=-7d": "/dashboard/7?period=-7d", "/activity": "/activity", "/chat/a-b": "/chat/a-b", "//evil.example/x": "/dashboards",
    "/\\evil.example": "/dashboards", "https://evil.example": "/dashboards", "javascript:alert(1)": "/dashboards",
    "/login?next=/login": "/dashboards", "/shared/abc": "/dashboards", "/nothing": "/dashboards", "": "/dashboards" };
  for (const [next, want] of Object.entries(cases)) assert.equal(safeNext(next), want, next);
  assert.equal(safeNext(null), "/dashboards");
});

test("the server gives the page at the address of every view", () => {
  const read = (file) => fs.readFileSync(path.join(__dirname, "../../src/api", file), "utf8");
  const rows = [...(read("page.c") + read("shared.c")).matchAll(/\{ "GET", "([^"]+)", (?:page_index|shared_fetch)/g)].map((m) => m[1]);
  assert.deepEqual(rows.sort(), patterns.map(([p]) => p.replace(":token", ":id")).sort());
});
