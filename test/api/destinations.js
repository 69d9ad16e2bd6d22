// destinations.js - real servers that exports go to, each started for a test and ended with it.
"use strict";
const { spawn, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const http = require("node:http");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");
const S3rver = require("s3rver");
const { mind, eventually } = require("./server.js");

const folder = () => fs.mkdtempSync(path.join(os.tmpdir(), "hoglet-destination-"));

// An S3 server that is not ours; it looks at the keys (S3RVER, S3RVER), not at signatures.
async function s3(...buckets) {
  const directory = folder();
  const server = new S3rver({ port: 0, address: "127.0.0.1", silent: true, directory,
    configureBuckets: buckets.map((name) => ({ name })) });
  const { port } = await server.run();
  return { url: `http://127.0.0.1:${port}`, directory,
    async stop() { await server.close(); fs.rmSync(directory, { recursive: true, force: true }); } };
}

// Azure Blob Storage, Microsoft's emulator.
async function azure() {
  const child = mind(spawn(process.execPath, [require.resolve("azurite/dist/src/blob/main.js"), "--inMemoryPersistence",
    "--blobHost", "127.0.0.1", "--blobPort", "0", "--disableTelemetry"], { cwd: os.tmpdir(), stdio: ["ignore", "pipe", "inherit"] }));
  let text = "";
  child.stdout.on("data", (chunk) => { text += chunk; });
  const url = await eventually(() => text.match(/successfully listens on (http:\S+)/)?.[1]);
  const account = "devstoreaccount1"; // the emulator's own, published
  const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
  return { connection: (secret = key) => `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${secret};` +
      `BlobEndpoint=${url}/${account};`,
    stop: () => new Promise((resolve) => { child.once("exit", resolve); child.kill("SIGTERM"); }) };
}

const free = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

// PostgreSQL 15, with TLS when asked for. It refuses to run as root.
async function postgres({ tls = false } = {}) {
  const bin = "/usr/lib/postgresql/15/bin", dir = folder(), data = path.join(dir, "data");
  const as = process.getuid() === 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];
  const run = (...args) => {
    const [program, ...rest] = [...as, ...args];
    const done = spawnSync(program, rest, { cwd: "/", encoding: "utf8" });
    if (done.status !== 0) throw new Error(`${args.join(" ")}: ${done.stderr}`);
    return done.stdout;
  };
  if (as.length) spawnSync("chown", ["postgres:postgres", dir]);
  fs.writeFileSync(path.join(os.tmpdir(), path.basename(dir) + ".pw"), "secret\n");
  const password = path.join(os.tmpdir(), path.basename(dir) + ".pw");
  if (as.length) spawnSync("chown", ["postgres:postgres", password]);
  run(`${bin}/initdb`, "-D", data, "-U", "hog", "--auth=scram-sha-256", `--pwfile=${password}`, "--no-sync", "-E", "UTF8");
  fs.rmSync(password);
  const port = await free();
  const flags = ["-D", data, "-k", dir, "-h", "127.0.0.1", "-p", String(port), "-c", "fsync=off"];
  if (tls) {
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2",
      "-keyout", path.join(data, "server.key"), "-out", path.join(data, "server.crt"));
    flags.push("-c", "ssl=on");
  }
  const [program, ...rest] = [...as, `${bin}/postgres`, ...flags];
  const child = mind(spawn(program, rest, { cwd: "/", stdio: "ignore" }));
  const sql = (text, { user = "hog", secret = "secret" } = {}) => {
    const done = spawnSync(`${bin}/psql`, ["-h", "127.0.0.1", "-p", String(port), "-U", user, "-d", "postgres", "-XAtc", text],
      { encoding: "utf8", env: { ...process.env, PGPASSWORD: secret } });
    if (done.status !== 0) throw new Error(done.stderr);
    return done.stdout.trim();
  };
  await eventually(() => { try { return sql("SELECT 1"); } catch { return undefined; } });
  return { port, sql, stop: () => new Promise((resolve) => {
    child.once("exit", () => { fs.rmSync(dir, { recursive: true, force: true }); resolve(); });
    child.kill("SIGINT");
  }) };
}

// The engine of a data folder as a ClickHouse server on TCP: all that its socket allows.
function clickhouse(data) {
  const server = http.createServer((req, res) => {
    const to = http.request({ socketPath: path.join(data, "engine.sock"), method: req.method, path: req.url, headers: req.headers },
      (answer) => { res.writeHead(answer.statusCode, answer.headers); answer.pipe(res); });
    to.on("error", () => res.destroy());
    req.pipe(to);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve({
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }) })));
}

module.exports = { s3, azure, postgres, clickhouse, free };
