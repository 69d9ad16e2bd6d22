// Actions in queries: what each way of saying a step matches, counted again over the same events in
// plain JavaScript; and where actions may stand.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");
const { capture } = require("./query_events.js");

let s, events = [], names = 0;
const base = "/api/projects/@current/actions/";
const dateRange = { date_from: "2026-03-01", date_to: "2026-03-30" };

// A chain is from the innermost element outwards.
const chains = [
  [{ tag_name: "a", attr__class: "btn primary", attr__href: "/signup?a=1", $el_text: "Sign up", nth_child: 1, nth_of_type: 1, "attr__data-attr": "join" },
    { tag_name: "div", attr__class: ["card", "md:flex"], attr__id: "hero", nth_child: 2, nth_of_type: 2 }, { tag_name: "body", nth_child: 1, nth_of_type: 1 }],
  [{ tag_name: "span", $el_text: "Sign up now; it's \"free\"", nth_child: 3, nth_of_type: 1 },
    { tag_name: "button", attr__class: "btn", attr__id: "go", nth_child: 1, nth_of_type: 1, attr__title: "x;a.btn:href=\"/y\"" },
    { tag_name: "form", attr__id: "hero", nth_child: 1, nth_of_type: 1 }],
  [{ tag_name: "article", attr__class: "btn-group", attr__href: "/SIGNUP/done", $el_text: "sign UP", nth_child: 2, nth_of_type: 1 },
    { tag_name: "div", nth_child: 1, nth_of_type: 1 }, { tag_name: "div", attr__class: "card", nth_child: 1, nth_of_type: 1 }],
  [{ tag_name: "a", attr__href: "/", $el_text: "Home", nth_child: 1, nth_of_type: 1 }],
];
const urls = ["https://x.io/join", "https://x.io/join/2", "https://x.io/JOIN", "https://x.io/a/b/join?c", undefined];

before(async () => {
  s = await start(["--clock", "2026-03-31T10:00:00Z"]);
  for (let i = 0; i < 240; i++) {
    const name = ["$autocapture", "$autocapture", "$pageview", "sign up", "purchase"][i % 5];
    const properties = { plan: ["pro", "free", "pro plus"][i % 3] };
    if (urls[i % 7 % 5]) properties.$current_url = urls[i % 7 % 5];
    if (name === "$autocapture") properties.$elements = chains[Math.floor(i / 5) % 4];
    events.push({ uuid: crypto.randomUUID(), event: name, distinct_id: `p${i % 11}`, properties,
      timestamp: new Date(Date.parse("2026-03-02T00:00:00Z") + i * 9e6).toISOString() });
  }
  await capture(s, s.first.project_api_key, events);
});
after(async () => assert.equal(await s.stop(), 0));

async function make(steps, more) {
  const reply = await s.call("POST", base, { body: { name: `action ${++names}`, steps, ...more } });
  assert.equal(reply.status, 201, reply.text);
  return reply.json;
}
async function ask(query) {
  const reply = await s.call("POST", "/api/projects/@current/query/", { body: { query } });
  assert.equal(reply.status, 200, reply.text);
  return reply.json;
}
const hogql = async (query) => (await ask({ kind: "HogQLQuery", query })).results;
const refused = async (query) => {
  const reply = await s.call("POST", "/api/projects/@current/query/", { body: { query } });
  assert.equal(reply.status, 400, reply.text);
  return reply.json.detail;
};
const ids = (list) => list.map((e) => e.uuid).sort();
async function agrees(steps, reference, what = JSON.stringify(steps)) {
  const { id } = await make(steps), want = ids(events.filter(reference));
  const got = await hogql(`SELECT toString(uuid) FROM events WHERE matchesAction(${id}) ORDER BY 1 LIMIT 1000`);
  assert.deepEqual(got.map((row) => row[0]), want, what);
  return want.length;
}

