import { describe, expect, it } from "vitest";
import { MODES, type Mode, scorer } from "../../src/evaluation/scorer.js";
import type { Selection } from "../../src/evaluation/selection.js";
import type { Scheme } from "../../src/tagging/schemes.js";

const everything: Selection = { rename: new Map() };
const side = (marked: string, scheme: Scheme = "BIO") => ({
  tags: marked.split("|").map((sentence) => sentence.trim().split(" ")),
  scheme,
});

function score(
  gold: ReturnType<typeof side>,
  predicted: ReturnType<typeof side>,
  mode: Mode = "conlleval",
  selection = everything,
) {
  const scores = scorer(mode, () => selection);
  scores.add("ner", gold, predicted);
  return scores.report().lenses.ner!;
}

describe("scorer", () => {
  it.each(MODES)("gives full marks for the same tags: %s", (mode) => {
    const tags = side("B-PER I-PER O B-LOC|O B-PER");
    expect(score(tags, tags, mode)).toMatchObject({ micro: { f1: 1 }, accuracy: 1 });
  });

  it("reads ill-formed tags as the mode does", () => {
    const [gold, stray] = [side("O B-PER I-PER O B-LOC"), side("O I-PER I-PER O B-LOC")];
    expect(score(gold, stray, "conlleval")).toMatchObject({ micro: { f1: 1 } });
    expect(score(gold, stray, "seqeval")).toMatchObject({ micro: { f1: 1 } });
    expect(score(gold, stray, "seqeval-strict")).toMatchObject({ micro: { recall: 0.5, precision: 1 } });
  });

  it("reads each side by its own scheme", () => {
    const gold = side("S-PER O B-LOC E-LOC", "BIOES");
    const predicted = side("B-PER O B-LOC I-LOC");
    for (const mode of ["conlleval", "seqeval-strict"] as const) {
      expect(score(gold, predicted, mode)).toMatchObject({ micro: { f1: 1 }, accuracy: 1 });
    }
  });

  it("counts spans of each sentence alone", () => {
    expect(score(side("B-PER|I-PER"), side("B-PER|B-PER"))).toMatchObject({
      types: { PER: { gold: 2, predicted: 2, correct: 2 } },
    });
  });

  it("selects labels before it scores, words among them", () => {
    const selection: Selection = {
      rename: new Map([
        ["PERSON", "PER"],
        ["MISC", ""],
      ]),
      keep: new Set(["PER"]),
    };
    const scores = score(side("B-PERSON O B-LOC B-MISC"), side("B-PER O O O"), "conlleval", selection);
    expect(scores).toMatchObject({ micro: { f1: 1 }, accuracy: 1 });
  });

  it("has accuracy alone for plain tags, and selects them too", () => {
    const plain = score(side("NN VB NN|JJ", "none"), side("NN VB JJ|JJ", "none"));
    expect(plain).toEqual({ accuracy: 0.75 });
    const selection: Selection = { rename: new Map([["NNP", "NN"]]) };
    expect(score(side("NNP", "none"), side("NN", "none"), "conlleval", selection)).toEqual({ accuracy: 1 });
  });

  it("gathers over documents, each lens by its own selection", () => {
    const scores = scorer("conlleval", (lens) =>
      lens === "a" ? everything : { rename: new Map([["X", ""]]) },
    );
    for (const lens of ["a", "b"]) {
      scores.add(lens, side("B-X O"), side("B-X B-Y"));
      scores.add(lens, side("B-Y"), side("B-Y"));
    }
    const { a, b } = scores.report().lenses;
    expect(a).toMatchObject({ micro: { precision: 2 / 3, recall: 1 }, accuracy: 2 / 3 });
    expect(b).toMatchObject({ micro: { precision: 1 / 2, recall: 1 }, accuracy: 2 / 3 });
  });

  it("reports nothing where nothing was added", () => {
    expect(scorer("conlleval", () => everything).report()).toEqual({ lenses: {} });
  });
});
