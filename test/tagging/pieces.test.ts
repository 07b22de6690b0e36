import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { pieceEncoder, type WordTokenizer } from "../../src/tagging/pieces.js";

/** One piece a letter; drops digits; counts how often it is asked. */
function letters(): WordTokenizer & { calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    encode(word, blankBefore) {
      calls.push(word);
      const ids = [...word].filter((letter) => !/\d/.test(letter)).map((letter) => letter.codePointAt(0)!);
      return blankBefore ? [32, ...ids] : ids;
    },
    prefix: [1],
    suffix: [2],
    unknown: 9,
    readsBlanks: true,
  };
}

const never = () => false;

describe("pieces", () => {
  it("of each word follow each other, with one more offset than words", () => {
    const { ids, offsets } = pieceEncoder(letters(), 10)(["ab", "c"], never);
    expect(ids).toEqual([97, 98, 99]);
    expect(offsets).toEqual([0, 2, 3]);
  });

  it("stand for a word that the tokenizer drops", () => {
    const { ids, offsets, truncatedWords } = pieceEncoder(letters(), 10)(["12", "a"], never);
    expect(ids).toEqual([9, 97]);
    expect(offsets).toEqual([0, 1, 2]);
    expect(truncatedWords).toBe(0);
  });

  it("of one word never fill more than a window, and the record learns of it", () => {
    const { offsets, truncatedWords } = pieceEncoder(letters(), 4)(["abcdefgh", "ab"], never);
    expect(offsets).toEqual([0, 4, 6]);
    expect(truncatedWords).toBe(1);
  });

  it("hand the tokenizer no more than the start of an endless word", () => {
    const tokenizer = letters();
    const { truncatedWords } = pieceEncoder(tokenizer, 1000)(["x".repeat(1_000_000)], never);
    expect(tokenizer.calls[0]!.length).toBeLessThan(1000);
    expect(truncatedWords).toBe(1);
  });

  it("hand the tokenizer no lone surrogate", () => {
    const tokenizer = letters();
    pieceEncoder(tokenizer, 10)(["a\ud83d"], never);
    expect(tokenizer.calls).toEqual(["a\ufffd"]);
  });

  it("are looked up the second time, apart for a word with and without a blank before it", () => {
    const tokenizer = letters();
    const encode = pieceEncoder(tokenizer, 10);
    const { ids } = encode(["a", "a", "a", "a"], (i) => i % 2 === 1);
    expect(ids).toEqual([97, 32, 97, 97, 32, 97]);
    expect(tokenizer.calls).toHaveLength(2);
  });

  it("are forgotten where too many words have been seen, and still right", () => {
    const tokenizer = letters();
    const encode = pieceEncoder(tokenizer, 10);
    const many = Array.from({ length: 60_000 }, (_, i) => i.toString(36).replace(/\d/g, "z") + i);
    encode(["first"], never);
    encode(many, never);
    tokenizer.calls.length = 0;
    expect(encode(["first"], never).ids).toEqual([..."first"].map((letter) => letter.codePointAt(0)));
    expect(tokenizer.calls).toEqual(["first"]);
  });

  it("are remembered without the text that the word was cut from", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const toPieces = pieceEncoder({ ...letters(), encode: () => [97] }, 100);
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 50; i++) {
      const text = `a-word-long-enough-to-be-a-slice-${i} ${"x ".repeat(500_000)}`;
      toPieces([text.slice(0, text.indexOf(" "))], never);
    }
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20e6);
    expect(toPieces(["a"], never).ids).toEqual([97]);
  });
});
