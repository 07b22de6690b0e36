/** The composition root of the worker: settings become ports, ports become a running loop, and all is closed in turn. */
import { type CacheSettings, openCache } from "../adapters/caches.js";
import { openMessageFiles } from "../adapters/files/message-files.js";
import { fileSource } from "../adapters/files/message-source.js";
import { openTagger } from "../compose.js";
import { answerDigest } from "../document/answer-digest.js";
import type { RecordChannel } from "../document/messages.js";
import { recordSettings } from "../document/pipeline.js";
import { cachedTagger } from "../pipeline/block-cache.js";
import { runWorker, type Worker, type WorkerEnd, type WorkerSettings } from "../pipeline/worker.js";
import type { Cache } from "../ports/cache.js";
import type { Sink } from "../ports/sink.js";
import type { Source } from "../ports/source.js";
import type { Tagger } from "../ports/tagger.js";
import type { CacheSetup, SinkSetup, SourceSetup, WorkerHooks, WorkerSetup } from "./worker-setup.js";

/**
 * Opens all, then runs. `ended` is kept when all is closed again; after a failure or a stop only so much as may be waited
 * for: the process is to end then, and after TASK_STUCK hard.
 *
 * @throws SpanmillError USAGE, CONFIG_INVALID, MODEL_*, INPUT_*, OUTPUT_*, SINK_*: nothing was read, and what was opened
 * is closed.
 */
export async function startWorker(setup: WorkerSetup, hooks: WorkerHooks): Promise<Worker> {
  const opened: (() => Promise<void>)[] = [];
  const closeAll = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const source = await openSource(setup.source, setup.input.maxDocumentSize, hooks);
    opened.push(() => source.close());
    const engine = await openTagger(taggerSettingsOf(setup));
    opened.push(() => engine.close());
    for (const warning of engine.warnings) hooks.log({ from: "process", kind: "warning", warning });
    const settings = workerSettings(setup, engine);
    const cache = openCache(cacheSettings(setup.cache, hooks));
    opened.push(() => cache.close());
    const sink = await openSink(setup.sink, hooks);
    const worker = runWorker({
      source,
      sink,
      tagger: remembering(engine, cache, setup),
      settings,
      clock: hooks.clock,
      events: (event) => hooks.log({ from: "worker", ...event }),
    });
    hooks.log({
      from: "process",
      kind: "started",
      version: setup.record.version,
      models: engine.models.map(({ name }) => name),
      threads: engine.threads,
      pipeline: settings.record.pipeline.digest,
    });
    // The worker closes source and sink itself.
    opened.shift();
    return { ...worker, ended: closing(worker.ended, closeAll) };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function closing(ended: Promise<WorkerEnd>, close: () => Promise<void>): Promise<WorkerEnd> {
  const end = await ended;
  // Threads that still work would be waited for.
  if (end.reason !== "stopped") await close();
  return end;
}

export async function openSource(
  setup: SourceSetup,
  maxDocumentSize: number,
  { clock, log }: WorkerHooks,
): Promise<Source> {
  switch (setup.kind) {
    case "kafka": {
      const { openKafka } = await import("../adapters/kafka/client.js");
      const { openKafkaSource } = await import("../adapters/kafka/source.js");
      const kafka = await openKafka(setup.connection, (line) => log({ from: "kafka", ...line }));
      const report = (event: Parameters<Parameters<typeof openKafkaSource>[2]["report"]>[0]) =>
        log({ from: "source", ...event });
      return openKafkaSource(kafka, setup.settings, { clock, report });
    }
    case "files":
      return fileSource({ paths: setup.paths, unit: setup.unit, maxBytes: maxDocumentSize });
    case "stdin":
      return fileSource({ paths: ["-"], unit: setup.unit, maxBytes: maxDocumentSize });
  }
}

export async function openSink(setup: SinkSetup, { clock, log }: WorkerHooks): Promise<Sink> {
  switch (setup.kind) {
    case "kafka": {
      const { openKafkaSink } = await import("../adapters/kafka/sink.js");
      return openKafkaSink({
        connection: setup.connection,
        topics: setup.outputs,
        compression: setup.compression,
        clock,
        log: (line) => log({ from: "kafka", ...line }),
        report: (event) => log({ from: "sink", ...event }),
      });
    }
    case "files":
    case "stdout":
      return openMessageFiles(setup.outputs, setup.append);
  }
}

export function cacheSettings(setup: CacheSetup, { clock, log }: WorkerHooks): CacheSettings {
  const { ttlMs } = setup;
  const memory = (size: { readonly maxBytes: number }) => ({ ...size, ttlMs, clock });
  const redis = (settings: Extract<CacheSetup, { kind: "redis" }>["redis"]) => {
    let told: string | undefined;
    return {
      ...settings,
      ttlMs,
      clock,
      // It tries again without end, and would say the same each time.
      onTrouble: (code: string) => {
        if (code !== told) log({ from: "cache", kind: "trouble", code });
        told = code;
      },
      onState: (state: Extract<Parameters<typeof log>[0], { from: "cache"; kind: "state" }>["state"]) => {
        log({ from: "cache", kind: "state", state });
        if (state === "closed") told = undefined;
      },
    };
  };
  switch (setup.kind) {
    case "none":
      return { kind: "none" };
    case "memory":
      return { kind: "memory", memory: memory(setup.memory) };
    case "redis":
      return { kind: "redis", redis: redis(setup.redis) };
    case "both":
      return { kind: "both", memory: memory(setup.memory), redis: redis(setup.redis) };
  }
}

export function taggerSettingsOf({ tagger, words, sink }: WorkerSetup) {
  const columns = words || sink.outputs.pos !== undefined ? ("always" as const) : ("lenses" as const);
  return { ...tagger, columns };
}

function remembering(engine: Tagger, cache: Cache, setup: WorkerSetup): Tagger {
  const columns = taggerSettingsOf(setup).columns === "always" || hasWordLens(engine);
  const pipeline = answerDigest(engine, { decode: setup.tagger.decode, columns });
  return cachedTagger(engine, cache, { pipeline, secret: setup.secret });
}

/** @throws SpanmillError USAGE */
export function workerSettings(setup: WorkerSetup, tagger: Tagger): WorkerSettings {
  const { outputs } = setup.sink;
  const { "dead-letters": deadLetters, ...records } = outputs;
  // Labels of words go to their own channel, or, where that is off, nowhere but into the document's record.
  const words = setup.words || (hasWordLens(tagger) && outputs.pos === undefined);
  return {
    input: setup.input,
    record: recordSettings(tagger, {
      ...setup.record,
      decode: setup.tagger.decode,
      labels: setup.labels(tagger),
      words: words || outputs.pos !== undefined,
    }),
    output: {
      channels: Object.keys(records) as RecordChannel[],
      layout: setup.layout,
      words,
      source: setup.eventSource,
    },
    inFlight: setup.inFlight,
    // Without a place for dead letters not one is admitted: the worker stops rather than skips.
    deadLetters: deadLetters === undefined ? { ...setup.deadLetters, share: 0, least: 0 } : setup.deadLetters,
    retry: RETRY,
    taskDeadline: setup.taskDeadline,
    drainDeadline: setup.drainDeadline,
  };
}

/** Milliseconds. */
const RETRY = { first: 200, most: 10_000 };

function hasWordLens({ models }: Pick<Tagger, "models">): boolean {
  return models.some(({ lenses }) => lenses.some(({ scheme }) => scheme === "none"));
}
