import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseCommandLine } from "../../src/cli/command-line.js";
import type { Context } from "../../src/cli/context.js";
import { runTrain } from "../../src/cli/train.js";
import type { MadeModel } from "../../src/training/make-model.js";
import { readSets } from "../../src/training/read-sets.js";
import type { Recipe } from "../../src/training/recipe.js";
import type { TrainingEvents, TrainingOptions } from "../../src/training/run.js";
import { spanmill } from "../support/command.js";
import { temporaryFolder } from "../support/temporary.js";
import { tinyBase } from "../support/tiny-base.js";

const folder = temporaryFolder();

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const DATA = file(
  "my.conll",
  Array.from(
    { length: 20 },
    (_, i) =>
      `# doc = ${i}\nsee O\nA${i} B-${i % 2 ? "order" : "product"}\nB I-${i % 2 ? "order" : "product"}\n`,
  ).join("\n"),
);
const RECIPE = file(
  "r.yaml",
  "{base: base, output: made, seed: 7, lenses: {ner: {types: [order, product]}}, sets: [{files: my.conll, labels: {ner: }}]}",
);

interface Call {
  readonly recipe: Recipe;
  readonly options: TrainingOptions;
}

/** Trains as the command asks for, but for the training: two steps and an epoch are told. */
function double(end: MadeModel, from = 0) {
  const calls: Call[] = [];
  const make = async (recipe: Recipe, options: TrainingOptions, events: TrainingEvents) => {
    calls.push({ recipe, options });
    events.note("a note");
    for (const step of [from + 1, from + 2])
      events.step({
        step,
        steps: 9,
        epoch: 0,
        loss: 1 / step,
        lossByLens: { ner: 1 / step },
        norm: 1,
        rate: 1e-4,
        pieces: 70,
        seconds: 0.1,
      });
    const scores = [{ set: "dev", lens: "ner", f1: 0.5, decides: true }];
    events.epoch({ epoch: 0, step: from + 2, scores, best: true });
    writeFileSync(join(options.runDirectory, "checkpoint"), "");
    return end;
  };
  return { calls, make };
}

async function run(line: readonly string[], { make }: Pick<ReturnType<typeof double>, "make">) {
  const out = { stdout: "", stderr: "" };
  const command = parseCommandLine(line, {}, (path) => readFileSync(path, "utf8"), "0");
  if (command.name !== "train") throw new Error(command.name);
  const context: Context = {
    env: { LANG: "C.UTF-8" },
    stdin: { isTTY: false },
    stdout: { isTTY: false },
    stderr: { isTTY: false, write: (text) => (out.stderr += text) },
    interrupted: new AbortController().signal,
    stopped: new AbortController().signal,
    holdSignals() {},
    reportBy() {},
    report: () => 1,
    endBy() {},
    argv: line,
    version: "0",
    clock: { now: () => 0 },
    print: async (text) => {
      out.stdout += text;
    },
  };
  const status = await runTrain(command.recipe, command.options, context, make);
  return { status, ...out };
}

