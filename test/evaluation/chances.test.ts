import { describe, expect, it } from "vitest";
import { readConll } from "../../src/dataset/conll.js";
import { prepareWords } from "../../src/dataset/prepare.js";
import { chancesOf, spanChances } from "../../src/evaluation/chances.js";
import { all, linesOf } from "../dataset/lines-of.js";
import { answerTo, NER, POS } from "../support/scripted-tagger.js";

const selection = { rename: new Map<string, string>() };

describe("chances", () => {
  it("are those of spans and of words, over all blocks of a document", async () => {
    const lines = "Ada B-PER LONG\nB I-PER ONE\n\nmet O TWO\nBo O TWO\nEve B-PER LONG\n";
    const document = (await all(readConll(linesOf(lines))))[0]!;
    const { inputs } = prepareWords({ id: "", revision: "" }, document, "sentence");
    // One span in the first sentence, right; one in the second, too long by a word.
    const blocks = inputs.map(answerTo).map((block) => ({
      ...block,
      lenses: Object.fromEntries(
        Object.entries(block.lenses).map(([name, answer]) => [
          name,
          {
            ...answer,
            uncalibrated: { spans: answer.spans.map(() => 0.9), words: answer.scores.map(() => 0.8) },
          },
        ]),
      ),
    }));
    const column = { lens: "ner", place: 1, scheme: "BIO" } as const;
    expect(chancesOf(document, blocks, { lens: NER, column, selection })).toEqual([
      { score: 0.5, uncalibrated: 0.9, correct: true },
      { score: 0.6, uncalibrated: 0.9, correct: false },
    ]);
    const words = { lens: POS, column: { lens: "pos", place: 2, scheme: "none" }, selection } as const;
    expect(chancesOf(document, blocks, words)).toEqual(
      [true, true, false, true, true].map((correct) => ({ score: 1, uncalibrated: 0.8, correct })),
    );
    // What is not scored is no chance, either.
    const none = { rename: new Map([["PER", ""]]) };
    expect(chancesOf(document, blocks, { lens: NER, column, selection: none })).toEqual([]);
  });

  it("are right where start, end and type are those of a gold span", () => {
    const span = (start: number, end: number, type: string) => ({ start, end, type });
    const predicted = [span(0, 2, "PER"), span(3, 4, "PER"), span(5, 6, "LOC")];
    const scored = predicted.map((each) => ({ ...each, score: 0.5, uncalibrated: 0.9 }));
    const gold = [span(0, 2, "PER"), span(3, 4, "LOC"), span(5, 7, "LOC")];
    expect(spanChances(gold, scored)).toEqual(
      [true, false, false].map((correct) => ({ score: 0.5, uncalibrated: 0.9, correct })),
    );
  });
});
