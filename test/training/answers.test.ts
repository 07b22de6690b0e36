import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  SCHEMES,
  type SpanScheme,
  spansOfTags,
  type TagSpan,
  tagsOfSpans,
} from "../../src/tagging/schemes.js";
import { answerSets, translation } from "../../src/training/answers.js";
import { labelsOfTypes } from "../../src/training/lens-labels.js";
import type { LabelSource, RecipeLens } from "../../src/training/recipe.js";

const TYPES = ["PER", "ORG", "LOC"];
const SPAN_SCHEMES = SCHEMES.filter((scheme): scheme is SpanScheme => scheme !== "none");

function lensOf(scheme: SpanScheme): RecipeLens {
  return { name: "ner", scheme, labels: labelsOfTypes(TYPES, scheme), weight: 1, auxiliary: false };
}

const POS: RecipeLens = {
  name: "pos",
  scheme: "none",
  labels: ["NOUN", "ADP", "SCONJ"],
  weight: 1,
  auxiliary: false,
};

function sourceOf(lens: string, given: Partial<LabelSource> = {}): LabelSource {
  return {
    lens,
    files: undefined,
    column: -1,
    rename: new Map(),
    keep: undefined,
    notAnnotated: [],
    anyOf: new Map(),
    ...given,
  };
}

/** Answers of a sentence, as labels: a set of labels as `A|B`, no label as `-`. */
function answers(lens: RecipeLens, source: LabelSource, tags: readonly string[]): string[] | undefined {
  const set = { name: "s", files: [], labels: [source], passes: 1, licence: undefined };
  const sets = answerSets({ lenses: [lens], sets: [set], validation: [] })[0]!;
  const all = [...new Set(tags)];
  const words = Int16Array.from(tags, (tag) => all.indexOf(tag));
  const missing: string[] = [];
  const found = translation(lens, source, all, sets);
  if (found === undefined) return undefined;
  found.translate(words, (label) => missing.push(`!${label}`));
  if (missing.length > 0) return missing;
  return [...words].map((answer) => {
    if (answer < 0) return "-";
    const set = answer < lens.labels.length ? [answer] : sets[answer - lens.labels.length]!;
    return set.map((label) => lens.labels[label]).join("|");
  });
}

/** Spans that touch now and then, of a sentence of 12 words. */
const spans = fc
  .array(
    fc.record({ gap: fc.nat(2), length: fc.integer({ min: 1, max: 3 }), type: fc.constantFrom(...TYPES) }),
    { maxLength: 4 },
  )
  .map((items) => {
    let at = 0;
    return items.flatMap(({ gap, length, type }): TagSpan[] => {
      const start = at + gap;
      at = start + length;
      return at > 12 ? [] : [{ start, end: at, type }];
    });
  });

describe("translation of spans", () => {
  it("gives the spans of the source in the lens's scheme, whatever the two are", () => {
    fc.assert(
      fc.property(
        spans,
        fc.constantFrom(...SPAN_SCHEMES),
        fc.constantFrom(...SPAN_SCHEMES),
        (gold, from, to) => {
          const tags = tagsOfSpans(gold, 12, from);
          // What the source itself can still tell: IO runs spans of one type together.
          const told = spansOfTags(tags, from);
          expect(answers(lensOf(to), sourceOf("ner"), tags)).toEqual(tagsOfSpans(told, 12, to));
        },
      ),
    );
  });

  it("renames and chooses spans as a whole", () => {
    fc.assert(
      fc.property(spans, fc.constantFrom(...SPAN_SCHEMES), (gold, to) => {
        const source = sourceOf("ner", {
          rename: new Map([
            ["PER", "LOC"],
            ["LOC", ""],
          ]),
          keep: new Set(["LOC"]),
        });
        const told = gold.filter(({ type }) => type === "PER").map((span) => ({ ...span, type: "LOC" }));
        expect(answers(lensOf(to), source, tagsOfSpans(gold, 12, "BIO"))).toEqual(tagsOfSpans(told, 12, to));
      }),
    );
  });

  it("repairs as conlleval does", () => {
    expect(answers(lensOf("BIO"), sourceOf("ner"), ["O", "I-PER", "I-PER", "I-ORG", "B-LOC"])).toEqual([
      "O",
      "B-PER",
      "I-PER",
      "B-ORG",
      "B-LOC",
    ]);
  });

  it("takes O for any label of what is not annotated", () => {
    const source = sourceOf("ner", { notAnnotated: ["LOC"] });
    expect(answers(lensOf("BIO"), source, ["O", "B-PER", "O"])).toEqual([
      "O|B-LOC|I-LOC",
      "B-PER",
      "O|B-LOC|I-LOC",
    ]);
    expect(answers(lensOf("BIOES"), source, ["O"])).toEqual(["O|B-LOC|I-LOC|E-LOC|S-LOC"]);
  });

  it("takes a type for any of several, place by place", () => {
    const source = sourceOf("ner", {
      anyOf: new Map([
        ["group", ["ORG", "LOC"]],
        ["odd", ["O", "PER"]],
      ]),
    });
    expect(answers(lensOf("BIO"), source, ["B-group", "I-group", "O", "B-odd"])).toEqual([
      "B-ORG|B-LOC",
      "I-ORG|I-LOC",
      "O",
      "O|B-PER",
    ]);
  });

  it("names labels that the lens has not, and columns that mark no spans", () => {
    expect(answers(lensOf("BIO"), sourceOf("ner"), ["B-GPE", "I-GPE", "O"])).toEqual(["!B-GPE", "!I-GPE"]);
    expect(answers(lensOf("BIO"), sourceOf("ner"), ["NN", "VB"])).toBeUndefined();
    expect(answers(lensOf("BIO"), sourceOf("ner"), ["X", "B-PER"])).toBeUndefined();
  });

  it("leaves words without a label alone", () => {
    expect(answers(lensOf("BIO"), sourceOf("ner"), ["B-PER", "_", "I-PER"])).toEqual(["B-PER", "-", "B-PER"]);
  });
});

describe("translation of words", () => {
  it("renames, chooses, leaves out and takes any of several", () => {
    const source = sourceOf("pos", {
      rename: new Map([
        ["NN", "NOUN"],
        ["SYM", ""],
      ]),
      keep: new Set(["NOUN", "ADP"]),
      anyOf: new Map([["IN", ["SCONJ", "ADP"]]]),
    });
    expect(answers(POS, source, ["NN", "IN", "SYM", "ADP", "SCONJ", "_", "."])).toEqual([
      "NOUN",
      "ADP|SCONJ",
      "-",
      "ADP",
      "-",
      "-",
      "-",
    ]);
  });

  it("names labels that the lens has not", () => {
    const source = sourceOf("pos", { rename: new Map([["V", "VERB"]]) });
    expect(answers(POS, source, ["NOUN", "V", "_"])).toEqual(["!VERB"]);
  });
});

it("answerSets names each set once over all sets of the recipe", () => {
  const lens = lensOf("BIO");
  const set = (notAnnotated: string[]) => ({
    name: "",
    files: [],
    labels: [sourceOf("ner", { notAnnotated })],
    passes: 1,
    licence: undefined,
  });
  const validation = [{ ...set(["ORG", "LOC"]), context: "block" as const, decides: true }];
  expect(
    answerSets({ lenses: [lens, POS], sets: [set(["LOC"]), set([]), set(["LOC"])], validation }),
  ).toEqual([
    [
      [0, 5, 6],
      [0, 3, 4, 5, 6],
    ],
    [],
  ]);
});
