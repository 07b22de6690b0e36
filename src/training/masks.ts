/**
 * Dropout masks (Srivastava et al. 2014, scaled in training). One long list of zeros and ones is drawn once from the
 * seed; each mask of each step is a stretch of it from a place that is drawn from seed and step. That costs a step
 * nothing, where drawing millions of numbers anew would cost a tenth of it.
 */
import type { Numbers } from "../adapters/onnx/graph-session.js";
import { type Shape, sizedShape } from "./graph/shape.js";
import { random } from "./random.js";

export interface MaskInput {
  readonly name: string;
  readonly shape: Shape;
}

/** Stretches begin at multiples of 16 numbers, where a cache line begins. */
const ALIGNMENT = 16;
/** So much longer than the longest mask, that stretches seldom overlap by much. */
const SPARE = 4;

/**
 * @param chance of dropping a value.
 * @returns for a step, counted from 0, and the sizes of its named dimensions, the masks by name. They share memory:
 * read them only.
 */
export function dropoutMasks(
  masks: readonly MaskInput[],
  chance: number,
  seed: number,
): (step: number, sizes: Readonly<Record<string, number>>) => Readonly<Record<string, Numbers>> {
  let pool = new Float32Array(0);
  const draw = random(seed, "dropout");
  const kept = 1 / (1 - chance);
  const poolOf = (longest: number): Float32Array => {
    if (longest <= pool.length) return pool;
    const longer = new Float32Array(longest);
    longer.set(pool);
    for (let i = pool.length; i < longest; i++) longer[i] = draw.unit() < chance ? 0 : kept;
    pool = longer;
    return pool;
  };
  return (step, sizes) => {
    const places = random(seed, "dropout", step);
    const sized = masks.map(({ name, shape }) => ({ name, dims: sizedShape(shape, sizes) }));
    const lengths = sized.map(({ dims }) => dims.reduce((a, b) => a * b, 1));
    // The pool grows by doubling from one beginning: what it holds at a place never depends on which step grew it.
    const all = poolOf(poolLength(Math.max(0, ...lengths)));
    return Object.fromEntries(
      sized.map(({ name, dims }, i) => {
        const room = SPARE * powerOfTwo(lengths[i]!) - lengths[i]!;
        const start = places.below(Math.floor(room / ALIGNMENT) + 1) * ALIGNMENT;
        return [name, { data: all.subarray(start, start + lengths[i]!), shape: dims }];
      }),
    );
  };
}

function poolLength(longest: number): number {
  return SPARE * powerOfTwo(longest);
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(atLeast, 1)));
}
