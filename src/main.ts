#!/usr/bin/env node
/**
 * The edge: arguments, environment, signals, exit status. Telemetry is switched off before anything can load ONNX
 * Runtime, so this file imports nothing that does.
 */
import { readFileSync } from "node:fs";
import { switchOffTelemetry } from "./adapters/threads/telemetry.js";
import { parseCommandLine } from "./cli/command-line.js";
import type { Context } from "./cli/context.js";
import { describeForeign, EXIT, SpanmillError } from "./errors.js";
import { VERSION } from "./version.js";

switchOffTelemetry();

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) process.exit(EXIT.interrupted);
    interrupted.abort();
  });
}
// A reader that goes away is reported by the write that fails, not by an event nobody handles.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

const context: Context = {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupted: interrupted.signal,
  argv: process.argv.slice(2),
  version: VERSION,
  clock: performance,
};

// Nothing is left to wait for, but standard input may still be open: the status ends the process.
process.exit(await main());

async function main(): Promise<number> {
  try {
    return await dispatch();
  } catch (error) {
    if (error instanceof SpanmillError) {
      process.stderr.write(`spanmill: ${error.message}\n`);
      return error.exitCode;
    }
    process.stderr.write(
      `spanmill: an unexpected error, which is a defect of spanmill: ${describeForeign(error)}\n`,
    );
    return EXIT.internal;
  }
}

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
      return print(command.text);
    case "annotate": {
      const { runAnnotate } = await import("./cli/annotate.js");
      return runAnnotate(command.files, command.options, context);
    }
    case "evaluate": {
      const { runEvaluate } = await import("./cli/evaluate.js");
      return runEvaluate(command.files, command.options, context, print);
    }
    case "models inspect": {
      const { runInspect } = await import("./cli/inspect.js");
      return runInspect(command.dir, command.options, print);
    }
    case "schema": {
      const { recordJsonSchema } = await import("./document/record.js");
      return print(JSON.stringify(recordJsonSchema(), null, 2));
    }
    case "doctor": {
      const { runDoctor } = await import("./cli/doctor.js");
      return runDoctor(command.options, print);
    }
  }
}

function print(text: string): number {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  return EXIT.ok;
}
