/** A training from its recipe to its best weights, with checkpoints on the way. */
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { wordTokenizer } from "../adapters/huggingface/tokenizer.js";
import { openGraphSession } from "../adapters/onnx/graph-session.js";
import { RUNTIME_VERSION } from "../adapters/onnx/session.js";
import { SpanmillError } from "../errors.js";
import type { WordTokenizer } from "../tagging/pieces.js";
import { type Base, readBase } from "./base.js";
import { type Batching, batchesOf, type MixedSet, tensorsOf } from "./batches.js";
import {
  type Position,
  readCheckpoint,
  readNewestCheckpoint,
  writeCheckpoint,
  writeTensors,
} from "./checkpoint.js";
import type { TrainingDocument } from "./document.js";
import { documentEncoder } from "./encoded.js";
import { encodeModel } from "./graph/onnx-file.js";
import { toOnnx } from "./graph/onnx-model.js";
import { type Learner, numbersOf, openLearner } from "./learner.js";
import { readSets, type SetReport } from "./read-sets.js";
import type { Recipe } from "./recipe.js";
import { requireTeachable } from "./set-labels.js";
import { servedModel } from "./step.js";
import { decidingScore, fedEncoder, outputName, type ValidationScore, validate } from "./validate.js";

export interface StepEvent {
  /** Steps done, of so many. */
  readonly step: number;
  readonly steps: number;
  /** From 0. */
  readonly epoch: number;
  readonly loss: number;
  readonly lossByLens: Readonly<Record<string, number>>;
  /** Of the gradients before clipping. */
  readonly norm: number;
  readonly rate: number;
  /** Of this step, without padding. */
  readonly pieces: number;
  readonly seconds: number;
}

export interface EpochEvent {
  readonly epoch: number;
  readonly scores: readonly ValidationScore[];
  readonly best: boolean;
}

/** What is told on the way. */
export interface TrainingEvents {
  step(event: StepEvent): void;
  epoch(event: EpochEvent): void;
  note(text: string): void;
}

export interface TrainingOptions {
  /** Checkpoints and the best weights are kept here. */
  readonly runDirectory: string;
  /** Of ONNX Runtime. Sums of floats depend on it, so a run is gone on with as many as it began with. */
  readonly threads: number;
  /** Go on from the newest checkpoint. */
  readonly resume: boolean;
  /** Stop after so many steps of this call, as if interrupted. */
  readonly maxSteps: number | undefined;
  readonly signal: AbortSignal;
}

/** A training that was stopped can be gone on with; one that has ended has its best weights. */
export type TrainingEnd =
  | { readonly reason: "interrupted" | "max steps"; readonly checkpoint: string }
  | {
      readonly reason: "finished" | "early stop";
      readonly best: BestWeights;
      readonly base: Base;
      readonly tokenizer: WordTokenizer;
      /** What the sets hold. */
      readonly report: readonly SetReport[];
    };

export interface BestWeights {
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly epoch: number;
  readonly score: number;
}

/** @throws SpanmillError MODEL_*, INPUT_*, OUTPUT_*, TRAINING_DIVERGED, CHECKPOINT_BROKEN */
export async function train(
  recipe: Recipe,
  options: TrainingOptions,
  events: TrainingEvents,
): Promise<TrainingEnd> {
  mkdirSync(options.runDirectory, { recursive: true });
  const base = readBase(recipe.base, recipe.wordShapes, recipe.lenses);
  const tokenizer = wordTokenizer({ ...base.tokenizer }, { ...base.tokenizerConfig }, READ_ALONE);
  const data = await readSets(recipe, recipe.sets);
  const unseen = requireTeachable(recipe.lenses, data.sets, data.report);
  for (const warning of [...data.warnings, ...unseen]) events.note(warning);
  const learner = await openLearner({
    recipe,
    config: base.config,
    sets: data.sets,
    base: base.weights,
    open: (graph) => openGraphSession(graph, { threads: options.threads }),
  });
  const run: Run = {
    recipe,
    options,
    events,
    base,
    tokenizer,
    learner,
    batching: batchingOf(recipe, tokenizer),
    sets: encodeSets(recipe, data.documents, tokenizer),
    report: data.report,
    mean: new Map(),
    position: { ...START, identity: identityOf(recipe, options.threads) },
  };
  try {
    if (options.resume) goOn(run);
    return await trainEpochs(run);
  } finally {
    await learner.release();
  }
}

