#!/usr/bin/env node
// export - rows/s of a run of 1 M events of 0.9 KB to Parquet and to gzip JSON lines on an object store, against the
// engine's own INSERT INTO FUNCTION s3() of the same columns. Goal: at least 0.9. And the server's memory, which a
// run of ten times as many must not change. BENCH_EVENTS: another number.
"use strict";
const fs = require("node:fs");
const http = require("node:http");
const { folder, serve, engine, median, run } = require("./lib/bench.js");

const EVENTS = Number(process.env.BENCH_EVENTS ?? 1e6), ROUNDS = 3;

// An object store that keeps nothing: it reads what it is sent, whoever sent it.
function sink() {
  let bytes = 0;
  const server = http.createServer((req, res) => {
    req.on("data", (part) => { bytes += part.length; });
    req.on("end", () => {
      const query = new URL(req.url, "http://x").searchParams;
      const xml = query.has("uploads") ? "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
        : req.method === "POST" ? '<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>' : "";
      res.writeHead(req.method === "DELETE" ? 204 : 200, { ETag: '"x"', "Content-Type": "application/xml" });
      res.end(req.method === "HEAD" ? "" : xml);
    });
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve({
    url: `http://127.0.0.1:${server.address().port}`, taken: () => { const n = bytes; bytes = 0; return n; }, stop: () => server.close() })));
}

const columns = "toString(uuid) AS uuid, timestamp, inserted_at AS _inserted_at, created_at, event, properties, distinct_id, " +
  "elements_chain, person_properties, toString(person_id) AS person_id";
const where = "team_id = 1 AND timestamp >= '2026-02-01 00:00:00' AND timestamp < '2026-02-01 01:00:00'";

run(async () => {
  const ours = folder("ours"), store = await sink();
  const { child, url } = await serve(ours.data, "--allow-private", "127.0.0.1");
  const call = async (method, where, body) => {
    const got = await fetch(`${url}/api/projects/@current/batch_exports/${where}`, { method, body: body && JSON.stringify(body),
      headers: { Authorization: `Bearer ${ours.key}`, "Content-Type": "application/json" } });
    if (!got.ok) throw new Error(await got.text());
    return got.json();
  };
  for (let at = 0; at < EVENTS; at += 100000)
    await engine(ours.data, `INSERT INTO events (team_id, uuid, event, distinct_id, person_id, timestamp, created_at, person_created_at, properties, person_properties, props, person_props)
      SELECT 1, toUUID(UUIDNumToString(MD5(concat('event', toString(number))))), concat('event ', toString(number % 20)), concat('user-', toString(number % 5000)), toUUID(UUIDNumToString(MD5(concat('person', toString(number))))),
      toDateTime64('2026-02-01 00:00:00', 6, 'UTC') + (number * 7919 % 3600000) / 1000, now64(6), now64(3),
      concat('{"$current_url":"https://app.example.com/boards/', toString(cityHash64(number)), '/tasks?view=list","$browser":"Firefox","$os":"Linux","$lib":"web","$session_id":"', toString(toUUID(UUIDNumToString(MD5(concat('session', toString(number)))))),
      '","$referrer":"https://search.example.com/?q=', hex(cityHash64(number, 1)), '","title":"', repeat('a sentence of words that repeat ', 8), hex(cityHash64(number, 2)), '","n":', toString(number), ',"price":', toString(number % 1000 / 7), '}'),
      '{"email":"user@example.com","plan":"paid","signed_up":"2025-01-01T00:00:00Z","team":"growth and more than growth","note":"something"}', '{}', '{}' FROM numbers(${at}, ${Math.min(100000, EVENTS - at)})`, {});
  for (const [format, compression, theirs] of [["Parquet", "zstd", "Parquet"], ["JSONLines", "gzip", "JSONEachRow"]]) {
    const times = { ours: [], engine: [] }, bytes = {};
    const made = await call("POST", "", { name: format, interval: "hour", paused: true, destination: { type: "S3", config: { bucket_name: "bucket", region: "us-east-1", prefix: "p",
      aws_access_key_id: "KEY", aws_secret_access_key: "SECRET", endpoint_url: store.url, file_format: format, compression } } });
    for (let round = 0; round < ROUNDS; round++) {
      await call("POST", `${made.id}/backfills/`, { start_at: "2026-02-01T00:00:00Z", end_at: "2026-02-01T01:00:00Z" });
      let done;
      while (!done) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        const { results } = await call("GET", `${made.id}/runs/`);
        if (results.length > round && results[0].finished_at) [done] = results;
      }
      if (done.status !== "Completed" || done.records_completed !== EVENTS) throw new Error(JSON.stringify(done));
      times.ours.push((new Date(done.finished_at) - new Date(done.created_at)) / 1000);
      bytes.ours = store.taken();
      const begun = process.hrtime.bigint();
      await engine(ours.data, `INSERT INTO FUNCTION s3('${store.url}/bucket/k${round}', 'KEY', 'SECRET', '${theirs}', 'auto', '${format === "Parquet" ? "none" : "gzip"}') SELECT ${columns} FROM events WHERE ${where} ` +
        "SETTINGS s3_truncate_on_insert = 1", { output_format_parquet_compression_method: "zstd" });
      times.engine.push(Number(process.hrtime.bigint() - begun) / 1e9);
      bytes.engine = store.taken();
    }
    const [a, b] = [median(times.ours), median(times.engine)];
    console.log(`${format} ${compression}: ${Math.round(EVENTS / a)} rows/s (${bytes.ours >> 20} MiB), the engine alone ${Math.round(EVENTS / b)} (${bytes.engine >> 20} MiB); ratio ${(b / a).toFixed(2)}, goal 0.9`);
  }
  const peak = fs.readFileSync(`/proc/${child.pid}/status`, "utf8").match(/VmHWM:\s+(\d+)/)[1];
  console.log(`the server's memory at most ${Math.round(peak / 1024)} MiB`);
  store.stop();
});
