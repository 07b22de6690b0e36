/** What each run came to: a line for people, and a line of JSON in a file that `totals.js` sums. */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Verdict } from "./check.js";
import type { Held } from "./held.js";
import type { Standstill } from "./standstill.js";
import type { FaultEvent } from "./timeline.js";

/** Holds `reports.jsonl`, and of each run the workers' logs and the timeline. FAULT_DIR replaces it. */
export const FAULT_DIR = resolve(process.env.FAULT_DIR ?? "dist/fault");
export const REPORTS = join(FAULT_DIR, "reports.jsonl");

export interface FaultReport extends Verdict, Held {
  readonly scenario: string;
  readonly seed: number;
  /** Faults of the scenario's own, without what they led to. */
  readonly faults: number;
  /** How often committed offsets and outputs were compared while it ran. */
  readonly samples: number;
  /** Milliseconds between the last fault and lag 0; undefined where it was not reached. */
  readonly settledMs: number | undefined;
  readonly standstills: readonly Standstill[];
  readonly rssMb: number;
  readonly descriptors: number;
  /** How often workers told what they hold, and the most of it. */
  readonly answers: number;
  readonly ms: number;
}

/** A run that ended before it could be judged. */
export interface Unjudged {
  readonly scenario: string;
  readonly seed: number;
  readonly unjudged: true;
  readonly ms: number;
}

/** A run that fits no scenario, see own-judgement.ts. */
export interface OwnJudgement {
  readonly scenario: string;
  readonly seed: number;
  readonly ownJudgement: "green" | "red";
  readonly ms: number;
}

export type KeptReport = FaultReport | Unjudged | OwnJudgement;

export function keepReport(report: KeptReport): void {
  mkdirSync(FAULT_DIR, { recursive: true });
  appendFileSync(REPORTS, `${JSON.stringify(report)}\n`);
}

export function describeReport(report: FaultReport): string {
  const { scenario, seed, inputs, lost, wrong, duplicates, faults, settledMs, rssMb, violations, ms } =
    report;
  const again = Object.entries(duplicates).map(([cause, count]) => `${count} by ${cause}`);
  const told = [
    `${inputs} inputs, ${faults} faults, ${lost} lost, ${wrong} wrong`,
    `duplicates: ${again.length === 0 ? "none" : again.join(", ")}`,
    `longest gaps: ${describeGaps(report.standstills)}`,
    `lag 0 after ${settledMs ?? "never"} ms, ${report.samples} samples, ${rssMb} MB, ${report.timers} timers, ${Math.round(ms / 1000)} s`,
  ].join("; ");
  const first = violations.slice(0, 5).map(({ invariant, what }) => `\n  ${invariant}: ${what}`);
  const more = violations.length > 5 ? `\n  and ${violations.length - 5} more` : "";
  return `fault ${scenario} (FAULT_SEED=${seed}): ${told}${first.join("")}${more}`;
}

function describeGaps(standstills: readonly Standstill[]): string {
  const kinds = [...new Set(standstills.map(({ kind }) => kind))];
  const longest = (wanted: string) =>
    Math.max(...standstills.map(({ kind, longestGapMs = 0 }) => (kind === wanted ? longestGapMs : 0)));
  return kinds.length === 0 ? "none" : kinds.map((kind) => `${longest(kind)} ms by ${kind}`).join(", ");
}

/** @returns the folder */
export function keepLogs(
  { scenario, seed }: Pick<FaultReport, "scenario" | "seed">,
  logs: ReadonlyMap<string, string>,
  events: readonly FaultEvent[],
): string {
  const folder = join(FAULT_DIR, `${scenario.replaceAll(/\W+/g, "-")}-${seed}`);
  mkdirSync(folder, { recursive: true });
  for (const [worker, log] of logs) writeFileSync(join(folder, `${worker}.log`), log);
  const lines = events.map(({ from, to, cause, what, workers }) => {
    return `${new Date(from).toISOString()} +${to - from} ms, ${workers} workers, ${cause}: ${what}\n`;
  });
  writeFileSync(join(folder, "timeline.txt"), lines.join(""));
  return folder;
}
