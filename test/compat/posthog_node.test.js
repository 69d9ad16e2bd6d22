// posthog-node, unmodified, against the server: what it sent is what is stored, in both capture
// forms, compressed and not; and it finds nothing to complain about.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const zlib = require("node:zlib");
const { PostHog } = require("posthog-node");
const { start, eventually, rows } = require("../api/server.js");

let s;
before(async () => { s = await start(); });
after(async () => assert.equal(await s.stop(), 0));

// A client of a new project whose requests are noted: {client, project, calls, sent()}.
function connect(mode, options) {
  const project = s.cli("project", "add", "--name", `node ${mode} ${JSON.stringify(options)}`);
  const calls = [], errors = [];
  process.env.POSTHOG_CAPTURE_MODE = mode;
  const client = new PostHog(project.api_token, {
    host: s.url, personalApiKey: s.first.personal_api_key, featureFlagsPollingInterval: 3600e3, ...options,
    fetch: async (url, init) => {
      const reply = await fetch(url, init);
      calls.push({ path: new URL(url).pathname, status: reply.status, body: await text(init) });
      return reply;
    },
  });
  delete process.env.POSTHOG_CAPTURE_MODE;
  client.on("error", (error) => errors.push(error));
  const sent = () => calls.flatMap((c) => (c.body?.batch ?? []));
  return { client, project, calls, errors, sent };
}

async function text(init) {
  if (!init.body) return undefined;
  const bytes = Buffer.from(await new Response(init.body).arrayBuffer());
  const plain = bytes[0] === 0x1f ? zlib.gunzipSync(bytes) : bytes;
  return JSON.parse(plain.toString());
}

const stored = (project, n) => eventually(async () => {
  const found = await rows(s.data, `SELECT * FROM events FINAL WHERE team_id = ${project.id}`);
  return found.length >= n ? found.map((r) => ({ ...r, properties: JSON.parse(r.properties),
    person_properties: JSON.parse(r.person_properties) })) : undefined;
});

// The properties of an event as sent, and what the server adds.
function expected(mode, event, row) {
  const properties = { ...event.properties, $ip: "127.0.0.1", $sent_at: row.properties.$sent_at };
  if (event.properties.$groups) properties.$group_0 = event.properties.$groups.company;
  if (properties.$process_person_profile === true) delete properties.$process_person_profile;
  if (mode === "v1") {
    properties.$lib = "posthog-node";
    properties.$lib_version = row.properties.$lib_version;
    const profile = event.options?.process_person_profile;
    if (profile === false) properties.$process_person_profile = false;
  }
  return properties;
}

// The same asked back through the API, as a user would.
async function asked(mode, project, sent, found) {
  const api = async (path, body) => {
    const reply = await s.call(body ? "POST" : "GET", `/api/projects/${project.id}/${path}`, { body });
    assert.equal(reply.status, 200, `${path}: ${reply.text}`);
    return reply.json;
  };
  const listed = (await api("events/?limit=100&after=2020-01-01")).results;
  assert.equal(listed.length, found.length);
  for (const event of sent) {
    const seen = listed.find((r) => r.id === event.uuid), row = found.find((r) => r.uuid === event.uuid);
    assert.deepEqual([seen.event, seen.distinct_id, Date.parse(seen.timestamp)],
      [event.event, event.distinct_id, Date.parse(event.timestamp)]);
    assert.deepEqual(seen.properties, expected(mode, event, row), event.event);
  }
  const bought = sent.find((e) => e.event === "bought");
  assert.equal((await api(`events/${bought.uuid}/`)).properties.price, 10);

  const [ann] = (await api("persons/?distinct_id=ann-phone")).results;
  assert.deepEqual([...ann.distinct_ids].sort(), ["ann", "ann-phone", "anon"]);
  assert.deepEqual([ann.properties.email, ann.properties.plan, ann.properties.first], ["ann@x.io", "paid", "2026"]);
  assert.deepEqual((await api("persons/?distinct_id=quiet")).results, [], "no profile was wanted");

  const query = async (text) => (await api("query/", { query: { kind: "HogQLQuery", query: text } })).results;
  assert.deepEqual(await query("select count(), uniq(person_id) from events where event = 'late'"), [[50, 1]]);
  assert.deepEqual(await query(`select person.properties.email, properties.price, $group_0, properties.$groups.company
    from events where event = 'bought'`), [["ann@x.io", 10, "acme", "acme"]]);
  assert.deepEqual(await query("select properties.text from events where event = 'visited'"),
    [["ümläut \u0000 \"quoted\" 😀"]]);
  assert.deepEqual(await query("select properties.seats from groups"), [["5"]]);

  const names = async (path) => (await api(path)).results.map((r) => r.name);
  const events = await names("event_definitions/?limit=100");
  for (const event of sent) assert.ok(events.includes(event.event), event.event);
  const [price] = (await api("property_definitions/?search=price")).results;
  assert.deepEqual([price.name, price.property_type, price.is_numerical], ["price", "Numeric", true]);
}

