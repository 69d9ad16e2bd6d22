// The built-in planner over the demo's events, asked as a client asks: none of its answers may be wrong, and
// most questions must have one. Every third question is asked, with HOGLET_ROUNDS set all of them. ASKED=text
// asks the questions with that text in them and shows what came.
"use strict";
const path = require("node:path");
// What is tested are readings and numbers, by hundreds of queries: the release build has them in time.
process.env.TEST_PROGRAM ??= path.join(__dirname, "../../build/release/hoglet");
const everything = process.env.HOGLET_ROUNDS;
delete process.env.HOGLET_ROUNDS; // no setting of the server
const { test } = require("node:test");
const assert = require("node:assert");
const fs = require("node:fs");
const { randomUUID } = require("node:crypto");
const { start, hoglet, rows } = require("../api/server.js");
const { Reference } = require("./reference.js");
const { ask, numbers, query } = require("./planner.js");
const questions = require("./questions.js");

const NOW = "2026-01-20T12:00:00Z";
const EVENTS = 10000, PEOPLE = 650;

const close = (a, b) => a === b || (typeof a === "number" && typeof b === "number" && Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b)));
function same(got, want) {
  if (want && want.top) return sameTop(got, want);
  if (Array.isArray(want)) return Array.isArray(got) && got.length === want.length && want.every((v, i) => same(got[i], v));
  if (want && typeof want === "object")
    return got && typeof got === "object" && !Array.isArray(got) &&
      Object.keys({ ...got, ...want }).every((k) => same(got[k] ?? 0, want[k] ?? 0));
  return close(got, want);
}
// Each row is right, and the least of them is not less than the n-th largest. "" and what is left over do not count.
function sameTop(got, { top, rows: all }) {
  const other = "$$_posthog_breakdown_other_$$", named = Object.entries(got).filter(([k]) => k !== other && k !== "");
  const largest = Object.entries(all).filter(([k]) => k !== "").map(([, v]) => v).sort((a, b) => b - a).slice(0, top);
  return named.length === largest.length && named.every(([k, v]) => close(v, all[k])) &&
    largest.every((v, i) => close(v, named.map(([, n]) => n).sort((a, b) => b - a)[i]));
}

// "right", "asked", "refused", or what is wrong.
async function judge(s, reference, asked, want) {
  const conversation = randomUUID();
  let answer;
  for (const q of [asked].flat()) answer = await ask(s, q, conversation);
  if (want === "asks" || want === "refuses") return { answer, verdict: answer.kind === "answer" ? "wrong" : answer.kind, want };
  if (answer.kind !== "answer") return { answer, verdict: answer.kind };
  const got = [];
  for (const { query: node } of answer.insights) got.push(numbers(node, await query(s, node)));
  const [expected, found] = typeof want === "function" ? [want(reference), got[0]] : special(want, got, reference);
  return { answer, verdict: same(found, expected) && says(answer.text, want, expected) ? "right" : "wrong", want: expected, got: found };
}

// A single number is what the words say in bold, too.
function says(text, want, expected) {
  const bold = /\*\*(-?[\d,.]+)( %)?\*\*/.exec(text);
  return typeof want !== "function" || typeof expected !== "number" || (bold !== null && Math.abs(Number(bold[1].replaceAll(",", "")) - expected) <= 0.00501);
}

function special(want, got, reference) {
  if (want.two) return [want.two(reference), got];
  if (want.why) return [want.why(reference), got[0]];
  if (want.lifecycle) return [want.lifecycle(reference), got[0].new + got[0].returning + got[0].resurrecting];
  const first = got[0].filter(([source]) => source.startsWith("1_"));
  return [true, first.length > 0 && (want.paths === null || first.every(([source]) => source === `1_${want.paths}`))];
}

async function prepare() {
  const s = await start(["--clock", "2026-01-20T12:05:00Z"]);
  fs.writeFileSync(path.join(s.data, "demo.json"),
    JSON.stringify({ until: NOW, seed: 1, events: EVENTS, people: PEOPLE, token: "", stored: false }));
  hoglet("demo", "--data", s.data, "--events", String(EVENTS), "--people", String(PEOPLE), "--json");
  const reference = new Reference(await rows(s.data, "SELECT event, distinct_id, toString(timestamp) AS timestamp, properties FROM events FINAL"));
  return { s, reference };
}

test("questions over the demo project", async () => {
  const begun = Date.now();
  const { s, reference } = await prepare();
  const ready = Date.now();
  const counts = { right: 0, asked: 0, refused: 0, wrong: 0 }, wrong = [], unanswered = [];
  const left = questions.filter(([asked], i) => (process.env.ASKED ? [asked].flat().join(" / ").includes(process.env.ASKED)
    : everything || i % 3 === 0));
  const answerable = left.filter(([, want]) => typeof want !== "string").length, all = left.length;
  async function work() {
    for (let row; (row = left.shift());) {
      const [asked, want] = row;
      const { verdict, answer, want: expected, got } = await judge(s, reference, asked, want);
      counts[verdict]++;
      const line = `${[asked].flat().join(" / ")}\n    ${answer.text}`;
      if (verdict === "wrong") wrong.push(`${line}\n    got ${JSON.stringify(got)}\n    not ${JSON.stringify(expected)}`);
      else if (verdict !== "right" && typeof want !== "string") unanswered.push(line);
      if (process.env.ASKED) console.log(verdict, line, JSON.stringify(got), JSON.stringify(expected));
    }
  }
  await Promise.all([work(), work(), work()]);
  console.log(`questions ${all}, right ${counts.right} of ${answerable}, asked back ${counts.asked}, refused ${counts.refused}, wrong ${counts.wrong}`,
    `(demo ${((ready - begun) / 1000).toFixed(1)} s, questions ${((Date.now() - ready) / 1000).toFixed(1)} s)`);
  if (process.env.VERBOSE) console.log(unanswered.join("\n"));
  await s.stop();
  assert.deepStrictEqual(wrong, []);
  assert.ok(counts.right >= 0.85 * answerable, `too few answers:\n${unanswered.join("\n")}`);
});
