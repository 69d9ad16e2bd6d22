// build.mjs DIR - bundle the page into DIR: scripts, styles, icon, licences, all under names that
// change with their contents, and index.html, which names them.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const web = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(process.argv[2]);
fs.rmSync(out, { recursive: true, force: true });
fs.mkdirSync(out, { recursive: true });

const { metafile } = await build({
  absWorkingDir: web,
  entryPoints: ["src/app.tsx"],
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "none", // licences.txt has them whole
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  metafile: true,
  logLevel: "warning",
});

const write = (name, text) => {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8).toUpperCase();
  const file = name.replace(".", `-${hash}.`);
  fs.writeFileSync(path.join(out, file), text);
  return file;
};

// The licence of each package that is in the bundle.
const packages = new Set(Object.keys(metafile.inputs)
  .map((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1]).filter(Boolean));
const licences = [...packages].sort().map((name) => {
  const dir = path.join(web, "node_modules", name);
  const file = fs.readdirSync(dir).find((f) => /^licen[cs]e(\.\w+)?$/i.test(f));
  if (!file) throw new Error(`build: ${name} has no licence file`);
  return `${name}\n\n${fs.readFileSync(path.join(dir, file), "utf8").trim()}\n`;
});

const [entry, made] = Object.entries(metafile.outputs).find(([, o]) => o.entryPoint === "src/app.tsx");
const url = (file) => `/assets/${path.basename(file)}`;
const preload = made.imports.filter((i) => i.kind === "import-statement")
  .map((i) => `<link rel="modulepreload" href="${url(i.path)}">`);
const icon = url(write("icon.svg", fs.readFileSync(path.join(web, "src/ui/icon.svg"), "utf8")));
const licence = url(write("licences.txt", licences.join(`\n${"-".repeat(72)}\n\n`)));

fs.writeFileSync(path.join(out, "index.html"), fs.readFileSync(path.join(web, "src/index.html"), "utf8")
  .replace("<!-- head -->", [
    `<link rel="icon" type="image/svg+xml" href="${icon}">`,
    `<link rel="license" href="${licence}">`,
    `<link rel="stylesheet" href="${url(made.cssBundle)}">`,
    ...preload,
    `<script type="module" src="${url(entry)}"></script>`,
  ].join("\n")));
