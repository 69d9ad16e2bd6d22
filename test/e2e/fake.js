// fake.js - a strict stand-in for the API behind the served page, for what a real server does not do on
// demand: failing tiles, slow answers, ended sessions. It answers the documented shapes, and a call it
// does not know, or one without its CSRF token, fails the test.
"use strict";

const user = { id: 1, uuid: "0190-1", distinct_id: "d", first_name: "Ada", last_name: "L", email: "ada@example.com" };
const me = { ...user, organization: { id: "o", name: "Org" }, organizations: [],
  team: { id: 1, name: "Web shop", api_token: "phc_token", timezone: "UTC" } };

const day = (back, now) => new Date(now - back * 864e5).toISOString().slice(0, 10);
const wave = (i, seed, base) => Math.round(base * (1 + 0.35 * Math.sin((i + seed) * 0.9) + 0.15 * Math.sin(i * 2.3 + seed) + i * 0.02));

function series(name, order, n, now, base, more = {}, shift = 0) {
  const data = Array.from({ length: n }, (_, i) => wave(i, order * 3 + shift, base));
  data[n - 1] = Math.round(data[n - 1] / 3);
  const days = Array.from({ length: n }, (_, i) => day(n - 1 - i + shift, now));
  return { action: { id: name, type: "events", order, name, custom_name: null }, label: name, data, days,
    labels: days, count: data.reduce((a, b) => a + b, 0), filter: {}, ...more };
}

const trends = (trendsFilter = {}) => ({ kind: "InsightVizNode", source: { kind: "TrendsQuery", interval: "day",
  series: [{ kind: "EventsNode", event: "$pageview" }], trendsFilter } });
const total = (label, n, order = 0, more = {}) => ({ ...series(label, order, 1, 0, 1), data: [], days: [], count: 0, aggregated_value: n,
  breakdown_value: label, ...more });

