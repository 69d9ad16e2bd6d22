// `hoglet dashboards pull|diff|push`: every dashboard, tile, layout, text, filter and insight goes to files
// and back; comments stay, ids stay, and nothing is dropped that was not shown.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { start, bin } = require("./server.js");

let s, dir, board, insight;
const api = "/api/projects/@current";
const query = { kind: "InsightVizNode", source: { kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "visit" }], dateRange: { date_from: "-7d" } } };
async function call(method, where, body) {
  const { status, json, text } = await s.call(method, `${api}/${where}`, { body });
  assert.ok(status < 300, text);
  return json;
}
// {code, out, err} of a command.
function run(verb, ...flags) {
  try {
    const out = execFileSync(bin, ["dashboards", verb, dir, "--url", s.url, ...flags],
      { encoding: "utf8", env: { ...process.env, HOGLET_KEY: s.first.personal_api_key }, stdio: ["ignore", "pipe", "pipe"] });
    return { code: 0, out, err: "" };
  } catch (e) {
    return { code: e.status, out: e.stdout, err: e.stderr };
  }
}
const at = (...names) => path.join(dir, ...names);
const read = (...names) => fs.readFileSync(at(...names), "utf8");
const parse = (text) => JSON.parse(text.replace(/^\s*\/\/.*$|\s\/\/ .*$/gm, ""));
const edit = (file, change) => fs.writeFileSync(at(file), change(read(file)));
const files = () => ["dashboards", "insights"].flatMap((d) => fs.readdirSync(at(d)).map((f) => `${d}/${f}`));
const shown = async (id) => {
  const d = await call("GET", `dashboards/${id}/`);
  return { ...d, last_accessed_at: 0, last_viewed_at: 0, tiles: d.tiles.map((t) => ({ ...t, insight: t.insight?.id ?? null,
    text: t.text?.body ?? null, button_tile: t.button_tile?.url ?? null })) };
};

before(async () => {
  s = await start();
  dir = path.join(s.dir, "deep", "boards");
  board = (await call("POST", "dashboards/", { name: "Growth & more", description: "What\ngrows", pinned: true, tags: ["weekly"],
    filters: { date_from: "-14d", properties: [] } })).id;
  insight = (await call("POST", "insights/", { name: "Visits", description: "a day", query, tags: ["a"], dashboards: [board] })).id;
  await call("POST", "insights/", { name: "On no dashboard", query });
  await call("POST", "dashboards/", { name: null });
  const tiles = (await call("GET", `dashboards/${board}/`)).tiles;
  await call("PATCH", `dashboards/${board}/`, { tiles: [
    { id: tiles[0].id, layouts: { sm: { x: 0, y: 0, w: 6, h: 5 } }, color: "blue", show_description: false, filters_overrides: { date_from: "-3d" } },
    { text: { body: "# Read \"me\"" }, layouts: { sm: { x: 6, y: 0, w: 6, h: 2 } } },
    { button_tile: { url: "https://example.com/x", text: "Go" } }] });
});
after(async () => assert.equal(await s.stop(), 0));

