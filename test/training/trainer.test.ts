import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { switchOffTelemetry } from "../../src/adapters/threads/telemetry.js";
import type { Recipe } from "../../src/training/recipe.js";
import type { TrainingEnd, TrainingEvents, TrainingOptions } from "../../src/training/run.js";
import { temporaryFolder } from "../support/temporary.js";
import { tinyBase } from "../support/tiny-base.js";

switchOffTelemetry();
const { train } = await import("../../src/training/trainer.js");
const { against } = await import("../../src/training/epochs.js");
const { readNewestCheckpoint } = await import("../../src/training/checkpoint.js");

const PEOPLE = ["anna", "bob", "clara", "dave", "emma", "frank"];
const PLACES = ["rome", "oslo", "lima", "bern", "cairo", "delhi"];

/** Sentences whose labels follow from the words. */
function labelled(count: number, seed: number): string {
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    const person = PEOPLE[(i * 5 + seed) % 6]!;
    const place = PLACES[(i * 7 + seed) % 6]!;
    if (i % 10 === 0) lines.push(`# doc = ${i}`);
    lines.push(`${person}\tB-PER`, "went\tO", "to\tO", `${place}\tB-LOC`, ".\tO", "");
  }
  return lines.join("\n");
}

let folder: string;
beforeAll(() => {
  folder = temporaryFolder();
  tinyBase(join(folder, "base"));
  writeFileSync(join(folder, "train.conll"), labelled(60, 0));
  writeFileSync(join(folder, "dev.conll"), labelled(12, 3));
});

function recipe(schedule: Partial<Recipe["schedule"]> = {}): Recipe {
  const labels = [
    {
      lens: "ner",
      files: undefined,
      column: -1,
      rename: new Map(),
      keep: undefined,
      notAnnotated: [],
      anyOf: new Map(),
    },
  ];
  return {
    name: "tiny",
    base: join(folder, "base"),
    output: join(folder, "model"),
    seed: 5,
    window: 40,
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
    sets: [{ name: "train", files: [join(folder, "train.conll")], labels, passes: 1, licence: undefined }],
    validation: [
      { name: "dev", files: [join(folder, "dev.conll")], labels, context: "block", decides: true },
    ],
    schedule: {
      epochs: 3,
      batchPieces: 160,
      rate: 1e-2,
      headRate: 2e-2,
      layerDecay: 0.9,
      warmUp: 0.1,
      weightDecay: 0.01,
      clip: 1,
      dropout: 0.1,
      wordDropout: 0.1,
      wordEmbeddings: "trained",
      labelledPieces: "first",
      lowerCased: 0.1,
      upperCased: 0.1,
      averaged: 0.5,
      patience: 0,
      checkpointEvery: 7,
      ...schedule,
    },
    export: ["int8"],
    card: {
      summary: "People and places.",
      languages: ["en"],
      licence: { id: "other" },
      base: { name: "tiny", licence: "not stated" },
      limits: [],
    },
  };
}

const QUIET: TrainingEvents = { step() {}, epoch() {}, note() {} };

function run(
  wanted: Recipe,
  options: Partial<TrainingOptions> = {},
  events: Partial<TrainingEvents> = {},
): Promise<TrainingEnd> {
  const all = {
    runDirectory: temporaryFolder(),
    threads: 1,
    resume: false,
    maxSteps: undefined,
    signal: new AbortController().signal,
  };
  return train(wanted, { ...all, ...options }, { ...QUIET, ...events });
}

async function codeOf(work: () => Promise<unknown>): Promise<unknown> {
  return work().then(
    () => "no error",
    (error: unknown) => (error as { code?: unknown }).code ?? error,
  );
}

function bytesOf(end: TrainingEnd): Map<string, Buffer> {
  if (!("best" in end)) throw new Error(`ended with ${end.reason}`);
  return asBytes(end.best.weights);
}

