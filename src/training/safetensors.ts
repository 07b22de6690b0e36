/**
 * Reads safetensors: eight bytes with the length of a JSON header, the header, then the numbers, little-endian and
 * row-major. Format: https://github.com/huggingface/safetensors#format
 */
import { z } from "zod";
import { SpanmillError } from "../errors.js";

export interface StoredTensor {
  readonly shape: readonly number[];
  /** Reads the numbers anew with every call. @throws SpanmillError MODEL_BROKEN of a type that is not of floats */
  read(): Float32Array;
}

const count = z.number().int().nonnegative();

const Header = z.record(
  z.string(),
  z.object({ dtype: z.string(), shape: z.array(count), data_offsets: z.tuple([count, count]) }),
);

/** The format's own bound on the header. */
const HEADER_LIMIT = 100_000_000;

/**
 * @param bytes the whole file. @param file its name, for messages.
 * @throws SpanmillError MODEL_BROKEN
 */
export function readSafetensors(bytes: Uint8Array, file: string): ReadonlyMap<string, StoredTensor> {
  const { header, start } = readHeader(bytes, file);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { dtype, shape, data_offsets: range }] of Object.entries(header)) {
    const [from, to] = [start + range[0], start + range[1]];
    if (from > to || to > bytes.length) {
      throw broken(file, `the tensor ${name} ends at byte ${to} of ${bytes.length}: the file is cut off`);
    }
    const size = shape.reduce((a, b) => a * b, 1);
    const read = (): Float32Array => {
      const decoder = DECODERS[dtype];
      if (decoder === undefined) {
        throw broken(
          file,
          `the tensor ${name} is of ${dtype}; ${Object.keys(DECODERS).join(", ")} can be read`,
        );
      }
      if (to - from !== size * decoder.width) {
        throw broken(file, `the tensor ${name} has ${to - from} bytes for ${size} numbers of ${dtype}`);
      }
      const view = new DataView(bytes.buffer, bytes.byteOffset + from, to - from);
      const numbers = new Float32Array(size);
      for (let i = 0; i < size; i++) numbers[i] = decoder.at(view, i * decoder.width);
      return numbers;
    };
    tensors.set(name, { shape, read });
  }
  return tensors;
}

function readHeader(bytes: Uint8Array, file: string) {
  if (bytes.length < 8) throw broken(file, `it has ${bytes.length} bytes, less than a header's length takes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > HEADER_LIMIT || 8 + length > bytes.length) {
    throw broken(file, `its header would have ${length} bytes: it is cut off, or a Git LFS pointer`);
  }
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch (cause) {
    throw broken(file, "its header is no JSON", cause);
  }
  const entries = typeof json === "object" && json !== null ? Object.entries(json) : [];
  const header = Header.safeParse(Object.fromEntries(entries.filter(([name]) => name !== "__metadata__")));
  if (!header.success) {
    const tensor = header.error.issues[0]?.path[0];
    throw broken(file, `its header does not describe ${tensor === undefined ? "tensors" : String(tensor)}`);
  }
  return { header: header.data, start: 8 + length };
}

interface Decoder {
  /** Bytes a number. */
  readonly width: number;
  readonly at: (view: DataView, offset: number) => number;
}

const DECODERS: Readonly<Record<string, Decoder>> = {
  F32: { width: 4, at: (view, offset) => view.getFloat32(offset, true) },
  F16: { width: 2, at: (view, offset) => fromHalf(view.getUint16(offset, true)) },
  BF16: { width: 2, at: (view, offset) => fromUpperHalf(view.getUint16(offset, true)) },
};

/** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

const scratch = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of a float32. */
function fromUpperHalf(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

function broken(file: string, what: string, cause?: unknown): SpanmillError {
  return new SpanmillError("MODEL_BROKEN", `${file} is no safetensors file that can be read: ${what}`, {
    cause,
  });
}
