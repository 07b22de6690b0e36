/** A step of training, forward and backward and optimiser apart, beside the same step in PyTorch where it is found. */
import { existsSync } from "node:fs";
import { BUILT_IN_MODEL } from "../../src/adapters/model-folder/built-in.js";
import { type GraphSession, openGraphSession } from "../../src/adapters/onnx/graph-session.js";
import { readBase } from "../../src/training/base.js";
import type { BatchTensors } from "../../src/training/batches.js";
import { type Learner, openLearner } from "../../src/training/learner.js";
import type { Recipe } from "../../src/training/recipe.js";
import { shared } from "../support/shared.js";
import { NO_CORPUS, posts } from "./corpus.js";
import { type Bench, divide, type Figure, inTurn, processSeconds, seconds } from "./harness.js";
import { windowRecorder } from "./in-process.js";
import { openPyTorch, type StepTimes } from "./pytorch.js";

const BASE = shared("base/minilm");
const [WINDOWS, LENGTH, THREADS] = [16, 48, 2];
const STEPS = 6;
/** Dropout, clipping and AdamW as the trainer's defaults are, and the built-in model's labels. No file is read. */
const RECIPE: Recipe = {
  name: "bench",
  base: BASE,
  output: "",
  seed: 1,
  window: 192,
  wordShapes: true,
  lenses: [
    { name: "ner", scheme: "BIO", labels: labelsOf(9), weight: 1, auxiliary: false },
    { name: "pos", scheme: "none", labels: labelsOf(17), weight: 1, auxiliary: false },
    { name: "chunk", scheme: "BIO", labels: labelsOf(23), weight: 1, auxiliary: false },
  ],
  sets: [],
  validation: [],
  export: [],
  schedule: {
    epochs: 1,
    batchPieces: WINDOWS * LENGTH,
    rate: 3e-4,
    headRate: 1e-3,
    layerDecay: 0.9,
    warmUp: 0.06,
    weightDecay: 0.01,
    clip: 1,
    dropout: 0.1,
    wordDropout: 0,
    wordEmbeddings: "trained",
    labelledPieces: "all",
    lowerCased: 0,
    upperCased: 0,
    averaged: 0,
    patience: 0,
    checkpointEvery: 500,
  },
  card: { summary: "", languages: [], licence: { id: "" }, base: { name: "", licence: "" }, limits: [] },
};

export const bench: Bench = {
  question:
    `a step of training, ${WINDOWS} x ${LENGTH} pieces, three lenses, all encoder weights, dropout, ${THREADS} threads: forward ` +
    "and backward, and the optimiser (norm, clipping, AdamW, word table); beside it the same in PyTorch",
  missing: () => NO_CORPUS ?? (existsSync(BASE) ? undefined : "../shared/base/minilm is absent"),
  async run({ rounds, scale, python }, report) {
    const steps = Math.ceil(STEPS * scale);
    const batches = await realBatches();
    const ours = await openOurs((rounds + 1) * steps);
    const theirs = await openPyTorch(python, THREADS);
    const taken = new Map<string, StepTimes[]>();
    const side = (name: string, learn: Learn) => async (round: number) => {
      const chosen = Array.from({ length: steps }, (_, i) => batches[(round * steps + i) % batches.length]!);
      const times = await learn(chosen);
      if (round > 0) taken.set(name, [...(taken.get(name) ?? []), times]);
    };
    await inTurn(rounds, {
      ours: side("ours", ours.learn),
      ...Object.fromEntries([...theirs].map(([name, { learn }]) => [name, side(name, learn)])),
    });
    await ours.learner.release();
    for (const { close } of theirs.values()) await close();

    const own = taken.get("ours")!;
    reportSide("ours", own, steps, process.resourceUsage().maxRSS / 1_000, report);
    for (const [name, { peakMegabytes }] of theirs) {
      const other = taken.get(name)!;
      reportSide(name, other, steps, peakMegabytes(), report);
      for (const { part, of, aim } of PARTS) {
        const values = divide(other.map(of), own.map(of));
        report({ name: `${name}: ${part}, their time / ours`, unit: "x", values, ...aim });
      }
    }
  },
};

