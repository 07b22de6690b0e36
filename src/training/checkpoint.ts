/**
 * Checkpoints: all that a training needs to go on as if it had never stopped, in one safetensors file. A file is
 * written under another name, synced and renamed, so that it is whole or not there; the sum in its header tells a file
 * that was changed afterwards.
 */
import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { SpanmillError, systemCode } from "../errors.js";
import {
  broken,
  checkpointName,
  checkpointNames,
  type Position,
  readPosition,
  unreadable,
} from "./position.js";
import { readSafetensors } from "./safetensors.js";

/** Tensors by kind (`weight`, `first`, `second`, `mean`), then by the weight's name. */
export type Kinds = Readonly<Record<string, ReadonlyMap<string, Float32Array>>>;

export interface Checkpoint {
  readonly position: Position;
  readonly kinds: Kinds;
}

const BYTES = 4;

/** Writes a checkpoint and removes all but the newest `keep`. @throws SpanmillError OUTPUT_FULL, OUTPUT_UNWRITABLE */
export function writeCheckpoint(directory: string, checkpoint: Checkpoint, keep = 2): string {
  const path = join(directory, checkpointName(checkpoint.position.step));
  writeTensors(path, checkpoint.kinds, checkpoint.position);
  for (const name of checkpointNames(directory).slice(0, -keep))
    rmSync(join(directory, name), { force: true });
  return path;
}

/**
 * The newest whole checkpoint of a folder, undefined where there is none at all.
 *
 * @param note is told of those that are not whole.
 * @throws SpanmillError CHECKPOINT_BROKEN where none of them is.
 */
export function readNewestCheckpoint(
  directory: string,
  note: (text: string) => void,
): Checkpoint | undefined {
  const names = checkpointNames(directory).reverse();
  for (const name of names) {
    try {
      return readCheckpoint(join(directory, name));
    } catch (error) {
      if (!(error instanceof SpanmillError)) throw error;
      note(error.message);
    }
  }
  if (names.length === 0) return undefined;
  throw new SpanmillError(
    "CHECKPOINT_BROKEN",
    `none of the checkpoints in ${directory} can be gone on from: begin anew without --resume`,
  );
}

export function readCheckpoint(path: string): Checkpoint {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  const { position, sum } = readPosition(bytes, path);
  const kinds: Record<string, Map<string, Float32Array>> = {};
  const digest = createHash("sha256");
  for (const [full, tensor] of tensorsOf(bytes, path)) {
    const dot = full.indexOf(".");
    const kind = full.slice(0, dot);
    const numbers = tensor.read();
    digest.update(bytesOf(numbers));
    kinds[kind] ??= new Map();
    kinds[kind].set(full.slice(dot + 1), numbers);
  }
  if (digest.digest("hex") !== sum) throw broken(path, "its numbers are not those that were written");
  return { position, kinds };
}

function tensorsOf(bytes: Buffer, path: string) {
  try {
    return readSafetensors(bytes, path);
  } catch (cause) {
    throw broken(path, "it is cut off", cause);
  }
}

/** Writes tensors as safetensors. @param position goes into the header. */
export function writeTensors(path: string, kinds: Kinds, position: Position): void {
  const tensors = Object.entries(kinds).flatMap(([kind, held]) =>
    [...held].map(([name, numbers]) => [`${kind}.${name}`, numbers] as const),
  );
  const digest = createHash("sha256");
  for (const [, numbers] of tensors) digest.update(bytesOf(numbers));
  let offset = 0;
  const header: Record<string, unknown> = {
    __metadata__: { spanmill: JSON.stringify(position), sha256: digest.digest("hex") },
  };
  for (const [name, { length }] of tensors) {
    header[name] = {
      dtype: "F32",
      shape: [length],
      data_offsets: [offset, offset + length * BYTES],
    };
    offset += length * BYTES;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, " ")]);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(padded.length));
  writeWhole(path, [size, padded, ...tensors.map(([, numbers]) => bytesOf(numbers))]);
}

function writeWhole(path: string, parts: readonly Buffer[]): void {
  const temporary = `${path}.part`;
  try {
    const file = openSync(temporary, "w");
    try {
      for (const part of parts) {
        for (let done = 0; done < part.length; ) done += writeSync(file, part, done, part.length - done);
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    const code = systemCode(error);
    const full = code === "ENOSPC" || code === "EDQUOT";
    throw new SpanmillError(
      full ? "OUTPUT_FULL" : "OUTPUT_UNWRITABLE",
      `${path} cannot be written (${code ?? "unknown"}): ${full ? "make room" : "check the folder"}, then go on with --resume; ` +
        "the checkpoint before it is whole",
      { cause: error },
    );
  }
}

function bytesOf(numbers: Float32Array): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
