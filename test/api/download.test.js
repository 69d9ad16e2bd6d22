// A query's rows as a file: what the JSON answer says, without its cap, made while it is read; and an end
// that does not look like one when it is none.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const http = require("node:http");
const { once } = require("node:events");
const { start, eventually, rows } = require("./server.js");
const { capture } = require("./query_events.js");

let s, base, stopped = false;
const odd = { text: 'a "b", c', lines: "1\n2\r\n3", formula: "=1+1", minus: "-7", n: -7.5, yes: true, nothing: null, list: [1, { a: "x,y" }], unicode: "ü 😀 \\ \t" };
before(async () => {
  s = await start();
  const project = s.first.project_id;
  base = `/api/environments/${project}/query/`;
  assert.equal((await s.call("PATCH", `/api/projects/${project}/`, { body: { timezone: "Europe/Berlin" } })).status, 200);
  await capture(s, s.first.project_api_key, Array.from({ length: 300 }, (_, i) => ({ uuid: crypto.randomUUID(), event: i % 2 ? "odd" : "even",
    distinct_id: `p${i % 7}`, timestamp: new Date(Date.UTC(2026, 0, 1, 0, i)).toISOString(), properties: { ...odd, i } })));
});
after(async () => { if (!stopped) assert.equal(await s.stop(), 0); });

const hogql = (query) => ({ query: { kind: "HogQLQuery", query } });
const download = (query, format) => s.call("POST", `${base}?format=${format}`, { body: typeof query === "string" ? hogql(query) : query });

// RFC 4180, as another reader has it.
function parseCsv(text) {
  const lines = [[]];
  for (let i = 0, cell = ""; i < text.length;) {
    if (text[i] === '"') {
      for (i++; text[i] !== '"' || text[i + 1] === '"'; i++) { cell += text[i]; if (text[i] === '"') i++; }
      i++;
    } else if (text[i] === "," || text.startsWith("\r\n", i)) {
      lines.at(-1).push(cell);
      cell = "";
      if (text[i] === ",") i++;
      else { lines.push([]); i += 2; }
    } else cell += text[i++];
  }
  assert.deepEqual(lines.pop(), [], "the last line ends");
  return lines;
}

const everything = `SELECT event, timestamp, properties.text, properties.lines, properties.formula, properties.minus, properties.n, properties.yes,
  properties.nothing, properties.list, properties.unicode, toInt(properties.i) AS i, 1 = 1, [1, 2], tuple('a', 2), toDate(timestamp) AS day, [timestamp] AS times,
  properties.i / 0 AS endless, toFloat('nan') AS unknown FROM events ORDER BY toInt(properties.i) LIMIT 300`;

test("lines of JSON are the rows of the answer", async () => {
  const { json } = await s.call("POST", base, { body: hogql(everything) });
  const { status, headers, text } = await download(everything, "ndjson");
  assert.equal(status, 200, text);
  assert.equal(headers.get("content-type"), "application/x-ndjson");
  assert.equal(headers.get("content-disposition"), 'attachment; filename="query.ndjson"');
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map((line) => Object.keys(line)), json.results.map(() => json.columns));
  assert.deepEqual(lines.map((line) => Object.values(line)), json.results);
  assert.match(lines[0].timestamp, /\+01:00$/);
  assert.deepEqual(JSON.parse((await download("SELECT 1 AS a, 2 AS b, 3 AS c, 1, 1, 1", "ndjson")).text), { a: 1, b: 2, c: 3, 1: 1, "1__2": 1, "1__3": 1 });
  assert.equal((await download("SELECT event FROM events WHERE event = 'none'", "ndjson")).text, "");
});

test("CSV is the rows of the answer, and no spreadsheet's formula", async () => {
  const { json } = await s.call("POST", base, { body: hogql(everything) });
  const { status, headers, text } = await download(everything, "csv");
  assert.equal(status, 200, text);
  assert.equal(headers.get("content-type"), "text/csv; charset=utf-8");
  const shown = (v) => (v === null ? "" : typeof v === "object" ? JSON.stringify(v) : typeof v === "string" && /^[=+\-@\t\r]/.test(v) ? `'${v}` : String(v));
  const plain = (cell) => { try { return typeof JSON.parse(cell) === "object" ? JSON.stringify(JSON.parse(cell)) : cell; } catch { return cell; } };
  const [head, ...lines] = parseCsv(text);
  assert.deepEqual(head, json.columns.map(shown));
  assert.deepEqual(lines.map((line) => line.map(plain)), json.results.map((row) => row.map((v) => plain(shown(v)))));
  assert.equal(lines[0][4], "'=1+1");
  assert.equal(lines[0][json.columns.indexOf("i")], "0");
  assert.equal((await download("SELECT event AS a, -1 FROM events WHERE event = 'none'", "csv")).text, "a,\"'-1\"\r\n");
});

test("every row comes, also without a LIMIT and past the answer's cap", async () => {
  for (const query of ["SELECT number, toString(number) AS t FROM numbers(200000)", "SELECT number, toString(number) AS t FROM numbers(300000) LIMIT 200000"]) {
    const { text } = await download(query, "ndjson");
    let n = 0;
    for (const line of text.trimEnd().split("\n")) assert.equal(line.replace(/\s/g, ""), `{"number":${n},"t":"${n++}"}`);
    assert.equal(n, 200000);
  }
  assert.equal((await download("SELECT 1 FROM events", "csv")).text.split("\r\n").length, 302);
  await s.call("POST", "/api/projects/@current/insight_variables/", { body: { name: "x", type: "Number" } });
  const wrapped = { query: { kind: "DataVisualizationNode", source: { kind: "HogQLQuery", query: "SELECT {variables.x} AS x", variables: { v: { variableId: "v", code_name: "x", value: 5 } } } },
    variables_override: { v: { value: 6 } } };
  assert.equal((await download(wrapped, "csv")).text, "x\r\n6\r\n");
});

