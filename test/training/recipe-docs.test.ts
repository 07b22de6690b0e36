import { describe, expect, it } from "vitest";
import { recipeTable } from "../../src/training/recipe-docs.js";
import { knownKeys, RECIPE_ROOMS } from "../../src/training/recipe-schema.js";

describe("the table of a recipe's keys", () => {
  const rows = recipeTable().split("\n").slice(2, -1);
  const cells = rows.map((row) => row.split(/(?<!\\)\|/).map((cell) => cell.trim()));

  it("has a row for each key that a recipe may have, and says something of it", () => {
    const rooms: readonly PropertyKey[][] = [
      [],
      ["lenses", "ner"],
      ["sets", 0],
      ["validation", 0],
      ["sets", 0, "labels", "ner"],
      ["training"],
      ["card"],
    ];
    const known = Object.keys(RECIPE_ROOMS).flatMap((room, i) =>
      knownKeys(rooms[i]!).map((key) => `\`${room}${key}\``),
    );
    expect(cells.map(([, key]) => key)).toEqual(known);
    for (const [, key, , meaning] of cells) expect(meaning, key).not.toBe("");
  });

  it("has the defaults that a recipe has", () => {
    const of = (key: string) => cells.find((row) => row[1] === `\`${key}\``)![2];
    expect(of("training.rate")).toBe("`0.0003`");
    expect(of("export")).toBe("`[int8, fp32]`");
    expect(of("word-shapes")).toBe("`true`");
    expect(of("sets.N.files")).toBe("must be given");
    expect(of("base")).toBe("");
  });
});
