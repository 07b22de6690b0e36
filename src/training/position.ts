/** Where a training stands, as the header of each checkpoint says it, and the names of checkpoints. */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { SpanmillError, systemCode } from "../errors.js";

const FORMAT = 2;

const Position = z.strictObject({
  format: z.literal(FORMAT),
  /** Steps done. */
  step: z.int().nonnegative(),
  epoch: z.int().nonnegative(),
  /** Batches of this epoch that are done. */
  batch: z.int().nonnegative(),
  /** sha256 of what the weights depend on, see `identity.ts`. */
  identity: z.string(),
  /** Part of the identity, and here to be taken up again. */
  threads: z.int().positive(),
  /** By key of the recipe: what may change from one call to the next. */
  adjustable: z.record(z.string(), z.number()),
  /** Steps whose weights are in the average. */
  averaged: z.int().nonnegative(),
  best: z.strictObject({ epoch: z.int(), score: z.number() }).nullable(),
  /** Epochs since the best one. */
  waited: z.int().nonnegative(),
});

export type Position = z.infer<typeof Position>;

const NAME = /^checkpoint-(\d{8})\.safetensors$/;

/** Of a step, counted from 1. */
export function checkpointName(step: number): string {
  return `checkpoint-${String(step).padStart(8, "0")}.safetensors`;
}

/** Names, the oldest first. @throws SpanmillError CHECKPOINT_BROKEN */
export function checkpointNames(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => NAME.test(name))
      .sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw unreadable(directory, error);
  }
}

/** The threads of the run in a folder; undefined where no checkpoint tells. */
export function threadsOfRun(directory: string): number | undefined {
  for (const name of checkpointNames(directory).reverse()) {
    const path = join(directory, name);
    try {
      const length = Number(readStart(path, 8).readBigUInt64LE(0));
      return readPosition(readStart(path, 8 + Math.min(length, LONGEST_HEADER)), path).position.threads;
    } catch {
      // Whoever goes on from it tells what is wrong with it.
    }
  }
  return undefined;
}

/** A broken length must not make us take all memory. */
const LONGEST_HEADER = 16e6;

function readStart(path: string, size: number): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(size);
    return bytes.subarray(0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

/** @param bytes of the file, its header at least. @throws SpanmillError CHECKPOINT_BROKEN */
export function readPosition(bytes: Buffer, path: string): { position: Position; sum: string } {
  try {
    const length = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString("utf8"));
    const { spanmill, sha256 } = z
      .object({ spanmill: z.string(), sha256: z.string() })
      .parse(header.__metadata__);
    const stated = JSON.parse(spanmill);
    if (stated.format < FORMAT)
      throw broken(path, "an earlier version wrote it; begin anew without --resume");
    return { position: Position.parse(stated), sum: sha256 };
  } catch (cause) {
    if (cause instanceof SpanmillError) throw cause;
    throw broken(path, "its header does not say where the training stood", cause);
  }
}

export function broken(path: string, what: string, cause?: unknown): SpanmillError {
  return new SpanmillError("CHECKPOINT_BROKEN", `${path} cannot be gone on from: ${what}`, { cause });
}

export function unreadable(path: string, cause: unknown): SpanmillError {
  return new SpanmillError(
    "CHECKPOINT_BROKEN",
    `${path} cannot be read (${systemCode(cause) ?? "unknown"}): check its rights`,
    { cause },
  );
}