test("pull writes a file for each; again, and push right after, there is nothing to do", async () => {
  const first = run("pull");
  assert.deepEqual([first.code, first.err], [0, ""]);
  assert.match(first.out, /^4 written, 0 in conflict$/m);
  assert.deepEqual(files(), [`dashboards/${board}-growth-more.json`, `dashboards/${board + 1}.json`,
    `insights/${insight}-visits.json`, `insights/${insight + 1}-on-no-dashboard.json`]);
  const d = parse(read(files()[0]));
  const tile = (await call("GET", `dashboards/${board}/`)).tiles;
  assert.deepEqual(d, { id: board, name: "Growth & more", description: "What\ngrows", pinned: true, tags: ["weekly"],
    filters: { date_from: "-14d", properties: [] }, tiles: [
      { id: tile[0].id, insight, color: "blue", layouts: { sm: { x: 0, y: 0, w: 6, h: 5 } }, filters_overrides: { date_from: "-3d" }, show_description: false },
      { id: tile[1].id, text: "# Read \"me\"", layouts: { sm: { x: 6, y: 0, w: 6, h: 2 } } },
      { id: tile[2].id, button: { url: "https://example.com/x", text: "Go", placement: "left", style: "primary" } }] });
  assert.deepEqual(parse(read(files()[2])), { id: insight, name: "Visits", description: "a day", tags: ["a"], query });
  const all = files().map((f) => read(f)), before = await shown(board);
  assert.match(run("pull").out, /^0 written, 0 in conflict$/m);
  assert.match(run("diff").out, /^0 to change, 0 in conflict$/m);
  assert.match(run("push", "--yes").out, /^0 to change, 0 in conflict$/m);
  assert.deepEqual(files().map((f) => read(f)), all);
  assert.deepEqual(await shown(board), before);
});

test("push shows the plan, does it only when told to, keeps ids", async () => {
  const [file] = files(), before = await shown(board);
  edit(file, (t) => t.replace('"Growth & more"', '"Growing"').replace('"w": 6, "h": 5', '"w": 12, "h": 4').replace("# Read", "# Look at")
    .replace(/,\s*\{\s*"id": \d+,\s*"button"[^]*\}(\s*\]\s*\}\s*)$/, ',{"text": "new", "color": "red"}$1'));
  const plan = run("push");
  assert.equal(plan.code, 0, plan.err);
  for (const line of [`~ ${file}`, '  ~ name: "Growth & more" -> "Growing"', `  ~ tile ${before.tiles[0].id}`, `  ~ tile ${before.tiles[1].id}`,
    '    ~ text: "# Read \\"me\\"" -> "# Look at \\"me\\""', '  + tile: text "new"', `  - tile ${before.tiles[2].id}: button {"url":"https://example.com/x"`])
    assert.ok(plan.out.includes(line), `${line}\n${plan.out}`);
  assert.match(plan.out, /nothing was changed: --yes/);
  assert.deepEqual(await shown(board), before);
  const done = run("push", "--yes");
  assert.equal(done.code, 0, done.err + done.out);
  const now = await shown(board), added = now.tiles.find((t) => t.text === "new");
  assert.deepEqual([now.name, now.description, now.tiles.length], ["Growing", before.description, 3]);
  assert.deepEqual(now.tiles.find((t) => t.id === before.tiles[0].id), { ...before.tiles[0], layouts: { sm: { x: 0, y: 0, w: 12, h: 4 } } });
  assert.equal(now.tiles.find((t) => t.id === before.tiles[1].id).text, "# Look at \"me\"");
  assert.equal(added.color, "red");
  assert.ok(parse(read(file)).tiles.some((t) => t.id === added.id && t.text === "new")); // the file has its id now
  assert.match(run("diff").out, /^0 to change, 0 in conflict$/m);
});

test("comments stay where they were", async () => {
  const [file] = files();
  edit(file, (t) => `// Kept by the growth team\n${t.replace('"name"', '// what it is called\n  "name"').replace('"pinned": true,', '"pinned": true, // at the top')
    .replace(/("tiles": \[\s*\{)/, "$1\n      /* the tile that matters */").replace(/\n\}\s*$/, "\n  // the end\n}\n// after\n")}`);
  await call("PATCH", `dashboards/${board}/`, { name: "Renamed there" });
  const pulled = run("pull");
  assert.equal(pulled.code, 0, pulled.err + pulled.out);
  const text = read(file);
  assert.match(text, /^\/\/ Kept by the growth team\n\{/);
  assert.match(text, /\n {2}\/\/ what it is called\n {2}"name": "Renamed there",\n/);
  assert.match(text, /"pinned": true, \/\/ at the top\n/);
  assert.match(text, /\n {6}\/\* the tile that matters \*\/\n {6}"id": \d+/);
  assert.match(text, /\n {2}\/\/ the end\n\}\n\/\/ after\n$/);
});

