// posthog-js, unmodified, in headless Chromium: what a page hands it is what is stored.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { chromium } = require("playwright-core");
const { start, eventually, rows } = require("../api/server.js");

// Below /2022/ and /2024/ the shop uses the library as it was then.
const library = (year) => path.join(__dirname, `../node_modules/posthog-js${year ? `-${year}` : ""}/dist/array.js`);

// Every page of the shop: the library from this origin, started with the options in its storage.
// What the library is about to send is kept in the origin's storage, to outlive the page.
const page = (host) => `<!doctype html><title>Shop</title><link rel="icon" href="data:,">
<main id="shop" class="wide dark"><a href="cart?step=1" id="to-cart" class="btn big" data-plan="pro"><b>Buy "now"; ü</b></a>
<button id="plain">Stay</button><form action="/done"><input name="q"><input type="password" value="secret"><button id="submit">Send</button></form></main>
<script src="array.js"></script><script>
const kept = JSON.parse(localStorage.sent || "[]");
posthog.init(localStorage.token, { api_host: ${JSON.stringify(host)},
  ...JSON.parse(localStorage.options || "{}"),
  before_send(event) { kept.push(JSON.parse(JSON.stringify(event))); localStorage.sent = JSON.stringify(kept); return event; } });
</script>`;

// The shop with a snippet instead: calls queue up on a list until the library, loaded from the
// server itself, takes them over.
const snippet = (host) => page(host).replace('<script src="array.js"></script><script>', `<script>
window.posthog = [];
posthog.__SV = 1;
posthog._i = [];
posthog.people = [];
for (const name of ["capture", "identify"]) posthog[name] = (...args) => posthog.push([name, ...args]);
posthog.init = (token, config) => {
  posthog._i.push([token, config, "posthog"]);
  const script = document.createElement("script");
  script.src = config.api_host + "/static/array.js";
  script.crossOrigin = "anonymous";
  script.async = true;
  document.head.append(script);
};`);

let s, shop, site, browser;
before(async () => {
  s = await start();
  shop = http.createServer((req, res) => {
    const [, year, script] = req.url.match(/^\/(\d*)\/?(array\.js)?/);
    res.setHeader("Content-Type", script ? "text/javascript" : "text/html; charset=utf-8");
    res.end(script ? fs.readFileSync(library(year)) : req.url === "/blank" ? "" : (req.url.startsWith("/snippet") ? snippet : page)(s.url));
  });
  await new Promise((resolve) => shop.listen(0, "127.0.0.1", resolve));
  site = `http://127.0.0.1:${shop.address().port}`;
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args: ["--no-sandbox", "--disable-gpu",
    "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"] });
});
after(async () => {
  await browser?.close();
  shop?.close();
  shop?.closeAllConnections();
  assert.equal(await s.stop(), 0);
});

// A visitor with empty storage. `said`: what the console and the network have to complain about.
async function visitor(options) {
  const project = s.cli("project", "add", "--name", `js ${JSON.stringify(options)}`);
  const context = await browser.newContext();
  const tab = await context.newPage();
  const said = [], calls = [];
  tab.on("console", (m) => { if (["error", "warning"].includes(m.type())) said.push(`${m.type()}: ${m.text()}`); });
  tab.on("pageerror", (e) => said.push(`page: ${e.stack}`));
  context.on("response", (r) => { if (r.status() >= 400) said.push(`${r.status()} ${r.url()}`); });
  context.on("request", (r) => {
    const url = new URL(r.url());
    if (url.protocol === "data:" || url.origin === site) return;
    if (url.origin !== s.url) said.push(`asks ${url}`);
    calls.push({ path: url.pathname, query: url.search, type: r.headers()["content-type"], body: r.postDataBuffer() });
  });
  await tab.goto(site + "/blank");
  await tab.evaluate(([o, t]) => { localStorage.clear(); localStorage.options = JSON.stringify(o); localStorage.token = t; }, [options, project.api_token]);
  const sent = () => tab.evaluate(() => JSON.parse(localStorage.sent || "[]"));
  return { project, context, tab, said, calls, sent };
}

const stored = (project, n) => eventually(async () => {
  const found = await rows(s.data, `SELECT * FROM events FINAL WHERE team_id = ${project.id} ORDER BY timestamp, uuid`);
  return found.length >= n ? found.map((r) => ({ ...r, properties: JSON.parse(r.properties),
    person_properties: JSON.parse(r.person_properties) })) : undefined;
});