const url = (e) => e.properties.$current_url;
const elements = (e) => (e.event === "$autocapture" && e.properties.$elements) || [];
const texts = (e) => elements(e).map((x) => x.$el_text ?? null).filter((x) => x !== null);
const hrefs = (e) => elements(e).map((x) => x.attr__href).filter((x) => x);

test("an event, an address, properties, and steps joined by or", async () => {
  const pro = { key: "plan", value: "pro", operator: "exact", type: "event" };
  const rows = [
    [[{ event: "sign up" }], (e) => e.event === "sign up"],
    [[{ event: "sign up" }, { event: "purchase" }], (e) => /sign up|purchase/.test(e.event)],
    [[{ event: "sign up", properties: [pro] }, { event: "purchase" }],
      (e) => (e.event === "sign up" && e.properties.plan === "pro") || e.event === "purchase"],
    [[{ event: "$pageview", url: "io/join" }], (e) => e.event === "$pageview" && url(e)?.includes("io/join")],
    [[{ url: "io/%/join" }], (e) => /io\/.*\/join/.test(url(e) ?? "")],
    [[{ url: "https://x.io/join", url_matching: "exact" }], (e) => url(e) === "https://x.io/join"],
    [[{ url: "join(/|$)", url_matching: "regex" }], (e) => /join(\/|$)/.test(url(e) ?? "")],
    [[{ properties: [{ key: "plan", value: "pro", operator: "icontains", type: "event" }] }], (e) => /pro/.test(e.properties.plan)],
    [[{ event: "purchase", selector: "a", text: "no", href: "no", tag_name: "no" }], (e) => e.event === "purchase"],
    [[], () => true],
    [[{}], () => true],
  ];
  for (const [steps, reference] of rows) assert.ok(await agrees(steps, reference) > 0);
});

test("what was clicked: text, href and tag", async () => {
  const auto = (more) => [{ event: "$autocapture", ...more }];
  const rows = [
    [{ text: "Sign up" }, (e) => texts(e).includes("Sign up")],
    [{ text: "sign up", text_matching: "contains" }, (e) => texts(e).some((t) => /sign up/i.test(t))],
    [{ text: "^Sign up$", text_matching: "regex" }, (e) => texts(e).some((t) => /^Sign up$/.test(t))],
    [{ href: "/signup?a=1" }, (e) => hrefs(e)[0] === "/signup?a=1"],
    [{ href: "signup", href_matching: "contains" }, (e) => /signup/i.test(hrefs(e)[0] ?? "")],
    [{ href: "^/signup", href_matching: "regex" }, (e) => /^\/signup/.test(hrefs(e)[0] ?? "")],
    [{ tag_name: "article" }, (e) => elements(e).some((x) => x.tag_name === "article")],
    [{ tag_name: "form" }, (e) => elements(e).some((x) => x.tag_name === "form")],
    [{ tag_name: "a", text: "Home", selector: "[href='/']" }, (e) => elements(e)[0]?.$el_text === "Home"],
    [{ text: "" }, (e) => e.event === "$autocapture"],
  ];
  for (const [more, reference] of rows) assert.ok(await agrees(auto(more), reference) > 0);
});

