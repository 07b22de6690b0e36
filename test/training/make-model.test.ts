import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { switchOffTelemetry } from "../../src/adapters/threads/telemetry.js";
import { readRecipe } from "../../src/training/recipe-file.js";
import { temporaryFolder } from "../support/temporary.js";
import { tinyBase } from "../support/tiny-base.js";

switchOffTelemetry();
const { makeModel } = await import("../../src/training/make-model.js");
const { readBase } = await import("../../src/training/base.js");
const { readCheckpoint } = await import("../../src/training/checkpoint.js");
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

const QUIET = { step() {}, epoch() {}, note() {} };

function options(name: string) {
  return {
    runDirectory: join(folder, name),
    threads: 1,
    resume: false,
    maxSteps: undefined,
    signal: new AbortController().signal,
    rebuild: "spanmill train recipe.yaml",
  };
}

test("a recipe becomes a model folder that labels text it has not seen, with its card", async () => {
  const path = join(folder, "recipe.yaml");
  const recipe = readRecipe(path, RECIPE);
  const made = await makeModel(recipe, options("run"), QUIET);
  expect(made).toEqual({
    reason: "finished",
    folder: join(folder, "model"),
    step: expect.any(Number),
    best: { epoch: expect.any(Number), score: 1 },
  });

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

  const manifest = JSON.parse(readFileSync(join(folder, "model", "spanmill.json"), "utf8"));
  expect(manifest.onnx).toBe("onnx/model_int8.onnx");
  expect(Object.keys(manifest.files)).toContain("onnx/model.onnx");

  const card = readFileSync(join(folder, "model", "README.md"), "utf8");
  for (const file of ["onnx/model_int8.onnx", "onnx/model.onnx"]) expect(card).toContain(`| \`${file}\` |`);
  expect(card).toContain("spanmill train recipe.yaml");
  expect(card).toContain("| journeys | CC0 | `ner` `pos` `other (in training only)` | 80 | 400 |");
  expect(card).toMatch(/\| journeys \| `ner` \| span F1 \| 100\.00 \| 100\.00 \| \+0\.00 \|/);
});

test("a model that spanmill made is gone on from: its weights and the heads of the same labels", async () => {
  const path = join(folder, "recipe.yaml");
  const again = RECIPE.replace("base: base", "base: model")
    .replace("output: model", "output: again")
    .replace(/training: .*/, "training: { epochs: 1, batch-pieces: 160, rate: 1e-9, head-rate: 1e-9 }");
  const scores: Record<string, number> = {};
  const told = (event: { scores: readonly { lens: string; f1: number }[] }) => {
    for (const { lens, f1 } of event.scores) scores[lens] = f1;
  };
  await makeModel(readRecipe(path, again), options("again.run"), { ...QUIET, epoch: told });
  // Nothing was learnt at such rates: what is known was known.
  expect(scores).toEqual({ ner: 1, pos: 1 });

  const other = again
    .replace("output: again", "output: other")
    .replace("types: [PER, LOC] }", "types: [LOC, PER] }");
  await makeModel(readRecipe(path, other), options("other.run"), { ...QUIET, epoch: told });
  expect(scores.pos).toBe(1);
  expect(scores.ner).toBeLessThan(0.9);
});

test("a folder that cannot take the model is told of before the first step", async () => {
  const recipe = readRecipe(join(folder, "recipe.yaml"), RECIPE);
  let steps = 0;
  const events = { ...QUIET, step: () => steps++ };
  for (const [output, what] of [
    [folder, "holds files, but no model"],
    [join(folder, "train.conll"), "is a file"],
    [join(folder, "train.conll", "model"), "a part of its path is not a folder"],
    // Not even root may.
    ["/proc/model", "cannot be written"],
  ] as const) {
    const refused = makeModel({ ...recipe, output }, options("refused"), events);
    await expect(refused).rejects.toMatchObject({
      code: "OUTPUT_UNWRITABLE",
      message: expect.stringContaining(what),
    });
  }
  expect(steps).toBe(0);
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
});

test("Ctrl-C is heard while the model is judged for its folder, and nothing is written", async () => {
  const source = RECIPE.replace("output: model", "output: late").replace("epochs: 12", "epochs: 1");
  const recipe = readRecipe(join(folder, "recipe.yaml"), source);
  const stop = new AbortController();
  const late = { ...options("late.run"), signal: stop.signal };
  const end = await makeModel(recipe, late, { ...QUIET, epoch: () => stop.abort() });
  expect(end).toMatchObject({ reason: "interrupted", best: { epoch: 0 }, step: expect.any(Number) });
  expect(existsSync((end as { checkpoint: string }).checkpoint)).toBe(true);
  expect(existsSync(join(folder, "late"))).toBe(false);
  const again = await makeModel(recipe, { ...options("late.run"), resume: true }, QUIET);
  expect(again).toMatchObject({ reason: "finished", step: end.step, best: end.best });
});