// The insights of the fake's dashboard: [name, query, result, more, layout].
function insights(now) {
  const sql = { kind: "DataVisualizationNode", display: "ActionsTable", source: { kind: "HogQLQuery", query: "select 1" } };
  const plans = ["free", "team", "enterprise"].map((p, i) => series("$pageview", 0, 30, now, [420, 260, 90][i], { breakdown_value: p }, i * 0));
  plans.forEach((p, i) => { p.data = p.data.map((v, j) => wave(j, i * 4, [420, 260, 90][i])); });
  return [
    ["Weekly active people", trends({ display: "BoldNumber" }), [total("Active people", 4821), total("Active people", 4310, 0, { compare_label: "previous" })], {}, [0, 0, 3, 3]],
    ["Revenue this month", trends({ display: "BoldNumber", aggregationAxisFormat: "currency" }), [total("Revenue", 128450)], {}, [3, 0, 3, 3]],
    ["Traffic", trends(), [series("$pageview", 0, 30, now, 900), series("signed up", 1, 30, now, 240)], { description: "Page views and sign-ups a day" }, [0, 3, 6, 5]],
    ["Visits by plan", trends({ display: "ActionsBar" }), plans, {}, [6, 3, 6, 5]],
    ["Browsers", trends({ display: "ActionsPie" }), ["Chrome", "Safari", "Firefox", "Edge", "Other"].map((b, i) => total(b, [5400, 2900, 1200, 800, 310][i])), {}, [6, 0, 6, 3]],
    ["Top referrers", trends({ display: "ActionsBarValue" }), ["google.com", "news.ycombinator.com", "duckduckgo.com", "github.com", "None"].map((b, i) => total(b, [3100, 1800, 950, 640, 200][i])), {}, [0, 8, 4, 5]],
    ["Sign-ups against last month", trends({ display: "ActionsAreaGraph" }), [series("signed up", 0, 30, now, 240, { compare: true, compare_label: "current" }), series("signed up", 0, 30, now, 200, { compare: true, compare_label: "previous" }, 30)], {}, [4, 8, 8, 5]],
    ["Slowest pages", sql, Array.from({ length: 12 }, (_, i) => [`/page/${"abcdefghijkl"[i]}`, 120 + ((i * 7919) % 900), 0.25 + i / 100, null]), { columns: ["path", "p95 ms", "share", "note"] }, [0, 13, 6, 5]],
    ["Broken", trends(), null, { query_status: { complete: true, error: true, error_message: "Unable to resolve field: revenu. Did you mean: revenue?" } }, [6, 13, 6, 3]],
    ["Not computed yet", trends({ display: "ActionsUnstackedBar" }), null, {}, [6, 16, 6, 4]],
    ["Who comes back", { kind: "InsightVizNode", source: { kind: "RetentionQuery", retentionFilter: { totalIntervals: 8 } } },
      Array.from({ length: 8 }, (_, i) => ({ label: `Day ${i}`, date: `${day(7 - i, now)}T00:00:00Z`, values: Array.from({ length: 8 }, (__, k) =>
        ({ label: `Day ${k}`, count: i + k > 7 ? 0 : Math.round(wave(i, 1, 240) / (k ? 1.8 + k * 0.6 : 1)) })) })), {}, [0, 23, 7, 6]],
    ["Coming and going", { kind: "InsightVizNode", source: { kind: "LifecycleQuery", interval: "day" } }, ["new", "returning", "resurrecting", "dormant"]
      .map((status, i) => { const one = series("$pageview", i, 14, now, [60, 140, 30, 80][i], { status }); return { ...one, data: one.data.map((v) => (i === 3 ? -v : v)) }; }), {}, [7, 23, 5, 6]],
    ["How often they come", { kind: "InsightVizNode", source: { kind: "StickinessQuery", interval: "day", stickinessFilter: { display: "ActionsBar" } } },
      [{ ...series("$pageview", 0, 7, now, 1), data: [420, 210, 120, 80, 60, 40, 90], days: [1, 2, 3, 4, 5, 6, 7],
        labels: [1, 2, 3, 4, 5, 6, 7].map((n) => `${n} day${n > 1 ? "s" : ""}`) }], {}, [0, 29, 6, 5]],
  ].map(([name, query, result, more, [x, y, w, h]], i) => ({
    tile: { id: 100 + i, layouts: { sm: { x, y, w, h } }, color: null, filters_overrides: {}, show_description: null,
      transparent_background: null, text: null, button_tile: null, widget: null, order: i, is_cached: result !== null },
    insight: { id: 10 + i, short_id: `abc${i}`, name, derived_name: null, description: null, filters: {}, query, result, columns: null,
      types: null, hasMore: null, last_refresh: result ? new Date(now - 300000 * (i + 1)).toISOString() : null,
      cache_target_age: result ? new Date(now + 3600000).toISOString() : null, timezone: result ? "UTC" : null,
      is_cached: result !== null, query_status: null, hogql: null, ...more },
  }));
}

const text = "## How to read this\n\nNumbers are **people**, not visits. The release on the 9th changed the sign-up form; see [the notes](https://example.com/notes).\n\n" +
  "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>[bad](javascript:alert(1)) ![far](https://example.com/a.png)";

function dashboards(now) {
  const basic = (id, name, description, tags, pinned) => ({ id, name, description, pinned, tags, created_at: new Date(now - 9e8 * id).toISOString(),
    created_by: user, last_accessed_at: null, last_viewed_at: id % 2 ? new Date(now - 4e6 * id).toISOString() : null, is_shared: false, deleted: false });
  return [basic(1, "Web shop", "Visits, sign-ups and money, day by day", ["weekly", "team"], true), basic(2, "Onboarding", "", [], false),
    basic(3, "Reliability", "Errors and slow pages", ["ops"], false), basic(4, null, "", [], false)];
}

function tilesOf(now) {
  const made = insights(now).map(({ tile, insight }) => ({ ...tile, insight }));
  const bare = { color: null, filters_overrides: {}, show_description: null, transparent_background: null, insight: null, text: null,
    button_tile: null, widget: null, is_cached: false };
  made.push({ ...bare, id: 200, layouts: { sm: { x: 0, y: 20, w: 6, h: 3 } }, text: { id: 1, body: text, team: 1 } });
  made.push({ ...bare, id: 201, layouts: { sm: { x: 6, y: 20, w: 3, h: 1 } }, button_tile: { id: "b", url: "/activity", text: "See events come in", placement: "left", style: "primary" } });
  made.push({ ...bare, id: 202, layouts: {}, button_tile: { id: "c", url: "javascript:alert(1)", text: "Not a link", placement: "left", style: "primary" } });
  made.push({ id: 203, error: { type: "DashboardTileError", message: "There is a problem loading this dashboard tile." } });
  return made;
}

