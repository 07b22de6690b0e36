import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readConll } from "../../src/dataset/conll.js";
import { toConll } from "../../src/dataset/write-conll.js";
import { annotatedDocument, wordsOf } from "./annotated.js";
import { all, linesOf } from "./lines-of.js";

describe("toConll", () => {
  test("writes words, a column for each lens, and sentences", () => {
    const tags = ["B-PER", "O", "O"];
    const document = {
      id: "mail\n1",
      text: "Ann left. Yes",
      words: { starts: [0, 4, 10], ends: [3, 8, 13] },
      sentences: [0, 2],
      lenses: [
        { name: "ner", tags, spans: [] },
        { name: "pos", tags: ["PROPN", "VERB", "INTJ"], spans: [] },
      ],
    };
    expect(toConll(document)).toBe("# doc = mail%0A1\nAnn\tB-PER\tPROPN\nleft\tO\tVERB\n\nYes\tO\tINTJ\n\n");
  });

  test("what is written is read back: documents, sentences, any word, any tag", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(annotatedDocument, { maxLength: 3 }), async (drawn) => {
        const width = drawn[0]?.lenses.length;
        const documents = drawn.filter(({ lenses }) => lenses.length === width);
        const lines = documents.map(toConll).join("");
        async function* batches() {
          const split = lines
            .split("\n")
            .map((text, i) => ({ kind: "line", number: i + 1, byteOffset: 0, text }) as const);
          yield split;
        }
        const read = await all(readConll({ name: "test", batches: batches() }));
        expect(read).toHaveLength(documents.length);
        documents.forEach((document, d) => {
          const { sentences, id } = read[d]!;
          expect(id ?? "").toBe(
            document.id
              .replace("\n", "%0A")
              .replace("\t", "%09")
              .replace(/^ +| +$/g, (blanks) => "%20".repeat(blanks.length)),
          );
          expect(sentences.flatMap(({ words }) => words)).toEqual(wordsOf(document));
          expect(sentences.map(({ words }) => words.length)).toEqual(
            lengths(document.sentences, document.words.starts.length),
          );
          document.lenses.forEach(({ tags }, c) => {
            expect(sentences.flatMap(({ columns }) => columns[c + 1]!)).toEqual(tags);
          });
        });
      }),
      { numRuns: 500 },
    );
  });

  test("as bytes in a file too", async () => {
    await fc.assert(
      fc.asyncProperty(annotatedDocument, async (document) => {
        const [read] = await all(readConll(linesOf(toConll(document))));
        const words = wordsOf(document).map((word) => word.toWellFormed());
        expect(read?.sentences.flatMap((sentence) => sentence.words)).toEqual(words);
      }),
    );
  });
});

function lengths(sentences: ArrayLike<number>, words: number): number[] {
  return Array.from(sentences, (first, i) => (sentences[i + 1] ?? words) - first);
}
