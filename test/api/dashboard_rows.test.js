// Rows of what is documented of dashboards, tiles and insights: what is sent, what is answered; with a key
// and with a session, under both prefixes.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");

let s, session;
before(async () => { s = await start(["--clock", "2026-01-20T12:00:00Z"]); session = await s.login(); });
after(async () => assert.equal(await s.stop(), 0));

const required = (attr) => [400, "required", attr, "This field is required."];
const notFound = [404, "not_found", null, "Not found."];
const integer = (attr) => [400, "invalid_input", attr, "A valid integer is required."];
const dictionary = (attr, type) => [400, "invalid_input", attr, `Expected a dictionary of items but got type "${type}".`];
const form = { "Content-Type": "application/x-www-form-urlencoded" };

// name, method, path (D a dashboard, G a deleted one, N an insight), body (T a tile's id), answer, headers
const rows = [
  ["no slash at the end", "GET", "dashboards", null, [200]],
  ["a limit that is no number", "GET", "dashboards/?limit=abc&offset=-3", null, [200]],
  ["an unknown parameter", "GET", "dashboards/?pinned=1&ordering=x&foo", null, [200]],
  ["an unknown format", "GET", "dashboards/?format=xyz", null, notFound],
  ["a type that is not sent", "GET", "dashboards/", null, [406, "not_acceptable", null, "Could not satisfy the request Accept header."], { Accept: "text/html" }],
  ["a browser", "GET", "dashboards/", null, [200], { Accept: "text/html,*/*;q=0.8" }],
  ["an id that is no number", "GET", "dashboards/abc/", null, notFound],
  ["a body of another type", "POST", "dashboards/", "<a/>", [415, "unsupported_media_type", null, 'Unsupported media type "text/xml" in request.'], { "Content-Type": "text/xml" }],
  ["a body that is no JSON", "POST", "dashboards/", "{", [400, "parse_error", null, /^JSON parse error/], { "Content-Type": "application/json" }],
  ["a form", "POST", "dashboards/", "name=f&pinned=on&tags=a&tags=b", [201], form],
  ["blank and null sources", "POST", "dashboards/", { use_template: "", use_dashboard: null }, [201]],
  ["an empty body", "POST", "dashboards/", {}, [201]],
  ["filters that are a list", "POST", "dashboards/", { filters: [1] }, [400, "invalid_input", null, "Filters must be a dictionary"]],
  ["tile filters that are a text", "PATCH", "dashboards/D/", { tiles: [{ id: "T", filters_overrides: "x" }] }, dictionary("filters_overrides", "str")],
  ["tile filters that are a list", "PATCH", "dashboards/D/", { tiles: [{ id: "T", filters_overrides: [1] }] }, dictionary("filters_overrides", "list")],
  ["tile filters that are null", "PATCH", "dashboards/D/", { tiles: [{ id: "T", filters_overrides: null }] }, [200]],
  ["layouts that are a text", "PATCH", "dashboards/D/", { tiles: [{ id: "T", layouts: "x" }] }, dictionary("layouts", "str")],
  ["a long colour", "PATCH", "dashboards/D/", { tiles: [{ id: "T", color: "x".repeat(401) }] }, [400, "max_length", "color", "Color cannot exceed 400 characters"]],
  ["a tile that is nowhere", "PATCH", "dashboards/D/", { tiles: [{ id: 99999, color: "x" }] }, [200]],
  ["a tile without an id", "PATCH", "dashboards/D/", { tiles: [{ color: "x" }] }, [200]],
  ["a tile's id that is a text", "PATCH", "dashboards/D/", { tiles: [{ id: "x", color: "x" }] }, integer("id")],
  ["a widget", "PATCH", "dashboards/D/", { tiles: [{ widget: { a: 1 } }] }, [400, "invalid_input", "widget", "Dashboard widgets are not enabled for this project."]],
  ["a text without words", "PATCH", "dashboards/D/", { tiles: [{ text: { body: null } }] }, [200]],
  ["a long text", "PATCH", "dashboards/D/", { tiles: [{ text: { body: "x".repeat(4001) } }] }, [400, "max_length", "text__body", "Text body cannot exceed 4000 characters"]],
  ["a text by somebody unknown", "PATCH", "dashboards/D/", { tiles: [{ text: { body: "q", created_by: { id: 77 } } }] }, [400, "invalid_input", null, "User not found in this organization."]],
  ["a text that is nowhere", "PATCH", "dashboards/D/", { tiles: [{ text: { id: 999, body: "q" } }] }, [400, "invalid_input", "text", "Text tile not found in this team."]],
  ["a button that is nowhere", "PATCH", "dashboards/D/", { tiles: [{ button_tile: { id: "x", url: "/", text: "t" } }] }, [400, "invalid_input", "button_tile", "Button tile not found in this team."]],
  ["a button to a script", "PATCH", "dashboards/D/", { tiles: [{ button_tile: { url: "javascript:x", text: "t" } }] }, [400, "invalid_input", "button_tile__url", "Must be a valid URL or a pathname starting with /"]],
  ["a button to a bad path", "PATCH", "dashboards/D/", { tiles: [{ button_tile: { url: "/a b", text: "t" } }] }, [400, "invalid_input", "button_tile__url", "Pathname must start with / and contain valid URL path characters"]],
  ["a button without text", "PATCH", "dashboards/D/", { tiles: [{ button_tile: { url: "/a", text: "" } }] }, [400, "blank", "button_tile__text", "This field may not be blank."]],
  ["a button with a long text", "PATCH", "dashboards/D/", { tiles: [{ button_tile: { url: "/a", text: "x".repeat(201) } }] }, [400, "max_length", "button_tile__text", "Button text cannot exceed 200 characters"]],
  ["a button with a long address", "PATCH", "dashboards/D/", { tiles: [{ button_tile: { url: `/${"x".repeat(2000)}`, text: "t" } }] }, [400, "max_length", "button_tile__url", "Button URL cannot exceed 2000 characters"]],
  ["the copy of a tile that is nowhere", "PATCH", "dashboards/D/", { duplicate_tiles: [{ id: 999 }] }, notFound],
  ["no description", "PATCH", "dashboards/D/", { description: null }, [400, "null", "description", "This field may not be null."]],
  ["quick filters by number", "PATCH", "dashboards/D/", { quick_filter_ids: [5] }, [400, "invalid_input", "quick_filter_ids", "Invalid UUID: 5"]],
  ["variables that are a list", "PATCH", "dashboards/D/", { variables: [1] }, [400, "invalid_input", null, "Filters must be a dictionary"]],
  ["a put of nothing", "PUT", "dashboards/D/", {}, [200]],
  ["a deletion by method", "DELETE", "dashboards/D/", null, [405]],
  ["of what is nowhere", "DELETE", "dashboards/9999/", null, [405]],
  ["a post to one", "POST", "dashboards/D/", {}, [405, "method_not_allowed", null, 'Method "POST" not allowed.']],
  ["a deleted one", "GET", "dashboards/G/", null, notFound],
  ["a deleted one, deleted again", "PATCH", "dashboards/G/", { deleted: true }, notFound],
  ["a deleted one, renamed", "PATCH", "dashboards/G/", { name: "x" }, notFound],
  ["an unknown mode", "GET", "dashboards/D/?refresh=weird&use_cache=1&layoutSize=x&include_dashboards=true", null, [200]],
  ["a long search", "GET", `dashboards/?search=${"x".repeat(201)}`, null, [400, "invalid_input", "search", "Search query must be 200 characters or fewer."]],
  ["a move to nowhere", "POST", "dashboards/D/move_tile/", {}, required("to_dashboard")],
  ["a move of nothing", "POST", "dashboards/D/move_tile/", { to_dashboard: 1 }, required("tile")],
  ["a move of a tile without an id", "POST", "dashboards/D/move_tile/", { to_dashboard: 1, tile: {} }, required("tile__id")],
  ["a move to a word", "POST", "dashboards/D/move_tile/", { to_dashboard: "x", tile: { id: 1 } }, integer("to_dashboard")],
  ["a copy of nothing", "POST", "dashboards/D/copy_tile/", {}, required("fromDashboardId")],
  ["no order", "POST", "dashboards/D/reorder_tiles/", {}, required("tile_order")],
  ["an empty order", "POST", "dashboards/D/reorder_tiles/", { tile_order: [] }, [400, "min_length", "tile_order", "Ensure this field has at least 1 elements."]],
  ["an unknown layout", "POST", "dashboards/D/reorder_tiles/", { tile_order: ["T"], layout: "q" }, [400, "invalid_choice", "layout", '"q" is not a valid choice.']],
  ["an order of words", "POST", "dashboards/D/reorder_tiles/", { tile_order: ["x"] }, integer("tile_order__0")],
  ["no tile", "POST", "dashboards/D/update_text_tile/", {}, required("tile_id")],
  ["no tile to delete", "POST", "dashboards/D/delete_tile/", {}, required("tile_id")],
  ["a tile that is nowhere, deleted", "POST", "dashboards/D/delete_tile/", { tile_id: 999 }, notFound],
  ["a text tile by the other action", "POST", "dashboards/D/update_tile/", { tile_id: "T" }, [400, "invalid_input", null, /./]],
  ["a blank text", "POST", "dashboards/D/create_text_tile/", { body: "  " }, [400, "blank", "body", "This field may not be blank."]],
  ["a missing text", "POST", "dashboards/D/create_text_tile/", {}, required("body")],
  ["a text in a long colour", "POST", "dashboards/D/create_text_tile/", { body: "x", color: "x".repeat(401) }, [400, "max_length", "color", "Color cannot exceed 400 characters"]],
  ["collaborators of nothing", "GET", "dashboards/999/collaborators/", null, [404, "not_found", null, "Dashboard not found."]],
  ["a collaborator, changed", "PATCH", "dashboards/D/collaborators/x/", {}, [405, "method_not_allowed", null, 'Method "PATCH" not allowed.']],
  ["a collaborator who is no uuid", "POST", "dashboards/D/collaborators/", { user_uuid: "x", level: 37 }, [400, "invalid_input", "user_uuid", "Must be a valid UUID."]],
  ["an insight's deletion by method", "DELETE", "insights/N/", null, [405]],
  ["an insight's query that is a text", "POST", "insights/", { query: "x" }, [400, "invalid_input", "query", "Query must be a valid JSON object"]],
  ["an insight's query of no kind", "POST", "insights/", { query: { kind: "Nope" } }, [400, "parse_error", null, /Nope/]],
  ["an insight on nothing", "POST", "insights/", { dashboards: [999] }, [400, "does_not_exist", "dashboards", 'Invalid pk "999" - object does not exist.']],
  ["an insight's long name", "PATCH", "insights/N/", { name: "x".repeat(401) }, [400, "max_length", "name", "Ensure this field has no more than 400 characters."]],
  ["an insight from another dashboard", "GET", "insights/N/?from_dashboard=999", null, [200]],
  ["an insight with bad filters laid over", "GET", "insights/N/?filters_override={", null, [400, "invalid_input", "filters_override", "Invalid JSON passed in filters_override parameter"]],
  ["an insight with bad tile filters", "GET", "insights/N/?tile_filters_override={", null, [400, "invalid_input", "tile_filters_override", "Invalid JSON passed in tile_filters_override parameter"]],
  ["a long search of insights", "GET", `insights/?search=${"x".repeat(201)}`, null, [400, "invalid_input", "search", "Search query must be 200 characters or fewer."]],
  ["an insight that is nowhere", "GET", "insights/Zz999999/", null, notFound],
];

