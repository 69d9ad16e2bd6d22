// The command line: each command with and without a running server, settings and their order, errors,
// the socket in the data folder, one server to a folder.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { spawn, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");
const { start, serve, end, mind, hoglet, bin, eventually } = require("./server.js");

let s, dir;
before(async () => {
  s = await start();
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "hoglet-cli-"));
});
after(async () => {
  assert.equal(await s.stop(), 0);
  fs.rmSync(dir, { recursive: true, force: true });
});

function run(args, env = {}) {
  const done = spawnSync(bin, args, { encoding: "utf8", env: { ...process.env, ...env } });
  return { code: done.status, out: done.stdout, err: done.stderr };
}
const folder = (name, ...flags) => {
  const data = path.join(dir, name);
  return { data, first: JSON.parse(hoglet("init", "--data", data, "--email", "a@example.com",
    "--password", "correct horse", "--json", ...flags)) };
};
const commands = ["init", "serve", "engine", "user add", "org add", "project add", "key add", "demo", "doctor"];

test("each command tells its flags", () => {
  const all = run(["--help"]);
  assert.equal(all.code, 0);
  for (const name of commands) {
    assert.match(all.out, new RegExp(`^  ${name} +\\w`, "m"));
    const help = run([...name.split(" "), "--help"]);
    assert.equal(help.code, 0, name);
    assert.match(help.out, new RegExp(`^usage: hoglet ${name} (--data DIR|\\[--data DIR\\])`));
    assert.match(help.out, /^  --data DIR +the data folder$/m);
    assert.equal(help.err, "");
  }
  assert.match(run(["--version"]).out, /^hoglet \d+\.\d+\.\d+\n$/);
});

test("usage errors exit 2 with one line", () => {
  const cases = [
    [["serve"], "hoglet: --data is missing\n"],
    [["serve", "--data", dir, "--lisen", "x"], "hoglet: unknown flag --lisen\n"],
    [["serve", "--data"], "hoglet: --data needs a value\n"],
    [["serve", "--data", dir, "extra"], "hoglet: unexpected argument extra\n"],
    [["serve", "--data", dir, "--email", "x"], "hoglet: unknown flag --email\n"],
    [["serve", "--data", dir, "--debug=maybe"], "hoglet: --debug=maybe is on or off, not maybe\n"],
    [["user", "add", "--data", dir], "hoglet: --email is missing\n"],
  ];
  for (const [args, said] of cases) assert.deepEqual(run(args), { code: 2, out: "", err: said });
  assert.deepEqual(run(["serve", "--data", dir], { HOGLET_LISEN: "x" }),
    { code: 2, out: "", err: "hoglet: there is no setting HOGLET_LISEN\n" });
  for (const args of [[], ["nothing"], ["user"]]) {
    const { code, out, err } = run(args);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /usage: hoglet COMMAND/);
  }
});

test("init makes a folder once, and whole", () => {
  const { data, first } = folder("once", "--org", "Acme", "--project", "Shop");
  assert.deepEqual(Object.keys(first),
    ["organization_id", "project_id", "project_api_key", "personal_api_key", "email"]);
  assert.match(first.project_api_key, /^phc_/);
  assert.match(first.personal_api_key, /^phx_/);
  assert.equal(fs.statSync(data).mode & 0o777, 0o700);
  assert.equal(fs.statSync(path.join(data, "meta.db")).mode & 0o777, 0o600);
  const was = fs.readFileSync(path.join(data, "meta.db"));
  const again = run(["init", "--data", data, "--email", "b@example.com", "--password", "correct horse"]);
  assert.deepEqual(again, { code: 1, out: "", err: `hoglet: ${data} is initialised already; nothing was changed\n` });
  assert.deepEqual(fs.readFileSync(path.join(data, "meta.db")), was);
  for (const [email, password, said] of [["nobody", "correct horse", "nobody is no email address"],
    ["a@b.c", "short", "the password must have at least 8 characters"]]) {
    const bad = run(["init", "--data", path.join(dir, "bad"), "--email", email, "--password", password]);
    assert.deepEqual(bad, { code: 1, out: "", err: `hoglet: ${said}\n` });
    assert.ok(!fs.existsSync(path.join(dir, "bad")), "nothing is left of a failed init");
  }
});

