// clock_server.js - a server whose clock is set, and which can be ended, or killed, and started again later.
"use strict";
const { start, serve, end, mind } = require("./server.js");

// As start(); later(clock) starts it again on its data at that time, kill() ends it as a power cut would.
async function start_at(clock, flags = []) {
  const s = await start([...flags, "--clock", clock]);
  let { child, url } = s;
  const call = (method, where, options) => s.call(method, where.startsWith("http") ? where : url + where, options);
  const kill = () => new Promise((resolve) => { child.removeAllListeners("exit"); child.once("exit", resolve); child.kill("SIGKILL"); });
  async function later(to, { killed = false, more = [] } = {}) {
    if (!killed) await end(child);
    const next = serve(s.data, [...flags, ...more, "--clock", to]);
    child = mind(next.child);
    url = await next.ready;
  }
  async function stop() {
    const code = await end(child);
    require("node:fs").rmSync(s.dir, { recursive: true, force: true });
    return code;
  }
  return { ...s, call, later, kill, stop };
}

module.exports = { start_at };
