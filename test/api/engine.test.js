// The engine child: ClickHouse's HTTP interface on the data folder's socket, and its supervision.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert");
const { execFileSync } = require("node:child_process");
const net = require("node:net");
const { createClient } = require("@clickhouse/client");
const { start, engine: socket } = require("./server.js");

let s, port;

function free_port() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port: free } = server.address();
      server.close(() => resolve(free));
    });
  });
}

before(async () => {
  port = await free_port();
  s = await start(["--engine-listen", `127.0.0.1:${port}`]);
});
after(async () => { assert.strictEqual(await s.stop(), 0); });

const engine = (params, options) => socket(s.data, params, options);

test("statements, formats, parameters and settings", async () => {
  assert.strictEqual((await engine({}, { method: "GET", url: "/ping" })).text, "Ok.\n");
  assert.strictEqual((await engine({ query: "SELECT 1" })).text, "1\n");
  assert.strictEqual((await engine({}, { body: "SELECT 2" })).text, "2\n");
  const bound = await engine({ query: "SELECT {a:String} AS x, toUInt64(7) AS n", param_a: "it's",
    default_format: "JSONCompact", output_format_json_quote_64bit_integers: "0" });
  assert.deepStrictEqual(JSON.parse(bound.text).data, [["it's", 7]]);
  assert.match(bound.headers["content-type"], /^application\/json/);
  const setting = "SELECT getSetting('max_block_size')";
  assert.strictEqual((await engine({ query: setting, max_block_size: "77" })).text, "77\n");
  assert.notStrictEqual((await engine({ query: setting })).text, "77\n", "it must not stay set");
});

test("an INSERT takes its rows from the body", async () => {
  await engine({}, { body: "CREATE TABLE numbers_in (a UInt64, b String) ENGINE = Memory" });
  const sent = await engine({ query: "INSERT INTO numbers_in FORMAT TSV" }, { body: "1\tone\n2\ttwo\n" });
  assert.strictEqual(sent.status, 200);
  assert.strictEqual((await engine({ query: "SELECT sum(a), count() FROM numbers_in" })).text, "3\t2\n");
  const bad = await engine({ query: "INSERT INTO numbers_in FORMAT TSV" }, { body: "x\ty\n" });
  assert.notStrictEqual(bad.status, 200);
  assert.match(bad.text, /^Code: \d+\. DB::Exception/);
  assert.strictEqual((await engine({ query: "SELECT count() FROM numbers_in" })).text, "2\n");
});

test("failures carry ClickHouse's code; reading cannot change anything", async () => {
  const unknown = await engine({ query: "SELECT nope" });
  assert.strictEqual(unknown.status, 404);
  assert.strictEqual(unknown.headers["x-clickhouse-exception-code"], "47");
  const readonly = await engine({ query: "CREATE TABLE z (a UInt8) ENGINE = Memory", readonly: "1" });
  assert.strictEqual(readonly.headers["x-clickhouse-exception-code"], "164");
  const get = await engine({ query: "DROP TABLE events" }, { method: "GET" });
  assert.strictEqual(get.headers["x-clickhouse-exception-code"], "164");
  assert.strictEqual((await engine({}, { method: "PUT" })).status, 405);
});

// The library would give what a failed statement had begun as the answer of the next one.
test("what comes after a failure is answered with its own", async () => {
  const failing = [
    [{}, "SELECT number, throwIf(number = 500000) FROM numbers(1000000)"],
    [{ max_memory_usage: "50000000" }, "SELECT 'of another', length(range(0, 100000000 + number)) FROM numbers(1)"],
    [{ max_execution_time: "1" }, "SELECT 'of another', sum(cityHash64(number)) FROM numbers(200000000000)"],
    [{}, "SELECT nothing_like_it"],
  ];
  const formats = { JSONCompact: (text) => JSON.parse(text).data, TSV: (text) => text.trim().split("\n").map((l) => l.split("\t")) };
  for (const [settings, sql] of failing)
    for (const default_format of Object.keys(formats))
      for (const next of Object.keys(formats)) {
        const failed = await engine({ ...settings, default_format, readonly: "2" }, { body: sql }).catch(() => ({ broken: true }));
        assert.ok(failed.broken || failed.status >= 400, `${sql} did not fail`);
        for (let i = 0; i < 2; i++) {
          const { text } = await engine({ default_format: next, readonly: "2" }, { body: `SELECT 'own', '${i}'` });
          assert.deepStrictEqual(formats[next](text), [["own", String(i)]], `${next} after ${default_format} ${sql}`);
        }
      }
});

test("a long answer is streamed; one that fails on the way is broken off", async () => {
  const long = await engine({ query: "SELECT number FROM numbers(2000000)" });
  assert.strictEqual(long.text.length, 14888890, "all digits and line ends");
  for (const format of ["JSONCompact", "JSON"]) { // one document, also when the engine has it in pieces
    const doc = await engine({ query: `SELECT number FROM numbers(200000) FORMAT ${format}` });
    assert.strictEqual(JSON.parse(doc.text).data.length, 200000);
  }
  const csv = await engine({ query: "SELECT number FROM numbers(200000)", default_format: "CSVWithNames" });
  assert.strictEqual(csv.text.split("number").length, 2, "one header");
  const broken = await engine({ query: "SELECT throwIf(number = 1900000) FROM numbers(2000000)" });
  assert.ok(broken.broken, "a client must not take it for whole");
});

test("ClickHouse's own client reads it over TCP, and cannot write", async () => {
  const client = createClient({ url: `http://127.0.0.1:${port}` });
  assert.ok((await client.ping()).success);
  const answer = await client.query({ query: "SELECT number, {t:String} AS t FROM numbers(3)",
    query_params: { t: "it's" }, format: "JSONEachRow" });
  assert.deepStrictEqual((await answer.json()).map((r) => [Number(r.number), r.t]), [[0, "it's"], [1, "it's"], [2, "it's"]]);
  await assert.rejects(client.command({ query: "DROP TABLE events" }), /readonly|READONLY/i);
  await assert.rejects(client.query({ query: "SELECT nothing_there" }), /nothing_there/);
  await client.close();
});

test("a statement with a tag is cancelled", async () => {
  const long = engine({ query: "/* tag-7 */ SELECT sum(sleepEachRow(0.01)) FROM numbers(20000) SETTINGS max_block_size = 10",
    readonly: "2" });
  for (;;) {
    const seen = await engine({ query: "SELECT count() FROM system.processes WHERE query LIKE '/* tag-7 */%'" });
    if (seen.text === "1\n") break;
  }
  await engine({ query: "KILL QUERY WHERE startsWith(query, '/* tag-7 */') ASYNC" });
  assert.match((await long).text, /QUERY_WAS_CANCELLED/);
});

test("killed, it is back with its data, and the server says so meanwhile", async () => {
  await engine({}, { body: "CREATE TABLE kept (a UInt64) ENGINE = MergeTree ORDER BY a" });
  await engine({ query: "INSERT INTO kept VALUES (42)" });
  const pid = execFileSync("pgrep", ["-P", String(s.pid)], { encoding: "utf8" }).trim();
  process.kill(Number(pid), "SIGKILL");
  let sawDown = false;
  for (;;) {
    const ready = await s.call("GET", "/_readyz");
    if (ready.status === 503) {
      assert.deepStrictEqual(ready.json, { metadata: true, engine: false, disk: true, journal: true });
      sawDown = true;
    } else if (sawDown) break;
  }
  assert.strictEqual((await engine({ query: "SELECT a FROM kept" })).text, "42\n");
});