function asBytes(weights: ReadonlyMap<string, Float32Array>): Map<string, Buffer> {
  return new Map([...weights].map(([name, numbers]) => [name, Buffer.from(numbers.buffer)]));
}

describe("a training", () => {
  test("learns labels that follow from the words", async () => {
    const scores: number[] = [];
    const losses: number[] = [];
    await run(
      recipe({ epochs: 8, averaged: 0 }),
      {},
      { epoch: (e) => scores.push(e.scores[0]!.f1), step: (e) => losses.push(e.loss) },
    );
    expect(Math.max(...scores)).toBeGreaterThan(0.9);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 4);
  });

  test("gone on with after any number of steps ends with the very same weights", async () => {
    const whole = bytesOf(await run(recipe()));
    for (const stops of [[5], [8, 3], [1, 1, 20]]) {
      const runDirectory = temporaryFolder();
      for (const maxSteps of stops) {
        const end = await run(recipe(), { runDirectory, maxSteps, resume: true });
        expect(end.reason).toBe("max steps");
      }
      expect(bytesOf(await run(recipe(), { runDirectory, resume: true }))).toEqual(whole);
    }
  });

  test("stops after the step in hand when it is asked to, and says where the checkpoint is", async () => {
    const stop = new AbortController();
    const end = await run(
      recipe(),
      { signal: stop.signal },
      { step: ({ step }) => step === 4 && stop.abort() },
    );
    expect(end).toMatchObject({ reason: "interrupted", checkpoint: expect.stringMatching(/00000004/) });
  });

  test("stopped while an epoch is judged, it goes on with judging, to the same weights", async () => {
    const whole = bytesOf(await run(recipe()));
    const runDirectory = temporaryFolder();
    const stop = new AbortController();
    let last = 0;
    await run(recipe({ epochs: 1 }), {}, { step: ({ step }) => (last = step) });
    const atLast = ({ step }: { step: number }) => step === last && stop.abort();
    const end = await run(recipe(), { runDirectory, signal: stop.signal }, { step: atLast });
    expect(end.reason).toBe("interrupted");
    const epochs: number[] = [];
    const gone = await run(
      recipe(),
      { runDirectory, resume: true },
      { epoch: ({ epoch }) => epochs.push(epoch) },
    );
    expect(epochs).toEqual([0, 1, 2]);
    expect(bytesOf(gone)).toEqual(whole);
  });

  test("with another seed ends with other weights", async () => {
    const one = bytesOf(await run(recipe()));
    expect(bytesOf(await run({ ...recipe(), seed: 6 }))).not.toEqual(one);
  });

  test("changes no shapes where the tokenizer tells capitals from small letters, and says so", async () => {
    const cased = join(folder, "cased");
    cpSync(join(folder, "base"), cased, { recursive: true });
    const tokenizer = JSON.parse(readFileSync(join(cased, "tokenizer.json"), "utf8"));
    tokenizer.normalizer.lowercase = false;
    writeFileSync(join(cased, "tokenizer.json"), JSON.stringify(tokenizer));
    const notes: string[] = [];
    const weightsOf = async (base: string, upperCased: number) => {
      const wanted = { ...recipe({ epochs: 1, lowerCased: 0, upperCased }), base };
      return bytesOf(await run(wanted, {}, { note: (text) => notes.push(text) }));
    };
    expect(await weightsOf(cased, 0)).toEqual(await weightsOf(cased, 1));
    expect(notes.filter((text) => text.startsWith("lower-cased and upper-cased count as 0"))).toHaveLength(1);
    expect(await weightsOf(join(folder, "base"), 0)).not.toEqual(await weightsOf(join(folder, "base"), 1));
    expect(notes.filter((text) => text.startsWith("lower-cased"))).toHaveLength(1);
  });

  test("keeps the word table as it was where it is frozen", async () => {
    const frozen = bytesOf(await run(recipe({ wordEmbeddings: "frozen", epochs: 1, averaged: 0 })));
    const trained = bytesOf(await run(recipe({ epochs: 1, averaged: 0 })));
    const name = "embeddings.word_embeddings.weight";
    const { readBase } = await import("../../src/training/base.js");
    const base = readBase(join(folder, "base"), true, []).weights.get(name)!;
    expect(frozen.get(name)).toEqual(Buffer.from(base.buffer));
    expect(trained.get(name)).not.toEqual(Buffer.from(base.buffer));
  });

  test("ends with the weights of its best epoch, not with the last", async () => {
    const judged: { best: boolean; weights: Map<string, Buffer> }[] = [];
    const runDirectory = temporaryFolder();
    const epoch = ({ best }: { best: boolean }) => {
      // The checkpoint before judging holds the weights that were judged.
      const kept = readNewestCheckpoint(runDirectory, () => undefined)!;
      judged.push({ best, weights: asBytes(kept.kinds.weight!) });
    };
    const end = await run(recipe({ epochs: 10, averaged: 0 }), { runDirectory }, { epoch });
    const best = judged.findLastIndex((one) => one.best);
    expect(best).toBeLessThan(9);
    expect(end).toMatchObject({ best: { epoch: best }, progress: { best: { epoch: best } } });
    expect(bytesOf(end)).toEqual(judged[best]!.weights);
    expect(bytesOf(end)).not.toEqual(judged.at(-1)!.weights);
  });

  test("stops early where epochs get no better", async () => {
    let epochs = 0;
    const end = await run(
      recipe({ epochs: 30, rate: 1e-9, headRate: 1e-9, patience: 2 }),
      {},
      { epoch: () => epochs++ },
    );
    expect(end.reason).toBe("early stop");
    expect(epochs).toBe(3);
  });

  test("that stopped early does not train on when it is asked to go on", async () => {
    const runDirectory = temporaryFolder();
    const still = recipe({ epochs: 30, rate: 1e-9, headRate: 1e-9, patience: 2 });
    const whole = bytesOf(await run(still, { runDirectory }));
    const steps: number[] = [];
    const again = await run(still, { runDirectory, resume: true }, { step: ({ step }) => steps.push(step) });
    expect(again.reason).toBe("early stop");
    expect(steps).toEqual([]);
    expect(bytesOf(again)).toEqual(whole);
  });

  test("keeps the last weights where no set decides", async () => {
    const wanted = recipe({ averaged: 0 });
    const validation = wanted.validation.map((set) => ({ ...set, decides: false }));
    const runDirectory = temporaryFolder();
    const end = await run({ ...wanted, validation }, { runDirectory });
    expect(end).toMatchObject({ best: { epoch: 2 } });
    const last = readNewestCheckpoint(runDirectory, () => undefined)!.kinds.weight!;
    expect(bytesOf(end)).toEqual(asBytes(last));
  });

  test("keeps the later of two epochs without a right span, and counts it as no better", async () => {
    const empty = join(folder, "empty.conll");
    writeFileSync(empty, "anna\tO\nwent\tO\n\nrome\tO\n");
    const wanted = recipe({ epochs: 9, patience: 2 });
    const validation = wanted.validation.map((set) => ({ ...set, files: [empty] }));
    const end = await run({ ...wanted, validation });
    expect(end).toMatchObject({ reason: "early stop", best: { epoch: 2, score: 0 } });
    expect(against({ epoch: 0, score: 0.5 }, 0)).toEqual({ better: false, best: false });
    expect(against({ epoch: 0, score: 0.5 }, 0.5)).toEqual({ better: false, best: false });
  });
});

