import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exitCodeTable, optionTable, rewriteDocs } from "../../src/config/docs.js";
import { COMMAND_NAMES, flagOf, variableOf } from "../../src/config/option.js";
import { optionsOf } from "../../src/config/options.js";
import { ERRORS } from "../../src/errors.js";

describe("optionTable", () => {
  it("has a row of four cells for every option", () => {
    for (const command of COMMAND_NAMES) {
      const options = optionsOf(command);
      const [, , ...rows] = optionTable(command).split("\n").filter(Boolean);
      expect(rows.length).toBe(options.length);
      rows.forEach((row, index) => {
        const cells = row.split(/(?<!\\)\|/).slice(1, -1);
        expect(cells.length).toBe(4);
        expect(cells[0]).toContain(flagOf(options[index]!));
        expect(cells[2]).toContain(variableOf(options[index]!));
      });
    }
  });
});

describe("exitCodeTable", () => {
  it("has every error beside its exit status", () => {
    const rows = exitCodeTable().split("\n");
    for (const [code, { exit }] of Object.entries(ERRORS)) {
      expect(rows.find((row) => row.includes(`\`${code}\``))).toMatch(new RegExp(`^\\| ${exit} \\|`));
    }
  });
});

const recipeTable = () => "| rows |\n";

describe("rewriteDocs", () => {
  const page =
    "# Top\n<!-- options:models inspect -->\nold\n<!-- /options -->\nmiddle\n<!-- exit-codes --><!-- /exit-codes -->\n<!-- recipe -->x<!-- /recipe -->end";

  it("replaces what stands between marks and nothing else", () => {
    expect(rewriteDocs(page, recipeTable)).toBe(
      `# Top\n<!-- options:models inspect -->\n\n${optionTable("models inspect")}\n<!-- /options -->\nmiddle\n` +
        `<!-- exit-codes -->\n\n${exitCodeTable()}\n<!-- /exit-codes -->\n<!-- recipe -->\n\n| rows |\n\n<!-- /recipe -->end`,
    );
  });

  it("changes nothing the second time", () =>
    expect(rewriteDocs(rewriteDocs(page, recipeTable), recipeTable)).toBe(rewriteDocs(page, recipeTable)));

  it.each([
    ["<!-- options:anotate --><!-- /options -->", /"anotate" in a mark is no command; did you mean annotate/],
    ["<!-- options:annotate -->", /is not closed by/],
    ["<!-- options:annotate --><!-- /exit-codes -->", /is not closed by/],
    ["<!-- /options -->", /closes nothing/],
  ])("refuses %s", (markdown, message) => expect(() => rewriteDocs(markdown, recipeTable)).toThrow(message));
});

describe("scripts/docs.mjs", () => {
  it("finds a file out of date, writes it, and is content", () => {
    const folder = mkdtempSync(join(tmpdir(), "spanmill-docs-"));
    try {
      const file = join(folder, "README.md");
      writeFileSync(file, "<!-- exit-codes -->\nold\n<!-- /exit-codes -->\n");
      const run = (...args: string[]) =>
        spawnSync(process.execPath, ["scripts/docs.mjs", ...args, file]).status;
      expect(run("--check")).toBe(1);
      expect(readFileSync(file, "utf8")).toContain("old");
      expect(run()).toBe(0);
      expect(readFileSync(file, "utf8")).toContain(exitCodeTable());
      expect(run("--check")).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