type BatchIds = readonly (readonly number[])[];
type Learn = (batches: readonly BatchIds[]) => Promise<StepTimes>;

function labelsOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `B-${i}`);
}

/** Of real text, for how many different words a batch has is what rows of the word table cost. */
async function realBatches(): Promise<BatchIds[]> {
  const recorder = await windowRecorder(BUILT_IN_MODEL);
  const ids = (await recorder.windowsOf(posts().slice(0, 300))).flat();
  const batches: BatchIds[] = [];
  for (let at = 0; at + WINDOWS * LENGTH <= ids.length; at += WINDOWS * LENGTH) {
    batches.push(
      Array.from({ length: WINDOWS }, (_, w) => ids.slice(at + w * LENGTH, at + (w + 1) * LENGTH)),
    );
  }
  return batches;
}

/** The learner as the trainer opens it; its sessions tell when the first of its two graphs is done. */
async function openOurs(all: number): Promise<{ learner: Learner; learn: Learn }> {
  const { config, weights } = readBase(BASE, RECIPE.wordShapes, RECIPE.lenses);
  let opened = 0;
  let between = 0;
  const open = async (graph: Uint8Array): Promise<GraphSession> => {
    const session = await openGraphSession(graph, { threads: THREADS });
    if (opened++ > 0) return session;
    return {
      ...session,
      async run(...args) {
        const results = await session.run(...args);
        between = seconds();
        return results;
      },
    };
  };
  const sets = RECIPE.lenses.map(() => []);
  const learner = await openLearner({ recipe: RECIPE, config, sets, base: weights, open });
  let step = 0;
  return {
    learner,
    async learn(batches) {
      const times = { forwardBackward: 0, optimiser: 0, processor: 0 };
      for (const batch of batches.map((ids) => tensorsOf(ids, config.tokenTypes))) {
        const [start, processor] = [seconds(), processSeconds()];
        await learner.learn(batch, step++, all);
        times.forwardBackward += between - start;
        times.optimiser += seconds() - between;
        times.processor += processSeconds() - processor;
      }
      return times;
    },
  };
}

/** Answers and shapes are made up, on both sides by the same rule: no speed depends on them. */
function tensorsOf(batch: BatchIds, tokenTypes: number): BatchTensors {
  const ids = batch.flat();
  const of = (number: (id: number) => number) => BigInt64Array.from(ids, (id) => BigInt(number(id)));
  return {
    windows: WINDOWS,
    sequence: LENGTH,
    ids: of((id) => id),
    mask: of(() => 1),
    tokenTypes: of((id) => id % tokenTypes),
    answers: RECIPE.lenses.map(({ labels }) => of((id) => id % labels.length)),
    answered: RECIPE.lenses.map(() => ids.length),
    pieces: ids.length,
  };
}

function reportSide(
  name: string,
  taken: readonly StepTimes[],
  steps: number,
  peak: number,
  report: (figure: Figure) => void,
): void {
  for (const { part, of } of PARTS) {
    report({ name: `${name}: ${part}`, unit: "s", values: taken.map((times) => of(times) / steps) });
  }
  const pieces = WINDOWS * LENGTH * steps;
  report({ name: `${name}: speed`, unit: "pieces/s", values: taken.map((times) => pieces / whole(times)) });
  report({ name: `${name}: peak memory of the process`, unit: "MB", values: [peak] });
}

const whole = ({ forwardBackward, optimiser }: StepTimes) => forwardBackward + optimiser;

const PARTS = [
  { part: "forward and backward", of: (times: StepTimes) => times.forwardBackward },
  { part: "optimiser", of: (times: StepTimes) => times.optimiser },
  { part: "whole step", of: whole, aim: { aim: "at least 0.95" } },
  { part: "processor time", of: (times: StepTimes) => times.processor },
];