const problem = (status, type, code, detail) => ({ status, json: { type, code, detail, attr: null } });

// {calls, fail, events}: `calls` as they came; answers may be replaced by path in `instead`.
async function install(page, { now = Date.now() } = {}) {
  const fake = { calls: [], unknown: [], loggedIn: false, instead: new Map(), events: 128, now, list: dashboards(now), tiles: tilesOf(now) };

  function query({ query: q, refresh }) {
    if (refresh !== "force_blocking") return problem(400, "validation_error", "invalid_input", "not fresh");
    if (q.kind === "EventsQuery")
      return { json: { columns: q.select, results: Array.from({ length: Math.min(fake.events, q.limit) }, (_, i) => [`u-${fake.events - i}`,
        ["$pageview", "signed up", "$autocapture", "purchase"][i % 4], `person-${(i * 37) % 91}@example.com`, new Date(now - i * 21000).toISOString(),
        JSON.stringify({ $current_url: `https://shop.example.com/products/${i}`, $browser: "Chrome", price: i * 3, nested: { a: [1, 2] } })]) } };
    if (/toStartOfMinute/.test(q.query))
      return { json: { results: Array.from({ length: 30 }, (_, i) => [new Date(Math.floor(now / 6e4) * 6e4 - i * 6e4).toISOString(), i % 7 === 3 ? 0 : 4 + ((i * 13) % 17)]) } };
    return { json: { columns: ["count()"], results: [[fake.events]] } };
  }

  function answer(method, path, url, body) {
    const hit = (pattern) => new RegExp(`^/api/projects/@current/${pattern}$`).exec(path);
    if (method === "POST" && path === "/api/login/") {
      if (body.password !== "right") return problem(400, "validation_error", "invalid_credentials", "Invalid email or password.");
      fake.loggedIn = true;
      return { json: { success: true }, headers: { "Set-Cookie": "posthog_csrftoken=csrf; Path=/" } };
    }
    if (!fake.loggedIn) return problem(401, "authentication_error", "not_authenticated", "Authentication credentials were not provided.");
    if (method === "POST" && path === "/api/logout/") {
      fake.loggedIn = false;
      return { json: { success: true } };
    }
    if (method === "GET" && path === "/api/users/@me/") return { json: me };
    if (method === "GET" && hit("dashboards/")) return { json: { count: fake.list.length, next: null, previous: null, results: fake.list } };
    if (method === "POST" && hit("query/")) return query(body);
    const one = hit("dashboards/(\\d+)/"), insight = hit("insights/(\\d+)/");
    if (one) {
      const d = fake.list.find((x) => x.id === Number(one[1]));
      if (!d) return problem(404, "invalid_request", "not_found", "Not found.");
      if (method === "PATCH") Object.assign(d, body);
      if (method === "GET" || method === "PATCH")
        return { json: { ...d, filters: {}, persisted_filters: null, last_refresh: null, tiles: d.id === 1 ? fake.tiles : [] } };
    }
    if (method === "GET" && insight && url.searchParams.get("from_dashboard") === "1") {
      const i = fake.tiles.find((t) => t.insight?.id === Number(insight[1])).insight;
      return { json: { ...i, query_status: null, timezone: "UTC", last_refresh: new Date().toISOString(), is_cached: false,
        result: i.result ?? [series("purchase", 0, 14, now, 60), series("refund", 1, 14, now, 12)] } };
    }
    return null;
  }

  await page.route("**/api/**", async (route) => {
    const request = route.request(), url = new URL(request.url()), method = request.method();
    const body = request.postData() ? request.postDataJSON() : null;
    fake.calls.push({ method, path: url.pathname, search: url.search, body });
    const instead = fake.instead.get(url.pathname);
    let reply = instead ? await instead(request) : answer(method, url.pathname, url, body);
    if (reply && method !== "GET" && url.pathname !== "/api/login/" && request.headers()["x-csrftoken"] !== "csrf")
      reply = null;
    if (!reply) {
      fake.unknown.push(`${method} ${url.pathname}${url.search}`);
      reply = problem(404, "invalid_request", "not_found", "Endpoint not found.");
    }
    await route.fulfill(reply).catch(() => {}); // the page may have given up waiting
  });
  return fake;
}

module.exports = { install, problem };
