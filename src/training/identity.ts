/** What the weights after a step depend on, as one sum: a checkpoint is gone on from only where it is the same. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { RUNTIME_VERSION } from "../adapters/onnx/session.js";
import { SpanmillError, systemCode } from "../errors.js";
import type { AnswerSets } from "./document.js";
import type { Recipe, Schedule } from "./recipe.js";

/**
 * Files count by what they hold, not by where they lie. Names and licences change no weight; nor does the validation,
 * but for the answers that it brings into the loss.
 *
 * @param baseFiles those that the base was read from.
 */
export async function identityOf(
  { seed, window, wordShapes, lenses, sets, schedule }: Recipe,
  answers: AnswerSets,
  baseFiles: readonly string[],
  threads: number,
): Promise<string> {
  const sums = await sumsOf([
    ...baseFiles,
    ...sets.flatMap(({ files, labels }) => [...files, ...labels.flatMap((source) => source.files ?? [])]),
  ]);
  const contents = (files: readonly string[] | undefined) => files?.map((file) => sums.get(file));
  const parts = {
    seed,
    window,
    wordShapes,
    lenses,
    schedule: { ...schedule, ...UNCOUNTED },
    answers,
    base: contents(baseFiles),
    sets: sets.map(({ files, labels, passes, part }) => ({
      files: contents(files),
      labels: labels.map((source) => ({ ...source, files: contents(source.files) })),
      passes,
      part,
    })),
    threads,
    runtime: RUNTIME_VERSION,
  };
  const text = JSON.stringify(parts, (_key, value: unknown) =>
    value instanceof Map || value instanceof Set ? [...value] : value,
  );
  return createHash("sha256").update(text).digest("hex");
}

/** What may change on the way: who goes on from a loss that was no number has to lower the rates. */
export function adjustableOf({ rate, headRate, clip, patience, checkpointEvery }: Schedule) {
  return { rate, "head-rate": headRate, clip, patience, "checkpoint-every": checkpointEvery };
}

const UNCOUNTED = {
  rate: undefined,
  headRate: undefined,
  clip: undefined,
  patience: undefined,
  checkpointEvery: undefined,
} satisfies Partial<Record<keyof Schedule, undefined>>;

async function sumsOf(files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const sums = new Map<string, string>();
  for (const file of new Set(files)) {
    const hash = createHash("sha256");
    try {
      await pipeline(createReadStream(file), hash);
    } catch (cause) {
      const code = systemCode(cause) ?? "unknown";
      throw new SpanmillError("INPUT_UNREADABLE", `${file} cannot be read (${code})`, { cause });
    }
    sums.set(file, hash.digest("hex"));
  }
  return sums;
}
