import fc from "fast-check";
import type { AnnotatedDocument } from "../../src/dataset/document.js";
import { isWhiteSpace } from "../../src/whitespace.js";

const odd = fc.constantFrom(
  "#",
  "#doc=x",
  "#tag",
  "-DOCSTART-",
  "_",
  "1-2",
  "SpaceAfter=No",
  "a|b=c\\",
  '"',
  "=",
  "e\u0301",
  "👩\u200d👩\u200d👧",
  "\ud83d",
  "שלום",
);

const word = fc
  .oneof(
    { weight: 2, arbitrary: odd },
    { weight: 3, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 6 }) },
  )
  .map((text) => [...text].filter((sign) => !isWhiteSpace(sign.charCodeAt(0))).join("") || "x");

const gap = fc.constantFrom("", " ", " ", "  ", "\n", "\r\n", "\n \n", "\r\n\r\n", "\u00a0", "\u200b");

const tag = fc.constantFrom("O", "B-PER", "I-PER", "B-x|y", "NOUN", "B-with blank", "\\p");

/**
 * Any document that spanmill can come to write, with up to three lenses, `pos` among them. Two words that touch
 * never meet in the middle of a surrogate pair, as words of a real text never do.
 */
export const annotatedDocument: fc.Arbitrary<AnnotatedDocument> = fc
  .record({
    id: fc.oneof(
      fc.string({ minLength: 1, maxLength: 8 }),
      fc.constantFrom("mail/1.txt", "a=b", "new\nline", "tab\t", " blank "),
    ),
    tokens: fc.array(fc.record({ word, gap, tags: fc.tuple(tag, tag, tag), opens: fc.boolean() }), {
      maxLength: 25,
    }),
    lead: gap,
    lenses: fc.shuffledSubarray(["ner", "pos", "chunk"], { minLength: 1 }),
  })
  .map(({ id, tokens, lead, lenses }) => {
    let text = lead;
    const starts: number[] = [];
    const ends: number[] = [];
    const sentences: number[] = [];
    tokens.forEach((token, i) => {
      if (/[\ud800-\udbff]$/.test(text) && /^[\udc00-\udfff]/.test(token.word)) text += " ";
      if (i === 0 || token.opens) sentences.push(i);
      starts.push(text.length);
      text += token.word;
      ends.push(text.length);
      text += token.gap;
    });
    const columns = lenses.map((name, c) => ({ name, tags: tokens.map(({ tags }) => tags[c]!), spans: [] }));
    return { id, text, words: { starts, ends }, sentences, lenses: columns };
  });

export function wordsOf({ text, words }: AnnotatedDocument): string[] {
  return Array.from(words.starts, (start, i) => text.slice(start, words.ends[i]));
}
