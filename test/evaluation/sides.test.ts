import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readConll } from "../../src/dataset/conll.js";
import { CONLLU_COLUMNS, readConllu } from "../../src/dataset/conllu.js";
import type { LabelledDocument } from "../../src/dataset/document.js";
import { prepareWords } from "../../src/dataset/prepare.js";
import { textOf } from "../../src/dataset/text.js";
import { prepareText } from "../../src/document/prepare.js";
import { addRaw, rawScores, rawTally } from "../../src/evaluation/conll18.js";
import {
  goldRaw,
  goldSide,
  predictedRaw,
  predictedSide,
  type ScoredLens,
} from "../../src/evaluation/sides.js";
import { all, linesOf } from "../dataset/lines-of.js";
import { answerTo, NER, POS } from "../support/scripted-tagger.js";

const identity = { id: "doc", revision: "7" };
const everything = { rename: new Map<string, string>() };
const ner: ScoredLens = {
  lens: NER,
  column: { lens: "ner", place: 1, scheme: "BIO" },
  selection: everything,
};
const pos: ScoredLens = {
  lens: POS,
  column: { lens: "pos", place: 2, scheme: "none" },
  selection: everything,
};
const lenses = [ner, pos];

const conll = async (content: string) => (await all(readConll(linesOf(content))))[0]!;
const conllu = async (...rows: [id: string, form: string, upos?: string][]) => {
  const lines = rows.map(([id, form, upos = "_"]) => `${id}\t${form}\t_\t${upos}\t_\t_\t_\t_\t_\t_`);
  return (await all(readConllu(linesOf(`${lines.join("\n")}\n\n`))))[0]!;
};

/** What the scripted engine makes of the raw text. */
function raw(document: LabelledDocument, scored: readonly ScoredLens[] = lenses, joinTo?: number) {
  const prepared = prepareText({ ...identity, text: textOf(document).text }, joinTo);
  return predictedRaw(prepared, prepared.inputs.map(answerTo), scored);
}

describe("sides over gold words", () => {
  it("have the same sentences and words", async () => {
    const document = await conll("Ada B-PER LONG\nB I-PER ONE\n\nmet O LONG\nBo B-PER TWO\n");
    const { inputs } = prepareWords(identity, document, "block");
    const tagged = inputs.map(answerTo);
    expect(goldSide(document, ner.column)).toEqual({
      tags: [
        ["B-PER", "I-PER"],
        ["O", "B-PER"],
      ],
      scheme: "BIO",
    });
    expect(predictedSide(document, tagged, NER)).toEqual(goldSide(document, ner.column));
    expect(predictedSide(document, tagged, POS)).toEqual({
      tags: [
        ["LONG", "ONE"],
        ["LONG", "TWO"],
      ],
      scheme: "none",
    });
  });
});

describe("goldRaw", () => {
  it("has words as tokens, and spans over the words of the document", async () => {
    const document = await conll("Ada B-PER NN\nB I-PER NN\n\nmet O VB\nBo B-PER NN\n");
    expect(goldRaw(document, lenses)).toEqual({
      tokens: [{ form: "Ada" }, { form: "B" }, { form: "met" }, { form: "Bo" }],
      sentences: [0, 2],
      labels: { pos: ["NN", "NN", "VB", "NN"] },
      spans: {
        ner: [
          { start: 0, end: 2, type: "PER" },
          { start: 3, end: 4, type: "PER" },
        ],
      },
    });
  });

  it("has multi-word tokens as they are written, labels and spans by words", async () => {
    const document = await conllu(
      ["1", "bis", "ADP"],
      ["2-3", "zum"],
      ["2", "zu", "ADP"],
      ["3", "dem", "DET"],
      ["4", "See", "NOUN"],
    );
    const upos = CONLLU_COLUMNS.indexOf("upos");
    const tags: ScoredLens = { ...pos, column: { ...pos.column, place: upos } };
    const spans: ScoredLens = { ...ner, column: { lens: "ner", place: upos, scheme: "IO" } };
    expect(goldRaw(document, [tags, spans])).toEqual({
      tokens: [{ form: "bis" }, { form: "zum", words: ["zu", "dem"] }, { form: "See" }],
      sentences: [0],
      labels: { pos: ["ADP", "ADP", "DET", "NOUN"] },
      spans: {
        ner: [
          { start: 0, end: 2, type: "ADP" },
          { start: 2, end: 3, type: "DET" },
          { start: 3, end: 4, type: "NOUN" },
        ],
      },
    });
  });

  it("selects labels and spans", async () => {
    const selection = {
      rename: new Map([
        ["PERSON", "PER"],
        ["NNP", "NN"],
        ["ORG", ""],
      ]),
    };
    const document = await conll("Ada B-PERSON NNP\nX B-ORG NN\n");
    const { labels, spans } = goldRaw(
      document,
      lenses.map((lens) => ({ ...lens, selection })),
    );
    expect(labels).toEqual({ pos: ["NN", "NN"] });
    expect(spans).toEqual({ ner: [{ start: 0, end: 1, type: "PER" }] });
  });
});