// The same commands on a folder with a server and on one without.
for (const running of [true, false])
  test(`administration ${running ? "while the server runs" : "without a server"}`, async () => {
    const { data, first } = running ? { data: s.data, first: s.first } : folder("stopped");
    const ask = (...args) => JSON.parse(hoglet(...args, "--data", data, "--json"));
    const fails = (said, ...args) => assert.deepEqual(run([...args, "--data", data]),
      { code: 1, out: "", err: `hoglet: ${said}\n` }, args.join(" "));
    const org = ask("org", "add", "--name", "Second");
    assert.deepEqual(Object.keys(org), ["id", "name", "project_id", "api_token"]);
    const project = ask("project", "add", "--name", "App", "--org", org.id);
    assert.equal(project.organization_id, org.id);
    assert.match(project.api_token, /^phc_/);
    const user = ask("user", "add", "--email", "ann@example.com", "--password", "correct horse",
      "--org", first.organization_id, "--level", "admin");
    assert.deepEqual(Object.keys(user), ["id", "uuid", "email", "personal_api_key"]);
    const key = ask("key", "add", "--email", "ann@example.com", "--scopes", "dashboard:read, query:read",
      "--teams", String(first.project_id), "--label", "ci");
    assert.deepEqual(Object.keys(key), ["id", "value"]);

    fails("there is a user ann@example.com already", "user", "add", "--email", "ann@example.com");
    fails("--level is member, admin or owner, not king", "user", "add", "--email", "x@example.com", "--level", "king");
    fails("there is no organization nowhere", "user", "add", "--email", "x@example.com", "--org", "nowhere");
    fails("there is no organization nowhere", "project", "add", "--name", "P", "--org", "nowhere");
    fails("there is no user nobody@example.com", "key", "add", "--email", "nobody@example.com", "--scopes", "*");
    fails('there is no scope "dashbord:read"', "key", "add", "--email", "ann@example.com", "--scopes", "dashbord:read");
    fails('there is no scope ""', "key", "add", "--email", "ann@example.com", "--scopes", "query:read,");
    fails("there is no project 999", "key", "add", "--email", "ann@example.com", "--scopes", "*", "--teams", "999");
    fails("--name must be a text of 1 to 250 characters", "org", "add", "--name", " ");

    const text = hoglet("project", "add", "--data", data, "--name", "Text");
    assert.match(text, /^id: \d+\norganization_id: \S+\nname: Text\napi_token: phc_\w+\n$/);

    const server = running ? null : serve(data);
    const url = running ? s.url : await server.ready;
    const get = async (where, bearer) => (await fetch(url + where, { headers: { Authorization: `Bearer ${bearer}` } })).json();
    const me = await get("/api/users/@me/", user.personal_api_key);
    assert.deepEqual([me.id ?? user.id, me.uuid, me.email], [user.id, user.uuid, user.email]);
    assert.deepEqual((await get("/api/personal_api_keys/@current", key.value)).scopes, ["dashboard:read", "query:read"]);
    assert.equal((await get(`/api/organizations/${first.organization_id}/`, user.personal_api_key)).membership_level, 8);
    if (server) {
      assert.equal(await end(server.child), 0);
    }
  });

test("a folder that is none is said to be none", () => {
  for (const command of [["serve"], ["org", "add", "--name", "x"]])
    assert.deepEqual(run([...command, "--data", dir]), { code: 1, out: "",
      err: `hoglet: ${dir} is not a data folder; make one with hoglet init\n` });
});

test("the socket is the owner's alone, and refuses what it does not know", async () => {
  const socketPath = path.join(s.data, "admin.sock");
  assert.equal(fs.statSync(socketPath).mode & 0o777, 0o600);
  const ask = (method, where, body) => new Promise((resolve, reject) => {
    const req = http.request({ socketPath, method, path: where }, (res) => {
      let text = "";
      res.on("data", (c) => { text += c; });
      res.on("end", () => resolve({ status: res.statusCode, json: JSON.parse(text) }));
    });
    req.on("error", reject);
    req.end(body);
  });
  const status = await ask("GET", "/status");
  assert.equal(status.json.url, s.url);
  assert.equal(status.json.pid, s.pid);
  assert.equal((await ask("POST", "/change/sudo", "{}")).status, 404);
  assert.equal((await ask("POST", "/change/org%20add", "{")).status, 400);
  assert.equal((await ask("POST", "/change/org%20add", '{"nme":"x"}')).json.error, "there is no setting nme");
  assert.equal((await ask("POST", "/change/org%20add", `{"name":"${"x".repeat(70000)}"}`)).status, 413);
});

