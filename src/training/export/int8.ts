/** Matrices of 8 bits and back: symmetric, zero stays zero, a scale for each row, each column, or all. */
import { SpanmillError } from "../../errors.js";

export type ScalePer = "row" | "column" | "tensor";

export interface Int8Matrix {
  /** Row-major, like the numbers it stands for: number = data * scale. */
  readonly data: Int8Array;
  /** One a row, one a column, or one. */
  readonly scales: Float32Array;
}

/**
 * The nearest matrix of `bits` bits, from `-2^(bits-1)` to `2^(bits-1) - 1`. Every number comes back within half its scale.
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
  per: ScalePer,
  bits: 7 | 8,
  name: string,
): Int8Matrix {
  const rows = numbers.length / columns;
  const count = per === "row" ? rows : per === "column" ? columns : 1;
  const highest = 2 ** (bits - 1) - 1;
  const needed = new Float64Array(count);
  eachRow(numbers.length, columns, per, (from, first, step) => {
    for (let column = 0, at = first; column < columns; column++, at += step) {
      const number = numbers[from + column]!;
      if (!Number.isFinite(number)) throw notFinite(name, number);
      const scale = number > 0 ? number / highest : -number / (highest + 1);
      if (scale > needed[at]!) needed[at] = scale;
    }
  });
  const scales = Float32Array.from(needed, (scale) => (scale === 0 ? 1 : roundedUp(scale)));
  const data = new Int8Array(numbers.length);
  eachRow(numbers.length, columns, per, (from, first, step) => {
    for (let column = 0, at = first; column < columns; column++, at += step) {
      data[from + column] = Math.round(numbers[from + column]! / scales[at]!);
    }
  });
  return { data, scales };
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
