// Dashboards and insights as pictures: PNG that decodes and is not blank, SVG with the texts that are
// there and nothing else, PDF; asked for with a key and by links.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const zlib = require("node:zlib");
const { start } = require("./server.js");

let s, board, insights = {};
const api = "/api/projects/@current";
const hostile = `</text><script>alert("1")</script> & ]]> \u0001 \u{1F994} 漢字`;

async function make(path, body) {
  const { status, json, text } = await s.call("POST", `${api}/${path}/`, { body });
  assert.equal(status, 201, text);
  return json.id;
}
const trends = (trendsFilter = {}, more = {}) => ({ kind: "InsightVizNode", source: { kind: "TrendsQuery",
  dateRange: { date_from: "-7d" }, series: [{ kind: "EventsNode", event: "visit" }], trendsFilter, ...more } });
const steps = { kind: "InsightVizNode", source: { kind: "FunnelsQuery", dateRange: { date_from: "-7d" },
  series: [{ kind: "EventsNode", event: "visit" }, { kind: "EventsNode", event: "buy" }] } };
const by = { breakdownFilter: { breakdown: "page", breakdown_type: "event" } };
const kinds = {
  "A line": trends(), "An area": trends({ display: "ActionsAreaGraph" }), "A number": trends({ display: "BoldNumber" }),
  "Stacked bars": trends({ display: "ActionsBar" }, by), "A pie": trends({ display: "ActionsPie" }, by),
  "A world": trends({ display: "WorldMap" }, by), "Steps": steps,
  "Coming back": { kind: "InsightVizNode", source: { kind: "RetentionQuery", retentionFilter: { period: "Day", totalIntervals: 5,
    targetEntity: { id: "visit", type: "events" }, returningEntity: { id: "visit", type: "events" } } } },
  "Lives": { kind: "InsightVizNode", source: { kind: "LifecycleQuery", dateRange: { date_from: "-7d" }, series: [{ kind: "EventsNode", event: "visit" }] } },
  "Stuck": { kind: "InsightVizNode", source: { kind: "StickinessQuery", dateRange: { date_from: "-7d" }, series: [{ kind: "EventsNode", event: "visit" }] } },
  "Ways": { kind: "InsightVizNode", source: { kind: "PathsQuery", dateRange: { date_from: "-7d" }, pathsFilter: { includeEventTypes: ["custom_event"] } } },
  "Rows": { kind: "DataVisualizationNode", source: { kind: "HogQLQuery", query: "select event, count() as times, null as nothing from events group by event order by times desc" } },
  "Nothing": trends({ display: "ActionsPie" }, { series: [{ kind: "EventsNode", event: "never" }] }),
  "Broken": { kind: "DataVisualizationNode", source: { kind: "HogQLQuery", query: "select nonsense from events" } },
};

before(async () => {
  s = await start();
  const batch = Array.from({ length: 90 }, (_, i) => ({ event: i % 6 ? "visit" : "buy", distinct_id: `p${i % 13}`,
    timestamp: new Date(Date.now() - (i % 6) * 864e5 - i * 6e4).toISOString(), properties: { page: i % 5 ? `/p${i % 5}` : hostile } }));
  for (let i = 0; i < 5; i++) // ways, within half an hour
    ["visit", "look", "buy"].forEach((event, k) => batch.push({ event, distinct_id: `w${i}`,
      timestamp: new Date(Date.now() - 36e5 + k * 6e4).toISOString() }));
  assert.equal((await s.call("POST", "/batch/", { key: null, body: { api_key: s.first.project_api_key, batch } })).status, 200);
  board = await make("dashboards", { name: `Everything ${hostile}`, description: "In one picture" });
  for (const [name, query] of Object.entries(kinds)) insights[name] = await make("insights", { name, query, dashboards: [board] });
  await s.call("PATCH", `${api}/dashboards/${board}/`, { body: { tiles: [{ text: { body: `# Read me\n\n- **bold** [a link](https://x.example)\n${hostile}` } }] } });
});
after(async () => assert.equal(await s.stop(), 0));

