// The conversation view: a question, its chart and words, buttons, approval, stopping, and finding it again.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { start, eventually } = require("../api/server.js");
const { model, openai } = require("../api/model.js");
const { launch, logIn } = require("./browser.js");

let s, m, chrome, project;
before(async () => {
  m = await model();
  s = await start(m.flags);
  chrome = await launch(s.url);
  project = `/api/projects/${s.first.project_id}/`;
  const token = (await s.call("GET", project)).json.api_token;
  await s.call("POST", "/batch/", { key: null, body: { api_key: token, batch: ["a", "b", "c"].map((distinct_id) => ({ event: "signed_up",
    distinct_id, uuid: randomUUID(), timestamp: new Date(Date.now() - 6e5).toISOString() })) } });
  await eventually(async () => {
    const reply = await s.call("POST", `${project}query/`, { body: { refresh: "force_blocking",
      query: { kind: "HogQLQuery", query: "select count() from events" } } });
    return reply.json.results?.[0]?.[0] === 3 ? true : undefined;
  });
});
after(async () => { await chrome.close(); const code = await s.stop(); m.stop(); assert.equal(code, 0); });

async function visit(path, act) {
  const { page, errors, foreign, context } = await chrome.open();
  await page.goto(path);
  await logIn(page, "owner@example.com", "correct horse");
  await act(page);
  assert.deepEqual([errors, foreign], [[], []]);
  await context.close();
}
const asks = async (page, text) => {
  await page.getByLabel("Your question").fill(text);
  await page.keyboard.press("Enter");
};

test("a question is answered with its chart, and is found again", async () => {
  m.script = [openai.calls(["create_insight", { query_description: "x", insight_type: "trends", viz_title: "Sign-ups",
    query: { kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "signed_up" }], trendsFilter: { display: "BoldNumber" }, dateRange: { date_from: "-7d" } } }]),
  openai.text("There were ", "**3** sign-ups.<script>alert(1)</script>")];
  await visit("/chat", async (page) => {
    await asks(page, "how many sign-ups?");
    await page.getByText("3 sign-ups").waitFor();
    await page.getByRole("region", { name: "Sign-ups" }).getByText("3", { exact: true }).waitFor();
    await page.getByRole("heading", { name: "A title" }).waitFor();
    assert.match(page.url(), /\/chat\/[0-9a-f-]{36}$/);
    await page.reload();
    await page.getByText("3 sign-ups").waitFor();
    await page.getByRole("link", { name: "Conversations" }).click();
    await page.getByRole("link", { name: "A title" }).click();
    await page.getByText("how many sign-ups?").waitFor();
  });
});

test("a change waits for approval, a long answer can be stopped", async () => {
  const insight = (await s.call("POST", `${project}insights/`, { body: { name: "Old", saved: true,
    query: { kind: "InsightVizNode", source: { kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "signed_up" }] } } } })).json;
  m.script = [openai.calls(["save_insight", { insight_id: insight.short_id, name: "New" }]), openai.text("renamed")];
  await visit("/chat", async (page) => {
    await asks(page, "rename it");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("renamed").waitFor();
    assert.equal((await s.call("GET", `${project}insights/${insight.id}/`)).json.name, "New");
    m.script = [(req, res) => { res.writeHead(200); res.write(openai.delta({ content: "endless" })); }];
    await asks(page, "go on");
    await page.getByText("endless").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "Ask" }).waitFor();
    m.script = [{ status: 401, body: { error: { message: "no", code: "invalid_api_key" } } }];
    await asks(page, "and now?");
    await page.getByRole("alert").getByText("does not accept").waitFor();
  });
});
