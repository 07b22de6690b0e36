import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, nearest } from "../src/nearest.js";

/** The recursive definition of optimal string alignment, straight from the textbook. */
function byDefinition(a: string, b: string): number {
  if (a === "" || b === "") return a.length + b.length;
  const [headA, headB] = [a.slice(0, -1), b.slice(0, -1)];
  const options = [
    byDefinition(headA, b) + 1,
    byDefinition(a, headB) + 1,
    byDefinition(headA, headB) + (a.at(-1) === b.at(-1) ? 0 : 1),
  ];
  if (a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)) {
    options.push(byDefinition(a.slice(0, -2), b.slice(0, -2)) + 1);
  }
  return Math.min(...options);
}

describe("editDistance", () => {
  it("is what its definition says", () => {
    const short = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 5 });
    fc.assert(
      fc.property(short, short, (a, b) => {
        expect(editDistance(a, b)).toBe(byDefinition(a, b));
      }),
    );
  });
});

describe("nearest", () => {
  const known = ["model", "mode", "max-document-size", "hmac-key-file", "from"];

  it.each([
    ["modle", "model"],
    ["MODEL", "model"],
    ["max_document_size", "max-document-size"],
    ["form", "from"],
    ["hmac-key", "hmac-key-file"],
  ])("takes %s for %s", (word, meant) => expect(nearest(word, known)).toBe(meant));

  it.each(["zebra", "x", "", "output", "m".repeat(100_000)])(
    "finds nothing near a word unlike all (%#)",
    (word) => expect(nearest(word, known)).toBeUndefined(),
  );
});
