import { readFileSync } from "node:fs";
import fc from "fast-check";
import { Tokenizer as RustTokenizer } from "tokenizers";
import { describe, expect, it } from "vitest";
import { usualBlankBeforeWord, wordTokenizer } from "../../../src/adapters/huggingface/tokenizer.js";
import { isWhiteSpace } from "../../../src/whitespace.js";
import { SHARED_ABSENT, shared } from "../../support/shared.js";

type Json = Record<string, unknown>;

const MODELS = ["hf-minilm-conll03", "tiny-distilbert-bioes", "tiny-roberta-bio", "tiny-xlmr-pos"];

const readTokenizer = (name: string): Json =>
  JSON.parse(readFileSync(shared(`models/${name}/tokenizer.json`), "utf8"));

/**
 * Code points that the two libraries class differently, found by trying every one of them: the Rust library's
 * tables know Unicode 8 to 13 (by table), Node's are newer. Listed for the Basic Multilingual Plane, beyond which
 * the test draws emoji alone.
 */
const NEWER_THAN_THE_ORACLE: readonly [number, number][] = [
  [0x61d, 0x61d],
  [0x7fd, 0x7fd],
  [0x890, 0x89f],
  [0x8ca, 0x8e2],
  [0x9fd, 0x9fe],
  [0xa76, 0xa76],
  [0xafa, 0xaff],
  [0xb55, 0xb55],
  [0xc04, 0xc04],
  [0xc3c, 0xc3c],
  [0xc77, 0xc84],
  [0xd00, 0xd00],
  [0xd3b, 0xd3c],
  [0xd81, 0xd81],
  [0xeba, 0xeba],
  [0xece, 0xece],
  [0x166d, 0x166d],
  [0x1715, 0x1715],
  [0x1734, 0x1734],
  [0x180f, 0x180f],
  [0x1885, 0x1886],
  [0x1abf, 0x1aeb],
  [0x1b4e, 0x1b4f],
  [0x1b7d, 0x1b7f],
  [0x1df6, 0x1dfb],
  [0x2e43, 0x2e5d],
  [0xa7f1, 0xa7f4],
  [0xa82c, 0xa82c],
  [0xa8c5, 0xa8c5],
  [0xa8ff, 0xa8ff],
  [0xa9bd, 0xa9bd],
];

function oracleKnows(codePoint: number): boolean {
  if (codePoint > 0xffff) return codePoint >= 0x1f300 && codePoint <= 0x1f6ff;
  return !NEWER_THAN_THE_ORACLE.some(([first, last]) => codePoint >= first && codePoint <= last);
}

