/** `spanmill run`: the worker, from its settings to its end. */

import { refuseSameFile } from "../adapters/files/paths.js";
import { startWorker } from "../compose/worker.js";
import { checkWorker, type Finding } from "../compose/worker-check.js";
import type { WorkerHooks, WorkerSetup } from "../compose/worker-setup.js";
import type { RunOptions } from "../config/options.js";
import { EXIT, SpanmillError } from "../errors.js";
import type { Context } from "./context.js";
import { endHard } from "./end-hard.js";
import { requireKnownNames } from "./names.js";
import { workerLog } from "./run-log.js";
import { workerSetup } from "./run-setup.js";

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
  const setup = workerSetup(files, options, context.version);
  const hooks: WorkerHooks = {
    clock: { now: () => context.clock.now(), wall: () => Date.now() },
    log: workerLog(),
  };
  refuseSameFiles(setup);
  const known: WorkerSetup = {
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
  if (options.dryRun) return report(await checkWorker(known, hooks), options.json, context);
  const worker = await startWorker(known, hooks);
  context.holdSignals();
  whenAborted(context.interrupted, () => worker.drain());
  whenAborted(context.stopped, () => worker.stop());
  try {
    const { reason } = await worker.ended;
    return reason === "stopped" ? EXIT.interrupted : EXIT.ok;
  } catch (error) {
    if (!(error instanceof SpanmillError) || error.code !== "TASK_STUCK") throw error;
    context.stderr.write(`spanmill: ${error.message}\n`);
    return endHard(error.exitCode);
  }
}

function whenAborted(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener("abort", act, { once: true });
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

async function report(findings: readonly Finding[], json: boolean, { print }: Context): Promise<number> {
  const plain = findings.map(({ error, ...finding }) =>
    error === undefined ? finding : { ...finding, code: error.code },
  );
  const lines = plain.map(({ check, status, finding }) => `${MARKS[status]}  ${check}: ${finding}`);
  await print(json ? JSON.stringify({ checks: plain }) : lines.join("\n"));
  return findings.find(({ error }) => error !== undefined)?.error?.exitCode ?? EXIT.ok;
}

const MARKS = { ok: "ok     ", warning: "warning", failed: "FAILED " };