for (const mode of ["v0", "v1"])
  for (const disableCompression of [false, true])
    test(`${mode}, ${disableCompression ? "plain" : "compressed"}`, async () => {
      const { client, project, calls, errors, sent } = connect(mode, { disableCompression, flushAt: 3 });
      const when = new Date("2026-02-03T04:05:06.789Z");
      client.capture({ distinctId: "anon", event: "visited", timestamp: when,
        properties: { n: 1.5, big: 9007199254740993, text: "ümläut \u0000 \"quoted\" 😀", list: [1, { a: null }], yes: true } });
      client.identify({ distinctId: "ann", properties: { $anon_distinct_id: "anon", $set: { email: "ann@x.io", plan: "free" }, $set_once: { first: "2026" } } });
      client.alias({ distinctId: "ann", alias: "ann-phone" });
      client.groupIdentify({ groupType: "company", groupKey: "acme", properties: { seats: 5, name: "Acme" } });
      client.capture({ distinctId: "ann-phone", event: "bought", groups: { company: "acme" }, properties: { $set: { plan: "paid" }, price: 10 } });
      client.capture({ distinctId: "quiet", event: "seen", properties: { $process_person_profile: false } });
      await client.flush();
      await client.captureImmediate({ distinctId: "ann", event: "at once", properties: { now: true } });
      assert.equal(sent().at(-1).event, "at once");
      for (let i = 0; i < 50; i++) client.capture({ distinctId: "ann", event: "late", properties: { i } });
      await client.shutdown();

      assert.equal(sent().length, 57);
      assert.deepEqual(errors, []);
      const path = mode === "v1" ? "/i/v1/analytics/events" : "/batch/";
      for (const call of calls) if (call.body?.batch) assert.deepEqual([call.path, call.status], [path, 200]);

      const found = await stored(project, 57);
      assert.equal(found.length, 57);
      for (const event of sent()) {
        const row = found.find((r) => r.uuid === event.uuid);
        assert.ok(row, `${event.event} ${event.uuid} is stored`);
        assert.equal(row.event, event.event);
        assert.equal(row.distinct_id, event.distinct_id);
        assert.equal(Date.parse(`${row.timestamp.replace(" ", "T")}Z`), Date.parse(event.timestamp));
        assert.deepEqual(row.properties, expected(mode, event, row), event.event);
      }

      const row = (event) => found.find((r) => r.event === event);
      const people = new Set(["visited", "$identify", "$create_alias", "bought", "at once", "late"].map((e) => row(e).person_id));
      assert.equal(people.size, 1, "one person behind anon, ann and ann-phone");
      assert.equal(row("bought").person_properties.plan, "paid");
      assert.equal(row("bought").person_properties.email, "ann@x.io");
      assert.equal(row("bought").$group_0, "acme");
      assert.equal(row("seen").person_mode, "propertyless");
      assert.deepEqual(row("seen").person_properties, {});
      const [person] = await rows(s.data, `SELECT properties, is_identified FROM persons FINAL WHERE id = '${row("late").person_id}'`);
      assert.equal(person.is_identified, 1);
      const { email, plan, first } = JSON.parse(person.properties);
      assert.deepEqual({ email, plan, first }, { email: "ann@x.io", plan: "paid", first: "2026" });
      const groups = await rows(s.data, `SELECT \`index\`, key, properties FROM groups FINAL WHERE team_id = ${project.id}`);
      assert.deepEqual(groups.map((g) => ({ ...g, properties: JSON.parse(g.properties) })),
        [{ index: 0, key: "acme", properties: { seats: 5, name: "Acme" } }]);
      await asked(mode, project, sent(), found);
    });

test("feature flag calls are answered, and leave the client quiet", async () => {
  const { client, calls, errors } = connect("v0", {});
  await client.waitForLocalEvaluationReady();
  assert.equal(await client.isFeatureEnabled("none", "ann"), undefined);
  assert.equal(await client.getFeatureFlagPayload("none", "ann"), undefined);
  assert.deepEqual(await client.getAllFlags("ann"), {});
  assert.deepEqual(await client.getAllFlagsAndPayloads("ann", { groups: { company: "acme" } }),
    { featureFlags: {}, featureFlagPayloads: {} });
  await client.reloadFeatureFlags();
  await client.shutdown();
  assert.deepEqual(errors, []);
  const paths = new Set(calls.map((c) => c.path));
  assert.ok(paths.has("/flags/") && paths.has("/flags/definitions"), [...paths].join());
  for (const call of calls) assert.ok([200, 304].includes(call.status), `${call.path} ${call.status}`);
});
