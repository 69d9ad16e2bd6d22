// The page before a strict fake of the API: what a healthy server does not do on demand.
"use strict";
const { test, before, after, beforeEach, afterEach } = require("node:test");
const assert = require("node:assert/strict");
const { start, eventually } = require("../api/server.js");
const { launch, logIn, inkOf } = require("./browser.js");
const { install, problem } = require("./fake.js");

let s, browser, page, fake, opened;
before(async () => {
  s = await start();
  browser = await launch(s.url);
});
after(async () => {
  await browser.close();
  assert.equal(await s.stop(), 0);
});
beforeEach(async () => {
  opened = await browser.open({ viewport: { width: 1360, height: 900 } }, /the server responded with a status of [45]\d\d/);
  page = opened.page;
  page.setDefaultTimeout(20000);
  fake = await install(page);
});
afterEach(async () => {
  assert.deepEqual(opened.errors, []);
  assert.deepEqual(opened.foreign, []);
  assert.deepEqual(fake.unknown, []);
  await opened.context.close();
});

const tile = (name) => page.getByRole("article", { name });
const arrive = async (at = "/dashboard/1") => {
  await page.goto(at);
  await logIn(page, "ada@example.com", "right");
};
// Before the first tile there is nothing busy either: a page still at log-in is not a settled one.
const settled = () => page.waitForFunction(() => document.querySelector(".tile") && !document.querySelector('[aria-busy="true"], .skeleton'));

test("each kind of tile is drawn", async () => {
  await arrive();
  await page.locator(".tile").first().waitFor();
  await settled();
  assert.equal(await tile("Weekly active people").locator(".big-number-value").innerText(), "4,821");
  assert.match(await tile("Weekly active people").innerText(), /\+12% from 4,310/);
  assert.equal(await tile("Revenue this month").locator(".big-number-value").innerText(), "$128,450");
  assert.match(await tile("Browsers").innerText(), /Chrome\s+5,400\s+50\.9%/);
  assert.match(await tile("Top referrers").innerText(), /google\.com\s+3,100/);
  assert.match(await tile("Who comes back").innerText(), /Began\s+People\s+Day 1\s+Day 2[^]*Mean\s+42%\s+33%/);
  for (const name of ["Traffic", "Visits by plan", "Sign-ups against last month", "Not computed yet", "Coming and going", "How often they come"]) {
    const ink = await inkOf(page, `[data-tile="${await tile(name).getAttribute("data-tile")}"] canvas`);
    assert.ok(ink.drawn > 2000 && ink.colours >= 2, `${name}: ${JSON.stringify(ink)}`);
  }
  const computed = fake.calls.filter((c) => c.path.includes("/insights/"));
  assert.deepEqual(computed.map((c) => c.search), ["?from_dashboard=1&refresh=blocking"]);
});

test("a failing tile says why, and only it", async () => {
  await arrive();
  await tile("Broken").getByRole("alert").waitFor();
  assert.match(await tile("Broken").innerText(), /Unable to resolve field: revenu\. Did you mean: revenue\?/);
  assert.match(await page.locator('[data-tile="203"]').innerText(), /There is a problem loading this dashboard tile\./);
  let refusals = 1;
  fake.instead.set("/api/projects/@current/insights/18/", () => (refusals-- > 0
    ? problem(504, "server_error", "timeout", "The query took too long.") : null));
  await tile("Broken").getByRole("button", { name: "Try again" }).click();
  await tile("Broken").getByText("The query took too long.").waitFor();
  fake.instead.clear();
  await tile("Broken").getByRole("button", { name: "Try again" }).click();
  await tile("Broken").locator("canvas").waitFor();
});

test("a tile waits for an event store that restarts", async () => {
  let refusals = 2;
  fake.instead.set("/api/projects/@current/insights/19/", () => (refusals-- > 0
    ? { ...problem(503, "server_error", "service_unavailable", "Service temporarily unavailable."), headers: { "Retry-After": "1" } }
    : { json: { ...fake.tiles[9].insight, result: [], last_refresh: new Date().toISOString() } }));
  await arrive();
  await tile("Not computed yet").getByText("No matching events").waitFor();
  assert.equal(fake.calls.filter((c) => c.path.endsWith("/insights/19/")).length, 3);
});