// {width, height, colours} of a PNG of 8 bits a sample; throws when it does not decode.
function decode(png) {
  assert.deepEqual([...png.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  const width = png.readUInt32BE(16), height = png.readUInt32BE(20), samples = { 2: 3, 6: 4 }[png[25]];
  const data = [];
  for (let at = 8; at < png.length;) {
    const n = png.readUInt32BE(at);
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") data.push(png.subarray(at + 8, at + 8 + n));
    at += 12 + n;
  }
  const raw = zlib.inflateSync(Buffer.concat(data)), line = width * samples + 1;
  assert.equal(raw.length, line * height);
  const lines = new Set();
  for (let y = 0; y < height; y++) lines.add(raw.toString("latin1", y * line, (y + 1) * line));
  return { width, height, lines: lines.size };
}
async function get(path, key = s.first.personal_api_key) {
  const reply = await fetch(s.url + path, { headers: key ? { Authorization: `Bearer ${key}` } : {} });
  return { status: reply.status, type: reply.headers.get("content-type"), bytes: Buffer.from(await reply.arrayBuffer()), headers: reply.headers };
}
// Every text of an SVG, which must be well formed: each element is one that we write.
function texts(svg) {
  const rest = svg.replace(/<(\/?)(svg|g|rect|line|path|circle|text)\b([^<>]*)>/g, (_, end, name, attributes) => {
    assert.match(attributes, /^(\s[\w:-]+="[^"<>]*")*\s*\/?$/);
    return "\0";
  });
  assert.ok(!/[<>]|&(?!amp;|lt;|gt;|quot;)/.test(rest));
  return rest.split(/\0\s*/).filter(Boolean);
}

test("a dashboard is drawn: every kind of insight, texts, what failed", async () => {
  const { status, type, bytes } = await get(`${api}/dashboards/${board}/?format=svg`);
  assert.deepEqual([status, type], [200, "image/svg+xml"]);
  const svg = bytes.toString(), all = texts(svg).join("\n");
  for (const name of Object.keys(kinds)) assert.match(all, new RegExp(`^${name}$`, "m"));
  for (const text of ["In one picture", "Read me", "bold a link", "No matching events", "1. visit", "times", "New", "Dormant"])
    assert.ok(all.includes(text), text);
  assert.match(all, /^visit {2}\d+$/m); // a place on the ways
  assert.match(all, /Unable to resolve field|nonsense/);
  assert.ok(!svg.includes("<script") && svg.includes("&lt;script&gt;") && !svg.includes("\u0001") && svg.includes("漢字"));
});

test("PNG decodes, has its size, is not blank; dark is another picture", async () => {
  const { status, type, bytes, headers } = await get(`${api}/dashboards/${board}/?format=png&width=900`);
  assert.deepEqual([status, type, headers.get("x-content-type-options")], [200, "image/png", "nosniff"]);
  if (process.env.SHOT) require("node:fs").writeFileSync(process.env.SHOT, bytes);
  const { width, height, lines } = decode(bytes);
  assert.equal(width, 900);
  assert.ok(height > 1000 && lines > 500, `${height} ${lines}`);
  const dark = await get(`${api}/dashboards/${board}/?format=png&width=900&theme=dark`);
  assert.equal(decode(dark.bytes).height, height);
  assert.notDeepEqual(dark.bytes, bytes);
});

test("an insight has the size that is asked for, and of its dashboard the filters", async () => {
  for (const [name, id] of Object.entries(insights)) {
    const { status, bytes } = await get(`${api}/insights/${id}/?format=png&width=640&height=400`);
    assert.equal(status, 200, name);
    const { width, height, lines } = decode(bytes);
    assert.deepEqual([width, height], [640, 400]);
    assert.ok(lines > 20, name);
  }
  const long = await get(`${api}/insights/${insights["A line"]}/?format=svg&filters_override=${encodeURIComponent('{"date_from":"-30d"}')}`);
  const first = new Date(Date.now() - 30 * 864e5);
  assert.ok(texts(long.bytes.toString()).includes(`${first.getUTCDate()} ${first.toLocaleString("en", { month: "short", timeZone: "UTC" })}`));
});

test("PDF has one page of text", async () => {
  const { status, type, bytes } = await get(`${api}/dashboards/${board}/?format=pdf`);
  assert.deepEqual([status, type], [200, "application/pdf"]);
  assert.match(bytes.toString("latin1"), /^%PDF-1\.\d[^]*%%EOF\s*$/);
  assert.match(bytes.toString("latin1"), /\/Count 1\b/);
  assert.ok(bytes.length > 5000);
});

test("sizes outside the limits, and formats there are not", async () => {
  for (const q of ["width=0", "width=299", "width=4001", "width=x", "width=99999999999999999999"]) {
    const reply = await get(`${api}/dashboards/${board}/?format=png&${q}`);
    assert.deepEqual([reply.status, JSON.parse(reply.bytes).attr], [400, "width"], q);
  }
  assert.equal((await get(`${api}/insights/${insights.Rows}/?format=png&height=5000`)).status, 400);
  assert.equal((await get(`${api}/dashboards/${board}/?format=gif`)).status, 404);
  assert.equal((await get(`${api}/dashboards/999999/?format=png`)).status, 404);
});

test("a link's picture, and none without its password", async () => {
  const sharing = `${api}/dashboards/${board}/sharing/`;
  const patch = (body) => s.call("PATCH", sharing, { body });
  const token = (await patch({ enabled: true, settings: { noHeader: true, theme: "dark" } })).json.access_token;
  const { status, type, bytes } = await get(`/shared/${token}.png`, null);
  assert.deepEqual([status, type, decode(bytes).width], [200, "image/png", 1200]);
  const svg = (await get(`/embedded/${token}.svg`, null)).bytes.toString();
  assert.ok(!texts(svg).includes("In one picture") && svg.includes("#131512"));
  assert.equal((await get(`/shared_dashboard/${token}?format=pdf`, null)).type, "application/pdf");
  await patch({ password_required: true });
  assert.equal((await get(`/shared/${token}.png`, null)).status, 401);
  const one = (await s.call("PATCH", `${api}/insights/${insights["A pie"]}/sharing/`, { body: { enabled: true } })).json.access_token;
  assert.equal(decode((await get(`/shared/${one}.png?width=500`, null)).bytes).width, 500);
});
