#!/usr/bin/env node
/**
 * The edge: arguments, environment, signals, exit status. Telemetry is switched off before anything can load ONNX
 * Runtime, so this file imports nothing that does.
 */
import { readFileSync } from "node:fs";
import { isatty } from "node:tty";
import { openRecords, STDOUT } from "./adapters/files/output.js";
import { switchOffTelemetry } from "./adapters/threads/telemetry.js";
import { parseCommandLine } from "./cli/command-line.js";
import type { Context, Report } from "./cli/context.js";
import { describeForeign, EXIT, SpanmillError } from "./errors.js";
import { VERSION } from "./version.js";

switchOffTelemetry();

const interrupted = new AbortController();
const stopped = new AbortController();
/** True once a command runs that finishes what it has begun. */
let finishesWork = false;
/** True once it can also be told to end at once. */
let holdsSignals = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (!interrupted.signal.aborted && (finishesWork || holdsSignals)) interrupted.abort(signal);
    else if (!stopped.signal.aborted && holdsSignals) stopped.abort(signal);
    else endAtOnce(signal);
  });
}
/** What a command has to say before a signal ends the process itself. */
let lastWords: (signal: NodeJS.Signals) => void = () => {};
/** How the failure that ends the process is told. */
let report: Report = reportAsText;
// A reader that goes away is reported by the write that fails, not by an event nobody handles.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});
// Node would print the message, which may hold text of a document.
process.on("uncaughtException", (error) => process.exit(report(error)));

const context: Context = {
  env: process.env,
  stdin: { isTTY: isatty(0) },
  stdout: process.stdout,
  stderr: process.stderr,
  interrupted: interrupted.signal,
  stopped: stopped.signal,
  holdSignals: () => {
    holdsSignals = true;
  },
  reportBy: (own) => {
    report = own;
  },
  report: (error) => report(error),
  endBy: (say) => {
    lastWords = say;
  },
  argv: process.argv.slice(2),
  version: VERSION,
  clock: performance,
  print,
};

// Nothing is left to wait for, but standard input may still be open: the status ends the process.
process.exit(await dispatch().catch((error: unknown) => report(error)));

async function dispatch(): Promise<number> {
  const readFile = (path: string) => readFileSync(path, "utf8");
  const command = parseCommandLine(
    context.argv,
    context.env,
    readFile,
    VERSION,
    process.stdout.columns ?? 80,
  );
  switch (command.name) {
    case "help":
    case "version":
      await print(command.text);
      return EXIT.ok;
    case "annotate": {
      const { runAnnotate } = await import("./cli/annotate.js");
      finishesWork = true;
      return runAnnotate(command.files, command.options, context);
    }
    case "run": {
      const { runRun } = await import("./cli/run.js");
      return runRun(command.files, command.options, context);
    }
    case "dlq list": {
      const { runDlqList } = await import("./cli/dlq-list.js");
      finishesWork = true;
      return runDlqList(command.files, command.options, context);
    }
    case "dlq show": {
      const { runDlqShow } = await import("./cli/dlq-show.js");
      return runDlqShow(command.place, command.options, context);
    }
    case "dlq replay": {
      const { runDlqReplay } = await import("./cli/dlq-replay.js");
      finishesWork = true;
      return runDlqReplay(command.files, command.options, context);
    }
    case "evaluate": {
      const { runEvaluate } = await import("./cli/evaluate.js");
      return runEvaluate(command.files, command.options, context);
    }
    case "train": {
      const { runTrain } = await import("./cli/train.js");
      finishesWork = true;
      return runTrain(command.recipe, command.options, context);
    }
    case "models inspect": {
      const { runInspect } = await import("./cli/inspect.js");
      return runInspect(command.dir, command.options, context);
    }
    case "schema": {
      const { recordJsonSchema } = await import("./document/record.js");
      await print(JSON.stringify(recordJsonSchema(), null, 2));
      return EXIT.ok;
    }
    case "doctor": {
      const { runDoctor } = await import("./cli/doctor.js");
      return runDoctor(command.options, command.worker, context);
    }
  }
}

async function print(text: string): Promise<void> {
  const writer = await openRecords(STDOUT);
  await writer.write(text.endsWith("\n") ? text : `${text}\n`);
  await writer.close();
}

/** As an unhandled Ctrl-C would: an ordinary exit first stops the threads, which may abort those that are loading. */
function endAtOnce(signal: NodeJS.Signals): void {
  lastWords(signal);
  process.removeAllListeners("SIGINT");
  process.kill(process.pid, "SIGINT");
}

function reportAsText(error: unknown): number {
  if (!(error instanceof SpanmillError)) {
    const what = describeForeign(error);
    process.stderr.write(`spanmill: an unexpected error, which is a defect of spanmill: ${what}\n`);
    return EXIT.internal;
  }
  // Whoever closes a pipe (`| head`) knows it.
  if (error.code !== "OUTPUT_CLOSED") process.stderr.write(`spanmill: ${error.message}\n`);
  return error.exitCode;
}
