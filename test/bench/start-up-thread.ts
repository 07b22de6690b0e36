/** The thread of `start-up-parts`: it goes the way of `workers/tagger`, and times each step. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type { EngineSettings } from "../../src/tagging/protocol.js";

type Task =
  | { readonly task: "engine"; readonly settings: EngineSettings; readonly started: number }
  | { readonly task: "import"; readonly name: string };

const parts: Record<string, number> = {};
const work = workerData as Task;
if (work.task === "engine") await openInParts(work.settings, work.started);
if (work.task === "import") {
  const start = performance.now();
  await import(work.name);
  parts.milliseconds = performance.now() - start;
}
parentPort!.postMessage(parts);
// What was loaded stays, so that its memory can be read.
parentPort!.on("message", () => {});

async function openInParts(settings: EngineSettings, started: number): Promise<void> {
  parts["thread: start, to the first line"] = performance.timeOrigin + performance.now() - started;
  await timed("thread: import of ONNX Runtime", () => import("onnxruntime-node"));
  await timed("thread: import of the tokenizer", () => import("@huggingface/tokenizers"));
  const { openEngine } = await timed(
    "thread: import of the engine",
    () => import("../../src/adapters/engine.js"),
  );
  const { wordTokenizer } = await import("../../src/adapters/huggingface/tokenizer.js");
  const { openSession } = await import("../../src/adapters/onnx/session.js");
  const manifest = settings.models[0]!;
  const read = (file: string) =>
    JSON.parse(readFileSync(join(manifest.directory, file), "utf8")) as Record<string, unknown>;
  const tokenizer = await timed("thread: tokenizer loaded", async () =>
    wordTokenizer(read("tokenizer.json"), read("tokenizer_config.json"), manifest),
  );
  const session = await timed("thread: session loaded", () =>
    openSession(join(manifest.directory, manifest.onnxFile), tokenizer),
  );
  const ids = [...tokenizer.prefix, ...tokenizer.encode("printer", false), ...tokenizer.suffix];
  await timed("thread: first inference", () => session.run(ids));
  await timed("thread: second inference", () => session.run(ids));
  const engine = await timed("thread: all of the engine again, with the probe of schemes", () =>
    openEngine(settings),
  );
  await timed("thread: first ticket", () =>
    engine.tag({ kind: "text", text: "John Smith lives in Berlin." }),
  );
}

async function timed<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const start = performance.now();
  const result = await work();
  parts[name] = performance.now() - start;
  return result;
}
