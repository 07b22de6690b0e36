/** The recipe of the built-in model: it has to make it again whenever somebody asks. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readSets } from "../../src/training/read-sets.js";
import { readRecipe } from "../../src/training/recipe-file.js";
import { setsToCheck } from "../../src/training/validation-sets.js";
import { SHARED_ABSENT } from "../support/shared.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PATH = join(ROOT, "models/english.yaml");
const recipe = () => readRecipe(PATH, readFileSync(PATH, "utf8"));

describe("models/english.yaml", () => {
  it("is a recipe, of the lenses that the model has", () => {
    const { lenses } = JSON.parse(readFileSync(join(ROOT, "models/english/spanmill.json"), "utf8"));
    const exported = recipe().lenses.filter(({ auxiliary }) => !auxiliary);
    expect(exported.map(({ name }) => name).toSorted()).toEqual(Object.keys(lenses).toSorted());
  });

  it("names the data that the model was trained on", () => {
    const card = readFileSync(join(ROOT, "models/english/README.md"), "utf8");
    const [, data] = /^## Data\n\n([\s\S]*?)\n\n/m.exec(card)!;
    const named = data!
      .split("\n")
      .slice(2)
      .map((row) => row.split(" | ").slice(0, 2).join(" | "));
    expect(named).toEqual(recipe().sets.map(({ name, licence }) => `| ${name} | ${licence}`));
  });

  it.skipIf(SHARED_ABSENT)(
    "finds its data, with labels that its lenses have",
    async () => {
      const read = recipe();
      const { report } = await readSets(read, [...read.sets, ...setsToCheck(read)]);
      for (const { set, lenses } of report) {
        for (const { lens, answers } of lenses)
          expect(answers.filter((count) => count > 0).length, `${set}: ${lens}`).toBeGreaterThan(1);
      }
    },
    120_000,
  );
});
