/** How long it takes from the start of the process to the first record, and what that time is made of. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Bench, type Figure, inTurn, scaled, seconds } from "./harness.js";

const MAIN = fileURLToPath(new URL("../../src/main.js", import.meta.url));
const PARTS = fileURLToPath(new URL("./start-up-parts.js", import.meta.url));
const TICKET = "The printer of John Smith in Berlin prints nothing but the name of Siemens.\n";
const AIM = "at most 2000";
/** The first is there in any process: what a thread costs that imports nothing. */
const IMPORTS = ["node:fs", "@huggingface/tokenizers", "@huggingface/transformers"] as const;

export const bench: Bench = {
  question: "from the start of `spanmill annotate` to its first record, a file of one ticket",
  missing: () => undefined,
  async run({ model, rounds }, report) {
    const folder = mkdtempSync(join(tmpdir(), "spanmill-bench-"));
    const file = join(folder, "ticket.txt");
    writeFileSync(file, TICKET);
    const annotate = ["annotate", file, "--model", model, "--to", "jsonl", "--quiet"];
    const firstRecord = { one: [] as number[], all: [] as number[] };
    const times = await inTurn(rounds, {
      node: () => untilExit(["--eval", "0"]),
      version: () => untilExit([MAIN, "--version"]),
      one: async () => firstRecord.one.push(await untilFirstByte([MAIN, ...annotate, "--threads", "1"])),
      all: async () => firstRecord.all.push(await untilFirstByte([MAIN, ...annotate])),
    });
    rmSync(folder, { recursive: true });
    const whole = (name: string, values: readonly number[], aim?: string) =>
      report({
        name,
        unit: "ms",
        values: scaled(values.slice(-rounds), 1_000),
        ...(aim === undefined ? {} : { aim }),
      });
    whole("to the first record, one thread", firstRecord.one, AIM);
    whole("to the first record, as many threads as processors", firstRecord.all, AIM);
    whole("annotate, one thread, to its end", times.one.wall);
    whole("spanmill --version, to its end", times.version.wall);
    whole("node that does nothing, to its end", times.node.wall);
    await reportParts(["engine", model], rounds, report);
    await compareImports(rounds, report);
  },
};

async function untilExit(args: readonly string[]): Promise<void> {
  const [status] = await once(spawn(process.execPath, args, { stdio: "ignore" }), "exit");
  if (status !== 0) throw new Error(`node ended with ${status}`);
}

/** Gives the seconds to the first byte; the process is waited for, so that the next side finds the machine at rest. */
async function untilFirstByte(args: readonly string[]): Promise<number> {
  const start = seconds();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  const exit = once(child, "exit");
  const first = once(child.stdout, "data").then(() => seconds() - start);
  child.stdout.resume();
  const [status] = await exit;
  if (status !== 0) throw new Error(`spanmill ended with ${status}`);
  return first;
}

/** Each round in a fresh process: nothing is loaded twice in one. */
async function measure(args: readonly string[]): Promise<Record<string, number>> {
  const { stdout } = await promisify(execFile)(process.execPath, [PARTS, ...args]);
  return JSON.parse(stdout) as Record<string, number>;
}

async function reportParts(
  args: readonly string[],
  rounds: number,
  report: (figure: Figure) => void,
): Promise<void> {
  const parts = new Map<string, number[]>();
  for (let round = 0; round <= rounds; round++) {
    for (const [name, milliseconds] of Object.entries(await measure(args))) {
      if (round > 0) parts.set(name, [...(parts.get(name) ?? []), milliseconds]);
    }
  }
  for (const [name, values] of parts) report({ name: `part: ${name}`, unit: "ms", values });
}

async function compareImports(rounds: number, report: (figure: Figure) => void): Promise<void> {
  const found = IMPORTS.map((name) => ({ name, time: [] as number[], rss: [] as number[] }));
  for (let round = 0; round <= rounds; round++) {
    for (const { name, time, rss } of found) {
      const { milliseconds, megabytes } = await measure(["import", name]);
      if (round === 0) continue;
      time.push(milliseconds!);
      rss.push(megabytes!);
    }
  }
  for (const { name, time, rss } of found) {
    report({ name: `a thread with ${name}: import`, unit: "ms", values: time });
    report({ name: `a thread with ${name}: memory`, unit: "MB", values: rss });
  }
}