test("selectors, by tag, class, id, attribute, place and nesting", async () => {
  const classes = (x) => [x.attr__class ?? []].flat().flatMap((c) => c.split(" "));
  const has = (x, c) => classes(x).includes(c);
  const any = (e, fn) => elements(e).some(fn);
  const within = (e, inner, outer) => elements(e).some((x, i) => inner(x) && elements(e).slice(i + 1).some(outer));
  const directly = (e, inner, outer) => elements(e).some((x, i) => inner(x) && elements(e)[i + 1] && outer(elements(e)[i + 1]));
  const tag = (t) => (x) => x.tag_name === t;
  const rows = [
    ["a", (e) => any(e, tag("a")), 2],
    ["*", (e) => e.event === "$autocapture", 4],
    [".btn", (e) => any(e, (x) => has(x, "btn")), 2],
    ["a.btn", (e) => any(e, (x) => x.tag_name === "a" && has(x, "btn")), 1],
    [".primary.btn", (e) => any(e, (x) => has(x, "btn") && has(x, "primary")), 1],
    [".md\\:flex", (e) => any(e, (x) => has(x, "md:flex")), 1],
    ["#hero", (e) => any(e, (x) => x.attr__id === "hero"), 2],
    ["form#hero", (e) => any(e, (x) => x.tag_name === "form" && x.attr__id === "hero"), 1],
    ["[data-attr=\"join\"]", (e) => any(e, (x) => x["attr__data-attr"] === "join"), 1],
    ["a[href='/signup?a=1'][data-attr=join].btn", (e) => any(e, (x) => x["attr__data-attr"] === "join"), 1],
    ["[href^='/s']", (e) => any(e, (x) => x.attr__href?.startsWith("/s")), 1],
    ["[href$=done]", (e) => any(e, (x) => x.attr__href?.endsWith("done")), 1],
    ["[href*='up?']", (e) => any(e, (x) => x.attr__href?.includes("up?")), 1],
    ["[href]", (e) => any(e, (x) => x.attr__href), 3],
    ["[title='x;a.btn:href=\"/y\"']", (e) => any(e, (x) => x.attr__title), 1],
    ["a:nth-child(1)", (e) => any(e, (x) => x.tag_name === "a" && x.nth_child === 1), 2],
    ["div:nth-child(2):nth-of-type(2)", (e) => any(e, (x) => x.tag_name === "div" && x.nth_child === 2), 1],
    ["div a", (e) => within(e, tag("a"), tag("div")), 1],
    ["body a", (e) => within(e, tag("a"), tag("body")), 1],
    ["body > a", (e) => directly(e, tag("a"), tag("body")), 0],
    ["div.card > article", (e) => directly(e, tag("article"), (x) => has(x, "card")), 0],
    ["div.card article", (e) => within(e, tag("article"), (x) => has(x, "card")), 1],
    ["form>button", (e) => directly(e, tag("button"), tag("form")), 1],
    ["form span", (e) => within(e, tag("span"), tag("form")), 1],
    ["body > div.card a.btn", (e) => within(e, (x) => has(x, "primary"), (x) => has(x, "card")), 1],
    ["a article", () => false, 0],
  ];
  for (const [selector, reference, kinds] of rows) {
    assert.equal(await agrees([{ event: "$autocapture", selector }], reference, selector), kinds * 24, selector);
    const filter = { key: "selector", value: selector, operator: "exact", type: "element" };
    const [{ data }] = (await ask({ kind: "TrendsQuery", series: [{ kind: "EventsNode", event: "$autocapture" }],
      properties: [filter], interval: "month", dateRange: { date_from: "2026-03-01", date_to: "2026-03-31" } })).results;
    assert.deepEqual(data, [kinds * 24], selector);
  }
});

test("series of trends and steps of funnels are actions; labels are their names", async () => {
  const buy = await make([{ event: "purchase" }, { event: "sign up", properties: [{ key: "plan", value: "pro", type: "event" }] }]);
  const isBuy = (e) => e.event === "purchase" || (e.event === "sign up" && e.properties.plan === "pro");
  const node = { kind: "ActionsNode", id: buy.id };
  const [item] = (await ask({ kind: "TrendsQuery", series: [node], dateRange })).results;
  assert.deepEqual(item.data, item.days.map((day) => events.filter((e) => isBuy(e) && e.timestamp.startsWith(day)).length));
  assert.deepEqual([item.label, item.action.id, item.action.type, item.action.name], [buy.name, buy.id, "actions", buy.name]);
  const [people] = (await ask({ kind: "TrendsQuery", dateRange, trendsFilter: { display: "BoldNumber" },
    series: [{ ...node, math: "dau", properties: [{ key: "plan", value: "free", type: "event" }] }] })).results;
  const free = events.filter((e) => isBuy(e) && e.properties.plan === "free");
  assert.equal(people.aggregated_value, new Set(free.map((e) => e.distinct_id)).size);
  const steps = (await ask({ kind: "FunnelsQuery", dateRange, series: [{ kind: "EventsNode", event: "$pageview" }, node] })).results;
  const first = new Map();
  for (const e of events) if (e.event === "$pageview") first.set(e.distinct_id, [...first.get(e.distinct_id) ?? [], Date.parse(e.timestamp)]);
  const done = new Set(events.filter((e) => isBuy(e) && (first.get(e.distinct_id) ?? []).some((t) => {
    const gap = Date.parse(e.timestamp) - t;
    return gap >= 0 && gap <= 14 * 864e5;
  })).map((e) => e.distinct_id));
  assert.deepEqual(steps.map((x) => [x.count, x.type, x.name]), [[first.size, "events", "$pageview"], [done.size, "actions", buy.name]]);
  assert.equal(steps[1].action_id, buy.id);
});

