/** Whether memory stays flat: `spanmill annotate` itself over many short documents, its memory read from outside. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { NO_CORPUS, tickets } from "./corpus.js";
import { type Bench, type Figure, seconds } from "./harness.js";

const DOCUMENTS = 100_000;
const SAMPLES = 100;

export const bench: Bench = {
  question: `memory of \`spanmill annotate\` over ${DOCUMENTS} short documents, two threads`,
  missing: () =>
    NO_CORPUS ?? (process.platform === "linux" ? undefined : "it reads /proc, which is Linux alone"),
  async run({ model, scale }, report) {
    const count = Math.ceil(DOCUMENTS * scale);
    const folder = mkdtempSync(join(tmpdir(), "spanmill-bench-"));
    const file = join(folder, "tickets.jsonl");
    writeFileSync(file, linesOf(count));
    const start = seconds();
    const { samples, peak } = await annotate(file, model, count);
    const taken = seconds() - start;
    rmSync(folder, { recursive: true });
    for (let tenth = 1; tenth <= 10; tenth++) {
      const rss = samples[(tenth * SAMPLES) / 10 - 1]!;
      report({ name: `memory (RSS) after ${(count * tenth) / 10} documents`, unit: "MB", values: [rss] });
    }
    report({ name: "peak (VmHWM)", unit: "MB", values: [peak] });
    const second = samples.slice(SAMPLES / 2);
    report({
      name: "growth over the second half, least squares",
      unit: "MB/10000 docs",
      values: [slope(second) * (SAMPLES / count) * 10_000],
      aim: "about 0",
    });
    report({
      name: "peak of the second half / peak of the first",
      unit: "",
      values: [Math.max(...second) / Math.max(...samples.slice(0, SAMPLES / 2))],
      aim: "about 1",
    });
    report({ name: "documents", unit: "documents/s", values: [count / taken] } satisfies Figure);
  },
};

/** Real tickets; where they run out, again with a number, so that new words keep coming. */
function linesOf(count: number): string {
  const texts = tickets();
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    const again = Math.floor(i / texts.length);
    const text = again === 0 ? texts[i]! : `${texts[i % texts.length]} (case ${again}-${i})`;
    lines.push(JSON.stringify({ id: `ticket-${i}`, text }), "\n");
  }
  return lines.join("");
}

/** RSS in MB when each hundredth of the records has come out, and the peak that the kernel saw. */
async function annotate(
  file: string,
  model: string,
  count: number,
): Promise<{ samples: number[]; peak: number }> {
  const main = fileURLToPath(new URL("../../src/main.js", import.meta.url));
  const args = [main, "annotate", file, "--model", model, "--to", "jsonl", "--threads", "2", "--quiet"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  const samples: number[] = [];
  let peak = 0;
  let records = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    for (const byte of chunk) if (byte === LINE_FEED) records++;
    while (samples.length < Math.floor((records * SAMPLES) / count)) {
      const status = statusOf(child.pid!);
      if (status !== undefined) peak = status.peak;
      samples.push(status?.rss ?? samples.at(-1)!);
    }
  }
  const [code] = await exit;
  if (code !== 0 || records !== count)
    throw new Error(`spanmill ended with ${code} after ${records} records`);
  return { samples, peak };
}

const LINE_FEED = 0x0a;

/** Undefined where the process has just ended. */
function statusOf(pid: number): { rss: number; peak: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
    const rss = kilobytes("VmRSS");
    return Number.isNaN(rss) ? undefined : { rss: rss / 1_000, peak: kilobytes("VmHWM") / 1_000 };
  } catch {
    return undefined;
  }
}

/** Least squares, for each step. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let above = 0;
  let below = 0;
  values.forEach((value, i) => {
    above += (i - middle) * (value - mean);
    below += (i - middle) ** 2;
  });
  return above / below;
}