test("text is hostile, and so are buttons", async () => {
  await arrive();
  const prose = page.locator(".prose");
  await prose.getByText("How to read this").waitFor();
  assert.equal(await prose.locator("img, script, [onerror], [style], iframe").count(), 0);
  assert.deepEqual(await prose.locator("a[href]").evaluateAll((all) => all.map((a) => [a.href, a.rel, a.target])),
    [["https://example.com/notes", "noopener noreferrer nofollow", "_blank"],
      ["https://example.com/a.png", "noopener noreferrer nofollow", "_blank"]]);
  assert.equal(await page.getByRole("link", { name: "Not a link" }).count(), 0);
  assert.match(await page.title(), /^Web shop/);
  await page.getByRole("link", { name: "See events come in" }).click();
  await page.getByRole("heading", { name: "Activity" }).waitFor();
});

test("a chart can be read as a table, by keys, and without some of its series", async () => {
  await arrive();
  await tile("Traffic").locator("canvas").waitFor();
  await tile("Traffic").getByRole("group", { name: /Chart/ }).focus();
  await page.keyboard.press("End");
  await tile("Traffic").getByRole("status").getByText("so far").waitFor();
  await page.keyboard.press("ArrowLeft");
  const tip = await tile("Traffic").getByRole("status").innerText();
  assert.match(tip, /Page view\s+[\d,]+\s+signed up\s+[\d,]+/);
  assert.doesNotMatch(tip, /so far/);
  const before = await inkOf(page, '[data-tile="102"] canvas');
  await tile("Traffic").getByRole("button", { name: "signed up" }).click();
  await eventually(async () => ((await inkOf(page, '[data-tile="102"] canvas')).colours < before.colours || undefined));
  await tile("Traffic").getByRole("button", { name: "Show as table: Traffic" }).click();
  assert.deepEqual(await tile("Traffic").getByRole("columnheader").allInnerTexts(), ["Period", "Page view", "signed up"]);
  assert.equal(await tile("Traffic").getByRole("row").count(), 31);
  const first = () => tile("Traffic").getByRole("row").nth(1).getByRole("cell").first().innerText();
  const oldest = await first();
  await tile("Traffic").getByRole("button", { name: "Period" }).click();
  assert.equal(await first(), oldest);
  await tile("Traffic").getByRole("button", { name: "Period" }).click();
  assert.notEqual(await first(), oldest);
});

test("a tile enlarged shows its numbers and its query", async () => {
  fake.tiles[2].insight.hogql = "SELECT count() FROM events <b>";
  await arrive();
  await tile("Traffic").getByRole("button", { name: "Enlarge Traffic" }).click();
  const dialog = page.getByRole("dialog", { name: "Traffic" });
  await dialog.locator("canvas").waitFor();
  assert.equal(await dialog.getByRole("row").count(), 31);
  await dialog.getByText("Query in HogQL").click();
  assert.equal(await dialog.locator("pre").innerText(), "SELECT count() FROM events <b>");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
});

test("a table sorts by numbers as numbers", async () => {
  await arrive();
  const first = () => tile("Slowest pages").getByRole("row").nth(1).getByRole("cell").nth(1).innerText();
  await tile("Slowest pages").getByRole("button", { name: "p95 ms" }).click();
  assert.equal(await first(), "1,015");
  await tile("Slowest pages").getByRole("button", { name: "p95 ms" }).click();
  assert.equal(await first(), "120");
  assert.equal(await tile("Slowest pages").getByRole("columnheader", { name: "p95 ms" }).getAttribute("aria-sort"), "ascending");
});

test("a few tiles are computed at a time, and leaving gives them up", async () => {
  for (const t of fake.tiles) if (t.insight) t.insight = { ...t.insight, result: null, last_refresh: null, query_status: null };
  let running = 0, most = 0, begun = 0;
  const ends = [];
  for (const t of fake.tiles.filter((x) => x.insight))
    fake.instead.set(`/api/projects/@current/insights/${t.insight.id}/`, async () => {
      begun++;
      most = Math.max(most, ++running);
      await new Promise((resolve) => ends.push(resolve));
      running--;
      return { json: { ...t.insight, result: [], last_refresh: new Date().toISOString() } };
    });
  await arrive();
  await eventually(() => (running === 3 ? true : undefined));
  ends.splice(0).forEach((end) => end());
  await eventually(() => (begun === 6 && running === 3 ? true : undefined));
  await page.getByRole("link", { name: "Dashboards", exact: true }).first().click();
  await page.getByRole("heading", { name: "Dashboards" }).waitFor();
  ends.splice(0).forEach((end) => end());
  await page.getByRole("link", { name: "Reliability" }).click();
  await page.getByText("This dashboard has no tiles yet").waitFor();
  assert.deepEqual([begun, most], [6, 3]);
});