test("EventsQuery and events/ take an action; one without steps and one that is not there", async () => {
  const { id } = await make([{ event: "purchase", url: "join" }]), want = events.filter((e) => e.event === "purchase" && url(e)?.includes("join"));
  const query = { kind: "EventsQuery", select: ["uuid"], after: "all", limit: 1000 };
  assert.deepEqual((await ask({ ...query, actionId: id })).results.map((r) => r[0]).sort(), ids(want));
  const list = (await s.call("GET", `/api/projects/@current/events/?action_id=${id}&limit=1000`)).json.results;
  assert.deepEqual(list.map((e) => e.id).sort(), ids(want));
  const steps = [{ event: "purchase", url: "join" }, { event: "sign up" }];
  assert.deepEqual((await ask({ ...query, actionSteps: steps })).results.map((r) => r[0]).sort(), ids([...want, ...events.filter((e) => e.event === "sign up")]));
  assert.match(await refused({ ...query, actionSteps: ["x"] }), /actionSteps/);
  const empty = await make([]);
  assert.equal(await refused({ ...query, actionId: empty.id }), "Action does not have any match groups");
  assert.deepEqual((await s.call("GET", `/api/projects/@current/events/?action_id=${empty.id}`)).json, { next: null, results: [] });
  assert.equal(await refused({ ...query, actionId: 0 }), "Action does not exist");
  const gone = { kind: "ActionsNode", id: 4711 }, there = { kind: "EventsNode", event: "purchase" }, all = { dateRange: { date_from: "all" } };
  const trend = async (series, more) => (await ask({ kind: "TrendsQuery", ...all, series, ...more })).results;
  assert.deepEqual(await trend([gone]), []);
  const [alone] = await trend([there]), beside = await trend([gone, there], { compareFilter: { compare: false } });
  assert.deepEqual([beside.length, beside[0].data, beside[0].action.order], [1, alone.data, 1]);
  assert.deepEqual((await trend([gone, there], { trendsFilter: { formula: "A+B" } })).map((r) => r.data), [alone.data]);
  assert.deepEqual((await trend([gone, there], { trendsFilter: { formula: "A*B" } })).map((r) => r.count), [0]);
  assert.deepEqual((await trend([gone, there], { breakdownFilter: { breakdown: "nothing_has_it", breakdown_type: "event" } })).map((r) => r.data), [alone.data]);
  assert.match(await refused({ kind: "TrendsQuery", series: [{ kind: "ActionsNode" }] }), /series.id\n {2}Field required/);
  assert.equal(await refused({ kind: "FunnelsQuery", series: [{ kind: "EventsNode", event: "x" }, { kind: "ActionsNode", id: 4711 }] }),
    "Action ID 4711 does not exist!");
});