test("new files make new ones: an insight, and a dashboard with it", async () => {
  fs.writeFileSync(at("insights", "signups.json"), JSON.stringify({ name: "Sign-ups", query }));
  fs.writeFileSync(at("dashboards", "onboarding.json"), `// mine\n${JSON.stringify({ name: "Onboarding", filters: { date_from: "-30d" },
    tiles: [{ insight: "signups.json", layouts: { sm: { x: 0, y: 0, w: 4, h: 4 } }, color: "green" }, { insight }, { text: "hello" }] })}`);
  const done = run("push", "--yes");
  assert.equal(done.code, 0, done.err + done.out);
  const made = parse(read("dashboards", "onboarding.json")), i = parse(read("insights", "signups.json"));
  assert.match(read("dashboards", "onboarding.json"), /^\/\/ mine\n/);
  const d = await shown(made.id);
  assert.deepEqual([d.name, d.persisted_filters, d.tiles.map((t) => [t.insight, t.text, t.color])],
    ["Onboarding", { date_from: "-30d" }, [[i.id, null, "green"], [insight, null, null], [null, "hello", null]]]);
  assert.equal((await shown(board)).tiles.filter((t) => t.insight === insight).length, 1); // still there too
  assert.match(run("diff").out, /^0 to change, 0 in conflict$/m);
});

test("what changed on both sides is a conflict, and nothing is changed", async () => {
  const [file] = files();
  edit(file, (t) => t.replace("Renamed there", "Renamed here"));
  await call("PATCH", `dashboards/${board}/`, { description: "other words" });
  const other = files()[1];
  edit(other, (t) => t.replace('"id"', '"description": "x",\n  "id"'));
  const push = run("push", "--yes");
  assert.equal(push.code, 1);
  assert.match(push.out, new RegExp(`! ${file}: changed here and on the server`));
  assert.match(push.err, /nothing was changed/);
  assert.equal((await shown(board + 1)).description, "");
  assert.equal(run("pull").code, 1);
  assert.match(read(file), /Renamed here/);
  assert.match(run("pull").out, new RegExp(`= ${other}: your changes are not pushed yet; kept`));
  assert.equal(run("pull", "--force").code, 0);
  assert.match(read(file), /Renamed there/);
  assert.equal(run("push", "--yes").code, 0);
  assert.equal((await shown(board + 1)).description, "x");
});

test("what is on one side only is named and left alone", async () => {
  const there = await call("POST", "dashboards/", { name: "Made there" });
  assert.match(run("push", "--yes").out, new RegExp(`\\? dashboards/${there.id}-made-there.json: on the server, without a file`));
  assert.equal((await shown(there.id)).name, "Made there");
  run("pull");
  await call("PATCH", `dashboards/${there.id}/`, { deleted: true });
  assert.match(run("pull").out, new RegExp(`\\? dashboards/${there.id}-made-there.json: gone on the server`));
  assert.equal(run("push", "--yes").code, 1);
  fs.rmSync(at("dashboards", `${there.id}-made-there.json`));
  assert.equal(run("push", "--yes").code, 0);
});

test("what is no dashboard is told with its file", () => {
  const bad = [["{", /JSON parse error/], ["[]", /must be an object/], ['{"nmae": "x"}', /no member "nmae"/],
    ['{"tiles": [{"color": "red"}]}', /one of insight, text, button/], ['{"tiles": [{"text": "a", "insight": 1}]}', /one of/],
    [`{"id": ${board}}`, /the same id/], ["/* open", /JSON parse error/], ["{\"a\": \"", /JSON parse error/]];
  for (const [text, want] of bad) {
    fs.writeFileSync(at("dashboards", "zz.json"), text);
    const { code, err } = run("push", "--yes");
    assert.equal(code, 1, text);
    assert.match(err, want);
    assert.match(err, /zz\.json/);
  }
  fs.rmSync(at("dashboards", "zz.json"));
});
