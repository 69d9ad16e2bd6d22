// The language model of a project, in place of the server's.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { start } = require("./server.js");
const { ask } = require("./conversation.js");
const { model, openai } = require("./model.js");

test("a project may ask a model of its own, whose key nobody sees again", async () => {
  const own = await model(), t = await start(["--allow-private", "127.0.0.1"]);
  const project = `/api/projects/${t.first.project_id}/`, path = `${project}assistant_model/`;
  const setting = (method, body, key) => t.call(method, path, { body, key });
  const say = async () => (await ask(t, `${project}conversations/`, { content: "hello", conversation: randomUUID(), trace_id: randomUUID() }))
    .list.filter((e) => e.event === "message").at(-1).data.content;
  own.script = [openai.text("from the project's")];
  assert.equal((await setting("GET")).status, 404);
  for (const [body, attr] of [[{}, "url"], [{ url: "ftp://x", model: "m" }, "url"], [{ url: own.url }, "model"],
    [{ url: own.url, model: "m", dialect: "french" }, "dialect"], [{ url: own.url, model: "m", key: "a\nb" }, "key"]]) {
    const reply = await setting("PUT", body);
    assert.deepEqual([reply.status, reply.json.attr], [400, attr]);
  }
  const put = await setting("PUT", { url: own.url, model: "theirs", key: "sk-secret" });
  assert.deepEqual([put.status, put.json.has_key, put.json.dialect, put.text.includes("sk-secret")], [200, true, "openai", false]);
  assert.equal(await say(), "from the project's");
  assert.deepEqual([own.requests[0].headers.authorization, own.requests[0].body.model], ["Bearer sk-secret", "theirs"]);
  await setting("PUT", { url: own.url, model: "another" });
  await say();
  assert.deepEqual([own.requests.at(-1).headers.authorization, own.requests.at(-1).body.model], ["Bearer sk-secret", "another"]);
  assert.equal((await setting("PUT", { url: `${own.url}/elsewhere`, model: "m" })).json.has_key, false);
  const member = t.cli("user", "add", "--email", "m@example.com").personal_api_key;
  assert.equal((await setting("GET", undefined, member)).status, 403);
  await setting("PUT", { url: "http://10.1.2.3/v1", model: "m" });
  assert.match(await say(), /does not accept/);
  assert.equal((await setting("DELETE")).status, 204);
  assert.match(await say(), /event of this project/); // the planner again
  assert.equal(await t.stop(), 0);
  own.stop();
});
