/** Processes of Python that do the training step of `training-step.py`, a round whenever they are asked. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** By name, the script's word for it: the gradient of the word table, and the kind of AdamW. */
const VARIANTS = {
  "PyTorch, dense, foreach": "usual",
  "PyTorch, sparse, fused": "quickest",
} as const;

/** In the sources: the compiler copies no Python. */
const SCRIPT = fileURLToPath(new URL("../../../test/bench/training-step.py", import.meta.url));

/** Seconds of several steps together. */
export interface StepTimes {
  readonly forwardBackward: number;
  /** Norm, clipping, AdamW, and the rows of the word table. */
  readonly optimiser: number;
  /** Of all threads, for both. */
  readonly processor: number;
}

export interface PyTorch {
  /** A step for each batch, of windows of ids. */
  learn(batches: readonly (readonly (readonly number[])[])[]): Promise<StepTimes>;
  peakMegabytes(): number;
  close(): Promise<void>;
}

/** A process for each variant, so that each has a peak of its own. None where PyTorch is missing, which is said. */
export async function openPyTorch(python: string, threads: number): Promise<Map<string, PyTorch>> {
  const { status, stdout } = spawnSync(python, ["-c", "import torch; print(torch.__version__)"], {
    encoding: "utf8",
  });
  if (status !== 0) {
    console.log(`  PyTorch skipped: ${python} has no torch; name one that has in SPANMILL_BENCH_PYTHON`);
    return new Map();
  }
  console.log(`  beside PyTorch ${stdout.trim()}`);
  return new Map(Object.entries(VARIANTS).map(([name, variant]) => [name, start(python, variant, threads)]));
}

function start(python: string, variant: string, threads: number): PyTorch {
  const child = spawn(python, [SCRIPT, variant, `${threads}`], {
    stdio: ["pipe", "pipe", "inherit"],
    // As in our sessions, a thread without work sleeps: where others need the processors, one that spins instead makes
    // a step of theirs several times slower, which says nothing about it.
    env: { OMP_WAIT_POLICY: "PASSIVE", ...process.env },
  });
  const exit = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let peak = 0;
  return {
    async learn(batches) {
      child.stdin.write(`${JSON.stringify(batches)}\n`);
      const { done, value } = await lines.next();
      if (done) throw new Error(`the ${variant} process of PyTorch ended`);
      const answer = JSON.parse(value) as StepTimes & { peakMegabytes: number };
      peak = answer.peakMegabytes;
      return answer;
    },
    peakMegabytes: () => peak,
    async close() {
      child.stdin.end();
      await exit;
    },
  };
}