describe("what goes wrong", () => {
  test("a loss that is no number ends the training, and the state before it is kept", async () => {
    const runDirectory = temporaryFolder();
    let last = 0;
    const wild = recipe({ rate: 1e30, headRate: 1e30, clip: 0, warmUp: 0.5, checkpointEvery: 1000 });
    const step = (event: { step: number }) => {
      last = event.step;
    };
    expect(await codeOf(() => run(wild, { runDirectory }, { step }))).toBe("TRAINING_DIVERGED");
    const kept = readNewestCheckpoint(runDirectory, () => undefined)!;
    expect(kept.position.step).toBe(last);
    expect(last).toBeGreaterThan(0);
  });

  test("the advice to lower the rates can be followed, and the change is told of", async () => {
    const runDirectory = temporaryFolder();
    await run(recipe(), { runDirectory, maxSteps: 3 });
    const notes: string[] = [];
    const tamer = recipe({ rate: 1e-3, headRate: 2e-3, clip: 0.5, patience: 9, checkpointEvery: 9 });
    const end = await run(tamer, { runDirectory, resume: true }, { note: (text) => notes.push(text) });
    expect(end.reason).toBe("finished");
    expect(notes.filter((text) => text.endsWith("from here on"))).toEqual([
      "rate was 0.01 up to step 3, and is 0.001 from here on",
      "head-rate was 0.02 up to step 3, and is 0.002 from here on",
      "clip was 1 up to step 3, and is 0.5 from here on",
      "patience was 0 up to step 3, and is 9 from here on",
      "checkpoint-every was 7 up to step 3, and is 9 from here on",
    ]);
    const again: string[] = [];
    await run(tamer, { runDirectory, resume: true }, { note: (text) => again.push(text) });
    expect(again.join()).not.toContain("from here on");
  });

  test.each([
    ["a file that is missing", undefined, {}, "INPUT_NOT_FOUND", "dev.conll"],
    ["a file without words", "\n", {}, "TRAINING_DATA", "set dev (validation): there is no word"],
    ["no such column", "anna\tB-PER\n", { column: 5 }, "TRAINING_DATA", "no such column"],
    ["a label of no lens", "anna\tB-PET\n", {}, "TRAINING_DATA", "has no label"],
    ["tags that mark no spans", "anna\tNOUN\n", {}, "TRAINING_DATA", "mark no spans"],
  ])("a validation set with %s is refused before the first step", async (_, content, source, code, what) => {
    const own = temporaryFolder();
    const file = join(own, "dev.conll");
    if (content !== undefined) writeFileSync(file, content);
    const { validation, ...rest } = recipe();
    const labels = validation[0]!.labels.map((one) => ({ ...one, ...source }));
    let steps = 0;
    const refused = run(
      { ...rest, validation: [{ ...validation[0]!, files: [file], labels }] },
      {},
      { step: () => steps++ },
    );
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(what) });
    expect(steps).toBe(0);
  });

  test("judging that fails finds the epoch's last step in a checkpoint", async () => {
    const file = join(temporaryFolder(), "dev.conll");
    writeFileSync(file, labelled(12, 3));
    const { validation, ...rest } = recipe({ epochs: 1, checkpointEvery: 1000 });
    const runDirectory = temporaryFolder();
    let last = 0;
    const failed = run(
      { ...rest, validation: [{ ...validation[0]!, files: [file] }] },
      { runDirectory },
      {
        step: ({ step }) => {
          last = step;
          rmSync(file, { force: true });
        },
      },
    );
    await expect(failed).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
    expect(readNewestCheckpoint(runDirectory, () => undefined)?.position.step).toBe(last);
  });

  test("a window beyond the positions of the encoder is refused before the first step", async () => {
    let steps = 0;
    const refused = run({ ...recipe(), window: 65 }, {}, { step: () => steps++ });
    await expect(refused).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining("64") });
    expect(steps).toBe(0);
  });

  test("a checkpoint of another recipe is refused", async () => {
    const runDirectory = temporaryFolder();
    await run(recipe(), { runDirectory, maxSteps: 3 });
    const other = recipe({ warmUp: 0.2 });
    expect(await codeOf(() => run(other, { runDirectory, resume: true }))).toBe("CHECKPOINT_BROKEN");
    expect(await codeOf(() => run(recipe(), { runDirectory, resume: true, threads: 2 }))).toBe(
      "CHECKPOINT_BROKEN",
    );
  });

  test("a checkpoint of other data or another base is refused, wherever they lie", async () => {
    const moved = temporaryFolder();
    cpSync(folder, moved, { recursive: true });
    const here = recipe();
    const there: Recipe = {
      ...here,
      name: "other",
      output: join(moved, "elsewhere"),
      base: join(moved, "base"),
      sets: [{ ...here.sets[0]!, files: [join(moved, "train.conll")], licence: "CC0" }],
      card: { ...here.card, summary: "Others." },
    };
    const runDirectory = temporaryFolder();
    await run(here, { runDirectory, maxSteps: 3 });
    const end = await run(there, { runDirectory, maxSteps: 3, resume: true });
    expect(end).toMatchObject({ reason: "max steps", checkpoint: expect.stringMatching(/00000006/) });

    const data = readFileSync(join(moved, "train.conll"), "utf8");
    writeFileSync(join(moved, "train.conll"), data.replace("went\tO", "flew\tO"));
    expect(await codeOf(() => run(there, { runDirectory, resume: true }))).toBe("CHECKPOINT_BROKEN");
    writeFileSync(join(moved, "train.conll"), data);
    const weights = readFileSync(join(moved, "base", "model.safetensors"));
    weights[weights.length - 2]! ^= 1;
    writeFileSync(join(moved, "base", "model.safetensors"), weights);
    expect(await codeOf(() => run(there, { runDirectory, resume: true }))).toBe("CHECKPOINT_BROKEN");
  });

  test("a checkpoint that is not whole is told of, and the one before it gone on from to the same weights", async () => {
    const whole = bytesOf(await run(recipe()));
    const spoil = [
      (path: string, bytes: Buffer) => {
        bytes[bytes.length - 9]! ^= 1;
        writeFileSync(path, bytes);
      },
      (path: string, bytes: Buffer) => truncateSync(path, bytes.length - 100),
      (path: string) => writeFileSync(path, ""),
    ];
    for (const harm of spoil) {
      const runDirectory = temporaryFolder();
      await run(recipe(), { runDirectory, maxSteps: 3 });
      const end = await run(recipe(), { runDirectory, maxSteps: 2, resume: true });
      const { checkpoint } = end as { checkpoint: string };
      harm(checkpoint, readFileSync(checkpoint));
      const notes: string[] = [];
      const last = await run(recipe(), { runDirectory, resume: true }, { note: (text) => notes.push(text) });
      expect(notes.join()).toContain("00000005");
      expect(bytesOf(last)).toEqual(whole);
    }
  });

  test("a checkpoint of an earlier version is no broken one", async () => {
    const runDirectory = temporaryFolder();
    const end = await run(recipe(), { runDirectory, maxSteps: 3 });
    const { checkpoint } = end as { checkpoint: string };
    const bytes = readFileSync(checkpoint, "latin1");
    writeFileSync(checkpoint, bytes.replace('\\"format\\":2', '\\"format\\":1'), "latin1");
    const notes: string[] = [];
    const again = () => run(recipe(), { runDirectory, resume: true }, { note: (text) => notes.push(text) });
    expect(await codeOf(again)).toBe("CHECKPOINT_BROKEN");
    expect(notes.join()).toContain("an earlier version wrote it");
  });

  test("where no checkpoint is whole, nothing is begun", async () => {
    const runDirectory = temporaryFolder();
    const end = await run(recipe(), { runDirectory, maxSteps: 3 });
    writeFileSync((end as { checkpoint: string }).checkpoint, "");
    expect(await codeOf(() => run(recipe(), { runDirectory, resume: true }))).toBe("CHECKPOINT_BROKEN");
  });
});
