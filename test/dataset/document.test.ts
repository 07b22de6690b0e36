import { describe, expect, test } from "vitest";
import { CONLLU_COLUMNS } from "../../src/dataset/conllu.js";
import { findColumn } from "../../src/dataset/document.js";

describe("findColumn", () => {
  test.each<[string | number, number]>([
    ["upos", 3],
    ["XPOS", 4],
    [1, 0],
    ["4", 3],
    [-1, 9],
    ["-10", 0],
  ])("%s", (wanted, index) => {
    expect(findColumn(CONLLU_COLUMNS, wanted)).toBe(index);
  });

  test.each([0, 11, -11, 1.5, "ner", ""])("there is no %s", (wanted) => {
    expect(() => findColumn(CONLLU_COLUMNS, wanted)).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining("1 to 10") }),
    );
  });
});
