import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

describe("the package", () => {
  const packed: string[] = JSON.parse(
    execFileSync("npm", ["pack", "--dry-run", "--json"], {
      cwd: ROOT,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  )[0].files.map(({ path }: { path: string }) => path);

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
