/** Matrices of 8 bits and back: symmetric, zero stays zero, a scale for each row, each column, or all. */
import { SpanmillError } from "../../errors.js";

export type ScalePer = "row" | "column" | "tensor";

export interface Int8Matrix {
  /** Row-major, like the numbers it stands for: number = data * scale. */
  readonly data: Int8Array;
  /** One a row, one a column, or one. */
  readonly scales: Float32Array;
}

export interface Int8Form {
  readonly per: ScalePer;
  readonly bits: 7 | 8;
  /** Lets a few outliers be cut off where all others gain by it, as a sum of errors says. */
  readonly clip?: boolean;
}

/**
 * A matrix of `bits` bits near to the numbers, from `-2^(bits-1)` to `2^(bits-1) - 1`. Without `clip` every number comes back
 * within half its scale; with it the scale is the one, of a few below that, with the smallest sum of errors to the power of
 * 2.4: GPTQ's search (Frantar et al. 2023, https://github.com/IST-DASLab/gptq, quant.py).
 *
 * A scale has 17 significant bits, so that `data * scale` is exact in float32: what `fromInt8` gives, `toInt8` turns into
 * the very same bytes again.
 *
 * @param numbers row-major, `columns` a row. @param name of the weight, for the message.
 * @throws SpanmillError MODEL_BROKEN where a number is not finite
 */
export function toInt8(
  numbers: Float32Array,
  columns: number,
  { per, bits, clip = false }: Int8Form,
  name: string,
): Int8Matrix {
  const highest = 2 ** (bits - 1) - 1;
  const needed = neededScales(numbers, columns, per, highest, name);
  const scales = clip ? clippingScales(numbers, columns, per, highest, needed) : scalesFrom(needed, 1);
  const data = new Int8Array(numbers.length);
  eachRow(numbers.length, columns, per, (from, first, step) => {
    for (let column = 0, at = first; column < columns; column++, at += step) {
      data[from + column] = nearest(numbers[from + column]!, scales[at]!, highest);
    }
  });
  return { data, scales };
}

/** With which all numbers are in range. */
function neededScales(
  numbers: Float32Array,
  columns: number,
  per: ScalePer,
  highest: number,
  name: string,
): Float64Array {
  const rows = numbers.length / columns;
  const needed = new Float64Array(per === "row" ? rows : per === "column" ? columns : 1);
  eachRow(numbers.length, columns, per, (from, first, step) => {
    for (let column = 0, at = first; column < columns; column++, at += step) {
      const number = numbers[from + column]!;
      if (!Number.isFinite(number)) throw notFinite(name, number);
      const scale = number > 0 ? number / highest : -number / (highest + 1);
      if (scale > needed[at]!) needed[at] = scale;
    }
  });
  return needed;
}

/** Of scales that are equally good the largest, so that what was exact stays so. */
function clippingScales(
  numbers: Float32Array,
  columns: number,
  per: ScalePer,
  highest: number,
  needed: Float64Array,
): Float32Array {
  const best = new Float32Array(needed.length);
  const least = new Float64Array(needed.length).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < CLIP_STEPS; i++) {
    const scales = scalesFrom(needed, 1 - i * CLIP_STEP);
    const errors = new Float64Array(needed.length);
    eachRow(numbers.length, columns, per, (from, first, step) => {
      for (let column = 0, at = first; column < columns; column++, at += step) {
        const number = numbers[from + column]!;
        const scale = scales[at]!;
        const error = Math.abs(number - nearest(number, scale, highest) * scale) / needed[at]!;
        if (error > 0) errors[at]! += error ** POWER;
      }
    });
    for (const [at, error] of errors.entries()) {
      if (error >= least[at]!) continue;
      least[at] = error;
      best[at] = scales[at]!;
    }
  }
  return best;
}

const CLIP_STEPS = 20;
const CLIP_STEP = 0.02;
const POWER = 2.4;

function scalesFrom(needed: Float64Array, share: number): Float32Array {
  return Float32Array.from(needed, (scale) => (scale === 0 ? 1 : roundedUp(scale * share)));
}

function nearest(number: number, scale: number, highest: number): number {
  return Math.max(-highest - 1, Math.min(highest, Math.round(number / scale)));
}

export function fromInt8({ data, scales }: Int8Matrix, columns: number, per: ScalePer): Float32Array {
  const numbers = new Float32Array(data.length);
  eachRow(data.length, columns, per, (from, first, step) => {
    for (let column = 0, at = first; column < columns; column++, at += step) {
      numbers[from + column] = data[from + column]! * scales[at]!;
    }
  });
  return numbers;
}

/** @param visit where a row begins, the index of its first number's scale, and what is added for each next number. */
function eachRow(
  length: number,
  columns: number,
  per: ScalePer,
  visit: (from: number, first: number, step: number) => void,
): void {
  for (let from = 0, row = 0; from < length; from += columns, row++) {
    visit(from, per === "row" ? row : 0, per === "column" ? 1 : 0);
  }
}

function notFinite(name: string, number: number): SpanmillError {
  return new SpanmillError(
    "MODEL_BROKEN",
    `the weight ${name} holds ${number}: training went astray; take an earlier checkpoint, or train at a lower rate`,
  );
}

const scratch = new DataView(new ArrayBuffer(4));

/** The next float32 at or above a positive number whose last 7 bits are 0: of 24 significant bits, 17 are left. */
function roundedUp(number: number): number {
  scratch.setFloat32(0, number);
  const below = scratch.getFloat32(0) < number ? 1 : 0;
  scratch.setUint32(0, (scratch.getUint32(0) + below + 0x7f) & ~0x7f);
  return scratch.getFloat32(0);
}
