/** What the README shows is run, so that it cannot rot. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

describe.skipIf(SHARED_ABSENT)("the README (needs ../shared)", () => {
  it("shows a library example that runs, and finds the names in it", () => {
    const program = join(folder, "library.mjs");
    writeFileSync(program, block("ts"));
    const printed = execFileSync(process.execPath, [program], {
      cwd: ROOT,
      env: { ...process.env, MODEL },
      encoding: "utf8",
    });
    expect(printed).toMatch(
      /^PER Angela Merkel 0\.\d+\nORG Siemens 0\.\d+\nLOC Munich 0\.\d+\nT-1 2\nT-2 0\n$/,
    );
  });

  it("opens with a command that shows what the README shows", () => {
    const [, command] = /npx spanmill (annotate .*)\n/.exec(block("sh"))!;
    const output = join(folder, "tickets.records.jsonl");
    const args = command!.split(" ").map((word) => (word === "tickets.records.jsonl" ? output : word));
    const shown = execFileSync(process.execPath, [join(ROOT, "dist/src/main.js"), ...args], {
      cwd: ROOT,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(shown).toContain(block("text"));
    const documents = readFileSync(join(ROOT, "examples/tickets.jsonl"), "utf8").trim().split("\n").length;
    expect(readFileSync(output, "utf8").trim().split("\n")).toHaveLength(documents);
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