// What the server makes of an event as the library sent it.
function expected(event, row) {
  const properties = { ...event.properties, $ip: "127.0.0.1", $sent_at: row.properties.$sent_at };
  for (const key of ["$set", "$set_once"])
    if (Object.keys(event[key] ?? {}).length) properties[key] = { ...properties[key], ...event[key] };
  if (properties.$groups && properties.$process_person_profile !== false) properties.$group_0 = properties.$groups.company;
  if (properties.$process_person_profile) delete properties.$process_person_profile;
  delete properties.$elements_chain;
  return properties;
}

// The same asked back through the API, as a user would.
async function asked(project, sent, found) {
  const api = async (path, body) => {
    const reply = await s.call(body ? "POST" : "GET", `/api/projects/${project.id}/${path}`, { body });
    assert.equal(reply.status, 200, `${path}: ${reply.text}`);
    return reply.json;
  };
  const listed = (await api("events/?limit=100&after=2020-01-01")).results;
  for (const row of found) assert.ok(listed.some((r) => r.id === row.uuid), `${row.event} is listed`);
  for (const event of sent) {
    const seen = listed.find((r) => r.id === event.uuid), row = found.find((r) => r.uuid === event.uuid);
    assert.deepEqual([seen.event, seen.distinct_id, Date.parse(seen.timestamp)],
      [event.event, event.properties.distinct_id, Date.parse(event.timestamp)]);
    assert.deepEqual(seen.properties, expected(event, row), event.event);
    const one = await api(`events/${event.uuid}/`);
    assert.deepEqual(one.properties, seen.properties);
    assert.equal(one.elements.length > 0, "$elements_chain" in event.properties, event.event);
  }
  const [link] = listed.filter((r) => r.event === "$autocapture" && r.properties.$el_text?.startsWith("Buy"));
  const [b, a] = (await api(`events/${link.id}/`)).elements;
  assert.deepEqual([b.tag_name, b.text, a.tag_name, a.href, a.attr_class], ["b", 'Buy "now"; ü', "a", "cart?step=1", ["big", "btn"]]);

  const anonymous = sent[0].properties.distinct_id;
  const [ann, ...others] = (await api("persons/")).results;
  assert.deepEqual(others, []);
  assert.deepEqual([...ann.distinct_ids].sort(), ["ann", "ann-phone", anonymous].sort());
  assert.deepEqual([ann.properties.email, ann.properties.plan, ann.properties.first, ann.properties.second], ["ann@x.io", "paid", 1, 2]);
  assert.equal((await api(`persons/?distinct_id=${anonymous}`)).results[0].id, ann.id);

  const query = async (text) => (await api("query/", { query: { kind: "HogQLQuery", query: text } })).results;
  assert.deepEqual(await query("select uniq(person_id) from events"), [[1]]);
  assert.deepEqual(await query("select person.properties.email, properties.price, $group_0 from events where event = 'bought'"), [["ann@x.io", 10, "acme"]]);
  assert.deepEqual(await query("select properties.text from events where event = 'looked'"), [["ü 😀 \" \\ </script>"]]);
}

const variants = { "as it comes": {}, "without compression and batches": { disable_compression: true, request_batching: false },
  "person profiles always": { person_profiles: "always" } };
