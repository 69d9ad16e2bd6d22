// planner.js - asks the assistant of a served project, which has no model, and reads its answers.
"use strict";
const { randomUUID } = require("node:crypto");

const NONE = "$$_posthog_breakdown_null_$$";

async function query(s, node) {
  const r = await s.call("POST", `/api/environments/${s.first.project_id}/query/`, { body: { query: node, refresh: "blocking" } });
  if (r.status !== 200) throw new Error(`${r.status} ${r.text} for ${JSON.stringify(node)}`);
  return r.json;
}

// The messages of the stream that answers a question.
async function ask(s, content, conversation = randomUUID()) {
  const r = await s.call("POST", `/api/environments/${s.first.project_id}/conversations/`,
    { body: { content, conversation, trace_id: randomUUID() }, headers: { Accept: "text/event-stream" } });
  if (r.status !== 200) return { kind: "refused", text: r.text, insights: [] };
  const messages = [...r.text.matchAll(/^event: message\ndata: (.*)$/gm)].map((m) => JSON.parse(m[1]));
  const failure = messages.find((m) => m.type === "ai/failure");
  if (failure) throw new Error(`${content}: ${failure.content}`);
  const said = messages.filter((m) => m.type === "ai").at(-1);
  const insights = messages.filter((m) => m.type === "ai/artifact").map((m) => m.content);
  const kind = insights.length ? "answer" : said.meta?.form ? "asked" : "refused";
  return { kind, text: said.content, insights };
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

module.exports = { ask, numbers, query };