interface Run {
  readonly recipe: Recipe;
  readonly options: TrainingOptions;
  readonly events: TrainingEvents;
  readonly base: Base;
  readonly tokenizer: WordTokenizer;
  readonly learner: Learner;
  readonly batching: Batching;
  readonly sets: readonly MixedSet[];
  readonly report: readonly SetReport[];
  /** The average of the last weights, see `Schedule.averaged`; empty before it begins. */
  readonly mean: Map<string, Float32Array>;
  position: Position;
}

const START = { format: 1, step: 0, epoch: 0, batch: 0, averaged: 0, best: null, waited: 0 } as const;
const BEST = "best.safetensors";
/** Steps from one set of weights in the average to the next: neighbours hardly differ. */
const AVERAGE_EVERY = 10;

async function trainEpochs(run: Run): Promise<TrainingEnd> {
  const { epochs, patience } = run.recipe.schedule;
  const steps = Array.from({ length: epochs }, (_, epoch) => batchesOf(run.sets, epoch, run.batching).length);
  const total = steps.reduce((a, b) => a + b, 0);
  const last = run.options.maxSteps === undefined ? total : run.position.step + run.options.maxSteps;
  while (run.position.epoch < epochs) {
    const stopped = await trainEpoch(run, total, last);
    if (stopped !== undefined) return { reason: stopped, checkpoint: keepCheckpoint(run) };
    await endEpoch(run);
    keepCheckpoint(run);
    if (patience > 0 && run.position.waited >= patience) return ended(run, "early stop");
  }
  return ended(run, "finished");
}

async function trainEpoch(
  run: Run,
  total: number,
  last: number,
): Promise<"interrupted" | "max steps" | undefined> {
  const { learner, batching, recipe, events, options } = run;
  const { epoch } = run.position;
  const batches = batchesOf(run.sets, epoch, batching);
  for (let at = run.position.batch; at < batches.length; at++) {
    if (options.signal.aborted) return "interrupted";
    const { step } = run.position;
    if (step >= last) return "max steps";
    const started = performance.now();
    const tensors = tensorsOf(batches[at]!, step, batching);
    const { loss, losses, norm, rate } = await learner.learn(tensors, step, total);
    run.position = { ...run.position, step: step + 1, batch: at + 1 };
    takeAverage(run, total);
    const named = recipe.lenses.map(({ name }, i) => [name, losses[i]] as const);
    events.step({
      step: step + 1,
      steps: total,
      epoch,
      loss,
      lossByLens: Object.fromEntries(named.filter((pair): pair is [string, number] => pair[1] !== undefined)),
      norm,
      rate,
      pieces: tensors.pieces,
      seconds: (performance.now() - started) / 1000,
    });
    if ((step + 1) % recipe.schedule.checkpointEvery === 0) keepCheckpoint(run);
  }
  return undefined;
}

/** Averaging of the last weights of a run (Izmailov et al. 2018) takes some of the last steps' noise away. */
function takeAverage(run: Run, total: number): void {
  const { step, averaged } = run.position;
  const { averaged: share } = run.recipe.schedule;
  if (share === 0 || step < total * (1 - share) || step % AVERAGE_EVERY !== 0) return;
  for (const [name, weight] of run.learner.state.weights) {
    const mean = run.mean.get(name);
    if (mean === undefined) run.mean.set(name, weight.slice());
    else for (let i = 0; i < mean.length; i++) mean[i]! += (weight[i]! - mean[i]!) / (averaged + 1);
  }
  run.position = { ...run.position, averaged: averaged + 1 };
}

/** Judges the epoch's weights and keeps them if they are the best. */
async function endEpoch(run: Run): Promise<void> {
  const { recipe, options, events, position } = run;
  const weights = run.mean.size > 0 ? run.mean : run.learner.state.weights;
  const scores = await judge(run, weights);
  const score = decidingScore(scores);
  const best = recipe.validation.length === 0 || position.best === null || score > position.best.score;
  run.position = {
    ...position,
    epoch: position.epoch + 1,
    batch: 0,
    best: best ? { epoch: position.epoch, score } : position.best,
    waited: best ? 0 : position.waited + 1,
  };
  if (best) writeTensors(join(options.runDirectory, BEST), { weight: weights }, run.position);
  events.epoch({ epoch: position.epoch, scores, best });
}

