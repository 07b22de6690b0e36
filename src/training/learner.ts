/** The weights in training: one batch after the other makes them better. Knows nothing of files or epochs. */
import type { GraphSession, Numbers } from "../adapters/onnx/graph-session.js";
import { SpanmillError } from "../errors.js";
import type { BatchTensors } from "./batches.js";
import type { AnswerSets } from "./document.js";
import type { EncoderConfig } from "./encoder-config.js";
import { encodeModel } from "./graph/onnx-file.js";
import { toOnnx } from "./graph/onnx-model.js";
import { sizedShape } from "./graph/shape.js";
import { dropoutMasks } from "./masks.js";
import { type OptimiserState, optimiser, optimiserGraph, trainedNames, zeroMoments } from "./optimiser.js";
import type { Recipe } from "./recipe.js";
import { type TrainingStep, trainingStep } from "./step.js";
import { initialWeights, rateAt, weightGroups } from "./weights.js";

export interface StepResult {
  readonly loss: number;
  /** By lens; of those without an answer in the batch undefined. */
  readonly losses: readonly (number | undefined)[];
  /** Of the gradients before clipping. */
  readonly norm: number;
  /** Of the head group. */
  readonly rate: number;
}

export interface Learner {
  readonly step: TrainingStep;
  readonly state: OptimiserState;
  /**
   * @param number of the step, from 0. @param steps in all.
   * @throws SpanmillError TRAINING_DIVERGED; the weights are then those before the step.
   */
  learn(batch: BatchTensors, number: number, steps: number): Promise<StepResult>;
  release(): Promise<void>;
}

export interface LearnerSettings {
  readonly recipe: Recipe;
  readonly config: EncoderConfig;
  readonly sets: AnswerSets;
  readonly base: ReadonlyMap<string, Float32Array>;
  readonly open: (graph: Uint8Array) => Promise<GraphSession>;
}

export async function openLearner({ recipe, config, sets, base, open }: LearnerSettings): Promise<Learner> {
  const { schedule, seed } = recipe;
  const lenses = recipe.lenses.map(({ name, labels }, i) => ({
    name,
    labels: labels.length,
    weight: "input" as const,
    sets: sets[i] ?? [],
  }));
  const step = trainingStep(config, lenses, {
    words: schedule.wordEmbeddings === "trained" ? "rows" : "frozen",
    ...(schedule.dropout > 0 ? { dropout: () => true } : {}),
  });
  const forward = await open(encodeModel(toOnnx(step.outputs, { dialect: "runtime", inputs: step.inputs })));
  const update = await open(optimiserGraph(step));
  const weights = initialWeights(step, base, seed);
  const state = { weights, ...zeroMoments(weights, trainedNames(step)) };
  const parameters = numbersOf(step, weights);
  const into = denseOutputs(step);
  const masks = dropoutMasks(step.masks, schedule.dropout, seed);
  const groups = weightGroups(config.layers, schedule);
  const adam = optimiser(step, update);

  return {
    step,
    state,
    async learn(batch, number, steps) {
      const sizes = { batch: batch.windows, sequence: batch.sequence };
      const results = await forward.run(
        { ...parameters, ...inputsOf(batch, recipe), ...masks(number, sizes) },
        { ...into, ...rowsOutput(step, config, batch) },
      );
      const loss = scalarOf(results.loss!);
      const share = rateAt(number, steps, schedule.warmUp);
      const norm = Number.isFinite(loss)
        ? await adam.update(state, {
            step: number + 1,
            share,
            groups,
            clip: schedule.clip,
            gradients: results,
            ids: batch.ids,
          })
        : Number.NaN;
      if (!Number.isFinite(norm)) throw diverged(number + 1);
      return {
        loss,
        losses: recipe.lenses.map(({ name }, i) =>
          batch.answered[i] === 0 ? undefined : scalarOf(results[`loss.${name}`]!),
        ),
        norm,
        rate: share * schedule.headRate,
      };
    },
    async release() {
      await forward.release();
      await update.release();
    },
  };
}

/** The weights as a graph takes them. */
export function numbersOf(
  { parameters }: Pick<TrainingStep, "parameters">,
  weights: ReadonlyMap<string, Float32Array>,
): Record<string, Numbers> {
  return Object.fromEntries(
    [...parameters].map(([name, { shape }]) => [
      name,
      { data: weights.get(name)!, shape: shape as readonly number[] },
    ]),
  );
}

/** Each lens counts by the share of the batch's pieces that it labels: a lens with few answers here moves little. */
function inputsOf(batch: BatchTensors, { lenses }: Recipe): Record<string, Numbers> {
  const shape = [batch.windows, batch.sequence];
  const most = Math.max(1, ...batch.answered);
  const inputs: Record<string, Numbers> = {
    input_ids: { data: batch.ids, shape },
    attention_mask: { data: batch.mask, shape },
    token_type_ids: { data: batch.tokenTypes, shape },
  };
  lenses.forEach(({ name, weight }, i) => {
    inputs[`labels.${name}`] = { data: batch.answers[i]!, shape };
    inputs[`weight.${name}`] = { data: Float32Array.of((weight * batch.answered[i]!) / most), shape: [] };
  });
  return inputs;
}

/** Memory for what has one size in every step, written over by each. */
function denseOutputs({ outputs, gradientOf }: TrainingStep): Record<string, Numbers> {
  return Object.fromEntries(
    [...gradientOf.values()].map((name) => {
      const shape = sizedShape(outputs[name]!.shape, {});
      return [name, { data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape }];
    }),
  );
}

function rowsOutput(
  { wordRows }: TrainingStep,
  { hidden }: EncoderConfig,
  { windows, sequence }: BatchTensors,
): Record<string, Numbers> {
  if (wordRows === undefined) return {};
  const shape = [windows, sequence, hidden];
  return { [wordRows]: { data: new Float32Array(windows * sequence * hidden), shape } };
}

function scalarOf({ data }: Numbers): number {
  return Number(data[0]);
}

function diverged(step: number): SpanmillError {
  return new SpanmillError(
    "TRAINING_DIVERGED",
    `the loss or a gradient of step ${step} is no number; the weights before it are kept. Lower rate and head-rate, ` +
      "or clip, and go on with --resume",
  );
}