for (const [name, options] of Object.entries(variants))
  test(`a visit, ${name}`, async () => {
    const { project, tab, said, calls, sent, context } = await visitor({ opt_out_useragent_filter: true, ...options });
    await tab.addInitScript(() => { // notes the beacons: they outlive the page, and the browser's own reports
      const beacon = navigator.sendBeacon.bind(navigator);
      navigator.sendBeacon = (url, body) => { localStorage.beacon = url; return beacon(url, body); };
    });
    const config = tab.waitForResponse("**/config.js");
    await tab.goto(`${site}/?utm_source=mail&utm_campaign=spring`);
    assert.equal((await config).status(), 200);
    await tab.click("#plain");
    const flags = tab.waitForResponse("**/flags/?v=2*");
    await tab.evaluate(() => {
      posthog.capture("looked", { list: [1, { a: null }], text: "ü 😀 \" \\ </script>", big: 2 ** 53 });
      posthog.identify("ann", { plan: "free", email: "ann@x.io" }, { first: 1 });
    });
    // $identify is sent at once, in a request of its own: what follows must not overtake it.
    await eventually(async () => (await rows(s.data, `SELECT 1 FROM events WHERE team_id = ${project.id} AND event = '$identify'`))[0]);
    await tab.evaluate(async () => {
      posthog.register({ shop: "north" });
      posthog.group("company", "acme", { seats: 5 });
      posthog.setPersonProperties({ plan: "paid" }, { second: 2 });
      posthog.alias("ann-phone");
      posthog.capture("bought", { price: 10 });
      await new Promise((resolve) => posthog.onFeatureFlags(resolve));
    });
    assert.equal((await flags).status(), 200);
    assert.equal(await tab.evaluate(() => posthog.isFeatureEnabled("none")), undefined);
    await tab.click("#to-cart");
    await tab.waitForURL("**/cart?step=1");
    const names = ["$pageview", "$autocapture", "looked", "$identify", "$groupidentify", "$set", "$create_alias", "bought",
      "$autocapture", "$pageleave", "$pageview"];
    await eventually(async () => (await sent()).length >= names.length || undefined);
    const events = (await sent()).filter((e) => e.event !== "$feature_flag_called");
    assert.deepEqual(events.map((e) => e.event), names);
    assert.match(await tab.evaluate(() => localStorage.beacon), /\/i\/v0\/e\//);

    const found = await stored(project, (await sent()).length);
    for (const event of await sent()) {
      const row = found.find((r) => r.uuid === event.uuid);
      assert.ok(row, `${event.event} is stored`);
      assert.equal(row.event, event.event);
      assert.equal(row.distinct_id, event.properties.distinct_id);
      assert.equal(Date.parse(`${row.timestamp.replace(" ", "T")}Z`), Date.parse(event.timestamp));
      assert.equal(row.$session_id, event.properties.$session_id);
      assert.equal(row.elements_chain, event.properties.$elements_chain ?? "");
      assert.deepEqual(row.properties, expected(event, row), event.event);
    }

    const row = (event) => found.find((r) => r.event === event);
    assert.match(found.filter((r) => r.event === "$autocapture")[1].elements_chain,
      /^b:.*text="Buy \\"now\\"; ü";a\.big\.btn:.*attr__data-plan="pro".*;main\.dark\.wide:/);
    assert.equal(row("looked").person_mode, options.person_profiles ? "full" : "propertyless");
    const people = await rows(s.data, `SELECT DISTINCT if(o.version > 0, o.person_id, e.person_id) AS id FROM events AS e
      LEFT JOIN (SELECT * FROM person_overrides FINAL WHERE team_id = ${project.id}) AS o ON o.distinct_id = e.distinct_id
      WHERE e.team_id = ${project.id}`);
    assert.equal(people.length, 1, "one person before and after identify");
    assert.equal(row("bought").$group_0, "acme");
    const [person] = await rows(s.data, `SELECT properties, is_identified FROM persons FINAL WHERE id = '${people[0].id}' AND NOT is_deleted`);
    const { plan, email, first, second, $initial_utm_source } = JSON.parse(person.properties);
    assert.deepEqual({ plan, email, first, second, $initial_utm_source },
      { plan: "paid", email: "ann@x.io", first: 1, second: 2, $initial_utm_source: "mail" });
    assert.equal(person.is_identified, 1);
    const [group] = await rows(s.data, `SELECT key, properties FROM groups FINAL WHERE team_id = ${project.id}`);
    assert.deepEqual(JSON.parse(group.properties), { seats: 5 });
    await asked(project, await sent(), found);
    const compressed = calls.some((c) => c.path.endsWith("/e/") && c.body?.[0] === 0x1f);
    assert.equal(compressed, !options.disable_compression);
    assert.ok(calls.some((c) => c.path === "/i/v0/e/"), "events go where the configuration says");
    assert.deepEqual(said, []);
    await context.close();
  });

test("elements that arrive as a list become the text the library would have sent", async () => {
  const { getElementsChainString } = require("@posthog/browser-common/utils/autocapture-utils");
  const project = s.cli("project", "add", "--name", "elements");
  const list = [
    { tag_name: "b", $el_text: 'Buy "now"; \\"ü\\"', attr__href: `/${"x".repeat(3000)}`, nth_child: 1, nth_of_type: 1 },
    { tag_name: "a", attr__class: "btn  big\ttall", attr__href: "/cart?a=\"1\"", attr__id: "to-cart", "attr__data-plan": "pro", nth_child: 2, nth_of_type: 1 },
    { tag_name: "main", attr__class: "wide dark", attr__id: 7 }, { tag_name: "body", nth_child: 2 },
  ];
  await fetch(`${s.url}/e/`, { method: "POST", body: JSON.stringify({ api_key: project.api_token, event: "$autocapture", distinct_id: "u", properties: { $elements: list } }) });
  const [row] = await stored(project, 1);
  assert.deepEqual(row.elements_chain.split(/x{999,}/), getElementsChainString(list).split(/x{999,}/));
});

// A body of the older clients that the browser lets us see: base64 in a form. Others are Blobs.
const form = (call) => {
  const data = call.type?.startsWith("application/x-www-form-urlencoded") && new URLSearchParams(call.body.toString()).get("data");
  return data ? [JSON.parse(Buffer.from(data, "base64").toString())].flat() : [];
};

for (const [year, decide, where] of [[2022, "2", "/e/"], [2024, "3", "/i/v0/e/"]])
  test(`a visit with the library of ${year}`, async () => {
    const { project, tab, said, calls, context } = await visitor({});
    const decided = tab.waitForResponse("**/decide/?v=*");
    await tab.goto(`${site}/${year}/?utm_source=mail`);
    assert.equal((await decided).status(), 200);
    await tab.click("#plain");
    await tab.evaluate(() => {
      posthog.capture("looked", { list: [1, { a: null }], text: "ü 😀 \" </script>" });
      posthog.identify("ann", { plan: "free" }, { first: 1 });
      posthog.register({ shop: "north" });
      posthog.group("company", "acme", { seats: 5 });
      posthog.people.set({ tier: "gold" });
      posthog.capture("bought", { price: 10 });
    });
    assert.equal(await tab.evaluate(() => posthog.isFeatureEnabled("none", { send_event: false })), false);
    await tab.click("#to-cart");
    await tab.waitForURL("**/cart?step=1");
    const set = year === 2022 ? "$identify" : "$set"; // people.set goes to /engage/, later is an event
    const names = ["$autocapture", "$autocapture", "$groupidentify", "$identify", "$pageleave", "$pageview", "$pageview", "bought", "looked", set];
    const found = await stored(project, names.length);
    assert.deepEqual(found.map((r) => r.event).sort(), [...names].sort());

    const seen = calls.filter((c) => c.path.endsWith("/e/")).flatMap(form);
    assert.ok(seen.length >= 2);
    for (const event of seen) {
      const row = found.find((r) => r.properties.$insert_id === event.properties.$insert_id);
      assert.equal(row.event, event.event);
      assert.equal(row.distinct_id, event.properties.distinct_id);
      assert.deepEqual(row.properties, expected(event, row));
      assert.match(row.properties.$sent_at, /^\d{4}-/, "the query's clock");
    }
    const looked = found.find((r) => r.event === "looked");
    assert.deepEqual(looked.properties.list, [1, { a: null }]);
    assert.equal(looked.properties.text, "ü 😀 \" </script>");
    for (const row of found.filter((r) => r.event === "$autocapture")) assert.match(row.elements_chain, /^(button|b):.*;main\.dark\.wide:/);
    const [person] = await eventually(async () => {
      const rest = await rows(s.data, `SELECT properties, is_identified FROM persons FINAL WHERE team_id = ${project.id} AND NOT is_deleted`);
      return rest.length === 1 ? rest : undefined;
    });
    const { plan, tier, first } = JSON.parse(person.properties);
    // identify of 2022 lost its third argument by itself
    assert.deepEqual({ plan, tier, first }, { plan: "free", tier: "gold", first: year === 2022 ? undefined : 1 });
    assert.ok(calls.some((c) => c.path === "/decide/" && c.query.includes(`v=${decide}`)));
    assert.ok(calls.some((c) => c.path === where && c.query.includes("compression=gzip-js")), "compressed, once configured");
    assert.deepEqual(said, []);
    await context.close();
  });

test("a site that loads the library by a snippet, with parts switched on", async () => {
  const { project, tab, said, calls, sent, context } = await visitor({ opt_out_useragent_filter: true, capture_exceptions: true,
    capture_dead_clicks: true, capture_performance: { web_vitals: true, network_timing: true } });
  await tab.goto(`${site}/snippet`);
  await tab.evaluate(() => posthog.capture("early", { queued: true }));
  const names = ["array", "exception-autocapture", "dead-clicks-autocapture", "web-vitals"];
  const scripts = () => calls.filter((c) => /^\/static\/.*\.js$/.test(c.path)).map((c) => c.path.match(/([\w-]+)\.js$/)[1]);
  await eventually(async () => names.every((name) => scripts().some((script) => script.startsWith(name))) || undefined);
  await tab.waitForFunction(() => window.posthog.__loaded && window.__PosthogExtensions__?.errorWrappingFunctions);
  await tab.evaluate(() => { posthog.captureException(new Error("boom"), { where: "till" }); });
  await eventually(async () => (await sent()).some((e) => e.event === "$exception") || undefined);
  const found = await eventually(async () => {
    const some = await stored(project, 3);
    return ["$pageview", "early", "$exception"].every((name) => some.some((r) => r.event === name)) ? some : undefined;
  });
  for (const event of await sent()) {
    const row = found.find((r) => r.uuid === event.uuid);
    if (row) assert.deepEqual(row.properties, expected(event, row), event.event);
  }
  const exception = found.find((r) => r.event === "$exception").properties;
  assert.equal(exception.$exception_list[0].value, "boom");
  assert.equal(exception.where, "till");
  assert.deepEqual(said, []);
  await context.close();
});