for (const [who, family] of [["a key", "projects"], ["a session", "environments"], ["a key", "environments"], ["a session", "projects"]])
  test(`with ${who} under ${family}`, async () => {
    const call = who === "a key" ? s.call : session, root = `/api/${family}/@current/`;
    const make = async (where, body) => (await call("POST", `${root}${where}`, { body })).json;
    const { id } = await make("dashboards/", { name: "d" }), gone = await make("dashboards/", { deleted: true });
    const tile = await make(`dashboards/${id}/create_text_tile/`, { body: "t" });
    const insight = await make("insights/", { query: { kind: "HogQLQuery", query: "SELECT 1" } });
    const filled = (body) => body && JSON.parse(JSON.stringify(body).replaceAll('"T"', String(tile.id)));
    for (const [name, method, tail, body, [status, code, attr, detail], headers] of rows) {
      const where = root + tail.replace("/D/", `/${id}/`).replace("/G/", `/${gone.id}/`).replace("/N/", `/${insight.id}/`);
      const reply = await call(method, where, { body: typeof body === "string" ? body : filled(body) ?? undefined, headers });
      const what = `${name}: ${reply.text.slice(0, 200)}`;
      assert.equal(reply.status, status, what);
      if (method === "DELETE") assert.equal(reply.text, "", what);
      if (!code) continue;
      assert.deepEqual([reply.json.code, reply.json.attr], [code, attr], what);
      if (detail instanceof RegExp) assert.match(reply.json.detail, detail, what);
      else assert.equal(reply.json.detail, detail, what);
    }
  });