async function judge(run: Run, weights: ReadonlyMap<string, Float32Array>): Promise<ValidationScore[]> {
  const { recipe, options, tokenizer, base, learner } = run;
  const lenses = recipe.lenses.map(({ name, labels }) => ({ name, labels: labels.length }));
  const served = servedModel(base.config, lenses);
  const outputs = Object.fromEntries(
    recipe.lenses.map((lens) => [outputName(lens, recipe), served.outputs[lens.name]!]),
  );
  const graph = encodeModel(toOnnx(outputs, { dialect: "runtime", inputs: served.inputs }));
  const session = await openGraphSession(graph, { threads: options.threads });
  try {
    const encoder = fedEncoder(session, numbersOf(learner.step, weights), tokenizer);
    return await validate({ recipe, tokenizer, encoder, signal: NEVER });
  } finally {
    await session.release();
  }
}

/** An epoch that is trained is judged whole: what comes next depends on it. */
const NEVER = new AbortController().signal;

function ended(run: Run, reason: "finished" | "early stop"): TrainingEnd {
  const { kinds, position } = readCheckpoint(join(run.options.runDirectory, BEST));
  const { epoch, score } = position.best!;
  const { base, tokenizer, report } = run;
  return { reason, best: { weights: kinds.weight!, epoch, score }, base, tokenizer, report };
}

function keepCheckpoint(run: Run): string {
  const { weights, first, second } = run.learner.state;
  const kinds = { weight: weights, first, second, ...(run.mean.size > 0 ? { mean: run.mean } : {}) };
  return writeCheckpoint(run.options.runDirectory, { position: run.position, kinds });
}

function goOn(run: Run): void {
  const { runDirectory } = run.options;
  const found = readNewestCheckpoint(runDirectory, run.events.note);
  if (found === undefined) {
    run.events.note(`${runDirectory} has no checkpoint: the training begins at its first step`);
    return;
  }
  if (found.position.identity !== run.position.identity) {
    throw new SpanmillError(
      "CHECKPOINT_BROKEN",
      `the checkpoint in ${runDirectory} is of a training with another recipe, number of threads or ONNX Runtime, so its ` +
        "weights would not be those of one run: take back the change, or begin anew without --resume",
    );
  }
  const { weights, first, second } = run.learner.state;
  restore(weights, found.kinds.weight);
  restore(first, found.kinds.first);
  restore(second, found.kinds.second);
  for (const [name, numbers] of found.kinds.mean ?? []) run.mean.set(name, numbers);
  run.position = found.position;
}

function restore(
  held: ReadonlyMap<string, Float32Array>,
  kept: ReadonlyMap<string, Float32Array> | undefined,
): void {
  for (const [name, numbers] of held) numbers.set(kept!.get(name)!);
}

/** What the weights after a step depend on, but for the data files' content. */
function identityOf(recipe: Recipe, threads: number): string {
  const { output: _, validation: __, card: ___, ...rest } = recipe;
  const text = JSON.stringify([rest, threads, RUNTIME_VERSION], (_key, value: unknown) =>
    value instanceof Map || value instanceof Set ? [...value] : value,
  );
  return createHash("sha256").update(text).digest("hex");
}

/** Words are read as `is_split_into_words` reads them. */
const READ_ALONE = { blankBeforeWord: "always" } as const;

function batchingOf(recipe: Recipe, { prefix, suffix }: WordTokenizer): Batching {
  const { seed, window, wordShapes, lenses, schedule } = recipe;
  return {
    seed,
    prefix,
    suffix,
    wordShapes,
    lenses: lenses.length,
    room: window - prefix.length - suffix.length,
    batchPieces: schedule.batchPieces,
    labelledPieces: schedule.labelledPieces,
    lowerCased: schedule.lowerCased,
    upperCased: schedule.upperCased,
  };
}

function encodeSets(
  recipe: Recipe,
  documents: readonly (readonly TrainingDocument[])[],
  tokenizer: WordTokenizer,
): MixedSet[] {
  const encode = documentEncoder(
    tokenizer,
    recipe.window - tokenizer.prefix.length - tokenizer.suffix.length,
  );
  return recipe.sets.map(({ passes }, i) => ({ documents: documents[i]!.flatMap(encode), passes }));
}
