import { describe, expect, it } from "vitest";
import { readConll } from "../../src/dataset/conll.js";
import type { LabelledDocument, SpanDocument } from "../../src/dataset/document.js";
import { compareSpans, compareTagged } from "../../src/evaluation/compare-files.js";
import type { GoldColumn } from "../../src/evaluation/gold.js";
import { type Scorer, scorer } from "../../src/evaluation/scorer.js";
import { linesOf } from "../dataset/lines-of.js";

const everything = { rename: new Map<string, string>() };
const last: GoldColumn = { lens: "ner", place: 1, scheme: "BIO" };

function tagged(name: string, content: string) {
  return { name, documents: readConll(linesOf(content)) };
}

function compare(gold: string, predicted: string, scores: Scorer = scorer("conlleval", () => everything)) {
  return compareTagged(
    tagged("gold", gold),
    tagged("pred", predicted),
    [{ gold: last, predicted: last }],
    scores,
  );
}

describe("compareTagged", () => {
  it("scores sentence by sentence, whatever the files say of documents", async () => {
    const scores = scorer("conlleval", () => everything);
    await compare(
      "# doc = 1\nAda B-PER\nmet O\n\n# doc = 2\nBob B-PER\n",
      "Ada B-PER\nmet O\n\nBob B-LOC\n",
      scores,
    );
    expect(scores.report().lenses.ner).toMatchObject({
      micro: { precision: 0.5, recall: 0.5 },
      accuracy: 2 / 3,
    });
  });

  it("does not join spans over sentences", async () => {
    const scores = scorer("conlleval", () => everything);
    await compare("Ada B-PER\n\nBob I-PER\n", "Ada B-PER\n\nBob B-PER\n", scores);
    expect(scores.report().lenses.ner).toMatchObject({ micro: { f1: 1 }, accuracy: 1 });
  });

  it.each([
    ["other words", "a O\ncanary O\n", "a O\nparrot O\n", "gold:1 and pred:1 differ from word 2"],
    ["a word more", "a O\n\nb O\n", "a O\n\n\nb O\ncanary O\n", "gold:3 and pred:4 differ from word 2"],
    ["a word less", "a O\nb O\n", "a O\n", "gold:1 and pred:1 differ from word 2"],
    ["a sentence less", "a O\n\ncanary O\n", "a O\n", "pred ends before gold, which goes on at gold:3"],
    ["a sentence more", "a O\n", "a O\n\ncanary O\n", "gold ends before pred, which goes on at pred:3"],
    ["no words", "a O\n", "", "pred ends before gold, which goes on at gold:1"],
  ])("says where, and no word, of %s", async (_, gold, predicted, where) => {
    await expect(compare(gold, predicted)).rejects.toMatchObject({
      code: "INPUT_MALFORMED",
      message: expect.stringMatching(new RegExp(`${where}.*both (files )?must hold the same`)),
    });
    await expect(compare(gold, predicted)).rejects.not.toMatchObject({
      message: expect.stringMatching(/canary|parrot/),
    });
  });

  it("closes both files, however it ends", async () => {
    for (const [a, b] of [
      ["a O\n", "a O\n"],
      ["a O\n", "b O\n"],
      ["a O\n\nb O\n", "a O\n"],
      ["a O\n", "a O\n\nb O\n"],
    ]) {
      let open = 0;
      const watched = (content: string) => {
        async function* documents(): AsyncGenerator<LabelledDocument> {
          open++;
          try {
            yield* readConll(linesOf(content));
          } finally {
            open--;
          }
        }
        return { name: "x", documents: documents() };
      };
      await compareTagged(
        watched(a!),
        watched(b!),
        [],
        scorer("conlleval", () => everything),
      ).catch(() => {});
      expect(open).toBe(0);
    }
  });
});

describe("compareSpans", () => {
  const document = (line: number, text: string, ...spans: [number, number, string][]): SpanDocument => ({
    id: undefined,
    line,
    text,
    spans: spans.map(([start, end, label]) => ({ start, end, label })),
  });
  const side = (name: string, ...documents: SpanDocument[]) => ({
    name,
    documents: (async function* () {
      yield* documents;
    })(),
  });

  it("counts a span as right where its range and label are", async () => {
    const gold = side("gold", document(1, "Ada met Bob", [0, 3, "PER"], [8, 11, "PER"]), document(2, "x"));
    const predicted = side(
      "pred",
      document(1, "Ada met Bob", [0, 3, "PER"], [8, 10, "PER"]),
      document(2, "x", [0, 1, "PER"]),
    );
    const { lenses } = await compareSpans(gold, predicted, "ner", everything);
    expect(lenses.ner).toMatchObject({ types: { PER: { gold: 2, predicted: 3, correct: 1 } } });
  });

  it("selects labels on both sides", async () => {
    const selection = { rename: new Map([["PERSON", "PER"]]), keep: new Set(["PER"]) };
    const gold = side("gold", document(1, "Ada", [0, 3, "PERSON"], [0, 1, "X"]));
    const predicted = side("pred", document(1, "Ada", [0, 3, "PER"], [1, 2, "Y"]));
    const { lenses } = await compareSpans(gold, predicted, "ner", selection);
    expect(lenses.ner).toMatchObject({ micro: { f1: 1 } });
  });

  it.each([
    ["other texts", [document(4, "canary")], [document(7, "parrot")], "gold:4 and pred:7 differ"],
    ["a document less", [document(1, "a"), document(2, "canary")], [document(1, "a")], "pred ends.*gold:2"],
    ["a document more", [document(1, "a")], [document(1, "a"), document(3, "canary")], "gold ends.*pred:3"],
  ])("says where, and no text, of %s", async (_, gold, predicted, where) => {
    const failure = () => compareSpans(side("gold", ...gold), side("pred", ...predicted), "ner", everything);
    await expect(failure()).rejects.toMatchObject({
      code: "INPUT_MALFORMED",
      message: expect.stringMatching(new RegExp(where)),
    });
    await expect(failure()).rejects.not.toMatchObject({ message: expect.stringMatching(/canary|parrot/) });
  });
});
