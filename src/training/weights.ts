/** The weights that a training begins with, and how they are grouped for the optimiser. */

import { random } from "./random.js";
import type { Schedule } from "./recipe.js";
import type { TrainingStep } from "./step.js";

/** Row-major, by the parameter's name. */
export type Weights = ReadonlyMap<string, Float32Array>;

/**
 * All weights of a step: the encoder's from the base, and each head's from the base if it has one of this lens and
 * these labels, else drawn as BERT's are (normal, deviation 0.02; biases 0).
 */
export function initialWeights(step: TrainingStep, base: Weights, seed: number): Map<string, Float32Array> {
  const weights = new Map<string, Float32Array>();
  for (const [name, { shape }] of step.parameters) {
    const size = (shape as readonly number[]).reduce((a, b) => a * b, 1);
    const known = base.get(name);
    weights.set(name, known?.length === size ? known : drawn(name, size, seed));
  }
  return weights;
}

function drawn(name: string, size: number, seed: number): Float32Array {
  const numbers = new Float32Array(size);
  if (name.endsWith(".bias")) return numbers;
  const draw = random(seed, "weights", name);
  for (let i = 0; i < size; i++) numbers[i] = 0.02 * draw.normal();
  return numbers;
}

export interface WeightGroup {
  readonly rate: number;
  readonly decay: number;
}

/**
 * Weights of one group share a learning rate and a decay. The rate falls from layer to layer towards the input
 * (Howard and Ruder 2018, 3.2); biases and the weights of normalisations do not decay, as is custom since BERT.
 */
export function groupOf(name: string): string {
  const part = name.startsWith("heads.") ? "heads" : (/^encoder\.layer\.\d+/.exec(name)?.[0] ?? "embeddings");
  return name.endsWith(".bias") || name.includes("LayerNorm") ? `${part}.plain` : part;
}

/** Peak rates of all groups, the word table's among them. */
export function weightGroups(layers: number, schedule: Schedule): Record<string, WeightGroup> {
  const groups: Record<string, WeightGroup> = {};
  const add = (part: string, rate: number) => {
    groups[part] = { rate, decay: schedule.weightDecay };
    groups[`${part}.plain`] = { rate, decay: 0 };
  };
  add("heads", schedule.headRate);
  for (let layer = 0; layer < layers; layer++)
    add(`encoder.layer.${layer}`, schedule.rate * schedule.layerDecay ** (layers - 1 - layer));
  add("embeddings", schedule.rate * schedule.layerDecay ** layers);
  return groups;
}

/** Share of the peak rate at a step, counted from 0: rises in a line from nearly 0, then falls in a line to nearly 0. */
export function rateAt(step: number, steps: number, warmUp: number): number {
  const rising = Math.max(1, Math.round(steps * warmUp));
  if (step < rising) return (step + 1) / rising;
  return (steps - step) / Math.max(1, steps - rising + 1);
}
