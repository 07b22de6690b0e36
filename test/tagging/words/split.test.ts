import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitWords, type Words } from "../../../src/tagging/words/split.js";
import { isWhiteSpace } from "../../../src/whitespace.js";

const FRAGMENTS = [
  ..."abcXYZ019 \n\t.,;:!?'’`\"“”()[]{}<>/\\@#$%^&*-_=+|~…—£",
  ..."漢字カナ한글שלוםกข🙂é\u0301\u200d\ufe0f\u{1f3fd}\u0600\u00ad\u200f\u200b\ufeff\u2028\u0e33",
  ..."🇬🇧",
  "👩‍👩‍👧",
  "\ud83d",
  "\ude00",
  "n't",
  "'s",
  "http://",
  "www.",
  "a.b",
  "etc.",
  "No.",
  "U.S.",
  "p.m.",
  "cannot",
  ":-)",
  "...",
  "12:30",
  "C:\\",
  "k=v",
  "&amp;",
];
const nasty = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 60 }).map((parts) => parts.join(""));
const anyText = fc.oneof(nasty, fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }));
/** Lines of words whose splitting or sentence border hangs on what follows. */
const line = fc
  .array(
    fc.constantFrom(
      "No.",
      "etc.",
      "p.m.",
      "Dr.",
      "J.",
      "its",
      "not",
      "5",
      "The",
      "the",
      "..",
      ":)",
      "1.",
      '"',
    ),
    {
      maxLength: 4,
    },
  )
  .map((parts) => parts.join(" "));
const RUNS = { numRuns: 3000 };

function surfaces(text: string, { starts, ends }: Words = splitWords(text)): string[] {
  return starts.map((start, i) => text.slice(start, ends[i]));
}

describe("on any text", () => {
  it("puts every code unit into exactly one word or leaves it as white space", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { starts, ends } = splitWords(text);
        const covered = new Uint8Array(text.length);
        for (const [i, start] of starts.entries()) {
          expect(ends[i]).toBeGreaterThan(start);
          if (i > 0) expect(start).toBeGreaterThanOrEqual(ends[i - 1]!);
          for (let at = start; at < ends[i]!; at++) covered[at]!++;
        }
        for (let at = 0; at < text.length; at++) {
          expect(covered[at]).toBe(isWhiteSpace(text.charCodeAt(at)) ? 0 : 1);
        }
      }),
      RUNS,
    );
  });

  it("cuts no grapheme cluster", () => {
    const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });
    fc.assert(
      fc.property(anyText, (text) => expectWholeClusters(text, segmenter)),
      RUNS,
    );
  });

  it("cuts no grapheme cluster around any code point of the planes in use", () => {
    const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });
    for (let codePoint = 0x80; codePoint < 0x20000; codePoint += 64) {
      const chars = Array.from({ length: 64 }, (_, i) => String.fromCodePoint(codePoint + i));
      expectWholeClusters(chars.map((char) => `a${char}. !${char}!`).join(" "), segmenter);
    }
  });

  it("begins the sentences with the first word, in order", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { starts, sentences } = splitWords(text);
        expect(sentences[0]).toBe(starts.length > 0 ? 0 : undefined);
        for (let i = 1; i < sentences.length; i++) expect(sentences[i]!).toBeGreaterThan(sentences[i - 1]!);
        if (starts.length > 0) expect(sentences.at(-1)!).toBeLessThan(starts.length);
      }),
      RUNS,
    );
  });

  it("reads each line as if it stood alone, and starts a sentence with it", () => {
    fc.assert(
      fc.property(fc.oneof(line, anyText), fc.oneof(line, anyText), (first, second) => {
        const a = splitWords(first);
        const b = splitWords(second);
        const from = first.length + 1;
        expect(splitWords(`${first}\n${second}`)).toEqual({
          starts: [...a.starts, ...b.starts.map((at) => at + from)],
          ends: [...a.ends, ...b.ends.map((at) => at + from)],
          sentences: [...a.sentences, ...b.sentences.map((word) => word + a.starts.length)],
        });
      }),
      RUNS,
    );
  });
});

describe("on other scripts", () => {
  it.each([
    ["漢字です。", ["漢", "字", "です", "。"]],
    ["東京タワー", ["東", "京", "タワー"]],
    ["한국어 문장", ["한국어", "문장"]],
    ["שלום, עולם!", ["שלום", ",", "עולם", "!"]],
    ["Größe naïve co\u0301te", ["Größe", "naïve", "co\u0301te"]],
    ["ok👩‍👩‍👧👍🏽", ["ok", "👩‍👩‍👧", "👍🏽"]],
    ["🇬🇧🇫🇷", ["🇬🇧", "🇫🇷"]],
    ["❤️!", ["❤️", "!"]],
  ])("%s", (text, words) => {
    expect(surfaces(text)).toEqual(words);
  });
});

describe("in time linear in the length", () => {
  // Inputs on which a rule reads far and takes little. A quadratic rule takes minutes on these.
  const units = [
    "a",
    "a-",
    "a/",
    "w/",
    "a@",
    "a.",
    "http://)",
    ")",
    ":",
    "a:",
    "#a",
    "1,",
    "1-",
    "a'",
    "=",
    "a=",
    "_",
  ];
  it.each([
    ...units,
    "\\",
    "~/",
    "&a",
    "*",
    "漢",
    "\u0301",
    "\u200d",
    "\ud800",
    "🇬",
    "\u0600",
    "<3",
    "D:",
    "1. ",
    ". ) ",
  ])(
    "a megabyte of %j",
    (unit) => {
      const text = unit.repeat(Math.floor(1_000_000 / unit.length));
      const { starts, ends } = splitWords(text);
      expect(ends.at(-1)).toBe(text.trimEnd().length);
      expect(starts[0]).toBe(0);
    },
    20_000,
  );
});

function expectWholeClusters(text: string, segmenter: Intl.Segmenter): void {
  const { starts, ends } = splitWords(text);
  // Clusters are those of a stretch without white space: a mark after a blank has no base that a word could hold.
  let from = 0;
  for (let i = 0; i < starts.length; i++) {
    if (i + 1 < starts.length && starts[i + 1] === ends[i]) continue;
    const stretch = text.slice(starts[from], ends[i]);
    if (i > from) {
      const borders = new Set([...segmenter.segment(stretch)].map(({ index }) => index + starts[from]!));
      for (let word = from + 1; word <= i; word++) {
        if (!borders.has(starts[word]!)) expect.fail(`cluster cut in ${JSON.stringify(stretch)}`);
      }
    }
    from = i + 1;
  }
}