const PROGRESS = { step: 2, best: { epoch: 0, score: 0.5 } };
const FINISHED: MadeModel = { reason: "finished", folder: "made", ...PROGRESS };
const logOf = (directory: string) =>
  readFileSync(join(directory, "log.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("train with a recipe", () => {
  it("trains what it says, with the flags over it, and logs every step and epoch", async () => {
    const { calls, make } = double(FINISHED);
    const out = join(folder, "one");
    const flags = [
      "--out",
      `${out}/`,
      "--epochs",
      "2",
      "--rate",
      "2e-5",
      "--batch-pieces",
      "256",
      "--seed",
      "9",
      "--threads",
      "3",
      "--max-steps",
      "5",
    ];
    const { status, stdout, stderr } = await run(["train", RECIPE, ...flags], { make });
    expect(status, stderr).toBe(0);
    const { recipe, options } = calls[0]!;
    expect(recipe).toMatchObject({ base: join(folder, "base"), output: `${out}/`, seed: 9, name: "one" });
    expect(recipe.schedule).toMatchObject({ epochs: 2, rate: 2e-5, batchPieces: 256, headRate: 1e-3 });
    expect(options).toMatchObject({ runDirectory: `${out}.run`, threads: 3, resume: false, maxSteps: 5 });
    expect(stdout).toBe("the model is in made (2 steps, weights of epoch 1)");
    expect(stderr).toBe("a note\nepoch 1: ner 50.00 (dev) · best so far\n");
    expect(logOf(`${out}.run`)).toEqual([
      { kind: "note", step: 0, text: "a note" },
      {
        kind: "step",
        step: 1,
        steps: 9,
        epoch: 1,
        loss: 1,
        lossByLens: { ner: 1 },
        norm: 1,
        rate: 1e-4,
        pieces: 70,
        seconds: 0.1,
      },
      expect.objectContaining({ kind: "step", step: 2 }),
      {
        kind: "epoch",
        step: 2,
        epoch: 1,
        best: true,
        scores: [{ set: "dev", lens: "ner", f1: 0.5, decides: true }],
      },
    ]);
  });

  it("leaves the recipe's values where no flag speaks", async () => {
    const { calls, make } = double(FINISHED);
    expect(await run(["train", RECIPE, "--quiet"], { make })).toMatchObject({ status: 0, stderr: "" });
    expect(calls[0]!.recipe).toMatchObject({
      seed: 7,
      output: join(folder, "made"),
      schedule: { epochs: 4 },
    });
  });

  it("prints JSON", async () => {
    const args = [
      "train",
      RECIPE,
      "--json",
      "--quiet",
      "-o",
      join(folder, "json"),
      "--run-dir",
      join(folder, "elsewhere"),
    ];
    const { stdout } = await run(args, double(FINISHED));
    expect(JSON.parse(stdout)).toMatchObject({
      reason: "finished",
      folder: "made",
      run: join(folder, "elsewhere"),
      step: 2,
      best: { epoch: 1, score: 0.5 },
    });
  });

  it("stops with the command that goes on, and its log has each step once", async () => {
    const out = join(folder, "it's stopped");
    const args = ["train", RECIPE, "--out", out, "--quiet", "--no-resume"];
    const { status, stderr } = await run(
      args,
      double({ reason: "interrupted", checkpoint: "c", ...PROGRESS }),
    );
    expect(status).toBe(130);
    expect(stderr).toBe(
      `stopped after step 2; a checkpoint is written. To go on:\n  spanmill train --resume ${RECIPE} --out '${folder}/it'\\''s stopped' --quiet\n`,
    );
    await expect(run(args, double(FINISHED))).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("--resume"),
    });
    // The checkpoint was of step 1, and the last line was cut short.
    writeFileSync(join(`${out}.run`, "log.jsonl"), '{"kind":"st', { flag: "a" });
    const again = double(FINISHED, 1);
    expect(await run(["train", "--resume", ...args.slice(1, -1)], again)).toMatchObject({ status: 0 });
    expect(again.calls[0]!.options.resume).toBe(true);
    const log = logOf(`${out}.run`);
    expect(log.filter(({ kind }) => kind === "step").map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(log.filter(({ kind }) => kind === "epoch")).toHaveLength(1);
  });

  it("says how to go on after --max-steps too", async () => {
    const { status, stderr } = await run(
      ["train", RECIPE, "--out", join(folder, "max"), "--max-steps", "2"],
      double({ reason: "max steps", checkpoint: "c", ...PROGRESS }),
    );
    expect(status).toBe(0);
    expect(stderr).toContain("To go on:");
  });

  it("begins anew where a run did not come as far as a checkpoint", async () => {
    const directory = join(folder, "early.run");
    mkdirSync(directory);
    writeFileSync(join(directory, "log.jsonl"), '{"kind":"note","step":0,"text":"old"}\n');
    await run(["train", RECIPE, "--out", join(folder, "early"), "--quiet"], double(FINISHED));
    expect(logOf(directory)[0]).toMatchObject({ text: "a note" });
  });

  it("refuses to write over its base, and batches below a window", async () => {
    await expect(
      run(["train", RECIPE, "--out", join(folder, "base")], double(FINISHED)),
    ).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining("over its base") });
    await expect(run(["train", RECIPE, "--batch-pieces", "64"], double(FINISHED))).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("window of 128"),
    });
    expect(existsSync(join(folder, "base.run"))).toBe(false);
  });

  it("tells where a recipe is wrong, or that there is none", async () => {
    const bad = await spanmill(["train", file("bad.yaml", "lenses: {ner: {typs: [A]}}\n")]);
    expect(bad).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(
        "bad.yaml:1:16: lenses.ner holds a key that is not known: typs (did you mean types?)",
      ),
    });
    expect(await spanmill(["train", join(folder, "none.yaml")])).toMatchObject({
      status: 5,
      stderr: expect.stringContaining("none.yaml does not exist"),
    });
  });
});

