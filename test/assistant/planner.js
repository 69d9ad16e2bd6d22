// planner.js - asks the planner about a served project: the taxonomy over the API, questions to `hoglet
// plan`, the queries back over the API.
"use strict";
const { spawn } = require("node:child_process");
const readline = require("node:readline");

const NONE = "$$_posthog_breakdown_null_$$";

async function query(s, node) {
  const r = await s.call("POST", `/api/environments/${s.first.project_id}/query/`, { body: { query: node, refresh: "blocking" } });
  if (r.status !== 200) throw new Error(`${r.status} ${r.text} for ${JSON.stringify(node)}`);
  return r.json;
}

const hogql = async (s, text) => (await query(s, { kind: "HogQLQuery", query: text })).results;

async function all(s, where) {
  const r = await s.call("GET", `/api/environments/${s.first.project_id}/${where}limit=1000`);
  return r.json.results;
}

async function taxonomy(s, { now, weekStart = 0 }) {
  const events = (await hogql(s, "select event, count() from events group by event order by count() desc limit 1000"))
    .map(([name, count]) => ({ name, count }));
  const came = new Map();
  for (const [event, keys] of await hogql(s, "select event, groupUniqArrayArray(JSONExtractKeys(properties)) from events group by event"))
    for (const key of keys) came.set(key, [...(came.get(key) ?? []), events.findIndex((e) => e.name === event)]);
  const properties = [];
  for (const owner of ["event", "person"])
    for (const p of await all(s, `property_definitions/?type=${owner}&`)) {
      const field = (owner === "person" ? "person." : "") + `properties.\`${p.name}\``;
      const values = p.property_type === "Numeric" ? [] :
        (await hogql(s, `select ${field} as v, count() from events where v is not null group by v order by count() desc, v limit 50`))
          .map(([v]) => String(v));
      properties.push({ name: p.name, type: p.property_type, owner, events: owner === "event" ? came.get(p.name) ?? [] : undefined, values });
    }
  return { now, timezone: "UTC", week_start: weekStart, events, properties };
}

class Planner {
  constructor(bin, project) {
    this.child = spawn(bin, ["plan"], { stdio: ["pipe", "pipe", "inherit"] });
    this.lines = readline.createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    this.child.stdin.write(JSON.stringify(project) + "\n");
  }
  async read(question, memo, results) {
    this.child.stdin.write(JSON.stringify({ question, memo, results }) + "\n");
    return JSON.parse((await this.lines.next()).value);
  }
  end() {
    this.child.stdin.end();
    return new Promise((resolve) => this.child.once("exit", resolve));
  }
}

const label = (item) => {
  const text = (v) => (v === NONE || v === null || v === undefined ? "" : String(v));
  return Array.isArray(item.breakdown_value) ? item.breakdown_value.map(text).join(", ") : text(item.breakdown_value);
};

// The numbers of an answer, in the form in which they are expected.
function numbers(node, answer) {
  const results = answer.results;
  switch (node.kind) {
    case "TrendsQuery": {
      const total = (i) => (node.trendsFilter.display === "ActionsLineGraph" ? i.data : i.aggregated_value);
      if (node.breakdownFilter) {
        const now = results.filter((i) => i.compare_label !== "previous");
        return Object.fromEntries(now.map((i) => [label(i), total(i)]));
      }
      const list = results.map(total);
      return list.length === 1 ? list[0] : list;
    }
    case "FunnelsQuery":
      if (node.breakdownFilter)
        return Object.fromEntries(results.map((g) => [label(g[0]), g.map((s) => s.count)]));
      return results.map((s) => s.count);
    case "RetentionQuery":
      return results.map((row, i) => row.values.slice(0, results.length - i).map((v) => v.count));
    case "StickinessQuery": {
      const data = [...results[0].data];
      while (data.length && !data.at(-1)) data.pop();
      return data;
    }
    case "LifecycleQuery":
      return Object.fromEntries(results.map((i) => [i.status, i.data.reduce((a, b) => a + b, 0)]));
    case "PathsQuery":
      return results.map((r) => [r.source, r.target, r.value]);
    default:
      return results;
  }
}

module.exports = { Planner, taxonomy, numbers, query };
