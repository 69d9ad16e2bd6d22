// What a link shows, in headless Chromium before the real server: to everyone, without navigation, in a
// frame of another page, after a password.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const http = require("node:http");
const { start, eventually } = require("../api/server.js");
const { launch, inkOf } = require("./browser.js");

let s, browser, board, insight;
const api = (method, path, body) => s.call(method, `/api/projects/@current/${path}`, { body });
async function share(kind, id, body) {
  const { status, json } = await api("PATCH", `${kind}/${id}/sharing/`, { enabled: true, ...body });
  assert.equal(status, 200);
  return json.access_token;
}

before(async () => {
  s = await start();
  const batch = Array.from({ length: 60 }, (_, i) => ({ event: "visit", distinct_id: `p${i % 9}`,
    timestamp: new Date(Date.now() - (i % 6) * 864e5 - 6e4).toISOString() }));
  for (let i = 0; i < 8; i++)
    ["open", i % 3 ? "read" : "search", "close"].forEach((event, k) => batch.push({ event, distinct_id: `w${i}`,
      timestamp: new Date(Date.now() - 36e5 + k * 6e4).toISOString() }));
  assert.equal((await s.call("POST", "/batch/", { key: null, body: { api_key: s.first.project_api_key, batch } })).status, 200);
  board = (await api("POST", "dashboards/", { name: "For everyone", description: "What we show" })).json.id;
  insight = (await api("POST", "insights/", { name: "Visits a day", dashboards: [board], query: { kind: "InsightVizNode",
    source: { kind: "TrendsQuery", dateRange: { date_from: "-7d" }, series: [{ kind: "EventsNode", event: "visit" }] } } })).json.id;
  await api("POST", "insights/", { name: "Ways", dashboards: [board], query: { kind: "InsightVizNode",
    source: { kind: "PathsQuery", dateRange: { date_from: "-7d" }, pathsFilter: { includeEventTypes: ["custom_event"] } } } });
  await api("PATCH", `dashboards/${board}/`, { tiles: [{ text: { body: "**Read** <b onclick=alert(1)>me</b>" } }] });
  browser = await launch(s.url);
});
after(async () => {
  await browser.close();
  assert.equal(await s.stop(), 0);
});

async function visit(at, use, options = { viewport: { width: 1200, height: 800 } }) {
  const { page, errors, foreign, context } = await browser.open(options);
  await page.goto(at);
  await use(page);
  assert.deepEqual(errors, []);
  assert.deepEqual(foreign, []);
  await context.close();
}
const tile = (page) => page.getByRole("article", { name: "Visits a day", exact: true });

test("a dashboard for everyone: drawn, without navigation, nothing to change", async () => {
  const token = await share("dashboards", board, { settings: { theme: "dark" } });
  await visit(`/shared/${token}`, async (page) => {
    await page.getByRole("heading", { name: "For everyone" }).waitFor();
    await tile(page).locator("canvas").waitFor();
    await eventually(async () => ((await inkOf(page, "canvas")).drawn > 200 ? true : undefined));
    await page.getByText("Read", { exact: true }).waitFor();
    await page.locator(".paths-name").filter({ hasText: "search" }).waitFor();
    assert.equal(await page.locator(".paths-ribbon").count(), 4);
    assert.equal(await page.getByRole("navigation").count(), 0);
    assert.equal(await page.getByRole("button", { name: /Refresh|Pin/ }).count(), 0);
    assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
    assert.equal(await page.locator(".legend-single").isVisible(), false);
    if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT });
  });
});

test("noHeader, legend and whitelabel do what they say", async () => {
  const token = await share("dashboards", board, { settings: { noHeader: true, legend: true, whitelabel: true } });
  await visit(`/shared/${token}`, async (page) => {
    await tile(page).locator("canvas").waitFor();
    assert.equal(await page.getByRole("heading", { name: "For everyone" }).count(), 0);
    await page.locator(".legend-single").waitFor();
    assert.equal(await page.locator(".shared-foot").count(), 0);
  });
});

test("an insight alone, with its rows when asked for", async () => {
  const token = await share("insights", insight, { settings: { detailed: true } });
  await visit(`/shared/${token}`, async (page) => {
    await tile(page).locator("canvas").waitFor();
    await page.getByRole("columnheader", { name: "Period" }).waitFor();
  });
});

test("another site shows it in a frame, and cannot show the rest", async () => {
  const token = await share("dashboards", board, { settings: null });
  const site = http.createServer((req, res) => res.setHeader("Content-Type", "text/html")
    .end(`<iframe src="${s.url}${req.url}" width=900 height=600></iframe>`));
  await new Promise((ready) => site.listen(0, "127.0.0.1", ready));
  const { page, context } = await browser.open();
  await page.goto(`http://127.0.0.1:${site.address().port}/embedded/${token}`);
  await page.frameLocator("iframe").getByRole("heading", { name: "For everyone" }).waitFor();
  await page.goto(`http://127.0.0.1:${site.address().port}/dashboards`);
  const frame = await eventually(async () => page.frames()[1]);
  await eventually(async () => (frame.url().startsWith("chrome-error:") ? true : undefined));
  await context.close();
  site.closeAllConnections();
  await new Promise((done) => site.close(done));
});

test("a password opens it, and it stays open", async () => {
  const token = await share("dashboards", board, { password_required: true });
  await api("POST", `dashboards/${board}/sharing/passwords/`, { raw_password: "open sesame" });
  await visit(`/shared/${token}`, async (page) => {
    const enter = async (password) => {
      await page.getByLabel("Password").fill(password);
      await page.getByRole("button", { name: "Open" }).click();
    };
    await enter("close sesame");
    await page.getByRole("alert").getByText("Incorrect password").waitFor();
    await enter("open sesame");
    await page.getByRole("heading", { name: "For everyone" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "For everyone" }).waitFor();
  });
  await api("PATCH", `dashboards/${board}/sharing/`, { enabled: false });
  await visit(`/shared/${token}`, (page) => page.getByText("This link shows nothing").waitFor());
});
