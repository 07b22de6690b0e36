/** One step of AdamW over all weights: the dense ones by a graph, in place; the word table's rows one by one. */
import type { GraphSession, Numbers } from "../adapters/onnx/graph-session.js";
import { adamw, adamwScalars } from "./adamw.js";
import { encodeModel } from "./graph/onnx-file.js";
import { toOnnx } from "./graph/onnx-model.js";
import { type TrainingStep, WORD_TABLE } from "./step.js";
import { groupOf, type WeightGroup } from "./weights.js";

const BETAS = { beta1: 0.9, beta2: 0.999 };
const EPSILON = 1e-6;

/** Weights and moments by the weight's name; the optimiser changes them in place. */
export interface OptimiserState {
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly first: ReadonlyMap<string, Float32Array>;
  readonly second: ReadonlyMap<string, Float32Array>;
}

/** Moments that begin at 0. */
export function zeroMoments(weights: ReadonlyMap<string, Float32Array>, trained: readonly string[]) {
  const zeros = () => new Map(trained.map((name) => [name, new Float32Array(weights.get(name)!.length)]));
  return { first: zeros(), second: zeros() };
}

/** Names of all weights that a step trains. */
export function trainedNames(step: TrainingStep): string[] {
  return [...step.gradientOf.keys(), ...(step.wordRows === undefined ? [] : [WORD_TABLE])];
}

export interface Update {
  /** Counted from 1. */
  readonly step: number;
  /** Share of the groups' peak rates. */
  readonly share: number;
  readonly groups: Readonly<Record<string, WeightGroup>>;
  /** Largest norm of all gradients together; 0: no bound. */
  readonly clip: number;
  /** By the output's name, as the step gave them. */
  readonly gradients: Readonly<Record<string, Numbers>>;
  /** Of the gradient's word rows. */
  readonly ids: BigInt64Array;
}

export interface Optimiser {
  /**
   * @returns the norm of the gradients before clipping. Where it is no number, nothing was changed.
   */
  update(state: OptimiserState, update: Update): Promise<number>;
}

/** The graph of the dense weights; open a session on it and hand that to `optimiser`. */
export function optimiserGraph(step: TrainingStep): Uint8Array {
  const weights = [...step.gradientOf.keys()].map((name) => ({
    name,
    shape: shapeOf(step, name),
    group: groupOf(name),
  }));
  return encodeModel(toOnnx(adamw(weights, BETAS), { dialect: "runtime" }));
}

export function optimiser(step: TrainingStep, session: GraphSession): Optimiser {
  return {
    async update(state, update) {
      const rows =
        step.wordRows === undefined ? undefined : summedRows(update.gradients[step.wordRows]!, update.ids);
      const norm = Math.sqrt(
        [...step.gradientOf.values()].reduce(
          (sum, name) => sum + sumOfSquares(floats(update.gradients[name]!)),
          0,
        ) + (rows === undefined ? 0 : sumOfSquares(rows.sums)),
      );
      if (!Number.isFinite(norm)) return norm;
      const scale = update.clip > 0 && norm > update.clip ? update.clip / norm : 1;
      const groups = Object.fromEntries(
        Object.entries(update.groups).map(([name, { rate, decay }]) => [
          name,
          { rate: rate * update.share, decay },
        ]),
      );
      const scalars = adamwScalars({ ...BETAS, step: update.step, epsilon: EPSILON, scale, groups });
      await session.run(...denseFeeds(step, session, state, update, scalars));
      if (rows !== undefined) updateRows(state, rows, scalars);
      return norm;
    },
  };
}

function denseFeeds(
  step: TrainingStep,
  session: GraphSession,
  { weights, first, second }: OptimiserState,
  { gradients }: Update,
  scalars: Readonly<Record<string, number>>,
): [Record<string, Numbers>, Record<string, Numbers>] {
  const feeds: Record<string, Numbers> = {};
  const into: Record<string, Numbers> = {};
  const wanted = new Set(session.inputs);
  for (const [name, value] of Object.entries(scalars))
    if (wanted.has(name)) feeds[name] = { data: Float32Array.of(value), shape: [] };
  for (const [name, gradient] of step.gradientOf) {
    const shape = shapeOf(step, name);
    feeds[`gradient.${name}`] = { data: gradients[gradient]!.data, shape };
    for (const [kind, held] of [
      ["", weights],
      ["first.", first],
      ["second.", second],
    ] as const) {
      const numbers = { data: held.get(name)!, shape };
      feeds[`${kind}${name}`] = numbers;
      into[`new.${kind}${name}`] = numbers;
    }
  }
  return [feeds, into];
}

function shapeOf(step: TrainingStep, name: string): readonly number[] {
  return step.parameters.get(name)!.shape as readonly number[];
}

function floats({ data }: Numbers): Float32Array {
  return data as Float32Array;
}

/** Four sums beside each other, so that no addition waits for the one before it. */
function sumOfSquares(numbers: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = numbers.length - (numbers.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += numbers[i]! * numbers[i]!;
    b += numbers[i + 1]! * numbers[i + 1]!;
    c += numbers[i + 2]! * numbers[i + 2]!;
    d += numbers[i + 3]! * numbers[i + 3]!;
  }
  for (let i = whole; i < numbers.length; i++) a += numbers[i]! * numbers[i]!;
  return a + b + c + d;
}

interface RowGradients {
  readonly rows: readonly number[];
  readonly width: number;
  /** [rows, width]. */
  readonly sums: Float32Array;
}

/** The gradient of a row of the table is the sum of those of all places that chose it, in the places' order. */
function summedRows(gradient: Numbers, ids: BigInt64Array): RowGradients {
  const places = floats(gradient);
  const width = places.length / ids.length;
  const slotOf = new Map<number, number>();
  for (const id of ids) if (!slotOf.has(Number(id))) slotOf.set(Number(id), slotOf.size);
  const sums = new Float32Array(slotOf.size * width);
  for (let place = 0; place < ids.length; place++) {
    const [from, to] = [place * width, slotOf.get(Number(ids[place]))! * width];
    for (let i = 0; i < width; i++) sums[to + i]! += places[from + i]!;
  }
  return { rows: [...slotOf.keys()], width, sums };
}

/** AdamW on the rows that a batch chose; the moments of the others stand still, as in PyTorch's SparseAdam. */
function updateRows(
  { weights, first, second }: OptimiserState,
  { rows, width, sums }: RowGradients,
  scalars: Readonly<Record<string, number>>,
): void {
  const [table, means, squares] = [weights, first, second].map((held) => held.get(WORD_TABLE)!) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const group = groupOf(WORD_TABLE);
  const [rate, keep] = [scalars[`rate.${group}`]!, scalars[`keep.${group}`]!];
  const [intoFirst, intoSecond, epsilon] = [scalars.first!, scalars.second!, scalars.epsilon!];
  rows.forEach((row, slot) => {
    for (let i = 0; i < width; i++) {
      const at = row * width + i;
      const gradient = sums[slot * width + i]!;
      const mean = means[at]! * BETAS.beta1 + gradient * intoFirst;
      const square = squares[at]! * BETAS.beta2 + gradient * gradient * intoSecond;
      means[at] = mean;
      squares[at] = square;
      table[at] = table[at]! * keep - (mean * rate) / (Math.sqrt(square) + epsilon);
    }
  });
}
