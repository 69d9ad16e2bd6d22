// The page in headless Chromium before the real server, with real events.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start, eventually, rows } = require("../api/server.js");
const { launch, logIn, inkOf } = require("./browser.js");

const PASSWORD = "correct horse";
let s, browser, board;

const project = (method, path, body) => s.call(method, `/api/projects/@current/${path}`, { body });
const capture = (batch) => s.call("POST", "/batch/", { key: null, body: { api_key: s.first.project_api_key, batch } });

async function insight(name, query) {
  const made = await project("POST", "insights/", { name, query, dashboards: [board] });
  assert.equal(made.status, 201, made.text);
  return made.json.id;
}

const trends = (more = {}, filter = {}) => ({ kind: "InsightVizNode", source: { kind: "TrendsQuery", interval: "day",
  dateRange: { date_from: "-7d" }, series: [{ kind: "EventsNode", event: "$pageview", math: "total" }], trendsFilter: filter, ...more } });

before(async () => {
  s = await start();
  const events = [], now = Date.now();
  for (let i = 0; i < 140; i++)
    events.push({ event: i % 7 ? "$pageview" : "signed up", distinct_id: `person-${i % 11}`,
      timestamp: new Date(now - (i % 7) * 864e5 - 36e5 / 60).toISOString(),
      properties: { $browser: ["Chrome", "Safari", "Firefox"][i % 3], $current_url: `https://shop.example.com/p/${i % 5}` } });
  assert.equal((await capture(events)).status, 200);
  await eventually(async () => (Number((await rows(s.data, "SELECT count() AS n FROM events"))[0].n) === 140 ? true : undefined));
  board = (await project("POST", "dashboards/", { name: "Shop", description: "What happens in the shop", tags: ["weekly"] })).json.id;
  await project("POST", "dashboards/", { name: "Empty" });
  await insight("Views a day", trends());
  await insight("Views by browser", trends({ breakdownFilter: { breakdown: "$browser", breakdown_type: "event" } }, { display: "ActionsBar" }));
  await insight("Views", trends({}, { display: "BoldNumber" }));
  await insight("By event", { kind: "DataVisualizationNode", display: "ActionsTable", source: { kind: "HogQLQuery",
    query: "select event, count() as times from events group by event order by times desc" } });
  await insight("From view to sign-up", { kind: "InsightVizNode", source: { kind: "FunnelsQuery", dateRange: { date_from: "-7d" },
    series: [{ kind: "EventsNode", event: "$pageview" }, { kind: "EventsNode", event: "signed up" }] } });
  await insight("No such field", { kind: "DataVisualizationNode", source: { kind: "HogQLQuery", query: "select revenu from events" } });
  const text = await project("PATCH", `dashboards/${board}/`, { tiles: [{ text: { body: "**Read** <b onclick=alert(1)>me</b>" } }] });
  assert.equal(text.status, 200, text.text);
  browser = await launch(s.url);
});
after(async () => {
  await browser.close();
  assert.equal(await s.stop(), 0);
});

const tile = (page, name) => page.getByRole("article", { name, exact: true });

async function visit(at, use, options = { viewport: { width: 1360, height: 900 } }) {
  const { page, errors, foreign, context } = await browser.open(options);
  await page.goto(at);
  await use(page);
  assert.deepEqual(errors, []);
  assert.deepEqual(foreign, []);
  await context.close();
}

test("the first load is under 100 KB on the wire, and the charts' code comes with the first chart", async () => {
  await visit("about:blank", async (page) => {
    const client = await page.context().newCDPSession(page);
    await client.send("Network.enable");
    await client.send("Network.setExtraHTTPHeaders", { headers: { "Accept-Encoding": "gzip" } });
    const names = new Map(), sizes = new Map();
    client.on("Network.responseReceived", (e) => names.set(e.requestId, new URL(e.response.url).pathname));
    client.on("Network.loadingFinished", (e) => sizes.set(names.get(e.requestId), e.encodedDataLength));
    await page.goto(`${s.url}/`);
    await logIn(page, "owner@example.com", PASSWORD);
    await page.getByRole("link", { name: "Empty" }).waitFor();
    const page_ = [...sizes].filter(([path]) => !path.startsWith("/api/"));
    const bytes = page_.reduce((n, [, size]) => n + size, 0);
    assert.ok(page_.length >= 3 && bytes > 10000, JSON.stringify(page_));
    assert.ok(bytes < 100000, `${bytes} bytes: ${JSON.stringify(page_)}`);
    assert.ok(page_.every(([path]) => !/series|markdown/.test(path)), JSON.stringify(page_));
    await page.getByRole("link", { name: "Shop" }).click();
    await tile(page, "Views a day").locator("canvas").waitFor();
    assert.ok([...sizes.keys()].some((path) => /series/.test(path)));
  });
});

