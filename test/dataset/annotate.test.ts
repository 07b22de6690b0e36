import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { annotatedDocument } from "../../src/dataset/annotate.js";
import { readConll } from "../../src/dataset/conll.js";
import { prepareWords } from "../../src/dataset/prepare.js";
import { toView } from "../../src/document/blocks.js";
import { prepareText } from "../../src/document/prepare.js";
import { spansOfTags } from "../../src/tagging/schemes.js";
import { answerTo, NER, POS } from "../support/scripted-tagger.js";
import { all, linesOf } from "./lines-of.js";

const identity = { id: "doc", revision: "7" };

function annotated(text: string, minScore = 0, joinTo?: number) {
  const document = prepareText({ ...identity, text }, joinTo);
  const tagged = document.inputs.map(answerTo);
  return { ...annotatedDocument(document, tagged, [NER, POS], minScore), document, tagged };
}

const text = fc
  .array(
    fc.constantFrom(
      "Ada",
      "Lovelace",
      "met",
      "x",
      "\n",
      "\n\n",
      "\r\n> ",
      "  ",
      "\u00a0",
      "É",
      "😀",
      "X".repeat(30),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(" "));
const minScore = fc.constantFrom(0, 0.2, 0.35, 0.8);
const size = fc.constantFrom(0, 10, 200);

describe("annotatedDocument", () => {
  it("gives words, sentences, tags and spans in the text", () => {
    const { words, sentences, lenses, id } = annotated("> Ada   Lovelace\r\n> met Bob", 0);
    expect(id).toBe("doc");
    expect(words).toEqual({ starts: [2, 8, 20, 24], ends: [5, 16, 23, 27] });
    expect(sentences).toEqual([0, 2]);
    expect(lenses).toEqual([
      {
        name: "ner",
        tags: ["B-PER", "I-PER", "O", "B-PER"],
        spans: [
          { start: 2, end: 16, label: "PER", score: 1 },
          { start: 24, end: 27, label: "PER", score: 0.3 },
        ],
      },
      { name: "pos", tags: ["LONG", "LONG", "LONG", "LONG"], spans: [] },
    ]);
  });

  it("has tags from which its spans can be read again", () => {
    fc.assert(
      fc.property(text, minScore, size, (text, minScore, joinTo) => {
        const { words, lenses } = annotated(text, minScore, joinTo);
        const [ner] = lenses;
        expect(ner!.tags).toHaveLength(words.starts.length);
        expect(
          spansOfTags(ner!.tags, "BIO").map(({ start, end, type }) => ({
            start: words.starts[start],
            end: words.ends[end - 1],
            label: type,
          })),
        ).toEqual(ner!.spans.map(({ start, end, label }) => ({ start, end, label })));
      }),
      { numRuns: 300 },
    );
  });

  it("leaves out spans under the least score, and no other", () => {
    fc.assert(
      fc.property(text, minScore, (text, minScore) => {
        const { spans } = annotated(text).lenses[0]!;
        expect(annotated(text, minScore).lenses[0]!.spans).toEqual(
          spans.filter(({ score }) => score >= minScore),
        );
      }),
    );
  });

  it("has the words of all blocks, in order, and sentences that open at them", () => {
    fc.assert(
      fc.property(text, size, (text, joinTo) => {
        const { words, sentences, document, tagged } = annotated(text, 0, joinTo);
        const surfaces = words.starts.map((start, i) => text.slice(start, words.ends[i]));
        expect(surfaces).toEqual(
          text
            .replace(/^> ?/gm, "")
            .split(/[\s\u00a0]+/)
            .filter((word) => word !== ""),
        );
        const opened = tagged.flatMap((answer, b) =>
          answer.sentences.map((s) => toView(document.blocks[b]!, answer.starts[s]!, answer.ends[s]!).start),
        );
        expect(Array.from(sentences, (s) => words.starts[s])).toEqual(opened);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps the words of a label file, also those that touch", async () => {
    const [labelled] = await all(readConll(linesOf("Ada O\n' O\nX O\n\nBob O\n")));
    const document = prepareWords(identity, { ...labelled!, hasSpacing: true }, "block");
    const { words, lenses } = annotatedDocument(document, document.inputs.map(answerTo), [NER], 0.2);
    expect(words.starts.map((start, i) => document.text.slice(start, words.ends[i]))).toEqual([
      "Ada",
      "'",
      "X",
      "Bob",
    ]);
    expect(lenses[0]!.tags).toEqual(["B-PER", "O", "O", "B-PER"]);
  });

  it("of a text without words is empty", () => {
    expect(annotated(" \n")).toMatchObject({
      words: { starts: [], ends: [] },
      sentences: [],
      lenses: [
        { tags: [], spans: [] },
        { tags: [], spans: [] },
      ],
    });
  });
});
