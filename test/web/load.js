// load.js - a module of web/src as Node can run it.
"use strict";
const path = require("node:path");
const Module = require("node:module");
const web = path.join(__dirname, "../../web");

module.exports = function load(file) {
  const { buildSync } = require(path.join(web, "node_modules/esbuild"));
  const { outputFiles } = buildSync({ absWorkingDir: web, entryPoints: [`src/${file}`], bundle: true, write: false,
    format: "cjs", platform: "node", jsx: "automatic", jsxImportSource: "preact", logLevel: "silent" });
  const made = new Module(file);
  made.paths = [path.join(web, "node_modules")];
  made._compile(outputFiles[0].text, path.join(web, "src", file));
  return made.exports;
};