describe("predictedRaw", () => {
  it("counts quote marks as words without a label", async () => {
    const document = await conll("> O X\nAda B-PER NN\n\n> O X\n> O X\nB B-PER NN\n");
    expect(raw(document)).toEqual({
      tokens: [{ form: ">" }, { form: "Ada" }, { form: ">" }, { form: ">" }, { form: "B" }],
      sentences: [1, 4],
      labels: { pos: ["", "LONG", "", "", "ONE"] },
      spans: {
        ner: [
          { start: 1, end: 2, type: "PER" },
          { start: 4, end: 5, type: "PER" },
        ],
      },
    });
  });

  it("gives words, labels and spans full marks where all are right", async () => {
    const document = await conll("Ada B-PER LONG\nB I-PER ONE\n\nmet O LONG\n");
    const tally = rawTally();
    addRaw(tally, goldRaw(document, lenses), raw(document));
    const scores = rawScores(tally);
    expect(scores.words.f1).toBe(1);
    expect(scores.sentences.f1).toBe(1);
    expect(scores.labels.pos).toMatchObject({ f1: 1, accuracy: 1 });
    expect(scores.spans.ner).toMatchObject({ micro: { f1: 1 } });
  });
});

describe("both raw sides", () => {
  const form = fc.oneof(
    fc.constantFrom(
      ">",
      ">>",
      ">x",
      "a>b",
      "Ada",
      "B.",
      "\u200b",
      "é",
      "e\u0301",
      "😀",
      "\ud83d",
      "x\u00a0y",
    ),
    fc.string({ unit: "binary", minLength: 1, maxLength: 4 }),
  );
  const sentence = fc.record({
    words: fc.array(fc.record({ form, touches: fc.boolean() }), { minLength: 1, maxLength: 6 }),
    newParagraph: fc.boolean(),
    contracted: fc.boolean(),
  });
  const document = fc.record({ list: fc.array(sentence, { maxLength: 6 }), hasSpacing: fc.boolean() }).map(
    ({ list, hasSpacing }): LabelledDocument => ({
      id: undefined,
      line: 1,
      columnNames: ["1", "2", "3"],
      hasSpacing,
      sentences: list.map(({ words, newParagraph, contracted }) => ({
        id: undefined,
        line: 1,
        words: words.map(({ form }) => form),
        spaceAfter: words.map(({ touches }) => !touches),
        columns: [words.map(({ form }) => form), words.map(() => "B-PER"), words.map(() => "ONE")],
        newParagraph,
        text: undefined,
        tokens: contracted && words.length > 1 ? [{ first: 0, last: 1, surface: "> zum" }] : [],
      })),
    }),
  );

  it("hold the same text, whatever the words are and however lines open", () => {
    fc.assert(
      fc.property(document, fc.constantFrom(0, 200), (document, joinTo) => {
        const tally = rawTally();
        const gold = goldRaw(document, lenses);
        const predicted = raw(document, lenses, joinTo);
        expect(() => addRaw(tally, gold, predicted)).not.toThrow();
        expect(predicted.labels!.pos).toHaveLength(predicted.tokens.length);
        for (const { start, end } of predicted.spans!.ner!) {
          expect(predicted.tokens[start]).toBeDefined();
          expect(end).toBeLessThanOrEqual(predicted.tokens.length);
        }
      }),
      { numRuns: 500 },
    );
  });
});
