#!/usr/bin/env node
/**
 * Puts what the image holds into a folder: the built code, the models, the schemas, and of node_modules what a running
 * worker loads on this platform. The Dockerfile runs it, and so does its test.
 *
 *   node scripts/image-files.mjs FOLDER     the folder is made; it must be empty or absent. Build first.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Of our own. */
const OWN = ["package.json", "LICENSE", "dist/src", "dist/workers", "models", "schema", "examples"];

/** What lies beside the models and is for training alone: checkpoints, and labelled data. */
const TRAINING = /(^|\/)[^/]+\.run(\/|$)|^models\/mail-names\//;

/** What Node loads, what programs read, and what licences ask to be kept; no types, maps, docs or sources. */
const KEPT = /\.(js|cjs|mjs|json|node|wasm|so|so\.\d+)$/;
const LEGAL = /(^|\/)(licen[cs]e|notice|copying|copyright|third-?party)[^/]*$/i;

/** Right below a package. Deeper, `doc` or `test` may be code. */
const SIDE_FOLDERS =
  /^(\.github|test|tests|spec|specs|docs?|examples?|bench|benchmarks?|coverage|types|man)\//;

/** What a package brings that is for its installation, for browsers, or for the other kind of modules. */
const UNUSED = {
  "onnxruntime-node": {
    needs: ["adm-zip", "global-agent"], // its install script, which is not run
    files: new RegExp(`^(script|lib)/|^bin/(?!napi-v\\d+/${process.platform}/${process.arch}/)`),
  },
  "onnxruntime-common": { files: /^(lib|dist\/esm)\// },
  "@bokuweb/zstd-wasm": { files: /^dist\/(web|esm)\// },
  "lru-cache": { files: /^dist\/(commonjs|esm\/(browser|react-native))\// },
  protobufjs: { needs: ["@types/node"], files: /^(dist|cli|scripts|ext)\// },
  yaml: { files: /^browser\// },
  zod: { files: /^src\// },
};

const [target, ...rest] = process.argv.slice(2);
if (target === undefined || rest.length > 0) fail("usage: node scripts/image-files.mjs FOLDER");
if (existsSync(target) && readdirSync(target).length > 0) fail(`${target} is not empty`);
if (!existsSync(join(ROOT, "dist/src/main.js"))) fail("dist is missing; run npm run build first");

// The user of the image reads all of it, whatever the rights of this checkout.
process.umask(0o022);
for (const path of OWN) copyOwn(path);
const packages = neededPackages();
for (const [path, manifest] of packages) copyPackage(path, manifest.name);

function copyOwn(path) {
  const files = path.includes(".") || path === "LICENSE" ? [path] : filesBelow(path);
  // Models and examples hold data of any kind; code is what `tsc` makes.
  const wanted = path.startsWith("dist/")
    ? files.filter((file) => file.endsWith(".js"))
    : files.filter((file) => !TRAINING.test(file.split(sep).join("/")));
  for (const file of wanted) copy(file);
}

/** Every package that is reached from our dependencies, by its folder, as Node would find it. */
function neededPackages() {
  const found = new Map();
  const waiting = [{ from: "", manifest: readManifest("package.json"), required: true }];
  for (const { from, manifest } of waiting) {
    const skipped = UNUSED[manifest.name]?.needs ?? [];
    const wanted = { ...manifest.optionalDependencies, ...manifest.dependencies };
    for (const name of Object.keys(wanted).filter((need) => !skipped.includes(need))) {
      const path = resolvePackage(from, name);
      // A package for another platform is not installed.
      if (path === undefined && name in (manifest.optionalDependencies ?? {})) continue;
      if (path === undefined) fail(`${name}, which ${manifest.name} needs, is not installed; run npm ci`);
      if (found.has(path)) continue;
      const needed = readManifest(join(path, "package.json"));
      if (!fits(needed)) continue;
      found.set(path, needed);
      waiting.push({ from: path, manifest: needed });
    }
  }
  return found;
}

function resolvePackage(from, name) {
  for (let folder = from; ; folder = dirname(folder) === "." ? "" : dirname(folder)) {
    const path = join(folder, "node_modules", name);
    if (existsSync(join(ROOT, path, "package.json"))) return path;
    if (folder === "") return undefined;
  }
}

/** Of this platform, and for glibc, which ONNX Runtime needs. */
function fits({ os, cpu, libc }) {
  const named = (list, value) => list === undefined || list.includes(value);
  return (
    named(os, process.platform) &&
    named(cpu, process.arch) &&
    (process.platform !== "linux" || named(libc, "glibc"))
  );
}

function copyPackage(path, name) {
  const unused = UNUSED[name]?.files;
  for (const file of filesBelow(path)) {
    const inside = relative(path, file).split(sep).join("/");
    // A package in a package is copied for itself, where it is needed.
    if (inside.startsWith("node_modules/") || unused?.test(inside)) continue;
    if (LEGAL.test(inside) || (KEPT.test(inside) && !SIDE_FOLDERS.test(inside))) copy(file);
  }
}

function filesBelow(path) {
  return readdirSync(join(ROOT, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

function copy(file) {
  const to = join(target, file);
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(join(ROOT, file), to);
  chmodSync(to, 0o644);
}

function readManifest(path) {
  return JSON.parse(readFileSync(join(ROOT, path), "utf8"));
}

function fail(message) {
  process.stderr.write(`image-files: ${message}\n`);
  process.exit(1);
}
