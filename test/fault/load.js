// load.js - sends events and remembers which were acknowledged; compares that with what is stored.
//
// A lane is a chain of requests, one after another: people who come anonymously, are identified and
// aliased, with ids that occur once in the whole run. Everything follows from the seed.
"use strict";
const assert = require("node:assert");
const http = require("node:http");
const { engine, eventually, rows } = require("../api/server.js");
const { random } = require("../random.js");

// The run's seed: FAULT_SEED repeats one. Printed with every failure.
const seed = Number(process.env.FAULT_SEED) || Date.now() % 1e9;
const failed = (text) => `${text} (FAULT_SEED=${seed})`;

class Load {
  constructor(token, rand = random(seed)) {
    Object.assign(this, { token, rand, acknowledged: new Set(), sent: 0, refused: 0, people: 0 });
  }

  uuid() {
    const hex = () => Math.floor(this.rand() * 16).toString(16);
    return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, hex);
  }

  event(name, distinct_id, properties = {}) {
    return { event: name, distinct_id, uuid: this.uuid(), timestamp: new Date().toISOString(), properties };
  }

  // A person's life: anonymous, identified, under a second device, with an alias.
  person() {
    const n = ++this.people, id = `user-${n}`;
    const all = [this.event("visit", `anon-${n}`, { step: 1 }),
      this.event("$identify", id, { $anon_distinct_id: `anon-${n}`, $set: { plan: "free" } }),
      this.event("visit", `phone-${n}`), this.event("visit", id, { $set: { plan: `p-${n}` } }),
      this.event("$create_alias", id, { alias: `phone-${n}` }), this.event("visit", `phone-${n}`)];
    return all.slice(0, 2 + Math.floor(this.rand() * 5));
  }

  // 200: its events are acknowledged. null: no answer came.
  post(url, events) {
    const body = JSON.stringify({ api_key: this.token, batch: events });
    this.sent += events.length;
    return new Promise((resolve) => {
      const req = http.request(`${url}/batch/`, { method: "POST", agent: this.agent,
        headers: { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) } }, (res) => {
        if (res.statusCode === 200) for (const e of events) this.acknowledged.add(e.uuid);
        else this.refused += events.length;
        res.resume();
        res.on("close", () => resolve({ status: res.statusCode, headers: res.headers }));
      });
      req.on("error", () => resolve(null));
      req.end(body);
    });
  }

  // Sends until stop() says so or the server is gone; a person's events are spread over requests.
  async lane(url, stop, { size = 8, pad = 0 } = {}) {
    let waiting = [];
    while (!stop()) {
      while (waiting.length < size) waiting = waiting.concat(this.person());
      const batch = waiting.splice(0, 1 + Math.floor(this.rand() * size));
      if (pad) batch[0].properties.pad = "x".repeat(pad);
      if (!await this.post(url, batch)) return;
    }
  }

  async run(url, lanes, stop, options) {
    this.agent = new http.Agent({ keepAlive: true });
    await Promise.all(Array.from({ length: lanes }, () => this.lane(url, stop, options)));
    this.agent.destroy();
  }
}

// No merge takes away what was stored twice, from now on and after restarts.
async function keep_parts(data) {
  const answer = await engine(data, {}, { body: `ALTER TABLE events MODIFY SETTING
    max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1` });
  assert.strictEqual(answer.status, 200, answer.text);
}

// Is all stored that was acknowledged? The uuids that are, or null.
async function stored(data, load) {
  const all = await rows(data, "SELECT toString(uuid) AS u FROM events").catch(() => null);
  if (!all) return null; // the engine is being started
  const found = new Set(all.map((r) => r.u));
  for (const uuid of load.acknowledged) if (!found.has(uuid)) return null;
  return found;
}

// Sends one more event and waits until it and all that was acknowledged are stored: the batch that was
// under way has then been done again. Demands: each event once, with and without
// FINAL; each id one living person; each event's person, overridden, its id's person.
async function check(data, load, url) {
  const mark = await load.post(url, [load.event("mark", "mark")]);
  assert.strictEqual(mark?.status, 200, failed("the server does not take events"));
  const found = await eventually(async () => await stored(data, load) ?? undefined,
    failed("an acknowledged event is not stored"));
  const [count] = await rows(data, `SELECT count() AS n, uniqExact(uuid) AS u,
    (SELECT count() FROM events FINAL) AS f FROM events`);
  assert.strictEqual(count.n, count.u, failed("an event is stored twice"));
  assert.strictEqual(count.f, count.u, failed("FINAL differs"));
  assert.ok(count.u <= load.sent, failed("more is stored than was sent"));
  const astray = await rows(data, `
    SELECT distinct_id FROM person_distinct_ids FINAL WHERE person_id NOT IN
      (SELECT id FROM persons FINAL WHERE is_deleted = 0)`);
  assert.deepStrictEqual(astray, [], failed("ids without a living person"));
  const torn = await rows(data, `
    SELECT e.distinct_id AS id, e.event AS event FROM events e
    LEFT JOIN (SELECT * FROM person_overrides FINAL) o ON o.distinct_id = e.distinct_id
    LEFT JOIN (SELECT * FROM person_distinct_ids FINAL) d ON d.distinct_id = e.distinct_id
    WHERE if(o.version > 0, o.person_id, e.person_id) != d.person_id LIMIT 5`);
  assert.deepStrictEqual(torn, [], failed("events of another person than their id"));
  const halves = await rows(data, `
    SELECT substring(distinct_id, position(distinct_id, '-') + 1) AS n, uniqExact(person_id) AS people
    FROM person_distinct_ids FINAL
    WHERE n IN (SELECT substring(distinct_id, 6) FROM events WHERE event = '$identify')
      AND (startsWith(distinct_id, 'user-') OR startsWith(distinct_id, 'anon-'))
    GROUP BY n HAVING people != 1`);
  assert.deepStrictEqual(halves, [], failed("identified ids with two persons"));
  return found.size;
}

module.exports = { Load, check, keep_parts, stored, random, seed, failed };
