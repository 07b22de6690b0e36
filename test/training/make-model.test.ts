import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { switchOffTelemetry } from "../../src/adapters/threads/telemetry.js";
import { readRecipe } from "../../src/training/recipe-file.js";
import { temporaryFolder } from "../support/temporary.js";
import { tinyBase } from "../support/tiny-base.js";

switchOffTelemetry();
const { makeModel } = await import("../../src/training/make-model.js");
const { openTagger } = await import("../../src/compose.js");

const PEOPLE = ["anna", "bob", "clara", "dave", "emma", "frank"];
const PLACES = ["rome", "oslo", "lima", "bern", "cairo", "delhi"];

function labelled(count: number, seed: number): string {
  return Array.from({ length: count }, (_, i) => {
    const [person, place] = [PEOPLE[(i * 5 + seed) % 6]!, PLACES[(i * 7 + seed) % 6]!];
    return `${person}\tPROPN\tB-PER\nwent\tVERB\tO\nto\tADP\tO\n${place}\tPROPN\tB-LOC\n.\tPUNCT\tO\n`;
  }).join("\n");
}

const RECIPE = `
name: tiny
base: base
output: model
window: 40
lenses:
  ner: { types: [PER, LOC] }
  pos: { scheme: none, labels: [ADP, PROPN, PUNCT, VERB] }
  other: { types: [PER, LOC], auxiliary: true }
sets:
  - name: journeys
    files: train.conll
    licence: CC0
    labels: { ner: { column: 3 }, pos: { column: 2 }, other: { column: 3 } }
validation:
  - name: journeys
    files: dev.conll
    labels: { ner: { column: 3 }, pos: { column: 2 } }
training: { epochs: 12, batch-pieces: 160, rate: 1e-2, head-rate: 2e-2 }
`;

let folder: string;
beforeAll(() => {
  folder = temporaryFolder();
  tinyBase(join(folder, "base"));
  writeFileSync(join(folder, "train.conll"), labelled(80, 0));
  writeFileSync(join(folder, "dev.conll"), labelled(20, 3));
});

test("a recipe becomes a model folder that labels text it has not seen, with its card", async () => {
  const path = join(folder, "recipe.yaml");
  const recipe = readRecipe(path, RECIPE);
  const events = { step() {}, epoch() {}, note() {} };
  const options = {
    runDirectory: join(folder, "run"),
    threads: 1,
    resume: false,
    maxSteps: undefined,
    signal: new AbortController().signal,
    rebuild: "spanmill train recipe.yaml",
  };
  const made = await makeModel(recipe, options, events);
  expect(made).toEqual({ reason: "finished", folder: join(folder, "model") });

  const settings = {
    models: [{ directory: join(folder, "model") }],
    dtype: "auto",
    schemes: {},
    decode: "constrained",
    threads: 1,
    columns: "always",
  } as const;
  const tagger = await openTagger(settings);
  const [block] = await tagger.tag([{ kind: "text", text: "Emma went to Bern." }]);
  await tagger.close();
  expect(tagger.models[0]!.lenses.map(({ name }) => name)).toEqual(["ner", "pos"]);
  expect(block!.lenses.ner!.spans.map(({ start, end, label }) => [start, end, label])).toEqual([
    [0, 4, "PER"],
    [13, 17, "LOC"],
  ]);

  const card = readFileSync(join(folder, "model", "README.md"), "utf8");
  expect(card).toContain("spanmill train recipe.yaml");
  expect(card).toContain("| journeys | CC0 | `ner` `pos` `other (in training only)` | 80 | 400 |");
  expect(card).toMatch(/\| journeys \| `ner` \| span F1 \| 100\.00 \| 100\.00 \| \+0\.00 \|/);
});