test("what is not asked for is not written, and a float model is judged as it is served", async () => {
  const short = RECIPE.replace("epochs: 12", "epochs: 1");
  for (const [form, file, absent] of [
    ["int8", "onnx/model_int8.onnx", "onnx/model.onnx"],
    ["fp32", "onnx/model.onnx", "onnx/model_int8.onnx"],
  ] as const) {
    const source = `${short.replace("output: model", `output: ${form}`)}export: ${form}\n`;
    await makeModel(readRecipe(join(folder, "recipe.yaml"), source), options(`${form}.run`), QUIET);
    expect(existsSync(join(folder, form, absent))).toBe(false);
    const manifest = JSON.parse(readFileSync(join(folder, form, "spanmill.json"), "utf8"));
    expect(manifest.onnx).toBe(file);
    const card = readFileSync(join(folder, form, "README.md"), "utf8");
    expect(card).not.toContain(absent);
    const difference = form === "int8" ? /[+−]\d/ : /\| {2}\|$/;
    expect(card.split("\n").find((line) => line.startsWith("| journeys | `ner` | span"))).toMatch(difference);
  }
});

test("a base is read from its float file where it has one, to the last bit", () => {
  const { lenses } = readRecipe(join(folder, "recipe.yaml"), RECIPE);
  const name = "encoder.layer.0.attention.self.query.kernel";
  const trained = readCheckpoint(join(folder, "run", "best.safetensors")).kinds.weight!.get(name);
  expect(readBase(join(folder, "model"), true, lenses).weights.get(name)).toEqual(trained);
  const small = join(folder, "small");
  cpSync(join(folder, "model"), small, { recursive: true });
  rmSync(join(small, "onnx/model.onnx"));
  const rounded = readBase(small, true, lenses).weights.get(name)!;
  expect(rounded).not.toEqual(trained);
  rounded.forEach((weight, i) => {
    expect(Math.abs(weight - trained![i]!)).toBeLessThan(0.02);
  });
});

test("the card of a model that goes on from another states that one's name and licence, unless the recipe does", async () => {
  const inherit = join(folder, "inherit.yaml");
  const source = RECIPE.replace("base: base", "base: licensed").replace("epochs: 12", "epochs: 1");
  const licensed = join(folder, "licensed");
  cpSync(join(folder, "model"), licensed, { recursive: true });
  const stated = 'license: "other"\nlicense_name: "for play"\nlicense_link: "README.md"';
  const card = readFileSync(join(licensed, "README.md"), "utf8").replace(/^license: .*$/m, stated);
  writeFileSync(join(licensed, "README.md"), card);
  const cardOf = async (name: string, more = "") => {
    const recipe = readRecipe(inherit, `${source.replace("output: model", `output: ${name}`)}${more}`);
    await makeModel(recipe, options(`${name}.run`), QUIET);
    return readFileSync(join(folder, name, "README.md"), "utf8");
  };
  const heir = await cardOf("heir");
  expect(heir).toContain('license: "other"\nlicense_name: "for play"\nlibrary_name');
  expect(heir).toContain('base_model: "tiny"');
  expect(heir).toContain("fine-tuned from tiny (for play)");
  const own = await cardOf("own", "card: { licence: { id: mit }, base: { name: mine, licence: CC0 } }\n");
  expect(own).toContain('license: "mit"\nlibrary_name');
  expect(own).toContain("fine-tuned from mine (CC0)");
});

test("the card has no row of a lens that nothing was measured of", async () => {
  const source = RECIPE.replace("output: model", "output: bare")
    .replace("epochs: 12", "epochs: 1")
    .replace(
      "    labels: { ner: { column: 3 }, pos: { column: 2 } }\ntraining",
      "    labels: { ner: { column: 3 } }\ntraining",
    );
  await makeModel(readRecipe(join(folder, "recipe.yaml"), source), options("bare.run"), QUIET);
  const card = readFileSync(join(folder, "bare", "README.md"), "utf8");
  const [, rows = ""] = /## Span scores as chances\n([\s\S]*?)\n## /.exec(card) ?? [];
  expect(rows).toContain("| `ner` |");
  expect(rows).not.toContain("| `pos` |");
});

test("a base without tokenizer.json is told how to have one, and need not have tokenizer_config.json", () => {
  const base = tinyBase(join(folder, "slow"));
  rmSync(join(base, "tokenizer_config.json"));
  expect(readBase(base, true, []).tokenizerConfig).toEqual({});
  rmSync(join(base, "tokenizer.json"));
  const refusal = (what: RegExp) =>
    expect.objectContaining({ code: "MODEL_INCOMPLETE", message: expect.stringMatching(what) });
  expect(() => readBase(base, true, [])).toThrow(refusal(/lacks tokenizer\.json$/));
  writeFileSync(join(base, "vocab.txt"), "[UNK]\n");
  expect(() => readBase(base, true, [])).toThrow(refusal(/use_fast=True/));
});

test("a base that was trained otherwise is refused", () => {
  const lenses = readRecipe(join(folder, "recipe.yaml"), RECIPE).lenses;
  expect(() => readBase(join(folder, "model"), false, lenses)).toThrow(/word-shapes/);
  expect(() => readBase(join(folder, "nowhere"), true, lenses)).toThrow(/no config.json/);
});
