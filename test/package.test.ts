import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "./support/temporary.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

function packedFiles(): string[] {
  const output = execFileSync("npm", ["pack", "--dry-run", "--json"], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return JSON.parse(output)[0].files.map(({ path }: { path: string }) => path);
}

describe("the package", () => {
  const packed = packedFiles();

  it("holds all that its manifest points to, the threads' entry and the schema", () => {
    const { bin, exports } = manifest;
    const { ".": library, ...files } = exports;
    const wanted: string[] = [bin.spanmill, library.types, library.default, ...Object.values(files)];
    for (const path of [...wanted, "dist/workers/tagger.js", "examples/tickets.jsonl", "LICENSE"]) {
      expect(packed).toContain(path.replace(/^\.\//, ""));
    }
  });

  it("gives every schema to whoever asks by its name", () => {
    const schemas = readdirSync(join(ROOT, "schema"));
    expect(schemas).toContain("record.schema.json");
    for (const file of schemas) {
      expect(manifest.exports[`./schema/${file}`]).toBe(`./schema/${file}`);
      expect(packed).toContain(`schema/${file}`);
    }
    const named = Object.keys(manifest.exports).filter((name) => name.startsWith("./schema/"));
    expect(named).toHaveLength(schemas.length);
  });

  it("holds no tests, no sources and nothing that lies about", () => {
    const foreign = packed.filter(
      (path) =>
        !/^(dist\/(src|workers)|schema|models|examples)\/|^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/.test(
          path,
        ),
    );
    expect(foreign).toEqual([]);
  });

  it("skips the runtime's install script with every npm", () => {
    expect(manifest.allowScripts["onnxruntime-node"]).toBe(false);
    expect(readFileSync(join(ROOT, ".npmrc"), "utf8")).toMatch(/^onnxruntime-node-install=skip$/m);
  });

  it("has one copy of ONNX Runtime, pinned to the very version", () => {
    const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
    const copies = Object.keys(lock.packages).filter((path) =>
      path.endsWith("node_modules/onnxruntime-node"),
    );
    expect(copies).toEqual(["node_modules/onnxruntime-node"]);
    expect(lock.packages[copies[0]!].version).toBe(manifest.dependencies["onnxruntime-node"]);
  });

  it("has a lock file that names no registry", () => {
    expect(readFileSync(join(ROOT, "package-lock.json"), "utf8")).not.toMatch(
      /"resolved"|https?:\/\/[^"]*registry/,
    );
  });
});

describe("checkpoints of a training, which lie beside its model", () => {
  const run = `models/test-${process.pid}.run`;
  beforeAll(() => {
    mkdirSync(join(ROOT, run));
    writeFileSync(join(ROOT, run, "log.jsonl"), "");
  });
  afterAll(() => rmSync(join(ROOT, run), { recursive: true }));

  it("are in no package and in no image", () => {
    expect(packedFiles().filter((path) => path.includes(".run/"))).toEqual([]);
    const image = join(temporaryFolder(), "app");
    execFileSync(process.execPath, ["scripts/image-files.mjs", image], { cwd: ROOT });
    expect(readdirSync(join(image, "models")).filter((name) => name.endsWith(".run"))).toEqual([]);
    expect(readFileSync(join(ROOT, ".dockerignore"), "utf8")).toMatch(/^!models\n(.*\n)*\*\*\/\*\.run$/m);
  });

  it("are not committed", () => {
    expect(readFileSync(join(ROOT, ".gitignore"), "utf8").split("\n")).toContain("*.run");
  });
});

describe("labelled data beside the models", () => {
  it("is in no package and in no image", () => {
    expect(existsSync(join(ROOT, "models/mail-names/train.jsonl"))).toBe(true);
    expect(packedFiles().filter((path) => path.includes("mail-names"))).toEqual([]);
    const image = join(temporaryFolder(), "app");
    execFileSync(process.execPath, ["scripts/image-files.mjs", image], { cwd: ROOT });
    expect(readdirSync(join(image, "models")).toSorted()).toEqual(["README.md", "english", "english.yaml"]);
    expect(readFileSync(join(ROOT, ".dockerignore"), "utf8")).toContain("!models\nmodels/mail-names\n");
  });
});