describe("train in one line", () => {
  const line = (data: string, ...more: string[]) => [
    "train",
    "--data",
    data,
    "--lens",
    "ticket",
    "--out",
    join(folder, "mine"),
    "--run-dir",
    join(folder, `run ${Math.random()}`),
    "--quiet",
    ...more,
  ];

  it("takes the labels from the data and holds a tenth of the documents back", async () => {
    const { calls, make } = double(FINISHED);
    await run(line(DATA), { make });
    const { recipe } = calls[0]!;
    expect(recipe.base).toMatch(/models.english$/);
    expect(recipe.lenses).toEqual([
      {
        name: "ticket",
        scheme: "BIO",
        labels: ["O", "B-order", "I-order", "B-product", "I-product"],
        weight: 1,
        auxiliary: false,
      },
    ]);
    const first = async (sets: Recipe["sets"] | Recipe["validation"]) =>
      (await readSets(recipe, sets)).documents[0]!.map(({ sentences }) => sentences[0]!.words[1]!);
    const [kept, held] = [await first(recipe.sets), await first(recipe.validation)];
    expect([kept.length, held.length]).toEqual([18, 2]);
    expect([...kept, ...held].sort()).toEqual(Array.from({ length: 20 }, (_, i) => `A${i}`).sort());
    const other = double(FINISHED);
    await run(line(DATA, "--seed", "5"), other);
    expect(await first(other.calls[0]!.recipe.validation)).not.toEqual(held);
  });

  it("takes window and word shapes from a base that spanmill made, and bounds the window by the encoder", async () => {
    const shapeOf = async (base: string) => {
      const { calls, make } = double(FINISHED);
      await run(line(DATA, "--base", base), { make });
      const { window, wordShapes } = calls[0]!.recipe;
      return [window, wordShapes];
    };
    expect(await shapeOf("models/english")).toEqual([192, true]);
    const plain = tinyBase(join(folder, "plain"));
    expect(await shapeOf(plain)).toEqual([64, true]);
    writeFileSync(join(plain, "spanmill.json"), '{"format": 1, "window": 48}');
    expect(await shapeOf(plain)).toEqual([48, false]);
    expect(await shapeOf(join(folder, "nowhere"))).toEqual([128, true]);
  });

  it("holds sentences back where there are few documents", async () => {
    const { calls, make } = double(FINISHED);
    await run(line(file("one.conll", Array.from({ length: 30 }, (_, i) => `w${i} O B-X\n`).join("\n"))), {
      make,
    });
    const { recipe } = calls[0]!;
    const kept = await readSets(recipe, recipe.sets);
    const held = await readSets(recipe, recipe.validation);
    expect([kept.report[0]!.sentences, held.report[0]!.sentences]).toEqual([27, 3]);
  });

  it("takes other data to judge by, and a column", async () => {
    const { calls, make } = double(FINISHED);
    const data = file("cols.conll", "a NOUN B-X\nb VERB O\n");
    // A label that is to be judged alone is one of the lens: it counts as never found.
    const dev = file("dev.conll", "a NOUN O\nb ADJ O\n");
    await run(line(data, "--dev", dev, "--column", "2", "--base", "b"), { make });
    const { recipe } = calls[0]!;
    expect(recipe).toMatchObject({
      base: "b",
      lenses: [{ scheme: "none", labels: ["ADJ", "NOUN", "VERB"] }],
    });
    expect(recipe.validation[0]).toMatchObject({ files: [dev], part: undefined });
    await expect(readSets(recipe, recipe.validation)).resolves.toBeDefined();
  });

  it("reads labels of JSONL spans, and of CoNLL-U from MISC or upos", async () => {
    const labels = async (data: string) => {
      const { calls, make } = double(FINISHED);
      await run(line(data), { make });
      return [calls[0]!.recipe.lenses[0]!.labels, calls[0]!.recipe.sets[0]!.labels[0]!.column];
    };
    expect(
      await labels(file("s.jsonl", '{"text": "see A1", "spans": [{"start": 4, "end": 6, "label": "id"}]}\n')),
    ).toEqual([["O", "B-id", "I-id"], -1]);
    const token = (misc: string) =>
      `1\ta\t_\tNOUN\t_\t_\t_\t_\t_\t${misc}\n\n1\tb\t_\tVERB\t_\t_\t_\t_\t_\t_\n`;
    expect(await labels(file("m.conllu", token("ticket=B-id")))).toEqual([["O", "B-id", "I-id"], "misc"]);
    expect(await labels(file("u.conllu", token("_")))).toEqual([["NOUN", "VERB"], "upos"]);
  });

  it.each([
    ["a O\nb O\n", [], "there is no label in column -1, O aside"],
    ["a B-X\nb Y\n", [], "fit no scheme"],
    ["a B-X\n", ["--column", "5"], "it has no column 5, but 2"],
    ["a B-X\n", ["--column", "1"], "column 1 holds the words"],
    [Array.from({ length: 600 }, (_, i) => `a canary${i}\n`).join(""), [], "more than 500 different labels"],
  ])("refuses %#: data without labels", async (data, flags, what) => {
    const refused = run(line(file("refused.conll", data), ...flags), double(FINISHED));
    await expect(refused).rejects.toMatchObject({
      code: "TRAINING_DATA",
      message: expect.stringContaining(what),
    });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining("canary") });
  });

  it("names files that are missing", async () => {
    const refused = run(line(join(folder, "no.conll"), "--dev", join(folder, "nor.conll")), double(FINISHED));
    await expect(refused).rejects.toMatchObject({
      code: "INPUT_NOT_FOUND",
      message: expect.stringMatching(/no\.conll.*\n.*nor\.conll/),
    });
  });
});