test("a wrong password is told; log-in, list, dashboard, and back by address", async () => {
  await visit(`/dashboard/${board}`, async (page) => {
    await logIn(page, "owner@example.com", "wrong");
    await page.getByRole("alert").getByText("Invalid email or password.").waitFor();
    await logIn(page, "owner@example.com", PASSWORD);
    await page.getByRole("heading", { name: "Shop" }).waitFor();
    await page.getByRole("link", { name: "Dashboards", exact: true }).first().click();
    await page.getByRole("link", { name: "Shop" }).waitFor();
    assert.deepEqual(await page.locator(".list-name").allInnerTexts(), ["Empty", "Shop"]);
    await page.goBack();
    await page.getByRole("heading", { name: "Shop" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Shop" }).waitFor();
  });
});

test("a dashboard's tiles show what happened", async () => {
  await visit(`/dashboard/${board}`, async (page) => {
    await logIn(page, "owner@example.com", PASSWORD);
    await page.locator(".tile").first().waitFor();
    await page.waitForFunction(() => !document.querySelector('[aria-busy="true"], .skeleton'));
    for (const name of ["Views a day", "Views by browser"]) {
      const ink = await inkOf(page, `[data-tile="${await tile(page, name).getAttribute("data-tile")}"] canvas`);
      assert.ok(ink.drawn > 1000 && ink.colours >= 2, `${name}: ${JSON.stringify(ink)}`);
    }
    assert.match(await tile(page, "Views by browser").innerText(), /Chrome[^]*Safari|Safari[^]*Chrome/);
    assert.equal(await tile(page, "Views").locator(".big-number-value").innerText(), "120");
    const cells = await tile(page, "By event").getByRole("row").evaluateAll((all) => all.map((r) => [...r.cells].map((c) => c.innerText.trim())));
    assert.deepEqual(cells, [["event", "times"], ["$pageview", "120"], ["signed up", "20"]]);
    assert.match(await tile(page, "From view to sign-up").innerText(), /Page view\s+100%\s+11 people\s+2\s*signed up/);
    assert.match(await tile(page, "No such field").getByRole("alert").innerText(), /Unable to resolve field: revenu/);
    assert.match(await tile(page, "Views a day").innerText(), /Computed just now|Computed \d+ seconds? ago/);
    assert.equal(await page.locator(".prose b, .prose [onclick]").count(), 0);
    assert.equal(await page.locator(".prose strong").innerText(), "Read");
  });
});

test("refresh and period compute anew", async () => {
  await visit(`/dashboard/${board}`, async (page) => {
    await logIn(page, "owner@example.com", PASSWORD);
    await tile(page, "Views").getByText("120").waitFor();
    await page.getByLabel("Period").selectOption({ label: "Last 24 hours" });
    await eventually(async () => {
      const shown = await tile(page, "Views").locator(".big-number-value").innerText().catch(() => "");
      return shown && shown !== "120" ? true : undefined;
    });
    await page.getByRole("button", { name: "Refresh", exact: true }).click();
    await page.getByRole("button", { name: "Computing…" }).waitFor();
    await page.getByRole("button", { name: "Refresh", exact: true }).waitFor();
  });
});

test("the live count grows when an event comes in, and the event is shown", async () => {
  await visit("/activity", async (page) => {
    await logIn(page, "owner@example.com", PASSWORD);
    const counted = async () => Number((await page.locator(".live").innerText()).match(/(\d+) events?/)?.[1] ?? NaN);
    const before = await eventually(async () => (Number.isFinite(await counted()) ? counted() : undefined));
    assert.equal((await capture([{ event: "a rare event", distinct_id: "somebody", properties: { colour: "teal" } }])).status, 200);
    const row = page.getByRole("row").filter({ hasText: "a rare event" });
    await row.waitFor();
    await eventually(async () => ((await counted()) > before ? true : undefined));
    await row.getByRole("button").click();
    await page.getByText("teal").waitFor();
    assert.ok((await inkOf(page, ".pulse canvas")).drawn > 200);
  });
});