test("refresh computes anew, the period goes with every call", async () => {
  await arrive();
  await settled();
  fake.calls.length = 0;
  await page.getByLabel("Period").selectOption({ label: "Last 7 days" });
  await page.waitForURL(/period=-7d/);
  await eventually(() => (fake.calls.some((c) => c.path.includes("/insights/")) ? true : undefined));
  await settled();
  await page.getByRole("button", { name: "Refresh", exact: true }).click();
  await eventually(() => (fake.calls.filter((c) => c.search.includes("force_blocking")).length >= 10 ? true : undefined));
  const asked = fake.calls.filter((c) => /dashboards\/1\/|insights/.test(c.path));
  assert.ok(asked.every((c) => new URLSearchParams(c.search).get("filters_override") === '{"date_from":"-7d"}'), JSON.stringify(asked));
});

test("a session that ends leads to log-in and back", async () => {
  await arrive("/dashboard/1?period=-7d");
  await page.getByRole("heading", { name: "Web shop" }).waitFor();
  fake.loggedIn = false;
  // The live count may find out first, and take the button away.
  await Promise.any([tile("Traffic").getByRole("button", { name: "Refresh Traffic" }).click(), page.getByLabel("Password").waitFor()]);
  await page.getByLabel("Password").waitFor();
  assert.equal(new URL(page.url()).searchParams.get("next"), "/dashboard/1?period=-7d");
  await logIn(page, "ada@example.com", "right");
  await page.getByRole("heading", { name: "Web shop" }).waitFor();
  assert.match(page.url(), /\/dashboard\/1\?period=-7d$/);
  await page.getByRole("button", { name: /Account/ }).click();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByLabel("Password").waitFor();
  assert.doesNotMatch(await page.evaluate(() => document.cookie), /csrf/);
});

test("the live count rests while the tab is hidden", async () => {
  await page.addInitScript(() => {
    let hidden = false;
    Object.defineProperty(document, "hidden", { get: () => hidden });
    window.setHidden = (value) => { hidden = value; document.dispatchEvent(new Event("visibilitychange")); };
  });
  await page.clock.install();
  await arrive("/dashboards");
  const live = page.locator(".live"), asked = () => fake.calls.filter((c) => c.path.endsWith("/query/")).length;
  await live.getByText("128 events in 5 minutes").waitFor();
  fake.events = 1;
  await page.clock.runFor(6000);
  await live.getByText("1 event in 5 minutes").waitFor();
  await page.evaluate(() => window.setHidden(true));
  const before = asked();
  await page.clock.runFor(600000);
  assert.equal(asked(), before);
  fake.events = 2;
  await page.evaluate(() => window.setHidden(false));
  await live.getByText("2 events in 5 minutes").waitFor();
});

test("pins, search, and a list that cannot be loaded", async () => {
  const path = "/api/projects/@current/dashboards/";
  fake.instead.set(path, () => problem(500, "server_error", "error", "A server error occurred."));
  await arrive("/dashboards");
  await page.getByRole("alert").getByText("A server error occurred.").waitFor();
  fake.instead.clear();
  await page.getByRole("button", { name: "Try again" }).click();
  const names = () => page.locator(".list-name").allInnerTexts();
  await page.getByText("Reliability").waitFor();
  assert.deepEqual(await names(), ["Web shop", "Onboarding", "Reliability", "Untitled"]);
  await page.getByRole("button", { name: "Pin Reliability" }).click();
  await eventually(async () => ((await names())[0] === "Reliability" ? true : undefined));
  assert.equal(await page.getByRole("button", { name: "Pin Reliability" }).getAttribute("aria-pressed"), "true");
  await page.getByLabel("Search dashboards").fill("SLOW ops");
  assert.deepEqual(await names(), ["Reliability"]);
  await page.getByLabel("Search dashboards").fill("zebra");
  await page.getByText("Nothing found").waitFor();
});

test("a dashboard that is not there, a phone, the dark", async () => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 390, height: 844 });
  await arrive("/dashboard/99");
  await page.getByText("There is no such dashboard").waitFor();
  await page.goto("/dashboard/1");
  await tile("Traffic").locator("canvas").waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await page.getByRole("button", { name: /Account/ }).click();
  await page.getByRole("radio", { name: "Light" }).check();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "light");
  await page.reload();
  await tile("Traffic").waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "light");
});
