/** The one place that knows Piscina: a fixed pool of engines, one in each thread. */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { Piscina } from "piscina";
import { describeForeign, fromWire, SpanmillError } from "../../errors.js";
import type {
  BlockInput,
  EngineSettings,
  GraphDescription,
  TaggedBlock,
  TagReply,
  TagRequest,
} from "../../tagging/protocol.js";
import { switchOffTelemetry } from "./telemetry.js";

export interface Pool {
  readonly threads: number;
  /** Waits until a thread has loaded the models. */
  describe(): Promise<{ graphs: readonly GraphDescription[]; warnings: readonly string[] }>;
  tag(blocks: readonly BlockInput[]): Promise<TaggedBlock[]>;
  close(): Promise<void>;
}

export interface PoolOptions {
  /** Undefined: as many as the process may use. */
  readonly threads?: number | undefined;
  /** The thread's entry; another one only to test what a dying thread does. */
  readonly entry?: URL;
}

export function openPool(settings: EngineSettings, options: PoolOptions = {}): Pool {
  switchOffTelemetry();
  const threads = options.threads ?? availableParallelism();
  const entry = options.entry ?? new URL("../../../workers/tagger.js", import.meta.url);
  const piscina = new Piscina<TagRequest, TagReply>({
    filename: entry.href,
    minThreads: threads,
    maxThreads: threads,
    // Callers bound what is in flight by documents, of which a single one may be many tasks.
    maxQueue: Number.POSITIVE_INFINITY,
    idleTimeout: Number.POSITIVE_INFINITY,
    // Without it each task that ends sends the first that waits to the end of the queue.
    stricterFIFO: true,
    workerData: settings,
    recordTiming: false,
  });
  const whileThreadsLast = watchThreads(piscina);
  const started = watchStarts(piscina);
  let isClosed = false;

  return {
    threads,
    async describe() {
      const reply = await whileThreadsLast(send(piscina, { kind: "describe" }));
      if (reply.kind === "described") return reply;
      throw unexpected(reply);
    },
    async tag(blocks) {
      // Piscina would start threads anew, which nobody ends.
      if (isClosed) throw new SpanmillError("INTERNAL", "Blocks were sent to an engine that is closed.");
      return whileThreadsLast(tag(piscina, blocks));
    },
    async close() {
      isClosed = true;
      await started();
      await piscina.destroy();
    },
  };
}

/**
 * Piscina starts no thread after one has failed to start, and lets requests wait for ever once the last is gone: when
 * a model's file has vanished, say, and its thread then dies.
 *
 * @returns what gives an answer, or rejects it when no thread is left.
 */
function watchThreads(
  piscina: Piscina<TagRequest, TagReply>,
): <Answer>(answer: Promise<Answer>) => Promise<Answer> {
  // Not one promise to race against: it would keep every answer it was raced with.
  const waiting = new Set<(error: SpanmillError) => void>();
  let isOver = false;
  const look = () =>
    // A thread that dies is replaced in the same turn.
    setImmediate(() => {
      if (piscina.threads.length > 0) return;
      isOver = true;
      for (const reject of waiting) reject(noThreadsLeft());
    });
  // Without a listener, a thread that dies without a task would end the process.
  piscina.on("error", look);
  piscina.on("workerDestroy", look);
  return (answer) =>
    new Promise((resolve, reject) => {
      if (isOver) reject(noThreadsLeft());
      waiting.add(reject);
      answer.then(resolve, reject).finally(() => waiting.delete(reject));
    });
}

function noThreadsLeft(): SpanmillError {
  return new SpanmillError(
    "THREAD_DIED",
    "No worker thread is left, and no new one can start: look whether the model's files and spanmill's own are still where they " +
      "were, and start again",
  );
}

/**
 * Node and ONNX Runtime abort the whole process when a thread is stopped while it loads its modules, so a pool is not
 * closed before all of its threads have. Piscina gives no word of that, but each thread's first message is it.
 *
 * @returns what waits until no thread is starting.
 */
function watchStarts(piscina: Piscina<TagRequest, TagReply>): () => Promise<void> {
  const known = new WeakSet<Worker>();
  const starting = new Map<Worker, Promise<unknown>>();
  const look = () => {
    for (const thread of piscina.threads) {
      if (known.has(thread)) continue;
      known.add(thread);
      const settled = Promise.race([once(thread, "message"), once(thread, "exit")]).catch(() => {});
      starting.set(
        thread,
        settled.then(() => starting.delete(thread)),
      );
    }
  };
  look();
  // A thread that dies is replaced right after this event.
  piscina.on("workerDestroy", () => queueMicrotask(look));
  return async () => {
    // Threads do not keep a process alive by themselves.
    for (const thread of starting.keys()) thread.ref();
    await Promise.all(starting.values());
  };
}

async function tag(
  piscina: Piscina<TagRequest, TagReply>,
  blocks: readonly BlockInput[],
): Promise<TaggedBlock[]> {
  const reply = await send(piscina, { kind: "tag", blocks });
  if (reply.kind === "tagged") return [...reply.blocks];
  throw unexpected(reply);
}

async function send(piscina: Piscina<TagRequest, TagReply>, request: TagRequest): Promise<TagReply> {
  let reply: TagReply;
  try {
    reply = await piscina.run(request);
  } catch (cause) {
    throw new SpanmillError(
      "THREAD_DIED",
      `A worker thread died while it held documents (${describeForeign(cause)}): out of memory, or a crash in native code. ` +
        "Try fewer --threads; if one document does it every time, its line in the error file says which",
      { cause },
    );
  }
  if (reply.kind === "failed") throw fromWire(reply.error);
  return reply;
}

function unexpected(reply: TagReply): SpanmillError {
  return new SpanmillError("INTERNAL", `A worker thread answered ${reply.kind} out of turn`);
}
