/**
 * What worker-processes.ts has, with runs that the checker judges: each ground is a scenario of the fault tests, named
 * after its test, and `expectRecordsOf` is its end.
 */
import { expect } from "vitest";
import type { Started } from "./command.js";
import type { Expected } from "./fault/documents.js";
import { EDITS } from "./fault/edits.js";
import { openScenario, type Scenario } from "./fault/scenario.js";
import type { FaultWorker } from "./fault/workers.js";
import { until } from "./servers/until.js";
import type * as processes from "./worker-processes.js";
import type { Ticket } from "./worker-processes.js";

export interface Ground extends Omit<processes.Ground, "model" | "config"> {
  readonly run: Scenario;
}

export interface WorkerProcess extends Started {
  readonly worker: FaultWorker;
  readonly run: Scenario;
}

export async function ground(bootstrap: string): Promise<Ground> {
  const run = await openScenario(expect.getState().currentTestName ?? "", {
    bootstrap,
    settings: { threads: "2", "kafka.session-timeout": "3s", "kafka.commit-interval": "200ms" },
    expectedOf,
  });
  const { documents, entities, "dead-letters": deadLetters } = run.topics;
  return { run, bootstrap, input: run.input, group: run.group, documents, entities, deadLetters };
}

/** Of tickets, with the words of deadly-words.ts. */
function expectedOf(value: Buffer | null): Expected {
  const { id, text } = JSON.parse(String(value));
  if (/\bdeadly/.test(text)) return { kind: "dead-letter", code: "DOCUMENT_POISON" };
  return { kind: "record", id, text };
}

/** @param flags `--name value`, each in two */
export function work(
  { run }: Ground,
  env: Readonly<Record<string, string>> = {},
  ...flags: readonly string[]
): WorkerProcess {
  const { [EDITS]: edits = "[]", ...others } = env;
  const settings: Record<string, string> = {};
  for (let i = 0; i < flags.length; i += 2) settings[flags[i]!.slice(2)] = flags[i + 1]!;
  const preload = ["deadly-words.js"];
  const worker = run.start({ env: others, edits: JSON.parse(edits), settings, preload });
  return { ...worker.started, worker, run };
}

/** Kept when the group has done all; fails where the process ends before. */
export async function allDone({ run }: Ground, _: WorkerProcess, count: number): Promise<void> {
  await run.outputs(count);
  await until("all committed", () => run.observer.lag() === 0);
}

/** Starts it again and again, as a supervisor does, until all is done. @returns the statuses it ended with before. */
export async function workThrough(
  own: Ground,
  count: number,
  env: Readonly<Record<string, string>> = {},
  ...flags: readonly string[]
): Promise<number[]> {
  const { observer, died } = own.run;
  const ends: number[] = [];
  for (;;) {
    const process = work(own, env, ...flags);
    const { worker } = process;
    worker.expectEnd();
    const isDone = () => observer.complete() === count && observer.lag() === 0;
    await until(`an end, or ${count} documents done`, () => worker.ended() !== undefined || isDone());
    const end = worker.ended();
    if (end === undefined) {
      await drained(process);
      return ends;
    }
    await died(worker);
    ends.push(end.status);
    expect(ends.length, `restarts: ${ends}; ${end.stderr}`).toBeLessThan(8);
  }
}

export async function drained({ run, worker }: WorkerProcess): Promise<void> {
  await run.terminate(worker);
}

/** Each of these has its records, all else a dead letter, and the run kept what every run must. */
export async function expectRecordsOf({ run }: Ground, expected: readonly Ticket[]): Promise<void> {
  const { violations } = await run.finish();
  expect(violations).toEqual([]);
  const records = [...run.observer.inputs.values()].filter(({ expected: { kind } }) => kind === "record");
  expect(records.map(({ value }) => String(value)).toSorted()).toEqual(
    expected.map(({ value }) => value).toSorted(),
  );
}