test("a folder has one server", async () => {
  assert.deepEqual(run(["serve", "--data", s.data, "--listen", "127.0.0.1:0"]),
    { code: 1, out: "", err: `hoglet: another hoglet has ${s.data}\n` });
  assert.equal((await s.call("GET", "/_readyz")).status, 200, "the first one is not disturbed");
  hoglet("org", "add", "--data", s.data, "--name", "Still there");
});

test("after kill -9 the folder is free at once", async () => {
  const { data } = folder("killed");
  const one = serve(data);
  await one.ready;
  one.child.removeAllListeners("exit");
  const gone = new Promise((resolve) => one.child.once("exit", resolve));
  one.child.kill("SIGKILL");
  await gone;
  hoglet("org", "add", "--data", data, "--name", "In between");
  const two = serve(data);
  await two.ready;
  assert.equal(await end(two.child), 0);
  assert.ok(!fs.existsSync(path.join(data, "admin.sock")), "a server that ends leaves no socket");
});

test("settings: default, file, environment, flag", () => {
  const { data } = folder("settings");
  const conf = path.join(data, "hoglet.conf");
  const shown = (flags, env) => {
    const { code, out, err } = run(["serve", "--data", data, "--print-config", ...flags], env);
    assert.equal(err, "");
    assert.equal(code, 0);
    return Object.fromEntries(out.trim().split("\n").map((line) => {
      const hit = line.match(/^(?:# )?(\S+) = (.*?) *# ([a-z ]+)$/);
      return [hit[1], [hit[2], hit[3]]];
    }));
  };
  assert.deepEqual(shown([]).listen, ["127.0.0.1:8000", "default"]);
  assert.deepEqual(shown([])["public-url"], ["", "not set"]);
  fs.writeFileSync(conf, "# ours\n\nlisten = 127.0.0.1:1\npublic-url=https://file.example\ndebug = on\nemail = for@another.command\n");
  assert.deepEqual(shown([]).listen, ["127.0.0.1:1", "file"]);
  assert.deepEqual(shown([]).debug, ["on", "file"]);
  const env = { HOGLET_LISTEN: "127.0.0.1:2", HOGLET_EMAIL: "x", HOGLET_DEBUG: "off" };
  assert.deepEqual(shown([], env).listen, ["127.0.0.1:2", "environment"]);
  assert.deepEqual(shown([], env).debug, ["off", "environment"]);
  assert.deepEqual(shown(["--listen", "127.0.0.1:3"], env).listen, ["127.0.0.1:3", "flag"]);
  assert.deepEqual(shown(["--listen=127.0.0.1:3"], env)["public-url"], ["https://file.example", "file"]);
  for (const [line, said] of [["lissen = x", "there is no setting lissen"], ["listen", "a line is `name = value`"],
    ["debug = maybe", "debug is on or off, not maybe"]]) {
    fs.writeFileSync(conf, `# one\n${line}\n`);
    assert.deepEqual(run(["serve", "--data", data]), { code: 2, out: "", err: `hoglet: ${conf}:2: ${said}\n` });
  }
});

test("secrets may stand in files, and are not shown", () => {
  const file = path.join(dir, "password");
  fs.writeFileSync(file, "correct horse\n");
  const data = path.join(dir, "secret");
  const env = { HOGLET_PASSWORD_FILE: file, HOGLET_DATA: data };
  const made = run(["init", "--email", "a@example.com"], env);
  assert.equal(made.code, 0, made.err);
  assert.ok(!made.out.includes("correct horse"));
  const lost = run(["init", "--email", "a@example.com"], { HOGLET_PASSWORD_FILE: "/nowhere", HOGLET_DATA: data });
  assert.deepEqual([lost.code, lost.err], [2, "hoglet: cannot read /nowhere: No such file or directory\n"]);
  assert.equal(run(["serve"], { HOGLET_LISTEN_FILE: file, HOGLET_DATA: data }).err,
    "hoglet: there is no setting HOGLET_LISTEN_FILE\n");
});

test("bad settings of serve are refused before anything starts", () => {
  const { data } = folder("refused");
  for (const [flags, said] of [
    [["--clock", "yesterday"], "--clock must be a time like 2020-01-20T12:00:00Z"],
    [["--log-format", "xml"], "--log-format is logfmt or json, not xml"],
    [["--engine-memory", "much"], "--engine-memory must be a size like 512M, not much"],
    [["--listen", "8000"], "--listen must be HOST:PORT, not 8000"],
  ]) assert.deepEqual(run(["serve", "--data", data, ...flags]), { code: 1, out: "", err: `hoglet: ${said}\n` });
});

test("log lines as JSON, also what the engine prints in a form of its own", async () => {
  const { data } = folder("logs");
  const engine = `${data}-engine.sh`;
  fs.writeFileSync(engine, `#!/bin/sh\necho 'not a "log" line' >&2\nexec ${bin} "$@"\n`, { mode: 0o755 });
  const child = mind(spawn(bin, ["serve", "--data", data, "--listen", "127.0.0.1:0", "--log-format", "json", "--debug", "--engine-program", engine],
    { stdio: ["ignore", "pipe", "pipe"] }));
  let out = "", err = "";
  child.stdout.on("data", (c) => { out += c; });
  child.stderr.on("data", (c) => { err += c; });
  const url = await eventually(() => out.match(/ready at (\S+)/)?.[1]);
  const reply = await fetch(`${url}/api/users/@me/?x=%22`);
  const id = reply.headers.get("x-request-id");
  const line = await eventually(() => err.split("\n").filter((l) => l.includes(id)).map((l) => JSON.parse(l))[0]);
  assert.ok(line.route.startsWith("/api/users/"));
  assert.deepEqual([line.level, line.method, line.status], ["debug", "GET", "401"]);
  const lines = err.trim().split("\n").map((l) => JSON.parse(l));
  assert.deepEqual(lines.filter((l) => l.text).map((l) => [l.level, l.msg, l.text])[0],
    ["warn", "the engine printed", 'not a "log" line']);
  assert.equal(await end(child), 0);
});

test("doctor: a line a check, and what to do", async () => {
  const doctor = (data, ...flags) => {
    const { code, out, err } = run(["doctor", "--data", data, "--json", ...flags]);
    const report = JSON.parse(out);
    assert.equal(code, report.ok ? 0 : 1, err);
    return Object.fromEntries(report.checks.map((c) => [c.name, c]));
  };
  const well = doctor(s.data);
  assert.deepEqual(Object.keys(well), ["data folder", "disk", "metadata", "journal", "library", "engine", "address",
    "clock", "file limit", "memory"]);
  for (const c of Object.values(well)) if (c.name !== "library") assert.notEqual(c.status, "fail", JSON.stringify(c));
  assert.equal(well.address.message, `the server runs at ${s.url}`);
  assert.equal(well.engine.message, "answers");

  const { data } = folder("ill");
  const taken = ["--listen", s.url.replace("http://", "")];
  fs.chmodSync(data, 0o755);
  const ill = doctor(data, ...taken, "--library", "/nowhere.so", "--engine-program", "/bin/false");
  assert.deepEqual([ill["data folder"].status, ill["data folder"].advice], ["warn", `others can read keys and events: chmod 700 ${data}`]);
  assert.equal(ill.address.status, "fail");
  assert.match(ill.address.message, /Address already in use/);
  assert.deepEqual([ill.library.status, ill.library.message], ["fail", "libchdb.so was not found at /nowhere.so"]);
  assert.equal(ill.engine.status, "fail");
  assert.equal(ill.metadata.status, "ok");
  const meta = path.join(data, "meta.db"), good = fs.readFileSync(meta), bad = Buffer.from(good);
  bad.fill(0x55, 4096, 12288);
  fs.writeFileSync(meta, bad);
  assert.equal(doctor(data, ...taken, "--engine-program", "/bin/false").metadata.status, "fail");
  fs.writeFileSync(meta, good);
  assert.equal(doctor(path.join(dir, "none"))["data folder"].status, "fail");
  const text = run(["doctor", "--data", s.data]).out;
  assert.match(text, /^ok    address      the server runs at http/m);
});
