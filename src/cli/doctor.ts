/**
 * `spanmill doctor`: is this machine fit, are the models whole, and would the worker of a configuration start? A line for
 * each check, with its mend.
 */
import { availableParallelism } from "node:os";
import { BUILT_IN_MODEL } from "../adapters/model-folder/built-in.js";
import { processorFamily, runtimeVersion } from "../adapters/threads/runtime.js";
import { unseen } from "../compose/operations.js";
import { checkWorker } from "../compose/worker-check.js";
import { openTagger } from "../compose.js";
import type { DoctorOptions, RunOptions } from "../config/options.js";
import { describeForeign, EXIT, SpanmillError } from "../errors.js";
import type { Context } from "./context.js";
import { findingLine, plainFinding, statusOf } from "./findings.js";
import { checkedSetup, clockOf } from "./run.js";

interface Check {
  readonly check: string;
  readonly status: "ok" | "warning" | "failed";
  readonly finding: string;
  /** How to mend it, where it is not ok. */
  readonly mend?: string;
}

/**
 * @param worker options of `run`, where a configuration file was given: its parts are looked at as `--dry-run` does.
 * @returns 0 where nothing failed, else the status of a model that cannot be used, or of the first failure of the worker.
 */
export async function runDoctor(
  { model, json }: DoctorOptions,
  worker: RunOptions | undefined,
  context: Context,
): Promise<number> {
  const setup = worker && checkedSetup([], worker, context.version);
  const models = model.length > 0 ? model.map(({ dir }) => dir) : [BUILT_IN_MODEL];
  const checks = [node(), await runtime(), telemetry(), threads()];
  for (const directory of models) checks.push(await modelCheck(directory));
  const findings = setup === undefined ? [] : await checkWorker(setup, unseen(clockOf(context)));
  const lines = [...checks.map(line), ...findings.map(findingLine)];
  await context.print(
    json ? JSON.stringify({ checks: [...checks, ...findings.map(plainFinding)] }) : lines.join("\n"),
  );
  return checks.some(({ status }) => status === "failed") ? EXIT.model : statusOf(findings);
}

function line({ mend, ...check }: Check): string {
  return `${findingLine(check)}${mend === undefined ? "" : `\n         -> ${mend}`}`;
}

function node(): Check {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const finding = `Node ${process.versions.node} on ${process.platform}-${process.arch}`;
  if (major < 20 || (major === 20 && minor < 19)) {
    return { check: "node", status: "failed", finding, mend: "install Node 20.19 or later; 24 is best" };
  }
  if (major === 20) {
    return {
      check: "node",
      status: "warning",
      finding,
      mend: "Node 20 gets no more security fixes; move to 24",
    };
  }
  return { check: "node", status: "ok", finding };
}

async function runtime(): Promise<Check> {
  try {
    // Loading it shows what resolving does not: a native library for another system.
    await import("../adapters/onnx/session.js");
    return {
      check: "runtime",
      status: "ok",
      finding: `ONNX Runtime ${runtimeVersion()}, processor family ${processorFamily()}`,
    };
  } catch {
    return {
      check: "runtime",
      status: "failed",
      finding: "onnxruntime-node is not installed, or its native library cannot be loaded here",
      mend: "run npm ci; there are builds for Linux (glibc), macOS and Windows, none for Alpine",
    };
  }
}

function telemetry(): Check {
  const off = process.env.ORT_DISABLE_TELEMETRY === "1";
  return off
    ? { check: "telemetry", status: "ok", finding: "ONNX Runtime's telemetry is switched off" }
    : {
        check: "telemetry",
        status: "failed",
        finding: "ONNX Runtime's telemetry is on",
        mend: "set ORT_DISABLE_TELEMETRY=1 in the environment of the process",
      };
}

function threads(): Check {
  return {
    check: "threads",
    status: "ok",
    finding: `${availableParallelism()} by default, each with its own session and one intra-op thread`,
  };
}

/** Checksums, labels and tokenizer, then a text through the whole engine. */
async function modelCheck(directory: string): Promise<Check> {
  const check = `model ${directory}`;
  try {
    const began = performance.now();
    const tagger = await openTagger({
      models: [{ directory }],
      dtype: "auto",
      schemes: {},
      decode: "constrained",
      threads: 1,
      columns: "always",
    });
    try {
      const loaded = performance.now();
      const [answer] = await tagger.tag([{ kind: "text", text: PROBE }]);
      const { lenses, digest } = tagger.models[0]!;
      const finding =
        `lenses ${lenses.map(({ name }) => name).join(", ")}; digest ${digest.slice(0, 12)}; loaded in ${Math.round(loaded - began)} ms, ` +
        `${answer!.words} words read in ${Math.round(performance.now() - loaded)} ms`;
      const [warning] = tagger.warnings;
      return warning === undefined
        ? { check, status: "ok", finding }
        : { check, status: "warning", finding, mend: warning };
    } finally {
      await tagger.close();
    }
  } catch (error) {
    const finding = error instanceof SpanmillError ? error.message : describeForeign(error);
    return { check, status: "failed", finding, mend: "spanmill models inspect DIR tells more" };
  }
}

const PROBE = "Angela Merkel visited the Siemens works in Munich on Tuesday.";
