import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SpanmillError } from "../../src/errors.js";
import { readRecipe, usualCard, usualSchedule } from "../../src/training/recipe-file.js";
import { temporaryFolder } from "../support/temporary.js";
import { tinyBase } from "../support/tiny-base.js";

const SMALLEST = `
base: base
output: ../models/english
lenses: {ner: {types: [PER, LOC]}}
sets: [{files: data/train.conll.gz, labels: {ner: }}]
`;

function problems(source: string): string[] {
  try {
    readRecipe("r.yaml", source);
  } catch (error) {
    expect(error).toBeInstanceOf(SpanmillError);
    expect(error).toMatchObject({ code: "CONFIG_INVALID" });
    return (error as Error).message
      .split("\n")
      .filter((line) => line.includes("r.yaml"))
      .map((line) => line.trim());
  }
  return [];
}

describe("readRecipe", () => {
  it("has a default for all that can have one, and paths beside the file", () => {
    const recipe = readRecipe("conf/r.yaml", SMALLEST);
    expect(recipe).toEqual({
      name: "english",
      base: "conf/base",
      output: "models/english",
      seed: 1,
      window: 128,
      wordShapes: true,
      lenses: [
        {
          name: "ner",
          scheme: "BIO",
          labels: ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"],
          weight: 1,
          auxiliary: false,
        },
      ],
      sets: [
        {
          name: "data/train",
          files: ["conf/data/train.conll.gz"],
          passes: 1,
          licence: undefined,
          labels: [
            {
              lens: "ner",
              files: undefined,
              column: -1,
              rename: new Map(),
              keep: undefined,
              notAnnotated: [],
              anyOf: new Map(),
            },
          ],
        },
      ],
      validation: [],
      schedule: usualSchedule(),
      export: ["int8", "fp32"],
      card: usualCard("english"),
    });
    expect(recipe.schedule).toMatchObject({
      epochs: 4,
      batchPieces: 768,
      headRate: 1e-3,
      checkpointEvery: 500,
    });
  });

  it("reads all that a set can say of its labels", () => {
    const recipe = readRecipe(
      "r.yaml",
      `
base: /base
output: out
name: mine
lenses:
  ner: {types: [PER, ORG], scheme: BIOES, weight: 0.5}
  pos: {labels: [NOUN, ADP, SCONJ], scheme: none, auxiliary: true}
sets:
  - name: s
    files: [a.conllu, b.conllu.gz]
    licence: CC0
    passes: 0.5
    labels:
      pos: {any-of: {IN: [ADP, SCONJ]}}
      ner: {files: n.conll, column: 3, rename: {person: PER, event: , 7: ORG}, not-annotated: ORG}
validation:
  - {files: dev.conll, labels: {ner: {keep: [PER]}}, context: sentence, decides: false}
training: {epochs: 1, word-embeddings: frozen}
`,
    );
    expect(recipe).toMatchObject({ base: "/base", output: "out", name: "mine" });
    expect(recipe.lenses[0]!.labels).toEqual([
      "O",
      "B-PER",
      "I-PER",
      "E-PER",
      "S-PER",
      "B-ORG",
      "I-ORG",
      "E-ORG",
      "S-ORG",
    ]);
    expect(recipe.lenses[1]).toMatchObject({ labels: ["NOUN", "ADP", "SCONJ"], auxiliary: true });
    const [pos, ner] = recipe.sets[0]!.labels;
    expect(pos).toMatchObject({ lens: "pos", column: "upos", anyOf: new Map([["IN", ["ADP", "SCONJ"]]]) });
    expect(ner).toMatchObject({ files: ["n.conll"], column: 3, notAnnotated: ["ORG"] });
    expect(ner!.rename).toEqual(
      new Map([
        ["person", "PER"],
        ["event", ""],
        ["7", "ORG"],
      ]),
    );
    expect(recipe.validation[0]).toMatchObject({ context: "sentence", decides: false });
    expect(recipe.validation[0]!.labels[0]!.keep).toEqual(new Set(["PER"]));
    expect(recipe.schedule).toMatchObject({ epochs: 1, wordEmbeddings: "frozen", rate: 3e-4 });
  });

  it("takes the forms that are exported, one or a list, and knows no others", () => {
    const exported = (value: string) => readRecipe("r.yaml", `${SMALLEST}export: ${value}\n`).export;
    expect(exported("int8")).toEqual(["int8"]);
    expect(exported("[fp32, fp32]")).toEqual(["fp32"]);
    expect(problems(`${SMALLEST}export: [int4]\n`)[0]).toContain("is not one of int8, fp32");
    expect(problems(`${SMALLEST}export: []\n`)[0]).toContain("export");
  });

  it("refuses any-of where a model is judged", () => {
    const source = SMALLEST.replace(
      "{ner: {types: [PER, LOC]}}",
      "{pos: {labels: [A, B], scheme: none}}",
    ).replace("{ner: }", "{pos: }");
    const validation = "validation: [{files: d.conll, labels: {pos: {any-of: {C: [A, B]}}}}]\n";
    expect(problems(`${source}${validation}`)).toEqual([
      expect.stringMatching(/^r\.yaml:6:46: any-of: .*one right label/),
    ]);
  });

  it("holds the window against what the encoder of the base reads", () => {
    const base = tinyBase(temporaryFolder());
    const source = SMALLEST.replace("base: base", `base: ${base}`);
    expect(problems(`${source}window: 64\n`)).toEqual([]);
    const what = "window: windows of 65 pieces, but the encoder of the base reads 64";
    expect(problems(`${source}window: 65\n`)).toEqual([`r.yaml:6:9: ${what}`]);
  });

  it("puts O first among labels", () => {
    const source = SMALLEST.replace("types: [PER, LOC]", "labels: [I-X, O, B-X]");
    expect(readRecipe("r.yaml", source).lenses[0]).toMatchObject({
      scheme: "BIO",
      labels: ["O", "I-X", "B-X"],
    });
  });

  it("takes base and output from the command line", () => {
    const source = SMALLEST.replace(/^(base|output).*\n/gm, "");
    expect(readRecipe("conf/r.yaml", source, { base: "b", output: "o/p" })).toMatchObject({
      base: "b",
      output: "o/p",
      name: "p",
    });
    expect(problems(source)).toEqual(["r.yaml:2:1: base is missing", "r.yaml:2:1: output is missing"]);
  });

  it("tells all that is wrong with single values at once, each with its place", () => {
    const source = `base: 3
outptu: x
lenses:
  ner: {types: [PER], weigth: 2}
sets:
  - files: a.conll
    labels: {ner: {colum: 4, column: [1]}}
  - passes: -1
training: {epochs: two, rate: 0, dropout: 1, averaged: 2, word-embeddings: both}
`;
    expect(problems(source).sort()).toEqual(
      [
        "r.yaml:1:7: base is not plain text",
        "r.yaml:2:1: the whole holds a key that is not known: outptu (did you mean output?)",
        "r.yaml:4:23: lenses.ner holds a key that is not known: weigth (did you mean weight?)",
        "r.yaml:7:38: sets.0.labels.ner.column is not a name or a whole number",
        "r.yaml:7:20: sets.0.labels.ner holds a key that is not known: colum (did you mean column?)",
        "r.yaml:8:5: sets.1.files is missing",
        "r.yaml:8:5: sets.1.labels is missing",
        "r.yaml:8:13: sets.1.passes is not more than 0",
        "r.yaml:9:20: training.epochs is not a number",
        "r.yaml:9:31: training.rate is not more than 0",
        "r.yaml:9:43: training.dropout is not less than 1",
        "r.yaml:9:56: training.averaged is more than 1",
        "r.yaml:9:76: training.word-embeddings is not one of trained, frozen",
      ].sort(),
    );
  });

  it.each([
    ["{}", "say what it labels"],
    ["{types: [A], labels: [O, B-A]}", "not both"],
    ["{types: []}", "empty"],
    ["{types: [A, A]}", "twice"],
    ["{types: [B-A, I-A]}", "no prefix"],
    ["{types: [A], scheme: none}", "give `labels`"],
    ["{types: [O, A]}", "O is no type"],
    ["{labels: [A, B-X]}", "fit no scheme"],
    ["{labels: [B-X, I-X]}", "O, for words outside"],
    ["{labels: [X], scheme: none}", "one label alone"],
  ])("refuses the lens %s", (lens, what) => {
    const found = problems(SMALLEST.replace("{types: [PER, LOC]}", lens));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(what);
  });

  it("holds the parts against each other", () => {
    const source = `base: b
output: o
lenses:
  ner: {types: [PER, ORG]}
  pos: {labels: [NOUN, VERB], scheme: none}
sets:
  - files: a/x.conll
    labels: {nre: , ner: {rename: {person: PRE}, not-annotated: [LOC]}}
  - files: b/a/x.conll
    labels: {ner: {column: 0, any-of: {X: [O, PERS]}}}
  - {files: c.conll, labels: {}}
training: {batch-pieces: 64, patience: 2, lower-cased: 0.6, upper-cased: 0.6}
`;
    expect(
      problems(source)
        .map((line) => line.split(": ")[0])
        .sort(),
    ).toEqual(
      [
        "r.yaml:9:5", // the name of another set
        "r.yaml:8:14", // nre
        "r.yaml:8:27", // rename
        "r.yaml:8:50", // not-annotated
        "r.yaml:10:28", // column
        "r.yaml:10:31", // any-of
        "r.yaml:11:30", // no lens
        "r.yaml:5:3", // nobody labels pos
        "r.yaml:12:26", // batch
        "r.yaml:12:1", // casing
        "r.yaml:12:40", // patience
      ].sort(),
    );
  });

  it.each(["", "[1]", "a: [", "a: 1\na: 2", "x", "lenses: {ner: {}}\nsets: []", "? [a]\n: b"])(
    "says where %j is no recipe",
    (source) => expect(problems(source)[0]).toMatch(/^r\.yaml:\d+:\d+: /),
  );

  it("never repeats a value, and never breaks", () => {
    const canary = "Xq7-canary secret";
    const anything = fc.oneof(
      fc.constant(canary),
      fc.integer(),
      fc.constant(null),
      fc.constant([canary, 1]),
      fc.constant({ [canary]: canary }),
    );
    const keys = ["base", "output", "name", "seed", "lenses", "sets", "validation", "training", canary];
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...keys), anything),
        anything,
        anything,
        (recipe, lens, set) => {
          const whole = {
            lenses: { ner: lens },
            sets: [set, { files: canary, labels: { ner: set } }],
            ...recipe,
          };
          for (const problem of problems(JSON.stringify(whole))) expect(problem).not.toContain("canary");
        },
      ),
    );
  });
});
