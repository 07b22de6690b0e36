/** A training epoch by epoch: batches, averages, judging, checkpoints, and how it is gone on with. */
import { join } from "node:path";
import { openGraphSession } from "../adapters/onnx/graph-session.js";
import { SpanmillError } from "../errors.js";
import { batchesOf, tensorsOf } from "./batches.js";
import { readCheckpoint, writeCheckpoint, writeTensors } from "./checkpoint.js";
import { encodeModel } from "./graph/onnx-file.js";
import { toOnnx } from "./graph/onnx-model.js";
import { numbersOf } from "./learner.js";
import { checkpointName, type Position } from "./position.js";
import type { Progress, Run, TrainingEnd } from "./run.js";
import { servedModel } from "./step.js";
import { decidingScore, fedEncoder, outputName, type ValidationScore, validate } from "./validate.js";

const BEST = "best.safetensors";
/** Steps from one set of weights in the average to the next: neighbours hardly differ. */
const AVERAGE_EVERY = 10;

/** From the run's position to its end. */
export async function trainEpochs(run: Run): Promise<TrainingEnd> {
  const { epochs, patience } = run.recipe.schedule;
  const steps = Array.from({ length: epochs }, (_, epoch) => batchesOf(run.sets, epoch, run.batching).length);
  const total = steps.reduce((a, b) => a + b, 0);
  const last = run.options.maxSteps === undefined ? total : run.position.step + run.options.maxSteps;
  const outOfPatience = () => patience > 0 && run.position.waited >= patience;
  while (run.position.epoch < epochs && !outOfPatience()) {
    const stopped = await trainEpoch(run, total, last).catch((error: unknown) => {
      // The weights are those before the step.
      if (error instanceof SpanmillError && error.code === "TRAINING_DIVERGED") keepCheckpoint(run);
      throw error;
    });
    // Where judging fails or is stopped, who goes on begins with it: the epoch's batches are done.
    const checkpoint = keepCheckpoint(run);
    if (stopped !== undefined) return { reason: stopped, checkpoint, progress: progressOf(run) };
    try {
      await endEpoch(run);
    } catch (error) {
      if (!run.options.signal.aborted) throw error;
      return { reason: "interrupted", checkpoint, progress: progressOf(run) };
    }
    keepCheckpoint(run);
  }
  return ended(run, outOfPatience() ? "early stop" : "finished");
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
  const { options, events, position } = run;
  const weights = run.mean.size > 0 ? run.mean : run.learner.state.weights;
  const scores = await judge(run, weights);
  const score = decidingScore(scores);
  const { better, best } = against(position.best, score);
  run.position = {
    ...position,
    epoch: position.epoch + 1,
    batch: 0,
    best: best ? { epoch: position.epoch, score } : position.best,
    waited: better ? 0 : position.waited + 1,
  };
  if (best) writeTensors(join(options.runDirectory, BEST), { weight: weights }, run.position);
  events.epoch({ epoch: position.epoch, step: position.step, scores, best });
}

/**
 * Of epochs that are all at 0, as where no set decides, the last is the best: it has learnt most. It is no better than
 * the others, so the patience for a better one runs out all the same.
 */
export function against(before: Position["best"], score: number): { better: boolean; best: boolean } {
  const better = before === null || score > before.score;
  return { better, best: better || (score === 0 && before.score === 0) };
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
    return await validate({ recipe, tokenizer, encoder, signal: options.signal });
  } finally {
    await session.release();
  }
}

function ended(run: Run, reason: "finished" | "early stop"): TrainingEnd {
  const { runDirectory } = run.options;
  const { kinds, position } = readCheckpoint(join(runDirectory, BEST));
  const { epoch, score } = position.best!;
  const { base, tokenizer, report } = run;
  const checkpoint = join(runDirectory, checkpointName(run.position.step));
  const best = { weights: kinds.weight!, epoch, score };
  return { reason, checkpoint, progress: progressOf(run), best, base, tokenizer, report };
}

function progressOf({ position: { step, best } }: Run): Progress {
  return { step, best };
}

function keepCheckpoint(run: Run): string {
  const { weights, first, second } = run.learner.state;
  const kinds = { weight: weights, first, second, ...(run.mean.size > 0 ? { mean: run.mean } : {}) };
  return writeCheckpoint(run.options.runDirectory, { position: run.position, kinds });
}
