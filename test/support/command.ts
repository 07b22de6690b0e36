/** Runs the built command line as its users do: as a process of its own. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { constants } from "node:os";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { afterAll } from "vitest";

export const MAIN = resolve("dist/src/main.js");

export interface RunOptions {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Modules under dist/test/support that the process, and each of its threads, loads first. */
  readonly preload?: readonly string[];
}

export interface Finished {
  /** As a shell sees it: 128 and the number of the signal where one ended the process. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs to the end. Without `input`, standard input is empty. */
export function spanmill(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = start(args, options);
  // A process that refuses its arguments does not read its input.
  child.process.stdin.on("error", () => {});
  child.process.stdin.end(options.input ?? "");
  return child.finished;
}

export interface Started {
  readonly process: ChildProcessWithoutNullStreams;
  readonly finished: Promise<Finished>;
  /** Waits until standard output or standard error holds what is wanted. */
  until(holds: (seen: { stdout: string; stderr: string }) => boolean): Promise<void>;
}

const running = new Set<ChildProcessWithoutNullStreams>();

// A test that fails leaves nothing running.
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts and leaves standard input open. */
export function start(args: readonly string[], { env, cwd, preload = [] }: RunOptions = {}): Started {
  const imports = preload.flatMap((name) => [
    "--import",
    pathToFileURL(resolve(`dist/test/support/${name}`)).href,
  ]);
  const child = spawn(process.execPath, [...imports, MAIN, ...args], {
    cwd: cwd ?? process.cwd(),
    env: { ...ENVIRONMENT, ...env },
  });
  running.add(child);
  const seen = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (more: string) => {
      seen[name] += more;
      for (const look of waiting) look();
    });
  }
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      running.delete(child);
      resolve({ status: code ?? 128 + constants.signals[signal ?? "SIGKILL"], ...seen });
    });
  });
  const until: Started["until"] = (holds) =>
    new Promise((resolve, reject) => {
      const look = () => {
        if (!holds(seen)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      finished.then(() => reject(new Error(`the process ended before: ${seen.stderr}`)), reject);
    });
  return { process: child, finished, until };
}

/** Nothing of whoever runs the tests reaches the process, CI included. */
const ENVIRONMENT = { PATH: process.env.PATH ?? "", HOME: "/nonexistent", LANG: "C.UTF-8" };

/** Runs a line of shell in which `spanmill` is the command. */
export async function shell(script: string, { cwd }: Pick<RunOptions, "cwd"> = {}): Promise<Finished> {
  const command = `spanmill() { "${process.execPath}" "${MAIN}" "$@"; }; ${script}`;
  const child = spawn("bash", ["-c", command], { cwd: cwd ?? process.cwd(), env: ENVIRONMENT });
  child.stdin.end();
  const [stdout, stderr, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number>((resolve) => {
      child.on("close", (code) => resolve(code ?? -1));
    }),
  ]);
  return { status, stdout, stderr };
}

/** The records of an output of JSONL. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into records freely; a schema holds their shape.
export function records(jsonl: string): any[] {
  return jsonl
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** The surface and label of each span of a lens, as `Alice Smith/PER`. */
export function surfaces(record: {
  lenses: Record<string, { spans: { text?: string; label: string }[] }>;
}): string[] {
  return Object.values(record.lenses).flatMap(({ spans }) =>
    spans.map(({ text: surface, label }) => `${surface}/${label}`),
  );
}
