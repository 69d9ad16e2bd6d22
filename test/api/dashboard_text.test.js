// format=txt against golden files: each kind of insight, at two widths, in colour; the list. After a wanted
// change `UPDATE=1 node --test test/api/dashboard_text.test.js` writes them anew: read the difference.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { start } = require("./server.js");

let s, board;
const api = "/api/projects/@current";
const range = { date_from: "2026-03-10", date_to: "2026-03-19" };
const visit = [{ kind: "EventsNode", event: "visit" }], by = { breakdownFilter: { breakdown: "page", breakdown_type: "event" } };
const source = (kind, more = {}) => ({ kind: "InsightVizNode", source: { kind, dateRange: range, ...more } });
const trends = (trendsFilter, more = {}) => source("TrendsQuery", { series: visit, trendsFilter, ...more });
const kinds = [
  ["Visits", trends({})], ["Visits by page, stacked", trends({ display: "ActionsBar" }, by)],
  ["A number", trends({ display: "BoldNumber" }, { compareFilter: { compare: true } })],
  ["Money", trends({ display: "BoldNumber", aggregationAxisFormat: "currency" }, { series: [{ ...visit[0], math: "sum", math_property: "price" }] })],
  ["Shares", trends({ display: "ActionsPie" }, by)], ["Bars", trends({ display: "ActionsBarValue" }, by)],
  ["Funnel", source("FunnelsQuery", { series: [...visit, { kind: "EventsNode", event: "buy" }] })],
  ["Funnel by page", source("FunnelsQuery", { series: [...visit, { kind: "EventsNode", event: "buy" }], ...by })],
  ["Back again", source("RetentionQuery", { dateRange: undefined, retentionFilter: { period: "Day", totalIntervals: 6,
    targetEntity: { id: "visit", type: "events" }, returningEntity: { id: "visit", type: "events" } } })],
  ["Lives", source("LifecycleQuery", { series: visit })],
  ["How often", source("StickinessQuery", { series: visit })],
  ["Ways", source("PathsQuery", { pathsFilter: { includeEventTypes: ["custom_event"] } })],
  ["Rows", { kind: "DataVisualizationNode", source: { kind: "HogQLQuery",
    query: "select event, properties.page as page, count() as times, round(avg(toFloat(properties.price)), 2) as price from events group by event, page order by times desc, page, event limit 14" } }],
  ["Never", trends({ display: "ActionsPie" }, { series: [{ kind: "EventsNode", event: "never" }] })],
  ["Broken", { kind: "DataVisualizationNode", source: { kind: "HogQLQuery", query: "select nonsense from events" } }],
];
const pages = ["/", "/pricing", "/docs/how-to-begin/and-a-very-long-title-that-has-to-be-cut", "/漢字", "\u001b[31mred\u202e"];

before(async () => {
  s = await start(["--clock", "2026-03-20T12:00:00Z"]);
  const batch = [];
  for (let day = 10; day < 20; day++)
    for (let i = 0; i < 4 + ((day * 7) % 9); i++)
      ["visit", ...(i % 3 ? [] : ["buy"])].forEach((event, k) => batch.push({ event, distinct_id: `p${(i * (day % 3 + 1)) % 12}`,
        timestamp: `2026-03-${day}T10:${String(i * 3 + k).padStart(2, "0")}:00Z`,
        properties: { page: pages[(i + day) % pages.length], price: 3 + ((i * day) % 5) } }));
  assert.equal((await s.call("POST", "/batch/", { key: null, body: { api_key: s.first.project_api_key, batch } })).status, 200);
  const made = (where, body) => s.call("POST", `${api}/${where}/`, { body });
  board = (await made("dashboards", { name: "Everything", description: "In one terminal", pinned: true, tags: ["weekly", "team"] })).json.id;
  await made("dashboards", { name: "Empty, with a name that is longer than most terminals are wide, so that it has to be cut somewhere" });
  for (const [name, query] of kinds) assert.equal((await made("insights", { name, query, dashboards: [board] })).status, 201, name);
  await s.call("PATCH", `${api}/dashboards/${board}/`, { body: { tiles: [{ text: { body: "# Read me\n\nA line that is longer than a narrow terminal is wide, and so is broken at a blank between its words.\u0007" } }] } });
});
after(async () => assert.equal(await s.stop(), 0));

function same(text, name) {
  const file = path.join(__dirname, "golden", `${name}.txt`);
  if (process.env.UPDATE) fs.writeFileSync(file, text);
  assert.equal(text, fs.readFileSync(file, "utf8"));
}
const read = async (query) => (await s.call("GET", `${api}/dashboards/${board}/?format=txt&refresh=blocking&${query}`)).text;
const columns = (line) => [...line].reduce((n, c) => n + (/[\u2e80-\ua4cf]/.test(c) ? 2 : 1), 0);

for (const width of [80, 48])
  test(`a dashboard at ${width} columns`, async () => {
    const text = await read(`width=${width}`);
    for (const line of text.split("\n")) assert.ok(columns(line) <= width, `${columns(line)}: ${line}`);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    same(text, `dashboard-${width}`);
  });

test("in colour it is the same text", async () => {
  const text = await read("width=80&color=1");
  assert.match(text, /\u001b\[1m/);
  // eslint-disable-next-line no-control-regex
  assert.equal(text.replace(/\u001b\[(0|1|2|31|38;5;\d+)m/g, ""), fs.readFileSync(path.join(__dirname, "golden/dashboard-80.txt"), "utf8"));
  same(text, "dashboard-color");
});

test("the list as a table", async () => {
  const { text } = await s.call("GET", `${api}/dashboards/?format=txt&width=80`);
  same(text.replace(/2026-03-20 \d\d:\d\d/g, "2026-03-20 12:00"), "list");
});

test("widths there are not", async () => {
  for (const width of ["39", "401", "x", "-80"])
    for (const at of ["dashboards/", `dashboards/${board}/`]) {
      const { status, json } = await s.call("GET", `${api}/${at}?format=txt&width=${width}`);
      assert.deepEqual([status, json.attr], [400, "width"]);
    }
});
