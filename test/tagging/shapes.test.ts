import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recased, WORD_SHAPES, wordShape } from "../../src/tagging/shapes.js";

const shapeOf = (word: string) => WORD_SHAPES[wordShape(word)];

const TABLE: Readonly<Record<string, readonly string[]>> = {
  lower: [
    "hello",
    "a",
    "e-mail",
    "n't",
    "straße",
    "ﬁ",
    "ﬁnal",
    "e\u0301cole",
    "and/or",
    "w/o",
    "@someone",
    "m²",
  ],
  title: ["John", "Ada", "Straße", "École", "E\u0301cole", "John's", "'Tis", "ʻOahu", "ǅep", "O’er", "Αθήνα"],
  upper: ["IBM", "ÉCOLE", "E\u0301COLE", "U.S.", "AT&T", "TCP/IP", "U.S./UK", "R&D", "МОСКВА", "#NATO", "𐐀𐐁"],
  capital: ["I", "A.", "Q", "É", "ǅ", "$A"],
  mixed: ["iPhone", "McDonald's", "IBM's", "eBay", "Jean-Luc", "PhD", "CEOs", "U.S.-led"],
  digits: ["7", "1999", "٢٠٢٤", "१२३", "２０２４", "𝟙𝟚"],
  number: ["3.14", "$5", "10:30", "1,000", "24/7", "192.168.0.1/24", "-5", "−5", "#1", "€9.99"].concat([
    "50%",
    "2023-09-01",
    "'90",
    "5°",
    "3½",
    "½",
    "1’000",
    "٣٫١٤",
    "١٠٪",
    "３．１４",
  ]),
  "letters and digits": ["1990s", "1st", "3D", "A4", "COVID-19", "B2B", "第3", "x86_64", "10am", "٣x"],
  symbols: ["...", ",", ":-)", "😀", "--", "$", "", " ", "\ud83d", "\u0301", "<3", "→"],
  caseless: ["東京", "שלום", "العربية", "हिन्दी", "ไทย", "한국"],
  address: [
    "ada@example.org",
    "Ada.Lovelace+x@Example.COM",
    "<a@b.c>",
    "http://example.org",
    "HTTPS://X.org/Y",
  ].concat([
    "www.example.org",
    "WWW.X.ORG",
    "ftp://host/file",
    "example.org/path",
    "münchen.de/a?b=1",
    "s3.x.io/b2",
  ]),
};

describe("the shape of a word", () => {
  it.each(Object.entries(TABLE).flatMap(([shape, words]) => words.map((word) => [word, shape])))(
    "%j is %s",
    (word, shape) => {
      expect(shapeOf(word!)).toBe(shape);
    },
  );

  it("is none of the other shapes' places: models depend on the order", () => {
    expect(WORD_SHAPES.join()).toBe(
      "none,lower,title,upper,capital,mixed,digits,number,letters and digits,symbols,caseless,address",
    );
  });

  it("is never that of special tokens, whatever the word", () => {
    const word = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), fc.webUrl());
    fc.assert(
      fc.property(word, (word) => {
        const shape = wordShape(word);
        expect(shape).toBeGreaterThan(0);
        expect(shape).toBeLessThan(WORD_SHAPES.length);
      }),
      { numRuns: 500 },
    );
  });

  // Anything slower than linear takes hours for these.
  it.each(
    Object.entries({
      a: "lower",
      A: "upper",
      Aa: "mixed",
      "1": "digits",
      "1.": "number",
      "1x": "letters and digits",
      "-": "symbols",
      "a.": "lower",
      "a-": "lower",
      "a.b": "lower",
      "a/": "lower",
      "a@": "lower",
      "@a": "lower",
      "a+": "lower",
      東: "caseless",
      𐐨: "lower",
    }),
  )("of a million times %j is found in linear time", (part, shape) => {
    expect(shapeOf(part.repeat(1e6))).toBe(shape);
    expect(shapeOf(`${part.repeat(1e6)}!`)).toMatch(/./);
    expect(shapeOf(`X${part.repeat(1e6)} `)).toMatch(/./);
  });
});

describe("the shape of a word in other case", () => {
  const letter = fc.constantFrom(..."abcxyzABCXYZ");
  const word = (minLength: number) => fc.string({ unit: letter, minLength, maxLength: 12 });

  it("is that of the word in other case", () => {
    fc.assert(
      fc.property(word(1), (word) => {
        expect(recased(wordShape(word), "lower")).toBe(wordShape(word.toLowerCase()));
      }),
    );
    fc.assert(
      fc.property(word(2), (word) => {
        expect(recased(wordShape(word), "upper")).toBe(wordShape(word.toUpperCase()));
      }),
    );
    expect(recased(wordShape("I"), "upper")).toBe(wordShape("I"));
  });

  it("is the same where the shape has no case", () => {
    for (const word of ["1999", "3.14", "A4", "...", "東京", "ada@example.org"]) {
      for (const to of ["lower", "upper"] as const)
        expect(recased(wordShape(word), to)).toBe(wordShape(word));
    }
    expect(recased(0, "upper")).toBe(0);
  });
});
