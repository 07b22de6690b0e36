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
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!;
    if (!Number.isFinite(number)) {
      throw new SpanmillError(
        "MODEL_BROKEN",
        `the weight ${name} holds ${number}: training went astray; take an earlier checkpoint, or train at a lower rate`,
      );
    }
    const scale = number > 0 ? number / highest : -number / (highest + 1);
    const at = scaleOf(i, columns, per);
    if (scale > needed[at]!) needed[at] = scale;
  }
  const scales = Float32Array.from(needed, (scale) => (scale === 0 ? 1 : roundedUp(scale)));
  const data = new Int8Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    data[i] = Math.round(numbers[i]! / scales[scaleOf(i, columns, per)]!);
  }
  return { data, scales };
}

export function fromInt8({ data, scales }: Int8Matrix, columns: number, per: ScalePer): Float32Array {
  const numbers = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) numbers[i] = data[i]! * scales[scaleOf(i, columns, per)]!;
  return numbers;
}

function scaleOf(i: number, columns: number, per: ScalePer): number {
  return per === "column" ? i % columns : per === "row" ? Math.floor(i / columns) : 0;
}

const scratch = new DataView(new ArrayBuffer(4));

/** The next float32 at or above a positive number whose last 7 bits are 0: of 24 significant bits, 17 are left. */
function roundedUp(number: number): number {
  scratch.setFloat32(0, number);
  const below = scratch.getFloat32(0) < number ? 1 : 0;
  scratch.setUint32(0, (scratch.getUint32(0) + below + 0x7f) & ~0x7f);
  return scratch.getFloat32(0);
}