test("matchesAction by name, and what it refuses; a changed action is seen at once", async () => {
  const { id, name } = await make([{ event: "purchase" }]);
  const bought = events.filter((e) => e.event === "purchase").length;
  assert.deepEqual(await hogql(`SELECT countIf(matchesAction('${name}')), countIf(not matchesAction(${id})) FROM events`),
    [[bought, events.length - bought]]);
  const bad = async (query) => refused({ kind: "HogQLQuery", query });
  assert.match(await bad("SELECT count() FROM events WHERE matchesAction(4711)"), /^Could not find action with ID 4711/);
  assert.match(await bad("SELECT count() FROM events WHERE matchesAction('nope')"), /^Could not find an action with the name 'nope'/);
  assert.match(await bad(`SELECT count() FROM persons WHERE matchesAction(${id})`), /^matchesAction can only be used with the events table/);
  assert.match(await bad("SELECT count() FROM events WHERE matchesAction(event)"), /^matchesAction\(\) takes only constant arguments/);
  const other = s.cli("project", "add", "--name", "Elsewhere");
  const there = await s.call("POST", `/api/projects/${other.id}/query/`,
    { body: { query: { kind: "HogQLQuery", query: `SELECT count() FROM events WHERE matchesAction(${id})` } } });
  assert.match(there.json.detail, /^Could not find action with ID/);
  const query = { kind: "TrendsQuery", series: [{ kind: "ActionsNode", id }], dateRange };
  const before = await ask(query);
  assert.equal((await ask(query)).is_cached, true);
  await s.call("PATCH", `${base}${id}/`, { body: { steps: [{ event: "sign up" }] } });
  const after = await ask(query);
  assert.deepEqual([after.is_cached, after.results[0].count], [false, events.filter((e) => e.event === "sign up").length]);
  await s.call("PATCH", `${base}${id}/`, { body: { steps: [{ event: "purchase" }] } });
  assert.equal((await ask(query)).results[0].count, before.results[0].count);
  await s.call("PATCH", `${base}${id}/`, { body: { deleted: true } }); // what names it by id goes on
  assert.equal((await hogql(`SELECT count() FROM events WHERE matchesAction(${id}) AND 1`))[0][0], bought);
  assert.match(await bad(`SELECT count() FROM events WHERE matchesAction('${name}') AND 1`), /^Could not find an action/);
});

test("steps that no query can be made of are refused when they are saved", async () => {
  const steps = (step) => ({ name: `bad ${++names}`, steps: [{ event: "$autocapture", ...step }] });
  for (const selector of ["a:hover", "a, b", "a + b", "> a", "a >", "[=x]", "a[b", "a[b='c]", ".", "#", "a..b", "p:nth-child(n)", "[a][a]"]) {
    const { status, json } = await s.call("POST", base, { body: steps({ selector }) });
    assert.deepEqual([status, json.attr, json.detail], [400, "steps", `The selector "${selector}" is not supported`]);
  }
  const rows = [
    [{ properties: [{ key: "x", value: "1", operator: "like", type: "event" }] }, /^Operator "like" is not supported$/],
    [{ properties: [{ key: "no_such_field = 1", type: "hogql" }] }, /^Unable to resolve field: no_such_field/],
    [{ properties: [{ key: "matchesAction(4711)", type: "hogql" }] }, /^Could not find action with ID 4711/],
    [{ properties: [{ type: "event", value: 1 }] }, /properties.key\n {2}Field required/],
  ];
  for (const [step, detail] of rows) {
    const { status, json } = await s.call("POST", base, { body: steps(step) });
    assert.deepEqual([status, json.attr], [400, "steps"]);
    assert.match(json.detail, detail);
  }
  const { id } = await make([{ event: "x" }]);
  assert.equal((await s.call("PATCH", `${base}${id}/`, { body: steps({ selector: "a:b" }) })).status, 400);
  assert.equal((await s.call("GET", `${base}${id}/`)).json.steps[0].event, "x");
  const loop = { steps: [{ properties: [{ key: `matchesAction(${id})`, type: "hogql" }] }] };
  assert.equal((await s.call("PATCH", `${base}${id}/`, { body: loop })).status, 200);
  assert.match(await refused({ kind: "HogQLQuery", query: `SELECT 1 FROM events WHERE matchesAction(${id})` }), /Too many actions within actions/);
});
