import fc from "fast-check";
import { expect, it } from "vitest";
import { blockKey, digestWith } from "../../src/pipeline/block-key.js";
import type { BlockInput } from "../../src/tagging/protocol.js";

const plain = digestWith(undefined);
const keyOf = (block: BlockInput, pipeline = "p1", digest = plain) =>
  blockKey(digest, pipeline, block).toString("hex");
const text = (content: string): BlockInput => ({ kind: "text", text: content });
const words = (list: string[], more: Partial<BlockInput> = {}): BlockInput =>
  ({ kind: "words", words: list, sentences: [0], lines: [], glued: [], ...more }) as BlockInput;

it("is 32 bytes, and the same for the same", () => {
  expect(keyOf(text("Ada"))).toMatch(/^[0-9a-f]{64}$/);
  expect(keyOf(text("Ada"))).toBe(keyOf(text("Ada")));
});

it("differs where texts differ in any unit", () => {
  const units = fc.string({ unit: fc.constantFrom("\ud800", "\udc00", "\ufffd", "a", '"', "\\", "ud800") });
  fc.assert(
    fc.property(units, units, (a, b) => {
      expect(keyOf(text(a)) === keyOf(text(b))).toBe(a === b);
    }),
    {
      numRuns: 500,
      examples: [
        ["\ud800", "\ufffd"],
        ["\ud800", "\udc00"],
        ["\ud800", "\\ud800"],
      ],
    },
  );
});

it("differs by kind, words, sentences, lines, glue, pipeline and secret", () => {
  const keys = [
    keyOf(text("a b")),
    keyOf(words(["a", "b"])),
    keyOf(words(["a b"])),
    keyOf(words(["a", "b"], { sentences: [0, 1] })),
    keyOf(words(["a", "b"], { lines: [1] })),
    keyOf(words(["a", "b"], { glued: [1] })),
    keyOf(text("a b"), "p2"),
    keyOf(text("a b"), "p1", digestWith("secret")),
    keyOf(text("a b"), "p1", digestWith("another")),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});
