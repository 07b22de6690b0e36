import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UNLABELLED } from "../../src/training/document.js";
import { type ReadSets, readSets } from "../../src/training/read-sets.js";
import { readRecipe } from "../../src/training/recipe-file.js";
import { requireTeachable } from "../../src/training/set-labels.js";
import { SHARED_ABSENT, shared } from "../support/shared.js";
import { temporaryFolder } from "../support/temporary.js";

const folder = temporaryFolder();

function file(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return name;
}

const LENSES = "ner: {types: [PER, LOC]}, pos: {labels: [NOUN, VERB, PROPN], scheme: none}";

function recipeOf(sets: string, lenses = LENSES) {
  const others = `{name: filler, files: ${file("filler.conll", "w B-PER NOUN\n")}, labels: {pos: , ner: {column: 2}}}`;
  return readRecipe(
    join(folder, "r.yaml"),
    `{base: b, output: o, lenses: {${lenses}}, sets: [${sets}, ${others}]}`,
  );
}

function read(sets: string, lenses?: string): Promise<ReadSets> {
  const recipe = recipeOf(sets, lenses);
  return readSets(recipe, recipe.sets.slice(0, -1));
}

/** Of each sentence of the first set: words, and the labels of both lenses. */
async function labelled(sets: string) {
  const recipe = recipeOf(sets);
  const { documents } = await readSets(recipe, recipe.sets.slice(0, -1));
  return documents[0]!.flatMap(({ sentences }) =>
    sentences.map(({ words, answers }) => [
      words.join(" "),
      ...answers.map((answer, lens) =>
        answer === undefined
          ? undefined
          : [...answer].map((one) => recipe.lenses[lens]!.labels[one] ?? one).join(" "),
      ),
    ]),
  );
}

async function refusal(sets: string): Promise<string> {
  const error = await read(sets).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toMatchObject({ code: "TRAINING_DATA" });
  return (error as Error).message.replaceAll(`${folder}/`, "");
}

const CONLL = "# doc = a\nAnn\tNNP\tB-PER\nsaw\tVBD\tO\n\nRome\tNNP\tB-LOC\n\n# doc = b\nAnn\tNNP\tI-PER\n";
const token = (id: number, form: string, upos: string, misc = "_") =>
  `${id}\t${form}\t_\t${upos}\t_\t_\t_\t_\t_\t${misc}\n`;
const CONLLU = `# newpar\n${token(1, "Ann", "PROPN", "ner=B-PER")}${token(2, "ran", "VERB", "SpaceAfter=No")}${token(3, ".", "_")}\n${token(1, "Yes", "_")}\n# newpar\n${token(1, "Run", "VERB")}\n`;

