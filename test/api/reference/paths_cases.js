// paths_cases.js - ways through a product that can be followed with a finger. Worlds: who does what in
// which minute. Cases: what is asked, and the edges [source, target, value, minutes on average].
"use strict";

const page = (minute, url) => [minute, "$pageview", { $current_url: url }];
const screen = (minute, name) => [minute, "$screen", { $screen_name: name }];

const worlds = {
  shop: {
    ann: [page(0, "/"), page(2, "/price/"), page(3, "/price"), page(6, "/buy")],
    bob: [page(0, "/"), page(4, "/price"), [5, "sign up"], page(6, "/buy")],
    cat: [page(10, "/"), page(40, "/price"), page(41, "/buy")], // half an hour: two visits
    dan: [screen(0, "Home"), screen(1, "Cart"), [2, "$autocapture"], [3, "purchase"]],
  },
  long: {
    eve: ["/a", "/b", "/c", "/d", "/e", "/f", "/g"].map((url, i) => page(i, url)),
    fay: [page(0, "/x"), page(1, "/a"), page(2, "/g"), page(3, "/a"), page(4, "/b")],
  },
  users: {
    gil: [page(0, "/u/1"), page(1, "/u/2"), page(2, "/out")],
    hal: [page(0, "/u/3"), page(5, "/out")],
  },
};

const cases = [
  { name: "pages alone: slashes at the end go, equal neighbours fold into the last, half an hour cuts", world: "shop", filter: { includeEventTypes: ["$pageview"] },
    edges: [["1_/", "2_/price", 2, 3.5], ["2_/price", "3_/buy", 2, 2.5], ["1_/price", "2_/buy", 1, 1]] },
  { name: "screens and custom events", world: "shop", filter: { includeEventTypes: ["$screen", "custom_event"] },
    edges: [["1_Home", "2_Cart", 1, 1], ["2_Cart", "3_purchase", 1, 2]] },
  { name: "everything, with the events that are captured by themselves", world: "shop", filter: { minEdgeWeight: 1, maxEdgeWeight: 1 },
    edges: [["1_/price", "2_/buy", 1, 1], ["1_Home", "2_Cart", 1, 1], ["2_Cart", "3_$autocapture", 1, 1], ["3_$autocapture", "4_purchase", 1, 1]] },
  { name: "from a start", world: "shop", filter: { includeEventTypes: ["$pageview", "custom_event"], startPoint: "/price/" },
    edges: [["1_/price", "2_/buy", 2, 2], ["1_/price", "2_sign up", 1, 1], ["2_sign up", "3_/buy", 1, 1]] },
  { name: "to an end", world: "shop", filter: { includeEventTypes: ["$pageview", "custom_event"], endPoint: "sign up" },
    edges: [["1_/", "2_/price", 1, 4], ["2_/price", "3_sign up", 1, 1]] },
  { name: "leaving out an item joins what is around it", world: "shop", filter: { includeEventTypes: ["$pageview"], excludeEvents: ["/price"] },
    edges: [["1_/", "2_/buy", 2, 6]] },
  { name: "an edge that none of the shown ones leads to is not shown", world: "shop", filter: { includeEventTypes: ["$pageview", "custom_event"], minEdgeWeight: 2, startPoint: "/" },
    edges: [["1_/", "2_/price", 2, 3.5]] },
  { name: "five steps when nothing is said", world: "long", filter: { startPoint: "/a", minEdgeWeight: 1 },
    edges: [["1_/a", "2_/b", 1, 1], ["1_/a", "2_/g", 1, 1], ["2_/b", "3_/c", 1, 1], ["2_/g", "3_/a", 1, 1], ["3_/a", "4_/b", 1, 1], ["3_/c", "4_/d", 1, 1], ["4_/d", "5_/e", 1, 1]] },
  { name: "the last steps before an end", world: "long", filter: { endPoint: "/g", stepLimit: 3 },
    edges: [["1_/e", "2_/f", 1, 1], ["1_/x", "2_/a", 1, 1], ["2_/a", "3_/g", 1, 1], ["2_/f", "3_/g", 1, 1]] },
  { name: "a long middle is three dots", world: "long", filter: { startPoint: "/a", endPoint: "/g", stepLimit: 4 },
    edges: [["1_/a", "2_/b", 1, 1], ["1_/a", "2_/g", 1, 1], ["2_/b", "3_...", 1, 1], ["3_...", "4_/f", 1, 3], ["4_/f", "5_/g", 1, 1]] },
  { name: "the heaviest edges", world: "long", filter: { edgeLimit: 1 }, edges: [["1_/a", "2_/b", 1, 1]] },
  { name: "a group stands for what it holds", world: "users", filter: { pathGroupings: ["/u/*"] }, edges: [["1_/u/*", "2_/out", 2, 3]] },
  { name: "a rule makes names equal", world: "users", filter: { localPathCleaningFilters: [{ regex: "/u/[0-9]+", alias: "/u/id" }] }, edges: [["1_/u/id", "2_/out", 2, 3]] },
  { name: "an expression names the steps", world: "users", filter: { includeEventTypes: ["hogql"], pathsHogQLExpression: "concat('at ', properties.$current_url)" },
    edges: [["1_at /u/1", "2_at /u/2", 1, 1], ["1_at /u/3", "2_at /out", 1, 5], ["2_at /u/2", "3_at /out", 1, 1]] },
  { name: "only what passes the filters", world: "users", filter: {}, more: { properties: [{ key: "$current_url", type: "event", operator: "is_not", value: ["/u/2"] }] },
    edges: [["1_/u/1", "2_/out", 1, 2], ["1_/u/3", "2_/out", 1, 5]] },
];

module.exports = { worlds, cases };