/** Words as the splitter may give them: no white space, no lone surrogate (those are replaced before). */
const word = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
    fc.string({ unit: "binary", minLength: 1, maxLength: 12 }),
    fc.stringMatching(/^[A-Za-z0-9'.,@#/_:-]{1,30}$/),
    fc.constantFrom(
      "é",
      "e\u0301",
      "İstanbul",
      "Straße",
      "ﬁn",
      "東京",
      "한국어",
      "👨‍👩‍👧",
      "🇩🇪",
      "\u00adsoft",
      "[SEP]",
      "##ing",
      "▁x",
      "Ġx",
      "x".repeat(120),
      "1,234.56",
      "ǅ",
      "\u202eabc",
    ),
  )
  .map((text) =>
    [...text.toWellFormed()]
      .filter((c) => oracleKnows(c.codePointAt(0)!) && !isWhiteSpace(c.codePointAt(0)!))
      .join(""),
  )
  .filter((text) => text.length > 0);

describe.skipIf(SHARED_ABSENT).each(MODELS)("the tokenizer of %s (needs ../shared)", (name) => {
  it("cuts any word as the Rust tokenizer does", async () => {
    const definition = readTokenizer(name);
    const ours = wordTokenizer(definition, {}, { blankBeforeWord: "always" });
    const rust = RustTokenizer.fromString(JSON.stringify({ ...definition, truncation: null, padding: null }));
    await fc.assert(
      fc.asyncProperty(word, async (text) => {
        const expected = (await rust.encode(text, null, { addSpecialTokens: false })).getIds();
        const got = ours.encode(text, true);
        if (!isTie(definition, got, expected)) expect(got).toEqual(expected);
      }),
      { numRuns: 2000, examples: [["AQ///a"]] },
    );
  });
});

/** Two ways to cut a word that a unigram model thinks equally likely, `//` and `/` in either order say: both are right. */
function isTie({ model }: Json, one: readonly number[], other: readonly number[]): boolean {
  const { type, vocab } = model as { type: string; vocab: [string, number][] };
  if (type !== "Unigram") return false;
  const sum = (ids: readonly number[]) => ids.reduce((total, id) => total + vocab[id]![1], 0);
  const text = (ids: readonly number[]) => ids.map((id) => vocab[id]![0]).join("");
  return text(one) === text(other) && Math.abs(sum(one) - sum(other)) < 1e-9;
}

/** A byte-level tokenizer small enough to read: letters, and the blank as Ġ. */
function byteLevel(addPrefixSpace: boolean): Json {
  const vocab: Record<string, number> = { "<s>": 0, "</s>": 1, Ġ: 2, a: 3, b: 4, ",": 5 };
  return {
    version: "1.0",
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: {
      type: "ByteLevel",
      add_prefix_space: addPrefixSpace,
      use_regex: true,
      trim_offsets: true,
    },
    post_processor: {
      type: "RobertaProcessing",
      cls: ["<s>", 0],
      sep: ["</s>", 1],
      add_prefix_space: addPrefixSpace,
      trim_offsets: true,
    },
    decoder: { type: "ByteLevel", add_prefix_space: true, use_regex: true, trim_offsets: true },
    model: {
      type: "BPE",
      vocab,
      merges: [],
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
    },
  };
}

describe("a byte-level tokenizer", () => {
  it("puts a blank before every word where words are read one by one", () => {
    const tokenizer = wordTokenizer(byteLevel(true), {}, { blankBeforeWord: "always" });
    expect(tokenizer.encode("a", false)).toEqual([2, 3]);
    expect(tokenizer.prefix).toEqual([0]);
    expect(tokenizer.suffix).toEqual([1]);
  });

  it("puts a blank only where the text has one where it was written for raw text", () => {
    const tokenizer = wordTokenizer(byteLevel(false), {}, { blankBeforeWord: "as_written" });
    expect(tokenizer.readsBlanks).toBe(true);
    expect(tokenizer.encode("a", false)).toEqual([3]);
    expect(tokenizer.encode("b", true)).toEqual([2, 4]);
    expect(tokenizer.encode(",", false)).toEqual([5]);
  });

  it("can be read as written although its file asks for a blank", () => {
    const tokenizer = wordTokenizer(byteLevel(true), {}, { blankBeforeWord: "as_written" });
    expect(tokenizer.encode(",", false)).toEqual([5]);
  });

  it("reads raw text by default exactly where the file adds no blank of its own", () => {
    expect(usualBlankBeforeWord(byteLevel(false))).toBe("as_written");
    expect(usualBlankBeforeWord(byteLevel(true))).toBe("always");
    const nested = { pre_tokenizer: { type: "Sequence", pretokenizers: [byteLevel(false).pre_tokenizer] } };
    expect(usualBlankBeforeWord(nested)).toBe("as_written");
  });
});

describe("a tokenizer that JavaScript reads otherwise", () => {
  it("is refused, also inside a sequence, with the reason", () => {
    for (const pre_tokenizer of [
      { type: "Whitespace" },
      { type: "Sequence", pretokenizers: [{ type: "Digits" }, { type: "Whitespace" }] },
    ]) {
      const definition = { ...byteLevel(true), pre_tokenizer };
      expect(() => wordTokenizer(definition, {}, { blankBeforeWord: "always" })).toThrow(
        expect.objectContaining({
          code: "MODEL_UNSUPPORTED",
          message: expect.stringContaining("Whitespace"),
        }),
      );
    }
  });

  it("is refused where it cannot be loaded at all", () => {
    expect(() => wordTokenizer({ model: { type: "Nonsense" } }, {}, { blankBeforeWord: "always" })).toThrow(
      expect.objectContaining({ code: "MODEL_BROKEN" }),
    );
  });
});
