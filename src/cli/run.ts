/** `spanmill run`: the worker, from its settings to its end. */

import { refuseSameFile } from "../adapters/files/paths.js";
import { openOperations, unseen } from "../compose/operations.js";
import { startWorker } from "../compose/worker.js";
import { checkWorker } from "../compose/worker-check.js";
import type { WorkerHooks, WorkerSetup } from "../compose/worker-setup.js";
import type { RunOptions } from "../config/options.js";
import { EXIT, SpanmillError } from "../errors.js";
import type { Context } from "./context.js";
import { endHard } from "./end-hard.js";
import { findingLine, plainFinding, statusOf } from "./findings.js";
import { requireKnownNames } from "./names.js";
import { operationsSetup, workerSetup } from "./run-setup.js";

/**
 * The first signal drains, the second one stops.
 *
 * @returns the exit status: 0 where the source had no more or all in flight was finished.
 */
export async function runRun(
  files: readonly string[],
  options: RunOptions,
  context: Context,
): Promise<number> {
  const setup = checkedSetup(files, options, context.version);
  const clock = clockOf(context);
  if (options.dryRun) {
    const findings = await checkWorker(setup, unseen(clock));
    await context.print(
      options.json
        ? JSON.stringify({ checks: findings.map(plainFinding) })
        : findings.map(findingLine).join("\n"),
    );
    return statusOf(findings);
  }
  const operations = await openOperations(operationsSetup(options), setup, clock, context.stderr);
  const fail = (error: unknown): number => {
    const exit = error instanceof SpanmillError ? error.exitCode : EXIT.internal;
    operations.hooks.tell({ from: "process", kind: "failed", error });
    void operations.end(exit);
    return exit;
  };
  let signals = 0;
  const hear = (signal: NodeJS.Signals): void =>
    operations.hooks.tell({ from: "process", kind: "signal", signal, count: ++signals });
  context.endBy((signal) => {
    hear(signal);
    void operations.end(EXIT.interrupted);
  });
  // A silent log leaves failures to whoever tells those of other commands.
  if (options.logLevel !== "silent") context.reportBy(fail);
  const { exit, isHeld } = await runToItsEnd(setup, operations.hooks, hear, context);
  await operations.end(exit);
  return isHeld ? endHard(exit) : exit;
}

/** `isHeld`: a thread still has work. It may never answer, and an ordinary exit would wait for it. */
async function runToItsEnd(
  setup: WorkerSetup,
  hooks: WorkerHooks,
  hear: (signal: NodeJS.Signals) => void,
  context: Context,
): Promise<{ readonly exit: number; readonly isHeld: boolean }> {
  const worker = await startWorker(setup, hooks);
  const isHeld = () => worker.status().stalledFor > 0;
  context.holdSignals();
  whenAborted(context.interrupted, (signal) => {
    hear(signal);
    worker.drain();
  });
  whenAborted(context.stopped, (signal) => {
    hear(signal);
    worker.stop();
  });
  try {
    const { reason } = await worker.ended;
    return { exit: reason === "stopped" ? EXIT.interrupted : EXIT.ok, isHeld: isHeld() };
  } catch (error) {
    if (!isHeld()) throw error;
    return endHard(context.report(error));
  }
}

/** The settings as plain data, and what can be said against them before anything is opened. */
export function checkedSetup(files: readonly string[], options: RunOptions, version: string): WorkerSetup {
  const setup = workerSetup(files, options, version);
  refuseSameFiles(setup);
  return {
    ...setup,
    labels(tagger) {
      requireKnownNames(
        tagger,
        { "--text": options.text.byName.keys() },
        { "--scheme": options.scheme.byName.keys() },
      );
      return setup.labels(tagger);
    },
  };
}

export function clockOf({ clock }: Pick<Context, "clock">) {
  return { now: () => clock.now(), wall: () => Date.now() };
}

function whenAborted(signal: AbortSignal, act: (by: NodeJS.Signals) => void): void {
  const tell = () => act(signal.reason);
  if (signal.aborted) tell();
  else signal.addEventListener("abort", tell, { once: true });
}

function refuseSameFiles({ source, sink }: WorkerSetup): void {
  if (sink.kind === "kafka") return;
  const read = source.kind === "files" ? source.paths : source.kind === "stdin" ? ["-"] : [];
  // Channels may share a file.
  const written = new Map(Object.entries(sink.outputs).map(([channel, path]) => [path, channel]));
  refuseSameFile(
    read,
    [...written].map(([path, channel]) => ({ name: `the output of ${channel} (${path})`, path })),
  );
}
