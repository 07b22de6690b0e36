import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readConllu } from "../../src/dataset/conllu.js";
import { textOf } from "../../src/dataset/text.js";
import { toConllu } from "../../src/dataset/write-conllu.js";
import { annotatedDocument, wordsOf } from "./annotated.js";
import { all, linesOf } from "./lines-of.js";

describe("toConllu", () => {
  test("writes marks, text, spacing, and labels to UPOS and MISC", () => {
    const document = {
      id: "m",
      text: "Hi\nAnn!Yes.\n\n \nBye",
      words: { starts: [0, 3, 6, 7, 10, 15], ends: [2, 6, 7, 10, 11, 18] },
      sentences: [0, 3, 5],
      lenses: [
        { name: "pos", tags: ["INTJ", "PROPN", "PUNCT", "INTJ", "PUNCT", "INTJ"], spans: [] },
        { name: "ner", tags: ["O", "B-PER", "O", "O", "O", "B-a|b"], spans: [] },
      ],
    };
    expect(toConllu(document)).toBe(
      [
        "# newdoc id = m",
        "# newpar",
        "# sent_id = m-1",
        "# text = Hi Ann!",
        "1\tHi\t_\tINTJ\t_\t_\t_\t_\t_\t_",
        "2\tAnn\t_\tPROPN\t_\t_\t_\t_\t_\tner=B-PER|SpaceAfter=No",
        "3\t!\t_\tPUNCT\t_\t_\t_\t_\t_\tSpaceAfter=No",
        "",
        "# sent_id = m-2",
        "# text = Yes.",
        "1\tYes\t_\tINTJ\t_\t_\t_\t_\t_\tSpaceAfter=No",
        "2\t.\t_\tPUNCT\t_\t_\t_\t_\t_\t_",
        "",
        "# newpar",
        "# sent_id = m-3",
        "# text = Bye",
        "1\tBye\t_\tINTJ\t_\t_\t_\t_\t_\tner=B-a\\pb",
        "",
        "",
      ].join("\n"),
    );
  });

  test("what is written is read back: words, sentences, tags, and the text but for its white space", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(annotatedDocument, { maxLength: 3 }), async (documents) => {
        const read = await all(readConllu(linesOf(documents.map(toConllu).join(""))));
        expect(read).toHaveLength(documents.length);
        documents.forEach((document, d) => {
          const { sentences } = read[d]!;
          const words = wordsOf(document).map((word) => word.toWellFormed());
          expect(sentences.flatMap((sentence) => sentence.words)).toEqual(words);
          expect(sentences).toHaveLength(document.sentences.length);
          const pos = document.lenses.find(({ name }) => name === "pos")?.tags ?? words.map(() => "_");
          expect(sentences.flatMap(({ columns }) => columns[3]!)).toEqual(pos);
          const again = textOf(read[d]!);
          expect(again.notes).toEqual([]);
          expect(again.text.replace(/\s+/gu, " ")).toBe(folded(document.text));
        });
      }),
      { numRuns: 500 },
    );
  });

  test("paragraphs are where blank lines were", async () => {
    await fc.assert(
      fc.asyncProperty(annotatedDocument, async (document) => {
        const [read] = await all(readConllu(linesOf(toConllu(document))));
        read?.sentences.forEach(({ newParagraph }, s) => {
          const first = document.sentences[s]!;
          const before =
            first === 0
              ? "\n\n"
              : document.text.slice(document.words.ends[first - 1], document.words.starts[first]);
          expect(newParagraph).toBe(before.replaceAll("\r\n", "\n").replaceAll(" ", "") === "\n\n");
        });
      }),
    );
  });
});

function folded(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\s\u200b]+/gu, " ")
    .trim();
}
