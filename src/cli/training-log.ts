/** `log.jsonl` of a run: a JSON object a line, for plots. */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { SpanmillError, systemCode } from "../errors.js";
import type { EpochEvent, StepEvent } from "../training/run.js";

export type LogEntry =
  | ({ readonly kind: "step" } & StepEvent)
  | ({ readonly kind: "epoch" } & EpochEvent)
  | { readonly kind: "note"; readonly step: number; readonly text: string };

export interface TrainingLog {
  /** @returns what to tell a person where the log cannot be written, once: training need not end for it. */
  write(entry: LogEntry): string | undefined;
  close(): void;
}

const NAME = "log.jsonl";

/**
 * Makes the folder of the run and opens its log, the old one where the run goes on. What it told of steps that are then
 * taken again is left out.
 *
 * @throws SpanmillError USAGE where a new run would begin over an old one; OUTPUT_UNWRITABLE, OUTPUT_FULL
 */
export function openTrainingLog(folder: string, resume: boolean): TrainingLog {
  const path = join(folder, NAME);
  let file: number;
  try {
    mkdirSync(folder, { recursive: true });
    if (!resume && readdirSync(folder).some((name) => name !== NAME)) {
      throw new SpanmillError(
        "USAGE",
        `${folder} holds a run already: go on with --resume, or remove it, or give another --run-dir`,
      );
    }
    file = openSync(path, resume ? "a" : "w");
  } catch (error) {
    if (error instanceof SpanmillError) throw error;
    throw unwritable(folder, error);
  }
  let begun = !resume;
  let failed = false;
  return {
    write(entry) {
      if (failed) return undefined;
      try {
        if (!begun && entry.kind === "step") {
          leaveOut(path, entry.step);
          begun = true;
        }
        writeSync(file, `${JSON.stringify(entry)}\n`);
      } catch (error) {
        failed = true;
        return `${unwritable(path, error).message}; training goes on without a log`;
      }
    },
    close: () => closeSync(file),
  };
}

/** The file stays the one that is open for appending. */
function leaveOut(path: string, fromStep: number): void {
  const kept = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => stepOf(line) < fromStep);
  writeFileSync(path, kept.map((line) => `${line}\n`).join(""));
}

/** A line that a kill cut short counts as later than all. */
function stepOf(line: string): number {
  try {
    const { step } = JSON.parse(line) as { step?: unknown };
    return typeof step === "number" ? step : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function unwritable(path: string, error: unknown): SpanmillError {
  const code = systemCode(error);
  if (code === "ENOSPC") return new SpanmillError("OUTPUT_FULL", `${path}: no space is left on the device`);
  return new SpanmillError("OUTPUT_UNWRITABLE", `${path} cannot be written (${code ?? "unknown"})`);
}