describe("readSets", () => {
  it("reads CoNLL, gzipped or not, with documents and every sentence a paragraph", async () => {
    const { documents, report } = await read(
      `{files: ${file("a.conll.gz", gzipSync(CONLL))}, labels: {ner: }}`,
    );
    expect(documents[0]).toEqual([
      {
        sentences: [
          {
            words: ["Ann", "saw"],
            blankBefore: [true, true],
            newParagraph: true,
            answers: [Int16Array.of(1, 0), undefined],
          },
          {
            words: ["Rome"],
            blankBefore: [true],
            newParagraph: true,
            answers: [Int16Array.of(3), undefined],
          },
        ],
      },
      {
        sentences: [
          { words: ["Ann"], blankBefore: [true], newParagraph: true, answers: [Int16Array.of(1), undefined] },
        ],
      },
    ]);
    expect(report).toEqual([
      {
        set: "a",
        documents: 2,
        sentences: 3,
        words: 4,
        lenses: [{ lens: "ner", answers: [1, 2, 0, 1, 0], notFound: 0 }],
      },
    ]);
  });

  it("reads CoNLL-U: upos, spans in MISC, spacing, paragraphs, and words without a label", async () => {
    const { documents } = await read(`{files: ${file("u.conllu", CONLLU)}, labels: {ner: , pos: }}`);
    expect(documents[0]).toEqual([
      {
        sentences: [
          {
            words: ["Ann", "ran", "."],
            blankBefore: [true, true, false],
            newParagraph: true,
            answers: [Int16Array.of(1, 0, 0), Int16Array.of(2, 1, UNLABELLED)],
          },
          {
            words: ["Yes"],
            blankBefore: [true],
            newParagraph: false,
            answers: [Int16Array.of(0), undefined],
          },
          {
            words: ["Run"],
            blankBefore: [true],
            newParagraph: true,
            answers: [Int16Array.of(0), Int16Array.of(1)],
          },
        ],
      },
    ]);
  });

  it("reads texts with spans by our own words", async () => {
    const lines = [
      {
        text: "> I'm Ann\n\nOld Rome.",
        spans: [
          { start: 6, end: 9, label: "PER" },
          { start: 11, end: 19, label: "LOC" },
        ],
      },
      {
        text: "Annex is here",
        spans: [
          { start: 0, end: 3, label: "PER" },
          { start: 1, end: 4, label: "LOC" },
        ],
      },
    ];
    const path = file("t.jsonl", lines.map((line) => JSON.stringify(line)).join("\n"));
    const { documents, warnings } = await read(`{files: ${path}, labels: {ner: }}`);
    expect(documents[0]!.map(({ sentences }) => sentences.map(({ words }) => words))).toEqual([
      [
        ["I", "'m", "Ann"],
        ["Old", "Rome", "."],
      ],
      [["Annex", "is", "here"]],
    ]);
    expect(documents[0]![0]!.sentences.map(({ answers }) => [...answers[0]!])).toEqual([
      [0, 0, 1],
      [3, 4, 0],
    ]);
    expect(documents[0]![0]!.sentences.map(({ newParagraph }) => newParagraph)).toEqual([true, true]);
    expect(documents[0]![0]!.sentences[0]!.blankBefore).toEqual([true, false, true]);
    expect([...documents[0]![1]!.sentences[0]!.answers[0]!]).toEqual([1, 0, 0]);
    expect(warnings[0]).toContain("1 spans cut words and were widened, 1 overlap");
  });

  it("takes labels of further files by the words of a sentence", async () => {
    file("j.conll", "Ann\tNOUN\nsaw\tVERB\n\nRome\tNOUN\n\nAnn\tNOUN\nsaw\tVERB\n\n");
    file("j-ner.conll", "Ann\tB-PER\nsaw\tO\n\nAnn saw\tB-LOC\n\nAnn\tO\nsaw\tO\n\n");
    expect(await labelled("{files: j.conll, labels: {pos: , ner: {files: j-ner.conll}}}")).toEqual([
      ["Ann saw", "B-PER O", "NOUN VERB"],
      ["Rome", undefined, "NOUN"],
      ["Ann saw", "B-PER O", "NOUN VERB"],
    ]);
    const { report, warnings } = await read("{files: j.conll, labels: {pos: , ner: {files: j-ner.conll}}}");
    expect(report[0]!.lenses.map(({ notFound }) => notFound)).toEqual([0, 1]);
    expect(warnings).toEqual([expect.stringContaining("1 of 3 sentences have no labels of the lens ner")]);
  });

  it("joins as a look through all sentences would", async () => {
    const sentence = fc.array(fc.tuple(fc.constantFrom("a", "b"), fc.constantFrom("NOUN", "VERB")), {
      minLength: 1,
      maxLength: 3,
    });
    const conll = (sentences: [string, string][][]) =>
      sentences.map((words) => words.map(([word, tag]) => `${word}\t${tag}\n`).join("")).join("\n");
    await fc.assert(
      fc.asyncProperty(
        fc.array(sentence, { minLength: 1, maxLength: 6 }),
        fc.array(sentence, { minLength: 1, maxLength: 6 }),
        async (own, other) => {
          const key = (words: [string, string][]) => words.map(([word]) => word).join(" ");
          const expected = own.map((words) =>
            other
              .find((one) => key(one) === key(words))
              ?.map(([, tag]) => tag)
              .join(" "),
          );
          fc.pre(expected.some((one) => one !== undefined));
          const set = `{files: ${file("own.conll", conll(own))}, labels: {pos: {files: ${file("other.conll", conll(other))}}}}`;
          expect((await labelled(set)).map(([, , pos]) => pos)).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("gives sets of labels numbers after the labels", async () => {
    file("n.conll", "Ann\tB-PER\nsaw\tO\n");
    const { documents, sets } = await read("{files: n.conll, labels: {ner: {not-annotated: LOC}}}");
    expect(sets).toEqual([[[0, 3, 4]], []]);
    expect([...documents[0]![0]!.sentences[0]!.answers[0]!]).toEqual([1, 5]);
  });

  it("names each label that the lens has not, with its first place, over all sets", async () => {
    file("x.conll", "a O\nb B-GPE\n\nc I-GPE\nd B-GPE\n");
    file("y.conllu", `${token(1, "a", "NOUN")}\n${token(1, "b", "NOUN")}${token(2, "c", "ADJ")}`);
    expect(
      (await refusal("{files: x.conll, labels: {ner: }}, {files: y.conllu, labels: {pos: }}")).split("\n"),
    ).toEqual([
      'x.conll:2: the lens ner has no label "B-GPE": `rename` it, or name in `keep` the types that count',
      'y.conllu:3: the lens pos has no label "ADJ": `rename` it, or name in `keep` the types that count',
    ]);
  });

  it.each([
    [
      "{files: w.conll, labels: {ner: {column: 5}}}",
      "w.conll: column 5 for the lens ner: no such column; it has 2 columns",
    ],
    ["{files: w.conll, labels: {ner: {column: 1}}}", "there are words and no labels in it"],
    ["{files: u.conllu, labels: {pos: {column: lemma}}}", "there are words and no labels in it"],
    ["{files: empty.conll, labels: {ner: }}", "there is no word in empty.conll"],
    ["{files: w.conll, labels: {ner: }}", "mark no spans, as the lens ner needs"],
    [
      "{files: w.conll, labels: {ner: {files: a.conll.gz, column: -1}}}",
      "none of its sentences is in a.conll.gz",
    ],
    ["{files: none.conllu, labels: {pos: }}", "no word of none.conllu has one"],
  ])("refuses %s", async (set, what) => {
    file("w.conll", "one NOUN\ntwo VERB\n");
    file("empty.conll", "\n");
    file("none.conllu", token(1, "a", "_"));
    expect(await refusal(set)).toContain(what);
  });

  it("names no word where a column holds words", async () => {
    const words = Array.from({ length: 150 }, (_, i) => `canary${i}\tcanary${i}\n`).join("");
    file("words.conll", words);
    expect(await refusal("{files: words.conll, labels: {pos: }}")).not.toContain("canary");
  });

  it("names every file that is missing", async () => {
    const error = await read("{files: no.conll, labels: {ner: {files: neither.conll}}}").catch(
      (error: unknown) => error,
    );
    expect(error).toMatchObject({
      code: "INPUT_NOT_FOUND",
      message: expect.stringMatching(/no\.conll.*\n.*neither\.conll/),
    });
  });

  it("warns of a set with one label only", async () => {
    file("o.conll", "a O\nb O\n");
    expect((await read("{files: o.conll, labels: {ner: }}")).warnings).toEqual([
      expect.stringContaining("all words have the same label of the lens ner, O"),
    ]);
  });
});

describe("requireTeachable", () => {
  const teachable = async (sets: string, lenses?: string) => {
    const recipe = recipeOf(sets, lenses);
    const { report, sets: answers } = await readSets(recipe, recipe.sets.slice(0, 1));
    return requireTeachable(recipe.lenses.slice(0, 1), answers, report);
  };

  it("names labels that no set shows, sets of labels counted", async () => {
    file("q.conll", "a B-PER\nb O\n");
    expect(await teachable("{files: q.conll, labels: {ner: }}")).toEqual([
      expect.stringContaining("lens ner: no training set shows I-PER, B-LOC, I-LOC"),
    ]);
    expect(await teachable("{files: q.conll, labels: {ner: {not-annotated: LOC}}}")).toEqual([
      expect.stringContaining("no training set shows I-PER:"),
    ]);
  });

  it("refuses a lens with one label or none", async () => {
    file("o.conll", "a O\nb O\n");
    await expect(teachable("{files: o.conll, labels: {ner: }}")).rejects.toMatchObject({
      code: "TRAINING_DATA",
      message: expect.stringContaining("have the label O"),
    });
    await expect(
      teachable(
        "{files: n.conll, labels: {ner: }}",
        "pos: {labels: [NOUN, VERB], scheme: none}, ner: {types: [PER, LOC]}",
      ),
    ).rejects.toMatchObject({
      message: expect.stringContaining("lens pos: no word"),
    });
  });
});

describe.skipIf(SHARED_ABSENT)("shared data (skipped where ../shared is absent)", () => {
  it("joins EWT with its chunks and names", async () => {
    const set = (folder: string, name: string) => JSON.stringify(shared(`data/${folder}/${name}`));
    const recipe = readRecipe(
      "r.yaml",
      `{base: b, output: o, lenses: {chunk: {types: [NP, VP, PP, ADVP, SBAR, ADJP, PRT, CONJP, INTJ, LST, UCP]}},
        sets: [{files: ${set("pos-ud-ewt", "dev.conllu.gz")}, labels: {chunk: {files: ${set("chunk-ewt-silver", "dev.conll.gz")}}}}]}`,
    );
    const { report } = await readSets(recipe, recipe.sets);
    expect(report[0]).toMatchObject({ documents: 318, sentences: 2001, words: 25147 });
    expect(report[0]!.lenses[0]!.notFound).toBe(0);
  });
});
