/**
 * The parts of a start, each timed once in this fresh process: `engine MODEL`, or `import PACKAGE` in a thread.
 * It imports nothing of spanmill before it measures. Writes JSON.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { EngineSettings } from "../../src/tagging/protocol.js";

process.env.ORT_DISABLE_TELEMETRY = "1";
const parts: Record<string, number> = {};
const [task, subject] = process.argv.slice(2) as ["engine" | "import", string];

if (task === "import") await importInThread(subject);
else await startEngine(subject);
process.stdout.write(JSON.stringify(parts));

async function startEngine(model: string): Promise<void> {
  parts["Node, to the first line"] = performance.now();
  await timed("main thread: imports", () => import("../../src/cli/annotate.js"));
  const { readModelFolder } = await import("../../src/adapters/model-folder/folder.js");
  const { digestFiles } = await import("../../src/adapters/model-folder/digest.js");
  const { manifest } = await timed("main thread: model folder read, with its digest", () =>
    readModelFolder({ directory: model, dtype: "auto" }),
  );
  await timed("  of it, the digest", () => digestFiles(model, manifest.onnxFile, undefined));
  const settings: EngineSettings = { models: [manifest], decode: "constrained", columns: false };
  await thread({ task, settings });
}

async function importInThread(name: string): Promise<void> {
  const before = process.memoryUsage.rss();
  await thread({ task, name });
  parts.megabytes = (process.memoryUsage.rss() - before) / 1e6;
}

/** Starts a thread, and takes its parts in. */
async function thread(workerData: object): Promise<void> {
  const worker = new Worker(new URL("./start-up-thread.js", import.meta.url), {
    workerData: { ...workerData, started: performance.timeOrigin + performance.now() },
  });
  const [measured] = (await once(worker, "message")) as [Record<string, number>];
  Object.assign(parts, measured);
  worker.unref();
}

async function timed<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const start = performance.now();
  const result = await work();
  parts[name] = performance.now() - start;
  return result;
}
