// Many editors of one dashboard at a time: no change that was acknowledged is lost, and nobody sees one
// half made.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { start } = require("./server.js");

let s;
before(async () => { s = await start(); });
after(async () => assert.equal(await s.stop(), 0));

const CLIENTS = 50;
const boards = "/api/projects/@current/dashboards/";
const ok = async (method, where, body) => {
  const { status, json } = await s.call(method, where, { body });
  assert.ok(status < 300, JSON.stringify([method, where, status, json]));
  return json;
};

test("fifty editors lose nothing, readers see whole changes only", async () => {
  const { id } = await ok("POST", boards, { name: "0", description: "0", tags: ["n0"] });
  const at = `${boards}${id}/`;
  const shared = (await ok("POST", `${at}create_text_tile/`, { body: "shared 0" })).id;
  let writing = true, reads = 0;
  // what one request writes together is read together
  const whole = (d) => {
    assert.equal(d.name, d.description);
    assert.deepEqual(d.tags, [`n${d.name}`]);
    const pairs = d.tiles.filter((t) => /^pair/.test(t.text.body)).map((t) => t.text.body.split(" ")[1]);
    for (const n of pairs) assert.equal(pairs.filter((one) => one === n).length, 2, `half of ${n}`);
  };
  const reader = async () => { while (writing) { whole(await ok("GET", at)); reads++; } };
  const mine = [];
  const editor = async (n) => {
    const tile = await ok("POST", `${at}create_text_tile/`, { body: `own ${n}` });
    await ok("PATCH", at, { name: `${n}`, description: `${n}`, tags: [`n${n}`],
      tiles: [{ text: { body: `pair ${n}` } }, { text: { body: `pair ${n}` } }] });
    await ok("POST", `${at}update_text_tile/`, { tile_id: tile.id, body: `mine ${n}` });
    whole(await ok("PATCH", at, { tiles: [{ id: tile.id, color: `c${n}`, layouts: { sm: { x: 0, y: n, w: 6, h: 5 } } }, { id: shared, color: `c${n}` }] }));
    mine[n] = tile.id;
  };
  const readers = [reader(), reader()];
  await Promise.all(Array.from({ length: CLIENTS }, (_, n) => editor(n)));
  writing = false;
  await Promise.all(readers);
  assert.ok(reads > 0);

  const d = await ok("GET", at);
  whole(d);
  assert.equal(d.tiles.length, 1 + 3 * CLIENTS);
  for (let n = 0; n < CLIENTS; n++) {
    const tile = d.tiles.find((t) => t.id === mine[n]);
    assert.deepEqual([tile.text.body, tile.color, tile.layouts.sm.y], [`mine ${n}`, `c${n}`, n]);
    assert.equal(d.tiles.filter((t) => t.text.body === `pair ${n}`).length, 2);
  }
  // each of the four saves of each client is a version, without a gap
  const versions = await ok("GET", `${at}versions/?limit=1000`);
  assert.deepEqual(versions.results.map((v) => v.version), Array.from({ length: 2 + 4 * CLIENTS }, (_, i) => 2 + 4 * CLIENTS - i));
  // and what each says it changed, laid one after another, ends at what is there
  assert.deepEqual(versions.results.flatMap((v) => v.changes).find((c) => c.field === "name").after, d.name);
});

test("fifty clients move tiles between two dashboards: none is lost or doubled", async () => {
  const a = (await ok("POST", boards, { name: "a" })).id, b = (await ok("POST", boards, { name: "b" })).id;
  const ids = [];
  for (let i = 0; i < 10; i++) ids.push((await ok("POST", `${boards}${a}/create_text_tile/`, { body: `t${i}` })).id);
  const move = (from, to, id) => s.call("POST", `${boards}${from}/move_tile/`, { body: { to_dashboard: to, tile: { id } } });
  await Promise.all(Array.from({ length: CLIENTS }, async (_, n) => {
    const id = ids[n % ids.length], [from, to] = n % 2 ? [a, b] : [b, a];
    const { status } = await move(from, to, id);
    assert.ok(status === 200 || status === 404, String(status)); // 404: another client was first
  }));
  const shown = await Promise.all([a, b].map((id) => ok("GET", `${boards}${id}/`)));
  assert.deepEqual(shown.flatMap((d) => d.tiles.map((t) => t.id)).sort((x, y) => x - y), ids);
});