test("Parquet is read by someone else's reader: types, names, joined row groups, none", async () => {
  const { parquetReadObjects, parquetMetadata } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  async function read(query) {
    const reply = await fetch(`${s.url}${base}?format=parquet`, { method: "POST", body: JSON.stringify(hogql(query)),
      headers: { Authorization: `Bearer ${s.first.personal_api_key}`, "Content-Type": "application/json" } });
    const file = await reply.arrayBuffer();
    assert.equal(reply.status, 200, Buffer.from(file).toString());
    assert.equal(reply.headers.get("content-type"), "application/vnd.apache.parquet");
    return { list: await parquetReadObjects({ file, compressors }), meta: parquetMetadata(file) };
  }
  const many = await read("SELECT number, if(number % 3 = 0, NULL, toString(number)) AS t, [number, 7] AS list FROM numbers(300000)");
  assert.ok(many.meta.row_groups.length > 1, "it came in pieces");
  assert.equal(Number(many.meta.num_rows), 300000);
  many.list.forEach((row, i) => assert.ok(row.number === BigInt(i) && row.t === (i % 3 ? String(i) : null) && row.list[0] === BigInt(i) && row.list.length === 2, JSON.stringify(i)));

  const { list } = await read(`SELECT event, timestamp, properties.text, toInt(properties.i) AS i, toDate(timestamp) AS day, properties, tuple(1, 'a') AS pair
    FROM events ORDER BY i`);
  assert.deepEqual(list.map((row) => Number(row.i)), Array.from({ length: 300 }, (_, i) => i));
  assert.deepEqual(Object.keys(list[7]), ["event", "timestamp", "properties.text", "i", "day", "properties", "pair"]);
  assert.deepEqual([list[7].event, list[7].timestamp.toISOString(), list[7]["properties.text"], list[7].day.toISOString().slice(0, 10)],
    ["odd", "2026-01-01T00:07:00.000Z", odd.text, "2026-01-01"]);
  assert.equal(JSON.parse(list[7].properties).unicode ?? list[7].properties.unicode, odd.unicode);

  const none = await read("SELECT event, timestamp FROM events WHERE event = 'none'");
  assert.deepEqual([none.list, none.meta.schema.slice(1).map((c) => c.name)], [[], ["event", "timestamp"]]);
  const refused = await download("SELECT NULL AS n", "parquet");
  assert.deepEqual([refused.status, refused.json?.code], [400, "unknown_type"], refused.text);
});

test("what fails before the first row is an error as ever", async () => {
  for (const [query, format, text] of [["SELECT nope FROM events", "csv", /Unable to resolve field: nope/], ["SELECT 1", "xlsx", /Must be one of json, csv/],
    [{ query: { kind: "EventsQuery", select: ["event"] } }, "csv", /Only a HogQLQuery can be downloaded, not a EventsQuery/],
    ["SELECT intDiv(1, number) FROM numbers(5)", "csv", /[Dd]ivision/]]) {
    const { status, json } = await download(query, format);
    assert.equal(status, 400);
    assert.match(json.detail, text);
  }
  assert.equal((await s.call("POST", `${base}?format=csv`, { body: hogql("SELECT 1"), key: null })).status, 401);
  assert.equal(JSON.parse((await download("SELECT 1", "json")).text).results[0][0], 1);
});

test("an error in the middle breaks the file off", async () => {
  for (const format of ["csv", "ndjson", "parquet"]) {
    const reply = await fetch(`${s.url}${base}?format=${format}`, { method: "POST", body: JSON.stringify(hogql("SELECT intDiv(7, 400000 - number) AS x FROM numbers(900000)")),
      headers: { Authorization: `Bearer ${s.first.personal_api_key}`, "Content-Type": "application/json" } });
    assert.equal(reply.status, 200);
    await assert.rejects(reply.text(), "it does not end as a whole one does");
  }
});

// A reader that takes nothing until it is told to.
async function slowReader(query, format = "ndjson") {
  const req = http.request(`${s.url}${base}?format=${format}`, { method: "POST", agent: false,
    headers: { Authorization: `Bearer ${s.first.personal_api_key}`, "Content-Type": "application/json" } });
  req.on("error", () => {});
  req.end(JSON.stringify(hogql(query)));
  const [res] = await once(req, "response");
  res.on("error", () => {});
  return { req, res };
}
const endless = (name) => `SELECT number, '${name}' AS name, repeat('x', 200) AS x FROM numbers(100000000000)`;
const running = async (name) => (await rows(s.data,
  `SELECT count() AS n FROM system.processes WHERE query LIKE '%${name}%' AND query NOT LIKE '%processes%' AND NOT is_cancelled`))[0].n;

test("two at a time; a reader that leaves ends its query and makes room", async () => {
  const readers = [await slowReader(endless("left1")), await slowReader(endless("left2"))];
  assert.equal(await running("left1"), 1);
  const refused = await download("SELECT 1", "csv");
  assert.equal(refused.status, 429);
  assert.match(refused.json.detail, /Too many downloads/);
  assert.equal((await s.call("POST", base, { body: hogql("SELECT 1") })).status, 200, "others do not wait for them");
  for (const { req } of readers) req.destroy();
  await eventually(async () => ((await running("left")) === 0 ? true : undefined));
  await eventually(async () => ((await download("SELECT 1", "csv")).status === 200 ? true : undefined));
});

test("a server that stops ends them", async () => {
  await slowReader(endless("stopped"));
  stopped = true;
  assert.equal(await s.stop(), 0);
});
