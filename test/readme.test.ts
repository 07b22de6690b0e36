/** What the README shows is run, so that it cannot rot. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { SHARED_ABSENT, shared } from "./support/shared.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const MODEL = shared("models/hf-minilm-conll03");

// Inside the package, so that it finds itself by its own name.
const folder = mkdtempSync(join(ROOT, "dist", "readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

function block(language: string, index = 0): string {
  const found = [...README.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))][index];
  if (found === undefined) throw new Error(`README.md has no block of ${language}`);
  return found[1]!;
}

describe("the README's opening", () => {
  it("runs the pipeline on the sample tickets and shows what the README shows", () => {
    const [, run, show] = /npx spanmill (run .*) && node (.*)\n/.exec(block("sh"))!;
    const cwd = mkdtempSync(join(folder, "opening-"));
    const inRoot = (line: string) =>
      line.split(" ").map((word) => (word.startsWith("examples/") ? join(ROOT, word) : word));
    const node = (args: readonly string[]) =>
      execFileSync(process.execPath, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    expect(node([join(ROOT, "dist/src/main.js"), ...inRoot(run!)])).toBe("");
    expect(node(inRoot(show!))).toContain(block("text"));

    const documents = readFileSync(join(ROOT, "examples/tickets.jsonl"), "utf8").trim().split("\n").length;
    const written = readdirSync(cwd).toSorted();
    expect(written).toEqual(
      ["", "chunks.", "entities.", "pos."].map((name) => `tickets.${name}records.jsonl`).toSorted(),
    );
    for (const file of written) {
      expect(readFileSync(join(cwd, file), "utf8").trim().split("\n")).toHaveLength(documents);
    }
    // The clone stays clean.
    const ignored = readFileSync(join(ROOT, ".gitignore"), "utf8").split("\n");
    expect(ignored).toContain("*.records.jsonl");
  });
});

/** Runs the library example. */
function library(source: string): string {
  const program = join(folder, "library.mjs");
  writeFileSync(program, source);
  const env = { ...process.env, MODEL };
  return execFileSync(process.execPath, [program], { cwd: ROOT, env, encoding: "utf8" });
}

describe("the README's record", () => {
  it("is that of its ticket, as far as it is shown and the processor is of the same family", () => {
    const records = execFileSync(
      process.execPath,
      [
        join(ROOT, "dist/src/main.js"),
        "annotate",
        "--lens",
        "ner",
        "--quiet",
        join(ROOT, "examples/tickets.jsonl"),
      ],
      { cwd: ROOT, encoding: "utf8" },
    );
    const shown = JSON.parse(block("json"));
    const real = records
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .find(({ document_id }) => document_id === shown.document_id);
    // Of the digests the first digits are shown, of the spans the first.
    const digest = (whole: string, part: string) => `${whole.slice(0, part.length - 1)}…`;
    real.lenses.ner.spans = real.lenses.ner.spans.slice(0, shown.lenses.ner.spans.length);
    real.models[0].digest = digest(real.models[0].digest, shown.models[0].digest);
    real.pipeline.digest = digest(real.pipeline.digest, shown.pipeline.digest);
    expect(real.models).toEqual(shown.models);
    if (real.pipeline.runtime === shown.pipeline.runtime) expect(real).toEqual(shown);
  });
});

const FOUND = /^PER Angela Merkel 0\.\d+\nORG Siemens 0\.\d+\nLOC Munich 0\.\d+\nT-1 2\nT-2 0\n$/;

describe("the README's library example", () => {
  it("runs, and finds the names in it", () => expect(library(block("ts"))).toMatch(FOUND));
});

describe.skipIf(SHARED_ABSENT)("the README (needs ../shared)", () => {
  it("shows a library example that runs with another model", () => {
    const shown = block("ts");
    const other = shown.replace("openTagger()", "openTagger({ models: [process.env.MODEL] })");
    expect(other).not.toBe(shown);
    expect(library(other)).toMatch(FOUND);
  });

  it("shows a record with the very keys of a real one", () => {
    const record = execFileSync(
      process.execPath,
      [join(ROOT, "dist/src/main.js"), "annotate", "--from", "text", "--model", MODEL, "--quiet"],
      { cwd: ROOT, encoding: "utf8", input: "Order #A-20931-XY was sent to Madrid." },
    );
    const keys = (value: unknown): unknown =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, keys(inner)]))
        : Array.isArray(value) && typeof value[0] === "object"
          ? [keys(value[0])]
          : typeof value;
    const real = JSON.parse(record);
    expect(keys(JSON.parse(block("json")))).toEqual(keys({ ...real, warnings: [] }));
  });
});

describe("CONTRIBUTING", () => {
  it("names every variable that the scripts and the servers of the tests read", () => {
    const folders = ["scripts", "scripts/servers", "test/support/servers"];
    const files = folders.flatMap((name) =>
      readdirSync(join(ROOT, name))
        .filter((file) => /\.(mjs|ts)$/.test(file))
        .map((file) => readFileSync(join(ROOT, name, file), "utf8")),
    );
    const read = new Set(
      files.flatMap((text) => [...text.matchAll(/process\.env\.(\w+)/g)].map(([, name]) => name!)),
    );
    expect(read.size).toBeGreaterThan(5);
    const own = ["PATH", "SPANMILL_SERVERS_LOCKED"];
    const page = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
    expect([...read].filter((name) => !own.includes(name) && !page.includes(`\`${name}\``))).toEqual([]);
  });
});
